#!/usr/bin/env python3
"""Installs what tests/bindings/embed.rs needs below target/bindings/, unless it is there. Standard library only.

    install.py               everything
    install.py javascript    the packages of Node alone, for examples/page

Python's packages come from PyPI, Node's from npm, the headers of wasmtime's C API from crates.io (its library is in Python's
package), the registry from Debian. Where there is no npm or no apt-get, the tests of what they bring say so.
"""

import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "ironic"))
from services import Failure, make_venv, run, unpack_package  # noqa: E402

ROOT = HERE.parents[1]
HOME = ROOT / "target" / "bindings"


def main():
    try:
        if sys.argv[1:] != ["javascript"]:
            make_venv(HOME, HERE / "requirements.txt", install_headers)
            unpack_package("docker-registry", "usr/bin/docker-registry", HOME / "docker-registry")
        install_packages()
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def install_headers():
    """The headers of wasmtime's C API, at the version of the library in PyPI's wasmtime."""
    [version] = re.findall(r"^wasmtime==(.*)$", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    # `cargo info` leaves the crate unpacked in Cargo's registry; `cargo fetch` would get its hundred dependencies too.
    run(["cargo", "info", "--quiet", f"wasmtime-c-api-impl@{version}"], "is crates.io reachable?")
    cargo = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    [crate] = cargo.glob(f"registry/src/*/wasmtime-c-api-impl-{version}")
    headers = HOME / "include"
    shutil.rmtree(headers, ignore_errors=True)
    shutil.copytree(crate / "include", headers)
    # The library has every feature, so the template's conditions all hold.
    template = (headers / "wasmtime/conf.h.in").read_text()
    (headers / "wasmtime/conf.h").write_text(template.replace("#cmakedefine", "#define"))


def install_packages():
    if not shutil.which("npm"):
        print("install.py: no npm here: the packages of Node are left out", file=sys.stderr)
        return
    home, sources = HOME / "javascript", [ROOT / "bindings" / "javascript" / name for name in ("package.json", "package-lock.json")]
    wanted = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = home / "complete"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with contextlib.suppress(FileNotFoundError):
        stamp.unlink()
    home.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copy(source, home)
    print("install.py: installing target/bindings/javascript (once)", file=sys.stderr)
    # Not `npm ci`, which fails where the registry has no package for one of the other platforms. What is installed is what the lock
    # file says all the same. Nothing here needs the scripts that packages run when they are installed.
    run(["npm", "install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund"], "is npm's registry reachable?")
    stamp.write_text(wanted)


if __name__ == "__main__":
    main()
