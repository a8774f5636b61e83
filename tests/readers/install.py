#!/usr/bin/env python3
"""Installs the real readers of config drives below target/readers/, unless they are there. Standard library only.

glean, cloudbase-init and Ironic's agent come from PyPI, and Ignition's parser from Go's module proxy, unless Go is missing.
cloud-init and netplan are not on PyPI: they come from Debian's packages, which are unpacked but not installed, with the libraries
that netplan needs. Without apt-get, they are left out, and their tests are ignored.
"""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv, unpack_release  # noqa: E402

HOME = HERE.parents[1] / "target" / "readers"

LIBRARIES = ["libc6", "libffi8", "libmount1", "libblkid1", "libpcre2-8-0", "libselinux1", "libuuid1", "libyaml-0-2", "zlib1g"]

# The releases from which cloud-init and netplan are taken: one that is in use for long, and the newest.
RELEASES = {
    "bookworm": ["cloud-init", "netplan.io", "libnetplan0", "libglib2.0-0", "libgcc-s1", *LIBRARIES],
    "unstable": ["cloud-init", "netplan-generator", "libnetplan1", "libglib2.0-0t64", "libatomic1", "libcap2", "libsystemd0",
                 *LIBRARIES],
}


# The command that parses and validates a configuration.
IGNITION = "github.com/coreos/ignition/v2/validate@v2.24.0"


def install_ignition(home):
    done = home / "installed"
    if not shutil.which("go") or done.exists() and done.read_text() == IGNITION:
        return
    result = subprocess.run(["go", "install", IGNITION], check=False, env={**os.environ, "GOBIN": str(home)})
    if result.returncode:
        raise Failure(f"cannot install {IGNITION}: is Go's module proxy reachable?")
    done.write_text(IGNITION)


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        for release, packages in RELEASES.items():
            unpack_release(release, packages, HOME / release)
        install_ignition(HOME / "ignition")
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


if __name__ == "__main__":
    main()
