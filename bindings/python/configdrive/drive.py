"""The contents of a drive, and the findings of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DriveFile:
    """A file on a drive."""

    path: str
    """Path: names separated by `/`, none of them empty, `.` or `..`; otherwise untrusted text."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 of the content: 64 hexadecimal digits."""


@dataclass(frozen=True)
class Inspection:
    """The contents of a drive."""

    file_system: Literal["iso9660", "iso9660-joliet", "iso9660-rock-ridge", "fat12", "fat16", "fat32"]
    """File system, and the extension from which the files' names were read."""
    sector_size: int
    """Sector size in bytes. A device with larger sectors cannot mount the drive."""
    label: str
    """Volume label; cloud-init finds the drive only if it is `config-2`. Untrusted text."""
    image_size: int
    """Image size in bytes."""
    files: tuple[DriveFile, ...]
    """The files, sorted by path."""


@dataclass(frozen=True)
class ExtractedFile:
    """Files of a drive that share the same bytes in the image."""

    paths: tuple[str, ...]
    """The files' paths, as in `DriveFile.path`; at least one."""
    content: bytes
    """The content of each of the files."""


@dataclass(frozen=True)
class Finding:
    """Something on a drive that one of its readers will ignore, read differently or fail on."""

    severity: Literal["error", "warning"]
    """`error`: the instance boots without its configuration, or the deployment fails."""
    code: str
    """What kind of finding it is, in kebab case; docs/reference/findings.md lists them all."""
    scope: Literal["everywhere", "flat-or-neutron", "four-k-disks"]
    """Where the finding applies."""
    readers: tuple[str, ...]
    """The programs that it concerns, such as `cloud-init`; names may be added."""
    place: str
    """Path on the drive, optionally followed by `#` and a JSON pointer, or both without the path for a place in the document; empty for
    the drive as a whole."""
    message: str
    """What was found and what it causes."""
    remedy: str
    """What to do about it."""
