#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The walls of a default container, probe by probe (testcases/walls.cpp, beside probes.cpp in 80-security.bats), and what
# must not be in their way. Each wall stands for several users of it: root, another user, one with more capabilities.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_teardown() { ct rm -fa -t 0 >/dev/null 2>&1 || true; }

# says PATTERN NAME...: what each probe must have said.
says() {
  local wanted=$1 name found
  shift
  for name; do
    found=$(awk -v n="$name" '$1 == n { sub(/^[^ ]* /, ""); print }' "$T/.out")
    [[ $found =~ ^($wanted)$ ]] || {
      echo "probe $name: expected $wanted, found ${found:-nothing}" >&2
      bad_probes=1
    }
  done
}
all_that_begin() { awk -v p="$1" 'index($1, p) == 1 { print $1 }' "$T/.out"; }

refusals() {
  bad_probes=0
  says "EPERM|ENOSYS" move_mount fsmount fspick mount-sysfs mount-cgroup2 mount-cgroup1 unshare-cgroup unshare-uts \
    nested-remount-sys nested-sysfs userfaultfd-kernel process_madvise clock_settime adjtimex personality-read-implies-exec \
    name_to_handle-open lsm_set_self_attr session-key prctl-mm xattr-trusted-other xattr-security
  says EINVAL leave-seccomp netlink-audit
  says "EACCES|EPERM" nice-up
  says ENOENT open-loop
  # shellcheck disable=SC2046
  says "EPERM|ENOSYS" $(all_that_begin i386-) $(all_that_begin x32-)
  # shellcheck disable=SC2046
  says ENOENT $(all_that_begin device:)
  says EPERM mknod-fuse mknod-kvm
  # shellcheck disable=SC2046
  says "empty|ENOENT|EACCES|EPERM" $(all_that_begin read:) $(all_that_begin list:)
  # shellcheck disable=SC2046
  says "EACCES|EPERM|EROFS|ENOENT|EINVAL" $(all_that_begin write:)
  says "EROFS|EACCES" mkdir-in-cgroup
  says "ETXTBSY|EACCES|EROFS" overwrite-own-binary
  says 0 descriptors securebits death-signal
  says inside cwd
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "what root of a container must be refused" {
  must run --rm "$TOOLS" /t/walls
  refusals
  says 1 processes dumpable
  (($(wc -l <"$T/.out") > 100)) || complain "all probes"
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "and another user" {
  must run --rm -u 1000 "$TOOLS" /t/walls
  refusals
}

@test "and who executes in it" {
  must run -d --name "$C" "$IMG" sleep 60
  must rm -f -t 0 "$C"
  must run -d --name "$C" "$TOOLS" sleep 60
  must exec "$C" /t/walls
  refusals
}

@test "and with no-new-privileges, without capabilities, read-only, on the host's network" {
  local options
  for options in "--security-opt no-new-privileges" "--cap-drop all" "--read-only --tmpfs /tmp" "--network none" "--network host"; do
    # shellcheck disable=SC2086
    must run --rm $options "$TOOLS" /t/walls
    refusals
  done
}

@test "what a container must be able to do" {
  must run --rm "$TOOLS" /t/walls
  bad_probes=0
  says ok may-bind-80 may-netlink may-clone3 may-exec-memfd
  says "ok|ENOSYS" may-mseal
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "masks are mounts: every path of the list that is there, whatever a write to it would say" {
  must run --rm "$IMG" sh -c '
    for p in /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug /proc/scsi \
      /proc/interrupts /sys/firmware /sys/fs/selinux /sys/dev/block /sys/devices/virtual/powercap \
      /sys/devices/system/cpu/cpu*/thermal_throttle /proc/asound /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
      [ ! -e $p ] || grep -q "^[^ ]* $p [^ ]* ro," /proc/mounts || echo "$p is not covered"
    done'
  out_is ""
}

@test "privileged: every capability, but of the container's own user namespace" {
  must run --rm --privileged "$TOOLS" /t/walls
  bad_probes=0
  # the kernel's own, and what belongs to the host, is out of reach all the same
  says "EPERM|EACCES" clock_settime adjtimex i386-stime write:/proc/sys/kernel/core_pattern \
    write:/proc/sys/vm/drop_caches write:/proc/sys/vm/panic_on_oom write:/sys/power/state mknod-kvm mknod-fuse
  equal "probes with a wrong answer" 0 "$bad_probes"
  must run --rm --privileged "$IMG" grep CapEff /proc/self/status
  out_like '[13]ffffffffff$'
  must run --rm --privileged "$IMG" sh -c 'mount -t tmpfs x /mnt 2>/dev/null || { mkdir /mnt; mount -t tmpfs x /mnt; }; hostname other; hostname'
  out_is other
}

@test "the host's loopback, its network's gateway and abstract sockets are out of reach (W02, W05)" {
  local listener port=28282
  python3 - "$port" 3>&- 4>&- <<'END' &
import socket, sys, time
tcp = socket.create_server(("127.0.0.1", int(sys.argv[1])))
unix = socket.socket(socket.AF_UNIX)
unix.bind("\0ctool-test-walls")
unix.listen()
time.sleep(60)
END
  listener=$!
  until_ok 5 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port"
  must run --rm "$TOOLS" /t/walls ctool-test-walls "$port" 127.0.0.1 10.0.2.2
  kill "$listener"
  bad_probes=0
  says ECONNREFUSED abstract-socket tcp:127.0.0.1
  says "ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT" tcp:10.0.2.2
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "nothing of the caller's environment, folders, descriptors or processes (R03, R18)" {
  exec 9<"$LIVE/canary" 8<"$LIVE/canary/secret"
  CT_ENV=(HOSTSECRET=leaked)
  must run -d --name "$C" "$TOOLS" sleep 60
  must exec "$C" /t/walls
  says 0 descriptors
  try exec "$C" sh -c 'cat /proc/*/environ /proc/*/cmdline | tr "\0" "\n"; ls -l /proc/*/fd /proc/*/cwd /proc/*/root'
  exec 9<&- 8<&-
  out_lacks HOSTSECRET
  out_lacks canary
  out_lacks "$LIVE"
}

@test "the caller's session keyring is not the container's, filter or no filter (R34)" {
  cat >"$T/with-key" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall(250, 1, b"ctool-test")                                          # keyctl: a session keyring of our own
if libc.syscall(248, b"user", b"ctool-test-walls", b"secret", 6, -3) < 0:    # add_key to it
    sys.exit("add_key: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
END
  last="run with a key in the session"
  capture as_user python3 "$T/with-key" "$CTOOL" run --rm --security-opt seccomp=unconfined "$TOOLS" /t/walls
  ok
  bad_probes=0
  says "ENOKEY|EACCES" session-key
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "an exec session's folder through a link to a descriptor (R03)" {
  local fd
  must run -d --name "$C" "$TOOLS" sleep 60
  for fd in 3 4 5 6 7 8 9 10; do
    must exec "$C" ln -sfn "/proc/self/fd/$fd" /w
    try exec -w /w "$C" sh -c 'ls ../../../../../../../../var/tmp; pwd -P'
    [[ $rc != 0 ]] || out_lacks ct-
    try exec -w "/proc/self/fd/$fd" "$C" ls ../../../../../../../../var/tmp
    [[ $rc != 0 ]] || out_lacks ct-
  done
}
