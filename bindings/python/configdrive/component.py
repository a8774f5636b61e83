"""The component in its sandbox: a fresh store for every call, with limits on memory and work.

Drives cross the boundary as base64 text: wasmtime's Python API needs about a second per MiB for a list of bytes.
"""

from __future__ import annotations

import base64
import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, cast

import wasmtime
from wasmtime.component import Component as Compiled
from wasmtime.component import Linker, Record, Variant

from configdrive import cache as caching
from configdrive.drive import DriveFile, ExtractedFile, Finding, Inspection
from configdrive.errors import ErrorCode, FurtherError, Refused, Stopped

if TYPE_CHECKING:
    from typing_extensions import Unpack

Document = str | bytes | Mapping[str, Any]
"""A document: JSON as text or in UTF-8, or the object that it describes."""

Drive = str | bytes
"""A drive, whatever made it: an image, its gzip, or base64 text of either."""


@dataclass(frozen=True)
class Limits:
    """Limits of one call."""

    memory: int = 1 << 30
    """Memory of the component, in bytes. Pages that it does not touch cost nothing."""
    fuel: int = 100_000_000_000
    """Number of instructions, roughly. Packing takes up to 600 per byte of the drive; about 9,000,000,000 run per second.

    Work is limited by fuel and not by a clock, because a clock needs a thread: under eventlet, as in OpenStack's services, no
    other thread runs during a call.
    """


class Options(TypedDict, total=False):
    """The operator's settings for a drive. The defaults are Nova's."""

    format: Literal["iso9660", "vfat"]
    """nova.conf `[DEFAULT] config_drive_format`."""
    size: int
    """Size of a `vfat` image in bytes: a multiple of `sector_size`, at most 64 MiB. Default: as small as the files allow."""
    sector_size: int
    """Logical sector size of a `vfat` image in bytes: 512 (the default), 2048 or 4096."""
    skip_versions: str
    """nova.conf `[api] config_drive_skip_versions`: EC2 metadata versions to leave out, separated by single spaces."""
    newest_version: str
    """Newest OpenStack metadata version on the drive, for example `2020-10-14`, the newest one of Nova before 31; `latest` has its
    content. Default: `2025-04-04`."""
    dhcp_domain: str
    """nova.conf `[api] dhcp_domain`: appended to the host name after a dot. Empty: the bare host name."""
    vendordata_providers: list[Literal["static-json", "dynamic-json"]]
    """nova.conf `[api] vendordata_providers`, in order. Default: both, the static one first."""
    ports: str | list[Any] | dict[str, Any]
    """The node's ports as Ironic's API returns them: JSON, or the same as objects. Replaces the document's `ports`."""
    portgroups: str | list[Any] | dict[str, Any]
    """The node's port groups as Ironic's API returns them: JSON, or the same as objects. Replaces the document's `portgroups`."""
    vendor_data: str | dict[str, Any]
    """Static vendor data: JSON, or the same as an object. Replaces the document's `vendor_data`."""
    vendor_data2: str | dict[str, Any]
    """Dynamic vendor data: JSON, or the same as an object. Replaces the document's `vendor_data2`."""
    random_seed: str
    """Random bytes for the instance, in base64. Replaces the document's `random_seed`."""
    default_random_seed: str
    """Random seed for a document without one, in base64. Default: 512 bytes from the operating system, as in Nova."""
    source_date_epoch: int
    """Date of everything in the image, in seconds since 1970-01-01T00:00:00Z. Default: 1980-01-01."""


class Component:
    """The compiled component. Many threads can call it at once.

    Compiling takes seconds, so create one per process and keep it. Calls cannot see each other's data. Lists of bytes are slow: use
    `pack` instead of `build_drive` and `encode` unless you need the image itself.
    """

    def __init__(
        self,
        wasm: bytes | str | os.PathLike[str] | None = None,
        limits: Limits = Limits(),
        *,
        cache: str | os.PathLike[str] | Literal[False] | None = None,
    ) -> None:
        """Load the component that comes with this package; or another build of it, from its bytes or from the file at a path.

        The compiled code is kept in the directory `cache`; by default in `configdrive` in the user's cache directory
        (`$XDG_CACHE_HOME` or `~/.cache`), if that is possible; with `False` nowhere. Nobody but the user may be able to write that
        directory: otherwise the default one is not used, with a warning, and any other one is a `PermissionError`.
        """
        config = wasmtime.Config()
        config.consume_fuel = True
        self._engine = wasmtime.Engine(config)
        code = wasm if isinstance(wasm, bytes) else _read(wasm)
        if cache is False:
            self._component = Compiled(self._engine, code)
        elif cache is None:
            self._component = caching.compiled_by_default(self._engine, code)
        else:
            self._component = caching.compiled(self._engine, code, Path(cache))
        # The component imports nothing, so there is nothing to link.
        self._linker = Linker(self._engine)
        self._limits = limits
        self._drive = _exported(self._component.get_export_index("ironic:configdrive/drive@0.1.0"))

    def required_by(self, document: Document, *, force_config_drive: bool = False) -> bool:
        """Return whether the instance of `document` needs a config drive, as `nova.virt.configdrive.required_by` decides.

        `force_config_drive` is nova.conf's option. Raises `Refused` or `Stopped`, as all functions do.
        """
        policy = _record({"force-config-drive": force_config_drive})
        return cast(bool, self._call("required-by", _document(document), policy))

    def amend(self, document: Document, changes: Mapping[str, Any], *, conceal: bool = False) -> str:
        """Return `document` with `changes` in place of its own data, as indented JSON.

        The changes are `uuid`, `hostname`, `user_data` (base64), `public_keys` (a list), `metadata` (a dict of strings), `network_data`
        and `vendor_data` (each JSON text), `injected_files` (a list of `{"path", "contents"}`) and `admin_pass`. With `conceal`, notes
        replace secrets, and the result is for people.
        """
        return cast(str, self._call("amend", _document(document), _json(changes, "invalid-option", "changes: "), conceal))

    def pack(self, document: Document, **options: Unpack[Options]) -> str:
        """Build the drive of `document` as the text that Ironic accepts: base64 of the gzipped image.

        Pass it unchanged to openstacksdk's `set_node_provision_state(…, config_drive=…)`.
        """
        return cast(str, self._call("pack", _document(document), _options("pack", options)))

    def build_drive(self, document: Document, **options: Unpack[Options]) -> bytes:
        """Build the drive of `document` as an image. Takes about a second per MiB."""
        return cast(bytes, self._call("build-drive", _document(document), _options("build_drive", options)))

    def encode(self, image: bytes) -> str:
        """Encode an image as the text that Ironic accepts. Takes about a second per MiB."""
        return cast(str, self._call("encode", image))

    def inspect(self, drive: Drive) -> Inspection:
        """List what is on a drive."""
        found = _members(self._call("inspect", _text(drive)))
        files = (DriveFile(**_members(file)) for file in found.pop("files"))
        return Inspection(**found, files=tuple(files))

    def read_file(self, drive: Drive, path: str) -> bytes:
        """Return the content of the file at a path that `inspect` lists. Takes about a second per MiB."""
        return cast(bytes, self._call("read-file", _text(drive), _unicode(path, "invalid-option", "path: ")))

    def extract(self, drive: Drive) -> list[ExtractedFile]:
        """Return the contents of all files. Takes about a second per MiB."""
        return [ExtractedFile(tuple(file.paths), file.content) for file in self._call("extract", _text(drive))]

    def check_document(self, document: Document, **options: Unpack[Options]) -> list[Finding]:
        """Find what the readers of `document`'s drive would ignore, read differently or fail on; worst first."""
        return _findings(self._call("check-document", _document(document), _options("check_document", options)))

    def check_drive(self, drive: Drive) -> list[Finding]:
        """Find the same on a finished drive."""
        return _findings(self._call("check-drive", _text(drive)))

    def _call(self, name: str, *arguments: str | bytes | bool | Record) -> Any:
        """Call a function in a fresh store."""
        function = _exported(self._component.get_export_index(name, self._drive))
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=self._limits.memory)
        store.set_fuel(self._limits.fuel)
        try:
            instance = self._linker.instantiate(store, self._component)
            result = _exported(instance.get_func(store, function))(store, *arguments)
        except wasmtime.WasmtimeError as error:
            cause = "out of fuel" if "all fuel consumed" in str(error) else "out of memory, or a bug in the component"
            raise Stopped(f"{name} was stopped: {cause}; raise the limits, or leave something out of the drive") from error
        finally:
            store.close()
        # wasmtime returns the bare ok or err value if their types differ, and wraps it in a Variant only if they are equal.
        if isinstance(result, Variant):
            failed, result = result.tag == "err", result.payload
        else:
            failed = isinstance(result, Record)
        if failed:
            members = _members(result)
            further = tuple(FurtherError(**_members(error)) for error in members.pop("further"))
            raise Refused(**members, further=further)
        return result


def _read(path: str | os.PathLike[str] | None) -> bytes:
    if path is not None:
        return Path(path).read_bytes()
    packaged = Path(__file__).with_name("configdrive.wasm")
    if not packaged.exists():
        raise FileNotFoundError(f"cannot find {packaged}: only an installed package contains the component; pass its path")
    return packaged.read_bytes()


def _document(document: Document) -> str:
    if isinstance(document, bytes):
        try:
            return document.decode()
        except UnicodeDecodeError as error:
            message = f"expected UTF-8, found an invalid byte at offset {error.start}"
            raise Refused("invalid-document", message) from None
    return _unicode(document if isinstance(document, str) else _json(document, "invalid-document", ""), "invalid-document", "")


def _text(drive: Drive) -> str:
    """Return the drive as base64, which is much faster than a list of bytes."""
    if not isinstance(drive, bytes):
        return _unicode(drive, "invalid-drive", "")
    # Images and gzip always have bytes beyond ASCII, so what has none is base64 already.
    return drive.decode() if drive.isascii() else base64.b64encode(drive).decode()


def _json(value: Any, code: ErrorCode, place: str) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise Refused(code, f"{place}expected a value that JSON can express, found a cycle, or a number that is not finite") from None


def _unicode(text: str, code: ErrorCode, place: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{place}expected a str, found {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused(code, f"{place}expected Unicode, found a lone surrogate at character {error.start}") from None
    return text


def _options(function: str, options: Mapping[str, Any]) -> Record:
    for name in options.keys() - Options.__annotations__:
        near = difflib.get_close_matches(name, Options.__annotations__, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"{function}() got an unexpected keyword argument {name!r}{meant}")
    given: dict[str, Any] = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    numbers = {"size": 64, "sector-size": 32, "source-date-epoch": 64}
    for name, bits in numbers.items():
        number = given.get(name, 0)
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"{name}: expected an int, found {type(number).__name__}")
        # wasmtime silently truncates numbers.
        if not 0 <= number < 1 << bits:
            raise Refused("invalid-option", f"{name}: expected a number from 0 to {(1 << bits) - 1}")
    for name in ("ports", "portgroups", "vendor-data", "vendor-data2"):
        if isinstance(given.get(name), (dict, list)):
            given[name] = _json(given[name], "invalid-option", f"{name}: ")
    if "vendordata-providers" in given:
        given["vendordata-providers"] = list(given["vendordata-providers"])
        if not set(given["vendordata-providers"]) <= {"static-json", "dynamic-json"}:
            raise Refused("invalid-option", "vendordata-providers: expected only static-json and dynamic-json")
    for name in given.keys() - numbers - {"vendordata-providers"}:
        given[name] = _unicode(given[name], "invalid-option", f"{name}: ")
    if given.get("format", "iso9660") not in ("iso9660", "vfat"):
        raise Refused("invalid-option", "format: expected iso9660 or vfat")
    defaults: dict[str, Any] = {name.replace("_", "-"): None for name in Options.__annotations__}
    defaults["format"] = "iso9660"
    if "random-seed" not in given:
        defaults["default-random-seed"] = base64.b64encode(os.urandom(512)).decode()
    return _record(defaults | given)


def _record(members: dict[str, Any]) -> Record:
    record = Record()
    vars(record).update(members)
    return record


def _members(record: Record) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in vars(record).items()}


def _findings(findings: list[Record]) -> list[Finding]:
    return [_finding(_members(finding)) for finding in findings]


def _finding(members: dict[str, Any]) -> Finding:
    return Finding(readers=tuple(members.pop("readers")), **members)


T = TypeVar("T")


def _exported(export: T | None) -> T:
    if export is None:
        raise ValueError("not the config drive component: it does not export ironic:configdrive/drive@0.1.0")
    return export
