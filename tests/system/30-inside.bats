#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a process finds inside a container: environment, users, files, mounts, limits.

load helpers

@test "the environment" {
  try run --rm --name "$C" "$IMG" env
  ok
  out_like $'(^|\n)PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin($|\n)'
  out_like $'(^|\n)container=podman($|\n)'
  out_like $'(^|\n)HOME=/root($|\n)'
  out_like $'(^|\n)HOSTNAME=[0-9a-f]{12}($|\n)'
}

@test "TERM only with a terminal" {
  try run --rm "$IMG" env
  ok
  out_lacks "TERM="
}

@test "-e: a value, the caller's, one that the caller lacks, a pattern" {
  CT_ENV=(FOO=1 WILD_A=a WILD_B=b)
  try run --rm -e FOO -e BAR -e X=2 -e EMPTY= -e 'WILD_*' "$IMG" env
  ok
  out_like $'(^|\n)FOO=1($|\n)'
  out_like $'(^|\n)X=2($|\n)'
  out_like $'(^|\n)EMPTY=($|\n)'
  out_like $'(^|\n)WILD_A=a($|\n)'
  out_like $'(^|\n)WILD_B=b($|\n)'
  out_lacks "BAR"
}

@test "--env-file: no quotes, comments, order; -e wins" {
  printf '# a comment\nA="q"\nB=one\n\nC=file\nD=a=b c\n' >"$T/one"
  printf 'B=two\n' >"$T/two"
  try run --rm --env-file "$T/one" --env-file "$T/two" -e C=option "$IMG" env
  ok
  out_has 'A="q"'
  out_has 'B=two'
  out_has 'C=option'
  out_has 'D=a=b c'
  out_lacks comment
  try run --rm --env-file /no/such "$IMG" env
  exits 125
  err_has "/no/such"
}

@test "--unsetenv and --unsetenv-all" {
  try run --rm --unsetenv container -e A=1 "$IMG" env
  ok
  out_lacks container=
  try run --rm --unsetenv-all "$IMG" /usr/bin/env
  ok
  out_lacks PATH=
  out_lacks container=
}

@test "the image's environment, and an option over it" {
  must pull -q "$REGISTRY/config:env"
  try run --rm -e FROM_IMAGE=2 "$REGISTRY/config:env" /usr/bin/env
  ok
  out_has "PATH=/bin:/opt/bin"
  out_has "FROM_IMAGE=2"
}

@test "an empty HOME from the image is filled" {
  must pull -q "$REGISTRY/config:env"
  try run --rm "$REGISTRY/config:env" /usr/bin/env
  ok
  out_has "HOME=/root"
}

@test "an image without PATH gets one" {
  must pull -q "$REGISTRY/config:noenv"
  try run --rm "$REGISTRY/config:noenv"
  ok
  out_has "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
}

@test "the host name: the short id, --hostname, HOSTNAME" {
  try run --name "$C" "$IMG" sh -c 'hostname; cat /etc/hostname; echo; echo $HOSTNAME'
  ok
  local seen=$out
  try inspect -f '{{.Id}}' "$C"
  local id=${out:0:12}
  equal "host names" "$id $id $id" "${seen//$'\n'/ }"
  try run --rm -h foo "$IMG" sh -c 'hostname; cat /etc/hostname; echo; echo $HOSTNAME'
  equal "host names" "foo foo foo" "${out//$'\n'/ }"
}

@test "/etc/hosts" {
  try run --rm -h h1 --name "$C" --add-host a:1.2.3.4 --add-host b:::1 "$IMG" cat /etc/hosts
  ok
  out_like $'(^|\n)1\\.2\\.3\\.4\ta($|\n)'
  out_like $'(^|\n)::1\tb($|\n)'
  out_like $'(^|\n)127\\.0\\.0\\.1\tlocalhost'
  out_like "host.containers.internal"
  out_like $'\t'"h1 $C"
}

@test "/etc/hosts names the host as docker does too" {
  try run --rm "$IMG" cat /etc/hosts
  ok
  out_has "host.containers.internal host.docker.internal"
}

@test "/etc/resolv.conf: --dns, --dns-search, --dns-option" {
  try run --rm --dns 9.9.9.9 --dns-search example.com --dns-option ndots:3 "$IMG" \
    cat /etc/resolv.conf
  ok
  equal "name servers" "nameserver 9.9.9.9" "$(grep ^nameserver "$T/.out")"
  out_like 'search example.com'
  out_like 'options.*ndots:3'
}

@test "/etc/resolv.conf without options has the forwarder first" {
  try run --rm "$IMG" cat /etc/resolv.conf
  ok
  equal "the first" "nameserver 10.0.2.3" "$(grep -m1 ^nameserver "$T/.out")"
}

@test "/run/.containerenv" {
  try run --rm "$IMG" stat -c %s /run/.containerenv
  ok
  out_is 0
  try run --rm --privileged --name "$C" "$IMG" cat /run/.containerenv
  ok
  out_has "name=\"$C\""
  out_has "image=\"$IMG\""
  out_has "rootless=1"
}

@test "root: ids and home" {
  try run --rm "$IMG" sh -c 'id -u; id -g; id -un; echo $HOME'
  ok
  out_is $'0\n0\nroot\n/root'
}

@test "-u with a number that nobody has" {
  try run --rm -u 1234 "$IMG" sh -c 'id -u; id -g; echo $HOME; tail -1 /etc/passwd'
  ok
  out_is $'1234\n0\n/\n1234:*:1234:0:container user:/:/bin/sh'
}

@test "-u with a name: its group and its other groups" {
  try run --rm -u app "$IMG" sh -c 'id -un; id -gn; id -G; echo $HOME'
  ok
  out_is $'app\napp\n1000 2000 2001\n/home/app'
}

@test "-u with a group: no other groups" {
  try run --rm -u app:extra "$IMG" sh -c 'id -u; id -g; id -G'
  ok
  out_is $'1000\n2000\n2000'
  try run --rm -u 1000:1234 "$IMG" id -G
  ok
  out_is 1234
}

@test "--group-add" {
  try run --rm --group-add more --group-add 3000 -u nobody "$IMG" id -G
  ok
  out_like '2001'
  out_like '3000'
  try run --rm --group-add nosuch "$IMG" id
  [[ $rc != 0 ]] || complain "a failure"
  err_has nosuch
}

@test "the image's USER" {
  must pull -q "$REGISTRY/config:user"
  try run --rm "$REGISTRY/config:user"
  ok
  out_has "uid=1000(app)"
  must pull -q "$REGISTRY/config:usergroup"
  try run --rm "$REGISTRY/config:usergroup" id -g
  ok
  out_is 2001
}

@test "the image's WORKDIR is made, for the user" {
  must pull -q "$REGISTRY/config:workdir"
  try run --rm "$REGISTRY/config:workdir" sh -c 'pwd; stat -c "%U %a" .; touch file'
  ok
  equal "folder" "/srv/deep/er" "${out%%$'\n'*}"
  out_like "app 755"
}

@test "ENTRYPOINT and CMD" {
  must pull -q "$REGISTRY/config:entrypoint"
  local image=$REGISTRY/config:entrypoint
  try run --rm "$image"
  out_is "entry cmd"
  try run --rm "$image" a b
  out_is "entry a b"
  try run --rm --entrypoint printf "$image" x
  out_is x
  try run --rm --entrypoint '["sh","-c"]' "$image" 'echo z'
  out_is z
  try run --rm --entrypoint "" "$image" echo plain
  out_is plain
}

@test "--entrypoint drops the image's CMD" {
  try run --rm --entrypoint echo "$IMG"
  ok
  out_is ""
}

@test "-v: the caller's files belong to root inside" {
  local dir
  dir=$(user_dir w)
  try run --rm -v "$dir:/w" "$IMG" sh -c 'stat -c %u:%g /w; echo hi >/w/f'
  ok
  out_is 0:0
  equal "owner of the file" "$ACCOUNT" "$(stat -c %U "$dir/f")"
}

@test "-v :ro" {
  local dir
  dir=$(user_dir w)
  try run --rm -v "$dir:/w:ro" "$IMG" touch /w/f
  exits 1
  err_has "Read-only file system"
  [[ ! -e $dir/f ]]
}

@test "-v: a file, a missing mount point" {
  echo content >"$T/file"
  try run --rm -v "$T/file:/new/place/f" "$IMG" cat /new/place/f
  ok
  out_is content
}

@test "-v: setuid programs and devices do not work there" {
  echo content >"$T/file"
  try run --rm -v "$T/file:/f" "$IMG" grep " /f " /proc/mounts
  ok
  out_like "rw,.*nosuid.*nodev"
}

@test "-v: relative source, and nested mounts in any order" {
  local dir
  dir=$(user_dir w)
  mkdir "$dir/inner" && echo low >"$dir/inner/f" && chown -R "$ACCOUNT:" "$dir"
  echo high >"$T/high"
  # as_user keeps the working folder
  try run --rm -v "$T/high:/w/inner/f" -v ./w:/w "$IMG" cat /w/inner/f
  ok
  out_is high
}

@test "--mount type=bind and type=tmpfs" {
  local dir
  dir=$(user_dir w)
  echo hi >"$dir/f"
  try run --rm --mount "type=bind,src=$dir,dst=/w,ro" --mount type=tmpfs,destination=/t \
    "$IMG" sh -c 'cat /w/f; touch /t/x; touch /w/x'
  exits 1
  out_is hi
  try run --rm --mount type=nosuch,dst=/x "$IMG" true
  exits 125
}

@test "--tmpfs: size, options, and what the image has there" {
  try run --rm --tmpfs /t:size=1m "$IMG" sh -c 'df -k /t | tail -1; grep " /t " /proc/mounts'
  ok
  out_like ' 1024 '
  out_like 'tmpfs.*nosuid,nodev'
  try run --rm --tmpfs /var/www "$IMG" cat /var/www/index.html
  ok
  out_is "a page from inside"
}

@test "--read-only: what may be written and what not" {
  try run --rm --read-only "$IMG" sh -c 'touch /x'
  exits 1
  err_has "Read-only file system"
  try run --rm --read-only "$IMG" sh -c 'touch /tmp/x /run/x /dev/shm/x /var/tmp/x && echo fine'
  ok
  out_is fine
  try run --rm --read-only --read-only-tmpfs=false "$IMG" touch /tmp/x
  exits 1
}

@test "/dev: the nodes, the links, nothing else" {
  try run --rm "$IMG" sh -c 'ls /dev; ls -l /dev/fd /dev/ptmx /dev/core | wc -l; echo x >/dev/null;
    head -c 5 /dev/zero | wc -c; echo full >/dev/full' 
  exits 1
  local listed=$out name
  for name in null zero full random urandom tty fd stdin stdout stderr ptmx pts shm mqueue core; do
    [[ $'\n'$listed$'\n' == *$'\n'$name$'\n'* ]] || complain "/dev/$name"
  done
  out_lacks fuse
  out_lacks vda
  err_has "No space left on device"
}

@test "/dev/console only with a terminal" {
  try run --rm "$IMG" ls /dev/console
  [[ $rc != 0 ]] || complain "no /dev/console"
  try run --rm -t "$IMG" sh -c 'test -c /dev/console && echo there'
  ok
  out_is $'there\r'
}

@test "--privileged: the host's device nodes, but for its consoles" {
  try run --rm --privileged "$IMG" find /dev -type c -o -type b
  ok
  err_is ""
  out_has /dev/fuse
  out_has /dev/net/tun
  lacks grep -E '^/dev/tty[0-9]+$' <<<"$out"
  local node
  for node in null zero full random urandom tty; do
    equal "$node" 1 "$(grep -c "^/dev/$node\$" <<<"$out")"
  done
  # what it cannot open outside it cannot open inside
  try run --rm --privileged "$IMG" sh -c 'echo x >/dev/kmsg'
  [[ $rc != 0 ]]
  # and a container without it has none
  try run --rm "$IMG" test -e /dev/fuse
  exits 1
}

@test "--device" {
  try run --rm --device /dev/fuse "$IMG" stat -c %F /dev/fuse
  ok
  out_is "character special file"
  try run --rm --device /dev/net/tun:/dev/mytun:r "$IMG" stat -c %F /dev/mytun
  ok
}

@test "/dev/shm is 64 MiB" {
  try run --rm "$IMG" sh -c 'df -k /dev/shm | tail -1; stat -c %a /dev/shm'
  ok
  out_like ' 6[45][05][03][06] '
  out_like '1777'
}

@test "/dev/shm is as large as docker's" {
  try run --rm "$IMG" sh -c 'df -k /dev/shm | tail -1'
  ok
  out_like ' 65536 '
}

@test "--umask" {
  try run --rm "$IMG" sh -c umask
  ok
  out_is 0022
  try run --rm --umask 077 "$IMG" sh -c umask
  ok
  out_is 0077
  try run --rm --umask 99 "$IMG" true
  [[ $rc == 125 ]] || complain "125"
}

@test "the caller's umask does not matter" {
  (umask 077 && ct run --rm "$IMG" sh -c 'umask; stat -c %a /run /etc/hosts') >"$T/.out"
  equal "modes" "0022 755 644" "$(tr '\n' ' ' <"$T/.out" | sed 's/ $//')"
}

@test "the root folder has the image's mode" {
  try run --rm "$IMG" stat -c %a /
  ok
  out_is 755
}

@test "the command is PID 1; with --init it is not" {
  try run --rm "$IMG" sh -c 'cat /proc/1/comm; echo $$'
  ok
  out_is $'sh\n1'
  try run --rm --init "$IMG" sh -c 'echo $$; cat /proc/1/comm'
  ok
  out_lacks $'\nsh'
  [[ ${out%%$'\n'*} != 1 ]] || complain "not PID 1"
}

@test "--init reaps what is orphaned" {
  try run --rm --init "$IMG" sh -c \
    'sh -c "sleep 0.1 & exit"; sh -c "sleep 0.1 & exit"; sleep 0.6; ps | grep -c "[Zz]ombie\|\[sleep\]"; true'
  ok
  out_is 0
}

@test "--init passes signals on" {
  begin run --rm --init "$IMG" sh -c 'trap "exit 7" TERM; echo up; while :; do sleep 0.1; done'
  until_ok 10 grep -q up "$T/.out"
  kill "$pid"
  finish
  exits 7
}

@test "its own pid, ipc, uts, net and mount namespaces" {
  local name
  try run --rm "$IMG" sh -c 'for n in pid ipc uts net mnt user cgroup; do readlink /proc/self/ns/$n; done'
  ok
  for name in $out; do
    out_lacks "$(readlink "/proc/self/ns/${name%%:*}")"
  done
  try run --rm "$IMG" ps
  ok
  (($(wc -l <"$T/.out") <= 3)) || complain "only its own processes"
}

@test "image volumes: the content, the owner, and they go with --rm" {
  must pull -q "$REGISTRY/config:volume"
  try run --rm "$REGISTRY/config:volume" sh -c 'cat /data/seed; stat -c %u:%g:%a /data; grep -c " /data " /proc/mounts'
  ok
  out_is $'from the image\n1000:2000:750\n1'
}

@test "a Debian container: apt's user switch, a shell, perl" {
  must pull -q "$REGISTRY/debian:latest"
  try run --rm "$REGISTRY/debian:latest" bash -c \
    'perl -e "print 6*7, qq(\n)"; setpriv --reuid _apt --regid nogroup --clear-groups id -un; ls -l /proc/self/exe >/dev/null'
  ok
  out_is $'42\n_apt'
}
