"""cloud-init: from the drive to the network's configuration files, and to the scripts and settings of the user data."""

import contextlib
import copy
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import types
from unittest import mock

import rendered
from findings import Findings, encoded, interfaces


class Read:
    """A drive as cloud-init reads it on a machine with the given interfaces."""

    def __init__(self, directory, label="config-2", macs=None, netplan=None):
        self.directory = pathlib.Path(directory).resolve()
        self.label = label
        self.macs = macs
        self.netplan = netplan
        self.found = Findings()

    def parts(self):
        from cloudinit.sources import DataSourceConfigDrive

        found = self.found
        found.part("found_by_label", self.found_by_label)
        found.part("drive", lambda: DataSourceConfigDrive.read_config_drive(str(self.directory)))
        drive = found.parts.pop("drive")
        if drive is None:
            return found.parts
        metadata = drive["metadata"]
        found.part("host_name", lambda: metadata.get("local-hostname"))
        found.part("instance_id", lambda: metadata["instance-id"])
        found.part("user_data", lambda: encoded(drive.get("userdata")))
        found.part("files", lambda: {path: encoded(content) for path, content in drive["files"].items()})
        with tempfile.TemporaryDirectory() as home:
            found.part("used", lambda: self.used(home))
            found.part("keys", self.keys)
            found.part("root_keys", self.root_keys)
            found.part("user_data_kinds", lambda: self.kinds(drive.get("userdata")))
            if found.parts["used"]:
                found.part("executed", lambda: self.executed(home), self.source.userdata_raw,
                           repr([metadata, drive.get("vendordata"), drive.get("vendordata2")]))
        data = drive.get("networkdata")
        known = interfaces(data, self.macs)
        found.part("network", lambda: self.network(data, known))
        described = repr(data), drive.get("network_config"), *known
        for renderer in RENDERERS:
            found.part(renderer, functools.partial(self.rendered, renderer, drive, known), *described)
        return found.parts

    def found_by_label(self):
        """Whether cloud-init finds a partition with this label, such as Ironic makes."""
        from cloudinit.sources import DataSourceConfigDrive

        def blkid(criteria=None, **_):
            return ["/dev/vda2"] if criteria in (f"LABEL={self.label}", "TYPE=iso9660") else []

        with mock.patch("cloudinit.util.find_devs_with", blkid), \
                mock.patch("cloudinit.util.is_partition", return_value=True):
            return bool(DataSourceConfigDrive.find_candidate_devs(probe_optical=False))

    def used(self, home):
        from cloudinit import helpers
        from cloudinit.sources import DataSourceConfigDrive

        pathlib.Path(home, "seed").mkdir()
        pathlib.Path(home, "seed", "config_drive").symlink_to(self.directory)
        pathlib.Path(home, "data").mkdir()
        with mock.patch.object(DataSourceConfigDrive.util, "write_file"), \
                mock.patch.object(DataSourceConfigDrive, "get_previous_iid"), \
                mock.patch("cloudinit.util.fetch_ssl_details", return_value={}):
            paths = helpers.Paths({"cloud_dir": home, "run_dir": home})
            self.source = DataSourceConfigDrive.DataSourceConfigDrive({}, None, paths)
            return self.source.get_data()

    def keys(self):
        return self.source.get_public_ssh_keys()

    def root_keys(self):
        """The lines that let the keys log in as root, with options that keep them from doing more."""
        from cloudinit import ssh_util

        parser = ssh_util.AuthKeyLineParser()
        keys = [parser.parse(str(key), options="OPTIONS") for key in set(self.keys())]
        return ssh_util.update_authorized_keys([], keys).splitlines()

    def kinds(self, content):
        from cloudinit import user_data

        with mock.patch("cloudinit.util.fetch_ssl_details", return_value={}), self.offline():
            message = user_data.UserDataProcessor(types.SimpleNamespace()).process(content or b"")
        return [part.get_content_type() for part in message.walk() if not part.is_multipart()]

    def offline(self):
        """Nothing is fetched: each URL answers with nothing."""
        self.included = []

        def fetch(url, *_, **__):
            self.included.append(url)
            return types.SimpleNamespace(ok=lambda: True, contents=b"", code=200)

        return mock.patch("cloudinit.user_data.read_file_or_url", fetch)

    def executed(self, home):
        """What the handlers of user data and vendor data leave to be executed on an instance, where only boothooks have run."""
        from cloudinit import stages

        init = stages.Init()
        init._cfg = {"system_info": {"distro": "debian", "paths": {"cloud_dir": home, "run_dir": home}},
                     "vendor_data": {"enabled": True}, "vendor_data2": {"enabled": True}}  # as in settings.CFG_BUILTIN
        init.datasource = self.source
        init.paths  # made now, with this data source
        if b"jinja" in (self.source.userdata_raw or b""):
            self.source.persist_instance_data()
        boothooks = []
        # cloud-init adds directories of the instance to sys.path.
        with self.offline(), mock.patch.object(sys, "path", [*sys.path]), \
                mock.patch("cloudinit.subp.subp", lambda command, **_: boothooks.append(command[0])):
            init._consume_userdata()
            init._consume_vendordata("vendordata")
            init._consume_vendordata("vendordata2")
        current = pathlib.Path(init.paths.get_ipath_cur())
        scripts = [path for path in (*current.glob("scripts/*"), *pathlib.Path(home, "scripts").glob("per-*/*"))
                   if path.is_file()]
        configs = {name: pathlib.Path(init.paths.get_ipath(name)) for name in
                   ("cloud_config", "vendor_cloud_config", "vendor2_cloud_config")}
        return {"scripts": {path.name: starts(path) for path in sorted(scripts)},
                "vendor_scripts": {path.name: starts(path) for path in sorted(current.glob("scripts/vendor/*"))},
                "boothooks": [starts(pathlib.Path(path)) for path in boothooks],
                "included": self.included,
                **{name: settings(path) for name, path in configs.items()}}

    def network(self, data, known):
        from cloudinit.net import network_state

        if data is None:
            return None
        config = self.config(data, known)
        with self.machine(known):
            state = network_state.parse_net_config_data(config)
        return {
            "interfaces": {
                interface["name"]: [address(subnet) for subnet in interface["subnets"]]
                for interface in (state.iter_interfaces() if state else [])
            },
            "dns": state.dns_nameservers if state else [],
        }

    def config(self, data, known):
        from cloudinit import net
        from cloudinit.sources.helpers import openstack

        with mock.patch.object(net, "get_ib_hwaddrs_by_interface", return_value={}), self.machine(known):
            return openstack.convert_net_json(copy.deepcopy(data), known_macs=dict(known))

    @staticmethod
    def machine(known):
        """The kernel and udev of a machine with these interfaces."""
        answers = {
            "cloudinit.net.get_interfaces_by_mac": lambda: dict(known),
            "cloudinit.net.network_state.get_interfaces_by_mac": lambda: dict(known),
            "cloudinit.util.udevadm_settle": lambda *_, **__: None,
            "cloudinit.util.chownbyname": lambda *_, **__: None,
            # Called for each interface, with a result that nobody uses; most of the time is spent there.
            "cloudinit.net.network_state.NetworkStateInterpreter.dump_network_state": lambda _: "",
        }
        stack = contextlib.ExitStack()
        for name, answer in answers.items():
            stack.enter_context(mock.patch(name, answer, create=True))
        return stack

    def rendered(self, name, drive, known):
        """What this renderer writes, for its distribution. netplan's files are turned into systemd-networkd's by its program."""
        import importlib

        from cloudinit.net import eni, network_state

        if drive.get("networkdata") is not None:
            config = self.config(drive["networkdata"], known)
        elif drive.get("network_config") is not None:
            config = eni.convert_eni_data(drive["network_config"])
        else:
            return None
        kind, distribution, parse = RENDERERS[name]
        module = importlib.import_module(f"cloudinit.net.{kind}")
        options = {}
        if distribution:
            options = importlib.import_module(f"cloudinit.distros.{distribution}").Distro.renderer_configs.get(kind, {})
        options = {**options, "postcmds": False, "features": NETPLAN_FEATURES}
        with tempfile.TemporaryDirectory() as root, self.machine(known):
            if kind == "netplan":  # which would take an absolute path for one of this machine
                options["netplan_path"] = options["netplan_path"].lstrip("/")
            renderer = module.Renderer(options)
            state = network_state.parse_net_config_data(config, renderer=renderer)
            renderer.render_network_state(state, target=root)
            if name == "netplan" and self.netplan:
                generate(self.netplan, root)
            return parse(rendered.files_below(root))


# cloud-init's renderers, by the name of our part: its module, a distribution that uses it, and how to read what it writes.
RENDERERS = {
    "netplan": ("netplan", "debian", rendered.networkd),
    "eni": ("eni", "debian", rendered.eni),
    "sysconfig": ("sysconfig", "rhel", rendered.ifcfg),
    "sysconfig_suse": ("sysconfig", "opensuse", rendered.ifcfg),
    "networkd": ("networkd", "photon", rendered.networkd),
    "network_manager": ("network_manager", None, rendered.keyfiles),
}

# What `netplan info` lists that cloud-init asks for.
NETPLAN_FEATURES = ["dhcp-use-domains", "ipv6-mtu"]


# What is remembered, since many drives have the same network or the same script.
GENERATED = {}
STARTED = {}


class GenerateError(Exception):
    """`netplan generate` has failed, and has written nothing."""


def generate(command, root, answers=GENERATED):
    """Runs `netplan generate`, whose work the program configure does since netplan 1.2, on the files below root."""
    [written] = pathlib.Path(root, "etc/netplan").glob("*.yaml")
    key = written.read_bytes()
    if key not in answers:
        written.chmod(0o600)
        result = subprocess.run([*command, "--root-dir", root], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, close_fds=False)
        files = rendered.files_below(pathlib.Path(root, "run"))
        answers[key] = result.returncode, result.stdout.decode(errors="replace").replace(root, ""), files
    code, output, files = answers[key]
    if code:
        raise GenerateError(f"{code}: {' '.join(output.split())}")
    for path, text in files.items():
        path = pathlib.Path(root, "run", path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def starts(script, answers=STARTED):
    """Whether the kernel starts a script, or the error if it does not. Only its first line runs, with nothing below it.

    Another image may have the interpreter that this machine lacks, unless the name ends in a carriage return.
    """
    line = script.read_bytes().split(b"\n")[0] + b"\n"
    if line not in answers:
        with tempfile.TemporaryDirectory() as directory:
            path = pathlib.Path(directory, "script")
            path.write_bytes(line)
            path.chmod(0o700)
            try:
                subprocess.run([path], check=False, timeout=10, close_fds=False, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                answers[line] = True
            except (OSError, subprocess.TimeoutExpired) as error:
                answers[line] = os.strerror(error.errno) if isinstance(error, OSError) else "does not end"
                if isinstance(error, FileNotFoundError) and b"\r" not in line:
                    answers[line] = True
    return answers[line]


def settings(path):
    """The settings of a cloud-config that the handlers have merged."""
    import yaml

    return yaml.safe_load(path.read_text()) if path.exists() else None


def address(subnet):
    if subnet["type"].startswith("static"):
        return f"{subnet['address']}/{subnet['prefix']}" if "prefix" in subnet else str(subnet["address"])
    return subnet["type"]


def netplan_command(root):
    """How to run `netplan generate` of a Debian release that is unpacked there: with that release's libraries and loader."""
    root = pathlib.Path(root)
    programs = [path for name in ("configure", "generate") for path in root.glob(f"usr/libexec/netplan/{name}")]
    programs += root.glob("lib/netplan/generate")
    loaders = [path for pattern in ("usr/lib/*/ld-linux*.so.*", "lib/*/ld-linux*.so.*") for path in root.glob(pattern)]
    if not programs or not loaders:
        return None
    libraries = [path for pattern in ("usr/lib/*-linux-*", "lib/*-linux-*") for path in root.glob(pattern)]
    return [loaders[0], "--library-path", ":".join(map(str, libraries)), programs[0]]


def version():
    from cloudinit import version as of

    return re.sub(r"-.*", "", of.version_string())
