#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The second boot of limits.bats' machine.

reboot() {
  set -e
  [[ -z $(find /sys/fs/cgroup -name 'libpod-*') ]]
  [[ $(ctool ps -aq | wc -l) == 2 ]]
  for name in left left-paused; do [[ $(ctool inspect -f '{{.State.Status}} {{.State.CgroupPath}}' $name) == "exited " ]]; done
  ctool start left
  [[ $(cat "/sys/fs/cgroup$(ctool inspect -f '{{.State.CgroupPath}}' left)/memory.max") == 67108864 ]]
  ctool rm -fa -t 0
}
said=$({ set -x; reboot; } 2>&1)
# shellcheck disable=SC2181
if [[ $? == 0 ]]; then echo "ok reboot"; else printf 'not ok reboot\n%s\n' "$said"; fi
