#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails where a file includes a module that its own may not use.

layers.txt says which modules a module may include directly; the rule is transitive. A header
NAME_internal.hpp belongs to its module alone (and to that module's unit tests).

  layers.py ROOT
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s+"([\w./-]+)"')


def read_layers(path):
    allowed = {}
    for line in path.read_text().splitlines():
        line = line.partition("#")[0].strip()
        if line:
            module, _, others = line.partition(":")
            allowed[module.strip()] = set(others.split())
    unknown = {d for others in allowed.values() for d in others} - set(allowed)
    if unknown:
        sys.exit(f"layers.txt: no line for {', '.join(sorted(unknown))}")
    return allowed


def closure(allowed, module, above=()):
    if module in above:
        sys.exit("layers.txt: cycle " + " -> ".join([*above, module]))
    return {module}.union(*(closure(allowed, d, (*above, module)) for d in allowed[module]))


def module_of(path):
    """pkg/MODULE/..., cmd/..., tests/unit/MODULE/...: (module, is it a test)"""
    if path.parts[0] == "pkg":
        return path.parts[1], False
    if path.parts[0] == "cmd":
        return "cmd", False
    return path.parts[2], True


def complaints(root):
    allowed = read_layers(root / "tests/lint/layers.txt")
    full = {module: closure(allowed, module) for module in allowed}
    files = [f for part in ("pkg", "cmd", "tests/unit") for f in root.glob(part + "/**/*.[ch]pp")]
    for file in sorted(files):
        relative = file.relative_to(root)
        module, is_test = module_of(relative)
        if module not in full:
            yield f"{relative}: module {module} has no line in layers.txt"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            included = match[1].split("/")[0]
            if included not in full or included == module:
                continue
            if match[1].endswith("_internal.hpp"):
                yield f"{relative}:{number}: {match[1]} is {included}'s own"
            elif included not in full[module] and not is_test:
                yield f"{relative}:{number}: {module} may not include {included}"


def main():
    found = list(complaints(pathlib.Path(sys.argv[1])))
    print("\n".join(found))
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
