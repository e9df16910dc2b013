#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# push: to a real registry, plain and with TLS and a password.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

file_setup() {
  start_registry "$FILE_DIR/reg" "$FILE_DIR/data" plain
  echo "$registry_address" >"$FILE_DIR/address"
  start_registry "$FILE_DIR/sreg" "$FILE_DIR/sdata" secure
  echo "$registry_address" >"$FILE_DIR/secure-address"
  local home=$FILE_DIR/home
  printf '[[registry]]\nlocation = "%s"\ninsecure = %s\n' "$(<"$FILE_DIR/address")" true "$registry_address" false \
    >>"$home/.config/containers/registries.conf"
  mkdir -p "$home/.config/containers/certs.d/$registry_address"
  cp "$FILE_DIR/sreg/certs/ca.crt" "$home/.config/containers/certs.d/$registry_address/"
  chown -R "$ACCOUNT:" "$home"
}
file_teardown() {
  stop_registry "$FILE_DIR/reg"
  stop_registry "$FILE_DIR/sreg"
}
test_setup() {
  R=$(<"$FILE_DIR/address")
  S=$(<"$FILE_DIR/secure-address")
  D=$R/t$BATS_TEST_NUMBER # a repository of this test's own
  ct rmi -fa >/dev/null
  ct pull -q "$IMG" >/dev/null
}

# A registry of a test that failed.
test_teardown() { [[ ! -e $T/server ]] || kill "$(<"$T/server")" 2>/dev/null || true; }

# What a registry has.
remote_digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }
remote_raw() { skopeo inspect --tls-verify=false --raw "docker://$1"; }
local_digest() { ct inspect --type image -f '{{.Digest}}' "$1"; }
id_of() { ct inspect --type image -f '{{.Id}}' "$1" | sed 's/^sha256://'; }

# An image whose upper layer is new, and not compressed in the store.
make_image() {
  must create --name "$C" "$IMG" true
  printf '%s' "$1 $BATS_TEST_NUMBER $RANDOM" >"$T/new"
  must cp "$T/new" "$C:/new"
  must commit -q "$C" "$1"
  must rm "$C"
}

@test "push: nothing on stdout, podman's lines on stderr, the same digest" {
  try push "$IMG" "$D/a:1"
  ok
  out_is ""
  err_has "Getting image source signatures"
  err_like "Copying blob sha256:[0-9a-f]{64}"
  err_has "Copying config sha256:"
  err_has "Writing manifest to image destination"
  equal "digest" "$(local_digest "$IMG")" "$(remote_digest "$D/a:1")"
  try push "$IMG" "docker://$D/a:2"
  ok
  err_like "Copying blob sha256:[0-9a-f]{64} *skipped: already exists"
  equal "digest" "$(local_digest "$IMG")" "$(remote_digest "$D/a:2")"
}

@test "push -q is silent" {
  try push -q "$IMG" "$D/a:1"
  ok
  out_is ""
  err_is ""
}

@test "push without a destination goes where the name says" {
  make_image "$D/own:7"
  try push "$D/own:7"
  ok
  must rmi "$D/own:7"
  must pull -q "$D/own:7"
  must rmi "$D/own:7"
}

@test "push --digestfile" {
  install -d -o "$ACCOUNT" "$T/d"
  try push -q --digestfile "$T/d/digest" "$IMG" "$D/a:1"
  ok
  equal "digest" "$(remote_digest "$D/a:1")" "$(<"$T/d/digest")"
}

@test "push of a committed image: compressed on the way, and what comes back is the same image" {
  make_image "localhost/mine$BATS_TEST_NUMBER"
  local id
  id=$(id_of "localhost/mine$BATS_TEST_NUMBER")
  try push "localhost/mine$BATS_TEST_NUMBER" "$D/mine:1"
  ok
  remote_raw "$D/mine:1" >"$T/raw"
  equal "media types" 0 "$(jq '[.layers[].mediaType | select(endswith("gzip") | not)] | length' "$T/raw")"
  must rmi "localhost/mine$BATS_TEST_NUMBER"
  must pull -q "$D/mine:1"
  equal "id" "$id" "$(id_of "$D/mine:1")"
  try run --rm "$D/mine:1" cat /new
  out_has "localhost/mine"
  must rmi "$D/mine:1"
}

@test "push: an image that was pushed before is only looked for" {
  make_image "localhost/mine$BATS_TEST_NUMBER"
  must push "localhost/mine$BATS_TEST_NUMBER" "$D/mine:1"
  local digest
  digest=$(remote_digest "$D/mine:1")
  try push "localhost/mine$BATS_TEST_NUMBER" "$D/mine:2"
  ok
  equal "blobs that were sent" 0 "$(grep -cE '^Copying (blob|config).* done$' "$T/.err")"
  equal "digest" "$digest" "$(remote_digest "$D/mine:2")"
}

@test "push: blobs of another repository of the registry are mounted" {
  must push -q "$IMG" "$D/one:1"
  must rmi "$IMG"
  must pull -q "$D/one:1"
  try push "$D/one:1" "$D/two:1"
  ok
  err_like "Copying blob sha256:[0-9a-f]{64} *skipped: mounted from another repository"
  equal "digest" "$(remote_digest "$D/one:1")" "$(remote_digest "$D/two:1")"
}

@test "push --format" {
  must push -q --format v2s2 "$IMG" "$D/a:docker"
  equal "type" application/vnd.docker.distribution.manifest.v2+json "$(remote_raw "$D/a:docker" | jq -r .mediaType)"
  must push -q --format oci "$IMG" "$D/a:oci"
  equal "type" application/vnd.oci.image.manifest.v1+json "$(remote_raw "$D/a:oci" | jq -r .mediaType)"
  must pull -q "$D/a:docker" "$D/a:oci"
  try run --rm "$D/a:docker" echo hi
  out_is hi
  must rmi "$D/a:docker" "$D/a:oci"
  try push --format v2s9 "$IMG" "$D/a:1"
  exits 125
  err_has "unknown format"
}

@test "push --compression-format, --compression-level" {
  must push -q --compression-format zstd "$IMG" "$D/a:zstd"
  equal "type" application/vnd.oci.image.layer.v1.tar+zstd "$(remote_raw "$D/a:zstd" | jq -r '.layers[0].mediaType')"
  must pull -q "$D/a:zstd"
  try run --rm "$D/a:zstd" echo hi
  out_is hi
  must rmi "$D/a:zstd"
  must pull -q "$REGISTRY/busybox:zstd"
  must push -q --compression-format gzip "$REGISTRY/busybox:zstd" "$D/a:gzip"
  remote_raw "$D/a:gzip" | grep -q 'tar+gzip"\|tar.gzip"'
  must pull -q "$D/a:gzip"
  must rmi "$D/a:gzip"
  make_image "localhost/mine$BATS_TEST_NUMBER"
  must push -q --compression-level 1 "localhost/mine$BATS_TEST_NUMBER" "$D/l:1"
  must push -q --compression-level 9 "localhost/mine$BATS_TEST_NUMBER" "$D/l:9"
  must pull -q "$D/l:1" "$D/l:9"
  equal "the same image" "$(id_of "$D/l:1")" "$(id_of "$D/l:9")"
  try push --compression-format lzma "$IMG" "$D/a:1"
  exits 125
  try push --compression-format gzip --compression-level 17 "$IMG" "$D/a:1"
  exits 125
}

@test "push: zstd for a docker manifest" {
  must pull -q "$REGISTRY/busybox:zstd"
  try push -q --format v2s2 "$REGISTRY/busybox:zstd" "$D/a:1"
  ok
  equal "type" application/vnd.docker.image.rootfs.diff.tar.gzip "$(remote_raw "$D/a:1" | jq -r '.layers[0].mediaType')"
  try push --format v2s2 --compression-format zstd "$IMG" "$D/a:2"
  exits 125
}

@test "push with TLS and a password" {
  try push -q "$IMG" "$S/a:1"
  exits 125
  err_like '[Uu]nauthorized|authentication required|no basic auth credentials'
  try push -q --creds reader:wrong "$IMG" "$S/a:1"
  exits 125
  err_like '[Uu]nauthorized|authentication required'
  try push -q --creds reader:let-me-in "$IMG" "$S/a:1"
  ok
  printf '{"auths":{"%s":{"auth":"%s"}}}' "$S" "$(printf reader:let-me-in | base64)" >"$T/auth.json"
  try push -q --authfile "$T/auth.json" "$IMG" "$S/a:2"
  ok
  equal "digest" "$(local_digest "$IMG")" \
    "$(skopeo inspect --creds reader:let-me-in --tls-verify=false --format '{{.Digest}}' "docker://$S/a:2")"
}

@test "push: the certificate is checked" {
  rm "$FILE_DIR/home/.config/containers/certs.d/$S/ca.crt"
  try push -q --creds reader:let-me-in "$IMG" "$S/a:3"
  exits 125
  err_like 'certificate|x509'
  mkdir -p "$T/certs"
  cp "$FILE_DIR/sreg/certs/ca.crt" "$T/certs"
  try push -q --cert-dir "$T/certs" --creds reader:let-me-in "$IMG" "$S/a:3"
  cp "$FILE_DIR/sreg/certs/ca.crt" "$FILE_DIR/home/.config/containers/certs.d/$S/"
  ok
  try push -q --tls-verify=false --creds reader:let-me-in "$IMG" "$S/a:4"
  ok
}

@test "push of what is not there" {
  try push nosuchimage "$D/a:1"
  exits 125
  err_has "image not known"
}

@test "push to a registry that is not there" {
  try push --retry 0 "$IMG" 127.0.0.1:1/a:1
  exits 125
  err_like 'Connection refused|connection refused'
}

@test "push to a registry that takes nothing" {
  try push --retry 0 "$IMG" "$REGISTRY/new:1"
  exits 125
  err_like '405|unsupported'
}

@test "push: invalid destinations" {
  try push "$IMG" "$R/UPPER:1"
  exits 125
  try push "$IMG" "docker://"
  exits 125
  try push "$IMG" "nosuch:transport:x"
  exits 125
  try push
  exits 125
}

@test "push by id" {
  try push -q "$(id_of "$IMG")" "$D/a:1"
  ok
  equal "digest" "$(local_digest "$IMG")" "$(remote_digest "$D/a:1")"
}

@test "push of many layers" {
  must pull -q "$REGISTRY/many:latest"
  try push -q "$REGISTRY/many:latest" "$D/many:1"
  ok
  equal "digest" "$(local_digest "$REGISTRY/many:latest")" "$(remote_digest "$D/many:1")"
}

@test "push: podman pulls it back" {
  make_image "localhost/mine$BATS_TEST_NUMBER"
  must push -q "localhost/mine$BATS_TEST_NUMBER" "$D/mine:1"
  skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$D/mine:1" "oci:$T/back:1"
  equal "config" "sha256:$(id_of "localhost/mine$BATS_TEST_NUMBER")" \
    "$(jq -r .config.digest "$T/back/blobs/sha256/$(jq -r '.manifests[0].digest' "$T/back/index.json" | cut -d: -f2)")"
}

@test "push: a damaged blob is not pushed under its name" {
  oracle && skip "its store is another one"
  make_image "localhost/mine$BATS_TEST_NUMBER"
  local blob path
  blob=$(ct inspect --type image -f '{{index .RootFS.Layers 1}}' "localhost/mine$BATS_TEST_NUMBER")
  path=$FILE_DIR/home/.local/share/ctool/blobs/sha256/${blob#sha256:}
  chmod u+w "$path"
  printf X | dd of="$path" bs=1 seek=600 conv=notrunc status=none
  try push -q "localhost/mine$BATS_TEST_NUMBER" "$D/mine:1"
  exits 125
  err_has "is damaged"
  lacks remote_digest "$D/mine:1" 2>/dev/null
}

@test "push: an event is told" {
  must push -q "$IMG" "$D/a:1"
  try events --stream=false --filter event=push
  out_has "image push"
}

@test "a signal ends a push" {
  python3 "$HERE/faultreg.py" --root "$T" >"$T/ports" 3>&- 4>&- &
  local server=$!
  echo "$server" >"$T/server"
  until_ok 10 test -s "$T/ports"
  begin push --tls-verify=false "$IMG" "127.0.0.1:$(head -n 1 "$T/ports")/upload-stall/x:1"
  until_ok 10 grep -q PUT "$T/requests.log"
  kill -TERM "$pid"
  finish
  kill "$server"
  exits 143
}

# Each fault of an upload that is mended on the way, and one that is not: the tag does not move.
@test "push: a registry with faults" {
  python3 "$HERE/faultreg.py" --root "$T" >"$T/ports" 3>&- 4>&- &
  local server=$! fault f
  echo "$server" >"$T/server"
  until_ok 10 test -s "$T/ports"
  f=127.0.0.1:$(head -n 1 "$T/ports")
  make_image "localhost/mine$BATS_TEST_NUMBER"
  for fault in upload-reset-once upload-truncate-once upload-forget-once upload-416-once upload-bearer \
    upload-relative; do
    try push -q --tls-verify=false --retry-delay 1ms "localhost/mine$BATS_TEST_NUMBER" "$f/$fault/x:1"
    ok
    must pull -q --tls-verify=false "$f/$fault/x:1"
    must rmi "$f/$fault/x:1"
  done
  for fault in upload-reset upload-denied upload-413 upload-lie-blob upload-manifest-400 upload-no-location upload-ftp; do
    try push -q --tls-verify=false --retry-delay 1ms "localhost/mine$BATS_TEST_NUMBER" "$f/$fault/x:1"
    exits 125
    equal "errors" 1 "$(grep -c '^Error:' "$T/.err")"
    try pull -q --tls-verify=false --retry 0 "$f/$fault/x:1"
    exits 125
  done
  kill "$server"
}

@test "push to archives and folders" {
  local dir to
  dir=$(user_dir d)
  make_image "localhost/mine$BATS_TEST_NUMBER"
  for to in "oci-archive:$dir/o.tar:a" "oci:$dir/o:a" "dir:$dir/d" "docker-archive:$dir/k.tar:localhost/k:1"; do
    try push -q "localhost/mine$BATS_TEST_NUMBER" "$to"
    ok
    out_is ""
    skopeo copy -q --insecure-policy "$to" "oci:$T/back${to%%:*}:1"
    equal "layers of $to" 2 "$(skopeo inspect --raw "oci:$T/back${to%%:*}:1" | jq '.layers | length')"
  done
  equal "config" "sha256:$(id_of "localhost/mine$BATS_TEST_NUMBER")" \
    "$(skopeo inspect --raw "oci:$dir/o:a" | jq -r .config.digest)"
  equal "compressed" 0 "$(skopeo inspect --raw "oci:$dir/o:a" | grep -c 'layer.v1.tar"' || true)"
  try push -q --compress "localhost/mine$BATS_TEST_NUMBER" "dir:$dir/z"
  ok
  equal "compressed" 0 "$(grep -c 'tar"' "$dir/z/manifest.json" || true)"
  try push -q "$IMG" "oci:$dir/same:1"
  equal "digest" "$(local_digest "$IMG")" "$(skopeo inspect --format '{{.Digest}}' "oci:$dir/same:1")"
}
