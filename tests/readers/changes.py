"""Changes of one member of a drive, or of its user data."""

import copy
import json

import samples
from facts import number


class Change:
    """A drive of which one member, or the user data, was changed."""

    def __init__(self, files, file, path, operation, before, after, intent=None):
        self.files = files
        self.file = file
        self.path = path
        self.operation = operation
        self.before = before
        self.after = after
        self.intent = intent
        self.key = (file, str(path), operation, ascii(after))

    def keeps(self, fact):
        """Whether user data that was changed still means the same: then its fact should be found."""
        return self.intent is not None and fact[0] != "broken" and self.intent

    @staticmethod
    def choose(chance, files):
        names = [name for name in ("network_data.json", "meta_data.json",
            "vendor_data.json") if f"openstack/latest/{name}" in files]
        weights = {"network_data.json": 12, "meta_data.json": 5, "vendor_data.json": 2, "user_data": 3}
        if "openstack/latest/user_data" in files:
            names.append("user_data")
        [name] = chance.choices(names, [weights[name] for name in names])
        if name == "user_data":
            return Change.user_data(chance, files)
        document = json.loads(files[f"openstack/latest/{name}"])
        places = list(members(document))
        place = chance.choice(places)
        changed = copy.deepcopy(document)
        operation, after = operate(chance, changed, document, place)
        if operation is None or json.dumps(changed) == json.dumps(document):
            return None
        content = json.dumps(changed).encode()
        files = {path: content if path.endswith("/" + name) else old for path, old in files.items()}
        before = value_at(document, place)
        pattern = "/".join("*" if isinstance(step, int) else step for step in place) or "(all)"
        if place[:1] == ("public_keys",) and len(place) > 1:
            pattern = "public_keys/*"
        return Change(files, name, f"{name}#{pattern}", operation, before, after)

    @staticmethod
    def user_data(chance, files):
        before = files["openstack/latest/user_data"]
        kind = next((kind for kind, content in samples.USER_DATA.items() if content.encode() == before), None)
        forms = [(intent, content.encode()) for intent, content in samples.USER_DATA_FORMS] + samples.BINARY_FORMS
        intent, after = chance.choice(forms)
        if chance.random() < 0.7 and kind:
            same = [form for form in forms if form[0] == kind]
            intent, after = chance.choice(same)
        files = {path: after if path.endswith("/user_data") else old for path, old in files.items()}
        return Change(files, "user_data", f"user_data:{intent}", "form", before.decode(errors="replace"),
                      after.decode(errors="backslashreplace"), intent == kind)


def members(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, member in value.items():
            yield from members(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from members(item, (*path, index))


def value_at(value, path):
    for step in path:
        value = value[step]
    return value


def operate(chance, changed, document, place):
    """Changes the member at a place; returns the operation's name and the new value."""
    before = value_at(document, place)
    if not place:
        after = chance.choice([None, [], {}, "text", 5, [document], {"data": document}])
        if not isinstance(changed, dict):
            return None, None
        changed.clear()
        if isinstance(after, dict):
            changed.update(after)
            return "kind", after
        return None, None
    holder = value_at(changed, place[:-1])
    last = place[-1]
    operation = chance.choice(["absent", "null", "kind", "kind", "form", "form", "form", "duplicate", "swap"])
    if operation == "absent":
        del holder[last]
        return operation, "(absent)"
    if operation == "duplicate":
        if not isinstance(holder, list):
            return None, None
        holder.insert(last, copy.deepcopy(before))
        return operation, before
    if operation == "swap":
        if isinstance(last, int):
            if len(holder) < 2:
                return None, None
            other = chance.randrange(len(holder))
            holder[last], holder[other] = holder[other], holder[last]
            return operation, holder[last]
        others = [value_at(document, other) for other in members(document)
                  if other and other != place and other[-1] == last and value_at(document, other) != before]
        after = chance.choice(others) if others else None
    elif operation == "null":
        after = None
    elif operation == "kind":
        after = chance.choice([5, 0, "text", "", [], {}, True, False, [before], {"value": before},
                               number(before) if isinstance(before, str) else str(before), 1.5, [None], -1])
    else:
        after = chance.choice(forms(place, before))
    if operation in ("swap",) and after is None:
        return None, None
    holder[last] = after
    return operation, after


def forms(place, before):
    """Other values for a member, of which many mean the same."""
    name = next((step for step in reversed(place) if isinstance(step, str)), "")
    if name == "network" and "routes" not in place:
        name = ""
    match name:
        case "ip_address":
            six = isinstance(before, str) and ":" in before
            return [f"{before}/{64 if six else 24}", f"{before}/{64 if six else 27}", f" {before}", f"{before}\n",
                    str(before).upper(), "0.0.0.0", "::",
                    "192.0.2.256", "192.0.2", "192.0.002.010", "::ffff:192.0.2.10", "2001:db8::77", "192.0.2.77", "127.0.0.1",
                    "224.0.0.1", "2001:0db8:0000:0000:0000:0000:0000:0010", "fe80::1%eth0", 3221225994]
        case "netmask":
            return [24, "24", "/24", 64, "64", "/64", "255.255.255.0", "0.0.0.255", "ffff:ffff:ffff:ffff::", "255.0.255.0",
                    "0.0.0.0",
                    "255.255.255.255", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 33, "33", 129, 0, "0", "",
                    "255.255.255.224 ",
                    "0xffffff00", 32, 27]
        case "gateway":
            six = isinstance(before, str) and ":" in before
            return ["", "0.0.0.0", "::", "2001:db8::1", "192.0.2.1", "203.0.113.1", f"{before}/24", "fe80::1", "gateway",
                    f" {before}",
                    "192.0.2.255", "192.0.2.256", "169.254.1.1", str(before).upper() if six else "192.0.2.01"]
        case "network":
            return ["0.0.0.0/0", "default", "10.0.0.0/8", "10.0.0.1", "::/0", "203.0.113.7", "", "0.0.0.0", "::",
                    "2001:db8:cafe::/48", "0",
                    "203.0.113", "10.0.0.0/255.0.0.0"]
        case "ethernet_mac_address" | "vlan_mac_address":
            mac = str(before)
            return [mac.upper(), mac.replace(":", "-"), mac.replace(":", ""),
                    f"{mac[:2]}{mac[3:5]}.{mac[6:8]}{mac[9:11]}.{mac[12:14]}{mac[15:]}",
                    mac[:-3], mac + ":00", f" {mac}", mac.replace(":0", ":"), "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "",
                    "52:54:00:5a:00:77",
                    "52:54:00:5a:00:zz"]
        case "mtu":
            return ["1500", 0, -1, 67, 68, 1279, 1280, 9000, 65535, 65536, 1500.0, "junk", "", 4294967296, "1500 bytes", 1500.5]
        case "vlan_id":
            return ["5", 0, 1, 4094, 4095, 4096, 5000, -1, "x", "", 5.0, "0x5"]
        case "vlan_link" | "link" | "bond_links":
            return ["nowhere", "tap0", "tap1", "bond0", "vlan5", "", f" {before}", str(before).upper(), ["tap0"], ["tap0",
                    "tap0"], ["nowhere"]]
        case "id":
            return ["", "tap0", "tap1", "network0", "a b", "x" * 40, "0", 0, "ä", "a/b", "a.b"]
        case "type" if place[0] == "links":
            return ["phy", "bond", "vlan", "PHY", "ovs", "tap", "physical", "bridge", "unknown", "hw_veb", "vif", ""]
        case "type" if "services" in place:
            return ["ntp", "DNS", "dhcp", "", "nameserver"]
        case "type" if place[0] == "networks":
            return ["ipv4", "ipv6", "ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless",
                    "static",
                    "static6", "IPv4", "dhcp", "unknown", ""]
        case "address":
            return ["", "dns.example.org", "198.51.100.53,198.51.100.54", "198.51.100.53 198.51.100.54", "198.51.100.53:53",
                    "2001:db8::53",
                    "198.51.100.54", "198.51.100.53/24", "0.0.0.0", " 198.51.100.53", "198.51.100.256", ["198.51.100.53"],
                    "2001:DB8:53::1"]
        case "services":
            return [[{"type": "ntp", "address": "198.51.100.123"}], [{"type": "dns"}], [{"address": "198.51.100.53"}],
                    [{"type": "dns", "address": "198.51.100.77"}], [{"type": "dns", "address": ["198.51.100.53"]}],
                    [{"type": "dns", "address": "198.51.100.53", "priority": 1}], [], {"type": "dns", "address": "198.51.100.53"}]
        case "routes":
            return [[], [{**samples.DEFAULT4, "gateway": "192.0.2.1"}, {**samples.DEFAULT4, "gateway": "192.0.2.2"}],
                    [{"network": "203.0.113.0", "netmask": "255.255.255.0", "gateway": "192.0.2.1", "metric": 5}],
                    [{"network": "203.0.113.0/24", "gateway": "192.0.2.1"}], [{"gateway": "192.0.2.1"}], [{**samples.DEFAULT4}],
                    [{**samples.DEFAULT4, "gateway": "192.0.2.1", "services": [{"type": "dns", "address": "198.51.100.77"}]}],
                    [{"network": "203.0.113.0/24", "netmask": "255.255.255.0", "gateway": "192.0.2.1"}]]
        case "bond_mode":
            return ["4", 4, "802.3AD", "lacp", "active-backup", "balance-rr", "balance-xor", "broadcast", "balance-tlb",
                    "balance-alb", "", "active_backup"]
        case "bond_xmit_hash_policy":
            return ["", "layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac", "L34", "layer34"]
        case "bond_miimon":
            return ["100", 0, -1, "100ms", 1.5]
        case "links":
            return [[], [{"id": "tap0", "type": "phy", "mtu": 1500}], [{"id": "tap0", "type": "phy", "name": "net0",
                    "mtu": 1500}]]
        case "networks":
            return [[], [{"id": "n", "type": "ipv4_dhcp", "link": "tap0"}], [{"id": "n", "type": "ipv4_dhcp"}],
                    [samples.automatic("ipv4_dhcp", "tap0"), samples.automatic("ipv4_dhcp", "tap0")]]
        case "hostname" | "name" | "local-hostname" if place[0] not in ("keys", "links"):
            return ["h" * 63, "h" * 64, "h" * 65, "web 01", "web_01", "wéb", "web-01.", ".web-01", "WEB-01",
                    "web-01.example.org", "-web",
                    "web-01\n", "a" * 60 + ".example.org", "", "192.0.2.1", "web;01"]
        case "name":
            return ["net0", "net1", "eth0", "a b", "x" * 20, ""]
        case "uuid":
            return ["", "5F2D6D1C-9D6E-4D0E-8F3B-0A1B2C3D4E5F", "i-1", "a/b", "..", "x" * 300, " "]
        case "random_seed":
            return ["", "c2FtcGxl", "c2FtcGxl\n", "c2Ft cGxl", "c2FtcGx", "!!!!", "_-_-", "c2FtcGxl====", "ä"]
        case "public_keys":
            key_ = samples.ONE_KEY["laptop"]
            return [[key_], {"0": {"openssh-key": key_}}, {"laptop": [key_]}, key_,
                    {"laptop": key_ + "\n" + key_.replace("laptop", "desk")},
                    {"laptop": key_ + "\n"}, {"a": key_, "b": key_}, {"laptop": ""}, {"": key_}, {"a\nb": key_}]
        case "laptop":
            key_ = samples.ONE_KEY["laptop"]
            return [key_ + "\n", key_ + "\n" + key_.replace("laptop", "desk"), "  " + key_, "", key_.replace("ssh-ed25519 ",
                    ""), [key_], "ä " + key_]
        case "keys":
            return [[], [{"name": "k", "type": "x509", "data": "-----BEGIN CERTIFICATE-----"}], [{"name": "k",
                    "data": "ssh-ed25519 AAAA"}],
                    [{"type": "ssh"}], {"type": "ssh"}]
        case "meta":
            return [{}, {"dsmode": "disabled"}, {"dsmode": "pass"}, {"dsmode": "net"}, {"dsmode": "local"}, {"dsmode": "x"},
                    {"admin_pass": 5},
                    {"a": None}, {"a": {"b": "c"}}]
        case "role":
            return ["", "a\nb", "x" * 300]
        case "files":
            return [[], [{"path": "/etc/motd"}], [{"content_path": "/content/0000"}], [{"path": "etc/motd",
                    "content_path": "content/0000"}],
                    [{"path": "/etc/motd", "content_path": "/content/0001"}], {"path": "/etc/motd",
                    "content_path": "/content/0000"}]
        case "content_path":
            return ["content/0000", "/content/0001", "", "0000", "/content/../content/0000", "//content/0000"]
        case "cloud-init":
            return [["#cloud-config\nruncmd: [date]\n"], "", "runcmd: [date]\n", {"runcmd": ["date"]},
                    "#cloud-config\n- a\n", "#!/bin/sh\ntrue\n"]
        case "launch_index":
            return ["0", -1, 1, 4294967296]
    return ["", "other", 0, 1, [], {}]
