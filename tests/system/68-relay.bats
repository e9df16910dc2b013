#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The forwarder of published ports that is our own (slirp4netns networks without port_handler=slirp4netns).

load helpers
load fixtures/cable

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ((${#holders[@]} == 0)) || kill "${holders[@]}" 2>/dev/null
  holders=()
  unplug
}
holders=()
# python3 of the host's in a container.
HOST_PROGRAMS=(-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro)

NETCLIENT=$HERE/fixtures/netclient.py
client() { python3 "$NETCLIENT" "$@"; }
serve() {
  must run -d --name "$C" "$@" "$TOOLS" /t/answer 80
  until_ok 10 logs_say_listening
}
logs_say_listening() { [[ $(ct logs "$C" | tail -n 1) == listening ]]; }
# The process that forwards the ports of a container.
forwarder_of() { pgrep -P "$(monitor_of "$1")" -x ctool-ports; }
is_free() { "${AS_USER[@]}" python3 -c 'import socket, sys; socket.create_server(("127.0.0.1", int(sys.argv[1])))' "$1"; }

@test "TCP: a client elsewhere keeps its address, one of the host's own has the gateway's" {
  plug
  serve -p 20801:80
  equal "the client" 198.51.100.2 "$(world python3 "$NETCLIENT" peer 198.51.100.1 20801)"
  equal "the client of another address" 198.51.100.2 "$(world python3 "$NETCLIENT" peer 198.51.100.11 20801)"
  # CVE-2021-20199
  equal "one on the loopback" 10.0.2.2 "$(here python3 "$NETCLIENT" peer 127.0.0.1 20801)"
  equal "one on the host" 10.0.2.2 "$(here python3 "$NETCLIENT" peer 198.51.100.1 20801)"
  # The container has no IPv6.
  equal "one with IPv6" 10.0.2.2 "$(world python3 "$NETCLIENT" peer 2001:db8::1 20801)"
  equal "50 MB from afar" same "$(world python3 "$NETCLIENT" echo 198.51.100.1 20801 50000000)"
}

@test "enable_ipv6: clients with IPv6 keep their address too" {
  plug
  serve --network slirp4netns:enable_ipv6=true -p 20802:80 -p 20802:80/udp
  # Its own address comes from the router, a second or two after the start.
  sees() { [[ $(world python3 "$NETCLIENT" "$1" 2001:db8::1 20802 x) == 2001:db8::2* ]]; }
  until_ok 10 sees peer
  equal "one on the loopback" fd00::2 "$(here python3 "$NETCLIENT" peer ::1 20802)"
  equal "one on the host" fd00::2 "$(here python3 "$NETCLIENT" peer 2001:db8::1 20802)"
  equal "IPv4" 198.51.100.2 "$(world python3 "$NETCLIENT" peer 198.51.100.1 20802)"
  equal "a datagram" "2001:db8::2 hello" "$(world python3 "$NETCLIENT" udp 2001:db8::1 20802 hello)"
  equal "a datagram on the loopback" "fd00::2 hello" "$(here python3 "$NETCLIENT" udp ::1 20802 hello)"
}

@test "UDP: answers from the address that was asked, on the loopback too" {
  plug
  serve -p 20803:80/udp
  equal "elsewhere" "198.51.100.2 hello" "$(world python3 "$NETCLIENT" udp 198.51.100.1 20803 hello)"
  # The client's socket is connected: it takes answers of 198.51.100.11 alone.
  equal "the second address" "198.51.100.2 hello" "$(world python3 "$NETCLIENT" udp 198.51.100.11 20803 hello)"
  equal "the loopback" "10.0.2.2 hello" "$(here python3 "$NETCLIENT" udp 127.0.0.1 20803 hello)"
  equal "the host" "10.0.2.2 hello" "$(here python3 "$NETCLIENT" udp 198.51.100.1 20803 hello)"
  local long
  printf -v long '%060000d' 7
  equal "a large one" "10.0.2.2 $long" "$(here python3 "$NETCLIENT" udp 127.0.0.1 20803 "$long")"
  equal "a large one from afar" "198.51.100.2 $long" "$(world python3 "$NETCLIENT" udp 198.51.100.1 20803 "$long")"
}

@test "UDP: what the container sends from a published port of its own accord gets out" {
  plug
  world python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 20804)); 
while True:
    text, peer = s.recvfrom(100); print(text.decode(), flush=True); s.sendto(b"and back", peer)' >"$T/got" 3>&- 4>&- &
  holders+=($!)
  sends() {
    ct run --rm -p 20804:53/udp "${HOST_PROGRAMS[@]}" "$IMG" /usr/bin/python3 -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 53)); s.sendto(b"out", ("198.51.100.2", 20804))
s.settimeout(2); print(s.recv(100).decode())'
  }
  until_ok 10 sends
  equal "datagram" out "$(head -n 1 "$T/got")"
}

@test "a /proc/sys that can't be written: every TCP client is the gateway" {
  plug
  AS_USER=(unshare --mount sh -c 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"' - "${AS_USER[@]}")
  serve -p 20818:80 -p 20818:80/udp
  equal "the client" 10.0.2.2 "$(world python3 "$NETCLIENT" peer 198.51.100.1 20818)"
  equal "one on the loopback" 10.0.2.2 "$(here python3 "$NETCLIENT" peer 127.0.0.1 20818)"
  equal "a datagram" "198.51.100.2 hello" "$(world python3 "$NETCLIENT" udp 198.51.100.1 20818 hello)"
}

@test "many at once: 200 connections, and a burst of 100 without a retry of the kernel's" {
  serve -p 127.0.0.1:20805:80
  equal "100 MB" same "$(client echo 127.0.0.1 20805 100000000)"
  equal "connections" 200 "$(client many 127.0.0.1 20805 200)"
  cat >"$T/burst.py" <<'EOF'
import select, socket, sys, time
# Linux sends a SYN again after a second.
links, began = [], time.monotonic()
for _ in range(100):
    link = socket.socket(); link.setblocking(False); link.connect_ex(("127.0.0.1", 20805)); links.append(link)
left = {link.fileno() for link in links}
poll = select.poll()
for link in links: poll.register(link, select.POLLOUT)
while left and time.monotonic() - began < 10:
    for fd, _ in poll.poll(1000): left.discard(fd); poll.unregister(fd)
print("retried" if time.monotonic() - began > 0.9 else "at once", len(left))
EOF
  equal "burst" "at once 0" "$(python3 "$T/burst.py")"
}

sockets_of() { find "/proc/$(forwarder_of "$1")/fd" -lname 'socket:*' | wc -l; }

@test "an end of file passes on by itself, a reset resets" {
  serve -p 127.0.0.1:20806:80
  local before
  before=$(sockets_of "$C")
  cat >"$T/ends.py" <<'EOF'
import socket, struct, sys
link = socket.create_connection(("127.0.0.1", 20806)); link.settimeout(20)
link.sendall(b"e" + b"x" * 1000)
link.shutdown(socket.SHUT_WR)
got = b"".join(iter(lambda: link.recv(65536), b""))
print(len(got), end=" ")
# Nobody reads what it says: the other side waits, and is let go when the client is.
slow = socket.create_connection(("127.0.0.1", 20806)); slow.setblocking(False)
slow.send(b"e")
sent = 0
try:
    while sent < 1 << 30: sent += slow.send(b"y" * 65536)
except BlockingIOError: pass
print("waits" if sent < 1 << 27 else "took all", end=" ")
slow.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
slow.close()
again = socket.create_connection(("127.0.0.1", 20806)); again.settimeout(20)
again.sendall(b"p"); print(again.recv(100).decode().strip())
EOF
  equal "ends" "1000 waits 10.0.2.2" "$(python3 "$T/ends.py")"
  # (The one of serve may have been among those before.)
  no_connections() { (($(sockets_of "$C") <= before)); }
  until_ok 10 no_connections
}

@test "a server that has ended its side goes on reading" {
  must run -d --name "$C" -p 127.0.0.1:20817:80 "${HOST_PROGRAMS[@]}" "$IMG" /usr/bin/python3 -uc 'import socket
s = socket.create_server(("", 80)); print("listening")
link, _ = s.accept(); link.sendall(b"bye"); link.shutdown(socket.SHUT_WR)
print(len(b"".join(iter(lambda: link.recv(65536), b""))))'
  until_ok 10 logs_say_listening
  equal "what it said" bye "$(python3 -c 'import socket
s = socket.create_connection(("127.0.0.1", 20817)); s.settimeout(20)
print(b"".join(iter(lambda: s.recv(100), b"")).decode()); s.sendall(b"z" * 5000000); s.close()')"
  must wait "$C"
  equal "what it read" 5000000 "$(ct logs "$C" | tail -n 1)"
}

@test "nobody listens in the container: the client is told at once" {
  must run -d --name "$C" -p 127.0.0.1:20807:81 "$IMG" sleep 100
  run timeout 5 python3 -c 'import socket
s = socket.create_connection(("127.0.0.1", 20807)); s.settimeout(4); print("got", s.recv(1))'
  ((status != 0 && status != 124)) || complain "a reset, found $status $output"
  [[ $output == *reset* || $output == *refused* ]] || complain "a reset, found $output"
}

@test "IPv6 addresses of the host, and every address" {
  serve -p '[::1]:20808:80' -p 20809:80 -p '[::]:20810:80'
  equal "::1" 10.0.2.2 "$(client peer ::1 20808)"
  run client peer 127.0.0.1 20808
  ((status != 0)) || complain "only ::1 to be published"
  equal "IPv4" 10.0.2.2 "$(client peer 127.0.0.1 20809)"
  equal "IPv6" 10.0.2.2 "$(client peer ::1 20809)"
  equal "[::]" 10.0.2.2 "$(client peer ::1 20810)"
  run client peer 127.0.0.1 20810
  ((status != 0)) || complain "only IPv6 to be published"
  try port "$C" 80
  out_has "[::1]:20808"
}

@test "a port that is taken, of either family: known before the command runs" {
  local ip
  for ip in 127.0.0.1 ::1; do
    "${AS_USER[@]}" python3 -c 'import socket, sys, time
f = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.create_server((sys.argv[1], 20811), family=f); time.sleep(60)' "$ip" 3>&- 4>&- &
    holders+=($!)
    until_ok 10 python3 -c 'import socket, sys; socket.create_connection((sys.argv[1], 20811))' "$ip"
    try run --name "$C" -p 20811:80 "$IMG" echo started
    kill "${holders[0]}"
    wait "${holders[0]}" || true
    holders=()
    exits 126
    out_is ""
    err_has "0.0.0.0:20811/tcp: address already in use"
    must rm -f "$C"
  done
  is_free 20811
}

@test "a killed forwarder takes its ports with it and leaves the container; a restart brings it back" {
  serve -p 127.0.0.1:20812:80
  local pid
  pid=$(forwarder_of "$C")
  kill -9 "$pid"
  until_ok 5 is_free 20812
  has_status "$C" running
  run client peer 127.0.0.1 20812
  [[ $output == *refused* ]] || complain "refused, found $output"
  must restart -t 0 "$C"
  until_ok 10 client peer 127.0.0.1 20812
}

@test "container's end, monitor's end: nothing is left" {
  serve -p 127.0.0.1:20813:80
  local pid
  pid=$(forwarder_of "$C")
  must stop -t 0 "$C"
  is_free 20813
  lacks kill -0 "$pid"
  must start "$C"
  pid=$(forwarder_of "$C")
  kill -9 "$(monitor_of "$C")"
  until_ok 5 lacks kill -0 "$pid"
  until_ok 5 is_free 20813
}

@test "a restart policy brings the ports back" {
  must run -d --name "$C" --restart always -p 127.0.0.1:20814:80 "$TOOLS" /t/answer 80
  until_ok 10 client peer 127.0.0.1 20814
  kill -9 "$(ct inspect -f '{{.State.Pid}}' "$C")"
  restarted() { [[ $(ct inspect -f '{{.RestartCount}}' "$C") == 1 ]]; }
  until_ok 10 restarted
  until_ok 10 client peer 127.0.0.1 20814
}

@test "every user namespace, and a network of one's own" {
  local mode
  for mode in --userns=keep-id --userns=nomap --userns=auto --network=slirp4netns:cidr=10.99.0.0/24 --network=slirp4netns:port_handler=rootlesskit; do
    # Not everyone in there may have a port below 1024.
    must run -d --name "$C" "$mode" -p 127.0.0.1:20815:8080 -p 127.0.0.1:20815:8080/udp "$TOOLS" /t/answer 8080
    until_ok 10 logs_say_listening
    local gateway=10.0.2.2
    [[ $mode != *cidr* ]] || gateway=10.99.0.2
    equal "$mode" "$gateway" "$(client peer 127.0.0.1 20815)"
    equal "$mode, UDP" "$gateway hello" "$(client udp 127.0.0.1 20815 hello)"
    must rm -f -t 0 "$C"
  done
}

# Below the ports that the kernel gives to clients.
@test "1000 ports: all there, none of their descriptors in the container, and its limits are its own" {
  local limit
  limit=$(ct run --rm "$IMG" sh -c 'ulimit -n')
  must run -d --name "$C" -p 127.0.0.1:21000-21999:21000-21999 "$TOOLS" /t/answer 21999
  until_ok 10 client peer 127.0.0.1 21999
  try exec "$C" sh -c 'ulimit -n; ls /proc/1/fd | wc -l'
  ok
  [[ $out == "$limit"$'\n'[0-9] ]] || complain "a limit of $limit and few descriptors"
  equal "ports" 1000 "$(ct port "$C" | wc -l)"
}

@test "the forwarder's walls" {
  serve -p 127.0.0.1:20816:80
  local status
  status=$(cat "/proc/$(forwarder_of "$C")/status")
  [[ $status == *$'CapEff:\t0000000000002400'* ]] || complain "NET_RAW and NET_BIND_SERVICE alone: $(grep Cap <<<"$status")"
  [[ $status == *$'CapPrm:\t0000000000002400'* ]] || complain "no more to be had: $(grep Cap <<<"$status")"
  [[ $status == *$'NoNewPrivs:\t1'* ]] || complain "no_new_privs"
  equal "owner of its /proc" 0 "$(stat -c %u "/proc/$(forwarder_of "$C")/mem")"
}
