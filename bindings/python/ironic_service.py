"""The real Ironic of tests/ironic/, for a test class."""

import json
import pathlib
import subprocess
import unittest

import openstack

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Not this virtual environment's Python: ironic.py makes one of its own, for the Python that calls it.
IRONIC = ["python3", str(ROOT / "tests/ironic/ironic.py")]


class WithIronic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([*IRONIC, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.process.stdout.readline()
        if not line:
            raise AssertionError("Ironic does not start; ironic.py says why")
        cls.service = json.loads(line)
        cls.baremetal = openstack.connect(
            auth_type="none", endpoint=cls.service["endpoint"], baremetal_endpoint_override=cls.service["endpoint"],
        ).baremetal

    @classmethod
    def stop(cls):
        cls.process.stdin.close()  # the signal upon which it ends
        cls.process.wait()
        cls.process.stdout.close()

    def enroll(self, name, *more):
        """The UUID of a node that is ready to be deployed."""
        return json.loads(self.ironic("enroll", name, "--endpoint", self.service["endpoint"], *more))["uuid"]

    def stored(self, node):
        """The node's config drive as Ironic stored it."""
        return self.ironic("stored", node, "--database", self.service["database"])

    @staticmethod
    def ironic(*arguments):
        return subprocess.run([*IRONIC, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True).stdout
