"""What is on a drive, and what its readers will not like about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DriveFile:
    """A file of a drive."""

    path: str
    """Names separated by `/`, none of them empty, `.` or `..`; otherwise untrusted text."""
    size: int
    """In bytes."""
    sha256: str
    """Of the content: 64 hexadecimal digits."""


@dataclass(frozen=True)
class Inspection:
    """What is on a drive."""

    file_system: Literal["iso9660", "iso9660-joliet", "iso9660-rock-ridge", "fat12", "fat16", "fat32"]
    """What holds the files, and whose names they bear."""
    sector_size: int
    """In bytes. A device with larger sectors cannot mount the drive."""
    label: str
    """The volume's name, `config-2` where cloud-init is to find it. Untrusted text."""
    image_size: int
    """In bytes."""
    files: tuple[DriveFile, ...]
    """In the order of their paths."""


@dataclass(frozen=True)
class Finding:
    """Something about a drive that one of its readers will not like."""

    severity: Literal["error", "warning"]
    """`error`: the instance comes up without its configuration, or the deployment fails."""
    code: str
    """What it is, in kebab case; docs/findings.md has them all."""
    scope: Literal["everywhere", "flat-or-neutron", "four-k-disks"]
    """Where it holds."""
    place: str
    """A path, behind which there may be `#` and a JSON pointer; empty for the drive as a whole."""
    message: str
    """What is there and what comes of it."""
    remedy: str
    """What to do about it."""
