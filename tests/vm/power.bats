#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Power cuts while images are pulled and loaded, and right after: what is listed afterwards is whole.

bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# shellcheck source=/dev/null
. "$top/tests/vm/machine.bash"
# shellcheck source=/dev/null
. "$top/tests/system/fixtures/registry.bash"

setup_file() {
  export VM_WORK
  VM_WORK=$(mktemp -d /var/tmp/ctool-vm.XXXXXX)
  cmake --install "${CTOOL_BUILD:-$top/build/release}" --prefix "$VM_WORK/ctool" >/dev/null
  vm_kernel >/dev/null
  vm_disk "$VM_WORK/base.raw" "$VM_WORK/ctool"
  make_image "$VM_WORK/image"
}
teardown_file() { rm -rf "$VM_WORK"; }

# Three layers: busybox, many small files, one big one.
make_image() {
  local folder=$1 tree=$1.tree i
  mkdir -p "$tree"/{base/bin,small/s,big/b}
  cp /bin/busybox "$tree/base/bin/"
  ln -s busybox "$tree/base/bin/true"
  for i in {1..400}; do echo "file $i of many" >"$tree/small/s/$i"; done
  head -c 4000000 /dev/urandom >"$tree/big/b/data"
  umoci init --layout "$folder"
  umoci new --image "$folder:x"
  for i in base small big; do umoci insert --image "$folder:x" "$tree/$i" /; done
  umoci config --image "$folder:x" --config.cmd /bin/true
}

setup() {
  T=$VM_WORK/$BATS_TEST_NUMBER
  mkdir -p "$T"
  start_registry "$T/registry" "$T/data"
  skopeo copy -q --dest-tls-verify=false "oci:$VM_WORK/image:x" "docker://$registry_address/power:1"
  image=10.0.2.2:${registry_address##*:}/power:1
}
teardown() {
  [[ -z ${vm_pid:-} ]] || vm_cut
  stop_registry "$T/registry"
  # What was said is worth reading when it went wrong.
  [[ ${BATS_TEST_COMPLETED:-} == 1 ]] || tail -n 40 "$T"/*.console >&2
}

# job NAME LINE...: a program for the machine, its lines executed as the account dev.
job() {
  local file=$T/$1
  shift
  {
    echo '#!/bin/sh'
    echo 'run() { /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups env -i HOME=/home/dev XDG_RUNTIME_DIR=/run/user/1000 USER=dev PATH=/opt/ctool/bin:/usr/bin:/bin "$@"; }'
    printf '%s\n' "$@"
  } >"$file"
  chmod 755 "$file"
}
disk() { qemu-img create -q -f qcow2 -b "$VM_WORK/base.raw" -F raw "$T/disk.qcow2"; }

# After the cut: everything that is listed verifies, runs, and is there to be had again.
check_after() {
  job after 'run ctool images' \
    'run ctool system check || exit 21' \
    "for i in \$(run ctool images -q); do echo \"listed \$i\"; run ctool run --rm --network none \$i /bin/true || exit 22; done" \
    "run ctool pull -q --tls-verify=false $image || exit 23" \
    "run ctool run --rm --network none $image /bin/busybox sh -c 'test \$(ls /s | wc -l) = 400 && test \$(wc -c </b/data) = 4000000' || exit 24" \
    'run ctool system check'
  vm_run "$T/disk.qcow2" "$T/after" "$T/after.console" 240
}

@test "power cut: while an image is pulled" {
  local delay
  for delay in 0.4 1.5; do
    rm -f "$T/disk.qcow2"
    disk
    job pull 'echo "pull begins"' "run ctool pull -q --tls-verify=false $image" 'echo "pull is done"' 'sleep 100'
    vm_boot "$T/disk.qcow2" "$T/pull" "$T/pull.console"
    vm_await "$T/pull.console" "pull begins" 120
    sleep "$delay"
    vm_cut
    # Halfway, or nothing was tried.
    if [[ $delay == 0.4 ]] && grep -q "pull is done" "$T/pull.console"; then return 1; fi
    check_after
  done
}

@test "power cut: right after an image was pulled" {
  disk
  job pull 'echo "pull begins"' "run ctool pull -q --tls-verify=false $image" 'echo "pull is done"' 'sleep 100'
  vm_boot "$T/disk.qcow2" "$T/pull" "$T/pull.console"
  vm_await "$T/pull.console" "pull is done" 180
  vm_cut
  check_after
  # It was told to be there, and so it is.
  grep -q '^listed' "$T/after.console"
}

@test "power cut: a container's end is known, and what it wrote before a sync is there" {
  disk
  job pull "run ctool pull -q --tls-verify=false $image" \
    "run ctool run --name c --network none $image /bin/busybox sh -c 'echo kept >/kept; /bin/busybox sync'" \
    "run ctool run -d --name d --network none $image /bin/busybox sleep 1000" 'echo "all is done"' 'sleep 100'
  vm_boot "$T/disk.qcow2" "$T/pull" "$T/pull.console"
  vm_await "$T/pull.console" "all is done" 180
  vm_cut
  job after 'run ctool ps -a --format "{{.Names}} {{.State}}"' 'run ctool start d || exit 21' 'run ctool cp c:/kept - | tar xO' \
    'run ctool rm -f -t 0 c d' 'run ctool system check'
  vm_run "$T/disk.qcow2" "$T/after" "$T/after.console" 240
  grep -q '^d exited' "$T/after.console"
  grep -q '^kept' "$T/after.console"
}
