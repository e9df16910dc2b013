#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# --security-opt: masks, labels, seccomp profiles that are recorded, Landlock.

load helpers

file_setup() {
  ct pull -q "$IMG" "$TOOLS" >/dev/null
  oracle || make_nginx
}
test_teardown() { ct rm -fa -t 0 >/dev/null 2>&1 || true; }

# Debian's nginx with the libraries that it names.
make_nginx() {
  local kept=/var/cache/ctool-nginx root=$FILE_DIR/nginx library work
  if [[ ! -x $kept/usr/sbin/nginx ]]; then
    mkdir -p "${kept%/*}"
    work=$(mktemp -d "$kept.XXXXXX")
    (cd "$work" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download nginx)
    dpkg-deb -x "$work"/nginx_*.deb "$work"
    rm -f "$work"/*.deb
    mv -T "$work" "$kept" 2>/dev/null || rm -rf "$work" # somebody else was quicker
  fi
  mkdir -p "$root"/{bin,etc,www,tmp,var/log/nginx,var/lib/nginx,run,proc,sys,dev}
  install -D "$kept/usr/sbin/nginx" "$root/usr/sbin/nginx"
  while read -r library; do
    [[ -e $root$library ]] || install -D "$(readlink -f "$library")" "$root$library"
  done < <(ldd "$kept/usr/sbin/nginx" | grep -o '/[^ ]*')
  install /bin/busybox "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
  cat >"$root/etc/nginx.conf" <<'END'
worker_processes 2;
user nobody nogroup;
error_log stderr;
pid /run/nginx.pid;
events { worker_connections 64; }
http {
  access_log off;
  sendfile on;
  server { listen 8080; root /www; }
}
END
  echo "served by nginx" >"$root/www/index.html"
  head -c 1000000 /dev/zero >"$root/www/big"
  tar -C "$root" -cf "$FILE_DIR/nginx.tar" .
  chmod 0644 "$FILE_DIR/nginx.tar"
  ct import -q "$FILE_DIR/nginx.tar" nginx >/dev/null
}

# names FILE: the calls that a recorded profile lets pass unconditionally.
names() { jq -r '.syscalls[] | select(.action == "SCMP_ACT_ALLOW" and .args == []) | .names[]' "$1"; }
has_call() { names "$1" | grep -qx "$2" || complain "$1 to have $2"; }
lacks_call() { ! names "$1" | grep -qx "$2" || complain "$1 to lack $2"; }

# --- masks ------------------------------------------------------------------------------------

mounts_below_proc() { grep -o ' /proc/[^ ]*' "$T/.out" | sort; }

@test "unmask: globs as a shell has them, several, ALL, systempaths=unconfined" {
  must run --rm --security-opt 'unmask=/proc/*' "$IMG" cat /proc/mounts
  equal "mounts below /proc" "" "$(mounts_below_proc)"
  must run --rm --security-opt unmask=/proc/sys:/proc/irq "$IMG" cat /proc/mounts
  out_lacks " /proc/sys "
  out_lacks " /proc/irq "
  out_has " /proc/bus "
  must run --rm --security-opt 'unmask=/proc*' "$IMG" cat /proc/mounts
  out_has " /proc/sys "
  must run --rm --security-opt unmask=all "$IMG" cat /proc/mounts
  equal "mounts below /proc" "" "$(mounts_below_proc)"
}

@test "systempaths=unconfined" {
  must run --rm --security-opt systempaths=unconfined "$IMG" cat /proc/mounts
  equal "mounts below /proc" "" "$(mounts_below_proc)"
  try run --rm --security-opt systempaths=other "$IMG" true
  exits 125
}

@test "unmask=/sys/fs/cgroup: control groups can be written" {
  must run --rm --security-opt unmask=/sys/fs/cgroup "$IMG" grep " /sys/fs/cgroup " /proc/mounts
  out_has " rw,"
}

@test "mask stays, whatever is unmasked, in any order" {
  must run --rm --security-opt unmask=ALL --security-opt mask=/proc/bus:/etc/plain "$IMG" sh -c 'ls /proc/bus; cat /etc/plain'
  out_is ""
  must run --rm --security-opt mask=/proc/bus --security-opt unmask=ALL "$IMG" ls /proc/bus
  out_is ""
}

@test "mask= of what is no absolute path is an error" {
  try run --rm --security-opt mask=etc "$IMG" true
  exits 125
  err_has "not an absolute path"
}

@test "proc-opts" {
  must run --rm --security-opt proc-opts=hidepid=2,noexec "$IMG" grep " /proc " /proc/mounts
  out_like 'hidepid=(invisible|2)'
}

@test "proc-opts: nonsense is refused" {
  local bad
  for bad in suid rw,bogus=1 hidepid; do
    try run --rm --security-opt "proc-opts=$bad" "$IMG" true
    [[ $rc == 125 || $rc == 126 ]] || complain "a refusal of $bad"
  done
}

# --- labels -----------------------------------------------------------------------------------

@test "label=disable and apparmor=unconfined are accepted" {
  must run --rm --security-opt label=disable --security-opt apparmor=unconfined --security-opt label=nested "$IMG" true
}

@test "a label or profile that cannot be applied is refused" {
  if [[ ! -e /sys/fs/selinux/enforce ]]; then
    try run --rm --security-opt label=type:spc_t "$IMG" true
    exits 125
    err_has "no SELinux"
  fi
  if [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]]; then
    try run --rm --security-opt apparmor=some-profile "$IMG" true
    exits 125
    err_has "no AppArmor"
  fi
}

@test "security options that are none" {
  local bad
  for bad in bogus=1 bogus seccomp= label=bogus no-new-privileges=perhaps seccomp; do
    try run --rm --security-opt "$bad" "$IMG" true
    exits 125
  done
  try run --rm --security-opt no-new-privileges=false "$IMG" grep NoNewPrivs /proc/self/status
  out_like '0$'
  try run --rm --security-opt no-new-privileges:false "$IMG" grep NoNewPrivs /proc/self/status
  out_like '0$'
}

# --- seccomp ----------------------------------------------------------------------------------

@test "a profile that allows little more than the program needs starts it" {
  cat >"$T/p.json" <<'END'
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": ["execve", "exit_group", "write",
  "arch_prctl", "set_tid_address", "brk", "mmap", "mprotect", "munmap", "getuid", "geteuid", "getgid", "getegid", "setuid",
  "setgid", "newfstatat", "fstat", "openat", "read", "close", "rseq", "set_robust_list", "prlimit64", "readlink",
  "getrandom", "ioctl", "rt_sigprocmask", "rt_sigaction", "prctl", "uname", "access", "faccessat2", "fcntl", "getpid",
  "getcwd", "getppid", "setresuid", "setresgid"]}]}
END
  must run --rm --security-opt "seccomp=$T/p.json" "$IMG" echo fine
  out_is fine
  must run --rm -u 1000 --security-opt "seccomp=$T/p.json" "$IMG" echo fine
  # what goes wrong is still told, without sendmsg
  try run --rm --security-opt "seccomp=$T/p.json" "$IMG" nothing-by-this-name
  exits 127
  err_has "nothing-by-this-name"
  try run --rm --security-opt "seccomp=$T/p.json" "$IMG" /etc
  exits 126
}

@test "SCMP_ACT_NOTIFY, unknown actions and conditions are refused with a reason" {
  local rule
  while read -r rule; do
    echo "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],$rule}]}" >"$T/p.json"
    try run --rm --security-opt "seccomp=$T/p.json" "$IMG" true
    [[ $rc == 125 || $rc == 126 ]] || complain "a refusal of $rule"
    err_has "seccomp profile"
  done <<'END'
"action":"SCMP_ACT_NOTIFY"
"action":"SCMP_ACT_BOGUS"
"action":"SCMP_ACT_ERRNO","includes":{"moon":"full"}
"action":"SCMP_ACT_ERRNO","errnoRet":5000
"action":"SCMP_ACT_ERRNO","args":[{"index":6,"value":1,"op":"SCMP_CMP_EQ"}]
END
}

@test "conditions: capabilities, architecture, kernel" {
  cat >"$T/p.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
 {"names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71, "excludes": {"caps": ["CAP_NET_ADMIN"]}},
 {"names": ["rmdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71, "includes": {"minKernel": "4.8"}},
 {"names": ["symlink"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71, "includes": {"minKernel": "99.1"}},
 {"names": ["link"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71, "includes": {"arches": ["s390x"]}}]}
END
  try run --rm --security-opt "seccomp=$T/p.json" "$IMG" mkdir /x
  err_has "Protocol error"
  must run --rm --cap-add NET_ADMIN --security-opt "seccomp=$T/p.json" "$IMG" mkdir /x
  try run --rm --cap-add NET_ADMIN --security-opt "seccomp=$T/p.json" "$IMG" sh -c 'mkdir /x; rmdir /x'
  err_has "Protocol error"
  must run --rm --security-opt "seccomp=$T/p.json" "$IMG" sh -c 'ln -s a /b; >/c; ln /c /d'
}

# --- seccomp=record ---------------------------------------------------------------------------

@test "record: a profile that lets the same command run, and nothing that it did not do" {
  local dir
  dir=$(user_dir d)
  must run --rm --security-opt "seccomp=record:$dir/p.json" "$IMG" sh -c 'mkdir /x; echo made'
  out_is made
  err_is ""
  equal "owner and mode" "$ACCOUNT:644" "$(stat -c %U:%a "$dir/p.json")"
  has_call "$dir/p.json" mkdir
  lacks_call "$dir/p.json" rmdir
  lacks_call "$dir/p.json" setresuid
  equal "architectures" '[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":[]}]' "$(jq -c .archMap "$dir/p.json")"
  names "$dir/p.json" | LC_ALL=C sort -c
  must run --rm --security-opt "seccomp=$dir/p.json" "$IMG" sh -c 'mkdir /x; echo made'
  out_is made
  try run --rm --security-opt "seccomp=$dir/p.json" "$IMG" sh -c 'mkdir /x; echo made; rmdir /x'
  out_is made
  err_has "Function not"
}

@test "record: a name without a folder is the caller's own folder's" {
  must run --rm --security-opt seccomp=record:relative.json "$IMG" true
  [[ -s relative.json ]] || complain "relative.json"
  rm relative.json
}

@test "record: what the default profile refuses is refused, and stays out" {
  local dir
  dir=$(user_dir d)
  must run --rm --security-opt "seccomp=record:$dir/p.json" "$TOOLS" /t/probes
  grep -qx "socket-alg EPERM" "$T/.out" || complain "AF_ALG to be refused"
  grep -qx "bpf EPERM" "$T/.out" || complain "bpf to be refused"
  lacks_call "$dir/p.json" bpf
  lacks_call "$dir/p.json" kexec_load
  # it used i386's calls too, so they are in; and what has conditions keeps them
  equal "architectures" '["SCMP_ARCH_X86"]' "$(jq -c '.archMap[0].subArchitectures' "$dir/p.json")"
  must run --rm --security-opt "seccomp=$dir/p.json" "$TOOLS" /t/probes
  grep -qx "socket-alg EPERM" "$T/.out" || complain "AF_ALG to be refused by the recorded profile"
}

@test "record: with another profile, without any, with no-new-privileges, as another user" {
  local dir
  dir=$(user_dir d)
  cat >"$dir/base.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71}]}
END
  try run --rm --security-opt "seccomp=$dir/base.json" --security-opt "seccomp=record:$dir/1.json" "$IMG" sh -c 'mkdir /x; chmod 700 /tmp'
  err_has "Protocol error"
  lacks_call "$dir/1.json" mkdir
  has_call "$dir/1.json" chmod
  equal "default" SCMP_ACT_ERRNO "$(jq -r .defaultAction "$dir/1.json")"
  must run --rm --security-opt seccomp=unconfined --security-opt "seccomp=record:$dir/2.json" "$IMG" sh -c 'chmod 700 /tmp'
  has_call "$dir/2.json" chmod
  must run --rm --privileged --security-opt "seccomp=record:$dir/3.json" "$IMG" sh -c 'mount -t tmpfs x /tmp'
  has_call "$dir/3.json" mount
  must run --rm -u 1000 --security-opt no-new-privileges --security-opt "seccomp=record:$dir/4.json" "$IMG" sh -c 'chmod 700 /tmp || true'
  has_call "$dir/4.json" chmod
}

@test "record: exec sessions and --init count" {
  local dir
  dir=$(user_dir d)
  must run -d --init --name "$C" --security-opt "seccomp=record:$dir/p.json" "$IMG" sleep 60
  must exec "$C" mkdir /x
  must exec -u 1000 "$C" sh -c 'rmdir /none || true'
  [[ ! -e $dir/p.json ]] || complain "no file before the end"
  must stop -t 0 "$C"
  has_call "$dir/p.json" mkdir
  has_call "$dir/p.json" rmdir
  lacks_call "$dir/p.json" symlink
}

@test "record: killed, and with its monitor killed" {
  local dir
  dir=$(user_dir d)
  must run -d --name "$C" --security-opt "seccomp=record:$dir/1.json" "$IMG" sh -c 'mkdir /x; sleep 60'
  until_ok 5 ct exec "$C" test -d /x
  must kill "$C"
  must wait "$C"
  has_call "$dir/1.json" mkdir
  must rm "$C"
  must run -d --name "$C" --security-opt "seccomp=record:$dir/2.json" "$IMG" sh -c 'mkdir /x; sleep 60'
  until_ok 5 ct exec "$C" test -d /x
  kill -9 "$(ct inspect --format '{{.State.ConmonPid}}' "$C")"
  must exec "$C" rmdir /x
  must kill "$C"
  until_ok 5 test -s "$dir/2.json"
  has_call "$dir/2.json" mkdir
  has_call "$dir/2.json" rmdir
}

@test "record: a container that is started again by its policy" {
  local dir
  dir=$(user_dir d)
  must run -d --name "$C" --restart on-failure:1 --security-opt "seccomp=record:$dir/p.json" -v "$dir:/d" "$IMG" \
    sh -c 'if [ -e /d/once ]; then rmdir /none; exit 0; fi; mkdir /d/once; exit 1'
  must wait --condition exited "$C"
  until_ok 10 has_status "$C" exited
  has_call "$dir/p.json" mkdir
  has_call "$dir/p.json" rmdir
}

@test "record: many processes at once" {
  local dir
  dir=$(user_dir d)
  must run --rm --security-opt "seccomp=record:$dir/p.json" "$IMG" sh -c '
    for i in 1 2 3 4 5 6 7 8; do (for j in 1 2 3 4 5 6 7 8; do mkdir /tmp/$i.$j && true & done; wait) & done; wait
    ls /tmp | wc -l'
  out_is 64
  has_call "$dir/p.json" mkdir
}

@test "record: a file that cannot be written is an error before anything runs" {
  local dir name
  dir=$(user_dir d)
  ln -s "$LIVE/canary/victim/f" "$dir/link"
  mkdir "$dir/folder"
  mkfifo "$dir/fifo"
  for name in "$dir/link" "$dir/folder" "$dir/fifo" "$dir/none/x" /etc/x "$dir/" ""; do
    try run --rm --security-opt "seccomp=record:$name" "$IMG" echo ran
    exits 125
    out_is ""
  done
  canary_ok
}

@test "record: the container cannot send the file elsewhere" {
  local dir
  dir=$(user_dir d)
  mkdir "$dir/sub"
  chown "$ACCOUNT:" "$dir/sub"
  # the folder becomes a link, the file too
  must run --rm -v "$dir:/d" --security-opt "seccomp=record:$dir/sub/f" "$IMG" \
    sh -c "mv /d/sub /d/was; ln -s $LIVE/canary/victim /d/sub; ln -s $LIVE/canary/victim/f /d/was/f"
  canary_ok
  [[ -f $dir/was/f && ! -L $dir/was/f ]] || complain "the file, in the folder that it was"
}

@test "record: a file that can no longer be written is told" {
  local dir
  dir=$(user_dir d)
  must run --rm -v "$dir:/d" --security-opt "seccomp=record:$dir/f" "$IMG" sh -c 'mkdir /d/f'
  err_has "could not be written"
}

@test "record: nginx serves under what was recorded, and what it never did is refused" {
  local dir port=28281
  dir=$(user_dir d)
  serve() { must run -d --name "$C" -p "127.0.0.1:$port:8080" "$@" nginx nginx -c /etc/nginx.conf -g 'daemon off;'; }
  asks() {
    until_ok 10 curl -fsS -o /dev/null "http://127.0.0.1:$port/"
    equal "the page" "served by nginx" "$(curl -fsS "http://127.0.0.1:$port/")"
    equal "a large file" 1000000 "$(curl -fsS "http://127.0.0.1:$port/big" | wc -c)"
    equal "one that is not there" 404 "$(curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/none")"
  }
  serve --security-opt "seccomp=record:$dir/nginx.json"
  asks
  must stop "$C"
  must rm "$C"
  has_call "$dir/nginx.json" sendfile
  has_call "$dir/nginx.json" accept4
  serve --security-opt "seccomp=$dir/nginx.json"
  asks
  # It has its workers' calls; what an intruder would like is not among them.
  local call
  for call in ptrace mount unshare setns keyctl process_vm_readv memfd_create chroot mknod symlink rename unlinkat finit_module; do
    lacks_call "$dir/nginx.json" "$call"
  done
  try exec "$C" /bin/busybox unshare -U /bin/busybox true
  [[ $rc != 0 ]] || complain "unshare to be refused"
  (($(names "$dir/nginx.json" | wc -l) < 100)) || complain "fewer than 100 calls"
  must stop "$C"
}

# --- Landlock ---------------------------------------------------------------------------------

@test "landlock: what may be read, written, executed" {
  must run --rm --security-opt landlock=ro=/,rw=/tmp:/dev "$IMG" sh -c 'echo a >/tmp/x && cat /tmp/x'
  out_is a
  try run --rm --security-opt landlock=ro=/,rw=/tmp:/dev "$IMG" sh -c 'echo b >/etc/y'
  exits 1
  err_has "Permission denied"
  try run --rm --security-opt landlock=ro=/bin:/dev "$IMG" cat /etc/passwd
  exits 1
  err_has "Permission denied"
  try run --rm --security-opt landlock=ro=/bin:/lib:/lib64:/usr,best-effort,rw-noexec=/tmp:/dev "$IMG" sh -c 'cp /bin/busybox /tmp/true; /tmp/true'
  exits 126
  err_has "Permission denied"
  try run --rm --security-opt landlock=ro-noexec=/ "$IMG" true
  exits 126
  err_has "landlock"
}

@test "landlock: for root and others, with and without seccomp and no-new-privileges, read-only and in sessions" {
  local more
  for more in "" "-u 1000" "--security-opt seccomp=unconfined" "--security-opt no-new-privileges" "--read-only" "--privileged" "--cap-add all"; do
    # shellcheck disable=SC2086
    try run --rm $more --security-opt landlock=ro=/ "$IMG" sh -c 'touch /tmp/x'
    exits 1
    err_lacks landlock
  done
  must run -d --name "$C" --security-opt landlock=ro=/,rw=/dev "$IMG" sleep 60
  try exec "$C" touch /tmp/x
  exits 1
  err_has "Permission denied"
  try exec --privileged "$C" touch /tmp/x
  exits 1
  must exec "$C" cat /etc/passwd
}

@test "landlock: capabilities are what they would be without it" {
  must run --rm "$IMG" grep Cap /proc/self/status
  local plain=$out
  must run --rm --security-opt landlock=ro=/ "$IMG" grep Cap /proc/self/status
  equal "capabilities" "$plain" "$out"
}

@test "landlock: ports" {
  try run --rm --security-opt landlock=tcp-connect=80 "$IMG" sh -c 'nc -w 1 127.0.0.1 80'
  err_has "refused"
  try run --rm --security-opt landlock=tcp-connect=80 "$IMG" sh -c 'nc -w 1 127.0.0.1 81'
  err_has "Permission denied"
  try run --rm --security-opt landlock=tcp-bind=none "$IMG" sh -c 'timeout 2 nc -l -p 8080; true'
  err_has "Permission denied"
  try run --rm --security-opt landlock=tcp-bind=8080 "$IMG" sh -c 'timeout 1 nc -l -p 8080; true'
  err_lacks "Permission denied"
}

@test "landlock: paths are the container's, through its own links and no further" {
  local dir
  dir=$(user_dir d)
  echo inside >"$dir/file"
  ln -s /etc/link "$dir/out"
  must run --rm -v "$dir:/d" --security-opt landlock=ro=/bin:/d,rw=/dev "$IMG" cat /d/file
  out_is inside
  # a path of the host is none of the container's
  try run --rm --security-opt "landlock=ro=/,rw=$LIVE/canary" "$IMG" true
  exits 126
  err_has "no such file"
}

@test "landlock: a file of rules" {
  printf '# programs\nro=/bin:/dev\nrw=/tmp # and what they make\n' >"$T/rules"
  try run --rm --security-opt "landlock=$T/rules" "$IMG" sh -c 'echo a >/tmp/x; cat /etc/passwd'
  exits 1
  must inspect --type image --format x "$IMG"
  try run --rm --security-opt "landlock=$T/none" "$IMG" true
  exits 125
}

@test "landlock: what is wrong is said" {
  local bad
  for bad in ro=tmp bogus=1 tcp-bind=http tcp-connect=70000 scope=all best-effort "" ro=; do
    try run --rm --security-opt "landlock=$bad" "$IMG" true
    exits 125
    err_has landlock
  done
  must create --name "$C" --security-opt landlock=ro=/usr,best-effort,rw=/nowhere "$IMG" true
  must inspect --format '{{.HostConfig.SecurityOpt}}' "$C"
  out_is "[landlock=ro=/usr,best-effort,rw=/nowhere]"
}

@test "landlock and record go together" {
  local dir
  dir=$(user_dir d)
  try run --rm --security-opt landlock=ro=/ --security-opt "seccomp=record:$dir/p.json" "$IMG" sh -c 'mkdir /x; chmod 700 /tmp'
  has_call "$dir/p.json" mkdir
  lacks_call "$dir/p.json" landlock_restrict_self
}
