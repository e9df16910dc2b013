#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# attach: several at a running container, and what becomes of it when they misbehave.

load helpers

# A shell loop that writes a number every tenth of a second, and ends with 7 at TERM.
TICKER='trap "echo bye; exit 7" TERM; i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.1; done'

# client NAME [ATTACH-OPTION...]: attaches in the background, without stdin; its process is ${client[NAME]}.
declare -gA client
client() {
  local name=$1
  shift
  "${AS_USER[@]}" "$CTOOL" attach "$@" "$C" >"$T/$name.out" 2>"$T/$name.err" </dev/null 3>&- 4>&- &
  client[$name]=$!
}
# end_of NAME: waits for it; its exit status is $rc.
end_of() {
  last="attach ($1)"
  rc=0
  wait "${client[$1]}" || rc=$?
  out=$(tail -n 5 "$T/$1.out") err=$(<"$T/$1.err")
}
saw() { grep -q "$2" "$T/$1.out"; }
runs() { pgrep -f -U "$ACCOUNT" "^$1\$"; }
runs_not() { ! runs "$1"; }

@test "output from now on, stdout and stderr apart, and the exit status" {
  must run -d --name "$C" "$IMG" sh -c 'echo before; sleep 1; echo o; echo e >&2; exit 42'
  sleep 0.4
  try attach --no-stdin "$C"
  exits 42
  out_is o
  err_is e
}

@test "a container that is not there, created, exited, paused; none: 125" {
  try attach nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found: no such container'
  must create --name "$C" "$IMG" true
  try attach "$C"
  exits 125
  err_has "you can only attach to running containers"
  must start -a "$C"
  try attach "$C"
  exits 125
  err_has "you can only attach to running containers"
  try attach
  exits 125
  err_like 'requires .*latest.* flag'
}

@test "two and three at once: all get everything" {
  must run -d --name "$C" "$IMG" sh -c "$TICKER"
  client a --no-stdin
  client b --no-stdin
  client c --no-stdin --sig-proxy=false
  until_ok 10 saw a tick
  until_ok 10 saw b tick
  until_ok 10 saw c tick
  sleep 0.5
  must exec "$C" kill -TERM 1
  local name
  for name in a b c; do
    end_of "$name"
    exits 7
    out_has bye
    err_is ""
  done
  # the same lines, from where each began
  cmp <(tail -n 4 "$T/a.out") <(tail -n 4 "$T/b.out")
  cmp <(tail -n 4 "$T/a.out") <(tail -n 4 "$T/c.out")
  # and no line is missing
  equal "gaps" "" "$(sed -n 's/^tick //p' "$T/a.out" | awk 'NR > 1 && $1 != last + 1; { last = $1 }')"
}

@test "one that was started in the foreground, and one attached" {
  begin run --name "$C" "$IMG" sh -c "$TICKER"
  until_ok 10 grep -q tick "$T/.out"
  client a --no-stdin
  until_ok 10 saw a tick
  kill -TERM "${client[a]}"
  finish
  exits 7
  out_has bye
  end_of a
  exits 7
}

@test "stdin by attach" {
  must run -d -i --name "$C" "$IMG" sh -c 'read a; echo "got $a"; read b; echo "then $b"; exit 3'
  try attach "$C" < <(echo one; sleep 0.3; echo two)
  exits 3
  out_is $'got one\nthen two'
}

@test "stdin by attach: 1.5 MB both ways" {
  head -c 1500000 /dev/urandom >"$T/in"
  must run -d -i --name "$C" "$IMG" sh -c 'sleep 0.5; cat'
  try attach "$C" <"$T/in"
  ok
  cmp "$T/in" "$T/.out"
}

@test "--no-stdin passes nothing on; nor does a container without -i" {
  must run -d -i --name "$C" "$IMG" sh -c 'read -t 1 a; echo "got $a."'
  try attach --no-stdin "$C" <<<"words"
  out_is "got ."
  must run -d --name "$C-2" "$IMG" sh -c 'sleep 0.5; read a; echo "got $a."'
  try attach "$C-2" <<<"words"
  out_is "got ."
}

@test "a line from each of two" {
  must run -d -i --name "$C" "$IMG" sh -c 'read a; echo "1 $a"; read a; echo "2 $a"; sleep 0.3'
  mkfifo "$T/one" "$T/two"
  ct attach "$C" <"$T/one" >"$T/one.out" 2>"$T/err" &
  local one=$!
  ct attach "$C" <"$T/two" >"$T/two.out" 2>"$T/err" &
  local two=$!
  exec 8>"$T/one" 9>"$T/two"
  sleep 0.3
  echo from one >&8
  until_ok 5 grep -q "1 from one" "$T/two.out"
  echo from two >&9
  wait "$one"
  wait "$two"
  exec 8>&- 9>&-
  equal "what one saw" $'1 from one\n2 from two' "$(<"$T/one.out")"
  equal "what two saw" $'1 from one\n2 from two' "$(<"$T/two.out")"
}

@test "signals go to the container, unless --sig-proxy=false" {
  must run -d --name "$C" "$IMG" sh -c "$TICKER"
  client a --no-stdin --sig-proxy=false
  client b --no-stdin
  until_ok 10 saw a tick
  until_ok 10 saw b tick
  kill -TERM "${client[a]}"
  end_of a
  exits 143
  has_status "$C" running
  kill -TERM "${client[b]}"
  end_of b
  exits 7
}

@test "a client that is killed, or whose reader goes away: the container and the others go on" {
  must run -d --name "$C" "$IMG" sh -c "$TICKER"
  client a --no-stdin
  client b --no-stdin
  until_ok 10 saw a tick
  until_ok 10 saw b tick
  kill -9 "${client[a]}"
  end_of a
  exits 137
  ct attach --no-stdin "$C" 2>/dev/null | head -n 2 >/dev/null
  local count
  count=$(wc -l <"$T/b.out")
  sleep 0.5
  (($(wc -l <"$T/b.out") > count)) || complain "b to go on"
  has_status "$C" running
  kill -TERM "${client[b]}"
  end_of b
  exits 7
}

@test "a client that does not read holds the container up; killed, it lets it go on" {
  must run -d --name "$C" "$IMG" sh -c 'i=0; while :; do i=$((i+1)); echo $i >/count; head -c 10000 /dev/zero; done'
  client a --no-stdin
  until_ok 10 test -s "$T/a.out"
  kill -STOP "${client[a]}"
  sleep 1
  local count
  count=$(ct exec "$C" cat /count)
  sleep 0.5
  equal "while it waits" "$count" "$(ct exec "$C" cat /count)"
  kill -9 "${client[a]}"
  end_of a
  more() { (($(ct exec "$C" cat /count) > count + 10)); }
  until_ok 10 more
}

@test "a client that does not read does not keep a container from being ended" {
  must run -d --name "$C" "$IMG" sh -c 'while :; do head -c 10000 /dev/zero; done'
  client a --no-stdin
  until_ok 10 test -s "$T/a.out"
  kill -STOP "${client[a]}"
  sleep 0.5
  last="rm -f"
  capture timeout 8 "${AS_USER[@]}" "$CTOOL" rm -f -t 0 "$C"
  kill -CONT "${client[a]}"
  ok
  end_of a
  is_gone "$C"
}

@test "a client that stops reading for a while loses nothing" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.5; head -c 3000000 /dev/zero; echo end; exit 4'
  client a --no-stdin
  sleep 0.3
  kill -STOP "${client[a]}"
  sleep 1.2
  kill -CONT "${client[a]}"
  sleep 0.3
  end_of a
  exits 4
  equal bytes 3000004 "$(stat -c %s "$T/a.out")"
}

@test "the last output of a container that has ended waits for its reader, and the monitor without work" {
  must run -d --name "$C" "$IMG" sh -c 'while :; do head -c 1000 /dev/zero; done'
  local monitor init ticks bytes
  monitor=$(monitor_of "$C")
  init=$(ct inspect -f '{{.State.Pid}}' "$C")
  client a --no-stdin
  until_ok 10 test -s "$T/a.out"
  kill -STOP "${client[a]}"
  sleep 0.7
  kill -9 "$init"
  sleep 0.3
  ticks=$(awk '{ print $14 + $15 }' "/proc/$monitor/stat")
  sleep 1.5
  (($(awk '{ print $14 + $15 }' "/proc/$monitor/stat") - ticks < 30)) || complain "the monitor to wait without work"
  bytes=$(stat -c %s "$T/a.out")
  kill -CONT "${client[a]}"
  end_of a
  exits 137
  # at least what a pipe holds
  (($(stat -c %s "$T/a.out") - bytes >= 65536)) || complain "the rest to come"
}

@test "attach to a container with --rm: the exit status, and it is removed" {
  must run -d --rm --name "$C" "$IMG" sh -c 'sleep 1; echo o; exit 9'
  try attach --no-stdin "$C"
  exits 9
  out_is o
  until_ok 5 is_gone "$C"
}

@test "attach --latest" {
  must run -d --name "$C-1" "$IMG" sleep 3200
  must run -d --name "$C" "$IMG" sh -c 'sleep 1; echo latest; exit 5'
  try attach --no-stdin -l
  exits 5
  out_is latest
  try attach -l "$C-1"
  exits 125
}

@test "start -a of a running container attaches to it" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 1; echo o; exit 6'
  try start -a "$C"
  exits 6
  out_is o
}

@test "run --restart: an attached one is told of the first end" {
  must run -d --restart on-failure:3 --name "$C" "$IMG" sh -c 'sleep 0.7; echo o; exit 6'
  try attach --no-stdin "$C"
  exits 6
  out_is o
}

@test "a terminal: attach shows what comes, types, resizes, detaches, and again" {
  must run -dit --name "$C" "$IMG" sh
  try_tty --size 30x90 --pause 0.5 --send 'stty size; echo $((40+2))\n' --wait 42 --resize 31x91 --pause 0.3 --send 'stty size; echo $((40+3))\n' \
    --wait 43 --send '\x10' --pause 0.1 --send '\x11' -- attach "$C"
  ok
  out_has "30 90"
  out_has "31 91"
  has_status "$C" running
  try_tty --pause 0.3 --send 'echo again; exit 8\n' -- attach "$C"
  exits 8
  out_has again
}

@test "--detach-keys: others, none, nonsense" {
  must run -dit --name "$C" "$IMG" sh
  try_tty --pause 0.5 --send 'xy' -- attach --detach-keys x,y "$C"
  ok
  has_status "$C" running
  try_tty --pause 0.5 --send '\x10\x11' --pause 0.2 --send '\nexit 5\n' -- attach --detach-keys '' "$C"
  exits 5
  must start "$C"
  try attach --detach-keys nonsense "$C"
  exits 125
  err_has nonsense
  has_status "$C" running
}

@test "the monitor was killed: attach says what can be done" {
  must run -d --name "$C" "$IMG" sleep 3201
  kill -9 "$(monitor_of "$C")"
  sleep 0.3
  try attach "$C"
  exits 125
  err_has monitor
  runs 'sleep 3201'
}

@test "attached ones come and go: nothing stays open in the monitor" {
  must run -d --name "$C" "$IMG" sh -c "$TICKER"
  local monitor before i
  monitor=$(monitor_of "$C")
  before=$(find "/proc/$monitor/fd" -mindepth 1 | wc -l)
  for i in 1 2 3 4 5 6 7 8; do
    client "$i" --no-stdin
    until_ok 5 saw "$i" tick
    kill -9 "${client[$i]}"
  done
  for i in 1 2 3 4 5 6 7 8; do end_of "$i"; done
  same() { [[ $(find "/proc/$monitor/fd" -mindepth 1 | wc -l) == "$before" ]]; }
  until_ok 5 same
}

@test "what connects to the control socket and says nonsense, or nothing, is dropped or ignored" {
  must run -d --name "$C" "$IMG" sh -c "$TICKER"
  local socket
  socket=$(find "$FILE_DIR/run/ctool" -path "*$(ct inspect -f '{{.Id}}' "$C")/ctl")
  as_user python3 - "$socket" <<'END'
import os, random, socket, sys
random.seed(1)
os.chdir(os.path.dirname(sys.argv[1]))
quiet = []
for i in range(300):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("ctl")  # by a short name: an address holds 107 bytes
    if i % 10 == 0:
        quiet.append(s)
        continue
    data = random.randbytes(random.choice([0, 1, 15, 16, 24, 32, 100, 5000]))
    if data and i % 2:
        data = bytes([random.randrange(30), random.randrange(15)]) + data[2:]
    try:
        s.send(data)
        if i % 3 == 0:
            socket.send_fds(s, [data or b"x"], [0, 1, 2])
    except BrokenPipeError:
        pass
    s.close()
END
  has_status "$C" running
  try exec "$C" echo still here
  out_is "still here"
  client a --no-stdin
  until_ok 5 saw a tick
  kill -TERM "${client[a]}"
  end_of a
  exits 7
}
