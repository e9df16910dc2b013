#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: instructions, output, exit status, cache.

load helpers

# A folder with a Containerfile from the standard input; prints its path.
context() {
  local dir
  dir=$(user_dir ctx)
  cat >"$dir/Containerfile"
  chown -R "$ACCOUNT:" "$dir"
  echo "$dir"
}
config_of() { ct image inspect -f "{{$2}}" "$1"; }

@test "build: from the standard input, with podman's lines" {
  try build -t b:1 - <<<"FROM $IMG
RUN echo hi"
  ok
  out_has "STEP 1/2: FROM $IMG"
  out_has "STEP 2/2: RUN echo hi
hi"
  out_has "COMMIT b:1"
  out_has "Successfully tagged localhost/b:1"
  [[ ${out##*$'\n'} =~ ^[0-9a-f]{64}$ ]]
  local id=${out##*$'\n'}
  try build -t b:1 - <<<"FROM $IMG
RUN echo hi"
  ok
  out_has "--> Using cache "
  equal id "$id" "${out##*$'\n'}"
}

@test "build: -q prints the id alone, --iidfile instead of it" {
  try build -q - <<<"FROM $IMG"
  ok
  out_like '^[0-9a-f]{64}$'
  local id=$out dir
  dir=$(user_dir iid)
  try build -q --iidfile "$dir/id" - <<<"FROM $IMG"
  ok
  out_is ""
  equal iidfile "sha256:$id" "$(cat "$dir/id")"
}

@test "build: a RUN that fails decides about the exit status" {
  try build - <<<"FROM $IMG
RUN exit 5"
  exits 5
  err_has 'building at STEP "RUN exit 5": while running runtime: exit status 5'
}

@test "build: no Containerfile" {
  try build "$(user_dir empty)"
  exits 125
  err_has "no Containerfile or Dockerfile specified or found in context directory"
}

@test "build: the image's configuration" {
  local dir
  dir=$(context <<<"FROM $IMG
ARG A=one
ENV E=\$A F='two words'
LABEL l=\$E
WORKDIR /made/here
USER nobody
EXPOSE 80 53/udp
VOLUME /data
STOPSIGNAL SIGINT
CMD [\"a\", \"b\"]
ENTRYPOINT exec it")
  must build -t conf "$dir"
  equal env "F=two words" "$(config_of conf '.Config.Env' | grep -o 'F=two words')"
  equal label one "$(config_of conf 'index .Config.Labels "l"')"
  equal dir /made/here "$(config_of conf .Config.WorkingDir)"
  equal user nobody "$(config_of conf .Config.User)"
  equal entrypoint "[/bin/sh -c exec it]" "$(config_of conf .Config.Entrypoint)"
  equal cmd "[a b]" "$(config_of conf .Config.Cmd)"
  equal signal SIGINT "$(config_of conf .Config.StopSignal)"
  must run --rm --entrypoint "" conf sh -c 'pwd; stat -c %U:%a .'
  out_is "/made/here
root:755"
}

@test "build: RUN true makes an empty layer" {
  must build -t empty - <<<"FROM $IMG
RUN true"
  local before after
  before=$(ct image inspect -f '{{.Size}}' "$IMG")
  after=$(ct image inspect -f '{{.Size}}' empty)
  equal size "$before" "$after"
  must image diff empty "$IMG"
  out_is ""
}

@test "build: COPY of files, folders and patterns" {
  local dir
  dir=$(context <<<"FROM $IMG
COPY a.txt /
COPY a.txt b.txt /both/
COPY *.txt /all/
COPY dir /contents
COPY --chown=1:2 --chmod=640 a.txt /owned
WORKDIR /w
COPY dir/sub/f .
COPY <<EOF /here
line \$HOME
EOF")
  mkdir -p "$dir/dir/sub"
  echo a >"$dir/a.txt"
  echo b >"$dir/b.txt"
  echo f >"$dir/dir/sub/f"
  ln -s sub/f "$dir/dir/link"
  chown -R "$ACCOUNT:" "$dir"
  must build -t copies "$dir"
  must run --rm copies sh -c 'cd /; cat a.txt both/a.txt both/b.txt all/b.txt contents/sub/f w/f; readlink contents/link; stat -c %u:%g:%a owned; stat -c %u a.txt; cat here'
  out_is "a
a
b
b
f
f
sub/f
1:2:640
0
line "
}

@test "build: stages, --target, COPY --from" {
  local dir
  dir=$(context <<<"FROM $IMG AS one
RUN echo first >/one
FROM $IMG AS unused
RUN false
FROM scratch
COPY --from=one /one /two")
  must build -t two "$dir"
  out_has "[1/3] STEP 1/2: FROM $IMG AS one"
  out_has "[3/3] STEP 2/2: COPY --from=one /one /two"
  must create --name "$C" two x
  must cp "$C:/two" -
  out_has first
  must build --target one -t one "$dir"
  must run --rm one cat /one
  out_is first
}

@test "build: the cache follows contents, not times" {
  local dir
  dir=$(context <<<"FROM $IMG
COPY f /f
RUN cat /f; date +%N >/stamp")
  echo 1 >"$dir/f"
  chown -R "$ACCOUNT:" "$dir"
  must build -t c1 "$dir"
  touch "$dir/f"
  must build -t c2 "$dir"
  equal stamp "$(ct run --rm c1 cat /stamp)" "$(ct run --rm c2 cat /stamp)"
  echo 2 >"$dir/f"
  must build -t c3 "$dir"
  out_has "RUN cat /f; date +%N >/stamp
2"
  must build --no-cache -t c4 "$dir"
  out_lacks "Using cache"
}

@test "build: a secret is in the step and nowhere else" {
  local dir
  dir=$(context <<<"FROM $IMG
RUN --mount=type=secret,id=s cat /run/secrets/s; cp /run/secrets/s /tmp/x; rm /tmp/x
RUN test ! -e /run/secrets")
  printf topsecret >"$dir/s.txt"
  chown -R "$ACCOUNT:" "$dir"
  must build --secret "id=s,src=$dir/s.txt" -t sec "$dir"
  out_has topsecret
  must save --format oci-archive -o "$dir/sec.tar" sec
  lacks grep -q topsecret "$dir/sec.tar"
  try history --no-trunc sec
  out_lacks topsecret
}

@test "build: a cache mount survives, a tmpfs does not" {
  local dir
  dir=$(context <<<"FROM $IMG
ARG N
RUN --mount=type=cache,target=/c --mount=type=tmpfs,target=/t echo \$N >>/c/log; cat /c/log; touch /t/x")
  must build --build-arg N=1 "$dir"
  must build --build-arg N=2 "$dir"
  out_has "1
2"
  must build -t cm --build-arg N=3 "$dir"
  try run --rm cm ls /c /t
  exits 1
}
