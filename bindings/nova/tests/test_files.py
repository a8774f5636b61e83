"""The files that both drivers make from the golden cases' documents, as Nova's own objects."""

import json
import unittest
from unittest import mock

import compute
from compute import OURS, ROOT, UNMODIFIED, WithNova
from nova import context, objects
from nova.network import model

CASES = ["full", "bdm-root-forms", "cpus-no-cells", "flavor-absent", "inj-v4-v6", "keys-x509", "net-multi-vif", "net-vlan",
         "secgroups-portable", "text-control", "userdata-64k"]


class Files(WithNova):
    def test_a_port_carries_the_interface(self):
        for number, case in enumerate(CASES):
            with self.subTest(case):
                document = read(case)
                vif = document["network_info"][0]["id"]
                self.same_files(document, self.enroll(case, "--port", f"52:54:00:00:02:{number:02x}={vif}"))

    def test_a_port_group_carries_the_interface(self):
        document = read("net-static")
        vif = document["network_info"][0]["id"]
        node = self.enroll("group", "--portgroup", f"52:54:00:00:01:00={vif}", "--member", "52:54:00:00:01:01",
                           "--member", "52:54:00:00:01:02")
        files = self.same_files(document, node)
        self.assertNotEqual(files, self.same_files(document, self.enroll("bare")), "the group must make a difference")

    def same_files(self, document, node):
        """Build the drive with both drivers, and return its files."""
        instance, mappings, network_info = objects_of(document)
        groups = document["instance"].get("security_groups") or []
        arguments = (context.get_admin_context(), instance, self.baremetal.get_node(node), network_info)
        more = {"extra_md": {"admin_pass": "s3cr3t"}, "files": [("/etc/motd", "é\n"), ("/etc/raw", b"\x00\xff")]}
        with (
            # The documents' groups and mappings, which are not in Neutron and the database.
            mock.patch("nova.network.security_group_api.get_instance_security_groups", return_value=groups),
            mock.patch.object(objects.Instance, "get_bdms", return_value=mappings),
        ):
            drives = [self.drivers[name]._generate_configdrive(*arguments, **more) for name in (UNMODIFIED, OURS)]
        novas, ours = (compute.files(self.component, drive) for drive in drives)
        self.assertEqual(ours, novas)
        return ours


def read(case):
    return json.loads((ROOT / "tests/golden" / case / "document.json").read_text())


def objects_of(document):
    """Convert a document of tests/golden/ to Nova's own objects."""
    given = document["instance"]
    names = ("uuid", "hostname", "display_name", "project_id", "availability_zone", "reservation_id", "key_name",
             "key_data", "user_data", "root_device_name", "default_ephemeral_device", "default_swap_device")
    instance = objects.Instance(
        context.get_admin_context(),
        **{name: given.get(name) for name in names},
        launch_index=given.get("launch_index") or 0,
        metadata=given.get("metadata") or {},
        system_metadata={},
        keypairs=objects.KeyPairList(objects=[objects.KeyPair(**pair) for pair in given.get("keypairs") or []]),
        flavor=objects.Flavor(name=(given.get("flavor") or {"name": None})["name"]),
        ec2_ids=objects.EC2Ids(**{"ami_id": None, "kernel_id": None, "ramdisk_id": None, **given["ec2_ids"]}),
        device_metadata=objects.InstanceDeviceMetadata(devices=devices()),
        numa_topology=objects.InstanceNUMATopology(cells=[
            objects.InstanceNUMACell(id=0, cpuset=set(), pcpuset=set(cell.get("pcpuset") or []), memory=1)
            for cell in (given.get("numa_topology") or {}).get("cells") or []]),
    )
    mappings = objects.BlockDeviceMappingList(objects=[
        objects.BlockDeviceMapping(**{
            name: mapping.get(name) for name in ("device_name", "source_type", "destination_type", "guest_format")})
        for mapping in given.get("block_device_mappings") or []])
    return instance, mappings, model.NetworkInfo.hydrate(document["network_info"])


def devices():
    found = [
        objects.NetworkInterfaceMetadata(mac="52:54:00:00:00:0A", tags=["mgmt"], vlan=7, bus=objects.PCIDeviceBus(address="0000:00:03.0")),
        objects.DiskMetadata(serial="s", path="/dev/sdb", tags=["data"], bus=objects.SCSIDeviceBus(address="0:0:0:1")),
    ]
    if hasattr(objects, "ShareMetadata"):  # Nova 31
        found.append(objects.ShareMetadata(share_id="6d0f1e2d-0000-4000-8000-000000000002", tag="data"))
    return found


if __name__ == "__main__":
    unittest.main()
