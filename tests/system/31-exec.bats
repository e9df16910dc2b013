#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec: a process beside the container's own.

load helpers

file_setup() {
  ct pull -q "$IMG" >/dev/null
  ct pull -q "$TOOLS" >/dev/null
}

# up [RUN-OPTION...]: a container that only waits.
up() { must run -d --name "$C" "$@" "$IMG" sleep 3100; }

# The first process of a container.
init_of() { ct inspect -f '{{.State.Pid}}' "$1"; }
exec_ids() { ct inspect -f '{{len .ExecIDs}}' "$1"; }
has_exec_ids() { [[ $(exec_ids "$1") == "$2" ]]; }
# Whether the account has a process with these words, on the host.
runs() { pgrep -f -U "$ACCOUNT" "^$1\$"; }
# Ends a process of the account by its words.
ct_kill() { pkill -KILL -f -U "$ACCOUNT" "^$1\$"; }
runs_not() { ! runs "$1"; }
# How many monitors and sessions there are.
# The monitor of $C, and the keepers of its sessions.
has_monitors() {
  local count
  if oracle; then count=$(pgrep -c -f "conmon.*$(ct inspect -f '{{.Id}}' "$C")" || true); else
    count=$((1 + $(pgrep -c -P "$(monitor_of "$C")" '^ctool-monitor$' || true)))
  fi
  [[ $count == "$1" ]]
}
run_dir() { find "$FILE_DIR/run/ctool" -type d -name "$(ct inspect -f '{{.Id}}' "$1")"; }

# --- what it runs, and how it ends ----------------------------------------------------------------

@test "stdout, stderr and the exit status are the command's" {
  up
  try exec "$C" sh -c 'echo o; echo e >&2; exit 42'
  exits 42
  out_is o
  err_is e
  try exec "$C" true
  ok
}

@test "options after the container belong to the command" {
  up
  try exec "$C" ls -d -l --help
  err_lacks "unknown"
  try exec "$C" echo -i -t -e x=y --user nobody
  out_is "-i -t -e x=y --user nobody"
}

@test "no such command: 127; not executable: 126" {
  up
  try exec "$C" /no/such
  exits 127
  err_has "/no/such"
  try exec "$C" nosuch
  exits 127
  err_like 'executable file .*nosuch.* not found in \$PATH'
  try exec "$C" /etc
  exits 126
  try exec "$C" /etc/plain
  exits 126
  out_is ""
}

@test "no such container, no command, none of both: 125" {
  try exec nosuch true
  exits 125
  err_has 'no container with name or ID "nosuch" found: no such container'
  up
  try exec "$C"
  exits 125
  err_has "must provide a non-empty command to start an exec session"
  try exec
  exits 125
  err_has "exec requires the name or ID of a container or the --latest or --cidfile flag"
}

@test "a command that a signal ends: 128 and the signal" {
  up
  try exec "$C" sh -c 'kill -9 $$'
  exits 137
  try exec "$C" sh -c 'kill $$'
  exits 143
}

@test "a container that does not run: 255" {
  must create --name "$C" "$IMG" true
  try exec "$C" true
  exits 255
  err_has "can only create exec sessions on running containers"
  err_has "container state improper"
  must start -a "$C"
  try exec "$C" true
  exits 255
  err_has "can only create exec sessions on running containers"
}

@test "a paused container: refused at once" {
  up
  touch "$(run_dir "$C")/paused"
  try exec "$C" true
  exits 255
  err_has "container state improper"
}

@test "a container by its id, a part of it, --latest" {
  up
  local id=$out
  try exec "$id" echo by id
  out_is "by id"
  try exec "${id:0:9}" echo by a part
  out_is "by a part"
  try exec -l echo by latest
  out_is "by latest"
}

@test "a container by --cidfile" {
  must run -d --cidfile "$(user_dir d)/cid" --name "$C" "$IMG" sleep 3100
  try exec --cidfile "$T/d/cid" echo by file
  out_is "by file"
  try exec --cidfile "$T/no/file" true
  exits 125
  err_has "no such file"
}

# --- detached ---------------------------------------------------------------------------------

@test "-d prints the session's id and returns; the session runs" {
  up
  try exec -d "$C" sh -c 'sleep 0.7; echo done >/tmp/done; sleep 3101'
  ok
  out_like '^[0-9a-f]{64}$'
  err_is ""
  try exec "$C" cat /tmp/done
  exits 1
  until_ok 10 ct exec "$C" cat /tmp/done
  runs 'sleep 3101'
}

@test "-d: a command that cannot be started is 125, and nothing is printed on stdout" {
  up
  try exec -d "$C" /no/such
  exits 125
  out_is ""
  err_has "/no/such"
  try exec -d "$C" /etc
  exits 125
  out_is ""
}

@test "a command that cannot be started leaves no session" {
  up
  try exec -d "$C" /no/such
  try exec "$C" /etc
  equal "sessions" 0 "$(exec_ids "$C")"
}

@test "-d: what it writes stops nobody, and its stdin is empty" {
  up
  must exec -d "$C" sh -c 'head -c 3000000 /dev/zero; cat; echo $? >/tmp/end' </etc/passwd
  until_ok 10 ct exec "$C" cat /tmp/end
  try exec "$C" cat /tmp/end
  out_is 0
}

@test "-d does not hold the caller's pipes" {
  up
  last="exec -d in a pipe"
  out=$(timeout 10 "${AS_USER[@]}" "$CTOOL" exec -d "$C" sleep 3102 2>&1 3>&- 4>&-)
  out_like '^[0-9a-f]{64}$'
}

# --- who and where ----------------------------------------------------------------------------

@test "-u: a name, a number, a group, both" {
  up
  local user wanted
  while read -r user wanted; do
    try exec -u "$user" "$C" sh -c 'echo $(id -u):$(id -g):$(id -G | tr " " ,)'
    ok
    equal "-u $user" "$wanted" "$out"
  done <<'END'
app 1000:1000:1000,2000,2001
1000 1000:1000:1000,2000,2001
app:daemon 1000:1:1
1000:2001 1000:2001:2001
4321 4321:0:0
4321:8765 4321:8765:8765
root 0:0:0
0 0:0:0
daemon 1:1:1,2000
END
}

@test "-u: somebody unknown is 126" {
  up
  try exec -u nosuch "$C" true
  exits 126
  err_has "unable to find user nosuch: no matching entries in passwd file"
  try exec -u app:nosuch "$C" true
  exits 126
  err_has "unable to find group nosuch: no matching entries in group file"
}

@test "the container's user and groups, unless -u names another" {
  up -u app --group-add 777
  try exec "$C" id -G
  out_is "1000 777 2000 2001"
  try exec -u 0 "$C" id -G
  out_is "0"
  try exec "$C" id -u
  out_is 1000
}

@test "HOME is that of the user who executes, unless it is given" {
  up
  try exec "$C" sh -c 'echo $HOME'
  out_is /root
  try exec -u app "$C" sh -c 'echo $HOME'
  out_is /home/app
  try exec -u 4321 "$C" sh -c 'echo $HOME'
  out_is /
  try exec -u app -e HOME=/mine "$C" sh -c 'echo $HOME'
  out_is /mine
}

@test "the working folder: the container's, or -w" {
  up -w /var/www
  try exec "$C" pwd
  out_is /var/www
  try exec -w /tmp "$C" pwd
  out_is /tmp
  try exec --workdir=/usr/bin "$C" sh -c 'readlink /proc/self/cwd'
  out_is /usr/bin
}

@test "-w: a folder that is not there is 126, and is not made" {
  up
  try exec -w /no/such "$C" pwd
  exits 126
  err_has 'workdir "/no/such" does not exist on container'
  try exec -w /etc/passwd "$C" pwd
  exits 126
  try exec "$C" ls -d /no
  exits 1
}

# --- environment ------------------------------------------------------------------------------

@test "the container's environment; -e adds, replaces, copies, and takes away" {
  up -e A=1 -e B=2
  try exec "$C" sh -c 'echo $A $B $container $HOSTNAME'
  out_is "1 2 podman $(ct exec "$C" hostname)"
  try exec -e A=9 --env 'C=c d' -e EMPTY= "$C" sh -c 'echo "$A $B $C ${EMPTY-unset}."'
  out_is "9 2 c d ."
  CT_ENV=(FROM_HOST=host PRE_1=x PRE_2=y)
  try exec -e FROM_HOST -e 'PRE_*' -e NOT_THERE "$C" sh -c 'echo $FROM_HOST $PRE_1 $PRE_2 ${NOT_THERE-unset}'
  out_is "host x y unset"
  try exec "$C" sh -c 'echo ${FROM_HOST-unset} $A'
  out_is "unset 1"
}

@test "--env-file: later ones win, -e wins over all" {
  up -e A=container
  printf '# comment\nA=one\nB=b b\nC="quoted"\n' >"$T/1"
  printf 'A=two\nFROM_HOST\n' >"$T/2"
  CT_ENV=(FROM_HOST=host)
  try exec --env-file "$T/1" --env-file "$T/2" -e B=last "$C" sh -c 'echo $A $B $C $FROM_HOST'
  ok
  out_is 'two last "quoted" host'
  try exec --env-file "$T/nosuch" "$C" true
  exits 125
  err_has nosuch
}

@test "TERM only with a terminal, unless the container has one" {
  up
  try exec "$C" sh -c 'echo ${TERM-unset}'
  out_is unset
  try exec -t "$C" sh -c 'echo $TERM' </dev/null
  equal "TERM" $'xterm\r' "$out"
  try exec -t -e TERM=vt100 "$C" sh -c 'echo $TERM' </dev/null
  equal "TERM" $'vt100\r' "$out"
}

@test "nothing of the caller's environment gets in" {
  up
  CT_ENV=(SECRET_OF_CALLER=1)
  try exec "$C" env
  ok
  out_lacks SECRET
  out_lacks XDG_
}

@test "arguments and environment of a megabyte" {
  up
  local words big i
  big=$(head -c 100000 /dev/zero | tr '\0' x)
  words=()
  for ((i = 0; i < 6; ++i)); do words+=(-e "BIG$i=$big"); done
  try exec "${words[@]}" "$C" sh -c 'echo $# ${#1} ${#4} ${#BIG0} ${#BIG5}' sh "$big" "$big" "$big" "$big"
  ok
  out_is "4 100000 100000 100000 100000"
}

# --- rights -----------------------------------------------------------------------------------

@test "capabilities are the container's; a user who is not root has none" {
  up --cap-drop CHOWN --cap-add NET_ADMIN
  local own
  own=$(grep -E '^Cap' "/proc/$(init_of "$C")/status")
  try exec "$C" grep -E '^Cap' /proc/self/status
  equal "capabilities" "$own" "$out"
  try exec -u app "$C" grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status
  [[ $out =~ CapPrm:.0+([0-9a-f]+) ]]
  # --cap-add for somebody who is not root: what was added only
  out_lacks 05fb
}

@test "--privileged: every capability, no masks are lifted" {
  up
  # as --privileged of run, and nothing less than that
  local all
  must run --rm --privileged "$IMG" sh -c 'grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | cut -f2 | sort -u'
  all=$out
  try exec --privileged "$C" sh -c 'grep -E "^Cap(Prm|Eff|Bnd)" /proc/self/status | cut -f2 | sort -u'
  equal "capabilities" "$all" "$out"
  try exec "$C" grep CapBnd /proc/self/status
  out_like 800405fb
}

@test "the filter and no_new_privs are the container's" {
  must run -d --name "$C" "$IMG" sleep 3100
  try exec "$C" grep -E '^Seccomp:' /proc/self/status
  out_like '2$'
  must rm -f -t 0 "$C"
  local init option
  for option in seccomp=unconfined no-new-privileges label=disable; do
    must run -d --name "$C" --security-opt "$option" "$IMG" sleep 3100
    init=$(init_of "$C")
    try exec "$C" grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status
    equal "with $option" "$(grep -E '^(Seccomp|NoNewPrivs):' "/proc/$init/status")" "$out"
    must rm -f -t 0 "$C"
  done
}

@test "the seven namespaces and the cgroup are the container's" {
  local init name
  must run -d --name "$C" "$IMG" sleep 3100
  init=$(init_of "$C")
  for name in cgroup ipc mnt net pid user uts; do
    try exec "$C" readlink "/proc/self/ns/$name"
    equal "$name" "$(readlink "/proc/$init/ns/$name")" "$out"
  done
  try exec "$C" readlink /proc/self/ns/pid_for_children
  equal "pid_for_children" "$(readlink "/proc/$init/ns/pid")" "$out"
  try exec "$C" readlink /proc/self/root
  out_is /
  try exec "$C" cat /proc/self/cgroup
  equal "cgroup" "$(ct exec "$C" cat /proc/1/cgroup)" "$out"
}

@test "umask, limits, out-of-memory score, nice value" {
  up --umask 027 --ulimit nofile=1234:2345 --ulimit core=0 --oom-score-adj 321
  try exec "$C" sh -c 'umask; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj'
  out_is $'0027\n1234\n2345\n321'
  local init
  init=$(init_of "$C")
  try exec "$C" cat /proc/self/limits
  equal "limits" "$(cat "/proc/$init/limits")" "$out"
}

@test "no descriptor but the three, with and without a terminal, detached or not" {
  up
  local how
  exec 9</etc/hostname
  for how in "" -i -t -d; do
    # shellcheck disable=SC2086
    # ls has the folder that it reads open too
    try exec $how "$C" sh -c 'ls -l /proc/self/fd >/tmp/part; mv /tmp/part /tmp/fds' </dev/null
    ok
    until_ok 5 ct exec "$C" test -s /tmp/fds
    try exec "$C" sh -c 'grep -v "/proc/.*/fd$" /tmp/fds | grep -v "1 -> /tmp/part" | sed -n "s/.* \([0-9]*\) -> .*/\1/p" | tr "\n" " "; rm /tmp/fds'
    equal "descriptors with '$how'" "0 2 " "$out"
  done
  exec 9<&-
}

# with_files FILE... -- ARGS: ctool with these files open from number 3 on.
with_files() {
  last="$TOOL $* with files"
  capture as_user python3 -c 'import os, sys
files = sys.argv[1:sys.argv.index("--")]
fds = [os.open(f, os.O_RDONLY) for f in files]
for i, fd in enumerate([os.dup2(fd, 100 + i) for i, fd in enumerate(fds)]): os.dup2(fd, 3 + i)
os.closerange(3 + len(fds), 200)
os.execv(sys.argv[len(files) + 2], sys.argv[len(files) + 2:])' "$@"
}

@test "--preserve-fds passes descriptors on" {
  up
  echo three >"$T/3"
  echo four >"$T/4"
  with_files "$T/3" "$T/4" -- "$CTOOL" exec --preserve-fds 2 "$C" sh -c 'cat <&3; cat <&4; ls /proc/self/fd'
  ok
  out_is $'three\nfour\n0\n1\n2\n3\n4\n5'
  with_files "$T/3" "$T/4" -- "$CTOOL" exec "$C" ls /proc/self/fd
  out_is $'0\n1\n2\n3'
  with_files "$T/3" -- "$CTOOL" exec --preserve-fds 2 "$C" true
  exits 125
  err_has "file descriptor 4 is not available - the preserve-fds option requires that file descriptors must be passed"
}

@test "--preserve-fd picks single ones" {
  up
  local i
  for i in 3 4 5 6; do echo "was $i" >"$T/$i"; done
  with_files "$T/3" "$T/4" "$T/5" "$T/6" -- "$CTOOL" exec --preserve-fd 4,6 "$C" sh -c 'cat <&3; cat <&4; ls /proc/self/fd'
  ok
  out_is $'was 4\nwas 6\n0\n1\n2\n3\n4\n5'
  try exec --preserve-fd 2 "$C" true
  exits 125
}

@test "nobody in the container can look into who joins it" {
  local i
  must run -d --name "$C" --cap-add SYS_PTRACE --security-opt seccomp=unconfined "$TOOLS" sh -c '/t/spy /stop >/found; sleep 3100'
  until_ok 10 ct exec "$C" test -s /found
  for ((i = 0; i < 60; ++i)); do ct exec "$C" true; done
  for ((i = 0; i < 10; ++i)); do ct exec -u app "$C" true && ct exec -t "$C" true </dev/null >/dev/null; done
  must exec "$C" touch /stop
  until_ok 10 ct exec "$C" grep -q '^exe' /found
  try exec "$C" cat /found
  out_has "exe /bin/busybox"
  out_lacks monitor
  out_lacks ctool
  out_lacks memfd
  out_lacks "$FILE_DIR"
  out_lacks XDG_RUNTIME_DIR
  out_lacks pidfd
  local strange
  strange=$(grep -vE '^(looking|exe /bin/busybox|cwd /|root /|fd (pipe:|/dev/null|/dev/pts/0|/dev/console|/proc/[0-9]+/(fd|exe).*|/stop|/found)|environ (PATH|HOME|HOSTNAME|TERM|container)=.*)$' <<<"$out") || true
  equal "anything else" "" "$strange"
}

# --- stdin ------------------------------------------------------------------------------------

@test "without -i stdin is empty, and the caller's is not read" {
  up
  try exec "$C" cat </etc/passwd
  ok
  out_is ""
  printf 'a\nb\n' >"$T/lines"
  while read -r line; do ct exec "$C" echo "$line"; done <"$T/lines" >"$T/seen"
  equal "what the loop saw" $'a\nb' "$(<"$T/seen")"
}

@test "-i: 1.5 MB both ways, byte for byte" {
  up
  head -c 1500000 /dev/urandom >"$T/in"
  try exec -i "$C" cat <"$T/in"
  ok
  cmp "$T/in" "$T/.out"
}

@test "-i: 200 MB both ways, byte for byte" {
  up
  local sum
  sum=$(head -c 200000000 /dev/zero | openssl enc -aes-128-ctr -K 0 -iv 0 2>/dev/null | tee >(sha256sum >"$T/sent") |
    ct exec -i "$C" cat | sha256sum)
  until_ok 5 test -s "$T/sent"
  equal "sum" "$(<"$T/sent")" "$sum"
}

@test "-i: the end of stdin is passed on, and the command goes on after it" {
  up
  try exec -i "$C" sh -c 'cat; sleep 0.5; echo after; exit 3' <<<"before"
  exits 3
  out_is $'before\nafter'
  try exec -i "$C" sh -c 'cat; echo end' </dev/null
  out_is end
}

@test "-i: a command that closes stdin, or never reads it, ends all the same" {
  up
  try exec -i "$C" sh -c 'exec <&-; sleep 0.3; echo x' < <(yes 2>/dev/null)
  ok
  out_is x
  try exec -i "$C" true < <(yes 2>/dev/null)
  ok
  try exec -i "$C" head -c 3 < <(printf abc; sleep 30)
  ok
  out_is abc
}

@test "output just before the exit is not lost" {
  up
  local i
  for i in 1 2 3 4 5 6 7 8 9 10; do
    try exec "$C" sh -c 'head -c 65536 /dev/zero; head -c 65536 /dev/zero >&2; exit 9'
    exits 9
    equal "bytes of run $i" "65536 65536" "$(stat -c %s "$T/.out") $(tail -c 65536 "$T/.err" | wc -c)"
  done
}

@test "a background child of the command does not hold exec" {
  up
  local before=$SECONDS
  try exec "$C" sh -c 'sleep 3103 & echo x'
  ok
  out_is x
  ((SECONDS - before < 5)) || complain "an end within five seconds"
  runs 'sleep 3103'
}

@test "a reader that goes away ends exec" {
  up
  ct exec "$C" yes 2>/dev/null | head -n 1 >"$T/.out"
  equal "the line" y "$(<"$T/.out")"
  equal "clients" "" "$(pgrep -f -U "$ACCOUNT" "$TOOL exec $C yes")"
}

@test "while the container's own stdin and output are blocked" {
  must create -i --name "$C" "$IMG" sh -c 'while :; do head -c 100000 /dev/zero; done'
  "${AS_USER[@]}" "$CTOOL" start -ai "$C" < <(yes 2>/dev/null) >"$T/blocked" 2>/dev/null 3>&- 4>&- &
  local starter=$!
  until_ok 10 has_status "$C" running
  until_ok 10 test -s "$T/blocked"
  kill -STOP "$starter"
  sleep 0.5
  try exec -i "$C" cat <<<"still here"
  ok
  out_is "still here"
  kill -CONT "$starter"
  must rm -f -t 0 "$C"
  wait "$starter" || true
}

# --- terminals --------------------------------------------------------------------------------

@test "-t: one stream, CRLF, a terminal" {
  up
  try exec -t "$C" sh -c 'echo o; echo e >&2; tty' </dev/null
  ok
  equal "stdout" $'o\r\ne\r\n/dev/pts/0\r' "$out"
  err_is ""
  try exec -t "$C" sh -c 'exit 5' </dev/null
  exits 5
}

@test "-ti without a terminal on stdin: a warning, and it works" {
  up
  try exec -ti "$C" echo hi </dev/null
  ok
  equal "stdout" $'hi\r' "$out"
  err_has "The input device is not a TTY. The --tty and --interactive flags might not work properly"
}

@test "-ti at a terminal: its size at once, a changed size, typing, ctrl-c" {
  up
  try_tty --size 33x77 -- exec -ti "$C" stty size
  ok
  out_is "33 77"
  try_tty --wait ready --resize 40x100 -- exec -ti "$C" sh -c \
    'trap "stty size; exit 5" WINCH; echo ready; while :; do sleep 0.1; done'
  exits 5
  out_has "40 100"
  try_tty --wait '# ' --send 'echo $((6*7))\n' --wait 42 --send 'exit 3\n' -- exec -ti "$C" sh
  exits 3
  try_tty --wait ready --send '\x03' -- exec -ti "$C" sh -c \
    'trap "exit 6" INT; echo ready; while :; do sleep 0.1; done'
  exits 6
}

@test "the terminal belongs to the user who executes, and job control works" {
  up
  try_tty -- exec -ti -u app "$C" sh -c 'stat -c %u $(tty); echo x >/dev/tty; ps -o pid,pgid,tty | grep -c 136,'
  ok
  out_like $'^1000\nx'
}

@test "ctrl-p ctrl-q detaches from a session, which goes on" {
  up
  try_tty --wait up --pause 0.3 --send '\x10' --pause 0.3 --send '\x11' -- exec -ti "$C" sh -c 'echo up; sleep 3104'
  ok
  runs 'sleep 3104'
  try_tty --wait up --pause 0.3 --send 'ab' -- exec --detach-keys a,b -ti "$C" sh -c 'echo up; sleep 3105'
  ok
  runs 'sleep 3105'
  try exec --detach-keys nonsense "$C" true
  exits 125
}

# --- sessions ---------------------------------------------------------------------------------

@test "ExecIDs: there while a session runs" {
  up
  try inspect -f '{{.ExecIDs}}' "$C"
  out_is "[]"
  try exec -d "$C" sleep 3106
  local id=$out
  try inspect -f '{{json .ExecIDs}}' "$C"
  out_is "[\"$id\"]"
  must exec -d "$C" sleep 3107
  equal "sessions" 2 "$(exec_ids "$C")"
  ct_kill "sleep 310[67]"
  until_ok 10 has_exec_ids "$C" 0
}

@test "a client that is killed: the session goes on, and leaves nothing when it ends" {
  up
  begin exec -i "$C" sh -c 'echo up; sleep 3108; echo x'
  until_ok 10 grep -q up "$T/.out"
  kill -9 "$pid"
  finish
  exits 137
  sleep 0.3
  runs 'sleep 3108'
  equal "sessions" 1 "$(exec_ids "$C")"
  ct_kill "sleep 3108"
  until_ok 10 has_exec_ids "$C" 0
  until_ok 10 runs_not 'sleep 3108'
  # the monitor and nothing else
  until_ok 10 has_monitors 1
}

@test "-i: the end of a client that is killed is the end of stdin" {
  up
  mkfifo "$T/in"
  as_user "$CTOOL" exec -i "$C" sh -c 'echo up; cat >/tmp/part; mv /tmp/part /tmp/end' <"$T/in" >"$T/.out" 2>"$T/.err" &
  pid=$!
  exec 9>"$T/in"
  echo words >&9
  until_ok 10 grep -q up "$T/.out"
  sleep 0.3
  pkill -9 -f -U "$ACCOUNT" "$TOOL exec -i $C"
  wait "$pid" || true
  exec 9>&-
  until_ok 5 ct exec "$C" cat /tmp/end
  try exec "$C" cat /tmp/end
  out_is words
}

@test "signals end the command that waits, and not the session" {
  up
  local signal
  for signal in TERM INT HUP; do
    begin exec "$C" sh -c 'echo up; sleep 3109'
    until_ok 10 grep -q up "$T/.out"
    kill "-$signal" "$pid" 2>/dev/null
    [[ $signal != INT ]] || kill -TERM "$pid"   # bash has it ignored in the background
    finish
    ((rc > 128)) || complain "an end by $signal"
  done
  equal "sessions" 3 "$(exec_ids "$C")"
}

@test "a session ends when the container ends" {
  up
  begin exec "$C" sleep 3110
  until_ok 10 runs 'sleep 3110'
  must rm -f -t 0 "$C"
  finish
  exits 137
  until_ok 10 runs_not 'sleep 3110'
  no_keeper() { ! pgrep -U "$ACCOUNT" -f '^ctool-monitor session'; }
  until_ok 10 no_keeper
}

@test "the monitor was killed: exec still works" {
  up
  kill -9 "$(monitor_of "$C")"
  sleep 0.3
  head -c 1500000 /dev/urandom >"$T/in"
  try exec -i "$C" cat <"$T/in"
  ok
  cmp "$T/in" "$T/.out"
  try exec "$C" sh -c 'echo e >&2; exit 7'
  exits 7
  err_is e
  try exec "$C" /no/such
  exits 127
  try_tty --size 33x77 -- exec -ti "$C" stty size
  out_is "33 77"
  must exec -d "$C" sleep 3114
  equal "sessions" 1 "$(exec_ids "$C")"
  must rm -f -t 0 "$C"
  until_ok 10 runs_not 'sleep 3114'
}

@test "the monitor is killed while sessions run: they go on" {
  up
  mkfifo "$T/in"
  last="exec -i from a fifo"
  ct exec -i "$C" sh -c 'echo up; read line; echo got $line; exit 8' <"$T/in" >"$T/.out" 2>"$T/.err" &
  pid=$!
  exec 9>"$T/in"
  until_ok 10 grep -q up "$T/.out"
  kill -9 "$(monitor_of "$C")"
  sleep 0.3
  echo hello >&9
  exec 9>&-
  finish
  exits 8
  out_is $'up\ngot hello'
}

@test "thirty at once" {
  up
  local i pids=()
  for ((i = 0; i < 30; ++i)); do
    (seq "$i" 20000 | ct exec -i "$C" sh -c "sha256sum; exit $((i + 1))" >"$T/out.$i") &
    pids+=($!)
  done
  for ((i = 0; i < 30; ++i)); do
    rc=0
    wait "${pids[i]}" || rc=$?
    equal "exit status of $i" $((i + 1)) "$rc"
    equal "sum of $i" "$(seq "$i" 20000 | sha256sum)" "$(<"$T/out.$i")"
  done
  equal "sessions" 0 "$(exec_ids "$C")"
}

@test "nothing stays below the monitor" {
  up
  local i monitor before
  monitor=$(monitor_of "$C")
  before=$(pgrep -P "$monitor")
  for ((i = 0; i < 10; ++i)); do ct exec "$C" true; done
  try exec "$C" /no/such
  try exec -u nosuch "$C" true
  sleep 0.3
  equal "children of the monitor" "$before" "$(pgrep -P "$monitor")"
  equal "descriptors" 0 "$(find "/proc/$monitor/fd" -lname '*config.json*' | wc -l)"
  equal "files" 0 "$(find "$(run_dir "$C")/exec" -type f | wc -l)"
}

@test "what a session leaves behind in the container is init's, and no zombie with --init" {
  up --init
  local i
  for i in 1 2 3; do must exec "$C" sh -c 'sleep 0.2 & sleep 0.2 &'; done
  sleep 0.6
  try exec "$C" sh -c 'ps -o stat,comm | grep -c "^Z"'
  out_is 0
}

# --- other containers -------------------------------------------------------------------------

@test "into a container with namespaces of the host, a read-only root, every right" {
  local option
  for option in --network=host --uts=host --cgroupns=host --read-only --network=none --privileged; do
    must run -d --name "$C" "$option" "$IMG" sleep 3115
    local init
    init=$(init_of "$C")
    try exec -i "$C" sh -c 'cat; for i in /proc/self/ns/*; do readlink $i; done | sort -u' <<<"$option"
    ok
    equal "$option" "$option"$'\n'"$(as_user readlink "/proc/$init/ns/"* | sort -u)" "$out"
    must rm -f -t 0 "$C"
  done
}

@test "into a read-only container: nothing can be written" {
  up --read-only
  try exec "$C" touch /x
  exits 1
  err_has "Read-only"
}

@test "a container that ends while commands are being started in it" {
  local i
  for i in 1 2 3 4 5; do
    must run -d --rm --name "$C" "$IMG" sleep 0.4
    while ct exec "$C" true >/dev/null 2>"$T/last"; do :; done
    rc=0
    ct exec "$C" true 2>"$T/last" || rc=$?
    [[ $rc == 255 || $rc == 125 || $rc == 137 ]] || complain "255, 125 or 137, found $rc: $(<"$T/last")"
    until_ok 10 is_gone "$C"
  done
}

@test "a restarted container: the new one is meant" {
  must run -d --name "$C" "$IMG" sh -c 'echo $RANDOM >/tmp/n; sleep 3116'
  must exec "$C" kill -9 1 || true
  ct exec "$C" sh -c 'kill -TERM -1' || true
  must rm -f -t 0 "$C"
  must run -d --name "$C" "$IMG" sleep 3117
  try exec "$C" ps -o args
  ok
  out_has 3117
  out_lacks 3116
}

@test "what the command leaves behind does not hold its end up, whatever it writes" {
  must run -d --name x-left "$IMG" sleep 4951
  capture timeout 10 "${AS_USER[@]}" "$CTOOL" exec x-left sh -c 'yes & exit 7'
  out=${#out}
  exits 7
}

@test "a container whose labels are longer than a message to its monitor" {
  must run -d --name x-labels --label "long=$(head -c 100000 /dev/zero | tr '\0' x)" "$IMG" sleep 4956
  must exec x-labels true
}
