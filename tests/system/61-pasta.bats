#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The user-mode network by pasta: the container has the host's address.

load helpers

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() {
  command -v pasta >/dev/null || unmet "pasta is not installed"
  HOST_IP=$(ip -4 -o route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  [[ -n $HOST_IP ]] || unmet "the host has no route to anywhere"
}

# The pasta of a container.
pasta_of() { pgrep -P "$(monitor_of "$1")" passt\|pasta; }
client() { python3 "$HERE/fixtures/netclient.py" "$@"; }
# conf LINES: a containers.conf of this test
conf() {
  printf '%s\n' "$@" >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
}

@test "the host's address and route, and a name server" {
  try run --rm --network pasta "$IMG" sh -c 'ip -4 -o address show; ip route; cat /etc/resolv.conf'
  ok
  out_has "inet $HOST_IP/"
  out_has "default via "
  out_like 'nameserver 169\.254\.1\.1'
}

@test "names are resolved as on the host" {
  getent hosts deb.debian.org >/dev/null || skip "the host resolves no names"
  try run --rm --network pasta "$IMG" nslookup deb.debian.org 169.254.1.1
  ok
  out_like 'Name:.*deb|Address'
}

@test "options are pasta's own" {
  try run --rm --network pasta:-4,--mtu,1400,-I,net7 "$IMG" sh -c 'ip -o link show net7; ip -6 -o address show dev net7 scope global'
  ok
  out_has "mtu 1400"
  out_lacks "inet6"
  try run --rm --network pasta:-a,10.11.12.13,-n,24,-g,10.11.12.1 "$IMG" sh -c 'ip -4 -o address; ip route; cat /etc/hosts'
  ok
  out_has "10.11.12.13/24"
  out_has "default via 10.11.12.1"
  out_like $'10\\.11\\.12\\.13\t[0-9a-f]{12} '
}

@test "wrong options" {
  try run --rm --network pasta:mtu=1400 "$IMG" true
  exits 125
  err_has 'invalid option for pasta: "mtu=1400"'
  try run --rm --network pasta:--netns,/run/x "$IMG" true
  exits 125
  err_has 'option "--netns" of pasta can'\''t be given'
  try run --rm --network pasta:--nosuch "$IMG" true
  exits 125
  err_has "pasta exited with status 1"
  err_has "--nosuch"
  err_lacks "Usage"
}

@test "it is the default where containers.conf says so" {
  conf '[network]' 'default_rootless_network_cmd = "pasta"' 'pasta_options = ["-I", "conf0"]'
  try run --rm "$IMG" ip -4 -o address show conf0
  ok
  out_has "inet $HOST_IP/"
  try run --rm --network slirp4netns "$IMG" ip -4 -o address show tap0
  ok
  conf '[network]' 'default_rootless_network_cmd = "pigeons"'
  try run --rm "$IMG" true
  exits 125
  err_has 'invalid default_rootless_network_cmd option "pigeons"'
}

@test "pasta that is not installed" {
  [[ ! -e /usr/local/bin/pasta ]] || unmet "a pasta besides Debian's"
  mount --bind /dev/null "$(command -v pasta)"
  try run --rm --network pasta "$IMG" true
  umount "$(command -v pasta)"
  exits 125
  err_has "pasta is not installed"
  err_has "passt"
  try run --rm --network slirp4netns "$IMG" true
  ok
}

@test "helper_binaries_dir comes first" {
  local dir
  dir=$(user_dir helpers)
  printf '#!/bin/sh\necho "mine was asked" >&2\nexit 3\n' >"$dir/pasta"
  chmod 0755 "$dir/pasta"
  conf '[engine]' "helper_binaries_dir = [\"$dir\"]"
  try run --rm --network pasta "$IMG" true
  exits 125
  err_has "pasta exited with status 3: mine was asked"
}

@test "inspect: the network and where the container is in it" {
  must run -d --name "$C" --network pasta "$IMG" sleep 301.61
  try inspect -f '{{.HostConfig.NetworkMode}} {{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPAddress}}{{end}}' "$C"
  out_is "pasta pasta $HOST_IP"
  must stop -t 0 "$C"
  try inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{$v.IPAddress}}{{end}}' "$C"
  out_is "pasta "
}

@test "the host's loopback is out of reach, and the container's is its own" {
  "${AS_USER[@]}" python3 -u -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])
while True: s.accept()[0].close()' >"$T/port" 3>&- 4>&- &
  local server=$! port gateway reached=0
  until_ok 10 test -s "$T/port"
  port=$(<"$T/port")
  gateway=$(ip -4 route show default | awk '{ print $3; exit }')
  try run --rm --network pasta "$IMG" sh -c "for a in 127.0.0.1 $gateway 169.254.1.2 $HOST_IP; do nc -w 2 \$a $port </dev/null && echo reached \$a; done; true"
  [[ $out != *reached* ]] || reached=1
  try run --rm --network pasta:--map-gw "$IMG" nc -w 2 "$gateway" "$port"
  kill "$server"
  ok
  equal "reached the loopback" 0 "$reached"
}

@test "a published port: TCP and UDP" {
  must run -d --name "$C" --network pasta -p 127.0.0.1::80 -p 127.0.0.1:20161:20161/udp "$TOOLS" sh -c '/t/answer 20161 & exec /t/answer 80'
  local at
  at=$(ct port "$C" 80)
  until_ok 10 client peer "${at%:*}" "${at#*:}"
  equal "100 MB there and back" same "$(client echo "${at%:*}" "${at#*:}" 100000000)"
  equal "connections at once" 200 "$(client many "${at%:*}" "${at#*:}" 200)"
  equal "a datagram" "127.0.0.1 hello" "$(client udp 127.0.0.1 20161 hello)"
}

@test "a port of an IPv6 address" {
  must run -d --name "$C" --network pasta -p '[::1]:20162:80' "$TOOLS" /t/answer 80
  until_ok 10 client peer ::1 20162
  equal "the client" ::1 "$(client peer ::1 20162)"
  try port "$C"
  out_is "80/tcp -> [::1]:20162"
  run client peer 127.0.0.1 20162
  ((status != 0)) || complain "the IPv4 address to be closed"
}

@test "pasta goes with the container, however it ends" {
  local helper
  must run -d --name "$C" --network pasta "$IMG" sleep 301.62
  helper=$(pasta_of "$C")
  must rm -f -t 0 "$C"
  until_ok 5 test ! -e "/proc/$helper/exe"
  must run -d --name "$C" --network pasta "$IMG" sleep 1
  helper=$(pasta_of "$C")
  until_ok 10 has_status "$C" exited
  until_ok 5 test ! -e "/proc/$helper/exe"
}

@test "pasta goes with a monitor that is killed" {
  must run -d --name "$C" --network pasta "$IMG" sleep 301.63
  local helper
  helper=$(pasta_of "$C")
  kill -9 "$(monitor_of "$C")"
  until_ok 5 test ! -e "/proc/$helper/exe"
}

@test "the container outlives pasta" {
  must run -d --name "$C" --network pasta "$IMG" sleep 301.64
  kill -9 "$(pasta_of "$C")"
  sleep 0.5
  has_status "$C" running
  try exec "$C" echo there
  out_is there
  must rm -f -t 0 "$C"
}

@test "pasta is locked in: seccomp, no sight of the home folder" {
  must run -d --name "$C" --network pasta "$IMG" sleep 301.65
  local helper
  helper=$(pasta_of "$C")
  equal "seccomp of the helper" 2 "$(awk '/^Seccomp:/ { print $2 }' "/proc/$helper/status")"
  [[ ! -e /proc/$helper/root$FILE_DIR/home ]] || complain "no home folder in the helper's root"
}

@test "a restart brings the network again" {
  must run -d --name "$C" --network pasta -p 127.0.0.1:20163:80 "$TOOLS" /t/answer 80
  until_ok 10 client peer 127.0.0.1 20163
  must restart -t 0 "$C"
  until_ok 10 client peer 127.0.0.1 20163
}

@test "sctp is refused" {
  try run --rm --network pasta -p 20164:80/sctp "$IMG" true
  exits 125
  err_has "pasta can't forward sctp ports"
}
