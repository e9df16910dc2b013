#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The tour of README.md: every line that it tells to type is typed, exactly as it is printed there.
# No registry of the internet is reached from here: `alpine` is a mirror's, `nginx` is in the store already.

load helpers

file_setup() {
  local conf=$FILE_DIR/home/.config/containers/registries.conf
  mkdir -p "$FILE_DIR/tour"
  chown "$ACCOUNT:" "$FILE_DIR/tour"
  cat >>"$conf" <<EOF
[[registry]]
prefix = "docker.io/library/alpine"
location = "$REGISTRY/busybox"
insecure = true
EOF
  sed -i 's/^unqualified-search.*/unqualified-search-registries = ["docker.io"]/' "$conf"
  ct pull -q "$IMG" >/dev/null
  ct create --name nginx "$IMG" true >/dev/null
  echo 'Welcome to nginx!' >"$FILE_DIR/tour/index.html"
  ct cp "$FILE_DIR/tour/index.html" nginx:/index.html
  ct commit -q --change 'CMD ["busybox", "httpd", "-f", "-v", "-p", "80", "-h", "/"]' nginx docker.io/library/nginx >/dev/null
  ct rm nginx >/dev/null
}

# The blocks of the tour; the fence is "tour", so that nothing else is taken for it.
tour() { awk '/^```tour$/ { on = 1; next } /^```$/ { on = 0 } on' "$HERE/../../README.md"; }

# type_line LINE EXPECTED: in one shell's surroundings; a line with -it has a person at a terminal, who leaves.
type_line() {
  local code="cd '$FILE_DIR/tour'; PATH=${CTOOL%/*}:\$PATH; set -o pipefail; $1"
  last=$1
  if [[ $1 == *" -it "* ]]; then
    capture as_user python3 "$HERE/fixtures/terminal.py" --send 'exit\r' -- bash -c "$code"
  else
    capture as_user bash -c "$code" </dev/null
  fi
  ok
  [[ -z $2 ]] || out_is "$2"
}

@test "every line works as printed, and says what is printed below it" {
  export BATS_TEST_TIMEOUT=200
  if oracle; then skip "the tour is ctool's"; fi
  local line typed='' expected='' count=0
  while IFS= read -r line; do
    if [[ $line != '$ '* ]]; then
      expected+=${expected:+$'\n'}$line
      continue
    fi
    [[ -z $typed ]] || type_line "$typed" "$expected"
    typed=${line#\$ } expected=''
    count=$((count + 1))
  done < <(tour; echo '$ true')
  ((count > 30)) || complain "30 lines to type, found $count"
}

@test "each part of the tour leaves the host as it was" {
  if oracle; then skip "the tour is ctool's"; fi
  try ps -aq
  out_is ""
  try volume ls -q
  out_is ""
  try network ls -q
  out_is podman
}
