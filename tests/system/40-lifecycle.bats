#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, ps, rm, inspect: what a container is between its start and its end.

load helpers

@test "create prints the id and starts nothing" {
  try create --name "$C" "$IMG" sh -c 'echo ran'
  ok
  out_like '^[0-9a-f]{64}$'
  err_is ""
  has_status "$C" created
  try ps -a --filter "name=^$C\$" --format '{{.Status}}'
  out_is Created
}

@test "start prints what was typed, and may be repeated" {
  must create --name "$C" "$IMG" sleep 100
  local id=$out
  try start "$C"
  ok
  out_is "$C"
  try start "${id:0:10}"
  ok
  has_status "$C" running
}

@test "start of a running container prints it too" {
  must run -d --name "$C" "$IMG" sleep 100
  try start "$C"
  ok
  out_is "$C"
}

@test "start -a: output and exit status" {
  must create --name "$C" "$IMG" sh -c 'echo o; echo e >&2; exit 5'
  try start -a "$C"
  exits 5
  out_is o
  err_is e
  # and once more: a container can be started again
  try start --attach "$C"
  exits 5
}

@test "start -ai passes stdin" {
  must create -i --name "$C" "$IMG" cat
  echo hello >"$T/in"
  try start -a -i "$C" <"$T/in"
  ok
  out_is hello
}

@test "a second start finds the files of the first" {
  must create --name "$C" "$IMG" sh -c 'echo x >>/count; wc -l </count'
  try start -a "$C"
  out_is 1
  try start -a "$C"
  out_is 2
}

@test "start of a container that is not there, and of several" {
  try start nosuch
  exits 125
  err_has 'no container with name or ID "nosuch" found: no such container'
  must create --name "$C-1" "$IMG" sleep 100
  must create --name "$C-2" "$IMG" sleep 100
  try start "$C-1" nosuch "$C-2"
  exits 125
  err_has nosuch
  try start -a "$C-1" "$C-2"
  exits 125
}

@test "start of a command that is not there: 125" {
  must create --name "$C" "$IMG" /no/such
  try start "$C"
  exits 125
  err_has "/no/such"
}

@test "ps: only a header when nothing runs" {
  try ps
  ok
  out_like '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES *$'
  try ps -q
  out_is ""
  try ps --noheading
  out_is ""
}

@test "ps: running ones; -a all; columns" {
  must run -d --name "$C" "$IMG" sleep 1000000000000
  local id=$out
  must create --name "$C-c" "$IMG" true
  try ps
  ok
  equal "lines" 2 "$(wc -l <"$T/.out")"
  out_has "${id:0:12}"
  out_has "$IMG"
  out_has "sleep 10000000000..."
  out_like 'Up .*second'
  out_has "$C"
  try ps -a
  equal "lines" 3 "$(wc -l <"$T/.out")"
  try ps --no-trunc
  out_has "$id"
  out_has "sleep 1000000000000"
}

@test "ps: the words of a running container's status" {
  must run -d --name "$C" "$IMG" sleep 100
  try ps --format '{{.Names}} {{.Status}}'
  ok
  out_like "^$C Up (Less than a second|[0-9]+ seconds?)\$"
}

@test "ps: the words of a finished container's status" {
  try run --name "$C" "$IMG" sh -c 'exit 3'
  try ps -a --format '{{.Names}} {{.Status}}'
  ok
  out_like "^$C Exited \(3\) (Less than a second|[0-9]+ seconds?|About a minute) ago\$"
}

@test "ps -q, --no-trunc, --last, --format table and json" {
  must run -d --name "$C" "$IMG" sleep 100
  local id=$out
  try ps -q
  out_is "${id:0:12}"
  try ps -q --no-trunc
  out_is "$id"
  must create --name "$C-2" "$IMG" true
  try ps --last 1 --format '{{.Names}}'
  out_is "$C-2"
  try ps -n 2 -q
  equal "lines" 2 "$(wc -l <"$T/.out")"
  try ps --format 'table {{.ID}}\t{{.Names}}'
  out_like $'^CONTAINER ID +NAMES\n'"${id:0:12} +$C\$"
  try ps --format json
  equal "name in JSON" "$C" "$(jq -r '.[0].Names[0]' <<<"$out")"
  equal "id in JSON" "$id" "$(jq -r '.[0].Id' <<<"$out")"
}

@test "ps --filter" {
  must run -d --name "$C-run" -l k=v "$IMG" sleep 100
  try run --name "$C-one" "$IMG" sh -c 'exit 1'
  must create --name "$C-new" -l k=w "$IMG" true
  names() {
    ct ps -a --format '{{.Names}}' "$@" | sort | paste -sd' '
  }
  equal "status=exited" "$C-one" "$(names --filter status=exited)"
  equal "status, twice" "$C-new $C-one" "$(names --filter status=exited --filter status=created)"
  equal "name" "$C-new" "$(names --filter name=new)"
  equal "label" "$C-new $C-run" "$(names --filter label=k)"
  equal "label=value" "$C-run" "$(names --filter label=k=v)"
  equal "both" "" "$(names --filter label=k=v --filter status=created)"
  equal "exited" "$C-one" "$(names --filter exited=1)"
  equal "ancestor" "$C-new $C-one $C-run" "$(names --filter "ancestor=$IMG")"
  local id
  id=$(ct ps -aq --no-trunc --filter "name=$C-run")
  equal "id" "$C-run" "$(names --filter "id=${id:0:9}")"
  equal "before" "$C-one $C-run" "$(names --filter "before=$C-new")"
  equal "since" "$C-new $C-one" "$(names --filter "since=$C-run")"
}

@test "ps --sort" {
  must create --name "$C-b" "$IMG" true
  must create --name "$C-a" "$IMG" true
  try ps -a --sort names --format '{{.Names}}'
  out_is "$C-a"$'\n'"$C-b"
  try ps -a --sort created --format '{{.Names}}'
  equal "lines" 2 "$(wc -l <"$T/.out")"
}

@test "ps -s shows sizes" {
  must run --name "$C" "$IMG" sh -c 'head -c 100000 /dev/zero >/f'
  try ps -as --format '{{.Size}}'
  ok
  out_like '^1[0-9.]+ ?kB \(virtual [0-9.]+ ?MB\)$'
}

@test "rm: one, several, by a short id; what is printed" {
  must create --name "$C" "$IMG" true
  try rm "$C"
  ok
  out_is "$C"
  is_gone "$C"
  must create --name "$C-2" "$IMG" true
  local id=$out
  try rm "${id:0:12}"
  ok
  is_gone "$C-2"
}

@test "rm of what is not there: 1" {
  try rm nosuch
  exits 1
  out_is ""
  err_has 'no container with name or ID "nosuch" found: no such container'
  try rm --ignore nosuch
  ok
}

@test "rm goes on after one that is not there" {
  must create --name "$C" "$IMG" true
  try rm nosuch "$C"
  exits 1
  out_is "$C"
  is_gone "$C"
}

@test "rm -f of what is not there: 0" {
  try rm -f nosuch
  ok
  out_is ""
}

@test "rm of a running container: 2; with -f it ends" {
  must run -d --name "$C" "$IMG" sleep 100.37
  try rm "$C"
  exits 2
  err_like "cannot remove container .*running"
  has_status "$C" running
  try rm -f -t 0 "$C"
  ok
  out_is "$C"
  is_gone "$C"
  pgrep -u "$ACCOUNT" -f "sleep 100.37" && complain "no process left"
  true
}

@test "rm -f: the stop signal first, and SIGKILL for those who are deaf" {
  must run -d --name "$C" -v "$(user_dir w):/w" "$IMG" sh -c \
    'trap "echo term >/w/seen; exit 0" TERM; echo up >/w/up; while :; do sleep 0.1; done'
  until_ok 10 test -e "$T/w/up"
  must rm -f "$C"
  equal "signal" term "$(<"$T/w/seen")"
  must run -d --name "$C-deaf" "$IMG" sleep 100
  local before=$SECONDS
  must rm -f -t 1 "$C-deaf"
  ((SECONDS - before < 8)) || complain "an end after 1 s"
}

@test "the image's STOPSIGNAL and --stop-signal" {
  must pull -q "$REGISTRY/config:stopsignal"
  local image
  for image in "$REGISTRY/config:stopsignal" "--stop-signal=USR1 $IMG"; do
    rm -f "$T/w/seen" "$T/w/up"
    # shellcheck disable=SC2086
    must run -d --name "$C" -v "$(user_dir w):/w" $image sh -c \
      'trap "echo usr1 >/w/seen; exit 0" USR1; echo up >/w/up; while :; do sleep 0.1; done'
    until_ok 10 test -e "$T/w/up"
    must rm -f "$C"
    equal "signal" usr1 "$(<"$T/w/seen")"
  done
}

@test "rm -a, and rm -fa" {
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" "$IMG" true
  must run -d --name "$C-3" "$IMG" sleep 100
  try rm -a
  exits 2
  has_status "$C-3" running
  is_gone "$C-1"
  try rm -fa -t 0
  ok
  try ps -aq
  out_is ""
}

@test "rm --filter and --cidfile" {
  must create --name "$C-1" -l go=1 "$IMG" true
  must create --name "$C-2" "$IMG" true
  try rm --filter label=go=1
  ok
  is_gone "$C-1"
  must create --name "$C-3" --cidfile "$T/cid" "$IMG" true
  try rm --cidfile "$T/cid"
  ok
  is_gone "$C-3"
}

@test "a detached container that ends: its exit status is there" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 0.3; exit 7'
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.State.ExitCode}} {{.State.Running}} {{.State.Pid}}' "$C"
  out_is "7 false 0"
}

@test "a detached container with --rm goes when it ends" {
  must run -d --rm --name "$C" "$IMG" sh -c 'sleep 0.3; exit 7'
  until_ok 10 is_gone "$C"
}

@test "one that was killed from outside: 137" {
  must run -d --name "$C" "$IMG" sleep 100
  try inspect -f '{{.State.Pid}}' "$C"
  kill -9 "$out"
  until_ok 10 has_status "$C" exited
  try inspect -f '{{.State.ExitCode}}' "$C"
  out_is 137
}

@test "lookups: ambiguous prefixes, names before ids" {
  must create --name "$C-1" "$IMG" true
  local first=$out
  must create --name "${first:0:8}" "$IMG" true
  try inspect -f '{{.Id}}' "${first:0:8}"
  [[ $out != "$first" ]] || complain "the one with that name"
  try inspect -f '{{.Name}}' "${first:0:11}"
  out_is "$C-1"
}

@test "inspect of a container: state, config, host config" {
  must run --name "$C" -e A=b -l k=v -w /tmp -v "$(user_dir w):/w" "$IMG" sh -c 'exit 3' || true
  rc=0
  try inspect "$C"
  ok
  local query value
  while read -r query value; do
    equal "$query" "$value" "$(jq -r "$query" "$T/.out")"
  done <<EOF
length 1
.[0].Name $C
.[0].State.Status exited
.[0].State.ExitCode 3
.[0].State.Running false
.[0].Config.Image $IMG
.[0].ImageName $IMG
.[0].Config.WorkingDir /tmp
.[0].Config.Labels.k v
.[0].Config.Tty false
.[0].Config.Cmd[0] sh
.[0].Path sh
.[0].Args[0] -c
.[0].HostConfig.AutoRemove false
.[0].HostConfig.Privileged false
.[0].HostConfig.RestartPolicy.MaximumRetryCount 0
.[0].Mounts[0].Destination /w
.[0].Mounts[0].Type bind
.[0].Mounts[0].RW true
(.[0].Config.Env|index("A=b")!=null) true
(.[0].Created|startswith("20")) true
(.[0].State.StartedAt|startswith("20")) true
(.[0].State.FinishedAt|startswith("20")) true
(.[0].Id|length) 64
EOF
}

@test "inspect: templates" {
  must create --name "$C" -l k=v -v "$(user_dir w):/w" "$IMG" true
  try inspect -f '{{range .Mounts}}{{.Destination}}{{end}} {{index .Config.Labels "k"}}' "$C"
  ok
  out_is "/w v"
  try inspect -f '{{json .State.Status}} {{len .Mounts}}' "$C"
  out_is '"created" 1'
  try inspect -f '{{if .State.Running}}up{{else}}down{{end}} {{printf "%s!" .Name | len}}' "$C"
  out_is "down $((${#C} + 1))"
}

@test "inspect: a container that has not been started has no times" {
  must create --name "$C" "$IMG" true
  try inspect -f '{{.State.StartedAt}}' "$C"
  out_like '^0001-01-01'
}

@test "inspect of what is not there: an empty list, 125" {
  try inspect nosuch
  exits 125
  out_is "[]"
  err_like 'no such object: "nosuch"'
  try inspect --type container "$IMG"
  exits 125
}

@test "inspect: a container comes before an image; --type decides" {
  must create --name "$C" "$IMG" true
  try inspect -f '{{.Name}}' "$C"
  out_is "$C"
  try inspect "$IMG"
  ok
  equal "tags" "$IMG" "$(jq -r '.[0].RepoTags[0]' <<<"$out")"
}

@test "-l is the last one created" {
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" "$IMG" true
  try inspect -l -f '{{.Name}}'
  out_is "$C-2"
  must start -l
  try ps -l --format '{{.Names}}'
  out_is "$C-2"
}

@test "rm -fa of twenty that run: all go, and their own cleanups are in nobody's way" {
  local i
  for ((i = 0; i < 20; ++i)); do must run -d --name "$C-$i" "$IMG" sleep 300; done
  must rm -fa -t 0
  try ps -aq
  out_is ""
}

# started_by_several CONTAINER: starts it five times at once; every one succeeds.
started_by_several() {
  local i pids=()
  for i in 1 2 3 4 5; do
    ct start "$1" >"$T/several.$i" 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || complain "success of each start: $(cat "$T"/several.*)"; done
  has_status "$1" running || complain "a container that runs"
}

@test "several starts at once: one starts it, to the others it runs already" {
  local start=$SECONDS
  must create --name c-several "$IMG" sleep 4952
  started_by_several c-several
  must create --rm --name c-several-rm "$IMG" sleep 4953
  started_by_several c-several-rm
  must create --rm --name c-several-init "$IMG" sleep 4954
  must init c-several-init
  started_by_several c-several-init
  ((SECONDS - start < 5)) || complain "no start to wait for the lock"
}

@test "init: nothing of the waiting container holds the caller's output" {
  must create --name "$C" "$IMG" true
  last="$TOOL init, captured"
  rc=0
  out=$(ct init "$C" 2>&1 | timeout 5 cat) || rc=$?
  ok
  equal "the status" initialized "$(status_of "$C")"
  must start -a "$C"
}

@test "init: who connects to what waits, and says nothing, keeps nobody waiting" {
  local act socket quiet
  for act in start "rm -f -t 0"; do
    must create --name "$C" "$IMG" sleep 4955
    must init "$C"
    socket=$(find "$FILE_DIR/run/ctool" -path "*$(ct inspect -f '{{.Id}}' "$C")/ctl")
    # Not as_user: $! would be a shell's, and python would outlive it.
    "${AS_USER[@]}" python3 -u - "$socket" >"$T/quiet" 2>&1 3>&- 4>&- <<'END' &
import os, socket, sys, time
os.chdir(os.path.dirname(sys.argv[1]))
peers = [socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in range(3)]
for peer in peers:
    peer.connect("ctl")  # by a short name: an address holds 107 bytes
peers[1].send(b"no frame")
print("there")
time.sleep(60)
END
    quiet=$!
    until_ok 20 grep there "$T/quiet"
    sleep 0.2
    last="$TOOL $act"
    # shellcheck disable=SC2086  # words
    capture as_user timeout 10 "$CTOOL" $act "$C"
    kill "$quiet"
    ok
    [[ $act != start ]] || has_status "$C" running || complain "a container that runs"
    must rm -f -t 0 --ignore "$C"
  done
}

@test "output that nobody reads: an error, and an --rm container goes" {

  set +o pipefail
  first=$(ct run --rm --name "$C" "$IMG" yes 2>"$T/.err" | head -1)
  equal "the first line" y "$first"
  oracle || grep -q "write '/dev/stdout': broken pipe" "$T/.err" || complain "an error about stdout"
  until_ok 15 is_gone "$C"
}

@test "a run is found with another run root, as without XDG_RUNTIME_DIR" {
  oracle && skip "podman keeps its run root in its database"
  must run -d --name "$C" "$IMG" sh -c 'trap "exit 4" TERM; while :; do sleep 0.1; done'
  CT_OPTIONS=(--runroot "$T/elsewhere")
  try exec "$C" echo hi
  ok
  out_is hi
  try inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$C"
  out_is "running 0"
  must stop -t 5 "$C"
  try inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$C"
  out_is "exited 4"
  must start "$C"
  CT_OPTIONS=()
  has_status "$C" running
  must rm -f -t 0 "$C"
  is_gone "$C"
}

@test "started again by its policy: the times are of this run" {
  must run -d --name "$C" --restart always "$IMG" sleep 1
  local first
  first=$(ct inspect -f '{{.State.StartedAt}}' "$C")
  later() { [[ $(ct inspect -f '{{.RestartCount}} {{.State.Pid}}' "$C") == [1-9]*" "[1-9]* && $(ct inspect -f '{{.State.StartedAt}}' "$C") != "$first" ]]; }
  until_ok 10 later
}

@test "a run that is refused leaves no run folder" {
  oracle && skip "its folders are elsewhere"
  local before
  before=$(find "$FILE_DIR/run/ctool" -maxdepth 1 -type d 2>/dev/null | wc -l)
  try run --rm -p 18081:80/sctp "$IMG" true
  exits 125
  try run --rm -p 18081:80 -p 18081:81 "$IMG" true
  exits 125
  equal "folders" "$before" "$(find "$FILE_DIR/run/ctool" -maxdepth 1 -type d 2>/dev/null | wc -l)"
}
