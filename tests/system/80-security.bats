#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container may do and see, and images that try to get out. `hostile:eNN` and `hostile:cNN`
# are made in fixtures/make_images.py; the canary is a folder of the account on the host.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }

# hostile TAG [ARGS of run after the image]: starts an image that must not harm the canary, in a
# few seconds, whether it runs or is refused.
hostile() {
  local tag=$1
  shift
  must pull -q "$REGISTRY/hostile:$tag"
  last="$TOOL run ${OPTIONS[*]-} hostile:$tag $*"
  capture timeout --foreground 20 "${AS_USER[@]}" ${CT_ENV[@]+"${CT_ENV[@]}"} "$CTOOL" run --rm \
    ${OPTIONS[@]+"${OPTIONS[@]}"} "$REGISTRY/hostile:$tag" "$@" </dev/null 3>&- 4>&-
  canary_ok
  [[ $rc != 124 ]] || complain "an end within 20 s"
  out_lacks TOPSECRET
  err_lacks TOPSECRET
}
refused() { [[ $rc == 125 || $rc == 126 ]] || complain "exit status 125 or 126"; }

# --- mounts, capabilities, seccomp ------------------------------------------------------------

# mount TARGET: the line of /proc/mounts, without source: "TARGET TYPE OPTIONS".
mounted() { awk -v t="$1" '$2 == t { line = $2 " " $3 " " $4 } END { print line }' "$T/.out"; }

@test "the table of mounts" {
  must run --rm "$IMG" cat /proc/mounts
  local target wanted option
  while read -r target wanted; do
    [[ -e $target ]] || continue # a kernel without it
    [[ -n $(mounted "$target") ]] || complain "$target to be mounted"
    for option in ${wanted//,/ }; do
      [[ ",$(mounted "$target" | tr ' ' ',')," == *",$option,"* ]] ||
        complain "$target to have $option: $(mounted "$target")"
    done
  done <<'EOF'
/ overlay,rw
/proc proc,rw,nosuid,nodev,noexec
/dev tmpfs,rw,nosuid,noexec,mode=755
/dev/pts devpts,nosuid,noexec,ptmxmode=666,mode=620
/dev/shm tmpfs,rw,nosuid,nodev,noexec
/dev/mqueue mqueue,nosuid,nodev,noexec
/sys sysfs,ro,nosuid,nodev,noexec
/sys/fs/cgroup cgroup2,ro,nosuid,nodev,noexec
/proc/sys proc,ro
/proc/irq proc,ro
/proc/bus proc,ro
/proc/fs proc,ro
/proc/sysrq-trigger proc,ro
EOF
  # nothing of the host's own table
  out_lacks " /var/tmp"
  out_lacks " /home"
}

@test "masked: files are empty, folders are empty and read-only" {
  must run --rm "$IMG" sh -c '
    for f in /proc/kcore /proc/keys /proc/timer_list /proc/latency_stats /proc/sched_debug; do
      [ ! -e $f ] || [ $(cat $f 2>/dev/null | wc -c) = 0 ] || echo "$f shows something"
    done
    for d in /proc/acpi /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
      [ ! -d $d ] || [ $(ls -A $d 2>/dev/null | wc -l) = 0 ] || echo "$d shows something"
      [ ! -d $d ] || ! touch $d/x 2>/dev/null || echo "$d can be written"
    done'
  out_is ""
}

@test "newer masks: interrupts, thermal throttling" {
  must run --rm "$IMG" sh -c 'cat /proc/interrupts | wc -c;
    ls -A /sys/devices/system/cpu/cpu0/thermal_throttle 2>/dev/null | wc -l'
  out_is $'0\n0'
}

@test "--privileged and unmask=ALL lift the masks" {
  must run --rm --privileged "$IMG" cat /proc/mounts
  [[ -z $(mounted /proc/sys) ]] || complain "no mount on /proc/sys"
  must run --rm --security-opt unmask=ALL "$IMG" cat /proc/mounts
  [[ -z $(mounted /proc/sys) ]] || complain "no mount on /proc/sys"
}

@test "--security-opt mask=" {
  must run --rm --security-opt mask=/etc/plain:/var/www "$IMG" sh -c 'cat /etc/plain; ls /var/www'
  out_is ""
}

@test "read-only: the root, and nothing more than asked becomes writable" {
  must run --rm --read-only "$IMG" cat /proc/mounts
  [[ $(mounted /) == *" ro,"* ]] || complain "a read-only root: $(mounted /)"
}

@test "capabilities: root's, and none for others (R13, R14)" {
  must run --rm "$IMG" grep Cap /proc/self/status
  out_is $'CapInh:\t0000000000000000
CapPrm:\t00000000800405fb
CapEff:\t00000000800405fb
CapBnd:\t00000000800405fb
CapAmb:\t0000000000000000'
  must run --rm -u 1000 "$IMG" grep Cap /proc/self/status
  out_is $'CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t00000000800405fb
CapAmb:\t0000000000000000'
}

@test "--cap-drop, --cap-add, any spelling" {
  must run --rm --cap-drop all "$IMG" grep CapBnd /proc/self/status
  out_like '0000000000000000$'
  must run --rm --cap-drop ALL --cap-add cap_net_admin "$IMG" grep CapEff /proc/self/status
  out_like '0000000000001000$'
  must run --rm --cap-drop chown --cap-drop CAP_KILL "$IMG" grep CapBnd /proc/self/status
  out_like '00000000800405da$'
  must run --rm --cap-add all "$IMG" grep CapBnd /proc/self/status
  out_like '[0-9a-f]*[13]ffffffffff$'
}

@test "--cap-add for somebody who is not root is ambient (R13)" {
  must run --rm --cap-add NET_ADMIN -u 1000 "$IMG" grep Cap /proc/self/status
  out_has $'CapAmb:\t0000000000001000'
  out_has $'CapEff:\t0000000000001000'
}

@test "a setuid program gets no more than the bounding set (R14)" {
  must run --rm -u 1000 "$TOOLS" /t/showcaps-suid
  out_has "uid 1000 euid 0"
  out_has $'CapEff:\t00000000800405fb'
  must run --rm -u 1000 --security-opt no-new-privileges "$TOOLS" /t/showcaps-suid
  out_has "uid 1000 euid 1000"
  out_has $'CapEff:\t0000000000000000'
}

@test "seccomp: on, off for unconfined and privileged" {
  must run --rm "$IMG" grep Seccomp: /proc/self/status
  out_like '2$'
  must run --rm --security-opt seccomp=unconfined "$IMG" grep Seccomp: /proc/self/status
  out_like '0$'
  must run --rm --privileged "$IMG" grep Seccomp: /proc/self/status
  out_like '0$'
}

@test "seccomp: a profile from a file" {
  cat >"$T/profile.json" <<'EOF'
{"defaultAction": "SCMP_ACT_ALLOW",
 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]}
EOF
  try run --rm --security-opt "seccomp=$T/profile.json" "$IMG" mkdir /x
  exits 1
  err_has "Protocol error"
  echo 'not json' >"$T/bad.json"
  try run --rm --security-opt "seccomp=$T/bad.json" "$IMG" true
  refused
}

@test "no-new-privileges" {
  must run --rm "$IMG" grep NoNewPrivs /proc/self/status
  out_like '0$'
  must run --rm --security-opt no-new-privileges "$IMG" grep NoNewPrivs /proc/self/status
  out_like '1$'
  must run --rm --security-opt no-new-privileges:true "$IMG" grep NoNewPrivs /proc/self/status
  out_like '1$'
}

# probes: which must be refused, which allowed, which do not matter.
probe_says() {
  local name=$1 wanted=$2 found
  found=$(awk -v n="$name" '$1 == n { print $2 }' "$T/.out")
  [[ $found =~ ^($wanted)$ ]] || {
    echo "probe $name: expected $wanted, found ${found:-nothing}" >&2
    bad_probes=1
  }
}

@test "the operations that must be refused, and those that must not" {
  must run --rm "$TOOLS" /t/probes
  bad_probes=0
  local name
  for name in mount-tmpfs mount-proc mount-bind remount-root remount-sys-rw make-root-shared \
    umount-proc-sys umount-proc-keys umount-sys pivot_root fsopen open_tree-clone mount_setattr \
    setns-init-mnt unshare-mnt unshare-pid unshare-net; do
    probe_says "$name" "EPERM|EINVAL|ENOSYS|EACCES"
  done
  probe_says nested-proc "EPERM|ENOSYS"
  probe_says nested-umount-mask "EINVAL|EPERM"
  for name in bpf perf_event_open userfaultfd io_uring_setup add_key request_key kexec_load \
    kexec_file_load init_module finit_module delete_module open_by_handle_at kcmp fanotify_init \
    syslog swapon swapoff reboot settimeofday acct quotactl iopl ioperm sethostname setdomainname \
    vhangup move_pages migrate_pages lookup_dcookie personality-no-random i386-bpf i386-umount \
    i386-socket-vsock x32-bpf; do
    probe_says "$name" "EPERM|ENOSYS"
  done
  probe_says unknown-syscall ENOSYS
  probe_says socket-vsock "EPERM|EAFNOSUPPORT"
  probe_says socket-packet EPERM
  probe_says socket-raw-icmp EPERM
  for name in mknod-mem mknod-disk; do probe_says "$name" EPERM; done
  for name in /dev/mem /dev/kmsg /dev/fuse /dev/net/tun /dev/kvm /dev/vda /dev/sda \
    /dev/loop-control; do
    probe_says "$name" ENOENT
  done
  for name in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/drop_caches \
    /proc/sys/net/ipv4/ip_forward /proc/sysrq-trigger /proc/irq/0/smp_affinity \
    /sys/kernel/uevent_helper /sys/fs/cgroup/cgroup.procs /sys/power/state mkdir-cgroup; do
    probe_says "$name" "EROFS|EACCES|ENOENT|EPERM"
  done
  probe_says write-own-exe "EACCES|ETXTBSY|EROFS"
  probe_says xattr-trusted EPERM
  probe_says dotdot-is-root ok
  for name in capset-sys_admin capset-net_admin capset-sys_ptrace ambient-net_raw; do
    probe_says "$name" EPERM
  done
  probe_says sched-fifo EPERM
  probe_says raise-nofile EPERM
  for name in may-memfd may-chroot may-setuid may-unshare-user may-ptrace-child may-seccomp; do
    probe_says "$name" ok
  done
  probe_says may-landlock "ok|ENOSYS|EOPNOTSUPP|EINVAL"
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "AF_ALG sockets are refused by the filter" {
  must run --rm "$TOOLS" /t/probes
  bad_probes=0
  probe_says socket-alg EPERM
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "nothing can be pushed into a terminal's input (R30)" {
  try_tty -- run --rm -ti "$TOOLS" /t/probes
  printf '%s\n' "$out" >"$T/.out"
  bad_probes=0
  probe_says tiocsti EPERM
  probe_says tiocsti-high-bits EPERM
  probe_says tioclinux EPERM
  equal "probes with a wrong answer" 0 "$bad_probes"
}

@test "without -t the container has no terminal at all (R30)" {
  try_tty -- run --rm -i "$IMG" sh -c 'tty; echo x >/dev/tty'
  [[ $rc != 0 ]] || complain "no controlling terminal"
  out_has "not a tty"
}

@test "/sys/fs/cgroup is read-only with every namespace choice (R12)" {
  local cgroupns network
  for cgroupns in private host; do
    for network in none host; do
      try run --rm --cgroupns "$cgroupns" --network "$network" "$IMG" sh -c \
        'grep cgroup /proc/mounts; mkdir /sys/fs/cgroup/x; echo 1 >/sys/fs/cgroup/cgroup.procs'
      [[ $rc != 0 ]] || complain "no writing"
      [[ -z $(awk '$4 !~ /^ro(,|$)/' "$T/.out") ]] || complain "ro everywhere"
    done
  done
}

@test "no session keyring of the caller (R34)" {
  must run --rm "$IMG" cat /proc/keys
  out_is ""
}

@test "signals, groups, descriptors are clean" {
  trap '' PIPE
  must run --rm "$IMG" grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
  trap - PIPE
  out_is $'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000'
  must run --rm "$IMG" id -G
  out_is 0
  must run --rm -u 1000:1234 "$TOOLS" id -G
  out_is 1234
}

@test "the primary group counts: negative group rights hold (R16)" {
  try run --rm -u 1000:1234 "$TOOLS" /t/cat-group99 /t/group1234-may-not
  exits 1
  err_has "Permission denied"
  # the file itself is readable for others
  try run --rm -u 1000:1000 "$TOOLS" /t/cat-group99 /t/group1234-may-not
  ok
}

# --- users ------------------------------------------------------------------------------------

@test "-u: numbers are numbers or nothing (R15)" {
  local value
  must run --rm -u 01 "$IMG" id -u
  out_is 1
  for value in '+1' ' 1' 1x 0x1 -1 4294967295 4294967296 18446744073709551616 1:2:3 $'1\n0' 70000; do
    try run --rm "--user=$value" "$IMG" id -u
    [[ $rc != 0 ]] || complain "no container for user '$value'"
  done
}

@test "USER in images: 4294967296, -1, 0x0, 1:2:3 (C24-C27, E12)" {
  local tag
  for tag in c24 c25 c26 c27 e12; do
    hostile "$tag"
    [[ $rc != 0 ]] || complain "no container for $tag"
  done
}

# --- the environment --------------------------------------------------------------------------

@test "an image cannot ask for the caller's environment (R17)" {
  local tag
  CT_ENV=(HOSTSECRET=leaked)
  for tag in c23b c23c c23d; do
    hostile "$tag"
    out_lacks leaked
  done
}

# --- working folders, volumes -----------------------------------------------------------------

@test "-w through a leaked descriptor (R03)" {
  local fd
  for fd in 3 5 7 8 9 10 12; do
    try run --rm -w "/proc/self/fd/$fd" "$IMG" ls ../../../../../../../var/tmp
    [[ $rc != 0 ]] || out_lacks ctool-test
  done
  exec 9</
  rc=0
  "${AS_USER[@]}" "$CTOOL" run --rm -w /proc/self/fd/9 "$IMG" ls >"$T/.out" 2>&1 || rc=$?
  exec 9<&-
  [[ $rc != 0 ]] || complain "a refusal"
  hostile c29
}

@test "WORKDIR through the image's links (R11: C28-C30e)" {
  local tag
  for tag in c28 c30d c30e; do
    hostile "$tag"
    [[ ! -e $LIVE/canary/newsub ]] || complain "no folder on the host"
  done
}

@test "volumes at /proc, / and through links (R04, C31)" {
  local tag
  for tag in c31 c31f; do hostile "$tag"; done
  for tag in c31c c31d; do
    hostile "$tag"
    [[ $rc == 125 || $rc == 126 ]] || complain "a refusal of $tag"
  done
}

@test "-v over /proc (R04)" {
  local dir target
  dir=$(user_dir d)
  for target in /proc /proc/self /proc/self/attr /proc/sys; do
    try run --rm -v "$dir:$target" "$IMG" true
    refused
  done
  for target in /proc/cpuinfo /proc/meminfo; do
    echo fake >"$T/file"
    try run --rm -v "$T/file:$target" "$IMG" cat "$target"
    ok
    out_is fake
  done
}

# --- root file systems ------------------------------------------------------------------------

@test "/proc and /sys as links are refused (R04: E01, E02)" {
  hostile e01 true
  refused
  hostile e02 true
  refused
}

@test "/dev as a link to the host is refused (R10: E03, E04)" {
  hostile e03 true
  refused
  hostile e04 true
  refused
}

@test "/run and /etc as links to the host (E07, E20)" {
  hostile e07 true
  hostile e20 true
}

@test "resolv.conf, hosts, hostname and mtab as links or files (E05, E19)" {
  hostile e05 cat /etc/hosts
  [[ $rc != 0 ]] || out_has localhost
  hostile e19 cat /etc/hostname
}

@test "passwd and group that hang, lie or never end (R21: E08-E11, E17)" {
  hostile e08
  [[ $rc != 0 ]] || complain "a refusal of a FIFO"
  hostile e09
  [[ $rc != 0 ]] || complain "no such user"
  hostile e10
  hostile e11
  hostile e17
}

@test "a program that is the runtime itself (R01: E14)" {
  local before
  sums() { sha256sum "$CTOOL" && find "$LIVE/tree" -type f -exec sha256sum {} + 2>/dev/null; }
  before=$(sums || true)
  hostile e14 /bin/self --version
  hostile e14 /bin/selfscript
  equal "sums of the programs" "$before" "$(sums || true)"
}

@test "writing through /proc/*/exe does not reach the caller's own programs (R01)" {
  oracle && return
  # as somebody installs it: in his own home, writable by him, thus by root in his containers
  local home=$FILE_DIR/home before
  install -D -o "$ACCOUNT" -m 0755 "$CTOOL" "$home/bin/ctool"
  install -D -o "$ACCOUNT" -m 0755 -t "$home/libexec/ctool" "$(dirname "$CTOOL")"/../libexec/ctool/*
  before=$(sha256sum "$home/bin/ctool" "$home"/libexec/ctool/*)
  CTOOL=$home/bin/ctool
  must run -d --name "$C" "$IMG" sh -c \
    'while :; do for p in /proc/[0-9]*/exe; do (: >$p; echo x >>$p) 2>/dev/null; done; done'
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    must run --rm "$IMG" sh -c 'for p in /proc/[0-9]*/exe; do (: >$p) 2>/dev/null; done; true'
    hostile e14 /bin/self
  done
  must rm -f -t 0 "$C"
  equal "sums of the programs" "$before" "$(sha256sum "$home/bin/ctool" "$home"/libexec/ctool/*)"
}

@test "/dev/console and /dev/null of the image (R07, R08: E15, E16)" {
  OPTIONS=(-t)
  hostile e15 sh -c 'stat -c %t /dev/console'
  [[ $rc != 0 ]] || out_like '^88'
  hostile e16 sh -c 'echo x >/dev/null; cat /proc/keys | wc -c'
  [[ $rc != 0 ]] || out_like '^0'
}

@test "/tmp as a way out (E18)" {
  hostile e18 sh -c 'ls /tmp/; touch /tmp/x; ls /proc/1/root/'
  out_lacks canary
}

@test "mount targets that are exchanged while a container starts (R05, R06)" {
  local dir round
  dir=$(user_dir v)
  mkdir "$dir/d" && ln -s "../../../../../../../../$LIVE/canary" "$dir/l"
  chown -hR "$ACCOUNT:" "$dir"
  echo marker >"$T/marker"
  must run -d --name "$C" -v "$dir:/v" "$TOOLS" /t/swap /v/d /v/l 60
  for ((round = 0; round < ${ROUNDS:-20}; ++round)); do
    try run --rm -v "$dir:/v" -v "$T/marker:/v/d/new/x" "$IMG" cat /v/d/new/x
    [[ $rc != 0 ]] || out_is marker
  done
  must rm -f -t 0 "$C"
  canary_ok
}

@test "a /dev that is exchanged while a container starts (R07)" {
  local dir round
  dir=$(user_dir dev)
  mknod -m 666 "$dir/null" p
  ln -s /proc/sys/kernel/core_pattern "$dir/other"
  chown -hR "$ACCOUNT:" "$dir"
  must run -d --name "$C" -v "$dir:/v" "$TOOLS" /t/swap /v/null /v/other 60
  for ((round = 0; round < ${ROUNDS:-10}; ++round)); do
    try run --rm -v "$dir:/dev" "$IMG" sh -c 'cat /proc/keys | wc -c; grep -c " /proc/keys " /proc/mounts'
    [[ $rc != 0 ]] || out_is $'0\n1'
  done
  must rm -f -t 0 "$C"
}

@test "--sysctl: what belongs to the container only (R09)" {
  try run --rm --sysctl net.ipv4.ping_group_range="0 5" "$IMG" cat /proc/sys/net/ipv4/ping_group_range
  ok
  out_like $'^0[ \t]+5$'
  try run --rm --sysctl kernel.core_pattern=x "$IMG" true
  [[ $rc != 0 ]] || complain "a refusal"
  try run --rm --sysctl net/../kernel/core_pattern=x "$IMG" true
  [[ $rc != 0 ]] || complain "a refusal"
}

@test "values that write lines into files (R22)" {
  try run --rm --hostname $'a\nb' "$IMG" cat /etc/hosts
  [[ $rc != 0 ]] || complain "a refusal of a host name with a newline"
  try run --rm --add-host $'a\n6.6.6.6 b:1.2.3.4' "$IMG" cat /etc/hosts
  [[ $rc != 0 ]] || out_lacks $'\n6.6.6.6'
  try run --rm --dns-search $'x\nnameserver 6.6.6.6' "$IMG" cat /etc/resolv.conf
  [[ $rc != 0 ]] || out_lacks $'\nnameserver 6.6.6.6'
  try run --rm -u 1234 -e HOME=$'/x\nr2:x:0:0::/:/bin/sh' "$IMG" cat /etc/passwd
  [[ $rc != 0 ]] || out_lacks $'\nr2:'
}

@test "labels are data: nothing in an image grants rights" {
  must import -q -c 'LABEL io.containers.capabilities=SYS_ADMIN' -c 'LABEL run=--privileged' \
    "$(minimal_tar)" "grant$BATS_TEST_NUMBER"
  try run --rm "grant$BATS_TEST_NUMBER" grep CapEff /proc/self/status
  [[ $rc != 0 ]] || out_like 'CapEff:.*00000000(800405fb|00000000)$'
  ct rmi "grant$BATS_TEST_NUMBER" >/dev/null
}
minimal_tar() {
  mkdir -p "$T/root/bin"
  cp /bin/busybox "$T/root/bin/"
  ln -s busybox "$T/root/bin/sh"
  ln -s busybox "$T/root/bin/grep"
  tar -C "$T/root" --owner 0 --group 0 -cf "$T/root.tar" .
  chmod 644 "$T/root.tar"
  echo "$T/root.tar"
}

@test "the host's processes, and host's own files, are out of sight" {
  must run --rm "$IMG" sh -c 'ls -d /proc/[0-9]* | wc -l; ls /var/tmp /root /home'
  ((${out%%$'\n'*} <= 4)) || complain "a few processes"
  out_lacks "$ACCOUNT"
  try run --rm "$IMG" kill -0 $$
  [[ $rc != 0 ]] || complain "no such process"
}
