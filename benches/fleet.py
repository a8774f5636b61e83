#!/usr/bin/env python3
"""Deploy 500 nodes of a real Ironic with one command, to show that its memory depends on --parallel and not on the number of nodes.

    benches/fleet.py target/release/configdrive [--nodes 500] [--parallel 10]

Each instance has its own 256 KiB of user data, which does not compress. Ironic, its database and the command share the machine,
and Ironic takes most of the time, so the times are only a rough guide.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "ironic"))
IRONIC = [sys.executable, str(ROOT / "tests" / "ironic" / "ironic.py")]


def main():
    parser = argparse.ArgumentParser(description="Deploy many nodes of a real Ironic with one command, and measure its memory.")
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--parallel", type=int, nargs="+", default=[10])
    args = parser.parse_args()
    with subprocess.Popen([*IRONIC, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            service = json.loads(server.stdout.readline())
            with tempfile.TemporaryDirectory() as directory:
                measure(args, service, pathlib.Path(directory))
        finally:
            server.stdin.close()
            server.wait()


def measure(args, service, directory):
    names = [f"node-{number:03}" for number in range(args.nodes)]
    enroll(service, names)
    print(f"{'nodes':>5} {'parallel':>8} {'deployed':>8} {'peak memory':>11} {'time':>7}")
    for parallel in args.parallel:
        # First as many as run in parallel, then all: the difference is what the additional nodes cost.
        for count in [min(parallel, args.nodes), args.nodes]:
            update(service, "UPDATE nodes SET provision_state = 'available', target_provision_state = NULL, extra = '{}'")
            fleet = write_fleet(directory, names[:count])
            start = time.monotonic()
            deployed, memory = deploy(args.command, service, fleet, parallel)
            elapsed = time.monotonic() - start
            print(f"{count:5} {parallel:8} {deployed:8} {memory / 1024:7.0f} MiB {elapsed:5.1f} s", flush=True)
            if deployed != count:
                sys.exit("not all nodes were deployed")


def enroll(service, names):
    import baremetal

    api = baremetal.Api(service["endpoint"], {})
    for name in names:
        api.call("POST", "/v1/nodes", {"name": name, "driver": "fake-hardware", "network_interface": "noop"})
    # Ironic's own way, `manage` and `provide`, would take minutes.
    update(service, "UPDATE nodes SET provision_state = 'available'")


def update(service, statement):
    with contextlib.closing(sqlite3.connect(service["database"], timeout=60)) as connection, connection:
        connection.execute(statement)


def write_fleet(directory, names):
    fleet = directory / "fleet.jsonl"
    with fleet.open("w") as lines:
        for number, name in enumerate(names):
            document = directory / f"{name}.json"
            user_data = random.Random(number).randbytes(256 << 10)
            document.write_text(json.dumps({"instance": {
                "uuid": f"00000000-0000-4000-8000-{number:012}", "hostname": name, "config_drive": True,
                "user_data": base64.b64encode(user_data).decode(), "ec2_ids": {"instance_id": "i-1"},
            }, "network_data": {}}))
            lines.write(json.dumps({"node": name, "document": document.name}) + "\n")
    return fleet


def deploy(command, service, fleet, parallel):
    """Return how many nodes were deployed, and the peak of the command's resident memory in KiB."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    child = subprocess.Popen(
        [command, "deploy", "--fleet", fleet, "--parallel", str(parallel), "--json", "--no-check",
         "--endpoint", service["endpoint"]],
        env={**environment, "NO_PROXY": "127.0.0.1"}, stdout=subprocess.PIPE)
    report = json.loads(child.stdout.read())
    _, _, usage = os.wait4(child.pid, 0)
    return report["deployed"], usage.ru_maxrss


if __name__ == "__main__":
    main()
