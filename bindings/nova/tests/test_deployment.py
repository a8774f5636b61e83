"""Deployments by Nova's driver and by ours: real Nova, its database, a real Ironic. Their drives must have the same files."""

import base64
import json
import logging
import unittest

import compute
import nova.conf
from compute import OURS, UNMODIFIED, WithNova, instance
from nova import exception

SECRET = "planted-secret"
USER_DATA = base64.encodebytes(b"#cloud-config\n" + b"x: 0123456789\n" * 20).decode()
FILES = [("/etc/motd", b"\x00\xff"), ("/etc/issue", "é\n")]


class Deployment(WithNova):
    def test_spawn_and_rebuild_with_user_data_in_lines(self):
        self.assertIn("\n", USER_DATA.strip())
        found = self.same_drive(user_data=USER_DATA)
        self.assertEqual(found["openstack/latest/user_data"], base64.b64decode(USER_DATA))
        self.assertIn(b"192.0.2.10", found["openstack/latest/network_data.json"])
        self.assertIn("openstack/content/0001", found)

    def test_both_providers_of_vendor_data(self):
        file = self.directory / "vendor.json"
        file.write_text('{"cloud-init": "#cloud-config\\n", "n": 1.0, "é": null}')
        self.override("api", vendordata_jsonfile_path=str(file), vendordata_dynamic_targets=[f"a@{self.web}/a", f"static@{self.web}/b"])
        self.same_drive()
        self.assertEqual(self.requests, [])
        self.override("api", vendordata_providers=["StaticJSON", "DynamicJSON"])
        node = self.node()
        self.spawn(OURS, instance(node))
        self.assertEqual(self.requests, ["/a", "/b"])
        found = self.same_drive()
        self.assertEqual(json.loads(found["openstack/latest/vendor_data2.json"])["a"]["asked"], "/a")

    def test_other_options_of_nova_conf(self):
        self.override("api", dhcp_domain="example.org", config_drive_skip_versions="1.0 latest")
        found = self.same_drive()
        self.assertNotIn("ec2/latest/meta-data.json", found)
        self.assertIn(b"web-01.example.org", found["openstack/latest/meta_data.json"])
        self.override("api", dhcp_domain="")
        self.same_drive()

    def test_vfat(self):
        # Only ours: Nova would mount the image, which not every test machine allows.
        self.same_drive(config_drive_format="vfat")

    def test_the_operator_or_the_image_can_require_a_drive(self):
        def has_drive(**more):
            node = self.node()
            self.spawn(OURS, instance(node, **more))
            return "configdrive" in self.baremetal.get_node(node).instance_info

        self.assertTrue(has_drive(config_drive="", image_properties={"img_config_drive": "mandatory"}))
        self.assertFalse(has_drive(config_drive="", image_properties={"img_config_drive": "optional"}))
        self.override(None, force_config_drive=True)
        self.assertTrue(has_drive(config_drive=""))

    def test_what_cannot_be_built_ends_the_deployment(self):
        file = self.directory / "vendor.json"
        for options, files, reason in [
            ({"vendordata_jsonfile_path": str(file)}, [], "option|/vendor_data: expected an object"),
            ({"vendordata_providers": ["DynamicJSON"]}, [], r"\[api\]vendordata_providers: expected StaticJSON"),
            ({}, [("/large", bytes(70 << 20))], "MiB|bytes"),
        ]:
            file.write_text(json.dumps([SECRET]))
            self.override("api", **options)
            node = self.node()
            created = instance(node, user_data=base64.b64encode(SECRET.encode()).decode())
            with self.subTest(reason), self.assertLogs(level=logging.DEBUG) as logs:
                with self.assertRaisesRegex(exception.BuildAbortException, reason) as refused:
                    self.spawn(OURS, created, files, SECRET)
                self.assertIn(created.uuid, str(refused.exception))
                for text in [str(refused.exception), *logs.output]:
                    self.assertNotIn(SECRET, text)
                # As after any failure of a deployment, the node is free for another instance.
                found = self.baremetal.get_node(node)
                self.assertEqual((found.provision_state, "configdrive" in found.instance_info), ("available", False))
            for name in options:
                nova.conf.CONF.clear_override(name, "api")

    def test_what_may_pass_later_is_not_the_end(self):
        for cause in ("neutron", "limits"):
            node = self.node()
            created = instance(node)
            if cause == "neutron":
                compute.Handler.broken = True
            else:
                compute.Handler.broken = False
                limited = self.drivers[OURS]._component
                before, limited._limits = limited._limits, compute.configdrive.Limits(memory=1 << 16)
                self.addCleanup(setattr, limited, "_limits", before)
            with self.subTest(cause), self.assertRaises(Exception) as failed:
                self.spawn(OURS, created)
            self.assertNotIsInstance(failed.exception, exception.BuildAbortException)

    def same_drive(self, config_drive_format="iso9660", **more):
        """Deploy with Nova's driver, then deploy and rebuild with ours. Compare the drives, and return the files."""
        node = self.node()
        created = instance(node, **more)
        self.spawn(UNMODIFIED, created, FILES, SECRET)
        expected = self.files(node)
        self.assertEqual(json.loads(expected["openstack/latest/meta_data.json"])["admin_pass"], SECRET)
        self.destroy(UNMODIFIED, created)

        self.override(None, config_drive_format=config_drive_format)
        for deploy in (self.spawn, self.rebuild):
            deploy(OURS, created, FILES, SECRET)
            self.assertEqual(self.files(node), expected)
            found = self.component.inspect(self.stored(node))
            self.assertEqual(found.label, "config-2")
            if config_drive_format == "vfat":
                self.assertEqual((found.file_system, found.image_size), ("fat16", 64 << 20))
        # The way back.
        self.override(None, config_drive_format="iso9660")
        self.rebuild(UNMODIFIED, created, FILES, SECRET)
        self.assertEqual(self.files(node), expected)
        return expected


if __name__ == "__main__":
    unittest.main()
