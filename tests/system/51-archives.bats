#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# save, load, and pull from archives and folders.

load helpers

file_setup() { :; }
test_teardown() { ct rmi -fa >/dev/null 2>&1 || true; }

id_of() { ct inspect --type image -f '{{.Id}}' "$1" | sed 's/^sha256://'; }
digest_of() { ct inspect --type image -f '{{.Digest}}' "$1"; }
forget_all() { ct rmi -fa >/dev/null; }
NAMED=$REGISTRY/config:label
MANY=$REGISTRY/many:latest
FORMATS=(docker-archive oci-archive oci-dir docker-dir)

# The digest of the only manifest in an oci-archive.
archived_digest() { tar xOf "$1" index.json | jq -r '.manifests[].digest'; }
# What the test wrote belongs to root: the account is to read it.
readable() { chmod -R a+rX "$@"; }

# What must not have changed after something was refused.
store_state() {
  ct images --digests --no-trunc
  ct images -a -q | sort
  as_user find "$FILE_DIR/home/.local/share/ctool/staging" "$FILE_DIR/home/.local/share/ctool/blobs" -type f 2>/dev/null | sort
}

# --- round trips ------------------------------------------------------------------------------

@test "save and load, every format: the same image" {
  must pull -q "$NAMED"
  local id format
  id=$(id_of "$NAMED")
  for format in "${FORMATS[@]}"; do
    try save -q --format "$format" -o "$T/$format" "$NAMED"
    ok
    out_is ""
    err_is ""
  done
  for format in "${FORMATS[@]}"; do
    forget_all
    try load -q -i "$T/$format"
    ok
    if [[ $format == docker-dir ]]; then
      out_is "Loaded image: sha256:$id"
    else
      out_is "Loaded image: $NAMED"
      equal "id" "$id" "$(id_of "$NAMED")"
    fi
    must run --rm "$id" true
  done
}

@test "oci-archive: every digest as it was pulled" {
  must pull -q "$MANY"
  local digest
  digest=$(digest_of "$MANY")
  must save -q --format oci-archive -o "$T/a.tar" "$MANY"
  equal "manifest" "$digest" "$(archived_digest "$T/a.tar")"
  mkdir "$T/x"
  tar xf "$T/a.tar" -C "$T/x"
  (cd "$T/x/blobs/sha256" && sha256sum ./* | sed 's|\./||' | awk '$1 != $2 { exit 1 }')
  equal "name" "$MANY" "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$T/x/index.json")"
  equal "layout" 1.0.0 "$(jq -r .imageLayoutVersion "$T/x/oci-layout")"
  forget_all
  must load -q -i "$T/a.tar"
  equal "digest" "$digest" "$(digest_of "$MANY")"
}

@test "oci-archive and oci-dir: skopeo, umoci and oci-image-tool read them" {
  must pull -q "$NAMED"
  local digest
  digest=$(digest_of "$NAMED")
  must save -q --format oci-archive -o "$T/a.tar" "$NAMED" plain:name
  must save -q --format oci-dir -o "$T/dir" "$NAMED" v1
  equal "digest" "$digest" "$(skopeo inspect --format '{{.Digest}}' "oci-archive:$T/a.tar:localhost/plain:name")"
  mkdir "$T/x"
  tar xf "$T/a.tar" -C "$T/x"
  # Not the archive itself: this tool finds nothing in a tar file, whoever wrote it.
  oci-image-tool validate --type image --ref "name=$NAMED" "$T/x"
  umoci stat --image "$T/dir:localhost/v1:latest" --json | jq -e '.history | length > 0' >/dev/null
  umoci unpack --rootless --image "$T/dir:localhost/v1:latest" "$T/bundle" >/dev/null
  [[ -x $T/bundle/rootfs/bin/busybox ]]
}

@test "docker-archive is what podman writes, byte by byte" {
  must pull -q "$NAMED"
  must pull -q "$IMG"
  must save -q -m -o "$T/a.tar" "$IMG" "$NAMED"
  tar tvf "$T/a.tar" | awk '{ $3 = ""; print }' >"$T/list"
  local layer config
  layer=$(ct inspect --type image -f '{{index .RootFS.Layers 0}}' "$IMG")
  config=$(id_of "$IMG")
  equal "first member" "-r--r--r-- 0/0  1970-01-01 00:00 ${layer#sha256:}.tar" "$(sed -n 1p "$T/list")"
  equal "second member" "-r--r--r-- 0/0  1970-01-01 00:00 $config.json" "$(sed -n 2p "$T/list")"
  equal "layer" "${layer#sha256:}" "$(tar xOf "$T/a.tar" "${layer#sha256:}.tar" | sha256sum | cut -d' ' -f1)"
  equal "tags" "$IMG $NAMED" "$(tar xOf "$T/a.tar" manifest.json | jq -r '[.[].RepoTags[]] | join(" ")')"
  # The ids of the oldest format: what podman 4.3.1 and skopeo make of the same image.
  skopeo copy -q --src-tls-verify=false "docker://$IMG" "docker-archive:$T/skopeo.tar:$IMG"
  local legacy
  legacy=$(tar xOf "$T/skopeo.tar" repositories | jq -r '.[][]')
  equal "legacy layer" "$(tar xOf "$T/skopeo.tar" "$legacy/json")" "$(tar xOf "$T/a.tar" "$legacy/json")"
  equal "version" 1.0 "$(tar xOf "$T/a.tar" "$legacy/VERSION")"
  equal "link" "../${layer#sha256:}.tar" "$(tar tvf "$T/a.tar" | sed -n "s|.*$legacy/layer.tar -> ||p")"
  equal "repository" "$legacy" "$(tar xOf "$T/a.tar" repositories | jq -r --arg r "${IMG%:*}" '.[$r].latest')"
}

@test "save and load through pipes keep the id" {
  must pull -q "$NAMED"
  local id format
  id=$(id_of "$NAMED")
  for format in docker-archive oci-archive; do
    ct save -q --format "$format" "$NAMED" | cat >"$T/$format.tar"
    forget_all
    # A pipe, not the file.
    ct load -q >"$T/loaded" < <(cat "$T/$format.tar")
    equal "loaded" "Loaded image: $NAMED" "$(<"$T/loaded")"
    equal "id" "$id" "$(id_of "$NAMED")"
    must run --rm "$NAMED" true
  done
}

@test "what skopeo and podman's formats hold is loaded" {
  local digest
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$MANY")
  skopeo copy -q --src-tls-verify=false "docker://$MANY" "oci-archive:$T/oci.tar:there/it:is"
  skopeo copy -q --src-tls-verify=false "docker://$MANY" "docker-archive:$T/docker.tar:there/it:is"
  skopeo copy -q --src-tls-verify=false "docker://$MANY" "oci:$T/oci:there/it:is"
  skopeo copy -q --src-tls-verify=false --preserve-digests "docker://$MANY" "dir:$T/dir"
  readable "$T"
  local id source
  for source in oci.tar docker.tar oci; do
    try load -q -i "$T/$source"
    ok
    local name=localhost/there/it:is
    # skopeo writes docker.io in front of what has no registry.
    [[ $source != docker.tar ]] || name=docker.io/there/it:is
    out_is "Loaded image: $name"
    id=$(id_of "$name")
    [[ $source == docker.tar ]] || equal "digest" "$digest" "$(digest_of "$name")"
    must run --rm "$id" true
    forget_all
  done
  try load -q -i "$T/dir"
  ok
  out_is "Loaded image: sha256:$id"
}

@test "an index with its images: the host's is taken" {
  skopeo copy -q --all --src-tls-verify=false "docker://$REGISTRY/multi:latest" "oci-archive:$T/a.tar:multi:1"
  readable "$T"
  try load -q -i "$T/a.tar"
  ok
  out_is "Loaded image: localhost/multi:1"
  try inspect --type image -f '{{.Architecture}}' multi:1
  out_is amd64
  try load -q <"$T/a.tar"
  ok
  out_is "Loaded image: localhost/multi:1"
}

# --- save -------------------------------------------------------------------------------------

@test "save: several names, several images" {
  must pull -q "$NAMED"
  must pull -q "$IMG"
  local one
  one=$(id_of "$IMG")
  # Without -m further arguments are names of the first image.
  must save -q -o "$T/names.tar" "$IMG" two:x
  equal "tags" "localhost/two:x $IMG" "$(tar xOf "$T/names.tar" manifest.json | jq -r '.[0].RepoTags | join(" ")')"
  local format
  for format in docker-archive oci-archive oci-dir; do
    must save -q -m --format "$format" -o "$T/$format" "$IMG" "$NAMED"
    forget_all
    try load -q -i "$T/$format"
    ok
    out_is "Loaded image: $IMG
Loaded image: $NAMED"
    equal "id" "$one" "$(id_of "$IMG")"
  done
}

@test "save by id: no name" {
  must pull -q "$IMG"
  local id format
  id=$(id_of "$IMG")
  for format in docker-archive oci-archive; do
    must save -q --format "$format" -o "$T/a.tar" "${id:0:12}"
    forget_all
    try load -q -i "$T/a.tar"
    ok
    out_is "Loaded image: sha256:$id"
    equal "names" "[]" "$(ct inspect --type image -f '{{json .RepoTags}}' "$id")"
    ct tag "$id" "$IMG"
  done
}

@test "save --uncompressed, --compress, zstd layers" {
  must pull -q "$REGISTRY/busybox:zstd"
  local id
  id=$(id_of "$REGISTRY/busybox:zstd")
  must save -q --format oci-archive -o "$T/zstd.tar" "$REGISTRY/busybox:zstd"
  must save -q --format oci-archive --uncompressed -o "$T/plain.tar" "$REGISTRY/busybox:zstd"
  must save -q -o "$T/docker.tar" "$REGISTRY/busybox:zstd"
  must save -q --format docker-dir -o "$T/dir" "$REGISTRY/busybox:zstd"
  equal "type" application/vnd.docker.image.rootfs.diff.tar "$(jq -r '.layers[0].mediaType' "$T/dir/manifest.json")"
  must save -q --format docker-dir --compress -o "$T/dir" "$REGISTRY/busybox:zstd"
  local manifest archive
  manifest=$(archived_digest "$T/plain.tar")
  equal "type" application/vnd.oci.image.layer.v1.tar \
    "$(tar xOf "$T/plain.tar" "blobs/sha256/${manifest#sha256:}" | jq -r '.layers[0].mediaType')"
  for archive in zstd.tar plain.tar docker.tar dir; do
    forget_all
    must load -q -i "$T/$archive"
    equal "id" "$id" "$(ct images -q --no-trunc | sed 's/^sha256://')"
  done
  forget_all
  must import -q - comp:1 < <(tar cf - -C / etc/hostname)
  must save -q --format docker-dir --compress -o "$T/gz" comp:1
  equal "type" application/vnd.docker.image.rootfs.diff.tar.gzip "$(jq -r '.layers[0].mediaType' "$T/gz/manifest.json")"
  (cd "$T/gz" && sha256sum "$(jq -r '.layers[0].digest[7:]' manifest.json)" | awk '$1 != $2 { exit 1 }')
  gzip -t <"$T/gz/$(jq -r '.layers[0].digest[7:]' "$T/gz/manifest.json")"
  must load -q -i "$T/gz"
}

@test "save replaces a file when the new one is whole" {
  must pull -q "$IMG"
  echo old >"$T/a.tar"
  ln -s a.tar "$T/link"
  chown -h "$ACCOUNT:" "$T"/*
  try save -q -o "$T/a.tar" nothing-like-it
  exits 125
  equal "file" old "$(<"$T/a.tar")"
  must save -q -o "$T/link" "$IMG"
  [[ -L $T/link ]]
  tar tf "$T/a.tar" | grep -q '^manifest.json$'
  equal "files" "a.tar link" "$(cd "$T" && echo [al]*)"
}

@test "save: what is wrong" {
  must pull -q "$IMG"
  try save
  exits 125
  err_like 'need|requires|NAME|argument'
  try save -o "$T/x" nope
  exits 125
  err_has "nope: image not known"
  try save --format tar -o "$T/x" "$IMG"
  exits 125
  err_has "oci-dir"
  try save --compress -o "$T/x" "$IMG"
  exits 125
  err_has "--compress can only be set when --format is 'docker-dir'"
  try save -o "$T/missing/x" "$IMG"
  exits 125
  err_has "no such file or directory"
  try save -q --format oci-dir "$IMG"
  exits 125
  err_has "--output"
  mkdir "$T/full"
  touch "$T/full/mine"
  chown -R "$ACCOUNT:" "$T/full"
  for format in oci-dir docker-dir; do
    try save -q --format "$format" -o "$T/full" "$IMG"
    exits 125
    err_has mine
  done
  [[ ! -e $T/x ]]
  equal "folder" mine "$(ls "$T/full")"
}

@test "save refuses a terminal, load too" {
  must pull -q "$IMG"
  try_tty -- save "$IMG"
  exits 125
  out_has "refusing to save to terminal. Use -o flag or redirect"
  try_tty -- load
  exits 125
  out_has "cannot read from terminal, use command-line redirection or the --input flag"
}

@test "save: progress on stderr, the archive on stdout" {
  must pull -q "$IMG"
  ct save "$IMG" >"$T/a.tar" 2>"$T/progress"
  grep -q "^Copying blob sha256:.* done" "$T/progress"
  grep -q "^Copying config sha256:" "$T/progress"
  grep -q "^Writing manifest to image destination" "$T/progress"
  tar tf "$T/a.tar" >/dev/null
}

@test "oci-dir: a second image is added, a name moves" {
  must pull -q "$IMG"
  must pull -q "$NAMED"
  must save -q --format oci-dir -o "$T/d" "$IMG"
  must save -q --format oci-dir -o "$T/d" "$NAMED"
  must save -q --format oci-dir -o "$T/d" "$NAMED" "$IMG"
  equal "names" "2 $(digest_of "$NAMED")" \
    "$(jq -r '[.manifests | length, (map(.digest) | unique[])] | join(" ")' "$T/d/index.json")"
}

@test "a full disk, a killed save: nothing half-made" {
  must pull -q "$MANY"
  mkdir "$T/small"
  mount -t tmpfs -o size=256k,mode=0777 none "$T/small"
  local format
  for format in docker-archive oci-archive; do
    try save -q --format "$format" -o "$T/small/a.tar" "$MANY"
    exits 125
    err_has "no space left on device"
    equal "files" "" "$(ls -A "$T/small")"
  done
  umount "$T/small"
  local delay
  for delay in 0.005 0.01 0.02 0.04; do
    begin save -q --format oci-archive -o "$T/k.tar" "$MANY"
    sleep "$delay"
    kill -9 "$pid" 2>/dev/null || true
    finish
    if [[ -e $T/k.tar ]]; then tar tf "$T/k.tar" | grep -q '^index.json$'; fi
    equal "files" "" "$(find "$T" -mindepth 1 ! -name k.tar ! -name .out ! -name .err ! -name small)"
    rm -f "$T/k.tar"
  done
}

@test "a blob of the store that is damaged is not saved" {
  must pull -q "$IMG"
  local blob
  blob=$(find "$FILE_DIR/home/.local/share/ctool/blobs/sha256" -size +100k | head -n 1)
  chmod u+w "$blob"
  printf X | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
  local format
  for format in docker-archive oci-archive; do
    try save -q --format "$format" -o "$T/a.tar" "$IMG"
    exits 125
    err_like 'damaged|gzip|digest mismatch'
    [[ ! -e $T/a.tar ]]
  done
}

# --- load -------------------------------------------------------------------------------------

@test "load: compressed archives, from a file, a pipe and a URL" {
  must pull -q "$NAMED"
  must save -q --format oci-archive -o "$T/o.tar" "$NAMED"
  must save -q -o "$T/d.tar" "$NAMED"
  local id form
  id=$(id_of "$NAMED")
  for form in o d; do
    gzip -k "$T/$form.tar"
    zstd -q "$T/$form.tar"
    xz -0 -k "$T/$form.tar"
    bzip2 -k "$T/$form.tar"
  done
  readable "$T"
  python3 -m http.server --bind 127.0.0.1 -d "$T" 0 >"$T/http" 2>&1 3>&- 4>&- &
  local server=$! port
  until_ok 10 grep -q 'port [0-9]' "$T/http" || true
  port=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$T/http" | head -n 1)
  [[ -n $port ]] || port=$(ss -ltnp | sed -n "s/.*127.0.0.1:\([0-9]*\).*pid=$server,.*/\1/p")
  local file
  for file in "$T"/?.tar*; do
    forget_all
    try load -q -i "$file"
    ok
    out_is "Loaded image: $NAMED"
    forget_all
    try load -q < <(cat "$file")
    ok
    out_is "Loaded image: $NAMED"
    forget_all
    try load -q -i "http://127.0.0.1:$port/${file##*/}"
    ok
    out_is "Loaded image: $NAMED"
    equal "id" "$id" "$(id_of "$NAMED")"
  done
  try load -i "http://127.0.0.1:$port/nothing"
  exits 125
  err_has 404
  kill "$server"
}

@test "load: layers of a docker-archive that are compressed" {
  must pull -q "$IMG"
  must save -q -o "$T/d.tar" "$IMG"
  local id tool layer
  id=$(id_of "$IMG")
  for tool in gzip zstd xz bzip2; do
    rm -rf "$T/x"
    mkdir "$T/x"
    tar xmf "$T/d.tar" -C "$T/x"
    layer=$(cd "$T/x" && ls ./*.tar)
    chmod -R u+w "$T/x"
    "$tool" -c <"$T/x/$layer" >"$T/x/new"
    mv -f "$T/x/new" "$T/x/$layer"
    rm -rf "$T"/x/*/
    tar cf "$T/c.tar" -C "$T/x" .
    readable "$T"
    local way
    for way in file pipe folder; do
      forget_all
      case $way in
        file) try load -q -i "$T/c.tar" ;;
        pipe) try load -q < <(cat "$T/c.tar") ;;
        folder) try load -q -i "$T/x" ;;
      esac
      ok
      out_is "Loaded image: $IMG"
      equal "id" "$id" "$(id_of "$IMG")"
      must run --rm "$IMG" true
    done
  done
}

@test "load: progress on stderr; -q shows none; nothing is fetched twice" {
  must pull -q "$NAMED"
  must save -q -o "$T/a.tar" "$NAMED"
  forget_all
  try load -i "$T/a.tar"
  ok
  out_is "Loaded image: $NAMED"
  err_has "Copying blob sha256:"
  err_has "Writing manifest to image destination"
  try load -i "$T/a.tar"
  ok
  err_has "skipped: already exists"
}

@test "load: what is wrong" {
  try load -i "$T/nope"
  exits 125
  err_has nope
  err_has "no such file"
  try load </dev/null
  exits 125
  err_has "not an image archive"
  head -c 100000 /dev/urandom >"$T/random"
  readable "$T"
  try load -i "$T/random"
  exits 125
  err_has "not an image archive"
  try load <"$T/random"
  exits 125
  tar cf "$T/tar" -C / etc/hostname
  readable "$T"
  try load -i "$T/tar"
  exits 125
  err_has "neither"
  mkdir "$T/empty"
  try load -i "$T/empty"
  exits 125
  err_has "not an image archive"
  CT_ENV=()
  last="load <&-"
  capture_into redirected as_user "$CTOOL" load <&-
  exits 125
  try load -i /dev/zero
  exits 125
  err_has "not an image archive"
}

# --- pull TRANSPORT:... -----------------------------------------------------------------------

@test "pull from archives and folders: the id" {
  must pull -q "$NAMED"
  must pull -q "$IMG"
  local id format
  id=$(id_of "$NAMED")
  local -A transport=([docker-archive]=docker-archive [oci-archive]=oci-archive [oci-dir]=oci [docker-dir]=dir)
  for format in "${FORMATS[@]}"; do
    must save -q --format "$format" -o "$T/$format" "$NAMED"
  done
  must save -q -m -o "$T/two" "$IMG" "$NAMED"
  for format in "${FORMATS[@]}"; do
    forget_all
    try pull -q "${transport[$format]}:$T/$format"
    ok
    out_is "$id"
    must run --rm "$id" true
  done
  forget_all
  try pull -q "docker-archive:$T/two:$NAMED"
  out_is "$id"
  equal "name" "$NAMED" "$(ct images --format '{{.Repository}}:{{.Tag}}')"
  forget_all
  try pull -q "docker-archive:$T/two:@1"
  out_is "$id"
  try pull -q "docker-archive:$T/two"
  exits 125
  err_has "2 images"
  try pull -q "docker-archive:$T/two:other"
  exits 125
  err_has "no image of that name"
  try pull -q "docker-archive:$T/two:@7"
  exits 125
  try pull -q "containers-storage:$NAMED"
  ok
  out_is "$id"
  try pull -q docker-daemon:x:latest
  exits 125
  err_has "Docker daemon"
  try pull -q oci-archive:
  exits 125
  err_has "no path"
}

@test "policy.json: a transport that it rejects" {
  must pull -q "$IMG"
  must save -q -o "$T/a.tar" "$IMG"
  forget_all
  echo '{"default": [{"type": "insecureAcceptAnything"}], "transports": {"docker-archive": {"": [{"type": "reject"}]}}}' >"$T/p.json"
  readable "$T"
  CT_ENV=(CONTAINERS_POLICY_JSON="$T/p.json")
  try load -i "$T/a.tar"
  exits 125
  err_like 'rejected|policy'
  CT_ENV=()
  equal "images" "" "$(ct images -q)"
}

# --- hostile archives -------------------------------------------------------------------------

# refused WORDS: loads $T/x.tar as a file and from a pipe; each must fail with one clear error that has these words (a
# pattern), and leave the store as it was.
refused() {
  local before way
  before=$(store_state)
  readable "$T"
  for way in file pipe; do
    case $way in
      file) try load -q -i "$T/x.tar" ;;
      pipe) try load -q < <(cat "$T/x.tar") ;;
    esac
    exits 125
    err_like "$1"
    out_is ""
    equal "errors" 1 "$(grep -c ^Error: "$T/.err")"
    [[ $err != *TOPSECRET* && $err != *$'\e'* ]] || complain "no secrets and no escapes"
    equal "store" "$before" "$(store_state)"
  done
  canary_ok
}

# hostile SCRIPT ARGS: Python that gets the files of a good archive as `files` (name: bytes, in order), and writes x.tar
# with `extra` members (tarinfo, bytes) behind them.
hostile() {
  python3 - "$T/good.tar" "$T/x.tar" "$LIVE/canary" <<PYTHON
import hashlib, io, json, sys, tarfile
good, out, canary = sys.argv[1:]
files, extra = {}, []
for member in (source := tarfile.open(good)).getmembers():
    if member.isfile():
        files[member.name] = source.extractfile(member).read()
def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    extra.append((info, b""))
def add(name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    extra.append((info, data))
def blob(data):
    name = hashlib.sha256(data).hexdigest()
    files["blobs/sha256/" + name] = data
    return {"digest": "sha256:" + name, "size": len(data)}
def edit(name, change):
    value = json.loads(files[name])
    value = change(value) or value
    files[name] = json.dumps(value).encode()
def remanifest(change):
    """The image's manifest, changed, and the index that names it."""
    index = json.loads(files["index.json"])
    manifest = json.loads(files.pop("blobs/sha256/" + index["manifests"][0]["digest"][7:]))
    manifest = change(manifest) or manifest
    index["manifests"][0].update(blob(json.dumps(manifest).encode()))
    files["index.json"] = json.dumps(index).encode()
$1
with tarfile.open(out, "w") as tar:
    for name, data in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    for info, data in extra:
        tar.addfile(info, io.BytesIO(data))
PYTHON
}

good() {
  must pull -q "$NAMED"
  must save -q --format "$1" -o "$T/good.tar" "$NAMED"
  forget_all
}

@test "hostile layouts: documents" {
  good oci-archive
  hostile 'del files["oci-layout"]'
  refused 'oci-layout'
  hostile 'files["oci-layout"] = b"{\"imageLayoutVersion\": \"9.0.0\"}"'
  refused 'oci-layout.*9\.0\.0'
  hostile 'files["index.json"] = b"{\"schemaVersion\": 2, \"manifests\": []}"'
  refused 'no images? in'
  hostile 'files["index.json"] = b"{}"'
  refused 'no image'
  hostile 'files["index.json"] = b"[" * 200000'
  refused 'nest|deep'
  hostile 'files["index.json"] = b"{\"schemaVersion\": 2, \"manifests\": ["'
  refused 'JSON'
  hostile 'files["index.json"] = b" " * (6 << 20)'
  refused 'larger than 4 MiB'
  hostile 'edit("index.json", lambda i: i["manifests"][0].update(digest="sha256:../../../etc/passwd"))'
  refused 'digest'
  hostile 'edit("index.json", lambda i: i["manifests"][0].update(digest="md5:d41d8cd98f00b204e9800998ecf8427e"))'
  refused 'digest|algorithm'
  hostile 'edit("index.json", lambda i: i["manifests"][0].update(size=1))'
  refused 'size'
  hostile 'edit("index.json", lambda i: i["manifests"][0]["annotations"].update({"org.opencontainers.image.ref.name": "../../evil:UPPER.."}))'
  refused 'invalid reference'
}

@test "hostile layouts: blobs" {
  good oci-archive
  hostile 'remanifest(lambda m: m["layers"][0].update(size=1))'
  refused 'size'
  hostile 'remanifest(lambda m: m["layers"][0].update(size=-1))'
  refused 'negative'
  hostile 'files.pop("blobs/sha256/" + json.loads(files["blobs/sha256/" + json.loads(files["index.json"])["manifests"][0]["digest"][7:]])["layers"][0]["digest"][7:])'
  refused 'missing'
  hostile 'remanifest(lambda m: m["layers"].append(m["layers"][0]))'
  refused 'layers do not match the image config'
  hostile '
name = max(files, key=lambda n: len(files[n]))
files[name] = files[name][:1000] + b"X" + files[name][1001:]'
  refused 'digest mismatch|gzip|damaged|corrupt'
  hostile '
name = "blobs/sha256/" + json.loads(files["index.json"])["manifests"][0]["digest"][7:]
files[name] = files[name] + b" "'
  refused 'digest mismatch'
  hostile '
other = blob(b"{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.index.v1+json\", \"manifests\": [{\"mediaType\": \"application/vnd.oci.image.index.v1+json\", \"digest\": \"sha256:" + b"0" * 64 + b"\", \"size\": 3}]}")
edit("index.json", lambda i: i["manifests"][0].update(other, mediaType="application/vnd.oci.image.index.v1+json"))'
  refused 'no image'
}

@test "hostile docker-archives" {
  good docker-archive
  hostile 'files["manifest.json"] = b"[]"'
  refused 'no images in archive'
  hostile 'files["manifest.json"] = b"{}"'
  refused 'not a list'
  hostile 'files["manifest.json"] = b"7"'
  refused 'not a list'
  hostile 'files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) * 5000).encode()'
  refused 'more than 1000 images'
  hostile 'edit("manifest.json", lambda m: m[0].update(Config=canary + "/secret"))'
  refused 'invalid member name'
  hostile 'edit("manifest.json", lambda m: m[0].update(Layers=["../" * 20 + canary + "/secret"]))'
  refused 'invalid member name'
  hostile 'edit("manifest.json", lambda m: m[0].update(Config="gone.json"))'
  refused 'missing'
  hostile 'edit("manifest.json", lambda m: m[0].update(Layers=["gone.tar"]))'
  refused 'missing'
  hostile 'edit("manifest.json", lambda m: m[0].update(Layers=m[0]["Layers"] * 2))'
  refused 'layers do not match the image config'
  hostile 'edit("manifest.json", lambda m: m[0].update(Layers=m[0]["Layers"] * 2000))'
  refused 'more than'
  hostile 'edit("manifest.json", lambda m: m[0].update(Layers="x"))'
  refused 'list of strings'
  local tag
  for tag in '-rm -rf' 'a b' 'UPPER/case:x' '../../x' 'x@sha256:0000000000000000000000000000000000000000000000000000000000000000' 'a\u001b[31m'; do
    hostile "edit('manifest.json', lambda m: m[0].update(RepoTags=['$tag']))"
    refused 'invalid tag'
  done
  hostile 'edit("manifest.json", lambda m: m[0].update(RepoTags=["x" * 5000]))'
  refused 'invalid tag'
  hostile '
name = [n for n in files if n.endswith(".tar")][0]
files[name] = files[name][:2000000 // 512 * 512 - 512] + b"X" * 512 + files[name][2000000 // 512 * 512:]'
  refused 'layers do not match|digest mismatch|not a tar|corrupt'
  hostile '
name = [n for n in files if n.endswith(".json") and n != "manifest.json"][0]
files[name] = b"null"'
  refused 'config'
}

@test "hostile members: links, devices, names, doubles" {
  good oci-archive
  hostile 'del files["index.json"]; link("index.json", canary + "/secret")'
  refused 'not a regular file'
  hostile 'del files["index.json"]; link("index.json", canary + "/secret", tarfile.LNKTYPE)'
  refused 'not a regular file'
  hostile 'link("blobs/sha256/pwn", canary + "/secret")'
  refused 'not a regular file'
  hostile 'link("blobs2", canary); add("blobs2/pwn", b"x")'
  refused 'not a regular file'
  hostile 'link("device", "", tarfile.CHRTYPE)'
  refused 'not a regular file'
  hostile 'link("fifo", "", tarfile.FIFOTYPE)'
  refused 'not a regular file'
  hostile 'add("../../pwn", b"x")'
  refused 'invalid member name'
  hostile 'add("x" * 600, b"x")'
  refused 'invalid member name'
  hostile 'add("index.json", b"{}")'
  refused 'twice'
  hostile 'add("./blobs//../index.json", b"{}")'
  refused 'invalid member name'
  hostile '
for i in range(70000): add("m%d" % i, b"")'
  refused 'more than 65536 members'
  good docker-archive
  hostile 'link("manifest.json.layer", "x")'
  refused 'not a regular file'
  hostile '
layer = [n for n in files if n.endswith(".tar")][0]
data = files.pop(layer)
link("aa/layer.tar", canary + "/secret")
edit("manifest.json", lambda m: m[0].update(Layers=["aa/layer.tar"]))'
  refused 'not a regular file'
  hostile '
layer = [n for n in files if n.endswith(".tar")][0]
data = files.pop(layer)
link("aa/layer.tar", "../bb/layer.tar")
link("bb/layer.tar", "../aa/layer.tar")
edit("manifest.json", lambda m: m[0].update(Layers=["aa/layer.tar"]))'
  refused 'not a regular file'
}

@test "a layer that is a link to another member, as docker wrote it" {
  good docker-archive
  hostile '
layer = [n for n in files if n.endswith(".tar")][0]
link("aa/layer.tar", "../" + layer)
edit("manifest.json", lambda m: m[0].update(Layers=["aa/layer.tar"]))'
  readable "$T"
  forget_all
  try load -q -i "$T/x.tar"
  ok
  out_is "Loaded image: $NAMED"
}

@test "archives that are cut, or followed by something" {
  good oci-archive
  local size
  size=$(stat -c %s "$T/good.tar")
  for cut in 100 511 512 700 20000 $((size - 9000)) $((size - 2100)); do
    head -c "$cut" "$T/good.tar" >"$T/x.tar"
    refused 'truncated|not an image archive|missing|not a tar'
  done
  { cat "$T/good.tar"; echo more; } >"$T/x.tar"
  refused 'trailing data'
  gzip -c "$T/good.tar" >"$T/whole.gz"
  head -c $((size / 2)) "$T/whole.gz" >"$T/x.tar"
  refused 'truncated'
  { cat "$T/whole.gz"; echo more; } >"$T/x.tar"
  refused 'trailing data'
  { cat "$T/good.tar"; head -c 100000 /dev/zero; } >"$T/x.tar"
  readable "$T"
  must load -q -i "$T/x.tar"
}

@test "several images of which one is broken: none is added" {
  must pull -q "$NAMED"
  must pull -q "$MANY"
  must save -q -m --format docker-archive -o "$T/good.tar" "$NAMED" "$MANY"
  forget_all
  hostile 'edit("manifest.json", lambda m: m[1].update(Layers=list(reversed(m[1]["Layers"]))))'
  refused 'layers do not match|digest mismatch|wrong size'
  equal "images" "" "$(ct images -q)"
}

@test "load: a full store, and one that is killed" {
  must pull -q "$MANY"
  must save -q -o "$T/d.tar" "$MANY"
  must save -q --format oci-archive -o "$T/o.tar" "$MANY"
  forget_all
  readable "$T"
  local way before
  before=$(store_state)
  for way in d o; do
    local delay
    for delay in 0.01 0.03 0.06 0.1; do
      begin load -q -i "$T/$way.tar"
      sleep "$delay"
      kill -9 "$pid" 2>/dev/null || true
      finish
      try load -q < <(head -c 200000 "$T/$way.tar")
      exits 125
      ct rmi -fa >/dev/null
      equal "images" "" "$(ct images -q)"
    done
  done
  until_ok 10 test "$before" = "$(store_state)"
  mkdir "$T/small"
  mount -t tmpfs -o "size=3m,mode=0700,uid=$USER_ID,gid=$USER_ID" none "$T/small"
  for way in d o; do
    CT_OPTIONS=(--root "$T/small/s")
    try load -q -i "$T/$way.tar"
    exits 125
    err_has "no space left"
    try load -q < <(cat "$T/$way.tar")
    exits 125
    err_has "no space left"
    equal "images" "" "$(ct images -q)"
    CT_OPTIONS=()
  done
  umount "$T/small"
}

@test "run and create of an image in an archive or a folder" {
  local d
  d=$(user_dir there)
  must pull -q "$IMG"
  must save -q --format oci-archive -o "$d/o.tar" "$IMG"
  must save -q --format docker-archive -o "$d/k.tar" "$IMG"
  must save -q --format oci-dir -o "$d/o" "$IMG"
  must save -q --format docker-dir -o "$d/d" "$IMG"
  local id from
  id=$(ct inspect --type image -f '{{.Id}}' "$IMG")
  for from in "oci-archive:$d/o.tar" "docker-archive:$d/k.tar" "oci:$d/o" "dir:$d/d"; do
    must rmi -fa
    try run --rm "$from" echo here
    ok
    out_is here
    equal "images" 1 "$(ct images -q | sort -u | wc -l)"
    try create --name "$C" "$from" true
    ok
    try inspect -f '{{.Image}}' "$C"
    [[ $from == dir:* ]] || out_is "$id"
    must rm "$C"
  done
  # A path of the caller's folder, and a name in the archive.
  must rmi -fa
  last="run in the archive's folder"
  capture_into redirected eval 'cd "$d" && ct run --rm oci-archive:o.tar echo near'
  ok
  out_is near
  try run --rm "oci-archive:$d/nosuch.tar" true
  exits 125
  err_has "no such file"
  must tag "$IMG" "localhost/other:1"
  try run --rm "containers-storage:localhost/other:1" echo stored
  ok
  out_is stored
}

@test "run of an archive that holds several images, or none that is meant" {
  local d
  d=$(user_dir there)
  must pull -q "$IMG"
  must tag "$IMG" localhost/a:1
  must pull -q "$TOOLS"
  must save -q -m -o "$d/both.tar" localhost/a:1 "$TOOLS"
  must rmi -fa
  try run --rm "docker-archive:$d/both.tar:localhost/a:1" echo one
  ok
  out_is one
  try run --rm "docker-archive:$d/both.tar:localhost/nosuch:1" true
  exits 125
  try run --rm "docker-archive:$d/both.tar:@1" true
  ok
  must rmi -fa
  try run --pull never --rm "docker-archive:$d/both.tar:@0" echo never
  ok
}

@test "a manifest list: saved whole, valid, and brought back" {
  ! oracle || skip "podman 4.3.1 saves the image for this platform"
  local d form file id
  d=$(user_dir there)
  must pull -q "$IMG"
  must pull -q "$TOOLS"
  must manifest create list
  must manifest add list "$IMG"
  must manifest add --arch arm64 --annotation a=b list "$TOOLS"
  must manifest add --arch s390x list "docker://$REGISTRY/busybox:zstd"
  local digests
  digests=$(ct manifest inspect list | jq -r '.manifests[:2][].digest')
  for form in oci-archive oci-dir; do
    file=$d/$form
    try save -q --format "$form" -o "$file" list
    ok
    err_has "is not in the store: it is left out"
    if [[ $form == oci-archive ]]; then tar -C "$(user_dir flat)" -xf "$file" && file=$T/flat; fi
    oci-image-tool validate --type image --ref "name=localhost/list:latest" "$file" >"$T/said" 2>&1 || complain "a valid layout: $(<"$T/said")"
    equal "name" localhost/list:latest "$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$file/index.json")"
    skopeo inspect --raw "oci:$file" >"$T/list"
    equal "digests" "$digests" "$(jq -r '.manifests[].digest' "$T/list")"
    equal "annotation" b "$(jq -r '.manifests[1].annotations.a' "$T/list")"
    equal "sources" null "$(jq -r '.manifests[0].annotations["io.ctool.source"]' "$T/list")"
    skopeo copy -q --all "oci:$file" "dir:$T/$form.copy"
    rm -rf "$T/flat"
  done
  must rmi -fa
  for file in "$d/oci-archive" "$d/oci-dir"; do
    try load -q -i "$file"
    ok
    out_is "Loaded image: localhost/list:latest"
    must manifest exists list
    equal "digests" "$digests" "$(ct manifest inspect list | jq -r '.manifests[].digest')"
    equal "platforms" amd64,arm64 "$(ct manifest inspect list | jq -r '[.manifests[].platform.architecture] | join(",")')"
    try run --rm list echo there
    ok
    out_is there
    must system check
    must save -q --format oci-archive -o "$d/again" list
    must rmi -fa
  done
  try load -q <"$d/again"
  ok
  must manifest exists list
  # docker's formats get the image for this platform.
  must save -q -o "$d/docker" list
  must rmi -fa
  try load -q -i "$d/docker"
  ok
  out_is "Loaded image: localhost/list:latest"
  try manifest exists list
  exits 1
}

@test "a manifest list without images here can't be saved, and one that lies can't be loaded" {
  ! oracle || skip "podman 4.3.1 saves the image for this platform"
  local d
  d=$(user_dir there)
  must rmi -fa
  must manifest create empty
  must manifest add empty "docker://$REGISTRY/busybox:zstd"
  try save -q --format oci-archive -o "$d/x" empty
  exits 125
  err_has "none of the list's images is in the store"
  try save -q -o "$d/x" empty
  exits 125
  err_has "is not in the store"
  [[ ! -e $d/x ]]
  # An image that says that it is a list.
  must pull -q "$IMG"
  must save -q --format oci-dir -o "$d/lie" "$IMG"
  jq -c '.manifests[0].annotations["io.ctool.list"] = "true"' "$d/lie/index.json" >"$d/new"
  cp "$d/new" "$d/lie/index.json"
  must rmi -fa
  try load -i "$d/lie"
  exits 125
  err_has "it is called a list and is none"
  try images -q
  out_is ""
}
