# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a machine needs before ctool can be built, run and tested: packages, device nodes, an
# unprivileged account. Sourced by ./quickstart and ./tests/run. Everything here may be repeated.

host_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf 'Error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root, and there is no sudo: $*"
  fi
}

# The packages of some sections of tests/deps.
packages_of() {
  awk -v wanted=" $* " '
    { sub(/#.*/, "") }
    /^\[/ { gsub(/[][ \t]/, ""); on = index(wanted, " " $0 " "); next }
    on && NF { print $1 }' "$host_top/tests/deps"
}

# Installs what is missing of some sections; asks only dpkg when nothing is.
install_missing() {
  local packages missing=() package
  command -v dpkg-query >/dev/null || die "this script installs Debian packages; on another" \
    "distribution install the counterparts of those in tests/deps by hand"
  mapfile -t packages < <(packages_of "$@")
  ((${#packages[@]})) || die "tests/deps has no section $*"
  local -A have=()
  while read -r package; do
    have[$package]=1
  done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${packages[@]}" 2>/dev/null |
    awk '/^ii/ { print $NF }')
  for package in "${packages[@]}"; do
    [[ -n ${have[$package]:-} ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "installing: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    "${missing[@]}" >/dev/null
}

# /dev/fuse and /dev/net/tun are open to everybody where udev made them; a machine without udev
# (a container, a minimal VM) has them missing or for root only.
open_devices() {
  local node number
  for node in /dev/fuse:229 /dev/net/tun:200; do
    number=${node#*:} node=${node%:*}
    if [[ ! -c $node ]]; then
      as_root mkdir -p "${node%/*}"
      as_root mknod "$node" c 10 "$number" 2>/dev/null || say "$node is missing"
    fi
    if [[ -c $node && $(stat -c %a "$node") != 666 ]]; then
      as_root chmod 0666 "$node" || say "$node is not open to unprivileged users"
    fi
  done
}

# Gives an account 65536 subordinate user and group ids behind all that are given away already.
ensure_ranges() {
  local account=$1 start
  grep -qs "^$account:" /etc/subuid && grep -qs "^$account:" /etc/subgid && return 0
  start=$(cat /etc/subuid /etc/subgid 2>/dev/null |
    awk -F: -v next_free=100000 '$2 + $3 > next_free { next_free = $2 + $3 } END { print next_free }')
  say "giving $account the subordinate ids from $start on"
  grep -qs "^$account:" /etc/subuid ||
    as_root usermod --add-subuids "$start-$((start + 65535))" "$account"
  grep -qs "^$account:" /etc/subgid ||
    as_root usermod --add-subgids "$start-$((start + 65535))" "$account"
}

# Makes an unprivileged account with a home folder and subordinate ids.
ensure_account() {
  local account=$1
  if ! getent passwd "$account" >/dev/null; then
    say "making the account $account"
    as_root useradd --create-home --shell /bin/bash "$account"
  fi
  ensure_ranges "$account"
}
