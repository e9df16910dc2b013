#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# policy.json: images that must be signed, with OpenPGP keys and with cosign's. The keys and signatures are gpg's and
# openssl's.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

file_setup() {
  start_registry "$FILE_DIR/reg" "$FILE_DIR/data" plain
  echo "$registry_address" >"$FILE_DIR/address"
  local home=$FILE_DIR/home name
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry_address" \
    >>"$home/.config/containers/registries.conf"
  for name in a b; do
    skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false --override-arch amd64 \
      "docker://$IMG" "docker://$registry_address/$name:1"
  done
  mkdir -p "$FILE_DIR/keys" "$home/.config/containers/registries.d" "$FILE_DIR/lookaside"
  cat >"$home/.config/containers/registries.d/test.yaml" <<EOF
# where signatures are
docker:
    $registry_address:
        lookaside: file://$FILE_DIR/lookaside
        use-sigstore-attachments: true
EOF
  chown -R "$ACCOUNT:" "$home"
  for name in one two; do
    openssl ecparam -genkey -name prime256v1 -noout -out "$FILE_DIR/keys/$name.key" 2>/dev/null
    openssl pkey -in "$FILE_DIR/keys/$name.key" -pubout -out "$FILE_DIR/keys/$name.pub" 2>/dev/null
    gnupg --passphrase '' --quick-gen-key "$name@test.example" ed25519 sign never
    gnupg --armor --export "$name@test.example" >"$FILE_DIR/keys/$name.asc"
  done
  chmod -R a+rX "$FILE_DIR/keys" "$FILE_DIR/lookaside"
}
gnupg() {
  install -d -m 0700 "$FILE_DIR/gnupg"
  gpg --homedir "$FILE_DIR/gnupg" --batch --quiet --yes --pinentry-mode loopback "$@" 2>/dev/null 3>&- 4>&-
}
file_teardown() {
  gpgconf --homedir "$FILE_DIR/gnupg" --kill all 3>&- 4>&- || true
  stop_registry "$FILE_DIR/reg"
}
test_setup() {
  R=$(<"$FILE_DIR/address")
  KEYS=$FILE_DIR/keys
  rm -rf "$FILE_DIR/lookaside/"*
  ct rmi -fa >/dev/null 2>&1 || true
  DIGEST=$(digest_of "$R/a:1")
  POLICY=$FILE_DIR/home/.config/containers/policy.json
}
test_teardown() { rm -f "$POLICY"; }

digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$1"; }

# policy REQUIREMENTS: for this registry; everything else is accepted.
policy() {
  printf '{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"%s":[%s]}}}' "$R" "$1" >"$POLICY"
  chown "$ACCOUNT:" "$POLICY"
}
signed_by() { printf '{"type":"signedBy","keyType":"GPGKeys","keyPath":"%s"%s}' "$KEYS/$1.asc" "${2-}"; }
sigstore_signed() { printf '{"type":"sigstoreSigned","keyPath":"%s"%s}' "$KEYS/$1.pub" "${2-}"; }
BY_REPOSITORY=',"signedIdentity":{"type":"matchRepository"}'

# claim TYPE DIGEST REFERENCE
claim() {
  printf '{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"%s"},"optional":{}}' \
    "$3" "$2" "$1"
}

# sign_gpg KEY REPOSITORY REFERENCE [DIGEST]: the next signature of what REPOSITORY:1 is.
sign_gpg() {
  local folder n=1
  folder=$FILE_DIR/lookaside/$2@sha256=${DIGEST#sha256:}
  mkdir -p "$folder"
  while [[ -e $folder/signature-$n ]]; do n=$((n + 1)); done
  claim "atomic container signature" "${4:-$DIGEST}" "$3" | gnupg -u "$1@test.example" --sign >"$folder/signature-$n"
  chmod -R a+rX "$FILE_DIR/lookaside"
}

# sign_sigstore KEY REPOSITORY REFERENCE [DIGEST]
sign_sigstore() {
  local dir=$T/sig payload config
  rm -rf "$dir"
  mkdir -p "$dir"
  claim "cosign container image signature" "${4:-$DIGEST}" "$3" >"$dir/payload"
  printf '{}' >"$dir/config"
  payload=$(sha256sum <"$dir/payload" | cut -d' ' -f1)
  config=$(sha256sum <"$dir/config" | cut -d' ' -f1)
  jq -n --arg payload "sha256:$payload" --arg config "sha256:$config" \
    --argjson size "$(stat -c %s "$dir/payload")" \
    --arg signature "$(openssl dgst -sha256 -sign "$KEYS/$1.key" "$dir/payload" | base64 -w0)" '{schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $config, size: 2},
      layers: [{mediaType: "application/vnd.dev.cosign.simplesigning.v1+json", digest: $payload, size: $size,
        annotations: {"dev.cosignproject.cosign/signature": $signature}}]}' >"$dir/manifest.json"
  local blob location
  for blob in payload config; do
    location=$(curl -s -o /dev/null -D - -X POST "http://$R/v2/$2/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //p')
    curl -sf -X PUT --data-binary "@$dir/$blob" -H 'Content-Type: application/octet-stream' \
      "$location&digest=sha256:$(sha256sum <"$dir/$blob" | cut -d' ' -f1)"
  done
  curl -sf -X PUT --data-binary "@$dir/manifest.json" -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
    "http://$R/v2/$2/manifests/sha256-${DIGEST#sha256:}.sig"
}
unsign_sigstore() {
  local digest
  digest=$(curl -s -o /dev/null -D - -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$R/v2/$1/manifests/sha256-${DIGEST#sha256:}.sig" | tr -d '\r' | sed -n 's/^Docker-Content-Digest: //p')
  [[ -z $digest ]] || curl -sf -X DELETE "http://$R/v2/$1/manifests/$digest"
}

# refused: one error, nothing in the store.
refused() {
  exits 125
  equal "errors" 1 "$(grep -c '^Error' "$T/.err")"
  equal "images" "" "$(ct images -q)"
  oracle || equal "blobs" "" "$(find "$FILE_DIR/home/.local/share/ctool/blobs" -type f)"
}

@test "signedBy: signed by the right key" {
  policy "$(signed_by one)"
  sign_gpg one a "$R/a:1"
  try pull -q "$R/a:1"
  ok
}

@test "signedBy: no signature" {
  policy "$(signed_by one)"
  try pull -q "$R/a:1"
  refused
  err_has "Source image rejected: A signature was required, but no signature exists"
}

@test "signedBy: somebody else's signature" {
  policy "$(signed_by one)"
  sign_gpg two a "$R/a:1"
  try pull -q "$R/a:1"
  refused
  err_has "Source image rejected: "
}

@test "signedBy: one good signature among others is enough" {
  policy "$(signed_by one)"
  sign_gpg two a "$R/a:1"
  sign_gpg one a "$R/a:1"
  try pull -q "$R/a:1"
  ok
}

@test "signedBy: of another image, another digest, another tag" {
  policy "$(signed_by one)"
  sign_gpg one a "$R/b:1"
  try pull -q "$R/a:1"
  refused
  err_has "is not accepted"
  rm -rf "$FILE_DIR/lookaside/"*
  sign_gpg one a "$R/a:1" "sha256:$(printf '%064d' 7)"
  try pull -q "$R/a:1"
  refused
  err_has "does not match"
  rm -rf "$FILE_DIR/lookaside/"*
  sign_gpg one a "$R/a:2"
  try pull -q "$R/a:1"
  refused
}

@test "signedBy: by digest the repository is enough" {
  policy "$(signed_by one)"
  sign_gpg one a "$R/a:7"
  try pull -q "$R/a@$DIGEST"
  ok
}

@test "signedBy: a damaged signature, and what is none" {
  policy "$(signed_by one)"
  sign_gpg one a "$R/a:1"
  local file
  file=$(find "$FILE_DIR/lookaside" -type f)
  printf '\xff' | dd of="$file" bs=1 seek=60 conv=notrunc status=none
  try pull -q "$R/a:1"
  refused
  echo "no signature" >"$file"
  try pull -q "$R/a:1"
  refused
  : >"$file"
  try pull -q "$R/a:1"
  refused
  claim "atomic container signature" "$DIGEST" "$R/a:1" >"$file" # not signed at all
  try pull -q "$R/a:1"
  refused
}

@test "signedBy: the user's own keyring plays no part" {
  policy "$(signed_by one)"
  sign_gpg two a "$R/a:1"
  install -d -m 0700 -o "$ACCOUNT" "$FILE_DIR/home/.gnupg"
  as_user gpg --batch --quiet --import "$KEYS/two.asc" 2>/dev/null
  try pull -q "$R/a:1"
  as_user gpgconf --kill all || true
  rm -rf "$FILE_DIR/home/.gnupg"
  refused
}

@test "signedBy: a key that has expired" {
  gnupg --passphrase '' --quick-gen-key "old@test.example" ed25519 sign seconds=2
  gnupg --armor --export "old@test.example" >"$KEYS/old.asc"
  chmod a+r "$KEYS/old.asc"
  policy "$(signed_by old)"
  sign_gpg old a "$R/a:1"
  sleep 3
  try pull -q "$R/a:1"
  refused
}

@test "signedBy: keyPaths, keyData, keys that are not there" {
  sign_gpg two a "$R/a:1"
  policy "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyData\":\"$(base64 -w0 "$KEYS/two.asc")\"}"
  try pull -q "$R/a:1"
  ok
  must rmi "$R/a:1"
  policy "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPaths\":[\"$KEYS/one.asc\",\"$KEYS/two.asc\"]}"
  try pull -q "$R/a:1"
  ok
  must rmi "$R/a:1"
  policy '{"type":"signedBy","keyType":"GPGKeys","keyPath":"/no/such"}'
  try pull -q "$R/a:1"
  refused
  err_has /no/such
  echo "no key" >"$T/none"
  policy "{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"$T/none\"}"
  try pull -q "$R/a:1"
  refused
}

@test "signedIdentity" {
  sign_gpg one a "elsewhere.example/team/a:1"
  policy "$(signed_by one)"
  try pull -q "$R/a:1"
  refused
  policy "$(signed_by one ',"signedIdentity":{"type":"exactReference","dockerReference":"elsewhere.example/team/a:1"}')"
  try pull -q "$R/a:1"
  ok
  must rmi "$R/a:1"
  policy "$(signed_by one ',"signedIdentity":{"type":"exactRepository","dockerRepository":"elsewhere.example/team/a"}')"
  try pull -q "$R/a:1"
  ok
  must rmi "$R/a:1"
  policy "$(signed_by one ",\"signedIdentity\":{\"type\":\"remapIdentity\",\"prefix\":\"$R\",\"signedPrefix\":\"elsewhere.example/team\"}")"
  try pull -q "$R/a:1"
  ok
  must rmi "$R/a:1"
  policy "$(signed_by one ",\"signedIdentity\":{\"type\":\"exactReference\",\"dockerReference\":\"elsewhere.example/team/b:1\"}")"
  try pull -q "$R/a:1"
  refused
}

@test "sigstoreSigned: signed by the right key" {
  policy "$(sigstore_signed one "$BY_REPOSITORY")"
  sign_sigstore one a "$R/a"
  try pull -q "$R/a:1"
  unsign_sigstore a
  ok
}

@test "sigstoreSigned: no signature" {
  policy "$(sigstore_signed one "$BY_REPOSITORY")"
  try pull -q "$R/a:1"
  refused
  err_has "A signature was required, but no signature exists"
}

@test "sigstoreSigned: somebody else's; another image; another digest; an exact name is not in it" {
  policy "$(sigstore_signed one "$BY_REPOSITORY")"
  sign_sigstore two a "$R/a"
  try pull -q "$R/a:1"
  refused
  err_has "Source image rejected: "
  sign_sigstore one a "$R/b"
  try pull -q "$R/a:1"
  refused
  sign_sigstore one a "$R/a" "sha256:$(printf '%064d' 7)"
  try pull -q "$R/a:1"
  refused
  sign_sigstore one a "$R/a"
  policy "$(sigstore_signed one)"
  try pull -q "$R/a:1"
  unsign_sigstore a
  refused
}

@test "sigstoreSigned: keys of other kinds" {
  local kind
  openssl genrsa -out "$KEYS/rsa.key" 2048 2>/dev/null
  openssl ecparam -genkey -name secp384r1 -noout -out "$KEYS/p384.key" 2>/dev/null
  for kind in rsa p384; do
    openssl pkey -in "$KEYS/$kind.key" -pubout -out "$KEYS/$kind.pub" 2>/dev/null
    chmod a+r "$KEYS/$kind.pub"
    policy "$(sigstore_signed "$kind" "$BY_REPOSITORY")"
    sign_sigstore "$kind" a "$R/a"
    try pull -q "$R/a:1"
    unsign_sigstore a
    ok
    must rmi "$R/a:1"
  done
}

@test "sigstoreSigned: only where registries.d says so" {
  policy "$(sigstore_signed one "$BY_REPOSITORY")"
  sign_sigstore one a "$R/a"
  local file=$FILE_DIR/home/.config/containers/registries.d/test.yaml
  sed -i 's/attachments: true/attachments: false/' "$file"
  try pull -q "$R/a:1"
  sed -i 's/attachments: false/attachments: true/' "$file"
  unsign_sigstore a
  refused
}

@test "both kinds are asked for: both are needed" {
  policy "$(signed_by one),$(sigstore_signed one "$BY_REPOSITORY")"
  sign_gpg one a "$R/a:1"
  try pull -q "$R/a:1"
  refused
  sign_sigstore one a "$R/a"
  try pull -q "$R/a:1"
  unsign_sigstore a
  ok
}

@test "what can't be checked is refused" {
  policy '{"type":"sigstoreSigned","fulcio":{"caPath":"/x","oidcIssuer":"y","subjectEmail":"z"},"rekorPublicKeyPath":"/x"}'
  try pull -q "$R/a:1"
  refused
  policy '{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}'
  try pull -q "$R/a:1"
  refused
  policy '{"type":"signedBy","keyType":"GPGKeys"}'
  try pull -q "$R/a:1"
  refused
  policy '{"type":"signedBy","keyType":"GPGKeys","keyPath":"/x","unknown":1}'
  try pull -q "$R/a:1"
  refused
}

@test "registries.d that can't be read stops the pull" {
  policy "$(signed_by one)"
  sign_gpg one a "$R/a:1"
  local folder=$FILE_DIR/home/.config/containers/registries.d
  printf 'docker:\n    %s:\n        lookaside: file:///x\n' "$R" >"$folder/zz.yaml"
  try pull -q "$R/a:1"
  rm "$folder/zz.yaml"
  refused
  printf 'docker: [1, 2]\n' >"$folder/zz.yaml"
  try pull -q "$R/a:1"
  rm "$folder/zz.yaml"
  refused
}

@test "an image that is here under another policy is looked at again" {
  must pull -q "$R/a:1"
  policy "$(signed_by one)"
  try pull -q "$R/a:1"
  exits 125
  err_has "A signature was required"
  sign_gpg one a "$R/a:1"
  try pull -q "$R/a:1"
  ok
}

@test "run fetches nothing that is not signed" {
  policy "$(signed_by one)"
  try run --rm "$R/a:1" true
  refused
}

@test "a list: the image for the platform is what must be signed" {
  skopeo copy -q --all --insecure-policy --src-tls-verify=false --dest-tls-verify=false "docker://$REGISTRY/multi:latest" \
    "docker://$R/multi:1"
  policy "$(signed_by one)"
  DIGEST=$(skopeo inspect --tls-verify=false --raw "docker://$R/multi:1" |
    jq -r '.manifests[] | select(.platform.architecture == "amd64") | .digest')
  try pull -q "$R/multi:1"
  refused
  sign_gpg one multi "$R/multi:1"
  try pull -q "$R/multi:1"
  ok
}
