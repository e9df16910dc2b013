#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The texts of errors that users can provoke, word for word (data/errors.txt), as text and as JSON; the profile of a command
# and the debug messages of all its programs.

load helpers

test_setup() {
  if oracle; then skip "the words and options are ctool's own"; fi
}
file_setup() {
  ct pull -q "$IMG" >/dev/null
}

# Everything that the commands of the file find there.
stage_set() {
  mkdir -p "$T"/other
  echo 'nonsense = [' >"$T/broken.conf"
  echo 'no archive' >"$T/file"
  touch "$T/other/file"
  chown -R "$ACCOUNT:" "$T"
  must create --name there "$IMG" true
  must run -d --name busy --network none -v used:/mnt "$IMG" sleep 1000
  must volume create vol
  must network create net
  echo secret | ct secret create sec - >/dev/null
}

@test "what users are told, word for word" {
  local accept=() count
  [[ -z ${CTOOL_ACCEPT:-} ]] || accept=(--accept)
  stage_set
  last="data/errors.txt"
  capture python3 "$HERE/data/errors.py" "$HERE/data/errors.txt" ${accept[@]+"${accept[@]}"} "REGISTRY=$REGISTRY" "FOLDER=$T" "HOME=$FILE_DIR/home" \
    "RUN=$FILE_DIR/run" "UID=$USER_ID" "ACCOUNT=$ACCOUNT" -- "${AS_USER[@]}" CTOOL="$CTOOL" IMG="$IMG" REGISTRY="$REGISTRY" T="$T"
  count=$(<"$T/.out")
  local first=$rc
  ct rm -fa -t 0 >/dev/null
  ct volume rm -a >/dev/null
  ct network rm net >/dev/null
  ct secret rm sec >/dev/null
  rc=$first
  ok
  ((count >= 80)) || complain "80 errors at least, not $count"
}

# Errors without a hint must say by themselves what to do: they name the value, and what is wrong with it.
@test "an error is one line, and a hint another" {
  last="data/errors.txt"
  out=$(awk '/^\$ /{command = $0; errors = 0} /^[|] Error: /{if (++errors > 1) print command}' "$HERE/data/errors.txt")
  out_is ""
  out=$(grep -nE '^[|] (Error|hint):.*[[:cntrl:]]' "$HERE/data/errors.txt" || true)
  out_is ""
}

@test "errors as json" {
  local word
  try --error-format=json run --rm "$IMG" nosuch
  exits 127
  equal "lines" 1 "$(wc -l <"$T/.err")"
  equal "code" no-command "$(jq -r .code "$T/.err")"
  [[ $(jq -r .error "$T/.err") == *nosuch* ]] || complain "the command's name"
  try --error-format json pull -q 127.0.0.1:1/x
  exits 125
  equal "keys" "code error hint" "$(jq -r 'keys | join(" ")' "$T/.err")"
  equal "code" network "$(jq -r .code "$T/.err")"
  # Whichever side of what can't be parsed it is on.
  for word in "--error-format=json ps --nosuch" "ps --nosuch --error-format=json" "--error-format=json nosuch"; do
    # shellcheck disable=SC2086
    try $word
    exits 125
    equal "code" invalid-argument "$(jq -r .code "$T/.err")"
  done
  try --error-format=json rm nosuch1 nosuch2
  exits 1
  equal "errors" 2 "$(jq -s length "$T/.err")"
  try --error-format=xml ps
  exits 125
  err_has "error-format"
}

@test "a profile of run and of pull: a time line on stderr, and nothing of it without the option" {
  local phase
  try --profile run --rm "$IMG" echo said
  ok
  out_is said
  for phase in "ctool    begin" "monitor started" "namespaces made" "ids mapped" "init     rootfs" "container set up" "command executed" "container runs" "ctool    end"; do
    err_has "$phase"
  done
  # Sorted, and complete: the begin is 0, the end is the last.
  equal "the first" "0.00" "$(awk 'NR == 2 { print $1 }' "$T/.err")"
  awk 'NR > 2 && $1 < before { exit 1 } { before = $1 }' "$T/.err" || complain "ascending times"
  [[ $(tail -n 1 "$T/.err") == *"ctool    end" ]] || complain "the end"
  try rmi -f "$REGISTRY/config:label"
  try --profile pull -q "$REGISTRY/config:label"
  ok
  err_has "images   manifest fetched"
  err_has "images   layer "
  err_has "images   image recorded"
  try rmi -f "$REGISTRY/config:label"
  try --profile run --rm "$REGISTRY/config:label" true
  ok
  err_has "images   image recorded"
  err_has "monitor  command executed"
  try run --rm "$IMG" true
  ok
  err_is ""
  try --profile run -d --name "$C" "$IMG" sleep 100
  ok
  err_has "container runs"
  # The monitor lives on without it.
  lacks grep -q ctool-profile <(ls -l "/proc/$(monitor_of "$C")/fd")
}

@test "a profile of a command that fails" {
  try --profile run --rm "$IMG" nosuch
  exits 127
  err_has "Error: "
  err_has "ctool    end"
}

@test "debug messages: one stream of ctool, its monitor and init" {
  try --log-level=debug run --rm "$IMG" true
  ok
  err_has "debug: monitor: namespaces made"
  err_has "debug: init: rootfs"
  err_has "debug: ctool: container runs"
  equal "lines that do not say whose they are" "" "$(grep -vE '^(trace|debug|info|warning): (ctool|monitor|init|images): ' "$T/.err")"
  try --log-level=debug run -d --name "$C" "$IMG" sleep 100
  ok
  err_has "debug: monitor: command executed"
  try run --rm "$IMG" env
  out_lacks CTOOL_
  try rmi -f "$REGISTRY/config:label"
  try --log-level=debug run --rm "$REGISTRY/config:label" true
  ok
  err_has "debug: images: manifest fetched"
  try run --rm "$IMG" true
  err_is ""
}
