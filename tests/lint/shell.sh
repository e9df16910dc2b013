#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# shell.sh ROOT: shellcheck of every shell script and bats file in the tree.
set -euo pipefail

cd "$1"
mapfile -t scripts < <(
  find . \( -name .git -o -path ./build \) -prune -o -type f -size -200k -print | sort |
    while read -r file; do
      case $file in
        *.bash | *.sh | *.bats) echo "$file" ;;
        *) if head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*\b(ba)?sh\b'; then echo "$file"; fi ;;
      esac
    done
)
((${#scripts[@]})) || {
  echo "no scripts found below $1" >&2
  exit 1
}
# The tests' variables are set in helpers.bash, and their programs are quoted for the container.
mapfile -t bats < <(printf '%s\n' "${scripts[@]}" | grep '\.bats$' || true)
mapfile -t plain < <(printf '%s\n' "${scripts[@]}" | grep -v '\.bats$' || true)
status=0
((!${#plain[@]})) || shellcheck -x -P SCRIPTDIR "${plain[@]}" || status=1
((!${#bats[@]})) || shellcheck -P SCRIPTDIR -e SC2016,SC2030,SC2031,SC2034,SC2153,SC2154,SC2206 \
  "${bats[@]}" || status=1
exit $status
