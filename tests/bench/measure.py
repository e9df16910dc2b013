# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: the two tools, paired timing, processes' memory, an image, clean-up."""
import io, os, re, shutil, signal, statistics, subprocess, sys, tarfile, tempfile, threading, time

CTOOL = os.environ["CTOOL"]
WORK = os.environ["CTOOL_BENCH_DISK"]
RUN = os.environ["XDG_RUNTIME_DIR"]
# Left to itself it takes vfs in an account without a storage.conf, which copies the image for each container.
PODMAN = ["podman", "--root", WORK + "/p", "--runroot", RUN + "/p", "--cgroup-manager=cgroupfs", "--storage-driver=overlay"]
OURS = [CTOOL, "--root", WORK + "/c", "--runroot", RUN + "/c"]
TOOLS = {"ctool": OURS, "podman": PODMAN}
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
IMAGE = "localhost/bench:latest"


class Failed(Exception):
    """A command ended with another status than 0."""


def once(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL):
    """Wall milliseconds of one run, from before the fork until it is reaped."""
    with tempfile.TemporaryFile(dir=WORK) as stderr:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr)
        _, status = os.waitpid(process.pid, 0)
        wall = (time.perf_counter() - began) * 1000
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            stderr.seek(0)
            said = stderr.read().decode(errors="replace").strip().splitlines()[-3:]
            raise Failed(f"{' '.join(command)}: exit status {process.returncode} {' '.join(said)}")
    return wall


def paired(commands, runs, before=None, after=None, settle=0.0, measure=once):
    """{name: [wall]} of commands run in turn, after one round that does not count.

    before and after are called with the name around each run; settle is the pause that what was
    started in the background gets before the next measured command."""
    results = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if before:
                before(name)
            time.sleep(settle)
            measured = measure(command)
            if turn:
                results[name].append(measured)
            if after:
                after(name)
    return results


def table(title, results, base="podman"):
    print(f"\n### {title}\n\n| program | median ms | min..max | {base} / it |\n| --- | --- | --- | --- |")
    medians = {name: statistics.median(walls) for name, walls in results.items()}
    for name, walls in results.items():
        ratio = f"{medians[base] / medians[name]:.1f}" if base in medians else ""
        print(f"| {name} | {medians[name]:.1f} | {min(walls):.1f}..{max(walls):.1f} | {ratio} |", flush=True)


def processes(pattern):
    """The ids of those whose command line matches."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if re.search(pattern, file.read()):
                    found.add(pid)
        except OSError:  # it has just ended
            continue
    return found


def memory_kib(pids, fields):
    """The memory of each process: the sum of some fields of smaps_rollup."""
    values = []
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                values.append(sum(int(n) for n in re.findall(rf"^(?:{fields}):\s+(\d+)", file.read(), re.M)))
        except OSError:  # another account's
            continue
    return values


class Peak(threading.Thread):
    """The most memory (MiB) that one program of a tree of processes had, by VmHWM."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.root, self.kib, self.done = pid, 0, False

    def run(self):
        while not self.done:
            todo = [self.root]
            while todo:
                pid = todo.pop()
                try:
                    with open(f"/proc/{pid}/task/{pid}/children") as file:
                        todo += map(int, file.read().split())
                    with open(f"/proc/{pid}/status") as file:
                        self.kib = max(self.kib, int((re.search(r"VmHWM:\s+(\d+)", file.read()) or [0, 0])[1]))
                except OSError:
                    continue
            time.sleep(0.01)


def peak_mib(command):
    process = subprocess.Popen(command, **QUIET)
    time.sleep(0.05)  # past its exec: before that it is this program's memory
    peak = Peak(process.pid)
    peak.start()
    process.wait()
    peak.done = True
    peak.join()
    return peak.kib / 1024


def busybox_tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("bin", "etc", "tmp", "proc", "sys", "dev", "run"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add("/bin/busybox", "bin/busybox", filter=lambda e: e)
        for applet in ("sh", "true", "sleep", "cat"):
            link = tarfile.TarInfo("bin/" + applet)
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return out.getvalue()


def prepare():
    path = WORK + "/busybox.tar"
    with open(path, "wb") as file:
        file.write(busybox_tar())
    for tool in TOOLS.values():
        subprocess.run([*tool, "import", "-c", 'CMD ["sh"]', path, "bench"], check=True, **QUIET)


def remove_containers():
    for tool in TOOLS.values():
        try:
            subprocess.run([*tool, "rm", "-fa", "-t", "0"], **QUIET)
        except OSError as error:  # the other one's go all the same
            print(error, file=sys.stderr)


def end_pause_process():
    """The one that podman keeps for the account, in the run directory that goes away now."""
    try:
        with open(RUN + "/libpod/tmp/pause.pid") as file:
            os.kill(int(file.read()), signal.SIGKILL)
    except (OSError, ValueError):
        pass


def measure_all(groups):
    """Calls what is to be measured, and takes everything away however that ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    try:
        prepare()
        for group in groups:
            group()
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        for sig in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sig, signal.SIG_IGN)
        remove_containers()
        subprocess.run(["podman", "unshare", "rm", "-rf", WORK + "/p", WORK], **QUIET)
        shutil.rmtree(WORK, ignore_errors=True)
        end_pause_process()
