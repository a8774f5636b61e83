"""Wheels: the package with the component inside, and the command."""

import os
import shutil

from common import HERE, ROOT, VERSION, WORK, Failure, make_venv, run, staged

# A static executable needs no libc, so it runs wherever pip accepts one of these names.
PLATFORMS = {
    "x86_64": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
}

NOVA = ROOT / "bindings/nova"


def library(out, component):
    """`configdrive`: a wheel for every platform, and the sdist from which it is built."""
    source, package = ROOT / "bindings/python", staged("python")
    shutil.copytree(source / "configdrive", package / "configdrive", ignore=shutil.ignore_patterns("__pycache__"))
    for file in (source / "pyproject.toml", source / "README.md", ROOT / "LICENSE"):
        shutil.copy(file, package)
    (package / "configdrive/configdrive.wasm").write_bytes(component)
    build(package, out, "sdist", "wheel")
    require(out / f"configdrive-{VERSION}.tar.gz", out / f"configdrive-{VERSION}-py3-none-any.whl")


def nova(out):
    """`configdrive_nova`: makes Nova build its drives with the package above."""
    package = staged("nova")
    shutil.copytree(NOVA, package, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    shutil.copy(ROOT / "LICENSE", package)
    build(package, out, "wheel")
    require(out / f"configdrive_nova-{VERSION}-py3-none-any.whl")


def command(out, architecture, executable, page):
    """`configdrive-cli`: a wheel with the static executable, as ruff and uv have them."""
    package = staged(f"command-{architecture}")
    shutil.copytree(HERE / "command", package, dirs_exist_ok=True)
    for file in (ROOT / "LICENSE", ROOT / "host/command/README.md"):
        shutil.copy(file, package)
    shutil.copy(executable, package / "configdrive")
    shutil.copytree(page, package / "page")
    build(package, out, "wheel", PLATFORM=PLATFORMS[architecture])
    require(out / f"configdrive_cli-{VERSION}-py3-none-{PLATFORMS[architecture]}.whl")


def build(package, out, *targets, **environment):
    make_venv(WORK / "python", HERE / "requirements.txt", lambda: None)
    for target in targets:
        run(WORK / "python/venv/bin/python", "-m", "hatchling", "build", "--target", target, "--directory", out,
            cwd=package, env={**os.environ, **environment})


def require(*files):
    for file in files:
        if not file.exists():
            raise Failure(f"{file.name} was not built: does its pyproject.toml have the version {VERSION} of Cargo.toml?")
