# SPDX-License-Identifier: Apache-2.0
"""Paired timing of ctool, podman and bubblewrap; see ./start."""
import argparse, glob, gzip, hashlib, http.server, io, json, os, re, shutil, statistics, subprocess, sys
import tarfile, tempfile, threading, time

CTOOL = os.environ["CTOOL"]
WORK = os.environ["CTOOL_BENCH_DISK"]
RUN = os.environ["XDG_RUNTIME_DIR"]
PODMAN = ["podman", "--root", WORK + "/p", "--runroot", RUN + "/p", "--cgroup-manager=cgroupfs"]
OURS = [CTOOL, "--root", WORK + "/c", "--runroot", RUN + "/c"]
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def once(command):
    """Wall milliseconds of one run."""
    began = time.perf_counter()
    process = subprocess.Popen(command, **QUIET)
    _, status = os.waitpid(process.pid, 0)
    wall = (time.perf_counter() - began) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)}: exit status {process.returncode}")
    return wall


def paired(commands, runs, before=None):
    """{name: [wall]} of commands run in turn, after one round that does not count."""
    results = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if before:
                before(name)
            measured = once(command)
            if turn:
                results[name].append(measured)
    return results


def table(title, results, base="podman"):
    print(f"\n### {title}\n\n| program | median ms | min..max | {base} / it |\n| --- | --- | --- | --- |")
    medians = {name: statistics.median(walls) for name, walls in results.items()}
    for name, walls in results.items():
        ratio = f"{medians[base] / medians[name]:.1f}" if base in medians else ""
        print(f"| {name} | {medians[name]:.1f} | {min(walls):.1f}..{max(walls):.1f} | {ratio} |", flush=True)


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
    for tool in (PODMAN, OURS):
        subprocess.run([*tool, "import", "-c", 'CMD ["sh"]', path, "bench"], check=True, **QUIET)


def bench_run(runs):
    image = "localhost/bench:latest"
    common = ["run", "--rm", "--network", "none", image, "true"]
    bwrap = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    table("run --rm --network none IMAGE true",
          paired({"ctool": OURS + common, "podman": PODMAN + common, "bwrap": bwrap}, runs))
    slirp = ["run", "--rm", "--network", "slirp4netns", image, "true"]
    table("run --rm IMAGE true, with slirp4netns", paired({"ctool": OURS + slirp, "podman": PODMAN + slirp}, runs))
    detached = ["run", "-d", "--network", "none", image, "true"]
    table("run -d --network none IMAGE true", paired({"ctool": OURS + detached, "podman": PODMAN + detached}, runs))
    for tool in (PODMAN, OURS):
        subprocess.run([*tool, "rm", "-fa"], check=True, **QUIET)


def bench_ps(runs):
    for count in (100, 1000):
        for name, tool in (("podman", PODMAN), ("ctool", OURS)):
            have = len(subprocess.run([*tool, "ps", "-aq"], capture_output=True, check=True).stdout.split())
            wanted = count if name == "ctool" or count == 100 else 100  # podman's thousand takes minutes to make
            for _ in range(wanted - have):
                subprocess.run([*tool, "create", "--network", "none", "localhost/bench:latest", "true"], check=True, **QUIET)
        commands = {"ctool": OURS + ["ps", "-a"]}
        if count == 100:
            commands["podman"] = PODMAN + ["ps", "-a"]
        table(f"ps -a, {count} stopped containers", paired(commands, runs))
    for tool in (PODMAN, OURS):
        subprocess.run([*tool, "rm", "-fa"], check=True, **QUIET)


def private_kib(pattern):
    """Private memory of each process whose command line matches."""
    values = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if not re.search(pattern, file.read()):
                    continue
            with open(f"/proc/{pid}/smaps_rollup") as file:
                text = file.read()
        except OSError:
            continue
        values.append(sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", text, re.M)))
    return values


def bench_monitor(_):
    count = 50
    print(f"\n### private memory of the monitor of an idle detached container, {count} running\n\n| program | median KiB | min..max |\n| --- | --- | --- |")
    for name, tool, pattern in (("ctool-monitor", OURS, rb"^ctool-monitor\0supervise"), ("conmon", PODMAN, rb"^\S*conmon\0")):
        for _ in range(count):
            subprocess.run([*tool, "run", "-d", "--network", "none", "localhost/bench:latest", "sleep", "600"], check=True, **QUIET)
        values = private_kib(pattern)
        print(f"| {name} ({len(values)} processes) | {statistics.median(values):.0f} | {min(values)}..{max(values)} |", flush=True)
        subprocess.run([*tool, "rm", "-fa", "-t", "0"], check=True, **QUIET)


def debian_layers():
    """The Debian root file systems that the system tests have made, a layer each."""
    return [open(path, "rb").read() for path in sorted(glob.glob("/var/tmp/*.d/debian-*/*.tar"))[:2]]


def made_up_layers(layers=4, files=4000):
    for layer in range(layers):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for number in range(files):
                data = hashlib.sha256(f"{layer}/{number}".encode()).digest() * (1 + number % 400)
                entry = tarfile.TarInfo(f"l{layer}/d{number % 97}/f{number}")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        yield out.getvalue()


def make_image():
    """An image of several layers with many files, as blobs of a registry."""
    blobs, diff_ids, descriptors = {}, [], []
    for raw in debian_layers() or made_up_layers():
        packed = gzip.compress(raw, 6, mtime=0)
        diff_ids.append("sha256:" + hashlib.sha256(raw).hexdigest())
        digest = "sha256:" + hashlib.sha256(packed).hexdigest()
        blobs[digest] = packed
        descriptors.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": len(packed)})
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode()
    config_digest = "sha256:" + hashlib.sha256(config).hexdigest()
    blobs[config_digest] = config
    manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                           "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": len(config)},
                           "layers": descriptors}).encode()
    return blobs, manifest


def serve(blobs, manifest):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/v2/":
                body, kind = b"{}", "application/json"
            elif "/manifests/" in self.path:
                body, kind = manifest, "application/vnd.oci.image.manifest.v1+json"
            else:
                body, kind = blobs.get(self.path.rsplit("/", 1)[-1]), "application/octet-stream"
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Docker-Content-Digest", "sha256:" + hashlib.sha256(body).hexdigest() if kind != "application/octet-stream" else "")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


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


def bench_pull(runs):
    blobs, manifest = make_image()
    total = sum(map(len, blobs.values())) / 1e6
    image = f"127.0.0.1:{serve(blobs, manifest)}/big:latest"

    def forget(name):
        subprocess.run([*(OURS if name == "ctool" else PODMAN), "rmi", "-f", image], **QUIET)

    commands = {name: [*tool, "pull", "-q", "--tls-verify=false", image]
                for name, tool in (("ctool", OURS), ("podman", PODMAN))}
    table(f"cold pull, {len(blobs) - 1} layers, {total:.0f} MB gzip", paired(commands, min(runs, 5), forget))
    for name, command in commands.items():
        forget(name)
        print(f"{name}: peak memory of one process {peak_mib(command):.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    parts = options.parts or ["run", "pull", "ps", "monitor"]
    try:
        prepare()
        for part in parts:
            globals()["bench_" + part](options.n)
    finally:
        for tool in (PODMAN, OURS):
            subprocess.run([*tool, "rm", "-fa", "-t", "0"], **QUIET)
        subprocess.run(["podman", "unshare", "rm", "-rf", WORK + "/p"], **QUIET)
        subprocess.run(["podman", "unshare", "rm", "-rf", WORK], **QUIET)
        shutil.rmtree(WORK, ignore_errors=True)


main()
