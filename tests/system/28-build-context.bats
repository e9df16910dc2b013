#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: contexts of all kinds, and hostile ones: what is outside stays unread and unchanged; secrets stay secret.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() {
  unserve
  canary_ok
}

# archive FILE: a tar, made by Python code on the standard input that calls add(name, text), link(name, target),
# hard(name, target), device(name), fifo(name), folder(name).
archive() {
  python3 - "$1" 3<&0 <<'END'
import io, sys, tarfile
t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
def put(name, kind=tarfile.REGTYPE, text="", target="", mode=0o644):
    i = tarfile.TarInfo(name)
    i.type, i.linkname, i.mode = kind, target, mode
    data = text.encode()
    i.size = len(data) if kind == tarfile.REGTYPE else 0
    i.devmajor, i.devminor = 1, 3
    t.addfile(i, io.BytesIO(data))
def add(name, text): put(name, text=text)
def link(name, target): put(name, tarfile.SYMTYPE, target=target, mode=0o777)
def hard(name, target): put(name, tarfile.LNKTYPE, target=target)
def device(name): put(name, tarfile.CHRTYPE)
def fifo(name): put(name, tarfile.FIFOTYPE)
def folder(name): put(name, tarfile.DIRTYPE, mode=0o755)
exec(open("/dev/fd/3").read())
t.close()
END
  chown "$ACCOUNT:" "$1"
}

# no_secret: what the last command said, and the image, hold nothing of the canary.
no_secret() {
  out_lacks TOPSECRET
  err_lacks TOPSECRET
}

@test "context: an archive on the standard input, plain and compressed" {
  archive "$T/c.tar" <<END
add("Containerfile", "FROM $IMG\nCOPY d/f /f\n")
add("d/f", "from the archive\n")
add("other/Recipe", "FROM $IMG\nCOPY d/f /g\n")
END
  gzip -k "$T/c.tar"
  xz -k "$T/c.tar"
  for file in c.tar c.tar.gz c.tar.xz; do
    must build -t "$image" - <"$T/$file"
    inside 'cat /f'
    out_is "from the archive"
  done
  must build -t "$image" -f other/Recipe - <"$T/c.tar"
  inside 'cat /g'
  out_is "from the archive"
}

@test "context: a Containerfile on the standard input has no context" {
  try build -t "$image" - <<END
FROM $IMG
COPY f /f
END
  exits 125
  err_has "COPY f /f"
  cd "$ctx"
  file f
  recipe unused <<<"FROM scratch"
  must build -t "$image" -f - . <<END
FROM $IMG
COPY f /f
END
  inside 'cat /f'
  out_is f
  try build -t "$image" - </dev/null
  exits 125
}

@test "context: -f: below the context, below the working directory, absolute, outside, several" {
  file f
  file d/f
  mkdir "$T/out"
  printf 'FROM %s\nCOPY f /in-context\n' "$IMG" | recipe d/In
  printf 'FROM %s\nCOPY f /outside\n' "$IMG" >"$T/out/Recipe"
  printf 'COPY d/f /second\n' >"$T/out/more"
  chown -R "$ACCOUNT:" "$T/out"
  cd /
  built -f d/In
  inside 'cat /in-context'
  built -f "$T/out/Recipe"
  inside 'cat /outside'
  cd "$T/out"
  built -f Recipe
  inside 'cat /outside'
  built -f Recipe -f more
  inside 'cat /outside /second'
  out_is "f
d/f"
  unbuilt 125 nosuch -f nosuch
}

@test "context: Containerfile comes before Dockerfile; a link to a folder; the working directory; wrong places" {
  file f
  recipe Dockerfile <<<"FROM $IMG
RUN echo docker"
  built
  out_has "
docker"
  recipe Containerfile <<<"FROM $IMG
RUN echo container"
  built
  out_has "
container"
  ln -s ctx "$T/link"
  must build "$T/link"
  cd "$ctx"
  must build
  for place in "$T/nosuch" "$ctx/f"; do
    try build "$place"
    exits 125
    err_has "$place"
  done
  rm "$ctx"/*file
  mkdir "$ctx/Containerfile"
  try build "$ctx"
  exits 125
}

@test "context: a Containerfile that is empty, huge, a pipe, no text" {
  : >"$ctx/Containerfile"
  unbuilt 125 Containerfile
  head -c 5000000 /dev/zero | tr '\0' '#' >"$ctx/Containerfile"
  unbuilt 125 Containerfile
  rm "$ctx/Containerfile"
  mkfifo "$ctx/Containerfile"
  owned
  SECONDS=0
  try build "$ctx"
  exits 125
  ((SECONDS < 20))
  rm "$ctx/Containerfile"
  head -c 2000 /dev/urandom >"$ctx/Containerfile"
  try build "$ctx"
  exits 125
}

@test "context: an archive and a Containerfile by HTTP" {
  mkdir "$T/www"
  archive "$T/www/c.tar" <<END
add("Dockerfile", "FROM $IMG\nCOPY f /f\n")
add("f", "by http\n")
END
  gzip -k "$T/www/c.tar"
  printf 'FROM %s\nRUN echo plain\n' "$IMG" >"$T/www/Recipe"
  serve "$T/www"
  must build -t "$image" "$web/c.tar.gz"
  inside 'cat /f'
  out_is "by http"
  must build -t "$image" "$web/redirect/c.tar"
  must build "$web/Recipe"
  out_has "
plain"
  try build "$web/missing"
  exits 125
  err_has 404
  address=${web#http://}
  try build "http://user:hunter2@$address/missing"
  exits 125
  err_lacks hunter2
}

# repository FOLDER [LINK]: with a Containerfile in its root and one in the folder sub; "proj" leads where LINK says.
repository() {
  git init -q -b main "$T/work"
  (
    cd "$T/work" || exit
    git config user.email a@example.com
    git config user.name a
    mkdir sub
    echo main >f
    echo sub >sub/f
    printf 'FROM %s\nCOPY f /f\n' "$IMG" | tee Containerfile >sub/Containerfile
    ln -s "${2:-/}" proj
    ln -s "$LIVE/canary/secret" Dockerfile.out
    git add . && git commit -q -m one
    git checkout -q -b other
    echo other >f
    git commit -q -a -m two
    git checkout -q main
  )
  git clone -q --bare "$T/work" "$1"
  chown -R "$ACCOUNT:" "$1" "$T/work"
}

@test "context: git repositories by HTTP, with a branch and a folder" {
  mkdir -p "$T/www/git"
  repository "$T/www/git/r.git"
  serve "$T/www"
  must build -t "$image" "$web/git/r.git"
  inside 'cat /f'
  out_is main
  must build -t "$image" "$web/git/r.git#other"
  inside 'cat /f'
  out_is other
  must build -t "$image" "$web/git/r.git#main:sub"
  inside 'cat /f'
  out_is sub
  must build -t "$image" "$web/git/r.git#:sub"
  for wrong in '#nosuch' '#main:nosuch'; do
    try build "$web/git/r.git$wrong"
    exits 125
    err_has nosuch
  done
}

@test "hostile: a git reference that is an option or leads out" {
  mkdir -p "$T/www/git"
  # What would be built if the link led there.
  mkdir "$T/outside"
  echo TOPSECRET >"$T/outside/secret"
  printf 'FROM %s\nCOPY secret /f\nRUN cat /f\n' "$IMG" >"$T/outside/Containerfile"
  repository "$T/www/git/r.git" "$T/outside"
  serve "$T/www"
  for wrong in "#--upload-pack=touch $T/ran" "#main:proj" "#main:../../../../.." "#main:proj/../../../../../../../../../../../../../../../../../../../.."; do
    try build -t "$image" "$web/git/r.git$wrong"
    [[ $rc == 125 ]] || {
      # Inside the repository ".." ends at its root.
      inside 'cat /f'
      out_is main
    }
    no_secret
  done
  [[ ! -e $T/ran ]]
  try build "ext::sh -c touch% $T/ran"
  exits 125
  [[ ! -e $T/ran ]]
  try build -f Dockerfile.out "$web/git/r.git"
  exits 125
  no_secret
}

@test "hostile: a Containerfile or an ignore file that is a link to the outside" {
  for name in Containerfile Dockerfile; do
    rm -f "$ctx"/*file
    ln -s "$LIVE/canary/secret" "$ctx/$name"
    try build "$ctx"
    exits 125
    no_secret
    archive "$T/c.tar" <<END
link("$name", "$LIVE/canary/secret")
END
    try build - <"$T/c.tar"
    exits 125
    no_secret
    # One that ends in the middle.
    head -c 700 "$T/c.tar" >"$T/broken.tar"
    try build - <"$T/broken.tar"
    exits 125
    no_secret
  done
  rm "$ctx"/*file
  file f
  recipe <<<"FROM $IMG
COPY . /x"
  for name in .containerignore .dockerignore; do
    ln -s "$LIVE/canary/secret" "$ctx/$name"
    try build "$ctx"
    exits 125
    err_has "$name"
    no_secret
    rm "$ctx/$name"
  done
}

@test "hostile: COPY through links, by .. and by absolute paths stays in the context" {
  ln -s "$LIVE/canary" "$ctx/out"
  ln -s "$LIVE/canary/secret" "$ctx/f"
  ln -s ../../../../../../../../../../../../../../../../../../../.. "$ctx/up"
  for source in out/secret f "../../../../canary/secret" "$LIVE/canary/secret" "up$LIVE/canary/secret" 'out/*' 'up/var/*' out; do
    recipe <<END
FROM $IMG
COPY $source /x/
END
    try build -t "$image" "$ctx"
    no_secret
    if ((rc == 0)); then
      inside 'cat /x/* 2>/dev/null; true'
      no_secret
    fi
  done
}

@test "hostile: COPY, ADD and WORKDIR through links of the image stay in the image" {
  file f
  archive "$ctx/a.tar" <<'END'
add("t", "unpacked\n")
END
  recipe <<END
FROM $IMG
RUN mkdir -p $LIVE/canary && ln -s $LIVE/canary /l && ln -s ../../../../../../../../../../../../../../../../../../../..$LIVE/canary /r && ln -s /proc/1/root$LIVE/canary /p
COPY f /l/copied
COPY f /r/
ADD a.tar /l/
WORKDIR /l/made
WORKDIR /r/made2
COPY f .
RUN pwd; echo x >run
END
  built
  inside "find $LIVE/canary -type f | wc -l"
  out_is 5
  recipe <<END
FROM $IMG
RUN ln -s /proc/1/root$LIVE/canary /p && ln -s /proc/self/fd /q
COPY f /p/copied
COPY f /q/3
WORKDIR /p/made
END
  try build "$ctx"
}

@test "hostile: archives for ADD and contexts with .., links, hard links, devices" {
  archive "$ctx/evil.tar" <<END
link("out", "$LIVE/canary")
add("out/through-link", "x")
add("../../../../../../../../../../../../../../../../../../../..$LIVE/canary/dotdot", "x")
add("$LIVE/canary/absolute", "x")
hard("hard", "$LIVE/canary/secret")
END
  for line in 'ADD evil.tar /' 'ADD evil.tar /deep/er/'; do
    recipe <<END
FROM $IMG
$line
END
    try build -t "$image" "$ctx"
    no_secret
    if ((rc == 0)); then
      inside 'cat /hard /deep/er/hard 2>/dev/null; true'
      no_secret
    fi
    canary_ok
  done
  archive "$T/c.tar" <<END
link("out", "$LIVE/canary")
add("out/through-link", "x")
add("../../../../../../../../../../../../../../../../../../../..$LIVE/canary/dotdot", "x")
device("null")
fifo("pipe")
add("Containerfile", "FROM $IMG\nCOPY . /x\nCOPY out/secret /y\n")
END
  try build - <"$T/c.tar"
  no_secret
}

@test "hostile: pipes, sockets and devices in a context" {
  file f
  mkfifo "$ctx/pipe"
  mknod "$ctx/device" c 1 3
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$ctx/socket"
  recipe <<END
FROM $IMG
COPY . /x
END
  SECONDS=0
  try build -t "$image" "$ctx"
  ((SECONDS < 20)) || complain "no waiting for the pipe"
  if ((rc == 0)); then
    inside 'cat /x/f; test ! -c /x/device && echo fine'
    out_is "f
fine"
  else
    exits 125
  fi
  for source in pipe device socket; do
    recipe <<END
FROM $IMG
COPY $source /x/
ADD $source /y/
END
    SECONDS=0
    try build -t "$image" "$ctx"
    ((SECONDS < 20)) || complain "no waiting for $source"
  done
}

@test "hostile: RUN --mount=type=bind of a stage with a link to the root (CVE-2024-1753)" {
  for target in / "$LIVE/canary" ../../../../../../../../../../../../../../../../../../../.. /proc/1/root; do
    recipe <<END
FROM $IMG AS evil
RUN ln -s $target /link
FROM $IMG
RUN --mount=type=bind,from=evil,source=/link,target=/m,rw ls /m; cat /m$LIVE/canary/secret /m/secret; echo BREAKOUT >/m$LIVE/canary/written; echo BREAKOUT >/m/written; rm -rf /m/victim; true
END
    try build --no-cache "$ctx"
    no_secret
    canary_ok
  done
}

@test "hostile: RUN --mount of the context with a link to the outside as its source" {
  ln -s "$LIVE/canary" "$ctx/link"
  ln -s / "$ctx/root"
  for options in source=link source=link,rw source=root,rw "source=../../../../canary,rw" "source=root$LIVE/canary,rw"; do
    recipe <<END
FROM $IMG
RUN --mount=type=bind,target=/m,$options cat /m/secret /m$LIVE/canary/secret; echo x >/m/written; rm -rf /m/victim; true
END
    try build --no-cache "$ctx"
    no_secret
    canary_ok
  done
}

@test "hostile: a cache mount's id and source that lead out (CVE-2024-9675)" {
  for options in "id=../../../../../../../../../../../../../../../../../../../..$LIVE/canary" "id=$LIVE/canary" "id=x,source=../../../../../../../../../../../../../../../../../../../..$LIVE/canary" "id=y,from=evil,source=/link" "id=z,from=$IMG,source=../../../../../../../../../../../../../../../../../../../..$LIVE/canary"; do
    recipe <<END
FROM $IMG AS evil
RUN ln -s $LIVE/canary /link
FROM $IMG
RUN --mount=type=cache,target=/m,$options ls /m; cat /m/secret; echo BREAKOUT >/m/written; rm -rf /m/victim; true
END
    try build --no-cache "$ctx"
    no_secret
    canary_ok
  done
}

@test "hostile: a mount's target behind links, and one that is replaced meanwhile (CVE-2024-23651, 2024-11218)" {
  recipe <<END
FROM $IMG
RUN mkdir -p $LIVE/canary && ln -s $LIVE/canary /l && ln -s ../../../../../../../../../../../../../../../../../../../..$LIVE/canary /r
RUN --mount=type=tmpfs,target=/l/victim --mount=type=cache,target=/r/new/deep echo x >/l/victim/y
END
  try build "$ctx"
  canary_ok
  # One build swaps a folder of a shared cache for a link while others mount there.
  cat >"$ctx/swap" <<END
FROM $IMG
RUN --mount=type=cache,id=race,target=/c mkdir -p /c/d; i=0; while [ ! -e /c/stop ] && [ \$i -lt 20000 ]; do i=\$((i+1)); mv /c/d /c/e; ln -s $LIVE/canary /c/d; rm /c/d; mv /c/e /c/d; done; rm -f /c/stop; true
END
  cat >"$ctx/mount" <<END
FROM $IMG
RUN --mount=type=cache,id=race,target=/c --mount=type=tmpfs,target=/c/d/victim --mount=type=cache,id=other,target=/c/d/x cat /c/d/secret; rm -rf /c/d/victim/*; echo x >/c/d/y; true
END
  cat >"$ctx/stop" <<END
FROM $IMG
RUN --mount=type=cache,id=race,target=/c touch /c/stop
END
  owned
  begin build --no-cache -f "$ctx/swap" "$ctx"
  for _ in 1 2 3 4 5 6 7 8; do
    try build --no-cache -f "$ctx/mount" "$ctx"
    no_secret
    canary_ok
  done
  must build --no-cache -f "$ctx/stop" "$ctx"
  finish
}

@test "hostile: what mounting made is removed in the layer alone (CVE-2024-23652)" {
  recipe <<END
FROM $IMG
RUN --mount=type=tmpfs,target=/a/b/c mv /a /moved && mkdir -p /a && rmdir /a && ln -s $LIVE/canary /a; true
RUN --mount=type=tmpfs,target=/victim/x true; ln -s $LIVE/canary /q
RUN --mount=type=tmpfs,target=/q/victim true
END
  try build --no-cache "$ctx"
  canary_ok
  # An empty folder is what would be taken away.
  mkdir -p "$(user_dir bait)/empty"
  chown "$ACCOUNT:" "$T/bait/empty"
  recipe <<END
FROM $IMG
RUN --mount=type=tmpfs,target=/z/empty mv /z /moved && ln -s $T/bait /z
RUN ls -l /z
END
  try build --no-cache "$ctx"
  ok
  canary_ok
  [[ -d $LIVE/canary/victim && -d $T/bait/empty ]]
}

@test "hostile: accounts of the image: pipes and links in place of passwd" {
  file f
  for how in 'mkfifo /etc/passwd' "ln -s $LIVE/canary/secret /etc/passwd" 'ln -s /proc/self/environ /etc/passwd' 'ln -s /dev/zero /etc/passwd'; do
    for then in 'USER nobody' 'COPY --chown=nobody f /f'; do
      recipe <<END
FROM $IMG
RUN rm /etc/passwd && $how
$then
RUN true
END
      SECONDS=0
      try build "$ctx"
      [[ $rc != 0 ]] || complain "a failure"
      ((SECONDS < 20)) || complain "a quick end"
      no_secret
    done
  done
}

@test "hostile: # syntax= fetches nothing" {
  mkdir "$T/www"
  serve "$T/www"
  recipe <<END
# syntax=${web#http://}/evil/frontend:1
FROM $IMG
RUN true
END
  built
  [[ ! -s $T/web.log ]] || complain "no request: $(<"$T/web.log")"
}

@test "secrets: nowhere in layers, configuration, history, store, logs and messages" {
  printf 'hunter2-of-the-file' >"$T/s"
  chown "$ACCOUNT:" "$T/s"
  CT_ENV=(VARIABLE=hunter2-of-the-variable)
  recipe <<END
FROM $IMG AS one
RUN --mount=type=secret,id=s cat /run/secrets/s >/dev/null; echo done >/x
RUN --mount=type=secret,id=v,env=V echo "\$V" | grep -q "^h[u]nter2-of"
FROM $IMG
COPY --from=one /x /x
RUN --mount=type=secret,id=v,target=/t/v --mount=type=secret,id=s,env=E grep -q "h[u]nter2" /t/v && env | grep -q "h[u]nter2"
END
  CT_OPTIONS=(--log-level debug)
  built --secret "id=s,src=$T/s" --secret id=v,env=VARIABLE --logfile "$T/log"
  out_lacks hunter2
  err_lacks hunter2
  CT_OPTIONS=()
  lacks grep -q hunter2 "$T/log"
  built --secret "id=s,src=$T/s" --secret id=v,env=VARIABLE --no-cache
  must history --no-trunc "$image"
  out_lacks hunter2
  must image inspect "$image"
  out_lacks hunter2
  must save -o "$T/saved.tar" "$image"
  mkdir "$T/saved"
  tar -C "$T/saved" -xf "$T/saved.tar"
  found=
  while read -r blob; do
    if (zcat "$blob" 2>/dev/null || cat "$blob") | grep -aq hunter2; then found+=" $blob"; fi
  done < <(find "$T/saved" -type f)
  equal "blobs with a secret" "" "$found"
  equal "files with a secret" "" "$(grep -rla hunter2 "$FILE_DIR/home" "$FILE_DIR/run" 2>/dev/null)"
}

@test "secrets: of a step that fails, and of one that runs, too" {
  printf 'hunter3' >"$T/s"
  chown "$ACCOUNT:" "$T/s"
  recipe <<END
FROM $IMG
RUN --mount=type=secret,id=s --mount=type=secret,id=s,env=E false
END
  try build --secret "id=s,src=$T/s" "$ctx"
  exits 1
  err_lacks hunter3
  equal "files with a secret" "" "$(grep -rla hunter3 "$FILE_DIR/home" "$FILE_DIR/run" 2>/dev/null)"
  recipe <<END
FROM $IMG
RUN --mount=type=secret,id=s --mount=type=secret,id=s,env=E sleep 20
END
  begin build --secret "id=s,src=$T/s" "$ctx"
  until_ok 10 pgrep -u "$ACCOUNT" -f '^sleep 20$'
  equal "files with a secret while it runs" "" "$(grep -rla hunter3 "$FILE_DIR/home" 2>/dev/null)"
  equal "processes with a secret as an argument" "" "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep 'h[u]nter3')"
  kill -TERM "$pid" # a shell makes its background jobs deaf to SIGINT
  finish
  [[ $rc != 0 ]]
}

@test "limits: recursion, sizes and numbers end in an error" {
  { echo "ARG A=aaaaaaaaaaaaaaaa"; for _ in $(seq 30); do echo 'ARG A=$A$A'; done; echo "FROM $IMG"; } | recipe
  unbuilt 125 Containerfile:
  { for i in $(seq 1100); do echo "FROM scratch AS s$i"; done; } | recipe
  unbuilt 125 1000
  for line in 'COPY --from=99 /a /b' 'COPY --from=later /a /b' 'USER 4294967296' 'ONBUILD ONBUILD RUN x' 'ONBUILD FROM x' 'HEALTHCHECK --interval=-1s CMD x' \
    'RUN <<END' 'COPY f' 'NOSUCH x' 'SHELL "x"' 'EXPOSE 99999999'; do
    recipe <<END
FROM $IMG
$line
FROM $IMG AS later
END
    try build --target 0 "$ctx"
    exits 125
  done
}
