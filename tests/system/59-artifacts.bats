#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# artifact: files in the store and in registries.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

file_setup() {
  REGISTRY_LOG_ACCESSLOG_DISABLED=false start_registry "$FILE_DIR/reg" "$FILE_DIR/data" plain
  echo "$registry_address" >"$FILE_DIR/address"
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry_address" \
    >>"$FILE_DIR/home/.config/containers/registries.conf"
}
file_teardown() { stop_registry "$FILE_DIR/reg"; }
test_setup() {
  ! oracle || skip "podman 4.3.1 has no artifacts"
  D=$(<"$FILE_DIR/address")/t$BATS_TEST_NUMBER
  F=$(user_dir files)
  printf 'hello\n' >"$F/a.txt"
  printf '\x7fELF\x00\x01' >"$F/b.bin"
  chown "$ACCOUNT:" "$F"/*
}
test_teardown() { oracle || ct artifact rm --all >/dev/null; }

STORE=.local/share/ctool
blobs() { find "$FILE_DIR/home/$STORE/blobs" -type f 2>/dev/null | wc -l; }
sha() { sha256sum "$1" | cut -d ' ' -f 1; }

# put_blob REPOSITORY FILE: at the test registry, by hand.
put_blob() {
  local where
  where=$(curl -fsS -X POST -D - -o /dev/null "http://$1/blobs/uploads/" | tr -d '\r' | sed -n 's/^Location: //Ip')
  curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" \
    "$where$([[ $where == *\?* ]] && echo '&' || echo '?')digest=sha256:$(sha "$2")"
}
# make_artifact NAME TITLE...: an artifact of one-line files, with titles as they are.
make_artifact() {
  local repository=${1#*/} host=${1%%/*} layers='' title number=0
  shift
  local api=$host/v2/$repository
  printf '{}' >"$T/empty"
  put_blob "$api" "$T/empty"
  for title; do
    echo "content $((number += 1))" >"$T/piece"
    put_blob "$api" "$T/piece"
    layers+=${layers:+,}$(jq -nc --arg t "$title" --arg d "sha256:$(sha "$T/piece")" --argjson s "$(stat -c %s "$T/piece")" \
      '{mediaType: "text/plain", digest: $d, size: $s} + (if $t == "" then {} else {annotations: {"org.opencontainers.image.title": $t}} end)')
  done
  jq -nc --argjson l "[$layers]" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: "a/b", config: {mediaType: "application/vnd.oci.empty.v1+json",
    digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", size: 2}, layers: $l}' >"$T/manifest"
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$T/manifest" \
    "http://$api/manifests/latest"
}

@test "add, ls, inspect, rm" {
  try artifact add "$D/x:1" "$F/a.txt" "$F/b.bin"
  ok
  out_like '^[0-9a-f]{64}$'
  local digest=$out
  try artifact ls
  ok
  out_like 'REPOSITORY +TAG +DIGEST +CREATED +SIZE'
  out_like "$D/x +1 +${digest:0:12} +Less than a second ago|$D/x +1 +${digest:0:12} +[0-9]+ seconds? ago"
  out_has "12B"
  try artifact ls --noheading --no-trunc
  out_has "$digest"
  out_lacks REPOSITORY
  try artifact list --format '{{.Repository}} {{.Tag}} {{.Digest}} {{.VirtualSize}} {{.Size}}'
  out_is "$D/x 1 ${digest:0:12} 12 12B"
  try artifact ls --format json
  equal "tag" 1 "$(jq -r '.[0].Tag' "$T/.out")"
  try artifact inspect "$D/x:1"
  ok
  equal "keys" Manifest,Name,Digest "$(jq -r 'keys_unsorted | join(",")' "$T/.out")"
  equal "digest" "sha256:$digest" "$(jq -r .Digest "$T/.out")"
  equal "titles" a.txt,b.bin "$(jq -r '[.Manifest.layers[].annotations["org.opencontainers.image.title"]] | join(",")' "$T/.out")"
  equal "types" "text/plain; charset=utf-8,application/octet-stream" \
    "$(jq -r '[.Manifest.layers[].mediaType] | join(",")' "$T/.out")"
  equal "digests" "sha256:$(sha "$F/a.txt")" "$(jq -r '.Manifest.layers[0].digest' "$T/.out")"
  for name in "$digest" "sha256:$digest" "${digest:0:12}"; do
    try artifact inspect -f '{{.Name}} {{.TotalSizeBytes}} {{len .Manifest.Layers}} {{.Manifest.Config.Size}}' "$name"
    out_is "$D/x:1 12 2 2"
  done
  try artifact inspect -f '{{index .Manifest.Annotations "org.opencontainers.image.created"}}' "$D/x:1"
  out_like '^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z$'
  try inspect -f '{{.Digest}}' "$D/x:1"
  out_is "sha256:$digest"
  try inspect --type artifact "$D/x:1"
  equal "one" 1 "$(jq length "$T/.out")"
  try artifact rm "${digest:0:12}"
  ok
  out_is "Deleted: $digest"
  try artifact inspect "$D/x:1"
  exits 125
  err_is "Error: $D/x:1: artifact does not exist"
}

@test "add: options and what can't be" {
  try artifact add --type octet/foobar --file-type text/special --annotation color=blue --annotation a=b=c "x$BATS_TEST_NUMBER" "$F/a.txt"
  ok
  try artifact inspect "x$BATS_TEST_NUMBER"
  equal "name" "localhost/x$BATS_TEST_NUMBER:latest" "$(jq -r .Name "$T/.out")"
  equal "type" octet/foobar "$(jq -r .Manifest.artifactType "$T/.out")"
  equal "file type" text/special "$(jq -r '.Manifest.layers[0].mediaType' "$T/.out")"
  equal "annotations" "blue b=c" "$(jq -r '.Manifest.layers[0].annotations | .color + " " + .a' "$T/.out")"
  local before
  before=$(blobs)
  try artifact add "x$BATS_TEST_NUMBER" "$F/b.bin"
  exits 125
  err_is "Error: x$BATS_TEST_NUMBER: artifact already exists"
  try artifact add new "$F/a.txt" "$F/a.txt"
  exits 125
  err_is "Error: a.txt: file already exists in artifact"
  try artifact add --annotation org.opencontainers.image.title=x new "$F/a.txt"
  exits 125
  err_is "Error: cannot override filename with org.opencontainers.image.title annotation"
  try artifact add --annotation novalue new "$F/a.txt"
  exits 125
  err_has 'no value given for annotation "novalue"'
  try artifact add --append --type a/b "x$BATS_TEST_NUMBER" "$F/b.bin"
  exits 125
  err_is "Error: append option is not compatible with type option"
  try artifact add --append --replace "x$BATS_TEST_NUMBER" "$F/b.bin"
  exits 125
  err_has "--append and --replace options cannot be used together"
  try artifact add --append nosuch "$F/b.bin"
  exits 125
  err_is "Error: nosuch: artifact does not exist"
  # A failure behind the first file leaves nothing of it.
  try artifact add new "$F/b.bin" "$F/nosuch"
  exits 125
  err_has "no such file or directory"
  try artifact add new "$F/b.bin" "$F"
  exits 125
  err_has "is a directory"
  try artifact add new
  exits 125
  try artifact add 'bad name' "$F/b.bin"
  exits 125
  equal "blobs" "$before" "$(blobs)"
  try artifact ls -n
  equal "artifacts" 1 "$(wc -l <"$T/.out")"
}

@test "add --append and --replace" {
  must artifact add "$D/x" "$F/a.txt"
  local first=$out created
  created=$(ct artifact inspect "$D/x" | jq -r '.Manifest.annotations[]')
  try artifact add --append --annotation color=blue "$D/x" "$F/b.bin"
  ok
  [[ $out != "$first" ]]
  try artifact inspect "$D/x"
  equal "created" "$created" "$(jq -r '.Manifest.annotations["org.opencontainers.image.created"]' "$T/.out")"
  equal "layers" 2 "$(jq '.Manifest.layers | length' "$T/.out")"
  equal "colour" blue "$(jq -r '.Manifest.layers[1].annotations.color' "$T/.out")"
  try artifact add -a "$D/x" "$F/b.bin"
  exits 125
  err_is "Error: b.bin: file already exists in artifact"
  try artifact add --replace "$D/x" "$F/b.bin"
  ok
  try artifact inspect "$D/x"
  equal "layers" 1 "$(jq '.Manifest.layers | length' "$T/.out")"
  # What was replaced gives its space back: the config and one file are left.
  equal "blobs" 2 "$(blobs)"
}

@test "add: twenty at once, and nobody loses a file" {
  local i jobs=()
  must artifact add "$D/x" "$F/a.txt"
  for i in {1..20}; do
    echo "$i" >"$F/f$i"
    ct artifact add --append "$D/x" "$F/f$i" >"$T/out$i" 2>&1 &
    jobs+=($!)
  done
  for i in "${jobs[@]}"; do wait "$i"; done
  equal "files" 21 "$(ct artifact inspect "$D/x" | jq '.Manifest.layers | length')"
}

@test "rm: several, --all, --ignore, errors" {
  must artifact add "$D/x" "$F/a.txt"
  must artifact add "$D/y" "$F/a.txt"
  must artifact add "$D/z" "$F/b.bin"
  try artifact rm
  exits 125
  err_is "Error: a single artifact name or digest must be specified"
  try artifact rm -a "$D/x"
  exits 125
  err_is "Error: when using the --all switch, you may not pass any artifact names or digests"
  try artifact rm foobar
  exits 125
  err_is "Error: foobar: artifact does not exist"
  try artifact rm -i foobar "$D/x"
  ok
  out_like '^Deleted: [0-9a-f]{64}$'
  try artifact extract "$D/y" "$(user_dir out)"
  ok
  try artifact remove --all
  ok
  equal "lines" 2 "$(wc -l <"$T/.out")"
  try artifact ls -n
  out_is ""
  equal "blobs" 0 "$(blobs)"
  try artifact rm --all
  ok
}

@test "extract: to a folder, to a file" {
  must artifact add "$D/x" "$F/a.txt" "$F/b.bin"
  local o
  o=$(user_dir out)
  try artifact extract "$D/x" "$o"
  ok
  out_is ""
  cmp "$F/a.txt" "$o/a.txt"
  cmp "$F/b.bin" "$o/b.bin"
  equal "files" 2 "$(find "$o" -mindepth 1 | wc -l)"
  try artifact extract --title b.bin "$D/x" "$o/one"
  ok
  cmp "$F/b.bin" "$o/one"
  # What is there is replaced: a file, and a link is not followed.
  echo old >"$o/a.txt"
  echo precious >"$T/precious"
  chown "$ACCOUNT:" "$T/precious" "$o/a.txt"
  ln -sf "$T/precious" "$o/b.bin"
  try artifact extract "$D/x" "$o"
  ok
  cmp "$F/a.txt" "$o/a.txt"
  cmp "$F/b.bin" "$o/b.bin"
  equal "precious" precious "$(<"$T/precious")"
  rm -r "${o:?}"/*
  try artifact extract --digest "sha256:$(sha "$F/a.txt")" "$D/x" "$o"
  ok
  equal "name" "sha256-$(sha "$F/a.txt")" "$(ls "$o")"
  try artifact extract "$D/x" "$o/nosuch"
  exits 125
  err_has "is not a directory and neither digest or title was specified"
  try artifact extract --digest x --title y "$D/x" "$o"
  exits 125
  err_is "Error: cannot specify both digest and title"
  try artifact extract --digest blah "$D/x" "$o"
  exits 125
  err_is 'Error: no blob with the digest "blah"'
  try artifact extract --title abcd "$D/x" "$o"
  exits 125
  err_is 'Error: no blob with the title "abcd"'
  try artifact extract nosuch "$o"
  exits 125
  err_is "Error: nosuch: artifact does not exist"
  try artifact extract --title a.txt "$D/x" /dev/stdout
  ok
  out_is hello
}

@test "push, pull: what comes back is what went" {
  must artifact add "$D/x:1" "$F/a.txt" "$F/b.bin"
  local digest=$out
  try artifact push --digestfile "$T/digest" "$D/x:1"
  ok
  out_is ""
  err_has "Writing manifest to image destination"
  equal "digest file" "sha256:$digest" "$(<"$T/digest")"
  equal "in the registry" "$digest" "$(skopeo inspect --tls-verify=false --raw "docker://$D/x:1" | sha256sum | cut -d ' ' -f 1)"
  must artifact rm "$D/x:1"
  equal "blobs" 0 "$(blobs)"
  try artifact pull -q "$D/x:1"
  ok
  out_is "$digest"
  err_is ""
  local o
  o=$(user_dir out)
  must artifact extract "$D/x:1" "$o"
  cmp "$F/a.txt" "$o/a.txt"
  cmp "$F/b.bin" "$o/b.bin"
  # By digest, and under a second name: no blob is fetched twice.
  try artifact pull "$D/x@sha256:$digest"
  ok
  err_has "skipped: already exists"
  try artifact inspect -f '{{.Name}}' "$D/x@sha256:$digest"
  out_is "$D/x@sha256:$digest"
  # A second push finds everything there.
  try artifact push "$D/x:1"
  ok
  err_has "skipped: already exists"
}

@test "push, pull: errors leave nothing" {
  must artifact add "$D/x" "$F/a.txt"
  must artifact push -q "$D/x"
  must artifact rm --all
  try artifact push "$D/x"
  exits 125
  err_is "Error: $D/x: artifact does not exist"
  try artifact pull "$D/nosuch"
  exits 125
  err_has "manifest unknown"
  # A blob that the registry has lost.
  find "$FILE_DIR/data" -path "*sha256/*/$(sha "$F/a.txt")/data" -delete
  try artifact pull --retry 0 "$D/x"
  exits 125
  equal "blobs" 0 "$(blobs)"
  try artifact ls -n
  out_is ""
  try artifact pull "oci-archive:$T/x.tar"
  exits 125
  try artifact pull ""
  exits 125
  err_is "Error: artifact name cannot be empty"
}

@test "a signature that is asked for and not there stops the pull" {
  must artifact add "$D/x" "$F/a.txt"
  must artifact push -q "$D/x"
  must artifact rm --all
  local policy=$FILE_DIR/home/.config/containers/policy.json
  echo '{"default": [{"type": "reject"}]}' >"$policy"
  chown "$ACCOUNT:" "$policy"
  try artifact pull "$D/x"
  rm "$policy"
  exits 125
  err_has "rejected by policy"
  try artifact ls -n
  out_is ""
}

@test "titles that lead out of the folder" {
  local o title
  o=$(user_dir out/deep)
  for title in ../evil ../../evil /tmp/evil a/b .. .; do
    make_artifact "$D/x" good "$title"
    must artifact pull -q "$D/x"
    try artifact extract "$D/x" "$o"
    exits 125
    err_has "invalid name: \"$title\""
    # Not the good one either.
    equal "files for $title" "" "$(ls -A "$o")"
    equal "beside" deep "$(ls -A "$o/..")"
    # By digest, and to a file that the user names, it is a file like any other.
    try artifact extract --title "$title" "$D/x" "$o/named"
    ok
    rm "$o/named"
    must artifact extract --digest "sha256:$(ct artifact inspect "$D/x" | jq -r '.Manifest.layers[1].digest[7:]')" "$D/x" "$o"
    rm "$o"/sha256-*
    must artifact rm "$D/x"
  done
  [[ ! -e /tmp/evil ]]
  make_artifact "$D/x" $'nul\x01control' ""
  must artifact pull -q "$D/x"
  must artifact extract "$D/x" "$o"
  equal "names" 2 "$(find "$o" -type f | wc -l)"
  make_artifact "$D/twice" same same
  must artifact pull -q "$D/twice"
  try artifact extract "$D/twice" "$o"
  exits 125
  err_has 'several files of the artifact are called "same"'
  try artifact extract --title same "$D/twice" "$o"
  exits 125
  err_has 'more than one match for the title "same"'
  make_artifact "$D/long" "$(printf 'x%.0s' {1..300})"
  must artifact pull -q "$D/long"
  try artifact extract "$D/long" "$o"
  exits 125
  err_has "is too long"
  canary_ok
}

@test "artifacts are no images, and images' sweeps leave them alone" {
  must artifact add "$D/x" "$F/a.txt"
  try images -q
  out_is ""
  try pull "$D/x"
  exits 125
  must artifact push -q "$D/x"
  try pull "$D/x"
  exits 125
  err_has "not a container image"
  try run --rm "$D/x" true
  exits 125
  must pull -q "$IMG"
  must image prune -af
  must system prune -af
  must rmi -fa
  try artifact extract "$D/x" "$T/a"
  ok
  cmp "$F/a.txt" "$T/a"
  must system check
  try system df --format '{{.Type}} {{.Total}} {{.Size}}'
  out_has "Artifacts 1 8B"
  try system df -v
  out_like "$D/x:latest +[0-9a-f]{12} "
  must artifact rm "$D/x"
  try system df --format '{{.Type}}'
  out_lacks Artifacts
}

@test "system check: an artifact's blob that is damaged or gone" {
  must artifact add "$D/x" "$F/a.txt" "$F/b.bin"
  must artifact push -q "$D/x"
  local blob
  blob=$FILE_DIR/home/$STORE/blobs/sha256/$(sha "$F/a.txt")
  must system check
  chmod u+w "$blob"
  echo HELLO >"$blob"
  chmod 0400 "$blob"
  try artifact extract "$D/x" "$(user_dir out)"
  exits 125
  err_has "is damaged"
  equal "extracted" "" "$(ls -A "$T/out")"
  try system check
  exits 125
  out_has "Damaged artifact $D/x:latest"
  out_has "Damaged blob sha256:$(sha "$F/a.txt")"
  try system check --repair
  exits 125
  out_has "Not mended"
  try system check --repair --from-registry
  ok
  out_has "Mended artifact $D/x:latest"
  must artifact extract "$D/x" "$T/out"
  cmp "$F/a.txt" "$T/out/a.txt"
  rm -f "$blob"
  try system check --quick
  exits 125
  out_has missing
  try system check --force
  ok
  out_has "Deleted damaged artifact: $D/x:latest"
  try artifact ls -n
  out_is ""
  must system check
}

@test "the empty config among the files, too: nothing is left out" {
  make_artifact "$D/x" file
  local api=http://${D%%/*}/v2/${D#*/}/x
  jq -c '.layers = [.config] + .layers' "$T/manifest" >"$T/twice"
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$T/twice" "$api/manifests/twice"
  must artifact pull -q "$D/x:twice"
  equal "blobs" 2 "$(blobs)"
  must system check
  must artifact extract --title file "$D/x:twice" "$T/file"
  equal "content" "content 1" "$(<"$T/file")"
}

@test "a subject is kept, and nobody asks for what refers to it" {
  make_artifact "$D/x" file
  local api=http://${D%%/*}/v2/${D#*/}/x subject
  subject=$(sha256sum <"$T/manifest" | cut -d ' ' -f 1)
  jq -c --arg d "sha256:$subject" --argjson s "$(stat -c %s "$T/manifest")" \
    '.subject = {mediaType: .mediaType, digest: $d, size: $s} | .artifactType = "x/refers"' "$T/manifest" >"$T/refers"
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$T/refers" "$api/manifests/refers"
  must artifact pull -q "$D/x:refers"
  equal "digest" "$(sha "$T/refers")" "$out"
  try artifact inspect -f '{{.Manifest.Subject.Digest}} {{.Manifest.ArtifactType}}' "$D/x:refers"
  out_is "sha256:$subject x/refers"
  must artifact push -q "$D/x:refers"
  equal "digest" "$(sha "$T/refers")" "$(skopeo inspect --tls-verify=false --raw "docker://$D/x:refers" | sha256sum | cut -d ' ' -f 1)"
  grep -q "GET /v2/.*/x/manifests/refers" "$FILE_DIR/reg/log" || complain "requests in the registry's log"
  lacks grep -q '/referrers/' "$FILE_DIR/reg/log"
}

@test "pull with kill -9 at many instants" {
  head -c 3000000 /dev/urandom >"$F/big"
  must artifact add "$D/x" "$F/big" "$F/a.txt"
  must artifact push -q "$D/x"
  must artifact rm --all
  local i
  for i in {1..15}; do
    begin artifact pull -q "$D/x"
    sleep "0.0$((RANDOM % 90 + 10))"
    kill -9 "$pid" 2>/dev/null || true
    finish
    [[ $rc != 0 ]] || must artifact rm --all
    must system check
  done
  must artifact pull -q "$D/x"
  must artifact extract --title big "$D/x" "$T/back"
  cmp "$F/big" "$T/back"
}
