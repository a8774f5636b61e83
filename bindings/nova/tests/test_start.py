"""The driver when nova-compute starts."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest

LOAD = ("from nova.virt import driver, fake; "
        "print(type(driver.load_compute_driver(fake.FakeVirtAPI(), 'configdrive_ironic.IronicDriver')).__module__)")


class Start(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.conf = self.directory / "nova.conf"
        self.conf.write_text(f"[DEFAULT]\nstate_path = {self.directory}\n")

    def test_the_name_in_nova_conf_is_all_it_takes(self):
        code, output = self.run_python(LOAD)
        self.assertEqual((code, output.splitlines()[-1:]), (0, ["configdrive_nova.driver"]))
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
        site = pathlib.Path(sysconfig.get_path("purelib"))
        # As if Nova were a package of the system, and ours in an environment that sees it.
        system, ours = self.directory / "system", self.directory / "ours"
        for directory, left_out in [("nova", "virt"), ("nova/virt", "configdrive_ironic.py")]:
            (system / directory).mkdir(parents=True)
            for file in (site / directory).iterdir():
                if file.name != left_out:
                    (system / directory / file.name).symlink_to(file)
        shutil.copytree(site / "configdrive_nova", ours / "configdrive_nova")
        (ours / "nova/virt").mkdir(parents=True)
        shutil.copy(site / "nova/virt/configdrive_ironic.py", ours / "nova/virt")
        paths = f"import sys; sys.path[:0] = [{str(ours)!r}, {str(system)!r}]; "
        code, output = self.run_python(LOAD, before=paths)
        # Nova 30 looks for the modules of nova.virt everywhere.
        if "declare_namespace" not in (site / "nova/virt/__init__.py").read_text():
            self.assertEqual(code, 1)
            self.assertIn("No module named 'nova.virt.configdrive_ironic'", output)
        # Without the rest of nova-compute, which needs a message broker.
        script = ("import nova.cmd.compute; nova.cmd.compute.main = lambda: print(sys.argv[0]); "
                  "from configdrive_nova import command; command.main(); ")
        code, output = self.run_python(LOAD, before=paths + script)
        self.assertEqual((code, output.splitlines()[-2:]), (0, ["nova-compute", "configdrive_nova.driver"]))

    def run_python(self, script, before=""):
        script = before + f"import nova.conf; nova.conf.CONF(['--config-file', {str(self.conf)!r}], project='nova'); " + script
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        return done.returncode, done.stdout


if __name__ == "__main__":
    unittest.main()
