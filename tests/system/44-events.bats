#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events: what happened, in order, as podman tells it.

load helpers

# A name that is no prefix of an id: filters take both.
test_setup() { printf -v C 'ev%03d' "$BATS_TEST_NUMBER"; }

# The states that a container's events have gone through, in one line.
story() { ct events --stream=false --filter container="$1" --format '{{.Status}}' | tr '\n' ' ' | sed 's/ $//'; }

@test "run --rm: create, init, start, attach, died, remove" {
  must run --rm --name "$C" "$IMG" true
  equal story "create init start attach died remove" "$(story "$C" | sed 's/cleanup //')"
}

@test "cleanup comes between died and remove" {
  must run --rm --name "$C" "$IMG" true
  equal story "create init start attach died cleanup remove" "$(story "$C")"
}

@test "run -d --rm, start, rm" {
  must run -d --rm --name "$C" "$IMG" true
  until_ok 10 is_gone "$C"
  equal "detached" "create init start died remove" "$(story "$C" | sed 's/cleanup //')"
  must create --name "$C-2" "$IMG" true
  equal created create "$(story "$C-2")"
  must start -a "$C-2"
  until_ok 10 eval '[[ $(story "$C-2") == *"cleanup" ]]'
  must rm "$C-2"
  equal "created, started, removed" "create init start attach died cleanup remove" "$(story "$C-2")"
}

@test "the text of a container's event: image, name, labels" {
  must run --rm --name "$C" --label b=2 --label a="x y" "$IMG" true
  try events --stream=false --filter container="$C" --filter event=start
  ok
  out_like "^20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{1,9} [+-][0-9]{4} [A-Z0-9+-]+ container start [0-9a-f]{64} \(image=$IMG, name=$C, "
  out_has "a=x y"
  out_has "b=2"
  try events --stream=false --filter container="$C" --filter event=start --no-trunc=false
  out_like " container start [0-9a-f]{12} \(image="
}

@test "an event without labels" {
  must run --rm --name "$C" "$IMG" true
  try events --stream=false --filter container="$C" --filter event=create
  out_like "container create [0-9a-f]{64} \(image=$IMG, name=$C\)$"
}

@test "--format json: one object a line, podman's keys" {
  must run -d --name "$C" --label k=v "$IMG" true
  local id=$out
  try events --stream=false --filter container="$C" --filter event=create --format json
  ok
  equal lines 1 "$(wc -l <"$T/.out")"
  equal values "$id $IMG $C create container v" "$(jq -r '"\(.ID) \(.Image) \(.Name) \(.Status) \(.Type) \(.Attributes.k)"' <<<"$out")"
}

@test "--format json: the times, and the order of the keys" {
  must run --rm --name "$C" "$IMG" true
  try events --stream=false --filter container="$C" --filter event=create --format json
  equal keys '["ID","Image","Name","Status","time","timeNano","Type","Attributes"]' "$(jq -c keys_unsorted <<<"$out")"
  equal "seconds" true "$(jq '(.timeNano / 1000000000 | floor) == .time' <<<"$out")"
  equal "no labels" null "$(jq .Attributes <<<"$out")"
}

@test "the exit code is in the event of the end" {
  try run --rm --name "$C" "$IMG" sh -c 'exit 17'
  exits 17
  try events --stream=false --filter container="$C" --filter event=died --format json
  equal code 17 "$(jq .ContainerExitCode <<<"$out")"
  try events --stream=false --filter container="$C" --filter event=start --format json
  equal "none before" null "$(jq .ContainerExitCode <<<"$out")"
}

@test "--format with a template" {
  must run --rm --name "$C" --label k=v "$IMG" true
  try events --stream=false --filter container="$C" --filter event=died --format '{{.Type}} {{.Status}} {{.Name}} {{.Image}} {{.Attributes.k}}'
  ok
  out_is "container died $C $IMG v"
  try events --stream=false --filter container="$C" --format '{{.Nosuch}}'
  exits 125
  err_has "can't evaluate field Nosuch"
}

@test "the template's times" {
  must run --rm --name "$C" "$IMG" true
  try events --stream=false --filter container="$C" --filter event=died --format '{{.Time}} {{.TimeNano}} {{.ContainerExitCode}}'
  out_like '^[0-9]{10} [0-9]{19} 0$'
}

@test "filters: the same key is or, others are and" {
  must run --rm --name "$C-a" --label l=a "$IMG" true
  must run --rm --name "$C-b" --label l=b "$IMG" true
  try events --stream=false --filter container="$C-a" --filter container="$C-b" --filter event=start --format '{{.Name}}'
  out_is "$C-a"$'\n'"$C-b"
  try events --stream=false -f label=l=b -f status=died --format '{{.Name}}'
  out_is "$C-b"
  try events --stream=false -f label=l --filter event=start --filter container="$C-a" --format '{{.Name}}'
  out_is "$C-a"
  try events --stream=false --filter container="$C-a" --filter type=image
  out_is ""
  try events --stream=false --filter container=nosuch
  ok
  out_is ""
}

@test "filters: a container by the beginning of its id" {
  must run -d --name "$C" "$IMG" true
  local id=$out
  try events --stream=false --filter container="${id:0:10}" --filter event=create --format '{{.Name}}'
  out_is "$C"
}

@test "filters that are none" {
  try events --stream=false --filter foo=bar
  exits 125
  err_is "Error: foo is an invalid filter"
  try events --stream=false --filter foo
  exits 125
  err_is "Error: foo is an invalid filter"
  try events --stream=false --since garbage
  exits 125
  err_is "Error: unable to convert since time of garbage: unable to interpret time value"
  try events --stream=false --until garbage
  exits 125
  err_is "Error: unable to convert until time of garbage: unable to interpret time value"
}

@test "--since and --until" {
  must run --rm --name "$C-a" "$IMG" true
  sleep 1.1
  local middle
  middle=$(date --iso-8601=ns | tr , .)
  must run --rm --name "$C-b" "$IMG" true
  try events --stream=false --since "$middle" --filter event=start --format '{{.Name}}'
  out_is "$C-b"
  try events --stream=false --until "$middle" --filter event=start --filter container="$C-a" --filter container="$C-b" --format '{{.Name}}'
  out_is "$C-a"
  try events --since 1h --until 0s --filter event=start --filter container="$C-b" --format '{{.Name}}'
  ok
  out_is "$C-b"
}

@test "streaming: what comes, as it comes, and not what was" {
  must run --rm --name "$C-a" "$IMG" true
  begin events --filter event=start --format '{{.Name}}'
  sleep 0.7
  ct run --rm --name "$C-b" "$IMG" true
  until_ok 10 grep -q "$C-b" "$T/.out"
  kill "$pid"
  finish
  out_is "$C-b"
}

@test "streaming ends at --until" {
  local begin=$SECONDS
  begin events --until 2s --filter event=start --format '{{.Name}}'
  sleep 0.5
  ct run --rm --name "$C" "$IMG" true
  finish
  ok
  out_has "$C"
  ((SECONDS - begin <= 6))
}

@test "a restart policy: died, restart, init, start" {
  try run --name "$C" --restart on-failure:1 "$IMG" false
  exits 1
  until_ok 10 eval '[[ $(story "$C") == *"cleanup" ]]'
  equal story "create init start attach died restart init start died cleanup" "$(story "$C")"
}

@test "a command that does not exist never started" {
  try run --rm --name "$C" "$IMG" /nosuch
  exits 127
  equal story "create remove" "$(story "$C" | sed 's/init //; s/cleanup //')"
}

@test "volumes: create, remove" {
  must run --rm --name "$C" -v "$C-vol":/v "$IMG" true
  try events --stream=false --filter type=volume --filter volume="$C-vol"
  ok
  out_like "UTC volume create $C-vol$"
  try events --stream=false --filter volume="$C-vol" --format json
  equal keys '["Name","Status","time","timeNano","Type","Attributes"]' "$(jq -c keys_unsorted <<<"$out")"
  must run --rm -v /v --name "$C" "$IMG" true
  equal anonymous "create remove" "$(ct events --stream=false --filter type=volume --format '{{.Status}}' | tail -n 2 | tr '\n' ' ' | sed 's/ $//')"
}

@test "images: pull, untag, remove" {
  must pull -q "$TOOLS"
  local id=${out#sha256:}
  must rmi "$TOOLS"
  try events --stream=false --filter type=image --filter image="$id"
  ok
  out_like "UTC image pull $id $TOOLS"$'\n'".* image untag $id $TOOLS"$'\n'".* image remove $id "
}

@test "import" {
  as_user tar -cf "$(user_dir i)/x.tar" -C /etc passwd
  must import "$T/i/x.tar" localhost/imported:1
  try events --stream=false --filter event=import --format '{{.Type}} {{.Name}}'
  ok
  out_is "image $T/i/x.tar"
  ct rmi localhost/imported:1
}

@test "backend none: nothing is told, and nothing can be read" {
  CT_OPTIONS=(--events-backend none)
  must run --rm --name "$C" "$IMG" true
  try events --stream=false
  exits 125
  err_is 'Error: cannot read events with the "none" backend'
  CT_OPTIONS=()
  equal story "" "$(story "$C")"
  CT_OPTIONS=(--events-backend bogus)
  try events --stream=false
  exits 125
  err_has bogus
}

@test "containers.conf: events_logger" {
  printf '[engine]\nevents_logger = "none"\ncgroup_manager = "cgroupfs"\n' >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  must run --rm --name "$C" "$IMG" true
  try events --stream=false
  exits 125
  err_is 'Error: cannot read events with the "none" backend'
  CT_ENV=()
  equal story "" "$(story "$C")"
}

@test "journald as the backend means the file" {
  CT_OPTIONS=(--events-backend journald)
  must run --rm --name "$C" "$IMG" true
  try events --stream=false --filter container="$C" --filter event=start --format '{{.Name}}'
  ok
  out_is "$C"
}

@test "parallel writers: no event is lost or torn" {
  local i pids=()
  for i in 1 2 3 4 5 6 7 8; do
    ct run --rm --name "$C-p$i" --label parallel="$BATS_TEST_NUMBER" "$IMG" true &
    pids+=($!)
  done
  wait "${pids[@]}"
  local status
  for status in create init start attach died remove; do
    equal "$status" 8 "$(ct events --stream=false --filter label=parallel="$BATS_TEST_NUMBER" --filter event=$status | wc -l)"
  done
}

@test "a log that is damaged is read all the same" {
  must run --rm --name "$C" "$IMG" true
  printf 'rubbish\n{"Time":1}\n\0\0\n{"Time":' | as_user tee -a "$FILE_DIR/run/ctool/events.log" >/dev/null
  ct run --rm --name "$C-2" "$IMG" true
  ct run --rm --name "$C-3" "$IMG" true
  try events --stream=false --filter event=died --filter container="$C" --filter container="$C-3" --format '{{.Name}}'
  ok
  out_is "$C"$'\n'"$C-3"
}

@test "an event log that cannot be written fails nothing" {
  CT_OPTIONS=(--runroot "$(user_dir run)")
  as_user mkdir -p "$T/run/events.log"
  must run --rm --name "$C" "$IMG" echo fine
  out_is fine
  err_is ""
}

@test "a killed monitor: died is told by whoever finds out" {
  must run -d --name "$C" "$IMG" sleep 4931
  local init
  init=$(ct inspect --format '{{.State.Pid}}' "$C")
  kill -9 "$(monitor_of "$C")"
  kill -9 "$init" || true
  until_ok 10 has_status "$C" exited
  try events --stream=false --filter container="$C" --filter event=died --format '{{.ContainerExitCode}}'
  out_is 255
}

@test "system events is the same command" {
  must run --rm --name "$C" "$IMG" true
  try system events --stream=false --filter container="$C" --filter event=start --format '{{.Name}}'
  ok
  out_is "$C"
}
