#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is mounted in a container, and what it shares with others: -v, --mount, --tmpfs, --volumes-from, devices, namespaces.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() { N=m$BATS_TEST_NUMBER; }
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct volume rm -fa >/dev/null 2>&1 || true
}

# A folder of the account with the file f.
shared_dir() {
  local dir
  dir=$(user_dir "$1")
  echo host >"$dir/f"
  chown "$ACCOUNT:" "$dir/f"
  echo "$dir"
}
# flags_of OPTIONS PLACE: how a mount is shown inside.
flags_of() { must run --rm "$@" "$IMG" sh -c 'grep " /x " /proc/mounts | cut -d " " -f 4'; }

# --- options

@test "-v: the mount's flags are those that were asked for" {
  local dir
  dir=$(shared_dir d)
  flags_of -v "$dir:/x"
  out_like '^rw,.*nosuid.*nodev|^rw,nosuid,nodev'
  out_lacks noexec
  flags_of -v "$dir:/x:ro,noexec,suid"
  out_like '^ro,'
  out_has noexec
  out_lacks nosuid
  flags_of --mount "type=bind,src=$dir,dst=/x,readonly,noexec"
  out_like '^ro,'
  out_has noexec
  flags_of --mount "type=bind,src=$dir,target=/x,ro=false"
  out_like '^rw,'
  flags_of -v "$N:/x:ro"
  out_like '^ro,'
}

@test "-v: contradictions and nonsense, in podman's words" {
  try run --rm -v /tmp:/x:ro,rw "$IMG" true
  exits 125
  err_is "Error: invalid options \"ro, rw\", can only specify 1 'rw' or 'ro' option"
  try run --rm -v /tmp:/x:exec,noexec "$IMG" true
  err_is "Error: invalid options \"exec, noexec\", can only specify 1 'noexec' or 'exec' option"
  try run --rm -v /tmp:/x:copy,nocopy "$IMG" true
  err_is "Error: invalid options \"copy, nocopy\", can only specify 1 'copy' or 'nocopy' option"
  try run --rm -v /tmp:/x:z,Z "$IMG" true
  err_is "Error: invalid options \"z, Z\", can only specify 1 'z', 'Z', or 'O' option"
  try run --rm -v /tmp:/x:private,shared "$IMG" true
  err_is "Error: invalid options \"private, shared\", can only specify 1 '[r]shared', '[r]private', '[r]slave' or '[r]unbindable' option"
  try run --rm -v /tmp:/x:O,ro "$IMG" true
  err_is "Error: can't use 'O' with other options"
  try run --rm -v /tmp:/x:bogus "$IMG" true
  exits 125
  err_is 'Error: invalid option type "bogus"'
  try run --rm -v /nonexistent:/x "$IMG" true
  exits 125
  err_is "Error: statfs /nonexistent: no such file or directory"
  try run --rm -v /tmp:/x -v /usr:/x "$IMG" true
  exits 125
  err_is "Error: /x: duplicate mount destination"
  must run --rm -v /tmp:/x -v /tmp:/x "$IMG" true
  must run --rm -v /tmp:/x:z "$IMG" true
}

@test "-v: idmap is refused, and why" {
  try run --rm -v /tmp:/x:idmap "$IMG" true
  exits 125
  err_has "only root of the host may mount with other ids"
  err_has "--userns=keep-id"
}

@test "--mount: what is wrong with it, in podman's words" {
  try run --rm --mount type=bogus,dst=/x "$IMG" true
  exits 125
  err_is 'Error: invalid filesystem type "bogus"'
  try run --rm --mount type=bind,src=/tmp "$IMG" true
  err_is "Error: must set volume destination"
  try run --rm --mount type=bind,src=/nonexistent,dst=/x "$IMG" true
  err_is "Error: statfs /nonexistent: no such file or directory"
  try run --rm --mount type=bind,src=/tmp,dst=/x,bogus=1 "$IMG" true
  err_is "Error: bogus: invalid mount option"
  try run --rm --mount type=tmpfs,dst=/x,src=/y "$IMG" true
  err_is "Error: source is not supported with tmpfs mounts"
  try run --rm --mount type=image,dst=/x "$IMG" true
  err_is "Error: must set source and destination for image volume"
  try run --rm --tmpfs /x:bogus "$IMG" true
  err_is 'Error: unknown mount option "bogus": invalid mount option'
  try run --rm --image-volume bogus "$IMG" true
  err_is 'Error: invalid image volume mode "bogus" required value: bind, tmpfs, ignore'
}

@test "tmpfs: size, mode, flags, and what the image has there" {
  must run --rm --tmpfs /x:size=1m,mode=1700 "$IMG" sh -c 'df -k /x | tail -1; stat -c %a /x; grep " /x " /proc/mounts'
  out_like '^tmpfs +1024 '
  out_has $'\n1700\n'
  out_has "nosuid,nodev"
  must run --rm --mount type=tmpfs,dst=/x,tmpfs-size=2m,tmpfs-mode=0750 "$IMG" sh -c 'df -k /x | tail -1; stat -c %a /x'
  out_like '^tmpfs +2048 .*'$'\n''750$'
  must run --rm --tmpfs /var/www "$IMG" ls /var/www
  out_is index.html
  must run --rm --mount type=tmpfs,dst=/var/www,notmpcopyup "$IMG" ls /var/www
  out_is ""
  must run --rm --mount type=ramfs,dst=/x "$IMG" stat -f -c %T /x
  out_like 'ramfs|UNKNOWN'
}

@test "--read-only: memory to write to, or none" {
  must run --rm --read-only "$IMG" sh -c 'touch /tmp/a /run/a /var/tmp/a /dev/shm/a'
  try run --rm --read-only "$IMG" touch /a
  exits 1
  try run --rm --read-only --read-only-tmpfs=false "$IMG" sh -c 'touch /dev/shm/a || touch /dev/a || touch /tmp/a || touch /run/a'
  exits 1
  must run --rm --read-only --read-only-tmpfs=false "$IMG" sh -c 'echo x >/dev/null; ls /dev/pts /dev/null'
}

@test "--shm-size, --shm-size-systemd" {
  must run --rm --shm-size 1m "$IMG" sh -c 'df -k /dev/shm | tail -1'
  out_like '^shm +1024 '
  try run --rm --shm-size x "$IMG" true
  exits 125
  must run --rm --systemd always --shm-size-systemd 3m "$IMG" sh -c 'df -k /run /tmp | tail -2'
  out_like 'tmpfs +3072 .*'$'\n''tmpfs +3072 '
}

@test "U: the files are the container's user's, links lead nowhere" {
  local dir
  dir=$(shared_dir d)
  mkdir "$dir/sub"
  ln -s "$LIVE/canary" "$dir/link"
  ln -s "$LIVE/canary/secret" "$dir/sub/link"
  chown -hR "$ACCOUNT:" "$dir"
  CANARY_BEFORE=$(canary_state)
  must run --rm --user 5:6 -v "$dir:/x:U" "$IMG" sh -c 'stat -c %u:%g /x /x/f /x/sub; touch /x/sub/new'
  out_is $'5:6\n5:6\n5:6'
  canary_ok
  must run --rm -v "$dir:/x:U" "$IMG" stat -c %u:%g /x/sub/new
  out_is 0:0
  canary_ok
  must run --rm --user 7:8 -v "$N:/x:U" "$IMG" sh -c 'touch /x/a; stat -c %u:%g /x'
  out_is 7:8
  must run --rm --user 7:8 --mount type=tmpfs,dst=/x,U=true "$IMG" stat -c %u:%g /x
  out_is 7:8
}

@test "U: a home is not given away, nor the store" {
  local what
  for what in / "$FILE_DIR/home" "$FILE_DIR" "$FILE_DIR/home/.local/share/ctool"; do
    try run --rm --user 5 -v "$what:/x:U" "$IMG" true
    exits 125
    err_has "chowning host path"
  done
  [[ $(stat -c %U "$FILE_DIR/home") == "$ACCOUNT" ]] || complain "the home to stay its owner's"
}

@test "O: what is written is not kept, or where it was asked for" {
  local dir
  dir=$(shared_dir d)
  chmod 0751 "$dir"
  must run --rm -v "$dir:/x:O" "$IMG" sh -c 'stat -c %a /x; echo new >/x/f; touch /x/g; cat /x/f'
  out_is $'751\nnew'
  equal "files on the host" f "$(ls "$dir")"
  equal "the file" host "$(cat "$dir/f")"
  must create --name "c$N" -v "$dir:/x:O" "$IMG" sh -c 'ls /x; touch /x/mine'
  must start -a "c$N"
  must start -a "c$N"
  out_is f
  must run --rm -v "$N:/x" "$IMG" touch /x/v
  must run --rm -v "$N:/x:O" "$IMG" sh -c 'touch /x/w; ls /x'
  out_is $'v\nw'
  must run --rm -v "$N:/x" "$IMG" ls /x
  out_is v
  local upper work
  upper=$(user_dir upper) work=$(user_dir work)
  must run --rm -v "$dir:/x:O,upperdir=$upper,workdir=$work" "$IMG" touch /x/kept
  [[ -e $upper/kept ]] || complain "the file in the upper folder"
  must run --rm -v "$dir:/x:O,upperdir=$upper,workdir=$work" "$IMG" ls /x
  out_is $'f\nkept'
  try run --rm -v "$dir:/x:upperdir=$upper,workdir=$work" "$IMG" true
  exits 125
}

@test "image: read-only, writable, a part of it; its image stays while the container does" {
  must run --rm --mount "type=image,src=$TOOLS,dst=/x" "$IMG" ls /x/t/swap
  try run --rm --mount "type=image,src=$TOOLS,dst=/x" "$IMG" touch /x/a
  exits 1
  err_has "Read-only file system"
  must run --rm --mount "type=image,src=$TOOLS,dst=/x,rw=true" "$IMG" sh -c 'touch /x/a; ls -d /x/a'
  must run --rm --mount "type=image,src=$TOOLS,dst=/x,subpath=t" "$IMG" ls /x/swap
  try run --rm --mount type=image,src=localhost/no/such:1,dst=/x "$IMG" true
  exits 125
  must create --name "c$N" --mount "type=image,src=$TOOLS,dst=/x" "$IMG" ls /x/t/swap
  must inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}' "c$N"
  out_is "image $TOOLS /x false"
  try rmi "$TOOLS"
  exits 2
  must start -a "c$N"
  out_is /x/t/swap
}

@test "devpts, glob, subpath" {
  must run --rm --mount type=devpts,dst=/x,mode=0600 "$IMG" ls /x
  out_is ptmx
  local dir
  dir=$(user_dir g)
  touch "$dir/a1" "$dir/a2" "$dir/b"
  must run --rm --mount "type=glob,src=$dir/a*,dst=/x" "$IMG" ls /x
  out_is $'a1\na2'
  must run --rm --mount "type=glob,src=$dir/a*" "$IMG" ls "$dir"
  out_is $'a1\na2'
  try run --rm --mount "type=glob,src=$dir/no*,dst=/x" "$IMG" true
  exits 125
  err_has "no file paths matching glob"
  must run --rm -v "$N:/d" "$IMG" sh -c 'mkdir /d/sub; echo part >/d/sub/f'
  must run --rm --mount "type=volume,src=$N,dst=/x,subpath=sub" "$IMG" cat /x/f
  out_is part
  must run --rm --mount "type=volume,src=$N,dst=/x,volume-subpath=sub/f" "$IMG" cat /x
  out_is part
  try run --rm --mount "type=volume,src=$N,dst=/x,subpath=nosuch" "$IMG" true
  exits 125
  err_has "subpath 'nosuch'"
}

@test "subpath: a link in a volume leads nowhere else (CVE-2017-1002101)" {
  must run --rm -v "$N:/d" "$IMG" sh -c "ln -s '$LIVE/canary' /d/k; ln -s / /d/root; ln -s ../../../../../../../.. /d/up"
  local path
  for path in k k/secret root/etc/shadow up/etc/shadow ../../../../etc; do
    try run --rm --mount "type=volume,src=$N,dst=/x,subpath=$path" "$IMG" sh -c 'cat /x /x/* 2>/dev/null'
    out_lacks TOPSECRET
    out_lacks root:
  done
}

@test "propagation: what the host mounts later is seen by a slave, not by a private mount" {
  local dir
  dir=$(user_dir prop)
  mount -t tmpfs tmpfs "$dir"
  mount --make-shared "$dir"
  mkdir "$dir/in"
  mounts_changed
  must run -d --name "s$N" -v "$dir:/x:rslave" "$IMG" sleep 60
  must run -d --name "p$N" -v "$dir:/x" "$IMG" sleep 60
  must run -d --name "o$N" -v "$dir:/x:rshared" "$IMG" sleep 60
  mount -t tmpfs tmpfs "$dir/in"
  touch "$dir/in/later"
  chmod 755 "$dir/in"
  must exec "s$N" ls /x/in
  out_is later
  must exec "o$N" ls /x/in
  out_is later
  must exec "p$N" ls /x/in
  out_is ""
  must inspect -f '{{range .Mounts}}{{.Propagation}}{{end}}' "s$N"
  out_is rslave
  must rm -fa -t 0
  umount "$dir/in" "$dir"
}

@test "bind: with what is mounted below it, or without" {
  local dir
  dir=$(user_dir rec)
  mkdir "$dir/in"
  mount -t tmpfs tmpfs "$dir/in"
  touch "$dir/in/below"
  chmod 755 "$dir/in"
  mounts_changed
  must run --rm -v "$dir:/x" "$IMG" ls /x/in
  out_is below
  # Read-only is all of it.
  try run --rm -v "$dir:/x:ro" "$IMG" touch /x/in/a
  exits 1
  umount "$dir/in"
}

@test "image volumes: a volume, memory, or nothing" {
  local dir
  dir=$(user_dir build)
  must create --name "c$N" "$IMG" true
  must commit -q --change 'VOLUME /var/www' "c$N" "img$N"
  must run --rm "img$N" sh -c 'grep -c " /var/www " /proc/mounts; ls /var/www'
  out_is $'1\nindex.html'
  must run --rm --image-volume tmpfs "img$N" sh -c 'grep " /var/www " /proc/mounts; ls /var/www'
  out_like '^tmpfs .*'$'\n''index.html$'
  must run --rm --image-volume ignore "img$N" sh -c 'grep " /var/www " /proc/mounts; ls /var/www'
  out_is index.html
  must run --rm -v "$N:/var/www" "img$N" true
  must volume ls -q
  out_is "$N"
  must rmi -f "img$N"
}

@test "--volumes-from" {
  local dir
  dir=$(shared_dir d)
  must create --name "c$N" -v "$N:/named" -v /anon -v "$dir:/bound" --tmpfs /memory "$IMG" true
  try run --rm --volumes-from "c$N" "$IMG" ls -d /memory
  exits 1
  must run --rm --volumes-from "c$N" "$IMG" sh -c 'echo x >/named/f; touch /anon/a; cat /bound/f'
  out_is host
  must run --rm --volumes-from "c$N:ro" "$IMG" sh -c 'cat /named/f; ls /anon; touch /named/g 2>/dev/null || echo refused'
  out_is $'x\na\nrefused'
  must run --rm --volumes-from "c$N" -v "$dir:/named" "$IMG" cat /named/f
  out_is host
  must create --name "d$N" --volumes-from "c$N" "$IMG" true
  must inspect -f '{{.HostConfig.VolumesFrom}}' "d$N"
  out_is "[c$N]"
  # The anonymous one is the other's as well.
  must rm -v "d$N"
  must run --rm --volumes-from "c$N" "$IMG" ls /anon
  out_is a
  try run --rm --volumes-from nosuch "$IMG" true
  exits 125
  err_is 'Error: looking up container "nosuch" for volumes-from: no container with name or ID "nosuch" found: no such container'
}

@test "--device: a node, another name, a folder" {
  must run --rm --device /dev/fuse "$IMG" stat -c %F /dev/fuse
  out_is "character special file"
  must run --rm --device /dev/zero:/dev/nil:rw "$IMG" sh -c 'head -c 3 /dev/nil | wc -c'
  out_is 3
  try run --rm --device /dev/nosuch "$IMG" true
  exits 125
  err_is "Error: stat /dev/nosuch: no such file or directory"
  must run --rm --device /dev/net "$IMG" stat -c %F /dev/net/tun
  out_is "character special file"
}

# --- namespaces

@test "--pid, --ipc, --uts, --cgroupns=container: one container's, seen by another" {
  must run -d --name "a$N" --hostname donor "$IMG" sleep 60
  must run --rm --pid "container:a$N" --ipc "container:a$N" --uts "container:a$N" --cgroupns "container:a$N" "$IMG" \
    sh -c 'cat /proc/1/comm; hostname; touch /dev/shm/mine; for n in pid ipc uts cgroup; do readlink /proc/1/ns/$n; readlink /proc/self/ns/$n; done'
  out_like '^sleep'$'\n''donor'
  equal "namespaces" 4 "$(sed 1,2d <<<"$out" | sort -u | wc -l)"
  must exec "a$N" ls /dev/shm
  out_is mine
  # And the network, whichever it is.
  must run --rm --network none --pid "container:a$N" "$IMG" cat /proc/1/comm
  out_is sleep
  must run --rm --network "container:a$N" --pid "container:a$N" "$IMG" cat /proc/1/comm
  out_is sleep
}

@test "one that shares outlives nothing: rm is refused, kill and exec are its own" {
  must run -d --name "a$N" "$IMG" sleep 60
  local a=$out
  must run -d --name "b$N" --pid "container:a$N" "$IMG" sh -c 'sleep 61 & exec sleep 62'
  local b=$out
  must inspect -f '{{.HostConfig.PidMode}} {{json .Dependencies}}' "b$N"
  out_is "container:$a [\"$a\"]"
  try rm "a$N"
  exits 125
  err_has "has dependent containers which must be removed before it: $b"
  must exec "b$N" ps -o args
  out_has "sleep 60"
  must kill "b$N"
  until_ok 5 has_status "b$N" exited
  # What it has started has gone with it, the other's has not.
  must exec "a$N" ps -o args
  out_lacks "sleep 61"
  out_has "sleep 60"
  must start "b$N"
  must rm -f -t 0 "b$N" "a$N"
}

@test "--pid=host: its processes are among the host's, and end with it; pause stops only them" {
  must run -d --name "h$N" --pid host "$IMG" sh -c 'sleep 1234561 & sleep 1234562 & exec sleep 1234563'
  until_ok 10 pgrep -u "$ACCOUNT" -f '^sleep 1234562'
  must pause "h$N"
  [[ $(ps -o stat= -p "$(pgrep -u "$ACCOUNT" -f '^sleep 1234562')") == T* ]] || complain "its processes to be stopped"
  must ps --format '{{.Status}}'
  out_has "Paused"
  must unpause "h$N"
  must kill "h$N"
  until_ok 5 has_status "h$N" exited
  last="pgrep"
  capture pgrep -fx 'sleep 123456[123]'
  exits 1
}

@test "--ipc: host, none, private is nobody else's" {
  must run --rm --ipc host "$IMG" readlink /proc/self/ns/ipc
  out_is "$(readlink /proc/self/ns/ipc)"
  must run --rm --ipc host "$IMG" sh -c 'grep " /dev/shm " /proc/mounts'
  out_has "/dev/shm"
  try run --rm --ipc none "$IMG" ls -d /dev/shm
  exits 1
  must run -d --name "p$N" --ipc private "$IMG" sleep 60
  local id=$out
  try run --rm --ipc "container:p$N" "$IMG" true
  exits 125
  err_is "Error: joining IPC of container $id is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
}

@test "--uts, --cgroupns: host" {
  must run --rm --uts host "$IMG" hostname
  out_is "$(hostname)"
  must run --rm --cgroupns host "$IMG" readlink /proc/self/ns/cgroup
  out_is "$(readlink /proc/self/ns/cgroup)"
}

@test "namespaces by their path" {
  must run -d --name "a$N" "$IMG" sleep 60
  local pid
  pid=$(ct inspect -f '{{.State.Pid}}' "a$N")
  must run --rm --pid "ns:/proc/$pid/ns/pid" --ipc "ns:/proc/$pid/ns/ipc" "$IMG" cat /proc/1/comm
  out_is sleep
  try run --rm --pid "ns:/proc/$pid/ns/ipc" "$IMG" true
  exits 125
  err_has "is not a pid namespace"
  try run --rm --ipc ns:/proc/self/ns/ipc "$IMG" true
  exits 125
  err_has "belongs to the host"
  err_has "--ipc=host"
}

@test "modes that can't be had" {
  try run --rm --pid container:nosuch "$IMG" true
  exits 125
  err_has 'no container with name or ID "nosuch" found: no such container'
  local option
  for option in --pid --ipc --uts --cgroupns; do
    try run --rm "$option=bogus" "$IMG" true
    exits 125
    err_is "Error: unrecognized namespace mode bogus passed"
    try run --rm "$option=pod" "$IMG" true
    exits 125
    err_has "pod"
  done
  must run -d --name "a$N" "$IMG" sleep 60
  must run -d --name "b$N" "$IMG" sleep 60
  try run --rm --pid "container:a$N" --ipc "container:b$N" "$IMG" true
  exits 125
  err_has "have to belong to one user namespace"
  must ps -a --format '{{.Names}}'
  equal containers 2 "$(wc -l <<<"$out")"
}

# --- races

@test "a volume's link that is swapped while another mounts below it (CVE-2021-30465)" {
  local dir i
  dir=$(user_dir swap)
  mkdir "$dir/d"
  ln -s ../../../../../../../../../../"$LIVE/canary" "$dir/l"
  chown -hR "$ACCOUNT:" "$dir"
  CANARY_BEFORE=$(canary_state)
  must run -d --name "c$N" -v "$dir:/v" "$TOOLS" /t/swap /v/d /v/l 60
  for i in {1..30}; do
    try run --rm -v "$dir:/v" -v "$N:/v/d/x" "$IMG" true
    try run --rm -v "$dir:/v" --tmpfs /v/d/y "$IMG" true
  done
  canary_ok
}

@test "a source that is swapped for a link while its files are given away" {
  local dir i
  dir=$(user_dir swap)
  mkdir "$dir/d"
  touch "$dir/d/f"
  ln -s "$LIVE/canary" "$dir/l"
  chown -hR "$ACCOUNT:" "$dir"
  CANARY_BEFORE=$(canary_state)
  must run -d --name "c$N" -v "$dir:/v" "$TOOLS" /t/swap /v/d/f /v/l 60
  for i in {1..30}; do
    # The tree that is given away has a name that is a link every other moment.
    try run --rm --user "$i" -v "$dir:/x:U" "$IMG" true
  done
  canary_ok
}

@test "a subpath that is swapped for a link while it is mounted (CVE-2021-25741)" {
  local i
  must run --rm -v "$N:/v" "$IMG" sh -c "mkdir /v/d; echo fine >/v/d/secret; ln -s '$LIVE/canary' /v/l"
  must run -d --name "c$N" -v "$N:/v" "$TOOLS" /t/swap /v/d /v/l 60
  for i in {1..40}; do
    try run --rm --mount "type=volume,src=$N,dst=/x,subpath=d" "$IMG" cat /x/secret
    out_lacks TOPSECRET
  done
}

# --- devices by name (CDI)

# cdi FILE: its text on standard input, in a folder that containers.conf names.
cdi() {
  local conf=$FILE_DIR/home/.config/containers/containers.conf.d
  mkdir -p "$FILE_DIR/cdi" "$conf"
  printf '[engine]\ncdi_spec_dirs = ["%s", "%s"]\n' "$FILE_DIR/cdi" "$FILE_DIR/cdi2" >"$conf/cdi.conf"
  cat >"$FILE_DIR/$1"
  chmod -R a+rX "$FILE_DIR/cdi" "$FILE_DIR/home/.config"
}

@test "CDI: a JSON specification: nodes, mounts, variables, groups; --gpus" {
  local dir
  dir=$(shared_dir lib)
  cdi cdi/nvidia.json <<END
{"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu",
 "containerEdits": {"env": ["ALL=1"], "mounts": [{"hostPath": "$dir", "containerPath": "/opt/lib", "options": ["ro", "nosuid", "nodev", "bind"]}]},
 "devices": [{"name": "all", "containerEdits": {"deviceNodes": [{"path": "/dev/made-up0", "hostPath": "/dev/zero"}], "env": ["DEVICE=all"], "additionalGids": [44]}},
             {"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/full"}], "env": ["DEVICE=zero"]}}]}
END
  must run --rm --device nvidia.com/gpu=all "$IMG" sh -c 'echo $ALL $DEVICE; stat -c %t:%T /dev/made-up0; cat /opt/lib/f; id -G; touch /opt/lib/x 2>/dev/null || echo refused'
  out_like $'^1 all\n1:5\nhost\n0 .*44.*\nrefused|^1 all\n1:5\nhost\n.*44.*\nrefused'
  must run --rm --gpus all "$IMG" stat -c %t:%T /dev/made-up0
  out_is 1:5
  must run --rm --gpus 0,all "$IMG" sh -c 'echo $DEVICE; grep -c " /opt/lib " /proc/mounts'
  out_is $'all\n1'
  try run --rm --device nvidia.com/gpu=7 "$IMG" true
  exits 125
  err_has "unresolvable CDI devices nvidia.com/gpu=7"
  must ps -aq
  out_is ""
}

@test "CDI: YAML, and which file counts" {
  cdi cdi/v.yaml <<'END'
# made up
cdiVersion: "0.6.0"
kind: vendor.com/net
devices:
  - name: "one"
    containerEdits:
      env:
        - 'WHO=yaml'
      deviceNodes:
        - {path: /dev/made-up1, hostPath: /dev/zero, permissions: rw}
containerEdits: {}
END
  must run --rm --device vendor.com/net=one "$IMG" sh -c 'echo $WHO; stat -c %t:%T /dev/made-up1'
  out_is $'yaml\n1:5'
  mkdir -p "$FILE_DIR/cdi2"
  cdi cdi2/v.json <<'END'
{"cdiVersion": "0.6.0", "kind": "vendor.com/net", "devices": [{"name": "one", "containerEdits": {"env": ["WHO=later folder"]}}]}
END
  chmod -R a+rX "$FILE_DIR/cdi2"
  must run --rm --device vendor.com/net=one "$IMG" sh -c 'echo $WHO'
  out_is "later folder"
  cp "$FILE_DIR/cdi2/v.json" "$FILE_DIR/cdi2/w.json"
  try run --rm --device vendor.com/net=one "$IMG" true
  exits 125
  err_has "is described twice"
  rm -r "$FILE_DIR/cdi2"
}

@test "CDI: hooks are refused; files that are wrong are told" {
  cdi cdi/hooks.json <<'END'
{"cdiVersion": "0.5.0", "kind": "hooks.com/x", "devices": [{"name": "a", "containerEdits": {"env": ["A=1"]}}],
 "containerEdits": {"hooks": [{"hookName": "createContainer", "path": "/usr/bin/nvidia-ctk", "args": ["nvidia-ctk", "hook"]}]}}
END
  try run --rm --device hooks.com/x=a "$IMG" true
  exits 125
  err_has 'wants hooks (createContainer "/usr/bin/nvidia-ctk")'
  cdi cdi/bomb.yaml <<'END'
a: &a [x, x, x]
b: [*a, *a, *a]
END
  cdi cdi/broken.json <<<'{"cdiVersion"'
  cdi cdi/ok.json <<'END'
{"cdiVersion": "0.5.0", "kind": "ok.com/x", "devices": [{"name": "a", "containerEdits": {"env": ["A=1"]}}]}
END
  must run --rm --device ok.com/x=a "$IMG" sh -c 'echo $A'
  out_is 1
  err_has "bomb.yaml': line 2"
  err_has "aliases are not supported"
  err_has "broken.json"
  cdi cdi/evil.json <<'END'
{"cdiVersion": "0.5.0", "kind": "evil.com/x", "devices": [{"name": "proc", "containerEdits": {"mounts": [{"hostPath": "/tmp", "containerPath": "/proc"}]}},
 {"name": "node", "containerEdits": {"deviceNodes": [{"path": "/dev/x", "hostPath": "/etc/passwd"}]}}]}
END
  try run --rm --device evil.com/x=proc "$IMG" true
  exits 126
  try run --rm --device evil.com/x=node "$IMG" true
  exits 125
  err_has "is not a device node"
  rm -r "$FILE_DIR/cdi"
}

@test "a device that every container has may be asked for, or covered" {
  must run --rm --device /dev/full --device /dev/zero:/dev/null "$IMG" sh -c 'stat -c %t:%T /dev/full /dev/null; head -c 1 /dev/null | wc -c'
  out_is $'1:7\n1:5\n1'
}
