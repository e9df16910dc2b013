#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Which ids a container has: --userns in all its forms, --uidmap and --gidmap, kept groups. The image is never copied.

load helpers

test_teardown() {
  [[ -z ${bin_is_ours:-} ]] || umount -l /usr/bin
  have_ranges
}
# In this file's mount namespace only.
have_no_ranges() {
  : >"$T/no-ranges"
  mount --bind "$T/no-ranges" /etc/subuid && mount --bind "$T/no-ranges" /etc/subgid
  ranges_are_ours=1
}
have_ranges() {
  [[ -z ${ranges_are_ours:-} ]] || umount -l /etc/subuid /etc/subgid
  ranges_are_ours=
  mounts_changed
}
test_setup() {
  U=$(id -u "$ACCOUNT")
  G=$(id -g "$ACCOUNT")
  SUBS=$(awk -F: -v a="$ACCOUNT" '$1 == a { print $2; exit }' /etc/subuid)
  COUNT=$(awk -F: -v a="$ACCOUNT" '$1 == a { print $3; exit }' /etc/subuid)
}

pid_of() { ct inspect -f '{{.State.Pid}}' "$1"; }
# The map as INSIDE:OUTSIDE:COUNT of the host, a word each.
map_of() { awk '{ printf "%s%s:%s:%s", (NR > 1) ? " " : "", $1, $2, $3 }' <<<"$1"; }
maps() {
  try run --rm --network none "$@" "$IMG" cat /proc/self/uid_map
  ok
  uids=$(map_of "$out")
  try run --rm --network none "$@" "$IMG" cat /proc/self/gid_map
  ok
  gids=$(map_of "$out")
}

@test "keep-id: the map, and who one is" {
  maps --userns keep-id
  # podman's map counts in the ids of its own namespace
  oracle || equal "uids" "0:$SUBS:$U $U:$U:1 $((U + 1)):$((SUBS + U)):$((COUNT - U))" "$uids"
  try run --rm --network none --userns keep-id "$IMG" id
  ok
  out_has "uid=$U($ACCOUNT) gid=$G($(id -gn "$ACCOUNT"))"
  try run --rm --network none --userns keep-id "$IMG" sh -c 'echo $HOME; grep :'"$U"': /etc/passwd'
  ok
  out_has "$ACCOUNT:*:$U:$G:"
}

@test "keep-id: the image's files belong to whom they belonged" {
  local want
  want=$(ct run --rm --network none "$IMG" sh -c 'ls -lnA / /etc /bin | grep -v "hosts\|hostname\|resolv.conf\|passwd\|group\|proc\|sys\|dev" | sed "s/  */ /g" | cut -d " " -f 1,3,4,9-')
  try run --rm --network none --userns keep-id "$IMG" sh -c 'ls -lnA / /etc /bin | grep -v "hosts\|hostname\|resolv.conf\|passwd\|group\|proc\|sys\|dev" | sed "s/  */ /g" | cut -d " " -f 1,3,4,9-'
  ok
  (($(wc -l <<<"$want") > 10)) || complain "a list"
  equal "the tree" "$want" "$out"
}

@test "keep-id: what is written to a folder of the host belongs to the caller, and what is there can be read" {
  local dir
  dir=$(user_dir w)
  as_user sh -c "echo private >$dir/mine; chmod 600 $dir/mine"
  must run --rm --network none --userns keep-id -v "$dir:/w" "$IMG" sh -c 'cat /w/mine; echo new >/w/new; mkdir /w/d'
  equal "owner" "$U:$G" "$(stat -c %u:%g "$dir/new")"
  equal "owner of the folder" "$U:$G" "$(stat -c %u:%g "$dir/d")"
}

@test "keep-id: not root, and without root's capabilities" {
  try run --rm --network none --userns keep-id "$IMG" sh -c 'grep CapEff /proc/self/status; touch /bin/x 2>&1; echo $?'
  ok
  out_like $'CapEff:\t0000000000000000'
  out_has denied
  must run --rm --network none --userns keep-id --user 0 "$IMG" touch /bin/x
}

@test "keep-id: /etc/passwd is root's" {
  try run --rm --network none --userns keep-id "$IMG" sh -c 'ls -ln /etc/passwd; echo x >>/etc/passwd'
  exits 1
  out_like '-rw-r--r-- +1 0 +0 '
}

@test "keep-id: what is written survives a restart, and belongs to the same" {
  must run -d --name "$C" --network none --userns keep-id --user 0 "$IMG" sh -c \
    'test -e /made || { touch /made; chown 7:8 /made; mkdir /d; chown '"$U"' /d; }; ls -ldn /d /made | sed "s/  */ /g" | cut -d " " -f 3,4; echo up; exec sleep 300.74'
  until_ok 20 eval 'ct logs "$C" | grep -q up'
  must restart -t 0 "$C"
  until_ok 20 eval '(( $(ct logs "$C" | grep -c up) == 2 ))'
  try logs "$C"
  equal "owners" "$U 0"$'\n7 8\nup\n'"$U 0"$'\n7 8\nup' "$out"
}

@test "keep-id:uid=,gid=: another place for the caller" {
  maps --userns keep-id:uid=200,gid=210
  oracle || equal "uids" "0:$SUBS:200 200:$U:1 201:$((SUBS + 200)):$((COUNT - 200))" "$uids"
  try run --rm --network none --userns keep-id:uid=200,gid=210 "$IMG" sh -c 'id -u; id -g'
  out_is $'200\n210'
  local dir
  dir=$(user_dir w)
  must run --rm --network none --userns keep-id:uid=200,gid=210 -v "$dir:/w" "$IMG" touch /w/f
  equal "owner" "$U:$G" "$(stat -c %u:%g "$dir/f")"
}

@test "keep-id:size=" {
  oracle && skip "4.3 has no size"
  maps --userns "keep-id:uid=5,gid=5,size=10"
  equal "uids" "0:$SUBS:5 5:$U:1 6:$((SUBS + 5)):4" "$uids"
  try run --rm --userns keep-id:size=0 "$IMG" true
  exits 125
  err_has 'size 0 is not between 1 and'
  try run --rm --userns keep-id:size=9999999 "$IMG" true
  exits 125
}

@test "keep-id: exec, cp, diff, commit, logs" {
  must run -d --name "$C" --userns keep-id "$IMG" sh -c 'touch /tmp/t; echo up; exec sleep 300.75'
  until_ok 20 eval 'ct logs "$C" | grep -q up'
  try exec "$C" sh -c 'id -u; id -un'
  ok
  out_is "$U"$'\n'"$ACCOUNT"
  must exec -u 0 "$C" sh -c 'echo r >/root-file; chown 3 /root-file'
  echo content >"$T/in"
  chmod 644 "$T/in"
  must cp "$T/in" "$C:/tmp/in"
  try exec "$C" cat /tmp/in
  out_is content
  must cp "$C:/tmp/in" "$(user_dir out)/in"
  equal "bytes" content "$(cat "$T/out/in")"
  try diff "$C"
  ok
  out_has "A /root-file"
  must commit -q "$C" "localhost/$C"
  # In a container with the usual map the file has its owner too.
  try run --rm --network none "localhost/$C" stat -c %u /root-file
  out_is 3
  must rm -f -t 0 "$C"
  must rmi "localhost/$C"
}

@test "keep-id: cp, diff and export of one that has ended" {
  must run --name "$C" --network none --userns keep-id -u 0 "$IMG" sh -c 'echo r >/root-file; chown 3:4 /root-file'
  try diff "$C"
  out_has "A /root-file"
  must cp "$C:/root-file" "$(user_dir out)/f"
  equal "bytes" r "$(cat "$T/out/f")"
  must export -o "$T/out/tar" "$C"
  equal "owner in the archive" "3/4" "$(tar -tvf "$T/out/tar" --numeric-owner root-file | awk '{ print $2 }')"
}

@test "keep-id with a network of its own, and with a published port" {
  must run -d --name "$C" --userns keep-id -p 127.0.0.1:24740:8080 "$IMG" sh -c 'mkdir /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
  got_it() { [[ $(curl -sf -m 2 http://127.0.0.1:24740/) == hello ]]; }
  until_ok 20 got_it
}

@test "keep-id on a network with a name" {
  oracle && skip "networks are tried elsewhere"
  must network create "n74"
  must run -d --name "$C" --network n74 --userns keep-id "$IMG" sh -c 'mkdir /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
  says_hello() { [[ $(ct run --rm --network n74 --userns keep-id "$IMG" wget -qO- "http://$C:8080/" 2>/dev/null) == hello ]]; }
  until_ok 20 says_hello
  try exec "$C" id -u
  out_is "$U"
  must rm -f -t 0 "$C"
  must network rm n74
}

@test "keep-id: a terminal, and a health check" {
  try_tty - -- run --rm -it --network none --userns keep-id "$IMG" sh -c 'tty; id -u; echo ok >/dev/tty'
  ok
  out_has /dev/pts/0
  out_has "$U"
  must run -d --name "$C" --network none --userns keep-id --health-cmd "test \$(id -u) = $U" --health-interval 1h "$IMG" sleep 300.76
  must healthcheck run "$C"
}

@test "nomap: the caller is nobody" {
  maps --userns nomap
  oracle || equal "uids" "0:$SUBS:$COUNT" "$uids"
  try run --rm --network none --userns nomap "$IMG" sh -c 'id -u; stat -c %u /bin/busybox; touch /made; stat -c %u /made'
  ok
  out_is $'0\n0\n0'
  local dir
  dir=$(user_dir w)
  try run --rm --network none --userns nomap -v "$dir:/w" "$IMG" sh -c 'stat -c %u /w; touch /w/x'
  exits 1
  out_is 65534
}

@test "a new volume is the root's of a container in which the caller is nobody, and takes what the image has" {
  local mode
  for mode in nomap auto:size=2000 keep-id; do
    try run --rm --network none -u 0 --userns "$mode" -v "v74-${mode%%:*}:/fresh" -v "c74-${mode%%:*}:/bin" "$IMG" sh -c 'touch /fresh/x && stat -c %u:%g /fresh /fresh/x /bin/busybox; test -s /bin/busybox'
    ok
    out_is $'0:0\n0:0\n0:0'
  done
  must volume prune -af
}

@test "nomap: with a network, a tmpfs, an unknown user; started again" {
  must run -d --name "$C" --userns nomap --tmpfs /t -u 4711 "$IMG" sh -c 'id -u; stat -c %u /t /dev/shm /run/.containerenv; grep 4711 /etc/passwd; echo up; exec sleep 300.77'
  until_ok 20 eval 'ct logs "$C" | grep -q up'
  try logs "$C"
  out_has $'4711\n0\n0\n'
  out_has '4711:*:4711:0:'
  must exec "$C" true
  must restart -t 0 "$C"
  until_ok 20 eval '(( $(ct logs "$C" | grep -c up) == 2 ))'
  must rm -f -t 0 "$C"
  is_gone "$C"
}

@test "auto: containers do not share ids" {
  must run -d --name "$C-1" --network none --userns auto "$IMG" sleep 300.78
  must run -d --name "$C-2" --network none --userns auto:size=500 "$IMG" sleep 300.79
  try exec "$C-1" cat /proc/self/uid_map
  local one
  one=$(map_of "$out")
  try exec "$C-2" cat /proc/self/uid_map
  local two
  two=$(map_of "$out")
  oracle || equal "first" "0:$SUBS:1024" "$one"
  oracle || equal "second" "0:$((SUBS + 1024)):500" "$two"
  must rm -f -t 0 "$C-1"
  # What one has left the next may have.
  must run -d --name "$C-3" --network none --userns auto:size=1000 "$IMG" sleep 300.78
  try exec "$C-3" cat /proc/self/uid_map
  oracle || equal "third" "0:$SUBS:1000" "$(map_of "$out")"
  must rm -f -t 0 "$C-2" "$C-3"
}

@test "auto: eight at once have eight ranges" {
  oracle && skip "slow"
  local i pids=()
  for i in 1 2 3 4 5 6 7 8; do
    ct run -d --name "$C-$i" --network none --userns auto:size=100 "$IMG" sleep 300.8 >/dev/null &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  for i in 1 2 3 4 5 6 7 8; do ct exec "$C-$i" awk '{ print $2 }' /proc/self/uid_map; done | sort -u >"$T/firsts"
  equal "ranges" 8 "$(wc -l <"$T/firsts")"
  must rm -fa -t 0
}

@test "auto: more ids than there are" {
  try run --rm --userns auto:size=9999999 "$IMG" true
  exits 125
  oracle || err_has 'fewer than 9999999 of your subordinate ids are free'
  [[ -z $(ct ps -aq) ]] || complain "nothing left"
}

@test "auto:uidmapping=: lines of one's own in it" {
  maps --userns auto:size=50,uidmapping=0:5:10,gidmapping=0:0:1
  oracle || equal "uids" "0:$((SUBS + 4)):10 10:$SUBS:4 14:$((SUBS + 14)):36" "$uids"
  oracle && return
  maps --userns "auto:size=50,uidmapping=7:@$U:1,gidmapping=7:@$G:1"
  equal "an id of the host" "0:$SUBS:7 7:$U:1 8:$((SUBS + 7)):42" "$uids"
  try run --rm --userns auto:uidmapping=x "$IMG" true
  exits 125
  err_has 'UID setting is malformed expected'
}

@test "--uidmap and --gidmap" {
  maps --uidmap 0:1:100
  oracle || equal "uids" "0:$SUBS:100" "$uids"
  oracle || equal "gids follow" "0:$SUBS:100" "$gids"
  maps --uidmap 0:0:1 --uidmap 1:5:100 --gidmap 0:0:10
  oracle || equal "uids" "0:$U:1 1:$((SUBS + 4)):100" "$uids"
  oracle || equal "gids" "0:$G:1 1:$SUBS:9" "$gids"
  try run --rm --network none --uidmap 0:1:100 "$IMG" sh -c 'stat -c %u /bin/busybox; touch /x; chown 50 /x; stat -c %u /x; chown 100 /x'
  exits 1
  out_is $'0\n50'
}

@test "--uidmap: the host's ids, lines that extend, users only" {
  oracle && skip "4.3 has no flags"
  maps --uidmap "0:1:10" --uidmap "10:@$U:1" --gidmap 0:0:5
  equal "uids" "0:$SUBS:10 10:$U:1" "$uids"
  maps --uidmap "u+1000:5:1" --gidmap "+1000:5:1"
  equal "the line and what it leaves of the usual map" "0:$U:1 1:$SUBS:4 6:$((SUBS + 5)):994 1000:$((SUBS + 4)):1 1001:$((SUBS + 1000)):$((COUNT - 1000))" "$uids"
}

@test "--uidmap: what can't be" {
  try run --rm --uidmap abc "$IMG" true
  exits 125
  err_has 'UID setting is malformed expected'
  try run --rm --uidmap 1:1:100 "$IMG" true
  exits 125
  err_has 'container ID 0 cannot be mapped to a host ID'
  try run --rm --userns keep-id --uidmap 0:0:1 "$IMG" true
  exits 125
  err_is 'Error: --userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive'
  oracle && return
  try run --rm --uidmap 0:0:10 --uidmap 5:20:10 "$IMG" true
  exits 125
  err_has 'overlap'
  try run --rm --uidmap 0:0:99999999 "$IMG" true
  exits 125
  err_has 'needs more ids than you have'
  try run --rm --uidmap "0:@0:1" "$IMG" true
  exits 125
  err_has 'host id 0 is not one of yours'
}

@test "--subuidname" {
  oracle && skip "podman 4.3 asks for host ids that a user can't have"
  maps --subuidname "$ACCOUNT" --subgidname "$ACCOUNT"
  equal "uids" "0:$SUBS:$COUNT" "$uids"
  try run --rm --subuidname nobody-at-all "$IMG" true
  exits 125
  err_has 'only your own subordinate ids can be mapped'
}

@test "container: the same user namespace, whatever its map" {
  must run -d --name "$C" --network none --userns keep-id "$IMG" sleep 300.81
  local theirs
  theirs=$(readlink "/proc/$(pid_of "$C")/ns/user")
  try run --rm --network none --userns "container:$C" "$IMG" sh -c 'readlink /proc/self/ns/user; stat -c %u /bin/busybox; touch /x; stat -c %u /x'
  ok
  oracle || out_is "$theirs"$'\n0\n0'
  must rm -f -t 0 "$C"
  try run --rm --userns container:nobody-there "$IMG" true
  exits 125
}

@test "container: the network of one with a map of its own" {
  must run -d --name "$C" --userns keep-id "$IMG" sh -c 'mkdir /tmp/www; echo hello >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
  says_hello() { [[ $(ct run --rm --network "container:$C" "$IMG" wget -qO- http://127.0.0.1:8080/ 2>/dev/null) == hello ]]; }
  until_ok 20 says_hello
  try run --rm --network "container:$C" "$IMG" stat -c %u /bin/busybox
  out_is 0
  oracle && return
  # A map of its own is in a user namespace below.
  try run --rm --network "container:$C" --userns nomap "$IMG" cat /proc/self/uid_map
  ok
  equal "uids" "0:0:$U $U:$((U + 1)):$((COUNT - U))" "$(map_of "$out")"
}

@test "ns: the user namespace behind a path" {
  oracle && skip "crun wants more than the user namespace"
  must run -d --name "$C" --network none --userns nomap "$IMG" sleep 300.82
  local path
  path=/proc/$(pid_of "$C")/ns/user
  try run --rm --network none --userns "ns:$path" "$IMG" sh -c 'readlink /proc/self/ns/user; stat -c %u /bin/busybox'
  ok
  out_is "$(readlink "$path")"$'\n0'
  try run --rm --userns ns:/etc/passwd "$IMG" true
  exits 125
  try run --rm --userns ns:relative "$IMG" true
  exits 125
}

@test "PODMAN_USERNS and containers.conf say the default" {
  CT_ENV=(PODMAN_USERNS=keep-id)
  try run --rm --network none "$IMG" id -u
  out_is "$U"
  try run --rm --network none --userns host "$IMG" id -u
  out_is 0
  CT_ENV=()
  printf '[containers]\nuserns = "keep-id"\n' >"$T/c.conf"
  chmod 644 "$T/c.conf"
  CT_ENV=(CONTAINERS_CONF="$T/c.conf")
  oracle || try run --rm --network none "$IMG" id -u
  oracle || out_is "$U"
}

@test "modes that are none" {
  try run --rm --userns bogus "$IMG" true
  exits 125
  err_is 'Error: unrecognized namespace mode bogus passed'
  try run --rm --userns keep-id:foo=1 "$IMG" true
  exits 125
  err_is 'Error: unknown option specified: "foo"'
  oracle && return
  try run --rm --userns keep-id:uid=x "$IMG" true
  exits 125
  err_has 'invalid uid "x" in --userns'
  try run --rm --userns container: "$IMG" true
  exits 125
}

@test "inspect shows the map" {
  must create --name "$C" --userns keep-id:uid=200,gid=200 "$IMG" true
  equal "map" "private [\"0:1:200\",\"200:0:1\",\"201:201:$((COUNT - 200))\"]" \
    "$(ct inspect "$C" | jq -r '.[0].HostConfig | "\(.UsernsMode) \(.IDMappings.UidMap)"')"
}

@test "keep-groups: the caller's own groups stay" {
  local group
  group=$(getent group users | cut -d: -f3)
  AS_USER=("${AS_USER[@]/--init-groups/--groups=$group}")
  echo for-the-group >"$T/shared"
  chgrp "$group" "$T/shared"
  chmod 640 "$T/shared"
  try run --rm --network none -v "$T/shared:/shared" "$IMG" cat /shared
  exits 1
  try run --rm --network none --group-add keep-groups -v "$T/shared:/shared" "$IMG" cat /shared
  ok
  out_is for-the-group
  must run -d --name "$C" --network none --group-add keep-groups -v "$T/shared:/shared" "$IMG" sleep 300.83
  try exec "$C" cat /shared
  out_is for-the-group
  must rm -f -t 0 "$C"
  try run --rm --group-add keep-groups --group-add 5 "$IMG" true
  exits 125
  err_is "Error: the '--group-add keep-groups' option is not allowed with any other --group-add options"
}

@test "without fuse-overlayfs: what is missing" {
  oracle && skip "podman copies the image"
  # ctool looks into the usual folders as well
  mkdir "$T/up" "$T/work"
  mount -t tmpfs none "$T/work" && mkdir "$T/work/up" "$T/work/work"
  mount -t overlay overlay -o "lowerdir=/usr/bin,upperdir=$T/work/up,workdir=$T/work/work" /usr/bin
  bin_is_ours=1
  rm /usr/bin/fuse-overlayfs
  try run --rm --network none --userns keep-id "$IMG" true
  umount -l /usr/bin "$T/work"
  bin_is_ours=
  mounts_changed
  ((rc > 124)) || complain "an error"
  err_has 'fuse-overlayfs is not installed'
  [[ -z $(ct ps -aq) ]] || complain "nothing left"
}

@test "the daemon of a file system with another map ends with its container" {
  oracle && skip "podman has none"
  must run -d --name "$C" --network none --userns keep-id "$IMG" sleep 300.84
  pgrep -u "$ACCOUNT" -x fuse-overlayfs >/dev/null || complain "a daemon"
  must rm -f -t 0 "$C"
  no_daemon() { lacks pgrep -u "$ACCOUNT" -x fuse-overlayfs; }
  until_ok 10 no_daemon
  # ... also when nobody is left to end it
  must run -d --name "$C" --network none --userns keep-id "$IMG" sleep 300.85
  local init
  init=$(pid_of "$C")
  kill -9 "$(monitor_of "$C")"
  kill -9 "$init"
  until_ok 10 no_daemon
}

@test "a single id: files of many owners are yours, and who changes them is told that it worked" {
  oracle && skip "podman can't go on without ranges in a store that had some"
  have_no_ranges
  CT_OPTIONS=(--root "$(user_dir store)" --runroot "$(user_dir run)")
  must pull -q "$IMG"
  err_has 'files of the image will all belong to you'
  try run --rm --network none "$IMG" sh -c 'id -u; touch /x; chown 7:8 /x && stat -c %u:%g /x; chgrp 9 /x && chmod 4755 /x && stat -c %a /x'
  ok
  err_has 'only one id is mapped'
  out_is $'0\n0:0\n4755'
  try run --rm --network none -u 5 "$IMG" true
  exits 126
  err_has 'the id is not mapped into the container'
  # keep-id moves the single one
  try run --rm --network none --userns keep-id "$IMG" sh -c 'id -u; cat /proc/self/uid_map'
  ok
  equal "who" "$U" "${out%%$'\n'*}"
  equal "map" "$U:$U:1" "$(map_of "${out#*$'\n'}")"
  try run --rm --userns nomap "$IMG" true
  exits 125
  err_has 'you have no ids but your own'
  ct rm -fa -t 0 >/dev/null
  have_ranges
}
