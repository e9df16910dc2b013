#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Health checks: the container's monitor makes them by its own timers.

load helpers

health() { ct inspect -f "{{.State.Health.$2}}" "$1"; }
has_health() { [[ $(health "$1" Status) == "$2" ]]; }
has_streak() { [[ $(health "$1" FailingStreak) == "$2" ]]; }
checks() { ct inspect -f '{{len .State.Health.Log}}' "$1"; }
has_checks() { (($(checks "$1") >= $2)); }
last_check() { ct inspect "$1" | jq -r ".[0].State.Health.Log[-1].$2"; }
run_dir() { find "$FILE_DIR/run/ctool" -type d -name "$(ct inspect -f '{{.Id}}' "$1")"; }
runs() { pgrep -f -U "$ACCOUNT" "^$1\$"; }
runs_not() { ! runs "$1"; }

# up [RUN-OPTION...]: a container that only waits, whose checks come quickly; the last of an option counts.
up() { must run -d --name "$C" --health-interval 200ms "$@" "$IMG" sleep 3400; }

@test "healthy: healthcheck run says nothing, and 0" {
  must run -d --name "$C" --health-cmd 'echo fine; echo as well >&2' "$IMG" sleep 3400
  try healthcheck run "$C"
  ok
  out_is ""
  equal status healthy "$(health "$C" Status)"
  equal streak 0 "$(health "$C" FailingStreak)"
  equal "exit code" 0 "$(last_check "$C" ExitCode)"
  [[ $(last_check "$C" Output) == *fine*"as well"* ]] || complain "both outputs in the log"
}

@test "unhealthy: 1, and said so; after --health-retries in a row" {
  must run -d --name "$C" --health-cmd 'exit 1' --health-interval disable --health-retries 2 "$IMG" sleep 3400
  try healthcheck run "$C"
  exits 1
  out_is unhealthy
  equal streak 1 "$(health "$C" FailingStreak)"
  [[ $(health "$C" Status) != unhealthy ]] || complain "one failure not to be enough"
  try healthcheck run "$C"
  exits 1
  equal status unhealthy "$(health "$C" Status)"
  equal "exit code" 1 "$(last_check "$C" ExitCode)"
}

@test "healthcheck run --ignore-result: 0" {
  must run -d --name "$C" --health-cmd 'exit 1' --health-interval disable "$IMG" sleep 3400
  try healthcheck run --ignore-result "$C"
  ok
  equal streak 1 "$(health "$C" FailingStreak)"
}

@test "no check, no such container, not running, paused: 125" {
  must run -d --name "$C" "$IMG" sleep 3400
  try healthcheck run "$C"
  exits 125
  err_has "has no defined healthcheck"
  try healthcheck run nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found: no such container'
  must create --name "$C-2" --health-cmd true "$IMG" true
  try healthcheck run "$C-2"
  exits 125
  err_has "is not running"
  must start -a "$C-2"
  try healthcheck run "$C-2"
  exits 125
  err_has "is not running"
}

@test "the timer: starting, healthy, unhealthy, and back" {
  up --health-cmd 'test -e /well' --health-retries 2
  [[ $(health "$C" Status) =~ starting|unhealthy ]] || complain "starting"
  until_ok 10 has_health "$C" unhealthy
  must exec "$C" touch /well
  until_ok 10 has_health "$C" healthy
  equal streak 0 "$(health "$C" FailingStreak)"
  must exec "$C" rm /well
  until_ok 10 has_health "$C" unhealthy
}

@test "the first check comes at once, the next after the interval" {
  must run -d --name "$C" --health-cmd 'echo x >>/count' --health-interval 2s "$IMG" sleep 3400
  until_ok 2 has_health "$C" healthy
  equal checks 1 "$(checks "$C")"
  until_ok 5 has_checks "$C" 2
}

@test "--health-interval disable: only by hand" {
  must run -d --name "$C" --health-cmd true --health-interval disable "$IMG" sleep 3400
  sleep 1
  equal checks 0 "$(checks "$C")"
  equal status starting "$(health "$C" Status)"
  must healthcheck run "$C"
  equal checks 1 "$(checks "$C")"
}

@test "--health-cmd: a line for the shell, JSON, CMD, CMD-SHELL, none" {
  local given wanted
  while IFS='|' read -r given wanted; do
    must create --name "$C" --health-cmd "$given" "$IMG" true
    try inspect -f '{{json .Config.Healthcheck.Test}}' "$C"
    equal "$given" "$wanted" "$out"
    must rm "$C"
  done <<'END'
echo a b|["CMD-SHELL","echo a b"]
["echo","a b"]|["CMD","echo","a b"]
["echo"]|["CMD-SHELL","echo"]
CMD echo  a|["CMD","echo","a"]
cmd echo a|["CMD","echo","a"]
["CMD","echo","a b"]|["CMD","echo","a b"]
CMD-SHELL echo a b|["CMD-SHELL","echo a b"]
none|["NONE"]
["none"]|["NONE"]
END
  must run -d --name "$C" --health-cmd none "$IMG" sleep 3400
  try healthcheck run "$C"
  exits 125
  err_has "has no defined healthcheck"
}

@test "the forms are run as they are written" {
  local given
  for given in 'test "$(echo x)" = x' '["test","$(echo x)","=","$(echo x)"]' 'CMD test x = x' 'CMD-SHELL exit 0' 'cmd-shell test a = a' '["CMD-SHELL","test","a","=","a"]'; do
    must run -d --name "$C" --health-cmd "$given" "$IMG" sleep 3400
    try healthcheck run "$C"
    ok
    must rm -f -t 0 "$C"
  done
  must run -d --name "$C" --health-cmd '["/no/such","x"]' --health-interval disable "$IMG" sleep 3400
  try healthcheck run "$C"
  exits 1
  out_is unhealthy
}

@test "values that cannot be" {
  local option words
  while IFS='|' read -r option words; do
    # shellcheck disable=SC2086
    try create --health-cmd true $option "$IMG" true
    exits 125
    err_has "$words"
  done <<'END'
--health-interval x|invalid healthcheck-interval
--health-timeout 10ms|healthcheck-timeout must be at least 1 second
--health-timeout y|invalid healthcheck-timeout
--health-retries 0|healthcheck-retries must be greater than 0
--health-start-period -1s|healthcheck-start-period must be 0 seconds or greater
--health-on-failure=dance|invalid on-failure action
--no-healthcheck|cannot specify both --no-healthcheck and --health-cmd
END
  try create --health-on-failure=kill "$IMG" true
  exits 125
  err_has "cannot set on-failure action to kill without a health check"
  try create --health-cmd '[]' "$IMG" true
  exits 125
}

@test "--health-timeout ends the check and what it has started" {
  # On a busy machine the second may be over before anybody looks.
  must run -d --name "$C" --health-cmd 'sleep 3401 & echo begun >/began; sleep 3402' --health-timeout 1s --health-interval 60s --health-retries 1 "$IMG" sleep 3400
  until_ok 30 has_health "$C" unhealthy
  must exec "$C" test -s /began
  equal "exit code" -1 "$(last_check "$C" ExitCode)"
  until_ok 5 runs_not 'sleep 3402'
  until_ok 5 runs_not 'sleep 3401'
  runs 'sleep 3400'
}

@test "--health-timeout ends what has left the check's session, or lost its parent, too" {
  # A session of its own; one whose parent has ended; both of it, and deeper. Each leaves word that it has begun: on a busy
  # machine the time may be over before anybody looks.
  cat >"$T/check" <<'END'
if [ $# -gt 0 ]; then echo "$1" >>/began; exec sleep "$1"; fi
setsid sh /check 3411 &
(sh /check 3412 &)
(setsid sh -c "setsid sh /check 3413 & sh /check 3414" &)
sh /check 3415
END
  must create --name "$C" --health-cmd 'sh /check' --health-timeout 3s --health-interval 60s --health-retries 1 "$IMG" sleep 3400
  must cp "$T/check" "$C:/check"
  must start "$C"
  local n
  until_ok 30 has_health "$C" unhealthy
  equal "what had begun" "3411 3412 3413 3414 3415" "$(ct exec "$C" sort /began | xargs)"
  for n in 3411 3412 3413 3414 3415; do runs_not "sleep $n" || complain "the end of sleep $n"; done
  runs 'sleep 3400'
}

@test "--health-start-period: failures do not count, a success does" {
  must run -d --name "$C" --health-cmd 'test -e /well' --health-interval 200ms --health-retries 1 --health-start-period 3s "$IMG" sleep 3400
  until_ok 10 has_checks "$C" 3
  equal status starting "$(health "$C" Status)"
  equal streak 0 "$(health "$C" FailingStreak)"
  must exec "$C" touch /well
  until_ok 2 has_health "$C" healthy
  must exec "$C" rm /well
  until_ok 10 has_health "$C" unhealthy
}

@test "--health-on-failure: kill, stop, none, by the check of healthcheck run" {
  local action
  for action in none kill stop; do
    must run -d --name "$C" --health-cmd 'test ! -e /ill' --health-interval disable --health-retries 1 --health-on-failure "$action" \
      "$IMG" sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done'
    must healthcheck run "$C"
    must exec "$C" touch /ill
    try healthcheck run "$C"
    exits 1
    out_is unhealthy
    try inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.Config.HealthcheckOnFailureAction}}' "$C"
    case $action in
      none) out_is "running 0 none" ;;
      kill) out_is "exited 137 kill" ;;
      stop) out_is "exited 9 stop" ;;
    esac
    must rm -f -t 0 "$C"
  done
}

@test "--health-on-failure restart: it runs again, and is starting" {
  must run -d --name "$C" --health-cmd 'test ! -e /run/ill' --tmpfs /run --health-interval disable --health-retries 1 --health-on-failure restart \
    --stop-timeout 0 "$IMG" sleep 3403
  local before
  before=$(pgrep -f -U "$ACCOUNT" '^sleep 3403$')
  must exec "$C" touch /run/ill
  try healthcheck run "$C"
  exits 1
  out_is unhealthy
  must healthcheck run "$C"
  equal status healthy "$(health "$C" Status)"
  has_status "$C" running
  runs 'sleep 3403'
  [[ $(pgrep -f -U "$ACCOUNT" '^sleep 3403$') != "$before" ]] || complain "another process"
}

@test "--health-on-failure with a restart policy: kill restarts, stop does not" {
  must run -d --name "$C" --restart always --health-cmd 'test ! -e /run/ill' --tmpfs /run --health-interval 300ms --health-retries 1 \
    --health-on-failure kill "$IMG" sleep 3404
  until_ok 5 has_health "$C" healthy
  local before
  before=$(ct inspect -f '{{.State.Pid}}' "$C")
  must exec "$C" touch /run/ill
  again() { [[ $(ct inspect -f '{{.State.Pid}}' "$C") != "$before" ]] && has_health "$C" healthy; }
  until_ok 10 again
  must rm -f -t 0 "$C"
  must run -d --name "$C" --restart always --health-cmd 'test ! -e /run/ill' --tmpfs /run --health-interval 300ms --health-retries 1 \
    --health-on-failure stop --stop-timeout 0 "$IMG" sleep 3405
  must exec "$C" touch /run/ill
  until_ok 10 has_status "$C" exited
  sleep 0.7
  has_status "$C" exited
  runs_not 'sleep 3405'
}

@test "--no-healthcheck, and the empty Health of a container without one" {
  must run -d --name "$C" --no-healthcheck "$IMG" sleep 3400
  equal test '["NONE"]' "$(ct inspect -f '{{json .Config.Healthcheck.Test}}' "$C")"
  try healthcheck run "$C"
  exits 125
  equal status "" "$(health "$C" Status)"
}

@test "the image's check; options change parts of it, --no-healthcheck leaves it out" {
  must run -d --name "$C" "$REGISTRY/config:health" sleep 3400
  until_ok 10 has_health "$C" unhealthy
  must exec "$C" touch /well
  until_ok 5 has_health "$C" healthy
  must run -d --name "$C-2" --health-retries 50 --health-interval disable "$REGISTRY/config:health" sleep 3400
  try inspect -f '{{json .Config.Healthcheck}}' "$C-2"
  equal settings '{"Retries":50,"Test":["CMD-SHELL","test -e /well"],"Timeout":5000000000}' "$(jq -cS . <<<"$out")"
  try healthcheck run "$C-2"
  exits 1
  must run -d --name "$C-3" --no-healthcheck "$REGISTRY/config:health" sleep 3400
  try healthcheck run "$C-3"
  exits 125
  must run -d --name "$C-4" --health-cmd true "$REGISTRY/config:health" sleep 3400
  must healthcheck run "$C-4"
}

@test "inspect: the check's settings and results" {
  must run -d --name "$C" --health-cmd 'echo x; exit 3' --health-interval 7s --health-timeout 8s --health-retries 9 --health-start-period 10s "$IMG" sleep 3400
  try inspect -f '{{json .Config.Healthcheck}}' "$C"
  equal settings '{"Interval":7000000000,"Retries":9,"StartPeriod":10000000000,"Test":["CMD-SHELL","echo x; exit 3"],"Timeout":8000000000}' "$(jq -cS . <<<"$out")"
  try healthcheck run "$C"
  try inspect "$C"
  equal keys "End ExitCode Output Start" "$(jq -r '.[0].State.Health.Log[-1] | keys | join(" ")' <<<"$out")"
  jq -e '.[0].State.Health.Log[-1] | .Start < .End' <<<"$out"
  equal "Healthcheck is Health" "$(health "$C" Status)" "$(ct inspect -f '{{.State.Healthcheck.Status}}' "$C")"
}

@test "--health-max-log-count and --health-max-log-size" {
  up --health-cmd 'head -c 5000 /dev/zero | tr "\0" x' --health-max-log-count 3 --health-max-log-size 77
  until_ok 10 has_health "$C" healthy
  sleep 1.5
  equal checks 3 "$(checks "$C")"
  equal size 77 "$(last_check "$C" Output | tr -d '\n' | wc -c)"
  must rm -f -t 0 "$C"
  up --health-cmd 'head -c 5000 /dev/zero | tr "\0" x' --health-max-log-size 0 --health-max-log-count 0
  until_ok 10 has_checks "$C" 7
  equal size 5000 "$(last_check "$C" Output | tr -d '\n' | wc -c)"
}

@test "output that is no text is shown all the same" {
  must run -d --name "$C" --health-cmd "printf 'a\\377\\033[1mb\\\"'; head -c 100 /dev/urandom" --health-interval disable "$IMG" sleep 3400
  must healthcheck run "$C"
  try inspect "$C"
  jq -e '.[0].State.Health.Log | length == 1' <<<"$out"
}

@test "the check is a process like the container's" {
  must run -d --name "$C" -u app -w /var/www -e A=1 --cap-drop all --security-opt no-new-privileges --health-interval disable \
    --health-cmd 'echo $A $(id -u) $(pwd) $HOME; grep -E "^(CapBnd|Seccomp|NoNewPrivs):" /proc/self/status; ls /proc/self/fd | wc -l; cat' "$IMG" sleep 3400
  must healthcheck run "$C" </etc/passwd
  equal output "$(printf '1 1000 /var/www /home/app\nCapBnd:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\n4')" "$(last_check "$C" Output)"
}

@test "every start begins anew" {
  must run -d --name "$C" --health-cmd 'test -e /tmp/well' --health-interval disable --health-retries 1 "$IMG" sh -c 'sleep 1.5'
  try healthcheck run "$C"
  equal status unhealthy "$(health "$C" Status)"
  until_ok 10 has_status "$C" exited
  must start "$C"
  equal status starting "$(health "$C" Status)"
  equal checks 0 "$(checks "$C")"
}

@test "no check while it is paused" {
  up --health-cmd 'echo x'
  until_ok 10 has_checks "$C" 1
  touch "$(run_dir "$C")/paused"
  sleep 0.5
  try healthcheck run "$C"
  exits 125
  err_has "is not running"
  local before
  before=$(last_check "$C" Start)
  sleep 1
  equal "the last check" "$before" "$(last_check "$C" Start)"
  rm "$(run_dir "$C")/paused"
  changed() { [[ $(last_check "$C" Start) != "$before" ]]; }
  until_ok 5 changed
}

@test "rm in the middle of a check leaves nothing, and no check outlives its container" {
  local i
  for i in 1 2 3 4 5; do
    must run -d --name "$C" --health-cmd 'sleep 3406' --health-interval 100ms "$IMG" sleep 3407
    until_ok 5 runs 'sleep 3406'
    begin healthcheck run "$C"
    sleep "0.$i"
    must rm -f -t 0 "$C"
    finish
    exits 125
    err_like 'has ended|no such container'
    until_ok 5 runs_not 'sleep 340[67]'
  done
  gone() { [[ -z $(find "$FILE_DIR/run/ctool" -name 'health*') ]]; }
  until_ok 5 gone
}

@test "a check that the end of the container cuts short does not count" {
  must run -d --name "$C" --health-cmd 'sleep 3408' --health-interval 60s "$IMG" sleep 1
  until_ok 5 runs 'sleep 3408'
  until_ok 10 has_status "$C" exited
  sleep 0.3
  equal checks 0 "$(checks "$C")"
  equal streak 0 "$(health "$C" FailingStreak)"
}

@test "checks do not pile up, and leave no zombies" {
  up --health-cmd 'sleep 0.5; echo x >>/count'
  local monitor
  monitor=$(monitor_of "$C")
  for _ in 1 2 3 4 5; do ct healthcheck run "$C"; done
  sleep 1
  equal zombies 0 "$(pgrep -c -r Z -P "$monitor")"
  (($(pgrep -c -P "$monitor" ctool-monitor) <= 2)) || complain "one check at a time"
}

@test "many by hand at once: each counts" {
  must run -d --name "$C" --health-cmd 'exit 1' --health-interval disable --health-retries 100 "$IMG" sleep 3400
  local i pids=()
  for ((i = 0; i < 12; ++i)); do
    ct healthcheck run "$C" >/dev/null &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || true; done
  equal streak 12 "$(health "$C" FailingStreak)"
}

@test "the monitor was killed: healthcheck run says so" {
  must run -d --name "$C" --health-cmd true "$IMG" sleep 3400
  kill -9 "$(monitor_of "$C")"
  sleep 0.3
  try healthcheck run "$C"
  exits 125
  err_has monitor
}

@test "--health-on-failure restart of one in the foreground: its end is told, and it goes on" {
  oracle && skip "its timers are systemd's"
  try run --name "$C" --stop-timeout 1 --health-cmd false --health-interval 200ms --health-retries 1 --health-on-failure restart "$IMG" sleep 34077
  exits 137
  runs_again() { [[ $(ct inspect -f '{{.State.Status}} {{.State.Pid}}' "$C") == "running "[1-9]* ]]; }
  until_ok 10 runs_again
  must rm -f -t 0 "$C"
  is_gone "$C"
}
