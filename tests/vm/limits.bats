#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Limits that the kernel enforces, for a user who has logged in: a Debian machine with systemd, version 2 of control groups
# and its controllers delegated. One machine does it all; each test looks at a part of what it has said.

bats_require_minimum_version 1.5.0

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
# shellcheck source=/dev/null
. "$top/tests/vm/machine.bash"

setup_file() {
  export VM_WORK
  VM_WORK=$(mktemp -d /var/tmp/ctool-vm.XXXXXX)
  cmake --install "${CTOOL_BUILD:-$top/build/release}" --prefix "$VM_WORK/ctool" >/dev/null
  # What ctool-images is linked with the machine does not have: limits.sh says where it is.
  mkdir "$VM_WORK/ctool/images-lib"
  ldd "$VM_WORK/ctool/libexec/ctool/ctool-images" | awk '$3 ~ "^/" && $1 !~ /^lib(c|m|resolv)\.so/ { print $3 }' | xargs cp -Lt "$VM_WORK/ctool/images-lib"
  vm_systemd_disk "$VM_WORK/base.raw" "$VM_WORK/ctool"
  qemu-img create -q -f qcow2 -b "$VM_WORK/base.raw" -F raw "$VM_WORK/disk.qcow2"
  for part in limits reboot; do
    mkdir "$VM_WORK/$part"
    # A login session of the account's, as a person has it.
    {
      printf '#!/bin/sh\ncat >/run/dev.sh <<"END-OF-PART"\n'
      cat "$BATS_TEST_DIRNAME/$part.sh"
      # shellcheck disable=SC2016  # for the shell there
      printf 'END-OF-PART\nchmod 644 /run/dev.sh\nexec runuser -l dev -c "PATH=/opt/ctool/bin:\\$PATH bash /run/dev.sh"\n'
    } >"$VM_WORK/$part/job"
    chmod 755 "$VM_WORK/$part/job"
    vm_run "$VM_WORK/disk.qcow2" "$VM_WORK/$part/job" "$VM_WORK/$part.console" 240 || tail -n 60 "$VM_WORK/$part.console" >&2
    tr -d '\r' <"$VM_WORK/$part.console" >>"$VM_WORK/said"
  done
}
teardown_file() { rm -rf "$VM_WORK"; }

# said WHAT: the machine has found it so.
said() {
  grep -qx "ok $1" "$VM_WORK/said" && return
  grep -A 14 "^not ok $1\$" "$VM_WORK/said" >&2 || tail -n 30 "$VM_WORK/said" >&2
  return 1
}

@test "a container's scope has all controllers" { said controllers; }
@test "--memory: what is over it is killed, and OOMKilled says so" { said oom; }
@test "build --memory: a RUN that is over it is killed, and the message says so" { said build-oom; }
@test "--memory: what is below it lives" { said fits; }
@test "OOMKilled of a child whose parent goes on; a later run begins anew" { said oom-child; }
@test "memory, swap and reservation have the values that were asked for" { said memory-files; }
@test "--pids-limit: no process more; 2048 without a word" { said pids; }
@test "--cpus: the container is throttled" { said cpu; }
@test "--cpu-shares, --cpuset-cpus, --cpuset-mems" { said weights; }
@test "--device-read-bps" { said io; }
@test "the container sees its own limits" { said inside; }
@test "update changes the limits of one that runs, and takes them back" { said update; }
@test "pause freezes, unpause goes on" { said freeze; }
@test "stats are those of the group" { said stats; }
@test "kill ends all of it; nothing of the scope is left" { said kill; }
@test "a restart policy after an OOM kill" { said restart; }
@test "no warning, no degradation" { said quiet; }
@test "log driver journald" { said journald; }
@test "after a reboot the container has ended, and nothing of its groups is left" { said reboot; }
