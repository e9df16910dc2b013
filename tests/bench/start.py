# SPDX-License-Identifier: Apache-2.0
"""Paired timing of ctool, podman and bubblewrap; see ./start."""
import argparse, functools, glob, gzip, hashlib, http.server, io, json, os, re, statistics, subprocess, tarfile, threading, time

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
        subprocess.run([*TOOLS[name], "rmi", "-f", image], **QUIET)

    commands = {name: [*tool, "pull", "-q", "--tls-verify=false", image] for name, tool in TOOLS.items()}
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
    measure_all([functools.partial(globals()["bench_" + part], options.n) for part in parts])


main()
