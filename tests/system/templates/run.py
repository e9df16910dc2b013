#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Templates whose outputs podman has given, for 49-top-format.bats.

  run.py CASES PROGRAM            runs each case of the group and compares
  run.py CASES PROGRAM --record   writes what PROGRAM answers into CASES

CASES is a file of JSON objects, one a line: args (what stands before --format), format, out (podman's
stdout), and where it failed rc and err (podman's last line of stderr). Where ctool answers otherwise on
purpose `ours` holds its {out, rc, err} and `why` the reason; --accept REASON writes those of all that differ. The registry's address, which changes, is
REGISTRY in all of them.

To record anew, as root on a host with podman:
  CTOOL=podman CTOOL_RECORD=1 tests/system/run-bats 49-top-format.bats -- --filter '^templates'
"""

import json
import os
import re
import subprocess
import sys


def run(program, case, registry):
    words = [w.replace("REGISTRY", registry) for w in case["args"] + ["--format", case["format"]]]
    done = subprocess.run([program, *words], capture_output=True, text=True, errors="replace", timeout=60)
    answer = {"out": done.stdout.replace(registry, "REGISTRY")}
    if done.returncode != 0:
        answer["rc"] = done.returncode
        # ctool says below an error what to do about it.
        lines = [line for line in done.stderr.splitlines() if not line.startswith("hint: ")]
        answer["err"] = lines[-1].replace(registry, "REGISTRY") if lines else ""
    return answer


def essence(answer):
    """What has to be the same of an error: podman counts columns in what it made of the template, tells which
    of its functions failed, and names Go types."""
    if "err" not in answer:
        return answer
    text = re.sub(r"(template: \w+:\d+):\d+:", r"\1:", answer["err"])
    text = re.sub(r"inspecting object: |printing inspect output: ", "", text)
    return {**answer, "err": re.sub(r" in type .*$", "", text)}


def main():
    path, program = sys.argv[1:3]
    record = "--record" in sys.argv
    accept = sys.argv[sys.argv.index("--accept") + 1] if "--accept" in sys.argv else ""
    registry = os.environ["REGISTRY"]
    podman = os.path.basename(program) == "podman"
    with open(path, encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    wrong = 0
    for case in cases:
        if podman and not record and "ours" in case:
            continue
        found = run(program, case, registry)
        if record:
            for key in ("out", "rc", "err"):
                case.pop(key, None)
            case.update(found)
            continue
        wanted = {key: case[key] for key in ("out", "rc", "err") if key in case}
        wanted = case.get("ours", wanted)
        if essence(found) != essence(wanted):
            wrong += 1
            if accept:
                case.update(ours=found, why=accept)
            print(f"{' '.join(case['args'])} --format {case['format']!r}\n  wanted {wanted}\n  found  {found}")
    if record or accept:
        with open(path, "w", encoding="utf-8") as out:
            for case in cases:
                order = ["args", "format", "out", "rc", "err", "ours", "why"]
                case = {key: case[key] for key in order if key in case}
                out.write(json.dumps(case, ensure_ascii=False) + "\n")
    print(f"{len(cases) - wrong} of {len(cases)} templates")
    return 1 if wrong else 0


sys.exit(main())
