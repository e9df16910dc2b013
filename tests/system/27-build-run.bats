#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: RUN: its forms, its mounts, its limits, and stages at the same time.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() {
  unserve
  [[ -z ${agent:-} ]] || kill "$agent"
}

# steps LINE...: builds these lines on the test image, without the cache.
steps() {
  {
    echo "FROM $IMG"
    printf '%s\n' "$@"
  } | recipe
  built --no-cache ${options[@]+"${options[@]}"}
}
# bad_steps TEXT LINE...: the same, which fails with this.
bad_steps() {
  local text=$1
  shift
  {
    echo "FROM $IMG"
    printf '%s\n' "$@"
  } | recipe
  try build --no-cache ${options[@]+"${options[@]}"} "$ctx"
  [[ $rc != 0 ]] || complain "a failure"
  err_has "$text"
}

@test "RUN: the shell form, SHELL, and the exec form" {
  steps 'ENV V=value' 'RUN echo "$V $0"' 'RUN ["echo", "$V", "two  blanks"]' 'SHELL ["/bin/ash", "-e", "-c"]' 'RUN echo "$V $0"' 'RUN [ -d / ] && echo shell'
  out_has "value /bin/sh"
  out_has '$V two  blanks'
  out_has "value /bin/ash"
  out_has "
shell"
  bad_steps nosuch 'RUN ["/nosuch"]'
  exits 127
  bad_steps '/etc/passwd' 'RUN ["/etc/passwd"]'
  exits 126
}

@test "RUN: heredocs: with the shell, with a program of its own, as files, with tabs taken away" {
  recipe <<'END'
ARG BASE
FROM $BASE
ENV V=value
RUN <<EOF
echo "one $V"
echo 'two $V'
EOF
RUN <<'EOF'
echo "three $V"
EOF
RUN <<EOF
#!/bin/cat
the program prints itself
EOF
RUN cat <<A <<'B' - && cat <<-C
unread
A
first $V
B
	second $V
	C
SHELL ["/bin/sh", "-exc"]
RUN <<EOF
false
echo not reached
EOF
END
  try build --no-cache --build-arg "BASE=$IMG" "$ctx"
  exits 1
  out_has "one value
two \$V"
  out_has "three value"
  out_has "#!/bin/cat
the program prints itself"
  out_has 'first $V
second value'
  out_lacks "
not reached"
}

@test "RUN: USER, WORKDIR, HOME, and the environment" {
  steps 'ARG A=arg' 'ENV E=env' 'WORKDIR /w/x' 'RUN pwd; id -u; echo "$HOME $A $E"' 'USER nobody' 'RUN id -un; id -g; pwd' 'USER 12:34' 'RUN id -u; id -g'
  out_has "
/w/x
0
/root arg env"
  out_has "
nobody"
  out_has "
12
34"
  equal "the ARG in the image" "" "$(config_of "$image" .Config.Env | grep -o A=arg)"
  bad_steps nosuch 'USER nosuch' 'RUN true'
}

@test "RUN: its exit status is the build's; its streams are apart; its standard input is empty" {
  steps 'RUN cat; echo out; echo err >&2'
  out_has "
out"
  err_has err
  out_lacks "
err"
  bad_steps 'building at STEP "RUN exit 77": while running runtime: exit status 77' 'RUN exit 77'
  exits 77
  bad_steps 'exit status 137' 'RUN sh -c "kill -9 \$\$" ; exit $?'
  exits 137
  # Nor is it the Containerfile's.
  try build --no-cache - <<END
FROM $IMG
RUN cat
RUN echo last
END
  ok
  out_has "
last"
}

@test "RUN: what it starts in the background ends with it" {
  steps 'RUN sleep 1234 & echo started'
  out_has started
  lacks pgrep -u "$ACCOUNT" -f 'sleep 1234'
}

@test "RUN: files that are changed, removed, and replaced by folders and links" {
  steps 'RUN mkdir -p /d/sub /e && echo 1 >/d/a && echo 1 >/d/b && echo 1 >/d/sub/c && echo 1 >/e/f' \
    'RUN rm /d/a && echo 2 >>/d/b && rm -r /d/sub && mkdir /d/sub && echo 2 >/d/sub/new && rm -r /e && ln -s /d /e' \
    'RUN chmod 700 /d && touch -d @1000000000 /d/b && mv /d/b /d/moved'
  inside 'cd /d; find . | sort; cat moved; readlink /e; stat -c %a .; stat -c %Y moved'
  out_is ".
./moved
./sub
./sub/new
1
2
/d
700
1000000000"
}

@test "RUN: nothing of what it is started with is in its layer" {
  file f
  steps 'RUN --mount=type=tmpfs,target=/new/dir --mount=type=bind,target=/ctx --mount=type=cache,target=/var/made/cache true' \
    'RUN echo changed >>/etc/hosts; echo 1 >/dev/shm/x; echo 1 >/run/kept'
  inside 'ls -d /new /ctx /var/made 2>&1; cat /run/kept; grep -c changed /etc/hosts; true'
  out_has "ls: /new: No such file or directory"
  out_has "ls: /ctx: No such file or directory"
  out_has "ls: /var/made: No such file or directory"
  out_has "
1
0"
  must create --name "$C" "$image"
  ct export "$C" | tar -tf - >"$T/list"
  for path in run/.containerenv run/secrets dev/shm/x dev/console ctx; do lacks grep -qx "$path/*" "$T/list"; done
}

@test "RUN: a folder that it makes itself where something is mounted stays" {
  steps 'RUN --mount=type=tmpfs,target=/own/tmp touch /own/file && mkdir -p /own/other'
  inside 'ls /own'
  out_is "file
other"
}

@test "RUN --mount=type=bind: the context, a folder and a file of it, read-only" {
  file d/f
  steps 'WORKDIR /w' 'RUN --mount=target=/all --mount=type=bind,source=d,target=rel --mount=type=bind,src=d/f,dst=/one/f cat /all/d/f /w/rel/f /one/f; touch /all/x || echo refused'
  out_has "d/f
d/f
d/f
refused"
  bad_steps nosuch 'RUN --mount=source=nosuch,target=/x true'
  bad_steps target 'RUN --mount=type=bind,source=d true'
}

@test "RUN --mount=type=bind,rw: what is written is thrown away, and the context is as it was" {
  file d/f
  steps 'RUN --mount=type=bind,target=/m,rw echo changed >/m/d/f && echo new >/m/new && rm /m/Containerfile && cat /m/d/f /m/new' \
    'RUN --mount=type=bind,target=/m ls /m; cat /m/d/f'
  out_has "changed
new"
  out_has "Containerfile
d
d/f"
  equal contents d/f "$(<"$ctx/d/f")"
  [[ ! -e $ctx/new && -e $ctx/Containerfile ]]
}

@test "RUN --mount=type=bind,from: stages and images" {
  recipe <<END
FROM $IMG AS one
RUN mkdir /o && echo one >/o/f
FROM $IMG
RUN --mount=type=bind,from=one,source=/o,target=/o cat /o/f; touch /o/x || echo refused
RUN --mount=from=0,source=o/f,target=/g cat /g
RUN --mount=from=$TOOLS,target=/tools,rw test -d /tools/bin && echo mine >/tools/new && echo written
RUN test ! -e /tools
END
  built --no-cache
  out_has "one
refused"
  out_has "
one
"
  out_has written
}

@test "RUN --mount=type=cache: id, mode, owner, readonly, from" {
  steps 'RUN --mount=type=cache,target=/a,id=own,mode=0770,uid=5,gid=6 stat -c %a:%u:%g /a; echo kept >/a/f' \
    'RUN --mount=type=cache,dst=/b,id=own cat /b/f' \
    'RUN --mount=type=cache,target=/a,id=own,ro cat /a/f; touch /a/x || echo refused' \
    'RUN --mount=type=cache,target=/a ls /a'
  out_has "770:5:6"
  out_has "
kept
"
  out_has refused
  recipe <<END
FROM $IMG AS one
RUN mkdir /o && echo seed >/o/f
FROM $IMG
RUN --mount=type=cache,id=seeded,target=/c,from=one,source=/o cat /c/f; echo more >>/c/f
END
  built --no-cache
  out_has "
seed"
  built --no-cache
  out_has "
seed
more"
}

@test "RUN --mount=type=cache,sharing: locked is one after the other, private is one's own" {
  for sharing in locked private; do
    rm -f "$ctx"/*
    recipe <<END
FROM $IMG
RUN --mount=type=cache,id=$sharing,target=/c,sharing=$sharing test ! -e /c/busy && touch /c/busy && sleep 0.7 && rm /c/busy
END
    begin build --no-cache "$ctx"
    ct build --no-cache "$ctx" >"$T/second" 2>&1 &
    second=$!
    finish
    ok
    wait "$second"
  done
  # Shared: they meet.
  recipe <<END
FROM $IMG
ARG ME
ARG OTHER
RUN --mount=type=cache,id=shared,target=/c touch /c/\$ME; for i in \$(seq 100); do [ -e /c/\$OTHER ] && exit 0; sleep 0.1; done; exit 1
END
  begin build --no-cache --build-arg ME=a --build-arg OTHER=b "$ctx"
  ct build --no-cache --build-arg ME=b --build-arg OTHER=a "$ctx" >"$T/second" 2>&1 &
  second=$!
  finish
  ok
  wait "$second"
}

@test "RUN --mount=type=tmpfs: its size" {
  steps 'RUN --mount=type=tmpfs,target=/t,size=1m df -k /t | tail -n 1 | tr -s " " | cut -d " " -f 2; dd if=/dev/zero of=/t/f bs=1k count=2000 2>/dev/null || echo full'
  out_has "
1024
full"
  bad_steps size 'RUN --mount=type=tmpfs,target=/t,size=-1 true'
}

@test "RUN --mount=type=secret: places, modes, variables, required" {
  printf 'from file' >"$T/s"
  chown "$ACCOUNT:" "$T/s"
  CT_ENV=(HIDDEN='from variable')
  options=(--secret "id=f,src=$T/s" --secret "id=v,env=HIDDEN" --secret "id=HIDDEN,type=env")
  steps 'RUN --mount=type=secret,id=f cat /run/secrets/f; echo; stat -c %a:%u:%g /run/secrets/f' \
    'RUN --mount=type=secret,id=f,target=/x/y,mode=0440,uid=7,gid=8 cat /x/y; echo; stat -c %a:%u:%g /x/y; echo z >/x/y || echo refused' \
    'RUN --mount=type=secret,id=v cat /run/secrets/v; echo' \
    'RUN --mount=type=secret,id=f,env=S echo "variable $S"; test ! -e /run/secrets/f && echo no file' \
    'RUN --mount=type=secret,id=nosuch ls /run/secrets/nosuch || echo none' \
    'WORKDIR /w' 'RUN --mount=type=secret,id=f,target=rel cat /w/rel' \
    'RUN test -z "$S$HIDDEN" && test ! -e /x && test ! -e /run/secrets && echo clean'
  out_has "from file
400:0:0"
  out_has "from file
440:7:8
refused"
  out_has "from variable"
  out_has "variable from file
no file"
  out_has "
none"
  out_has "
clean"
  bad_steps nosuch 'RUN --mount=type=secret,id=nosuch,required=true true'
  exits 125
  options=()
  for wrong in src=x id=a,nonsense=b id=a,src=/nosuch/file id=a,env=NOSUCHVARIABLE; do
    try build --secret "$wrong" "$ctx"
    exits 125
  done
}

@test "RUN --mount=type=secret: a user of the step reads it by uid" {
  printf mine >"$T/s"
  chown "$ACCOUNT:" "$T/s"
  options=(--secret "id=f,src=$T/s")
  steps 'USER 1000' 'RUN --mount=type=secret,id=f,uid=1000 cat /run/secrets/f' 'RUN --mount=type=secret,id=f cat /run/secrets/f || echo refused'
  out_has mine
  out_has refused
}

@test "RUN --mount=type=ssh: the agent's socket" {
  cat >"$T/agent.py" <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen()
while True:
    c, _ = s.accept()
    c.sendall(b"agent speaks\n")
    c.close()
END
  "${AS_USER[@]}" python3 "$T/agent.py" "$T/agent" 3>&- 4>&- &
  agent=$!
  until_ok 5 test -S "$T/agent"
  steps_of_agent=('RUN --mount=type=ssh echo "socket $SSH_AUTH_SOCK"; test -S "$SSH_AUTH_SOCK" && echo there' 'RUN --mount=type=ssh,target=/x/agent test -S /x/agent && echo placed' 'RUN test -z "$SSH_AUTH_SOCK" && echo gone')
  options=(--ssh "default=$T/agent")
  steps "${steps_of_agent[@]}"
  out_has "
there"
  out_has "
placed"
  out_has "
gone"
  CT_ENV=(SSH_AUTH_SOCK="$T/agent")
  options=(--ssh default)
  steps "${steps_of_agent[@]}"
  out_has "
there"
  options=()
  CT_ENV=()
  bad_steps default 'RUN --mount=type=ssh,required=true true'
  options=(--ssh other="$T/agent")
  steps 'RUN --mount=type=ssh,id=other test -S "$SSH_AUTH_SOCK" && echo there'
}

@test "RUN --mount: wrong keys and values are errors with their place" {
  for mount in type=nosuch,target=/x type=bind,target=/x,bind-propagation=suid type=cache,target=/x,sharing=maybe type=tmpfs,target=/x,size=much \
    type=secret,id=a,mode=999 nonsense target=/x,nosuch=1 type=cache,target=/x,uid=me; do
    recipe <<END
FROM $IMG

RUN --mount=$mount true
END
    try build "$ctx"
    exits 125
    err_has "Containerfile:3:"
  done
}

@test "RUN --mount: variables" {
  file d/f
  file e/f
  options=(--build-arg FROM_ARG=e)
  steps 'ARG FROM_ARG=d' 'ENV TO=/to' 'RUN --mount=type=bind,source=$FROM_ARG,target=${TO}/x cat /to/x/f'
  out_has "
e/f"
}

@test "RUN: networks: none, the host's, and one of its own" {
  mkdir "$T/www"
  echo served >"$T/www/f"
  serve "$T/www"
  recipe <<END
FROM $IMG
RUN --network=none ls /sys/class/net; wget -q -T 2 -O - $web/f || echo unreachable
RUN --network=host wget -q -O - $web/f
END
  built --no-cache
  out_has "
lo
unreachable"
  out_has "
served"
  recipe <<END
FROM $IMG
RUN ls /sys/class/net; wget -q -O - $web/f || echo unreachable
END
  built --no-cache
  out_has "
unreachable"
  built --no-cache --network host
  out_has "
served"
  built --no-cache --network none
  out_has "
lo
unreachable"
  # The command line's none is the limit.
  recipe <<END
FROM $IMG
RUN --network=default ls /sys/class/net
END
  built --no-cache --network none
  out_has "
lo"
  for line in '--network=nosuch' '--security=insecure' '--device=x'; do bad_steps "${line%=*}" "RUN $line true"; done
}

@test "RUN: --cap-add, --cap-drop, --ulimit, --add-host, -v, --shm-size, --env" {
  mkdir "$T/shared"
  echo shared >"$T/shared/f"
  chown -R "$ACCOUNT:" "$T/shared"
  options=(--cap-add SYS_ADMIN --cap-drop CHOWN --ulimit nofile=123:124 --add-host there:10.9.8.7 -v "$T/shared:/s" --shm-size 3m)
  steps 'RUN grep Cap /proc/self/status' 'RUN ulimit -n; ulimit -Hn' 'RUN grep there /etc/hosts' 'RUN cat /s/f; echo written >/s/new' 'RUN df -k /dev/shm | tail -n 1 | tr -s " " | cut -d " " -f 2'
  out_has "
123
124"
  out_like '10.9.8.7[[:space:]]+there'
  out_has "
shared"
  equal file written "$(<"$T/shared/new")"
  out_has "
3072"
  effective=$((16#$(sed -n 's/^CapEff:\t//p' <<<"$out")))
  equal CAP_SYS_ADMIN 1 $((effective >> 21 & 1))
  equal CAP_CHOWN 0 $((effective & 1))
  try run --rm "$image" ls /s
  [[ -z $out ]] || complain "nothing of the volume in the image"
}

@test "RUN: the walls of run: no inherited capabilities, own processes, masked files, seccomp" {
  CT_ENV=(HOSTSECRET=canary-of-the-host)
  options=(--network none)
  steps 'RUN grep -E "CapInh|CapAmb|Seccomp:|NoNewPrivs" /proc/self/status; cat /proc/*/environ | grep -c canary-of-the-host; ls /proc | grep -c "^[0-9]*$"; mount -t tmpfs none /mnt 2>&1; true' \
    'USER 1000' 'RUN grep -E "CapEff" /proc/self/status'
  out_like $'CapInh:\t0+\n'
  out_like $'CapAmb:\t0+\n'
  out_like $'Seccomp:\t2'
  out_has "
0
"
  out_like $'CapEff:\t0+($|\n)'
}

@test "stages: those that do not need each other run at the same time" {
  recipe <<END
FROM $IMG AS a
RUN --mount=type=cache,id=meet,target=/c rm -f /c/b; touch /c/a; for i in \$(seq 100); do [ -e /c/b ] && exit 0; touch /c/a; sleep 0.1; done; exit 1
FROM $IMG AS b
RUN --mount=type=cache,id=meet,target=/c for i in \$(seq 100); do [ -e /c/a ] && touch /c/b && exit 0; sleep 0.1; done; exit 1
FROM $IMG
COPY --from=a /etc/passwd /a
COPY --from=b /etc/passwd /b
END
  built --no-cache --jobs 4
}

@test "stages: what they print reads as if one had come after the other" {
  recipe <<END
FROM $IMG AS a
RUN for i in 1 2 3 4 5; do echo a\$i; sleep 0.1; done
FROM $IMG AS b
RUN for i in 1 2 3 4 5; do echo b\$i; sleep 0.1; done
FROM $IMG
COPY --from=a /etc/passwd /a
COPY --from=b /etc/passwd /b
END
  for jobs in 1 4; do
    built --no-cache --jobs "$jobs"
    equal "order with $jobs" "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5" "$(grep -E '^[ab][1-5]$' <<<"$out" | paste -sd ' ')"
    out_like $'\\[1/3\\] STEP 2/2.*\\[2/3\\] STEP 1/2.*\\[3/3\\] STEP 1/3'
  done
}

@test "stages: one that fails ends the others at once" {
  recipe <<END
FROM $IMG AS a
RUN sleep 60
FROM $IMG AS b
RUN sleep 0.3; exit 9
FROM $IMG
COPY --from=a /etc/passwd /a
COPY --from=b /etc/passwd /b
END
  SECONDS=0
  try build --no-cache --jobs 4 "$ctx"
  exits 9
  err_has 'building at STEP "RUN sleep 0.3; exit 9": while running runtime: exit status 9'
  ((SECONDS < 20)) || complain "an end before the other stage's"
  lacks pgrep -u "$ACCOUNT" -f 'sleep 60'
}

@test "stages: FROM a stage keeps its files, configuration and ARGs" {
  recipe <<END
FROM $IMG AS base
ARG A=arg
ENV E=env
WORKDIR /w
USER 5
FROM base
RUN echo "\$A \$E"; pwd; id -u
FROM base AS Upper
RUN true
FROM upper
RUN pwd
END
  built --no-cache
  built --no-cache --target 1
  out_has "arg env
/w
5"
}

@test "ONBUILD: triggers run in the build on that image, once" {
  recipe <<END
FROM $IMG
ONBUILD COPY f /f
ONBUILD RUN cat /f && touch /triggered
ONBUILD ENV T=1
END
  must build -t "$image-base" "$ctx"
  try run --rm "$image-base" ls /triggered
  exits 1
  file f contents
  recipe <<END
FROM localhost/$image-base
RUN test -e /triggered && echo after
END
  built
  out_has contents
  out_has after
  equal triggers "[]" "$(config_of "$image" .Config.OnBuild)"
  must build -t "$image-2" - <<END
FROM localhost/$image
RUN ls /triggered
END
}

@test "ONBUILD: triggers copy and mount from stages that nothing else needs" {
  must build -t "$image-base" - <<END
FROM $IMG
ONBUILD COPY --from=made /made /copied
ONBUILD RUN --mount=from=1,target=/m cp /m/also /mounted
END
  recipe <<END
FROM $IMG AS made
RUN echo made >/made
FROM made
RUN echo also >/also
FROM $IMG AS unused
RUN false
FROM localhost/$image-base
RUN cat /copied /mounted
END
  for jobs in 1 4; do
    BATS_TEST_TIMEOUT=60 built --no-cache --jobs "$jobs"
    out_has "
made
also
"
    out_has "[1/4] STEP 2/2: RUN echo made"
    out_lacks "[3/4]"
  done
}

@test "VOLUME: what a step writes there afterwards stays" {
  steps 'RUN mkdir /v && echo before >/v/a' 'VOLUME /v' 'RUN echo after >/v/b'
  must create --name "$C" "$image"
  must cp "$C:/v" "$T/out"
  inside 'cat /v/a /v/b'
  out_is "before
after"
}

@test "WORKDIR: made, relative to the last one, with variables, for whoever USER is" {
  steps 'ENV D=/a' 'WORKDIR $D/b' 'WORKDIR c' 'RUN pwd; stat -c %u:%a .' 'USER 1000' 'WORKDIR /u' 'RUN stat -c %u .' 'WORKDIR ../../x' 'RUN pwd'
  out_has "
/a/b/c
0:755"
  out_has "
/x"
  equal workdir /x "$(config_of "$image" .Config.WorkingDir)"
  # It belongs to who works there.
  steps 'WORKDIR /r' 'USER nobody' 'WORKDIR /n/m' 'RUN stat -c %U:%G:%a . .. /r' 'USER 12:34' 'WORKDIR /o' 'RUN stat -c %u:%g .' 'USER 12:35' 'WORKDIR /o' 'RUN stat -c %u:%g .'
  out_has "
nobody:nogroup:755
nobody:nogroup:755
root:root:755"
  out_like '12:34.*12:34'
  bad_steps nosuch 'USER nosuch' 'WORKDIR /x'
}
