#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where a file under pkg/ or cmd/ makes a call that banned.txt forbids.

  banned.py ROOT
"""
import pathlib
import re
import sys

NOISE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


def without_noise(text):
    """The code alone; what is taken out leaves its newlines, so that line numbers hold."""
    def blank(match):
        token = match[0]
        return ("" if token.startswith("/") else '""') + "\n" * token.count("\n")
    return NOISE.sub(blank, text)


def read_rules(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            sys.exit(f"banned.txt:{number}: expected PATTERN, PLACES, REASON with tabs between")
        yield re.compile(fields[0]), tuple(p for p in fields[1].split() if p != "-"), fields[2]


def complaints(root):
    rules = list(read_rules(pathlib.Path(__file__).with_name("banned.txt")))
    for file in sorted(f for part in ("pkg", "cmd") for f in root.glob(part + "/**/*.[ch]pp")):
        relative = file.relative_to(root)
        text = file.read_text()
        code, lines = without_noise(text), text.splitlines()
        for pattern, allowed, reason in rules:
            if str(relative).startswith(allowed) and allowed:
                continue
            for match in pattern.finditer(code):
                number = code.count("\n", 0, match.start()) + 1
                if "// NOLINT: " not in lines[number - 1]:
                    yield f"{relative}:{number}: {match[0].strip()[:40]}: {reason}"


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
