#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The networks of a container: slirp4netns, none, host. A page on the host is what it fetches.

load helpers
load fixtures/cable

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

test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  unplug
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

@test "a range of the host's own: another is taken, and it says so" {
  plug
  here ip address add 10.0.2.15/24 dev eth7
  try run --rm "$IMG" sh -c 'ip -4 -o address show tap0; cat /etc/resolv.conf'
  ok
  out_has "10.1.2.100/24"
  out_has "nameserver 10.1.2.3"
  err_has "the host uses addresses of 10.0.2.0/24 itself: the container's network is 10.1.2.0/24"
  try run --rm --network slirp4netns:cidr=10.0.2.0/24 "$IMG" ip -4 -o address show tap0
  ok
  out_has "10.0.2.100/24"
  err_is ""
  must run -d --name "$C" "$IMG" sleep 301.60
  try inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}' "$C"
  out_is "10.1.2.100 10.1.2.2"
}

@test "outbound_addr: the address by which others see the container" {
  plug
  answering_world
  try run --rm "$IMG" sh -c 'echo p | nc 198.51.100.2 7000'
  ok
  out_is 198.51.100.1
  try run --rm --network slirp4netns:outbound_addr=198.51.100.11 "$IMG" sh -c 'echo p | nc 198.51.100.2 7000'
  ok
  out_is 198.51.100.11
  try run --rm --network slirp4netns:outbound_addr=203.0.113.9 "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "an error: the host has not that address"
}
answering_world() {
  world "$CACHE/testcases/answer" 7000 >/dev/null 3>&- 4>&- &
  cable_pids+=($!)
  until_ok 5 here bash -c 'exec 9<>/dev/tcp/198.51.100.2/7000'
}

@test "enable_ipv6: an address, and the world by IPv6" {
  plug
  answering_world
  try run --rm --network slirp4netns:enable_ipv6=true,outbound_addr6=2001:db8::1 "$IMG" sh -c '
    for i in 1 2 3 4 5 6 7 8; do ip -6 -o address show dev tap0 scope global | grep -qv tentative && break; sleep 0.5; done
    echo p | nc 2001:db8::2 7000'
  ok
  out_is 2001:db8::1
}

@test "port_handler: both serve, and both keep the client's address" {
  plug
  local handler
  for handler in slirp4netns rootlesskit; do
    must run -d --name "$C-$handler" --network "slirp4netns:port_handler=$handler" -p 20101:80 "$TOOLS" /t/answer 80
    until_ok 10 world python3 "$HERE/fixtures/netclient.py" peer 198.51.100.1 20101
    equal "the client" 198.51.100.2 "$(world python3 "$HERE/fixtures/netclient.py" peer 198.51.100.1 20101)"
    must rm -f -t 0 "$C-$handler"
  done
  try run --rm --network slirp4netns:port_handler=pigeon "$IMG" true
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
}

# --- what may be missing or fail --------------------------------------------------------------

@test "slirp4netns is not installed: one sentence, and pasta or no network work" {
  mount --bind /dev/null "$(command -v slirp4netns)"
  try run --rm "$IMG" true
  local missing_rc=$rc missing_err=$err
  try run --rm --network none "$IMG" true
  umount "$(command -v slirp4netns)"
  ok
  rc=$missing_rc err=$missing_err
  exits 125
  err_has "slirp4netns is not installed"
}

@test "a slirp4netns without sandbox options runs, with a warning" {
  local dir program
  program=$(command -v slirp4netns)
  dir=$(user_dir old)
  cat >"$dir/slirp4netns" <<END
#!/bin/sh
for a; do case \$a in --enable-sandbox | --enable-seccomp) echo "slirp4netns: unrecognized option '\$a'" >&2; exit 1 ;; esac; done
exec $program "\$@"
END
  chmod 0755 "$dir/slirp4netns"
  printf '[engine]\nhelper_binaries_dir = ["%s"]\n' "$dir" >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  try run --rm "$IMG" ip -4 -o address show tap0
  ok
  out_has "10.0.2.100/24"
  err_has "too old for all of its sandbox options"
}

@test "no /dev/net/tun: one sentence that says what to do" {
  mount -t tmpfs none /dev/net
  try run --rm "$IMG" true
  local without_rc=$rc without_err=$err
  try run --rm --network none "$IMG" true
  umount /dev/net
  ok
  rc=$without_rc err=$without_err
  [[ $rc == 125 || $rc == 126 ]] || complain "125 or 126"
  err_has "user-mode networking needs /dev/net/tun, which does not exist"
  err_has "--network=host"
}

@test "no IPv6 on the host" {
  plug
  here sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  local backend
  for backend in slirp4netns pasta; do
    command -v "$backend" >/dev/null || continue
    try run --rm --network "$backend" "$IMG" sh -c 'ip -4 -o address show scope global'
    ok
    out_has "inet "
  done
}

@test "few descriptors, few processes: an error, and nothing left behind" {
  local limit name=$C
  for limit in "-n 12" "-n 20" "-u 1" "-u 3"; do
    # shellcheck disable=SC2016,SC2086  # the inner shell's; two words
    capture as_user bash -c 'ulimit '"$limit"' 2>/dev/null; exec "$@"' - "$CTOOL" run --rm --name "$name" "$IMG" true
    ((rc == 0)) || [[ $err == *"Error: "* || $err == *"cannot"* || $err == *"Resource"* ]] || complain "an error or success with ulimit $limit"
    [[ $limit != "-n "* ]] || err_has "the limit of open files is ${limit#-n }"
    is_gone "$name" || complain "no container left with ulimit $limit"
  done
}

@test "slirp4netns killed: the container can be stopped, restarted and removed, and has its network again" {
  must run -d --name "$C" "$IMG" sleep 301.62
  kill -9 "$(pgrep -P "$(monitor_of "$C")" slirp4netns)"
  try exec "$C" echo there
  out_is there
  must restart -t 0 "$C"
  until_ok 5 pgrep -P "$(monitor_of "$C")" slirp4netns
  must rm -f -t 0 "$C"
}
