#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2317  # for a shell in a container; functions that are named
# What limits.bats has a user do in its machine. Each part says "ok NAME" or "not ok NAME", and why.

R=/opt/rootfs:O
cg=/sys/fs/cgroup
run() { ctool run --network none "$@"; }
folder() { echo "$cg$(ctool inspect -f '{{.State.CgroupPath}}' "$1")"; }
field() { ctool inspect -f "{{.$2}}" "$1"; }
is() { [[ $1 == "$2" ]] || { echo "wanted '$1', found '$2'"; return 1; }; }
until_ok() {
  for _ in {1..100}; do
    "$@" && return
    sleep 0.1
  done
  echo "never: $*"
  return 1
}
part() {
  local said
  # In a shell of its own, not as a condition: there every failing command ends it.
  said=$({ set -e; set -x; "$1"; } 2>&1)
  # shellcheck disable=SC2181
  if [[ $? == 0 ]]; then echo "ok $1"; else printf 'not ok %s\n%s\n' "$1" "$(tail -n 12 <<<"$said")"; fi
  ctool rm -fa -t 0 >/dev/null 2>&1
}
hog="dd if=/dev/zero of=/dev/null count=1 bs"  # so much memory, at once

controllers() {
  run -d --name c --rootfs $R sleep 1000
  [[ $(field c State.CgroupPath) == /user.slice/user-1000.slice/user@1000.service/user.slice/libpod-*.scope/container ]]
  for name in cpu cpuset io memory pids; do grep -qw $name "$(folder c)/cgroup.controllers"; done
  is "systemd v2" "$(ctool info -f '{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}')"
  # We are in the session's scope, which is not ours.
  grep -q 'session-' /proc/self/cgroup
  ctool exec c true
}
oom() {
  local rc=0
  run --name c -m 32m --memory-swap 32m --rootfs $R sh -c "exec $hog=200M" || rc=$?
  is 137 $rc
  is "true 137" "$(field c State.OOMKilled) $(field c State.ExitCode)"
}
build-oom() {
  local said
  # On a base of nothing but the root file system's own shell.
  local -x LD_LIBRARY_PATH=/opt/ctool/images-lib
  tar -C "${R%:O}" -c . | ctool import -q - base >/dev/null
  said=$(ctool build --network none -m 32m --memory-swap 32m - 2>&1 <<<"FROM localhost/base
RUN cat /sys/fs/cgroup/memory.max; $hog=20M
RUN $hog=200M") && return 1
  [[ $said == *33554432* && $said == *'exit status 137 (the kernel has ended a process of it for want of memory: --memory 32m)'* && $said != *warning* ]]
  # Their groups have gone with them.
  lacks_group() { [[ -z $(find "$cg/user.slice" -name 'libpod-*' -print -quit) ]]; }
  until_ok lacks_group
}
fits() {
  run --name c -m 64m --rootfs $R sh -c "exec $hog=20M"
  is false "$(field c State.OOMKilled)"
}
oom-child() {
  run --name c -m 32m --memory-swap 32m --rootfs $R sh -c "[ -e /again ] && exit 0; echo >/again; $hog=200M; exit 7" || is 7 $?
  is "true 7" "$(field c State.OOMKilled) $(field c State.ExitCode)"
  ctool start -a c
  is "false 0" "$(field c State.OOMKilled) $(field c State.ExitCode)"
}
memory-files() {
  run -d --name c -m 64m --memory-swap 96m --memory-reservation 16m --rootfs $R sleep 1000
  is "67108864 33554432 16777216" "$(cat "$(folder c)/memory.max") $(cat "$(folder c)/memory.swap.max") $(cat "$(folder c)/memory.low")"
}
pids() {
  run -d --name c --rootfs $R sleep 1000
  is 2048 "$(cat "$(folder c)/pids.max")"
  local said
  said=$(run --pids-limit 5 --rootfs $R sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 3 & done; wait' 2>&1 || true)
  [[ $said == *"can't fork"* ]]
}
cpu() {
  run -d --name c --cpus 0.2 --rootfs $R sh -c 'while :; do :; done'
  is "20000 100000" "$(cat "$(folder c)/cpu.max")"
  throttled() { [[ $(sed -n 's/^nr_throttled //p' "$(folder c)/cpu.stat") -gt 3 ]]; }
  until_ok throttled
}
weights() {
  run -d --name c -c 512 --cpuset-cpus 1 --cpuset-mems 0 --rootfs $R sleep 1000
  is "20 1 0" "$(cat "$(folder c)/cpu.weight") $(cat "$(folder c)/cpuset.cpus") $(cat "$(folder c)/cpuset.mems")"
  is 1 "$(ctool exec c sh -c 'grep Cpus_allowed_list /proc/self/status | cut -f 2')"
}
io() {
  run -d --name c --device-read-bps /dev/vda:1mb --device-write-iops /dev/vda:100 --rootfs $R sleep 1000
  grep -q '^[0-9]*:[0-9]* rbps=1048576 wbps=max riops=max wiops=100$' "$(folder c)/io.max"
}
inside() {
  is "41943040 20 50000 100000 0::/" "$(run --rm -m 40m --pids-limit 20 --cpus 0.5 --rootfs $R sh -c \
    'cd /sys/fs/cgroup; echo $(cat memory.max pids.max cpu.max) $(grep 0:: /proc/self/cgroup)')"
  # And can't change them.
  ! run --rm -m 40m --rootfs $R sh -c 'echo max >/sys/fs/cgroup/memory.max' || return 1
  ! run --rm --privileged -m 40m --rootfs $R sh -c 'echo max >/sys/fs/cgroup/memory.max' || return 1
}
update() {
  run -d --name c -m 64m --rootfs $R sleep 1000
  ctool update -m 48m --pids-limit 30 --cpus 0.5 c
  local f
  f=$(folder c)
  is "50331648 50331648 30 50000 100000" "$(cat "$f/memory.max") $(cat "$f/memory.swap.max") $(cat "$f/pids.max") $(cat "$f/cpu.max")"
  ctool update -m 0 --pids-limit -1 --cpus 0 c
  is "max max max max 100000" "$(cat "$f/memory.max") $(cat "$f/memory.swap.max") $(cat "$f/pids.max") $(cat "$f/cpu.max")"
  ctool update -m 32m c
  ctool restart -t 0 c
  is 33554432 "$(cat "$(folder c)/memory.max")"
}
freeze() {
  run -d --name c --rootfs $R sh -c 'while :; do :; done'
  ctool pause c
  grep -q 'frozen 1' "$(folder c)/cgroup.events"
  is paused "$(field c State.Status)"
  local before
  before=$(head -n 1 "$(folder c)/cpu.stat")
  sleep 0.5
  is "$before" "$(head -n 1 "$(folder c)/cpu.stat")"
  ctool unpause c
  grep -q 'frozen 0' "$(folder c)/cgroup.events"
}
stats() {
  run -d --name c -m 100m --rootfs $R sh -c 'sleep 1000 & while :; do :; done'
  sleep 1
  local said
  said=$(ctool stats --no-stream --format '{{.PIDS}} {{.MemLimit}} {{.CPUNano}}' c 2>&1)
  [[ $said =~ ^2\ 104857600\ [1-9][0-9]+$ ]]
}
kill() {
  run -d --name c --rootfs $R sh -c 'for i in 1 2 3 4 5; do sleep 1000 & done; wait'
  local f scope
  f=$(folder c) scope=$(basename "$(dirname "$f")")
  ctool kill c
  is exited "$(field c State.Status)"
  until_ok test ! -d "$f"
  is "" "$(systemctl --user list-units --all --plain --no-legend "$scope")"
}
restart() {
  run -d --name c -m 32m --memory-swap 32m --restart on-failure:1 --rootfs $R sh -c "exec $hog=200M"
  ended() { [[ $(field c State.Status) == exited ]]; }
  until_ok ended
  is "1 true" "$(field c RestartCount) $(field c State.OOMKilled)"
}
quiet() {
  is "" "$(ctool run --network none --rm -m 64m --cpus 1 --pids-limit 10 --cpuset-cpus 0 --strict --rootfs $R true 2>&1)"
  run -d --name c -m 64m --rootfs $R sleep 1000
  is "[]" "$(field c HostConfig.Degraded)"
  ! ctool info -f json | grep -q '"feature": "limits"' || return 1
}
journald() {
  run --name c --log-driver journald --rootfs $R echo to-the-journal
  is to-the-journal "$(ctool logs c)"
}

for name in controllers oom build-oom fits oom-child memory-files pids cpu weights io inside update freeze stats kill restart quiet journald; do
  part $name
done
# For what comes after the reboot, which nobody announces.
run -d --name left -m 64m --rootfs $R sleep 1000
run -d --name left-paused --rootfs $R sleep 1000
ctool pause left-paused
