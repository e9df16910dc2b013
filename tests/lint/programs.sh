#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# programs.sh CTOOL MONITOR: what the programs are linked with. Each shared object costs the start
# of every command a fraction of a millisecond; the monitor lives as long as a container and is
# what init is before it runs somebody else's program.
set -euo pipefail

needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }
status=0

if readelf -lW "$2" | grep -q INTERP || [[ -n $(needed "$2") ]]; then
  echo "$2 is not static: $(needed "$2" | paste -sd" ")"
  status=1
fi
heavy=$(needed "$1" | grep -E '^lib(curl|ssl|crypto|archive|zstd|lzma|bz2|isal|sqlite3|stdc\+\+)' || true)
if [[ -n $heavy ]]; then
  echo "$1 loads $(paste -sd" " <<<"$heavy")"
  status=1
fi
exit $status
