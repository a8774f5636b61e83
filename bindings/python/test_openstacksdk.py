"""Tests with a real Ironic and the real openstacksdk: deploys a node as an orchestrator does."""

import inspect
import os
import pathlib
import tempfile
import unittest

from openstack.baremetal import configdrive as theirs

import configdrive
from configdrive import openstacksdk
from ironic_service import ROOT, WithIronic

COMPONENT = configdrive.Component(os.environ["CONFIGDRIVE_COMPONENT"])
METADATA = {"uuid": "2b8f5a34-6c1d-4e57-9f20-7d3a41c8e6b9", "hostname": "wéb"}
NETWORK = {"links": [], "networks": [], "services": []}


class Openstacksdk(WithIronic):
    def test_a_packed_drive_is_what_ironic_stores(self):
        document = (ROOT / "examples/deploy/instance.json").read_text()
        node = self.enroll("sdk")
        self.assertTrue(COMPONENT.required_by(document))
        text = COMPONENT.pack(document)

        self.baremetal.set_node_provision_state(node, "active", config_drive=text, wait=True)
        self.assertEqual(self.stored(node), text)

        inspection = COMPONENT.inspect(self.stored(node))
        self.assertEqual(inspection.label, "config-2")
        self.assertIn("openstack/latest/meta_data.json", [file.path for file in inspection.files])

    def test_openstacksdks_own_functions_make_drives_with_the_component(self):
        replace(self)
        text = theirs.build(METADATA, user_data=b"#cloud-config\n", network_data=NETWORK)
        node = self.enroll("build")
        self.baremetal.set_node_provision_state(node, "active", config_drive=text, wait=True)
        self.assertEqual(self.stored(node), text)
        self.assertEqual(text, openstacksdk.build(METADATA, b"#cloud-config\n", network_data=NETWORK))


class Functions(unittest.TestCase):
    def setUp(self):
        # These come from openstacksdk; `pack` would call genisoimage.
        self.build, self.populate_directory = theirs.build, theirs.populate_directory
        self.signatures = [signature(theirs.build), signature(theirs.pack)]
        replace(self)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name, "drive")
        self.directory.mkdir()

    def test_the_signatures_are_those_of_openstacksdk(self):
        self.assertEqual([signature(openstacksdk.build), signature(openstacksdk.pack)], self.signatures)

    def test_a_drive_has_the_files_of_openstacksdk(self):
        for given in (
            {},
            {"user_data": b"\x00\xff"},
            {"user_data": "#!/bin/sh\necho é\n", "vendor_data": {"a": [1.5, None]}},
            {"user_data": "", "network_data": {}, "vendor_data": {}, "versions": []},
            {"network_data": NETWORK, "versions": ("2018-08-27", "latest", "latest")},
        ):
            with self.subTest(given), self.populate_directory(METADATA, **given) as directory:
                text = openstacksdk.build(METADATA, **given)
                self.assertEqual(text, openstacksdk.pack(directory))
                # This build is openstacksdk's, and calls the `pack` that replaced its own.
                self.assertEqual(text, self.build(METADATA, **given))
                self.assertEqual(on_drive(text), below(pathlib.Path(directory)))

    def test_a_directory_is_packed_with_all_its_files(self):
        (self.directory / "a/b").mkdir(parents=True)
        (self.directory / "empty").mkdir()
        (self.directory / "a/b/.hidden").write_bytes(b"h")
        (self.directory / "a/link").symlink_to("b/.hidden")
        self.assertEqual(on_drive(openstacksdk.pack(str(self.directory))), {"a/b/.hidden": b"h", "a/link": b"h"})

    def test_what_is_not_a_file_is_refused(self):
        outside = self.directory.parent / "outside"
        outside.write_text("s3cr3t")
        entry = self.directory / "entry"
        for target, found in ((outside, "a link"), (".", "a link"), ("missing", "a link"), (None, "neither a file nor a directory")):
            os.mkfifo(entry) if target is None else entry.symlink_to(target)
            with self.subTest(target), self.assertRaisesRegex(RuntimeError, f"'entry' is {found}"):
                openstacksdk.pack(self.directory)
            entry.unlink()
        (self.directory / "a:b").write_text("")
        with self.assertRaisesRegex(RuntimeError, 'drive: path "a:b" has the character'):
            openstacksdk.pack(self.directory)
        with self.assertRaises(FileNotFoundError):
            openstacksdk.pack(self.directory / "missing")


def replace(test):
    """Do what the documented line does, with this build of the component, until the end of the test."""
    for name in ("build", "pack"):
        test.addCleanup(setattr, theirs, name, getattr(theirs, name))
    openstacksdk.install(COMPONENT)
    test.assertIs(theirs.pack, openstacksdk.pack)


def signature(function):
    return [(name, parameter.default, parameter.kind) for name, parameter in inspect.signature(function).parameters.items()]


def on_drive(text):
    return {path: file.content for file in COMPONENT.extract(text) for path in file.paths}


def below(directory):
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


if __name__ == "__main__":
    unittest.main()
