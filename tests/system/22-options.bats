#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Options of run and create that are rare, and those of podman's that can't be had.

load helpers

@test "an option of podman's that can't be had: why, and nothing is made" {
  oracle && skip "podman has them"
  local option
  for option in --pod=p --health-startup-cmd=true; do
    try run --name "$C" "$option" "$IMG" true
    exits 125
    err_has "Error: ${option%%=*} is not supported"
    is_gone "$C"
  done
  try run --ip 1.2.3.4 "$IMG" true
  exits 125
  err_has "static ip/mac address can only be used with Bridge mode networking"
  try create --device-cgroup-rule 'c 1:3 mr' "$IMG" true
  exits 125
  err_has "device cgroup rules are not supported in rootless mode or in a user namespace"
  try run --nosuch=x "$IMG" true
  err_has "unknown flag: --nosuch"
}

@test "limits that are not applied: one warning, and it runs" {
  oracle && skip "podman says nothing"
  try run --rm -c 512 --cpuset-cpus 0 --memory-reservation 10m "$IMG" echo ran
  ok
  out_is ran
  err_has "--cpu-shares"
  err_has "--cpuset-cpus"
  equal lines 1 "$(wc -l <"$T/.err")"
}

@test "--cpus and --cpu-period exclude each other" {
  try run --rm --cpus 1 --cpu-period 1000 "$IMG" true
  exits 125
  err_has "--cpu-period and --cpus cannot be set together"
}

@test "--tz" {
  try run --rm --tz Asia/Tokyo "$IMG" md5sum /etc/localtime
  ok
  equal zone "$(md5sum </usr/share/zoneinfo/Asia/Tokyo | cut -c1-32)" "${out%% *}"
  must create --name "$C" --tz Asia/Tokyo "$IMG" true
  try inspect -f '{{.Config.Timezone}} {{.Mounts}}' "$C"
  out_is "Asia/Tokyo []"
  local zone
  for zone in Nowhere/Land ../../../etc/shadow /etc/passwd Asia; do
    try run --rm --tz "$zone" "$IMG" true
    exits 125
  done
  must run --rm --tz local "$IMG" true
}

@test "--passwd=false adds no line" {
  try run --rm -u 1234 "$IMG" tail -n 1 /etc/passwd
  out_has 1234
  try run --rm --passwd=false -u 1234 "$IMG" tail -n 1 /etc/passwd
  ok
  out_lacks 1234
}

@test "--no-hostname leaves the image's file" {
  oracle && skip "newer podman has it"
  try run --rm --no-hostname -h named "$IMG" sh -c 'cat /etc/hostname; hostname'
  out_lacks $'named\nnamed'
  out_has named
}

@test "--rmi: container and image are gone, whatever it returned" {
  must pull -q "$REGISTRY/busybox:also"
  try run --rmi "$REGISTRY/busybox:also" sh -c 'exit 3'
  exits 3
  try image exists "$REGISTRY/busybox:also"
  exits 1
  try image exists "$IMG"
  ok
  try ps -aq
  out_is ""
}

@test "--rmi -d: when it has ended" {
  must pull -q "$REGISTRY/busybox:also"
  must run -d --rmi "$REGISTRY/busybox:also" sleep 0.2
  image_gone() { ! ct image exists "$REGISTRY/busybox:also"; }
  until_ok 20 image_gone
}

@test "--rmi with --rm=false, and of an image that is used" {
  try run --rmi --rm=false "$IMG" true
  exits 125
  err_is "Error: the --rmi option does not work without --rm"
  must pull -q "$REGISTRY/tools:latest"
  must create --name "$C" "$TOOLS" true
  try run --rmi "$TOOLS" sh -c 'exit 4'
  exits 4
  try image exists "$TOOLS"
  ok
}

@test "--systemd, --sdnotify and --no-healthcheck are known" {
  must run --rm --systemd=false --sdnotify=conmon --no-healthcheck "$IMG" true
  must run --rm --systemd=true "$IMG" true
}

@test "create takes -a" {
  must create -a stdout --name "$C" "$IMG" true
}
