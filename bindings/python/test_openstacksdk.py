"""Tests with a real Ironic and the real openstacksdk: deploys a node as an orchestrator does."""

import os
import unittest

import configdrive
from ironic_service import ROOT, WithIronic


class Openstacksdk(WithIronic):
    def test_a_packed_drive_is_what_ironic_stores(self):
        document = (ROOT / "examples/deploy/instance.json").read_text()
        component = configdrive.Component(os.environ["CONFIGDRIVE_COMPONENT"])
        node = self.enroll("sdk")
        self.assertTrue(component.required_by(document))
        text = component.pack(document)

        self.baremetal.set_node_provision_state(node, "active", config_drive=text, wait=True)
        self.assertEqual(self.stored(node), text)

        inspection = component.inspect(self.stored(node))
        self.assertEqual(inspection.label, "config-2")
        self.assertIn("openstack/latest/meta_data.json", [file.path for file in inspection.files])


if __name__ == "__main__":
    unittest.main()
