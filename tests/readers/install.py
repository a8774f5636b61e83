#!/usr/bin/env python3
"""Installs the real readers of config drives below target/readers/, unless they are there. Standard library only.

glean, cloudbase-init and Ironic's agent come from PyPI. cloud-init is not there: it is Debian's package, unpacked and not
installed. Where there is no apt-get, cloud-init is left out, and its tests say so.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from ironic import Failure, make_venv, run  # noqa: E402

HOME = HERE.parents[1] / "target" / "readers"


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        if not (HOME / "cloud-init").exists():
            unpack_cloud_init()
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def unpack_cloud_init():
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        print("install.py: no apt-get here: cloud-init is left out", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        download = ["apt-get", "download", "-qq", "cloud-init"]
        quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run(download, **quiet).returncode:
            if os.geteuid() == 0:
                subprocess.run(["apt-get", "update", "-qq"], **quiet)
            if subprocess.run(download, **quiet).returncode:
                print("install.py: apt-get has no cloud-init: it is left out", file=sys.stderr)
                return
        [package] = pathlib.Path(folder).glob("cloud-init_*.deb")
        unpacked = pathlib.Path(folder, "unpacked")
        run(["dpkg-deb", "-x", package, unpacked], "is the package whole?")
        (unpacked / "usr/lib/python3/dist-packages").rename(HOME / "cloud-init")


if __name__ == "__main__":
    main()
