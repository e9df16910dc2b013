#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# login, logout, search.

load helpers

file_setup() { :; }
test_setup() {
  S=$SECURE_REGISTRY
  AUTH=$FILE_DIR/run/containers/auth.json
  rm -f "$AUTH"
}

# What the file says of a registry: "user:password".
kept() { jq -r --arg key "$1" '.auths[$key].auth // empty' "$2" | base64 -d; }

@test "login -u -p, and pull with it; logout" {
  try pull -q "$S/busybox:latest"
  exits 125
  try login -u reader -p let-me-in "$S"
  ok
  out_is "Login Succeeded!"
  equal "mode" 600 "$(stat -c %a "$AUTH")"
  equal "owner" "$ACCOUNT" "$(stat -c %U "$AUTH")"
  equal "credentials" reader:let-me-in "$(kept "$S" "$AUTH")"
  try pull -q "$S/busybox:latest"
  ok
  must rmi "$S/busybox:latest"
  try login --get-login "$S"
  ok
  out_is reader
  try logout "$S"
  ok
  out_is "Removed login credentials for $S"
  try pull -q "$S/busybox:latest"
  exits 125
  try login --get-login "$S"
  exits 125
  err_is "Error: not logged into $S"
  try logout "$S"
  exits 125
  err_has "Error: not logged into $S"
}

@test "login --password-stdin" {
  try login -u reader --password-stdin "$S" < <(echo let-me-in)
  ok
  out_is "Login Succeeded!"
  equal "credentials" reader:let-me-in "$(kept "$S" "$AUTH")"
}

@test "login with a wrong password keeps nothing" {
  try login -u reader -p wrong "$S"
  exits 125
  out_is ""
  err_is "Error: logging into \"$S\": invalid username/password"
  [[ ! -e $AUTH || -z $(kept "$S" "$AUTH") ]]
}

@test "login: a wrong password leaves the one that was kept" {
  must login -u reader -p let-me-in "$S"
  try login -u reader -p wrong "$S"
  exits 125
  equal "credentials" reader:let-me-in "$(kept "$S" "$AUTH")"
}

@test "login: what can't go together" {
  try login --password-stdin "$S" </dev/null
  exits 125
  err_is "Error: Must provide --username with --password-stdin"
  try login -u reader -p x --password-stdin "$S" </dev/null
  exits 125
  err_is "Error: Can't specify both --password-stdin and --password"
  try logout -a "$S"
  exits 125
  err_is "Error: --all takes no arguments"
  try login -u a -p b one two
  exits 125
  try login -u a -p b 'bad host'
  exits 125
}

@test "login without a terminal and without a password" {
  try login "$S" </dev/null
  exits 125
  err_has "reading username: EOF"
  try login -u reader "$S" </dev/null
  exits 125
  err_has "reading password: "
}

@test "login at a terminal: the password is not shown" {
  try_tty --wait "Username: " --send "reader\n" --wait "Password: " --send "let-me-in\n" -- login "$S"
  ok
  out_has "Login Succeeded!"
  out_lacks "let-me-in"
  equal "credentials" reader:let-me-in "$(kept "$S" "$AUTH")"
}

@test "login at a terminal: ctrl-c gives the terminal back" {
  capture as_user python3 "$HERE/fixtures/terminal.py" --wait "Password: " --send '\x03' -- sh -c \
    "trap : INT; stty -a >$T/before; $CTOOL login -u reader $S; echo status \$?; stty -a >$T/after"
  oracle || out_has "status 130"
  cmp "$T/before" "$T/after"
  [[ ! -e $AUTH || -z $(kept "$S" "$AUTH") ]]
}

@test "login with credentials that are kept" {
  must login -u reader -p let-me-in "$S"
  try login "$S" </dev/null
  ok
  out_has "Existing credentials are valid. Already logged in to $S"
}

@test "login -v says where" {
  try login -v -u reader -p let-me-in "$S"
  ok
  out_is "Used:  $AUTH
Login Succeeded!"
}

@test "login: --authfile, REGISTRY_AUTH_FILE" {
  local dir
  dir=$(user_dir d)
  try login --authfile "$dir/a.json" -u reader -p let-me-in "$S"
  ok
  equal "credentials" reader:let-me-in "$(kept "$S" "$dir/a.json")"
  equal "mode" 600 "$(stat -c %a "$dir/a.json")"
  [[ ! -e $AUTH ]]
  try pull -q --authfile "$dir/a.json" "$S/busybox:latest"
  ok
  try logout --authfile "$dir/a.json" "$S"
  ok
  CT_ENV=(REGISTRY_AUTH_FILE="$dir/b.json")
  must login -u reader -p let-me-in "$S"
  equal "credentials" reader:let-me-in "$(kept "$S" "$dir/b.json")"
  try login --get-login "$S"
  out_is reader
  try logout "$S"
  ok
  CT_ENV=()
  try logout --authfile /no/such "$S"
  exits 125
  err_has "/no/such"
  try login --authfile /no/such/file -u reader -p let-me-in "$S"
  exits 125
  must rmi "$S/busybox:latest"
}

@test "login --compat-auth-file" {
  local dir
  dir=$(user_dir d)
  try login --compat-auth-file "$dir/config.json" -u reader -p let-me-in "$S"
  ok
  equal "credentials" reader:let-me-in "$(kept "$S" "$dir/config.json")"
  try logout --compat-auth-file "$dir/config.json" "$S"
  ok
  equal "credentials" "" "$(kept "$S" "$dir/config.json")"
  try login --compat-auth-file "$dir/config.json" -u reader -p let-me-in "$S/namespace"
  exits 125
  try login --compat-auth-file "$dir/config.json" --authfile "$dir/x" -u reader -p let-me-in "$S"
  exits 125
}

@test "login for a namespace" {
  must login -u reader -p let-me-in "$S/busybox"
  equal "credentials" reader:let-me-in "$(kept "$S/busybox" "$AUTH")"
  try pull -q "$S/busybox:latest"
  ok
  must rmi "$S/busybox:latest"
  try pull -q "$S/config:label"
  exits 125
  try login -u reader -p let-me-in "https://$S/"
  ok
  equal "credentials" reader:let-me-in "$(kept "$S" "$AUTH")"
}

@test "login keeps what it does not know, and logout -a the rest of the file" {
  local dir
  dir=$(user_dir d)
  echo '{"auths":{"other.example":{"auth":"YTpi","email":"x"}},"HttpHeaders":{"A":"b"},"unknown":[1,2]}' >"$dir/a.json"
  chown "$ACCOUNT:" "$dir/a.json"
  must login --authfile "$dir/a.json" -u reader -p let-me-in "$S"
  equal "email" x "$(jq -r '.auths["other.example"].email' "$dir/a.json")"
  equal "header" b "$(jq -r '.HttpHeaders.A' "$dir/a.json")"
  equal "unknown" '[1,2]' "$(jq -c .unknown "$dir/a.json")"
  try logout --authfile "$dir/a.json" -a
  ok
  out_is "Removed login credentials for all registries"
  equal "auths" '{}' "$(jq -c .auths "$dir/a.json")"
  equal "unknown" '[1,2]' "$(jq -c .unknown "$dir/a.json")"
}

@test "twenty logins at once are all kept" {
  local i pids=()
  for i in {1..20}; do
    ct login -u reader -p let-me-in "$S/n$i" >/dev/null &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  equal "logins" 20 "$(jq '.auths | length' "$AUTH")"
  equal "mode" 600 "$(stat -c %a "$AUTH")"
}

# A helper that keeps secrets in files and notes its arguments.
make_helper() {
  mkdir -p "$T/bin" "$T/kept"
  chown "$ACCOUNT:" "$T/kept"
  cat >"$T/bin/docker-credential-test" <<EOF
#!/bin/sh
echo "\$*" >>$T/kept/arguments
case \$1 in
  store) cat >$T/kept/secret ;;
  get) cat >/dev/null; cat $T/kept/secret 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
  erase) cat >/dev/null; rm $T/kept/secret ;;
esac
EOF
  chmod 755 "$T/bin/docker-credential-test"
  CT_ENV=(PATH="$T/bin:/usr/bin:/bin")
}

@test "login with a credential helper: it keeps the password, the file does not" {
  local dir
  make_helper
  dir=$(user_dir d)
  printf '{"credHelpers":{"%s":"test"}}' "$S" >"$dir/a.json"
  chown "$ACCOUNT:" "$dir/a.json"
  must login --authfile "$dir/a.json" -u reader -p let-me-in "$S"
  grep -q let-me-in "$T/kept/secret"
  lacks grep -q "let-me-in" "$T/kept/arguments" "$dir/a.json"
  try pull -q --authfile "$dir/a.json" "$S/busybox:latest"
  ok
  must rmi "$S/busybox:latest"
  must logout --authfile "$dir/a.json" "$S"
  [[ ! -e $T/kept/secret ]]
}

@test "login: a helper that fails is an error, and nothing goes to the file" {
  local dir
  dir=$(user_dir d)
  printf '{"credsStore":"nosuchhelper"}' >"$dir/a.json"
  chown "$ACCOUNT:" "$dir/a.json"
  try login --authfile "$dir/a.json" -u reader -p let-me-in "$S"
  exits 125
  err_has nosuchhelper
  lacks grep -q auths "$dir/a.json"
}

@test "login: the password is in no other process's arguments and in no log" {
  capture as_user strace -f -qq -e trace=execve -s 300 -o "$T/trace" "$CTOOL" --log-level debug login -u reader \
    --password-stdin "$S" < <(echo let-me-in)
  ok
  lacks grep -q let-me-in "$T/trace" "$T/.err"
  lacks grep -q "$(printf reader:let-me-in | base64)" "$T/.err"
}

@test "login to what is no registry, and to nobody" {
  try login -u a -p b 127.0.0.1:1
  exits 125
  err_like 'onnection refused'
  CT_ENV=(CONTAINERS_REGISTRIES_CONF="$T/empty")
  echo 'unqualified-search-registries = []' >"$T/empty"
  try login -u a -p b
  exits 125
  err_has "no registries found in registries.conf, a registry must be provided"
}

@test "login: a certificate that is not trusted" {
  CT_ENV=(XDG_CONFIG_HOME="$T/none" CONTAINERS_REGISTRIES_CONF="$T/registries.conf")
  mkdir -p "$T/none/containers"
  printf '[[registry]]\nlocation = "%s"\ninsecure = false\n' "$S" >"$T/registries.conf"
  try login -u reader -p let-me-in "$S"
  exits 125
  err_like 'certificate|x509'
  try login --tls-verify=false -u reader -p let-me-in "$S"
  ok
  mkdir "$T/certs"
  cp "$SECURE_CA" "$T/certs/ca.crt"
  try login --cert-dir "$T/certs" -u reader -p let-me-in "$S"
  ok
}

@test "search" {
  try search "$REGISTRY/busy"
  ok
  out_like "^NAME +DESCRIPTION"
  out_has "$REGISTRY/busybox"
  out_lacks "$REGISTRY/config"
  try search busy
  ok
  out_has "$REGISTRY/busybox"
  try search "$REGISTRY/nosuchimage"
  ok
  out_is ""
}

@test "search --limit, --format, --compatible" {
  try search --limit 2 "$REGISTRY/"
  equal "lines" 3 "$(wc -l <"$T/.out")"
  try search --format '{{.Index}}|{{.Name}}|{{.Stars}}|{{.Official}}|{{.Automated}}' "$REGISTRY/busybox"
  out_is "$REGISTRY|$REGISTRY/busybox|0||"
  try search --format json "$REGISTRY/busybox"
  equal "name" "$REGISTRY/busybox" "$(jq -r '.[0].Name' "$T/.out")"
  equal "keys" Automated,Description,Index,Name,Official,Stars,Tag "$(jq -r '.[0] | keys | join(",")' "$T/.out")"
  try search --compatible "$REGISTRY/busybox"
  out_like "^NAME +DESCRIPTION +STARS +OFFICIAL +AUTOMATED"
}

@test "search --filter" {
  try search --filter is-official "$REGISTRY/busybox"
  ok
  out_is ""
  try search --filter stars=0 --filter is-automated=false "$REGISTRY/busybox"
  out_has busybox
  try search --filter stars=x "$REGISTRY/busybox"
  exits 125
  err_has "incorrect value type for stars filter"
  try search --filter foo=x "$REGISTRY/busybox"
  exits 125
  err_has 'invalid filter type "foo=x"'
}

@test "search --list-tags" {
  try search --list-tags "$REGISTRY/config"
  ok
  out_like "^NAME +TAG"
  out_has label
  try search --list-tags --format json "$REGISTRY/config"
  equal "name" "$REGISTRY/config" "$(jq -r '.[0].Name' "$T/.out")"
  jq -e '.[0].Tags | index("label")' "$T/.out"
  try search --list-tags --limit 1 "$REGISTRY/config"
  equal "lines" 2 "$(wc -l <"$T/.out")"
  try search --list-tags "$REGISTRY/nosuch"
  exits 125
}

@test "search with credentials" {
  try search "$S/busybox"
  exits 125
  try search --creds reader:let-me-in "$S/busybox"
  ok
  out_has "$S/busybox"
  must login -u reader -p let-me-in "$S"
  try search "$S/busybox"
  ok
}
