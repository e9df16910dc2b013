#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# generated.sh ROOT CTOOL [--write]: man/ and completions/ are what CTOOL prints. With --write they
# are made so.
set -euo pipefail

root=$1
ctool=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/man" "$work/completions"/{bash,zsh,fish}
"$ctool" __man >"$work/pages"
while read -r page; do
  "$ctool" __man "$page" >"$work/man/$page"
done <"$work/pages"
"$ctool" completion bash >"$work/completions/bash/ctool"
"$ctool" completion zsh >"$work/completions/zsh/_ctool"
"$ctool" completion fish >"$work/completions/fish/ctool.fish"

if [[ ${3:-} == --write ]]; then
  mkdir -p "$root/man" "$root/completions"
  rm -rf "${root:?}"/man/*.[157] "${root:?}"/completions/{bash,zsh,fish}
  cp -r "$work/man" "$work/completions" "$root"
  exit
fi
status=0
for folder in man completions; do
  diff -ruN "$root/$folder" "$work/$folder" || status=1
done
[[ $status -eq 0 ]] || echo "update them: tests/lint/generated.sh . $2 --write"
exit $status
