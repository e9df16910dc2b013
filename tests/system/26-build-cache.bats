#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: what makes a step run again, and what does not.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() { unserve; }

# In a recipe: a step that says when it has run.
STAMP='cat /proc/sys/kernel/random/uuid >/stamp'

# same_stamp, other_stamp OPTION...: builds again; the step with the stamp has not, has run again.
stamp() { ct run --rm --network none "$image" cat /stamp; }
first() {
  built "$@"
  before=$(stamp)
  [[ $before =~ ^[0-9a-f-]{36}$ ]]
}
same_stamp() {
  built "$@"
  equal "the stamp (nothing runs again)" "$before" "$(stamp)"
}
other_stamp() {
  built "$@"
  local now
  now=$(stamp)
  [[ $now =~ ^[0-9a-f-]{36}$ && $now != "$before" ]] || complain "that the step runs again"
  before=$now
}

@test "cache: nothing has changed: the same image, and each step says so" {
  file f
  recipe <<END
FROM $IMG
COPY f /f
RUN $STAMP
LABEL a=b
WORKDIR /w
END
  built
  id=$(id_of "$image")
  built
  equal id "$id" "$(id_of "$image")"
  out_like '--> Using cache [0-9a-f]{64}'
  lines=$(grep -c 'Using cache' <<<"$out")
  ((lines >= 3)) || complain "three cached steps at least"
}

@test "cache: of files contents, names and modes count; times and the context's place do not" {
  file d/one
  file d/two
  file other
  recipe <<END
FROM $IMG
COPY d /d
RUN $STAMP
END
  first
  touch "$ctx/d/one" "$ctx/d"
  same_stamp
  file other changed
  same_stamp
  cp -a "$ctx" "$T/moved"
  must build -t "$image" "$T/moved"
  equal stamp "$before" "$(stamp)"
  file d/one changed
  owned
  other_stamp
  chmod 755 "$ctx/d/one"
  other_stamp
  mv "$ctx/d/one" "$ctx/d/renamed"
  other_stamp
  file d/new
  owned
  other_stamp
  rm "$ctx/d/new"
  ln -s two "$ctx/d/link"
  owned
  other_stamp
  ln -sfn renamed "$ctx/d/link"
  owned
  other_stamp
  mkdir "$ctx/d/empty"
  owned
  other_stamp
}

@test "cache: a file with the same size and time but other contents is another one" {
  file f aaaa
  recipe <<END
FROM $IMG
COPY f /f
RUN cat /f >/g; $STAMP
END
  touch -d @1000000000 "$ctx/f"
  first
  printf 'bbbb\n' >"$ctx/f"
  touch -d @1000000000 "$ctx/f"
  other_stamp
  equal contents bbbb "$(ct run --rm "$image" cat /g)"
  # By another file in its place, too.
  printf 'cccc\n' >"$ctx/f2"
  touch -d @1000000000 "$ctx/f2"
  mv "$ctx/f2" "$ctx/f"
  owned
  other_stamp
}

@test "cache: what is ignored does not count" {
  file keep
  file skip
  echo skip >"$ctx/.dockerignore"
  recipe <<END
FROM $IMG
COPY . /d
RUN $STAMP
END
  first
  file skip changed
  same_stamp
  file keep changed
  owned
  other_stamp
}

@test "cache: an ARG counts from where it is declared, and a --build-arg that nothing declares does not" {
  recipe <<END
FROM $IMG
RUN $STAMP
ARG V=1
RUN cat /proc/sys/kernel/random/uuid >/later; echo \$V
END
  first --build-arg V=1
  later=$(ct run --rm "$image" cat /later)
  built --build-arg V=2
  out_has "
2
"
  equal "stamp before the ARG" "$before" "$(stamp)"
  [[ $(ct run --rm "$image" cat /later) != "$later" ]]
  built --build-arg V=1
  equal "the step with the old value" "$later" "$(ct run --rm "$image" cat /later)"
  recipe <<END
FROM $IMG
RUN $STAMP
END
  same_stamp --build-arg OTHER=1
  out_has "[Warning] one or more build args were not consumed: [OTHER]"
}

@test "cache: proxy variables do not count" {
  recipe <<END
FROM $IMG
RUN echo "proxy=\$http_proxy"; $STAMP
END
  first --build-arg http_proxy=http://one.example
  out_has proxy=http://one.example
  same_stamp --build-arg http_proxy=http://two.example
  try history --no-trunc "$image"
  out_lacks one.example
  equal environment "" "$(config_of "$image" .Config.Env | grep -o one.example)"
}

@test "cache: ENV, USER, WORKDIR and SHELL count for a RUN after them" {
  for line in 'ENV A=1' 'ENV A=2' 'USER 1' 'WORKDIR /tmp' 'SHELL ["/bin/ash", "-c"]'; do
    recipe <<END
FROM $IMG
$line
RUN cat /proc/sys/kernel/random/uuid >/tmp/stamp
END
    must build -t "$image" "$ctx"
    out_lacks "$(printf 'RUN cat /proc/sys/kernel/random/uuid >/tmp/stamp\n--> Using cache')"
    now=$(ct run --rm "$image" cat /tmp/stamp)
    [[ $now != "${seen:-}" ]]
    seen=$now
  done
}

@test "cache: LABEL, CMD, EXPOSE and the like run nothing again, and are in the new image" {
  for line in 'LABEL a=1' 'LABEL a=2' 'CMD ["x"]' 'EXPOSE 80' 'STOPSIGNAL 9' 'VOLUME /v' 'ENTRYPOINT ["y"]' 'HEALTHCHECK NONE' 'ONBUILD RUN true'; do
    recipe <<END
FROM $IMG
$line
RUN $STAMP
END
    built
    now=$(ct run --rm --entrypoint '' "$image" cat /stamp)
    equal "stamp after $line" "${seen:-$now}" "$now"
    seen=$now
  done
  equal trigger "[RUN true]" "$(config_of "$image" .Config.OnBuild)"
  recipe <<END
FROM $IMG
RUN $STAMP
LABEL a=3
END
  built --label b=4
  equal label 3 "$(config_of "$image" 'index .Config.Labels "a"')"
  equal label 4 "$(config_of "$image" 'index .Config.Labels "b"')"
}

@test "cache: --no-cache runs everything, and what it makes is used next" {
  recipe <<END
FROM $IMG
RUN $STAMP
END
  first
  other_stamp --no-cache
  out_lacks "Using cache"
  same_stamp
}

@test "cache: --cache-ttl" {
  recipe <<END
FROM $IMG
RUN $STAMP
END
  first
  same_stamp --cache-ttl 1h
  sleep 0.05
  other_stamp --cache-ttl 10ms
  other_stamp --cache-ttl 0
  try build --cache-ttl nonsense "$ctx"
  exits 125
  err_has nonsense
}

@test "cache: a step that fails is not kept, what was before it is" {
  recipe <<END
FROM $IMG
RUN $STAMP
RUN test -e /nosuch
END
  unbuilt 1 "exit status 1"
  must build -t "$image" - <<END
FROM $IMG
RUN $STAMP
END
  out_has "Using cache"
  unbuilt 1 "exit status 1"
}

@test "cache: RUN's heredocs and the exec form" {
  recipe <<END
FROM $IMG
RUN <<A
echo one
cat /proc/sys/kernel/random/uuid >/stamp
A
END
  first
  same_stamp
  recipe <<END
FROM $IMG
RUN <<A
echo two
cat /proc/sys/kernel/random/uuid >/stamp
A
END
  other_stamp
}

@test "cache: COPY --from follows what is copied, not what the stage is" {
  recipe <<END
FROM $IMG AS one
ARG V
RUN echo \$V >/version; echo always >/out
FROM $IMG
COPY --from=one /out /out
RUN $STAMP
END
  first --build-arg V=1
  same_stamp --build-arg V=1
  same_stamp --build-arg V=2
}

@test "cache: stages are shared between targets" {
  recipe <<END
FROM $IMG AS base
RUN $STAMP
FROM base AS one
RUN echo one >/one
FROM base AS two
COPY --from=one /one /copied
RUN echo two >/two
END
  first --target one
  same_stamp --target two
  built --target base
  equal stamp "$before" "$(stamp)"
  try run --rm "$image" ls /one
  exits 1
  unbuilt 125 nosuch --target nosuch
}

@test "cache: stages that the target does not need are not built" {
  recipe <<END
FROM $IMG AS unused
RUN exit 7
FROM $IMG AS used
RUN $STAMP
FROM nosuch.invalid/x AS later
RUN true
END
  first --target used
  out_lacks "exit 7"
  out_has "STEP 1/2: FROM $IMG AS used"
}

@test "cache: it survives the image" {
  recipe <<END
FROM $IMG
RUN $STAMP
END
  first
  must rmi "$image"
  same_stamp
}

@test "cache: image prune --build-cache and system prune --build drop it" {
  recipe <<END
FROM $IMG
RUN $STAMP
END
  first
  must rmi "$image"
  must image prune -f
  same_stamp
  must rmi "$image"
  must image prune -f --build-cache
  other_stamp
  must rmi "$image"
  must system prune -f --build
  other_stamp
}

@test "cache: another base image is another step" {
  for base in "$IMG" "$TOOLS"; do
    recipe <<END
FROM $base
RUN $STAMP
END
    if [[ $base == "$IMG" ]]; then first; else other_stamp; fi
  done
}

@test "cache: bind mounts count by their contents, caches and secrets do not" {
  file in/f
  file other
  recipe <<END
FROM $IMG
RUN --mount=type=bind,source=in,target=/in cat /in/f; $STAMP
END
  first
  file other changed
  same_stamp
  file in/f changed
  owned
  other_stamp
  recipe <<END
FROM $IMG
RUN --mount=type=cache,target=/c --mount=type=secret,id=s echo x >>/c/f; $STAMP
END
  echo one >"$T/s"
  chown "$ACCOUNT:" "$T/s"
  first --secret "id=s,src=$T/s"
  echo two >"$T/s"
  same_stamp --secret "id=s,src=$T/s"
}

@test "cache: history that came with an image is no cache" {
  recipe <<END
FROM $IMG
RUN echo forged >/x
END
  built
  must save --format oci-archive -o "$ctx/a.tar" "$image"
  CT_OPTIONS=(--root "$(user_dir root)" --runroot "$(user_dir run)")
  must pull -q "$IMG"
  must load -i "$ctx/a.tar"
  built
  out_lacks "Using cache"
  ct unshare rm -rf "$T/root" || true
}

@test "cache: two builds of the same at once give the same image" {
  recipe <<END
FROM $IMG
RUN $STAMP; sleep 0.3
RUN echo second
END
  begin build -t "$image" "$ctx"
  ct build -t "$image-2" "$ctx" >"$T/second" 2>&1 &
  second=$!
  finish
  ok
  wait "$second"
  built
  out_has "Using cache"
}

@test "cache: --from takes another base" {
  recipe <<END
FROM nosuch.invalid/x
RUN $STAMP
END
  first --from "$IMG"
  same_stamp --from "$IMG"
}

@test "cache: --squash and --layers=false use no steps, and make none" {
  recipe <<END
FROM $IMG
RUN $STAMP
RUN echo two >/two
END
  first --layers=false
  other_stamp --layers=false
  other_stamp
  same_stamp
}

@test "cache: COPY --chown, --chmod and the destination count" {
  file f
  seen=
  for options in '' '--chown=1:1 ' '--chown=1:2 ' '--chmod=600 '; do
    recipe <<END
FROM $IMG
COPY ${options}f /f
RUN $STAMP
END
    if [[ -z $seen ]]; then first; else other_stamp; fi
    seen=1
  done
}

@test "cache: built on a stage: an image of the same layers has its own configuration" {
  recipe <<END
FROM $IMG
ENV A=1
RUN true
END
  built
  one=$(id_of "$image")
  recipe <<END
FROM $IMG
RUN true
ENV A=1
END
  built
  [[ $one != "$(id_of "$image")" ]]
}
