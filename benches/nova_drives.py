"""How long drives take in Nova's compute service, and how long they keep everything else waiting: Nova's own driver and ours.

    OS_NOVA_DISABLE_EVENTLET_PATCHING=false target/bindings/nova/venv/bin/python benches/nova_drives.py     with eventlet
    OS_NOVA_DISABLE_EVENTLET_PATCHING=true target/bindings/nova/venv/bin/python benches/nova_drives.py      with threads

Run the test binary `bindings` with the filter `nova` first: it installs our packages into that environment. Each driver makes 20
drives at once, from one instance with the node's ports in a real Ironic, several times in turn; the table has the medians. A
stall is the longest time for which a thread that only sleeps was not woken.
"""

import pathlib
import statistics
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bindings/nova/tests"))
import compute  # first: Nova patches the standard library
from compute import OURS, UNMODIFIED, WithNova, instance

AT_ONCE = 20
ROUNDS = 5
TICK = 0.001


class Drives(WithNova):
    def test_drives(self):
        node = self.baremetal.get_node(self.node())
        created = instance(node.id, user_data="I2Nsb3VkLWNvbmZpZwo=" * 1000)
        found = {UNMODIFIED: [], OURS: []}
        for _ in range(ROUNDS):
            for name, rounds in found.items():
                rounds.append(measured(lambda name=name: self.drivers[name]._generate_configdrive(
                    compute.context.get_admin_context(), created, node, compute.network())))
        print(f"{'eventlet' if compute.is_green() else 'threads'}, {AT_ONCE} drives at once\n")
        print(f"{'':32}{'total':>10}{'stall':>10}{'memory':>10}")
        medians = {name: [statistics.median(column) for column in zip(*rounds, strict=True)] for name, rounds in found.items()}
        for name, (total, stall, memory) in medians.items():
            print(f"{name:32}{total * 1000:7.0f} ms{stall * 1000:7.1f} ms{memory / 1024:7.0f} MiB")
        total, stall, _ = (ours / novas for ours, novas in zip(medians[OURS], medians[UNMODIFIED], strict=True))
        print(f"{'ratio':32}{total:10.2f}{stall:10.2f}")


def measured(make):
    """Make drives at once; return the time, the longest stall, both in seconds, and the resident memory afterwards, in KiB."""
    running, stalls = [True], [0.0]

    def tick():
        before = time.monotonic()
        while running:
            time.sleep(TICK)
            now = time.monotonic()
            stalls.append(now - before - TICK)
            before = now

    def drives():
        try:
            compute.at_once([make] * AT_ONCE)
        finally:
            running.clear()

    start = time.monotonic()
    compute.at_once([tick, drives])
    return time.monotonic() - start, max(stalls), resident()


def resident():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


if __name__ == "__main__":
    unittest.main()
