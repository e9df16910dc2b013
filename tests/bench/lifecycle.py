# SPDX-License-Identifier: Apache-2.0
"""Paired timing of what is done with containers, ctool beside podman; see ./lifecycle."""
import argparse, base64, concurrent.futures, dataclasses, functools, hashlib, os, re, statistics, subprocess, time

from measure import (IMAGE, QUIET, TOOLS, WORK, Failed, measure_all, memory_kib, once, paired, processes, remove_containers)

# What a command leaves behind it in the background (podman's clean-up most of all) is not the next one's time.
SETTLE = 0.05
RUN = ["run", "-d", "--network", "none"]
CREATE = ["create", "--network", "none"]
FOREVER = [IMAGE, "sleep", "86400"]


@dataclasses.dataclass
class Case:
    """One measured command line, and what is done around each run without being measured."""
    args: list
    before: list = dataclasses.field(default_factory=list)
    after: list = dataclasses.field(default_factory=list)


def new(kind):
    """Before and after of a case that uses its container up."""
    return dict(before=[[*kind, "--name", "new", *FOREVER]], after=[["rm", "-f", "-t", "0", "new"]])


# The container "up" runs, "ended" has, "open" runs with a published port: see FIXTURES.
GROUPS = {
    "exec": [Case(["exec", "up", "true"])],
    "ps": [Case(["ps"]), Case(["ps", "-a"])],
    "inspect": [Case(["inspect", "up"])],
    "logs": [Case(["logs", "up"])],
    "top": [Case(["top", "up"])],
    "cp": [Case(["cp", WORK + "/file", "up:/tmp/file"]), Case(["cp", "up:/tmp/got", WORK + "/got"])],
    "create": [Case([*CREATE, "--name", "new", *FOREVER], after=[["rm", "new"]])],
    "start": [Case(["start", "new"], **new(CREATE))],
    "stop": [Case(["stop", "-t", "0", "new"], **new(RUN))],
    "rm": [Case(["rm", "new"], before=[["run", "--network", "none", "--name", "new", IMAGE, "true"]]),
           Case(["rm", "-f", "-t", "0", "new"], before=new(RUN)["before"])],
    "restart": [Case(["restart", "-t", "0", "again"])],
    "commit": [Case(["commit", "-q", "up", "localhost/new"], after=[["rmi", "localhost/new"]])],
    "kill": [Case(["kill", "new"], **new(RUN))],
    "wait": [Case(["wait", "ended"])],
    "pause": [Case(["pause", "up"], after=[["unpause", "up"]]), Case(["unpause", "up"], before=[["pause", "up"]])],
    "rename": [Case(["rename", "ended", "other"], after=[["rename", "other", "ended"]])],
    "diff": [Case(["diff", "up"])],
    "export": [Case(["export", "-o", "/dev/null", "up"])],
    "port": [Case(["port", "open"])],
}
FIXTURES = {
    "up": [*RUN, "--name", "up", IMAGE, "sh", "-c", "echo one; echo two >&2; echo x >/tmp/got; exec sleep 86400"],
    "again": [*RUN, "--name", "again", *FOREVER],
    "ended": [*RUN, "--name", "ended", IMAGE, "true"],
    "open": ["run", "-d", "--network", "slirp4netns", "-p", "127.0.0.1::80", "--name", "open", *FOREVER],
}


@functools.lru_cache(None)
def known(name):
    """The commands that a tool's help lists: asked for an unknown one's help, both answer with status 0."""
    text = subprocess.run([*TOOLS[name], "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ([a-z]+)  ", text, re.M))


def lacking(words):
    """What is said when a tool has not all of the commands."""
    missing = [f"{name} {word}" for name in TOOLS for word in words if word not in known(name)]
    return "not there: " + ", ".join(missing) if missing else ""


def spread(values, digits=1):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}..{max(values):.{digits}f})"


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def head(title, *cells):
    print(f"\n### {title}\n", flush=True)
    row(*cells)
    row(*["---"] * len(cells))


def ratio(ours, others):
    return f"{statistics.median(others) / statistics.median(ours):.1f}"


def short(args):
    """A command line as the table shows it."""
    return " ".join("FILE" if arg.startswith(WORK) else arg for arg in args).replace(IMAGE, "IMAGE")


def each(commands, name):
    for command in commands:
        once([*TOOLS[name], *command])


def run_case(case, runs):
    missing = lacking(dict.fromkeys(command[0] for command in (case.args, *case.before, *case.after)))
    if missing:
        row(f"`{short(case.args)}`", missing, "", "")
        return
    try:
        walls = paired({name: [*tool, *case.args] for name, tool in TOOLS.items()}, runs, functools.partial(each, case.before),
                       functools.partial(each, case.after), SETTLE)
    except Failed as failure:
        row(f"`{short(case.args)}`", failure, "", "")
        for tool in TOOLS.values():
            subprocess.run([*tool, "rm", "-f", "-t", "0", "new"], **QUIET)
        return
    row(f"`{short(case.args)}`", spread(walls["ctool"]), spread(walls["podman"]), ratio(walls["ctool"], walls["podman"]))


def commands(names, options):
    """The groups of single commands, one table."""
    with open(WORK + "/file", "wb") as file:
        file.write(os.urandom(64 << 10))
    cases = [case for name in names for case in GROUPS[name]]
    for name, command in FIXTURES.items():
        if any(name in case.args or f"{name}:" in " ".join(case.args) for case in cases) or name in ("up", "ended"):
            for tool in TOOLS.values():
                once([*tool, *command])
    head("commands", "command", "ctool ms, median (min..max)", "podman", "podman / ctool")
    for case in cases:
        run_case(case, options.n)
    remove_containers()


def start_many(tool, network, count):
    """Starts containers 4 at a time; seconds in all, and milliseconds of each in their order."""
    began = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        walls = list(pool.map(lambda _: once([*tool, *RUN[:-1], network, *FOREVER]), range(count)))
    return time.perf_counter() - began, walls


def many(options):
    """100 detached containers, 4 at a time."""
    count = options.many
    head(f"{count} detached containers started 4 at a time",
         "network", "program", "containers a second, median (min..max)", "the last 10 / the first 10, ms", "ratio", "rate / podman's")
    for network in ("none", "slirp4netns"):
        results = {name: [] for name in TOOLS}
        for _ in range(max(1, min(3, options.n))):
            for name, tool in TOOLS.items():
                results[name].append(start_many(tool, network, count))
                remove_containers()
        rates = {name: [count / seconds for seconds, _ in rounds] for name, rounds in results.items()}
        for name, rounds in results.items():
            last = statistics.median([wall for _, walls in rounds for wall in walls[-10:]])
            first = statistics.median([wall for _, walls in rounds for wall in walls[:10]])
            row(network, name, spread(rates[name]), f"{last:.1f} / {first:.1f}", f"{last / first:.2f}", ratio(rates["podman"], rates[name]))


def listing(options):
    """ps beside a thousand containers: half of them created, half exited, ten running."""
    def fill(tool):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            kinds = [[*CREATE, IMAGE, "true"], [*RUN, IMAGE, "true"]]
            list(pool.map(lambda number: once([*tool, *kinds[number % 2]]), range(options.containers - 10)))
            list(pool.map(lambda _: once([*tool, *RUN, *FOREVER]), range(10)))

    for tool in TOOLS.values():
        fill(tool)
    head(f"{options.containers} containers: created, exited, 10 running", "command", "ctool ms, median (min..max)", "podman", "podman / ctool")
    for args in (["ps"], ["ps", "-a"], ["ps", "-aq"]):
        run_case(Case(args), options.n)
    remove_containers()


def pipe(options):
    """Bytes through a container, from a file and to /dev/null, and what comes out once through a hash."""
    path, mib = WORK + "/big", options.mib
    lines = b"".join(base64.b64encode(os.urandom(57)) + b"\n" for _ in range(13107))
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(lines + b"\n" * ((1 << 20) - len(lines)))
    with open(path, "rb") as file:
        wanted = hashlib.file_digest(file, "sha256").hexdigest()
    for tool in TOOLS.values():
        once([*tool, *FIXTURES["up"]])
    run, mount = ["run", "--rm", "--network", "none"], ["-v", f"{path}:/big:ro"]
    cases = {
        "run -i IMAGE cat <FILE": ([*run, "-i", IMAGE, "cat"], True),
        "run -i IMAGE sh -c 'cat >/dev/null' <FILE": ([*run, "-i", IMAGE, "sh", "-c", "cat >/dev/null"], True),
        "exec -i up cat <FILE": (["exec", "-i", "up", "cat"], True),
        "run -v FILE:/big IMAGE cat /big": ([*run, *mount, IMAGE, "cat", "/big"], False),
        "run --log-driver none -v FILE:/big IMAGE cat /big": ([*run, "--log-driver", "none", *mount, IMAGE, "cat", "/big"], False),
    }
    head(f"pipe throughput, {mib} MiB to /dev/null", "command", "ctool MB/s, median (min..max)", "podman", "ctool / podman", "bytes")

    def feed(command, uses_stdin, stdout=subprocess.DEVNULL):
        with open(path if uses_stdin else "/dev/null", "rb") as stdin:
            return once(command, stdin=stdin, stdout=stdout)

    def arrived(command, uses_stdin):
        """Whether the bytes come out of a pipe as they are in the file."""
        hashed = subprocess.Popen(["sha256sum"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        feed(command, uses_stdin, hashed.stdin)
        return hashed.communicate()[0].decode().split()[0] == wanted

    for title, (args, uses_stdin) in cases.items():
        both = {name: [*tool, *args] for name, tool in TOOLS.items()}
        try:
            walls = paired(both, min(options.n, options.rounds), settle=SETTLE, measure=lambda command: feed(command, uses_stdin))
            exact = "" if "/dev/null" in title else " ".join(
                f"{name} {'exact' if arrived(command, uses_stdin) else 'OTHERS'}" for name, command in both.items())
        except Failed as failure:
            row(f"`{title}`", failure, "", "", "")
            continue
        speeds = {name: [mib * 1048.576 / wall for wall in values] for name, values in walls.items()}
        row(f"`{title}`", spread(speeds["ctool"], 0), spread(speeds["podman"], 0), ratio(speeds["podman"], speeds["ctool"]), exact)
    remove_containers()


def memory(options):
    """What a detached container costs besides its own process and slirp4netns."""
    watchers = {"ctool": ("ctool-monitor", rb"^\S*ctool-monitor\0supervise"), "podman": ("conmon", rb"^\S*conmon\0")}
    head("memory of each detached container's monitor, idle: KiB, median (min..max)", "program", "running", "PSS", "private", "processes")
    for count in (1, options.running):
        for name, tool in TOOLS.items():
            program, pattern = watchers[name]
            others = processes(pattern)
            for _ in range(count):
                once([*tool, "run", "-d", "--network", "slirp4netns", *FOREVER])
            time.sleep(1)
            ours = processes(pattern) - others
            pss, private = memory_kib(ours, "Pss"), memory_kib(ours, r"Private_\w+")
            row(program, count, spread(pss, 0), spread(private, 0), len(pss))
            remove_containers()


WHOLE = {"many": many, "listing": listing, "pipe": pipe, "memory": memory}


def main():
    parser = argparse.ArgumentParser(prog="lifecycle", formatter_class=argparse.RawDescriptionHelpFormatter, epilog="groups:\n  "
                                     + " ".join(GROUPS) + "\n" + "\n".join(f"  {name:8} {do.__doc__}" for name, do in WHOLE.items()))
    parser.add_argument("-n", type=int, default=20, help="measured runs of each command (20)")
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each throughput, at most (5)")
    parser.add_argument("--mib", type=int, default=256, help="size of what is piped (256)")
    parser.add_argument("--many", type=int, default=100, help="containers of `many` (100)")
    parser.add_argument("--containers", type=int, default=1000, help="containers of `listing` (1000)")
    parser.add_argument("--running", type=int, default=50, help="containers of `memory` (50)")
    parser.add_argument("groups", nargs="*", metavar="GROUP")
    options = parser.parse_args()
    chosen = options.groups or [*GROUPS, *WHOLE]
    unknown = [name for name in chosen if name not in GROUPS and name not in WHOLE]
    if unknown:
        parser.error("no such group: " + " ".join(unknown))
    single = [name for name in chosen if name in GROUPS]
    todo = [functools.partial(commands, single, options)] if single else []
    measure_all(todo + [functools.partial(WHOLE[name], options) for name in chosen if name in WHOLE])


main()
