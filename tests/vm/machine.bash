# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A small Linux machine under emulation (qemu, no KVM), for what can't be done to the machine that runs the tests:
# power cuts. It has Debian's kernel and, from the host, busybox, newuidmap and ctool with their libraries; its disk
# outlives it. What it is to do comes as a second disk, a tar with a program "job"; what it says goes to a file.
#
# Killing qemu is the power cut: what the guest's kernel had not written is gone. A flush in the guest is a real one.

vm_cache=${CTOOL_VM_CACHE:-/var/cache/ctool-vm}

# The kernel and a disk with its modules, made once a kernel version. Prints the folder.
vm_kernel() {
  local meta package folder work
  for meta in linux-image-6.12-cloud-amd64 linux-image-cloud-amd64; do
    package=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image[^ ]*\)$/\1/p' | head -n 1)
    [[ -z $package ]] || break
  done
  [[ -n $package ]] || { echo "no kernel package for a virtual machine: is apt's list there?" >&2; return 1; }
  folder=$vm_cache/$package-3  # another number when what is made here is another
  if [[ ! -e $folder/initrd ]]; then
    mkdir -p "$vm_cache"
    work=$(mktemp -d "$vm_cache/.making.XXXXXX")
    # What is half made must not be kept for the next time.
    if ! { (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package" && dpkg-deb -x ./*.deb x) >&2 &&
      vm_initrd "$work/x" "$work/initrd" && cp "$work"/x/boot/vmlinuz-* "$work/vmlinuz"; }; then
      rm -rf "$work"
      return 1
    fi
    rm -rf "$work/x" "$work"/*.deb
    mv -T "$work" "$folder" 2>/dev/null || rm -rf "$work"  # somebody else was quicker
    [[ -e $folder/initrd ]] || { echo "can't make $folder" >&2; return 1; }
  fi
  echo "$folder"
}

# vm_initrd KERNEL-TREE FILE: busybox, the modules, and what finds the disk.
vm_initrd() {
  local tree=$1 out=$2 root module file
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,proc,sys,dev,root,modules}
  cp /bin/busybox "$root/bin/busybox" || return 1
  : >"$root/modules/order"
  # In the order in which they need each other; what is built into the kernel is not there.
  for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover \
    net_failover virtio_net crc16 mbcache jbd2 ext4 overlay; do
    file=$(find "$tree/lib/modules" -name "$module.ko*" | head -n 1)
    [[ -n $file ]] || continue
    case $file in
      *.xz) xz -dc "$file" >"$root/modules/$module.ko" ;;
      *) cp "$file" "$root/modules/$module.ko" ;;
    esac
    echo "$module" >>"$root/modules/order"
  done
  cat >"$root/init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for m in $($b cat /modules/order); do $b insmod /modules/$m.ko; done
n=0
while [ ! -b /dev/vdb ] && [ $n -lt 200 ]; do $b usleep 20000; n=$((n + 1)); done
$b mount -t ext4 /dev/vda /root || echo "VM: no disk"
$b mount --move /dev /root/dev
$b mount --move /proc /root/proc
exec $b switch_root /root /sbin/vm-init
INIT
  chmod 755 "$root/init"
  (cd "$root" && find . | LC_ALL=C sort | /bin/busybox cpio -o -H newc 2>/dev/null) >"$out" || return 1
  rm -rf "$root"
}

# vm_copy ROOT FILE...: programs with their libraries, at the same paths.
vm_copy() {
  local root=$1 file
  shift
  for file in "$@" $(ldd "$@" 2>/dev/null | grep -o '/[^ )]*' | grep -v ':$' | sort -u); do
    [[ -e $root$file ]] || { mkdir -p "$root${file%/*}" && cp -Lp "$file" "$root$file"; }
  done
}

# vm_disk FILE PREFIX: a disk with an unprivileged account dev (1000) and ctool, installed below PREFIX on the host.
vm_disk() {
  local file=$1 prefix=$2 root applet
  root=$(mktemp -d)
  mkdir -p "$root"/{bin,dev,proc,sys,run,tmp,etc,root,home/dev,usr/bin,usr/sbin,lib64,opt}
  cp /bin/busybox "$root/bin/"
  for applet in $(/bin/busybox --list); do [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"; done
  vm_copy "$root" /usr/bin/newuidmap /usr/bin/newgidmap /usr/bin/setpriv "$prefix"/bin/ctool "$prefix"/libexec/ctool/*
  mv "$root$prefix" "$root/opt/ctool"
  chown -R 0:0 "$root"
  chmod u+s "$root"/usr/bin/newuidmap "$root"/usr/bin/newgidmap
  # Not in the first root: who is in a chroot can't make user namespaces.
  mkdir -p "$root/sbin"
  cat >"$root/sbin/vm-init" <<'INIT'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t sysfs sys /sys
$b mkdir -p /dev/pts /dev/shm /run /tmp
$b mount -t devpts -o gid=5,mode=620,ptmxmode=666 pts /dev/pts
for t in dev/shm run tmp; do $b mount -t tmpfs -o mode=1777 tmp /$t; done
$b ip link set lo up
$b ip addr add 10.0.2.15/24 dev eth0
$b ip link set eth0 up
$b ip route add default via 10.0.2.2
$b mkdir -p /run/job /run/user/1000
$b chown 1000:1000 /run/user/1000
$b chmod 700 /run/user/1000
$b tar xf /dev/vdb -C /run/job
echo "VM: begins"
/run/job/job </dev/null
echo "VM: ended $?"
$b sync
$b poweroff -f
INIT
  chmod 755 "$root/sbin/vm-init"
  printf 'root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\ndev:x:1000:\n' >"$root/etc/group"
  echo dev:100000:65536 | tee "$root/etc/subuid" >"$root/etc/subgid"
  chown 1000:1000 "$root/home/dev"
  mke2fs -q -t ext4 -E lazy_itable_init=0 -J size=16 -d "$root" "$file" 1G >/dev/null 2>&1
  rm -rf "$root"
}

# vm_boot DISK JOB CONSOLE: starts the machine on a disk (qcow2) with a program; sets vm_pid.
vm_boot() {
  local disk=$1 job=$2 console=$3 folder
  folder=$(vm_kernel) || return 1
  tar -C "$(dirname "$job")" --transform "s,.*,job," -cf "$console.job" "$(basename "$job")"
  truncate -s %512 "$console.job"
  : >"$console"
  qemu-system-x86_64 -accel tcg -cpu max,la57=off -smp 2 -m 768 -nodefaults -no-user-config -display none -no-reboot \
    -kernel "$folder/vmlinuz" -initrd "$folder/initrd" -append "console=ttyS0 quiet panic=-1 init_on_alloc=0 nokaslr" \
    -drive "file=$disk,if=virtio,format=qcow2" -drive "file=$console.job,if=virtio,format=raw,readonly=on" \
    -nic user,model=virtio-net-pci -serial "file:$console" 3>&- 4>&- &
  vm_pid=$!
}

# vm_await CONSOLE TEXT SECONDS: until the machine says so. 1: it has ended without, or the time is over.
vm_await() {
  local deadline=$((SECONDS + $3))
  until grep -qF -- "$2" "$1"; do
    kill -0 "$vm_pid" 2>/dev/null || { grep -qF -- "$2" "$1" && return 0; return 1; }
    ((SECONDS < deadline)) || return 1
    sleep 0.02
  done
}

# The power cut.
vm_cut() {
  kill -9 "$vm_pid" 2>/dev/null || true
  wait "$vm_pid" 2>/dev/null || true
  vm_pid=  # whoever gets the number next is none of ours
}

# vm_run DISK JOB CONSOLE SECONDS: to its end; the job's status.
vm_run() {
  vm_boot "$1" "$2" "$3" || return 1
  vm_await "$3" "VM: ended" "$4" || { vm_cut; return 124; }
  # It switches itself off.
  local deadline=$((SECONDS + 60))
  while kill -0 "$vm_pid" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.05; done
  vm_cut
  return "$(sed -n 's/.*VM: ended \([0-9]*\).*/\1/p' "$3" | head -n 1)"
}

# --- with systemd -----------------------------------------------------------------------------

# Debian with a systemd for everybody who logs in, and all controllers delegated to it; as a tar, made once a month.
# Prints the file.
vm_debian() {
  local key file work
  # What is made here is another when this function is.
  key=$(declare -f vm_debian vm_configure | sha256sum | cut -c 1-12)
  file=$vm_cache/debian-$(date +%Y%m)-$key.tar
  if [[ ! -e $file ]]; then
    mkdir -p "$vm_cache"
    rm -f "$vm_cache"/debian-*.tar
    work=$(mktemp -d "$vm_cache/.making.XXXXXX")
    if ! mmdebstrap --quiet --mode=root --variant=essential --aptopt='APT::Install-Recommends "false"' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --include=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,libnss-systemd,login,passwd,uidmap,util-linux,busybox-static,procps,libsystemd0,libcap2-bin \
      bookworm "$work/root" >&2 || ! vm_configure "$work/root" || ! tar -C "$work/root" --numeric-owner -cf "$work/tar" .; then
      rm -rf "$work"
      return 1
    fi
    mv "$work/tar" "$file"
    rm -rf "$work"
  fi
  echo "$file"
}

# vm_configure ROOT: the account dev (1000), whose systemd runs from boot on, and a service that executes the job.
vm_configure() {
  local root=$1 unit
  chroot "$root" useradd -m -u 1000 -s /bin/bash dev
  echo dev:100000:65536 | tee "$root/etc/subuid" >"$root/etc/subgid"
  mkdir -p "$root"/var/lib/systemd/linger "$root"/etc/systemd/system/{user@.service.d,multi-user.target.wants} "$root"/sbin
  touch "$root/var/lib/systemd/linger/dev"
  printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >"$root/etc/systemd/system/user@.service.d/delegate.conf"
  printf 'vm\n' >"$root/etc/hostname"
  printf '127.0.0.1 localhost vm\n' >"$root/etc/hosts"
  : >"$root/etc/fstab"
  echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
  # Time that a machine of one job does not have.
  for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer \
    getty@tty1.service serial-getty@ttyS0.service getty.target systemd-firstboot.service systemd-random-seed.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-pstore.service systemd-machine-id-commit.service \
    systemd-update-done.service systemd-sysusers.service ldconfig.service systemd-binfmt.service systemd-remount-fs.service \
    proc-sys-fs-binfmt_misc.automount dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    modprobe@configfs.service modprobe@drm.service modprobe@efi_pstore.service modprobe@fuse.service modprobe@dm_mod.service \
    modprobe@loop.service systemd-tmpfiles-clean.timer kmod-static-nodes.service systemd-modules-load.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
  done
  ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
  printf '#!/bin/busybox sh\nexec /lib/systemd/systemd --show-status=0 </dev/null >/dev/null 2>&1\n' >"$root/sbin/vm-init"
  cat >"$root/sbin/vm-job" <<'JOB'
#!/bin/sh
mkdir -p /run/job
tar xf /dev/vdb -C /run/job
until [ -S /run/user/1000/systemd/private ]; do sleep 0.1; done
echo "VM: begins"
/run/job/job </dev/null
echo "VM: ended $?"
sync
poweroff -f
JOB
  chmod 755 "$root/sbin/vm-init" "$root/sbin/vm-job"
  cat >"$root/etc/systemd/system/vm-job.service" <<'UNIT'
[Unit]
After=user@1000.service systemd-logind.service
Wants=user@1000.service
[Service]
Type=oneshot
ExecStart=/sbin/vm-job
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
TimeoutStartSec=infinity
UNIT
  ln -sf ../vm-job.service "$root/etc/systemd/system/multi-user.target.wants/"
}

# vm_systemd_disk FILE PREFIX: a disk with that Debian, ctool, which is installed below PREFIX on the host, and
# /opt/rootfs, a root file system of dev's with busybox.
vm_systemd_disk() {
  local file=$1 prefix=$2 root tar applet
  tar=$(vm_debian) || return 1
  root=$(mktemp -d)
  tar -C "$root" --numeric-owner -xf "$tar"
  vm_copy "$root" "$prefix"/bin/ctool "$prefix"/libexec/ctool/*
  mkdir -p "$root"/opt/rootfs/{bin,proc,sys,dev,tmp,etc}
  mv "$root$prefix" "$root/opt/ctool"
  cp /bin/busybox "$root/opt/rootfs/bin/"
  for applet in $(/bin/busybox --list); do [[ $applet == busybox ]] || ln -s busybox "$root/opt/rootfs/bin/$applet"; done
  chown -R 0:0 "$root/opt/ctool"
  chown -R 1000:1000 "$root/opt/rootfs"
  mke2fs -q -t ext4 -E lazy_itable_init=0 -J size=16 -d "$root" "$file" 2G >/dev/null 2>&1
  rm -rf "$root"
}
