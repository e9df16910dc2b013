#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Installations: by cmake, as a tarball in ~/.local, as a Debian package on a Debian that has nothing else.

load helpers

test_setup() {
  if oracle; then skip "it is ctool that is installed"; fi
  [[ -f $CTOOL_BUILD/CPackConfig.cmake ]] || unmet "a build folder, in CTOOL_BUILD"
}
test_teardown() {
  [[ ! -f $T/inside ]] || kill -9 "$(cat "$T/inside")" 2>/dev/null || true
}

# pack KIND: a package of that kind, whose file is echoed.
pack() {
  cpack --config "$CTOOL_BUILD/CPackConfig.cmake" -G "$1" -B "$T/pack" >"$T/cpack.log" || {
    cat "$T/cpack.log" >&2
    return 1
  }
  find "$T/pack" -maxdepth 1 -type f
}
# A container's root file system, of the host's static busybox.
busybox_tar() {
  mkdir -p "$T/box/bin"
  cp /bin/busybox "$T/box/bin/busybox"
  ln -s busybox "$T/box/bin/sh"
  ln -s busybox "$T/box/bin/echo"
  tar -C "$T/box" --owner=0 --group=0 -cf "$T/box.tar" .
}
# works PROGRAM: it makes an image and runs a container, as the account.
works() {
  CTOOL=$1
  must import "$T/box.tar" localhost/box
  must run --rm --network none localhost/box echo installed
  out_is installed
  must rmi localhost/box
}

@test "cmake --install: programs, manual, completion" {
  local tree=$T/tree file
  cmake --install "$CTOOL_BUILD" --prefix "$tree" >/dev/null
  for file in bin/ctool libexec/ctool/ctool-{images,monitor,scope} share/man/man1/ctool-run.1 share/man/man5/ctool-containerfile.5 \
    share/man/man7/ctool-rootless.7 share/bash-completion/completions/ctool share/zsh/site-functions/_ctool \
    share/fish/vendor_completions.d/ctool.fish share/doc/ctool/README.md share/doc/ctool/LICENSE; do
    [[ -f $tree/$file ]] || complain "$file to be installed"
  done
  equal "pages" "$(ct help --format json | jq '[.commands[], .groups[], .topics[] | select(.hidden | not)] | length + 1')" \
    "$(find "$tree/share/man" -type f | wc -l)"
  busybox_tar
  works "$tree/bin/ctool"
}

@test "--version has the commit of the sources" {
  try --version
  ok
  out_like '^ctool version [0-9]+\.[0-9]+\.[0-9]+( \([0-9a-f]{12}\))?$'
  local commit=${out#*(}
  [[ $out == *"("* ]] || return 0 # built where there was no git
  must version -f '{{.Client.GitCommit}}'
  out_is "${commit%)}"
  must info -f '{{.Version.GitCommit}}'
  out_is "${commit%)}"
  must version
  out_has "Git Commit:   ${commit%)}"
}

@test "a tarball works in ~/.local, and finds its own completion and manual" {
  local home=$T/home package
  install -d -o "$ACCOUNT" "$home" "$home/.local"
  package=$(pack TGZ)
  as_user tar -C "$home/.local" --strip-components=1 -xzf "$package"
  busybox_tar
  CT_ENV=(HOME="$home")
  works "$home/.local/bin/ctool"
  equal "the manual" "$home/.local/share/man/man1/ctool-run.1" \
    "$(as_user HOME="$home" PATH="$home/.local/bin:/usr/bin:/bin" man -w ctool-run)"
  # shellcheck disable=SC2016  # for the shell with the completion
  as_user HOME="$home" PATH="$home/.local/bin:/usr/bin:/bin" bash -c '
    . /usr/share/bash-completion/bash_completion; _completion_loader ctool; complete -p ctool' | grep -q _ctool
  # And elsewhere, as a whole.
  as_user mv "$home/.local" "$home/moved"
  works "$home/moved/bin/ctool"
}

# inside COMMAND: by a shell in the other Debian, as root there.
inside() { nsenter -t "$(cat "$T/inside")" -m -p -i -u -r -w -- bash -ec "$1"; }

@test "the Debian package: right dependencies, works on a bare Debian, is removed without a trace" {
  export BATS_TEST_TIMEOUT=300
  local package root=$T/root
  package=$(pack DEB)
  dpkg-deb -f "$package" Depends >"$T/depends"
  grep -q 'uidmap' "$T/depends"
  grep -q 'libc6 (>= ' "$T/depends"
  grep -q 'libcurl4' "$T/depends"
  grep -q 'libsystemd0' "$T/depends"
  grep -q slirp4netns <<<"$(dpkg-deb -f "$package" Recommends)"

  # What Debian's policy wants of every package (lintian tells).
  dpkg-deb -c "$package" >"$T/contents"
  grep -q 'share/man/man1/ctool-run.1.gz$' "$T/contents"
  equal "pages that are not compressed" "" "$(grep 'share/man/.*[1-8]$' "$T/contents")"
  dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/share/doc/ctool/changelog.gz | zcat | dpkg-parsechangelog -l- >"$T/changelog"
  grep -qx "Version: $(dpkg-deb -f "$package" Version)" "$T/changelog"

  mkdir "$root"
  tar -C "$root" --numeric-owner -xpf "$(find "${LIVE%/live}" -maxdepth 2 -path '*debian-*' -name base.tar | tail -1)"
  busybox_tar
  cp "$package" "$root/root/ctool.deb"
  cp "$T/box.tar" "$root/box.tar"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  cp -a /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
  [[ -s $root/etc/apt/sources.list ]] || echo 'deb http://deb.debian.org/debian bookworm main' >"$root/etc/apt/sources.list"
  # A mount namespace with that root for good, for a changed root (chroot) may have no user namespaces.
  # shellcheck disable=SC2016  # for the shell in it
  unshare --mount --propagation private --pid --fork --ipc --uts bash -ec '
    mount --bind "$1" "$1"
    mkdir -p "$1"/{proc,sys,dev,run,old}
    mount -t proc proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs tmpfs "$1/run"
    mount -t tmpfs tmpfs "$1/tmp"
    cd "$1"
    pivot_root . old
    exec chroot . bash -c "umount -l /old && touch /run/ready && exec sleep 1000" <&- >&- 2>&-' - "$root" 3>&- 4>&- &
  local outer=$!
  until_ok 10 pgrep -P "$outer"
  pgrep -P "$outer" >"$T/inside"
  until_ok 10 inside 'test -e /run/ready && test ! -e /old/bin'
  inside 'export DEBIAN_FRONTEND=noninteractive; apt-get update -qq
    apt-get install -y -qq --no-install-recommends /root/ctool.deb passwd >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; false; }'
  inside 'useradd -m alice; dpkg -L ctool | grep -q /usr/libexec/ctool/ctool-monitor
    for program in /usr/bin/ctool /usr/libexec/ctool/*; do if ldd $program 2>/dev/null | grep "not found"; then exit 1; fi; done'
  inside 'su - alice -c "ctool --version && ctool import /box.tar box >/dev/null && ctool run --rm --network none box echo here"' >"$T/said"
  equal "what a container says" here "$(tail -1 "$T/said")"
  inside 'su - alice -c "ctool run --rm --network none box busybox cat /proc/self/uid_map"' >"$T/map"
  equal "ids, by newuidmap" 2 "$(wc -l <"$T/map")"
  inside 'apt-get purge -y -qq ctool >/dev/null 2>&1; ! test -e /usr/bin/ctool'
  equal "what is left of it" "" "$(inside 'rm -rf /home/alice /root/ctool.deb; find /usr /etc /var/lib -xdev -name "*ctool*"')"
}
