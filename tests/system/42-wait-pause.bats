#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# wait, pause and unpause, and the commands that change or tell a little: rename, port, update, prune.

load helpers

pid_of() { ct inspect -f '{{.State.Pid}}' "$1"; }

# --- wait -------------------------------------------------------------------------------------

@test "wait: the exit code of one that runs, and of one that has ended" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.7; exit 7'
  try wait "$C"
  ok
  out_is 7
  try wait "$C"
  out_is 7
}

@test "wait: several, in the order of the arguments" {
  must run -d --name "$C-slow" "$IMG" sh -c 'sleep 1.2; exit 1'
  must run -d --name "$C-quick" "$IMG" sh -c 'exit 2'
  try wait "$C-slow" "$C-quick" "$C-slow"
  ok
  out_is $'1\n2\n1'
}

@test "wait of one that was never started: 0" {
  must create --name "$C" "$IMG" true
  try wait "$C"
  ok
  out_is 0
}

@test "wait: a killed container" {
  must run -d --name "$C" "$IMG" sleep 301.41
  begin wait "$C"
  begun_waiting
  ct kill "$C" >/dev/null
  finish
  ok
  out_is 137
}

@test "wait: errors" {
  try wait
  exits 125
  err_is "Error: \"$TOOL wait\" requires a name, id, or the \"--latest\" flag"
  try wait nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  must create --name "$C" "$IMG" true
  try wait --condition foo "$C"
  exits 125
  err_is "Error: unknown container state: foo: invalid argument"
  try wait --interval x "$C"
  exits 125
  # podman lets Go say it
  err_like '^Error: (time: invalid duration "x"|invalid --interval "x": want a number of milliseconds, or a time like 2s or 1m30s)$'
  try wait -l "$C"
  exits 125
  err_is "Error: --latest and containers cannot be used together"
}

@test "wait --latest, --interval" {
  must create --name "$C-1" "$IMG" true
  must run -d --name "$C-2" "$IMG" sh -c 'exit 5'
  try wait -l
  ok
  out_is 5
  try wait --interval 10ms "$C-2"
  out_is 5
  try wait -i 10 "$C-2"
  out_is 5
}

@test "wait --condition running: -1 once it runs" {
  must create --name "$C" "$IMG" sleep 301.42
  begin wait --condition running --interval 20ms "$C"
  begun_waiting
  kill -0 "$pid" || complain "a wait that lasts"
  ct start "$C" >/dev/null
  finish
  ok
  out_is -1
}

@test "wait --condition: any of several" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.5; exit 4'
  try wait --condition created --condition exited "$C"
  ok
  out_is 4
  must create --name "$C-2" "$IMG" true
  try wait --condition stopping,created "$C-2"
  ok
  out_is -1
}

@test "wait --condition stopping, and exited" {
  must run -d --name "$C" "$IMG" sleep 301.43
  begin wait --condition stopping --interval 20ms "$C"
  begun_waiting
  ct stop -t 1 "$C" >/dev/null 2>&1
  finish
  ok
  out_is -1
}

@test "wait --ignore: -1 for what is not there" {
  must run --name "$C" "$IMG" true
  try wait --ignore nosuch "$C"
  ok
  out_is $'-1\n0'
}

@test "wait --exit-first-match" {
  must run -d --name "$C-1" "$IMG" sleep 301.44
  must run -d --name "$C-2" "$IMG" sh -c 'sleep 0.4; exit 8'
  try wait --exit-first-match "$C-1" "$C-2"
  ok
  out_is 8
}

@test "wait: the true code of an --rm container, whenever it goes" {
  local i id
  for ((i = 0; i < 40; ++i)); do
    id=$(ct run -d --rm "$IMG" sh -c "sleep 0.0$((i % 10)); exit 33")
    try wait "$id"
    ok
    out_is 33
  done
}

@test "wait: the code of an --rm container that is gone" {
  must run -d --rm --name "$C" "$IMG" sh -c 'exit 34'
  local id=$out
  until_ok 10 is_gone "$C"
  try wait "$id"
  ok
  out_is 34
}

@test "wait: a container that is removed by force" {
  must run -d --name "$C" "$IMG" sleep 301.45
  begin wait "$C"
  begun_waiting
  ct rm -f -t 0 "$C" >/dev/null
  finish
  ok
  out_is 137
}

@test "wait: its end is seen although it is restarted at once" {
  local i
  must run -d --name "$C" "$IMG" sleep 301.46
  for ((i = 0; i < 10; ++i)); do
    begin wait "$C"
    begun_waiting
    ct restart -t 0 "$C" >/dev/null
    finish
    ok
    out_is 137
  done
}

@test "wait for one whose monitor was killed" {
  must run -d --name "$C" "$IMG" sleep 301.47
  begin wait "$C"
  begun_waiting
  local init
  init=$(pid_of "$C")
  kill -9 "$(monitor_of "$C")"
  kill -9 "$init"
  finish
  ok
  # of a process that somebody else has reaped the kernel tells since 6.15
  if kernel_is 6.15; then out_is 137; else out_like '^(137|255)$'; fi
  must start "$C"
  kill -9 "$(monitor_of "$C")"
  kill -9 "$(pid_of "$C")"
  until_ok 5 has_status "$C" exited
  try wait "$C"
  out_is 255
}

# --- pause ------------------------------------------------------------------------------------

# A container that writes a line as long as it goes on; with several processes.
busy() {
  must run -d --name "$C" -v "$(user_dir w):/w" "$IMG" sh -c \
    '(while :; do echo b >>/w/b; sleep 0.02; done) & while :; do echo a >>/w/a; sleep 0.02; done'
  until_ok 10 test -s "$T/w/b"
}
stands_still() {
  local before after
  before=$(cat "$T/w/a" "$T/w/b" | wc -l)
  sleep 0.4
  after=$(cat "$T/w/a" "$T/w/b" | wc -l)
  [[ $before == "$after" ]]
}

@test "pause: nothing moves; unpause: it goes on" {
  busy
  try pause "$C"
  ok
  out_is "$C"
  err_has SIGSTOP
  stands_still || complain "nothing to move"
  has_status "$C" paused
  try unpause "$C"
  ok
  out_is "$C"
  has_status "$C" running
  stands_still && complain "it to go on"
  # said once
  try pause "$C"
  ok
  err_is ""
}

@test "pause: inspect, ps and filters tell" {
  busy
  must pause "$C"
  try inspect -f '{{.State.Status}} {{.State.Paused}} {{.State.Running}}' "$C"
  out_is "paused true false"
  try ps -a --format '{{.Status}} {{.State}}'
  out_is "Paused paused"
  try ps -a --filter status=paused --format '{{.Names}}'
  out_is "$C"
  try ps -a --filter status=running --format '{{.Names}}'
  out_is ""
}

@test "pause: errors" {
  must create --name "$C" "$IMG" true
  try pause "$C"
  exits 125
  err_is "Error: \"created\" is not running, can't pause: container state improper"
  local id
  id=$(ct inspect -f '{{.Id}}' "$C")
  try unpause "$C"
  exits 125
  err_is "Error: \"$id\" is not paused, can't unpause: container state improper"
  try pause nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found'
  try pause
  exits 125
  err_is "Error: you must provide at least one name or id"
  try unpause
  exits 125
  err_is "Error: you must provide at least one name or id"
  try pause -a x
  exits 125
  err_is "Error: no arguments are needed with --all"
}

@test "pause of a paused one is refused" {
  busy
  must pause "$C"
  try pause "$C"
  exits 125
  err_is "Error: \"paused\" is not running, can't pause: container state improper"
}

@test "pause --all, --filter, --latest, --cidfile" {
  must create --name "$C-new" "$IMG" true
  must run -d --name "$C-1" -l go=1 "$IMG" sleep 301.48
  local first=$out
  must run -d --name "$C-2" --cidfile "$T/cid" "$IMG" sleep 301.49
  local second=$out
  try pause --all
  ok
  out_has "$first"
  out_has "$second"
  try unpause --filter label=go
  ok
  out_is "$first"
  try unpause -a
  ok
  out_is "$second"
  try pause -l
  ok
  out_is "$second"
  try unpause --cidfile "$T/cid"
  ok
  out_is "$second"
}

@test "pause: a container that forks without end" {
  must run -d --name "$C" "$IMG" sh -c 'while :; do (true) & (true); done'
  sleep 0.3
  local i init space
  init=$(pid_of "$C")
  space=$(readlink "/proc/$init/ns/pid")
  for i in 1 2 3 4 5; do
    must pause "$C"
    local p moving=
    for p in /proc/[0-9]*; do
      [[ $(readlink "$p/ns/pid" 2>/dev/null) == "$space" ]] || continue
      [[ $(awk '/^State/ { print $2 }' "$p/status") == [TZXD] ]] || moving+=" ${p#/proc/}"
    done
    equal "processes that move" "" "$moving"
    must unpause "$C"
  done
}

@test "stop of a paused container: it answers the signal" {
  must run -d --name "$C" -v "$(user_dir w):/w" "$IMG" sh -c 'trap "exit 6" TERM; : >/w/up; while :; do sleep 0.05; done'
  until_ok 10 test -e "$T/w/up"
  must pause "$C"
  try stop "$C"
  ok
  out_is "$C"
  try wait "$C"
  out_is 6
}

@test "kill, rm -f and restart of a paused container" {
  busy
  must pause "$C"
  must kill "$C"
  has_status "$C" exited
  must start "$C"
  has_status "$C" running
  must pause "$C"
  must restart -t 0 "$C"
  has_status "$C" running
  must pause "$C"
  try rm "$C"
  exits 2
  err_has "as it is paused - running or paused containers cannot be removed without force"
  must rm -f -t 0 "$C"
  is_gone "$C"
}

@test "wait --condition paused" {
  must run -d --name "$C" "$IMG" sleep 301.51
  begin wait --condition paused --interval 20ms "$C"
  begun_waiting
  ct pause "$C" >/dev/null 2>&1
  finish
  ok
  out_is -1
}

# --- rename -----------------------------------------------------------------------------------

@test "rename: no output, the new name counts everywhere" {
  must create --name "$C" "$IMG" true
  local id=$out
  try rename "$C" "$C-new"
  ok
  out_is ""
  err_is ""
  is_gone "$C"
  try inspect -f '{{.Id}} {{.Name}}' "$C-new"
  out_is "$id $C-new"
  must rename "$C-new" "$C-new"
}

@test "rename: errors" {
  must create --name "$C" "$IMG" true
  local id=$out
  must create --name "$C-2" "$IMG" true
  try rename "$C" "$C-2"
  exits 125
  err_is "Error: renaming container $id: name $C-2 already in use, cannot rename container $id: container already exists"
  try rename "$C" 'a/b'
  exits 125
  err_is "Error: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument"
  try rename nosuch x
  exits 125
  err_has 'no container with name or ID "nosuch" found'
  try rename "$C"
  exits 125
  has_status "$C" created
}

@test "rename of one that runs: its end does not undo it" {
  begin run --name "$C" "$IMG" sh -c 'sleep 1; exit 3'
  until_ok 10 has_status "$C" running
  ct rename "$C" "$C-new"
  finish
  exits 3
  has_status "$C-new" exited
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.6'
  must rename "$C" "$C-3"
  until_ok 10 has_status "$C-3" exited
}

# --- port -------------------------------------------------------------------------------------

# The path of a socket has 107 bytes.
short_run_root() {
  oracle && return
  SHORT=$(mktemp -d /tmp/ct42.XXXXXX)
  chown "$ACCOUNT:" "$SHORT"
  CT_OPTIONS=(--runroot "$SHORT/r")
}
test_teardown() {
  [[ -z ${SHORT-} ]] && return
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  rm -rf "$SHORT"
}

@test "port: all, one, with a protocol" {
  short_run_root
  must run -d --name "$C" -p 18311:80 -p 127.0.0.1:18312:53/udp "$IMG" sleep 301.55
  local id=$out
  try port "$C"
  ok
  equal "ports" $'53/udp -> 127.0.0.1:18312\n80/tcp -> 0.0.0.0:18311' "$(sort <<<"$out")"
  try port "$C" 80
  ok
  out_is "0.0.0.0:18311"
  try port "$C" 80/tcp
  out_is "0.0.0.0:18311"
  try port -l 53/udp
  out_is "127.0.0.1:18312"
  try container port "$C" 80
  out_is "0.0.0.0:18311"
  try port --all
  ok
  out_has "${id:0:12}"$'\t'"80/tcp -> 0.0.0.0:18311"
  must stop -t 0 "$C"
  try port "$C"
  ok
  out_is ""
}

@test "port: errors, and nothing published" {
  short_run_root
  must run -d --name "$C" -p 18311:80 "$IMG" sleep 301.56
  try port "$C" 99
  exits 125
  err_is 'Error: failed to find published port "99"'
  try port "$C" 80/udp
  exits 125
  err_is 'Error: failed to find published port "80/udp"'
  try port "$C" x
  exits 125
  err_like '^Error: (strconv.ParseUint: parsing "x": invalid syntax|invalid port "x": want a number from 0 to 65535.*)$'
  try port "$C" 65536
  exits 125
  err_like '^Error: (strconv.ParseUint: parsing "65536": value out of range|invalid port "65536": want a number from 0 to 65535.*)$'
  try port "$C" ""
  ok
  out_is "80/tcp -> 0.0.0.0:18311"
  try port
  exits 125
  err_is "Error: you must supply a running container name or id"
  try port nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found'
  try port --all "$C"
  exits 125
  err_is "Error: no arguments are needed with --all"
  must create --name "$C-2" "$IMG" true
  try port "$C-2"
  ok
  out_is ""
  try port -l
  ok
  out_is ""
}

# --- container prune, update ------------------------------------------------------------------

@test "container prune: what does not run goes, ids are printed" {
  must create --name "$C-new" "$IMG" true
  local new=$out
  must run --name "$C-old" "$IMG" true
  must run -d --name "$C" "$IMG" sleep 301.52
  try container prune -f
  ok
  out_has "$new"
  equal "lines" 2 "$(wc -l <"$T/.out")"
  is_gone "$C-old"
  has_status "$C" running
  try container prune --force
  ok
  out_is ""
}

@test "container prune asks" {
  must create --name "$C" "$IMG" true
  local question=$'WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] '
  echo n >"$T/no"
  echo y >"$T/yes"
  try container prune <"$T/no"
  ok
  out_is "$question"
  try container prune </dev/null
  exits 125
  err_has "Error: EOF"
  has_status "$C" created
  try container prune <"$T/yes"
  ok
  is_gone "$C"
}

@test "container prune --filter" {
  must create --name "$C-1" -l go=1 "$IMG" true
  must create --name "$C-2" "$IMG" true
  try container prune -f --filter label=go=1
  ok
  is_gone "$C-1"
  try container prune -f --filter until=10h
  ok
  out_is ""
  try container prune -f --filter foo=bar
  exits 125
  err_is "Error: foo is an invalid filter"
  try container prune -f extra
  exits 125
  has_status "$C-2" created
}

@test "update prints the id; --restart of one that has ended" {
  must create --name "$C" "$IMG" sh -c 'exit 1'
  local id=$out
  try update --restart on-failure:1 "$C"
  ok
  out_is "$id"
  try inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' "$C"
  out_is "on-failure 1"
  must start "$C"
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.RestartCount}}' "$C"
  out_is 1
}

@test "update --env, --unsetenv and --ulimit count at the next start" {
  must create --name "$C" -e A=1 -e B=2 "$IMG" sh -c 'echo "$A ${B-unset} $(ulimit -n)"'
  must update --env A=3 --unsetenv B --ulimit nofile=123:456 "$C"
  try start -a "$C"
  ok
  out_is "3 unset 123"
}

@test "update: limits that cannot be applied are named" {
  must run -d --name "$C" "$IMG" sleep 301.57
  try update --memory 64m --cpu-shares 5 "$C"
  ok
  err_has "--memory"
  err_has "--cpu-shares"
  try inspect -f '{{.HostConfig.Memory}}' "$C"
  out_is 67108864
}

@test "update: errors" {
  try update
  exits 125
  try update nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found'
  must create --name "$C" "$IMG" true
  try update --restart sometimes "$C"
  exits 125
  must create --rm --name "$C-2" "$IMG" true
  try update --restart always "$C-2"
  exits 125
  err_has "the --rm option conflicts with --restart"
}

@test "the commands are there below container too" {
  must container create --name "$C" "$IMG" sleep 301.53
  must container start "$C"
  try container kill -s CONT "$C"
  ok
  out_is "$C"
  must container restart -t 0 "$C"
  must container rename "$C" "$C-2"
  must container stop -t 0 "$C-2"
  try container wait "$C-2"
  out_is 137
  must container cleanup "$C-2"
  must container list -a
  must container rm "$C-2"
}

@test "container cleanup refuses one that runs" {
  must run -d --name "$C" "$IMG" sleep 301.54
  local id=$out
  try container cleanup "$C"
  exits 125
  err_has "container $id is running or paused, refusing to clean up: container state improper"
  try container cleanup nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found'
}

@test "update --restart of one that runs: it counts at its next end" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.7; exit 3'
  must update --restart on-failure:2 "$C"
  restarted() { [[ $(ct inspect -f '{{.RestartCount}} {{.State.Status}}' "$C") == '2 exited' ]]; }
  until_ok 15 restarted
  must run -d --name "$C-2" --restart always "$IMG" sleep 0.7
  must update --restart no "$C-2"
  until_ok 10 has_status "$C-2" exited
  try inspect -f '{{.RestartCount}}' "$C-2"
  out_is 0
}

@test "update --health-cmd of one that runs: checked from now on" {
  must run -d --name "$C" "$IMG" sleep 42061
  must update --health-cmd 'test -e /well' --health-interval 200ms --health-retries 1 "$C"
  health() { [[ $(ct inspect -f '{{.State.Health.Status}}' "$C") == "$1" ]]; }
  until_ok 10 health unhealthy
  must exec "$C" touch /well
  until_ok 10 health healthy
  must update --health-cmd 'test -e /better' "$C"
  until_ok 10 health unhealthy
  try inspect -f '{{.Config.Healthcheck.Test}}' "$C"
  out_is "[CMD-SHELL test -e /better]"
  must update --no-healthcheck "$C"
  not_checked() { health "" && [[ $(ct ps --format '{{.Status}}') != *healthy* ]]; }
  until_ok 5 not_checked
}

@test "update --health-interval and --health-on-failure of one that runs" {
  must run -d --name "$C" --health-cmd false --health-interval 1h --health-retries 2 --stop-timeout 1 "$IMG" sleep 42062
  must update --health-interval 200ms --health-on-failure stop "$C"
  until_ok 15 has_status "$C" exited
  try update --health-interval soon "$C"
  exits 125
  err_has "soon"
  must create --name "$C-2" "$IMG" true
  try update --health-interval 1s "$C-2"
  exits 125
}

@test "ps --filter health" {
  must run -d --name "$C-good" --health-cmd true "$IMG" sleep 42063
  must run -d --name "$C-bad" --health-cmd false --health-retries 1 "$IMG" sleep 42064
  must run -d --name "$C-none" "$IMG" sleep 42065
  listed() { [[ $(ct ps --filter health="$1" --format '{{.Names}}') == "$2" ]]; }
  oracle && ct healthcheck run "$C-good" && { ct healthcheck run "$C-bad" || true; }
  until_ok 10 listed healthy "$C-good"
  until_ok 10 listed unhealthy "$C-bad"
  try ps --filter health=starting --format '{{.Names}}'
  out_is ""
}

@test "one that is killed while it is paused runs when its policy has restarted it" {
  must run -d --name p-again --restart always "$IMG" sleep 4955
  must pause p-again
  kill -KILL "$(ct inspect --format '{{.State.Pid}}' p-again)"
  until_ok 5 has_status p-again running
}
