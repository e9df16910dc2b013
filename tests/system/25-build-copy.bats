#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: COPY and ADD, by every rule that the Dockerfile reference has for them.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() { unserve; }

@test "COPY: a file to a name, into a folder, and to the working directory" {
  file a
  file b
  recipe <<END
FROM $IMG
WORKDIR /w
COPY a /new
COPY a /new-folder/
COPY a /tmp
COPY a .
COPY a b ./
COPY ./b sub/deep/name
COPY /b /w/../absolute
END
  built
  inside 'cat /new /new-folder/a /tmp/a /w/a /w/b /w/sub/deep/name /absolute'
  out_is "a
a
a
a
b
b
b"
  files_of /new-folder /w/sub
  out_is "directory 755 0:0 /new-folder
regular file 644 0:0 /new-folder/a
directory 755 0:0 /w/sub
directory 755 0:0 /w/sub/deep
regular file 644 0:0 /w/sub/deep/name"
}

@test "COPY: of a folder its contents, with and without slashes, into what is there" {
  file d/one
  file d/sub/two
  mkdir "$ctx/d/empty"
  recipe <<END
FROM $IMG
RUN mkdir -p /there/sub /there/own && echo old >/there/one && echo kept >/there/own/kept
COPY d /x
COPY d/ /y/
COPY d /there
COPY d/. /z
END
  built
  for folder in /x /y /z; do
    files_of "$folder"
    out_is "directory 755 0:0 $folder
directory 755 0:0 $folder/empty
regular file 644 0:0 $folder/one
directory 755 0:0 $folder/sub
regular file 644 0:0 $folder/sub/two"
  done
  inside 'cat /there/one /there/own/kept /there/sub/two'
  out_is "d/one
kept
d/sub/two"
}

@test "COPY: modes come along, and so do times; owners do not" {
  file script
  file readable
  file d/setuid
  chmod 750 "$ctx/script"
  chmod 444 "$ctx/readable"
  mkdir -p "$ctx/d/closed"
  recipe <<END
FROM $IMG
COPY script readable /m/
COPY d /d
END
  chmod 2755 "$ctx/d/setuid"
  chmod 700 "$ctx/d/closed"
  touch -d @1000000000 "$ctx/script"
  built
  files_of /m /d
  out_is "directory 755 0:0 /d
directory 700 0:0 /d/closed
regular file 2755 0:0 /d/setuid
directory 755 0:0 /m
regular file 444 0:0 /m/readable
regular file 750 0:0 /m/script"
  inside 'stat -c %Y /m/script'
  out_is 1000000000
}

@test "COPY: links below a folder stay links, wherever they lead" {
  file d/f
  ln -s f "$ctx/d/near"
  ln -s /etc/passwd "$ctx/d/absolute"
  ln -s nowhere "$ctx/d/dangling"
  ln -s ../../../etc "$ctx/d/up"
  recipe <<END
FROM $IMG
COPY d /d
END
  built
  inside 'cd /d && readlink near && readlink absolute && readlink dangling && readlink up && cat near'
  out_is "f
/etc/passwd
nowhere
../../../etc
d/f"
}

@test "COPY: a source that is a link is what it leads to, in the context" {
  file real/f
  ln -s real "$ctx/link"
  ln -s real/f "$ctx/to-file"
  ln -s /real/f "$ctx/absolute"
  recipe <<END
FROM $IMG
COPY link /from-folder
COPY link/f /through
COPY to-file /to-file
COPY absolute /absolute
END
  built
  inside 'for f in /from-folder/f /through /to-file /absolute; do test ! -L $f && cat $f; done'
  out_is "real/f
real/f
real/f
real/f"
}

@test "COPY: a destination behind links is in the image" {
  file f
  file d/g
  recipe <<END
FROM $IMG
RUN mkdir -p /real/deep && ln -s /real /l && ln -s deep /real/s && ln -s ../../../../real/deep /up && ln -s /later /dangling
COPY f /l/
COPY f /l/s/two
COPY d /up
COPY f /dangling/three
END
  built
  inside 'cat /real/f /real/deep/two /real/deep/g /later/three; readlink /l'
  out_is "f
f
d/g
f
/real"
}

@test "COPY: a folder's contents over links to folders" {
  file root/bin2/tool
  file root/etc/conf
  recipe <<END
FROM $IMG
RUN mkdir -p /usr/bin2 && ln -s usr/bin2 /bin2
COPY root/ /
END
  # What is there is not replaced: the link is followed, or it is an error.
  try build -t "$image" "$ctx"
  if ((rc)); then
    exits 125
    err_has /bin2
  else
    inside 'readlink /bin2; cat /usr/bin2/tool /etc/conf'
    out_is "usr/bin2
root/bin2/tool
root/etc/conf"
  fi
}

@test "COPY: a file over a link replaces it; a file over a folder and a folder over a file are errors" {
  file d/l new
  file f
  file g/x
  recipe <<END
FROM $IMG
RUN mkdir /there && echo old >/there/target && ln -s target /there/l
COPY d /there
END
  built
  inside 'cat /there/target; cat /there/l'
  out_is "old
new"
  recipe <<END
FROM $IMG
COPY g /etc/passwd
END
  try build -t "$image" "$ctx"
  exits 125
  err_has "COPY g /etc/passwd"
  rm -rf "${ctx:?}"/*
  file d/tmp file
  recipe <<END
FROM $IMG
COPY d /
END
  try build -t "$image" "$ctx"
  exits 125
}

@test "COPY: patterns by the rules of filepath.Match" {
  for name in home.txt hot.txt dot.txt x.bin a.c b.c '[x].txt' 'arr[0].txt' .hidden.txt sub/in.txt sub/deep/in.txt; do file "$name"; done
  recipe <<'END'
ARG BASE
FROM $BASE
COPY ho* /1/
COPY *.txt /2/
COPY ho?.txt /3/
COPY [ab].c /4/
COPY [^a].c /5/
COPY arr[[]0].txt /6/
COPY */in.txt /7/
COPY s*b /8/
COPY ["h*.txt", "x.b[h-j]n", "/9/"]
END
  built --build-arg "BASE=$IMG"
  inside 'for i in 1 2 3 4 5 6 7 8 9; do cd /$i; echo $i: $(find . -type f | sort); done'
  out_is "1: ./home.txt ./hot.txt
2: ./.hidden.txt ./[x].txt ./arr[0].txt ./dot.txt ./home.txt ./hot.txt
3: ./hot.txt
4: ./a.c ./b.c
5: ./b.c
6: ./arr[0].txt
7: ./in.txt
8: ./deep/in.txt ./in.txt
9: ./home.txt ./hot.txt ./x.bin"
}

@test "COPY: what matches folders takes the contents of each" {
  file p1/a
  file p2/b
  file p2/c/d
  file top
  recipe <<END
FROM $IMG
COPY p* /x/
COPY * /y/
END
  built
  inside 'cd /x; find . | sort; cd /y; find . -type f | sort'
  out_is ".
./a
./b
./c
./c/d
./Containerfile
./a
./b
./c/d
./top"
}

@test "COPY: nothing that matches is an error that names it" {
  file a
  for source in missing 'no*such' a/b 'missing/*'; do
    recipe <<END
FROM $IMG
COPY $source /x/
END
    try build -t "$image" "$ctx"
    exits 125
    err_has "$source"
  done
}

@test "COPY: odd names: blanks, newlines, quotes, bytes that are no text" {
  file 'two words'
  file $'new\nline' newline
  file "it's"
  file $'\xff\xfe' bytes
  file 'ünï'
  file -- dash
  recipe <<END
FROM $IMG
COPY ["two words", "/a b/"]
COPY . /all/
COPY ün* /u
END
  built
  inside "cat '/a b/two words' \"/all/new
line\" \"/all/it's\" /all/\$(printf '\\377\\376') /u"
  out_is "two words
newline
it's
bytes
ünï"
}

@test "COPY: --chown by number and by the image's names" {
  file f
  file d/g
  recipe <<END
FROM $IMG
RUN echo 'ann:x:1234:4321::/:/bin/sh' >>/etc/passwd && echo 'crew:x:777:' >>/etc/group
COPY --chown=11:12 f /numbers
COPY --chown=13 f /number
COPY --chown=ann f /name
COPY --chown=ann:crew f /both
COPY --chown=14:crew f /mixed
COPY --chown=ann:15 d /made/folder
ARG who=ann:16
COPY --chown=\$who f /variable
ADD --chown=ann f /added
END
  built
  files_of /numbers /number /name /both /mixed /made/folder /variable /added
  out_is "regular file 644 1234:4321 /added
regular file 644 1234:777 /both
directory 755 1234:15 /made/folder
regular file 644 1234:15 /made/folder/g
regular file 644 14:777 /mixed
regular file 644 1234:4321 /name
regular file 644 13:13 /number
regular file 644 11:12 /numbers
regular file 644 1234:16 /variable"
  recipe <<END
FROM $IMG
COPY --chown=nosuch f /x
END
  unbuilt 125 nosuch
  recipe <<END
FROM scratch
COPY --chown=ann f /x
END
  unbuilt 125 ann
  recipe <<END
FROM scratch
COPY --chown=5:6 f /x
END
  built
}

@test "COPY: --chmod, octal" {
  file f
  file d/g
  recipe <<END
FROM $IMG
ARG M=0640
COPY --chmod=600 f /a
COPY --chmod=4755 f /setuid
COPY --chmod=\$M f /v
COPY --chmod=711 d /d
COPY --chmod=000 f /none
ADD --chmod=0440 f /added
END
  built
  files_of /a /setuid /v /d/g /none /added
  out_is "regular file 600 0:0 /a
regular file 440 0:0 /added
regular file 711 0:0 /d/g
regular file 0 0:0 /none
regular file 4755 0:0 /setuid
regular file 640 0:0 /v"
  for bad in 99999 888 what; do
    recipe <<END
FROM $IMG
COPY --chmod=$bad f /x
END
    unbuilt 125 "$bad"
  done
}

@test "COPY: --chmod, symbolic" {
  file f
  file x
  file d/g
  chmod 755 "$ctx/x"
  recipe <<END
FROM $IMG
COPY --chmod=u=rwX,go=rX f x d /s/
COPY --chmod=go-r f /t
COPY --chmod=a+x,o= f /u
END
  built
  files_of /s /t /u
  out_is "directory 755 0:0 /s
regular file 644 0:0 /s/f
regular file 644 0:0 /s/g
regular file 755 0:0 /s/x
regular file 600 0:0 /t
regular file 750 0:0 /u"
}

@test "COPY: --link: a layer that does not depend on what is below" {
  file f
  file d/g
  recipe <<END
FROM $IMG
RUN mkdir /real && ln -s /real /l
COPY --link f /l2/f
COPY --link --chown=3:4 --chmod=600 d /linked/
COPY --link --from=$IMG /bin/busybox /own/busybox
END
  built
  files_of /l2 /linked /own
  out_is "directory 755 0:0 /l2
regular file 644 0:0 /l2/f
directory 600 3:4 /linked
regular file 600 3:4 /linked/g
directory 755 0:0 /own
regular file 755 0:0 /own/busybox"
  # Another base image: the step is not done again.
  recipe <<END
FROM $TOOLS
COPY --link f /l2/f
END
  built
  out_has "Using cache"
}

@test "COPY: --parents keeps the folders of sources" {
  for name in x/a.txt x/b.txt y/a.txt y/z/c.txt y/z/d.bin; do file "$name"; done
  recipe <<END
FROM $IMG
COPY --parents ./x/a.txt ./y/a.txt /1/
COPY --parents y/./z/c.txt /2/
COPY --parents */a.txt /3/
COPY --parents y /4/
COPY --parents **/*.txt /5/
COPY --parents y/./**/*.txt /6/
COPY ./x/a.txt ./y/z/c.txt /7/
END
  built
  inside 'for i in 1 2 3 4 5 6 7; do cd /$i; echo $i: $(find . -type f | sort); done'
  out_is "1: ./x/a.txt ./y/a.txt
2: ./z/c.txt
3: ./x/a.txt ./y/a.txt
4: ./y/a.txt ./y/z/c.txt ./y/z/d.bin
5: ./x/a.txt ./x/b.txt ./y/a.txt ./y/z/c.txt
6: ./a.txt ./z/c.txt
7: ./a.txt ./c.txt"
}

@test "COPY: --parents: a folder on the way keeps its mode" {
  file p/q/f
  recipe <<END
FROM $IMG
COPY --parents p/q/f /r/
END
  chmod 750 "$ctx/p"
  built
  inside 'stat -c %a /r/p; cat /r/p/q/f'
  out_is "750
p/q/f"
}

@test "COPY: --exclude, several and for patterns" {
  for name in home.txt hot.bin hole.md d/keep d/drop.txt d/sub/drop.txt d/sub/keep; do file "$name"; done
  recipe <<END
FROM $IMG
COPY --exclude=*.txt --exclude=*.md ho* /1/
COPY --exclude=**/drop.txt d /2
COPY --exclude=sub d /3
COPY --exclude=**/*.txt --exclude=!**/sub/drop.txt d /4
ADD --exclude=*.md hole.md hot.bin /5/
END
  built
  inside 'for i in 1 2 3 4 5; do cd /$i; echo $i: $(find . -type f | sort); done'
  out_is "1: ./hot.bin
2: ./keep ./sub/keep
3: ./drop.txt ./keep
4: ./keep ./sub/drop.txt ./sub/keep
5: ./hot.bin"
}

@test "COPY: heredocs, with variables and without, several, with tabs taken away" {
  recipe <<'END'
ARG BASE
FROM $BASE
ARG who=you
COPY <<one <<"two" /h/
hello $who \$who "quoted"
one
hello $who \$who
two
COPY <<-three /h/three
	a
		b
	three
COPY --chmod=755 --chown=1:2 <<EOF /h/script
#!/bin/sh
echo "it works: ${who:-nobody}"
EOF
COPY <<EOF /h/empty
EOF
END
  built --build-arg "BASE=$IMG"
  inside 'cat /h/one /h/two /h/three; /h/script; stat -c %a:%u:%g:%s /h/script /h/empty /h/one'
  out_is "hello you \$who \"quoted\"
hello \$who \\\$who
a
b
it works: you
755:1:2:31
644:0:0:0
644:0:0:24"
}

@test "ADD: archives of each compression are unpacked, by what they hold" {
  mkdir -p "$ctx/t/sub"
  echo in >"$ctx/t/sub/f"
  tar -C "$ctx" --owner=7 --group=8 -cf "$ctx/plain.tar" t
  gzip -k "$ctx/plain.tar"
  bzip2 -k "$ctx/plain.tar"
  xz -k "$ctx/plain.tar"
  zstd -q -k "$ctx/plain.tar"
  cp "$ctx/plain.tar.gz" "$ctx/misnamed.txt"
  file not.tar.gz text
  recipe <<END
FROM $IMG
ADD plain.tar /tar
ADD plain.tar.gz /gz/
ADD plain.tar.bz2 /bz2
ADD plain.tar.xz /xz
ADD plain.tar.zst /zst
ADD misnamed.txt /misnamed
ADD not.tar.gz /not
COPY plain.tar.gz /copied
ADD t /t
END
  built
  inside 'for d in tar gz bz2 xz zst misnamed; do cat /$d/t/sub/f; done; cat /not; test -f /copied; cat /t/sub/f; stat -c %u:%g /tar/t/sub/f'
  out_is "in
in
in
in
in
in
text
in
7:8"
}

@test "ADD: --unpack=false keeps an archive" {
  file t/f
  tar -C "$ctx" -czf "$ctx/a.tar.gz" t
  recipe <<END
FROM $IMG
ADD --unpack=false a.tar.gz /kept
ADD --unpack a.tar.gz /unpacked
END
  built
  inside 'test -f /kept; cat /unpacked/t/f'
  out_is t/f
}

@test "ADD: an archive merges with what is there" {
  mkdir -p "$ctx/t/etc" "$ctx/t/there"
  echo new >"$ctx/t/etc/added"
  echo new >"$ctx/t/there/f"
  tar -C "$ctx/t" -cf "$ctx/a.tar" .
  recipe <<END
FROM $IMG
RUN mkdir /there && echo old >/there/f && echo own >/there/own
ADD --chown=9:9 a.tar /
END
  built
  inside 'cat /etc/added /there/f /there/own; test -s /etc/passwd; stat -c %u:%g /there/f'
  out_is "new
new
own
9:9"
}

@test "ADD: a URL: name, mode, time, and no unpacking" {
  mkdir -p "$T/www/d"
  echo remote >"$T/www/d/file.txt"
  touch -d @1000000000 "$T/www/d/file.txt"
  tar -C "$T/www" -czf "$T/www/a.tar.gz" d
  serve "$T/www"
  recipe <<END
FROM $IMG
ADD $web/d/file.txt /named
ADD $web/d/file.txt?x=y /folder/
ADD $web/a.tar.gz /kept/
ADD --chmod=644 --chown=1:2 $web/redirect/d/file.txt /redirected
END
  built
  files_of /named /folder /kept /redirected
  out_is "directory 755 0:0 /folder
regular file 600 0:0 /folder/file.txt
directory 755 0:0 /kept
regular file 600 0:0 /kept/a.tar.gz
regular file 600 0:0 /named
regular file 644 1:2 /redirected"
  inside 'cat /named; stat -c %Y /named'
  out_is "remote
1000000000"
}

@test "ADD: --unpack of a URL" {
  mkdir -p "$T/www/d"
  echo remote >"$T/www/d/file.txt"
  tar -C "$T/www" -czf "$T/www/a.tar.gz" d
  serve "$T/www"
  recipe <<END
FROM $IMG
ADD --unpack=true $web/a.tar.gz /unpacked/
END
  built
  inside 'cat /unpacked/d/file.txt'
  out_is remote
}

@test "ADD: a URL's checksum, and its failures" {
  mkdir -p "$T/www"
  echo remote >"$T/www/f"
  serve "$T/www"
  sum=sha256:$(sha256sum <"$T/www/f" | cut -c 1-64)
  recipe <<END
FROM $IMG
ADD --checksum=$sum $web/f /f
END
  built
  inside 'cat /f'
  out_is remote
  recipe <<END
FROM $IMG
ADD --checksum=sha256:$(printf '%064d' 0) $web/f /f
END
  unbuilt 125 "$sum"
  for checksum in md5:1234 sha256:12 nonsense; do
    recipe <<END
FROM $IMG
ADD --checksum=$checksum $web/f /f
END
    unbuilt 125 "$checksum"
  done
  recipe <<END
FROM $IMG
ADD $web/missing /f
END
  unbuilt 125 404
  recipe <<END
FROM $IMG
ADD http://127.0.0.1:1/f /f
END
  unbuilt 125 "127.0.0.1:1"
}

@test "ADD: --exclude of what a URL names leaves nothing" {
  mkdir "$T/www"
  echo text >"$T/www/f"
  serve "$T/www"
  recipe <<END
FROM $IMG
ADD --exclude=f $web/f /there/
RUN ls -a /there 2>/dev/null | grep -x f || echo nothing
END
  built --no-cache
  out_has "
nothing"
  unserve
}

@test "ADD: a URL without a name needs one, --checksum needs a URL" {
  mkdir -p "$T/www"
  echo index >"$T/www/index.html"
  serve "$T/www"
  recipe <<END
FROM $IMG
ADD $web/ /named
END
  built
  inside 'cat /named'
  out_is index
  recipe <<END
FROM $IMG
ADD $web/ /folder/
END
  unbuilt 125 "$web/"
  file f
  recipe <<END
FROM $IMG
ADD --checksum=sha256:$(printf '%064d' 0) f /f
END
  unbuilt 125 checksum
}

@test "ADD: a URL that has changed is fetched again" {
  mkdir -p "$T/www"
  echo one >"$T/www/f"
  serve "$T/www"
  recipe <<END
FROM $IMG
ADD $web/f /f
END
  built
  echo two >"$T/www/f"
  built
  inside 'cat /f'
  out_is two
}

# repository FOLDER: a bare repository with the branches main and other, a tag, and a folder sub.
repository() {
  local work=$T/work
  git init -q -b main "$work"
  (
    cd "$work" || exit
    git config user.email a@example.com
    git config user.name a
    mkdir sub
    echo main >f
    echo sub >sub/g
    git add . && git commit -q -m one && git tag v1
    git checkout -q -b other
    echo other >f
    git commit -q -a -m two
    git checkout -q main
  )
  git clone -q --bare "$work" "$1"
  git -C "$1" update-server-info
  chown -R "$ACCOUNT:" "$1" "$T/work"
}

@test "ADD: git repositories, their branches, tags, commits and folders" {
  mkdir -p "$T/www/git"
  repository "$T/www/git/r.git"
  serve "$T/www"
  commit=$(git -c safe.directory='*' -C "$T/work" rev-parse other)
  recipe <<END
FROM $IMG
ADD $web/git/r.git /main
ADD $web/git/r.git#other /other
ADD $web/git/r.git#v1:sub /sub
ADD --keep-git-dir=true $web/git/r.git /kept
ADD $web/git/r.git#$commit /commit
END
  built
  inside 'cat /main/f /other/f /sub/g /commit/f; test -d /kept/.git && test ! -e /main/.git && echo fine'
  out_is "main
other
sub
other
fine"
  recipe <<END
FROM $IMG
ADD $web/git/r.git#nosuch /main
END
  unbuilt 125 nosuch
  recipe <<END
FROM $IMG
ADD $web/git/r.git#main:nosuch /main
END
  unbuilt 125 nosuch
}

@test "COPY: --from a context that --build-context names: a folder, an image" {
  other=$(user_dir other)
  echo other >"$other/o"
  file f
  recipe <<END
FROM $IMG
COPY --from=more o /o
RUN --mount=from=more,target=/m cat /m/o >/p
END
  built --build-context "more=$other"
  inside 'cat /o /p'
  out_is "other
other"
  recipe <<END
FROM base
COPY --from=tool /bin/busybox /tool
END
  built --build-context "base=docker-image://$IMG" --build-context "tool=docker-image://$IMG"
}

@test "COPY: --from a stage keeps owners, modes, links, times; from an image too" {
  recipe <<END
FROM $IMG AS one
RUN mkdir -p /t/sub && echo a >/t/a && ln /t/a /t/hard && ln -s a /t/soft && chown 5:6 /t/a /t/sub && chmod 4711 /t/a && chmod 1777 /t/sub && mkfifo /t/pipe && touch -d @1000000000 /t/a
FROM $IMG AS two
COPY --from=one /t /t
COPY --from=0 /t/a /by-number
COPY --from=$TOOLS /bin/busybox /other
COPY --from=one --chown=8:9 /t/a /chowned
END
  built
  files_of /t /by-number /chowned
  out_is "regular file 4711 5:6 /by-number
regular file 4711 8:9 /chowned
directory 755 0:0 /t
regular file 4711 5:6 /t/a
regular file 4711 5:6 /t/hard
fifo 644 0:0 /t/pipe
symbolic link 777 0:0 /t/soft
directory 1777 5:6 /t/sub"
  inside 'stat -c %Y /t/a; test /t/a -ef /t/hard && echo same; test -x /other'
  out_is "1000000000
same"
}

# capable ARCHIVE CAPABILITY-BYTE: a tar with a file that has a capability.
capable() {
  python3 - "$1" "$2" <<'END'
import io, sys, tarfile
t = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
i = tarfile.TarInfo("capable")
i.size, i.mode = 1, 0o755
value = b"\1\0\0\2\0" + bytes([int(sys.argv[2])]) + b"\0" * 14
i.pax_headers = {"SCHILY.xattr.security.capability": value.decode("latin1")}
t.addfile(i, io.BytesIO(b"x"))
END
}
# In how many layers of the image a file has a capability.
layers_with_capabilities() {
  rm -rf "$T/out"
  mkdir "$T/out"
  must save --format oci-archive -o "$ctx/out.tar" "$image"
  tar -C "$T/out" -xf "$ctx/out.tar"
  local blob count=0
  for blob in "$T"/out/blobs/sha256/*; do
    if (zcat "$blob" 2>/dev/null || cat "$blob") | grep -aq SCHILY.xattr.security.capability; then count=$((count + 1)); fi
  done
  rm "$ctx/out.tar"
  echo $count
}

@test "COPY, ADD: file capabilities come along" {
  capable "$ctx/c.tar" 32
  recipe <<END
FROM $IMG
ADD c.tar /
END
  built
  equal "layers with ADD's capability" 1 "$(layers_with_capabilities)"
  recipe <<END
FROM $IMG AS one
ADD c.tar /
FROM $IMG
COPY --from=one /capable /copied
END
  built
  equal "layers with COPY's capability" 1 "$(layers_with_capabilities)"
  # Another capability is another file.
  capable "$ctx/c.tar" 4
  owned
  before=$(id_of "$image")
  built
  [[ $(id_of "$image") != "$before" ]]
}

@test "COPY: hard links and sparse files of the context" {
  file d/a
  ln "$ctx/d/a" "$ctx/d/b"
  truncate -s 50M "$ctx/d/sparse"
  recipe <<END
FROM $IMG
COPY d /d
END
  built
  inside 'cat /d/a /d/b; stat -c %s /d/sparse'
  out_is "d/a
d/a
52428800"
}

@test "ignore: .dockerignore, .containerignore before it, --ignorefile before both" {
  for name in a b c; do file "$name"; done
  recipe <<END
FROM $IMG
COPY . /x/
END
  printf 'a\n' >"$ctx/.dockerignore"
  built
  inside 'ls /x'
  out_is "Containerfile
b
c"
  printf 'b\n' >"$ctx/.containerignore"
  built
  inside 'ls /x'
  out_is "Containerfile
a
c"
  printf 'c\n' >"$T/ignore"
  built --ignorefile "$T/ignore"
  inside 'ls /x'
  out_is "Containerfile
a
b"
}

@test "ignore: a file of its own for each Containerfile" {
  for name in a b; do file "$name"; done
  recipe sub.Dockerfile <<END
FROM $IMG
COPY . /x/
END
  printf 'a\n' >"$ctx/.dockerignore"
  printf 'b\n' >"$ctx/sub.Dockerfile.dockerignore"
  built -f "$ctx/sub.Dockerfile"
  inside 'ls /x'
  out_is "a
sub.Dockerfile
sub.Dockerfile.dockerignore"
}

@test "ignore: comments, blanks, slashes, !, ** and the last match" {
  for name in a.log keep.log d/a.log d/keep.log d/sub/a.log secret/x secret/open/y node_modules/m p/node_modules/m '#odd'; do file "$name"; done
  recipe <<END
FROM $IMG
COPY . /x/
END
  cat >"$ctx/.dockerignore" <<'END'
# a comment
  **/*.log  

!**/keep.log
/secret/
!secret/open
**/node_modules
Containerfile
.dockerignore
END
  built
  inside 'cd /x; find . -type f | sort'
  out_is "./#odd
./d/keep.log
./keep.log
./secret/open/y"
}

@test "ignore: what it leaves out can't be named either" {
  file hidden
  echo hidden >"$ctx/.dockerignore"
  recipe <<END
FROM $IMG
COPY hidden /x
END
  unbuilt 125 hidden
  recipe <<END
FROM $IMG
RUN --mount=type=bind,target=/m ls /m; test ! -e /m/hidden
END
  built
  printf '*\n!Containerfile\n' >"$ctx/.dockerignore"
  recipe <<END
FROM $IMG
COPY . /x
END
  built
  inside 'ls /x'
  out_is Containerfile
}

@test "ignore: one that can't be read is an error, and not nothing" {
  file f
  recipe <<END
FROM $IMG
COPY . /x
END
  mkfifo "$ctx/.dockerignore"
  unbuilt 125 .dockerignore
  rm "$ctx/.dockerignore"
  mkdir "$ctx/.dockerignore"
  unbuilt 125 .dockerignore
  try build --ignorefile "$ctx/missing" "$ctx"
  exits 125
  err_has missing
}

@test "COPY: what the account can't read is an error that names it" {
  file d/closed
  recipe <<END
FROM $IMG
COPY d /d
END
  chown root: "$ctx/d/closed"
  chmod 600 "$ctx/d/closed"
  unbuilt 125 closed
}
