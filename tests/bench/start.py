# SPDX-License-Identifier: Apache-2.0
"""Paired timing of ctool, podman and bubblewrap; see ./start."""
import argparse, functools, statistics, subprocess

from measure import IMAGE, OURS, PODMAN, QUIET, TOOLS, measure_all, memory_kib, paired, processes, remove_containers, table


def bench_run(runs):
    common = ["run", "--rm", "--network", "none", IMAGE, "true"]
    bwrap = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    table("run --rm --network none IMAGE true",
          paired({"ctool": OURS + common, "podman": PODMAN + common, "bwrap": bwrap}, runs))
    slirp = ["run", "--rm", "--network", "slirp4netns", IMAGE, "true"]
    table("run --rm IMAGE true, with slirp4netns", paired({"ctool": OURS + slirp, "podman": PODMAN + slirp}, runs))
    detached = ["run", "-d", "--network", "none", IMAGE, "true"]
    table("run -d --network none IMAGE true", paired({"ctool": OURS + detached, "podman": PODMAN + detached}, runs))
    remove_containers()


def bench_ps(runs):
    for count in (100, 1000):
        for name, tool in TOOLS.items():
            have = len(subprocess.run([*tool, "ps", "-aq"], capture_output=True, check=True).stdout.split())
            wanted = count if name == "ctool" or count == 100 else 100  # podman's thousand takes minutes to make
            for _ in range(wanted - have):
                subprocess.run([*tool, "create", "--network", "none", IMAGE, "true"], check=True, **QUIET)
        commands = {"ctool": OURS + ["ps", "-a"]}
        if count == 100:
            commands["podman"] = PODMAN + ["ps", "-a"]
        table(f"ps -a, {count} stopped containers", paired(commands, runs))
    remove_containers()


def bench_completion(runs):
    have = len(subprocess.run([*OURS, "ps", "-aq"], capture_output=True, check=True).stdout.split())
    for _ in range(500 - have):
        subprocess.run([*OURS, "create", "--network", "none", IMAGE, "true"], check=True, **QUIET)
    words = OURS[1:] + ["start", ""]
    commands = {"names of 500 containers": [OURS[0], "__complete", str(len(words) - 1), *words],
                "options of run": [OURS[0], "__complete", "1", "run", "--"],
                "commands": [OURS[0], "__complete", "0", ""],
                "ctool --help": [OURS[0], "--help"], "ctool version": OURS + ["version"]}
    table("completion, help", paired(commands, runs), base="")
    remove_containers()


def bench_monitor(_):
    count = 50
    print(f"\n### private memory of the monitor of an idle detached container, {count} running\n\n| program | median KiB | min..max |\n| --- | --- | --- |")
    for name, tool, pattern in (("ctool-monitor", OURS, rb"^ctool-monitor\0supervise"), ("conmon", PODMAN, rb"^\S*conmon\0")):
        others = processes(pattern)
        for _ in range(count):
            subprocess.run([*tool, "run", "-d", "--network", "none", IMAGE, "sleep", "600"], check=True, **QUIET)
        values = memory_kib(processes(pattern) - others, r"Private_\w+")
        print(f"| {name} ({len(values)} processes) | {statistics.median(values):.0f} | {min(values)}..{max(values)} |", flush=True)
        remove_containers()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    parts = options.parts or ["run", "ps", "completion", "monitor"]
    measure_all([functools.partial(globals()["bench_" + part], options.n) for part in parts])


main()
