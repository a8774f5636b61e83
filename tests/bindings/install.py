#!/usr/bin/env python3
"""Installs what the tests in tests/bindings need below target/bindings/, unless it is there. Standard library only.

    install.py               everything
    install.py javascript    only the packages for Node, for examples/page

Python's packages come from PyPI, Node's from npm, Go's modules from its proxy, Java's from Maven Central, the headers of wasmtime's C
API from crates.io (its library is in the Python package), the registry from Debian. Without npm, Go, Maven or apt-get, the tests that
need them are ignored.
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
            # Into these, the tests install our packages.
            make_venv(HOME / "nova", HERE / "requirements.txt", lambda: None)
            make_venv(HOME / "nova-30", HERE / "requirements-nova-30.txt", lambda: None)
            install_modules()
            install_jars()
            unpack_package("docker-registry", "usr/bin/docker-registry", HOME / "docker-registry")
        install_packages()
    except (Failure, OSError) as error:
        sys.exit(f"install.py: {error}")


def install_headers():
    """The headers of wasmtime's C API, at the version of the library in PyPI's wasmtime."""
    [version] = re.findall(r"^wasmtime==(.*)$", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    # `cargo info` unpacks the crate in Cargo's registry; `cargo fetch` would download its hundred dependencies too.
    run(["cargo", "info", "--quiet", f"wasmtime-c-api-impl@{version}"], "is crates.io reachable?")
    cargo = pathlib.Path(os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo")
    [crate] = cargo.glob(f"registry/src/*/wasmtime-c-api-impl-{version}")
    headers = HOME / "include"
    shutil.rmtree(headers, ignore_errors=True)
    shutil.copytree(crate / "include", headers)
    # The library has every feature, so all of the template's conditions are true.
    template = (headers / "wasmtime/conf.h.in").read_text()
    (headers / "wasmtime/conf.h").write_text(template.replace("#cmakedefine", "#define"))


def install_packages():
    if not shutil.which("npm"):
        print("install.py: npm is not installed: the packages for Node are left out", file=sys.stderr)
        return
    home, sources = HOME / "javascript", [ROOT / "bindings" / "javascript" / name for name in ("package.json", "package-lock.json")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    stamp = home / "complete"
    if stamp.exists() and stamp.read_text() == digest:
        return
    with contextlib.suppress(FileNotFoundError):
        stamp.unlink()
    home.mkdir(parents=True, exist_ok=True)
    for source in sources:
        shutil.copy(source, home)
    print("install.py: installing target/bindings/javascript (once)", file=sys.stderr)
    # Not `npm ci`, which fails if the registry lacks a package for one of the other platforms. `npm install` installs the versions of
    # the lock file too. Nothing here needs the packages' install scripts.
    run(["npm", "install", "--prefix", home, "--ignore-scripts", "--no-audit", "--no-fund"], "is npm's registry reachable?")
    stamp.write_text(digest)


STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"


def install_modules():
    """The modules that ours depend on, and staticcheck."""
    if not shutil.which("go"):
        print("install.py: Go is not installed: its modules are left out", file=sys.stderr)
        return
    home, modules = HOME / "go", [ROOT / "bindings/go", ROOT / "examples/go", ROOT / "benches/peers"]
    sources = [module / name for module in modules for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources) + STATICCHECK.encode()).hexdigest()
    stamp = home / "complete"
    if stamp.exists() and stamp.read_text() == digest:
        return
    with contextlib.suppress(FileNotFoundError):
        stamp.unlink()
    print("install.py: installing target/bindings/go (once)", file=sys.stderr)
    os.environ |= {"GOCACHE": str(home / "cache"), "GOMODCACHE": str(home / "mod"), "GOBIN": str(home / "bin"),
                   # Otherwise nobody could delete the directory.
                   "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local"}
    hint = "is Go's module proxy reachable? Is Go 1.26 or newer installed?"
    for module in modules:
        run(["go", "-C", module, "mod", "download"], hint)
    run(["go", "install", STATICCHECK], hint)
    stamp.write_text(digest)


def install_jars():
    """The packages that examples/java depends on."""
    if not shutil.which("mvn"):
        print("install.py: Maven is not installed: the packages for Java are left out", file=sys.stderr)
        return
    home, source = HOME / "java", ROOT / "examples/java/pom.xml"
    stamp, digest = home / "complete", hashlib.sha256(source.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(home, ignore_errors=True)
    print("install.py: installing target/bindings/java (once)", file=sys.stderr)
    run(["mvn", "--quiet", "--batch-mode", "--file", source, "dependency:copy-dependencies", f"-DoutputDirectory={home}"],
        "is Maven Central reachable?")
    stamp.write_text(digest)


if __name__ == "__main__":
    main()
