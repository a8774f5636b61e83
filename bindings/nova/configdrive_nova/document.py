"""What Nova knows about an instance, as an instance document."""

from __future__ import annotations

import base64
from typing import Any

from nova import context, utils
from nova.api.metadata import vendordata_dynamic, vendordata_json
from nova.network import security_group_api
from nova.objects import virt_device_metadata
from oslo_serialization import base64 as lenient_base64

from configdrive_nova.settings import CONF


class Unbuildable(Exception):
    """The instance cannot be given a drive."""


def document(
    instance: Any, network_info: Any, network_data: Any, extra_md: dict[str, Any], files: list[tuple[str, str | bytes]]
) -> dict[str, Any]:
    """Return the document from which the component makes the files of `nova.api.metadata.base.InstanceMetadata`."""
    if network_data is None:
        raise Unbuildable("the instance has no network, which neither driver can describe")
    providers = CONF.api.vendordata_providers
    return {
        "instance": {
            "uuid": instance.uuid,
            "hostname": instance.hostname,
            "display_name": instance.display_name,
            "project_id": instance.project_id,
            "availability_zone": instance.get("availability_zone"),
            "reservation_id": instance.reservation_id,
            "launch_index": instance.launch_index,
            "key_name": instance.key_name,
            "key_data": instance.key_data,
            "keypairs": [_members(pair, "name", "type", "public_key") for pair in instance.keypairs],
            "metadata": utils.instance_meta(instance),
            "user_data": _user_data(instance),
            "flavor": _members(instance.get_flavor(), "name"),
            "ec2_ids": _members(instance.ec2_ids, "ami_id", "instance_id", "kernel_id", "ramdisk_id"),
            "security_groups": security_group_api.get_instance_security_groups(context.get_admin_context(), instance),
            "root_device_name": instance.root_device_name,
            "default_ephemeral_device": instance.default_ephemeral_device,
            "default_swap_device": instance.default_swap_device,
            "block_device_mappings": [
                _members(mapping, "device_name", "source_type", "destination_type", "guest_format")
                for mapping in instance.get_bdms()],
            "device_metadata": {
                "devices": [_device(device) for device in instance.device_metadata.devices] if instance.device_metadata else []},
            "numa_topology": {
                "cells": [{"pcpuset": sorted(cell.pcpuset)} for cell in instance.numa_topology.cells]
                if instance.numa_topology else []},
        },
        "network_info": list(network_info),
        "network_data": network_data,
        "injected_files": [{"path": path, "contents": _encoded(contents)} for path, contents in files],
        "admin_pass": extra_md.get("admin_pass"),
        "vendor_data": vendordata_json.JsonFileVendorData().get() if "StaticJSON" in providers else {},
        # Nova asks once for each version of the metadata; the answers are the same.
        "vendor_data2": vendordata_dynamic.DynamicVendorData(instance).get() if "DynamicJSON" in providers else {},
    }


def _user_data(instance: Any) -> str | None:
    """Return the user data as the component accepts it. Nova's API accepts more than that, such as text wrapped in lines."""
    if instance.user_data is None:
        return None
    try:
        return _encoded(lenient_base64.decode_as_bytes(instance.user_data))
    except TypeError:
        raise Unbuildable("its user data is not base64") from None


def _encoded(contents: str | bytes) -> str:
    return base64.b64encode(contents if isinstance(contents, bytes) else contents.encode()).decode()


KINDS = {
    "NetworkInterfaceMetadata": "nic",
    "DiskMetadata": "disk",
    "ShareMetadata": "share",
}

BUSES = {
    virt_device_metadata.PCIDeviceBus: "pci",
    virt_device_metadata.USBDeviceBus: "usb",
    virt_device_metadata.SCSIDeviceBus: "scsi",
    virt_device_metadata.IDEDeviceBus: "ide",
    virt_device_metadata.XenDeviceBus: "xen",
}


def _device(device: Any) -> dict[str, Any]:
    found = _members(device, "mac", "vlan", "vf_trusted", "serial", "path", "share_id", "tag", "tags")
    if "bus" in device:
        found["bus"] = {"type": BUSES.get(type(device.bus)), **_members(device.bus, "address")}
    # By name, because Nova 30 has no shares.
    return {"type": KINDS.get(type(device).__name__), **found}


def _members(thing: Any, *names: str) -> dict[str, Any]:
    """Return the members of one of Nova's objects that are set."""
    return {name: getattr(thing, name) for name in names if name in thing and thing.obj_attr_is_set(name)}
