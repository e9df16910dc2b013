#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `ctool doctor`: what it says is true. Each failure is a real one, and `run` fares as it says.

load helpers

BARE=$ACCOUNT-bare

# check NAME: what the doctor says of one thing; result, mend, ... FIELD NAME: one field.
check() { jq -r --arg check "$1" '.[] | select(.check == $check)' "$T/.out"; }
field() { check "$2" | jq -r ".$1"; }
# Runs the doctor in a command's surroundings: `diagnose [COMMAND...]`.
diagnose() {
  last="$* doctor"
  capture as_user ${CT_ENV[@]+"${CT_ENV[@]}"} "$@" "$CTOOL" ${CT_OPTIONS[@]+"${CT_OPTIONS[@]}"} doctor --format json
}
# finds RESULT CHECK: with all that belongs to something that is not well.
finds() {
  equal "$2" "$1" "$(field result "$2")"
  [[ $1 == ok ]] || {
    [[ -n $(field reason "$2") ]] || complain "a reason for $2"
    [[ -n $(field consequence "$2") ]] || complain "a consequence of $2"
  }
}
mends() { [[ $(field mend "$2") == *"$1"* ]] || complain "the mend of $2 to have '$1', found '$(field mend "$2")'"; }

# Takes programs out of /usr/bin until the test ends, in this file's mount namespace.
writable_usr_bin() {
  mkdir -p "$T/upper" "$T/work"
  mount -t overlay -o "lowerdir=/usr/bin,upperdir=$T/upper,workdir=$T/work" none /usr/bin
}
without() {
  writable_usr_bin
  local program
  for program in "$@"; do rm -f "/usr/bin/$program"; done
}
test_setup() {
  if oracle; then skip "podman has no doctor"; fi
}
test_teardown() {
  local place
  for place in /usr/bin /dev/net /dev/fuse /etc/resolv.conf /etc/subuid /etc/subgid /proc/sys/kernel "$T/small"; do
    while mountpoint -q "$place"; do umount -l "$place"; done
  done
}

@test "all that is looked at, and a verdict" {
  try doctor
  ok
  out_has "ctool run works."
  diagnose
  ok
  local check
  for check in programs configuration kernel syscalls userns apparmor ranges newuidmap proc store disk overlay fuse runtime-folder \
    cgroups controllers linger tun slirp4netns pasta netavark aardvark-dns low-ports clock limits dns registry; do
    [[ $(field result "$check") =~ ^(ok|degraded|off)$ ]] || complain "a result of $check"
    [[ -n $(field reason "$check") ]] || complain "a reason for $check"
  done
  equal "complaints about what is well" "" "$(jq -r '.[] | select(.result == "ok" and .mend + .consequence != "") | .check' "$T/.out")"
  equal "ill without a consequence" "" "$(jq -r '.[] | select(.result != "ok" and .consequence == "") | .check' "$T/.out")"
  for check in kernel userns ranges newuidmap store disk overlay tun slirp4netns limits; do finds ok "$check"; done
}

@test "formats, --quiet, and what excludes each other" {
  try doctor --format '{{.Check}}={{.Result}}'
  ok
  out_has "kernel=ok"
  try doctor --format 'table {{.Check}} {{.Result}}'
  out_like '^CHECK +RESULT'
  try doctor -q
  ok
  out_lacks $'\nok '
  try doctor --fix-script --format json
  exits 125
  err_has "can't be combined"
  try doctor --format '{{.Nosuch}}'
  exits 125
}

@test "an account without ranges: degraded, and the command mends it" {
  getent passwd "$BARE" >/dev/null || useradd --create-home "$BARE"
  # Copies, which the command changes.
  cp /etc/subuid /etc/subgid "$T/"
  sed -i "/^$BARE:/d" "$T/subuid" "$T/subgid"
  mount --bind "$T/subuid" /etc/subuid
  mount --bind "$T/subgid" /etc/subgid
  mkdir -p "$T/bare"/{home,run} && chmod 700 "$T/bare/run"
  configure_user "$T/bare/home"
  chown -R "$BARE:" "$T/bare"
  AS_USER=(setpriv --reuid "$BARE" --regid "$BARE" --init-groups env -i HOME="$T/bare/home" XDG_RUNTIME_DIR="$T/bare/run" PATH=/usr/bin:/bin)
  diagnose
  ok
  finds degraded ranges
  mends "usermod --add-subuids" ranges
  equal "for root" true "$(field root ranges)"
  local first last_id
  read -r first last_id < <(field mend ranges | sed -E 's/.*--add-subuids ([0-9]+)-([0-9]+) .*/\1 \2/')
  # usermod renames its file into place, which a mount point does not let it.
  echo "$BARE:$first:$((last_id - first + 1))" | tee -a /etc/subuid >>/etc/subgid
  diagnose
  ok
  finds ok ranges
  finds ok newuidmap
  capture as_user "$CTOOL" rmi -fa
}

@test "without newuidmap, and with one that has no privileges" {
  without newuidmap
  diagnose
  ok
  finds degraded newuidmap
  mends "install" newuidmap
  mends uidmap newuidmap
  umount -l /usr/bin
  rm -rf "$T/upper" "$T/work"
  writable_usr_bin
  chmod u-s /usr/bin/newgidmap
  setcap -r /usr/bin/newgidmap 2>/dev/null || true
  diagnose
  ok
  finds degraded newuidmap
  equal "the command" "chmod u+s /usr/bin/newgidmap" "$(field mend newuidmap)"
  bash -c "$(field mend newuidmap)"
  diagnose
  finds ok newuidmap
}

@test "without a network's program: run fails as it says, and names the doctor" {
  without slirp4netns pasta
  diagnose
  exits 1
  finds off slirp4netns
  finds off pasta
  equal "needed by run" "true false" "$(field required slirp4netns) $(field required pasta)"
  mends "install -y slirp4netns" slirp4netns
  try doctor -q
  exits 1
  out_has "ctool run does not work: slirp4netns."
  try run --rm "$IMG" true
  exits 125
  err_has "see: ctool doctor"
  # Those who choose another one by configuration need that one.
  printf '[network]\ndefault_rootless_network_cmd = "pasta"\n' >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  diagnose
  equal "needed by run" "false true" "$(field required slirp4netns) $(field required pasta)"
  printf '[containers]\nnetns = "none"\n' >"$T/containers.conf"
  diagnose
  ok
  finds off slirp4netns
}

@test "devices that are not there" {
  mount -t tmpfs none /dev/net
  mknod -m 0600 "$T/fuse" c 10 229
  mount --bind "$T/fuse" /dev/fuse
  diagnose
  exits 1
  finds off tun
  mends "modprobe tun" tun
  finds degraded fuse
  mends "chmod 0666 /dev/fuse" fuse
}

@test "a store that is full, and one that is in memory" {
  mkdir "$T/small"
  mount -t tmpfs -o "size=1100m,mode=0700,uid=$USER_ID" none "$T/small"
  CT_OPTIONS=(--root "$T/small/root" --runroot "$(user_dir run)")
  diagnose
  ok
  finds degraded store
  finds ok disk
  mount -o remount,size=200m "$T/small"
  diagnose
  ok
  finds degraded disk
  mount -o remount,size=30m "$T/small"
  as_user sh -c "head -c 25m /dev/zero >'$T/small/fill'"
  diagnose
  exits 1
  finds off disk
  mends "system prune" disk
  rm "$T/small/fill"
  mount -o remount,nr_inodes=100 "$T/small"
  diagnose
  exits 1
  finds off disk
}

@test "a store without extended attributes" {
  mkdir "$T/small"
  mount -t ramfs none "$T/small"
  chown "$ACCOUNT:" "$T/small"
  CT_OPTIONS=(--root "$T/small/root" --runroot "$(user_dir run)")
  diagnose
  finds degraded store
  mends "ext4" store
}

@test "a store that can't be had" {
  CT_ENV=(HOME=/nonexistent)
  diagnose
  exits 1
  finds off store
  mkdir "$T/other" && touch "$T/other/file" && chown -R "$ACCOUNT:" "$T/other"
  CT_ENV=() CT_OPTIONS=(--root "$T/other")
  diagnose
  exits 1
  finds off store
}

@test "run folders" {
  CT_ENV=(XDG_RUNTIME_DIR=)
  diagnose
  ok
  if [[ -d /run/user/$USER_ID ]]; then finds ok runtime-folder; else finds degraded runtime-folder; fi
  rm -rf "/tmp/ctool-$USER_ID"
  install -d -m 0777 "/tmp/ctool-$USER_ID"
  diagnose
  rm -rf "/tmp/ctool-$USER_ID"
  [[ -d /run/user/$USER_ID ]] || {
    exits 1
    finds off runtime-folder
  }
}

@test "a configuration that does not parse" {
  echo 'nonsense = [' >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  diagnose
  exits 1
  finds off configuration
  [[ $(field reason configuration) == *"$T/containers.conf"* ]] || complain "the file's name"
}

@test "an installation that lacks a program" {
  cp -r "$LIVE/tree" "$T/tree"
  rm "$T/tree/libexec/ctool/ctool-images"
  capture as_user "$T/tree/bin/ctool" doctor --format json
  exits 1
  finds off programs
}

# In a user namespace whose limits are ours to set.
no_namespaces=(unshare --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"' sh)

@test "user namespaces that are forbidden" {
  diagnose "${no_namespaces[@]}"
  exits 1
  finds off userns
  mends "sysctl -w user.max_user_namespaces=" userns
  capture as_user "${no_namespaces[@]}" "$CTOOL" run --rm "$IMG" true
  exits 125
  err_has "see: ctool doctor"
}

@test "AppArmor's restriction: a profile for this very program" {
  mount -t tmpfs none /proc/sys/kernel
  echo 1 >/proc/sys/kernel/apparmor_restrict_unprivileged_userns
  diagnose
  finds ok apparmor
  diagnose "${no_namespaces[@]}"
  exits 1
  finds off apparmor
  mends "\"$(realpath "$CTOOL")\"" apparmor
  mends "apparmor_parser -r" apparmor
}

@test "limits" {
  diagnose sh -c 'ulimit -n 512 && exec "$@"' sh
  ok
  finds degraded limits
  mends nofile limits
  diagnose sh -c 'ulimit -n 40 && exec "$@"' sh
  exits 1
  finds off limits
  CT_ENV=()
  last="with few files: run"
  capture as_user sh -c 'ulimit -n 40 && exec "$@"' sh "$CTOOL" run --rm "$IMG" true
  exits 125
  err_has "see: ctool doctor"
}

@test "ports below 1024" {
  last="doctor in a network namespace"
  capture unshare --net sh -c 'echo 1024 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec "$@"' sh "${AS_USER[@]}" "$CTOOL" doctor --format json
  finds degraded low-ports
  mends "net.ipv4.ip_unprivileged_port_start = 80" low-ports
  capture unshare --net sh -c 'echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start && exec "$@"' sh "${AS_USER[@]}" "$CTOOL" doctor --format json
  finds ok low-ports
}

@test "registries that answer, one that refuses, no network" {
  diagnose
  finds ok registry
  echo 'unqualified-search-registries = ["127.0.0.1:1"]' >"$T/registries.conf"
  CT_ENV=(CONTAINERS_REGISTRIES_CONF="$T/registries.conf")
  diagnose
  ok
  finds degraded registry
  [[ $(field reason registry) == *refused* ]] || complain "the reason"
  echo 'unqualified-search-registries = ["registry.invalid"]' >"$T/registries.conf"
  last="doctor without a network"
  capture unshare --net "${AS_USER[@]}" "${CT_ENV[@]}" "$CTOOL" doctor --format json
  ok
  finds degraded dns
  finds degraded registry
}

@test "a name server that says nothing does not hold it up" {
  python3 -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.77", 53))
print("bound", flush=True)
time.sleep(60)' >"$T/server" 3>&- 4>&- &
  local server=$!
  until_ok 5 test -s "$T/server"
  echo 'nameserver 127.0.0.77' >"$T/resolv.conf"
  mount --bind "$T/resolv.conf" /etc/resolv.conf
  echo 'unqualified-search-registries = ["registry.example"]' >"$T/registries.conf"
  CT_ENV=(CONTAINERS_REGISTRIES_CONF="$T/registries.conf")
  local before=$SECONDS
  diagnose
  kill "$server"
  ok
  ((SECONDS - before < 8)) || complain "an answer within a few seconds"
  finds degraded dns
  finds degraded registry
  [[ $(field reason dns) == *"no answer"* ]] || complain "the reason"
  sleeping() { pgrep -u "$ACCOUNT" -f "ctool doctor"; }
  lacks sleeping
}

@test "the script for an administrator" {
  without slirp4netns newuidmap
  mount -t tmpfs none /dev/net
  try doctor --fix-script
  exits 1
  out_has "install -y slirp4netns"
  out_has "install -y uidmap"
  out_has "modprobe tun"
  out_lacks "kernel:"
  sh -n "$T/.out"
  ! command -v shellcheck >/dev/null || shellcheck "$T/.out"
  cp "$T/.out" "$T/script"
  capture as_user sh "$T/script"
  exits 1
  err_has "run this as root"
}
