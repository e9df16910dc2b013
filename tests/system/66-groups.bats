#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A control group that is delegated to the user (no systemd): a group of its own for each container, freezing, killing,
# measuring; and what happens where there is none. Limits that the kernel enforces are tested in tests/vm.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/groups.bash"

file_setup() {
  ct pull -q "$IMG" >/dev/null
  oracle || make_groups
}
file_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  oracle || remove_groups
}
test_setup() {
  oracle && skip "podman makes a rootless container no group without systemd"
  enter_groups
}

path_of() { ct inspect -f '{{.State.CgroupPath}}' "$1"; }
folder_of() { echo "/sys/fs/cgroup$(path_of "$1")"; }
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
init_of() { ct inspect -f '{{.State.Pid}}' "$1"; }
no_groups() { [[ -z $(find "$GROUP" -name 'libpod-*') ]]; }

@test "a container has a group of its own, beside ours, and sees it as the root" {
  must run -d --name "$C" "$IMG" sleep 66001
  local id=$out
  equal path "${GROUP#/sys/fs/cgroup}/libpod-$id" "$(path_of "$C")"
  equal "its process" "$(path_of "$C")" "$(group_of "$(init_of "$C")")"
  equal "its monitor" "${GROUP#/sys/fs/cgroup}/work" "$(group_of "$(ct inspect -f '{{.State.ConmonPid}}' "$C")")"
  try inspect -f '{{.HostConfig.CgroupManager}} {{.HostConfig.Cgroups}} {{.HostConfig.CgroupMode}} {{.HostConfig.PidsLimit}}' "$C"
  out_is "cgroupfs default private 2048"
  try exec "$C" sh -c 'grep 0:: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs | wc -l'
  ok
  out_like '^0::/'$'\n''[234]$'
  must rm -f -t 0 "$C"
  until_ok 5 no_groups
}

@test "it is gone with the container: --rm, kill, a start that fails, a restart" {
  must run --rm "$IMG" true
  until_ok 5 no_groups
  try run --rm "$IMG" /no/such/program
  exits 127
  no_groups || complain "no group after a start that failed"
  must run -d --name "$C" "$IMG" sleep 66002
  must restart -t 0 "$C"
  equal groups 1 "$(find "$GROUP" -name 'libpod-*' | wc -l)"
  must kill "$C"
  until_ok 5 no_groups
}

@test "a restart policy makes it anew" {
  must run -d --name "$C" --restart on-failure:2 "$IMG" sh -c 'sleep 0.2; exit 1'
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.RestartCount}}' "$C"
  out_is 2
  until_ok 5 no_groups
}

@test "exec and health checks are in it" {
  must run -d --name "$C" --health-cmd 'cat /sys/fs/cgroup/cgroup.procs >/procs' --health-interval 1h "$IMG" sleep 66003
  must exec -d "$C" sleep 66004
  until_ok 5 two_in "$C"
  must healthcheck run "$C"
  try exec "$C" cat /procs
  [[ $(wc -l <<<"$out") -ge 3 ]] || complain "the check to be in the group"
}
two_in() { [[ $(wc -l <"$(folder_of "$1")/cgroup.procs") == 2 ]]; }

@test "pause freezes, with nothing to say; unpause, stop and rm let it go" {
  must run -d --name "$C" "$IMG" sleep 66005
  local events
  events=$(folder_of "$C")/cgroup.events
  try pause "$C"
  ok
  equal stderr "" "$err"
  has_status "$C" paused
  grep -qx 'frozen 1' "$events"
  # No signal: the process is not stopped, it only does not run.
  [[ $(awk '{ print $3 }' "/proc/$(init_of "$C")/stat") != T ]] || complain "a process that is not stopped"
  try pause "$C"
  exits 125
  must unpause "$C"
  grep -qx 'frozen 0' "$events"
  has_status "$C" running
  must pause "$C"
  must stop -t 1 "$C"
  until_ok 5 no_groups
  must start "$C"
  must pause "$C"
  must kill "$C"
  has_status "$C" exited
  must start "$C"
  must pause "$C"
  must rm -f -t 0 "$C"
  until_ok 5 no_groups
}

@test "a commit's pause ends when the commit is killed" {
  must run -d --name "$C" "$IMG" sh -c 'head -c 300000000 /dev/zero >/root/big; echo ready; exec sleep 66006'
  until_ok 20 says_ready
  begin commit -q -p "$C" "localhost/$C"
  until_ok 5 has_status "$C" paused
  kill -9 "$pid"
  finish
  until_ok 5 has_status "$C" running
  grep -qx 'frozen 0' "$(folder_of "$C")/cgroup.events"
}
says_ready() { ct logs "$C" | grep -q ready; }

@test "kill -9 of the monitor: the next command puts the group away" {
  must run -d --name "$C" "$IMG" sleep 66007
  local folder init
  folder=$(folder_of "$C") init=$(init_of "$C")
  kill -9 "$(ct inspect -f '{{.State.ConmonPid}}' "$C")"
  # Without it: frozen, thawed and joined all the same.
  must pause "$C"
  must unpause "$C"
  try exec "$C" grep 0:: /proc/self/cgroup
  out_is "0::/"
  kill -9 "$init"
  until_ok 5 gone "$init"
  [[ -d $folder ]]
  has_status "$C" exited
  [[ ! -d $folder ]] || complain "$folder to be gone"
}

@test "groups that the container has made go with it" {
  must run -d --name "$C" --privileged "$IMG" sh -c 'mkdir -p /sys/fs/cgroup/a/b && sleep 66008'
  until_ok 5 test -d "$(folder_of "$C")/a/b"
  must rm -f -t 0 "$C"
  until_ok 5 no_groups
}

@test "limits without their controllers: one warning that names them and the file; --strict: an error" {
  [[ -z $(<"$GROUP/cgroup.controllers") ]] || skip "there are controllers here"
  try run --rm -m 64m --cpus 1.5 --cpuset-cpus 0 --pids-limit 20 "$IMG" echo ran
  ok
  out_is ran
  equal lines 1 "$(wc -l <"$T/.err")"
  err_has "--pids-limit, --memory, --cpus, --cpuset-cpus are not applied"
  err_has "$GROUP/cgroup.subtree_control"
  try run --rm --strict -m 64m "$IMG" echo ran
  exits 125
  out_is ""
  err_has "--memory is not applied"
  no_groups
  ! ct ps -aq | grep . || complain "no container to be left"
  # Nobody has asked for what is the default.
  try run --rm --strict "$IMG" echo ran
  ok
  equal stderr "" "$err"
  must run -d --name "$C" -m 64m --cpu-shares 512 "$IMG" sleep 66009
  try inspect -f '{{.HostConfig.Degraded}} {{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}}' "$C"
  out_is "[Memory CpuShares] 67108864 134217728 512"
}

@test "strict_limits in containers.conf" {
  [[ -z $(<"$GROUP/cgroup.controllers") ]] || skip "there are controllers here"
  printf '[containers]\nstrict_limits = true\n' >"$T/conf"
  CT_ENV=(CONTAINERS_CONF="$T/conf")
  try run --rm -m 64m "$IMG" true
  exits 125
  must run --rm "$IMG" true
}

@test "--cgroups=disabled: none; no-conmon; a mode that there is not" {
  must run -d --name "$C" --cgroups=disabled "$IMG" sleep 66010
  equal "its group" "${GROUP#/sys/fs/cgroup}/work" "$(group_of "$(init_of "$C")")"
  try inspect -f '{{.State.CgroupPath}}|{{.HostConfig.Cgroups}}|{{.HostConfig.PidsLimit}}' "$C"
  out_is "|disabled|0"
  # By signals, then.
  try pause "$C"
  ok
  err_has SIGSTOP
  must unpause "$C"
  must run --rm --cgroups=no-conmon "$IMG" true
  try run --rm --cgroups=foo "$IMG" true
  exits 125
  err_has 'invalid cgroup mode "foo": invalid argument'
}

@test "--cgroups=split: below the caller's own group" {
  mkdir "$GROUP/service"
  chown -R "$ACCOUNT:" "$GROUP/service"
  echo "$BASHPID" >"$GROUP/service/cgroup.procs"
  must run -d --name "$C" --cgroups=split "$IMG" sleep 66011
  local id=$out
  equal path "${GROUP#/sys/fs/cgroup}/service/libpod-payload-$id" "$(path_of "$C")"
  equal monitor "${GROUP#/sys/fs/cgroup}/service/supervisor" "$(group_of "$(ct inspect -f '{{.State.ConmonPid}}' "$C")")"
  must rm -f -t 0 "$C"
  enter_groups
}

@test "--cgroup-parent" {
  must run -d --name "$C" --cgroup-parent sub/deep "$IMG" sleep 66012
  equal path "${GROUP#/sys/fs/cgroup}/sub/deep/libpod-$out" "$(path_of "$C")"
  must rm -f -t 0 "$C"
  must run -d --name "$C" --cgroup-parent "${GROUP#/sys/fs/cgroup}/absolute" "$IMG" sleep 66013
  [[ $(path_of "$C") == */absolute/libpod-* ]]
  try run --rm --cgroup-manager cgroupfs --cgroup-parent x.slice "$IMG" true
  exits 125
  err_is "Error: systemd slice received as cgroup parent when using cgroupfs: invalid argument"
  try run --rm --cgroup-parent ../../up "$IMG" true
  exits 125
}

@test "--cgroup-conf" {
  must run -d --name "$C" --cgroup-conf cgroup.max.descendants=3 "$IMG" sleep 66014
  equal value 3 "$(<"$(folder_of "$C")/cgroup.max.descendants")"
  try run --rm --cgroup-conf foo "$IMG" true
  exits 125
  err_is "Error: --cgroup-conf must be formatted KEY=VALUE"
  for conf in cgroup.procs=1 cgroup.kill=1 ../cgroup.max.depth=1; do
    try run --rm --cgroup-conf "$conf" "$IMG" true
    exits 125
  done
  try run --rm --cgroup-conf cgroup.max.descendants=many "$IMG" true
  exits 125
  err_has cgroup.max.descendants
}

@test "limits that contradict, or are none" {
  local arguments
  while read -r arguments; do
    # shellcheck disable=SC2086
    try run --rm ${arguments%%|*} "$IMG" true
    exits 125
    err_has "${arguments#*|}"
  done <<'CASES'
--memory 64m --memory-swap 32m|minimum memoryswap limit should be larger than memory limit
--memory-swap 32m|you should always set a memory limit
--memory 10m --memory-reservation 32m|minimum memory limit cannot be less than memory reservation
--memory x|invalid size "x"
--cpus 2 --cpu-period 5000|--cpu-period and --cpus cannot be set together
--cpus 2 --cpu-quota 5000|--cpu-quota and --cpus cannot be set together
--cpus x|"x"
--cpus -1|"-1"
--cpuset-cpus 1;2|--cpuset-cpus
--pids-limit -5|--pids-limit
--blkio-weight 5|range of blkio weight is from 10 to 1000
--blkio-weight-device /dev/zero:1|invalid weight for device: /dev/zero:1
--device-read-bps /dev/zero|bad format: /dev/zero
--device-read-bps dev/zero:1|bad format for device path: dev/zero:1
--device-read-bps /dev/zero:1xx|invalid rate for device: /dev/zero:1xx
--device-write-iops /dev/nosuch:1|could not parse throttle device at /dev/nosuch
--memory-swappiness 200|valid memory swappiness range is 0-100
CASES
}

@test "what only version 1 has: a warning, or with --strict an error" {
  local option
  for option in --memory-swappiness=50 --kernel-memory=50m --cpu-rt-period=1000 --cpu-rt-runtime=100 --oom-kill-disable; do
    try run --rm "$option" "$IMG" true
    ok
    err_has "${option%%=*} is not applied: only version 1"
    try run --rm --strict "$option" "$IMG" true
    exits 125
  done
}

@test "update: what it changes is applied, or said" {
  must run -d --name "$C" --cgroup-conf cgroup.max.descendants=3 "$IMG" sleep 66015
  must update --cgroup-conf cgroup.max.descendants=4 "$C"
  equal value 4 "$(<"$(folder_of "$C")/cgroup.max.descendants")"
  [[ -z $(<"$GROUP/cgroup.controllers") ]] || return 0
  try update --memory 64m "$C"
  ok
  err_has "--memory is not applied"
  try inspect -f '{{.HostConfig.Memory}}' "$C"
  out_is 67108864
  try update --strict --memory 65m "$C"
  exits 125
}

@test "stats: a table, JSON, a template" {
  must run -d --name "$C" --network none "$IMG" sh -c 'while :; do :; done'
  local id=$out
  until_ok 10 has_used
  try stats --no-stream "$C"
  ok
  equal headings "ID NAME CPU % MEM USAGE / LIMIT MEM % NET IO BLOCK IO PIDS CPU TIME AVG CPU %" "$(head -n 1 <<<"$out" | tr -s ' ' | sed 's/ $//')"
  out_like "${id:0:12} +$C +[0-9.]+% +[0-9.]+[kMG]?B / [0-9.]+GB +[0-9.]+% +0B / 0B +[0-9.]+[kMG]?B / [0-9.]+[kMG]?B +1 +"
  try stats --no-stream --no-trunc "$C"
  out_has "$id"
  try stats --no-stream --format json "$C"
  equal keys "id name cpu_time cpu_percent avg_cpu mem_usage mem_percent net_io block_io pids" "$(jq -r '.[0] | keys_unsorted | join(" ")' <<<"$out")"
  equal name "$C" "$(jq -r '.[0].name' <<<"$out")"
  try stats --no-stream --format '{{.Name}} {{.PIDS}} {{.ID}}' "$C"
  out_is "$C 1 ${id:0:12}"
  try stats --no-stream --format 'table {{.Name}} {{.CPUPerc}}' "$C"
  out_like 'NAME +CPU %'
}
has_used() { [[ $(ct stats --no-stream --format '{{.CPUNano}}' "$C" 2>/dev/null) -gt 100000000 ]]; }

@test "stats: a busy container uses a processor, an idle one none" {
  must run -d --name "$C-busy" --network none "$IMG" sh -c 'while :; do :; done'
  must run -d --name "$C-idle" --network none "$IMG" sleep 66016
  # The second look is at the time in between.
  "${AS_USER[@]}" "$CTOOL" stats -i 1 --no-reset --format '{{.Name}} {{.CPU}}' "$C-busy" "$C-idle" >"$T/looks" 2>/dev/null 3>&- 4>&- &
  local watcher=$!
  until_ok 10 four_lines
  kill "$watcher"
  awk -v busy="$C-busy" '$1 == busy && $2 > 20 { high = 1 } $1 != busy && $2 > 10 { wrong = 1 } END { exit !(high && !wrong) }' <(tail -n +3 "$T/looks") ||
    complain "a busy and an idle one: $(<"$T/looks")"
}
four_lines() { [[ $(wc -l <"$T/looks") -ge 4 ]]; }

@test "stats: which ones; errors" {
  must run -d --name "$C-1" "$IMG" sleep 66017
  must create --name "$C-2" "$IMG" true
  try stats --no-stream --format '{{.Name}}'
  out_is "$C-1"
  try stats --no-stream -a --format '{{.Name}}'
  out_is "$C-1"$'\n'"$C-2"
  try stats --no-stream -l --format '{{.Name}} {{.PIDS}} {{.MemUsage}} {{.CPUPerc}} {{.UpTime}}'
  out_is "$C-2 0 0B / 0B 0.00% 0s"
  try stats --no-stream nosuch
  exits 125
  err_has 'unable to get list of containers: unable to look up container nosuch: no container with name or ID "nosuch" found: no such container'
  try stats --no-stream -a "$C-1"
  exits 125
  err_is "Error: --all, --latest and containers cannot be used together"
  try stats --no-stream -i 0
  exits 125
  err_is "Error: invalid interval, must be a positive number greater zero"
}

@test "stats without a group: added up from /proc, and said so" {
  must run -d --name "$C" --cgroups=disabled --network none "$IMG" sh -c 'sleep 66018 & while :; do :; done'
  until_ok 10 has_used
  try stats --no-stream --format '{{.PIDS}} {{.MemUsage}}' "$C"
  ok
  out_like '^2 [1-9][0-9.]*[kM]B / '
  equal lines 1 "$(wc -l <"$T/.err")"
  err_has "added up from /proc"
}

@test "info tells what there is" {
  try info -f '{{.Host.CgroupManager}} {{.Host.CgroupsVersion}}'
  out_is "cgroupfs v2"
  [[ -z $(<"$GROUP/cgroup.controllers") ]] || return 0
  try info -f json
  [[ $(jq -r '.host.degraded[] | select(.feature == "limits").reason' <<<"$out") == *"no controller"*memory* ]]
}

@test "a group that is not ours: none, and limits say where to look" {
  echo "$BASHPID" >/sys/fs/cgroup/cgroup.procs
  try run --rm -m 64m "$IMG" sh -c 'grep 0:: /proc/self/cgroup'
  ok
  out_is "0::/"
  err_has "is not delegated to the user"
  try run --rm "$IMG" true
  equal stderr "" "$err"
  try info -f '{{.Host.CgroupManager}}'
  out_is none
}
