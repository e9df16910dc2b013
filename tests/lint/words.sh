#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# words.sh ROOT: the project speaks of itself only: no paths of the machine that a file was written
# on, no notes from one author to another, no unfinished marks.
set -euo pipefail

cd "$1"
# Written so that this file does not match itself.
marks='TO''DO|FIX''ME|\bX''XX\b|not (yet )?implem''ented|unimplem''ented'
paths='/wo''rk/(main|shared|\.library)|/tmp/br''ief'
notes='\bthis ses''sion\b|\bcoordin''ator\b|\bChat''GPT\b|\bClau''de\b|\bAn''thropic\b|\bco-authored\b'
files=$(find . \( -name .git -o -path ./build -o -name corpus -o -name __pycache__ \) -prune -o \
  -type f -size -500k -print)
if xargs -d '\n' grep -nIP "$marks|$paths|$notes" <<<"$files"; then
  exit 1
fi
