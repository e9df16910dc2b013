#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# logs: what containers wrote, byte by byte, from the beginning, the end or as it comes; log drivers and rotation.

load helpers

# A container that wrote to both streams and has ended.
both() { must run --name "$1" "$IMG" sh -c 'echo o1; echo e1 >&2; echo o2; echo e2 >&2'; }
# The file that a container's log is kept in.
log_path() { ct inspect --format '{{.HostConfig.LogConfig.Path}}' "$1"; }

@test "stdout and stderr are kept apart" {
  both "$C"
  try logs "$C"
  ok
  out_is o1$'\n'o2
  err_is e1$'\n'e2
}

@test "the order of the two streams is kept where both are one file" {
  must run --name "$C" "$IMG" sh -c 'for i in 1 2 3; do echo o$i; sleep 0.05; echo e$i >&2; sleep 0.05; done'
  equal order "o1 e1 o2 e2 o3 e3" "$(ct logs "$C" 2>&1 | tr '\n' ' ' | sed 's/ $//')"
}

@test "container logs is the same command" {
  must run --name "$C" "$IMG" echo hello
  try container logs "$C"
  ok
  out_is hello
}

@test "a created container has an empty log, also with -f" {
  must create --name "$C" "$IMG" true
  try logs "$C"
  ok
  out_is ""
  try logs -f "$C"
  ok
  out_is ""
}

@test "bytes: empty lines, no newline at the end, NUL, carriage returns, no UTF-8" {
  must run --name "$C" "$IMG" printf 'a\n\n\0b\r\n\377\376 c \n\tend'
  ct logs "$C" >"$T/log"
  printf 'a\n\n\0b\r\n\377\376 c \n\tend' >"$T/wanted"
  cmp "$T/log" "$T/wanted"
}

@test "a long line without a newline is one line" {
  must run --name "$C" "$IMG" sh -c 'head -c 300000 /dev/zero | tr "\0" x; echo; echo next'
  try logs --tail 2 "$C"
  ok
  equal "length of the first line" 300000 "$(head -n 1 "$T/.out" | tr -d '\n' | wc -c)"
  equal "second line" next "$(tail -n 1 "$T/.out")"
  try logs -t "$C"
  equal lines 2 "$(wc -l <"$T/.out")"
}

@test "100 MB come out as they went in" {
  must run -d --name "$C" "$IMG" sh -c 'yes "0123456789 the quick brown fox jumps over the lazy dog" | head -c 100000000; head -c 1000000 /dev/urandom | base64; echo' >/dev/null
  ct logs -f "$C" >"$T/followed"
  ct logs "$C" >"$T/log"
  cmp "$T/followed" "$T/log"
  head -c 100000000 "$T/log" | cmp - <(yes "0123456789 the quick brown fox jumps over the lazy dog" | head -c 100000000)
}

@test "--tail: 0, some, more than there are, negative" {
  must run --name "$C" "$IMG" seq 5
  try logs --tail 0 "$C"
  ok
  out_is ""
  try logs --tail 2 "$C"
  out_is 4$'\n'5
  try logs --tail 50 "$C"
  out_is 1$'\n'2$'\n'3$'\n'4$'\n'5
  try logs --tail -3 "$C"
  out_is 1$'\n'2$'\n'3$'\n'4$'\n'5
  try logs --tail x "$C"
  exits 125
  err_has 'invalid argument "x" for "--tail" flag: strconv.ParseInt: parsing "x": invalid syntax'
}

@test "--tail counts lines of both streams, and one without its newline" {
  must run --name "$C" "$IMG" sh -c 'echo o1; sleep 0.1; echo e1 >&2; sleep 0.1; echo o2; sleep 0.1; printf o3'
  try logs --tail 3 "$C"
  ok
  out_is o2$'\n'o3
  err_is e1
}

@test "--tail: a line in pieces is one, with the other stream's lines between them" {
  must run --name "$C" "$IMG" sh -c 'echo first; printf a; sleep 0.1; echo e1 >&2; sleep 0.1; printf b; sleep 0.1; echo c'
  try logs --tail 1 "$C"
  ok
  out_is abc
  err_is ""
}

@test "--tail of a large log reads its end only" {
  must run --name "$C" "$IMG" true
  local log
  log=$(log_path "$C")
  truncate -s 3G "$log"
  printf '\n2026-01-02T03:04:05.000000000+00:00 stdout F %s\n' one two three >>"$log"
  local begin=$SECONDS
  try logs --tail 2 "$C"
  ok
  out_is two$'\n'three
  ((SECONDS - begin < 2))
}

@test "-t: the time of each line, in podman's form" {
  must run --name "$C" "$IMG" sh -c 'echo o; echo e >&2'
  try logs -t "$C"
  ok
  out_like '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}(Z|[+-][0-9]{2}:[0-9]{2}) o$'
  err_like '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9]{2}:[0-9]{2}) e$'
}

@test "--since and --until: durations, dates, seconds" {
  must run --name "$C" "$IMG" echo now
  local time form
  for form in 1h 10m30s 2020-01-01 2020-01-01T00:00:00 2020-01-01T00:00:00.5Z 2020-01-01+01:00 1500000000 1500000000.25; do
    try logs --since "$form" "$C"
    ok
    out_is now
  done
  for form in 2100-01-01 4102444800 4102444800.5; do
    try logs --since "$form" "$C"
    ok
    out_is ""
    try logs --until "$form" "$C"
    ok
    out_is now
  done
  for form in 2020-01-01 1500000000; do
    try logs --until "$form" "$C"
    ok
    out_is ""
  done
}

@test "--since and --until between two lines" {
  must run --name "$C" "$IMG" sh -c 'echo before; sleep 1; echo after'
  local middle
  middle=$(ct logs -t --tail 1 "$C" | cut -d ' ' -f 1)
  try logs --since "$middle" "$C"
  out_is ""
  try logs --until "$middle" "$C"
  out_is before
}

@test "--since and --until: what is no time" {
  must run --name "$C" "$IMG" true
  try logs --since yesterday "$C"
  exits 125
  err_is 'Error: parsing --since "yesterday": unable to interpret time value'
  try logs --until 5x "$C"
  exits 125
  err_is 'Error: parsing --until "5x": unable to interpret time value'
}

@test "several containers: ids, names, colors" {
  must run --name "$C-a" "$IMG" echo one
  must run --name "$C-b" "$IMG" echo two
  local a b
  a=$(ct inspect --format '{{.ID}}' "$C-a") b=$(ct inspect --format '{{.ID}}' "$C-b")
  equal ids "$(printf '%s one\n%s two\n' "${a:0:12}" "${b:0:12}" | sort)" "$(ct logs "$C-a" "$C-b" | sort)"
  equal names "$C-a one"$'\n'"$C-b two" "$(ct logs -n "$C-a" "$C-b" | sort)"
  try logs -n "$C-a"
  out_is one
  equal colors $'\e[31m'"$C-b two"$'\e[0m\n\e[37m'"$C-a one"$'\e[0m' "$(ct logs --color -n "$C-a" "$C-b" | sort)"
}

@test "several containers: the name stands once before a line in pieces" {
  must run --name "$C-a" "$IMG" sh -c 'printf a; sleep 0.1; printf b; sleep 0.1; echo c'
  must run --name "$C-b" "$IMG" true
  try logs -n "$C-a" "$C-b"
  ok
  out_is "$C-a abc"
}

@test "-l, and errors" {
  try logs
  exits 125
  err_is "Error: specify at least one container name or ID to log"
  try logs -l nosuch
  exits 125
  err_is "Error: --latest and containers cannot be used together"
  try logs nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  must run --name "$C" "$IMG" echo latest
  try logs -l
  out_is latest
  try logs "$C" nosuch
  exits 125
  out_is ""
}

@test "driver none: nothing is kept, and logs says so" {
  must run --log-driver none --name "$C" "$IMG" echo x
  out_is x
  try logs "$C"
  exits 125
  err_has "Error: this container is using the 'none' log driver, cannot read logs"
}

@test "driver json-file is k8s-file" {
  must run --log-driver json-file --name "$C" "$IMG" echo x
  try logs "$C"
  out_is x
  grep -Eq '^20[0-9T:.-]{27}[+-][0-9]{2}:[0-9]{2} stdout F x$' "$(log_path "$C")"
}

@test "driver journald where the journal does not run: refused before anything is made" {
  # In this file's mount namespace only.
  local hidden=
  [[ ! -e /run/systemd/journal/socket ]] || { mount -t tmpfs none /run/systemd/journal && hidden=1; }
  try run --log-driver journald --name "$C" "$IMG" true
  exits 125
  err_has journal
  try container exists "$C"
  exits 1
  [[ -z $hidden ]] || umount /run/systemd/journal
}

@test "a driver that does not exist" {
  try run --log-driver nonsense --name "$C" "$IMG" true
  exits 125
  err_has "log driver"
}

@test "containers.conf: log_driver and log_size_max" {
  local conf=$T/containers.conf
  printf '[containers]\nlog_driver = "none"\n' >"$conf"
  CT_ENV=(CONTAINERS_CONF="$conf")
  must run --name "$C" "$IMG" true
  try logs "$C"
  exits 125
  must run --log-driver k8s-file --name "$C-2" "$IMG" echo x
  try logs "$C-2"
  out_is x
  printf '[containers]\nlog_size_max = 20000\n' >"$conf"
  must run --name "$C-3" "$IMG" true
  try inspect --format '{{.HostConfig.LogConfig.Size}}' "$C-3"
  out_is 20kB
}

@test "--log-opt path" {
  local dir
  dir=$(user_dir log)
  must run --log-opt path="$dir/my.log" --name "$C" "$IMG" echo x
  try logs "$C"
  out_is x
  grep -q 'stdout F x$' "$dir/my.log"
  try inspect --format '{{.HostConfig.LogConfig.Path}}' "$C"
  out_is "$dir/my.log"
}

@test "--log-opt: what is unknown, a bad size, a relative path, a strange tag" {
  try run --log-opt foo=bar --name "$C" "$IMG" true
  exits 125
  err_has "unknown log option"
  try run --log-opt max-size=x --name "$C" "$IMG" true
  exits 125
  err_has "invalid size"
  try run --log-opt path=x --name "$C" "$IMG" true
  exits 125
  err_has "not an absolute path"
  try run --log-opt 'tag={{.Nosuch}}' --name "$C" "$IMG" true
  exits 125
  err_has ".Nosuch"
}

@test "max-size: at least so much of the newest output, at most twice" {
  must run --log-opt max-size=10k --name "$C" "$IMG" seq -w 2000
  try logs "$C"
  ok
  local lines
  lines=$(wc -l <"$T/.out")
  equal "an unbroken end" "$(seq -w 2000 | tail -n "$lines")" "$out"
  local size
  size=$(cat "$(log_path "$C")"{.1,} | wc -c)
  ((size > 10000 && size <= 20000)) || complain "10 to 20 kB of log, not $size"
  try logs --tail 150 "$C"
  equal "tail over both files" "$(seq 1851 2000)" "$out"
}

@test "-f ends with the container, with all that it wrote" {
  must run -d --name "$C" "$IMG" sh -c 'for i in 1 2 3; do echo $i; sleep 0.2; done; printf end; exit 3'
  try logs -f "$C"
  ok
  out_is 1$'\n'2$'\n'3$'\n'end
}

@test "-f shows what is written at once, also without its newline" {
  must run -d --name "$C" "$IMG" sh -c 'printf prompt; sleep 4917'
  begin logs -f "$C"
  until_ok 5 grep -q prompt "$T/.out"
  ct rm -f -t 0 "$C"
  finish
  ok
  out_is prompt
}

@test "-f of one that has ended, and of one that is removed meanwhile" {
  must run --name "$C" "$IMG" echo over
  try logs -f "$C"
  ok
  out_is over
  must run -d --rm --name "$C-2" "$IMG" sh -c 'echo a; sleep 0.5; echo b'
  try logs -f "$C-2"
  ok
  out_is a$'\n'b
}

@test "-f --tail: the last lines, then what comes" {
  must run -d --name "$C" "$IMG" sh -c 'seq 10; sleep 0.7; echo 11'
  until_ok 5 grep -q 'F 10' "$(log_path "$C")"
  try logs -f --tail 2 "$C"
  ok
  out_is 9$'\n'10$'\n'11
}

@test "-f over the restarts of a policy" {
  must run -d --restart on-failure:2 --name "$C" "$IMG" sh -c 'echo run; sleep 0.2; exit 1'
  try logs -f "$C"
  ok
  out_is run$'\n'run$'\n'run
}

@test "-f over rotation loses nothing" {
  must run -d --log-opt max-size=8k --name "$C" "$IMG" sh -c 'i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo $i; [ $((i % 100)) -ne 0 ] || sleep 0.05; done'
  try logs -f "$C"
  ok
  equal "every line" "$(seq "$(head -n 1 "$T/.out")" 4000 | sha256sum)" "$(sha256sum <"$T/.out")"
  equal "from the beginning" 1 "$(head -n 1 "$T/.out")"
}

@test "-f of several containers" {
  must run -d --name "$C-a" "$IMG" sh -c 'sleep 1.2; echo one'
  must run -d --name "$C-b" "$IMG" sh -c 'sleep 0.1; echo two; sleep 1.8; echo three'
  try logs -f -n "$C-a" "$C-b"
  ok
  out_is "$C-b two"$'\n'"$C-a one"$'\n'"$C-b three"
}

@test "-f --until ends at that time" {
  must run -d --name "$C" "$IMG" sh -c 'echo first; sleep 4918'
  local begin=$SECONDS
  try logs -f --until 1s "$C"
  ok
  out_is first
  ((SECONDS - begin <= 5))
  ct rm -f -t 0 "$C"
}

@test "-f sleeps while nothing is written" {
  must run -d --name "$C" "$IMG" sleep 4919
  begin logs -f "$C"
  sleep 0.5
  local process before
  process=$(pgrep -f -u "$ACCOUNT" "logs -f $C\$" | head -n 1)
  before=$(awk '/ctxt/ {sum += $2} END {print sum}' "/proc/$process/status")
  sleep 1
  equal "context switches" "$before" "$(awk '/ctxt/ {sum += $2} END {print sum}' "/proc/$process/status")"
  ct rm -f -t 0 "$C"
  finish
  ok
}

@test "a log is kept over starts" {
  must run --name "$C" "$IMG" echo again
  must start -a "$C"
  try logs "$C"
  out_is again$'\n'again
}

@test "lines that are none are passed over, a torn one is shown" {
  must run --name "$C" "$IMG" echo first
  {
    printf 'rubbish\n\n2026-13\n2026-01-02T03:04:05Z stdout\n2026-01-02T03:04:05Z stdfoo F x\n\0\0\0\n'
    printf '2026-01-02T03:04:05.000000000+00:00 stdout F whole\n2026-01-02T03:04:05.000000000+00:00 stdout F to'
  } >>"$(log_path "$C")"
  ct logs "$C" >"$T/log"
  printf 'first\nwhole\nto' | cmp - "$T/log"
}

@test "a killed monitor: logs -f ends, and the next start goes on in a new line" {
  must run -d --name "$C" "$IMG" sh -c 'echo one; sleep 4920'
  begin logs -f "$C"
  until_ok 5 grep -q one "$T/.out"
  kill -9 "$(monitor_of "$C")"
  finish
  ok
  out_is one
  ct rm -f -t 0 "$C"
}

@test "a reader that goes away" {
  must run --name "$C" "$IMG" seq 200000
  equal "first lines" 1$'\n'2 "$(ct logs "$C" | head -n 2)"
}

@test "--noout, --out" {
  must run --name "$C" "$IMG" echo x
  CT_OPTIONS=(--noout)
  try logs "$C"
  ok
  out_is ""
  CT_OPTIONS=(--out "$(user_dir o)/copy")
  try logs "$C"
  equal "the copy" x "$(cat "$T/o/copy")"
}
