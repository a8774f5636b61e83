"""What a drive says, and what its readers find: sets of facts (KIND, …), which can be compared."""

import contextlib
import ipaddress
import json
import re

from findings import kernels_mac
from rendered import with_prefix

# The processes, and the reader's name in findings.
READERS = {"cloud-init 22.4": "cloud-init", "cloud-init newest": "cloud-init", "glean": "glean",
"cloudbase-init": "cloudbase-init"}


# Which parts of read.py are views of the whole, and which are the network's.
NETWORK_VIEWS = {
    "cloud-init": ["netplan", "eni", "sysconfig", "sysconfig_suse", "networkd", "network_manager"],
    "glean": ["debian", "redhat", "redhat_keyfiles", "suse", "gentoo", "networkd"],
    "cloudbase-init": ["configured"],
}


def parsed(files, name):
    try:
        return json.loads(files[f"openstack/latest/{name}"])
    except (KeyError, ValueError):
        return None


def said(files, names):
    """What a drive says, to somebody who overlooks its form, and what a reader may make of it besides: (kind, …)."""
    found, possible = {("drive",)}, set()
    metadata = parsed(files, "meta_data.json")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = text(metadata.get("hostname")) or text(metadata.get("local-hostname")) or text(metadata.get("name"))
    if name:
        found.add(("host name", label(name)))
    if identity(metadata.get("uuid")):
        found.add(("instance id", identity(metadata["uuid"])))
    keys = metadata.get("public_keys")
    for key in keys.values() if isinstance(keys, dict) else keys if isinstance(keys, list) else [keys]:
        for line in (key if isinstance(key, str) else "").splitlines():
            found.add(("key", line.strip()))
    data = parsed(files, "network_data.json")
    if isinstance(data, dict):
        network, possible = network_said(data, names)
        found |= network
    return {fact for fact in found if fact[-1] != ""}, possible


def label(name):
    """The first label of a host name: some readers set only that, and others find only that in `name`."""
    return name.split(".")[0]


def identity(value):
    """The instance ID that readers make of a uuid: its text, whatever it is. None if it does not tell instances apart."""
    return str(value) if value and not isinstance(value, bool) else None


def network_said(data, names):
    found, possible = set(), set()
    links = {}
    for link in listed(data.get("links")):
        match link.get("type"):
            case "vlan" if number(link.get("vlan_id")) is not None:
                links.setdefault(key(link.get("id")), ("vlan", key(link.get("vlan_link")), number(link.get("vlan_id"))))
            case "bond":
                links.setdefault(key(link.get("id")), ("bond",))
            case _:
                mac = kernels_mac(link.get("ethernet_mac_address"))
                name = link.get("name") if not mac and link.get("name") in names.values() else None
                links.setdefault(key(link.get("id")), ("port", name or names.get(mac)))
        mtu = number(link.get("mtu"))
        name = canonical(links, key(link.get("id")))
        if mtu and name and 1280 <= mtu <= 65535:
            found.add(("mtu", name, mtu))
    for service in listed(data.get("services")):
        found |= dns(service)
    for network in listed(data.get("networks")):
        name = canonical(links, key(network.get("link")))
        for service in listed(network.get("services")):
            found |= dns(service)
        for server in network.get("dns_nameservers") if isinstance(network.get("dns_nameservers"), list) else []:
            found |= dns({"type": "dns", "address": server})
        is_automatic = False
        match network.get("type"):
            case "ipv4_dhcp" | "dhcp" | "dhcp4":
                is_automatic = True
                possible.add(("automatic4",))
            case "ipv6_dhcp" | "ipv6_slaac" | "ipv6_dhcpv6-stateless" | "ipv6_dhcpv6-stateful" | "dhcp6":
                is_automatic = True
                possible.add(("automatic6",))
        if not name:
            continue
        match network.get("type"):
            case "ipv4" | "ipv6" | "static" | "static6":
                address = valid(prefixed(network.get("ip_address"), network.get("netmask")))
                if address and "/" in address:
                    found.add(("address6" if ":" in address else "address4", name, address))
            case "ipv4_dhcp":
                found.add(("dhcp4", name))
            case "ipv6_dhcp" | "ipv6_dhcpv6-stateful":
                found.add(("dhcp6", name))
        for route in listed(network.get("routes")):
            destination = valid(prefixed(route.get("network"), route.get("netmask")), network=True)
            gateway = valid(route.get("gateway"))
            if destination and gateway and "/" not in gateway and "/" in destination:
                # Where addresses come from the network, so do the routes.
                (possible if is_automatic else found).add((kind_of_route(destination), name, f"{destination} via {gateway}"))
            for service in listed(route.get("services")):
                found |= dns(service)
        gateway = valid(network.get("gateway"))
        if gateway and "/" not in gateway:
            destination = "::/0" if ":" in gateway else "0.0.0.0/0"
            found.add(("own " + kind_of_route(destination), name, f"{destination} via {gateway}"))
            possible.add((kind_of_route(destination), name, f"{destination} via {gateway}"))
    return found, possible


def kind_of_route(destination):
    return ("default" if destination.endswith("/0") else "route") + ("6" if ":" in destination else "4")


def canonical(links, identifier, depth=0):
    """One name for a link, whatever the readers call it."""
    match links.get(identifier):
        case ("port", name):
            return name
        case ("bond",):
            return "bond"
        case ("vlan", below, vlan) if depth < 3:
            name = canonical(links, below, depth + 1)
            return name and f"{name}.{vlan}"
    return None


def key(value):
    return json.dumps(value)


def listed(value):
    """The objects of a list; an object is taken for a list of one."""
    return [item for item in ([value] if isinstance(value, dict) else value if isinstance(value, list) else [])
            if isinstance(item, dict)]


def text(value):
    return value if isinstance(value, str) else None


def number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def mask(value):
    return value.strip().lstrip("/") if isinstance(value, str) else None if isinstance(value, (bool, list, dict)) else value


def prefixed(address, netmask):
    """An address with its prefix, or else with that of the netmask, which may be a host mask."""
    if isinstance(address, str) and "/" in address:
        netmask = address.partition("/")[2]
        address = address.partition("/")[0]
    netmask = mask(netmask)
    if isinstance(netmask, str) and "." in netmask:
        with contextlib.suppress(ValueError):
            netmask = ipaddress.IPv4Network(f"0.0.0.0/{netmask}").prefixlen
    return with_prefix(address, netmask)


def dns(service):
    addresses = service.get("address")
    addresses = map(valid, addresses if isinstance(addresses, list) else [addresses])
    return {("dns", address) for address in addresses if service.get("type") == "dns" and address and "/" not in address}


def valid(value, network=False):
    """An address with or without a prefix in one form, or None."""
    if not isinstance(value, str):
        return None
    address, slash, prefix = value.strip().partition("/")
    try:
        address = ipaddress.ip_address(address)
        if not slash:
            return str(address)
        if network:
            return str(ipaddress.ip_network(f"{address}/{prefix}", strict=False))
        return str(ipaddress.ip_interface(f"{address}/{int(prefix)}"))
    except ValueError:
        return None


def facts(process, answer, names, said, link_names):
    """What a reader finds, by view, in the form of `said`. `link_names` are the names that links have in the drive."""
    # Not every reader says on which link a VLAN is.
    vlans = {}
    for _, name, *_ in (fact for fact in said if len(fact) > 2):
        if match := re.fullmatch(r".+\.(\d+)", name):
            vlans.setdefault(f"*.{match[1]}", set()).add(name)
    vlans = {short: called.pop() for short, called in vlans.items() if len(called) == 1}
    reader = READERS[process]
    found = {view: set() for view in ("metadata", "executed", *NETWORK_VIEWS[reader])}
    metadata = found["metadata"]
    name = answer.get("host_name_set") if reader == "cloudbase-init" else answer.get("host_name")
    usable = reader != "cloud-init" or answer.get("used")
    if usable and isinstance(name, str) and name:
        metadata.add(("host name", label(name)))
        # Which names Windows refuses is not known.
        if reader != "cloudbase-init" and (len(name) > 64 or re.search(r"[\s\x00-\x1f]", name) or not all(name.split("."))):
            metadata.add(("broken", "host name", name))
    if usable and reader != "glean":
        of = identity(answer.get("instance_id"))
        metadata.add(("instance id", of) if of else ("broken", "instance id", key(answer.get("instance_id"))))
    if usable and not (reader == "glean" and "keys" in answer["errors"]):
        metadata.add(("drive",))
    keys = answer.get("keys_written") if reader == "cloudbase-init" else answer.get("keys")
    for one in keys if usable and isinstance(keys, list) else []:
        metadata.add(("key", one.strip()) if isinstance(one, str) and "\n" not in one.strip() else ("broken", "key", str(one)))
    if reader == "glean" and "keys" in answer["errors"]:
        metadata.discard(next((fact for fact in metadata if fact[0] == "host name"), None))
    for path, content in (answer.get("files") or {}).items():
        metadata.add(("file", path, content))
    for view in NETWORK_VIEWS[reader]:
        if usable and answer.get(view):
            found[view] = {(kind, vlans.get(name, name), *rest) for kind, name, *rest in network_facts(answer[view], names, link_names)}
            found[view] = {fact for fact in found[view] if not str(fact[1]).startswith("*.")}  # it cannot be compared
            if reader == "cloudbase-init":  # what Windows makes of these is not known
                found[view] -= {fact for fact in found[view] if fact[:2] in (("broken", "mtu"), ("broken", "vlan"))}
    done = answer.get("executed")
    if isinstance(done, list):
        for item in done:
            found["executed"] |= {("settings", name) for name in item} if isinstance(item, dict) else {("scripts", "runs")}
    elif isinstance(done, dict) and usable:
        for member in ("scripts", "vendor_scripts"):
            for starts in done[member].values():
                found["executed"].add((member, "runs") if starts is True else ("broken", member, str(starts)))
        for starts in done["boothooks"]:
            found["executed"].add(("boothook", "runs") if starts is True else ("broken", "boothook", str(starts)))
        for url in done["included"]:
            found["executed"].add(("included", url))
        for member in ("cloud_config", "vendor_cloud_config", "vendor2_cloud_config"):
            kind = "settings" if member == "cloud_config" else "vendor settings"
            found["executed"] |= {(kind, name, key(value)) for name, value in (done[member] or {}).items()
                                  if name not in ("vendor_data", "vendor_data2")}
    return found


def network_facts(network, names, link_names):
    found = set()
    renamed = {**link_names, **{name: names.get(mac) for name, mac in network.get("macs", {}).items()}}
    # ifupdown repeats a bond's mode at its ports.
    bonds = {name for name, interface in network["interfaces"].items()
             if "bond" in interface and "bonded_to" not in interface or name.startswith("bond")}
    # Not every reader writes a bond's mode, but every one configures a link that is not a port.
    for name in network["interfaces"]:
        vlan = re.search(r"(?:[._]|-vlan)(\d+)$", name)
        if name not in renamed and not re.match(r"net\d+", name) and not vlan and network["interfaces"][name].get("vlan") is None:
            bonds.add(name)

    def called(name, interface):
        name = renamed.get(name) or name
        match = re.fullmatch(r"(.*?)(?:[._]|-vlan)(\d+)", name)
        if match:
            below = renamed.get(match[1]) or match[1]
            return f"{'bond' if match[1] in bonds or match[1].startswith('bond') else below}.{match[2]}"
        if interface.get("vlan"):
            return f"*.{interface['vlan']}"
        return "bond" if name in bonds else name

    for server in network["dns"]:
        found |= dns_found(server)
    for name, interface in network["interfaces"].items():
        called_as = called(name, interface)
        for address in interface.get("addresses", []):
            good = valid(address)
            ok = good and "/" in good
            found.add(("address6" if ":" in good else "address4", called_as, good) if ok else ("broken", "address", address))
        for route in interface.get("routes", []):
            destination, _, gateway = route.partition(" via ")
            to, via = valid(destination, network=True), valid(gateway)
            if to and via and "/" not in via and (":" in to) == (":" in via):
                found.add((kind_of_route(to), called_as, f"{to} via {via}"))
                found.add(("own " + kind_of_route(to), called_as, f"{to} via {via}"))
            elif not route.endswith(" on link"):
                found.add(("broken", "route", route))
        for server in interface.get("dns", []):
            found |= dns_found(server)
        for kind in interface.get("dhcp", []):
            found.add((kind, called_as))
        if "broken" in interface:
            found.add(("broken", interface["broken"]))
        if "mtu" in interface:
            mtu = number(interface["mtu"])
            found.add(("mtu", called_as, mtu) if mtu and mtu > 67 else ("broken", "mtu", interface["mtu"]))
        if "vlan" in interface:
            vlan = number(interface["vlan"])
            if vlan is None or not 0 <= vlan <= 4094:
                found.add(("broken", "vlan", interface["vlan"]))
    return found


def dns_found(server):
    address = valid(server)
    return {("dns", address) if address and "/" not in address else ("broken", "dns", str(server))}
