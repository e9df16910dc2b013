#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Volumes: making, listing, removing them, what is in them, and whose they are.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() { V=v$BATS_TEST_NUMBER; }
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct volume rm -fa >/dev/null 2>&1 || true
}

monitors_gone() { ! pgrep -u "$ACCOUNT" ctool-monitor; }
data_of() { ct volume inspect -f '{{.Mountpoint}}' "$1"; }

@test "create, ls, exists, rm" {
  must volume create "$V"
  out_is "$V"
  try volume create "$V"
  exits 125
  err_is "Error: volume with name $V already exists: volume already exists"
  must volume create
  out_like '^[0-9a-f]{64}$'
  local random=$out
  must volume ls
  out_like '^DRIVER      VOLUME NAME'
  out_has "local       $V"
  must volume ls -q
  out_has "$random"
  must volume ls --format '{{.Name}} {{.Driver}}' --filter name="$V"
  out_is "$V local"
  must volume ls --format json
  equal "first volume" "$random" "$(jq -r '.[0].Name' <<<"$out")"
  must volume exists "$V"
  try volume exists nosuch
  exits 1
  out_is ""
  must volume rm "$V" "$random"
  out_is "$V"$'\n'"$random"
  must volume ls
  out_lacks "$V"
  try volume rm nosuch
  exits 1
  err_is 'Error: no volume with name "nosuch" found: no such volume'
  must volume rm -f nosuch
  out_is ""
}

@test "create: labels, and an existing one with --ignore" {
  must volume create --label a=b -l c "$V"
  must volume inspect -f '{{json .Labels}}' "$V"
  out_is '{"a":"b","c":""}'
  must volume ls -q --filter label=a=b
  out_is "$V"
  must volume ls -q --filter label=a=x
  out_is ""
  must volume create --ignore "$V"
  out_is "$V"
  must volume ls --format 'table {{.Name}}\t{{.Labels}}' --filter name="$V"
  out_like $'^VOLUME NAME  LABELS\n'"$V"' +a=b,c='
}

@test "create refuses what it can't make" {
  local name
  for name in a/b ../x . .. -rm 'a b' 'ä' $'a\nb'; do
    try volume create -- "$name"
    exits 125
    err_has "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"
  done
  try volume create -o foo=bar "$V"
  exits 125
  err_is "Error: invalid mount option foo for driver 'local': invalid argument"
  try volume create -o type=bind -o device=/nonexistent "$V"
  exits 125
  err_has "invalid volume option device for driver 'local': stat /nonexistent"
  try volume create -o o=size=10m "$V"
  exits 125
  err_has "Filesystem does not support Project Quota"
  try volume create -o o=uid=x "$V"
  exits 125
  err_has "cannot convert UID x to integer"
  try volume create --driver nosuch "$V"
  exits 125
  err_has "no volume plugin with name nosuch available: required plugin missing"
  try volume create -o type=nfs -o device=host:/x -o o=addr=1.2.3.4 "$V"
  exits 125
  err_has 'a volume of type "nfs" cannot be mounted without root'
  must volume ls -q
  out_is ""
}

@test "inspect: fields, beginnings of names, what is not there" {
  must volume create "${V}abc"
  must volume inspect "${V}ab"
  equal keys "Name Driver Mountpoint CreatedAt Labels Scope Options MountCount NeedsCopyUp NeedsChown" \
    "$(jq -r '.[0]|keys_unsorted|join(" ")' <<<"$out")"
  equal mountpoint "true" "$(jq '.[0].Mountpoint|endswith("/volumes/'"${V}"'abc/_data")' <<<"$out")"
  equal created true "$(jq '.[0].CreatedAt|fromdateiso8601? // (.[0:19]+"Z"|fromdateiso8601) | . > 1700000000' <<<"$out")"
  must volume create "${V}abd"
  try volume inspect "${V}ab"
  exits 125
  err_has 'more than one result for volume name "'"${V}ab"'"'
  try volume rm "${V}ab"
  exits 125
  must volume exists "${V}abc"
  try volume inspect "${V}abc" nosuch
  exits 125
  err_is 'Error: inspecting object: no such volume nosuch'
  equal "what was found" "${V}abc" "$(jq -r '.[].Name' <<<"$out")"
  try volume inspect nosuch
  exits 125
  out_is "[]"
  must volume inspect -a -f '{{.Name}}'
  out_is "${V}abc"$'\n'"${V}abd"
  try volume inspect
  exits 125
  err_is "Error: provide one or more volume names or use --all"
  must inspect -f '{{.Scope}}' "${V}abc"
  out_is local
  must inspect --type volume -f '{{.Name}}' "${V}abc"
  out_is "${V}abc"
}

@test "a name means one volume, whatever characters it has" {
  must volume create a_1
  must volume create aX1
  try volume inspect A_1
  exits 125
  try volume rm '%'
  exits 1
  try volume rm 'a?1'
  exits 1
  must volume rm a_1
  must volume ls -q
  out_is aX1
}

@test "filters, and what is no filter" {
  must volume create --label x=y "$V"
  must volume create other
  must create --name "c$V" -v "$V:/d" "$IMG" true
  must volume ls -q --filter dangling=true
  out_is other
  must volume ls -q --filter dangling=false
  out_is "$V"
  must volume ls -q --filter driver=local --filter name=oth
  out_is other
  must volume ls -q --filter since="$V"
  out_is other
  must volume ls -q --filter until=1h
  out_is ""
  try volume ls --filter nosuch=1
  exits 125
  err_is 'Error: "nosuch" is an invalid volume filter'
  try volume ls --filter foo
  exits 125
  err_is "Error: filter input must be in the form of filter=value: foo is invalid"
  try volume ls --filter dangling=x
  exits 125
  err_is 'Error: "x" is not a valid value for the "dangling" filter - must be true or false'
}

@test "rm of one in use: status 2, and -f takes the containers with it" {
  must create --name "c$V" -v "$V:/d" "$IMG" true
  local id=$out
  try volume rm "$V"
  exits 2
  err_is "Error: volume $V is being used by the following container(s): $id: volume is being used"
  must volume rm -f "$V"
  out_is "$V"
  is_gone "c$V"
  try volume rm
  exits 125
  err_is "Error: choose either one or more volumes or all"
  must volume create x1
  try volume rm -a x1
  exits 125
  must volume rm -a
  out_is x1
}

@test "a volume keeps what a container wrote; another one reads it" {
  must run --rm -v "$V:/d" "$IMG" sh -c 'echo kept >/d/f; chmod 600 /d/f; chown 5:6 /d/f'
  must run --rm -v "$V:/d:ro" "$IMG" stat -c '%a %u:%g' /d/f
  out_is "600 5:6"
  try run --rm -v "$V:/d:ro" "$IMG" touch /d/g
  exits 1
  err_has "Read-only file system"
}

@test "copy-up: contents, owner and mode of the image's folder, once" {
  must run --rm "$IMG" stat -c '%a %u:%g' /var/www
  local attributes=$out
  must run --rm -v "$V:/var/www" "$IMG" sh -c 'ls /var/www; stat -c "%a %u:%g" /var/www'
  out_has "$attributes"
  must run --rm -v "$V:/copied" "$IMG" ls -A /copied
  local first=$out
  must run --rm "$IMG" ls -A /var/www
  out_is "$first"
  [[ -n $out ]] || complain "files in the image's /var/www"
  # Emptied on purpose: they do not come back.
  must run --rm -v "$V:/x" "$IMG" sh -c 'rm -rf /x/* /x/.[!.]*'
  must run --rm -v "$V:/var/www" "$IMG" ls -A /var/www
  out_is ""
  must volume inspect -f '{{.NeedsCopyUp}}' "$V"
  out_is false
}

@test "copy-up leaves a volume alone that has files, and one that is mounted with nocopy" {
  must run --rm -v "$V:/x" "$IMG" touch /x/mine
  must run --rm -v "$V:/var/www" "$IMG" ls -A /var/www
  out_is mine
  must run --rm -v "n$V:/var/www:nocopy" "$IMG" ls -A /var/www
  out_is ""
  # Which does not use it up.
  must run --rm -v "n$V:/var/www" "$IMG" ls -A /var/www
  [[ -n $out ]] || complain "the image's files"
}

@test "anonymous volumes: -v /x, the image's; gone with --rm and rm -v, kept by rm" {
  must run --rm -v /anon "$IMG" sh -c 'touch /anon/f'
  must volume ls -q
  out_is ""
  must run --name "c$V" -v /anon "$IMG" true
  must volume ls -q
  out_like '^[0-9a-f]{64}$'
  local first=$out
  must inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' "c$V"
  out_is "volume $first /anon true"
  must volume inspect -f '{{.Anonymous}}' "$first"
  out_is true
  must rm "c$V"
  must volume ls -q
  out_is "$first"
  must run --name "c$V" -v /anon -v "$V:/named" "$IMG" true
  must rm -v "c$V"
  must volume ls -q
  out_has "$first"
  out_has "$V"
  equal "volumes left" 2 "$(wc -l <<<"$out")"
}

@test "prune: anonymous ones only, all of them with -a; filters; what is in use stays" {
  must run --name "c$V" -v /anon -v "$V:/named" "$IMG" true
  must rm "c$V"
  must create --name "used$V" -v "used:/d" "$IMG" true
  must volume create --label keep=1 labelled
  must volume prune --dry-run -f
  out_like '^[0-9a-f]{64}$'
  must volume prune -f
  out_like '^[0-9a-f]{64}$'
  must volume ls -q
  out_is "labelled"$'\nused\n'"$V"
  must volume prune -af --filter label!=keep
  out_is "$V"
  try volume prune -f --filter foo=bar
  exits 125
  err_is 'Error: "foo" is an invalid volume filter'
  must volume prune -af
  out_is labelled
  must volume ls -q
  out_is used
}

@test "prune asks" {
  must volume create "$V"
  last="volume prune -a"
  capture as_user sh -c "echo n | '$CTOOL' volume prune -a"
  ok
  out_has "WARNING! This will remove all volumes not used by at least one container."
  out_has "$V"
  must volume exists "$V"
  capture as_user sh -c "echo y | '$CTOOL' volume prune -a"
  ok
  try volume exists "$V"
  exits 1
}

@test "export and import: owners, modes, links; compressed, from standard input" {
  must run --rm -v "$V:/d" "$IMG" sh -c 'cd /d; mkdir sub; echo hi >sub/f; chown 7:8 sub/f; chmod 640 sub/f; ln -s sub/f l'
  local dir
  dir=$(user_dir tars)
  must volume export -o "$dir/v.tar" "$V"
  capture as_user sh -c "'$CTOOL' volume export '$V' | tar -tv --numeric-owner"
  ok
  out_like '-rw-r----- 7/8 .* sub/f'
  out_has "l -> sub/f"
  must volume create copy
  must volume import copy "$dir/v.tar"
  must run --rm -v copy:/d "$IMG" sh -c 'cat /d/l; stat -c "%a %u:%g" /d/sub/f'
  out_is $'hi\n640 7:8'
  gzip "$dir/v.tar"
  chown "$ACCOUNT:" "$dir/v.tar.gz"
  must volume create zipped
  capture as_user sh -c "'$CTOOL' volume import zipped - <'$dir/v.tar.gz'"
  ok
  must run --rm -v zipped:/d "$IMG" cat /d/sub/f
  out_is hi
  # What is there stays, but for what has the same name.
  must run --rm -v zipped:/d "$IMG" sh -c 'echo mine >/d/other; echo changed >/d/sub/f'
  capture as_user sh -c "'$CTOOL' volume import zipped - <'$dir/v.tar.gz'"
  ok
  must run --rm -v zipped:/d "$IMG" cat /d/other /d/sub/f
  out_is $'mine\nhi'
}

@test "export and import: errors" {
  try volume export nosuch
  exits 125
  err_has 'no such volume'
  try volume import nosuch /dev/null
  exits 125
  err_has 'no such volume'
  must volume create "$V"
  try volume import "$V" /nonexistent
  exits 125
  err_like '[Nn]o such file or directory'
  local dir
  dir=$(user_dir tars)
  echo nonsense >"$dir/x"
  try volume import "$V" "$dir/x"
  exits 125
  try_tty -- volume export "$V"
  exits 125
  out_has "refusing to export to terminal"
}

@test "import into a volume with links leads nowhere" {
  local dir
  dir=$(user_dir tars)
  mkdir -p "$dir/t/k"
  echo new >"$dir/t/k/secret"
  tar -C "$dir/t" -cf "$dir/x.tar" k/secret
  chmod -R a+rX "$dir"
  CANARY_BEFORE=$(canary_state)
  must run --rm -v "$V:/d" "$IMG" ln -s "$LIVE/canary" /d/k
  try volume import "$V" "$dir/x.tar"
  canary_ok
}

@test "a folder of a removed volume is nobody's" {
  must run --rm -v "$V:/d" "$IMG" touch /d/old
  local data
  data=$(data_of "$V")
  must volume rm "$V"
  [[ ! -e $data ]] || complain "no folder"
  # As a removal that was killed between the record and the files leaves it.
  as_user mkdir -p "$data"
  as_user touch "$data/stale"
  must run --rm -v "$V:/d" "$IMG" ls -A /d
  out_is ""
  must volume rm "$V"
  as_user mkdir -p "$data"
  must volume prune -f
  [[ ! -e $data ]] || complain "no folder"
}

@test "options: memory with a size and a mode" {
  must volume create -o type=tmpfs -o device=tmpfs -o o=size=2m,mode=1770,noexec "$V"
  must run --rm -v "$V:/d" "$IMG" sh -c 'df -k /d | tail -1; stat -c %a /d; grep " /d " /proc/mounts'
  out_like '^tmpfs +2048 '
  out_has $'\n1770\n'
  out_has noexec
  must volume inspect -f '{{.Options.type}} {{.Options.o}} {{.Options.SIZE}}' "$V"
  out_is "tmpfs size=2m,mode=1770,noexec 2m"
  # It is the container's own, and gone with it.
  must run --rm -v "$V:/d" "$IMG" touch /d/f
  must run --rm -v "$V:/d" "$IMG" ls -A /d
  out_is ""
}

@test "options: a folder of the host, read-only" {
  local dir
  dir=$(user_dir host)
  echo there >"$dir/f"
  chmod 644 "$dir/f"
  must volume create -o type=bind -o device="$dir" -o o=ro "$V"
  must run --rm -v "$V:/d" "$IMG" cat /d/f
  out_is there
  try run --rm -v "$V:/d" "$IMG" touch /d/g
  exits 1
  must volume create -o type=none -o o=bind -o device="$dir" w
  must run --rm -v w:/d "$IMG" touch /d/g
  [[ -e $dir/g ]] || complain "a file on the host"
  capture as_user sh -c "'$CTOOL' volume export '$V' | tar -t"
  ok
  out_is $'f\ng'
  must volume rm "$V" w
  [[ -e $dir/f ]] || complain "the host's file to stay"
}

@test "options: an owner" {
  must volume create --uid 12 --gid 34 "$V"
  must run --rm -v "$V:/var/www" "$IMG" stat -c %u:%g /var/www
  out_is 12:34
  must volume inspect -f '{{.UID}} {{.GID}} {{.NeedsChown}}' "$V"
  out_is "12 34 false"
  must volume create -o o=uid=5,gid=6 o
  must run --rm -v o:/empty "$IMG" stat -c %u:%g /empty
  out_is 5:6
  try volume create --uid 4000000000 far
  exits 125
  try volume exists far
  exits 1
}

@test "an empty volume has the owner of what it is mounted on" {
  must run --rm --user 1000 -v "$V:/tmp" "$IMG" sh -c 'touch /tmp/f; stat -c %a /tmp'
  out_is 1777
}

@test "mount and unmount are for unshare" {
  must volume create "$V"
  try volume mount "$V"
  exits 125
  err_has "cannot run command \"$TOOL volume mount\" in rootless mode, must execute"
  must run --rm -v "$V:/d" "$IMG" touch /d/f
  must unshare sh -c "ls \$('$CTOOL' volume mount '$V')"
  out_is f
  must volume unmount "$V"
  out_is "$V"
  must volume create -o type=tmpfs -o o=size=1m memory
  must unshare sh -c "d=\$('$CTOOL' volume mount memory); stat -f -c %T \$d; '$CTOOL' volume unmount memory; stat -f -c %T \$d"
  out_like '^tmpfs'$'\nmemory\n''ext|^tmpfs'$'\nmemory\n'
}

@test "reload has nothing to do" {
  must volume reload
  out_is ""
}

@test "events, system df, system prune --volumes" {
  local begin
  begin=$(date +%s)
  must volume create "$V"
  must run --rm -v "$V:/d" "$IMG" dd if=/dev/zero of=/d/f bs=1k count=100
  must system df --format '{{.Type}} {{.Total}} {{.Active}}'
  out_has "Local Volumes 1 0"
  must system df -v
  out_like "$V +0 +102.4kB"
  must create --name "c$V" -v used:/d "$IMG" true
  must system prune -f --volumes --filter label=none
  must volume exists "$V"
  must rm "c$V"
  must create --name "c$V" -v used:/d "$IMG" true
  must events --stream=false --since "$begin" --filter type=volume --format '{{.Status}} {{.Name}}'
  out_has "create $V"
  out_has "create used"
  must volume rm "$V"
  must events --stream=false --since "$begin" --filter event=remove --format '{{.Status}} {{.Name}}'
  out_has "remove $V"
}

@test "many at once: each name is made once, and one is either used or removed" {
  local i pids=()
  for i in {1..6}; do
    ct run --rm -v "$V:/d" "$IMG" touch "/d/$i" >"$T/run$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  must run --rm -v "$V:/d" "$IMG" ls /d
  out_is $'1\n2\n3\n4\n5\n6'
  # Removed and made anew meanwhile: a container has a folder of its own, or an error; never another's files.
  for i in {1..8}; do
    ct volume rm "$V" >/dev/null 2>&1 &
    ct run --rm -v "$V:/d" "$IMG" true >"$T/run$i" 2>&1 || grep -q 'volume' "$T/run$i" || complain "an error about the volume: $(cat "$T/run$i")"
    wait $! || true
  done
}

@test "a link in a volume that is swapped while it is exported gives away nothing" {
  local dir
  dir=$(user_dir swap)
  mkdir "$dir/d"
  echo plain >"$dir/d/f"
  ln -s "$LIVE/canary" "$dir/l"
  chown -hR "$ACCOUNT:" "$dir"
  must volume create -o type=bind -o device="$dir" "$V"
  must run -d --name "c$V" -v "$V:/v" "$TOOLS" /t/swap /v/d /v/l 60
  local i
  for i in {1..40}; do
    capture as_user sh -c "'$CTOOL' volume export '$V' | tar -xO 2>/dev/null"
    out_lacks TOPSECRET
  done
}

@test "killed while it fills a volume: what is there is not mixed with more" {
  local i
  for i in 1 2 3 4 5 6; do
    begin run --rm -v "$V:/usr" "$TOOLS" true
    sleep "0.0$i"
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    # Its monitor finds nobody to talk to, and ends.
    until_ok 30 monitors_gone
    ct rm -fa -t 0 >/dev/null 2>&1 || true
    must run --rm -v "$V:/x" "$IMG" sh -c 'rm -rf /x/*; echo mine >/x/mine'
    must run --rm -v "$V:/usr/share" "$TOOLS" ls -A /usr/share
    out_is mine
    must volume rm "$V"
  done
  # What has no record is swept up once it is old enough to be nobody's.
  as_user find "$FILE_DIR/home/.local/share/ctool/containers" -mindepth 1 -maxdepth 1 -exec touch -d '-2 minutes' {} +
  ct system prune -f --external >/dev/null
}
