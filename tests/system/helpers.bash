# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153  # what the tests read; what live/env sets
# What every system test uses. A test calls `try` with ctool's arguments and then says what it
# expects of $rc, $out and $err; a failed expectation shows all three.
#
#   @test "exit status" {
#     try run --rm "$IMG" sh -c 'exit 42'
#     exits 42
#     out_is ""
#   }

bats_require_minimum_version 1.5.0
export BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-100}
live=/var/tmp/${CTOOL_TEST_USER:-ctool-test}.d/live
# shellcheck disable=SC1091
. "$live/env"

TOOL=${CTOOL##*/} # the name in messages: ctool or podman
IMG=$REGISTRY/busybox:latest
TOOLS=$REGISTRY/tools:latest
USER_ID=$(id -u "$ACCOUNT")
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Short: unix sockets of the programs under test live below it.
FILE_NAME=$(basename "$BATS_TEST_FILENAME" .bats)
FILE_DIR=$LIVE/f/${FILE_NAME%%-*}

oracle() { [[ $TOOL == podman ]]; }

# --- running ----------------------------------------------------------------------------------

# In front of a command: runs it as the account, in the environment that this file's tests share.
# NAME=VALUE words may come before the command.
AS_USER=(setpriv --reuid "$ACCOUNT" --regid "$ACCOUNT" --init-groups env -i HOME="$FILE_DIR/home"
  XDG_RUNTIME_DIR="$FILE_DIR/run" USER="$ACCOUNT" LOGNAME="$ACCOUNT" LANG=C.UTF-8
  PATH=/usr/local/bin:/usr/bin:/bin)
# (Leaks are the unit tests' to find: a program that a signal ends at a terminal hangs in LeakSanitizer's own tracer.)
# Built with sanitizers: what they find goes to files, also what has no terminal; run-bats looks there at the end.
[[ -z $SANITIZED ]] ||
  AS_USER+=(ASAN_OPTIONS="detect_leaks=0:log_path=$LIVE/found/asan" UBSAN_OPTIONS="print_stacktrace=1:log_path=$LIVE/found/ubsan")

# bats' own descriptors stay outside: what lives on in the background would keep bats waiting.
as_user() { "${AS_USER[@]}" "$@" 3>&- 4>&-; }

# The program under test. CT_ENV (an array of NAME=VALUE) and CT_OPTIONS (global options) apply.
ct() {
  as_user ${CT_ENV[@]+"${CT_ENV[@]}"} "$CTOOL" ${CT_OPTIONS[@]+"${CT_OPTIONS[@]}"} "$@"
}

# begin ARGS...: starts ctool in the background; $pid is its process, its output so far is in
# $T/.out and $T/.err. finish: waits for it and sets rc, out and err.
begin() {
  last="$TOOL $*"
  : >"$T/.out"   # the background opens them later: nobody may take an older output for its
  : >"$T/.err"
  "${AS_USER[@]}" ${CT_ENV[@]+"${CT_ENV[@]}"} "$CTOOL" "$@" >"$T/.out" 2>"$T/.err" 3>&- 4>&- &
  pid=$!
}
finish() { capture_into wait "$pid"; }
# The command of begin has come to where it waits for something to happen.
begun_waiting() {
  if oracle; then sleep 0.5; else until_ok 20 waits_in_kernel; fi
}
waits_in_kernel() { [[ $(cat "/proc/$pid/wchan" 2>/dev/null) =~ poll|nanosleep ]]; }
# lacks COMMAND...: the command fails, as a search that finds nothing does. A bare ! would never fail a test.
lacks() {
  if "$@"; then complain "no success of: $*"; fi
}

# Runs ctool and keeps what came of it: rc, out and err (without their last newlines), and the
# exact bytes in the files $T/.out and $T/.err.
try() {
  last="$TOOL ${CT_OPTIONS[*]-} $*"
  capture ct "$@"
}

capture() { capture_into redirected "$@"; }
redirected() { "$@" >"$T/.out" 2>"$T/.err"; }
capture_into() {
  rc=0
  "$@" || rc=$?
  { out=$(<"$T/.out") err=$(<"$T/.err"); } 2>/dev/null
}

# try_tty [ACTION VALUE]... -- ARGS: like try, at a terminal at which terminal.py plays these actions
# (see there); what the terminal showed is $out.
try_tty() {
  local actions=()
  while [[ $1 != -- ]]; do
    actions+=("$1")
    shift
  done
  shift
  last="(at a terminal) $TOOL $*"
  capture as_user python3 "$HERE/fixtures/terminal.py" ${actions[@]+"${actions[@]}"} -- "$CTOOL" "$@"
  out=${out//$'\r'/}
}

# --- expectations -----------------------------------------------------------------------------

complain() {
  {
    printf 'expected %s\n' "$*"
    printf '  command: %s\n  exit status: %s\n' "${last-}" "${rc-}"
    printf '  stdout: %s\n' "${out//$'\n'/$'\n  stdout: '}"
    printf '  stderr: %s\n' "${err//$'\n'/$'\n  stderr: '}"
  } >&2
  return 1
}

exits() { [[ $rc == "$1" ]] || complain "exit status $1"; }
ok() { exits 0; }
out_is() { [[ $out == "$1" ]] || complain "stdout to be '$1'"; }
out_has() { [[ $out == *"$1"* ]] || complain "stdout to have '$1'"; }
out_lacks() { [[ $out != *"$1"* ]] || complain "stdout not to have '$1'"; }
out_like() { [[ $out =~ $1 ]] || complain "stdout to match /$1/"; }
err_is() { [[ $err == "$1" ]] || complain "stderr to be '$1'"; }
err_has() { [[ $err == *"$1"* ]] || complain "stderr to have '$1'"; }
err_lacks() { [[ $err != *"$1"* ]] || complain "stderr not to have '$1'"; }
err_like() { [[ $err =~ $1 ]] || complain "stderr to match /$1/"; }
# equal WHAT WANTED FOUND
equal() { [[ $2 == "$3" ]] || complain "$1 to be '$2', found '$3'"; }

# run IMAGE... and succeed; for what the test is not about.
must() {
  try "$@"
  ok
}

# until SECONDS COMMAND...: repeats COMMAND until it succeeds.
until_ok() {
  # What takes a second alone may take several beside others on a small machine; who succeeds waits no longer for it.
  local end=$((SECONDS + 4 * $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || complain "success of: $*"
    sleep 0.1
  done
}

# What cannot be tested here: a skip, or a failure where everything must work.
unmet() {
  if [[ ${CTOOL_TEST_MUST_WORK:-} == 1 ]]; then
    echo "unmet: $*" >&2
    return 1
  fi
  skip "$*"
}

# kernel_is VERSION: that, or a later one.
kernel_is() { [[ $(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1) == "$1" ]]; }

# --- state ------------------------------------------------------------------------------------

# The status of a container, as inspect tells it; empty when it is not there.
status_of() { ct inspect --type container --format '{{.State.Status}}' "$1" 2>/dev/null; }
is_gone() { [[ -z $(status_of "$1") ]]; }
has_status() { [[ $(status_of "$1") == "$2" ]]; }

# The canary: a folder of the account on the host that no image and no container may touch.
canary_state() {
  find "$LIVE/canary" -printf '%p %y %m %U:%G %s %n %l %T@\n' | sort
  cat "$LIVE/canary/secret" "$LIVE/canary/victim/f"
}
canary_ok() {
  local now
  now=$(canary_state)
  [[ $now == "$CANARY_BEFORE" ]] || {
    diff <(echo "$CANARY_BEFORE") <(echo "$now") >&2
    complain "the canary to be untouched"
  }
}

# To be called after a test has mounted something: podman's pause process keeps the mount namespace
# of its first command, so that podman would not see it.
mounts_changed() {
  local pause
  if oracle && pause=$(cat "$FILE_DIR/run/libpod/tmp/pause.pid" 2>/dev/null); then
    kill -9 "$pause" && rm -f "$FILE_DIR/run/libpod/tmp/pause.pid"
  fi
  return 0
}

# A folder of the account, removed with the test.
user_dir() {
  local dir=$T/$1
  mkdir -p "$dir"
  chown "$ACCOUNT:" "$dir"
  echo "$dir"
}

# --- set-up and tear-down ---------------------------------------------------------------------

# Files override by defining file_setup / file_teardown / test_setup / test_teardown.
configure_user() {
  local home=$1
  mkdir -p "$home/.config/containers/certs.d/$SECURE_REGISTRY"
  cp "$SECURE_CA" "$home/.config/containers/certs.d/$SECURE_REGISTRY/ca.crt"
  cat >"$home/.config/containers/registries.conf" <<EOF
unqualified-search-registries = ["$REGISTRY"]
short-name-mode = "permissive"
[[registry]]
location = "$REGISTRY"
insecure = true
[[registry]]
location = "$SECURE_REGISTRY"
insecure = false
EOF
  if oracle; then
    printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' \
      >"$home/.config/containers/containers.conf"
    printf '[storage]\ndriver = "overlay"\n' >"$home/.config/containers/storage.conf"
  fi
  chown -R "$ACCOUNT:" "$home"
}

setup_file() {
  mkdir -p "$FILE_DIR"/{home,run}
  chmod 0700 "$FILE_DIR/run"
  chown "$ACCOUNT:" "$FILE_DIR"/run
  configure_user "$FILE_DIR/home"
  if declare -F file_setup >/dev/null; then
    file_setup
  else
    ct pull -q "$IMG" >/dev/null
  fi
}

setup() {
  T=$FILE_DIR/$BATS_TEST_NUMBER
  printf -v C 'c%03d' "$BATS_TEST_NUMBER" # none is the beginning of another
  CT_ENV=() CT_OPTIONS=()
  install -d -o "$ACCOUNT" -m 0755 "$T"
  cd "$T" || return
  CANARY_BEFORE=$(canary_state)
  local reason
  if oracle && [[ ${CTOOL_ORACLE_ALL:-} != 1 ]]; then
    reason=$(skip_reason oracle-skips) && skip "podman 4.3.1: $reason"
  fi
  if [[ -n $SANITIZED ]]; then
    reason=$(skip_reason sanitizer-skips) && skip "sanitizers: $reason"
  fi
  if declare -F test_setup >/dev/null; then test_setup; fi
}

# The reason for which this test stands in a list of skips.
skip_reason() {
  awk -F ' *[|] *' -v file="$FILE_NAME" \
    -v name="$BATS_TEST_DESCRIPTION" \
    '!/^#/ && $1 == file && $2 == name { print $3; found = 1 } END { exit !found }' \
    "$HERE/$1"
}

teardown() {
  if declare -F test_teardown >/dev/null; then test_teardown; fi
  CT_ENV=() CT_OPTIONS=()
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  cd / || return
  find "$T" -xdev -depth -delete 2>/dev/null || true
}

teardown_file() {
  local left
  if declare -F file_teardown >/dev/null; then file_teardown; fi
  left=$(ct ps -aq)
  [[ -z $left ]] || {
    echo "containers left behind: $left" >&2
    return 1
  }
  mounts_changed
}

# The process that supervises a container.
monitor_of() {
  local init
  init=$(ct inspect -f '{{.State.Pid}}' "$1")
  ps -o ppid= -p "$init" | tr -d ' '
}
