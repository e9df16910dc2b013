# SPDX-License-Identifier: Apache-2.0
"""Paired timing of build, ctool beside podman; see ./build."""
import argparse, functools, os, statistics

from measure import IMAGE, TOOLS, WORK, measure_all, once, paired

# Shares of podman's wall time that are wanted.
TARGETS = {"steps": 0.15, "copy": 0.3}


def folder(name, containerfile):
    path = f"{WORK}/{name}"
    os.makedirs(path, exist_ok=True)
    with open(path + "/Containerfile", "w", encoding="utf-8") as file:
        file.write(containerfile)
    return path


def spread(values):
    return f"{statistics.median(values):.0f} ({min(values):.0f}..{max(values):.0f})"


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def head(title, *cells):
    print(f"\n### {title}\n", flush=True)
    row(*cells)
    row(*["---"] * len(cells))


def builds(path, *options):
    return {name: [*tool, "build", "-q", *options, path] for name, tool in TOOLS.items()}


def compared(title, commands, runs, target=""):
    walls = paired(commands, runs)
    ours, others = (statistics.median(walls[name]) for name in ("ctool", "podman"))
    row(title, spread(walls["ctool"]), spread(walls["podman"]), f"{ours / others:.3f}", target)


def group_steps(runs):
    """Ten small RUN steps, without a cache and with a full one."""
    path = folder("steps", f"FROM {IMAGE}\n" + "".join(f"RUN echo {i} >/f{i}\n" for i in range(10)))
    head("10 small RUN steps", "build", "ctool ms, median (min..max)", "podman", "ctool / podman", "target")
    compared("10 RUN steps, `--no-cache`", builds(path, "--no-cache"), runs, TARGETS["steps"])
    compared("10 RUN steps, all cached", builds(path), runs * 3, "50 ms")


def group_copy(runs):
    """COPY of 20,000 files in 200 folders."""
    path = folder("copy", f"FROM {IMAGE}\nCOPY tree /tree\n")
    for outer in range(200):
        os.makedirs(f"{path}/tree/{outer}", exist_ok=True)
        for inner in range(100):
            with open(f"{path}/tree/{outer}/{inner}", "w", encoding="ascii") as file:
                file.write(f"{outer} {inner}\n" * 40)
    head("COPY of 20,000 files", "build", "ctool ms, median (min..max)", "podman", "ctool / podman", "target")
    compared("COPY of 20,000 files, `--no-cache`", builds(path, "--no-cache"), runs, TARGETS["copy"])
    compared("COPY of 20,000 files, all cached", builds(path), runs, "")


def group_stages(runs):
    """Two stages that need each other not at all, beside its own --jobs 1."""
    work = "RUN i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done\n"
    path = folder("stages", f"FROM {IMAGE} AS a\n{work}RUN echo a >/a\nFROM {IMAGE} AS b\n{work}RUN echo b >/b\n"
                            f"FROM {IMAGE}\nCOPY --from=a /a /\nCOPY --from=b /b /\n")
    tool = [*TOOLS["ctool"], "build", "-q", "--no-cache"]
    walls = paired({"parallel": [*tool, path], "one": [*tool, "--jobs", "1", path]}, runs)
    podman = [once([*TOOLS["podman"], "build", "-q", "--no-cache", path])]
    head("Two branches", "build", "ctool ms, median (min..max)", "its own `--jobs 1`", "podman", "jobs 1 / ctool", "target")
    row("two branches", spread(walls["parallel"]), spread(walls["one"]), spread(podman), f"{statistics.median(walls['one']) / statistics.median(walls['parallel']):.2f}", 1.6)


def main():
    groups = {name[6:]: function for name, function in globals().items() if name.startswith("group_")}
    parser = argparse.ArgumentParser(prog="build", epilog="groups: " + " ".join(groups))
    parser.add_argument("-n", type=int, default=5, help="runs of each (5)")
    parser.add_argument("groups", nargs="*", metavar="GROUP")
    options = parser.parse_args()
    unknown = set(options.groups) - set(groups)
    if unknown:
        parser.error("there is no group " + " ".join(sorted(unknown)))
    measure_all([functools.partial(groups[name], options.n) for name in options.groups or groups])


main()
