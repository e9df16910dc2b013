#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: hostile servers, base images, repositories and what earlier outputs have left: nothing outside is read or written.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() {
  [[ -z ${lead_pid:-} ]] || kill "$lead_pid"
  lead_pid=''
  canary_ok
}

no_secret() {
  out_lacks TOPSECRET
  err_lacks TOPSECRET
}

# A server that sends whoever asks to $1: its address is $lead.
leads_to() {
  cat >"$T/lead.py" <<'END'
import http.server, sys
class Lead(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(302)
        self.send_header("Location", sys.argv[2])
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_POST = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lead)
open(sys.argv[1], "w").write("http://127.0.0.1:%d" % server.server_port)
server.serve_forever()
END
  rm -f "$T/lead.address"
  [[ -z ${lead_pid:-} ]] || kill "$lead_pid"
  python3 "$T/lead.py" "$T/lead.address" "$1" 3>&- 4>&- &
  lead_pid=$!
  until_ok 5 test -s "$T/lead.address"
  lead=$(<"$T/lead.address")
}

@test "hostile: servers that lead to files, other protocols, and in circles" {
  for target in "file://$LIVE/canary/secret" "FILE:///etc/passwd" "gopher://127.0.0.1:1/x" "dict://127.0.0.1:1/x" "scp://127.0.0.1/$LIVE/canary/secret" /again; do
    leads_to "$target"
    recipe <<<"FROM $IMG
ADD $lead/x /x
RUN cat /x"
    for what in "$ctx" "$lead/c.tar" "$lead/r.git" "--build-context n=$lead/c.tar $ctx"; do
      SECONDS=0
      # shellcheck disable=SC2086  # words
      try build --no-cache $what
      exits 125
      no_secret
      ((SECONDS < 20)) || complain "an end"
    done
  done
}

@test "hostile: what a base image's triggers may do is what the Containerfile may" {
  ln -s "$LIVE/canary" "$ctx/link"
  file f
  for trigger in "COPY link/secret /s" "COPY ../../../../../../../../../../../../../../../../../../../..$LIVE/canary/secret /s" "ADD $LIVE/canary/secret /s" "RUN --mount=type=bind,source=link,target=/m,rw cat /m/secret; echo x >/m/written; true" \
    "RUN --mount=type=cache,id=../../../../../../../../../../../../../../../../../../../..$LIVE/canary,target=/m cat /m/secret; true" "COPY --from=nosuchstage /x /y" "RUN --security=insecure true" "RUN --mount=type=bind,target=/x,bind-propagation=suid true"; do
    try build -t "$image-base" - <<<"FROM $IMG
ONBUILD $trigger"
    ((rc == 0)) || continue # refused when it was said
    recipe <<<"FROM localhost/$image-base
RUN cat /s; true"
    try build --no-cache --pull=never "$ctx"
    no_secret
    canary_ok
  done
  # Others are refused where they are written, or where they would run.
  for trigger in 'FROM x' 'ONBUILD RUN x' 'MAINTAINER x' 'NOSUCH x' ''; do
    try build - <<<"FROM $IMG
ONBUILD $trigger"
    exits 125
  done
}

@test "hostile: an image's variables ask for the caller's (CVE-2026-57231)" {
  CT_ENV=(HOSTSECRET=canary-of-the-host)
  for tag in c23b c23c c23d; do
    recipe <<<"FROM $REGISTRY/hostile:$tag
RUN echo ran; env
RUN --network=none cat /proc/self/environ"
    built --no-cache
    out_has "
ran
"
    out_lacks canary-of-the-host
    err_lacks canary-of-the-host
    must image inspect "$image"
    out_lacks canary-of-the-host
  done
}

@test "hostile: an output goes over the links of an earlier one, and not through them" {
  local to
  to=$(user_dir to)
  ln -s "$LIVE/canary" "$to/victim"
  ln -s "$LIVE/canary/secret" "$to/secret"
  recipe <<<"FROM scratch
COPY --from=$IMG /etc/passwd /victim/written
COPY --from=$IMG /etc/passwd /secret"
  try build --no-cache -o "type=local,dest=$to" "$ctx"
  canary_ok
  # An archive takes the place of a link, and does not write to what it leads to.
  ln -s "$LIVE/canary/secret" "$to/a.tar"
  must build -o "type=tar,dest=$to/a.tar" "$ctx"
  canary_ok
  [[ -f $to/a.tar && ! -L $to/a.tar ]]
}

@test "hostile: a repository's submodules are not this machine's (CVE-2022-39253)" {
  local outer=$T/www/git/r.git
  install -d -o "$ACCOUNT" "$T/www" "$T/www/git"
  cat >"$T/make" <<END
set -e
git config --global user.name a && git config --global user.email a@b && git config --global protocol.file.allow always
git init -q "$T/inner" && cd "$T/inner" && echo TOPSECRET >s && git add s && git commit -qm s
git init -q -b main "$T/outer" && cd "$T/outer" && git submodule --quiet add "file://$T/inner" sub
printf 'FROM %s\\nCOPY . /x\\nRUN cat /x/sub/s\\n' "$IMG" >Containerfile
git add . && git commit -qm outer && git clone -q --bare . "$outer"
rm "$FILE_DIR/home/.gitconfig"
END
  as_user sh "$T/make"
  serve "$T/www"
  # As lenient as a git may be configured.
  CT_ENV=(GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=protocol.file.allow GIT_CONFIG_VALUE_0=always)
  try build --no-cache "$web/git/r.git"
  no_secret
  unserve
  exits 125
}
