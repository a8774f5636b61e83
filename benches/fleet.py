#!/usr/bin/env python3
"""Deploys 500 nodes of a real Ironic in one go, and shows that memory depends on how many go at a time, not on how many there are.

    benches/fleet.py target/release/configdrive [--nodes 500] [--parallel 10]

Each instance has 256 KiB of user data of its own that do not compress. Ironic, its database and the command share the
machine: how long it takes is Ironic's to tell, and is shown for orientation only.
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
    parser = argparse.ArgumentParser(description="Deploys many nodes of a real Ironic in one go.")
    parser.add_argument("command", type=pathlib.Path)
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--parallel", type=int, nargs="+", default=[10])
    args = parser.parse_args()
    with subprocess.Popen([*IRONIC, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            service = json.loads(server.stdout.readline())
            with tempfile.TemporaryDirectory() as folder:
                measure(args, service, pathlib.Path(folder))
        finally:
            server.stdin.close()
            server.wait()


def measure(args, service, folder):
    names = [f"node-{number:03}" for number in range(args.nodes)]
    enroll(service, names)
    print(f"{'nodes':>5} {'parallel':>8} {'deployed':>8} {'peak memory':>11} {'time':>7}")
    for parallel in args.parallel:
        # The first of them alone, then all: what differs is what their number costs.
        for count in [min(parallel, args.nodes), args.nodes]:
            update(service, "UPDATE nodes SET provision_state = 'available', target_provision_state = NULL, extra = '{}'")
            fleet = write_fleet(folder, names[:count])
            began = time.monotonic()
            deployed, memory = deploy(args.command, service, fleet, parallel)
            took = time.monotonic() - began
            print(f"{count:5} {parallel:8} {deployed:8} {memory / 1024:7.0f} MiB {took:5.1f} s", flush=True)
            if deployed != count:
                sys.exit("not all nodes were deployed")


def enroll(service, names):
    import baremetal

    api = baremetal.Api(service["endpoint"], {})
    for name in names:
        api.call("POST", "/v1/nodes", {"name": name, "driver": "fake-hardware", "network_interface": "noop"})
    # By Ironic's own steps, `manage` and `provide`, it would take minutes.
    update(service, "UPDATE nodes SET provision_state = 'available'")


def update(service, statement):
    with contextlib.closing(sqlite3.connect(service["database"], timeout=60)) as connection, connection:
        connection.execute(statement)


def write_fleet(folder, names):
    fleet = folder / "fleet.jsonl"
    with fleet.open("w") as lines:
        for number, name in enumerate(names):
            document = folder / f"{name}.json"
            user_data = random.Random(number).randbytes(256 << 10)
            document.write_text(json.dumps({"instance": {
                "uuid": f"00000000-0000-4000-8000-{number:012}", "hostname": name, "config_drive": True,
                "user_data": base64.b64encode(user_data).decode(), "ec2_ids": {"instance_id": "i-1"},
            }, "network_data": {}}))
            lines.write(json.dumps({"node": name, "document": document.name}) + "\n")
    return fleet


def deploy(command, service, fleet, parallel):
    """How many nodes were deployed, and the command's peak of resident memory in KiB."""
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
