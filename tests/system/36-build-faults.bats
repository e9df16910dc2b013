#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# build: full disks, servers that never end, signals while something is fetched or written: one clear error, nothing half
# made, and the next build works.

load helpers
load fixtures/build

test_setup() { new_context; }
test_teardown() {
  [[ -z ${slow_pid:-} ]] || kill "$slow_pid"
  [[ -z ${small:-} ]] || until_ok 10 umount "$small"
  slow_pid='' small=''
}

# A store of its own on a disk of so many MiB: $small.
small_disk() {
  small=$T/small
  mkdir -p "$small"
  truncate -s "$1M" "$T/disk"
  mkfs.ext4 -q -m 0 -F "$T/disk"
  mount -o loop "$T/disk" "$small"
  mounts_changed
  rm -rf "$small/lost+found"
  chown "$ACCOUNT:" "$small"
}
free_kib() { df -k --output=avail "$small" | tail -n 1; }
# What failed has given its space back.
all_free() { (($(free_kib) > before - 2000)); }

# A server that answers everything with bytes that never end: $slow.
slow_server() {
  cat >"$T/slow.py" <<'END'
import http.server, sys, time
class Slow(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        open(sys.argv[2], "w").close()
        try:
            while True:
                self.wfile.write(b"x" * 100)
                time.sleep(0.05)
        except OSError:
            pass
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
open(sys.argv[1], "w").write("127.0.0.1:%d" % server.server_port)
server.serve_forever()
END
  python3 "$T/slow.py" "$T/slow.address" "$T/asked" 3>&- 4>&- &
  slow_pid=$!
  until_ok 5 test -s "$T/slow.address"
  slow=$(<"$T/slow.address")
}

nothing_runs() { lacks pgrep -u "$ACCOUNT" -f "$1"; }
store_of() { echo "$FILE_DIR/home/.local/share/ctool"; }
# Folders of steps and what is being staged.
no_work() { [[ -z $(find "$(store_of)/containers" "$(store_of)/staging" -mindepth 1 2>/dev/null) ]]; }

@test "faults: a full disk in COPY, in RUN, and while a layer is packed; then there is space" {
  small_disk 64
  CT_OPTIONS=(--root "$small/store")
  must pull -q "$IMG"
  head -c 30M /dev/urandom >"$ctx/big"
  head -c 25M /dev/urandom >"$ctx/more"
  recipe copy <<<"FROM $IMG
COPY big more /
RUN true"
  recipe run <<<"FROM $IMG
RUN dd if=/dev/zero of=/x bs=1M count=90"
  # The folder has its place, and its archive has none; no further step is worth its time.
  recipe pack <<<"FROM $IMG
RUN dd if=/dev/urandom of=/x bs=1M count=33 2>/dev/null
RUN sleep 60"
  before=$(free_kib)
  for step in copy run pack; do
    SECONDS=0
    try build --no-cache -t "$image" -f "$step" "$ctx"
    [[ $rc != 0 ]] || complain "a failure"
    ((SECONDS < 40)) || complain "an end without the steps after it"
    err_like 'No space left on device|no space left on device'
    equal "errors" 1 "$(grep -c '^Error: ' <<<"$err")"
    [[ $step == run ]] || err_has "hint: the store '$small/store' is full"
    until_ok 10 all_free
    equal "folders of steps" "" "$(find "$small/store/containers" "$small/store/staging" -mindepth 1 2>/dev/null)"
    must images -q "$image"
    out_is ""
  done
  must build -t "$image" - <<<"FROM $IMG
RUN echo fine >/x"
  must run --rm --network none "$image" cat /x
  out_is fine
  must system check
  must system prune -af --build
  CT_OPTIONS=()
}

@test "faults: --output to a full disk leaves nothing there" {
  small_disk 8
  recipe <<<"FROM $IMG
RUN dd if=/dev/urandom of=/x bs=1M count=12 2>/dev/null"
  built
  echo old >"$small/a.tar"
  for where in "type=tar,dest=$small/a.tar" "type=local,dest=$small/tree" "type=oci,dest=$small/oci.tar"; do
    try build -o "$where" "$ctx"
    [[ $rc != 0 ]] || complain "a failure"
    err_has "no space left on device"
    equal "files there" a.tar "$(ls "$small")"
  done
  equal "what was there" old "$(<"$small/a.tar")"
  must build -q -o "type=tar,dest=$T/b.tar" - <<<"FROM scratch
COPY --from=$IMG /etc/passwd /p"
  equal "the archive" p "$(tar -tf "$T/b.tar" | sed 's#^\./##; /^$/d')"
  equal "its mode" 644 "$(stat -c %a "$T/b.tar")"
}

@test "output: an archive on the standard output has nothing of what the build says" {
  recipe <<<"FROM scratch
COPY --from=$IMG /etc/passwd /p"
  try build -o - "$ctx"
  ok
  err_has "STEP 2/2: COPY"
  # The archive ends with blocks of zeros, and nothing is behind them.
  equal "files" p "$(tar -tf "$T/.out" | sed 's#^\./##; /^$/d')"
  equal "rest of the last block" 0 $(($(stat -c %s "$T/.out") % 512))
  equal "last byte" "00" "$(tail -c 1 "$T/.out" | od -An -tx1 | tr -d ' ')"
}

@test "ends: signals while something is fetched: ADD, FROM, an archive, a repository" {
  slow_server
  recipe add <<<"FROM $IMG
ADD http://$slow/x /x"
  recipe from <<<"FROM $slow/slow/image"
  recipe git <<<"FROM $IMG
ADD http://$slow/r.git /x"
  for what in "-f $ctx/add $ctx" "--tls-verify=false -f $ctx/from $ctx" "-f $ctx/git $ctx" "http://$slow/c.tar" "http://$slow/c.git"; do
    for signal in TERM HUP KILL; do
      rm -f "$T/asked"
      # shellcheck disable=SC2086  # words
      begin build --no-cache $what
      until_ok 10 test -e "$T/asked"
      SECONDS=0
      kill "-$signal" "$pid"
      finish
      ((SECONDS < 10)) || complain "an end at once of: $what"
      [[ $rc != 0 ]]
      until_ok 10 nothing_runs "$slow"
    done
  done
  must build - <<<"FROM $IMG
RUN true"
  until_ok 10 no_work
  must system check
}

@test "limits of RUN that this host can't set are one warning" {
  recipe <<<"FROM $IMG
RUN true
RUN true
RUN --network=none true"
  built --no-cache --memory 100m --cpu-shares 5 --ulimit nofile=100 --shm-size 1m
  (($(grep -ci 'warning' <<<"$err") <= 1)) || complain "one warning"
}
