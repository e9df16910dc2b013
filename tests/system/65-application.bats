#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# An application of three containers on a user network: Redis, a web server that counts in it, and a client. Debian's
# programs, with the libraries that they name.

load helpers

# add_program ROOT FILE [AS]: a program of the host and its libraries.
add_program() {
  local root=$1 file=$2 as=${3:-$2} library
  install -D "$file" "$root$as"
  while read -r library; do
    [[ -e $root$library ]] || install -D "$(readlink -f "$library")" "$root$library"
  done < <(ldd "$file" | grep -o '/[^ ]*')
}

file_setup() {
  local root=$FILE_DIR/root
  mkdir -p "$root"/{bin,data,etc,proc,sys,dev,tmp,www/cgi-bin}
  # redis-server is the same program by another name.
  add_program "$root" /usr/bin/redis-check-rdb /usr/bin/redis-server
  add_program "$root" /usr/bin/redis-cli
  add_program "$root" /bin/bash
  install /bin/busybox "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  ln -s busybox "$root/bin/sleep"
  cat >"$root/www/cgi-bin/hit" <<'END'
#!/bin/bash
printf 'Content-Type: text/plain\r\n\r\n'
for try in {1..50}; do
  redis-cli -h db incr hits && exit
  sleep 0.1
done
END
  cat >"$root/bin/ask" <<'END'
#!/bin/bash
# A name is asked for again: aardvark-dns hears of a container, and so who may ask, a moment after it has begun.
for try in {1..50}; do
  { exec 3<>"/dev/tcp/$1/8080"; } 2>/dev/null && break
  sleep 0.1
done
printf 'GET /cgi-bin/hit HTTP/1.0\r\nHost: %s\r\n\r\n' "$1" >&3
while read -r line <&3; do [[ $line == $'\r' || -z $line ]] && break; done
cat() { while read -r line; do echo "$line"; done; }
cat <&3
END
  chmod 0755 "$root/www/cgi-bin/hit" "$root/bin/ask"
  tar -C "$root" -cf "$FILE_DIR/app.tar" .
  chmod 0644 "$FILE_DIR/app.tar"
  ct import -q "$FILE_DIR/app.tar" app >/dev/null
}
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct network prune -f >/dev/null 2>&1 || true
}

start_application() {
  must network create app
  must run -d --name db --network app app redis-server --save '' --appendonly no --protected-mode no --dir /data
  must run -d --name web --network app --network-alias counter -p 127.0.0.1:28080:8080 app busybox httpd -f -p 8080 -h /www
  until_ok 10 ct exec web redis-cli -h db ping
}

@test "the client asks the server by name, the server the database" {
  start_application
  must run --rm --network app app ask web
  out_is 1
  must run --rm --network app app ask counter
  out_is 2
  until_ok 5 curl -sf -m 2 http://127.0.0.1:28080/cgi-bin/hit
  must exec db redis-cli get hits
  out_is 3
}

@test "from outside of the network only the published port is there" {
  start_application
  must network create other
  try run --rm --network other app ask web
  [[ $rc != 0 ]] || complain "no such name"
  local address
  address=$(ct inspect -f '{{.NetworkSettings.Networks.app.IPAddress}}' db)
  try run --rm --init --network other app busybox timeout 2 redis-cli -h "$address" ping
  out_lacks PONG
  try run --rm --init app busybox timeout 2 redis-cli -h "$address" ping
  out_lacks PONG
}

@test "the database is replaced: the server finds the new one" {
  start_application
  must run --rm --network app app ask web
  must rm -f -t 0 db
  must run -d --name db --network app app redis-server --save '' --appendonly no --protected-mode no --dir /data
  until_ok 10 ct exec web redis-cli -h db ping
  must run --rm --network app app ask web
  out_is 1
}

@test "a hundred requests by ten clients: each counted once" {
  start_application
  local i pids=()
  for i in {1..10}; do
    ct run --rm --network app app bash -c 'for i in 1 2 3 4 5 6 7 8 9 10; do ask web; done' >"$T/out-$i" 2>"$T/err-$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || { cat "$T"/err-* >&2; false; }; done
  equal "answers" "$(seq 1 100)" "$(cat "$T"/out-* | sort -n)"
}
