#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Where CI jobs run: inside containers of ctool's own, inside bubblewrap, in user namespaces, under seccomp filters, with
# an environment that lacks most of what a login has. What works is used; what does not is one clear error.

load helpers

test_setup() {
  if oracle; then skip "podman does without some of these calls, and has no doctor"; fi
}
file_setup() {
  if oracle; then return; fi
  ct pull -q "$IMG" >/dev/null
  # A root file system whose programs are the host's, so that ctool and its helpers are in it.
  local link base=$FILE_DIR/base
  mkdir -p "$base"/{usr,etc/containers,proc,sys,dev,tmp,root,home/worker,run,var/tmp}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$base/$link"; done
  printf 'root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1000::/home/worker:/bin/sh\n' >"$base/etc/passwd"
  printf 'root:x:0:\nworker:x:1000:\n' >"$base/etc/group"
  echo 'worker:1001:64000' | tee "$base/etc/subuid" >"$base/etc/subgid"
  cp /etc/os-release "$base/etc/"
  echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$base/etc/containers/policy.json"
  chown 1000:1000 "$base/home/worker"
  chmod 1777 "$base/tmp" "$base/var/tmp"
  tar -C "$base" -cf "$FILE_DIR/base.tar" .
  ct import -q "$FILE_DIR/base.tar" runner >/dev/null
  ct save -q --format oci-archive "$IMG" >"$FILE_DIR/busybox.tar"
  chmod 0644 "$FILE_DIR/busybox.tar"
  c++ -std=c++20 -O1 -o "$FILE_DIR/deny" "$HERE/data/deny.cpp"
  cat >"$FILE_DIR/job" <<'JOB'
#!/bin/sh
# What a CI job does: loads an image, runs containers, leaves nothing. $1: the network of the second one.
cd /
$CTOOL load -q -i "$IMAGE" >/dev/null || exit
image=$($CTOOL images -q | head -n 1)
$CTOOL run --rm --network none "$image" sh -c '
  echo written >/etc/new && rm -rf /tmp && mkdir /tmp && echo x >/tmp/x && ls /tmp && id -u' || exit
[ -z "$1" ] || $CTOOL run --rm --network "$1" "$image" sh -c 'ip route | grep -q default && echo online' || exit
$CTOOL run -d --name job --network none "$image" sleep 100 >/dev/null || exit
$CTOOL exec job echo joined || exit
$CTOOL rm -f -t 0 job >/dev/null
[ -z "$($CTOOL ps -aq)" ] || exit
$CTOOL doctor --format '{{.Check}}={{.Result}}' | grep -v -e dns= -e registry= | sed 's/^/doctor: /'
JOB
  chmod 0755 "$FILE_DIR/job"
}

done_job=$'x\n0\njoined'
done_online=$'x\n0\nonline\njoined'
# The job came to its end: what it printed, without the doctor's words.
did() { equal "the job's output" "$1" "$(grep -v '^doctor: ' "$T/.out")"; }
says() { out_has "doctor: $1"; }

# inside OPTIONS...: the job in a container of ctool's.
inside() {
  local network=$1
  shift
  last="the job in a container: $*"
  capture ct run --rm --network none -v /usr:/usr:ro -v "$LIVE/tree:/opt/tree:ro" -v "$FILE_DIR:/job:ro" -e CTOOL=/opt/tree/bin/ctool \
    -e IMAGE=/job/busybox.tar "$@" runner sh /job/job "$network"
}
devices=(--device /dev/fuse --device /dev/net/tun)

# outside COMMAND...: the job on the host, within COMMAND.
outside() {
  local network=$1
  shift
  last="the job within: $*"
  capture as_user CTOOL="$CTOOL" IMAGE="$FILE_DIR/busybox.tar" HOME="$(user_dir home)" XDG_RUNTIME_DIR="$(run_dir)" "$@" sh "$FILE_DIR/job" "$network"
}
run_dir() {
  install -d -m 0700 -o "$ACCOUNT" "$T/run"
  echo "$T/run"
}

@test "root in a container of ctool's: its filter and its covered /proc are no obstacle" {
  inside slirp4netns "${devices[@]}"
  ok
  did "$done_online"
  says proc=degraded
  says syscalls=degraded
  says ranges=ok
  err_has "keeps the outer host's name"
}

@test "root in a container without devices: copies of images, no network" {
  inside ""
  ok
  did "$done_job"
  says tun=off
  says fuse=degraded
  equal "told of copies" 1 "$(grep -c 'gets a copy of the image' "$T/.err")"
}

@test "root in a container with nothing covered" {
  inside slirp4netns "${devices[@]}" --security-opt unmask=ALL --security-opt seccomp=unconfined
  ok
  did "$done_online"
  says proc=ok
  says syscalls=ok
}

@test "root in a privileged container" {
  inside slirp4netns --privileged "${devices[@]}"
  ok
  did "$done_online"
  says proc=ok
}

@test "a user in a container, without newuidmap" {
  inside slirp4netns "${devices[@]}" -u worker -e HOME=/home/worker --security-opt no-new-privileges
  ok
  did "$done_online"
  says newuidmap=degraded
  err_has "only one id is mapped"
}

@test "a read-only container with its store in memory" {
  inside slirp4netns "${devices[@]}" --read-only --tmpfs /root --tmpfs /tmp
  ok
  did "$done_online"
  says store=degraded
  says overlay=ok
}

@test "root in a container without capabilities: one clear error" {
  inside "" --cap-drop all
  [[ $rc != 0 ]] || complain "a failure"
  err_has "SETFCAP"
  err_has "see: ctool doctor"
}

@test "ctool in ctool in ctool" {
  last="two levels"
  capture ct run --rm --network none --privileged -v /usr:/usr:ro -v "$LIVE/tree:/opt/tree:ro" -v "$FILE_DIR:/job:ro" runner sh -c '
    set -e
    ctool=/opt/tree/bin/ctool
    $ctool import -q /job/base.tar runner >/dev/null
    $ctool run --rm --network none --privileged -v /usr:/usr:ro -v /opt/tree:/opt/tree:ro -v /job:/job:ro runner sh -c "
      $ctool load -q -i /job/busybox.tar >/dev/null
      $ctool run --rm --network none \$($ctool images -q) echo deep inside"'
  ok
  out_is "deep inside"
}

@test "unshare -r, and with a pid namespace" {
  outside slirp4netns unshare --map-root-user
  ok
  did "$done_online"
  says ranges=degraded
  equal "told of one id" 1 "$(grep -c 'only one id is mapped' "$T/.err")"
  outside slirp4netns unshare --map-root-user --mount --pid --fork --mount-proc
  ok
  did "$done_online"
}

@test "a user namespace with many ids: its root hands them on" {
  outside slirp4netns unshare --map-root-user --map-auto
  ok
  did "$done_online"
  says ranges=ok
  err_lacks "only one id"
}

bubble() {
  bubble=(bwrap "$@" --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/bin /bin --symlink usr/sbin /sbin
    --ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp --bind "$LIVE" "$LIVE")
}

@test "bubblewrap: no /sys, no /run" {
  bubble --unshare-user
  outside slirp4netns "${bubble[@]}" --dev-bind /dev/net/tun /dev/net/tun
  ok
  did "$done_online"
  says ranges=degraded
  err_has "slirp4netns runs here without a part of its own sandbox"
  bubble --unshare-all --cap-drop ALL --die-with-parent
  outside "" "${bubble[@]}"
  ok
  did "$done_job"
  says tun=off
}

@test "bubblewrap that forbids user namespaces: the reason" {
  bubble --unshare-user --disable-userns
  outside "" "${bubble[@]}"
  exits 125
  err_has "user namespace"
  err_has "see: ctool doctor"
}

# --- seccomp filters -----------------------------------------------------------------------------

# under ERRNO CALLS: the job under a filter, set by root so that newuidmap works.
under() {
  last="the job where $2 is $1"
  capture "$FILE_DIR/deny" "$1" "$2" "${AS_USER[@]}" CTOOL="$CTOOL" IMAGE="$FILE_DIR/busybox.tar" HOME="$(user_dir home)" \
    XDG_RUNTIME_DIR="$(run_dir)" sh "$FILE_DIR/job" slirp4netns
}

# A row: the call, and for run, load, exec, rm and build whether it works (+) or fails with one error that names the doctor
# (-). Each is tried with EPERM and with ENOSYS; "build" differs for clone3, of which libc hears only ENOSYS.
calls=(
  'add_key           + + + + +' 'clone3            + + + + ?' 'close_range       + + + + +' 'copy_file_range   + + + + +'
  'execveat          + + + + +' 'faccessat2        + + + + +' 'inotify_init1     + + + + +' 'keyctl            + + + + +'
  'landlock_create_ruleset + + + + +' 'memfd_create + + + + +' 'openat2           + + + + +' 'renameat2         + + + + +'
  'sethostname       + + + + +' 'statx             + + + + +' 'syncfs            + + + + +'
  'flock             - - + - -' 'fsconfig          - + + + -' 'fsmount           - + + + -' 'fsopen            - + + + -'
  'mount             - - + + -' 'mount_setattr     - + + + -' 'move_mount        - + + + -' 'open_tree         - + + + -'
  'pidfd_open        + + - - +' 'pidfd_send_signal + + + - +' 'pivot_root        - + + + -' 'seccomp           - + + + -'
  'setns             + + + + +' 'signalfd4         - + - + -' 'umount2           - + + + -' 'userns            - - + + -'
)

@test "each system call refused: it works, or one error says what is missing" {
  export BATS_TEST_TIMEOUT=200
  local row call errno name want answers=()
  local dir
  dir=$(user_dir app)
  printf 'FROM %s\nCOPY f /f\nRUN touch /made\n' "$IMG" >"$dir/Containerfile"
  echo x >"$dir/f"
  chmod 0644 "$dir"/*
  must run -d --network none --name "$C" "$IMG" sleep 1000
  for row in "${calls[@]}"; do
    read -r -a answers <<<"$row"
    call=${answers[0]}
    for errno in EPERM ENOSYS; do
      must run -d --network none --name "$C-rm" "$IMG" sleep 1000
      for name in 1:run 2:load 3:exec 4:rm 5:build; do
        want=${answers[${name%%:*}]}
        [[ $want != '?' ]] || { [[ $errno == EPERM ]] && want=- || want=+; }
        case ${name#*:} in
          run) set -- run --rm --network none "$IMG" true ;;
          load) set -- load -q -i "$FILE_DIR/busybox.tar" ;;
          exec) set -- exec "$C" true ;;
          rm) set -- rm -f -t 0 "$C-rm" ;;
          build) set -- build -q --network none --no-cache -t made "$dir" ;;
        esac
        last="${name#*:} where $call is $errno"
        capture "$FILE_DIR/deny" $errno "$call" "${AS_USER[@]}" "$CTOOL" "$@"
        if [[ $want == + ]]; then
          ok
          continue
        fi
        [[ $rc != 0 ]] || complain "a failure"
        equal "lines of error" 1 "$(grep -c '^Error' "$T/.err")"
        err_has "see: ctool doctor"
      done
      ct rm -f -t 0 "$C-rm" >/dev/null 2>&1 || true
    done
    [[ ${answers[1]} == - && $call != userns ]] || continue
    last="doctor where $call is refused"
    capture "$FILE_DIR/deny" EPERM "$call" "${AS_USER[@]}" "$CTOOL" doctor --format '{{.Check}}={{.Result}} {{.Reason}}'
    exits 1
    out_like "refuses ([a-z0-9_]+, )*$call|=off .*$call|=off .*make the mounts private"
  done
}

@test "filters that refuse all that there is another way for" {
  under EPERM openat2,close_range,statx,faccessat2,execveat,copy_file_range,syncfs,memfd_create,inotify_init1,keyctl
  ok
  did "$done_online"
  says syscalls=degraded
  under ENOSYS clone3
  ok
  did "$done_online"
}

@test "a filter that refuses sethostname: the outer name, and a word about it" {
  under EPERM sethostname
  ok
  did "$done_online"
  says syscalls=degraded
  equal "told of the name" 1 "$(grep -c "keeps the outer host's name" "$T/.err")"
}

@test "a filter that refuses pidfds: containers run, and nobody takes them for ended" {
  local call
  must run -d --name "$C" "$IMG" sleep 100
  last="exec where pidfd_open is refused"
  capture "$FILE_DIR/deny" EPERM pidfd_open "${AS_USER[@]}" "$CTOOL" exec "$C" true
  [[ $rc != 0 ]] || complain "a failure"
  err_has "see: ctool doctor"
  capture "$FILE_DIR/deny" EPERM pidfd_open "${AS_USER[@]}" "$CTOOL" run --rm "$IMG" echo fine
  ok
  capture "$FILE_DIR/deny" EPERM pidfd_open "${AS_USER[@]}" "$CTOOL" ps -a --filter "name=$C" --format '{{.State}}'
  equal "state" running "$(status_of "$C")"
  for call in pidfd_open signalfd4 setns; do
    capture "$FILE_DIR/deny" EPERM $call "${AS_USER[@]}" "$CTOOL" doctor --format '{{.Check}}={{.Result}} {{.Reason}}'
    exits 1
    out_has "refuses $call"
  done
}

@test "a filter that refuses user namespaces" {
  local errno
  for errno in EPERM ENOSYS; do
    last="run where user namespaces are $errno"
    capture "$FILE_DIR/deny" $errno userns "${AS_USER[@]}" "$CTOOL" run --rm "$IMG" true
    exits 125
    err_has "create a user namespace"
    err_has "see: ctool doctor"
    capture "$FILE_DIR/deny" $errno userns "${AS_USER[@]}" "$CTOOL" doctor --format '{{.Check}}={{.Result}}'
    exits 1
    out_has userns=off
  done
}

@test "a filter that refuses filters" {
  last="run under such a filter"
  capture "$FILE_DIR/deny" EPERM seccomp "${AS_USER[@]}" "$CTOOL" run --rm "$IMG" true
  exits 125
  err_has "seccomp=unconfined"
  capture "$FILE_DIR/deny" EPERM seccomp "${AS_USER[@]}" "$CTOOL" run --rm --security-opt seccomp=unconfined "$IMG" echo fine
  ok
  out_is fine
}

@test "a store that a filter hides is not made anew" {
  under EPERM faccessat2
  ok
  last="images afterwards"
  capture "$FILE_DIR/deny" EPERM faccessat2,statx,openat2 "${AS_USER[@]}" "$CTOOL" images -q
  ok
  [[ -n $out ]] || complain "the images to be there"
}

@test "without privileges to gain" {
  outside slirp4netns setpriv --no-new-privs
  ok
  did "$done_online"
  says newuidmap=degraded
}

# --- surroundings --------------------------------------------------------------------------------

@test "cron: no terminal, no session, an empty environment" {
  last="the job from cron"
  capture setsid setpriv --reuid "$ACCOUNT" --regid "$ACCOUNT" --clear-groups env -i CTOOL="$CTOOL --root $(user_dir root)" \
    IMAGE="$FILE_DIR/busybox.tar" sh "$FILE_DIR/job" slirp4netns </dev/null 3>&- 4>&-
  rm -rf "/tmp/ctool-$USER_ID"
  ok
  did "$done_online"
}

@test "without HOME, and one that is no path" {
  last="the job without HOME"
  capture as_user CTOOL="$CTOOL --root $(user_dir root) --runroot $(run_dir)" IMAGE="$FILE_DIR/busybox.tar" env -u HOME sh "$FILE_DIR/job" slirp4netns
  ok
  did "$done_online"
  CT_ENV=(HOME=relative)
  try ps
  exits 125
  err_has "see: ctool doctor"
}

@test "HOME on a file system without extended attributes" {
  mkdir "$T/plain"
  mount -t ramfs none "$T/plain"
  chown "$ACCOUNT:" "$T/plain"
  last="the job on ramfs"
  capture as_user CTOOL="$CTOOL" IMAGE="$FILE_DIR/busybox.tar" HOME="$T/plain" XDG_RUNTIME_DIR="$(run_dir)" sh "$FILE_DIR/job" slirp4netns
  umount -l "$T/plain"
  ok
  did "$done_online"
  says store=degraded
  says overlay=degraded
  err_has "without extended attributes"
}

@test "standard streams that are closed" {
  last="run without streams"
  capture as_user sh -c '"$1" run --rm "$2" true <&- >&- 2>&-' sh "$CTOOL" "$IMG"
  ok
}

@test "info tells what the doctor does" {
  outside "" unshare --map-root-user
  ok
  capture as_user unshare --map-root-user "$CTOOL" info --format '{{range .Host.Degraded}}{{.Feature}} {{end}}'
  ok
  out_has ids
  capture ct run --rm --network none -v /usr:/usr:ro -v "$LIVE/tree:/opt/tree:ro" runner /opt/tree/bin/ctool info --format '{{range .Host.Degraded}}{{.Feature}} {{end}}'
  ok
  out_has proc
  out_has overlay
}
