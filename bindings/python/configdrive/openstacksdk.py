"""`build` and `pack` as in `openstack.baremetal.configdrive`, without genisoimage.

    configdrive.openstacksdk.install()

After this line, openstacksdk and programs that use it make their drives with the component that this package contains.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from configdrive.component import Component
from configdrive.errors import Error, Refused

VERSIONS = ("2012-08-10", "latest")
"""The versions of the metadata that openstacksdk writes by default."""


def install(component: Component | None = None) -> None:
    """Make openstacksdk use this module's `build` and `pack`.

    `component` is for limits or a cache of your own; by default, `Component()` is created when it is first needed. A program that
    has already imported the functions themselves (`from openstack.baremetal.configdrive import build`) keeps the old ones.
    """
    # Only here, because the rest does not need openstacksdk.
    from openstack.baremetal import configdrive as replaced

    if component is not None:
        _components[:] = [component]
    replaced.build = build
    replaced.pack = pack


def build(
    metadata: Mapping[str, object],
    user_data: str | bytes | None = None,
    versions: Iterable[str] | None = None,
    network_data: Mapping[str, object] | None = None,
    vendor_data: Mapping[str, object] | None = None,
) -> str:
    """Make a config drive for Ironic, with the files of `openstack.baremetal.configdrive.build`.

    `versions` are the metadata versions to write, by default `VERSIONS`. Raises `RuntimeError` if the drive cannot be made.
    """
    files = {"meta_data.json": _json(metadata)}
    if network_data:
        files["network_data.json"] = _json(network_data)
    if vendor_data:
        files["vendor_data2.json"] = _json(vendor_data)
    if user_data:
        files["user_data"] = user_data.encode() if isinstance(user_data, str) else user_data
    # A version can be repeated, as in openstacksdk.
    return _packed({f"openstack/{version}/{name}": file for version in versions or VERSIONS for name, file in files.items()})


def pack(path: str | os.PathLike[str]) -> str:
    """Make a config drive for Ironic from the files of a directory, like `openstack.baremetal.configdrive.pack`.

    A link to a file in the directory is followed; any other link is refused, and so is whatever else is not a file or a directory.
    Directories without files are left out. Raises `RuntimeError` if the drive cannot be made, and `OSError` if a file cannot be read.
    """
    root = Path(path)
    return _packed(dict(_files(root, root.resolve(), "")))


def _files(directory: Path, root: Path, prefix: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path), root, f"{name}/")
        elif entry.is_file() and root in Path(entry.path).resolve().parents:
            yield name, Path(entry.path).read_bytes()
        else:
            found = "a link to something other than a file below it" if entry.is_symlink() else "neither a file nor a directory"
            raise RuntimeError(f"cannot make the config drive: {name!r} is {found}; replace it with the files themselves")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _packed(files: Mapping[str, bytes]) -> str:
    document = {"files": [{"path": path, "contents": base64.b64encode(file).decode()} for path, file in files.items()]}
    with _lock:
        if not _components:
            _components.append(Component())
        [component] = _components
    try:
        return component.pack(document)
    except Error as error:
        # Nobody wrote the document, so a place in it helps nobody; the message has the file's path.
        place = error.pointer if isinstance(error, Refused) else None
        raise RuntimeError("cannot make the config drive: " + str(error).removeprefix(f"{place}: ")) from error


_components: list[Component] = []
"""The component of this process, once it is needed."""

# Two threads must not compile at the same time.
_lock = threading.Lock()
