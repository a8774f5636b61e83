"""The compiled component on disk.

Loading compiled code means running it, so a file is used only if nobody but this user (and root) can have written it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import stat
import sys
import tempfile
import warnings
from pathlib import Path

import wasmtime
from wasmtime.component import Component as Compiled

KEPT = 8
"""Number of files that are kept: one for each combination of component and wasmtime that was used last."""


def compiled(engine: wasmtime.Engine, wasm: bytes, directory: Path) -> Compiled:
    """Load the component from the directory, or compile it and save it there.

    Raises `PermissionError` if others can write the directory, and `OSError` if it cannot be used.
    """
    _require_private(directory)
    version = f"wasmtime {importlib.metadata.version('wasmtime')}, fuel\n".encode()
    path = directory / f"{hashlib.sha256(version + wasm).hexdigest()}.cwasm"
    code = _read(path)
    if code is not None:
        # wasmtime checks its version and settings, and that this processor can run the code.
        with contextlib.suppress(wasmtime.WasmtimeError):
            return Compiled.deserialize(engine, code)
    component = Compiled(engine, wasm)
    _write(path, bytes(component.serialize()))
    return component


def compiled_by_default(engine: wasmtime.Engine, wasm: bytes) -> Compiled:
    """The same in the user's cache directory, or without a cache if it cannot be used."""
    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return compiled(engine, wasm, Path(home) / "configdrive")
    except PermissionError as error:
        warnings.warn(f"{error}; compiling the component again each time", RuntimeWarning, stacklevel=4)
    except (OSError, RuntimeError):
        pass  # a service without a home directory
    return Compiled(engine, wasm)


def _require_private(directory: Path) -> None:
    if sys.platform == "win32":
        raise OSError(f"cannot use {directory} as a cache: its owner and mode mean nothing on Windows")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = directory.resolve()
    for path in (directory, *directory.parents):
        status = path.stat()
        others_can_write = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        # In a sticky directory such as /tmp, others cannot replace what is ours.
        if status.st_uid not in (0, os.geteuid()) or others_can_write and not (status.st_mode & stat.S_ISVTX and path != directory):
            raise PermissionError(
                f"cannot use {directory} as a cache for compiled code: others can write {path}; "
                "choose a directory that only this user can write")


def _read(path: Path) -> bytes | None:
    """Return the code if the file is undamaged and ours."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            digest, code = file.read(32), file.read()
    except OSError:
        return None
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:  # mode 0600
        try:
            file.write(hashlib.sha256(code).digest() + code)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    files = sorted(path.parent.glob("*.cwasm"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in files[KEPT:]:
        old.unlink(missing_ok=True)
