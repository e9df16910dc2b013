#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The log driver journald, with a real journald: what stands in the journal, and what logs makes of it.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/journal.bash"

test_setup() {
  local missing
  missing=$(journal_missing)
  [[ -z $missing ]] || unmet "$missing"
  make_journal
  mounts_changed
  start_journal
}
test_teardown() {
  remove_journal
  mounts_changed
}

# What stands in the journal of a container, a JSON object a line. Root sees the whole journal.
entries() { journalctl --quiet --no-pager --all --output=json "CONTAINER_ID_FULL=$(ct inspect --format '{{.ID}}' "$1")"; }
# The same without what journald adds.
fields() { entries "$1" | jq -cS 'with_entries(select(.key | test("^(CODE_)?_|^CODE_") | not))'; }
messages() { entries "$1" | jq -c '[.PRIORITY, .MESSAGE, .CONTAINER_PARTIAL_MESSAGE // ""]'; }
kept() { try run --log-driver journald "$@"; }

@test "the fields of an entry" {
  local id
  kept --name "$C" "$IMG" sh -c 'echo out; echo err >&2'
  ok
  id=$(ct inspect --format '{{.ID}}' "$C")
  fields "$C" >"$T/found"
  jq -cnS --arg id "$id" --arg name "$C" '{CONTAINER_ID: $id[:12], CONTAINER_ID_FULL: $id, CONTAINER_NAME: $name,
    SYSLOG_IDENTIFIER: $name} as $all | ($all + {MESSAGE: "out", PRIORITY: "6"}), ($all + {MESSAGE: "err", PRIORITY: "3"})' >"$T/wanted"
  ! oracle || sed -i 's/\\n"/"/' "$T/found" # conmon keeps the end of the line
  diff "$T/wanted" "$T/found"
  equal "who sent it" "$USER_ID" "$(entries "$C" | jq -r ._UID | uniq)"
}

@test "a tag" {
  kept --name "$C" --log-opt tag='t-{{.Name}}' "$IMG" echo x
  ok
  equal fields "t-$C t-$C" "$(entries "$C" | jq -r '.CONTAINER_TAG + " " + .SYSLOG_IDENTIFIER')"
}

@test "also of processes with other ids" {
  kept --name "$C" --user 1000:1000 "$IMG" echo sub
  ok
  try logs "$C"
  out_is sub
}

@test "a line is one entry, however it was written; binary bytes; an end without a newline" {
  kept --name "$C" "$IMG" sh -c 'printf a; sleep 0.1; printf "b\n"; printf "\001\377\n\n"; printf "\t c \r\n"; printf x >&2; echo o; printf end'
  ok
  local wanted='["6","ab",""] ["6",[1,255],""] ["6","",""] ["6",[9,32,99,32,13],""] ["6","o",""]'
  equal messages "$wanted" "$(messages "$C" | head -5 | paste -sd' ')"
  equal "the rest" '["3","x","true"] ["6","end","true"]' "$(messages "$C" | tail -n +6 | sort | paste -sd' ')"
  try logs "$C"
  ok
  equal stdout "$(printf 'ab\n\001\377\n\n\t c \r\no\nend' | od -c)" "$(od -c <"$T/.out")"
  err_is x
}

@test "a long line comes out as it went in" {
  kept -d --name "$C" "$IMG" sh -c 'head -c 1000000 /dev/urandom | base64 -w 0; echo; echo after'
  ok
  must wait "$C"
  try logs "$C"
  ok
  equal lines 2 "$(wc -l <"$T/.out")"
  equal bytes 1333343 "$(wc -c <"$T/.out")"
  head -1 "$T/.out" | base64 -d | wc -c | grep -qx 1000000
  try logs --tail 1 "$C"
  out_is after
}

@test "all is in the journal when the container has ended" {
  local i
  for i in {1..10}; do
    kept --name "$C-$i" "$IMG" sh -c 'seq 200'
    try logs "$C-$i"
    ok
    equal lines 200 "$(wc -l <"$T/.out")"
  done
}

@test "100000 lines at once" {
  kept -d --name "$C" "$IMG" seq 100000
  ok
  try logs -f "$C"
  ok
  seq 100000 | cmp - "$T/.out"
  try logs --tail 3 "$C"
  out_is 99998$'\n'99999$'\n'100000
}

@test "journald is restarted while a container writes" {
  kept -d --name "$C" "$IMG" sh -c 'i=0; while [ $i -lt 40 ]; do i=$((i + 1)); echo $i; sleep 0.05; done'
  ok
  begin logs -f "$C"
  sleep 0.5
  stop_journal
  sleep 0.7
  start_journal
  finish
  ok
  out_is "$(seq 40)"
  try logs "$C"
  out_is "$(seq 40)"
}

@test "no journald for a while: the container goes on, and what is lost is told" {
  kept -d --name "$C" "$IMG" sh -c 'echo first; trap "echo last; exit 0" TERM; sleep 0.3; seq 1000; while :; do sleep 0.1; done'
  ok
  until_ok 5 grep -q first <(entries "$C")
  stop_journal
  sleep 3
  start_journal
  try stop -t 5 "$C"
  ok
  try logs "$C"
  ok
  out_is first$'\n'last
  err_is "ctool: 1000 log entries are lost: the journal took nothing"
}

@test "--tail, -t, --since, --until" {
  kept --name "$C" "$IMG" sh -c 'seq 3; sleep 1.2; seq 4 6'
  ok
  try logs --tail 2 "$C"
  out_is 5$'\n'6
  try logs --tail 0 "$C"
  out_is ""
  try logs -t "$C"
  ok
  local time
  time=$(sed -n '4s/ .*//p' "$T/.out")
  out_like '^[0-9-]{10}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9:]{5}) 1'
  try logs --since "$(date -d "$time - 0.6 seconds" +%FT%T.%NZ)" "$C"
  out_is 4$'\n'5$'\n'6
  try logs --until "$(date -d "$time - 0.6 seconds" +%FT%T.%NZ)" "$C"
  out_is 1$'\n'2$'\n'3
}

@test "a user who has written nothing yet" {
  kept --name "$C" "$IMG" true
  ok
  try logs "$C"
  ok
  out_is ""
  err_is ""
  kept -d --name "$C-2" "$IMG" sh -c 'sleep 0.7; echo 1; sleep 1; echo 2'
  begin logs -f "$C-2"
  until_ok 5 grep -qx 1 "$T/.out"
  has_status "$C-2" running
  finish
  ok
  out_is 1$'\n'2
  err_is ""
}

@test "several containers" {
  kept --name "$C-1" "$IMG" echo one
  kept --name "$C-2" "$IMG" echo two
  try logs -n "$C-1" "$C-2"
  ok
  out_is "$C-1 one"$'\n'"$C-2 two"
}

@test "-f: what there is, what comes, until the container has ended" {
  kept -d --name "$C" "$IMG" sh -c 'echo 1; sleep 0.6; echo 2; echo e >&2; sleep 0.3; seq 3 2000'
  ok
  begin logs -f "$C"
  until_ok 5 grep -qx 2 "$T/.out"
  finish
  ok
  out_is "$(seq 2000)"
  err_is e
  try logs -f "$C"
  ok
  out_is "$(seq 2000)"
}

@test "-f --tail: from there on" {
  kept -d --name "$C" "$IMG" sh -c 'seq 5; sleep 1.5; echo 6'
  ok
  until_ok 5 grep -q '"5"' <(messages "$C")
  ct logs -f --tail 2 "$C" >"$T/two" &
  try logs -f --tail 0 "$C"
  wait $!
  out_is 6
  equal "from the last two on" "4 5 6" "$(paste -sd' ' "$T/two")"
}

@test "the default of containers.conf, with a journal and without" {
  mkdir -p "$FILE_DIR/home/.config/containers/containers.conf.d"
  printf '[containers]\nlog_driver = "journald"\n' >"$FILE_DIR/home/.config/containers/containers.conf.d/log.conf"
  must run --name "$C" "$IMG" echo x
  try inspect --format '{{.HostConfig.LogConfig.Type}}' "$C"
  out_is journald
  try logs "$C"
  out_is x
  remove_journal
  must run --name "$C-file" "$IMG" echo y
  try inspect --format '{{.HostConfig.LogConfig.Type}}' "$C-file"
  out_is k8s-file
  try logs "$C-file"
  out_is y
  rm -r "$FILE_DIR/home/.config/containers/containers.conf.d"
  make_journal
  start_journal
}

@test "a journal that the user may not read" {
  remove_journal
  make_journal Storage=volatile
  start_journal
  kept --name "$C" "$IMG" echo x
  ok
  try logs "$C"
  exits 125
  out_is ""
  err_has "insufficient permissions"
  err_has "hint: "
}
