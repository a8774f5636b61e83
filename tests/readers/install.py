#!/usr/bin/env python3
"""Installs the real readers of config drives below target/readers/, unless they are there. Standard library only.

glean, cloudbase-init and Ironic's agent come from PyPI. cloud-init is not on PyPI: it comes from Debian's package, which is
unpacked but not installed. Without apt-get, cloud-init is left out, and its tests are ignored.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv, unpack_package  # noqa: E402

HOME = HERE.parents[1] / "target" / "readers"


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        unpack_package("cloud-init", "usr/lib/python3/dist-packages", HOME / "cloud-init")
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


if __name__ == "__main__":
    main()
