# SPDX-License-Identifier: Apache-2.0
"""Paired timing of what is done with images, ctool beside podman and skopeo; see ./images."""
import argparse, functools, os, re, shutil, statistics, subprocess, tempfile, time

import images_made
from measure import OURS, PODMAN, QUIET, RUN, TOOLS, WORK, measure_all, once, paired, peak_mib

SKOPEO = ["skopeo", "--tmpdir", WORK]
OUT = WORK + "/out"
# What is measured, with podman's milliseconds times this as target.
PULLS = {("debian", "gzip"): 0.25, ("big", "gzip"): 0.25, ("big", "zstd"): 0.25, ("many", "gzip"): 0.2}


class Registry:
    """Debian's docker-registry, with everything that is measured; it dies with us."""

    def __init__(self, name="registry"):
        self.data = f"{WORK}/{name}"
        config = self.data + ".yml"
        with open(config, "w", encoding="ascii") as file:
            file.write("version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\nhttp: {addr: 127.0.0.1:0}\n"
                       f"storage: {{filesystem: {{rootdirectory: {self.data}}}, delete: {{enabled: true}}, maintenance: {{uploadpurging: {{enabled: false}}}}}}\n")
        log = self.data + ".log"
        with open(log, "w", encoding="ascii") as out:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "docker-registry", "serve", config], stdout=out, stderr=out)
        for _ in range(100):
            time.sleep(0.1)
            with open(log, encoding="utf-8") as file:
                found = re.search(r"listening on (127\.0\.0\.1:\d+)", file.read())
            if found:
                self.address = found[1]
                return
        raise SystemExit("docker-registry did not start: " + log)

    def image(self, name, compression):
        return f"{self.address}/{name}-{compression}:latest"

    def add(self, name, compression):
        folder = images_made.layout(name, compression)
        if folder:
            # Or it puts the same layer in the other compression there, if it knows of one.
            subprocess.run([*SKOPEO, "copy", "-q", "--preserve-digests", "--dest-tls-verify=false", f"oci:{folder}:latest", "docker://" + self.image(name, compression)],
                           check=True, **QUIET)
        return folder

    def forget(self):
        shutil.rmtree(self.data + "/docker", ignore_errors=True)


@functools.lru_cache(None)
def registry():
    return Registry()


@functools.lru_cache(None)
def served(name, compression):
    """The image's name in the registry, or "" when it can't be made."""
    return registry().image(name, compression) if registry().add(name, compression) else ""


def settle():
    """What was deleted before, or written, is nobody's to wait for in a measured run."""
    trash = WORK + "/c/trash"
    for _ in range(600):
        if not os.path.isdir(trash) or not os.listdir(trash):
            break
        time.sleep(0.1)
    os.sync()


def forget(name, image):
    subprocess.run([*TOOLS[name], "rmi", "-f", image], **QUIET)


def clear(path):
    shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path) and not os.path.isdir(path):
        os.unlink(path)


def spread(values):
    return f"{statistics.median(values):.0f} ({min(values):.0f}..{max(values):.0f})"


def head(title, *columns):
    print(f"\n### {title}\n\n| " + " | ".join(columns) + " |\n|" + " --- |" * len(columns), flush=True)


def row(*cells):
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def ratio(results, target, base="podman"):
    value = statistics.median(results["ctool"]) / statistics.median(results[base])
    return f"{'**' * (value <= target)}{value:.3f}{'**' * (value <= target)}"


def floor_command(name, compression):
    """curl, the fastest decompressor and tar for each layer, two at a time, and the sync: what the machine needs at least."""
    layers, _ = images_made.describe(images_made.layout(name, compression))
    unpack = "igzip -d -c" if compression == "gzip" else "zstd -d -c -q"
    urls = "\n".join(f"http://{registry().address}/v2/{name}-{compression}/blobs/{layer['digest']}" for layer in layers)
    script = WORK + "/floor.sh"
    with open(script, "w", encoding="ascii") as file:
        file.write(f"set -e\nmkdir -p {OUT}\nxargs -P{os.cpu_count()} -n1 sh -c 'd=$(mktemp -d {OUT}/XXXXXX); curl -sS \"$0\" | {unpack} | tar -C \"$d\" -x' <<END\n{urls}\nEND\nsync -f {OUT}\n")
    return ["bash", script]


def group_pull(runs):
    head("cold pull", "image", "ctool ms, median (min..max)", "podman", "floor", "skopeo (no unpacking)", "ctool / podman", "target", "ctool / floor", "peak MiB, ctool / podman")
    for (name, compression), target in PULLS.items():
        image = served(name, compression)
        if not image:
            row(f"{name} {compression}", "can't be made here: run the system tests first")
            continue

        def before(program):
            if program in TOOLS:
                forget(program, image)
            clear(OUT)
            settle()

        commands = {program: [*tool, "pull", "-q", "--tls-verify=false", image] for program, tool in TOOLS.items()}
        commands["floor"] = floor_command(name, compression)
        commands["skopeo"] = [*SKOPEO, "copy", "-q", "--src-tls-verify=false", "docker://" + image, "oci:" + OUT]
        results = paired(commands, runs, before)
        peaks = []
        for program in TOOLS:
            before(program)
            peaks.append(f"{peak_mib(commands[program]):.0f}")
        layers, size = images_made.describe(images_made.layout(name, compression))
        row(f"{name} {compression}, {len(layers)} layers, {size / 1e6:.0f} MB", *(spread(results[key]) for key in ("ctool", "podman", "floor", "skopeo")),
            ratio(results, target), target, f"{statistics.median(results['ctool']) / statistics.median(results['floor']):.2f}", " / ".join(peaks))
        for program in TOOLS:
            forget(program, image)
        clear(OUT)


def have(image):
    for tool in TOOLS.values():
        subprocess.run([*tool, "pull", "-q", "--tls-verify=false", image], check=True, **QUIET)


def group_current(runs):
    image = served("many", "gzip")
    have(image)
    head("an image that is up to date", "command", "ms, median (min..max)")
    commands = {program: [*tool, "pull", "-q", "--tls-verify=false", image] for program, tool in TOOLS.items()}
    commands["one request by curl"] = ["curl", "-sSI", f"http://{registry().address}/v2/many-gzip/manifests/latest"]
    for program, walls in paired(commands, 4 * runs).items():
        row(program, f"{statistics.median(walls):.1f} ({min(walls):.1f}..{max(walls):.1f})")


def group_save(runs):
    image = served("big", "gzip")
    have(image)
    head("save", "format", "ctool ms, median (min..max)", "podman", "skopeo", "ctool / podman", "target")
    for form, transport, target in (("oci-archive", "oci-archive", 0.05), ("docker-archive", "docker-archive", 0.3)):
        commands = {program: [*tool, "save", "-q", "--format", form, "-o", OUT, image] for program, tool in TOOLS.items()}
        commands["skopeo"] = [*SKOPEO, "copy", "-q", "--src-tls-verify=false", "docker://" + image, f"{transport}:{OUT}:x/y:latest"]
        results = paired(commands, runs, lambda _: (clear(OUT), settle()))
        row(form, *(spread(results[key]) for key in ("ctool", "podman", "skopeo")), ratio(results, target), target)
    clear(OUT)


def group_load(runs):
    image = served("big", "gzip")
    have(image)
    head("load", "format", "ctool ms, median (min..max)", "podman", "ctool / podman", "target")
    for form, target in (("oci-archive", 0.25), ("docker-archive", 0.3)):
        clear(OUT)
        subprocess.run([*PODMAN, "save", "-q", "--format", form, "-o", OUT, image], check=True, **QUIET)
        commands = {program: [*tool, "load", "-q", "-i", OUT] for program, tool in TOOLS.items()}
        results = paired(commands, runs, lambda program: (forget(program, image), settle()))
        row(form, *(spread(results[key]) for key in TOOLS), ratio(results, target), target)
    clear(OUT)


def group_push(runs):
    image = served("big", "gzip")
    have(image)
    head("push of an image that was pulled", "to", "ctool ms, median (min..max)", "podman", "ctool / podman", "target")
    other = Registry("other")  # nothing in it can be mounted
    commands = {program: [*tool, "push", "-q", "--tls-verify=false", image, f"{other.address}/pushed-{program}:latest"] for program, tool in TOOLS.items()}
    results = paired(commands, runs, lambda _: (other.forget(), settle()))
    row("an empty registry", *(spread(results[key]) for key in TOOLS), ratio(results, 0.15), 0.15)
    for command in commands.values():
        subprocess.run(command, check=True, **QUIET)
    results = paired(commands, 4 * runs)
    row("where all is already", *(spread(results[key]) for key in TOOLS), ratio(results, 0.3), 0.3)


def group_keepid(runs):
    """A container whose ids are not those of the image's files on the disk: the first one, and those after it."""
    image = served("big", "gzip")
    have(image)
    settle()
    head("run --rm --network none IMAGE true, with --userns=keep-id", "program", "ms, plain", "ms, keep-id", "keep-id / plain", "target", "ms, the first keep-id")
    # The image is files of /usr without what a program needs to be loaded.
    run = ["run", "--rm", "--network", "none", "-v", "/bin/busybox:/busybox:ro"]
    command = [image, "/busybox", "true"]
    first = {program: once([*tool, *run, "--userns", "keep-id", *command]) for program, tool in TOOLS.items()}
    settle()
    for program, tool in TOOLS.items():
        walls = paired({"plain": [*tool, *run, *command], "keep-id": [*tool, *run, "--userns", "keep-id", *command]}, 4 * runs, settle=0.1)
        row(program, f"{statistics.median(walls['plain']):.1f}", f"{statistics.median(walls['keep-id']):.1f}",
            f"{statistics.median(walls['keep-id']) / statistics.median(walls['plain']):.2f}", 1.5, f"{first[program]:.0f}")


def group_rmi(runs):
    head("rmi", "image", "ctool ms, median (min..max)", "podman", "target, ms")
    for name in ("big", "many"):
        image = served(name, "gzip")
        commands = {program: [*tool, "rmi", image] for program, tool in TOOLS.items()}

        def before(program):
            subprocess.run([*TOOLS[program], "pull", "-q", "--tls-verify=false", image], check=True, **QUIET)
            settle()

        results = paired(commands, runs, before)
        row(name, *(f"{statistics.median(results[key]):.1f} ({min(results[key]):.1f}..{max(results[key]):.1f})" for key in TOOLS), 30)


def group_list(runs):
    count = 500
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        subprocess.run(["tar", "-C", folder, "-cf", WORK + "/empty.tar", "."], check=True)
    for number in range(count):
        subprocess.run([*OURS, "import", "-q", "-c", f"LABEL number={number}", WORK + "/empty.tar", f"localhost/n{number}"], check=True, **QUIET)
    head(f"listing {count} images", "command", "ctool ms, median (min..max)", "target")
    for words in (["images"], ["images", "--format", "json"], ["images", "--filter", "label=number=77"]):
        walls = [once([*OURS, *words]) for _ in range(10 * runs)]
        row("`" + " ".join(words) + "`", f"{statistics.median(walls):.1f} ({min(walls):.1f}..{max(walls):.1f})", 15)
    subprocess.run([*OURS, "rmi", "-fa"], **QUIET)


def main():
    groups = {name[6:]: function for name, function in globals().items() if name.startswith("group_")}
    parser = argparse.ArgumentParser(epilog="groups: " + " ".join(groups))
    parser.add_argument("-n", type=int, default=3, help="runs of each (3); short ones are run more often")
    parser.add_argument("groups", nargs="*", metavar="GROUP")
    options = parser.parse_args()
    unknown = set(options.groups) - set(groups)
    if unknown:
        parser.error("there is no group " + " ".join(sorted(unknown)))
    measure_all([functools.partial(groups[name], options.n) for name in options.groups or groups])


main()
