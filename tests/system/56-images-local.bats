#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that are there: tag, untag, history, image tree, mount, diff, prune; images and rmi in all their ways.

load helpers

OTHER=$REGISTRY/config:label

file_setup() { :; }
test_teardown() { ct rmi -fa >/dev/null 2>&1 || true; }

names_of() { ct images --format '{{.Repository}}:{{.Tag}}' --filter "id=$1" | sort | tr '\n' ' '; }

# An image of two steps on busybox; its id is $child.
make_child() {
  must run --name "$C-child" "$IMG" sh -c 'echo a >/a; rm /etc/group'
  must commit -q -c 'ENV X=1' -c 'LABEL made=here' "$C-child" "${1:-child:1}"
  child=$out
  must rm "$C-child"
}

@test "tag: new names, below localhost unless they say where, with latest unless they say what" {
  must pull -q "$IMG"
  local id=$out
  try tag "$IMG" one two:2 example.com:5000/x/y
  ok
  out_is ""
  err_is ""
  equal names "$IMG example.com:5000/x/y:latest localhost/one:latest localhost/two:2 " "$(names_of "$id")"
  must tag "${id:0:12}" by-id
  try run --rm by-id true
  ok
}

@test "tag: a name moves, and the image that had it stays" {
  must pull -q "$IMG" "$OTHER"
  must tag "$IMG" mine
  must tag "$OTHER" mine
  try inspect --type image -f '{{index .Config.Labels "k"}}' mine
  out_is "from the image"
  make_child only
  must tag "$OTHER" only
  try images --format '{{.Repository}} {{.ID}}' --filter dangling=true
  out_is "<none> ${child:0:12}"
}

@test "tag: what is refused changes nothing" {
  must pull -q "$IMG"
  local id=$out
  try tag nosuch x
  exits 125
  err_has "nosuch: image not known"
  try tag "$IMG"
  exits 125
  err_has "requires at least 2 arg(s), only received 1"
  try tag "$IMG" fine UPPER
  exits 125
  err_has "repository name must be lowercase"
  try tag "$IMG" "x@sha256:$(printf %064d 1)"
  exits 125
  err_has "tag by digest not supported"
  equal names "$IMG " "$(names_of "$id" | sed 's/localhost.fine:latest //')"
}

@test "untag: some names, all names; the image stays" {
  must pull -q "$IMG"
  local id=$out
  must tag "$IMG" one two
  try untag "$IMG" nosuch
  exits 125
  err_has "localhost/nosuch:latest: tag not known"
  try untag "$IMG" one
  ok
  equal names "$IMG localhost/two:latest " "$(names_of "$id")"
  try untag two
  ok
  out_is ""
  try images --format '{{.Repository}}:{{.Tag}} {{.ID}}'
  out_is "<none>:<none> ${id:0:12}"
  try untag nosuch
  exits 125
  err_has "nosuch: image not known"
}

@test "history: steps, the last one first" {
  must pull -q "$IMG"
  local base=$out
  make_child
  try history child:1
  ok
  out_like '^ID +CREATED +CREATED BY +SIZE +COMMENT'
  equal lines 3 "$(wc -l <"$T/.out")"
  try history -q child:1
  out_is "${child:0:12}"$'\n'"${base:0:12}"
  try history -q --no-trunc child:1
  out_is "$child"$'\n'"$base"
  try history --format '{{.ID}} {{.Size}}' child:1
  out_like "^${child:0:12} [0-9.]+ k?B"
  try history --format 'table {{.ID}}\t{{.Comment}}' child:1
  out_like '^ID +COMMENT'
  try history -H=false --format '{{.Created}}' "$IMG"
  out_like '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$'
  try history --format '{{.CreatedSince}} {{.CreatedAt}}' "$IMG"
  out_like 'ago [0-9]{4}-'
  try history --format json child:1
  equal ids "$child $base" "$(jq -r '[.[].id]|join(" ")' "$T/.out")"
  equal types "string number string" "$(jq -r '.[0]|[.created,.size,.Created|type]|join(" ")' "$T/.out")"
}

@test "history: of nothing, of too much, of nobody" {
  try history nosuch
  exits 125
  err_has "nosuch: image not known"
  try history
  exits 125
  err_has "accepts 1 arg(s), received 0"
}

@test "image tree" {
  must pull -q "$IMG"
  make_child
  must tag child:1 also
  try image tree also
  ok
  out_like "^Image ID: ${child:0:12}"
  out_has "Tags:     [localhost/child:1 localhost/also:latest]"
  out_like 'Size: +[0-9.]+MB'
  out_like "├── ID: [0-9a-f]{12} Size: +[0-9.]+MB Top Layer of: \[$IMG\]"
  out_like '└── ID: [0-9a-f]{12} Size: +[0-9.]+k?B Top Layer of: \[localhost/(also:latest|child:1) localhost/(also:latest|child:1)\]'
  try image tree --whatrequires "$IMG"
  out_like '└── ID: [0-9a-f]{12} Size: +[0-9.]+k?B Top Layer of: \[localhost/(also:latest|child:1) localhost/(also:latest|child:1)\]'
  try image tree nosuch
  exits 125
  err_has "image not known"
}

@test "image diff" {
  must pull -q "$IMG"
  make_child
  try image diff child:1
  ok
  out_has "A /a"
  out_has "D /etc/group"
  try image diff child:1 "$IMG"
  ok
  out_has "A /a"
  out_has "D /etc/group"
  out_lacks "/etc/passwd"
  try image diff "$IMG" child:1
  out_has "D /a"
  out_has "A /etc/group"
  try image diff --format json "$IMG" "$IMG"
  out_is "{}"
  try image diff "$IMG" nosuch
  exits 125
}

@test "image mount and unmount, in unshare" {
  must pull -q "$IMG"
  local base=$out
  make_child
  cat >"$T/inside" <<EOF
set -e
d=\$("\$0" image mount child:1)
cat "\$d/a"
[ ! -e "\$d/etc/group" ] && [ -e "\$d/bin/busybox" ]
if touch "\$d/x" 2>/dev/null; then exit 1; fi
"\$0" image mount child:1 "$IMG" | sed 's|  */.*||'
"\$0" image mount | wc -l
"\$0" image mount --format json | grep -c mountpoint
"\$0" image unmount child:1
[ ! -e "\$d/a" ]
"\$0" image unmount -a
"\$0" image mount | wc -l
EOF
  try unshare sh -c '. "$1"' "$CTOOL" "$T/inside"
  ok
  out_is $'a\nlocalhost/child:1\n'"$IMG"$'\n2\n2\n'"$child"$'\n'"$base"$'\n0'
}

@test "image mount: what is refused" {
  must pull -q "$IMG"
  try image mount "$IMG"
  exits 125
  err_has "cannot run command \"$TOOL image mount\" in rootless mode, must execute \`$TOOL unshare\` first"
  try unshare "$CTOOL" image mount nosuch
  exits 125
  err_has "nosuch: image not known"
  try unshare "$CTOOL" image mount -a x
  exits 125
  err_has "when using the --all switch, you may not pass any image names or IDs"
  try unshare "$CTOOL" image mount --format x
  exits 125
  err_has 'unknown --format argument: "x"'
  # nothing is mounted outside, which is no error
  try image unmount "$IMG"
  ok
  out_is ""
  try image unmount -a
  ok
  out_is ""
  try image unmount nosuch
  exits 125
  err_has "nosuch: image not known"
  try image unmount
  exits 125
  err_has "image name or ID must be specified"
}

@test "image prune: asks, and takes what nobody can name and nobody uses" {
  must pull -q "$IMG"
  make_child
  must untag "$child"
  must create --name "$C" "$child"
  try image prune -f
  ok
  out_is ""
  must rm "$C"
  try image prune </dev/null
  exits 125
  out_has "WARNING! This command removes all dangling images."
  err_has EOF
  try image prune <<<n
  ok
  must inspect --type image "$child"
  try image prune <<<y
  ok
  out_has "$child"
  try image exists "$child"
  exits 1
  try image exists "$IMG"
  ok
}

@test "image prune -a: everything that no container was made from" {
  must pull -q "$IMG" "$OTHER"
  must tag "$IMG" more
  must create --name "$C" "$OTHER"
  try image prune -a <<<n
  out_has "WARNING! This command removes all images without at least one container associated with them."
  try image prune -af
  ok
  out_like '^[0-9a-f]{64}$'
  try images --format '{{.Repository}}'
  out_is "$REGISTRY/config"
}

@test "image prune: filters" {
  must pull -q "$IMG" "$OTHER"
  try image prune -f --filter foo=bar
  exits 125
  err_has 'unsupported image filter "foo"'
  try image prune -f --filter until=never
  exits 125
  err_has 'failed to parse value as time or duration: "never"'
  try image prune -af --filter until=1990-01-01
  out_is ""
  try image prune -af --filter label=nosuch
  out_is ""
  try image prune -af --filter 'label!=k'
  out_like '^[0-9a-f]{64}$'
  try image prune -af --filter label=k
  out_like '^[0-9a-f]{64}$'
  try image prune -f x
  exits 125
  err_has "takes no arguments"
}

@test "images: filters of all kinds" {
  must pull -q "$IMG" "$OTHER"
  make_child
  must tag "$IMG" plain
  must create --name "$C" "$OTHER"
  listed() { ct images --format '{{.Repository}}:{{.Tag}}' "$@" | sed "s|^$REGISTRY/||;s|^localhost/||" | sort -u | tr '\n' ' '; }
  equal containers "config:label " "$(listed --filter containers=true)"
  equal "no containers" "busybox:latest child:1 plain:latest " "$(listed --filter containers=false)"
  equal label "child:1 " "$(listed --filter label=made=here)"
  oracle || equal "two labels" "" "$(listed --filter label=made=here --filter label=k)"
  equal "not label" "busybox:latest config:label plain:latest " "$(listed --filter 'label!=made')"
  equal reference "busybox:latest child:1 plain:latest " "$(listed --filter 'reference=localhost/*')"
  equal "two references" "busybox:latest child:1 plain:latest " "$(listed --filter reference=child --filter reference=plain)"
  equal since "child:1 " "$(listed --filter "since=$OTHER")"
  equal after "child:1 " "$(listed --filter "after=$OTHER")"
  equal before "busybox:latest config:label plain:latest " "$(listed --filter before=child:1)"
  equal until "busybox:latest config:label plain:latest " "$(listed --filter until=24h)"
  oracle || equal id "child:1 " "$(listed --filter "id=${child:0:12}")"  # 4.3 wants the whole one
  equal readonly "" "$(listed --filter readonly=true)"
  equal dangling "" "$(listed --filter dangling=true)"
  must untag child:1
  equal dangling "<none>:<none> " "$(listed --filter dangling=true)"
  equal intermediate "" "$(listed --filter intermediate=true)"
  try images --filter containers=perhaps
  exits 125
  try images --filter since=nosuch
  exits 125
  try images --filter dangling
  exits 125
}

@test "an image without a name that another is built on: only with -a, and it goes with that one" {
  must pull -q "$IMG"
  make_child parent
  local parent=$child
  must run --name "$C-2" parent sh -c 'echo b >/b'
  must commit -q "$C-2" grandchild
  must rm "$C-2"
  must untag parent
  try images -q --no-trunc
  out_lacks "$parent"
  try images -aq --no-trunc
  out_has "$parent"
  try images -q --filter dangling=true
  out_is ""
  try image prune -f
  out_is ""
  try rmi --no-prune grandchild
  ok
  must inspect --type image "$parent"
  must rmi "$parent"
}

@test "rmi takes parents without a name with their last child" {
  must pull -q "$IMG"
  make_child parent
  local parent=$child
  must run --name "$C-2" parent sh -c 'echo b >/b'
  must commit -q "$C-2" grandchild
  must rm "$C-2"
  must untag parent
  try rmi grandchild
  ok
  try image exists "$parent"
  exits 1
  must inspect --type image "$IMG"
}

@test "rmi: by an id of several names; of several, one of which is missing" {
  must pull -q "$IMG"
  local id=$out
  must tag "$IMG" other
  try rmi "$id"
  exits 125
  err_has "unable to delete image \"$id\" by ID with more than one tag"
  err_has "please force removal"
  try rmi nosuch other
  exits 1
  out_is "Untagged: localhost/other:latest"
  err_has "nosuch: image not known"
  must tag "$IMG" other
  try rmi -f "$id"
  ok
  out_has "Untagged: localhost/other:latest"
  out_has "Deleted: $id"
  try rmi
  exits 125
  err_has "image name or ID must be specified"
  try rmi -a x
  exits 125
  err_has "when using the --all switch, you may not pass any images names or IDs"
}

# What an image's config asks for, where no container may be made of it; {} is a rootfs of busybox.
hostile_config() {
  local change=$1 wanted=$2
  try import -q -c "$change" "$T/root.tar" hostile:1
  ok
  try run --rm --network none hostile:1 sh -c 'pwd; ls /'
  [[ $rc == 125 || $rc == 126 ]] || complain "exit status 125 or 126"
  err_like "$wanted"
  equal lines 1 "$(wc -l <"$T/.err")"
  try ps -aq
  out_is ""
  must rmi hostile:1
}

@test "hostile configs: refused when a container is made, and nothing is left" {
  ! oracle || skip "podman takes most of them"
  mkdir -p "$T/root/bin"
  cp /bin/busybox "$T/root/bin/sh"
  ln -s sh "$T/root/bin/ls"
  tar -C "$T/root" --owner 0 --group 0 -cf "$T/root.tar" .
  chmod 644 "$T/root.tar"
  hostile_config 'VOLUME relative' 'invalid volume path'
  hostile_config 'VOLUME /' 'invalid volume path'
  hostile_config 'VOLUME /proc' 'invalid volume path'
  hostile_config 'STOPSIGNAL SIGEVIL' 'invalid signal'
  hostile_config 'USER 4294967296' 'invalid user'
  hostile_config 'USER -1' 'invalid user'
  # These stay inside.
  try import -q -c "WORKDIR ../../../../../../$LIVE/canary/new" -c 'VOLUME /../../../canary' "$T/root.tar" inside:1
  ok
  try run --rm --network none inside:1 sh -c pwd
  ok
  out_is "$LIVE/canary/new"
  canary_ok
}

# --- ctool's own: how fast, and what is left

# Nothing of the trash and of what is being made.
nothing_left() {
  [[ -z $(find "$1/trash" "$1/staging" -mindepth 1 -print -quit 2>/dev/null) ]]
}

@test "rmi: a shell that reads its output does not wait for files to be deleted" {
  ! oracle || skip "podman deletes in the foreground"
  local store folders begun took
  store=$(user_dir root)/s
  CT_OPTIONS=(--root "$store")
  must pull -q "$REGISTRY/debian:latest"
  folders=$(find "$store/layers" | wc -l)
  ((folders > 5000)) || complain "an image of many files, not $folders"
  # Nobody can empty the trash for a while: who waits for that waits for long.
  flock "$store/trash" sleep 5 3>&- 4>&- &
  local holder=$!
  sleep 0.3
  begun=$EPOCHREALTIME
  out=$(ct rmi "$REGISTRY/debian:latest")
  took=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
  out_has "Deleted: "
  ((took < 2000)) || complain "rmi to return at once, not after $took ms"
  [[ -n $(ls "$store/trash") ]] || complain "trash that is still to be deleted"
  wait "$holder"
  # The next command that removes or adds goes on with it.
  must pull -q "$IMG"
  must rmi "$IMG"
  until_ok 60 nothing_left "$store"
  equal layers "" "$(ls "$store/layers")"
  equal blobs "" "$(find "$store/blobs" -type f)"
}

@test "rmi: many at once, while others pull" {
  must pull -q "$IMG"
  local i pids=() pid failed=0
  for i in 1 2 3 4 5 6; do must tag "$IMG" "n$i"; done
  for i in 1 2 3 4 5 6; do
    ct rmi "n$i" >/dev/null 2>"$T/err$i" &
    pids+=($!)
    ct pull -q "$REGISTRY/many:latest" >/dev/null 2>>"$T/err$i" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
  err=$(cat "$T"/err*)
  equal failed 0 $failed
  try run --rm "$REGISTRY/many:latest" cat /l/59
  ok
  try images --format '{{.Repository}}'
  equal names 2 "$(wc -l <"$T/.out")"
}
