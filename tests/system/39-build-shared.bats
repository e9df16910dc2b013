#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: what goes out of the store and comes back: shared caches, archives, manifest lists; and what is pruned.

load helpers
# shellcheck disable=SC1091
. "$HERE/fixtures/registry.bash"

# One that takes what is pushed.
file_setup() {
  start_registry "$FILE_DIR/reg" "$FILE_DIR/data" plain
  echo "$registry_address" >"$FILE_DIR/address"
  printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$registry_address" >>"$FILE_DIR/home/.config/containers/registries.conf"
}
file_teardown() { stop_registry "$FILE_DIR/reg"; }
test_setup() { R=$(<"$FILE_DIR/address"); }

# A folder with a Containerfile of two steps that make layers.
project() {
  P=$(user_dir ctx)
  cat >"$P/Containerfile" <<END
FROM $IMG
COPY f /f
RUN date +%s%N >/stamp
CMD ["cat", "/stamp"]
END
  echo one >"$P/f"
  chown -R "$ACCOUNT:" "$P"
}
forget() { ct builder prune -af >/dev/null && ct rmi -fa >/dev/null && ct pull -q "$IMG" >/dev/null; }

@test "cache: to a folder and back" {
  project
  must build --cache-to "type=local,dest=$P/cache" -t a "$P"
  local stamp
  stamp=$(ct run --rm a)
  forget
  must build --cache-from "type=local,src=$P/cache" -t b "$P"
  out_has "Using cache"
  equal stamp "$stamp" "$(ct run --rm b)"
  must system check
}

@test "cache: to a registry and back" {
  project
  must build --cache-to "$R/cache" -t a "$P"
  local stamp
  stamp=$(ct run --rm a)
  forget
  must build --cache-from "$R/cache" -t b "$P"
  out_has "Using cache"
  equal stamp "$stamp" "$(ct run --rm b)"
  equal "artifacts left" "" "$(ct artifact ls -q)"
}

@test "cache: one that is not there, or lies, changes nothing" {
  project
  must build --cache-from "$R/no-such-cache" -t a "$P"
  err_has "the build goes on without it"
  must build --cache-to "type=local,dest=$P/cache" -t a "$P"
  # A layer that is not what its record says.
  local layer
  layer=$(find "$P/cache/blobs/sha256" -size -3k -type f -exec grep -la ustar {} + | head -n 1)
  printf 'x' | dd of="$layer" bs=1 seek=600 conv=notrunc status=none
  forget
  must build --cache-from "type=local,src=$P/cache" -t b "$P"
  err_has "the build goes on without it"
  must run --rm b cat /f
  out_is one
  must system check
}

@test "builder prune, system df, and rmi: what is kept and what goes" {
  forget
  project
  must build -t a "$P"
  must system df
  out_like 'Build Cache +2 +2 '
  must rmi a
  must system df
  out_like 'Build Cache +2 +0 .*\(100%\)'
  must build "$P"
  out_has "Using cache"
  must rmi -fa
  must builder prune -f
  out_has "Total reclaimed space"
  out_lacks "space: 0B"
  must system df
  out_lacks "Build Cache"
  must build "$P"
  out_lacks "Using cache"
}

@test "cache mounts: prune takes those that nobody uses" {
  must build - <<<"FROM $IMG
RUN --mount=type=cache,target=/c echo kept >/c/f"
  must builder prune -f
  must build --no-cache - <<<"FROM $IMG
RUN --mount=type=cache,target=/c cat /c/f"
  out_has kept
  must builder prune -af
  try build --no-cache - <<<"FROM $IMG
RUN --mount=type=cache,target=/c cat /c/f"
  exits 1
}

@test "output: an OCI archive that loads, and a docker archive" {
  project
  must build -t out:1 -o "type=oci,dest=$P/oci.tar" "$P"
  must build -t out:1 -o "type=docker,dest=$P/docker.tar" "$P"
  local stamp
  stamp=$(ct run --rm out:1)
  for archive in oci docker; do
    ct rmi -f out:1 >/dev/null
    must load -i "$P/$archive.tar"
    equal "$archive" "$stamp" "$(ct run --rm out:1)"
  done
  try build -o type=nothing,dest=x "$P"
  exits 125
  err_has 'invalid build output type "nothing"'
}

@test "platforms: a list of two, and a RUN that needs an emulator" {
  try build --platform linux/s390x - <<<"FROM scratch
RUN [\"/bin/true\"]"
  exits 125
  err_has "RUN needs an emulator for linux/s390x"
  local dir
  dir=$(user_dir platforms)
  printf 'FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY Containerfile /\n' >"$dir/Containerfile"
  chown -R "$ACCOUNT:" "$dir"
  must build --platform linux/amd64,linux/arm64 --manifest both "$dir"
  must manifest inspect both
  out_has '"architecture": "amd64"'
  out_has '"architecture": "arm64"'
}
