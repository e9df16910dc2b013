#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# unshare, mount, unmount: containers' files from the host.

load helpers

@test "unshare: root, with the containers' ids" {
  try unshare id -u
  ok
  out_is 0
  try unshare cat /proc/self/uid_map
  out_like '^ *0 +[0-9]+ +1
 *1 +[0-9]+ +65536$'
}

@test "unshare: exit status" {
  try unshare sh -c 'exit 7'
  exits 7
  try unshare nosuchcommand
  exits 127
  err_is 'Error: exec: "nosuchcommand": executable file not found in $PATH'
  try unshare /etc
  exits 126
  err_is 'Error: fork/exec /etc: permission denied'
}

@test "unshare: the environment" {
  try unshare sh -c 'echo $HOME; echo $CONTAINERS_GRAPHROOT; echo $CONTAINERS_RUNROOT; echo $_CONTAINERS_ROOTLESS_UID; pwd'
  ok
  out_has "$FILE_DIR/home"
  out_has "$FILE_DIR/home/.local/share/"
  out_has "$FILE_DIR/run/"
  out_has "$USER_ID"
  out_has "$T"
}

@test "unshare: options after the command are the command's" {
  try unshare echo -n --help
  ok
  out_is --help
}

@test "unshare: stdin and stdout" {
  try unshare cat <<<hello
  out_is hello
}

@test "unshare: owners of a volume's files" {
  local bind
  bind=$(user_dir bind)
  must run --rm -v "$bind:/b" "$IMG" sh -c 'touch /b/f; chown 65:66 /b/f'
  try unshare stat -c %u:%g "$bind/f"
  out_is 65:66
  must unshare rm "$bind/f"
}

@test "mount: only inside of unshare" {
  must create --name "$C" "$IMG" true
  try mount "$C"
  exits 125
  err_is "Error: cannot run command \"$TOOL mount\" in rootless mode, must execute \`$TOOL unshare\` first"
  try mount
  exits 125
}

@test "mount: the files, readable and writable" {
  must run --name "$C" "$IMG" sh -c 'echo hello >/file'
  try unshare sh -c "m=\$($CTOOL mount $C) && cat \$m/file && echo more >\$m/other && $CTOOL unmount $C"
  ok
  out_is $'hello\n'"$C"
  try diff "$C"
  out_is $'C /etc\nA /file\nA /other'
}

@test "mount: lists" {
  must create --name "$C" "$IMG" true
  local id=$out
  try unshare sh -c "$CTOOL mount; $CTOOL mount $C >/dev/null; $CTOOL mount"
  ok
  out_like "^${id:0:12}  /.*/merged\$"
  try unshare sh -c "$CTOOL mount $C >/dev/null; $CTOOL mount --no-trunc"
  out_like "^$id  /"
  try unshare sh -c "$CTOOL mount $C >/dev/null; $CTOOL mount --format json"
  equal "the id" "$id" "$(jq -r '.[0].id' <<<"$out")"
  equal "the name" "$C" "$(jq -r '.[0].Names[0]' <<<"$out")"
  try unshare "$CTOOL" mount --format bla
  exits 125
  err_is 'Error: unknown --format argument: "bla"'
}

@test "mount: all, the latest, unknown ones" {
  must create --name "$C" "$IMG" true
  must create --name other "$IMG" true
  try unshare sh -c "$CTOOL mount -a | wc -l; $CTOOL unmount -a | wc -l"
  out_is $'2\n2'
  try unshare "$CTOOL" mount -l
  ok
  out_like '^/.*/merged$'
  try unshare "$CTOOL" mount nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
}

@test "unmount: names, twice, unknown ones" {
  must create --name "$C" "$IMG" true
  try unshare sh -c "$CTOOL mount $C >/dev/null; $CTOOL umount $C; $CTOOL container unmount -f $C"
  ok
  out_is "$C"$'\n'"$C"
  # outside of unshare nothing is mounted, which is no error
  try unmount "$C"
  ok
  out_is "$C"
  try unmount -a
  ok
  out_is ""
  try unmount nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  try unmount
  exits 125
  err_is "Error: you must provide at least one name or id"
}

@test "a mount ends with its unshare" {
  must create --name "$C" "$IMG" true
  must unshare "$CTOOL" mount "$C"
  try unshare "$CTOOL" mount
  out_is ""
  must rm "$C"
}

@test "unshare: no shared network namespace" {
  try unshare --rootless-netns true
  exits 125
  err_has "--rootless-netns is not supported"
}
