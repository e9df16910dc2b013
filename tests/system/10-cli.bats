#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The frame of the command line: usage errors, global options, output formats.

load helpers

@test "--version names the program and its version" {
  try --version
  ok
  out_like "^$TOOL version [0-9]+\.[0-9]+\.[0-9]+"
  err_is ""
}

@test "without a command: help on stdout, an error, 125" {
  try
  exits 125
  out_has "Usage:"
  out_has "run"
  err_has "Error: missing command '$TOOL COMMAND'"
}

@test "an unknown command is named" {
  try nosuchcmd
  exits 125
  out_is ""
  err_has "Error: unrecognized command \`$TOOL nosuchcmd\`"
}

@test "an unknown option is named" {
  try run --nosuchflag "$IMG"
  exits 125
  err_has "Error: unknown flag: --nosuchflag"
  err_has "See '$TOOL run --help'"
}

@test "an unknown short option is named" {
  try run -Z "$IMG"
  exits 125
  err_has "unknown shorthand flag: 'Z' in -Z"
}

@test "run without an image" {
  try run
  exits 125
  err_has "Error: requires at least 1 arg(s), only received 0"
}

@test "run -h is --hostname, which needs a value" {
  try run -h
  exits 125
  err_has "Error: flag needs an argument: 'h' in -h"
  err_has "See '$TOOL run --help'"
}

@test "--help of every command is on stdout" {
  local command
  for command in run create start ps rm pull images rmi import inspect info version; do
    try "$command" --help
    ok
    out_has "Usage:"
    err_is ""
  done
}

@test "options stop at the image" {
  try run --rm "$IMG" ls -l --color=never /
  ok
  out_has "busybox" || out_has "bin"
}

@test "--flag=value, --flag value, joined short options, --bool=false" {
  try run --rm --name="$C" --hostname h1 -ie A=1 "$IMG" sh -c 'echo $A; hostname' </dev/null
  ok
  out_is $'1\nh1'
  must run --rm=false --name "$C" "$IMG" true
  has_status "$C" exited
}

@test "a bad value for a boolean option" {
  try run --rm=perhaps "$IMG" true
  exits 125
  err_has 'invalid argument "perhaps" for "--rm"'
}

@test "info: rootless, and the storage driver" {
  try info --format '{{.Host.Security.Rootless}}'
  ok
  out_is true
  try info -f json
  ok
  equal "graphDriverName" overlay "$(jq -r .store.graphDriverName <<<"$out")"
}

@test "info without options is YAML with host, store and version" {
  try info
  ok
  out_like $'(^|\n)host:'
  out_like $'\nstore:'
  out_like $'\nversion:'
}

@test "version: a template, and a table" {
  try version -f '{{.Client.Version}}'
  ok
  out_like '^[0-9]+\.[0-9]+\.[0-9]+$'
  local version=$out
  try version
  ok
  out_has "$version"
  out_has "OS/Arch:"
}

@test "--root and --runroot" {
  local root run
  root=$(user_dir root) run=$(user_dir run)
  CT_OPTIONS=(--root "$root" --runroot "$run")
  try info -f '{{.Store.GraphRoot}} {{.Store.RunRoot}}'
  ok
  out_is "$root $run"
  try images -q
  ok
  out_is ""
}

@test "a template with an unknown field fails" {
  must create --name "$C" "$IMG" true
  try ps -a --format '{{.Nosuch}}'
  exits 125
  err_has "Nosuch"
}

@test "a template that does not parse fails" {
  try ps --format '{{'
  exits 125
  err_like '^Error:'
}

@test "an unknown filter fails" {
  try ps --filter nosuch=1
  exits 125
  err_has "nosuch"
}

@test "a bad log level" {
  try --log-level=nosuch ps
  [[ $rc == 1 || $rc == 125 ]] || complain "exit status 1 or 125"
  err_has 'nosuch'
}

@test "data goes to stdout, and errors are one line each on stderr" {
  try inspect --type image "$IMG" nosuchimage
  exits 125
  equal "images inspected" 1 "$(jq length "$T/.out")"
  equal "lines of error" 1 "$(grep -c '^Error' "$T/.err")"
}
