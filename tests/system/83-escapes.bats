#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Ways out of containers, as those who collect them list them: each is tried inside a default container as its description
# has it, with an account on the host whose files are the prize. The lists: the exploits of
# https://github.com/cdk-team/CDK (E), the checks of https://github.com/stealthcopter/deepce (D) and of
# https://github.com/genuinetools/amicontained (A), the advisories of runc, docker, containerd and kubernetes (K). The tries are
# our own; the names after them are theirs.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() { mkdir -p "$T/prize" && echo TOPSECRET >"$T/prize/key" && chown -R "$ACCOUNT:" "$T/prize" && chmod 700 "$T/prize"; }
test_teardown() { ct rm -fa -t 0 >/dev/null 2>&1 || true; }

# tries SCRIPT: runs it in a container that must come to its end, with nothing of the host in what it says.
tries() {
  must run --rm "$TOOLS" sh -c "($1) 2>&1; true"
  out_lacks TOPSECRET
  out_lacks ESCAPED
  canary_ok
}

@test "sockets of other engines (E docker-sock-check, docker-api-pwn, containerd-shim-pwn; D docker sock)" {
  tries 'for s in /var/run/docker.sock /run/docker.sock /run/containerd/containerd.sock /run/podman/podman.sock /run/crio/crio.sock \
    /run/user/*/podman/podman.sock /run/user/*/ctool /run/dbus/system_bus_socket /run/systemd/private; do [ ! -e $s ] || echo ESCAPED $s; done
    grep -c "@" /proc/net/unix; ! grep -q "@.*containerd-shim" /proc/net/unix || echo ESCAPED'
}

@test "devices: the host's disks by name and by number (E mount-disk)" {
  tries 'cd /tmp; for n in "8 0" "8 1" "252 0" "253 0" "254 0" "259 0" "7 0"; do mknod d b $n && { dd if=d bs=512 count=1 && echo ESCAPED; }; rm -f d; done
    for d in $(cut -c 14- /proc/partitions | tail -n +3); do [ ! -e /dev/$d ] || echo ESCAPED $d; done'
}

@test "release_agent of a control group of version 1 (E mount-cgroup, CVE-2022-0492)" {
  tries 'mkdir /tmp/c; for o in memory rdma cpu pids devices; do mount -t cgroup -o $o x /tmp/c && echo ESCAPED; done
    unshare -UrmC sh -c "for o in memory rdma pids; do mount -t cgroup -o \$o x /tmp/c && echo /tmp/x >/tmp/c/release_agent && echo ESCAPED; done"
    find /sys/fs/cgroup -name release_agent | while read -r f; do echo /tmp/x >$f && echo ESCAPED; done'
}

@test "devices allowed by the control group (E rewrite-cgroup-devices)" {
  tries 'for f in $(find / -xdev -name devices.allow) $(find /sys/fs/cgroup -name devices.allow); do echo a >$f && echo ESCAPED; done'
}

@test "procfs of the host: core_pattern, modprobe, binfmt_misc, uevent_helper (E mount-procfs)" {
  tries 'for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/fs/binfmt_misc/register /sys/kernel/uevent_helper /sys/module/*/parameters/*; do
      [ ! -e $f ] || { echo "|/tmp/x" >$f && echo ESCAPED $f; }; done
    mkdir /tmp/p; mount -t proc x /tmp/p && echo ESCAPED
    unshare -Urmpf sh -c "mount -t proc x /tmp/p && echo ESCAPED; mount -t binfmt_misc x /tmp/p && echo x >/tmp/p/register && echo ESCAPED"'
}

@test "other processes: ptrace, /proc/PID/root, mem, process_vm_readv (E check-ptrace)" {
  must run -d --name "$C" "$TOOLS" sleep 60
  tries 'for p in /proc/[0-9]*; do ls $p/root/home $p/root/var/tmp/ct-*; tr "\0" "\n" <$p/environ; done | grep -c . ; ls -d /proc/[0-9]* | wc -l | grep -qx "[1-6]" || echo ESCAPED'
}

@test "file handles: the host's file system from any mount of it (shocker; E cap-dac-read-search)" {
  must run --rm "$TOOLS" /t/walls
  grep -qx "name_to_handle-open EPERM" "$T/.out" || complain "open_by_handle_at to be refused"
  # With the capability of the container's own namespace it is the kernel that refuses.
  must run --rm --cap-add DAC_READ_SEARCH "$TOOLS" /t/walls
  grep -qE "^name_to_handle-open E" "$T/.out" || complain "open_by_handle_at to be refused"
}

@test "kernel modules (E cap-sys-module)" {
  tries 'for p in /lib/modules /sys/module; do ls $p >/dev/null; done; echo x >/tmp/m.ko; insmod /tmp/m.ko && echo ESCAPED; modprobe dummy && echo ESCAPED; rmmod dummy && echo ESCAPED'
  try run --rm --cap-add SYS_MODULE "$TOOLS" sh -c 'echo x >/tmp/m.ko; insmod /tmp/m.ko'
  [[ $rc != 0 ]] || complain "a refusal"
}

@test "new user namespaces: more rights, the masks, the host's ids (E abuse-unpriv-userns)" {
  tries 'unshare -Urm sh -c "umount /proc/sys && echo ESCAPED; umount -l /proc && echo ESCAPED; mount -o remount,rw,bind /sys && echo ESCAPED
      mount -o remount,rw,bind /proc/sys && echo ESCAPED; mount --bind /dev/null /proc/sys && echo x; cat /proc/keys /proc/timer_list | grep -q . && echo ESCAPED"
    unshare -U sh -c "echo 0 0 4294967295 >/proc/self/uid_map && echo ESCAPED"'
}

@test "capabilities, seccomp and namespaces are what they should be (A)" {
  must run --rm "$TOOLS" sh -c 'grep -E "^(CapEff|Seccomp|NoNewPrivs):" /proc/self/status; cat /proc/self/uid_map; for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done'
  out_has $'CapEff:\t00000000800405fb'
  out_has $'Seccomp:\t2'
  [[ $(awk '$3 == 4294967295' "$T/.out") == "" ]] || complain "a user namespace of its own"
  local ns
  for ns in cgroup ipc mnt net pid user uts; do out_lacks "$(readlink "/proc/self/ns/$ns")"; done
}

@test "files that give the host away (D enumeration: mounts, history, keys, env)" {
  tries 'grep -E " /(home|root|etc/(passwd|shadow|ssh)) " /proc/self/mountinfo && echo ESCAPED
    cat /root/.ssh/* /home/*/.ssh/* /root/.bash_history /home/*/.bash_history /etc/shadow- /var/spool/cron/* | grep -q . && echo ESCAPED
    env | grep -iE "pass|token|secret|key=" && echo ESCAPED; for f in /proc/1/environ; do tr "\0" "\n" <$f | grep -E "^(SUDO|SSH|XDG|DBUS|USER)" && echo ESCAPED; done'
}

@test "the program that joins a container is never the user's own file (E runc-pwn, CVE-2019-5736)" {
  oracle && return
  # as somebody installs it: in his own home, writable by him, thus by root in his containers
  local home=$T/home before
  install -D -o "$ACCOUNT" -m 0755 "$CTOOL" "$home/bin/ctool"
  install -D -o "$ACCOUNT" -m 0755 -t "$home/libexec/ctool" "$(dirname "$CTOOL")"/../libexec/ctool/*
  before=$(sha256sum "$home/bin/ctool" "$home"/libexec/ctool/*)
  CTOOL=$home/bin/ctool
  must run -d --name "$C" "$TOOLS" /t/grab 6
  # Nobody in the container can look at who joins it, and would find a sealed copy if he could.
  equal "the monitor's program" "/memfd:ctool-monitor (deleted)" "$(readlink "/proc/$(ct inspect --format '{{.State.ConmonPid}}' "$C")/exe")"
  for _ in {1..40}; do try exec "$C" true; done
  for _ in 1 2 3; do try exec "$C" /proc/self/exe --version; done
  must wait "$C"
  must logs "$C"
  out_has "unsealed 0"
  equal "sums of the programs" "$before" "$(sha256sum "$home/bin/ctool" "$home"/libexec/ctool/*)"
}

@test "binaries in the image that the host would run: ps, tar, getent, newuidmap, nsenter (CVE-2019-14271, CVE-2022-1227, CVE-2026-41567)" {
  local root=$T/root name
  mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,usr/local/bin,lib/x86_64-linux-gnu,etc,mark} "$T/mark"
  cp /bin/busybox "$root/bin/busybox"
  ln -s busybox "$root/bin/sleep"
  for name in sh ps tar xz gzip zstd getent newuidmap newgidmap nsenter mount cp cat fuse-overlayfs slirp4netns pasta nft iptables; do
    for dir in bin sbin usr/bin usr/sbin usr/local/bin; do
      printf '#!/bin/busybox sh\n/bin/busybox touch /mark/%s\n' "$name" >"$root/$dir/$name"
      chmod 755 "$root/$dir/$name"
    done
  done
  # what a loader or name service would take up
  for name in libnss_files.so.2 libnss_compat.so.2 gconv-modules.cache; do cp /bin/busybox "$root/lib/x86_64-linux-gnu/$name"; done
  echo /lib/x86_64-linux-gnu/libnss_files.so.2 >"$root/etc/ld.so.preload"
  printf 'passwd: files evil\n' >"$root/etc/nsswitch.conf"
  printf 'root:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$root/etc/passwd"
  tar -C "$root" --owner 0 --group 0 -cf "$T/trap.tar" .
  chmod 644 "$T/trap.tar"
  must import -q "$T/trap.tar" "trap$BATS_TEST_NUMBER"
  chown "$ACCOUNT:" "$T/mark"
  must run -d --name "$C" -v "$T/mark:/mark" "trap$BATS_TEST_NUMBER" sleep 60
  echo data >"$T/data" && chmod 644 "$T/data"
  try top "$C"
  must cp "$T/data" "$C:/data"
  must cp "$C:/data" -
  must exec -u user "$C" sleep 0
  must commit -q "$C" "trap$BATS_TEST_NUMBER-2"
  must diff "$C"
  ct export "$C" >/dev/null
  must pause "$C"
  must unpause "$C"
  must stop -t 0 "$C"
  equal "programs of the image that ran" "" "$(ls "$T/mark")"
  ct rm -f "$C" >/dev/null
  ct rmi "trap$BATS_TEST_NUMBER-2" "trap$BATS_TEST_NUMBER" >/dev/null
}

@test "volumes: a link in one, a subfolder that becomes one (K subPath: CVE-2017-1002101, CVE-2021-25741)" {
  local dir round
  dir=$(user_dir v)
  must run --rm -v "$dir:/v" "$TOOLS" sh -c "ln -s $T/prize /v/l; ln -s / /v/root; mkdir /v/d"
  try run --rm -v "$dir:/v" "$TOOLS" cat "/v/l/key" "/v/root$T/prize/key"
  out_lacks TOPSECRET
  must run -d --name "$C" -v "$dir:/v" "$TOOLS" /t/swap /v/d /v/l 60
  for ((round = 0; round < ${ROUNDS:-15}; ++round)); do
    try run --rm -v "$dir:/v" --tmpfs /v/d/t "$TOOLS" sh -c 'cat /v/d/key /v/l/key'
    out_lacks TOPSECRET
  done
  [[ ! -e $T/prize/t ]] || complain "no folder made on the host"
}

@test "copying out of a container whose files are exchanged (K kubectl cp: CVE-2019-1002101; CVE-2018-15664)" {
  local dir round
  dir=$(user_dir out)
  must run -d --name "$C" "$TOOLS" sh -c "mkdir -p /w/d; echo mine >/w/d/key; ln -s $T/prize /w/l; exec /t/swap /w/d /w/l 60"
  for ((round = 0; round < ${ROUNDS:-15}; ++round)); do
    rm -rf "$dir/x"
    try cp "$C:/w/d" "$dir/x"
    ! grep -rq TOPSECRET "$dir" || complain "nothing of the host in the copy"
    try cp "$C:/w/d/key" -
    ! grep -aq TOPSECRET "$T/.out" || complain "nothing of the host in the stream"
  done
}

@test "a terminal's size, a log's name, an environment of escape codes stay data (K CVE-2024-21626 and kin)" {
  local fd
  for fd in 3 6 7 8 9 11; do
    try run --rm -w "/proc/1/fd/$fd/../../.." "$TOOLS" sh -c 'pwd -P; cat key ./*/key'
    out_lacks TOPSECRET
    try run --rm --entrypoint "/proc/self/fd/$fd/bin/sh" "$TOOLS" -c 'echo ESCAPED'
    out_lacks ESCAPED
  done
}
