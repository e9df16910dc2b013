#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# man.sh ROOT: mandoc finds nothing to complain about in the man pages, not even style; nor does groff.
set -euo pipefail

cd "$1/man"
shopt -s nullglob
pages=(*.[157])
((${#pages[@]})) || {
  echo "no man pages in $1/man" >&2
  exit 1
}
mandoc -T lint -W style "${pages[@]}"
said=$(groff -ww -man -Tutf8 -z "${pages[@]}" 2>&1)
[[ -z $said ]] || {
  echo "groff: $said"
  exit 1
}
