#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pull, images, rmi, import and inspect of images.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

file_setup() { :; }
test_teardown() { ct rmi -fa >/dev/null 2>&1 || true; }

id_of() { ct inspect --type image -f '{{.Id}}' "$1"; }

@test "pull: the id on stdout, progress on stderr" {
  try pull "$IMG"
  ok
  out_like '^[0-9a-f]{64}$'
  err_has "Trying to pull $IMG..."
  err_has "Copying blob"
  err_has "Writing manifest to image destination"
  equal "id" "$out" "$(id_of "$IMG" | sed 's/^sha256://')"
}

@test "pull -q is silent but for the id" {
  try pull -q "$IMG"
  ok
  out_like '^[0-9a-f]{64}$'
  err_is ""
}

@test "pull again: the same id" {
  must pull -q "$IMG"
  local first=$out
  try pull -q "$IMG"
  ok
  out_is "$first"
}

@test "pull of several" {
  try pull -q "$IMG" "$REGISTRY/config:label"
  ok
  equal "ids" 2 "$(wc -l <"$T/.out")"
}

@test "pull of zstd layers" {
  must pull -q "$REGISTRY/busybox:zstd"
  try run --rm "$REGISTRY/busybox:zstd" sh -c 'sha256sum /bin/busybox'
  out_is "$(sha256sum </bin/busybox | cut -d' ' -f1)  /bin/busybox"
}

@test "pull --platform, --arch" {
  must pull -q --platform linux/arm64 "$REGISTRY/multi:latest"
  try inspect -f '{{.Architecture}}' "$REGISTRY/multi:latest"
  out_is arm64
  must pull -q --arch amd64 "$REGISTRY/multi:latest"
  try inspect -f '{{.Architecture}}' "$REGISTRY/multi:latest"
  out_is amd64
  try pull -q --platform linux/riscv64 "$REGISTRY/multi:latest"
  exits 125
  err_like 'riscv64'
}

@test "pull by digest; a wrong digest" {
  must pull -q "$IMG"
  try inspect -f '{{.Digest}}' "$IMG"
  local digest=$out
  ct rmi "$IMG" >/dev/null
  try pull -q "$REGISTRY/busybox@$digest"
  ok
  try run --rm "$REGISTRY/busybox@$digest" echo hi
  ok
  try pull -q "$REGISTRY/busybox@sha256:$(printf '%064d' 7)"
  exits 125
  err_like 'manifest unknown|not found'
}

@test "pull with TLS and credentials" {
  local image=$SECURE_REGISTRY/busybox:latest
  try pull -q "$image"
  exits 125
  err_like '[Uu]nauthorized|authentication required|no basic auth credentials'
  try pull -q --creds reader:wrong "$image"
  exits 125
  err_like '[Uu]nauthorized|authentication required'
  try pull -q --creds reader:let-me-in "$image"
  ok
  ct rmi "$image" >/dev/null
  printf '{"auths":{"%s":{"auth":"%s"}}}' "$SECURE_REGISTRY" "$(printf reader:let-me-in | base64)" \
    >"$T/auth.json"
  try pull -q --authfile "$T/auth.json" "$image"
  ok
}

@test "credentials from REGISTRY_AUTH_FILE, auth.json and docker's config" {
  local image=$SECURE_REGISTRY/busybox:latest auth home=$FILE_DIR/home
  auth=$(printf '{"auths":{"%s":{"auth":"%s"}}}' "$SECURE_REGISTRY" \
    "$(printf reader:let-me-in | base64)")
  echo "$auth" >"$T/auth.json"
  CT_ENV=(REGISTRY_AUTH_FILE="$T/auth.json")
  must pull -q "$image"
  CT_ENV=()
  must rmi "$image"
  mkdir -p "$FILE_DIR/run/containers"
  echo "$auth" >"$FILE_DIR/run/containers/auth.json"
  chown -R "$ACCOUNT:" "$FILE_DIR/run/containers"
  try pull -q "$image"
  rm "$FILE_DIR/run/containers/auth.json"
  ok
  must rmi "$image"
  mkdir -p "$home/.docker"
  echo "$auth" >"$home/.docker/config.json"
  chown -R "$ACCOUNT:" "$home/.docker"
  try pull -q "$image"
  rm -r "$home/.docker"
  ok
  try pull -q "$image"
  exits 125
}

@test "--authfile that is not there" {
  try pull --authfile /no/such "$IMG"
  exits 125
  err_has "/no/such"
}

@test "a certificate of an unknown authority is refused; --tls-verify=false takes it" {
  local certs=$FILE_DIR/home/.config/containers/certs.d image=$SECURE_REGISTRY/busybox:latest
  mv "$certs" "$certs.off"
  try pull -q --creds reader:let-me-in "$image"
  local first=$rc message=$err
  try pull -q --tls-verify=false --creds reader:let-me-in "$image"
  mv "$certs.off" "$certs"
  ok
  equal "exit status" 125 "$first"
  [[ $message =~ certificate ]] || complain "a word about the certificate, not: $message"
}

@test "images: header, one row a tag" {
  try images
  ok
  out_like '^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE *$'
  must pull -q "$IMG" "$REGISTRY/busybox:also"
  try images
  equal "lines" 3 "$(wc -l <"$T/.out")"
  out_has "$REGISTRY/busybox"
  out_has "also"
  try images --noheading
  equal "lines" 2 "$(wc -l <"$T/.out")"
}

@test "images -q, --no-trunc, --digests, --format" {
  must pull -q "$IMG"
  local id=$out
  try images -q
  out_is "${id:0:12}"
  try images -q --no-trunc
  out_is "sha256:$id"
  try images --format '{{.Repository}}:{{.Tag}} {{.ID}}'
  out_is "$IMG ${id:0:12}"
  try images --format '{{.Size}}'
  out_like '^[0-9.]+ [kM]B$'
  try images --digests --format 'table {{.Repository}} {{.Digest}}'
  out_like 'REPOSITORY.*DIGEST'
  out_like 'sha256:[0-9a-f]{64}'
  try images --format '{{.CreatedSince}}'
  out_like 'years? ago|months ago'
}

@test "images --format json" {
  must pull -q "$IMG"
  local id=$out
  try images --format json
  ok
  equal "types" "string array number number" "$(jq -r '.[0]|[.Id,.Names,.Size,.Created|type]|join(" ")' "$T/.out")"
  equal "id" "$id" "$(jq -r '.[0].Id' "$T/.out")"
  equal "name" "$IMG" "$(jq -r '.[0].Names[0]' "$T/.out")"
}

@test "images: by reference, and --filter" {
  must pull -q "$IMG" "$REGISTRY/config:label"
  try images -q "$REGISTRY/busybox"
  equal "lines" 1 "$(wc -l <"$T/.out")"
  try images -q --filter "reference=*/config"
  equal "lines" 1 "$(wc -l <"$T/.out")"
  try images --filter label=k --format '{{.Repository}}'
  out_is "$REGISTRY/config"
  try images -q --filter dangling=true
  out_is ""
  try images --filter nosuch=1
  exits 125
}

@test "images --sort" {
  must pull -q "$IMG" "$REGISTRY/config:label"
  try images --sort repository --format '{{.Repository}}'
  out_is "$REGISTRY/busybox"$'\n'"$REGISTRY/config"
  try images --sort nosuch
  exits 125
}

@test "inspect of an image" {
  must pull -q "$REGISTRY/config:label"
  local id=$out image=$REGISTRY/config:label
  try inspect --type image "$image"
  ok
  local query value
  while read -r query value; do
    equal "$query" "$value" "$(jq -r "$query" "$T/.out")"
  done <<EOF
length 1
.[0].Id $id
.[0].RepoTags[0] $image
.[0].Os linux
.[0].Architecture amd64
.[0].Created 2024-05-06T07:08:09Z
.[0].RootFS.Type layers
(.[0].RootFS.Layers|length) 1
.[0].Config.Cmd[0] sh
.[0].Config.Labels.k from the image
(.[0].RepoDigests[0]|test("config@sha256:[0-9a-f]{64}$")) true
(.[0].Digest|test("^sha256:[0-9a-f]{64}$")) true
(.[0].Size>1000000) true
(.[0].History|length) 1
EOF
}

@test "control characters of an image do not reach the terminal" {
  must pull -q "$REGISTRY/config:label"
  try inspect --type image "$REGISTRY/config:label"
  out_lacks $'\e'
  out_has '\u001b'
}

@test "rmi: what is printed, and it is gone" {
  must pull -q "$IMG"
  local id=$out
  try rmi "$IMG"
  ok
  out_has "Untagged: $IMG"
  out_has "Deleted: $id"
  try images -q
  out_is ""
}

@test "rmi of one name of two only takes the name" {
  must pull -q "$IMG" "$REGISTRY/busybox:also"
  try rmi "$REGISTRY/busybox:also"
  ok
  out_has "Untagged: $REGISTRY/busybox:also"
  out_lacks "Deleted"
  try images --format '{{.Tag}}'
  out_is latest
}

@test "rmi of what is not there: 1; -f and -i: 0" {
  try rmi nosuch
  exits 1
  err_like 'nosuch.*(image not known|not find)'
  try rmi -f nosuch
  ok
  try rmi --ignore nosuch
  ok
}

@test "rmi of an image in use: 2; -f takes the container too" {
  must run --name "$C" "$IMG" true
  try rmi "$IMG"
  exits 2
  err_has "in use"
  has_status "$C" exited
  try rmi -f "$IMG"
  ok
  is_gone "$C"
}

@test "rmi by id, and -a" {
  must pull -q "$IMG"
  try rmi "${out:0:12}"
  ok
  must pull -q "$IMG" "$REGISTRY/config:label" "$REGISTRY/busybox:zstd"
  try rmi -a
  ok
  try images -q
  out_is ""
}

@test "rmi gives the space back, also of layers that others shared" {
  must pull -q "$REGISTRY/many:latest"
  local size
  space() { du -s --inodes "$FILE_DIR/home/.local/share" | cut -f1; }
  size=$(space)
  must pull -q "$IMG"
  must rmi "$REGISTRY/many:latest"
  must run --rm "$IMG" true
  must rmi "$IMG"
  smaller() { (($(space) < size / 2)); }
  until_ok 10 smaller
}

rootfs_tar() {
  mkdir -p "$T/root/bin" "$T/root/etc"
  cp /bin/busybox "$T/root/bin/" && ln -sf busybox "$T/root/bin/sh"
  echo "root:x:0:0:root:/root:/bin/sh" >"$T/root/etc/passwd"
  tar -C "$T/root" --owner 0 --group 0 -cf "$T/root.tar" .
  chmod 644 "$T/root.tar"
  echo "$T/root.tar"
}

@test "import of a tar: the id, and it runs" {
  try import "$(rootfs_tar)" made:1
  ok
  out_like '^sha256:[0-9a-f]{64}$'
  try run --rm made:1 sh -c 'echo $0 runs'
  ok
  out_is "sh runs"
  try images --format '{{.Repository}}:{{.Tag}}'
  out_is localhost/made:1
}

@test "import from stdin, compressed, with changes and a message" {
  gzip -c "$(rootfs_tar)" >"$T/root.tar.gz"
  try import -c 'CMD ["sh","-c","echo default"]' -c 'ENV A=b' -c 'WORKDIR /etc' -m "by hand" - made:2 \
    <"$T/root.tar.gz"
  ok
  try run --rm made:2
  ok
  out_is default
  try run --rm made:2 sh -c 'echo $A; cd . && pwd'
  out_is $'b\n/etc'
  try inspect --type image -f '{{.Comment}}' made:2
  out_has "by hand"
}

@test "import: more changes" {
  try import -q -c 'ENTRYPOINT ["sh"]' -c 'USER 5:6' -c 'EXPOSE 80' -c 'VOLUME /v' -c 'LABEL x=y' \
    -c 'STOPSIGNAL USR2' "$(rootfs_tar)" made:3
  ok
  try inspect --type image -f '{{.Config.User}} {{index .Config.Labels "x"}} {{.Config.StopSignal}}' made:3
  out_like '^5:6 y (USR2|SIGUSR2|12)$'
  try import -c 'NOSUCH x' "$(rootfs_tar)" made:4
  exits 125
}

@test "import of what is no tar" {
  head -c 5000 /dev/urandom >"$T/noise"
  chmod 644 "$T/noise"
  try import "$T/noise" made:5
  exits 125
  try import /no/such made:6
  exits 125
  err_has "/no/such"
  try images -q
  out_is ""
}

@test "import without a name" {
  try import -q "$(rootfs_tar)"
  ok
  local id=${out#sha256:}
  try images --format '{{.Repository}} {{.Tag}} {{.ID}}'
  out_is "<none> <none> ${id:0:12}"
  try run --rm "$id" sh -c 'echo runs'
  out_is runs
}

@test "what a registry does not have" {
  try pull -q "$REGISTRY/nosuch:latest"
  exits 125
  err_like 'manifest unknown|not found'
  try pull -q "$REGISTRY/busybox:nosuch"
  exits 125
  err_like 'manifest unknown|not found'
}

@test "a short name: search registries, and what was tried" {
  try pull -q tools
  ok
  try images --format '{{.Repository}}'
  out_is "$REGISTRY/tools"
  try pull -q nosuchname
  exits 125
  err_has "$REGISTRY/nosuchname"
}

@test "a short name alias" {
  mkdir -p "$FILE_DIR/home/.config/containers/registries.conf.d"
  printf '[aliases]\n"nick" = "%s"\n' "$REGISTRY/busybox" \
    >"$FILE_DIR/home/.config/containers/registries.conf.d/alias.conf"
  try pull nick
  rm -r "$FILE_DIR/home/.config/containers/registries.conf.d"
  ok
  err_like 'Resolved "nick" as an alias \(.*alias.conf\)'
}

@test "a mirror, and a blocked registry" {
  mkdir -p "$FILE_DIR/home/.config/containers/registries.conf.d"
  cat >"$FILE_DIR/home/.config/containers/registries.conf.d/mirror.conf" <<EOF
[[registry]]
location = "far.example"
[[registry.mirror]]
location = "127.0.0.1:1"
insecure = true
[[registry.mirror]]
location = "$REGISTRY"
insecure = true
[[registry]]
location = "bad.example"
blocked = true
EOF
  try pull -q far.example/busybox:latest
  local first=$rc
  try pull -q bad.example/busybox:latest
  rm -r "$FILE_DIR/home/.config/containers/registries.conf.d"
  equal "through the mirror" 0 "$first"
  exits 125
  err_like 'bad.example.*blocked'
}

@test "pull --all-tags" {
  try pull -q -a "$REGISTRY/busybox"
  ok
  equal ids "$(wc -l <"$T/.out")" "$(grep -cE '^[0-9a-f]{64}$' "$T/.out")"
  try image exists "$REGISTRY/busybox:also"
  ok
  try image exists "$REGISTRY/busybox:zstd"
  ok
  ct rmi "$REGISTRY/busybox:also" "$REGISTRY/busybox:zstd" >/dev/null
  try pull --all-tags "$REGISTRY/nosuch"
  exits 125
  err_has "fetching tags list"
  out_is ""
  try pull -a "$REGISTRY/busybox:latest"
  exits 125
}

# frame BYTES-FILE: the bytes as a frame that zstd passes over.
frame() {
  local size hex
  size=$(stat -c %s "$1")
  printf -v hex '\\x%02x' $((size & 255)) $((size >> 8 & 255)) $((size >> 16 & 255)) $((size >> 24))
  # shellcheck disable=SC2059  # the format is the bytes
  printf "\x50\x2a\x4d\x18$hex"
  cat "$1"
}

@test "zstd:chunked layers: ordinary zstd with frames to skip" {
  local blobs=$T/layout/blobs/sha256 manifest layer part digest
  skopeo copy -q --src-tls-verify=false "docker://$IMG" "oci:$T/layout:chunked"
  manifest=$(jq -r '.manifests[0].digest[7:]' "$T/layout/index.json")
  layer=$(jq -r '.layers[0].digest[7:]' "$blobs/$manifest")
  gunzip -c "$blobs/$layer" | split -b 700000 - "$T/part."
  for part in "$T"/part.*; do zstd -qc "$part"; done >"$T/blob"
  echo '{"version":1,"entries":[]}' | zstd -qc >"$T/table"
  head -c 64 /dev/zero >"$T/footer"
  { frame "$T/table" && frame "$T/footer"; } >>"$T/blob"
  digest=$(sha256sum "$T/blob" | cut -d ' ' -f 1)
  rm "$blobs/$layer"
  mv "$T/blob" "$blobs/$digest"
  jq -c --arg d "sha256:$digest" --argjson s "$(stat -c %s "$blobs/$digest")" \
    '.layers[0] += {mediaType: "application/vnd.oci.image.layer.v1.tar+zstd", digest: $d, size: $s, annotations:
      {"io.github.containers.zstd-chunked.manifest-position": "1:2:3:1"}}' "$blobs/$manifest" >"$T/manifest"
  rm "$blobs/$manifest"
  manifest=$(sha256sum "$T/manifest" | cut -d ' ' -f 1)
  cp "$T/manifest" "$blobs/$manifest"
  jq -c --arg d "sha256:$manifest" --argjson s "$(stat -c %s "$T/manifest")" '.manifests[0] += {digest: $d, size: $s}' \
    "$T/layout/index.json" >"$T/index"
  mv "$T/index" "$T/layout/index.json"
  chmod -R go+rX "$T/layout"
  try pull -q "oci:$T/layout:chunked"
  ok
  local id=$out
  try run --rm "$id" echo chunked
  ok
  out_is chunked
  # What came goes out again, with the annotations that tell where the chunks are.
  try push -q "$id" "oci:$(user_dir back):chunked"
  ok
  equal "manifest" "sha256:$manifest" "$(jq -r '.manifests[0].digest' "$T/back/index.json")"
}

@test "TLS registries are spoken to in HTTP/2" {
  local reg=$T/reg
  REGISTRY_LOG_ACCESSLOG_DISABLED=false start_registry "$reg" "$T/data" secure
  must pull -q "$IMG"
  try push -q --tls-verify=false --creds reader:let-me-in "$IMG" "$registry_address/two:1"
  stop_registry "$reg"
  ok
  grep -q 'PUT /v2/two/manifests/1 HTTP/2.0' "$reg/log" || complain "HTTP/2: $(grep PUT "$reg/log")"
}
