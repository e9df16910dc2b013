#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a file of errors and compares what they print on stderr, and their exit status, with what it says.

  errors.py FILE [--accept] NAME=TEXT... -- COMMAND...

COMMAND is what a shell is run by (with the account and environment of the tests); in it `ctool` is the program. In what is
printed each TEXT becomes NAME, ids become ID. --accept writes what was found into FILE.

The file's blocks, separated by blank lines:

  $ ctool run nosuch       a command line of sh; lines before that begin with # are comments
  = 125                    its exit status
  | Error: ...             what it printed on stderr
"""
import re
import subprocess
import sys


def blocks(text):
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        comments = [line for line in lines if line.startswith("#")]
        commands = [line[2:] for line in lines if line.startswith("$ ")]
        if commands:
            yield comments, commands[0], lines[len(comments) + 1 :]
        else:
            yield comments, None, []


def normalised(text, names):
    for name, value in names:
        text = text.replace(value, name)
    text = re.sub(r"\b[0-9a-f]{64}\b", "ID", text)
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", text)


def main():
    end = sys.argv.index("--")
    path, options, prefix = sys.argv[1], sys.argv[2:end], sys.argv[end + 1 :]
    accept = "--accept" in options
    names = [o.split("=", 1) for o in options if "=" in o]
    names.sort(key=lambda name: -len(name[1]))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    written, failed, count = [], 0, 0
    for comments, command, expected in blocks(text):
        if command is None:
            written.append("\n".join(comments))
            continue
        count += 1
        ran = subprocess.run([*prefix, "sh", "-c", 'ctool() { "$CTOOL" "$@"; }\n' + command], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=False)
        said = normalised(ran.stderr.decode("utf-8", "replace"), names).rstrip("\n")
        found = [f"= {ran.returncode}"] + [("| " + line).rstrip() for line in said.split("\n")]
        written.append("\n".join([*comments, "$ " + command, *found]))
        if found != expected:
            failed += 1
            if not accept:
                print("$", command, "\nexpected:", *expected, "found:", *found, sep="\n", file=sys.stderr)
    if accept:
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n\n".join(written) + "\n")
    print(count)
    return 1 if failed and not accept else 0


sys.exit(main())
