#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Secrets: making and removing them, files and variables of containers, and where they must not be seen.

load helpers

WORD=top5ecretword

file_setup() { ct pull -q "$IMG" "$TOOLS" >/dev/null; }
test_setup() {
  S=s$BATS_TEST_NUMBER
  FILES=$(user_dir files)
  printf %s "$WORD" >"$FILES/word"
  chown "$ACCOUNT:" "$FILES/word"
}
test_teardown() {
  ct rm -fa -t 0 >/dev/null 2>&1 || true
  ct secret rm -a >/dev/null 2>&1 || true
}
# make NAME [OPTION...]
make() {
  local name=$1
  shift
  must secret create "$@" "$name" "$FILES/word"
}

@test "create, ls, inspect, exists, rm" {
  make "$S"
  out_like '^[0-9a-f]{25}$'
  local id=$out
  try secret create "$S" "$FILES/word"
  exits 125
  err_is "Error: $S: secret name in use"
  must secret ls
  out_like '^ID +NAME +DRIVER +CREATED +UPDATED'
  out_like "$id +$S +file +Less than a second ago|$id +$S +file +[0-9]+ second"
  must secret ls --format '{{.ID}} {{.Name}} {{.Driver}}'
  out_is "$id $S file"
  must secret ls -q
  out_is "$id"
  must secret inspect "$S"
  equal id "$id" "$(jq -r '.[0].ID' <<<"$out")"
  equal name "$S" "$(jq -r '.[0].Spec.Name' <<<"$out")"
  equal driver file "$(jq -r '.[0].Spec.Driver.Name' <<<"$out")"
  out_lacks "$WORD"
  must secret inspect --format '{{.Spec.Name}}' "${id:0:5}"
  out_is "$S"
  must secret exists "$S"
  try secret exists nosuch
  exits 1
  out_is ""
  try secret inspect "$S" nosuch
  exits 125
  err_is 'Error: inspecting secret: no secret with name or id "nosuch": no such secret'
  must secret rm "$S"
  out_is "$id"
  try secret rm nosuch
  exits 125
  err_is 'Error: no secret with name or id "nosuch": no such secret'
  must secret rm --ignore nosuch
  try secret rm
  exits 125
  err_is "Error: \`$TOOL secret rm\` requires one argument, or the --all flag"
}

@test "create: standard input, a variable, labels" {
  capture as_user sh -c "printf piped | '$CTOOL' secret create '$S' -"
  ok
  must run --rm --secret "$S" "$IMG" cat "/run/secrets/$S"
  out_is piped
  CT_ENV=(WORD_OF_MINE=fromenv)
  must secret create --env "e$S" WORD_OF_MINE
  must run --rm --secret "e$S" "$IMG" cat "/run/secrets/e$S"
  out_is fromenv
  try secret create --env "f$S" NO_SUCH_VARIABLE
  exits 125
  err_is "Error: cannot create store secret data: environment variable NO_SUCH_VARIABLE is not set"
  make "l$S" --label a=b
  must secret inspect -f '{{json .Spec.Labels}}' "l$S"
  out_is '{"a":"b"}'
  must secret ls --filter name="l$S" -q
  equal found 1 "$(wc -l <<<"$out")"
  try secret ls --filter foo=x
  exits 125
  err_is 'Error: invalid filter "foo"'
}

@test "create: --replace keeps the id, --ignore the data" {
  make "$S"
  local id=$out
  printf other >"$FILES/word"
  make "$S" --ignore
  out_is "$id"
  must secret inspect --showsecret -f '{{.SecretData}}' "$S"
  out_is "$WORD"
  make "$S" --replace
  out_is "$id"
  must secret inspect --showsecret -f '{{.SecretData}}' "$S"
  out_is other
  must secret inspect --pretty "$S"
  out_like "^ID: +$id"$'\n'"Name: +$S"
  out_lacks other
}

@test "create refuses names and data that are none" {
  local name
  for name in a/b .. 'a b' '-x' 'x=y' $'a\nb'; do
    try secret create -- "$name" "$FILES/word"
    exits 125
    err_has "invalid secret name"
  done
  try secret create "$S" /nonexistent
  exits 125
  err_like '[Nn]o such file or directory'
  try secret create "$S" /dev/null
  exits 125
  err_is "Error: secret data must be larger than 0 and less than 512000 bytes"
  head -c 512000 /dev/zero >"$FILES/big"
  try secret create "$S" "$FILES/big"
  exits 125
  err_is "Error: secret data must be larger than 0 and less than 512000 bytes"
  head -c 511999 /dev/zero >"$FILES/big"
  must secret create "$S" "$FILES/big"
  must run --rm --secret "$S" "$IMG" stat -c %s "/run/secrets/$S"
  out_is 511999
  try secret create --driver pass "x$S" "$FILES/word"
  exits 125
  err_has '"pass"'
}

@test "as a file: owner, mode, place" {
  make "$S"
  must run --rm --secret "$S" "$IMG" stat -c '%a %u:%g' "/run/secrets/$S"
  out_is "444 0:0"
  must run --rm --secret "$S,uid=3,gid=4,mode=0400,target=foo" "$IMG" sh -c 'stat -c "%a %u:%g" /run/secrets/foo; cat /run/secrets/foo'
  out_is "400 3:4"$'\n'"$WORD"
  must run --rm --secret "$S,target=/etc/deep/er" "$IMG" cat /etc/deep/er
  out_is "$WORD"
  must run --rm --secret "source=$S,target=bar,type=mount" "$IMG" cat /run/secrets/bar
  out_is "$WORD"
  must run --rm --user 1000 --secret "$S,uid=1000,mode=400" "$IMG" cat "/run/secrets/$S"
  out_is "$WORD"
  must run --rm --read-only --secret "$S" "$IMG" cat "/run/secrets/$S"
  out_is "$WORD"
  try run --rm --secret "$S,mode=0666" "$IMG" sh -c "echo x >/run/secrets/$S"
  exits 1
}

@test "as a variable; exec and health checks have it too" {
  make "$S"
  must run --rm --secret "$S,type=env" "$IMG" sh -c "echo \$$S"
  out_is "$WORD"
  must run -d --name "c$S" --secret "$S,type=env,target=FOO" "$IMG" sleep 60
  must exec "c$S" sh -c 'echo $FOO'
  out_is "$WORD"
  must inspect "c$S"
  out_lacks "$WORD"
}

@test "what is wrong with --secret" {
  make "$S"
  try run --rm --secret nosuch "$IMG" true
  exits 125
  err_is 'Error: no secret with name or id "nosuch": no such secret'
  try run --rm --secret "$S,foo=bar" "$IMG" true
  exits 125
  err_is "Error: option foo=bar invalid: parsing secret"
  try run --rm --secret "$S,type=bogus" "$IMG" true
  exits 125
  err_is "Error: type bogus is invalid: parsing secret"
  try run --rm --secret "$S,type=env,mode=3" "$IMG" true
  exits 125
  err_is "Error: UID, GID, Mode options cannot be set with secret type env: parsing secret"
  try run --rm --secret "$S,mode=9" "$IMG" true
  exits 125
  err_is "Error: mode 9 invalid: parsing secret"
  must ps -a --format '{{.Names}}'
  out_is ""
}

@test "a container keeps the file that it was made with; a variable it asks for each time" {
  make "$S"
  must create --name "c$S" --secret "$S" "$IMG" cat "/run/secrets/$S"
  must create --name "e$S" --secret "$S,type=env,target=E" "$IMG" sh -c 'echo $E'
  must inspect -f '{{range .Config.Secrets}}{{.Name}} {{.UID}} {{.Mode}}{{end}}' "c$S"
  out_is "$S 0 292"
  must secret rm "$S"
  must start -a "c$S"
  out_is "$WORD"
  must start -a "c$S"
  out_is "$WORD"
  try start -a "e$S"
  exits 125
  err_has "no such secret"
}

@test "never seen: inspect, commit, image, export, events, diff, the database" {
  make "$S"
  must run --name "c$S" --secret "$S" --secret "$S,type=env,target=E" "$IMG" sh -c 'test -s "/run/secrets/'"$S"'" && test -n "$E"'
  must inspect "c$S"
  out_lacks "$WORD"
  must diff "c$S"
  out_lacks "$WORD"
  must commit -q "c$S" "img$S"
  must inspect "img$S"
  out_lacks "$WORD"
  must save --quiet --format docker-archive -o "$FILES/image.tar" "img$S"
  mkdir "$FILES/x" && tar -C "$FILES/x" -xf "$FILES/image.tar"
  last="grep in the saved image"
  capture grep -rl "$WORD" "$FILES/x"
  exits 1
  must run --rm "img$S" sh -c "cat /run/secrets/$S 2>/dev/null; env"
  out_lacks "$WORD"
  must export -o "$FILES/c.tar" "c$S"
  capture grep -c "$WORD" "$FILES/c.tar"
  exits 1
  must events --stream=false --since 1m
  out_lacks "$WORD"
  must logs "c$S"
  out_is ""
  local store
  store=$(ct info -f '{{.Store.GraphRoot}}')
  capture grep -l "$WORD" "$store"/ctool.db "$store"/ctool.db-wal
  exits 1
  # Nobody but the user.
  capture find "$store/secrets" -type f -perm /077
  out_is ""
  must rm "c$S"
  must rmi "img$S"
  must secret rm "$S"
  capture grep -rl "$WORD" "$store"
  exits 1
}

@test "a link where the secret goes leads nowhere on the host" {
  CANARY_BEFORE=$(canary_state)
  make "$S"
  local dir
  dir=$(user_dir vol)
  ln -s "$LIVE/canary" "$dir/secrets"
  chown -h "$ACCOUNT:" "$dir/secrets"
  try run --rm -v "$dir:/run" --secret "$S" "$IMG" true
  canary_ok
}

@test "two that are made at once under one name: one is told" {
  local i won=0 pids=()
  for i in {1..6}; do
    ct secret create "$S" "$FILES/word" >/dev/null 2>&1 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" && won=$((won + 1)); done || true
  equal winners 1 "$won"
  must secret ls -q
  equal secrets 1 "$(wc -l <<<"$out")"
}
