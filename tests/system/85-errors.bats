#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What goes wrong outside: registries, disks, missing helpers, missing rights. Every failure names
# its cause, leaves nothing behind, and the next command works.

load helpers

# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

# Files and folders of the store: what a failure leaves shows here.
stored() {
  find "$FILE_DIR/home/.local/share" -type f ! -name '*.db*' ! -name '*.sql' ! -name '*.lock' \
    ! -name '*.json' ! -path '*/cache/*' 2>/dev/null | wc -l
}
one_line() {
  equal "lines of error" 1 "$(grep -c '^Error' "$T/.err")"
  [[ $err != *$'\e'* ]] || complain "no control characters"
}

@test "an image that nobody has" {
  try run --rm "$REGISTRY/nosuch:latest" true
  exits 125
  err_has "$REGISTRY/nosuch"
  err_like 'manifest unknown|not found'
  one_line
}

@test "nobody listens at the registry's port" {
  try pull -q 127.0.0.1:1/x:latest
  exits 125
  err_has "127.0.0.1:1"
  err_like '[Cc]onnection refused|[Cc]ould not connect|Failed to connect'
}

@test "the registry's name does not resolve" {
  try pull -q nosuch.invalid/x:latest
  exits 125
  err_has "nosuch.invalid"
}

@test "a registry that speaks no HTTP, and one that wants TLS" {
  python3 -c '
import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept()
    c.sendall(b"220 mail.example ESMTP \x1b[31m\r\n")
    c.close()' >"$T/port" 2>/dev/null 3>&- 4>&- &
  local server=$!
  until_ok 5 test -s "$T/port"
  try pull -q --tls-verify=false "127.0.0.1:$(<"$T/port")/x:latest"
  kill "$server"
  exits 125
  one_line
  try pull -q "${REGISTRY/127.0.0.1/localhost}/busybox:latest"
  [[ $rc == 0 || $err == *localhost* ]] || complain "a word about localhost"
}

# A registry with damaged data; $registry_address. The data are links to the good ones.
damaged_registry() {
  cp -al "$CACHE/registry" "$T/data"
  "$@"
  start_registry "$T/damaged" "$T/data" plain readonly
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry_address" \
    >"$FILE_DIR/home/.config/containers/registries.conf.d/damaged.conf"
}
test_setup() { mkdir -p "$FILE_DIR/home/.config/containers/registries.conf.d"; }
test_teardown() {
  [[ ! -d $T/damaged ]] || stop_registry "$T/damaged"
  rm -f "$FILE_DIR/home/.config/containers/registries.conf.d/"*
}

# blob NAME TAG WHICH: the file that holds the config or the layer of an image in $T/data.
blob() {
  local manifest digest
  manifest=$(curl -sf -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$REGISTRY/v2/$1/manifests/$2")
  digest=$(jq -r "$3.digest" <<<"$manifest")
  digest=${digest#sha256:}
  echo "$T/data/docker/registry/v2/blobs/sha256/${digest:0:2}/$digest/data"
}
# Gives a file in $T/data its own bytes before it is changed.
own() { cp "$1" "$1.new" && mv "$1.new" "$1"; }
flip() {
  own "$1"
  printf 'XX' | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

fails_to_pull() {
  local before
  before=$(stored)
  try pull -q "$registry_address/config:volume"
  exits 125
  one_line
  try images -q "$registry_address/config"
  out_is ""
  equal "files in the store" "$before" "$(stored)"
}

@test "a layer with wrong bytes" {
  damaged_registry flip "$(blob config volume '.layers[1]')" 40
  fails_to_pull
  try pull -q "$registry_address/config:volume"
  err_like 'digest|checksum|does not match|corrupt|did not match'
}

@test "a layer that is cut" {
  local file
  file=$(blob config volume '.layers[1]')
  cut() { own "$1" && truncate -s 30 "$1"; }
  damaged_registry cut "$file"
  fails_to_pull
}

@test "a config with wrong bytes" {
  damaged_registry flip "$(blob config volume .config)" 5
  fails_to_pull
}

@test "a layer that the registry has lost" {
  damaged_registry rm "$(blob config volume '.layers[1]')"
  fails_to_pull
  try pull -q "$registry_address/config:volume"
  err_like 'blob unknown|not found|404|unknown blob'
}

@test "after a failed pull the good one works" {
  damaged_registry flip "$(blob config volume '.layers[1]')" 40
  fails_to_pull
  must pull -q "$REGISTRY/config:volume"
  must run --rm "$REGISTRY/config:volume" cat /data/seed
  out_is "from the image"
}

# --- disks ------------------------------------------------------------------------------------

# A store on a small tmpfs.
small_store() {
  local dir
  dir=$(user_dir small)
  mount -t tmpfs -o "$1,mode=0700,uid=$USER_ID" none "$dir"
  CT_OPTIONS=(--root "$dir/root" --runroot "$T/run")
  as_user mkdir -p "$T/run"
  mounts_changed
}
drop_small_store() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  mounts_changed
  until_ok 10 umount -R "$T/small"
}

@test "no space left: a clear error, and the space is given back" {
  small_store size=30m
  must pull -q "$IMG"
  local free
  free=$(df --output=avail "$T/small" | tail -n 1)
  try pull -q "$REGISTRY/debian:latest"
  exits 125
  err_like '[Nn]o space left on device'
  # what was unpacked is deleted behind the command
  space_is_back() { (($(df --output=avail "$T/small" | tail -n 1) > free - 1500)); }
  until_ok 20 space_is_back
  try images -q
  equal "images" 1 "$(wc -l <"$T/.out")"
  must run --rm "$IMG" true
  try ps -a
  ok
  must rmi -f "$IMG"
  drop_small_store
}

@test "no inodes left" {
  small_store size=400m,nr_inodes=3000
  try pull -q "$REGISTRY/debian:latest"
  exits 125
  err_like '[Nn]o space left on device'
  try images -q
  ok
  out_is ""
  must pull -q "$IMG"
  drop_small_store
}

@test "a full store: rm, rmi, ps and images still work" {
  small_store size=30m
  must pull -q "$IMG"
  must create --name "$C" "$IMG" true
  as_user sh -c "cat /dev/zero >'$T/small/fill'" 2>/dev/null || true
  equal "free" 0 "$(df --output=avail "$T/small" | tail -n 1 | tr -d ' ')"
  must ps -a
  must images
  must rm -f "$C"
  must rmi -f "$IMG"
  drop_small_store
}

@test "a read-only store can be looked at" {
  small_store size=30m
  must pull -q "$IMG"
  must create --name "$C" "$IMG" true
  mount -o remount,ro "$T/small"
  mounts_changed
  try images -q
  ok
  try ps -aq
  ok
  try run --rm "$IMG" true
  [[ $rc != 0 ]] || complain "a failure"
  err_like '[Rr]ead-only'
  mount -o remount,rw "$T/small"
  drop_small_store
}

# --- accounts and helpers ---------------------------------------------------------------------

# Takes programs out of /usr/bin until the test ends (in the mount namespace of this file).
without() {
  mkdir -p "$T/upper" "$T/work"
  mount -t overlay -o "lowerdir=/usr/bin,upperdir=$T/upper,workdir=$T/work" none /usr/bin
  local program
  for program in "$@"; do rm -f "/usr/bin/$program"; done
  mounts_changed
}
with_all_again() {
  umount -l /usr/bin
  mounts_changed
}

@test "an account without subordinate ids: one id, one warning, and it runs" {
  local bare=$ACCOUNT-bare
  getent passwd "$bare" >/dev/null || useradd --create-home "$bare"
  sed -i "/^$bare:/d" /etc/subuid /etc/subgid
  local home=$T/bare
  mkdir -p "$home"/{home,run} && chmod 700 "$home/run"
  configure_user "$home/home"
  chown -R "$bare:" "$home"
  local saved=("${AS_USER[@]}")
  AS_USER=(setpriv --reuid "$bare" --regid "$bare" --init-groups env -i HOME="$home/home"
    XDG_RUNTIME_DIR="$home/run" USER="$bare" PATH=/usr/bin:/bin)
  try run --rm "$IMG" sh -c 'id -u; touch /etc/new && echo written'
  local first_rc=$rc first_out=$out first_err=$err
  try run --rm "$IMG" true
  ct rmi -fa >/dev/null 2>&1 || true
  AS_USER=("${saved[@]}")
  rc=$first_rc out=$first_out err=$first_err
  ok
  out_is $'0\nwritten'
  err_like 'subuid|subordinate'
  err_like 'usermod|/etc/subuid'
}

@test "without newuidmap: one id, and the reason" {
  CT_OPTIONS=(--root "$(user_dir root)" --runroot "$(user_dir run)")
  without newuidmap newgidmap
  try run --rm "$IMG" id -u
  with_all_again
  ok
  out_is 0
  err_has newuidmap
}

@test "without slirp4netns: the reason, and --network none works" {
  without slirp4netns pasta
  try run --rm "$IMG" true
  local first=$rc message=$err
  try run --rm --network none "$IMG" echo fine
  with_all_again
  [[ $first == 12[567] ]] || complain "a failure of $TOOL"
  [[ $message == *slirp4netns* ]] || complain "a word about slirp4netns, not: $message"
  ok
  out_is fine
}

@test "without /dev/net/tun: the reason, and --network none works" {
  mount -t tmpfs none /dev/net
  mounts_changed
  try run --rm "$IMG" true
  local first=$rc message=$err
  try run --rm --network none "$IMG" echo fine
  mounts_changed
  umount -l /dev/net
  ok
  [[ $first != 0 ]] || complain "a failure"
  [[ $message == *tun* ]] || complain "a word about /dev/net/tun, not: $message"
}

@test "without /dev/fuse fuse-overlayfs cannot be had: a failure or a warning says so" {
  mount --bind /dev/null /dev/fuse
  CT_ENV=(CTOOL_OVERLAY=fuse)
  try run --rm "$IMG" true
  umount -l /dev/fuse
  err_like 'fuse'
}

@test "a run folder that is missing, or somebody else's" {
  must run --rm "$IMG" true
  CT_ENV=(XDG_RUNTIME_DIR=)
  try run --rm "$IMG" echo fine
  ok
  out_is fine
  CT_ENV=(XDG_RUNTIME_DIR=/root)
  try run --rm "$IMG" echo fine
  ok
  out_is fine
  rm -rf "/tmp/ctool-$USER_ID"
}

@test "a home folder that cannot be written" {
  CT_ENV=(HOME=/nonexistent)
  try pull -q "$IMG"
  [[ $rc == 125 || $rc == 1 ]] || complain "125"
  err_has /nonexistent
}

@test "the working folder is gone" {
  mkdir "$T/gone" && cd "$T/gone" && rmdir "$T/gone"
  try run --rm "$IMG" pwd
  ok
  out_is /
}

@test "a configuration file that does not parse" {
  echo 'nonsense = [' >"$FILE_DIR/home/.config/containers/registries.conf.d/broken.conf"
  try pull -q "$IMG"
  [[ $rc == 125 || $rc == 1 ]] || complain "125"
  err_has broken.conf
}

@test "a policy that rejects is obeyed" {
  local policy=$FILE_DIR/home/.config/containers/policy.json
  echo '{"default": [{"type": "reject"}]}' >"$policy"
  try pull -q "$REGISTRY/config:label"
  local first=$rc
  echo '{"default": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/nosuch"}]}' >"$policy"
  try pull -q "$REGISTRY/config:label"
  rm "$policy"
  equal "reject" 125 "$first"
  exits 125
}

@test "a limit that the host cannot apply is not ignored in silence" {
  try run --rm --memory 64m "$IMG" true
  [[ $rc != 0 || -n $err ]] || {
    # then it must really be in force
    try run --rm --memory 64m "$IMG" cat /sys/fs/cgroup/memory.max
    out_is 67108864
  }
}
