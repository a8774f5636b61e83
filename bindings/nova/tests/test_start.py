"""The driver when nova-compute starts."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PRELUDE = "import nova.conf; nova.conf.CONF(['--config-file', {conf!r}], project='nova'); "
LOAD = ("from nova.virt import driver, fake; "
        "print(type(driver.load_compute_driver(fake.FakeVirtAPI(), 'configdrive_ironic.IronicDriver')).__module__)")


class Start(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.conf = self.directory / "nova.conf"
        self.conf.write_text(f"[DEFAULT]\nstate_path = {self.directory}\n")

    def test_the_name_in_nova_conf_is_all_it_takes(self):
        self.assertEqual(self.run_python(LOAD), (0, "configdrive_nova.driver\n"))
        # The compiled code is kept, and used by the next start.
        [file] = (self.directory / "configdrive-cache").iterdir()
        before = file.stat()
        self.assertEqual(self.run_python(LOAD)[0], 0)
        self.assertEqual(file.stat().st_mtime_ns, before.st_mtime_ns)

    def test_a_cache_that_others_can_write_is_not_used(self):
        self.directory.chmod(0o777)
        code, output = self.run_python(LOAD)
        self.assertEqual(code, 0)
        self.assertIn("compiling the config drive component at each start", output)

    def test_an_older_nova_is_rejected(self):
        old = "import nova.version; nova.version.version_string = lambda: '29.4.0'; "
        code, output = self.run_python(old + LOAD)
        self.assertEqual(code, 1)
        self.assertIn("configdrive-nova needs Nova 30 (2024.2) or newer, found Nova 29.4.0", output)

    def test_a_nova_with_a_newer_version_of_the_metadata_is_rejected(self):
        new = "from nova.api.metadata import base; base.OPENSTACK_VERSIONS.append('2099-01-01'); "
        code, output = self.run_python(new + LOAD)
        self.assertEqual(code, 1)
        self.assertIn("metadata of version 2099-01-01, which this configdrive does not know; upgrade configdrive-nova", output)

    def test_settings_with_which_no_drive_can_be_built_are_reported(self):
        with self.conf.open("a") as conf:
            conf.write("[api]\nvendordata_providers = DynamicJSON\n")
        code, output = self.run_python(LOAD)
        self.assertEqual(code, 0)
        self.assertIn("[api]vendordata_providers: expected StaticJSON", output)

    def test_the_script_finds_the_driver_elsewhere(self):
        site = pathlib.Path(sys.prefix, f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages")
        # As if Nova, a package of the system, could not contain our module.
        elsewhere = self.directory / "elsewhere"
        (elsewhere / "nova/virt").mkdir(parents=True)
        (elsewhere / "configdrive_nova").symlink_to(site / "configdrive_nova")
        script = (f"import sys; sys.path.append({str(elsewhere)!r}); from configdrive_nova import command; import nova.cmd.compute; "
                  "nova.cmd.compute.main = lambda: print(sys.argv[0]); command.main(); ")
        code, output = self.run_python(script + PRELUDE.format(conf=str(self.conf)) + LOAD, prelude=False)
        self.assertEqual((code, output), (0, "nova-compute\nconfigdrive_nova.driver\n"))

    def run_python(self, script, prelude=True):
        before = PRELUDE.format(conf=str(self.conf)) if prelude else ""
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", before + script], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        return done.returncode, done.stdout


if __name__ == "__main__":
    unittest.main()
