"""The component in its sandbox: a fresh store for every call, with caps on memory and work.

Everything crosses the boundary as text: a list of bytes takes wasmtime's Python about a second for each MiB.
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
    """What one call may use."""

    memory: int = 1 << 30
    """Memory of the component, in bytes. Pages that it does not touch cost nothing."""
    fuel: int = 100_000_000_000
    """Instructions, roughly. Packing takes up to 600 of them for each byte of a drive; some 9,000,000,000 run in a second.

    Fuel and not a clock: a clock needs a thread, and the threads of eventlet, under which OpenStack's services run, stand
    still during a call.
    """


class Options(TypedDict, total=False):
    """The operator's part in a drive. Where one is absent, the default is Nova's."""

    format: Literal["iso9660", "vfat"]
    """nova.conf `[DEFAULT] config_drive_format`."""
    size: int
    """The size of a `vfat` image, in bytes: a multiple of `sector_size`, at most 64 MiB. Default: as small as the files allow."""
    sector_size: int
    """The logical sector of a `vfat` image, in bytes: 512 (the default), 2048 or 4096."""
    skip_versions: str
    """nova.conf `[api] config_drive_skip_versions`: EC2 metadata versions to leave out, separated by single spaces."""
    dhcp_domain: str
    """nova.conf `[api] dhcp_domain`: appended to the host name after a dot. Empty: the bare host name."""
    vendordata_providers: list[Literal["static-json", "dynamic-json"]]
    """nova.conf `[api] vendordata_providers`, in their order. Default: both, the static one first."""
    ports: str
    """JSON text of the node's ports as Ironic's API returns them, instead of the document's."""
    portgroups: str
    """The same for port groups."""
    vendor_data: str
    """JSON text, instead of the document's."""
    vendor_data2: str
    """JSON text, instead of the document's."""
    random_seed: str
    """Base64 of random bytes for the instance, instead of the document's."""
    default_random_seed: str
    """The same, for a document that has none. Default: 512 bytes of the operating system's, as Nova draws them."""
    source_date_epoch: int
    """The date of everything in the image, in seconds since 1970-01-01T00:00:00Z. Default: 1980-01-01."""


class Component:
    """The component, ready to be called, from many threads at once.

    One for a process is enough: it takes a second to compile. A call cannot see what another one left.
    """

    def __init__(self, wasm: bytes | str | os.PathLike[str], limits: Limits = Limits()) -> None:
        """Loads the component from its bytes, or from the file of that path."""
        config = wasmtime.Config()
        config.consume_fuel = True
        self._engine = wasmtime.Engine(config)
        self._component = Compiled(self._engine, wasm if isinstance(wasm, bytes) else Path(wasm).read_bytes())
        # The component imports nothing, so there is nothing to link.
        self._linker = Linker(self._engine)
        self._limits = limits
        self._drive = _found(self._component.get_export_index("ironic:configdrive/drive@0.1.0"))

    def required_by(self, document: str, *, force_config_drive: bool = False) -> bool:
        """Tells whether the instance of `document` needs a config drive, as `nova.virt.configdrive.required_by` decides.

        `force_config_drive` is nova.conf's. Raises `Refused` or `Stopped`.
        """
        return cast(bool, self._call("required-by", document, _record({"force-config-drive": force_config_drive})))

    def pack(self, document: str, **options: Unpack[Options]) -> str:
        """Builds the drive of `document` as the text that Ironic takes: base64 of the gzipped image.

        It goes into openstacksdk's `set_node_provision_state(…, config_drive=…)` as it is. Raises `Refused` or `Stopped`.
        """
        return cast(str, self._call("pack", document, _options(options)))

    def check_document(self, document: str, **options: Unpack[Options]) -> list[Finding]:
        """Finds what makes the drive of `document` useless although it is valid, worst first."""
        return _findings(self._call("check-document", document, _options(options)))

    def check_drive(self, text: str) -> list[Finding]:
        """The same for a drive of any maker: base64 of an image or its gzip."""
        return _findings(self._call("check-drive", text))

    def inspect(self, text: str) -> Inspection:
        """Tells what is on a drive of any maker: base64 of an image or its gzip."""
        found = _members(self._call("inspect", text))
        files = (DriveFile(**_members(file)) for file in found.pop("files"))
        return Inspection(**found, files=tuple(files))

    def _call(self, name: str, text: str, *more: Record) -> Any:
        """One call in a store of its own."""
        function = _found(self._component.get_export_index(name, self._drive))
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=self._limits.memory)
        store.set_fuel(self._limits.fuel)
        try:
            instance = self._linker.instantiate(store, self._component)
            answer = _found(instance.get_func(store, function))(store, text, *more)
        except wasmtime.WasmtimeError as error:
            why = "its fuel is used up" if "all fuel consumed" in str(error) else "out of memory, or a fault in the component"
            raise Stopped(f"{name} was stopped: {why}; raise the limits, or leave something out of the drive") from error
        except UnicodeEncodeError as error:
            raise Refused("invalid-document", f"lone surrogate at character {error.start}: want Unicode text") from None
        finally:
            store.close()
        # wasmtime tells the sides of a result apart by their types, and names them only where these are equal.
        if isinstance(answer, Variant):
            failed, answer = answer.tag == "err", answer.payload
        else:
            failed = isinstance(answer, Record)
        if failed:
            raise Refused(**_members(answer))
        return answer


def _options(options: Options) -> Record:
    given: dict[str, Any] = {name.replace("_", "-"): value for name, value in options.items()}
    for name, bits in [("size", 64), ("sector-size", 32), ("source-date-epoch", 64)]:
        # wasmtime cuts numbers off silently.
        if not 0 <= given.get(name, 0) < 1 << bits:
            raise Refused("invalid-option", f"{name}: want a number from 0 to {(1 << bits) - 1}")
    if given.get("format", "iso9660") not in ("iso9660", "vfat"):
        raise Refused("invalid-option", "format: want iso9660 or vfat")
    if not set(given.get("vendordata-providers") or ()) <= {"static-json", "dynamic-json"}:
        raise Refused("invalid-option", "vendordata-providers: want static-json and dynamic-json alone")
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
    return [Finding(**_members(finding)) for finding in findings]


T = TypeVar("T")


def _found(export: T | None) -> T:
    if export is None:
        raise ValueError("this is another component: it does not export ironic:configdrive/drive@0.1.0")
    return export
