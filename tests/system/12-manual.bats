#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The manual: how it is shown, and whether what it says to type works.

load helpers
load fixtures/screen

file_setup() {
  ct pull -q "$IMG" >/dev/null
  ct tag "$IMG" docker.io/library/alpine
}
test_setup() {
  if oracle; then skip "the manual is ctool's"; fi
}
test_teardown() { screen_end; }

# Lines of a topic's page that are typed at a prompt, without it.
typed_in() { ct help --format json | jq -r --arg name "$1" '.topics[] | select(.name == $name).prose' | sed -n 's/^    \$ //p'; }
# block TOPIC: the first of its literal blocks.
block() {
  ct help --format json | jq -r --arg name "$1" '.topics[] | select(.name == $name).prose' |
    awk '/^    /{ on = 1; print substr($0, 5); next } on && NF { exit } on { print "" }'
}

@test "help of a command, a group and a topic is text where nobody sees a terminal" {
  try help run
  ok
  out_has "Usage:"
  out_has "--read-only "
  try help image
  ok
  out_has "prune"
  try help rootless
  ok
  out_has "newuidmap"
  out_lacks '\f'
  out_lacks ".PP"
  try help nosuch
  exits 125
  err_has 'unknown help topic "nosuch"'
}

@test "at a terminal help is the manual page, by man" {
  screen_start 100 40
  line "$TOOL help run"
  shows '^CTOOL-RUN\(1\) +User Commands +CTOOL-RUN\(1\)'
  shows '^NAME'
  shows 'ctool-run - '
  keys q
  shows 'host>$'
  line "$TOOL help containers.conf"
  shows '^CTOOL-CONTAINERS.CONF\(5\)'
  keys q
  line "clear; $TOOL help network ls | head -n 1"
  shows '^List networks'
}

@test "at a terminal without man help is text" {
  mkdir "$T/bin"
  ln -s /usr/bin/env "$T/bin/env"
  last="(at a terminal, without man) $TOOL help wait"
  capture as_user PATH="$T/bin" /usr/bin/python3 "$HERE/fixtures/terminal.py" -- "$CTOOL" help wait
  ok
  out_has "Usage:"
  out_lacks "User Commands"
}

@test "all descriptions as JSON, and those of one command" {
  try help --format json
  ok
  jq -e '.commands | length > 100' "$T/.out" >/dev/null
  jq -e '.topics[] | select(.name == "rootless").section == "7"' "$T/.out" >/dev/null
  try help --format json network rm
  ok
  equal "one command" "network rm" "$(jq -r '.commands[].path' "$T/.out")"
  try help --format yaml
  exits 125
}

@test "what ctool-rootless(7) and ctool-storage.conf(5) say to type works" {
  local typed count=0 code
  as_user mkdir -p "$T/data"
  while read -r typed; do
    case $typed in
      *login*) continue ;; # there is no registry.example
    esac
    typed=${typed//\/var\/tmp\/alice/$T/alice}
    code="cd '$T' && PATH=${CTOOL%/*}:\$PATH && $typed"
    last=$typed
    if [[ $typed == *" -it "* ]]; then
      capture as_user python3 "$HERE/fixtures/terminal.py" --send 'exit\r' -- bash -c "$code"
    else
      capture as_user bash -c "$code" </dev/null
    fi
    ok
    count=$((count + 1))
  done < <(typed_in rootless; typed_in storage.conf)
  ((count >= 9)) || complain "9 lines to type, found $count"
  [[ ! -e $T/data ]] || complain "data to be removed"
}

@test "the examples of configuration files are taken" {
  block containers.conf >"$T/containers.conf"
  grep -q 'log_driver = "journald"' "$T/containers.conf"
  CT_ENV=(CONTAINERS_CONF="$T/containers.conf")
  must create --name "$C" "$IMG" true
  must inspect -f '{{.Config.Env}}' "$C"
  out_has EDITOR=vi

  block registries.conf >"$T/registries.conf"
  CT_ENV=(CONTAINERS_REGISTRIES_CONF="$T/registries.conf")
  must tag "$IMG" docker.io/library/busybox
  must image exists busy # an alias
  must untag docker.io/library/busybox

  block policy.json >"$T/policy.json"
  CT_ENV=(CONTAINERS_POLICY_JSON="$T/policy.json")
  try pull "$IMG"
  exits 125
  err_has reject

  block auth.json >"$T/auth.json"
  CT_ENV=(REGISTRY_AUTH_FILE="$T/auth.json")
  must login --get-login registry.example
  out_is alice
  must login --get-login registry.example/team
  out_is ci
}

@test "the Containerfile of ctool-containerfile(5) is built, and its image runs" {
  # An alpine whose apk and cc are scripts: there is no way to its packages from here.
  local cc='#!/bin/sh
cat /src/main.c >/dev/null && while [ "$1" != -o ]; do shift; done && cp /program "$2"'
  must run --name "$C" --network none "$IMG" sh -c 'printf "#!/bin/sh\ntouch /var/cache/apk/\$2\n" >/bin/apk; echo "$1" >/bin/cc; chmod 755 /bin/apk /bin/cc' sh "$cc"
  cp "$CACHE/testcases/showcaps" "$T/program"
  must cp "$T/program" "$C:/program"
  must commit -q "$C" docker.io/library/alpine:3.20
  install -d -o "$ACCOUNT" "$T/app"
  block containerfile >"$T/app/Containerfile"
  grep -q '^FROM scratch' "$T/app/Containerfile" || complain "two stages on the page"
  echo 'int main() {}' >"$T/app/main.c"
  must build --pull=never --network none -t localhost/hello "$T/app"
  must run --rm --network none localhost/hello
  out_like 'Cap|cap'
  must export "$(ct create localhost/hello)"
  equal "files of the image" hello "$(tar -tf "$T/.out" | grep -v /$ | grep -vE '^(dev|etc|proc|run|sys)' | paste -sd' ')"
}
