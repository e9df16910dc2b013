#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# system df, prune, check, reset; and a store on a full disk.

load helpers

# Each test has a store of its own.
file_setup() { :; }
test_setup() {
  store=$(user_dir root)/s
  CT_OPTIONS=(--root "$store" --runroot "$(user_dir run)")
}
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct rmi -fa >/dev/null 2>&1 || true
  umount "$T/small" 2>/dev/null || true
}

@test "system df: what images, containers and volumes take" {
  try system df
  ok
  out_like '^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE'
  out_like 'Images +0 +0 +0B +0B \(0%\)'
  must pull -q "$IMG" "$REGISTRY/config:label"
  must run --name "$C" -v kept:/kept "$IMG" sh -c 'head -c 300000 /dev/urandom >/big; echo hi >/kept/f'
  must run -d --name "$C-runs" "$IMG" sleep 1000
  try system df
  out_like 'Images +2 +1 +[0-9.]+MB'
  out_like 'Containers +2 +1 +300kB +300kB \(100%\)'
  out_like 'Local Volumes +1 +1 +3B +0B \(0%\)'
  must rm "$C"
  try system df --format '{{.Type}}|{{.Total}}|{{.Active}}|{{.RawSize}}|{{.RawReclaimable}}|{{.Reclaimable}}'
  out_has 'Local Volumes|1|0|3|3|3B (100%)'
  try system df --format 'table {{.Type}}\t{{.Size}}'
  out_like '^TYPE +SIZE'
  try system df x
  exits 125
  err_has "takes no arguments"
}

@test "system df --format json, -v" {
  must pull -q "$IMG"
  must run --name "$C" -v kept:/kept "$IMG" sh -c 'echo hi >/kept/f'
  try system df --format json
  equal json "Images Containers Local Volumes" "$(jq -r '[.[].Type]|join(" ")' "$T/.out")"
  equal types "number number number string string number" \
    "$(jq -r '.[0]|[.Total,.Active,.RawSize,.Size,.Reclaimable,.TotalCount|type]|join(" ")' "$T/.out")"
  try system df -v
  ok
  out_has "Images space usage:"
  out_like 'REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS'
  out_has "Containers space usage:"
  out_like "CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES"
  out_like "sh -c echo hi >/kept/f +1 +0B +.* exited +$C"
  out_has "Local Volumes space usage:"
  out_like 'kept +1 +3B'
  try system df -v --format x
  exits 125
  err_has "cannot combine --format and --verbose flags"
}

@test "system df counts what images share once" {
  must pull -q "$IMG"
  try system df --format '{{.RawSize}}'
  local alone=${out%%$'\n'*}
  must run --name "$C" "$IMG" sh -c 'head -c 100000 /dev/urandom >/x'
  must commit -q "$C" child
  must rm "$C"
  must tag child again
  try system df --format '{{.RawSize}}'
  local both=${out%%$'\n'*}
  ((both - alone > 100000 && both - alone < 300000)) || complain "the child's own part on top of $alone, not $both"
  try system df -v
  # the base is all shared; the child has a unique part
  out_like 'busybox +latest +[0-9a-f]{12} .* [0-9.]+[kM]B +[0-9.]+MB +[0-9.]+[kM]?B +0'
  out_like 'child +latest +[0-9a-f]{12} .* [0-9.]+MB +[0-9.]+MB +[12][0-9.]+kB +0'
}

@test "system prune: asks, removes, and says what" {
  must pull -q "$IMG"
  must run --name "$C" "$IMG" sh -c 'head -c 5000 /dev/urandom >/x'
  must commit -q "$C" child
  local child=$out
  must untag child
  must run -d --name "$C-runs" -v used:/u "$IMG" sleep 1000
  must create --name "$C-v" -v unused:/v "$IMG"
  local stopped
  stopped=$(ct ps -aq --no-trunc --filter "name=^$C\$")
  try system prune </dev/null
  exits 125
  out_is "$(printf 'WARNING! This command removes:\n\t- all stopped containers\n\t- all networks not used by at least one container\n\t- all dangling images\n\t- all dangling build cache\n\nAre you sure you want to continue? [y/N] ')"
  err_has EOF
  try system prune <<<n
  out_lacks "Deleted"
  try system prune -f
  ok
  out_has $'Deleted Containers\n'
  out_has "$stopped"
  out_has $'Deleted Images\n'"$child"$'\n'
  out_like 'Total reclaimed space: [0-9.]+kB'
  out_lacks Volumes
  has_status "$C-runs" running
  try system prune -af --volumes
  ok
  out_has $'Deleted Volumes\nunused\n'
  out_lacks used$'\n'used
  try system prune -af --volumes
  out_is "Total reclaimed space: 0B"
  must image exists "$IMG"
}

@test "system prune: filters, and what it says of -a and --volumes" {
  must pull -q "$IMG"
  must create --name "$C" --label keep=me "$IMG"
  try system prune -f --filter foo=x
  exits 125
  err_has "foo is an invalid filter"
  try system prune -f --filter until=1h
  ok
  out_is "Total reclaimed space: 0B"
  try system prune -f --filter 'label!=keep'
  out_is "Total reclaimed space: 0B"
  try system prune -f --filter label=keep=me
  out_has "Deleted Containers"
  try system prune -a --volumes <<<n
  out_has $'\t- all volumes not used by at least one container\n'
  out_has $'\t- all images without at least one container associated with them\n\t- all build cache\n'
  try system prune -f x
  exits 125
}

# --- check

blob_of() { # the largest blob: a layer
  find "$store/blobs" -type f -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2
}
first_layer() { find "$store/layers" -mindepth 1 -maxdepth 1 ! -name 'fixup-*' -printf '%f\n' | head -n 1; }
damage() { # a byte in the middle, times kept
  local at stamp
  at=$(($(stat -c %s "$1") / 2))
  stamp=$(stat -c %y "$1")
  chmod u+w "$1"
  printf '\377\376\375\374' | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
  touch -d "$stamp" "$1"
}

@test "system check: nothing is wrong with images of every kind" {
  must pull -q "$IMG" "$REGISTRY/busybox:zstd" "$REGISTRY/debian:latest" "$REGISTRY/many:latest" "$TOOLS"
  must run --name "$C" "$IMG" sh -c 'rm -r /var/www; mkdir -p /var/www/new; ln /bin/busybox /hard; mknod /pipe p; touch "/odd	name"'
  must commit -q "$C" child
  must run -d --name "$C-runs" child sleep 1000
  try system check
  out_is ""
  ok
  try system check -q
  ok
  out_is ""
  try system check x
  exits 125
}

@test "system check: a damaged file of a layer is found, and mended from its blob" {
  must pull -q "$IMG"
  local layer file
  layer=$(first_layer)
  file=$store/layers/$layer/diff/etc/passwd
  cp -p "$file" "$T/passwd"
  damage "$file"
  try system check -q
  ok
  try system check
  exits 125
  out_has "Damaged layer sha256:$layer:"
  out_has "/etc/passwd: content differs"
  out_has "Damaged image "
  err_has "damage detected in local storage"
  try system check --repair
  ok
  out_has "Mended layer sha256:$layer"
  cmp "$file" "$T/passwd"
  try system check
  ok
  out_is ""
}

@test "system check: files that are missing, too many, or another's" {
  must pull -q "$IMG"
  local layer diff
  layer=$(first_layer)
  diff=$store/layers/$layer/diff
  rm "$diff/etc/group"
  echo more >"$diff/etc/more"
  chown "$ACCOUNT:" "$diff/etc/more"
  chmod 4711 "$diff/etc/passwd"
  try system check
  exits 125
  out_has "/etc/group: missing"
  out_has "/etc/more: not in the layer's archive"
  out_has "/etc/passwd: another mode"
  try system check -r
  ok
  [[ ! -e $diff/etc/more && -e $diff/etc/group ]] || complain "the layer as it was"
}

@test "system check: a layer that is gone, and a record of it" {
  must pull -q "$IMG"
  local layer
  layer=$(first_layer)
  rm -r "${store:?}/layers/$layer"
  try system check -q
  exits 125
  out_has "Damaged layer sha256:$layer:"
  out_has "missing"
  try system check -q -r
  ok
  try run --rm "$IMG" cat /etc/passwd
  ok
}

@test "system check: a damaged blob needs the registry, or the image goes" {
  must pull -q "$IMG"
  local blob id
  id=$(ct images -q --no-trunc | cut -d: -f2)
  blob=$(blob_of)
  damage "$blob"
  try system check
  exits 125
  out_has "Damaged blob sha256:${blob##*/}:"
  out_has "its content is that of sha256:"
  try system check -r
  exits 125
  out_has "Not mended: blob sha256:${blob##*/}: only a registry can have it"
  err_has "damage in local storage still present after repair attempt"
  try run --rm "$IMG" true
  ok
  try system check --from-registry
  ok
  out_has "Mended image $id"
  try system check
  ok
  try images --format '{{.Repository}}:{{.Tag}}'
  out_is "$IMG"
  damage "$(blob_of)"
  must create --name "$C" "$IMG"
  try system check -f
  ok
  out_has "Deleted damaged image: $id"
  is_gone "$C"
  try images -q
  out_is ""
}

@test "system check: a document that is damaged or gone" {
  must pull -q "$IMG"
  local id
  id=$(ct images -q --no-trunc | cut -d: -f2)
  damage "$store/blobs/sha256/$id"
  try system check
  exits 125
  out_has "Damaged blob sha256:$id:"
  try system check -r
  ok
  out_has "Mended blob sha256:$id"
  rm -f "$store/blobs/sha256/$id"
  try system check -q
  exits 125
  try system check -qr
  ok
}

@test "system check: a layer on which a container runs is not taken away" {
  must pull -q "$IMG"
  local layer
  layer=$(first_layer)
  must run -d --name "$C" "$IMG" sleep 1000
  damage "$store/layers/$layer/diff/etc/passwd"
  try system check -r
  exits 125
  out_has "Not mended: layer sha256:$layer: container $C runs on it: stop it first"
  has_status "$C" running
  must rm -f -t 0 "$C"
  try system check -r
  ok
}

@test "system check: other commands go on meanwhile" {
  must pull -q "$REGISTRY/debian:latest" "$IMG"
  begin "${CT_OPTIONS[@]}" system check
  local checking=$pid
  must run --rm "$IMG" true
  must pull -q "$REGISTRY/config:label"
  must rmi "$REGISTRY/config:label"
  must rmi "$IMG"
  wait "$checking"
  out=$(<"$T/.out")
}

# --- reset

@test "system reset: ends containers, and deletes all that is ctool's" {
  must pull -q "$IMG"
  must run -d --name "$C" --restart always -v kept:/kept "$IMG" sh -c 'chown 77 /kept; exec sleep 1000'
  try system reset </dev/null
  exits 125
  out_has "WARNING! This will remove:"
  out_has "        - all containers"
  out_has "        - the graphRoot directory: \"$store\""
  out_has "        - the runRoot directory: \"$T/run\""
  try system reset <<<n
  ok
  has_status "$C" running
  try system reset -f
  ok
  [[ ! -e $store ]] || complain "no store"
  try ps -aq
  ok
  out_is ""
  try images -q
  out_is ""
}

@test "system reset: a damaged store; what is not ctool's stays" {
  must pull -q "$IMG"
  must run -d --name "$C" "$IMG" sleep 1000
  echo "somebody's" >"$store/mine"
  mkdir "$store/folder"
  chown -R "$ACCOUNT:" "$store/mine" "$store/folder"
  head -c 20000 /dev/urandom >"$store/ctool.db"
  try ps
  exits 125
  try system reset -f
  ok
  out_has "not deleted, because ctool did not make it: $store/mine"
  out_has "$store/folder"
  equal left "folder mine" "$(find "$store" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | paste -sd' ')"
}

@test "system reset: a folder that is no store" {
  local other
  other=$(user_dir other)
  echo precious >"$other/file"
  chown "$ACCOUNT:" "$other/file"
  CT_OPTIONS=(--root "$other")
  try system reset -f
  exits 125
  err_has "is not a store of ctool"
  equal file precious "$(<"$other/file")"
}

# --- a full disk

# A store on a disk of 12 MB, with two images, a container that ran and ended, and not one byte free.
fill() {
  mkdir -p "$T/small"
  mount -t tmpfs -o "size=12m,mode=0755,uid=$(id -u "$ACCOUNT")" tmpfs "$T/small"
  mounts_changed
  CT_OPTIONS=(--root "$T/small/s" --runroot "$(user_dir run)")
  must pull -q "$IMG" "$REGISTRY/config:label"
  try run --name "$C" "$IMG" sh -c 'dd if=/dev/zero of=/big bs=64k; dd if=/dev/zero of=/rest bs=1; exit 7'
  head -c 20m /dev/zero >"$T/small/more" 2>/dev/null || true
}
no_space() { equal free 0 "$(df --output=avail "$T/small" | tail -n 1 | tr -d ' ')"; }

@test "a full disk: a container that filled it ends as it should, and is listed" {
  fill
  exits 7
  err_has "No space left on device"
  no_space
  try ps -a --format '{{.Names}} {{.Status}}'
  ok
  out_like "^$C Exited \(7\)"
  try images --format '{{.Repository}}'
  ok
  equal names 2 "$(wc -l <"$T/.out")"
}

@test "a full disk: removing works, one command after the other" {
  fill
  no_space
  try rmi "$REGISTRY/config:label"
  ok
  head -c 20m /dev/zero >>"$T/small/more" 2>/dev/null || true
  try rm "$C"
  ok
  head -c 20m /dev/zero >>"$T/small/more" 2>/dev/null || true
  try ps -a
  ok
  try rmi "$IMG"
  ok
  try images -q
  ok
  out_is ""
}

@test "a full disk: system prune, system df" {
  fill
  no_space
  try system df
  ok
  try system prune -af
  ok
  out_has "Deleted Containers"
  out_has "Deleted Images"
  try ps -aq
  out_is ""
}
