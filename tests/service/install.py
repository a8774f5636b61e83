#!/usr/bin/env python3
"""Installs what tests/wasmtime.rs and tests/service.rs need below target/service/, unless it is there. Standard library only.

wasmtime's command comes from crates.io and is built here; schemathesis, which holds the service against its OpenAPI document,
comes from PyPI. jco, the second engine, is installed by tests/bindings/install.py.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
import wasmtime_command  # noqa: E402
from services import Failure, make_venv  # noqa: E402

HOME = HERE.parents[1] / "target" / "service"


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        wasmtime_command.install(HOME, wasmtime_command.BUILT_QUICKLY)
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


if __name__ == "__main__":
    main()
