#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A terminal as a person uses it: shells, job control, full-screen programs, detaching, and the host's own terminal after it all.

load helpers
load fixtures/screen

test_setup() { screen_start; }
test_teardown() { screen_end; }

# The host's terminal settings, as the shell in the window has them.
settings() {
  local file=$T/stty.$RANDOM
  line "stty -a >$file; clear"
  until_ok 5 test -s "$file"
  cat "$file"
}
# is_sane: the settings are those of before, and the shell echoes and edits.
is_sane() {
  shows 'host>$'
  equal "stty -a" "$BEFORE" "$(settings)"
  line 'echo $((6*111))'
  shows '^666$'
}
shell_in() {
  BEFORE=$(settings)
  line "$TOOL run -it --name $C $IMG sh"
  shows '^/ #$'
}

@test "run -it: a shell; exit 3 is 3, and the terminal is as before" {
  shell_in
  line 'tty; echo $((7*11))'
  shows '^/dev/pts/0$'
  shows '^77$'
  line 'exit 3'
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=3$'
  is_sane
}

@test "ctrl-c interrupts the command, not the shell; ctrl-d ends the shell" {
  shell_in
  line 'sleep 3300'
  sleep 0.5
  keys C-c
  line 'echo "rc=$?"'
  shows '^rc=130$'
  has_status "$C" running
  keys C-d
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=0$'
  is_sane
}

@test "job control: ctrl-z, jobs, bg, fg" {
  shell_in
  line 'sleep 3301'
  sleep 0.5
  keys C-z
  shows 'Stopped.*sleep 3301'
  line 'jobs'
  shows '\[1\]\+ *Stopped'
  line 'bg'
  shows '^\[1\] sleep 3301'
  line 'jobs'
  shows '\[1\]\+ *Running'
  line 'fg'
  sleep 0.5
  keys C-c
  line 'echo "rc=$?"'
  shows '^rc=130$'
  line 'exit'
  is_sane
}

@test "the size: at once, and after the window was resized" {
  screen resize-window -x 91 -y 27
  line "$TOOL run --rm -it --name $C $IMG sh -c 'stty size; sh'"
  shows '^27 91$'
  screen resize-window -x 77 -y 21
  sleep 0.5
  line 'stty size'
  shows '^21 77$'
  line 'exit'
  shows 'host>$'
}

@test "a resize reaches the program in the foreground" {
  shell_in
  line "sh -c \"trap 'stty size' WINCH; while :; do sleep 0.1; done\""
  sleep 0.3
  screen resize-window -x 83 -y 19
  shows '^19 83$'
  keys C-c
}

@test "top redraws and ends; the terminal is as before" {
  BEFORE=$(settings)
  line "$TOOL run --rm -it $IMG top -d 1"
  shows 'Load average'
  shows 'top -d 1'
  screen resize-window -x 70 -y 20
  shows '^Mem: '
  keys q
  screen resize-window -x 100 -y 30
  is_sane
}

@test "vi: keys, cursor, what was written" {
  shell_in
  line 'vi /tmp/file'
  shows '^~'
  keys i
  line 'first line'
  type_in 'zweite Zeile: äöü €'
  keys Escape
  sleep 0.5
  type_in 'ggOtop'
  keys Escape
  sleep 0.5
  line ':wq'
  shows '^/ #'
  line 'clear; cat /tmp/file'
  shows '^top$'
  shows '^first line$'
  shows '^zweite Zeile: äöü €$'
  line exit
  is_sane
}

@test "less: pages, and quits" {
  shell_in
  line 'seq 1 500 | less'
  shows '^29$'
  keys Space
  shows '^58$'
  type_in 'G'
  shows '^500$'
  keys q
  line 'clear; echo quit'
  shows '^quit$'
  line exit
  is_sane
}

@test "ctrl-p ctrl-q detaches to a sane prompt; attach shows the shell again; a second shell by exec" {
  shell_in
  line 'X=kept'
  keys C-p C-q
  is_sane
  has_status "$C" running
  line "clear; $TOOL attach $C"
  sleep 0.7
  line 'echo "X is $X"'
  shows '^X is kept$'
  screen new-window -d -n second "bash --noprofile --rcfile $T/rc -i"
  screen send-keys -t second -l "$TOOL exec -it $C sh"
  screen send-keys -t second Enter
  shows '^/ #$' second
  screen send-keys -t second -l 'tty; exit 5'
  screen send-keys -t second Enter
  shows '^/dev/pts/1$' second
  screen send-keys -t second -l 'echo "rc=$?"'
  screen send-keys -t second Enter
  shows '^rc=5$' second
  has_status "$C" running
  line 'exit 4'
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=4$'
  is_sane
}

@test "ctrl-p alone still reaches the shell" {
  shell_in
  line 'echo one$((1+1))'
  shows '^one2$'
  # the line before: the key is passed on with the one after it
  keys C-p Enter
  again() { [[ $(showing | grep -c '^one2$') == 2 ]]; }
  until_ok 5 again
  line exit
}

@test "attach from a second window at the same time: both show all" {
  shell_in
  screen new-window -d -n second "bash --noprofile --rcfile $T/rc -i"
  screen send-keys -t second -l "$TOOL attach $C"
  screen send-keys -t second Enter
  sleep 0.7
  line 'echo from the first'
  shows '^from the first$' second
  screen send-keys -t second -l 'echo from the second'
  screen send-keys -t second Enter
  shows '^from the second$'
  screen send-keys -t second C-p C-q
  shows 'host>$' second
  line 'echo still here'
  shows '^still here$'
  line 'exit 6'
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=6$'
  is_sane
}

@test "the container is killed from elsewhere: a sane prompt" {
  shell_in
  must rm -f -t 0 "$C"
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=137$'
  is_sane
}

@test "run, exec and attach are killed by TERM, INT, HUP: a sane prompt" {
  BEFORE=$(settings)
  must run -dit --name "$C" "$IMG" sh
  local how signal
  for how in "exec -it $C sh" "attach --sig-proxy=false $C"; do
    for signal in TERM INT HUP; do
      line "clear; $TOOL $how"
      sleep 0.8
      until_ok 5 pkill "-$signal" -f -U "$ACCOUNT" "$TOOL $how\$"
      is_sane
      has_status "$C" running
    done
  done
  must rm -f -t 0 "$C"
  line "clear; $TOOL run -it --sig-proxy=false --name $C $IMG sh"
  shows '^/ #$'
  pkill -TERM -f -U "$ACCOUNT" "$TOOL run -it --sig-proxy=false --name $C"
  is_sane
}

@test "signals to run -it go to the container" {
  BEFORE=$(settings)
  line "$TOOL run -it --name $C $IMG sh -c 'trap \"exit 9\" HUP; echo ready; while :; do sleep 0.1; done'"
  shows '^ready$'
  pkill -HUP -f -U "$ACCOUNT" "$TOOL run -it --name $C"
  shows 'host>$'
  line 'echo "rc=$?"'
  shows '^rc=9$'
  is_sane
}

@test "no such image, no such command, no such container: a message at a sane prompt" {
  BEFORE=$(settings)
  line "clear; $TOOL run --rm -it --pull never localhost/nosuch sh"
  shows 'Error: '
  is_sane
  line "clear; $TOOL run --rm -it $IMG /no/such"
  shows 'Error: .*no/such'
  is_sane
  must run -dit --name "$C" "$IMG" sh
  line "clear; $TOOL exec -it $C /no/such"
  shows 'Error: .*no/such'
  is_sane
  line "clear; $TOOL attach nosuch"
  shows 'Error: .*nosuch'
  is_sane
}

@test "a paste of 100 KB" {
  shell_in
  line 'stty -icanon -echo; head -c 100000 >/tmp/pasted; stty sane; echo done $(sha256sum </tmp/pasted)'
  sleep 0.5
  seq 1 30000 | tr '\n' ' ' | head -c 100000 >"$T/paste"
  chmod a+r "$T/paste"
  screen load-buffer "$T/paste"
  screen paste-buffer
  shows "^done $(sha256sum <"$T/paste" | cut -c 1-64)"
  line exit
  is_sane
}

@test "much output, and ctrl-c in the middle of it" {
  shell_in
  line 'yes 0123456789012345678901234567890123456789'
  sleep 1
  keys C-c
  sleep 0.5
  line 'clear; echo after'
  shows '^after$'
  line exit
  is_sane
}

@test "UTF-8, and the width of what it takes" {
  shell_in
  line 'clear; printf "grüße \342\202\254 \346\227\245\346\234\254\n"'
  shows '^grüße € 日本$'
  line 'echo "žluťoučký kůň" | wc -c'
  shows '^20$'
  line exit
}

@test "--rm -it of a command that reads one line with its own settings" {
  BEFORE=$(settings)
  line "clear; $TOOL run --rm -it $IMG sh -c 'stty -echo; read x; stty echo; echo got \$x'"
  sleep 0.7
  line secret
  shows '^got secret$'
  equal "echoed" 1 "$(showing | grep -c secret)"
  is_sane
}

@test "a login shell's terminal goes away: the container ends with --rm, and nothing stays" {
  line "$TOOL run --rm -it --name $C $IMG sleep 3302"
  until_ok 10 has_status "$C" running
  screen kill-server
  # HUP goes to the command, and by it to the container, whose first process ignores what it has no handler for
  sleep 1
  must rm -f -t 0 "$C"
  until_ok 10 is_gone "$C"
  command_left() { pgrep -f -U "$ACCOUNT" "$TOOL run --rm -it --name $C"; }
  nothing_left() { ! command_left; }
  until_ok 5 nothing_left
}
