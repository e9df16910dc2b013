#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: stdin, stdout, stderr, terminals, signals, detaching.

load helpers

@test "stdout and stderr stay apart" {
  try run --rm "$IMG" sh -c 'echo o; echo e >&2'
  ok
  out_is o
  err_is e
}

@test "without -i stdin is empty, and the caller's is not read" {
  try run --rm "$IMG" cat </etc/passwd
  ok
  out_is ""
  printf 'a\nb\n' >"$T/lines"
  while read -r line; do
    ct run --rm "$IMG" echo "$line"
  done <"$T/lines" >"$T/seen"
  equal "what the loop saw" $'a\nb' "$(<"$T/seen")"
}

@test "-i passes bytes and the end of file, adds nothing" {
  printf 'abc' >"$T/in"
  try run --rm -i "$IMG" cat <"$T/in"
  ok
  cmp "$T/in" "$T/.out"
}

@test "-i: 1.3 MB come through whole" {
  seq 1 200000 >"$T/in"
  try run --rm -i "$IMG" sha256sum <"$T/in"
  ok
  out_is "$(sha256sum <"$T/in")"
}

@test "-i: a slow writer, and a command that does not read" {
  try run --rm -i "$IMG" cat < <(sleep 0.5; echo late)
  ok
  out_is late
  try run --rm -i "$IMG" true < <(yes 2>/dev/null)
  ok
}

@test "all 256 byte values come through" {
  python3 -c 'import sys; sys.stdout.buffer.write(bytes(range(256)) * 64)' >"$T/in"
  try run --rm -i "$IMG" cat <"$T/in"
  ok
  cmp "$T/in" "$T/.out"
}

@test "700,000 bytes without a newline" {
  try run --rm "$IMG" sh -c 'head -c 700000 /dev/zero | tr "\0" x'
  ok
  equal "bytes" 700000 "$(stat -c %s "$T/.out")"
}

@test "a last line without its newline" {
  try run --rm "$IMG" printf partial
  ok
  equal "bytes" 7 "$(stat -c %s "$T/.out")"
}

@test "output written just before the exit is not lost" {
  local i
  for i in 1 2 3 4 5; do
    try run --rm "$IMG" sh -c 'head -c 65536 /dev/zero; exit 9'
    exits 9
    equal "bytes of run $i" 65536 "$(stat -c %s "$T/.out")"
  done
}

@test "a reader that goes away ends the writer" {
  ct run --rm "$IMG" yes 2>/dev/null | head -n 1 >"$T/.out"
  equal "the line" y "$(<"$T/.out")"
}

@test "-t: one stream, CRLF, TERM" {
  try run --rm -t "$IMG" sh -c 'echo o; echo e >&2; echo $TERM; tty' </dev/null
  ok
  equal "stdout" $'o\r\ne\r\nxterm\r\n/dev/pts/0\r' "$out"
  err_is ""
}

@test "-ti without a terminal on stdin: a warning, and it works" {
  try run --rm -ti "$IMG" echo hi </dev/null
  ok
  out_is $'hi\r'
  err_has "The input device is not a TTY. The --tty and --interactive flags might not work properly"
}

@test "-ti at a terminal: its size, at once" {
  try_tty --size 33x77 -- run --rm -ti "$IMG" stty size
  ok
  out_is "33 77"
}

@test "-ti at a terminal: a changed size is passed on" {
  try_tty --wait ready --resize 40x100 -- run --rm -ti "$IMG" sh -c \
    'trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.1; done'
  exits 5
  out_has "40 100"
}

@test "-ti at a terminal: typing, and ctrl-c goes to the command" {
  try_tty --wait '# ' --send 'echo $((6*7))\n' --wait 42 --send 'exit 3\n' -- run --rm -ti "$IMG" sh
  exits 3
  try_tty --wait ready --send '\x03' -- run --rm -ti "$IMG" sh -c \
    'trap "exit 6" INT; echo ready; while :; do sleep 0.1; done'
  exits 6
}

@test "the terminal is as it was after run, also after a failure" {
  local command
  for command in "run --rm -ti $IMG true" "run --rm -ti $IMG /no/such" "run --rm -ti nosuch/img"; do
    as_user python3 "$HERE/fixtures/terminal.py" -- \
      sh -c "stty -a >'$T/before'; '$CTOOL' $command; stty -a >'$T/after'" >"$T/.out" 2>&1
    cmp "$T/before" "$T/after"
  done
}

@test "ctrl-p ctrl-q detaches, and the container goes on" {
  try_tty --wait up --pause 0.3 --send '\x10' --pause 0.3 --send '\x11' -- run --name "$C" -ti "$IMG" sh -c 'echo up; sleep 100'
  ok
  has_status "$C" running
}

@test "--detach-keys" {
  try_tty --wait up --pause 0.3 --send x --pause 0.3 --send y -- run --name "$C" --detach-keys x,y -ti "$IMG" \
    sh -c 'echo up; sleep 100'
  ok
  has_status "$C" running
  try run --rm --detach-keys nonsense "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
  err_has nonsense
}

@test "a signal to run goes to the container, whose exit status comes back" {
  begin run --rm --name "$C" "$IMG" sh -c \
    'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'
  until_ok 10 grep -q up "$T/.out"
  kill "$pid"
  finish
  exits 7
}

@test "--sig-proxy=false keeps signals from the container" {
  begin run --sig-proxy=false --name "$C" "$IMG" sh -c \
    'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'
  until_ok 10 grep -q up "$T/.out"
  kill "$pid"
  finish
  has_status "$C" running
}

@test "-d prints the id and nothing else" {
  try run -d "$IMG" sleep 100
  ok
  out_like '^[0-9a-f]{64}$'
  err_is ""
}

@test "-d of a command that is not there: 127, nothing on stdout" {
  try run -d "$IMG" /no/such
  exits 127
  out_is ""
}

@test "-d does not hold the caller's pipes" {
  local id
  id=$(timeout 20 cat < <(ct run -d "$IMG" sleep 100 2>&1))
  [[ $id =~ ^[0-9a-f]{64}$ ]] || complain "an id at once, not '$id'"
}

@test "-d goes on when the one who started it is gone" {
  as_user sh -c "'$CTOOL' run -d --name '$C' '$IMG' sleep 100 >/dev/null"
  sleep 0.5
  has_status "$C" running
}

@test "--attach stdout leaves stderr out" {
  try run --rm --attach stdout "$IMG" sh -c 'echo o; echo e >&2'
  ok
  out_is o
  err_is ""
}

@test "descriptors of the caller do not reach the container" {
  exec 9</etc/hostname
  try run --rm "$IMG" sh -c 'ls /proc/self/fd | wc -l' 9<&9
  exec 9<&-
  ok
  # 0, 1, 2 and the one of ls
  out_is 4
}

@test "nothing of the caller's environment reaches the container" {
  CT_ENV=(HOSTSECRET=x)
  try run --rm "$IMG" env
  ok
  out_lacks HOSTSECRET
}

@test "proxy settings of the caller do reach it, unless told otherwise" {
  CT_ENV=(http_proxy=http://proxy.example:3128 no_proxy=localhost)
  try run --rm "$IMG" env
  ok
  out_has "http_proxy=http://proxy.example:3128"
  out_has "no_proxy=localhost"
  try run --rm --http-proxy=false "$IMG" env
  ok
  out_lacks proxy.example
}

@test "stdin, stdout and stderr closed" {
  local closed
  for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
    rc=0
    eval "ct run --rm '$IMG' sh -c 'exit 11' $closed" 2>"$T/.err" || rc=$?
    exits 11
  done
}
