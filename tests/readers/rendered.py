"""The network configuration that readers write, in one form for all of its formats:

    {"interfaces": {"net0": {"addresses": ["192.0.2.10/24"], "routes": ["0.0.0.0/0 via 192.0.2.1"], "dns": ["192.0.2.53"],
                             "dhcp": ["dhcp4"], "mtu": "1500", "vlan": "5", "bond": "802.3ad"}},
     "dns": ["192.0.2.53"]}

What is absent is left out. An address or a route that is not valid is kept as it is written.
"""

import configparser
import ipaddress
import itertools
import pathlib
import re
import shlex


class Network:
    """A network configuration."""

    def __init__(self):
        self.interfaces = {}
        self.dns = []

    def set(self, name, member, value):
        if value not in (None, ""):
            self.interfaces.setdefault(name, {})[member] = str(value)

    def add(self, name, member, value):
        if value not in (None, ""):
            values = self.interfaces.setdefault(name, {}).setdefault(member, [])
            if str(value) not in values:
                values.append(str(value))

    def route(self, name, destination, gateway):
        if destination in ("default", "0.0.0.0", "::") or not destination:
            destination = "::/0" if ":" in str(gateway) else "0.0.0.0/0"
        self.add(name, "routes", f"{destination} via {gateway}" if gateway else f"{destination} on link")

    def result(self):
        return {"interfaces": self.interfaces, "dns": self.dns}


def with_prefix(address, mask):
    """An address with the prefix of a mask; a mask that is not one is kept. An address without a mask keeps what it has."""
    if mask in (None, ""):
        return address
    try:
        address = str(address)
        if ":" in address and ":" in str(mask):
            bits = int(ipaddress.IPv6Address(mask))
            length = bits.bit_count()
            if bits != ((1 << length) - 1) << (128 - length):
                raise ValueError(mask)
            return f"{address}/{length}"
        # Not a host mask, which ipaddress accepts as well.
        length = ipaddress.ip_network(f"{'::' if ':' in address else '0.0.0.0'}/{mask}").prefixlen
        if "." in str(mask) and ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask != ipaddress.IPv4Address(mask):
            raise ValueError(mask)
        return f"{address}/{length}"
    except ValueError:
        return f"{address}/{mask}"


def files_below(directory):
    """The text files below a directory, by path."""
    root = pathlib.Path(directory)
    return {str(path.relative_to(root)): path.read_text(errors="replace") for path in sorted(root.rglob("*"))
            if path.is_file() and not path.is_symlink()}


def sections(text):
    """The sections of an INI file, in which sections and keys may be repeated: [(section, [(key, value)])]."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if re.fullmatch(r"\[.*\]", line):
            found.append((line[1:-1], []))
        elif found and "=" in line and not line.startswith(("#", ";")):
            key, value = line.split("=", 1)
            found[-1][1].append((key.strip(), value.strip()))
    return found


def networkd(files):
    """Of systemd-networkd: .network, .netdev and .link files."""
    network = Network()
    for path, text in files.items():
        if not path.endswith((".network", ".netdev", ".link")):
            continue
        parts = sections(text)
        stem = re.sub(r"^\d+-(netplan-|cloud-init-)?", "", pathlib.PurePath(path).stem)
        named = [value for section, pairs in parts for key, value in pairs
                 if (section, key) in (("Match", "Name"), ("NetDev", "Name"))]
        name = named[0] if named else stem
        network.interfaces.setdefault(name, {})
        for section, pairs in parts:
            of = dict(pairs)
            match section:
                case "Network":
                    for key, value in pairs:
                        match key:
                            case "Address":
                                network.add(name, "addresses", value)
                            case "Gateway":
                                network.route(name, "default", value)
                            case "DNS":
                                for address in value.split():
                                    network.add(name, "dns", address)
                            case "DHCP":
                                kinds = {"ipv4": ["dhcp4"], "ipv6": ["dhcp6"], "yes": ["dhcp4", "dhcp6"]}
                                for kind in kinds.get(value, []):
                                    network.add(name, "dhcp", kind)
                            case "IPv6AcceptRA" if value in ("yes", "true", "True", "1"):
                                network.add(name, "dhcp", "ra")
                            case "Bond":
                                network.set(name, "bonded_to", value)
                case "Address":
                    network.add(name, "addresses", of.get("Address"))
                case "Route":
                    network.route(name, of.get("Destination"), of.get("Gateway"))
                case "Link":
                    network.set(name, "mtu", of.get("MTUBytes"))
                case "NetDev":
                    network.set(name, "mtu", of.get("MTUBytes"))
                case "VLAN":
                    network.set(name, "vlan", of.get("Id"))
                case "Bond":
                    network.set(name, "bond", of.get("Mode"))
        if path.endswith(".network") and not any(section == "Match" for section, _ in parts):
            network.set(name, "broken", "no [Match]")
    return network.result()


def eni(files):
    """Of ifupdown: /etc/network/interfaces and the files that it includes."""
    network = Network()
    name = ""
    family = "inet"
    last = {}
    for path, text in files.items():
        if "network/interfaces" not in path:
            continue
        for line in text.splitlines():
            words = line.split()
            match words:
                case ["iface", name, family, method, *_]:
                    last = {}
                    if name == "lo":
                        continue
                    network.interfaces.setdefault(name, {})
                    if method in ("dhcp", "auto"):
                        kind = "dhcp6" if family == "inet6" else "dhcp4"
                        network.add(name, "dhcp", "ra" if method == "auto" else kind)
                case ["address", address]:
                    last["address"] = address
                    network.add(name, "addresses", address)
                case ["netmask", mask] if "address" in last:
                    addresses = network.interfaces[name]["addresses"]
                    addresses[-1] = with_prefix(last["address"], mask)
                case ["gateway", gateway]:
                    network.route(name, "default", gateway)
                case ["mtu", mtu]:
                    network.set(name, "mtu", mtu)
                case ["dns-nameservers" | "dns-nameserver", *addresses]:
                    for address in addresses:
                        network.dns.append(address) if name == "lo" else network.add(name, "dns", address)
                case ["vlan_id" | "vlan-id", vlan]:
                    network.set(name, "vlan", vlan)
                case ["vlan-raw-device" | "vlan_raw_device", _] if "." in name:
                    network.set(name, "vlan", name.rsplit(".", 1)[1])
                case ["bond-mode", mode]:
                    network.set(name, "bond", mode)
                case ["bond-master", bond]:
                    network.set(name, "bonded_to", bond)
                case ["post-up" | "up", *command] if "route" in command and "add" in command:
                    network.route(name, *route_command(command))
    return network.result()


def route_command(words):
    """The destination and the gateway of `route add` or `ip route add`."""
    words = words[:words.index("||")] if "||" in words else words
    rest = words[words.index("add") + 1:]
    after = {word: following for word, following in itertools.pairwise(rest)}
    gateway = after.get("gw") or after.get("via")
    destination = after.get("-net") or after.get("-host") or next((word for word in rest if not word.startswith("-")), None)
    if destination == "-A" or rest[:1] == ["-A"]:
        destination = rest[2] if len(rest) > 2 else None
    if destination and "netmask" in after:
        destination = with_prefix(destination, after["netmask"])
    return destination, gateway


def assignments(text):
    """The assignments of a file in the shell's syntax."""
    found = {}
    for key, value in re.findall(r"^([A-Za-z_0-9]+)=(\"[^\"]*\"|.*)$", text, re.MULTILINE):
        found[key] = value.strip("\"' ")
    return found


def ifcfg(files):
    """Of ifcfg files, with their route files: Red Hat's and SUSE's."""
    network = Network()
    for path, text in files.items():
        kind, _, name = pathlib.PurePath(path).name.partition("-")
        of = assignments(text)
        if path.endswith("resolv.conf"):
            network.dns += nameservers(text)
        elif path.endswith("sysconfig/network/config"):
            network.dns += of.get("NETCONFIG_DNS_STATIC_SERVERS", "").split()
        elif kind == "ifcfg" and name:
            network.interfaces.setdefault(name, {})
            for key, value in of.items():
                number = re.sub(r"\D", "", key)
                if re.fullmatch(r"IPADDR\d*", key):
                    mask = of.get(f"PREFIX{number}") or of.get(f"NETMASK{number}")
                    network.add(name, "addresses", value if "/" in value else with_prefix(value, mask))
                elif re.fullmatch(r"IPADDR6(_\d+)?|IPV6ADDR", key):
                    network.add(name, "addresses", value)
                elif key == "IPV6ADDR_SECONDARIES":
                    for address in value.split():
                        network.add(name, "addresses", address)
                elif key in ("GATEWAY", "IPV6_DEFAULTGW"):
                    network.route(name, "default", re.sub(r"/\d+$", "", value))
                elif re.fullmatch(r"DNS\d+", key):
                    network.add(name, "dns", value)
                elif key == "BOOTPROTO" and value.startswith("dhcp"):
                    for kind4 in {"dhcp": ["dhcp4"], "dhcp4": ["dhcp4"], "dhcp6": ["dhcp6"]}.get(value, [value]):
                        network.add(name, "dhcp", kind4)
                elif key == "DHCPV6C" and value == "yes" or key == "DHCLIENT6_MODE":
                    network.add(name, "dhcp", "dhcp6")
                elif key in ("IPV6_AUTOCONF", "IPV6_FORCE_ACCEPT_RA") and value == "yes":
                    network.add(name, "dhcp", "ra")
                elif key == "MTU":
                    network.set(name, "mtu", value)
                elif key == "VLAN_ID" or key == "VLAN" and value == "yes" and "." in name:
                    network.set(name, "vlan", value if key == "VLAN_ID" else name.rsplit(".", 1)[1])
                elif key == "BONDING_OPTS" or key == "BONDING_MODULE_OPTS":
                    network.set(name, "bond", dict(word.split("=", 1) for word in value.split() if "=" in word).get("mode"))
                elif key in ("MASTER",):
                    network.set(name, "bonded_to", value)
        elif kind in ("route", "route6", "ifroute", "ifroute6") and name:
            numbers = [key[7:] for key in of if key.startswith("ADDRESS")]
            for number in numbers:
                mask = of.get(f"NETMASK{number}")
                network.route(name, default(with_prefix(of[f"ADDRESS{number}"], mask)), of.get(f"GATEWAY{number}"))
            for line in text.splitlines() if not numbers else []:
                words = line.split()
                if not words or words[0].startswith("#"):
                    continue
                if "via" in words:
                    network.route(name, default(words[0]), words[words.index("via") + 1:][:1][0])
                elif len(words) > 1:
                    mask = words[2] if len(words) > 2 and words[2] != "-" else None
                    destination = words[0] if "/" in words[0] else with_prefix(words[0], mask)
                    network.route(name, default(destination), words[1])
    return network.result()


def default(destination):
    return "default" if destination in ("0.0.0.0/0", "::/0") else destination


def nameservers(text):
    return re.findall(r"^nameserver[ \t]+(\S.*?)\s*$", text, re.MULTILINE)


def keyfiles(files):
    """Of NetworkManager: its keyfiles."""
    network = Network()
    for path, text in files.items():
        if path.endswith("resolv.conf"):
            network.dns += nameservers(text)
        if not path.endswith(".nmconnection"):
            continue
        parts = sections(text)
        name = dict(pair for section, pairs in parts if section == "connection" for pair in pairs).get("interface-name")
        name = name or re.sub(r"^cloud-init-", "", pathlib.PurePath(path).stem)
        network.interfaces.setdefault(name, {})
        try:
            strict = configparser.ConfigParser(interpolation=None)
            strict.read_string(text)
        except configparser.Error as error:
            network.set(name, "broken", type(error).__name__)
        for section, pairs in parts:
            of = dict(pairs)
            if section in ("ipv4", "ipv6"):
                if of.get("method") in ("auto", "dhcp"):
                    network.add(name, "dhcp", "dhcp4" if section == "ipv4" else "dhcp6" if of["method"] == "dhcp" else "ra")
                gateway = of.get("gateway")
                for key, value in pairs:
                    if re.fullmatch(r"address\d*", key):
                        address, *rest = value.split(",")
                        network.add(name, "addresses", address)
                        gateway = gateway or (rest[0] if rest else None)
                    elif re.fullmatch(r"route\d+", key):
                        destination, *rest = value.split(",")
                        network.route(name, default(destination), rest[0] if rest else None)
                    elif key == "dns":
                        for address in value.split(";"):
                            network.add(name, "dns", address)
                if gateway:
                    network.route(name, "::/0" if section == "ipv6" else "default", gateway)
            elif section == "vlan":
                network.set(name, "vlan", of.get("id"))
            elif section == "bond":
                network.set(name, "bond", of.get("mode"))
            elif section in ("ethernet", "802-3-ethernet"):
                network.set(name, "mtu", of.get("mtu"))
    return network.result()


def netifrc(files):
    """Of Gentoo: /etc/conf.d/net.*."""
    network = Network()
    for path, text in files.items():
        if path.endswith("resolv.conf"):
            network.dns += nameservers(text)
        if not pathlib.PurePath(path).name.startswith("net."):
            continue
        for key, value in assignments(text).items():
            kind, _, name = key.partition("_")
            if kind == "config":
                network.interfaces.setdefault(name, {})
                match value.split():
                    case ["dhcp"]:
                        network.add(name, "dhcp", "dhcp4")
                    case [address, "netmask", mask]:
                        network.add(name, "addresses", with_prefix(address, mask))
            elif kind == "routes":
                for line in value.splitlines():
                    words = shlex.split(line)
                    destination = with_prefix(words[0], words[2]) if words[1:2] == ["netmask"] else words[0]
                    network.route(name, default(destination), words[words.index("via") + 1:][:1][0] if "via" in words else None)
            elif kind == "mode":
                network.set(name, "bond", value)
            elif kind == "vlans":
                for vlan in value.split():
                    network.set(f"{name}_{vlan}", "vlan", vlan)
    return network.result()
