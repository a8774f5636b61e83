"""The console script `nova-compute-configdrive`: nova-compute, where this package cannot be in the same directory as Nova."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run nova-compute with `nova.virt.configdrive_ironic`."""
    # The name decides which configuration files are read, and stands in the logs.
    sys.argv[0] = "nova-compute"
    # Before anything else, because it patches the standard library for eventlet.
    import nova.cmd.compute
    import nova.virt

    nova.virt.__path__.append(str(Path(__file__).resolve().parents[1] / "nova/virt"))
    nova.cmd.compute.main()
