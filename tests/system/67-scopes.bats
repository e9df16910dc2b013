#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Control groups by a user's systemd: each container in a scope of its own. The systemd is a real one, started for the
# account in this file's mount namespace.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/groups.bash"

file_setup() {
  oracle && return
  make_groups
  start_user_systemd
  ct pull -q "$IMG" >/dev/null
}
file_teardown() {
  oracle && return
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  stop_user_systemd
  remove_groups
}
test_setup() {
  oracle && skip "the oracle is set up with the manager cgroupfs"
  enter_groups
}

user_systemctl() { as_user systemctl --user "$@"; }
scopes() { user_systemctl list-units --all --plain --no-legend 'libpod-*' | awk '{ print $1 }'; }
no_scopes() { [[ -z $(scopes) && -z $(find "$GROUP" -name 'libpod-*') ]]; }
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
field() { ct inspect -f "{{.$1}}" "$C"; }

@test "a container is in a scope, and goes with it" {
  must run -d --name "$C" "$IMG" sleep 67001
  local id=$out scope
  scope=$(user_systemctl show -P ControlGroup "libpod-$id.scope")
  equal path "$scope/container" "$(field State.CgroupPath)"
  equal "its process" "$scope/container" "$(group_of "$(field State.Pid)")"
  equal "its monitor" "$scope/monitor" "$(group_of "$(field State.ConmonPid)")"
  equal slice user.slice "$(user_systemctl show -P Slice "libpod-$id.scope")"
  equal delegated yes "$(user_systemctl show -P Delegate "libpod-$id.scope")"
  equal manager "systemd user.slice" "$(field HostConfig.CgroupManager) $(field HostConfig.CgroupParent)"
  try exec "$C" grep 0:: /proc/self/cgroup
  out_is "0::/"
  must rm -f -t 0 "$C"
  until_ok 5 no_scopes
}

@test "the network's process is in the scope too" {
  [[ -c /dev/net/tun ]] || skip "no /dev/net/tun"
  must run -d --name "$C" --network slirp4netns "$IMG" sleep 67002
  local pid
  for pid in $(pgrep -u "$ACCOUNT" slirp4netns); do
    [[ $(group_of "$pid") != */libpod-*.scope/monitor ]] || return 0
  done
  complain "slirp4netns in the monitor's group"
}

@test "run --rm, a failing start, start and restart at once after another" {
  must run --rm "$IMG" true
  try run --rm "$IMG" /no/such
  exits 127
  until_ok 5 no_scopes
  must create --name "$C" "$IMG" sleep 67003
  local i
  for i in {1..5}; do
    must start "$C"
    must stop -t 0 "$C"
  done
  must start "$C"
  for i in {1..5}; do must restart -t 0 "$C"; done
  equal scopes 1 "$(scopes | wc -l)"
  [[ $(group_of "$(field State.Pid)") == */libpod-*.scope/container ]]
}

@test "many at once" {
  local i pids=()
  for i in {1..8}; do
    ct run --rm "$IMG" grep 0:: /proc/self/cgroup >"$T/$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  equal answers "0::/" "$(sort -u "$T"/[1-8])"
  until_ok 5 no_scopes
}

@test "a restart policy keeps the scope" {
  must run -d --name "$C" --restart on-failure:2 "$IMG" sh -c 'sleep 0.3; exit 1'
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.RestartCount}}' "$C"
  out_is 2
  until_ok 5 no_scopes
}

@test "kill -9 of the monitor: the container keeps its scope, and it goes with the container" {
  must run -d --name "$C" "$IMG" sleep 67004
  kill -9 "$(field State.ConmonPid)"
  must exec "$C" true
  must pause "$C"
  must unpause "$C"
  equal scopes 1 "$(scopes | wc -l)"
  must rm -f -t 0 "$C"
  until_ok 5 no_scopes
}

@test "systemctl stop ends the container" {
  must run -d --name "$C" --init "$IMG" sleep 67005
  user_systemctl stop "libpod-$out.scope"
  until_ok 10 has_status "$C" exited
  until_ok 5 no_scopes
}

@test "pause by the freezer" {
  must run -d --name "$C" "$IMG" sleep 67006
  try pause "$C"
  ok
  equal stderr "" "$err"
  grep -qx 'frozen 1' "/sys/fs/cgroup$(field State.CgroupPath)/cgroup.events"
  must unpause "$C"
}

@test "--cgroup-parent is a slice" {
  must run -d --name "$C" --cgroup-parent mine.slice "$IMG" sleep 67007
  [[ $(field State.CgroupPath) == */mine.slice/libpod-* ]]
  equal parent mine.slice "$(field HostConfig.CgroupParent)"
  try run --rm --cgroup-parent foo "$IMG" true
  exits 125
  err_is "Error: did not receive systemd slice as cgroup parent when using systemd to manage cgroups: invalid argument"
}

@test "--cgroups=no-conmon: the monitor stays where it is" {
  must run -d --name "$C" --cgroups=no-conmon "$IMG" sleep 67008
  [[ $(group_of "$(field State.Pid)") == */libpod-*.scope/container ]]
  equal monitor "${GROUP#/sys/fs/cgroup}/work" "$(group_of "$(field State.ConmonPid)")"
  try exec "$C" sh -c 'cat /sys/fs/cgroup/cgroup.procs | wc -l'
  [[ $out -ge 2 ]]
}

@test "--cgroups=disabled, and --cgroup-manager cgroupfs: no scope" {
  must run -d --name "$C" --cgroups=disabled "$IMG" sleep 67009
  no_scopes
  try --cgroup-manager cgroupfs run -d --name "$C-2" "$IMG" sleep 67010
  ok
  [[ -z $(scopes) ]]
  equal path "${GROUP#/sys/fs/cgroup}/libpod-$out" "$(ct inspect -f '{{.State.CgroupPath}}' "$C-2")"
}

@test "limits: the controllers that systemd lacks are named, and its file" {
  [[ -z $(<"$GROUP/cgroup.controllers") ]] || skip "there are controllers here"
  try run --rm -m 64m "$IMG" true
  ok
  equal lines 1 "$(wc -l <"$T/.err")"
  err_has "--memory is not applied"
  err_has "/etc/systemd/system/user@.service.d/delegate.conf"
  try run --rm --strict -m 64m "$IMG" true
  exits 125
  until_ok 5 no_scopes
}

@test "a systemd that gives no scope: the container runs without" {
  must create --name "$C" "$IMG" grep 0:: /proc/self/cgroup
  # A unit of its name that is no scope of ours.
  local unit=libpod-$out.scope
  as_user systemd-run --user --scope -q --unit "$unit" sleep 67011 &
  until_ok 5 is_there "$unit"
  try start -a "$C"
  ok
  out_is "0::/"
  user_systemctl stop "$unit"
}
is_there() { scopes | grep -q "$1"; }

@test "info" {
  try info -f '{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}'
  out_is "systemd v2"
}
