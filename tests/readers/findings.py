"""What a reader makes of a drive, part by part, and the machine on which it is read."""

import base64
import contextlib
import json
import logging
import pathlib
import re
import typing


class Findings:
    """What a reader makes of a drive; an exception in one part does not hide the others."""

    # Parts of earlier drives, by the part and all that it depends on: most drives that are compared have a part in common.
    known: typing.ClassVar = {}

    def __init__(self):
        self.parts = {"errors": {}, "warnings": {}}

    def part(self, name, read, *depends_on):
        """Reads a part. If `depends_on` is all that it depends on, it is read once for all drives that have this in common."""
        key = name, *depends_on
        value, error, warnings = self.known.get(key) or self.read(read)
        if depends_on:
            self.known[key] = value, error, warnings
        self.parts[name] = value
        if error:
            self.parts["errors"][name] = error
        if warnings:
            self.parts["warnings"][name] = warnings

    @staticmethod
    def read(read):
        with logged() as warnings:
            try:
                return read(), None, warnings
            except Exception as error:  # noqa: BLE001 (anything that a reader raises is a result)
                return None, f"{type(error).__name__}: {error}", warnings


@contextlib.contextmanager
def logged():
    """Collects the warnings and errors that are logged meanwhile; cloud-init has a level for deprecations between them."""
    found = []

    class Handler(logging.Handler):
        def emit(self, record):
            if record.levelno in (logging.WARNING, logging.ERROR, logging.CRITICAL):
                found.append(record.getMessage())

    root = logging.getLogger()
    before = root.handlers, root.level
    root.handlers, root.level = [Handler()], logging.WARNING
    try:
        yield found
    finally:
        root.handlers, root.level = before


def interfaces(data, macs=None):
    """The machine's interfaces by MAC address, named net0, net1 …: those with the addresses `macs`, or one for each address of
    a link in network_data.json. A machine has its addresses in the kernel's form, whatever the form in the document."""
    if macs is None:
        links = data.get("links") if isinstance(data, dict) else None
        macs = [link.get("ethernet_mac_address") for link in links if isinstance(link, dict)
                and link.get("type") not in ("bond", "vlan")] if isinstance(links, list) else []
    macs = dict.fromkeys(filter(None, map(kernels_mac, macs)))
    return {mac: f"net{index}" for index, mac in enumerate(macs)}


def kernels_mac(text):
    """A MAC address as the kernel writes it, or None if this is not one."""
    digits = re.sub(r"[-:.\s]", "", text).lower() if isinstance(text, str) else ""
    return ":".join(re.findall("..", digits)) if re.fullmatch("[0-9a-f]{12}", digits) else None


def network_data(directory, version="latest"):
    """The drive's network_data.json, or None if it is absent or not JSON. For the machine only: readers read it themselves."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(pathlib.Path(directory, "openstack", version, "network_data.json").read_bytes())
    return None


def encoded(content):
    if content is None:
        return None
    content = content.encode() if isinstance(content, str) else content
    return base64.b64encode(content).decode()
