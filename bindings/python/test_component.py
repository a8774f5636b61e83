"""Tests of the package: results, refusals and limits."""

import concurrent.futures
import json
import os
import pathlib
import re
import unittest

import configdrive
from configdrive import Limits, Options, Refused, Stopped

COMPONENT = os.environ["CONFIGDRIVE_COMPONENT"]
DOCUMENT = json.dumps({"files": [{"path": "openstack/latest/meta_data.json", "contents": "e30="}]})
WIT = pathlib.Path(__file__).resolve().parents[2] / "wit/configdrive.wit"


class Component(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.component = configdrive.Component(COMPONENT)

    def test_options_reach_the_drive(self):
        small = self.component.inspect(self.component.pack(DOCUMENT, format="vfat", sector_size=4096))
        self.assertEqual((small.file_system[:3], small.sector_size), ("fat", 4096))
        large = self.component.inspect(self.component.pack(DOCUMENT, format="vfat", size=64 << 20))
        self.assertEqual(large.image_size, 64 << 20)

    def test_an_unknown_option_is_rejected_with_the_one_that_was_probably_meant(self):
        for option, end in (("sectorSize", "'sectorSize'; did you mean 'sector_size'?"), ("label", "'label'")):
            with self.assertRaisesRegex(TypeError, re.escape(f"pack() got an unexpected keyword argument {end}") + "$"):
                self.component.pack(DOCUMENT, **{option: 512})

    def test_equal_arguments_give_equal_drives(self):
        self.assertEqual(self.component.pack(DOCUMENT), self.component.pack(DOCUMENT))

    def test_a_document_without_a_seed_gets_a_new_one_each_time(self):
        seeds = [
            self.component.pack('{"instance": {"uuid": "u", "hostname": "h", "ec2_ids": {"instance_id": "i"}}, "network_data": {}}')
            for _ in range(2)]
        self.assertNotEqual(*seeds)

    def test_a_document_can_be_yaml(self):
        yaml = "files:\n- path: openstack/latest/meta_data.json\n  contents: e30=\n"
        self.assertEqual(self.component.pack(yaml), self.component.pack(DOCUMENT))
        with self.assertRaises(Refused) as refused:
            self.component.pack("meta_data:\n  enabled: yes\n")
        self.assertEqual((refused.exception.code, refused.exception.pointer), ("invalid-document", "/meta_data/enabled"))

    def test_findings_say_what_to_do(self):
        findings = self.component.check_document(DOCUMENT)
        self.assertEqual(findings, self.component.check_drive(self.component.pack(DOCUMENT)))
        self.assertTrue(findings)
        self.assertTrue(all(finding.remedy for finding in findings))

    def test_a_refusal_names_the_place(self):
        with self.assertRaises(Refused) as refused:
            self.component.pack('{"instance": {"uuid": 1}, "network_data": {}}')
        self.assertEqual((refused.exception.code, refused.exception.pointer), ("invalid-document", "/instance/uuid"))
        self.assertIn("/instance/uuid", str(refused.exception))

    def test_a_damaged_drive_is_refused(self):
        for text in ["", "e30=", "no base64", self.component.pack(DOCUMENT)[:-400]]:
            with self.assertRaises(Refused) as refused:
                self.component.inspect(text)
            self.assertEqual(refused.exception.code, "invalid-drive")

    def test_values_that_wasmtime_would_change_are_refused(self):
        for wrong in [{"size": -1}, {"sector_size": 1 << 32}, {"source_date_epoch": 1 << 64}, {"format": "zip"},
                      {"vendordata_providers": ["StaticJSON"]}]:
            with self.subTest(wrong), self.assertRaises(Refused) as refused:
                self.component.pack(DOCUMENT, **wrong)
            self.assertEqual(refused.exception.code, "invalid-option")
        with self.assertRaises(Refused) as refused:
            self.component.required_by('"\ud800"')
        self.assertEqual(refused.exception.code, "invalid-document")

    def test_every_option_of_the_interface_is_known(self):
        [record] = re.findall(r"record options \{([^}]*)\}", WIT.read_text())
        options = dict(re.findall(r"^ +([a-z][a-z0-9-]*): (?:option<)?(\w+)", record, re.MULTILINE))
        self.assertEqual({name.replace("-", "_") for name in options}, set(Options.__annotations__))
        for name in [name for name, kind in options.items() if re.fullmatch(r"[us]\d+", kind)]:
            with self.subTest(name), self.assertRaisesRegex(Refused, f"^{name}: "):
                self.component.pack(DOCUMENT, **{name.replace("-", "_"): 1 << 64})

    def test_limits_stop_a_call_but_not_the_next_one(self):
        for limits, cause in [(Limits(fuel=10_000), "fuel"), (Limits(memory=1 << 20), "memory")]:
            with self.subTest(cause), self.assertRaisesRegex(Stopped, cause):
                configdrive.Component(COMPONENT, limits).pack(DOCUMENT)
        tight = configdrive.Component(COMPONENT, Limits(fuel=50_000_000))
        large = json.dumps({"files": [{"path": "a", "contents": "QUJDREVG" * (1 << 20)}]})
        with self.assertRaises(Stopped):
            tight.pack(large)
        self.assertEqual(tight.pack(DOCUMENT), self.component.pack(DOCUMENT))

    def test_threads_share_a_component(self):
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            self.assertEqual(len(set(threads.map(self.component.pack, [DOCUMENT] * 64))), 1)

    def test_another_component_is_rejected(self):
        with self.assertRaisesRegex(ValueError, "ironic:configdrive/drive"):
            configdrive.Component(b"\0asm\x0d\0\1\0")  # the empty component


if __name__ == "__main__":
    unittest.main()
