#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# manifest: lists of images, here and in a registry.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

file_setup() {
  start_registry "$FILE_DIR/reg" "$FILE_DIR/data" plain
  echo "$registry_address" >"$FILE_DIR/address"
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry_address" \
    >>"$FILE_DIR/home/.config/containers/registries.conf"
}
file_teardown() { stop_registry "$FILE_DIR/reg"; }
test_setup() {
  D=$(<"$FILE_DIR/address")/t$BATS_TEST_NUMBER
  L=list$BATS_TEST_NUMBER
  MULTI=$REGISTRY/multi:latest
  ct rmi -fa >/dev/null
}

remote_raw() { skopeo inspect --tls-verify=false --raw "docker://$1"; }
# The digests in a list.
digests() { ct manifest inspect "$1" | jq -r '.manifests[]?.digest'; }
count() { ct manifest inspect "$1" | jq '(.manifests // []) | length'; }
platforms() { jq -r '[.manifests[] | .platform.os + "/" + .platform.architecture] | sort | join(",")'; }

@test "manifest create, exists, inspect, rm" {
  try manifest create "$L"
  ok
  out_like '^[0-9a-f]{64}$'
  local id=$out
  try manifest exists "$L"
  ok
  try manifest exists "nosuch$L"
  exits 1
  out_is ""
  try manifest inspect "$L"
  ok
  equal "version" 2 "$(jq .schemaVersion "$T/.out")"
  equal "type" application/vnd.docker.distribution.manifest.list.v2+json "$(jq -r .mediaType "$T/.out")"
  equal "entries" 0 "$(count "$L")"
  try images --no-trunc --format '{{.ID}} {{.Repository}}:{{.Tag}}'
  out_has "$id localhost/$L:latest"
  try manifest rm "$L"
  ok
  out_is "Untagged: localhost/$L:latest
Deleted: $id"
  try manifest exists "$L"
  exits 1
  try manifest rm "$L"
  exits 1
  err_has "image not known"
}

@test "manifest create of a name that is taken" {
  must manifest create "$L"
  local id=$out
  try manifest create "$L"
  exits 125
  err_has "that name is already in use"
  try manifest create --amend "$L"
  ok
  out_is "$id"
  must pull -q "$IMG"
  try manifest create "$IMG"
  exits 125
}

@test "manifest add of an image of the store" {
  must pull -q "$IMG"
  must manifest create "$L"
  local id=$out
  try manifest add "$L" "$IMG"
  ok
  out_is "$id"
  try manifest inspect "$L"
  equal "digest" "$(ct inspect --type image -f '{{.Digest}}' "$IMG")" "$(jq -r '.manifests[0].digest' "$T/.out")"
  equal "platform" linux/amd64 "$(platforms <"$T/.out")"
  out_lacks "io.ctool"
  try manifest add "$L" "$IMG"
  ok
  equal "entries" 1 "$(count "$L")"
  try manifest add "$L" nosuchimage
  exits 125
  try manifest add nosuchlist "$IMG"
  exits 125
  err_has "image not known"
}

@test "manifest add of a registry's images, one and all" {
  must manifest create "$L"
  must manifest add "$L" "docker://$MULTI"
  equal "entries" 1 "$(count "$L")"
  must manifest add --all "$L" "docker://$MULTI"
  equal "entries" "$(remote_raw "$MULTI" | jq '.manifests | length')" "$(count "$L")"
  try images -q
  equal "images" 1 "$(wc -l <"$T/.out")"
}

@test "manifest create with images, --all" {
  try manifest create --all "$L" "docker://$MULTI"
  ok
  equal "entries" "$(remote_raw "$MULTI" | jq '.manifests | length')" "$(count "$L")"
  try manifest create "bad$L" "docker://$REGISTRY/nosuch:1"
  exits 125
  try manifest exists "bad$L"
  exits 1
}

@test "manifest add and annotate: platform and annotations" {
  must pull -q "$IMG"
  must manifest create "$L"
  must manifest add --arch arm64 --variant v8 --os linux --annotation a=b "$L" "$IMG"
  try manifest inspect "$L"
  equal "entry" '{"architecture":"arm64","os":"linux","variant":"v8"}' "$(jq -c '.manifests[0].platform' "$T/.out")"
  equal "annotation" b "$(jq -r '.manifests[0].annotations.a' "$T/.out")"
  local digest
  digest=$(digests "$L")
  try manifest annotate --arch s390x --os-version 1.2 --os-features x,y --annotation c=d "$L" "$digest"
  ok
  out_like '^[0-9a-f]{64}$'
  try manifest inspect "$L"
  equal "arch" s390x "$(jq -r '.manifests[0].platform.architecture' "$T/.out")"
  equal "version" 1.2 "$(jq -r '.manifests[0].platform["os.version"]' "$T/.out")"
  equal "features" '["x","y"]' "$(jq -c '.manifests[0].platform["os.features"]' "$T/.out")"
  equal "annotation" d "$(jq -r '.manifests[0].annotations.c' "$T/.out")"
  try manifest annotate --arch x "$L" "sha256:$(printf '%064d' 7)"
  exits 125
  try manifest annotate --annotation nothing "$L" "$digest"
  exits 125
}

@test "manifest annotate --index" {
  must manifest create --annotation made=here "$L"
  try manifest annotate --index --annotation x=y "$L"
  ok
  equal "annotations" '{"made":"here","x":"y"}' "$(ct manifest inspect "$L" | jq -Sc .annotations)"
}

@test "manifest remove" {
  must manifest create --all "$L" "docker://$MULTI"
  local id=$out first before
  before=$(count "$L")
  first=$(digests "$L" | head -n 1)
  try manifest remove "$L" "$first"
  ok
  out_is "$id"
  equal "entries" $((before - 1)) "$(count "$L")"
  try manifest remove "$L" "$first"
  exits 125
  err_has "no instance matching digest"
}

@test "manifest push: images of the store and of another registry, and what comes back is the same" {
  must pull -q "$IMG"
  must create --name "$C" "$IMG" true
  echo new >"$T/new"
  must cp "$T/new" "$C:/new"
  must commit -q "$C" "localhost/mine$L"
  must rm "$C"
  must manifest create --all "$L" "docker://$MULTI"
  must manifest add --arch s390x "$L" "localhost/mine$L"
  try manifest push --all "$L" "docker://$D/list:1"
  ok
  out_is ""
  err_has "Getting image list signatures"
  err_has "Writing manifest list to image destination"
  remote_raw "$D/list:1" >"$T/raw"
  equal "entries" $(($(remote_raw "$MULTI" | jq '.manifests | length') + 1)) "$(jq '.manifests | length' "$T/raw")"
  lacks grep -q io.ctool "$T/raw"
  # Every image in it is whole.
  skopeo copy -q --all --insecure-policy --src-tls-verify=false "docker://$D/list:1" "oci:$T/back:1"
  must pull -q --platform linux/s390x "$D/list:1"
  try manifest inspect "$D/list:1"
  ok
  equal "entries" "$(jq '.manifests | length' "$T/raw")" "$(jq '.manifests | length' "$T/.out")"
}

@test "manifest push --rm, --digestfile, -q, --format" {
  install -d -o "$ACCOUNT" "$T/d"
  must pull -q "$IMG"
  must manifest create "$L" "$IMG"
  try manifest push -q --format v2s2 "$L" "docker://$D/docker:1"
  ok
  err_is ""
  equal "type" application/vnd.docker.distribution.manifest.list.v2+json "$(remote_raw "$D/docker:1" | jq -r .mediaType)"
  try manifest push -q --all --rm --digestfile "$T/d/digest" "$L" "$D/list:1"
  ok
  equal "digest" "sha256:$(remote_raw "$D/list:1" | sha256sum | cut -d' ' -f1)" "$(<"$T/d/digest")"
  try manifest exists "$L"
  exits 1
}

@test "manifest push: what is in the same registry is mounted" {
  skopeo copy -q --all --insecure-policy --src-tls-verify=false --dest-tls-verify=false "docker://$MULTI" \
    "docker://$D/from:1"
  must manifest create --all "$L" "docker://$D/from:1"
  try manifest push --all "$L" "$D/to:1"
  ok
  lacks grep -q 'Copying blob.* done$' "$T/.err"
  err_has "mounted from another repository"
}

@test "push of a list; manifest push of an image" {
  must pull -q "$IMG"
  must manifest create "$L" "$IMG"
  try push --all "$L" "$D/list:1"
  ok
  equal "type" index "$(remote_raw "$D/list:1" | jq -r 'if .manifests then "index" else "image" end')"
  try manifest push "$IMG" "$D/x:1"
  exits 125
  err_has "not a manifest list"
}

@test "manifest push to nowhere leaves the list" {
  must manifest create "$L"
  try manifest push --rm --retry 0 "$L" 127.0.0.1:1/x:1
  exits 125
  must manifest exists "$L"
}

@test "run and pull of a list take the image for the platform" {
  must pull -q "$IMG"
  must manifest create "$L" "$IMG"
  try run --rm "$L" echo hi
  ok
  out_is hi
  must manifest create --all "far$L" "docker://$MULTI"
  try run --rm --pull missing "far$L" true
  ok
  try pull -q "$L"
  ok
  equal "id" "$(ct inspect --type image -f '{{.Id}}' "$IMG" | sed 's/^sha256://')" "$out"
  must manifest create "none$L"
  try run --rm "none$L" true
  exits 125
  err_has "no image for platform"
}

@test "a list is an image name: tag, rmi" {
  must manifest create "$L"
  must tag "$L" "localhost/other$L:2"
  try manifest exists "localhost/other$L:2"
  ok
  must rmi "localhost/other$L:2"
  must rmi "$L"
  try manifest exists "$L"
  exits 1
}

@test "ten adds to one list at once are all kept" {
  local i pids=()
  must manifest create "$L"
  for i in {1..10}; do
    ct import -q - "localhost/i$i$L" < <(
      mkdir -p "$T/i$i" && echo "$i" >"$T/i$i/f" && tar -C "$T/i$i" -c .
    ) >/dev/null
  done
  for i in {1..10}; do
    ct manifest add --arch "a$i" "$L" "localhost/i$i$L" >/dev/null &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  equal "entries" 10 "$(count "$L")"
}

@test "an image of a list stays when the list goes, and the other way round" {
  must pull -q "$IMG"
  must manifest create "$L" "$IMG"
  must manifest rm "$L"
  must run --rm "$IMG" true
  must manifest create "$L" "$IMG"
  must rmi "$IMG"
  try manifest push "$L" "$D/x:1"
  exits 125
  err_has "image not known"
  try run --rm "$L" true
  exits 125
}

@test "manifest push to a folder" {
  install -d -o "$ACCOUNT" "$T/d"
  must manifest create --all "$L" "docker://$MULTI"
  try manifest push --all "$L" "oci:$T/d/o:1"
  ok
  skopeo copy -q --all --insecure-policy "oci:$T/d/o:1" "dir:$T/back"
}
