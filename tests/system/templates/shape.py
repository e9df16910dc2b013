#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shape.py < JSON: every path in it with its type, a line each; what differs from container to container is left out.

Entries of maps that the user names (labels, ports, ...) and items of lists count as one, *.
"""

import json
import sys

MAPS = {"Labels", "Annotations", "PortBindings", "Ports", "Tmpfs", "Networks", "Data", "ExposedPorts", "Volumes"}


def walk(value, path, out):
    kind = {bool: "bool", int: "number", float: "number", str: "string", type(None): "null"}
    if isinstance(value, dict):
        out.add(f"{path or '.'} object")
        for key, item in value.items():
            walk(item, f"{path}.{'*' if path.rsplit('.', 1)[-1] in MAPS else key}", out)
    elif isinstance(value, list):
        out.add(f"{path} array")
        for item in value:
            walk(item, path + "[]", out)
    else:
        out.add(f"{path} {kind[type(value)]}")


lines = set()
for one in json.load(sys.stdin):
    walk(one, "", lines)
print("\n".join(sorted(lines)))
