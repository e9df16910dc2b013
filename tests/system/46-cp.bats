#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cp: files and directories between a container and the host, or two containers.

load helpers

# A container that runs, with /srv as its working directory.
running() {
  must run -d --name "$C" -w /srv "$IMG" sh -c 'mkdir /srv/subdir; touch /srv/ready; sleep 1046'
  until_ok 5 inside "$C" test -e /srv/ready
}
created() { must create --name "$1" -w /srv "$IMG" sleep 1046; }

# What a command sees in a container: by exec in one that runs, by a tar stream otherwise.
pid_of() { ct inspect -f '{{.State.Pid}}' "$1"; }
inside() {
  local c=$1
  shift
  as_user nsenter -U -m -r -w -t "$(pid_of "$c")" --preserve-credentials -- "$@"
}
# content CONTAINER PATH
content() { ct cp "$1:$2" - | tar xO; }

host_file() {
  echo "$2" >"$T/$1"
  chown "$ACCOUNT:" "$T/$1"
}

host_tree() {
  mkdir -p "$T/dir/sub"
  echo one >"$T/dir/sub/one"
  echo two >"$T/dir/sub/two"
  chmod 0751 "$T/dir/sub"
  chown -R "$ACCOUNT:" "$T/dir"
}

to_container() { # CONTAINER: the places a file may go to
  local place found
  host_file hostfile zero
  while read -r place found; do
    try cp "$T/hostfile" "$1:$place"
    ok
    equal "the file at $place" zero "$(content "$1" "$found")"
  done <<EOT
/ /hostfile
/other.txt /other.txt
/tmp /tmp/hostfile
/tmp/ /tmp/hostfile
/tmp/. /tmp/hostfile
/tmp/other.txt /tmp/other.txt
. /srv/hostfile
./ /srv/hostfile
other.txt /srv/other.txt
EOT
}

@test "a file to a running container: every form of the destination" {
  running
  to_container "$C"
  try cp "$T/hostfile" "$C:subdir"
  ok
  equal "the file" zero "$(content "$C" /srv/subdir/hostfile)"
}

@test "a file to a created container: every form of the destination" {
  created "$C"
  to_container "$C"
  must start "$C"
  equal "the file" zero "$(inside "$C" cat /tmp/hostfile)"
}

@test "a name that ends with a dot is a name" {
  running
  host_file dotfile. zero
  must cp "$T/dotfile." "$C:/tmp"
  equal "the file" zero "$(content "$C" /tmp/dotfile.)"
}

from_container() { # CONTAINER: a file, to every form of a place on the host
  local place found
  mkdir -p "$T/to"
  chown "$ACCOUNT:" "$T/to"
  while read -r place found; do
    try cp "$1:/etc/plain" "$T/to$place"
    ok
    equal "the file" "$(content "$1" /etc/plain)" "$(<"$T/to/$found")"
    equal "its owner" "$USER_ID" "$(stat -c %u "$T/to/$found")"
    rm "$T/to/$found"
  done <<EOT
/ plain
/. plain
/newfile newfile
EOT
  try cp "$1:/etc/plain" "$T/to"
  ok
  equal "the files" plain "$(ls "$T/to")"
}

@test "a file from a running container" {
  running
  from_container "$C"
}

@test "a file from a created container" {
  created "$C"
  from_container "$C"
}

directories_in() { # CONTAINER
  local source place found
  host_tree
  while read -r source place found; do
    try cp "$T/$source" "$1:$place"
    ok
    equal "the file below $found" one "$(content "$1" "$found/one")"
  done <<EOT
dir / /dir/sub
dir/ /tmp /tmp/dir/sub
dir/. /usr/ /usr/sub
dir/sub . /srv/sub
dir /newdir1 /newdir1/sub
dir/ /newdir2 /newdir2/sub
dir/. /newdir3 /newdir3/sub
EOT
}

@test "a directory to a running container" {
  running
  directories_in "$C"
}

@test "a directory to a created container" {
  created "$C"
  directories_in "$C"
}

@test "directories from a container" {
  running
  host_tree
  must cp "$T/dir" "$C:/srv"
  mkdir "$T/to"
  chown "$ACCOUNT:" "$T/to"
  try cp "$C:/srv/dir" "$T/to"
  ok
  equal "the file" two "$(<"$T/to/dir/sub/two")"
  equal "the mode" 751 "$(stat -c %a "$T/to/dir/sub")"
  try cp "$C:/srv/dir/." "$T/to/new"
  ok
  equal "the file" two "$(<"$T/to/new/sub/two")"
  try cp "$C:/srv/dir/sub/." "$T/to"
  ok
  equal "the file" two "$(<"$T/to/two")"
}

@test "between two containers, one of them not running" {
  running
  created other
  host_tree
  must cp "$T/dir" "$C:/srv"
  try cp "$C:dir/sub" other:/tmp
  ok
  equal "the file" one "$(content other /tmp/sub/one)"
  try cp other:/tmp/sub/. "$C:/newdir"
  ok
  equal "the file" two "$(content "$C" /newdir/two)"
}

@test "within one container" {
  created "$C"
  try cp "$C:/etc/plain" "$C:/tmp/copy"
  ok
  equal "the file" "$(content "$C" /etc/plain)" "$(content "$C" /tmp/copy)"
}

@test "what is not there" {
  created "$C"
  host_file hostfile zero
  try cp "$T/nothing" "$C:/tmp"
  exits 125
  err_is "Error: \"$T/nothing\" could not be found on the host: no such file or directory"
  try cp "$C:/nothing" "$T"
  exits 125
  err_is "Error: \"/nothing\" could not be found on container $C: no such file or directory"
  try cp "$T/hostfile" "$C:/nothing/"
  exits 125
  err_is "Error: \"/nothing/\" could not be found on container $C: no such file or directory"
  try cp "$T/hostfile" "$C:/nothing/x"
  exits 125
  err_is "Error: \"/nothing/x\" could not be found on container $C: no such file or directory"
  try cp "$C:/etc/plain" "$T/nothing/"
  exits 125
  err_is "Error: \"$T/nothing/\" could not be found on the host: no such file or directory"
  try cp "$C:/etc/plain" "$T/nothing/x"
  exits 125
  err_is "Error: \"$T/nothing/x\" could not be found on the host: no such file or directory"
  try cp nosuch:/x "$T"
  exits 125
  err_is 'Error: container "nosuch" does not exist'
}

@test "wrong arguments" {
  created "$C"
  try cp "$C:" "$T"
  exits 125
  err_is "Error: invalid arguments \"$C:\", \"$T\": you must specify paths"
  try cp "$C:/etc/plain"
  exits 125
  try cp "$C:/etc/plain" /dev/null
  exits 125
  err_is 'Error: invalid destination: "/dev/null" must be a directory or a regular file'
}

@test "no wildcards" {
  created "$C"
  try cp "$C:/etc/*" "$T"
  exits 125
  err_is "Error: \"/etc/*\" could not be found on container $C: no such file or directory"
}

@test "a directory never replaces a file, nor the reverse, without --overwrite" {
  running
  host_tree
  host_file thing zero
  try cp "$T/dir" "$C:/etc/plain"
  exits 125
  err_is "Error: destination must be a directory when copying a directory"
  inside "$C" mkdir /tmp/thing /tmp/x
  inside "$C" touch /tmp/x/dir
  try cp "$T/thing" "$C:/tmp"
  exits 125
  err_like 'error creating "/tmp/thing": .*: file exists'
  try cp "$T/dir" "$C:/tmp/x"
  exits 125
  err_like 'error creating "/tmp/x/dir": .*: file exists'
  try cp --overwrite "$T/thing" "$C:/tmp"
  ok
  equal "the file" zero "$(inside "$C" cat /tmp/thing)"
  try cp --overwrite "$T/dir" "$C:/tmp/x"
  ok
  equal "the file" one "$(inside "$C" cat /tmp/x/dir/sub/one)"
}

@test "symbolic links lead inside the container" {
  running
  host_file hostfile zero
  inside "$C" sh -c "ln -s $LIVE/canary/secret /tmp/secret; ln -s /tmp/made /tmp/dangling; ln -s /etc /tmp/etc; mkdir /tmp/sub; ln -s .. /tmp/sub/up"
  try cp "$C:/tmp/secret" "$T"
  exits 125
  err_has "could not be found on container"
  try cp "$T/hostfile" "$C:/tmp/dangling"
  ok
  equal "the file" zero "$(inside "$C" cat /tmp/made)"
  try cp "$T/hostfile" "$C:/tmp/etc"
  ok
  equal "the file" zero "$(inside "$C" cat /etc/hostfile)"
  try cp "$C:/tmp/sub/up" "$T/copied"
  ok
  [[ -L $T/copied/dangling && -L $T/copied/secret ]]
  canary_ok
}

@test "links inside a copied tree stay links" {
  running
  host_tree
  ln -s "$LIVE/canary/secret" "$T/dir/secret"
  ln "$T/dir/sub/one" "$T/dir/hard"
  must cp "$T/dir" "$C:/tmp"
  equal "the link" "$LIVE/canary/secret" "$(inside "$C" readlink /tmp/dir/secret)"
  equal "names of the file" 2 "$(inside "$C" stat -c %h /tmp/dir/hard)"
  must cp "$C:/tmp/dir" "$T/back"
  equal "the link" "$LIVE/canary/secret" "$(readlink "$T/back/secret")"
  equal "names of the file" 2 "$(stat -c %h "$T/back/hard")"
}

@test "owners: the container's user, or with -a=false the source's" {
  must run -d --name "$C" --user 65:66 "$IMG" sleep 1046
  host_file hostfile zero
  must cp "$T/hostfile" "$C:/tmp/a"
  equal "the owner" 65:66 "$(inside "$C" stat -c %u:%g /tmp/a)"
  must cp -a=false "$T/hostfile" "$C:/tmp/b"
  equal "the owner" 0:0 "$(inside "$C" stat -c %u:%g /tmp/b)"
  tar -C "$T" --owner=1042 --group=1043 -cf "$T/a.tar" hostfile
  must cp -a=false - "$C:/tmp" <"$T/a.tar"
  equal "the owner" 1042:1043 "$(inside "$C" stat -c %u:%g /tmp/hostfile)"
  must cp - "$C:/tmp" <"$T/a.tar"
  equal "the owner" 65:66 "$(inside "$C" stat -c %u:%g /tmp/hostfile)"
}

@test "modes, times and set-id bits" {
  running
  host_file hostfile zero
  chmod 4751 "$T/hostfile"
  touch -d '2001-02-03 04:05:06 UTC' "$T/hostfile"
  must cp "$T/hostfile" "$C:/tmp"
  equal "the mode" "4751 981173106" "$(inside "$C" stat -c '%a %Y' /tmp/hostfile)"
  must cp "$C:/tmp/hostfile" "$T/back"
  equal "the mode" "4751 981173106" "$(stat -c '%a %Y' "$T/back")"
}

@test "into a tmpfs, a volume and a bind of a running container" {
  mkdir "$T/bind"
  chown "$ACCOUNT:" "$T/bind"
  must run -d --name "$C" --tmpfs /mem -v /vol -v "$T/bind:/vol/bind" "$IMG" sleep 1046
  host_file hostfile zero
  for place in mem vol vol/bind; do
    must cp "$T/hostfile" "$C:/$place"
    equal "the file in $place" zero "$(inside "$C" cat "/$place/hostfile")"
  done
  equal "the file in the bind" zero "$(<"$T/bind/hostfile")"
  must cp "$C:/mem/hostfile" "$T/back"
  equal "the copy" zero "$(<"$T/back")"
}

@test "into a volume and a bind of a created container" {
  mkdir "$T/bind"
  chown "$ACCOUNT:" "$T/bind"
  must create --name "$C" -v /vol -v "$T/bind:/vol/bind" "$IMG" sleep 1046
  host_file hostfile zero
  must cp "$T/hostfile" "$C:/vol/bind"
  equal "the file in the bind" zero "$(<"$T/bind/hostfile")"
  must cp "$T/hostfile" "$C:/vol"
  must start "$C"
  equal "the file in the volume" zero "$(inside "$C" cat /vol/hostfile)"
}

@test "what was put where a tmpfs will be is copied into it" {
  must create --name "$C" --tmpfs /tmp "$IMG" sleep 1046
  host_file hostfile zero
  must cp "$T/hostfile" "$C:/tmp"
  must start "$C"
  equal "the file" zero "$(inside "$C" cat /tmp/hostfile)"
}

@test "an archive from stdin, plain and compressed" {
  running
  host_tree
  for how in '' z j J; do
    tar -C "$T" -c"$how"f "$T/a.tar" dir
    must cp - "$C:/tmp" <"$T/a.tar"
    equal "the file" two "$(inside "$C" cat /tmp/dir/sub/two)"
    inside "$C" rm -r /tmp/dir
  done
  # merges, and replaces files
  inside "$C" sh -c 'mkdir -p /tmp/dir/sub; echo kept >/tmp/dir/kept; echo old >/tmp/dir/sub/one'
  must cp - "$C:/tmp" <"$T/a.tar"
  equal "the files" "kept one" "$(inside "$C" sh -c 'echo $(cat /tmp/dir/kept /tmp/dir/sub/one)')"
}

@test "stdin: what is no archive, and no place for one" {
  running
  host_file hostfile zero
  tar -C "$T" -cf "$T/a.tar" hostfile
  try cp - "$C:/tmp" <"$T/hostfile"
  exits 125
  err_is "Error: source must be a (compressed) tar archive when copying from stdin"
  try cp - "$C:/tmp" </dev/null
  exits 125
  err_is "Error: source must be a (compressed) tar archive when copying from stdin"
  try cp - "$C:/etc/plain" <"$T/a.tar"
  exits 125
  err_is "Error: destination must be a directory when copying from stdin"
  try cp - "$C:/etc/nothere" <"$T/a.tar"
  exits 125
  err_is "Error: destination must be a directory when copying from stdin"
}

@test "an archive on stdout" {
  running
  ct cp "$C:/etc" - >"$T/a.tar"
  equal "the names" "etc etc/group" "$(tar tf "$T/a.tar" | sed 's,/$,,' | grep -x -e etc -e etc/group | xargs)"
  ct cp "$C:/etc/." - >"$T/a.tar"
  equal "the names" "group" "$(tar tf "$T/a.tar" | grep -x -e etc/ -e group | xargs)"
  ct cp "$C:/etc/plain" - >"$T/a.tar"
  equal "the names" plain "$(tar tf "$T/a.tar")"
}

@test "an archive is not written to a terminal" {
  created "$C"
  try_tty -- cp "$C:/etc" -
  exits 125
  out_has "terminal"
}

@test "a large sparse file keeps its holes" {
  running
  truncate -s 300M "$T/sparse"
  echo end >>"$T/sparse"
  chown "$ACCOUNT:" "$T/sparse"
  must cp "$T/sparse" "$C:/tmp"
  must cp "$C:/tmp/sparse" "$T/back"
  cmp "$T/sparse" "$T/back"
  (($(stat -c %b "$T/back") < 1000))
}

@test "a deep tree" {
  running
  local deep=d i
  for ((i = 0; i < 400; i++)); do deep+=/d; done
  mkdir -p "$T/deep/$deep"
  echo deep >"$T/deep/$deep/file"
  chown -R "$ACCOUNT:" "$T/deep"
  try cp "$T/deep" "$C:/tmp"
  ok
  try cp "$C:/tmp/deep" "$T/back"
  ok
  equal "the file" deep "$(<"$T/back/$deep/file")"
}

@test "fifos are copied, sockets and devices left out" {
  running
  mkdir "$T/special"
  mkfifo "$T/special/fifo"
  python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/special/socket"
  echo x >"$T/special/file"
  chown -R "$ACCOUNT:" "$T/special"
  must cp "$T/special" "$C:/tmp"
  equal "the names" "fifo file" "$(inside "$C" ls /tmp/special | xargs)"
  try cp /dev/null "$C:/tmp/null"
  exits 125
}

@test "the whole tree of a container, without what is the kernel's" {
  running
  try cp "$C:/" "$T/root"
  ok
  [[ -f $T/root/etc/group && ! -e $T/root/proc && ! -e $T/root/sys ]]
}

@test "a link that is swapped while it is copied leads nowhere (CVE-2018-15664)" {
  local bind i swapper
  bind=$(user_dir bind)
  mkdir "$bind/real"
  echo inside >"$bind/real/secret"
  ln -s "$LIVE/canary" "$bind/link"
  chown -hR "$ACCOUNT:" "$bind"
  must run -d --name "$C" -v "$bind:/b" "$IMG" sleep 1046
  host_file victim overwritten
  # A folder and a link to the host change places as fast as they can.
  "${AS_USER[@]}" timeout 60 python3 -c 'import ctypes, sys
libc = ctypes.CDLL(None)
while True: libc.renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2)' "$bind/real" "$bind/link" </dev/null 3>&- 4>&- &
  swapper=$!
  for ((i = 0; i < 100; i++)); do
    ct cp "$C:/b/real/secret" "$T/got" 2>/dev/null || true
    ct cp "$C:/b/real" "$T/tree" 2>/dev/null || true
    ct cp "$T/victim" "$C:/b/real/secret" 2>/dev/null || true
    grep -rqs TOPSECRET "$T/got" "$T/tree" && break
    rm -rf "$T/got" "$T/tree"
  done
  kill "$swapper"
  ((i == 100)) || complain "nothing of the host in a copy"
  canary_ok
}

@test "nothing of the container is loaded or executed (CVE-2019-14271)" {
  running
  # Whatever a name service or a program would be looked for under.
  inside "$C" sh -c 'for f in /lib/x86_64-linux-gnu/libnss_files.so.2 /lib/libnss_files.so.2 /usr/bin/tar /bin/cp /etc/ld.so.preload; do
    mkdir -p ${f%/*}; rm -f $f; printf "#!/bin/sh\ntouch /ran\n" >$f; chmod 755 $f; done'
  host_file hostfile zero
  must cp "$T/hostfile" "$C:/tmp"
  must cp "$C:/tmp/hostfile" "$T/back"
  must cp "$C:/tmp" - >/dev/null
  try cp "$C:/ran" "$T"
  exits 125
}

@test "a directory is not copied into itself, also through a mount" {
  install -d -o "$ACCOUNT" "$T/shared"
  must run -d --name cp-self -v "$T/shared:/shared" "$IMG" sh -c 'mkdir -p /a/below; echo text >/a/file; exec sleep 4957'
  until_ok 5 ct exec cp-self test -e /a/file
  local pair
  for pair in "cp-self:/a cp-self:/a/new" "cp-self:/a cp-self:/a/below" "cp-self:/a/. cp-self:/a/below" "cp-self:/shared $T/shared/new" "$T/shared cp-self:/shared/new"; do
    # shellcheck disable=SC2086  # two words
    capture timeout 2 "${AS_USER[@]}" "$CTOOL" cp $pair
    exits 125
    err_has "into itself"
  done
}

# still_mounted FILE: cp-mounted's /mounted is FILE, and its /etc/hosts is what was mounted there.
still_mounted() {
  must exec cp-mounted cat /mounted
  out_is "$(<"$1")"
  must exec cp-mounted grep -c -e ' /mounted ' -e ' /etc/hosts ' /proc/mounts
  out_is 2
}

@test "what is copied to a mounted file of a running container goes into that file" {
  echo before >"$T/file"
  chown "$ACCOUNT" "$T/file"
  echo new >"$T/new"
  must run -d --name cp-mounted -v "$T/file:/mounted" "$IMG" sleep 4959
  must cp "$T/new" cp-mounted:/mounted
  must cp "$T/new" cp-mounted:/etc/hosts
  still_mounted "$T/new"
  equal "the file of the host" new "$(<"$T/file")"
  must exec cp-mounted cat /etc/hosts
  out_is new
}

@test "an archive does not replace a mounted file of a running container" {
  echo before >"$T/file"
  chown "$ACCOUNT" "$T/file"
  must run -d --name cp-mounted -v "$T/file:/mounted" "$IMG" sleep 4960
  echo new >"$T/mounted"
  capture ct cp - cp-mounted:/ < <(tar -C "$T" -c mounted)
  exits 125
  err_has "mount point"
  still_mounted "$T/file"
  mkdir "$T/d" "$T/d/mounted"
  capture ct cp --overwrite - cp-mounted:/ < <(tar -C "$T/d" -c mounted)
  exits 125
  err_has "mount point"
  still_mounted "$T/file"
}

@test "a mounted file is not copied onto itself, which would empty it" {
  echo precious >"$T/file"
  chown "$ACCOUNT" "$T/file"
  must run -d --name cp-same -v "$T/file:/mounted" "$IMG" sleep 4958
  try cp "$T/file" cp-same:/mounted
  equal "the file" precious "$(<"$T/file")"
  try cp cp-same:/mounted cp-same:/mounted
  equal "the file" precious "$(<"$T/file")"
}

# ended_early SIGNAL ARGS...: cp's with these arguments, ended by SIGNAL after a while that grows, until one is through.
# After each other one the destination is as `untouched` and `whole` say: one of them.
ended_early() {
  local signal=$1 millis early=0
  shift
  last="cp $*"
  for ((millis = 4; millis < 5000; millis += millis / 4)); do
    # a shell has its background jobs ignore SIGINT
    "${AS_USER[@]}" env --default-signal=INT "$CTOOL" cp "$@" >"$T/.out" 2>"$T/.err" 3>&- 4>&- &
    pid=$!
    sleep "$(printf '%d.%03d' $((millis / 1000)) $((millis % 1000)))"
    kill "-$signal" "$pid" 2>/dev/null || true
    capture_into wait "$pid" 2>/dev/null
    if [[ $rc == 0 ]]; then
      ((early > 0)) || complain "some that were ended"
      whole || complain "the whole file"
      return
    fi
    early=$((early + 1))
    untouched || whole || complain "nothing, or the whole file, after SIG$signal at $millis ms"
  done
  complain "one cp that comes through"
}

@test "a cp that is ended leaves no half of a file, and what was there before" {
  must run -d --name "$C" "$IMG" sh -c 'mkdir /d; echo old >/d/old; head -c 300000000 /dev/urandom >/big; touch /ready; sleep 4961'
  until_ok 20 inside "$C" test -e /ready
  local signal big
  big=/proc/$(pid_of "$C")/root/big
  user_dir out >/dev/null
  for signal in INT KILL; do
    untouched() { [[ -z $(ls -A "$T/out") ]]; }
    whole() { [[ $(ls -A "$T/out") == big ]] && cmp -s "$T/out/big" "$big"; }
    ended_early "$signal" "$C:/big" "$T/out/big"
    echo old >"$T/out/old"
    chown "$ACCOUNT" "$T/out/old"
    untouched() { [[ $(ls -A "$T/out") == $'big\nold' && $(head -c 4 "$T/out/old" | tr -d '\0') == old ]]; }
    whole() { [[ $(ls -A "$T/out") == $'big\nold' ]] && cmp -s "$T/out/old" "$big"; }
    ended_early "$signal" "$C:/big" "$T/out/old"
    untouched() { [[ $(inside "$C" sh -c 'head -c 4 /d/old; ls -A /d' | tr -d '\0') == $'old\nold' ]]; }
    whole() { [[ $(inside "$C" ls -A /d) == old ]] && inside "$C" cmp -s /d/old /big; }
    ended_early "$signal" "$T/out/big" "$C:/d/old"
    inside "$C" sh -c 'rm /d/old; echo old >/d/old'
    rm -f "$T"/out/*
  done
}

@test "a cp that finds no room leaves no half of a file" {
  local small
  small=$(user_dir small)
  mount -t tmpfs -o size=1m,uid="$USER_ID",mode=700 none "$small"
  must create --name "$C" "$IMG" true
  host_file x y
  head -c 2000000 /dev/zero | tr '\0' x >"$T/x"
  must cp "$T/x" "$C:/x"
  echo old >"$small/old"
  chown "$ACCOUNT" "$small/old"
  try cp "$C:/x" "$small/new"
  exits 125
  try cp "$C:/x" "$small/old"
  exits 125
  equal "what is there" "old" "$(ls -A "$small")"
  equal "the file" old "$(<"$small/old")"
  umount "$small"
}
