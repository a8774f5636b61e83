"""glean, for each of its distributions."""

import argparse
import contextlib
import functools
import io
import json
import pathlib
import re
import tempfile
from unittest import mock

import rendered
from findings import Findings, interfaces, network_data

# glean's distributions, by the name of our part, and how to read what it writes there. It treats Debian like Ubuntu, Rocky and
# Fedora like CentOS, and SLES like openSUSE; CentOS 10 has NetworkManager's keyfiles instead of ifcfg.
DISTRIBUTIONS = {
    "debian": ("debian", "", rendered.eni),
    "redhat": ("centos", "platform:el9", rendered.ifcfg),
    "redhat_keyfiles": ("centos", "platform:el10", rendered.keyfiles),
    "suse": ("opensuse", "", rendered.ifcfg),
    "gentoo": ("gentoo", "", rendered.netifrc),
    "networkd": ("networkd", "", rendered.networkd),
}


def read(directory, macs=None):
    from glean import cmd

    found = Findings()
    with tempfile.TemporaryDirectory() as root:
        pathlib.Path(root, "mnt").mkdir()
        pathlib.Path(root, "root").mkdir()
        pathlib.Path(root, "mnt", "config").symlink_to(pathlib.Path(directory).resolve())
        metadata_file = pathlib.Path(directory, "openstack/latest/meta_data.json")
        found.part("drive", lambda: json.loads(metadata_file.read_bytes()) if metadata_file.exists() else {})
        metadata = found.parts.pop("drive")
        if "drive" in found.parts["errors"]:
            return found.parts
        known = interfaces(network_data(directory), macs)

        def host_name():
            set_to = []

            def call(command):
                set_to.append(command[1])
                return 1  # glean stops there, so nothing is written to this machine

            with mock.patch.object(cmd.subprocess, "call", call), contextlib.suppress(RuntimeError):
                cmd.set_hostname_from_config_drive(argparse.Namespace(root=root, noop=False), metadata)
            return set_to[0] if set_to else None

        def keys():
            with written(cmd) as output:
                cmd.write_ssh_keys(argparse.Namespace(root=root, noop=True), metadata)
            keys = output.getvalue().splitlines()
            return [line for line in keys if line and not line.startswith("#")]

        def network(distribution, platform, parse):
            files = network_files(distribution, platform)
            network = parse(files)
            network["dns"] = rendered.nameservers(files.get("/etc/resolv.conf", ""))
            return network

        def network_files(distribution, platform=""):
            args = argparse.Namespace(root=root, noop=True, distro=distribution, skip_dns=False, use_nm=False,
                                      no_dhcp_fallback=False, interface=None)
            with written(cmd) as output, \
                    mock.patch.object(cmd, "get_sys_interfaces", return_value=dict(known)), \
                    mock.patch.object(cmd.distro, "os_release_info", return_value={"platform_id": platform}), \
                    mock.patch.object(cmd, "_create_gentoo_net_symlink_and_enable"), \
                    mock.patch.object(cmd, "_enable_gentoo_interface"), \
                    mock.patch.object(cmd.os, "system", return_value=1):  # resolved is not used
                cmd.write_network_info_from_config_drive(args, metadata)
            written_files = re.findall(r"^### Write (\S+)\n(.*?)(?=^### Write |\Z)", output.getvalue(), re.MULTILINE | re.DOTALL)
            return dict(written_files)

        def summary():
            files = network_files("debian")
            return {"interfaces": debian_interfaces("".join(files.values())),
                    "dns": rendered.nameservers(files.get("/etc/resolv.conf", ""))}

        found.part("keys", keys)
        found.part("host_name", host_name)
        found.part("network", summary)
        for name, distribution in DISTRIBUTIONS.items():
            found.part(name, functools.partial(network, *distribution))
    return found.parts


@contextlib.contextmanager
def written(cmd):
    """What glean prints that it would write. The machine's own files are hidden from it."""
    output = io.StringIO()
    exists = cmd.os.path.exists
    hidden = ("/root/", "/etc/")
    with mock.patch.object(cmd.os.path, "exists", lambda path: not str(path).startswith(hidden) and exists(path)), \
            contextlib.redirect_stdout(output):
        yield output


def debian_interfaces(text):
    """What glean writes to /etc/network/interfaces.d, as {interface: [address or method]}."""
    found = {}
    for line in text.splitlines():
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
