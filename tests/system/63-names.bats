#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Names: /etc/hosts, /etc/resolv.conf, /etc/hostname, and a resolver that answers.

load helpers
load fixtures/cable

test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  unplug
  [[ -z ${etc_is_ours:-} ]] || umount -l /etc
}

hosts() { try run --rm --name "$C" -h h1 "$@" "$IMG" cat /etc/hosts; ok; }
resolv() { try run --rm "$@" "$IMG" cat /etc/resolv.conf; ok; }

# own_etc: changes of /etc are seen in this test only, which runs in a mount namespace of its own.
own_etc() {
  mkdir -p "$T/etc-up" "$T/etc-work" "$T/etc-lower"
  mount -t tmpfs none "$T/etc-lower" && mkdir "$T/etc-lower/up" "$T/etc-lower/work"
  mount -t overlay overlay -o "lowerdir=/etc,upperdir=$T/etc-lower/up,workdir=$T/etc-lower/work" /etc
  umount -l "$T/etc-lower"
  etc_is_ours=1
  mounts_changed
}

@test "hosts: the order of the lines, and a name that came first wins" {
  hosts --add-host "a;b:192.0.2.7" --add-host "h1:192.0.2.8" --hosts-file none
  equal "first" $'192.0.2.7\ta b' "$(sed -n 1p "$T/.out")"
  equal "second" $'192.0.2.8\th1' "$(sed -n 2p "$T/.out")"
  out_has $'127.0.0.1\tlocalhost\n::1\tlocalhost'
  equal "last" "$C" "$(tail -1 "$T/.out" | cut -f 2)"
}

@test "hosts: host-gateway, and the host's own names" {
  oracle && skip "4.3 has another address"
  local ip
  hosts --add-host gate:host-gateway
  ip=$(awk '$2 == "host.containers.internal" { print $1 }' "$T/.out")
  out_has "$ip"$'\t'"gate"
  out_has "$ip"$'\t'"host.containers.internal host.docker.internal"
}

@test "hosts: none, host and --no-hosts" {
  hosts --network none
  out_has $'127.0.0.1\th1 '"$C"
  out_lacks host.containers.internal
  hosts --network host
  out_has $'127.0.0.1\thost.containers.internal'
  try run --rm --no-hosts "$IMG" cat /etc/hosts
  [[ $out != *containers.internal* ]] || complain "the image's own"
}

@test "resolv.conf: --dns none, ., and several" {
  resolv --dns 192.0.2.53 --dns 192.0.2.54 --dns-search a.example,b.example --dns-opt timeout:1
  out_is $'search a.example b.example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\noptions timeout:1'
  resolv --dns 192.0.2.53 --dns-search .
  out_lacks search
  try create --dns 192.0.2.300 "$IMG" true
  exits 125
  err_has "not an ip address"
}

@test "hostname: no newline, and not with --no-hostname" {
  try run --rm -h "name.example" "$IMG" sh -c 'wc -c </etc/hostname; hostname'
  ok
  out_is $'12\nname.example'
}

@test "a host with systemd-resolved: its stub is not given on, the real servers are" {
  own_etc
  mkdir -p /run/systemd/resolve
  mount -t tmpfs none /run/systemd/resolve
  echo 'nameserver 192.0.2.99' >/run/systemd/resolve/resolv.conf
  printf 'nameserver 127.0.0.53\noptions edns0\nsearch corp.example\n' >/run/systemd/resolve/stub-resolv.conf
  ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
  resolv
  umount -l /run/systemd/resolve
  out_lacks 127.0.0.53
  out_has "nameserver 192.0.2.99"
}

@test "a resolver that changes while the container runs is followed" {
  own_etc
  plug
  local server
  world ip address add 198.51.100.3/24 dev eth8
  rm /etc/resolv.conf
  echo 'nameserver 198.51.100.2' >/etc/resolv.conf
  for server in "2 192.0.2.1" "3 192.0.2.2"; do
    # shellcheck disable=SC2086  # two words
    world python3 "$HERE/fixtures/nameserver.py" 198.51.100.${server% *} ${server#* } 3>&- 4>&- &
    cable_pids+=($!)
  done
  must run -d --name "$C" "$IMG" sleep 301.71
  until_ok 10 answers 192.0.2.1
  echo 'nameserver 198.51.100.3' >/etc/resolv.conf.new
  mv /etc/resolv.conf.new /etc/resolv.conf
  until_ok 10 answers 192.0.2.2
}
answers() { [[ $(ct exec "$C" nslookup -type=a some.example 10.0.2.3) == *"Address: $1"* ]]; }

@test "a resolv.conf that slirp4netns can't see: names are resolved all the same" {
  own_etc
  plug
  mkdir -p "$T/wsl"
  echo 'nameserver 198.51.100.2' >"$T/wsl/resolv.conf"
  chmod -R a+rX "$T/wsl"
  ln -sf "$T/wsl/resolv.conf" /etc/resolv.conf
  world python3 "$HERE/fixtures/nameserver.py" 198.51.100.2 192.0.2.1 3>&- 4>&- &
  cable_pids+=($!)
  resolv
  out_is "nameserver 198.51.100.2"
  try run --rm "$IMG" nslookup -type=a some.example
  ok
  out_has "Address: 192.0.2.1"
}

@test "two search domains of the host are kept, loopback servers are not" {
  own_etc
  rm /etc/resolv.conf
  printf 'search corp.example lab.example\nnameserver 127.0.0.1\nnameserver 192.0.2.98\nnameserver ::1\nnameserver 2001:db8::53\n' >/etc/resolv.conf
  resolv
  out_is $'search corp.example lab.example\nnameserver 10.0.2.3\nnameserver 192.0.2.98'
}
