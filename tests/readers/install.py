#!/usr/bin/env python3
"""Installs the real readers of config drives below target/readers/, unless they are there. Standard library only.

glean, cloudbase-init and Ironic's agent come from PyPI. cloud-init and netplan are not on PyPI: they come from Debian's packages,
which are unpacked but not installed, with the libraries that netplan needs. Without apt-get, they are left out, and their tests
are ignored.
"""

import pathlib
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


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        for release, packages in RELEASES.items():
            unpack_release(release, packages, HOME / release)
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


if __name__ == "__main__":
    main()
