"""cloudbase-init, with its own plugins and a Windows that only records what it is asked for."""

import contextlib
import pathlib
import tempfile
from unittest import mock

from findings import Findings, encoded, interfaces, kernels_mac, network_data


def read(directory, macs=None):
    from cloudbaseinit.metadata.services import base, baseconfigdrive, baseopenstackservice
    from cloudbaseinit.plugins.common import networkconfig, sethostname, sshpublickeys, userdata, userdatautils

    class Service(baseconfigdrive.BaseConfigDriveService, baseopenstackservice.BaseOpenStackService):
        def __init__(self):
            super().__init__("config-2", "openstack/latest/meta_data.json")
            self._metadata_path = str(directory)

    service = Service()
    found = Findings()
    windows = Windows(interfaces(network_data(directory), macs))
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

    def plugin(module, execute, result):
        def run():
            with mock.patch.object(module.osutils_factory, "get_os_utils", return_value=windows):
                execute()
            return result()

        return run

    def host_name_set():
        with mock.patch("cloudbaseinit.utils.hostname.CONF.netbios_host_name_compatibility", False, create=True):
            sethostname.SetHostNamePlugin().execute(service, None)

    found.part("host_name_set", plugin(sethostname, host_name_set, lambda: windows.host_name))
    with tempfile.TemporaryDirectory() as home:
        windows.home = home
        written = pathlib.Path(home, ".ssh", "authorized_keys")
        found.part("keys_written", plugin(
            sshpublickeys, lambda: sshpublickeys.SetUserSSHPublicKeysPlugin().execute(service, None),
            lambda: written.read_text().splitlines() if written.exists() else []))
    found.part("configured", plugin(
        networkconfig, lambda: networkconfig.NetworkConfigPlugin().execute(service, None), windows.configured))
    found.part("executed", lambda: executed(userdata, service))
    return found.parts


def executed(userdata, service):
    """What the user data plugin executes: [the kind of script, or the settings of a cloud-config]."""
    from cloudbaseinit.plugins.common import execcmd, fileexecutils
    from cloudbaseinit.plugins.common.userdataplugins import cloudconfig

    done = []

    def execute(command):
        done.append(type(command).__name__)
        return "", "", 0

    def execute_file(path):
        done.append(pathlib.Path(path).name)
        return 0

    def execute_settings(executor):
        known = cloudconfig.factory.PLUGINS
        done.append({name: name in known for name, _ in executor._expected_plugins})
        return execcmd.NO_REBOOT

    with contextlib.ExitStack() as patches:
        for patch in (mock.patch.object(execcmd.BaseCommand, "execute", execute),
                      mock.patch.object(execcmd.BaseCommand, "__call__", execute),
                      mock.patch.object(fileexecutils, "exec_file", execute_file),
                      mock.patch.object(cloudconfig.CloudConfigPluginExecutor, "execute", execute_settings)):
            patches.enter_context(patch)
        userdata.UserDataPlugin().execute(service, None)
    return done


class Windows:
    """The operating system: it has the given interfaces, does what it is told, and remembers that."""

    def __init__(self, known):
        self.adapters = {mac: name for mac, name in known.items()}
        self.networks = {}
        self.host_name = None
        self.home = None

    def set_host_name(self, name):
        self.host_name = name
        return False

    def get_user_home(self, _):
        return self.home

    def get_network_adapters(self):
        return [(name, mac) for mac, name in self.adapters.items()]

    def get_network_adapter_name_by_mac_address(self, mac):
        # As cloudbaseinit.osutils.windows: it looks for the address in upper case in the system's list, and raises.
        for known, name in self.adapters.items():
            if known.upper() == mac.upper():
                return name
        raise LookupError(f'Network interface with MAC address "{mac}" not found')

    def rename_network_adapter(self, old, new):
        self.adapters = {mac: new if name == old else name for mac, name in self.adapters.items()}

    def of(self, name):
        return self.networks.setdefault(name, {"addresses": [], "routes": [], "dns": []})

    def set_network_adapter_mtu(self, name, mtu):
        self.of(name)["mtu"] = str(mtu)

    def enable_network_adapter(self, name, _):
        self.of(name)

    def create_network_team(self, team, mode, algorithm, members, mac, name, vlan, rate):
        self.of(name)["bond"] = mode

    def add_network_team_nic(self, team, name, vlan):
        self.of(name)["vlan"] = str(vlan)

    def set_static_network_config(self, name, address, prefix, gateway, dns):
        network = self.of(name)
        network["addresses"].append(f"{address}/{prefix}")
        if gateway:
            network["routes"].append(f"{'::' if ':' in address else '0.0.0.0'}/0 via {gateway}")
        network["dns"] += [server for server in dns or [] if server not in network["dns"]]
        return False

    def configured(self):
        """What was configured, by link; `macs` are the adapters."""
        return {"interfaces": self.networks, "dns": [], "macs": {name: kernels_mac(mac) for mac, name in self.adapters.items()}}

    def __getattr__(self, name):
        raise AttributeError(f"a Windows without {name}")
