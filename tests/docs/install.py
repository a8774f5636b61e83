#!/usr/bin/env python3
"""Installs what the documentation's commands need below target/docs/, unless it is there: OpenStack's clients, metalsmith and Ansible, from PyPI.

Standard library only.
"""

import pathlib
import re
import shutil
import sys
import tempfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv, run  # noqa: E402

HOME = HERE.parents[1] / "target" / "docs"
REQUIREMENTS = HERE / "requirements.txt"


def main():
    try:
        make_venv(HOME, REQUIREMENTS, install_collection, __file__)
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def install_collection():
    """Unpacks the collection openstack.cloud from the package `ansible`, without its hundred others."""
    [version] = re.findall(r"^# ansible==(.*)$", REQUIREMENTS.read_text(), re.MULTILINE)
    shutil.rmtree(HOME / "collections", ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=HOME) as directory:
        run([HOME / "venv/bin/python", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--dest", directory, f"ansible=={version}"], "is PyPI reachable?")
        [wheel] = pathlib.Path(directory).glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as files:
            names = [name for name in files.namelist() if name.startswith("ansible_collections/openstack/cloud/")]
            files.extractall(HOME / "collections", names)


if __name__ == "__main__":
    main()
