"""What the parts of a release share."""

import functools
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tests/ironic"))
from services import Failure, make_venv  # noqa: F401

VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
WORK = ROOT / "target/dist"
"""Where releases are built, apart from the directory of everyday builds."""


def run(*command, **options):
    """Run a command, and return its standard output."""
    try:
        done = subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **options)
    except FileNotFoundError:
        raise Failure(f"cannot run {command[0]}: it is not installed") from None
    except subprocess.CalledProcessError as error:
        # Some tools write their errors to standard output.
        sys.stderr.buffer.write(error.stdout)
        raise Failure(f"{' '.join(map(str, command))} failed with exit code {error.returncode}") from None
    return done.stdout


def reproducible():
    """Make tools use the commit's date instead of the current time, in UTC."""
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch())
    os.environ["TZ"] = "UTC"
    os.environ["LC_ALL"] = "C.UTF-8"
    os.umask(0o022)


@functools.cache
def epoch():
    return int(run("git", "-C", ROOT, "log", "-1", "--format=%ct"))


def staged(name):
    """Return an empty directory in which a package is put together."""
    directory = WORK / "staged" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def pack(out, name, directory):
    """Write NAME.tar.gz with the directory NAME: the same bytes for the same contents."""
    tar = run(
        "tar", "--create", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{epoch()}", "--mode=go=rX,u+rw",
        "--format=gnu", f"--transform=s,^\\.,{name},", "--directory", directory, ".")
    (out / f"{name}.tar.gz").write_bytes(gzip.compress(tar, 9, mtime=epoch()))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
