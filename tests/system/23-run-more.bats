#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options of run and create: streams and descriptors passed through, containers that require others, root folders,
# accounts, systemd inside and outside.

load helpers

# A root file system that belongs to the account.
root_folder() {
  local dir
  dir=$(user_dir "$1")
  must create --name export-"$C" "$IMG" true
  ct export -o "$T/rootfs.tar" export-"$C"
  must rm export-"$C"
  as_user tar -C "$dir" -xf "$T/rootfs.tar"
  echo "$dir"
}

# with_fds COMMAND: ctool with descriptors 3 and 4, which helpers' own `ct` closes.
with_fds() {
  last="$TOOL $*"
  capture_into redirected_fds "$@"
}
redirected_fds() {
  "${AS_USER[@]}" "$CTOOL" "$@" >"$T/.out" 2>"$T/.err" 3<"$T/three" 4<"$T/four"
}

# The messages that come to a datagram socket, until it is told to end: $T/notify, $T/told.
listen_notify() {
  as_user python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.settimeout(20)
with open(sys.argv[2], "w") as f:
  for _ in range(int(sys.argv[3])):
    f.write(s.recv(4096).decode().replace("\n", " ") + "\n")
    f.flush()
' "$T/notify" "$T/told" "$1" >/dev/null 2>&1 &
  listener=$!
  until_ok 5 test -S "$T/notify"
  CT_ENV=(NOTIFY_SOCKET="$T/notify")
}

# --- passthrough --------------------------------------------------------------------------------

@test "passthrough: the container's streams are the caller's own" {
  echo typed >"$T/in"
  try run --rm --log-driver passthrough "$IMG" sh -c 'busybox stat -L -c %i /dev/fd/1; cat; echo wrong >&2' <"$T/in"
  ok
  out_is "$(stat -c %i "$T/.out")"$'\n'typed
  err_is wrong
}

@test "passthrough: the exit status, and signals" {
  try run --log-driver passthrough --name "$C" "$IMG" sh -c 'exit 7'
  exits 7
  try inspect -f '{{.State.ExitCode}} {{.HostConfig.LogConfig.Type}}{{.HostConfig.LogConfig.Path}}' "$C"
  out_is "7 passthrough"
  begin run --rm --log-driver passthrough "$IMG" sh -c 'trap "echo caught; exit 5" TERM; echo up; while :; do sleep 0.1; done'
  until_ok 10 grep -q up "$T/.out"
  kill -TERM "$pid"
  finish
  exits 5
  out_has caught
}

@test "passthrough: run -d prints nothing of its own, and its output still comes" {
  try run -d --name "$C" --log-driver passthrough "$IMG" sh -c 'echo first; sleep 0.3; echo second'
  ok
  until_ok 10 grep -q second "$T/.out"
  equal output $'first\nsecond' "$(<"$T/.out")"
}

@test "passthrough: who waits for the end of the output sees it when the container closes it" {
  local text
  text=$(ct run -d --name "$C" --log-driver passthrough "$IMG" sh -c 'echo said; exec >/dev/null 2>&1; sleep 23001' 2>/dev/null)
  equal output said "$text"
  has_status "$C" running
}

@test "passthrough: logs and attach refuse" {
  must run -d --name "$C" --log-driver passthrough "$IMG" sleep 23002
  try logs "$C"
  exits 125
  err_is "Error: this container is using the 'passthrough' log driver, cannot read logs: this container is not logging output"
  try attach "$C"
  exits 125
  err_has "this container is using the 'passthrough' log driver, cannot attach: this container is not logging output"
}

@test "passthrough: not with --attach, and not at a terminal" {
  try run --log-driver passthrough -a stdout "$IMG" true
  exits 125
  err_has "cannot specify --attach with --log-driver=passthrough: invalid argument"
  try_tty -- run --rm --log-driver passthrough "$IMG" echo there
  out_has "the '--log-driver passthrough' option cannot be used on a TTY"
  try_tty -- run --rm --log-driver passthrough-tty "$IMG" echo there
  ok
  out_has there
}

@test "passthrough: create and start -a: the streams are start's" {
  must create --name "$C" --log-driver passthrough "$IMG" sh -c 'echo hello; exit 3'
  try start -a "$C"
  exits 3
  out_is hello
}

@test "passthrough: a restart policy keeps the streams" {
  try run --name "$C" --log-driver passthrough --restart on-failure:2 "$IMG" sh -c 'echo once; exit 1'
  lines() { [[ $(grep -c once "$T/.out") == 3 ]]; }
  until_ok 10 lines
}

@test "passthrough: as containers.conf has it" {
  printf '[containers]\nlog_driver = "passthrough"\n' >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF_OVERRIDE="$T/containers.conf" CONTAINERS_CONF="$T/containers.conf")
  try run -d --name "$C" "$IMG" sh -c 'echo only; sleep 23008'
  ok
  until_ok 10 grep -q only "$T/.out"
  equal output only "$(<"$T/.out")"
}

# --- descriptors --------------------------------------------------------------------------------

@test "--preserve-fds: descriptors 3 and 4 are passed on" {
  echo third >"$T/three"
  echo fourth >"$T/four"
  with_fds run --rm --preserve-fds 2 "$IMG" sh -c 'cat <&3; cat <&4; ls /proc/self/fd | wc -l'
  ok
  out_is $'third\nfourth\n'"$(ct run --rm --preserve-fds 0 "$IMG" sh -c 'echo $(($(ls /proc/self/fd | wc -l) + 2))')"
  with_fds run --rm "$IMG" sh -c 'ls -l /proc/self/fd'
  out_lacks three
}

@test "--preserve-fds: one that is not open, or no number" {
  try run --rm --preserve-fds 1 "$IMG" true 3>&- 4>&-
  exits 125
  err_is "Error: file descriptor 3 is not available - the preserve-fds option requires that file descriptors must be passed"
  try run --rm --preserve-fds -1 "$IMG" true
  exits 125
  try run --rm --preserve-fds x "$IMG" true
  exits 125
}

@test "--preserve-fd: chosen ones" {
  echo third >"$T/three"
  echo fourth >"$T/four"
  with_fds run --rm --preserve-fd 4 "$IMG" sh -c 'cat <&3'
  ok
  out_is fourth
}

@test "--preserve-fds: nobody else holds them" {
  mkfifo "$T/fifo"
  chown "$ACCOUNT:" "$T/fifo"
  timeout 20 cat "$T/fifo" >"$T/read" &
  local reader=$!
  "${AS_USER[@]}" "$CTOOL" run -d --name "$C" --preserve-fds 1 "$IMG" sh -c 'echo here >&3; exec 3>&-; sleep 23003' \
    >/dev/null 3>"$T/fifo"
  wait "$reader"
  equal read here "$(<"$T/read")"
  has_status "$C" running
}

# --- --attach -----------------------------------------------------------------------------------

@test "--attach: what is chosen is shown, nothing else" {
  try run --rm -a stdout "$IMG" sh -c 'echo o; echo e >&2'
  out_is o
  err_is ""
  try run --rm -a stderr "$IMG" sh -c 'echo o; echo e >&2'
  out_is ""
  err_is e
  try run --rm -a STDOUT --attach stderr "$IMG" sh -c 'echo o; echo e >&2; exit 4'
  exits 4
  out_is o
  err_is e
}

@test "--attach stdin prints the id; -i counts beside --attach; a stream that is none" {
  try run --name "$C" -a stdin "$IMG" echo hi
  ok
  out_like '^[0-9a-f]{64}$'
  echo typed >"$T/in"
  try run --rm -i -a stdout "$IMG" cat <"$T/in"
  out_is typed
  try run --rm -a bogus "$IMG" true
  exits 125
  err_is 'Error: invalid stream "bogus" for --attach - must be one of stdin, stdout, or stderr: invalid argument'
}

# --- --requires ---------------------------------------------------------------------------------

@test "--requires: started first, told by inspect" {
  must create --name "$C-1" "$IMG" sleep 23004
  local first=$out
  must create --name "$C-2" --requires "$C-1" "$IMG" sleep 23005
  try inspect -f '{{.Dependencies}}' "$C-2"
  out_is "[$first]"
  must start "$C-2"
  has_status "$C-1" running
  must stop -t 0 "$C-1" "$C-2"
  must run -d --name "$C-3" --requires "$C-1,$C-2" "$IMG" sleep 23006
  has_status "$C-1" running
  has_status "$C-2" running
}

@test "--requires: what is required cannot be removed, but with --depend" {
  must create --name "$C-1" "$IMG" sleep 23007
  local first=$out
  must create --name "$C-2" --requires "$first" "$IMG" true
  local second=$out
  local flag
  for flag in -v -f; do
    try rm "$flag" "$C-1"
    exits 125
    err_is "Error: container $first has dependent containers which must be removed before it: $second: container already exists"
  done
  try rm -f -t 0 --depend "$C-1"
  ok
  out_is "$second"$'\n'"$first"
  is_gone "$C-1"
  is_gone "$C-2"
}

@test "--requires: rm -a, and rm once the dependent is gone" {
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" --requires "$C-1" "$IMG" true
  must rm "$C-2"
  must rm "$C-1"
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" --requires "$C-1" "$IMG" true
  must create --name "$C-3" --requires "$C-2" "$IMG" true
  must rm -a
  try ps -aq
  out_is ""
}

@test "--requires: a container that is not there" {
  try run --name "$C" --requires nosuch "$IMG" true
  exits 125
  err_is 'Error: "nosuch" is not a valid container, cannot be used as a dependency: no container with name or ID "nosuch" found: no such container'
  is_gone "$C"
}

# --- --rootfs -----------------------------------------------------------------------------------

@test "--rootfs: a folder, which is written to" {
  local dir
  dir=$(root_folder root)
  try run --rm --rootfs "$dir" sh -c 'touch /made; echo $HOME $(id -u); pwd'
  ok
  out_is $'/root 0\n/'
  equal owner "$ACCOUNT" "$(stat -c %U "$dir/made")"
  must run --name "$C" --rootfs "$dir" true
  try inspect -f '{{.Rootfs}}|{{.Image}}|{{.ImageName}}|{{.Config.Image}}' "$C"
  out_is "$dir|||"
  try ps -a --format '{{.Names}}|{{.Image}}|{{.Command}}'
  out_is "$C||true"
  must rm "$C"
  [[ -e $dir/made ]] || complain "the folder to stay"
}

@test "--rootfs DIR:O: the folder stays as it is" {
  local dir before
  dir=$(root_folder root)
  before=$(find "$dir" | sort)
  try run --name "$C" --rootfs "$dir:O" sh -c 'echo new >/new; rm /bin/ls; ls / 2>&1; cat /new'
  out_has new
  equal folder "$before" "$(find "$dir" | sort)"
  must start -a "$C"
  must rm "$C"
  equal folder "$before" "$(find "$dir" | sort)"
}

@test "--rootfs: cp, diff, export, commit, ps -s" {
  local dir
  dir=$(root_folder root)
  must create --name "$C" --rootfs "$dir" true
  echo text >"$T/file"
  must cp "$T/file" "$C:/etc/copied"
  equal copied text "$(<"$dir/etc/copied")"
  try diff "$C"
  ok
  must export -o "$T/out.tar" "$C"
  tar -tf "$T/out.tar" | grep -q etc/copied
  try commit "$C" x
  exits 125
  err_is "Error: cannot commit a container that uses an exploded rootfs"
  must ps -as
}

@test "--rootfs: no folder, no command, a value" {
  try run --rootfs /nosuch sh
  exits 125
  err_has "/nosuch"
  err_has "no such file or directory"
  local dir
  dir=$(root_folder root)
  try run --rootfs "$dir"
  exits 125
  err_is "Error: no command or entrypoint provided, and no CMD or ENTRYPOINT from image"
  try run --rootfs="$dir" true
  exits 125
  err_has 'for "--rootfs" flag'
  try ps -aq
  out_is ""
}

# --- accounts -----------------------------------------------------------------------------------

@test "a user by number gets a line in passwd and in group" {
  try run --rm -u 1234 "$IMG" sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group; id'
  out_is $'1234:*:1234:0:container user:/:/bin/sh\n1234:x:1234:1234\nuid=1234(1234) gid=0(root) groups=0(root)'
  try run --rm -u 1234:555 -w /tmp "$IMG" sh -c 'tail -n 1 /etc/passwd; tail -n 1 /etc/group'
  out_is $'1234:*:1234:555:container user:/tmp:/bin/sh\n555:x:555:1234'
  try run --rm --passwd=false -u 1234:555 "$IMG" cat /etc/passwd /etc/group
  out_lacks 1234
}

@test "--passwd-entry" {
  try run --rm -u 1234 --passwd-entry 'me-$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/x' "$IMG" tail -n 1 /etc/passwd
  out_is 'me-1234:*:1234:0:container user:/:/bin/x'
  try run --rm --passwd-entry 'me:*:$UID:$GID:$NAME:$HOME:/bin/x' "$IMG" cat /etc/passwd
  out_lacks /bin/x
}

@test "--group-entry" {
  try run --rm -u 1234:77 --group-entry 'me-$GROUPNAME:x:$GID:$USERLIST' "$IMG" tail -n 1 /etc/group
  out_is me-77:x:77:1234
  try run --rm --group-entry 'me:x:777:' "$IMG" cat /etc/group
  out_lacks me:
}

@test "--hostuser: a user of the host's, by name or number" {
  try run --rm --hostuser "$ACCOUNT" "$IMG" tail -n 1 /etc/passwd
  out_like "^$ACCOUNT:\*:$USER_ID:$USER_ID:.*:/:/bin/sh\$"
  try run --rm --hostuser "$USER_ID" --hostuser root "$IMG" cat /etc/passwd
  out_has "$ACCOUNT:*:$USER_ID"
  equal roots 1 "$(grep -c ^root: <<<"$out")"
  try run --rm --hostuser nosuchuser "$IMG" true
  exits 126
  err_has "user: unknown user nosuchuser"
}

@test "--hostuser: and -u names it" {
  try run --rm --hostuser "$ACCOUNT" -u "$ACCOUNT" "$IMG" id -un
  out_is "$ACCOUNT"
}

# --- environment, labels, files -----------------------------------------------------------------

@test "--env-merge changes what is there" {
  try run --rm --env-merge 'PATH=${PATH}:/extra' "$IMG" sh -c 'echo $PATH'
  out_is "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/extra"
  try run --rm --env-merge 'NEW=${PATH}' "$IMG" sh -c 'echo "<$NEW>"'
  out_is "<>"
  try run --rm --env-merge "container='a b'\$nosuch\"\${nosuch:-c}\${PATH:+d}\"" "$IMG" sh -c 'echo "$container"'
  out_is "a bcd"
  try run --rm --env-merge 'PATH=${PATH' "$IMG" true
  exits 125
  err_has "unable to process variables for --env-merge"
}

@test "--label-file: the rules of an environment file" {
  printf 'a=b\n# c\n\n  d=e f \nkey\n' >"$T/labels"
  must create --name "$C" --label-file "$T/labels" --label a=z "$IMG" true
  try inspect -f '{{json .Config.Labels}}' "$C"
  out_is '{"a":"z","d":"e f "}'
  printf '=x\n' >"$T/labels"
  try create --label-file "$T/labels" "$IMG" true
  exits 125
  err_has "unable to process labels"
  err_has '"=x"'
  try create --label-file /nosuch "$IMG" true
  exits 125
  err_has "unable to process labels"
  try create --label =x "$IMG" true
  exits 125
  err_is 'Error: unable to process labels: invalid label format: "=x"'
}

@test "--env-host, below -e" {
  CT_ENV=(HERE=host THERE=host)
  try run --rm --env-host -e THERE=typed "$IMG" sh -c 'echo $HERE $THERE $container'
  out_is "host typed podman"
}

@test "--hosts-file: a file, the image's, none" {
  printf '192.0.2.7\tseven\n' >"$T/hosts"
  try run --rm --hosts-file "$T/hosts" "$IMG" cat /etc/hosts
  out_has $'192.0.2.7\tseven'
  try run --rm --hosts-file none --network none "$IMG" cat /etc/hosts
  out_lacks seven
  out_has localhost
  try run --rm --hosts-file image "$IMG" cat /etc/hosts
  ok
  try run --rm --hosts-file "$T/nosuch" "$IMG" true
  [[ $rc != 0 ]] || complain "a failure"
  try run --rm --hosts-file none --no-hosts "$IMG" true
  exits 125
  err_is "Error: --no-hosts and --hosts-file cannot be set together"
}

@test "--chrootdirs: the network's files are there too" {
  try run --rm --chrootdirs /jail,/cell "$IMG" sh -c 'cmp /etc/resolv.conf /jail/etc/resolv.conf && cmp /etc/hosts /cell/etc/hosts && echo same'
  out_is same
}

@test "--personality" {
  try run --rm --personality LINUX32 "$IMG" uname -m
  out_is i686
  try run --rm "$IMG" uname -m
  out_is "$(uname -m)"
  try run --rm --personality BOGUS "$IMG" true
  exits 126
  err_has "BOGUS"
}

@test "--init-path" {
  cp "$(command -v busybox)" "$T/init"
  printf '#!/bin/sh\necho init "$@"\n' >"$T/init"
  chmod 0755 "$T/init"
  try run --rm --init --init-path "$T/init" "$IMG" echo hi
  ok
  out_is "init -- echo hi"
  try run --rm --init --init-path /nosuch "$IMG" true
  exits 125
  err_has "container-init binary not found on the host: stat"
  try run --rm --init-path /nosuch "$IMG" echo hi
  out_is hi
}

@test "--seccomp-policy" {
  must run --rm --seccomp-policy default "$IMG" true
  try run --rm --seccomp-policy bogus "$IMG" true
  exits 125
  err_is 'Error: invalid seccomp policy "bogus": valid policies are ["default" "image"]'
  try run --rm --label 'io.containers.seccomp.profile={}' --seccomp-policy image "$IMG" true
  exits 125
  err_is "Error: no seccomp policy defined by image"
}

@test "--seccomp-policy image: the label is the profile" {
  must create --name "$C" "$IMG" true
  must commit -q -c 'LABEL io.containers.seccomp.profile='"'{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"}]}'" "$C" strict:1
  try run --rm --seccomp-policy image strict:1 sh -c 'mkdir /x 2>/dev/null || echo refused'
  out_is refused
  must run --rm strict:1 mkdir /x
  must rmi strict:1
}

# --- systemd ------------------------------------------------------------------------------------

@test "--systemd=always: mounts, variable, stop signal" {
  try run --rm --systemd always "$IMG" sh -c 'mount; echo uuid=$container_uuid; hostname'
  ok
  local place
  for place in /run /run/lock /tmp /var/log/journal; do
    out_like "tmpfs on $place type tmpfs \(rw,nosuid,nodev"
  done
  out_like 'uuid=[0-9a-f]{32}'
  must create --name "$C" --systemd always "$IMG" true
  try inspect -f '{{.Config.StopSignal}} {{.Config.SystemdMode}}' "$C"
  out_like '^(SIGRTMIN\+3|37) true$'
  must create --name "$C-2" --systemd always --stop-signal USR1 "$IMG" true
  try inspect -f '{{.Config.StopSignal}}' "$C-2"
  out_like '^(SIGUSR1|10)$'
}

@test "--systemd=true: by the command's name" {
  local command
  for command in /sbin/init /usr/sbin/init /usr/local/sbin/init /lib/systemd/systemd systemd; do
    must create --name "$C" --replace "$IMG" "$command"
    try inspect -f '{{.Config.SystemdMode}}' "$C"
    equal "mode of $command" true "$out"
  done
  must create --name "$C" --replace --systemd=false "$IMG" /sbin/init
  try inspect -f '{{.Config.StopSignal}}' "$C"
  out_like '^(SIGTERM|15)$'
  must create --name "$C" --replace "$IMG" /bin/init
  try inspect -f '{{.Config.StopSignal}}' "$C"
  out_like '^(SIGTERM|15)$'
  try run --rm --systemd bogus "$IMG" true
  exits 125
  err_is 'Error: invalid config provided: --systemd values must be one of "true, false, always": invalid configuration'
}

@test "--sdnotify=conmon: the service manager is told that the container is ready, and whom to watch" {
  listen_notify 1
  must run -d --name "$C" --sdnotify conmon "$IMG" sleep 23010
  wait "$listener"
  equal told "MAINPID=$(monitor_of "$C") READY=1 " "$(<"$T/told") "
}

@test "--sdnotify=container: the container has the socket" {
  listen_notify 1
  must run -d --name "$C" "$IMG" sh -c 'echo $NOTIFY_SOCKET; ls "$NOTIFY_SOCKET"; sleep 23011'
  wait "$listener"
  equal told "MAINPID=$(monitor_of "$C")" "$(<"$T/told")"
  socket_there() { ct logs "$C" | grep -q /run/notify; }
  until_ok 5 socket_there
  try logs "$C"
  equal lines 2 "$(grep -c /run/notify <<<"$out")"
}

@test "--sdnotify: inspect, ignore, a mode that is none" {
  must create --name "$C" "$IMG" true
  try inspect -f '{{json .Config}}' "$C"
  out_has '"sdNotifyMode":"container"'
  CT_ENV=(NOTIFY_SOCKET="$T/nosuch")
  try run --rm --sdnotify ignore "$IMG" sh -c 'echo "<$NOTIFY_SOCKET>"'
  out_is "<>"
  err_is ""
  try create --sdnotify bogus "$IMG" true
  exits 125
  err_has 'invalid sdnotify value "bogus"'
}

# --- ends ---------------------------------------------------------------------------------------

@test "--timeout: 255, and -1 in the record" {
  try run --name "$C" --timeout 1 "$IMG" sleep 23012
  exits 255
  try inspect -f '{{.State.ExitCode}} {{.State.Status}}' "$C"
  out_is "-1 exited"
  try wait "$C"
  out_is -1
  try ps -a --format '{{.Status}}'
  out_like '^Exited \(-1\)'
  try start -a "$C"
  exits 255
}

@test "--pidfile and --conmon-pidfile: written at each start, and kept" {
  local dir
  dir=$(user_dir pids)
  must run -d --name "$C" --pidfile "$dir/pid" --conmon-pidfile "$dir/monitor" "$IMG" sleep 23013
  equal pid "$(ct inspect -f '{{.State.Pid}}' "$C")" "$(<"$dir/pid")"
  equal monitor "$(monitor_of "$C")" "$(<"$dir/monitor")"
  must restart -t 0 "$C"
  equal pid "$(ct inspect -f '{{.State.Pid}}' "$C")" "$(<"$dir/pid")"
}

@test "an attached run --rm that is restarted from elsewhere does not remove what runs again" {
  begin run --rm --name "$C" "$IMG" sleep 23014
  until_ok 10 has_status "$C" running
  must restart -t 0 "$C"
  finish
  has_status "$C" running || complain "it to run again"
  sleep 0.5
  has_status "$C" running || complain "it to run still"
  must stop -t 0 "$C"
  until_ok 5 is_gone "$C"
}

@test "options that are not there: one sentence, and nothing is made" {
  oracle && skip "podman has them"
  local option
  for option in --init-ctr=always --decryption-key=k; do
    try create --name "$C" "$option" "$IMG" true
    exits 125
    err_has "Error: ${option%%=*} is not supported"
    equal lines 1 "$(wc -l <"$T/.err")"
    is_gone "$C"
  done
}
