"""Nova's Ironic driver. Only the drive's making differs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import configdrive
from nova import exception, version
from nova.virt.ironic import driver
from oslo_log import log as logging
from oslo_serialization import jsonutils

from configdrive_nova import document, settings

LOG = logging.getLogger(__name__)

OLDEST_NOVA = 30
"""Nova 29 and older list ports in another way."""

# Nova reports an ImportError in its log, and exits.
if int(version.version_string().partition(".")[0]) < OLDEST_NOVA:
    raise ImportError(f"configdrive-nova needs Nova {OLDEST_NOVA} (2024.2) or newer, found Nova {version.version_string()}; "
                      "restore compute_driver = ironic.IronicDriver in nova.conf")


class IronicDriver(driver.IronicDriver):
    """Deploys as Nova's driver does. The component makes the files, the image, gzip and base64."""

    def __init__(self, virtapi: Any, read_only: bool = False) -> None:
        super().__init__(virtapi, read_only)
        self._component = _component()
        # One drive at a time bounds the memory. It takes milliseconds.
        self._turn = threading.Lock()
        _require_known_versions(self._component)
        if problem := settings.problem():
            LOG.warning("%s: no config drive can be built", problem)

    def _generate_configdrive(
        self,
        context: Any,
        instance: Any,
        node: Any,
        network_info: Any,
        extra_md: dict[str, Any] | None = None,
        files: list[tuple[str, str | bytes]] | None = None,
    ) -> str:
        """Return the drive as Ironic's API accepts it, or raise `BuildAbortException` if no node can be given this drive."""
        try:
            if problem := settings.problem(network_info):
                raise document.Unbuildable(problem)
            network_data = self._get_network_metadata(node, network_info) if network_info else None
            text = jsonutils.dumps(document.document(instance, network_info, network_data, extra_md or {}, files or []))
            with self._turn:
                return _in_a_thread(self._component.pack, text, **settings.options())
        except (configdrive.Refused, document.Unbuildable) as error:
            raise exception.BuildAbortException(
                instance_uuid=instance.uuid, reason=f"cannot build its config drive: {error}") from error
        except configdrive.Stopped as error:
            # The machine may have been out of memory, so Nova may try again.
            raise exception.InstanceDeployFailure(
                reason=f"cannot build the config drive of instance {instance.uuid}: {error}") from error


def _component() -> configdrive.Component:
    """Load the component, from a cache that belongs to Nova if that is possible."""
    cache = os.path.join(settings.CONF.state_path, "configdrive-cache")
    try:
        return configdrive.Component(cache=cache)
    except OSError as error:
        LOG.warning("compiling the config drive component at each start: %s", error)
        return configdrive.Component(cache=False)


def _require_known_versions(component: configdrive.Component) -> None:
    """Build a drive with this Nova's versions of metadata, so that what cannot work fails when the service starts."""
    instance = {"uuid": "", "hostname": "", "ec2_ids": {"instance_id": ""}}
    newest = settings.newest_version()
    try:
        component.pack({"instance": instance, "network_data": {}}, newest_version=newest)
    except configdrive.Refused as error:
        raise ImportError(f"Nova {version.version_string()} writes metadata of version {newest}, which this configdrive does not "
                          "know; upgrade configdrive-nova, or restore compute_driver = ironic.IronicDriver in nova.conf") from error


def _in_a_thread(function: Callable[..., str], *arguments: Any, **named: Any) -> str:
    """Call a function without blocking eventlet's hub, if Nova uses eventlet."""
    eventlet = sys.modules.get("eventlet")
    if eventlet and eventlet.patcher.is_monkey_patched("thread"):
        from eventlet import tpool

        return str(tpool.execute(function, *arguments, **named))
    return function(*arguments, **named)
