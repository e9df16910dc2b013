#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill -9 at any instant of what adds images and takes them away: the next command works, nothing is damaged, and
# nothing stays behind.

load helpers

file_setup() { :; }
test_setup() {
  store=$(user_dir root)/s
  CT_OPTIONS=(--root "$store" --runroot "$(user_dir run)")
}
test_teardown() { ct rmi -fa >/dev/null 2>&1 || true; }

# kill_within MAX COMMAND...: starts it and kills its whole session after up to MAX milliseconds.
kill_within() {
  local max=$1 group
  shift
  # <&0: else bash gives what runs in the background /dev/null, whatever the caller's input is.
  "${AS_USER[@]}" setsid "$CTOOL" "${CT_OPTIONS[@]}" "$@" <&0 >/dev/null 2>&1 3>&- 4>&- &
  group=$!
  sleep "$(awk -v max="$max" -v r="$RANDOM" 'BEGIN { printf "%.4f", r / 32768 * max / 1000 }')"
  kill -9 -- "-$group" 2>/dev/null || kill -9 "$group" 2>/dev/null || true
  wait "$group" 2>/dev/null || true
  # In the background of a command that had ended: who empties the trash has a session of its own.
  pkill_ours -9
}
# Every process that works on this test's store.
pkill_ours() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qzxF -- "$store" "$process/cmdline" 2>/dev/null; then kill "$1" "${process#/proc/}" 2>/dev/null || true; fi
  done
}

# How long the command takes when nobody kills it, in milliseconds.
took() {
  local begun=$EPOCHREALTIME
  must "$@"
  took=$(((${EPOCHREALTIME/./} - ${begun/./}) / 1000))
}

# Names below the store's folders that no record knows.
left_over() { find "$store/trash" "$store/staging" -mindepth 1 -maxdepth 1; }
nothing_left() { [[ -z $(left_over) ]]; }

@test "pull, killed at 25 instants" {
  local round took
  took pull -q "$REGISTRY/many:latest"
  must rmi "$REGISTRY/many:latest"
  for round in {1..25}; do
    kill_within "$((took + 50))" pull -q "$REGISTRY/many:latest"
    try images -q
    ok
    # An image is there whole or not at all.
    if [[ -n $out ]]; then
      try system check -q
      ok
      must rmi "$REGISTRY/many:latest"
    fi
  done
  must pull -q "$REGISTRY/many:latest"
  try system check
  ok
  out_is ""
  try run --rm "$REGISTRY/many:latest" cat /l/last
  out_is 59
  until_ok 60 nothing_left
  equal layers "$(ct image inspect -f '{{len .RootFS.Layers}}' "$REGISTRY/many:latest")" \
    "$(find "$store/layers" -mindepth 1 -maxdepth 1 ! -name 'fixup-*' | wc -l)"
}

@test "rmi, killed at 25 instants" {
  local round took
  must pull -q "$IMG"
  must pull -q "$REGISTRY/many:latest"
  took rmi "$REGISTRY/many:latest"
  for round in {1..25}; do
    must pull -q "$REGISTRY/many:latest"
    kill_within "$((took + 20))" rmi "$REGISTRY/many:latest"
    try run --rm "$IMG" true
    ok
    try system check -q
    ok
    out_is ""
  done
  try system check
  ok
  out_is ""
  ct rmi "$REGISTRY/many:latest" >/dev/null 2>&1 || true
  must rmi "$IMG"
  until_ok 60 nothing_left
  equal layers "" "$(ls "$store/layers")"
  equal blobs "" "$(find "$store/blobs" -type f)"
}

@test "load, killed at 25 instants: archives, a stream, a list" {
  local round took=0 d sum
  d=$(user_dir there)
  must pull -q "$REGISTRY/many:latest"
  must pull -q "$IMG"
  must manifest create made
  must manifest add made "$REGISTRY/many:latest"
  must manifest add --arch arm64 made "$IMG"
  must save -q -m -o "$d/docker" "$REGISTRY/many:latest" "$IMG"
  must save -q --format oci-archive -o "$d/list" made
  must rmi -fa
  for round in {1..25}; do
    local input=$d/docker names=2
    if ((round % 2)); then input=$d/list names=1; fi
    if ((round <= 2)); then
      took load -q -i "$input"
      must rmi -fa
    fi
    if ((round % 3)); then kill_within "$((took + 30))" load -q -i "$input"
    else kill_within "$((took + 30))" load -q <"$input"; fi
    try images --format '{{.Repository}}'
    ok
    # All images of an archive are there, or none.
    sum=$(grep -cv '<none>' "$T/.out" || true)
    [[ $sum == 0 || $sum == "$names" ]] || complain "none or $names names"
    try system check -q
    ok
    out_is ""
    must rmi -fa
  done
  must load -q -i "$d/list"
  try run --rm made cat /l/last
  out_is 59
  must rmi -fa
  until_ok 60 nothing_left
  equal layers "" "$(ls "$store/layers")"
  equal blobs "" "$(find "$store/blobs" -type f)"
}

@test "system prune and import, killed" {
  local round took
  mkdir "$T/tree"
  for round in {1..300}; do head -c 20000 /dev/urandom >"$T/tree/$round"; done
  tar -C "$T/tree" -cf "$T/tree.tar" .
  chmod 644 "$T/tree.tar"
  took import -q "$T/tree.tar" made:1
  for round in {1..10}; do
    kill_within "$((took + 20))" import -q "$T/tree.tar" made:2
    kill_within 40 system prune -af
    try system check -q
    ok
    out_is ""
  done
  must system prune -af
  try images -q
  out_is ""
  until_ok 60 nothing_left
  equal layers "" "$(ls "$store/layers")"
  equal blobs "" "$(find "$store/blobs" -type f)"
}
