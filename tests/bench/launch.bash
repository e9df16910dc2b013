# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Where the benchmarks run: an account of its own, with podman's surroundings (tests/system/podman-oracle)
# and folders that are removed afterwards. Sourced by the programs beside this file.
#
# Needs root; what is timed runs as the account CTOOL_TEST_USER. CTOOL: the program, default
# build/release/bin/ctool. CTOOL_BENCH_DIR: where the stores are put, default /var/tmp. An ext4 without a journal, as some
# virtual machines have, is no developer's: see RESULTS.md for what it does to programs that make and delete files.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../host.bash
. "$top/tests/host.bash"
CTOOL=${CTOOL:-$top/build/release/bin/ctool}

# launch SCRIPT [ARG...]: runs a Python program of this folder there.
launch() {
  local script=$1 account=${CTOOL_TEST_USER:-ctool-bench} work
  shift
  [[ $EUID -eq 0 ]] || die "run this as root: it needs an account of its own for what it times"
  open_devices
  ensure_account "$account"
  # Stores on the disk, run directories in memory, as on any machine with a login manager.
  work=$(mktemp -d "${CTOOL_BENCH_DIR:-/var/tmp}/bench.XXXXXX")
  # shellcheck disable=SC2064 # expanded now
  trap "rm -rf '$work'" EXIT
  # ctrl-c reaches the program, which removes its containers; the folders go after it.
  trap : INT
  mkdir "$work/r" "$work/disk"
  chown -R "$account:" "$work"
  # A copy, as installed: a build that goes on meanwhile does not pull it away.
  mkdir -p "$work/ctool/bin" "$work/ctool/libexec"
  cp "$CTOOL" "$work/ctool/bin/ctool"
  cp -r "$(dirname "$CTOOL")/../libexec/ctool" "$work/ctool/libexec/"
  # shellcheck disable=SC2016 # expanded inside
  "$top/tests/system/podman-oracle" "$account" bash -c \
    'mount -t tmpfs -o mode=0700,uid="$1" tmpfs "$2" && shift 2 && exec "$@"' - "$(id -u "$account")" "$work/r" \
    setpriv --reuid "$account" --regid "$account" --init-groups \
    env -i HOME="$(getent passwd "$account" | cut -d: -f6)" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
    XDG_RUNTIME_DIR="$work/r" CTOOL_BENCH_DISK="$work/disk" CTOOL="$work/ctool/bin/ctool" PYTHONDONTWRITEBYTECODE=1 \
    python3 "$top/tests/bench/$script" "$@"
}
