#!/usr/bin/env python3
"""Reads a config drive with its real readers, and prints what they make of it as JSON.

    read.py cloud-init DIRECTORY [LABEL]    the drive's files, read by cloud-init's ConfigDrive data source
    read.py glean DIRECTORY                 … by glean, for Debian
    read.py cloudbase-init DIRECTORY        … by cloudbase-init, as far as it works without Windows
    read.py agent TEXT IMAGE                base64 of gzip in the file TEXT, unpacked into IMAGE by Ironic's agent
    read.py agent-writes STORED PARTITION   what Ironic stored, which is such a text or its URL, written by the agent to a
                                            partition, for which a file is enough
    read.py ironic TEXT...                  such texts, checked by Ironic's conductor as before a deployment; prints a list

A member is `null` if the reader finds nothing. If a reader fails on a part, its exception is in `errors` under that part's
name. Interfaces are named net0, net1 … in the order of their MAC addresses in network_data.json.
"""

import argparse
import base64
import contextlib
import io
import json
import logging
import pathlib
import shutil
import sys
import tempfile
import types
from unittest import mock


def main():
    reader, *arguments = sys.argv[1:]
    readers = {"cloud-init": cloud_init, "glean": glean, "cloudbase-init": cloudbase_init, "agent": agent,
               "agent-writes": agent_writes, "ironic": ironic}
    json.dump(readers[reader](*arguments), sys.stdout, default=repr)


class Findings:
    """What a reader makes of a drive, part by part; an exception in one part does not hide the others."""

    def __init__(self):
        self.parts = {"errors": {}}

    def part(self, name, read):
        try:
            self.parts[name] = read()
        except Exception as error:  # anything that a reader raises is a result
            self.parts[name] = None
            self.parts["errors"][name] = f"{type(error).__name__}: {error}"


def cloud_init(directory, label="config-2"):
    from cloudinit import helpers, net, user_data
    from cloudinit.net import network_state
    from cloudinit.sources import DataSourceConfigDrive
    from cloudinit.sources.helpers import openstack

    found = Findings()

    def found_by_label():
        """Whether cloud-init finds a partition with this label, such as Ironic makes."""
        def blkid(criteria=None, **_):
            return ["/dev/vda2"] if criteria in (f"LABEL={label}", "TYPE=iso9660") else []

        with mock.patch("cloudinit.util.find_devs_with", blkid), \
                mock.patch("cloudinit.util.is_partition", return_value=True):
            return bool(DataSourceConfigDrive.find_candidate_devs(probe_optical=False))

    found.part("found_by_label", found_by_label)
    found.part("drive", lambda: DataSourceConfigDrive.read_config_drive(directory))
    drive = found.parts.pop("drive")
    if drive is None:
        return found.parts
    metadata = drive["metadata"]
    found.part("host_name", lambda: metadata.get("local-hostname"))
    found.part("instance_id", lambda: metadata["instance-id"])
    found.part("keys", lambda: list(metadata.get("public_keys", {}).values()))
    found.part("user_data", lambda: encoded(drive.get("userdata")))
    found.part("files", lambda: {path: encoded(content) for path, content in drive["files"].items()})

    def used():
        with tempfile.TemporaryDirectory() as seed, \
                mock.patch.object(DataSourceConfigDrive, "on_first_boot"), \
                mock.patch.object(DataSourceConfigDrive, "get_previous_iid"):
            pathlib.Path(seed, "seed").mkdir()
            pathlib.Path(seed, "seed", "config_drive").symlink_to(pathlib.Path(directory).resolve())
            paths = helpers.Paths({"cloud_dir": seed, "run_dir": seed})
            return DataSourceConfigDrive.DataSourceConfigDrive({}, None, paths)._get_data()

    found.part("used", used)

    def kinds():
        with mock.patch("cloudinit.util.fetch_ssl_details", return_value={}):
            message = user_data.UserDataProcessor(types.SimpleNamespace()).process(drive.get("userdata") or b"")
        return [part.get_content_type() for part in message.walk() if not part.is_multipart()]

    found.part("user_data_kinds", kinds)

    def network():
        data = drive.get("networkdata")
        if data is None:
            return None
        with mock.patch.object(net, "get_ib_hwaddrs_by_interface", return_value={}):
            config = openstack.convert_net_json(data, known_macs=interfaces(data))
        state = network_state.parse_net_config_data(config)
        return {
            "interfaces": {
                interface["name"]: [address(subnet) for subnet in interface["subnets"]]
                for interface in (state.iter_interfaces() if state else [])
            },
            "dns": state.dns_nameservers if state else [],
        }

    found.part("network", network)
    return found.parts


def glean(directory):
    from glean import cmd

    found = Findings()
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "mnt").mkdir()
        pathlib.Path(root, "mnt", "config").symlink_to(pathlib.Path(directory).resolve())
        args = argparse.Namespace(root=root, noop=True, distro="debian", skip_dns=False, use_nm=False,
                                  no_dhcp_fallback=False)
        metadata_file = pathlib.Path(directory, "openstack/latest/meta_data.json")
        found.part("drive", lambda: json.loads(metadata_file.read_bytes()) if metadata_file.exists() else {})
        metadata = found.parts.pop("drive")
        if metadata is None:
            return found.parts

        def host_name():
            set_to = []

            def call(command):
                set_to.append(command[1])
                return 1  # glean stops there, so nothing is written to this machine

            with mock.patch.object(cmd.subprocess, "call", call), contextlib.suppress(RuntimeError):
                cmd.set_hostname_from_config_drive(argparse.Namespace(root=root, noop=False), metadata)
            return set_to[0] if set_to else None

        found.part("host_name", host_name)
        found.part("keys", lambda: list(metadata.get("public_keys", {}).values()))

        def network():
            data = cmd.get_network_info(args)
            by_mac = interfaces(data)
            dns = cmd.get_dns_from_config_drive(data)
            expected_interfaces = cmd.get_config_drive_interfaces(data)
            written = io.StringIO()
            with contextlib.redirect_stdout(written):
                cmd.write_static_network_info(expected_interfaces, by_mac, {}, args)
            return {"interfaces": debian_interfaces(written.getvalue()), "dns": dns}

        found.part("network", network)
    return found.parts


def cloudbase_init(directory):
    from cloudbaseinit.metadata.services import base, baseconfigdrive, baseopenstackservice
    from cloudbaseinit.plugins.common import userdatautils

    class Service(baseconfigdrive.BaseConfigDriveService, baseopenstackservice.BaseOpenStackService):
        def __init__(self):
            super().__init__("config-2", "openstack/latest/meta_data.json")
            self._metadata_path = directory

    service = Service()
    found = Findings()
    found.part("host_name", service.get_host_name)
    found.part("instance_id", service.get_instance_id)
    found.part("keys", service.get_public_keys)

    def user_data():
        try:
            return service.get_user_data()
        except base.NotExistingMetadataException:
            return None

    found.part("user_data", lambda: encoded(user_data()))

    def kind():
        command = userdatautils.get_command(user_data() or b"")
        return command and type(command).__name__

    found.part("user_data_script", kind)

    def network():
        details = service.get_network_details_v2()
        return details and {
            "links": [{"name": link.name, "mac": link.mac_address, "mtu": link.mtu} for link in details.links],
            "addresses": [(network.link, network.address_cidr) for network in details.networks],
            "dns": [address for service in details.services for address in service.addresses],
        }

    found.part("network", network)
    return found.parts


def agent(text, image):
    from ironic_python_agent import config  # noqa: F401: the other modules need its options
    from ironic_python_agent import partition_utils

    found = Findings()

    def unpack():
        mebibytes, unpacked = partition_utils.get_configdrive(pathlib.Path(text).read_text(), "node")
        shutil.move(unpacked, image)
        return mebibytes

    found.part("mebibytes", unpack)
    found.part("limit", lambda: partition_utils.MAX_CONFIG_DRIVE_SIZE_MB)
    return found.parts


def agent_writes(stored, partition):
    """The agent is told that a partition with the label of a config drive exists, as on a disk that has had one, so it does not
    create one. It is also told that the kernel can mount what it wrote, since a file is not a block device."""
    from ironic_python_agent import config  # noqa: F401: the other modules need its options
    from ironic_python_agent import disk_utils, partition_utils

    found = Findings()
    with mock.patch.object(partition_utils, "get_labelled_partition", return_value=partition), \
            mock.patch.object(disk_utils, "fix_gpt_partition"), \
            mock.patch.object(partition_utils, "_does_config_drive_work", return_value=True):
        found.part("written", lambda: partition_utils.create_config_drive_partition(
            "node", "disk", pathlib.Path(stored).read_text()))
    return found.parts


def ironic(*texts):
    """If Ironic would rebuild a drive, it is stopped there: Neutron is not asked, and mkisofs is not called."""
    from ironic.conductor import configdrive_utils

    logging.disable()
    return [ironic_one(configdrive_utils, pathlib.Path(text).read_text()) for text in texts]


def ironic_one(configdrive_utils, drive):
    task = types.SimpleNamespace(node=types.SimpleNamespace(uuid="node", instance_uuid="instance"))
    found = Findings()
    with mock.patch.object(configdrive_utils, "generate_config_metadata", return_value={}), \
            mock.patch.object(configdrive_utils, "regenerate_iso") as regenerate:
        found.part("drive", lambda: configdrive_utils.check_and_fix_configdrive(task, drive))
        found.parts["kept"] = found.parts.pop("drive") == drive
        found.parts["rebuilt"] = regenerate.called
    return found.parts


def interfaces(data):
    """The machine's interfaces by MAC address: one for each address of a link."""
    links = data.get("links") or [] if isinstance(data, dict) else []
    macs = [link.get("ethernet_mac_address") for link in links
            if isinstance(link, dict) and link.get("type") not in ("bond", "vlan")]
    macs = dict.fromkeys(mac.lower() for mac in macs if mac)
    return {mac: f"net{index}" for index, mac in enumerate(macs)}


def address(subnet):
    if subnet["type"].startswith("static"):
        return f"{subnet['address']}/{subnet['prefix']}" if "prefix" in subnet else str(subnet["address"])
    return subnet["type"]


def debian_interfaces(written):
    """What glean writes to /etc/network/interfaces.d, as {interface: [address or method]}."""
    found = {}
    for line in written.splitlines():
        words = line.split()
        if words[:1] == ["iface"] and words[1] != "lo":
            found.setdefault(words[1], []).append(words[3])
        elif words[:1] == ["address"]:
            name = list(found)[-1]
            found[name][-1] = words[1]
        elif words[:1] == ["netmask"]:
            name = list(found)[-1]
            found[name][-1] += "/" + words[1]
    return found


def encoded(content):
    if content is None:
        return None
    content = content.encode() if isinstance(content, str) else content
    return base64.b64encode(content).decode()


if __name__ == "__main__":
    main()
