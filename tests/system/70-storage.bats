#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What was packed comes out, in every way of stacking layers; what was written stays and goes.

load helpers

DEBIAN=$REGISTRY/debian:latest

file_setup() {
  ct pull -q "$IMG" "$DEBIAN" >/dev/null
  "$CACHE/testcases/treelist" "$CACHE/trees/debian" --skip /proc --skip /sys --skip /dev \
    --skip /run --skip /etc/hosts --skip /etc/hostname --skip /etc/resolv.conf --skip /etc/mtab \
    --no-time / --no-time /etc >"$FILE_DIR/expected"
  cp "$CACHE/testcases/treelist" "$FILE_DIR/treelist"
}

# The tree that a container of the image sees is the one that GNU tar makes.
same_tree() {
  must run --rm -v "$FILE_DIR/treelist:/treelist:ro" "$1" /treelist / --skip /treelist \
    --skip /proc --skip /sys --skip /dev --skip /run --skip /etc/hosts --skip /etc/hostname \
    --skip /etc/resolv.conf --skip /etc/mtab --no-time / --no-time /etc
  cp "$T/.out" "$T/seen"
  # a guard: the list is of the whole tree
  (($(wc -l <"$T/seen") > 5000)) || complain "thousands of entries"
  diff "$FILE_DIR/expected" "$T/seen" >"$T/diff" || {
    head -n 40 "$T/diff" >&2
    complain "the same tree ($(wc -l <"$T/diff") lines of difference)"
  }
}

@test "three layers of Debian: every entry as packed" {
  same_tree "$DEBIAN"
}

@test "a program's file capability works" {
  must pull -q "$TOOLS"
  try run --rm -u 1000 "$TOOLS" /t/showcaps-cap
  ok
  out_like $'CapEff:\t0000000000000400'
}

@test "the same through fuse-overlayfs" {
  CT_ENV=(CTOOL_OVERLAY=fuse)
  must run --rm "$IMG" grep " / " /proc/mounts
  out_like 'fuse'
  same_tree "$DEBIAN"
}

@test "through fuse-overlayfs: more layers, in a store with a longer path, than a message to the monitor holds" {
  local deep
  deep=$(user_dir deep)
  # as long as SQLite takes it: 511 bytes with the database's name
  while ((${#deep} < 460)); do deep+=/$(printf 'd%.0s' $(seq $((460 - ${#deep} < 200 ? 460 - ${#deep} : 200)))); done
  python3 - "$HERE/fixtures" "$(user_dir layout)" <<'END'
import pathlib, sys, tarfile
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
from make_images import Layout, Tar
layout = Layout(pathlib.Path(sys.argv[2]))
shell = pathlib.Path("/bin/busybox").read_bytes()
layers = [Tar().add("bin", tarfile.DIRTYPE).add("bin/sh", tarfile.REGTYPE, data=shell)]
layers += [Tar().add("l", tarfile.DIRTYPE).add(f"l/{i}", tarfile.REGTYPE, 0o644, b"%d\n" % i) for i in range(1, 150)]
layout.tag("many", layout.manifest([layout.layer(tar.bytes()) for tar in layers]))
layout.close()
END
  CT_OPTIONS=(--root "$deep" --runroot "$(user_dir run)")
  CT_ENV=(CTOOL_OVERLAY=fuse)
  must pull -q "oci:$T/layout:many"
  try run --rm "$out" sh -c 'while read -r line; do case $line in *" / "*) echo "$line"; esac; done </proc/mounts
    for file in /l/*; do read -r line <"$file"; all="$all $line"; done; set -- $all; echo $#; read -r line </l/149; echo $line'
  ok
  out_like $'fuse-overlayfs.*\n149\n149$'
  err_is ""
  ct rmi -fa >/dev/null
}

@test "the same by plain copies, with a warning" {
  CT_ENV=(CTOOL_OVERLAY=copy)
  must run --rm "$IMG" grep " / " /proc/mounts
  out_lacks overlay
  err_like '[Ww]arning|WARN'
  same_tree "$DEBIAN"
}

@test "the kernel's overlay is the default" {
  try run --rm "$IMG" grep " / " /proc/mounts
  ok
  out_like '^overlay / overlay '
  err_is ""
}

@test "zstd layers" {
  # a store of its own: these layers are there already in the other one
  CT_OPTIONS=(--root "$(user_dir root)" --runroot "$(user_dir run)")
  must pull -q "$REGISTRY/debian:zstd"
  same_tree "$REGISTRY/debian:zstd"
  ct rmi -fa >/dev/null
}

@test "the caller's umask does not get into layers" {
  CT_OPTIONS=(--root "$(user_dir root)" --runroot "$(user_dir run)")
  (umask 077 && ct pull -q "$IMG" >/dev/null)
  try run --rm "$IMG" stat -c %a /bin /tmp /bin/busybox /etc/passwd
  ok
  out_is $'755\n1777\n755\n644'
  ct rmi -fa >/dev/null
}

@test "sixty layers, in the right order" {
  must pull -q "$REGISTRY/many:latest"
  try run --rm "$REGISTRY/many:latest" sh -c 'cat /l/last; ls /l | wc -l; cat /l/00 /l/59'
  ok
  out_is $'59\n61\n0\n59'
}

@test "what one container writes, neither image nor others see" {
  must run --name "$C" "$IMG" sh -c 'echo mine >/etc/passwd; rm /etc/group; mkdir /new; rm -r /var/www'
  try run --rm "$IMG" sh -c 'head -n 1 /etc/passwd; ls /etc/group /var/www/index.html; ls -d /new'
  exits 1
  out_is $'root:x:0:0:root:/root:/bin/sh\n/etc/group\n/var/www/index.html'
}

@test "changes of a container are there when it starts again" {
  local mode
  for mode in native fuse copy; do
    oracle && [[ $mode != native ]] && continue
    CT_ENV=(CTOOL_OVERLAY=$mode)
    must create --name "$C-$mode" "$IMG" sh -c '
      if [ -e /ran ]; then
        cat /etc/added; ls /etc/group /var/www 2>&1; stat -c "%u:%g %a" /bin/busybox; readlink /l
      else
        echo added >/etc/added; rm /etc/group; rm -r /var/www; mkdir /var/www; touch /var/www/new
        chown 5:6 /bin/busybox; chmod 700 /bin/busybox; ln -s target /l; mv /srv /moved; touch /ran
      fi'
    try start -a "$C-$mode"
    ok
    try start -a "$C-$mode"
    ok
    out_is $'added\nls: /etc/group: No such file or directory\n/var/www:\nnew\n5:6 700\ntarget'
  done
}

@test "a removed folder that is made again is empty" {
  try run --rm "$IMG" sh -c 'rm -r /var && mkdir -p /var/www && ls /var/www | wc -l'
  ok
  out_is 0
}

@test "renaming folders and hard links across them" {
  try run --rm "$IMG" sh -c 'mv /var/www /home/www && ls /home/www && ln /home/www/index.html /x &&
    stat -c %h /x && ls /var/www 2>&1'
  exits 1
  out_has index.html
  out_has "No such file"
}

@test "owners up to the end of the range, and no further" {
  try run --rm "$IMG" sh -c 'touch /f && chown 65535:65535 /f && stat -c %u:%g /f'
  ok
  out_is 65535:65535
  try run --rm "$IMG" chown 70000 /etc/passwd
  exits 1
  err_has "Invalid argument"
}

@test "setuid, setgid, sticky and extended attributes can be set" {
  try run --rm "$DEBIAN" sh -c 'cd /tmp && touch f && chmod 6755 f && stat -c %a f && mkdir d &&
    chmod 1777 d && stat -c %a d &&
    perl -e "my (\$f, \$n, \$v) = qw(f user.x v); exit(syscall(188, \$f, \$n, \$v, 1, 0) != 0)"'
  ok
  out_is $'6755\n1777'
}

@test "a large sparse file stays sparse on disk" {
  local before after
  before=$(du -sk "$FILE_DIR/home" | cut -f1)
  must run --name "$C" "$IMG" dd if=/dev/zero of=/sparse bs=1 count=1 seek=1000000000
  after=$(du -sk "$FILE_DIR/home" | cut -f1)
  ((after - before < 5000)) || complain "less than 5 MB more, not $((after - before)) kB"
}

@test "nobody else can look into the store" {
  local store=$FILE_DIR/home/.local/share/ctool
  oracle && store=$FILE_DIR/home/.local/share/containers/storage
  [[ -d $store ]]
  chmod 755 "$FILE_DIR/home" "$FILE_DIR/home/.local" "$FILE_DIR/home/.local/share" 2>/dev/null
  setpriv --reuid nobody --regid nogroup --clear-groups ls "$store" >"$T/.out" 2>&1 &&
    complain "no access for others"
  grep -q "Permission denied" "$T/.out"
}

@test "on the host everything in the store belongs to the account and its ranges" {
  local first
  first=$(awk -F: -v a="$ACCOUNT" '$1 == a { print $2 }' /etc/subuid)
  equal "owners" "" "$(find "$FILE_DIR/home/.local" ! -user "$ACCOUNT" -printf '%U\n' |
    awk -v first="$first" '$1 < first || $1 >= first + 65536' | sort -u)"
}

@test "containers leave nothing behind on disk" {
  local before
  files() { find "$FILE_DIR/home/.local/share" "$FILE_DIR/run" 2>/dev/null | wc -l; }
  must run --rm "$IMG" true
  sleep 0.5
  before=$(files)
  for _ in 1 2 3; do
    must run --rm "$IMG" sh -c 'mkdir -p /a/b/c; touch /a/b/c/d; chown -R 77:77 /a; chmod 0 /a/b'
  done
  # folders go a moment after the command
  for _ in {1..50}; do
    (($(files) > before)) || break
    sleep 0.1
  done
  equal "files" "$before" "$(files)"
}
