#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: the image and what is written and said; ends of all kinds.

load helpers
load fixtures/build

test_setup() { new_context; }
# What a test that failed has left must not fail the next ones.
test_teardown() {
  local left
  while read -r left; do kill -9 "$left" 2>/dev/null || true; done < <(processes | awk '$4 == "sleep" && $5 ~ /^4/ { print $3 }')
}

layers_of() { ct image inspect -f '{{len .RootFS.Layers}}' "$1"; }
# Everything that runs as the account or as one of its subordinate ids.
processes() {
  local uid first count
  uid=$(id -u "$ACCOUNT")
  IFS=: read -r _ first count < <(grep "^$ACCOUNT:" /etc/subuid)
  ps -eo uid=,stat=,pid=,args= | awk -v uid="$uid" -v first="$first" -v count="$count" \
    '$2 !~ /Z/ && ($1 == uid || ($1 >= first && $1 < first + count))'
}
no_step_runs() { ! processes | grep -qE "sleep 4[0-9]{2}|ctool"; }
step_runs() { processes | grep -q "[0-9] sleep $1\$"; }
# What the store and the run folder hold for steps and work that goes on.
work_left() { find "$FILE_DIR"/home/.local/share/ctool/{containers,staging,tmp} -mindepth 1 -maxdepth 1 2>/dev/null; find "$FILE_DIR/run/ctool" -mindepth 1 -maxdepth 1 -regex '.*/[0-9a-f]+' 2>/dev/null; }
no_work_left() { [[ -z $(work_left) ]]; }

@test "image: formats" {
  recipe <<END
FROM $IMG
RUN echo x >/x
HEALTHCHECK --interval=5s CMD true
END
  built
  must save --format oci-dir -o "$T/oci" "$image"
  grep -q application/vnd.oci.image.manifest.v1+json "$T/oci/index.json"
  built --format docker
  must save --format docker-dir -o "$T/docker" "$image"
  grep -q application/vnd.docker.distribution.manifest.v2+json "$T/docker/manifest.json"
  must image inspect "$image"
  equal healthcheck '["CMD-SHELL","true"]' "$(jq -c '.[0].Healthcheck.Test' <<<"$out")"
  try build --format nonsense "$ctx"
  exits 125
  err_has nonsense
}

@test "image: several names, which move" {
  recipe <<<"FROM $IMG
LABEL a=1"
  must build -t "$image" -t "other$image:v2" -t "example.org/x/$image" "$ctx"
  out_has "Successfully tagged localhost/$image:latest
Successfully tagged localhost/other$image:v2
Successfully tagged example.org/x/$image:latest"
  first=$(id_of "$image")
  equal other "$first" "$(id_of "other$image:v2")"
  recipe <<<"FROM $IMG
LABEL a=2"
  built
  [[ $(id_of "$image") != "$first" ]]
  equal other "$first" "$(id_of "other$image:v2")"
  try build -t 'Not/A:valid:name' "$ctx"
  exits 125
  try build -t "x@sha256:$(printf '%064d' 0)" "$ctx"
  exits 125
}

@test "image: -q, --iidfile" {
  recipe <<<"FROM $IMG
RUN echo noise; echo more >&2"
  try build -q --no-cache "$ctx"
  ok
  out_like '^[0-9a-f]{64}$'
  built --iidfile "$ctx/id"
  equal id "sha256:$(id_of "$image")" "$(cat "$ctx/id")"
  out_lacks "$(id_of "$image")
"
  try build --iidfile "$T/nosuch/id" "$ctx"
  exits 125
  # No id of an earlier build stays when this one fails.
  recipe <<<"FROM $IMG
RUN false"
  try build --iidfile "$ctx/id2" "$ctx"
  exits 1
  [[ ! -s $ctx/id2 ]]
}

@test "image: --squash, --squash-all, --layers=false" {
  file f
  recipe <<END
FROM $IMG
RUN mkdir -p /d && echo 1 >/d/a && echo 1 >/d/b && rm /etc/group
COPY f /d/f
RUN rm /d/a && echo 2 >/d/b && chmod 700 /d
ENV E=1
END
  base=$(layers_of "$IMG")
  script='cd /d; ls; cat b f; stat -c %a .; test ! -e /etc/group && echo gone; echo $E'
  wanted="b
f
2
f
700
gone
1"
  built
  equal layers $((base + 3)) "$(layers_of "$image")"
  inside "$script"
  out_is "$wanted"
  for option in --squash --layers=false; do
    built "$option"
    inside "$script"
    out_is "$wanted"
    [[ $option != --squash ]] || equal "layers with $option" $((base + 1)) "$(layers_of "$image")"
  done
  built --squash-all
  equal layers 1 "$(layers_of "$image")"
  inside "$script"
  out_is "$wanted"
}

@test "output: a folder and an archive" {
  file f
  recipe <<END
FROM $IMG AS made
RUN mkdir -p /d/sub && echo x >/d/sub/f && ln -s sub/f /d/l && chmod 750 /d/sub && chown 5:6 /d/sub/f
FROM scratch
COPY --from=made /d /d
COPY f /f
END
  to=$(user_dir to)
  must build -o "type=local,dest=$to/a" "$ctx"
  equal tree ". d d/l d/sub d/sub/f f" "$(cd "$to/a" && find . | sed 's#^\./##' | sort | paste -sd ' ')"
  equal contents x "$(cat "$to/a/d/sub/f")"
  equal link sub/f "$(readlink "$to/a/d/l")"
  must build -o "$to/b" "$ctx"
  diff -r --no-dereference "$to/a" "$to/b"
  must build -o "type=tar,dest=$to/c.tar" "$ctx"
  equal archive "d/ d/l d/sub/ d/sub/f f" "$(tar -tf "$to/c.tar" | sed 's#^\./##; /^$/d' | sort | paste -sd ' ')"
  ct build -q -o - "$ctx" >"$T/d.tar"
  tar -tf "$T/d.tar" | grep -q d/sub/f
  for wrong in type=nosuch,dest=x type=local what=x,dest=y; do
    try build -o "$wrong" "$ctx"
    exits 125
  done
}

@test "reproducible: --timestamp gives one digest in two homes" {
  file d/f
  file d/g
  ln -s f "$ctx/d/l"
  recipe <<END
FROM $IMG AS one
RUN mkdir /o && for i in 3 1 2; do echo \$i >/o/\$i; done
FROM $IMG
COPY d /d
RUN mkdir /m && date >/dev/null && touch /m/a /m/b && rm /d/g
COPY --from=one /o /o
WORKDIR /w
LABEL b=2 a=1
END
  for options in "--timestamp 1000000000" "--source-date-epoch 1000000000 --rewrite-timestamp"; do
    digests=
    for home in 1 2; do
      touch "$ctx/d/f"
      rm -rf "$T/ctx-$home"
      cp -r "$ctx" "$T/ctx-$home"
      chown -R "$ACCOUNT:" "$T/ctx-$home"
      CT_OPTIONS=(--root "$(user_dir "root$home")" --runroot "$(user_dir "run$home")")
      must pull -q "$IMG"
      # shellcheck disable=SC2086  # two words
      must build -t "$image" --no-cache $options --jobs "$home" "$T/ctx-$home"
      digests+=" $(digest_of "$image")"
      equal created 1000000000 "$(date -d "$(ct image inspect -f '{{.Created.Format "2006-01-02T15:04:05Z07:00"}}' "$image")" +%s)"
      CT_OPTIONS=()
    done
    read -r one two <<<"$digests"
    equal "digest with $options" "$one" "$two"
  done
  CT_ENV=(SOURCE_DATE_EPOCH=1000000000)
  built --no-cache
  equal created 1000000000 "$(date -d "$(ct image inspect -f '{{.Created.Format "2006-01-02T15:04:05Z07:00"}}' "$image")" +%s)"
  CT_ENV=(SOURCE_DATE_EPOCH=nonsense)
  try build "$ctx"
  exits 125
  err_has SOURCE_DATE_EPOCH
}

@test "reproducible: --timestamp sets the files' times" {
  file f
  recipe <<END
FROM $IMG
COPY f /f
RUN touch /g && mkdir /h
END
  built --timestamp 1000000000
  inside 'stat -c %Y /f /g /h'
  out_is "1000000000
1000000000
1000000000"
}

@test "history: a line for each instruction, as podman has them" {
  file f
  recipe <<END
FROM $IMG
ARG A=1
ENV E=2
RUN echo x >/x
RUN ["true", "a b"]
COPY f /f
ADD f /g
LABEL l=v
WORKDIR /w
USER 1
EXPOSE 80
CMD ["a", "b"]
ENTRYPOINT ["e"]
STOPSIGNAL SIGINT
VOLUME /v
END
  built
  count=$(ct history -q "$IMG" | wc -l)
  must history --no-trunc --format '{{.CreatedBy}}' "$image"
  created=$(head -n -"$count" <<<"$out" | tac)
  for wanted in 'echo x >/x' 'true "a b"' 'COPY' 'ADD' 'LABEL l=v' 'WORKDIR /w' 'USER 1' 'EXPOSE 80' 'CMD ["a" "b"]' 'ENTRYPOINT ["e"]' 'STOPSIGNAL SIGINT' 'VOLUME' 'ENV E=2'; do
    [[ $created == *"${wanted%% *}"* ]] || complain "a line with $wanted in: $created"
  done
  equal "ARG in RUN's line" 1 "$(grep -c 'A=1.*echo x' <<<"$created")"
}

@test "options: labels, annotations, variables" {
  recipe <<END
FROM $IMG
LABEL keep=1 drop=2
ENV KEEP=1 DROP=2
END
  built --label new=3 --label keep=4 --unsetlabel drop --env ADDED=5 --unsetenv DROP --annotation note=6
  equal labels "map[keep:4 new:3]" "$(config_of "$image" .Config.Labels | sed 's/ *io.buildah.version:[^] ]*//; s/\[ /[/')"
  equal env "KEEP=1 ADDED=5" "$(config_of "$image" .Config.Env | grep -oE '(KEEP|DROP|ADDED)=.' | paste -sd ' ')"
  must save --format oci-dir -o "$T/oci" "$image"
  grep -q '"note": *"6"' "$T"/oci/blobs/sha256/*
}

@test "config: CMD and ENTRYPOINT, of the base image and their own" {
  recipe <<END
FROM $IMG AS base
CMD ["base-cmd"]
ENTRYPOINT ["base-entry"]
FROM base AS cmd
CMD new
FROM base AS entry
ENTRYPOINT ["new"]
FROM base AS both
ENTRYPOINT ["new"]
CMD []
FROM base AS neither
EXPOSE 80/tcp 90/udp
EXPOSE 100-102
VOLUME ["/a", "/b c"]
END
  built --target cmd
  equal cmd "[/bin/sh -c new] [base-entry]" "$(config_of "$image" .Config.Cmd) $(config_of "$image" .Config.Entrypoint)"
  built --target entry
  equal entry "[] [new]" "$(config_of "$image" .Config.Cmd) $(config_of "$image" .Config.Entrypoint)"
  built --target both
  equal both "[] [new]" "$(config_of "$image" .Config.Cmd) $(config_of "$image" .Config.Entrypoint)"
  built --target neither
  equal ports "map[100/tcp:{} 101/tcp:{} 102/tcp:{} 80/tcp:{} 90/udp:{}]" "$(config_of "$image" .Config.ExposedPorts)"
  equal volumes "map[/a:{} /b c:{}]" "$(config_of "$image" .Config.Volumes)"
}

@test "errors: with file, line and column, and the line" {
  recipe <<END
FROM $IMG

  NOSUCH thing
END
  unbuilt 125 Containerfile:3:3
  err_has "NOSUCH thing"
  err_has "unknown instruction: NOSUCH"
  recipe <<END
FROM $IMG
RUN echo \\
  one \\
  two
COPY --nosuch=1 a b
END
  unbuilt 125 Containerfile:5:
  err_has nosuch
  recipe other <<<"RUN true"
  unbuilt 125 'no build stage' -f "$ctx/other"
  err_has other:1
}

@test "errors: statuses" {
  recipe <<<"FROM nosuch.invalid/image
RUN true"
  unbuilt 125 nosuch.invalid
  recipe <<<"FROM $REGISTRY/nosuch
RUN true"
  unbuilt 125 nosuch
  recipe <<<"FROM $IMG
RUN exit 3"
  unbuilt 3 'exit status 3'
  try build --nosuch-option "$ctx"
  exits 125
  try build "$ctx" "$ctx"
  exits 125
  recipe <<<"FROM $IMG"
  unbuilt 125 never --pull=nonsense || unbuilt 125 nonsense --pull=nonsense
  try build --pull=never -t x - <<<"FROM $REGISTRY/neverpulled"
  exits 125
}

@test "output: at a terminal a line that lives, else none" {
  recipe <<<"FROM $IMG
RUN sleep 2; echo done"
  built --no-cache
  out_lacks $'\x1b'
  err_lacks $'\x1b'
  try_tty -- build --no-cache "$ctx"
  ok
  out_like 'RUN sleep 2.* 1s'
  out_like $'\x1b\\[Kdone\n'
}

@test "output: a reader that goes away" {
  recipe <<<"FROM $IMG
RUN for i in \$(seq 10000); do echo line \$i; done"
  SECONDS=0
  ct build --no-cache "$ctx" 2>/dev/null | head -n 1 >/dev/null || true
  ((SECONDS < 20)) || complain "a quick end"
  until_ok 10 no_step_runs
}

@test "ends: kill -9 of ctool while a RUN runs" {
  recipe <<<"FROM $IMG
RUN sleep 400"
  for _ in 1 2; do
    begin build --no-cache -t "$image" "$ctx"
    until_ok 10 step_runs 400
    kill -9 "$pid"
    finish
    until_ok 10 no_step_runs
  done
  must ps -aq
  out_is ""
  must build --no-cache - <<<"FROM $IMG
RUN true"
  until_ok 10 no_work_left
}

@test "ends: kill -9 of each of its processes while a RUN runs" {
  recipe <<<"FROM $IMG
RUN sleep 401"
  for ((i = 1; i <= 8; i++)); do
    begin build --no-cache "$ctx"
    until_ok 10 step_runs 401
    # Who watches and who carries its packets may die: then the build goes on, and ends with ctool.
    victim=$(processes | sed -n "${i}p" | awk '{ print $3 }')
    [[ -n $victim ]] || victim=$pid
    kill -9 "$victim"
    for ((n = 0; n < 20; n++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    finish
    [[ $rc != 0 ]] || complain "a failure"
    # What only the next command can find is gone with it.
    must build - <<<"FROM $IMG"
    until_ok 5 no_step_runs
  done
  must ps -aq
  out_is ""
  until_ok 10 no_work_left
}

@test "ends: kill -9 at many moments: the next build works and nothing is left" {
  for i in $(seq 300); do echo "$i" >"$ctx/f$i"; done
  recipe <<END
FROM $IMG AS a
COPY . /x
RUN echo one >/one
RUN echo two >/two
FROM $IMG
COPY --from=a /x /x
RUN echo three >/three
COPY --from=a /two /
END
  for ms in 10 30 50 70 90 110 130 160 190 220 260 300 350; do
    begin build --no-cache -t "$image" "$ctx"
    sleep "0.$(printf '%03d' "$ms")"
    kill -9 "$pid" 2>/dev/null || true
    finish
  done
  until_ok 20 no_step_runs
  built
  inside 'ls /x | wc -l; cat /two /three'
  out_is "301
two
three"
  must system check
  until_ok 10 no_work_left
}

@test "ends: SIGINT and SIGTERM end the build and its step" {
  recipe <<<"FROM $IMG
RUN sleep 402"
  for signal in INT TERM; do
    # What a shell starts in the background ignores SIGINT otherwise.
    "${AS_USER[@]}" env --default-signal=INT "$CTOOL" build --no-cache -t "$image" "$ctx" >"$T/.out" 2>"$T/.err" 3>&- 4>&- &
    pid=$!
    until_ok 10 step_runs 402
    SECONDS=0
    kill -"$signal" "$pid"
    finish
    [[ $rc != 0 ]]
    ((SECONDS < 20)) || complain "a quick end"
    until_ok 10 no_step_runs
  done
  try image exists "$image"
  exits 1
  until_ok 10 no_work_left
}

@test "ends: a failed build leaves no image, no container and no work" {
  file f
  recipe <<<"FROM $IMG
COPY f /f
RUN false"
  before=$(ct images -aq | sort)
  unbuilt 1 "exit status 1"
  equal images "$before" "$(ct images -aq | sort)"
  must ps -aq
  out_is ""
  no_work_left || complain "nothing: $(work_left)"
  built --no-cache -f - <<<"FROM $IMG
COPY f /f"
  no_work_left || complain "nothing: $(work_left)"
}

@test "platforms: a foreign one without RUN; several into a manifest" {
  file f
  recipe <<'END'
FROM scratch AS one
ARG TARGETARCH
COPY f /$TARGETARCH
END
  built --platform linux/arm64
  equal architecture arm64 "$(ct image inspect -f '{{.Architecture}}' "$image")"
  must build --platform linux/arm64,linux/amd64 --manifest "m$image" "$ctx"
  must manifest inspect "m$image"
  out_has arm64
  out_has amd64
}

@test "platforms: base images are the platform's, or the one that FROM names" {
  file f
  recipe <<<"FROM $REGISTRY/multi:latest
COPY f /f"
  for architecture in arm64 amd64; do
    built --platform "linux/$architecture"
    equal architecture "$architecture" "$(ct image inspect -f '{{.Architecture}}' "$image")"
    built --arch "$architecture"
    equal architecture "$architecture" "$(ct image inspect -f '{{.Architecture}}' "$image")"
  done
  recipe <<<"FROM --platform=linux/arm64 $REGISTRY/multi:latest
COPY f /f"
  built
  equal architecture arm64 "$(ct image inspect -f '{{.Architecture}}' "$image")"
  recipe <<<'FROM --platform=$BUILDPLATFORM '"$REGISTRY/multi:latest
COPY f /f"
  built --platform linux/s390x
  equal architecture "$(ct version -f '{{.Client.OsArch}}')" "linux/$(ct image inspect -f '{{.Architecture}}' "$image")"
  recipe <<<"FROM $REGISTRY/multi:latest"
  unbuilt 125 s390x --platform linux/s390x
}

@test "cache: --cache-to and --cache-from, by a folder, in another store" {
  file f
  recipe <<END
FROM $IMG
COPY f /f
RUN cat /proc/sys/kernel/random/uuid >/stamp
END
  built --cache-to "type=local,dest=$T/cache"
  stamp=$(ct run --rm "$image" cat /stamp)
  CT_OPTIONS=(--root "$(user_dir root)" --runroot "$(user_dir run)")
  must pull -q "$IMG"
  built --cache-from "type=local,src=$T/cache"
  equal stamp "$stamp" "$(ct run --rm "$image" cat /stamp)"
}

@test "config: platform arguments" {
  recipe <<'END'
FROM --platform=$BUILDPLATFORM scratch AS x
ARG TARGETOS TARGETARCH TARGETPLATFORM BUILDPLATFORM
LABEL all="$TARGETOS $TARGETARCH $TARGETPLATFORM $BUILDPLATFORM"
END
  built
  equal arguments "linux amd64 linux/amd64 linux/amd64" "$(config_of "$image" 'index .Config.Labels "all"' | sed 's/arm64/amd64/g')"
}
