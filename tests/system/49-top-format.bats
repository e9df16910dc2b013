#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What commands show: top, ps and its filters, templates, inspect.

load helpers

# A process of the container whose command line is this.
shows() { ct top "$1" args | sed 's/ *$//' | grep -qxF -- "$2"; }

# --- top ----------------------------------------------------------------------------------------

@test "top: podman's columns" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 49011 & exec sleep 49010'
  try top "$C"
  ok
  out_like '^USER +PID +PPID +%CPU +ELAPSED +TTY +TIME +COMMAND'
  out_like $'\n''root +1 +0 +[0-9.]+ +[0-9.]+m?s +\? +0s +sleep 49010'
  out_like $'\n''root +2 +1 +[0-9.]+ +[0-9.]+m?s +\? +0s +sleep 49011'
  equal lines 3 "$(wc -l <"$T/.out")"
}

@test "top: descriptors as words, with commas, and as codes" {
  must run -d --name "$C" "$IMG" sleep 49012
  try top "$C" pid ppid comm
  out_like '^PID +PPID +COMMAND'$'\n''1 +0 +sleep$'
  try top "$C" pid,user,state
  out_like '^PID +USER +STATE'$'\n''1 +root +S$'
  try top "$C" %p,%U %c
  out_like '^PID +USER +COMMAND'$'\n''1 +root +sleep$'
  try container top "$C" pid
  out_is $'PID\n1'
  try top -l pid
  out_is $'PID\n1'
}

@test "top: every descriptor has a column" {
  local name
  must run -d --name "$C" "$IMG" sleep 49013
  try top --list-descriptors
  ok
  for name in args capamb capbnd capeff capinh capprm comm etime group groups hgroup hgroups hpid huser label nice \
    pcpu pgid pid ppid rgroup rss ruser seccomp state stime time tty user vsz; do
    [[ $'\n'$out$'\n' == *$'\n'$name$'\n'* ]] || complain "descriptor $name"
  done
  # shellcheck disable=SC2086
  try top "$C" $out
  ok
  equal lines 2 "$(wc -l <"$T/.out")"
  out_like 'COMMAND.*AMBIENT CAPS.*BOUNDING CAPS.*EFFECTIVE CAPS.*INHERITED CAPS.*PERMITTED CAPS.*ELAPSED.*SECCOMP.*VSZ'
}

@test "top: capabilities, seccomp, nice, sizes" {
  must run -d --name "$C" --cap-drop all --cap-add chown,kill "$IMG" sleep 49014
  try top "$C" capeff,capbnd,capinh,capamb,seccomp,nice
  out_like $'\n'"CHOWN,KILL +CHOWN,KILL +none +none +filter +$(nice)\$"
  try top "$C" vsz,rss
  out_like $'\n''[1-9][0-9]* +[1-9][0-9]*$'
  ct rm -ft0 "$C"
  must run -d --name "$C" --privileged "$IMG" sleep 49014
  try top "$C" capeff,seccomp
  out_like $'\n''full +disabled$'
}

@test "top: users by the container's passwd" {
  must run -d --name "$C" -u 1:1 "$IMG" sh -c 'sleep 49015; :'
  try top "$C" user,ruser,group,rgroup,pid
  out_like $'\n''(bin|daemon) +(bin|daemon) +(bin|daemon) +(bin|daemon) +1'
  ct rm -ft0 "$C"
  must run -d --name "$C" -u 4321:4322 --passwd=false "$IMG" sleep 49015
  try top "$C" user,group
  out_like $'\n''4321 +4322$'
}

@test "top: processes as the host sees them" {
  must run -d --name "$C" "$IMG" sleep 49016
  try top "$C" pid hpid
  local hpid
  hpid=$(ct inspect -f '{{.State.Pid}}' "$C")
  out_like $'\n'"1 +$hpid\$"
  oracle && return
  try top "$C" huser hgroup huid
  out_like $'\n'"$ACCOUNT +$ACCOUNT +$USER_ID\$"
  ct rm -ft0 "$C"
  must run -d --name "$C" -u 1:1 "$IMG" sleep 49016
  try top "$C" huid
  [[ ${out##*$'\n'} == "$(awk -F: -v u="$ACCOUNT" '$1 == u { print $2; exit }' /etc/subuid)" ]] || complain "the first subordinate id"
}

@test "top: a terminal" {
  must run -dt --name "$C" "$IMG" sleep 49017
  try top "$C" tty,comm
  out_like $'\n''(pts/0|console) +sleep$'
}

@test "top: processes of a namespace inside the container" {
  must run -d --name "$C" --security-opt seccomp=unconfined --cap-add sys_admin "$TOOLS" \
    sh -c 'unshare -pf sleep 49018; :'
  until_ok 5 shows "$C" 'sleep 49018'
  try top "$C" pid,ppid,args
  out_like $'\n''3 +2 +sleep 49018'
}

@test "top: errors" {
  try top
  exits 125
  err_is 'Error: you must provide the name or id of a running container'
  try top nosuch
  exits 125
  err_is 'Error: unable to look up requested container: no container with name or ID "nosuch" found: no such container'
  must create --name "$C" "$IMG" sleep 49019
  try top "$C"
  exits 125
  err_is 'Error: top can only be used on running containers'
  must run --name "$C-2" "$IMG" true
  try top "$C-2"
  exits 125
  err_is 'Error: top can only be used on running containers'
}

@test "top: words that are no descriptors are for ps(1)" {
  must run -d --name "$C" "$IMG" sleep 49022
  local words
  for words in '-eo pid,comm' '-o pid,comm'; do
    # shellcheck disable=SC2086
    try top "$C" $words
    ok
    out_like '^PID +COMMAND'
    out_like '1 sleep'
    try top "$C" "$words"
    ok
    out_like '1 sleep'
  done
  try top "$C" aux
  ok
  out_has "sleep 49022"
  try top "$C" -o bogus
  exits 125
}

@test "top: a container without ps(1)" {
  must run -d --name "$C" "$IMG" sleep 49024
  must exec "$C" rm -f /bin/ps /usr/bin/ps
  try top "$C" aux
  exits 125
  must create --name "$C-2" "$IMG" true
  try top "$C-2" aux
  exits 125
  err_has "top can only be used on running containers"
}

@test "top: what a process says of itself cannot drive the terminal" {
  must run -d --name "$C" "$IMG" sh -c 'sleep 49020; :' $'x\e]0;owned\a\ty\nz'
  try top "$C" args
  ok
  out_lacks $'\e'
  out_lacks $'\a'
  out_has '\x1b]0;owned\x07'
  equal lines 3 "$(wc -l <"$T/.out")"
}

@test "top: a passwd that hangs, leads outside, or is endless" {
  local make
  for make in 'mkfifo /etc/passwd' "ln -s $LIVE/canary/secret /etc/passwd" 'ln -s /dev/zero /etc/passwd' \
    'head -c 300000000 /dev/zero >/etc/passwd'; do
    must run -d --name "$C" "$IMG" sh -c "rm -f /etc/passwd; $make; sleep 49021; :"
    until_ok 10 shows "$C" 'sleep 49021'
    capture timeout 10 "${AS_USER[@]}" "$CTOOL" top "$C" user,pid
    ok
    out_like $'\n''0 +1'
    ct rm -ft0 "$C" >/dev/null
  done
}

@test "top: while processes come and go" {
  local i
  must run -d --name "$C" "$IMG" sh -c 'while :; do true; /bin/true; done'
  for i in {1..30}; do
    try top "$C" pid,user,args
    ok
    out_like $'\n''1 +root +sh -c'
  done
}

# --- templates ----------------------------------------------------------------------------------

# The same containers for both tools; templates/*.jsonl hold what podman makes of them.
template_fixtures() {
  ct rmi -f "$TOOLS" >/dev/null 2>&1 || true
  must create --name tpl-made -p 18249:80 -p 127.0.0.1:18250:443/udp -v tplvol:/data -v /etc:/hostetc:ro \
    --label app=web --label tier='a b' -e FOO=bar -e EMPTY= -w /tmp -u 1:1 --hostname h.example \
    --restart on-failure:3 --stop-timeout 7 --tmpfs /t:size=1m --cap-add net_admin --cap-drop kill \
    --ulimit nofile=10:20 --annotation note=x --add-host db:10.1.2.3 --dns 9.9.9.9 --group-add 7 \
    --shm-size 1m "$IMG" a b 'c d'
  must create --name tpl-done "$IMG" sh -c 'exit 3'
  try start -a tpl-done
  exits 3
  must run -d --name tpl-up --label app=worker "$IMG" sleep 49030
}

same_templates() {
  local record=()
  [[ -z ${CTOOL_RECORD:-} ]] || record=(--record)
  [[ -z ${CTOOL_ACCEPT:-} ]] || record=(--accept "$CTOOL_ACCEPT")
  "${2:-template_fixtures}"
  cp "$HERE/templates/$1.jsonl" "$T/cases"
  chmod 0666 "$T/cases"
  as_user REGISTRY="$REGISTRY" python3 "$HERE/templates/run.py" "$T/cases" "$CTOOL" "${record[@]}" || [[ -n ${CTOOL_ACCEPT:-} ]]
  [[ -z ${CTOOL_RECORD:-}${CTOOL_ACCEPT:-} ]] || cat "$T/cases" >"$HERE/templates/$1.jsonl"
  ct volume rm tplvol fltvol >/dev/null 2>&1 || true
}

@test "templates: the language" { same_templates language; }
@test "templates: inspect of containers" { same_templates inspect; }
@test "templates: ps" { same_templates ps; }
@test "templates: images and inspect of them" { same_templates images; }
@test "templates: info and version" { same_templates host; }

filter_fixtures() {
  ct rmi -f "$TOOLS" >/dev/null 2>&1 || true
  must pull -q "$REGISTRY/config:label"
  must create --name flt-web1 --label app=web --label tier=x -v fltvol:/data -v /etc:/h:ro "$IMG" true
  must create --name flt-web2 --label app=web2 --restart always --network none "$IMG" true
  must run --name flt-done0 "$IMG" true
  try run --name flt-done3 "$IMG" sh -c 'exit 3'
  exits 3
  must run -d --name flt-up1 --restart on-failure:3 --label empty= "$IMG" sleep 49031
}

@test "filters: of ps and images" {
  same_templates filters filter_fixtures
  ct rmi "$REGISTRY/config:label" >/dev/null
}

# --- inspect ------------------------------------------------------------------------------------

# Containers with as many options as both tools know, and an image.
shape_fixtures() {
  must create --name shp-plain "$IMG"
  must create --name shp-full -p 18251:80 -p 127.0.0.1:18252:443/udp -v shpvol:/data -v /etc:/hostetc:ro \
    --label app=web -e FOO=bar -w /tmp -u 1:1 --hostname h.example --restart on-failure:3 --stop-timeout 7 \
    --tmpfs /t:size=1m --cap-add net_admin --cap-drop kill --ulimit nofile=10:20 --annotation note=x \
    --add-host db:10.1.2.3 --dns 9.9.9.9 --dns-search x.y --dns-option ndots:1 --group-add 7 --shm-size 1m \
    --memory 64m --cpus 0.5 --pids-limit 100 --device /dev/null --init --read-only --log-opt max-size=1m \
    --entrypoint '["a","b"]' --security-opt no-new-privileges --tz UTC --expose 90 --cidfile "$FILE_DIR/home/cid" "$IMG" c d
  try run --name shp-ended "$IMG" sh -c 'exit 3'
  exits 3
  must run -d --name shp-up "$IMG" sleep 49032
}

# The paths in the JSON of `ct ARGS`, with types, of what podman has and we do not.
shape_of() { ct "$@" | python3 "$HERE/templates/shape.py"; }

@test "inspect, ps, images: podman's keys and types in JSON" {
  local part wanted=$HERE/templates/shape.txt
  shape_fixtures
  {
    shape_of inspect shp-plain shp-full shp-ended shp-up | sed 's/^/container /'
    shape_of inspect -s shp-up | grep Size | sed 's/^/container /'
    shape_of image inspect "$IMG" | sed 's/^/image /'
    shape_of ps -as --format json | sed 's/^/ps /'
    shape_of images --format json | sed 's/^/images /'
  } | LC_ALL=C sort -u >"$T/found"
  ct volume rm shpvol >/dev/null 2>&1 || true
  if [[ -n ${CTOOL_RECORD:-} ]]; then
    # What was there already with a reason stays.
    grep '#' "$wanted" >"$T/reasons" || true
    awk -v old="$T/reasons" '
      BEGIN { while ((getline line < old) > 0) { split(line, parts, / *#/); reason[parts[1]] = line } }
      { print $0 in reason ? reason[$0] : $0 }' "$T/found" >"$T/new"
    cat "$T/new" >"$wanted"
  fi
  # A line with a reason need not be there.
  LC_ALL=C comm -23 <(grep -v '#' "$wanted" | LC_ALL=C sort -u) "$T/found" >"$T/missing"
  out=$(<"$T/missing") err='' rc=0
  [[ -z $out ]] || complain "all that podman has"
}

@test "inspect: several, a latest one, types, sizes" {
  must create --name "$C-1" "$IMG" true
  must create --name "$C-2" "$IMG" true
  try inspect -f '{{.Name}}' "$C-1" "$C-2"
  out_is "$C-1"$'\n'"$C-2"
  try inspect -l -f '{{.Name}}'
  out_is "$C-2"
  try inspect --type container -f '{{.Name}}' "$C-1"
  out_is "$C-1"
  try inspect --type image "$C-1"
  exits 125
  out_is '[]'
  try inspect --type container "$IMG"
  exits 125
  try inspect -s -f '{{ge .SizeRootFs 1}} {{ge .SizeRw 0}}' "$C-1"
  [[ $out == 'true '* ]] || complain "sizes"
  try inspect "$C-1" nosuch
  exits 125
  equal "what was found" 1 "$(jq length <<<"$out")"
  err_has nosuch
}

@test "inspect: one and all together, containers first" {
  must create --name "$C" "$IMG" true
  try inspect -f '{{.Id}}' "$C" "$IMG"
  equal "container and image" 2 "$(wc -l <"$T/.out")"
}

# --- ps -----------------------------------------------------------------------------------------

@test "ps --sort: every key" {
  local key
  must create --name "$C-b" "$IMG" zz
  must create --name "$C-a" "$IMG" aa
  for key in command created id image names runningfor size status; do
    try ps -as --sort "$key" --format '{{.Names}}'
    ok
    equal "rows by $key" 2 "$(wc -l <"$T/.out")"
  done
  try ps -a --sort names --format '{{.Names}}'
  out_is "$C-a"$'\n'"$C-b"
  try ps -a --sort command --format '{{.Names}}'
  out_is "$C-a"$'\n'"$C-b"
  try ps -a --sort created --format '{{.Names}}'
  out_is "$C-b"$'\n'"$C-a"
  try ps --sort bogus
  exits 125
  err_has 'bogus'
}

@test "ps -p: columns of pods" {
  must create --name "$C" "$IMG" true
  try ps -ap
  out_like '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES +POD ID +PODNAME'
  try ps -aps
  out_like 'NAMES +POD ID +PODNAME +SIZE'
}

@test "ps -s: sizes" {
  must create --name "$C" "$IMG" true
  try ps -as --format '{{.Size}}'
  out_like '^[0-9.]+k?B \(virtual [0-9.]+[kM]B\)$'
}

@test "ps --external, --sync, --noheading, --no-trunc" {
  must create --name "$C" "$IMG" echo 0123456789012345678901234567890
  try ps -a --sync --noheading
  ok
  out_like "^[0-9a-f]{12} +$IMG +echo 012345678901\.\.\. .* Created .* $C\$"
  try ps -a --no-trunc --noheading
  out_like "^[0-9a-f]{64} .*echo 0123456789012345678901234567890 "
  try ps -a --external -q
  ok
  equal rows 1 "$(wc -l <"$T/.out")"
}

@test "ps --watch: again and again, until its reader has gone" {
  must run -d --name "$C" "$IMG" sleep 49040
  begin ps --watch 1 --format '{{.Names}}'
  sleep 2.6
  kill "$pid"
  finish
  [[ $(grep -c "$C" "$T/.out") -ge 2 ]] || complain "several tables"
}

@test "ps: options that say nothing together" {
  try ps --watch 1 -l
  exits 125
  err_is 'Error: the watch and latest flags cannot be used together'
  try ps -s --ns
  exits 125
  err_is 'Error: size and namespace options conflict'
  try ps -q -s
  exits 125
  err_is 'Error: quiet conflicts with size and namespace'
}

@test "ps: nothing there" {
  try ps -a --format '{{.Names}}'
  out_is ''
  try ps -a --format json
  out_is '[]'
  try ps -aq
  out_is ''
  try ps
  out_like '^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$'
}

@test "filters: rm and start take them too" {
  must create --name "$C-1" --label go=1 "$IMG" true
  must create --name "$C-2" "$IMG" true
  try rm --filter label=go --filter name=nosuch
  ok
  try rm --filter label=go
  ok
  is_gone "$C-1"
  has_status "$C-2" created
  try rm --filter bogus=1
  exits 125
  err_has 'bogus is an invalid filter'
}

@test "templates: one that calls itself ends with an error" {
  local deep i
  try version --format '{{define "T"}}{{template "T" .}}{{end}}{{template "T" .}}'
  exits 125
  err_has 'exceeded maximum template depth'
  for i in {1..400}; do deep+='{{if true}}'; done
  deep="{{define \"T\"}}$deep{{template \"T\" .}}${deep//if true/end}{{end}}{{template \"T\" .}}"
  try version --format "$deep"
  exits 125
  err_has 'exceeded maximum template depth'
}
