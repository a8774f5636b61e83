"""What a reader makes of a drive, part by part, and the machine on which it is read."""

import base64
import contextlib
import json
import logging
import pathlib
import re


class Findings:
    """What a reader makes of a drive; an exception in one part does not hide the others."""

    def __init__(self):
        self.parts = {"errors": {}, "warnings": {}}

    def part(self, name, read):
        with logged() as warnings:
            try:
                self.parts[name] = read()
            except Exception as error:  # anything that a reader raises is a result
                self.parts[name] = None
                self.parts["errors"][name] = f"{type(error).__name__}: {error}"
        if warnings:
            self.parts["warnings"][name] = warnings


@contextlib.contextmanager
def logged():
    """The warnings and errors that are logged meanwhile, and nothing else: cloud-init has a level for deprecations between them."""
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
