#!/usr/bin/env python3
"""Installs what tests/wasmtime.rs and tests/service.rs need below target/service/, unless it is there. Standard library only.

wasmtime's command comes from crates.io and is built here; schemathesis, which holds the service against its OpenAPI document,
comes from PyPI. jco, the second engine, is installed by tests/embed/install.py.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv, run  # noqa: E402

HOME = HERE.parents[1] / "target" / "service"
WASMTIME = "48.0.8"  # of the host's major version
FEATURES = "run,serve,compile,component-model-async,pooling-allocator"  # serve does not compile without the async one


def main():
    try:
        make_venv(HOME, HERE / "requirements.txt", lambda: None)
        install_wasmtime()
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def install_wasmtime():
    """wasmtime's command, with what the tests call of it. Cargo sees for itself whether it is there, with these features."""
    if not (HOME / "bin" / "wasmtime").exists():
        print("install.py: building wasmtime's command below target/service (once, some minutes)", file=sys.stderr)
    run(["cargo", "install", "wasmtime-cli", "--version", WASMTIME, "--locked", "--quiet", "--root", HOME,
         "--no-default-features", "--features", FEATURES], "is crates.io reachable?")


if __name__ == "__main__":
    main()
