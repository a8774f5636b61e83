"""Tests of the installed package, without an argument and without anything of this repository but the golden cases.

Run it with `python -I`, so that Python does not import the package from this directory.
"""

import base64
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import wasmtime

import configdrive
from configdrive import cache

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests/golden"
DOCUMENT = {"files": [{"path": "openstack/latest/meta_data.json", "contents": "e30="}]}
EMPTY = b"\0asm\x0d\0\1\0"
PROVIDERS = {"StaticJSON": "static-json", "DynamicJSON": "dynamic-json"}


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.component = configdrive.Component()

    def test_all_functions_give_novas_files(self):
        cases = [directory for directory in sorted(GOLDEN.iterdir()) if (directory / "same.txt").exists()]
        self.assertGreater(len(cases), 100)
        for case in cases:
            with self.subTest(case.name):
                document, policy, options = read(case)
                if policy is not None:
                    required, policy = policy
                    self.assertIs(self.component.required_by(document, force_config_drive=policy), required)
                text = self.component.pack(document, **options)
                contents = {path: file.content for file in self.component.extract(text) for path in file.paths}
                self.assertEqual(contents, drive(case))
                listed = {file.path: (file.size, file.sha256) for file in self.component.inspect(text).files}
                self.assertEqual(listed, {path: (len(content), hashlib.sha256(content).hexdigest()) for path, content in contents.items()})
                findings = self.component.check_drive(text)
                # Some findings are about what only the document says.
                of_document = [finding for finding in self.component.check_document(document, **options) if not finding.place.startswith("#")]
                self.assertEqual(of_document, findings)
                self.assertTrue(all(finding.remedy for finding in findings))

    def test_images_are_those_of_pack(self):
        for name in ("full", "net-static", "userdata-64k"):
            document, _, options = read(GOLDEN / name)
            text = self.component.pack(document, **options)
            image = self.component.build_drive(document, **options)
            self.assertEqual(image, gzip.decompress(base64.b64decode(text)))
            self.assertEqual(self.component.encode(image), text)
            path = "openstack/latest/meta_data.json"
            self.assertEqual(self.component.read_file(text, path), drive(GOLDEN / name)[path])
            for form in (image, gzip.compress(image), text.encode()):
                self.assertEqual(self.component.inspect(form), self.component.inspect(text))
            with self.assertRaises(configdrive.Refused) as refused:
                self.component.read_file(text, "openstack/none")
            self.assertEqual(refused.exception.code, "invalid-option")

    def test_a_drive_is_made_as_openstacksdk_does_without_openstacksdk(self):
        text = configdrive.openstacksdk.build({"uuid": "u"}, user_data="#!/bin/sh\n")
        content = self.component.read_file(text, "openstack/2012-08-10/user_data")
        self.assertEqual(content, b"#!/bin/sh\n")

    def test_documents_are_objects_text_or_bytes(self):
        text = json.dumps(DOCUMENT)
        self.assertEqual(len({self.component.pack(form) for form in (DOCUMENT, text, text.encode())}), 1)
        for wrong in (b"\xff", {"meta_data": {"é": float("nan")}}, "{", ["files"]):
            with self.subTest(wrong), self.assertRaises(configdrive.Refused) as refused:
                self.component.pack(wrong)
            self.assertEqual(refused.exception.code, "invalid-document")

    def test_ports_and_vendor_data_are_objects_or_json(self):
        document = json.loads((GOLDEN / "net-static/document.json").read_text())
        given = {"ports": [], "portgroups": {"portgroups": []}, "vendor_data": {"a": "é"}, "vendor_data2": {"b": {}}}
        as_json = {name: json.dumps(value) for name, value in given.items()}
        self.assertEqual(self.component.pack(document, **given, default_random_seed="AAAA"),
                         self.component.pack(document, **as_json, default_random_seed="AAAA"))

    def test_misspelt_options_are_errors(self):
        for function in (self.component.pack, self.component.build_drive, self.component.check_document):
            with self.assertRaisesRegex(TypeError, r"got an unexpected keyword argument 'sector'"):
                function(DOCUMENT, sector=512)
        for wrong in ({"size": "64M"}, {"size": True}, {"dhcp_domain": 3}, {"source_date_epoch": 1.5}, {"random_seed": b"AAAA"}):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, "expected .*, found "):
                self.component.pack(DOCUMENT, **wrong)


class Cache(unittest.TestCase):
    """With the empty component, which compiles at once."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.cache = self.directory / "cache"

    def test_compiled_code_is_kept_and_used(self):
        file, before = self.compile(), self.compile().stat()
        self.assertEqual((self.cache.stat().st_mode & 0o777, before.st_mode & 0o777), (0o700, 0o600))
        self.assertEqual(self.compile().stat(), before)
        self.assertEqual(list(self.cache.iterdir()), [file])

    def test_damaged_code_is_compiled_again(self):
        file = self.compile()
        whole = file.read_bytes()
        flipped = whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]
        for damaged in (b"", whole[:-1], flipped, hashlib.sha256(b"not wasmtime's").digest() + b"not wasmtime's"):
            file.write_bytes(damaged)
            self.compile()
            self.assertEqual(len(file.read_bytes()), len(whole))
            self.assertTrue(file.read_bytes() != damaged)

    def test_a_directory_that_others_can_write_is_refused(self):
        for mode in (0o770, 0o707, 0o1777):
            self.cache.mkdir(exist_ok=True)
            self.cache.chmod(mode)
            with self.subTest(oct(mode)), self.assertRaisesRegex(PermissionError, f"others can write .*{self.cache.name}"):
                self.compile()
            self.assertEqual(list(self.cache.iterdir()), [])

    def test_a_directory_below_one_that_others_can_write_is_refused(self):
        self.directory.chmod(0o777)
        with self.assertRaisesRegex(PermissionError, "others can write"):
            self.compile()
        link = self.directory / "link"
        link.symlink_to(self.cache)
        self.cache = link
        with self.assertRaisesRegex(PermissionError, "others can write"):
            self.compile()

    def test_a_file_that_others_can_write_or_a_link_is_not_used(self):
        file = self.compile()
        file.chmod(0o666)
        self.assertEqual(self.compile().stat().st_mode & 0o777, 0o600)
        file.rename(self.directory / "moved")
        file.symlink_to(self.directory / "moved")
        self.assertFalse(self.compile().is_symlink())

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0, "only root can make a directory of another user")
    def test_a_directory_of_another_user_is_refused(self):
        self.cache.mkdir()
        os.chown(self.cache, 65534, 65534)
        with self.assertRaisesRegex(PermissionError, "others can write"):
            self.compile()

    def test_few_files_are_kept(self):
        self.compile()
        for number in range(2 * cache.KEPT):
            (self.cache / f"{number}.cwasm").write_bytes(b"")
        cache.compiled(wasmtime.Engine(), wasmtime.wat2wasm("(component (core module))"), self.cache)
        self.assertEqual(len(list(self.cache.iterdir())), cache.KEPT)

    def test_the_default_directory_is_the_users(self):
        for environment, expected in (
            ({"XDG_CACHE_HOME": str(self.directory / "xdg")}, "xdg/configdrive"),
            ({"HOME": str(self.directory), "XDG_CACHE_HOME": ""}, ".cache/configdrive"),
        ):
            self.assertEqual(by_default(environment), "")
            self.assertEqual(len(list((self.directory / expected).iterdir())), 1)

    def test_without_a_usable_default_directory_nothing_is_kept(self):
        (self.directory / "file").write_text("")
        self.assertEqual(by_default({"XDG_CACHE_HOME": str(self.directory / "file")}), "")
        self.cache.mkdir()
        self.cache.chmod(0o777)
        self.assertIn("RuntimeWarning: cannot use", by_default({"XDG_CACHE_HOME": str(self.cache)}))
        self.assertEqual(list((self.cache / "configdrive").iterdir()), [])

    def test_a_component_uses_the_directory_that_the_caller_names(self):
        configdrive.Component(cache=self.cache)
        self.assertEqual(len(list(self.cache.iterdir())), 1)
        self.cache.chmod(0o777)
        with self.assertRaises(PermissionError):
            configdrive.Component(cache=self.cache)

    def compile(self):
        """Compile the component or load it, and return its file."""
        cache.compiled(wasmtime.Engine(), EMPTY, self.cache)
        [file] = self.cache.iterdir()
        return file


def by_default(environment):
    """Return what another process that uses the default directory writes to standard error."""
    script = f"import wasmtime, configdrive.cache; configdrive.cache.compiled_by_default(wasmtime.Engine(), {EMPTY!r})"
    done = subprocess.run([sys.executable, "-I", "-c", script], env={**os.environ, **environment}, check=True,
                          stderr=subprocess.PIPE, text=True)
    return done.stderr


def read(case):
    """Return a golden case's document, what decides about its drive with the decision, and its options."""
    expected = json.loads((case / "case.json").read_text())
    given = expected.get("options", {})
    options = {"skip_versions": given.get("config_drive_skip_versions"), "dhcp_domain": given.get("dhcp_domain")}
    if "vendordata_providers" in given:
        options["vendordata_providers"] = [PROVIDERS[name] for name in given["vendordata_providers"]]
    policy = (expected["required_by"], given.get("force_config_drive", False)) if "required_by" in expected else None
    return (case / "document.json").read_bytes(), policy, {**options, "default_random_seed": "AAAA"}


def drive(case):
    """Return the contents of the files on a golden case's drive."""
    root = case / "drive"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    for line in (case / "same.txt").read_text().splitlines():
        path, first = line.split(" = ")
        files[path] = files[first]
    return files


if __name__ == "__main__":
    unittest.main()
