#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Completion: what ctool offers, and what comes of it in bash, zsh and fish when somebody types.

load helpers
load fixtures/screen
load fixtures/typist

file_setup() {
  ct pull -q "$IMG" >/dev/null
  ct tag "$IMG" localhost/own:1
  ct volume create datavol >/dev/null
  ct network create meshnet >/dev/null
  echo x | ct secret create passw - >/dev/null
  mkdir -p "$FILE_DIR/run/containers"
  echo '{"auths":{"registry.example:5000/team":{"auth":"dXNlcjpwYXNz"}}}' >"$FILE_DIR/run/containers/auth.json"
  chown -R "$ACCOUNT:" "$FILE_DIR/run/containers"
}
file_teardown() {
  ct network rm meshnet >/dev/null
  ct volume rm datavol >/dev/null
  ct secret rm passw >/dev/null
}
test_setup() {
  if oracle; then skip "podman's completion has candidates of its own"; fi
  if [[ $BATS_TEST_DESCRIPTION == *"speed"* ]]; then return; fi
  ct create --name newbox "$IMG" true >/dev/null
  ct run -d --network none --name oldbox "$IMG" true >/dev/null
  ct wait oldbox >/dev/null
  ct run -d --network none --name upbox "$IMG" sleep 1000 >/dev/null
  ct run -d --network none --name icebox "$IMG" sleep 1000 >/dev/null
  ct pause icebox >/dev/null
}
test_teardown() {
  screen_end
  ct unpause icebox >/dev/null 2>&1 || true
}

# offered WORD...: the candidates for the last word, sorted, on one line.
offered() {
  local options=(${CT_OPTIONS[@]+"${CT_OPTIONS[@]}"})
  local CT_OPTIONS=()
  try __complete $((${#options[@]} + $# - 1)) ${options[@]+"${options[@]}"} "$@"
  [[ $rc == 0 && -z $err && ($out == :* || $out == *$'\n':*) ]] || echo "(exit status $rc: $out $err)"
  head -n -1 <<<"$out" | cut -f1 | sort | paste -sd' '
}

@test "containers by the state that fits the command" {
  equal start "newbox oldbox" "$(offered start '')"
  equal stop "icebox upbox" "$(offered stop '')"
  equal kill "icebox upbox" "$(offered kill '')"
  equal exec upbox "$(offered exec -it '')"
  equal attach upbox "$(offered attach '')"
  equal top upbox "$(offered top '')"
  equal pause upbox "$(offered pause '')"
  equal unpause icebox "$(offered unpause '')"
  equal init "newbox oldbox" "$(offered init '')"
  equal rm "icebox newbox oldbox upbox" "$(offered rm '')"
  equal logs "icebox newbox oldbox upbox" "$(offered logs -f '')"
  equal "container stop" "icebox upbox" "$(offered container stop '')"
  equal cp "upbox:" "$(offered cp up)"
  equal network "upbox" "$(offered network disconnect meshnet up)"
}

@test "descriptions: image and state of a container" {
  try __complete 1 rm up
  out_like "^upbox"$'\t'".*busybox:latest, running"
  try __complete 1 rm ice
  out_like 'paused'
  try __complete 1 rm new
  out_like 'created'
  try __complete 1 rm old
  out_like 'exited'
}

@test "an id is offered to who has begun to type one" {
  local id
  id=$(ct inspect -f '{{.Id}}' upbox)
  equal "two characters" "${id:0:12}" "$(offered stop "${id:0:4}")"
  equal "none" "icebox upbox" "$(offered stop '')"
}

@test "after a reboot nothing runs, whatever the records say" {
  # The folder in which a running container's state is goes with the host's memory.
  CT_OPTIONS=(--runroot "$(user_dir run)")
  equal start "icebox newbox oldbox upbox" "$(offered start '')"
  equal stop "" "$(offered stop '')"
}

@test "images, volumes, networks, secrets, artifacts" {
  offered rmi 'own' | grep -qx 'own:1'
  offered run --rm 'localhost/' | grep -qx 'localhost/own:1'
  equal volume datavol "$(offered volume rm '')"
  equal "a volume to mount" datavol: "$(offered run -v data)"
  equal "a network" meshnet "$(offered run --network me)"
  equal "networks" "meshnet podman" "$(offered network rm '')"
  equal secret passw "$(offered secret inspect '')"
  equal "a secret to give" passw "$(offered run --secret pa)"
  equal inspect "upbox" "$(offered inspect upb)"
  equal "inspect a volume" "datavol" "$(offered inspect dat)"
}

@test "registries: from auth.json without the secret in it, and from registries.conf" {
  equal login "$REGISTRY registry.example:5000/team" "$(offered login '' | tr ' ' '\n' | sort | paste -sd' ')"
  try __complete 1 logout regi
  out_like 'logged in'
  out_lacks user
  out_lacks pass
  equal pull "registry.example:5000/team/" "$(offered pull registry.ex)"
}

@test "users, time zones and the caller's variables, by name only" {
  offered run --hostuser ro | grep -qw root
  equal "a zone" "Europe/Berlin" "$(offered run --tz=Europe/Berl | sed s/--tz=//)"
  CT_ENV=(SECRET_WORD=hunter2)
  try __complete 2 run -e SECRET_W
  out_has SECRET_WORD
  out_lacks hunter2
}

@test "values: words, filters with their own values, modes that name a container" {
  equal pull "--pull=always --pull=missing --pull=never --pull=newer" "$(offered run --pull=)"
  equal restart "no" "$(offered run --restart n)"
  equal capabilities "NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW" "$(offered run --cap-add NET_)"
  equal "a list of them" "NET_RAW,SYS_TIME" "$(offered run --cap-add NET_RAW,SYS_TI)"
  equal signals "TERM" "$(offered kill -s TE)"
  equal sort "created" "$(offered ps --sort cr)"
  equal keys "name= network=" "$(offered ps --filter n)"
  equal "a key's values" "status=created status=exited status=initialized status=paused status=running status=stopped" \
    "$(offered ps --filter status=)"
  equal "a key's names" "network=meshnet" "$(offered ps --filter network=me)"
  equal "an image" "ancestor=own:1" "$(offered ps --filter ancestor=own)"
  equal "another container's" "container:upbox" "$(offered run --network container:)"
  equal pid "container:upbox" "$(offered run --pid container:u)"
  equal userns "keep-id keep-id:" "$(offered run --userns keep)"
  equal driver "journald json-file" "$(offered run --log-driver j)"
  equal mount "type=bind,source=datavol" "$(offered run --mount type=bind,source=da)"
  equal format "json table" "$(offered ps --format '' | tr ' ' '\n' | grep -v '{' | paste -sd' ')"
  equal topics "rootless" "$(offered help root)"
}

@test "build: stages and arguments of the Containerfile, words with commas, paths behind their keys" {
  as_user mkdir -p "$T/app"
  printf 'ARG BASE=own\nFROM own:1 AS first\nFROM --platform=linux/amd64 own:1 as second\n  arg LATE EARLY=1\n' >"$T/app/Containerfile"
  printf 'FROM own:1 AS other\n' >"$T/app/Other"
  mkfifo "$T/app/pipe"
  chmod 0777 "$T/app"/*
  cd "$T/app"
  equal stages "first second" "$(offered build --target '')"
  equal "one of them" "--target=second" "$(offered build --target=se)"
  equal "those of another file" "other" "$(offered build -f Other --target '')"
  equal "a pipe is not waited for" "" "$(offered build -f pipe --target '')"
  equal arguments "BASE= EARLY= LATE=" "$(offered build --build-arg '')"
  cd "$T"
  equal "no Containerfile" "" "$(offered build --target '')"
  equal formats "docker oci" "$(offered build --format '')"
  equal pull "--pull=always --pull=missing --pull=never --pull=newer" "$(offered build --pull=)"
  equal outputs "type=docker type=local type=oci type=tar" "$(offered build --output type=)"
  equal "its second key" "type=tar,dest=" "$(offered build -o type=tar,de)"
  try __complete 2 build --output type=tar,dest=
  out_has ":files=14"
  try __complete 2 build --secret id=token,src=/et
  out_has ":files=13"
  equal "a secret's variable" "id=token,env=HOME" "$(offered build --secret id=token,env=HOM)"
  equal agents "default default=" "$(offered build --ssh def)"
  equal "a cache" "type=registry,ref=registry.example:5000/team/" "$(offered build --cache-from type=registry,ref=registry.e)"
  equal networks "default" "$(offered build --network def)"
  equal base "own:1" "$(offered build --from ow)"
  try __complete 2 build -f Cont
  out_has ":files"
}

@test "every field that is offered for --format is one that the command has" {
  must run --name shown -d -v datavol:/d --network none "$IMG" sleep 100
  local command word count=0
  for command in "ps -a" images "volume ls" "network ls" "secret ls" "history $IMG" "stats --no-stream -a" "system df" \
    "events --stream=false --since 1h" "inspect upbox" "container inspect upbox"; do
    # shellcheck disable=SC2086  # several words
    for word in $(offered ${command%% upbox*} --format ''); do
      # shellcheck disable=SC2086
      try $command --format "$word"
      ok
      count=$((count + 1))
    done
  done
  ((count > 70)) || complain "more than $count fields"
}

@test "every filter that is offered is one that the command knows" {
  local command word
  for command in ps images "volume ls" "network ls" "secret ls" "events --stream=false"; do
    # shellcheck disable=SC2086
    for word in $(offered $command --filter ''); do
      # shellcheck disable=SC2086
      try $command --filter "${word}x"
      err_lacks "invalid filter"
    done
  done
  # shellcheck disable=SC2086
  for word in $(offered ps --filter status=) $(offered images --filter dangling=) $(offered volume ls --filter anonymous=); do
    case $word in
      status=*) must ps -a --filter "$word" ;;
      dangling=*) must images --filter "$word" ;;
      *) must volume ls --filter "$word" ;;
    esac
  done
}

@test "no store, a broken one, a broken auth.json: no word and no trace" {
  CT_OPTIONS=(--root "$T/none" --runroot "$T/none-run")
  equal "no store" "" "$(offered stop '')"
  [[ ! -e $T/none && ! -e $T/none-run ]] || complain "no folder to be made"
  install -d -o "$ACCOUNT" "$T/broken"
  echo rubbish >"$T/broken/ctool.db"
  CT_OPTIONS=(--root "$T/broken")
  equal "a broken store" "" "$(offered rm '')"
  CT_OPTIONS=()
  echo '{"auths":' >"$T/auth.json"
  CT_ENV=(REGISTRY_AUTH_FILE="$T/auth.json")
  equal "a broken auth.json" "$REGISTRY" "$(offered login '')"
}

@test "nothing is asked over a network, no program is started, nothing is written" {
  local word
  for word in "stop ''" "rmi ''" "pull ''" "login ''" "run --network ''" "run --hostuser ''" "inspect ''"; do
    eval "set -- $word"
    as_user strace -f -qq -o "$T/trace" -e trace=socket,connect,execve,rename,unlink,mkdir,mkdirat,unlinkat,renameat2 \
      "$CTOOL" __complete $(($# - 1)) "$@" >/dev/null
    equal "calls for $word" 1 "$(grep -c . "$T/trace")" # its own execve
  done
}

@test "speed: names among 500 containers in less than 50 ms" {
  local i best=1000000 start took
  CT_OPTIONS=(--root "$T/many" --runroot "$T/many-run")
  install -d -o "$ACCOUNT" "$T/many" "$T/many-run"
  ct pull -q "$IMG" >/dev/null
  seq 500 | "${AS_USER[@]}" xargs -P 4 -I% "$CTOOL" "${CT_OPTIONS[@]}" create --network none --name box% "$IMG" true >/dev/null
  equal candidates 500 "$(offered start '' | wc -w)"
  for ((i = 0; i < 7; ++i)); do
    start=${EPOCHREALTIME/./}
    as_user "$CTOOL" __complete 5 "${CT_OPTIONS[@]}" start "" >/dev/null
    took=$((${EPOCHREALTIME/./} - start))
    ((took >= best)) || best=$took
  done
  echo "best: $best us"
  ((best < 50000)) || complain "less than 50 ms, found $best us"
  ct rm -fa -t 0 >/dev/null
}

# --- in the shells

names_and_words() {
  typist "$1"
  becomes "$TOOL vers" "$TOOL version "
  becomes "$TOOL image pru" "$TOOL image prune "
  becomes "$TOOL start newb" "$TOOL start newbox "
  becomes "$TOOL unpause i" "$TOOL unpause icebox "
  becomes "$TOOL exec -it up" "$TOOL exec -it upbox "
  stays "$TOOL start upb"
  stays "$TOOL nosuch x"
  becomes "$TOOL volume rm d" "$TOOL volume rm datavol "
  becomes "$TOOL run --net meshn" "$TOOL run --net meshnet "
  becomes "$TOOL run --entryp" "$TOOL run --entrypoint "
  becomes "$TOOL run --restart unl" "$TOOL run --restart unless-stopped "
  becomes "$TOOL run --pull=ne" "$TOOL run --pull=ne" # never and newer
  becomes "$TOOL run --pull=nev" "$TOOL run --pull=never "
  becomes "$TOOL logout regis" "$TOOL logout registry.example:5000/team "
  becomes "$TOOL logout registry.example:50" "$TOOL logout registry.example:5000/team "
  becomes "$TOOL rmi localhost/o" "$TOOL rmi localhost/own:1 "
  becomes "$TOOL ps --filter stat" "$TOOL ps --filter status="
  becomes "$TOOL ps --filter status=exi" "$TOOL ps --filter status=exited "
  becomes "$TOOL ps --filter=status=exi" "$TOOL ps --filter=status=exited "
  becomes "$TOOL run --network container:u" "$TOOL run --network container:upbox "
  becomes "$TOOL cp upb" "$TOOL cp upbox:"
}
quoted_and_paths() {
  typist "$1"
  as_user mkdir -p "$T/folder/sub" "$T/a dir"
  as_user touch "$T/folder/file.env" "$T/lone.txt"
  becomes "$TOOL run --name \"a b\" --pull nev" "$TOOL run --name \"a b\" --pull never "
  becomes "$TOOL run --name 'x' --restart=unl" "$TOOL run --name 'x' --restart=unless-stopped "
  becomes "$TOOL run --env-file fol" "$TOOL run --env-file folder/"
  becomes "$TOOL run --env-file folder/fi" "$TOOL run --env-file folder/file.env "
  becomes "$TOOL run --env-file=folder/fi" "$TOOL run --env-file=folder/file.env "
  becomes "$TOOL cp lon" "$TOOL cp lone.txt "
  becomes "$TOOL run -v ./fol" "$TOOL run -v ./folder/"
  becomes "$TOOL --root fol" "$TOOL --root folder/"
  becomes "A=1 $TOOL start newb" "A=1 $TOOL start newbox "
  becomes "true; $TOOL start newb" "true; $TOOL start newbox "
}
nothing_said() {
  CT_ENV=(REGISTRY_AUTH_FILE="$T/broken.json" XDG_DATA_HOME="$T/data")
  install -d -o "$ACCOUNT" "$T/data" "$T/data/ctool"
  echo rubbish >"$T/data/ctool/ctool.db"
  echo rubbish >"$T/broken.json"
  typist "$1"
  stays "$TOOL stop x"
  stays "$TOOL logout zz"
  stays "$TOOL --nosuch x"
  stays "$TOOL run --memory 1"
}

@test "bash: names and words" { names_and_words bash; }
@test "bash: quotes, paths, several commands on a line" { quoted_and_paths bash; }
@test "bash: what goes wrong is not on the screen" { nothing_said bash; }
@test "bash: a list" {
  typist bash
  offers "$TOOL rm " 'icebox +newbox +oldbox +upbox'
  offers "$TOOL network " 'connect +disconnect' 'create +exists'
}

@test "zsh: names and words" { names_and_words zsh; }
@test "zsh: quotes, paths, several commands on a line" { quoted_and_paths zsh; }
@test "zsh: what goes wrong is not on the screen" { nothing_said zsh; }
@test "zsh: a list, with descriptions" {
  typist zsh
  offers "$TOOL rm " '^newbox +-- .*busybox:latest, created' '^icebox +-- .*paused'
  offers "$TOOL ps --filter " '^status= +-- in this state'
  offers "$TOOL run --no-ho" '^--no-hosts +-- Leave the image'
}

@test "fish: names and words" { names_and_words fish; }
@test "fish: quotes, paths, several commands on a line" { quoted_and_paths fish; }
@test "fish: what goes wrong is not on the screen" { nothing_said fish; }
@test "fish: a list, with descriptions" {
  typist fish
  offers "$TOOL rm " 'newbox +\(.*busybox:latest, created\)' 'icebox +\(.*paused\)'
  offers "$TOOL ps --filter " 'status= +\(in this state\)'
}
