#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cp: files and directories between a container and the host, or two containers.

load helpers

# A container that runs, with /srv as its working directory.
running() { must run -d --name "${1:-$C}" -w /srv "$IMG" sh -c 'mkdir /srv/subdir; touch /srv/ready; sleep 1046'; until_ok 5 inside "${1:-$C}" test -e /srv/ready; }
created() { must create --name "${1:-$C}" -w /srv "$IMG" sleep 1046; }

# What a command sees in a container: by exec in one that runs, by a tar stream otherwise.
pid_of() { ct inspect -f '{{.State.Pid}}' "$1"; }
inside() {
  local c=$1
  shift
  as_user nsenter -U -m -r -w -t "$(pid_of "$c")" --preserve-credentials -- "$@"
}
# content CONTAINER PATH
content() { ct cp "$1:$2" - | tar xO; }

host_file() {
  echo "$2" >"$T/$1"
  chown "$ACCOUNT:" "$T/$1"
}

host_tree() {
  mkdir -p "$T/dir/sub"
  echo one >"$T/dir/sub/one"
  echo two >"$T/dir/sub/two"
  chmod 0751 "$T/dir/sub"
  chown -R "$ACCOUNT:" "$T/dir"
}

to_container() { # CONTAINER: the places a file may go to
  local place found
  host_file hostfile zero
  while read -r place found; do
    try cp "$T/hostfile" "$1:$place"
    ok
    equal "the file at $place" zero "$(content "$1" "$found")"
  done <<EOT
/ /hostfile
/other.txt /other.txt
/tmp /tmp/hostfile
/tmp/ /tmp/hostfile
/tmp/. /tmp/hostfile
/tmp/other.txt /tmp/other.txt
. /srv/hostfile
./ /srv/hostfile
other.txt /srv/other.txt
EOT
}

@test "a file to a running container: every form of the destination" {
  running
  to_container "$C"
  try cp "$T/hostfile" "$C:subdir"
  ok
  equal "the file" zero "$(content "$C" /srv/subdir/hostfile)"
}

@test "a file to a created container: every form of the destination" {
  created
  to_container "$C"
  must start "$C"
  equal "the file" zero "$(inside "$C" cat /tmp/hostfile)"
}

@test "a name that ends with a dot is a name" {
  running
  host_file dotfile. zero
  must cp "$T/dotfile." "$C:/tmp"
  equal "the file" zero "$(content "$C" /tmp/dotfile.)"
}
