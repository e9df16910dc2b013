#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: the same Containerfiles through ctool and through podman give the same image: configuration, history, and files
# with modes, owners, links and, where the instruction says so, times. What it is is in data/build-same; podman made it
# (WRITE=1 makes it anew), and a difference that is meant stands in the test.

load helpers
load fixtures/build

DATA=$HERE/data/build-same

test_setup() { new_context; }

# A context of everything that COPY and ADD treat in a way of its own; all of one time.
fill() {
  mkdir -p "$ctx"/{dir/sub,other,logs/deep,.hidden}
  local f
  for f in a.txt b.txt c.md 'with blank' dir/one dir/sub/two other/three logs/x.log logs/deep/y.log logs/keep.log .hidden/h; do echo "$f" >"$ctx/$f"; done
  chmod 0755 "$ctx/a.txt"
  chmod 0640 "$ctx/b.txt"
  chmod 0700 "$ctx/dir/sub"
  ln -s one "$ctx/dir/link"
  ln -s ../../a.txt "$ctx/dir/sub/up"
  mkdir "$T/pack"
  echo packed >"$T/pack/p"
  mkdir "$T/pack/d"
  ln -s p "$T/pack/l"
  tar --owner=7 --group=8 --mtime=@1000000000 --sort=name -C "$T/pack" -czf "$ctx/pack.tar.gz" .
  printf 'Containerfile\n*.md\nlogs/**\n!logs/keep.log\n' >"$ctx/.dockerignore"
}

# What podman says in other words, or not of what it was told: COPY and ADD with digests in place of the sources, ARG with all
# that were declared before, WORKDIR as it was written.
history_lines() {
  sed -E '/#\(nop\) (COPY|ADD|ARG|WORKDIR) /d'
}

# look IMAGE: all that must be the same, as text. Times of what the context did not date are shown as "now".
look() {
  echo "# configuration"
  ct image inspect "$1" | jq -S '.[0] | {Config, Author, Os, HealthCheck: (.HealthCheck // .Healthcheck)} | del(.Config.Labels["io.buildah.version"])
    | del(.Config.OnBuild, .Config.Shell) | if .Config.Labels == {} then del(.Config.Labels) else . end'
  echo "# history"
  ct history --no-trunc --format '{{.CreatedBy}}' "$1" | head -n -"$(ct history -q "$IMG" | wc -l)" | tac | history_lines
  echo "# files"
  ct create --name "$C.look" "$1" true >/dev/null
  ct export -o "$T/look.tar" "$C.look"
  ct rm "$C.look" >/dev/null
  python3 "$HERE/data/list_tar.py" "$T/look.tar" t
}

# same NAME OPTION...: builds, and compares.
same() {
  local name=$1
  shift
  [[ -d $ctx/dir ]] || fill
  recipe
  find "$ctx" -exec touch -h -d @1000000000 {} +
  built "$@"
  look "$image" >"$T/found"
  sed -i "s#$IMG#BASE#g" "$T/found"
  if oracle && [[ -n ${WRITE:-} ]]; then cp "$T/found" "$DATA/$name.txt"; fi
  diff -u "$DATA/$name.txt" "$T/found" >&2 || complain "the same image as podman's"
}

@test "same: COPY: files, folders, patterns, owners, modes, ignored files" {
  same copy <<END
FROM $IMG
COPY a.txt /t/file
COPY a.txt b.txt /t/both/
COPY *.txt /t/pattern/
COPY dir /t/dir
COPY dir/ /t/slash/
COPY dir/. /t/dot
COPY ["with blank", "/t/from blank/"]
COPY --chown=1:2 b.txt /t/owned
COPY --chown=nobody:daemon dir /t/owned-dir
COPY --chown=3 a.txt /t/owned-number
COPY --chmod=0604 a.txt /t/moded
COPY dir/link /t/followed
COPY dir/sub/up /t/followed-up
WORKDIR /t/work
COPY a.txt .
COPY a.txt ./named
COPY a.txt sub/
COPY . /t/all/
COPY .hidden /t/hidden
END
}

@test "same: ADD: archives, files, folders" {
  same add <<END
FROM $IMG
ADD pack.tar.gz /t/unpacked
ADD pack.tar.gz /t/unpacked-slash/
ADD a.txt /t/file
ADD dir /t/dir
ADD --chown=1:2 b.txt /t/owned
COPY pack.tar.gz /t/kept.tar.gz
END
}

@test "same: ENV, LABEL, ARG: values, quotes, expansion" {
  same values --build-arg "BASE=$IMG" --build-arg GIVEN=given --build-arg UNSET= <<'END'
ARG GIVEN=default
ARG ALONE=alone
ARG BASE
FROM ${BASE}
ARG GIVEN
ARG ALONE
ARG UNSET=default
ARG OWN=own
ENV A=$GIVEN B="two words" C='single $GIVEN' D=es\ caped E="in \"quotes\""
ENV OLD form with blanks
ENV F=${ALONE:-no} G=${NONE:-fallback} H=${UNSET:+set} I=${OWN:+set} J="$A-$B" K=\$A L=${A}b
ENV A=again M=$A
LABEL one=1 two="t w o" "three"='3' four=$OWN five="a\
b"
LABEL one=first
RUN mkdir /t && echo "$A|$B|$C|$D|$E|$OLD|$F|$G|$H|$I|$J|$K|$L|$M|$GIVEN|$OWN" >/t/values
END
}

@test "same: USER, WORKDIR, EXPOSE, VOLUME, STOPSIGNAL, CMD, ENTRYPOINT, MAINTAINER" {
  same config <<END
FROM $IMG
MAINTAINER somebody <s@example.org>
ARG PORT=90
EXPOSE 80 53/udp \$PORT/tcp
VOLUME /v1 /v2
VOLUME ["/v 3"]
WORKDIR /t
WORKDIR deeper/still
RUN pwd >/t/deeper/pwd
WORKDIR ..
RUN pwd >/t/pwd
USER nobody
RUN id -un >/tmp/id
USER 12:34
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/bin/echo", "entry"]
CMD ["a", "b c", "\$PORT"]
END
}

@test "same: shell forms, HEALTHCHECK, ONBUILD in the docker format" {
  same docker --format docker <<END
FROM $IMG
RUN mkdir /t
HEALTHCHECK --interval=5s --timeout=7s --start-period=9s --retries=4 CMD test -e /t
ONBUILD COPY a.txt /t/triggered
ONBUILD RUN echo x
CMD echo "shell form" \$HOME
ENTRYPOINT exec "\$@"
END
  same docker-none --format docker <<END
FROM $IMG
HEALTHCHECK NONE
CMD []
ENTRYPOINT []
END
}

@test "same: stages: COPY --from by name, number and image, FROM a stage, --target" {
  same stages --target last <<END
ARG BASE=$IMG
FROM \$BASE AS one
RUN mkdir -p /o/d && echo one >/o/f && chmod 600 /o/f && chown 5:6 /o/f && ln -s f /o/l && touch -h -d @1000000000 /o/f /o/l /o/d /o
FROM one AS two
ENV FROM_TWO=yes
USER daemon
FROM \$BASE AS unused
RUN false
FROM two AS last
COPY --from=one /o /t/name
COPY --from=0 /o/f /t/number
COPY --from=one --chown=9:9 /o/f /t/owned
COPY --from=$IMG /etc/passwd /t/image
FROM last
RUN false
END
}
