#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# stop, kill, restart: how a container is ended, and what its restart policy has to say.

load helpers

# Ends at once when it is asked to; deaf ignores it. Both say "up" when they are.
POLITE='trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'
DEAF='trap "" TERM; echo up; while :; do sleep 0.05; done'

# started NAME SCRIPT [OPTION...]: runs it, and waits until it says that it is up.
started() {
  local name=$1 script=$2
  shift 2
  must run -d --name "$name" "$@" -v "$(user_dir up):/up" "$IMG" sh -c "${script//echo up/: >/up/$name}"
  until_ok 10 test -e "$T/up/$name"
  rm -f "$T/up/$name"
}

code_of() { ct inspect -f '{{.State.ExitCode}}' "$1"; }
pid_of() { ct inspect -f '{{.State.Pid}}' "$1"; }

# A process that nobody has reaped yet has ended all the same.
ended() { [[ $(ps -o stat= -p "$1") =~ ^(Z.*)?$ ]]; }

@test "stop: the container ends, what was typed is printed" {
  started "$C" "$POLITE"
  try stop "$C"
  ok
  out_is "$C"
  err_is ""
  has_status "$C" exited
  equal "exit code" 0 "$(code_of "$C")"
}

@test "stop: short ids and leading slashes are echoed as typed" {
  must run -d --name "$C" "$IMG" sleep 300.41
  local id=$out
  try stop -t 0 "${id:0:10}"
  ok
  out_is "${id:0:10}"
}

@test "stop of what does not run is no error" {
  must create --name "$C-new" "$IMG" true
  must run --name "$C-old" "$IMG" true
  try stop "$C-new" "$C-old"
  ok
  out_is "$C-new"$'\n'"$C-old"
  has_status "$C-new" created
}

@test "stop of what is not there" {
  try stop nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  try stop --ignore nosuch
  ok
  out_is ""
  try stop -i nosuch
  ok
}

@test "stop goes on after one that is not there" {
  started "$C" "$POLITE"
  try stop nosuch "$C"
  exits 125
  out_is "$C"
  has_status "$C" exited
}

@test "stop: a deaf container is killed, with a warning" {
  started "$C" "$DEAF"
  try stop -t 1 "$C"
  ok
  out_is "$C"
  err_has "StopSignal SIGTERM failed to stop container $C in 1 seconds, resorting to SIGKILL"
  equal "exit code" 137 "$(code_of "$C")"
}

@test "stop -t 0 kills at once, and says nothing of it" {
  started "$C" "$DEAF"
  try stop --time 0 "$C"
  ok
  err_is ""
  equal "exit code" 137 "$(code_of "$C")"
}

@test "stop -t -1 waits for ever" {
  started "$C" "$DEAF"
  begin stop -t -1 "$C"
  sleep 2
  kill -0 "$pid" || complain "a stop that waits"
  ct kill "$C" >/dev/null
  finish
  ok
  out_is "$C"
}

@test "stop: --stop-timeout of the container counts, and --timeout is --time" {
  started "$C" "$DEAF" --stop-timeout 1
  local before=$SECONDS
  must stop "$C"
  ((SECONDS - before <= 4)) || complain "an end after a second"
  must start "$C"
  until_ok 10 test -e "$T/up/$C"
  try stop --timeout 0 "$C"
  ok
  err_is ""
}

@test "stop: --stop-signal of the container" {
  must run -d --name "$C" --stop-signal USR2 -v "$(user_dir w):/w" "$IMG" \
    sh -c 'trap "exit 7" USR2; : >/w/up; while :; do sleep 0.05; done'
  until_ok 10 test -e "$T/w/up"
  must stop "$C"
  equal "exit code" 7 "$(code_of "$C")"
}

@test "stop: arguments that do not go together" {
  must create --name "$C" "$IMG" true
  try stop
  exits 125
  err_is "Error: you must provide at least one name or id"
  try stop --all "$C"
  exits 125
  err_is "Error: no arguments are needed with --all"
  try stop --latest "$C"
  exits 125
  err_is "Error: --latest and containers cannot be used together"
  try stop --all --latest
  exits 125
  err_is "Error: --all and --latest cannot be used together"
  try stop -t x "$C"
  exits 125
  err_has 'invalid argument "x" for "-t, --time" flag'
}

@test "stop --all, --latest and --filter print whole ids" {
  started "$C-1" "$POLITE"
  local first=$out
  started "$C-2" "$POLITE" -l go=1
  local second=$out
  try stop --filter label=go=1
  ok
  out_is "$second"
  has_status "$C-1" running
  must start "$C-2"
  try stop -t 0 -l
  ok
  out_is "$second"
  try stop -t 0 -a
  ok
  out_has "$first"
  has_status "$C-1" exited
}

@test "stop --cidfile" {
  started "$C" "$POLITE" --cidfile "$T/cid"
  try stop --cidfile "$T/cid"
  ok
  out_is "$(<"$T/cid")"
  try stop --cidfile "$T/nosuch"
  exits 125
  err_has "reading CIDFile"
}

@test "stop --ignore: a cidfile that is not there is passed over" {
  try stop --ignore --cidfile "$T/nosuch"
  ok
  out_is ""
}

@test "stop: several deaf ones at once take the time of one" {
  local i names=()
  for i in 1 2 3 4; do
    started "$C-$i" "$DEAF"
    names+=("$C-$i")
  done
  local before=$SECONDS
  try stop -t 2 "${names[@]}"
  ok
  ((SECONDS - before < 6)) || complain "an end after 2 s, not 8"
  out_is "$(printf '%s\n' "${names[@]}")"
}

@test "rm -f: several deaf ones at once take the time of one" {
  local i names=()
  for i in 1 2 3 4; do
    started "$C-$i" "$DEAF"
    names+=("$C-$i")
  done
  local before=$SECONDS
  try rm -f -t 2 "${names[@]}"
  ok
  ((SECONDS - before < 6)) || complain "an end after 2 s, not 8"
  out_is "$(printf '%s\n' "${names[@]}")"
}

@test "stop: meanwhile it is stopping, and other commands do not wait" {
  started "$C" "$DEAF"
  begin stop -t 8 "$C"
  until_ok 5 has_status "$C" stopping
  local before=$SECONDS
  try ps -a --format '{{.Names}} {{.Status}}'
  out_is "$C Stopping"
  try ps -a --filter status=stopping --format '{{.Names}}'
  out_is "$C"
  try inspect -f '{{.State.Running}}' "$C"
  out_is false
  must container exists "$C"
  must run --rm "$IMG" true
  ((SECONDS - before < 5)) || complain "commands that do not wait"
  ct kill "$C" >/dev/null
  finish
  ok
  has_status "$C" exited
}

@test "stop: one that ends by itself meanwhile is no error" {
  started "$C" 'trap "" TERM; echo up; sleep 1; exit 5'
  try stop -t 30 "$C"
  ok
  out_is "$C"
  equal "exit code" 5 "$(code_of "$C")"
}

@test "kill -9 of the stopper: the container runs on, and says so" {
  started "$C" "$DEAF"
  begin stop -t 60 "$C"
  until_ok 5 has_status "$C" stopping
  # begin's process is setpriv, which became ctool
  kill -9 "$pid"
  finish || true
  until_ok 5 has_status "$C" running
  must stop -t 0 "$C"
}

# The monitor leaves the record to who stops the container; that one may be killed before it gets to it.
@test "a stopper that is killed after the container's end: the next command settles, and removes with --rm" {
  local options
  for options in "" --rm; do
    # shellcheck disable=SC2086 # nothing, or one word
    started "$C" "$DEAF" $options
    local monitor
    monitor=$(monitor_of "$C")
    begin stop -t 60 "$C"
    until_ok 5 has_status "$C" stopping
    kill -STOP "$pid"
    kill -9 "$(pid_of "$C")"
    until_ok 10 ended "$monitor"
    kill -9 "$pid"
    finish || true
    if [[ -z $options ]]; then
      has_status "$C" exited
      equal "exit code" 137 "$(code_of "$C")"
      must rm "$C"
    else
      try ps -aq
      out_is ""
      is_gone "$C"
    fi
  done
}

@test "stop, then start: never in each other's way" {
  started "$C" "$POLITE"
  local i
  for ((i = 0; i < 20; ++i)); do
    must stop -t 0 "$C"
    equal "state" exited "$(status_of "$C")"
    must start "$C"
    equal "state" running "$(status_of "$C")"
  done
}

@test "stop frees the published port before it returns" {
  # The path of a socket has 107 bytes.
  local short
  short=$(mktemp -d /tmp/ct41.XXXXXX)
  chown "$ACCOUNT:" "$short"
  oracle || CT_OPTIONS=(--runroot "$short/r")
  must run -d --name "$C" -p 127.0.0.1:24180:80 "$IMG" sleep 300.42
  must stop -t 0 "$C"
  must run -d --name "$C-2" -p 127.0.0.1:24180:80 "$IMG" sleep 300.43
  must rm -f -t 0 "$C-2"
  must start "$C"
  must rm -f -t 0 "$C"
  rm -r "$short"
}

@test "stop: the monitor is gone when it returns" {
  must run -d --name "$C" "$IMG" sleep 300.44
  local monitor
  monitor=$(monitor_of "$C")
  must stop -t 0 "$C"
  ended "$monitor" || complain "no monitor"
}

@test "stop of an --rm container: it is gone" {
  must run -d --rm --name "$C" "$IMG" sleep 300.45
  must stop -t 0 "$C"
  is_gone "$C"
}

@test "stop of an attached container: its command gets the exit status" {
  begin run --name "$C" "$IMG" sh -c 'trap "exit 9" TERM; echo up; while :; do sleep 0.05; done'
  until_ok 10 grep -q up "$T/.out"
  ct stop "$C" >/dev/null
  finish
  exits 9
}

@test "stop from eight shells and rm -f at the same time" {
  local i pids=() bad=0
  for round in 1 2 3; do
    must run -d --name "$C" "$IMG" sleep 300.46
    pids=()
    for i in 1 2 3 4 5 6 7 8; do
      ct stop --ignore -t 0 "$C" >/dev/null 2>>"$T/errors" &
      pids+=($!)
    done
    for i in 1 2; do
      ct rm -f -t 0 "$C" >/dev/null 2>>"$T/errors" &
      pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || bad=1; done
    ((bad == 0)) || complain "no failure in round $round, but: $(<"$T/errors")"
    is_gone "$C"
  done
}

@test "State.StoppedByUser" {
  started "$C" "$POLITE"
  try inspect -f '{{.State.StoppedByUser}}' "$C"
  out_is false
  must stop "$C"
  try inspect -f '{{.State.StoppedByUser}}' "$C"
  out_is true
}

# --- restart policies -------------------------------------------------------------------------

@test "policy always: stop ends it for good" {
  must run -d --name "$C" --restart always "$IMG" sleep 300.47
  kill -9 "$(pid_of "$C")"
  until_ok 10 has_status "$C" running
  must stop -t 0 "$C"
  sleep 1
  has_status "$C" exited
}

@test "policy unless-stopped: it starts again, but not after stop" {
  must run -d --name "$C" --restart unless-stopped "$IMG" sh -c 'sleep 0.3; exit 0'
  until_ok 10 eval '(( $(ct inspect -f "{{.RestartCount}}" "$C") >= 1 ))'
  must stop -t 0 "$C"
  sleep 1
  has_status "$C" exited
}

@test "policy on-failure:2 counts, and ends with the last code" {
  must run -d --name "$C" --restart on-failure:2 -v "$(user_dir w):/w" "$IMG" sh -c 'echo x >>/w/runs; exit 3'
  until_ok 15 has_status "$C" exited
  equal "runs" 3 "$(wc -l <"$T/w/runs")"
  equal "exit code" 3 "$(code_of "$C")"
  try inspect -f '{{.RestartCount}}' "$C"
  out_is 2
}

@test "policy on-failure: success ends it" {
  must run -d --name "$C" --restart on-failure "$IMG" sh -c 'sleep 0.3; exit 0'
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.RestartCount}}' "$C"
  out_is 0
}

@test "policy always: kill ends it for good" {
  must run -d --name "$C" --restart always "$IMG" sleep 300.48
  must kill "$C"
  sleep 1
  has_status "$C" exited
}

@test "stop while the policy waits to start it again" {
  must run -d --name "$C" --restart always "$IMG" sh -c 'exit 1'
  sleep 1.2
  local before=$SECONDS
  must stop "$C"
  ((SECONDS - before < 5)) || complain "an end at once"
  has_status "$C" exited
}

@test "wait returns the first end of a container that is started again" {
  must run -d --name "$C" --restart always "$IMG" sh -c 'sleep 0.7; exit 6'
  try wait "$C"
  ok
  out_is 6
  must rm -f -t 0 "$C"
}

# --- kill -------------------------------------------------------------------------------------

@test "kill: SIGKILL, and it is over when it returns" {
  started "$C" "$DEAF"
  try kill "$C"
  ok
  out_is "$C"
  equal "state" exited "$(status_of "$C")"
  equal "exit code" 137 "$(code_of "$C")"
}

@test "kill -s: names, numbers, with a dash" {
  local signal
  for signal in USR1 SIGUSR1 sigusr1 10 -10; do
    must run -d --name "$C" -v "$(user_dir w):/w" "$IMG" sh -c 'trap "exit 4" USR1; : >/w/up; while :; do sleep 0.05; done'
    until_ok 10 test -e "$T/w/up"
    try kill -s "$signal" "$C"
    ok
    out_is "$C"
    try wait "$C"
    out_is 4
    must rm "$C"
    rm -f "$T/w/up"
  done
}

@test "kill: signals that do not exist are refused before anything is looked up" {
  try kill -s FOO nosuch
  exits 125
  err_is "Error: invalid signal: FOO"
  try kill -s '' nosuch
  exits 125
  err_is "Error: invalid signal: "
  try kill -s -BAR nosuch
  exits 125
  err_is "Error: invalid signal: BAR"
  try kill -s 65 nosuch
  exits 125
  err_is "Error: valid signals are 1 through 64"
  try kill -s 0 nosuch
  exits 125
  err_has "invalid signal: 0"
}

@test "kill of what does not run" {
  must create --name "$C" "$IMG" true
  local id=$out
  try kill "$C"
  exits 125
  err_is "Error: can only kill running containers. $id is in state created: container state improper"
  must run --name "$C-2" "$IMG" true
  try kill "$C-2"
  exits 125
  err_like "can only kill running containers. .* is in state exited: container state improper"
  try kill nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found'
  try kill
  exits 125
  err_is "Error: you must provide at least one name or id"
}

@test "kill --all takes only those that run; --latest, --cidfile" {
  must create --name "$C-new" "$IMG" true
  must run -d --name "$C" --cidfile "$T/cid" "$IMG" sleep 300.49
  local id=$out
  try kill --all
  ok
  out_is "$id"
  try kill -a
  ok
  out_is ""
  must start "$C"
  try kill --cidfile "$T/cid"
  ok
  out_is "$id"
  must start "$C"
  try kill -l
  ok
  out_is "$id"
}

@test "stop and kill of a container whose monitor was killed: its true code, where the kernel tells it" {
  local how want id
  says_up() { [[ $(ct logs "$C") == up ]]; }
  while read -r want how; do
    must run -d --name "$C" "$IMG" sh -c 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'
    id=$out
    until_ok 5 says_up
    kill -9 "$(monitor_of "$C")"
    # shellcheck disable=SC2086  # words
    must $how "$C"
    kernel_is 6.15 || want="($want|255)"
    try inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}}' "$C"
    out_like "^exited $want 0\$"
    try events --stream=false --filter container="$id" --filter event=died --format '{{.ContainerExitCode}}'
    out_like "^$want\$"
    must rm "$C"
  done <<'END'
3 stop -t 5
137 stop -t 0
137 kill
END
}

@test "kill of a container whose monitor died" {
  must run -d --name "$C" "$IMG" sleep 300.51
  local init
  init=$(pid_of "$C")
  kill -9 "$(monitor_of "$C")"
  has_status "$C" running
  try kill "$C"
  ok
  ended "$init" || complain "no process"
  has_status "$C" exited
}

# --- restart ----------------------------------------------------------------------------------

@test "restart: another process, the same container" {
  started "$C" "$POLITE"
  local before
  before=$(pid_of "$C")
  try restart "$C"
  ok
  out_is "$C"
  has_status "$C" running
  [[ $(pid_of "$C") != "$before" ]] || complain "another process"
}

@test "restart of one that was created, and of one that has ended" {
  must create --name "$C-new" "$IMG" sleep 300.52
  must create --name "$C-old" "$IMG" sleep 300.53
  must start "$C-old"
  must stop -t 0 "$C-old"
  try restart "$C-new" "$C-old"
  ok
  out_is "$C-new"$'\n'"$C-old"
  has_status "$C-new" running
  has_status "$C-old" running
}

@test "restart: -t, --all, --filter, --cidfile, --latest" {
  must run -d --name "$C-1" -l go=1 "$IMG" sleep 300.54
  local first=$out
  must run -d --name "$C-2" --cidfile "$T/cid" "$IMG" sleep 300.55
  local second=$out
  try restart -t 0 --all
  ok
  out_has "$first"
  out_has "$second"
  try restart -t 0 --filter label=go
  ok
  out_is "$first"
  try restart -t 0 --cidfile "$T/cid"
  ok
  out_is "$second"
  try restart -t 0 -l
  ok
  out_is "$second"
}

@test "restart --running leaves the others alone" {
  must create --name "$C-new" "$IMG" sleep 300.56
  must run -d --name "$C" "$IMG" sleep 300.57
  local id=$out
  try restart --running -t 0
  ok
  out_is "$id"
  has_status "$C-new" created
}

@test "restart: errors" {
  try restart
  exits 125
  err_is "Error: you must provide at least one name or id"
  try restart nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  try restart --all x
  exits 125
  err_is "Error: no arguments are needed with --all"
}

@test "restart of an --rm container keeps it" {
  must run -d --rm --name "$C" "$IMG" sleep 300.58
  local i
  for ((i = 0; i < 10; ++i)); do
    try restart -t 0 "$C"
    ok
    has_status "$C" running
  done
  must stop -t 0 "$C"
  is_gone "$C"
}

@test "restart: the policy counts again afterwards" {
  must run -d --name "$C" --restart always "$IMG" sleep 300.59
  must restart -t 0 "$C"
  kill -9 "$(pid_of "$C")"
  sleep 0.5
  until_ok 10 has_status "$C" running
  must rm -f -t 0 "$C"
}

# --- start ------------------------------------------------------------------------------------

@test "start --all and --filter print whole ids" {
  must create --name "$C-1" -l go=1 "$IMG" sleep 300.61
  local first=$out
  must create --name "$C-2" "$IMG" sleep 300.62
  local second=$out
  try start --filter label=go=1
  ok
  out_is "$first"
  try start --all
  ok
  out_is "$second"
  try start --all "$C-1"
  exits 125
  err_is "Error: either start all containers or the container(s) provided in the arguments"
  try start
  exits 125
  err_is "Error: start requires at least one argument"
}

@test "stop: a time below -1 is refused" {
  must run -d --name "$C" "$IMG" sleep 41099
  try stop -t -5 "$C"
  exits 125
  err_has "-5"
  has_status "$C" running
}
