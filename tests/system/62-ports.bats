#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Published ports, from where they are typed to the bytes that pass. Ports of the host are below 32768: the kernel gives the others
# to clients.

load helpers
load fixtures/cable

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
# The path of a socket has 107 bytes.
test_setup() {
  SHORT=$(mktemp -d /tmp/ct62.XXXXXX)
  chown "$ACCOUNT:" "$SHORT"
  oracle || CT_OPTIONS=(--runroot "$SHORT/r")
}
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  unplug
  rm -rf "$SHORT"
}

client() { python3 "$HERE/fixtures/netclient.py" "$@"; }
# serve ARGS: a container that answers at its port 80
serve() {
  must run -d --name "$C" "$@" "$TOOLS" /t/answer 80
  until_ok 10 logs_say_listening
}
logs_say_listening() { [[ $(ct logs "$C") == listening ]]; }

@test "one port: 100 MB there and back, 200 connections at once" {
  serve -p 127.0.0.1:20201:80
  equal "100 MB" same "$(client echo 127.0.0.1 20201 100000000)"
  equal "connections" 200 "$(client many 127.0.0.1 20201 200)"
}

@test "a port of every address, and one of one address" {
  local ip
  ip=$(ip -4 -o address show scope global | awk '{ sub("/.*", "", $4); print $4; exit }')
  [[ -n $ip ]] || unmet "the host has no address but loopback"
  serve -p 20202:80 -p "127.0.0.1:20203:80"
  client peer 127.0.0.1 20202
  client peer "$ip" 20202
  client peer 127.0.0.1 20203
  run client peer "$ip" 20203
  ((status != 0)) || complain "the port to be closed on $ip"
}

@test "a range, and a random port" {
  serve -p 127.0.0.1:20204-20206:79-81 -p 127.0.0.1::80
  client peer 127.0.0.1 20205
  try port "$C" 80
  ok
  out_like '127\.0\.0\.1:[0-9]+'
  local at=${out##*$'\n'}
  [[ $out == *127.0.0.1:20205* ]] || complain "the one of the range too"
  client peer 127.0.0.1 "${at##*:}"
}

@test "-P publishes what is exposed, ranges too" {
  must run -d --name "$C" -P --expose 80 --expose 7000-7002 --expose 9000/udp "$TOOLS" /t/answer 80
  try port "$C"
  ok
  equal "lines" 5 "$(wc -l <"$T/.out")"
  out_has "80/tcp -> 0.0.0.0:"
  out_has "7001/tcp -> 0.0.0.0:"
  out_has "9000/udp -> 0.0.0.0:"
  local port
  port=$(ct port "$C" 80)
  until_ok 10 client peer 127.0.0.1 "${port#*:}"
}

@test "inspect: the ports, of a stopped one too" {
  must create --name "$C" -p 127.0.0.1:20207:80 -p 20208:53/udp --expose 99 "$IMG" true
  local wanted='{"53/udp":[{"HostIp":"0.0.0.0","HostPort":"20208"}],"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"20207"}],"99/tcp":null}'
  try inspect -f '{{json .NetworkSettings.Ports}}' "$C"
  ok
  equal "ports" "$wanted" "$(jq -cS . <<<"$out" | sed 's/"HostIp":""/"HostIp":"0.0.0.0"/')"
  must start "$C"
  must wait "$C"
  try inspect -f '{{json .NetworkSettings.Ports}}' "$C"
  equal "ports" "$wanted" "$(jq -cS . <<<"$out" | sed 's/"HostIp":""/"HostIp":"0.0.0.0"/')"
}

@test "a port that is taken: known before the container starts" {
  "${AS_USER[@]}" python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 20209)); time.sleep(60)' 3>&- 4>&- &
  local holder=$!
  until_ok 10 bash -c 'exec 9<>/dev/tcp/127.0.0.1/20209'
  try run --name "$C" -p 127.0.0.1:20209:80 "$IMG" echo started
  kill "$holder"
  exits 126
  out_is ""
  err_has "127.0.0.1:20209"
  err_has "address already in use"
}

@test "a port of another container" {
  serve -p 127.0.0.1:20210:80
  try run --rm -p 127.0.0.1:20210:80 "$IMG" true
  exits 126
  err_has "address already in use"
  client peer 127.0.0.1 20210
}

@test "two mappings in each other's way" {
  try create -p 20211:80 -p 20211:81 "$IMG" true
  exits 125
  err_has "conflicting port mappings for host port 20211 (protocol tcp)"
  try create -p 20211:80 -p 127.0.0.1:20211:81 "$IMG" true
  exits 125
  must create --name "$C" -p 20211:80 -p 20211:80 -p 20211:80/udp "$IMG" true
}

@test "a privileged port: the sysctl that allows it" {
  local start
  start=$(</proc/sys/net/ipv4/ip_unprivileged_port_start)
  ((start > 81)) || unmet "every port may be bound here"
  try run --rm -p 81:80 "$IMG" true
  exits 126
  err_has "privileged port 81"
  err_has "net.ipv4.ip_unprivileged_port_start=81"
  err_has "$start"
}

@test "what is no port" {
  local word
  for word in x 0:80 80:0 70000 1-2-3:4 80:81-82 1.2.3:80:80 127.0.0.1:: ::1:80:80 '[::1]80' 80/foo 80/ 5-3; do
    try create -p "$word" "$IMG" true
    exits 125
  done
}

@test "an address that the host has not" {
  try run --rm -p 203.0.113.77:20212:80 "$IMG" true
  exits 126
  err_has "203.0.113.77:20212"
}

@test "IPv6 addresses: pasta serves them, slirp4netns itself says no" {
  try run --rm -p '[::1]:20213:80' --network slirp4netns:port_handler=slirp4netns "$IMG" true
  exits 125
  err_has "IPv6 address [::1]"
  err_has "port_handler=slirp4netns"
  command -v pasta >/dev/null || unmet "pasta is not installed"
  serve --network pasta -p '[::]:20213:80'
  client peer ::1 20213
  try port "$C"
  out_is "80/tcp -> [::]:20213"
}

@test "no network of its own: the ports are dropped with a warning" {
  try run --rm --network host -p 20214:80 "$IMG" true
  ok
  err_has 'Port mappings have been discarded because "host" network namespace mode does not support them'
}

# CVE-2021-20199: what trusts 127.0.0.1 must not be open to the world.
@test "the container sees the address of a client elsewhere, whoever forwards" {
  plug
  local backend size
  for backend in slirp4netns slirp4netns:port_handler=slirp4netns pasta; do
    # Debian's pasta of 2023 may reset a long transfer both ways at once, also by itself.
    size=50000000
    [[ $backend != pasta ]] || size=200000
    command -v "${backend%%:*}" >/dev/null || unmet "$backend is not installed"
    must run -d --name "$C-${backend/:*=/-}" --network "$backend" -p 20215:80 -p 20216:20216/udp "$TOOLS" \
      sh -c '/t/answer 20216 & exec /t/answer 80'
    until_ok 10 world python3 "$HERE/fixtures/netclient.py" peer 198.51.100.1 20215
    equal "the client of $backend" 198.51.100.2 "$(world python3 "$HERE/fixtures/netclient.py" peer 198.51.100.1 20215)"
    equal "the sender to $backend" "198.51.100.2 hello" \
      "$(world python3 "$HERE/fixtures/netclient.py" udp 198.51.100.1 20216 hello)"
    equal "$size bytes from afar to $backend" same \
      "$(world python3 "$HERE/fixtures/netclient.py" echo 198.51.100.1 20215 "$size")"
    must rm -f -t 0 "$C-${backend/:*=/-}"
  done
}

@test "a port of 127.0.0.1 is closed to other hosts and to other containers" {
  plug
  serve -p 127.0.0.1:20217:80
  run world python3 "$HERE/fixtures/netclient.py" peer 198.51.100.1 20217
  ((status != 0)) || complain "no answer to another host"
  try run --rm "$IMG" sh -c 'for a in 127.0.0.1 10.0.2.2 198.51.100.1; do nc -w 2 $a 20217 </dev/null && echo reached $a; done; true'
  ok
  out_lacks reached
}
