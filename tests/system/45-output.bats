#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What scripts read: orders, columns, and the types behind --format, as podman has them.

load helpers

@test "ps: oldest first" {
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" "$IMG" true
  must create --name "$C-3" "$IMG" true
  try ps -a --format '{{.Names}}'
  out_is "$C-1"$'\n'"$C-2"$'\n'"$C-3"
  try ps -a -n 2 --format '{{.Names}}'
  out_is "$C-2"$'\n'"$C-3"
}

@test "ps --format json: podman's types" {
  must create --name "$C" -p 18211:80/udp --label k=v "$IMG" true
  try ps -a --format json
  ok
  equal ports '[{"host_ip":"","container_port":80,"host_port":18211,"range":1,"protocol":"udp"}]' \
    "$(jq -c '.[0].Ports' <<<"$out")"
  equal labels '{"k":"v"}' "$(jq -c '.[0].Labels' <<<"$out")"
  equal "never started" '[-62135596800,-62135596800]' "$(jq -c '[.[0].StartedAt,.[0].ExitedAt]' <<<"$out")"
  equal networks '[]' "$(jq -c '.[0].Networks' <<<"$out")"
  ct rm "$C"
  must create --name "$C" "$IMG" true
  try ps -a --format json
  equal "no ports, no labels" '[null,null]' "$(jq -c '[.[0].Ports,.[0].Labels]' <<<"$out")"
}

@test "ps --format json -s: the size is two numbers" {
  must create --name "$C" "$IMG" true
  try ps -as --format json
  equal size '["number","number"]' "$(jq -c '.[0].Size|[.rootFsSize,.rwSize]|map(type)' <<<"$out")"
}

@test "ps -q gives way to --format" {
  must create --name "$C" "$IMG" true
  try ps -aq --format '{{.Names}}'
  ok
  out_is "$C"
}

@test "ps --format: mounts, times and short image ids" {
  must create --name "$C" -v /etc:/x:ro "$IMG" true
  try ps -a --format '{{.Mounts}}|{{.Networks}}|{{.Created.Year}}'
  out_like '^\[/x\]\|\|20[0-9][0-9]$'
  try ps -a --format '{{.ImageID}}'
  out_like '^[0-9a-f]{12}$'
  try ps -a --no-trunc --format '{{.ImageID}}'
  out_like '^[0-9a-f]{64}$'
}

@test "ps --ns, -p" {
  must run -d --name "$C" "$IMG" sleep 100
  try ps --ns
  out_like '^CONTAINER ID +NAMES +PID +CGROUPNS +IPC +MNT +NET +PIDNS +USERNS +UTS'
  out_like "$C +[0-9]+( +[0-9]{10}){7}"
  try ps --ns --format '{{.MNT}} {{.Namespaces.MNT}}'
  out_like '^([0-9]{10}) [0-9]{10}$'
  try ps --pod
  out_like 'NAMES +POD ID +PODNAME'
}

@test "ps: options that exclude each other" {
  try ps -l -n 2
  exits 125
  err_is "Error: last and latest are mutually exclusive"
  try ps -q --size
  exits 125
  err_is "Error: quiet conflicts with size and namespace"
  try ps --ns --size
  exits 125
  err_is "Error: size and namespace options conflict"
  try ps --sort bogus
  exits 125
  err_has 'invalid argument "bogus" for "--sort" flag: "bogus" is not a valid value.'
}

@test "ps --watch prints again, and ends with its reader" {
  must run -d --name "$C" "$IMG" sleep 100
  equal "lines" 3 "$(ct ps -w 1 --noheading --format '{{.Names}}' | head -n 3 | grep -c "$C")"
}

@test "ps --filter: states, restart policies, and what nothing has" {
  must create --name "$C" --restart on-failure "$IMG" true
  must create --name "$C-no" "$IMG" true
  try ps -a --filter restart-policy=on-failure --format '{{.Names}}'
  out_is "$C"
  try ps -aq --filter health=healthy
  ok
  out_is ""
  try ps -aq --filter pod=nosuch
  ok
  out_is ""
  try ps -a --filter status=bogus
  exits 125
  err_is "Error: unknown container state: bogus: invalid argument"
}

@test "--cidfile that can't be written: nothing is made" {
  try run -d --name "$C" --cidfile /nosuch/cid "$IMG" sleep 100
  exits 125
  err_has "cidfile"
  err_has "/nosuch/cid"
  is_gone "$C"
}

@test "--cidfile: rm leaves the file of a later container" {
  must create --name "$C-1" --cidfile "$T/cid" "$IMG" true
  must create --name "$C-2" --cidfile "$T/cid" "$IMG" true
  local id=$out
  must rm "$C-1"
  equal "cidfile" "$id" "$(cat "$T/cid")"
  must rm "$C-2"
  [[ ! -e $T/cid ]]
}

@test "--log-level: podman's words and status" {
  try --log-level bogus ps
  exits 1
  err_like '^Log Level "bogus" is not supported, choose from: '
}

@test "inspect: -P, --umask and log sizes as they were asked for" {
  must create --name "$C" -P --expose 99 --umask 27 --log-opt max-size=10k "$IMG" true
  try inspect -f '{{.HostConfig.PublishAllPorts}} {{.Config.Umask}} {{.HostConfig.LogConfig.Size}}' "$C"
  out_is "true 0027 10kB"
  try inspect -f '{{.HostConfig.IpcMode}}' "$C"
  out_is shareable
}

@test "inspect: Config.Env is what the process has, once it was started" {
  home_of() { ct inspect -f '{{range .Config.Env}}{{println .}}{{end}}' "$1" | grep ^HOME=; }
  local n=0 options want
  while read -r want options; do
    # shellcheck disable=SC2086  # words
    must create --name "$C-$((++n))" $options "$IMG" sleep 45012
    must start "$C-$n"
    equal "HOME with '$options'" "HOME=$want" "$(home_of "$C-$n")"
    equal "the same in it" "HOME=$want" "$(ct exec "$C-$n" cat /proc/1/environ | tr "\0" "\n" | grep ^HOME=)"
  done <<'END'
/root
/given -e HOME=/given
/given -u 4321:1 -e HOME=/given
END
  must stop -t 0 "$C-1"
  equal "HOME when it has ended" HOME=/root "$(home_of "$C-1")"
  must create --name "$C" "$IMG" sleep 45012
  equal "HOME before the first start" "" "$(home_of "$C")"
}

@test "inspect: HOME of somebody unknown, and an empty one" {
  must run -d --name "$C-x" -u 1234 "$IMG" sleep 45013
  try inspect -f '{{json .Config.Env}}' "$C-x"
  out_has '"HOME=/"'
  must run -d --name "$C" -e HOME= "$IMG" sleep 45013
  try inspect -f '{{json .Config.Env}}' "$C"
  out_has '"HOME=/root"'
  out_lacks '"HOME="'
}

@test "info: the version of slirp4netns, as it says it" {
  try info -f '{{.Host.Slirp4NetNS.Version}}'
  ok
  out_is "$(slirp4netns --version)"
}

@test "info: containers by their state, and what is set" {
  oracle && skip "podman 4.3.1 names no rootless network command"
  must run -d --name "$C" --network none "$IMG" sleep 100
  must run -d --name "$C-2" --network none "$IMG" sleep 100
  must create --name "$C-3" "$IMG" true
  must pause "$C-2"
  must info -f '{{with .Store.ContainerStore}}{{.Number}} {{.Running}} {{.Paused}} {{.Stopped}}{{end}}'
  local counted=$out
  must unpause "$C-2"
  equal "all, running, paused, stopped" "3 1 1 1" "$counted"
  printf '[containers]\nlog_driver = "none"\n[network]\ndefault_rootless_network_cmd = "pasta"\n' >"$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  must info -f '{{.Host.LogDriver}} {{.Host.RootlessNetworkCmd}}'
  out_is "none pasta"
}

@test "-e of an empty word is nothing" {
  try run --rm -e '' "$IMG" true
  ok
}

@test "a namespace mode that does not exist" {
  local option
  for option in pid ipc uts userns cgroupns; do
    try run --rm "--$option=bogus" "$IMG" true
    exits 125
    err_is "Error: unrecognized namespace mode bogus passed"
  done
}

@test "rm and start: names beside --all and --latest; a cidfile that is not there" {
  try rm -a x
  exits 125
  err_is "Error: no arguments are needed with --all"
  try start --all x
  exits 125
  err_is "Error: either start all containers or the container(s) provided in the arguments"
  try rm --cidfile "$T/nosuch"
  exits 125
  err_has "reading CIDFile: open"
}

@test "images --sort bogus: podman's words" {
  try images --sort bogus
  exits 125
  # podman's list is in any order
  err_like '^Error: "bogus" is not a valid field for sorting. Choose from: [a-z, ]+$'
  equal "the fields" "created id repository size tag" "$(sed 's/.*from: //; s/, /\n/g' "$T/.err" | sort | paste -sd' ')"
}
