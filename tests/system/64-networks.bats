#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# User networks: names, addresses, walls between them, ports, connecting live, and what becomes of the namespaces that they
# are in.

load helpers
load fixtures/cable

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() {
  N=n$BATS_TEST_NUMBER
  SUB=10.$((100 + BATS_TEST_NUMBER))
}
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct network prune -f >/dev/null 2>&1 || true
}

# Everything of the networks' namespaces is gone.
shared_gone() {
  local folder=$FILE_DIR/run/ctool/network
  [[ ! -e $folder/status && ! -e $folder/alive && ! -e $folder/slirp.sock && ! -e $folder/leases ]] &&
    ! pgrep -u "$ACCOUNT" -f 'ctool-monitor network' && ! pgrep -u "$ACCOUNT" aardvark-dns && ! pgrep -u "$ACCOUNT" slirp4netns
}
# The other process of this name is the first in the namespaces.
keeper() { pgrep -o -u "$ACCOUNT" -f 'ctool-monitor network'; }
equal_keepers() { equal "ways out" 1 "$(pgrep -c -u "$ACCOUNT" slirp4netns)"; }
address_of() { ct inspect -f "{{.NetworkSettings.Networks.$2.IPAddress}}" "$1"; }
# serve NAME NETWORK [OPTION...]: a web server.
serve() {
  local name=$1 network=$2
  shift 2
  must run -d --name "$name" --network "$network" "$@" "$TOOLS" httpd -f -p 80 -h /var/www
}
# reach CONTAINER ADDRESS [PORT]: it gets the page. Servers need a moment.
reach() { until_ok 5 ct exec "$1" /t/fetch "$2" "${3:-80}"; }
blocked() { ! timeout 2 "${AS_USER[@]}" "$CTOOL" exec "$1" /t/fetch "$2" "${3:-80}" >/dev/null 2>&1 3>&- 4>&-; }

# --- commands

@test "create, ls, exists, rm" {
  must network create
  out_is podman1
  must network create "$N" --subnet "$SUB.0.0/24" --label a=b --label c
  out_is "$N"
  try network create "$N"
  exits 125
  err_is "Error: network name $N already used: network already exists"
  must network ls
  out_like '^NETWORK ID    NAME        DRIVER'
  out_like "2f259bab93aa  podman      bridge"
  must network ls -q
  out_is "$N"$'\npodman\npodman1'
  must network exists "$N"
  try network exists nosuch
  exits 1
  out_is ""
  must network rm "$N" podman1
  out_is "$N"$'\npodman1'
  try network rm nosuch
  exits 1
  err_is "Error: unable to find network with name or ID nosuch: network not found"
  must network rm -f nosuch
  try network rm podman
  exits 125
  err_is "Error: default network podman cannot be removed"
}

@test "create: --ignore, -n, --dns, --interface-name" {
  must network create "$N" --dns 192.0.2.1 --interface-name mybr
  must network create --ignore "$N"
  out_is "$N"
  must network ls -n --filter name="^$N\$"
  equal "lines" 1 "$(wc -l <"$T/.out")"
  try network inspect -f '{{.NetworkDNSServers}} {{.NetworkInterface}}' "$N"
  out_is "[192.0.2.1] mybr"
  must network update --dns-add 192.0.2.2 --dns-drop 192.0.2.1 "$N"
  try network inspect -f '{{.NetworkDNSServers}}' "$N"
  out_is "[192.0.2.2]"
  try network update --dns-drop 192.0.2.1 "$N"
  exits 125
}

@test "create: what does not fit together" {
  local line
  must network create "$N" --subnet "$SUB.0.0/24"
  while IFS='|' read -r line text; do
    # shellcheck disable=SC2086
    try network create $line
    exits 125
    out_is ""
    err_is "Error: $text"
  done <<END
bad/name|network name bad/name invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument
bridge|cannot create network with name "bridge" because it conflicts with a valid network mode
x --subnet $SUB.0.0/16|subnet $SUB.0.0/16 is already used on the host or by another config
x --subnet 10.78.0.0/33|invalid CIDR address: 10.78.0.0/33
x --gateway 10.78.0.1|cannot set gateway or range without subnet
x --ip-range 10.78.0.0/28|cannot set gateway or range without subnet
x --subnet 10.78.0.0/24 --gateway 10.79.0.1|gateway 10.79.0.1 not in subnet 10.78.0.0/24
x --subnet 10.78.0.0/24 --ip-range 10.79.0.0/28|lease range start ip 10.79.0.1 not in subnet 10.78.0.0/24
x --opt mtu=abc|strconv.Atoi: parsing "abc": invalid syntax
x --opt foo=1|unsupported bridge network option foo
x --opt isolate=zz|strconv.ParseBool: parsing "zz": invalid syntax
x -d nosuch|unsupported driver nosuch: invalid argument
x --ipam-driver nosuch|unsupported ipam driver "nosuch"
END
  try network exists x
  exits 1
}

@test "inspect: what podman shows" {
  must network create "$N" --subnet "$SUB.0.0/24" --ip-range "$SUB.0.16/28" --label a=b --opt mtu=1400 --internal
  must network inspect "$N"
  equal "the object" "$N bridge $SUB.0.0/24 $SUB.0.1 $SUB.0.17 $SUB.0.31 true true b 1400 host-local" "$(jq -r '.[0] |
    [.name, .driver, .subnets[0].subnet, .subnets[0].gateway, .subnets[0].lease_range.start_ip, .subnets[0].lease_range.end_ip,
     .internal, .dns_enabled, .labels.a, .options.mtu, .ipam_options.driver] | join(" ")' <"$T/.out")"
  must inspect "$N"
  equal "its name" "$N" "$(jq -r '.[0].name' <"$T/.out")"
  must inspect -t network -f '{{.Name}} {{range .Subnets}}{{.Subnet}} {{.Gateway}}{{end}}' "$N"
  out_is "$N $SUB.0.0/24 $SUB.0.1"
  try network inspect "$N" nosuch
  exits 125
  equal "one object" 1 "$(jq length <"$T/.out")"
  err_is "Error: inspecting object: network nosuch: unable to find network with name or ID nosuch: network not found"
  try network inspect 2f259bab93 -f '{{.Name}}'
  out_is podman
}

@test "inspect: the containers that run" {
  must network create "$N" --subnet "$SUB.0.0/24"
  must run -d --name "$C" --network "$N:ip=$SUB.0.9,mac=aa:bb:cc:dd:ee:01" "$IMG" sleep 100
  must create --name "$C-not" --network "$N" "$IMG" true
  must network inspect "$N"
  equal "containers" "$C eth0 $SUB.0.9/24 $SUB.0.1 aa:bb:cc:dd:ee:01" "$(jq -r '.[0].containers | to_entries[].value |
    .name + " " + (.interfaces | to_entries[] | .key + " " + .value.subnets[0].ipnet + " " + .value.subnets[0].gateway + " " +
    .value.mac_address)' <"$T/.out")"
}

@test "ls: filters and formats" {
  must network create "$N" --label a=b --label c
  must create --name "$C" --network "$N" "$IMG" true
  must network create "$N-free"
  local filter wanted
  while read -r filter wanted; do
    must network ls -q --filter "$filter"
    equal "$filter" "$wanted" "$(tr '\n' ' ' <"$T/.out" | sed 's/ $//')"
  done <<END
name=$N $N $N-free
name=free $N-free
id=2f259 podman
driver=bridge $N $N-free podman
label=a=b $N
label=c $N
label=nosuch
dangling=true $N-free
dangling=false $N podman
until=1h
END
  try network ls --filter nosuch=1
  exits 125
  err_is 'Error: invalid filter "nosuch"'
  try network ls --filter dangling=zz
  exits 125
  must network ls --filter name="^$N\$" --format '{{.Name}} {{.Driver}} {{.Labels}}'
  out_like "^$N bridge (a=b,c=|c=,a=b)\$"
  must network ls --format json
  equal "names" "$N $N-free podman" "$(jq -r '[.[].name] | join(" ")' <"$T/.out")"
  must network ls --no-trunc --filter name=podman
  out_has 2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9
}

@test "rm of one in use: 2; -f takes the containers along" {
  must network create "$N"
  must run -d --name "$C" --network "$N" "$IMG" sleep 100
  try network rm "$N"
  exits 2
  err_is "Error: \"$N\" has associated containers with it. Use -f to forcibly delete containers and pods: network is being used"
  must network rm -f -t 0 "$N"
  out_is "$N"
  is_gone "$C"
}

@test "prune: asks, and keeps what is used" {
  must network create "$N" --label keep
  must network create "$N-used"
  must network create "$N-free"
  must create --name "$C" --network "$N-used" "$IMG" true
  try network prune <<<n
  ok
  out_like 'WARNING! This will remove all networks not used by at least one container'
  must network prune -f --filter 'label!=keep'
  out_is "$N-free"
  must system prune -f
  must network ls -q
  out_is podman
}

# --- names, addresses, walls

@test "containers of a network find each other by name, alias and id" {
  must network create "$N"
  serve "$C-a" "$N" --network-alias web --network-alias www
  must run -d --name "$C-b" --network "$N" "$IMG" sleep 100
  local a b name
  a=$(address_of "$C-a" "$N") b=$(address_of "$C-b" "$N")
  for name in "$C-a" web www "$(ct inspect -f '{{.Id}}' "$C-a" | cut -c 1-12)"; do
    until_ok 5 ct exec "$C-b" nslookup "$name"
    try exec "$C-b" nslookup "$name"
    out_has "$a"
  done
  until_ok 5 ct exec "$C-a" nslookup "$C-b"
  try exec "$C-a" nslookup "$C-b"
  out_has "$b"
  serve "$C-c" "$N"
  reach "$C-c" "$a"
  try inspect -f "{{.NetworkSettings.Networks.$N.Aliases}}" "$C-a"
  out_like '^\[web www [0-9a-f]{12}\]$'
}

@test "another network does not know them, and does not reach them" {
  must network create "$N-1"
  must network create "$N-2"
  serve "$C-a" "$N-1"
  must run -d --name "$C-b" --network "$N-2" "$TOOLS" sleep 100
  serve "$C-c" "$N-1"
  local a
  a=$(ct inspect -f "{{(index .NetworkSettings.Networks \"$N-1\").IPAddress}}" "$C-a")
  reach "$C-c" "$a"
  blocked "$C-b" "$a"
  try exec "$C-b" nslookup "$C-a"
  [[ $rc != 0 ]] || complain "no such name"
}

@test "two networks: a container on both knows both sides" {
  must network create "$N-1" --subnet "$SUB.1.0/24"
  must network create "$N-2" --subnet "$SUB.2.0/24"
  serve "$C-1" "$N-1:ip=$SUB.1.10"
  serve "$C-2" "$N-2:ip=$SUB.2.10"
  must run -d --name "$C" --network "$N-1:ip=$SUB.1.20,alias=mid" --network "$N-2:mac=aa:bb:cc:dd:ee:02" "$TOOLS" sleep 100
  reach "$C" "$SUB.1.10"
  reach "$C" "$SUB.2.10"
  blocked "$C-1" "$SUB.2.10"
  try exec "$C" ip -o address show
  out_has "$SUB.1.20/24"
  out_has "$SUB.2."
  try exec "$C" ip -o link show eth1
  out_has aa:bb:cc:dd:ee:02
  until_ok 5 ct exec "$C-1" nslookup mid
  until_ok 5 ct exec "$C" nslookup "$C-2"
  try ps --format '{{.Networks}}' --filter name="^$C\$"
  out_is "$N-1,$N-2"
  try ps -q --filter network="$N-2" --no-trunc --format '{{.Names}}'
  equal "on the second" "$C $C-2" "$(sort "$T/.out" | tr '\n' ' ' | sed 's/ $//')"
}

@test "addresses: static, out of range, taken, ranges" {
  must network create "$N" --subnet "$SUB.0.0/24" --ip-range "$SUB.0.64/30"
  must run -d --name "$C-1" --network "$N" "$IMG" sleep 100
  must run -d --name "$C-2" --network "$N" --ip "$SUB.0.200" --mac-address aa:bb:cc:dd:ee:03 "$IMG" sleep 100
  equal "the first of the range" "$SUB.0.65" "$(address_of "$C-1" "$N")"
  equal "the static one" "$SUB.0.200" "$(address_of "$C-2" "$N")"
  try run --rm --network "$N" --ip "$SUB.0.200" "$IMG" true
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "requested ip address $SUB.0.200 is already allocated"
  try run --rm --network "$N" --ip 10.99.99.9 "$IMG" true
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "requested static ip 10.99.99.9 not in any subnet on network $N"
  must rm -f -t 0 "$C-2"
  must run --rm --network "$N" --ip "$SUB.0.200" "$IMG" true
  must run -d --network "$N" "$IMG" sleep 100
  must run -d --network "$N" "$IMG" sleep 100
  try run --rm --network "$N" "$IMG" true
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "no free address is left"
}

@test "wrong uses" {
  must network create "$N"
  try run --rm --network nosuch "$IMG" true
  exits 125
  err_has "unable to find network with name or ID nosuch: network not found"
  try run --rm --network host --network "$N" "$IMG" true
  exits 125
  err_has "cannot set multiple networks without bridge network mode, selected mode host"
  try run --rm --network "$N:foo=1" "$IMG" true
  exits 125
  err_has "invalid option for network $N: unknown bridge network option: foo"
  try run --rm --network none --ip 10.1.1.1 "$IMG" true
  exits 125
  try run --rm --network "$N" --network podman --ip 10.1.1.1 "$IMG" true
  exits 125
  err_has "--ip can only be set for a single network"
}

@test "--internal: no way out, but to each other" {
  must network create --internal "$N"
  serve "$C-a" "$N"
  serve "$C-b" "$N"
  reach "$C-b" "$(address_of "$C-a" "$N")"
  try exec "$C-b" ip route
  out_lacks default
  until_ok 5 ct exec "$C-b" nslookup "$C-a"
}

@test "--ipv6: addresses of both kinds" {
  must network create --ipv6 --subnet "fd00:$BATS_TEST_NUMBER::/64" "$N"
  must run -d --name "$C" --network "$N" "$IMG" sleep 100
  try exec "$C" ip -6 -o address show scope global
  out_has "fd00:$BATS_TEST_NUMBER::2/64"
  must run --rm --cap-add net_raw --network "$N" "$IMG" ping -c 1 -W 3 "fd00:$BATS_TEST_NUMBER::2"
  try inspect -f "{{.NetworkSettings.Networks.$N.GlobalIPv6Address}} {{.NetworkSettings.Networks.$N.IPv6Gateway}}" "$C"
  out_is "fd00:$BATS_TEST_NUMBER::2 fd00:$BATS_TEST_NUMBER::1"
}

@test "--disable-dns: no names, the way out stays" {
  must network create --disable-dns "$N"
  must run -d --name "$C" --network "$N" "$IMG" sleep 100
  must run --rm --network "$N" "$IMG" cat /etc/resolv.conf
  out_has "nameserver 10.0.2.3"
  out_lacks dns.podman
  try run --rm --network "$N" "$IMG" nslookup "$C"
  [[ $rc != 0 ]] || complain "no such name"
}

@test "names of the outside are asked for outside" {
  getent hosts deb.debian.org >/dev/null || skip "the host resolves no names"
  must network create "$N"
  must run --rm --network "$N" "$IMG" cat /etc/resolv.conf
  out_like '^search dns.podman'
  must run --rm --network "$N" "$IMG" nslookup deb.debian.org
  out_like 'Name:.*deb|Address'
}

# --- ports

@test "a published port of a user network, TCP and UDP" {
  must network create "$N"
  serve "$C" "$N" -p 127.0.0.1:28064:80
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28064/
  try port "$C"
  out_is "80/tcp -> 127.0.0.1:28064"
  must pull -q "$REGISTRY/debian:latest"
  must run -d --name "$C-udp" --network "$N" -p 127.0.0.1:28065:5000/udp "$REGISTRY/debian:latest" perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalPort => 5000, Proto => "udp"); $s->recv(my $got, 100); print "got $got from ", $s->peerhost, "\n"'
  sleep 0.5
  echo hello-udp >/dev/udp/127.0.0.1/28065
  got_it() { ct logs "$C-udp" | grep "got hello-udp"; }
  until_ok 5 got_it
  must rm -f -t 0 "$C"
  lacks curl -sf -m 2 http://127.0.0.1:28064/
  serve "$C" "$N" -p 127.0.0.1:28064:80
}

@test "a port published on 127.0.0.1 is not reached through a gateway" {
  must network create "$N-1"
  must network create "$N-2"
  serve "$C-a" "$N-1" -p 127.0.0.1:28066:80
  must run -d --name "$C-b" --network "$N-2" "$TOOLS" sleep 100
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28066/
  local gateway
  for gateway in $(ct network inspect -f '{{range .Subnets}}{{.Gateway}} {{end}}' "$N-1" "$N-2") 10.0.2.2 10.0.2.100; do
    blocked "$C-b" "$gateway" 28066
    blocked "$C-b" "$gateway" 80
  done
}

# --- others' networks

@test "container: shares network, hosts and host name" {
  must network create "$N"
  must run -d --name "$C" --network "$N" "$TOOLS" sleep 100
  must run -d --name "$C-side" --network "container:$C" "$TOOLS" httpd -f -p 80 -h /var/www
  reach "$C" 127.0.0.1
  try exec "$C-side" sh -c 'hostname; ip -4 -o address show eth0; cat /etc/hosts'
  local side=$out
  try exec "$C" sh -c 'hostname; ip -4 -o address show eth0; cat /etc/hosts'
  equal "what the other sees" "$out" "$side"
  equal "its mode" "container:$(ct inspect -f '{{.Id}}' "$C")" "$(ct inspect -f '{{.HostConfig.NetworkMode}}' "$C-side")"
  try run --rm --network "container:$C" -p 1234:80 "$IMG" true
  err_has "Port mappings have been discarded"
}

@test "ns:PATH inside unshare" {
  try unshare sh -c "unshare --net sleep 30 & sleep 0.5; '$CTOOL' run --rm --network ns:/proc/\$!/ns/net '$IMG' ip -o link; kill \$!"
  ok
  equal "links" 1 "$(wc -l <"$T/.out")"
  try run --rm --network ns:/proc/self/ns/net "$IMG" true
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "belongs to the host"
}

# --- live

@test "connect and disconnect while it runs" {
  must network create "$N-1" --subnet "$SUB.1.0/24"
  must network create "$N-2" --subnet "$SUB.2.0/24"
  serve "$C" "$N-1" -p 127.0.0.1:28067:80
  serve "$C-2" "$N-2"
  must network connect --alias late --ip "$SUB.2.77" "$N-2" "$C"
  try network connect "$N-2" "$C"
  exits 125
  err_like "container [0-9a-f]{64} is already connected to network \"$N-2\": network is already connected"
  reach "$C-2" "$SUB.2.77"
  until_ok 5 ct exec "$C-2" nslookup late
  until_ok 5 ct exec "$C" nslookup "$C-2"
  try exec "$C" cat /etc/hosts
  out_like "$SUB.2.77"$'\t'"[0-9a-f]{12} $C"
  try inspect -f "{{(index .NetworkSettings.Networks \"$N-2\").IPAddress}}" "$C"
  out_is "$SUB.2.77"
  must network disconnect "$N-1" "$C"
  try network disconnect "$N-1" "$C"
  exits 125
  err_is "Error: container $C is not connected to network $N-1"
  try exec "$C" sh -c 'ip -4 -o address show; cat /etc/hosts'
  out_has "$SUB.2.77"
  out_lacks "$SUB.1."
  # The published port leads to the other network now.
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28067/
  must network rm "$N-1"
  must restart -t 0 "$C"
  equal "after a restart" "$SUB.2.77" "$(ct inspect -f "{{(index .NetworkSettings.Networks \"$N-2\").IPAddress}}" "$C")"
  try events --stream=false --filter type=network --filter network="$N-2" --format '{{.Status}}'
  out_has connect
}

@test "connect and disconnect of one that does not run; wrong ones" {
  must network create "$N"
  must create --name "$C" --network podman "$IMG" sleep 100
  must network connect "$N" "$C"
  must network disconnect podman "$C"
  must start "$C"
  try exec "$C" ip -4 -o address show eth1
  ok
  must run -d --name "$C-s" "$IMG" sleep 100
  try network connect "$N" "$C-s"
  exits 125
  err_is 'Error: "slirp4netns" is not supported: invalid network mode'
  try network connect nosuch "$C"
  exits 125
  try network connect "$N" nosuch
  exits 125
  err_is 'Error: no container with name or ID "nosuch" found: no such container'
  must network disconnect -f "$N" nosuch
  must network reload "$C"
  try network reload
  exits 125
  err_is "Error: you must provide at least one name or id"
}

# --- what they live in

@test "the namespaces come with the first container and go with the last" {
  must network create "$N-1"
  must network create "$N-2"
  until_ok 10 shared_gone
  must run -d --name "$C-1" --network "$N-1" "$IMG" sleep 100
  must run -d --name "$C-2" --network "$N-2" "$IMG" sleep 100
  equal_keepers
  must rm -f -t 0 "$C-1"
  equal_keepers
  must run --rm --network "$N-1" "$IMG" true
  must rm -f -t 0 "$C-2"
  until_ok 10 shared_gone
}

@test "one after the other: each has new ones, and the names of the last are gone" {
  must network create "$N"
  local i
  for i in 1 2 3 4 5; do
    # aardvark-dns learns a name some milliseconds after the start.
    must run --rm --name "$C-$i" --network "$N" -p 127.0.0.1:28068:80 "$IMG" timeout 10 sh -c "until nslookup $C-$i; do sleep 0.05; done"
    try run --rm --network "$N" "$TOOLS" nslookup "$C-$i"
    exits 1
  done
  until_ok 10 shared_gone
}

@test "they go also when everything that could be killed is" {
  must network create "$N"
  local victim
  for victim in init monitor keeper slirp both; do
    must run -d --name "$C" --network "$N" -p 127.0.0.1:28068:80 "$IMG" sleep 100
    local init monitor
    init=$(ct inspect -f '{{.State.Pid}}' "$C") monitor=$(monitor_of "$C")
    case $victim in
      init) kill -9 "$init" ;;
      monitor) kill -9 "$monitor" ;;
      keeper) kill -9 "$(keeper)" ;;
      slirp) kill -9 "$(pgrep -u "$ACCOUNT" slirp4netns)" ;;
      both) kill -9 "$monitor" "$(keeper)" ;;
    esac
    # What is left is told by the next command, and taken away with the container.
    must rm -f -t 0 "$C"
    until_ok 10 shared_gone
  done
  must run --rm --network "$N" -p 127.0.0.1:28068:80 "$IMG" true
}

@test "the keeper is killed while containers run: new ones get a network all the same" {
  must network create "$N"
  must run -d --name "$C-old" --network "$N" "$IMG" sleep 100
  kill -9 "$(keeper)"
  until_ok 5 eval '! keeper'
  has_status "$C-old" running
  serve "$C-a" "$N"
  serve "$C-b" "$N"
  reach "$C-b" "$(address_of "$C-a" "$N")"
  must restart -t 0 "$C-old"
  until_ok 5 ct exec "$C-b" nslookup "$C-old"
}

@test "slirp4netns is killed while containers run: another one takes its place" {
  until_ok 10 shared_gone
  must network create "$N"
  serve "$C-a" "$N"
  local old
  old=$(pgrep -u "$ACCOUNT" slirp4netns)
  kill -9 "$old"
  another() { [[ $(pgrep -u "$ACCOUNT" slirp4netns) != @(|"$old"|*$'\n'*) ]]; }
  until_ok 10 another
  until_ok 10 ct run --rm --network "$N" -p 127.0.0.1:28068:80 "$IMG" true
  # By tap0, and by what makes a container a neighbour of it.
  serve "$C-b" "$N" -p 127.0.0.1:28068:80
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28068/
  reach "$C-b" "$(address_of "$C-a" "$N")"
  must rm -fa -t 0
  until_ok 10 shared_gone
}

@test "after a reboot nothing is in the way" {
  must network create "$N"
  must run -d --name "$C" --network "$N" -p 127.0.0.1:28069:80 "$IMG" sleep 100
  local address
  address=$(address_of "$C" "$N")
  kill -9 "$(monitor_of "$C")" "$(ct inspect -f '{{.State.Pid}}' "$C")" "$(keeper)"
  until_ok 5 eval '! keeper'
  find "$FILE_DIR/run/ctool" -mindepth 1 -delete
  has_status "$C" exited
  must start "$C"
  equal "its address" "$address" "$(address_of "$C" "$N")"
}

@test "the restart policy: the address stays, alone or not" {
  must network create "$N"
  must run -d --name "$C" --network "$N" --restart always -p 127.0.0.1:28070:80 "$TOOLS" sh -c 'httpd -p 80 -h /var/www; sleep 100'
  local address before
  address=$(address_of "$C" "$N") before=$(ct inspect -f '{{.State.Pid}}' "$C")
  kill -9 "$before"
  has_new_pid() { [[ $(ct inspect -f '{{.State.Pid}}' "$C") != @(0|"$before") ]]; }
  until_ok 10 has_new_pid
  equal "its address" "$address" "$(address_of "$C" "$N")"
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28070/
  must rm -f -t 0 "$C"
  until_ok 10 shared_gone
}

@test "ten at once on a new network" {
  must network create "$N"
  local i pids=()
  for i in {1..10}; do
    ct run -d --name "$C-$i" --network "$N" "$IMG" sleep 100 >"$T/out-$i" 2>"$T/err-$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || { cat "$T"/err-* >&2; false; }; done
  for i in {1..10}; do address_of "$C-$i" "$N"; done | sort -u >"$T/addresses"
  equal "addresses" 10 "$(grep -c . "$T/addresses")"
  equal_keepers
  for i in 2 10; do until_ok 5 ct exec "$C-1" nslookup "$C-$i"; done
}

@test "a start that fails keeps no address" {
  must network create "$N" --subnet "$SUB.0.0/24"
  try run --name "$C" --network "$N" --ip "$SUB.0.50" "$IMG" /nosuch
  exits 127
  try run --network "$N" --ip "$SUB.0.50" "$REGISTRY/nosuch" true
  exits 125
  must run --rm --network "$N" --ip "$SUB.0.50" "$IMG" true
  must rm -f "$C"
  until_ok 10 shared_gone
}

@test "init of a container, exec and the health check work below the shared namespaces" {
  must network create "$N"
  must run -d --name "$C" --network "$N" --health-cmd 'ip -o address show eth0' --health-interval 1s "$IMG" sleep 100
  until_ok 10 eval "[[ \$(ct inspect -f '{{.State.Health.Status}}' $C) == healthy ]]"
  must exec "$C" cat /proc/self/uid_map
  must top "$C"
  must cp "$C:/etc/hostname" "$T/hostname" || true
}

@test "containers of one network are not each other's root" {
  must network create "$N"
  must run -d --name "$C-1" --network "$N" "$IMG" sleep 100
  must run -d --name "$C-2" --network "$N" "$IMG" sleep 100
  local one two
  one=$(readlink "/proc/$(ct inspect -f '{{.State.Pid}}' "$C-1")/ns/user")
  two=$(readlink "/proc/$(ct inspect -f '{{.State.Pid}}' "$C-2")/ns/user")
  [[ $one != "$two" ]] || complain "user namespaces of their own"
  try run --rm --network "$N" --cap-add all "$IMG" ip link set eth0 down
  ok
}

@test "netavark is missing: one sentence, and nothing is left" {
  must network create "$N"
  local real=/usr/lib/podman empty=$T/empty
  mkdir "$empty"
  mount --bind "$empty" "$real"
  mounts_changed
  try run --rm --name "$C" --network "$N" "$IMG" true
  umount "$real"
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "bridge networks need netavark, which is not installed"
  err_has "install the packages netavark and aardvark-dns"
  is_gone "$C"
  until_ok 10 shared_gone
}

@test "iptables is missing: one sentence, and nothing is left" {
  must network create "$N"
  local program hidden=()
  touch "$T/none"
  for program in $(type -ap iptables nft | xargs -r realpath | sort -u); do
    mount --bind "$T/none" "$program"
    hidden+=("$program")
  done
  mounts_changed
  try run --rm --name "$C" --network "$N" "$IMG" true
  umount "${hidden[@]}"
  [[ $rc == 12[56] ]] || complain "125 or 126"
  err_has "install the package iptables"
  is_gone "$C"
  until_ok 10 shared_gone
}

@test "aardvark-dns is missing: a warning, and no names" {
  must network create "$N"
  local real=/usr/lib/podman/aardvark-dns
  touch "$T/none"
  chmod 0644 "$T/none"
  mount --bind "$T/none" "$real"
  mounts_changed
  try run --rm --name "$C" --network "$N" "$IMG" true
  umount "$real"
  ok
  err_has "aardvark-dns is not installed: containers do not find each other by name"
}

@test "addresses that the host has a route to are left alone" {
  plug
  here ip address add 10.89.0.1/16 dev eth7
  try network create "$N"
  local created=$rc
  try network inspect -f '{{range .Subnets}}{{.Subnet}}{{end}}' "$N"
  unplug
  equal "created" 0 "$created"
  out_is "10.90.0.0/24"
}
