"""What nova.conf says about config drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nova.conf
import nova.virt
from nova.api.metadata import base

CONF = nova.conf.CONF

PROVIDERS = {"StaticJSON": "static-json", "DynamicJSON": "dynamic-json"}

VFAT_SIZE = 64 << 20
"""Size of Nova's vfat images in bytes: `nova.virt.configdrive.CONFIGDRIVESIZE_BYTES`."""


def options() -> dict[str, Any]:
    """Return the options for a drive."""
    found: dict[str, Any] = {
        "format": CONF.config_drive_format,
        "skip_versions": CONF.api.config_drive_skip_versions,
        "newest_version": newest_version(),
        "dhcp_domain": CONF.api.dhcp_domain or "",
        "vendordata_providers": [PROVIDERS[name] for name in CONF.api.vendordata_providers],
    }
    if CONF.config_drive_format == "vfat":
        found["size"] = VFAT_SIZE
    return found


def newest_version() -> str:
    """Return the newest OpenStack metadata version of this Nova."""
    return str(base.OPENSTACK_VERSIONS[-1])


def problem(network_info: Any = ()) -> str | None:
    """Return why no drive can be built, or not one with these networks, if that is so."""
    providers = CONF.api.vendordata_providers
    if "StaticJSON" not in providers or not set(providers) <= set(PROVIDERS):
        return "[api]vendordata_providers: expected StaticJSON, or StaticJSON and DynamicJSON"
    if any(vif["network"].get_meta("injected") for vif in network_info) and not _is_novas(CONF.injected_network_template):
        return "injected_network_template: expected Nova's own template, found another one"
    return None


def _is_novas(template: str) -> bool:
    [directory] = [path for path in nova.virt.__path__ if Path(path, "driver.py").exists()]
    return Path(template).read_text() == Path(directory, "interfaces.template").read_text()
