#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# diff, export, commit: what a container has changed, and what comes of it.

load helpers

# An exited container with one change of each kind.
changed() {
  must run --name "$C" "$IMG" sh -c \
    'echo a >/new; rm /etc/group; chmod 700 /home; mkdir -p /d/e; echo x >/d/e/f; ln /d/e/f /d/hard; ln -s f /d/e/link'
}
config_of() { ct image inspect -f "{{$2}}" "$1"; }

@test "diff: added, changed and deleted, by path" {
  changed
  try diff "$C"
  ok
  out_is "A /d
A /d/e
A /d/e/f
A /d/e/link
A /d/hard
C /etc
D /etc/group
C /home
A /new"
}

@test "diff: json" {
  must run --name "$C" "$IMG" sh -c 'touch /new; rm /etc/group'
  try diff --format json "$C"
  ok
  out_is '{
     "changed": [
          "/etc"
     ],
     "added": [
          "/new"
     ],
     "deleted": [
          "/etc/group"
     ]
}'
  try diff --format bla "$C"
  exits 125
  err_is "Error: only supported value for '--format' is 'json'"
}

@test "diff: nothing has changed" {
  must create --name "$C" "$IMG" true
  try diff "$C"
  ok
  out_is ""
  try diff --format json "$C"
  out_is "{}"
}

@test "diff: a directory that was replaced" {
  must run --name "$C" "$IMG" sh -c 'rm -r /var/www; mkdir /var/www; touch /var/www/other'
  try diff "$C"
  ok
  out_has "A /var/www/other"
  out_has "D /var/www"
}

@test "diff: while it runs, and the latest" {
  must run -d --name "$C" "$IMG" sh -c 'touch /new; sleep 1047'
  until_ok 5 eval "ct diff $C | grep -x 'A /new'"
  try diff -l
  ok
  out_is $'C /etc\nA /new' # the mount points in /etc
}

@test "diff: of an image" {
  try diff "$IMG"
  ok
  out_has "A /bin/busybox"
  out_lacks "C /"
}

@test "diff: wrong arguments" {
  try diff
  exits 125
  err_has "requires a name, id, or the \"--latest\" flag"
  try diff nosuch
  exits 125
  err_is "Error: nosuch not found: layer not known"
}

@test "export: a container's whole tree" {
  changed
  try export -o "$T/e.tar" "$C"
  ok
  out_is ""
  tar tvf "$T/e.tar" --numeric-owner >"$T/list"
  grep -qE '^drwx------ 0/0 .* home/$' "$T/list"
  grep -qE ' d/hard$| d/hard link to d/e/f$|d/e/f' "$T/list"
  grep -qE ' bin/busybox$' "$T/list"
  lacks grep -qE ' etc/group$' "$T/list"
  equal "the file" a "$(tar xOf "$T/e.tar" new)"
}

@test "export: to stdout, from a running container, without its mounts" {
  must run -d --name "$C" -v /vol --tmpfs /mem "$IMG" sh -c 'echo v >/vol/inside; echo m >/mem/inside; echo r >/root/inside; sleep 1047'
  until_ok 5 eval "ct diff $C | grep /root/inside"
  ct export "$C" | cat >"$T/e.tar"
  tar tf "$T/e.tar" >"$T/list"
  grep -qx root/inside "$T/list"
  lacks grep -E '^(vol|mem)/.+|^proc/.+|^sys/.+' "$T/list"
}

@test "export: nobody reads any more" {
  must run --name "$C" "$IMG" sh -c 'head -c 1000000 /dev/zero >/big'
  # Whoever runs the tests may ignore SIGPIPE, which children inherit.
  unread() { as_user env --default-signal=PIPE "$CTOOL" export "$C" | head -c 1 | wc -c; echo "${PIPESTATUS[0]}"; }
  capture unread
  err_is ""
  out_like '141$'
}

@test "export: a terminal is refused" {
  must create --name "$C" "$IMG" true
  try_tty -- export "$C"
  exits 125
  out_is "Error: refusing to export to terminal. Use -o flag or redirect"
}

@test "export: wrong arguments" {
  try export
  exits 125
  try export nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
}

@test "export: what comes out goes in again" {
  changed
  must export -o "$T/e.tar" "$C"
  chmod 644 "$T/e.tar"
  must import -q "$T/e.tar" again:1
  try run --rm again:1 cat /d/hard
  out_is x
  must rmi again:1
}

@test "export: holes, long names and xattrs" {
  local long
  long=$(printf 'n%.0s' {1..200})
  must run --name "$C" "$IMG" sh -c "truncate -s 200M /sparse; echo end >>/sparse; mkdir -p /$long/$long; echo l >/$long/$long/$long"
  must export -o "$T/e.tar" "$C"
  (($(stat -c %s "$T/e.tar") < 20000000))
  equal "the file" l "$(tar xOf "$T/e.tar" "$long/$long/$long")"
  tar -C "$T" -xf "$T/e.tar" sparse
  equal "the size" $((200 * 1024 * 1024 + 4)) "$(stat -c %s "$T/sparse")"
  equal "its end" end "$(tail -c 4 "$T/sparse")"
}

@test "commit: prints an id, and the image runs" {
  changed
  try commit -q "$C" mine:1
  ok
  out_like '^[0-9a-f]{64}$'
  err_is ""
  try run --rm mine:1 sh -c 'cat /new /d/hard; stat -c %a /home; ls /etc/group 2>&1 | grep -c No; stat -c %h /d/hard'
  ok
  out_is $'a\nx\n700\n1\n2'
  try images --format '{{.Repository}}:{{.Tag}}' mine
  out_is localhost/mine:1
  must rmi mine:1
}

@test "commit: a container that runs goes on" {
  must run -d --name "$C" "$IMG" sh -c 'echo one >/file; sleep 1047'
  until_ok 5 eval "ct diff $C | grep /file"
  must commit -q "$C" mine:2
  has_status "$C" running
  try run --rm mine:2 cat /file
  out_is one
  must rmi mine:2
}

@test "commit: interrupted while the container is paused for it, the container goes on" {
  must run -d --name "$C" "$IMG" sh -c 'head -c 400000000 /dev/zero >/root/big; echo ready; exec sleep 47163'
  until_ok 20 says_ready "$C"
  begin commit -q -p "$C" "localhost/$C"
  until_ok 5 is_paused "$C"
  kill -TERM "$pid"
  finish
  equal "its end" 143 "$rc"
  equal state running "$(ct inspect --format '{{.State.Status}}' "$C")"
  lacks ct image exists "localhost/$C"
  # From the very first step on: also between the pause and the work.
  for delay in 0.0{01,03,05,07,09,11,13,15,17,19,21,23,25,30,35,40}; do
    begin commit -q -p "$C" "localhost/$C"
    sleep "$delay"
    kill -TERM "$pid" || true
    finish
    has_status "$C" running || complain "a container that goes on, after $delay s"
  done
}
says_ready() { ct logs "$1" | grep -q ready; }
is_paused() { [[ $(ct inspect --format '{{.State.Status}}' "$1") == paused ]]; }

@test "commit: the image's files are not the container's" {
  must run --name "$C" "$IMG" sh -c 'echo one >/file'
  must commit -q "$C" mine:3
  echo two >"$T/two"
  chown "$ACCOUNT:" "$T/two"
  must cp "$T/two" "$C:/file"
  try run --rm mine:3 cat /file
  out_is one
  must rmi mine:3
}

@test "commit: nothing has changed" {
  must create --name "$C" "$IMG" echo hello
  must commit -q "$C" mine:4
  try run --rm mine:4
  out_is hello
  equal "the layers" 2 "$(ct image inspect -f '{{len .RootFS.Layers}}' mine:4)"
  must rmi mine:4
}

@test "commit: what the container was made with is the image's default" {
  must create --name "$C" -e X=y --label k=v --user 1000 -w /srv -v /anon -v "$T:/bound" --expose 80 "$IMG" top
  must commit -q "$C" mine:5
  equal "the command" '[top]' "$(config_of mine:5 .Config.Cmd)"
  equal "the user" 1000 "$(config_of mine:5 .Config.User)"
  equal "the folder" /srv "$(config_of mine:5 .Config.WorkingDir)"
  equal "the labels" 'map[k:v]' "$(config_of mine:5 .Config.Labels)"
  equal "the volumes" 'map[/anon:{}]' "$(config_of mine:5 .Config.Volumes)"
  [[ $(config_of mine:5 .Config.Env) == *X=y* ]]
  [[ $(config_of mine:5 .Config.Env) != *HOSTNAME* ]]
  must commit -q --include-volumes "$C" mine:6
  equal "the volumes" 'map[/anon:{} /bound:{}]' "$(config_of mine:6 .Config.Volumes)"
  must rmi mine:5 mine:6
}

@test "commit: --change" {
  must create --name "$C" "$IMG" top
  must commit -q -c 'CMD ["echo","changed"]' -c 'ENV A=b' -c 'EXPOSE 81' -c 'LABEL l=m' -c 'WORKDIR /tmp' -c 'USER 7' "$C" mine:7
  try run --rm mine:7
  out_is changed
  equal "the user" 7 "$(config_of mine:7 .Config.User)"
  equal "the folder" /tmp "$(config_of mine:7 .Config.WorkingDir)"
  [[ $(config_of mine:7 .Config.Env) == *A=b* ]]
  must rmi mine:7
  try commit -q -c 'FOO bar' "$C"
  exits 125
  err_has 'FOO bar'
}

@test "commit: author, history, --iidfile" {
  must create --name "$C" "$IMG" top
  try commit -q -a me --iidfile "$T/iid" "$C" mine:8
  ok
  equal "the file" "$out" "$(<"$T/iid")"
  equal "the author" me "$(config_of mine:8 .Author)"
  equal "the history" "FROM $IMG" "$(ct image inspect -f '{{(index .History 1).Comment}}' mine:8)"
  must rmi mine:8
}

@test "commit: the layers of the image stay as they are" {
  must create --name "$C" "$IMG" top
  must commit -q "$C" mine:9
  equal "the first layer" "$(ct image inspect -f '{{index .RootFS.Layers 0}}' "$IMG")" \
    "$(ct image inspect -f '{{index .RootFS.Layers 0}}' mine:9)"
  must rmi mine:9
}

@test "commit: messages need the docker format" {
  must create --name "$C" "$IMG" top
  try commit -q -m hi "$C"
  exits 125
  err_is "Error: messages are only compatible with the docker image format (-f docker)"
  must commit -q -m hi -f docker "$C" mine:10
  equal "the comment" hi "$(config_of mine:10 .Comment)"
  equal "the format" application/vnd.docker.distribution.manifest.v2+json "$(config_of mine:10 .ManifestType)"
  try run --rm mine:10 echo runs
  out_is runs
  must rmi mine:10
}

@test "commit: --squash makes one layer" {
  changed
  must commit -q -s "$C" mine:11
  equal "the layers" 1 "$(ct image inspect -f '{{len .RootFS.Layers}}' mine:11)"
  try run --rm mine:11 sh -c 'cat /new; ls /etc/group 2>&1 | grep -c No; ls -d /bin/busybox'
  out_is $'a\n1\n/bin/busybox'
  must rmi mine:11
}

@test "commit: a name moves to the new image" {
  must create --name "$C" "$IMG" top
  must commit -q "$C" mine:12
  local first=$out
  must commit -q -c 'ENV A=b' "$C" mine:12
  [[ $out != "$first" ]]
  equal "the image" "$out" "$(ct image inspect -f '{{.Id}}' mine:12)"
  must rmi mine:12 "$first"
}

@test "commit: a commit of a commit" {
  must run --name "$C" "$IMG" sh -c 'mkdir /dir; touch /dir/one /dir/two'
  must commit -q "$C" mine:13
  must run --name second mine:13 sh -c 'rm /dir/one; touch /dir/three'
  must commit -q second mine:14
  try run --rm mine:14 ls /dir
  out_is $'three\ntwo'
  must rm second
  must rmi mine:14 mine:13
}

@test "commit: a directory that was replaced stays so" {
  must run --name "$C" "$IMG" sh -c 'rm -r /var/www; mkdir /var/www; touch /var/www/other'
  must commit -q "$C" mine:15
  try run --rm mine:15 ls /var/www
  out_is other
  must rmi mine:15
}

@test "commit: wrong arguments" {
  try commit nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  must create --name "$C" "$IMG" top
  try commit "$C" Bad
  exits 125
  err_has "repository name must be lowercase"
  try commit -f bla "$C"
  exits 125
  err_is 'Error: unrecognized image format "bla"'
}
