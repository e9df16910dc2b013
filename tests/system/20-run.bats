#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run: exit status, names, ids, option values and conflicts.

load helpers

@test "the exit status is the command's" {
  try run --rm "$IMG" sh -c 'exit 42'
  exits 42
  out_is ""
  err_is ""
}

@test "a command that a signal killed: 128 + signal" {
  try run --rm --init "$IMG" sh -c 'kill -9 $$'
  exits 137
  try run --rm --init "$IMG" sh -c 'kill -TERM $$; sleep 1'
  exits 143
  # PID 1 of a container is deaf to what it has no handler for
  try run --rm "$IMG" sh -c 'kill -TERM $$; kill -9 $$; exit 4'
  exits 4
}

@test "a command that is not there: 127" {
  try run --rm "$IMG" /no/such
  exits 127
  err_has "/no/such"
  try run --rm "$IMG" nosuchprog
  exits 127
  err_has "nosuchprog"
}

@test "an image without a command: 127 or a clear refusal" {
  must pull -q "$REGISTRY/config:nocmd"
  try run --rm "$REGISTRY/config:nocmd"
  [[ $rc == 127 || $rc == 125 ]] || complain "127 or 125"
  err_like "[Nn]o command|no CMD or ENTRYPOINT"
}

@test "a folder and a file that is no program: 126" {
  try run --rm "$IMG" /etc
  exits 126
  try run --rm "$IMG" /etc/plain
  exits 126
  err_like "[Pp]ermission denied"
}

@test "-w of a folder that is not there: 126" {
  try run --rm -w /nodir "$IMG" pwd
  exits 126
  err_has 'workdir "/nodir" does not exist'
}

@test "-w of a folder, and of a relative path" {
  try run --rm -w /tmp "$IMG" pwd
  ok
  out_is /tmp
  try run --rm -w tmp "$IMG" pwd
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
  err_has "tmp"
}

@test "-u of a name that is not there: 126" {
  try run --rm -u nosuch "$IMG" id
  exits 126
  err_has "unable to find user nosuch"
}

@test "-v of a source that is not there: 125" {
  try run --rm -v /nosuch:/x "$IMG" true
  exits 125
  err_has "statfs /nosuch: no such file or directory"
}

@test "the same mount point twice" {
  local a b
  a=$(user_dir a) b=$(user_dir b)
  try run --rm -v "$a:/x" -v "$b:/x" "$IMG" true
  exits 125
  err_has "/x: duplicate mount destination"
}

@test "--pull=never of an image that is not there" {
  try run --rm --pull=never nosuch/img true
  exits 125
  err_has "image not known"
}

@test "--pull takes only the known policies" {
  try run --rm --pull=sometimes "$IMG" true
  exits 125
  err_has "sometimes"
}

@test "an image that is not there is pulled, with progress on stderr only" {
  ct rmi -f "$REGISTRY/config:label" >/dev/null 2>&1 || true
  try run --rm "$REGISTRY/config:label" echo hi
  ok
  out_is hi
  err_has "Trying to pull $REGISTRY/config:label"
  try run --rm --pull=never "$REGISTRY/config:label" echo hi
  ok
  err_is ""
}

@test "-q pulls without progress" {
  ct rmi -f "$REGISTRY/config:label" >/dev/null 2>&1 || true
  try run -q --rm "$REGISTRY/config:label" echo hi
  ok
  out_is hi
  err_is ""
}

@test "--pull=always asks the registry" {
  try run --rm --pull=always "$IMG" echo hi
  ok
  err_has "Trying to pull"
}

@test "--rm removes the container" {
  must run --rm --name "$C" "$IMG" true
  is_gone "$C"
}

@test "--rm removes the container also when it cannot start" {
  try run --rm --name "$C" "$IMG" /no/such
  exits 127
  until_ok 5 is_gone "$C"
}

@test "without --rm the container stays, with its exit status" {
  try run --name "$C" "$IMG" sh -c 'exit 3'
  exits 3
  try inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$C"
  out_is "exited 3"
}

@test "a name that is taken" {
  must run --name "$C" "$IMG" true
  try run --name "$C" "$IMG" true
  exits 125
  err_has "the container name \"$C\" is already in use"
}

@test "--replace takes the name from another container" {
  must run -d --name "$C" "$IMG" sleep 100
  local first=$out
  try run --replace --name "$C" "$IMG" true
  ok
  is_gone "$first"
  has_status "$C" exited
}

@test "--replace needs a name" {
  try run --replace "$IMG" true
  exits 125
  err_has "name"
}

@test "names: what is refused" {
  local name
  for name in bad/name .hidden -x 'a b' 'ä'; do
    try create "--name=$name" "$IMG"
    exits 125
    out_is ""
  done
}

@test "names: a leading slash is dropped, as docker does" {
  must create --name "/$C" "$IMG"
  try inspect -f '{{.Name}}' "$C"
  out_is "$C"
}

@test "--cidfile: 64 digits, no newline" {
  try run -d --cidfile "$T/cid" "$IMG" sleep 100
  ok
  equal "the file" "$out" "$(<"$T/cid")"
  equal "its size" 64 "$(stat -c %s "$T/cid")"
}

@test "--cidfile that exists is written anew" {
  as_user touch "$T/cid"
  try run --rm --cidfile "$T/cid" "$IMG" true
  ok
}

@test "--restart with --rm" {
  try run --rm --restart=always "$IMG" true
  exits 125
  err_has "the --rm option conflicts with --restart"
  try run --rm --restart=no "$IMG" true
  ok
  try run --rm --restart=on-failure "$IMG" true
  ok
}

@test "--restart takes only the known policies" {
  try create --restart=perhaps "$IMG" true
  exits 125
  err_has "perhaps"
  try create --restart=on-failure:x "$IMG" true
  exits 125
}

@test "--restart=on-failure:2 runs three times" {
  must run -d --restart=on-failure:2 --name "$C" "$IMG" false
  finished() { [[ $(ct inspect -f '{{.RestartCount}} {{.State.Status}}' "$C") == "2 exited" ]]; }
  until_ok 20 finished
  try inspect -f '{{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}' "$C"
  out_is "1 on-failure"
}

@test "--platform conflicts with --arch and --os" {
  try run --rm --platform linux/arm64 --arch amd64 "$IMG" true
  exits 125
  err_has "platform"
}

@test "--platform chooses from an index" {
  try run --rm --platform linux/arm64 "$REGISTRY/multi:latest" cat /etc/platform
  ok
  out_is arm64
  try run --rm --platform linux/amd64 "$REGISTRY/multi:latest" cat /etc/platform
  ok
  out_is amd64
}

@test "an index gives this machine's platform" {
  ct rmi -f "$REGISTRY/multi:latest" >/dev/null 2>&1 || true
  try run --rm "$REGISTRY/multi:latest" cat /etc/platform
  ok
  out_is amd64
}

@test "another platform's image: a warning, and it runs" {
  must pull -q "$REGISTRY/arm64:latest"
  try run --rm "$REGISTRY/arm64:latest" cat /etc/platform
  ok
  out_is arm64
  err_has "WARNING: image platform (linux/arm64) does not match the expected platform (linux/amd64)"
}

@test "--ulimit: values, -1, and what is wrong" {
  try run --rm --ulimit nofile=100:200 "$IMG" sh -c 'ulimit -Sn; ulimit -Hn'
  ok
  out_is $'100\n200'
  try run --rm --ulimit core=-1:1000 "$IMG" true
  exits 125
  wrong() {
    try run --rm --ulimit "$1" "$IMG" true
    exits 125
    err_like "^Error: ulimit option \"$1\" requires name=SOFT:HARD, failed to be parsed: $2\$"
  }
  wrong nosuch=1 'invalid ulimit type: nosuch'
  wrong nofile 'invalid ulimit argument: nofile'
  wrong nofile=1:2:3 'too many limit value arguments - 1:2:3, can only have up to two, `soft\[:hard\]`'
  wrong nofile=3:2 'ulimit soft limit must be less than or equal to hard limit: 3 > 2'
  # podman lets Go say it
  wrong nofile=x '(strconv\.ParseInt: parsing "x": invalid syntax|invalid limit "x": want a number, or -1 for no limit)'
}

@test "--shm-size" {
  try run --rm --shm-size 1m "$IMG" sh -c 'df -k /dev/shm | tail -1'
  ok
  out_like ' 1024 '
  try run --rm --shm-size nonsense "$IMG" true
  exits 125
}

@test "--stop-signal is kept, and must be a signal" {
  must create --name "$C" --stop-signal USR1 "$IMG" true
  must create --name "$C-n" --stop-signal 12 "$IMG" true
  try create --stop-signal NOSUCH "$IMG" true
  exits 125
  err_has "NOSUCH"
}

@test "--label and -l with a value that has = in it" {
  must create --name "$C" -l a=1 --label b=2=3 --label c "$IMG" true
  try inspect -f '{{index .Config.Labels "a"}} {{index .Config.Labels "b"}} [{{index .Config.Labels "c"}}]' "$C"
  out_is "1 2=3 []"
}

@test "an image reference that is none" {
  local reference
  for reference in 'UPPER/case' 'a//b' 'a:b:c' 'x@sha256:zz'; do
    try run --rm "$reference" true
    exits 125
    out_is ""
  done
}

@test "--timeout ends the container: 255" {
  local before=$SECONDS
  try run --timeout 1 --name "$C" "$IMG" sleep 60
  exits 255
  ((SECONDS - before < 20)) || complain "an end after 1 s"
}

@test "--device of a file that is not there" {
  try run --rm --device /dev/nosuch "$IMG" true
  exits 125
  err_has "/dev/nosuch: no such file or directory"
}

@test "--add-host, --dns, -e, -l: wrong values" {
  try run --rm --add-host nonsense "$IMG" true
  exits 125
  try run --rm --add-host a:1.2.3.4.5 "$IMG" true
  exits 125
  try run --rm --dns 1.2.3 "$IMG" true
  exits 125
  try run --rm --network nosuchnet "$IMG" true
  exits 125
}

@test "--no-hosts conflicts with --add-host" {
  try run --rm --no-hosts --add-host a:1.2.3.4 "$IMG" true
  exits 125
  err_has "no-hosts"
}

@test "--security-opt with an unknown key, and a profile that is not there" {
  try run --rm --security-opt nosuch=1 "$IMG" true
  exits 125
  try run --rm --security-opt seccomp=/no/such/profile "$IMG" true
  exits 125
  err_has "/no/such/profile"
}

@test "--cap-add of an unknown capability" {
  try run --rm --cap-add NOSUCH "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "exit status 125 or 126"
  err_has NOSUCH
}

@test "short names come from the search registries" {
  try run --rm --pull=never busybox true
  ok
  try run --rm busybox:latest true
  ok
}

@test "by id, by a short id, and by digest" {
  must inspect --type image -f '{{.Id}}' "$IMG"
  local id=$out
  try run --rm "$id" echo 1
  ok
  try run --rm "${id:0:12}" echo 2
  ok
  out_is 2
  must inspect --type image -f '{{.Digest}}' "$IMG"
  try run --rm "$REGISTRY/busybox@$out" echo 3
  ok
  out_is 3
}
