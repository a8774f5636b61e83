"""A base class for tests with the real Ironic of tests/ironic/."""

import json
import pathlib
import subprocess
import unittest

import openstack

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Not the Python of this virtual environment: ironic.py creates its own environment from the Python that runs it.
IRONIC = ["python3", str(ROOT / "tests/ironic/ironic.py")]


class WithIronic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([*IRONIC, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.stop)
        line = cls.process.stdout.readline()
        if not line:
            raise AssertionError("Ironic did not start; see the output of ironic.py")
        cls.service = json.loads(line)
        cls.baremetal = openstack.connect(
            auth_type="none", endpoint=cls.service["endpoint"], baremetal_endpoint_override=cls.service["endpoint"],
        ).baremetal

    @classmethod
    def stop(cls):
        cls.process.stdin.close()  # tells it to stop
        cls.process.wait()
        cls.process.stdout.close()

    def enroll(self, name, *more):
        """Enroll a node that is ready to be deployed, and return its UUID."""
        return json.loads(self.ironic("enroll", name, "--endpoint", self.service["endpoint"], *more))["uuid"]

    def stored(self, node):
        """Return the node's config drive as Ironic stored it."""
        return self.ironic("stored", node, "--database", self.service["database"])

    @staticmethod
    def ironic(*arguments):
        return subprocess.run([*IRONIC, *arguments], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True).stdout
