#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The networks of a container: slirp4netns, none, host. A page on the host is what it fetches.

load helpers

# A web server on the host, once on the loopback address and once on all.
file_setup() {
  ct pull -q "$IMG" "$TOOLS" >/dev/null
  mkdir -p "$FILE_DIR/www"
  echo "a page on the host" >"$FILE_DIR/www/index.html"
  local address
  for address in 127.0.0.1 0.0.0.0; do
    python3 -u -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[2])
server = http.server.ThreadingHTTPServer((sys.argv[1], 0), handler)
print(server.server_port)
server.serve_forever()' "$address" "$FILE_DIR/www" >"$FILE_DIR/port-$address" 2>/dev/null \
      </dev/null 3>&- 4>&- &
    echo $! >>"$FILE_DIR/servers"
  done
  until_ok 10 test -s "$FILE_DIR/port-127.0.0.1" -a -s "$FILE_DIR/port-0.0.0.0"
}
file_teardown() {
  local server
  while read -r server; do kill "$server"; done <"$FILE_DIR/servers"
}
test_setup() {
  LOOPBACK_PORT=$(<"$FILE_DIR/port-127.0.0.1")
  OPEN_PORT=$(<"$FILE_DIR/port-0.0.0.0")
  HOST_IP=$(ip -4 -o address show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
}

@test "a container has an address, a route and a name server" {
  try run --rm "$IMG" sh -c 'ip -4 -o address show; ip route; cat /etc/resolv.conf'
  ok
  out_has "10.0.2.100/24"
  out_has "default via 10.0.2.2"
  out_has "nameserver 10.0.2.3"
}

@test "it fetches a page from a server on the host" {
  [[ -n $HOST_IP ]] || unmet "the host has no address but loopback"
  try run --rm "$TOOLS" /t/fetch "$HOST_IP" "$OPEN_PORT"
  ok
  out_is "a page on the host"
}

@test "the host's loopback is out of reach" {
  try run --rm "$TOOLS" /t/fetch "10.0.2.2" "$LOOPBACK_PORT"
  exits 1
  out_is ""
  try run --rm "$TOOLS" /t/fetch "127.0.0.1" "$LOOPBACK_PORT"
  exits 1
}

@test "allow_host_loopback=true opens it" {
  try run --rm --network slirp4netns:allow_host_loopback=true "$TOOLS" \
    /t/fetch 10.0.2.2 "$LOOPBACK_PORT"
  ok
  out_is "a page on the host"
}

@test "names are resolved as on the host" {
  getent hosts deb.debian.org >/dev/null || unmet "the host resolves no names"
  try run --rm "$IMG" nslookup deb.debian.org
  ok
  out_like 'Name:.*deb|Address'
}

@test "another range of addresses" {
  try run --rm --network slirp4netns:cidr=10.9.8.0/24 "$IMG" ip -4 -o address show
  ok
  out_has "10.9.8.100/24"
}

@test "a wrong option of slirp4netns" {
  try run --rm --network slirp4netns:nosuch=1 "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
  err_has nosuch
  try run --rm --network slirp4netns:mtu=x "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
}

@test "mtu" {
  try run --rm --network slirp4netns:mtu=1400 "$IMG" ip -o link show tap0
  ok
  out_has "mtu 1400"
}

@test "none: loopback and nothing else" {
  try run --rm --network none "$IMG" ip -o link
  ok
  equal "links" 1 "$(wc -l <"$T/.out")"
  out_like 'lo: <.*UP'
  try run --rm --net=none "$TOOLS" /t/fetch "127.0.0.1" "$LOOPBACK_PORT"
  exits 1
}

@test "host: the host's network and name" {
  try run --rm --network host "$TOOLS" sh -c "hostname; /t/fetch 127.0.0.1 $LOOPBACK_PORT"
  ok
  out_is "$(hostname)"$'\n'"a page on the host"
}

@test "the same words as newer podman has for this network" {
  local mode
  for mode in private default pasta pasta:-4 bridge; do
    try run --rm --network "$mode" "$IMG" true
    ok
  done
}

@test "inspect says which network was asked for" {
  must create --name "$C-none" --network none "$IMG" true
  must create --name "$C-slirp" --network slirp4netns "$IMG" true
  must create --name "$C-host" --network host "$IMG" true
  try inspect -f '{{.HostConfig.NetworkMode}}' "$C-none" "$C-slirp" "$C-host"
  out_is $'none\nslirp4netns\nhost'
}

@test "ports below 1024 can be bound inside" {
  try run --rm "$TOOLS" sh -c "httpd -p 80 -h /var/www; /t/fetch 127.0.0.1 80"
  ok
  out_is "a page from inside"
}

@test "ping is allowed to the container's root" {
  try run --rm "$IMG" cat /proc/sys/net/ipv4/ping_group_range
  ok
  out_like $'^0[ \t]+0$'
}

@test "slirp4netns goes with the container" {
  must run -d --name "$C" "$IMG" sleep 100
  local helper
  helper=$(pgrep -P "$(monitor_of "$C")" slirp4netns)
  must rm -f -t 0 "$C"
  until_ok 5 test ! -e "/proc/$helper/exe"
}

@test "slirp4netns goes also when the container ends by itself" {
  must run -d --name "$C" "$IMG" sleep 1
  local helper
  helper=$(pgrep -P "$(monitor_of "$C")" slirp4netns)
  until_ok 10 has_status "$C" exited
  until_ok 5 test ! -e "/proc/$helper/exe"
}

@test "the container outlives slirp4netns" {
  must run -d --name "$C" "$IMG" sleep 100
  kill -9 "$(pgrep -P "$(monitor_of "$C")" slirp4netns)"
  sleep 0.5
  has_status "$C" running
}

@test "slirp4netns is locked in: seccomp, no sight of the home folder" {
  must run -d --name "$C" "$IMG" sleep 100
  local helper
  helper=$(pgrep -P "$(monitor_of "$C")" slirp4netns)
  equal "seccomp of the helper" 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$helper/status")"
  [[ ! -e /proc/$helper/root$FILE_DIR/home ]] || complain "no home folder in the helper's root"
}

@test "abstract sockets of the host are out of reach" {
  try run --rm "$IMG" cat /proc/net/unix
  ok
  out_lacks "@"
}

@test "--no-hosts keeps the image's file" {
  try run --rm --no-hosts "$IMG" cat /etc/hosts
  [[ $rc == 1 ]] || complain "no /etc/hosts, as in the image"
}

@test "no IPv6 address but loopback's and the link's" {
  try run --rm "$IMG" ip -6 -o address show scope global
  ok
  [[ -z $out || $out == *" fd00:"* ]] || complain "no global address"
}
