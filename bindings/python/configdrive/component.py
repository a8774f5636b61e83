"""The component in its sandbox: a fresh store for every call, with limits on memory and work.

Drives cross the boundary as base64 text: wasmtime's Python API needs about a second per MiB for a list of bytes.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, Unpack, cast

import wasmtime
from wasmtime.component import Component as Compiled
from wasmtime.component import Linker, Record, Variant

from configdrive.drive import DriveFile, Finding, Inspection
from configdrive.errors import Refused, Stopped


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
    dhcp_domain: str
    """nova.conf `[api] dhcp_domain`: appended to the host name after a dot. Empty: the bare host name."""
    vendordata_providers: list[Literal["static-json", "dynamic-json"]]
    """nova.conf `[api] vendordata_providers`, in order. Default: both, the static one first."""
    ports: str
    """The node's ports, as JSON from Ironic's API. Replaces the document's `ports`."""
    portgroups: str
    """The node's port groups, as JSON from Ironic's API. Replaces the document's `portgroups`."""
    vendor_data: str
    """Static vendor data, as JSON. Replaces the document's `vendor_data`."""
    vendor_data2: str
    """Dynamic vendor data, as JSON. Replaces the document's `vendor_data2`."""
    random_seed: str
    """Random bytes for the instance, in base64. Replaces the document's `random_seed`."""
    default_random_seed: str
    """Random seed for a document without one, in base64. Default: 512 bytes from the operating system, as in Nova."""
    source_date_epoch: int
    """Date of everything in the image, in seconds since 1970-01-01T00:00:00Z. Default: 1980-01-01."""


class Component:
    """The compiled component. Many threads can call it at once.

    Compiling takes about a second, so create one per process and keep it. Calls cannot see each other's data.
    """

    def __init__(self, wasm: bytes | str | os.PathLike[str], limits: Limits = Limits()) -> None:
        """Load the component from its bytes, or from the file at a path."""
        config = wasmtime.Config()
        config.consume_fuel = True
        self._engine = wasmtime.Engine(config)
        self._component = Compiled(self._engine, wasm if isinstance(wasm, bytes) else Path(wasm).read_bytes())
        # The component imports nothing, so there is nothing to link.
        self._linker = Linker(self._engine)
        self._limits = limits
        self._drive = _exported(self._component.get_export_index("ironic:configdrive/drive@0.1.0"))

    def required_by(self, document: str, *, force_config_drive: bool = False) -> bool:
        """Return whether the instance of `document` needs a config drive, as `nova.virt.configdrive.required_by` decides.

        `force_config_drive` is nova.conf's option. Raises `Refused` or `Stopped`.
        """
        return cast(bool, self._call("required-by", document, _record({"force-config-drive": force_config_drive})))

    def pack(self, document: str, **options: Unpack[Options]) -> str:
        """Build the drive of `document` as the text that Ironic accepts: base64 of the gzipped image.

        Pass it unchanged to openstacksdk's `set_node_provision_state(…, config_drive=…)`. Raises `Refused` or `Stopped`.
        """
        return cast(str, self._call("pack", document, _options(options)))

    def check_document(self, document: str, **options: Unpack[Options]) -> list[Finding]:
        """Find what the readers of `document`'s drive would ignore, read differently or fail on; worst first."""
        return _findings(self._call("check-document", document, _options(options)))

    def check_drive(self, text: str) -> list[Finding]:
        """Find the same in a finished drive, whatever made it: base64 of an image or its gzip."""
        return _findings(self._call("check-drive", text))

    def inspect(self, text: str) -> Inspection:
        """List what is on a drive, whatever made it: base64 of an image or its gzip."""
        found = _members(self._call("inspect", text))
        files = (DriveFile(**_members(file)) for file in found.pop("files"))
        return Inspection(**found, files=tuple(files))

    def _call(self, name: str, text: str, *more: Record) -> Any:
        """Call a function in a fresh store."""
        function = _exported(self._component.get_export_index(name, self._drive))
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=self._limits.memory)
        store.set_fuel(self._limits.fuel)
        try:
            instance = self._linker.instantiate(store, self._component)
            result = _exported(instance.get_func(store, function))(store, text, *more)
        except wasmtime.WasmtimeError as error:
            cause = "out of fuel" if "all fuel consumed" in str(error) else "out of memory, or a bug in the component"
            raise Stopped(f"{name} was stopped: {cause}; raise the limits, or leave something out of the drive") from error
        except UnicodeEncodeError as error:
            raise Refused("invalid-document", f"expected Unicode, found a lone surrogate at character {error.start}") from None
        finally:
            store.close()
        # wasmtime returns the bare ok or err value if their types differ, and wraps it in a Variant only if they are equal.
        if isinstance(result, Variant):
            failed, result = result.tag == "err", result.payload
        else:
            failed = isinstance(result, Record)
        if failed:
            raise Refused(**_members(result))
        return result


def _options(options: Options) -> Record:
    given: dict[str, Any] = {name.replace("_", "-"): value for name, value in options.items()}
    for name, bits in [("size", 64), ("sector-size", 32), ("source-date-epoch", 64)]:
        # wasmtime silently truncates numbers.
        if not 0 <= given.get(name, 0) < 1 << bits:
            raise Refused("invalid-option", f"{name}: expected a number from 0 to {(1 << bits) - 1}")
    if given.get("format", "iso9660") not in ("iso9660", "vfat"):
        raise Refused("invalid-option", "format: expected iso9660 or vfat")
    if not set(given.get("vendordata-providers") or ()) <= {"static-json", "dynamic-json"}:
        raise Refused("invalid-option", "vendordata-providers: expected only static-json and dynamic-json")
    defaults: dict[str, Any] = {name.replace("_", "-"): None for name in Options.__annotations__}
    defaults["format"] = "iso9660"
    if given.get("random-seed") is None:
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
