#!/usr/bin/env python3
"""Compare configdrive with the tools that people use today, on the same files and in turns: print medians, quartiles and ratios.

    benches/peers/peers.py [--rounds N] [--large-rounds N] [--seconds N] [--only S,M,V,L,XL] [--peers NAME,…]

Needs what tests/run needs, and the tools to measure: genisoimage, mtools and dosfstools. Nova, openstacksdk and pycdlib are installed
from PyPI into target/peers/, gophercloud comes from Go's module proxy. The wasmtime command is the prebuilt release that the tests
use.

Every peer gets the same files and makes base64 text of their drive. Before the measurement, `configdrive inspect` must find the same
files in all of these texts. Times depend on the machine and the run: only the ratios count.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "ironic"))
from services import Failure, make_venv  # noqa: E402

HOME = ROOT / "target" / "peers"
WASMTIME_COMMAND = ROOT / "target" / "service" / "bin" / "wasmtime"
FAT_SIZE = 64 << 20
LARGE = ["L", "XL"]

# The names of the rows.
NATIVE, OURS, COLD = "configdrive, native", "configdrive, component in a warm host", "configdrive, cold process"
WASMTIME = "configdrive under `wasmtime run`, compiled ahead, cold process"
GO_MODULE = "configdrive, Go module"
PIPE, NOVA, SDK, PYCDLIB, GO = "genisoimage, gzip -9, base64", "Nova", "openstacksdk", "pycdlib", "gophercloud"

# Their names for --peers. The component in a warm host is always measured, because the others are compared with it.
PEERS = {
    "native": NATIVE, "cold": COLD, "wasmtime": WASMTIME, "go": GO_MODULE, "genisoimage": PIPE, "nova": NOVA, "openstacksdk": SDK,
    "pycdlib": PYCDLIB, "gophercloud": GO,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--large-rounds", type=int, default=3, help="rounds for L and XL")
    parser.add_argument("--only", default="S,M,V,L,XL")
    parser.add_argument("--seconds", type=int, default=5, help="duration of each throughput measurement; 0 for none")
    parser.add_argument("--peers", default=",".join(PEERS), metavar="NAME,…", help=f"default: all of {', '.join(PEERS)}")
    args = parser.parse_args()
    if unknown := set(args.peers.split(",")) - set(PEERS):
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}; choose from {', '.join(PEERS)}")
    try:
        measure(args)
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"peers.py: {error}")


def measure(args):
    chosen = {PEERS[name] for name in args.peers.split(",")}
    if chosen & {NOVA, SDK, PYCDLIB}:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
    HOME.mkdir(parents=True, exist_ok=True)
    if WASMTIME in chosen:
        subprocess.run([sys.executable, ROOT / "tests" / "service" / "install.py"], check=True)
    command, ours = build()
    workloads = {name: Workload(name, command, ours) for name in args.only.split(",")}
    with contextlib.ExitStack() as stack:
        warm = {
            name: stack.enter_context(Warm(argv)) for name, argv in warm_peers(ours).items() if name == OURS or name in chosen}
        print(f"{os.cpu_count()} cores, {processor()}, load {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}, {go_version()}; "
              "peers in random order in each round\n")
        for workload in workloads.values():
            rounds = args.large_rounds if workload.name in LARGE else args.rounds
            table(workload, run(workload, warm, chosen, command, rounds))
    if "S" in workloads and args.seconds and NOVA in chosen:
        throughput(workloads["S"], command, ours, args.seconds)


class Workload:
    """A document and the files of its drive."""

    def __init__(self, name, command, ours):
        self.name = name
        directory = HOME / "workloads"
        self.document, self.files = directory / f"{name}.json", directory / name
        self.size = FAT_SIZE if name == "V" else 0
        self.options = ["--format", "vfat", "--size", str(FAT_SIZE)] if self.size else []
        directory.mkdir(exist_ok=True)
        if not self.document.exists():
            subprocess.run([ours, "documents", directory], check=True)
        # Made anew each time, so that no files of an earlier version are left.
        shutil.rmtree(self.files, ignore_errors=True)
        image = directory / f"{name}.img"
        run_quietly([command, "build", "-i", self.document, "-o", image])
        run_quietly([command, "extract", image, "-o", self.files])
        self.digests = digests(command, image)
        image.unlink()


class Warm:
    """A process that makes one drive for each line that it reads."""

    def __init__(self, argv):
        self.is_ours = argv[-1] in ("native", "sandbox", "configdrive")
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def __call__(self, workload, out=None):
        source = workload.document if self.is_ours else workload.files
        print(source, workload.size, *([out] if out else []), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise Failure(f"{self.process.args} exited while it made the drive of {workload.name}")
        return int(answer) / 1e6


def build():
    """Build the command and configdrive.rs, and return their paths."""
    cargo = ["cargo", "build", "--release", "--workspace", "--message-format", "json"]
    paths = {}
    for target in (["--bin", "configdrive"], ["--bin", "configdrive-generate"], ["--bench", "peer"]):
        output = subprocess.run([*cargo, *target], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        for line in output.splitlines():
            message = json.loads(line)
            if message.get("executable"):
                paths[message["target"]["name"]] = message["executable"]
    component = HOME / "configdrive.wasm"
    run_quietly([paths["configdrive"], "component", "-o", component])
    run_quietly([paths["configdrive-generate"], component])  # what the Go module embeds
    subprocess.run(["go", "build", "-C", HERE, "-o", HOME / "peer", "."], check=True)
    return paths["configdrive"], paths["peer"]


def warm_peers(ours):
    python = HOME / "venv" / "bin" / "python"
    script = HERE / "python_peer.py"
    return {
        NATIVE: [ours, "native"],
        OURS: [ours, "sandbox"],
        GO_MODULE: [HOME / "peer", "configdrive"],
        NOVA: [python, script, "nova"],
        SDK: [python, script, "openstacksdk"],
        PYCDLIB: [python, script, "pycdlib"],
        GO: [HOME / "peer", "gophercloud"],
    }


def run(workload, warm, chosen, command, rounds):
    """Return, for each peer, the milliseconds of all rounds and the length of the base64 text."""
    def cold(out):
        argv = [command, "pack", "-i", workload.document, "-o", out, *workload.options]
        start = time.perf_counter_ns()
        run_quietly(argv)
        return (time.perf_counter_ns() - start) / 1e6

    def pipe(out):
        make = ["genisoimage", "-quiet", "-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r", "-V", "config-2"]
        argv = f"{' '.join(make)} {workload.files} 2>/dev/null | gzip -9 | base64 -w0 > {out}"
        start = time.perf_counter_ns()
        run_quietly(["sh", "-c", argv])
        return (time.perf_counter_ns() - start) / 1e6

    peers = {name: (lambda out, peer=peer: peer(workload, out)) for name, peer in warm.items()}
    def under_wasmtime(out):
        argv = [WASMTIME_COMMAND, "run", "--allow-precompiled", HOME / "configdrive-cli.cwasm", "pack", *workload.options]
        start = time.perf_counter_ns()
        with open(workload.document) as document, open(out, "w") as text:
            subprocess.run(argv, check=True, stdin=document, stdout=text, stderr=subprocess.DEVNULL)
        return (time.perf_counter_ns() - start) / 1e6

    if COLD in chosen:
        peers[COLD] = cold
    if WASMTIME in chosen:
        component = HOME / "configdrive-cli.wasm"
        run_quietly([command, "component", "--adapter", "command", "-o", component])
        run_quietly([WASMTIME_COMMAND, "compile", "-o", component.with_suffix(".cwasm"), component])
        peers[WASMTIME] = under_wasmtime
    if workload.size:  # these peers make only ISO 9660
        for name in (SDK, PYCDLIB, GO):
            peers.pop(name, None)
    elif PIPE in chosen:
        peers[PIPE] = pipe

    lengths = {}
    text = HOME / "text"
    for name, peer in peers.items():  # to warm up, and to check the results
        peer(text)
        lengths[name] = text.stat().st_size
        if digests(command, text) != workload.digests:
            raise Failure(f"{name} made a drive of {workload.name} with other files")
    times = {name: [] for name in peers}
    for _ in range(rounds):
        for name in random.sample(list(peers), len(peers)):
            times[name].append(peers[name](text if name in (COLD, WASMTIME, PIPE) else None))
    return {name: (times[name], lengths[name]) for name in peers}


def table(workload, results):
    ours = statistics.median(results[OURS][0])
    print(f"{workload.name}: {len(workload.digests)} files, {sum(size for _, size, _ in workload.digests)} bytes\n")
    # On a busy machine, the fastest round says more than the median.
    print("| | fastest | median | quartiles | times ours | text, bytes |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, (times, length) in sorted(results.items(), key=lambda item: statistics.median(item[1][0])):
        low, median, high = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
        print(f"| {name} | {min(times):.2f} ms | {median:.2f} ms | {low:.2f}–{high:.2f} | {median / ours:.2f} | {length} |")
    print(flush=True)


def throughput(workload, command, ours, seconds):
    """Measure S drives per second: ours in threads of one process, Nova's in processes."""
    cores = os.cpu_count()
    print("S drives per second; ours with a fresh store for each drive:\n")
    print("| | one core | all cores |\n| --- | ---: | ---: |")
    figures = []
    for threads in (1, cores):
        figures.append(subprocess.run([ours, "throughput", str(threads), str(seconds)], check=True, stdout=subprocess.PIPE,
                                      text=True).stdout.strip())
    print(f"| configdrive | {' | '.join(figures)} |")
    figures = []
    for processes in (1, cores):
        with contextlib.ExitStack() as stack:
            peers = [stack.enter_context(Warm(warm_peers(ours)[NOVA])) for _ in range(processes)]
            for peer in peers:
                peer(workload)
            drives, start = 0, time.monotonic()
            while time.monotonic() - start < seconds:
                for peer in peers:  # start all, then wait for all
                    print(workload.files, 0, file=peer.process.stdin, flush=True)
                for peer in peers:
                    peer.process.stdout.readline()
                drives += len(peers)
            figures.append(f"{drives / (time.monotonic() - start):.1f}")
    print(f"| Nova | {' | '.join(figures)} |")
    process = subprocess.Popen([command, "pack", "-i", workload.document], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    print(f"\nPeak resident memory of the command on S: {usage.ru_maxrss / 1024:.1f} MiB")


def digests(command, drive):
    found = json.loads(subprocess.run([command, "inspect", "--json", drive], check=True, stdout=subprocess.PIPE).stdout)
    return sorted((file["path"], file["size"], file["sha256"]) for file in found["files"])


def run_quietly(argv):
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def go_version():
    return subprocess.run(["go", "version"], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[2].replace("go", "Go ", 1)


def processor():
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown processor"


if __name__ == "__main__":
    main()
