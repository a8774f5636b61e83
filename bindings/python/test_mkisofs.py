"""Tests of `configdrive mkisofs` with the programs that call mkisofs: Nova and openstacksdk, both unmodified.

The variable CONFIGDRIVE names the command. No other program is on the PATH while they run.
"""

import base64
import gzip
import os
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

import nova.conf
from nova import context, objects
from nova.network import model
from nova.virt.ironic.driver import IronicDriver
from openstack.baremetal import configdrive as openstacksdk
from oslo_concurrency import processutils

import configdrive
from ironic_service import WithIronic

COMPONENT = configdrive.Component(os.environ["CONFIGDRIVE_COMPONENT"])
NAMES = ("genisoimage", "mkisofs", "xorrisofs")


class Mkisofs(WithIronic):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def only(self, *names):
        """Return a PATH on which there is nothing but the command under these names."""
        path = self.directory / "-".join(names)
        path.mkdir()
        for name in names:
            (path / name).symlink_to(os.environ["CONFIGDRIVE"])
        patched = mock.patch.dict(os.environ, PATH=str(path))
        patched.start()
        self.addCleanup(patched.stop)
        return path

    def test_nova_makes_its_drives_with_the_command(self):
        nova.conf.CONF([], project="nova", default_config_files=[])
        objects.register_all()
        node = self.enroll("mkisofs", "--port", "52:54:00:00:03:01=0d3a1a7c-5f0c-4a58-9bb8-000000000001")
        link = self.only("genisoimage") / "genisoimage"
        files = self.directory / "files"
        copy = self.directory / "copy"
        # Keeps what Nova wants to have on the drive.
        copy.write_text(f"#!{sys.executable}\nimport os, shutil, sys\nshutil.copytree(sys.argv[-1], {str(files)!r})\n"
                        f"os.execv({str(link)!r}, [{str(link)!r}, *sys.argv[1:]])\n")
        copy.chmod(0o700)
        drives = [self.generate(node, command) for command in ("genisoimage", str(link), str(copy))]
        self.assertEqual(*drives[:2])
        self.assertEqual(*drives[1:])
        self.assertEqual(on_drive(drives[0]), below(files))
        self.assertIn("openstack/latest/network_data.json", below(files))
        inspection = COMPONENT.inspect(drives[0])
        self.assertEqual((inspection.label, inspection.file_system), ("config-2", "iso9660-rock-ridge"))
        # User data is there many times, and is stored once.
        self.assertLess(inspection.image_size, 2 * len(USER_DATA) + (400 << 10))

    def test_an_error_reaches_nova(self):
        nova.conf.CONF([], project="nova", default_config_files=[])
        objects.register_all()
        node = self.enroll("mkisofs-error")
        self.only("genisoimage")
        with self.assertRaisesRegex(processutils.ProcessExecutionError, "Exit code: 4\n.*\nStderr: 'error: .* at most 67108864"):
            self.generate(node, "genisoimage", files=[("/etc/large", bytes(65 << 20))])

    def generate(self, node, command, files=None):
        """Return the image that Nova makes with this command."""
        settings = nova.conf.CONF
        settings.set_override("mkisofs_cmd", command)
        self.addCleanup(settings.clear_override, "mkisofs_cmd")
        driver = IronicDriver(None)
        driver._ironic_connection = self.baremetal
        with (
            # Instead of Neutron and the database.
            mock.patch("nova.network.security_group_api.get_instance_security_groups", return_value=[]),
            mock.patch.object(objects.Instance, "get_bdms", return_value=objects.BlockDeviceMappingList(objects=[])),
            mock.patch("os.urandom", side_effect=bytes),
        ):
            text = driver._generate_configdrive(
                context.get_admin_context(), instance(), self.baremetal.get_node(node), NETWORK_INFO, files=files)
        return unpacked(text)

    def test_openstacksdk_packs_with_the_command_under_each_name(self):
        given = {"user_data": os.urandom(1 << 20), "network_data": {"links": []}}
        with openstacksdk.populate_directory({"uuid": "u", "hostname": "wéb"}, **given) as directory:
            files = below(pathlib.Path(directory)).items()
            document = [{"path": path, "contents": base64.b64encode(content).decode()} for path, content in files]
            expected = unpacked(COMPONENT.pack({"files": document}))
            for name in NAMES:
                self.only(name)
                with self.subTest(name):
                    # A difference of megabytes helps nobody.
                    self.assertTrue(unpacked(openstacksdk.pack(directory)) == expected)
            pathlib.Path(directory, "a:b").write_text("")
            with self.assertRaisesRegex(RuntimeError, 'error: .*: path "a:b" has'):
                openstacksdk.pack(directory)
        # The user data is stored once.
        self.assertLess(len(expected), (1 << 20) + (500 << 10))


USER_DATA = b"#!/bin/sh\n" + 60_000 * b"#"
NETWORK_INFO = model.NetworkInfo([model.VIF(
    id="0d3a1a7c-5f0c-4a58-9bb8-000000000001", address="52:54:00:00:03:01", type="ovs", devname="tap0",
    network=model.Network(id="n", bridge="br", label="net", subnets=[], mtu=1500))])


def instance():
    return objects.Instance(
        context.get_admin_context(), id=1, uuid="8b5d4c3e-0000-4000-8000-000000000001", hostname="m", display_name="m",
        project_id="p", user_id="u", availability_zone="nova", reservation_id="r-1", launch_index=0, metadata={"k": "v"},
        system_metadata={}, user_data=base64.b64encode(USER_DATA).decode(), key_name=None, key_data=None,
        keypairs=objects.KeyPairList(objects=[]), flavor=objects.Flavor(name="bm"), root_device_name="/dev/sda",
        default_ephemeral_device=None, default_swap_device=None, device_metadata=None, numa_topology=None,
        ec2_ids=objects.EC2Ids(instance_id="i-1", ami_id="ami-1", kernel_id=None, ramdisk_id=None))


def unpacked(text):
    return gzip.decompress(base64.b64decode(text))


def on_drive(image):
    return {path: file.content for file in COMPONENT.extract(image) for path in file.paths}


def below(directory):
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


if __name__ == "__main__":
    unittest.main()
