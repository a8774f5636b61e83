"""Twenty deployments at once, with eventlet or with threads: the variable OS_NOVA_DISABLE_EVENTLET_PATCHING decides."""

import base64
import unittest

import compute  # first: Nova patches the standard library
from compute import OURS, WithNova, instance

SPAWNS = 20


class Load(WithNova):
    def test_each_instance_gets_its_own_drive(self):
        deployments = []
        for number in range(SPAWNS):
            node = self.node()
            data = f"#cloud-config\nnumber: {number}\n".encode()
            deployments.append((node, data, instance(node, user_data=base64.b64encode(data).decode())))
        component = self.drivers[OURS]._component
        counter = Counter(component.pack)
        component.pack = counter
        self.addCleanup(delattr, component, "pack")
        compute.at_once([lambda created=created: self.spawn(OURS, created) for _, _, created in deployments])
        for node, data, created in deployments:
            found = self.files(node)
            self.assertEqual(found["openstack/latest/user_data"], data)
            self.assertIn(created.uuid.encode(), found["openstack/latest/meta_data.json"])
        # The memory is that of one call, however many drives are wanted.
        self.assertEqual((counter.calls, counter.most), (SPAWNS, 1))


class Counter:
    """Calls a function, and counts the calls and how many of them there were at once."""

    def __init__(self, function):
        self.function = function
        self.calls = self.now = self.most = 0

    def __call__(self, *arguments, **named):
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            return self.function(*arguments, **named)
        finally:
            self.now -= 1


if __name__ == "__main__":
    unittest.main()
