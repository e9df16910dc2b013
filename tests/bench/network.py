# SPDX-License-Identifier: Apache-2.0
"""Paired figures of the networks of ctool and podman; see ./network."""
import argparse, functools, json, shutil, socket, statistics, subprocess, time

from measure import IMAGE, OURS, PODMAN, QUIET, TOOLS, Failed, measure_all, paired, remove_containers, table

SECONDS = 2
# iperf3 is the host's own: its folders are in the container.
HOST_PROGRAMS = ["-v", "/usr:/usr:ro", "-v", "/usr/lib:/lib:ro", "-v", "/usr/lib64:/lib64:ro"]
SLIRP = "slirp4netns"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def gateway():
    words = subprocess.run(["ip", "-4", "route", "show", "default"], capture_output=True, text=True, check=True).stdout.split()
    return words[words.index("via") + 1] if "via" in words else None


def await_listener(port):
    for _ in range(200):
        with open("/proc/net/tcp") as v4, open("/proc/net/tcp6") as v6:
            if any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in [*v4, *v6] if ":" in line.split()[1]):
                return
        time.sleep(0.05)
    raise Failed(f"nobody listens at port {port}")


def rate_of(report):
    """Gbit/s that arrived, from iperf3 --json."""
    parsed = json.loads(report)
    if "error" in parsed:
        raise Failed("iperf3: " + parsed["error"])
    return parsed["end"]["sum_received"]["bits_per_second"] / 1e9


def client(address, port):
    return ["iperf3", "--json", "-t", str(SECONDS), "-c", address, "-p", str(port)]


def run_client(command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    if not done.stdout.strip().startswith("{"):
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()[-200:]}")
    return rate_of(done.stdout)


class Server:
    """iperf3 -s for one client, on the host or in a container, at a port of the host."""

    def __init__(self, tool=None, network=None):
        self.port = free_port()
        if tool is None:
            self.process = subprocess.Popen(["iperf3", "-s", "-1", "-p", str(self.port)], **QUIET)
        else:
            self.process = None
            subprocess.run([*tool, "run", "-d", "--network", network, "-p", f"127.0.0.1:{self.port}:5201", *HOST_PROGRAMS, IMAGE,
                            "/usr/bin/iperf3", "-s"], check=True, **QUIET)
        await_listener(self.port)
        if tool is not None:
            time.sleep(0.5)  # the forwarder listens before iperf3 does

    def end(self):
        if self.process is None:
            remove_containers()
            return
        self.process.kill()
        self.process.wait()


def rates(title, measured, runs):
    """measured: {name: function that gives one rate}, in turn."""
    results = {name: [] for name in measured}
    for _ in range(runs):
        for name, measure in measured.items():
            results[name].append(measure())
    loopback = statistics.median(results["host loopback"])
    print(f"\n### {title}\n\n| path | median Gbit/s | min..max | of loopback |\n| --- | --- | --- | --- |")
    for name, values in results.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.2f} | {min(values):.2f}..{max(values):.2f} | {median / loopback:.2f} |", flush=True)


def on_loopback():
    server = Server()
    try:
        return run_client(client("127.0.0.1", server.port))
    finally:
        server.end()


def out_of(tool, network, address):
    server = Server()
    try:
        return run_client([*tool, "run", "--rm", "--network", network, *HOST_PROGRAMS, IMAGE, *client(address, server.port)])
    finally:
        server.end()


def out_of_pasta(address):
    """pasta's own figure: no container, the same program."""
    server = Server()
    try:
        return run_client(["pasta", "--config-net", "--quiet", "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--",
                           *client(address, server.port)])
    finally:
        server.end()


def into_pasta():
    port = free_port()
    server = subprocess.Popen(["pasta", "--config-net", "--quiet", "-t", f"127.0.0.1/{port}:5201", "-u", "none", "-T", "none", "-U", "none",
                               "--", "iperf3", "-s", "-1"], **QUIET)
    try:
        await_listener(port)
        time.sleep(0.5)
        return run_client(client("127.0.0.1", port))
    finally:
        server.terminate()
        server.wait()


def into(tool, network):
    server = Server(tool, network)
    try:
        return run_client(client("127.0.0.1", server.port))
    finally:
        server.end()


def bench_start(runs):
    for network in (SLIRP, SLIRP + ":port_handler=slirp4netns"):
        commands = {name: [*tool, "run", "--rm", "--network", network, "-p", "127.0.0.1::80", IMAGE, "true"] for name, tool in TOOLS.items()}
        if network == SLIRP and shutil.which("pasta"):
            commands["ctool, pasta"] = [*OURS, "run", "--rm", "--network", "pasta", "-p", "127.0.0.1::80", IMAGE, "true"]
        table(f"run --rm --network {network} -p 127.0.0.1::80 IMAGE true", paired(commands, runs))


def bench_bridge(runs):
    """A container on a network with a name: the only one there, and beside another."""
    for tool in TOOLS.values():
        subprocess.run([*tool, "network", "create", "bench"], check=True, **QUIET)
    commands = {name: [*tool, "run", "--rm", "--network", "bench", IMAGE, "true"] for name, tool in TOOLS.items()}
    try:
        table("run --rm --network bench IMAGE true, alone", paired(commands, runs))
        for tool in TOOLS.values():
            subprocess.run([*tool, "run", "-d", "--network", "bench", IMAGE, "sleep", "86400"], check=True, **QUIET)
        table("run --rm --network bench IMAGE true, beside another", paired(commands, runs))
    finally:
        remove_containers()
        for tool in TOOLS.values():
            subprocess.run([*tool, "network", "rm", "-f", "bench"], **QUIET)


def bench_out(runs):
    open_slirp = SLIRP + ":allow_host_loopback=true"
    measured = {"host loopback": on_loopback,
                "ctool, slirp4netns": functools.partial(out_of, OURS, open_slirp, "10.0.2.2"),
                "podman, slirp4netns": functools.partial(out_of, PODMAN, open_slirp, "10.0.2.2")}
    if shutil.which("pasta") and gateway():
        measured["ctool, pasta"] = functools.partial(out_of, OURS, "pasta:--map-gw", gateway())
        measured["pasta itself"] = functools.partial(out_of_pasta, gateway())
    rates("from a container to the host", measured, max(3, runs // 4))


def bench_port(runs):
    measured = {"host loopback": on_loopback}
    for name, tool in TOOLS.items():
        measured[f"{name}, slirp4netns"] = functools.partial(into, tool, SLIRP + ":port_handler=slirp4netns")
    measured["ctool, its forwarder"] = functools.partial(into, OURS, SLIRP)
    measured["podman, rootlessport"] = functools.partial(into, PODMAN, SLIRP)
    if shutil.which("pasta"):
        measured["ctool, pasta"] = functools.partial(into, OURS, "pasta")
        measured["pasta itself"] = into_pasta
    rates("from the host to a published port", measured, max(3, runs // 4))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=20)
    parser.add_argument("parts", nargs="*")
    options = parser.parse_args()
    parts = options.parts or ["start", "bridge", "out", "port"]
    measure_all([functools.partial(globals()["bench_" + part], options.n) for part in parts])


main()
