"""Drives for the differential test, written after what clouds, deployment tools and readers publish as samples."""

import base64
import gzip
import json

ONE_KEY = {"laptop": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPublicKeyOfASampleThatOpensNothingAtAll0 laptop"}
DNS = [{"type": "dns", "address": "198.51.100.53"}, {"type": "dns", "address": "2001:db8:53::1"}]
DEFAULT4 = {"network": "0.0.0.0", "netmask": "0.0.0.0"}
DEFAULT6 = {"network": "::", "netmask": "::"}


def mac(index):
    return f"52:54:00:5a:00:{index:02x}"


def port(index, **more):
    return {"id": f"tap{index}", "type": "phy", "ethernet_mac_address": mac(index), "mtu": 1500, **more}


def static4(index, link, *routes, **more):
    """A static network, whose routes come after the default one if it is the first; their gateways are its own."""
    gateway = f"192.0.2.{index * 32 + 1}"
    default = [{**DEFAULT4, "gateway": gateway}] if index == 0 else []
    return {"id": f"network{index}", "network_id": f"0b4f8a1e-0000-4000-8000-00000000000{index}", "type": "ipv4", "link": link,
            "ip_address": f"192.0.2.{index * 32 + 10}", "netmask": "255.255.255.224",
            "routes": default + [{**route, "gateway": gateway} for route in routes], "services": DNS, **more}


def static6(index, link, *routes, **more):
    gateway = f"2001:db8:{index}::1"
    default = [{**DEFAULT6, "gateway": gateway}] if index == 0 else []
    return {"id": f"network6-{index}", "network_id": f"0b4f8a1e-0000-4000-8000-00000000006{index}", "type": "ipv6", "link": link,
            "ip_address": f"2001:db8:{index}::10", "netmask": "ffff:ffff:ffff:ffff::",
            "routes": default + [{**route, "gateway": gateway} for route in routes], "services": DNS, **more}


def automatic(kind, link, **more):
    return {"id": f"{kind}-{link}", "network_id": "0b4f8a1e-0000-4000-8000-000000000099", "type": kind, "link": link, **more}


ROUTE4 = {"network": "203.0.113.0", "netmask": "255.255.255.0"}
ROUTE6 = {"network": "2001:db8:cafe::", "netmask": "ffff:ffff:ffff::"}
VLAN = {"id": "vlan5", "type": "vlan", "vlan_link": "tap1", "vlan_id": 5, "vlan_mac_address": mac(1), "mtu": 1400}
BOND = {"id": "bond0", "type": "bond", "bond_links": ["tap0", "tap1"], "bond_mode": "802.3ad",
        "bond_xmit_hash_policy": "layer3+4", "bond_miimon": 100, "ethernet_mac_address": mac(0), "mtu": 1500}


def network(links, networks, services=DNS):
    return {"links": links, "networks": networks, "services": services}


NETWORKS = {
    "one-static": network([port(0)], [static4(0, "tap0")]),
    "two-static": network([port(0), port(1)], [static4(0, "tap0", ROUTE4), static4(1, "tap1")]),
    "dual-stack": network([port(0)], [static4(0, "tap0"), static6(0, "tap0", ROUTE6)]),
    "dhcp": network([port(0)], [automatic("ipv4_dhcp", "tap0")]),
    "dhcp-and-static": network([port(0), port(1)], [automatic("ipv4_dhcp", "tap0"), static4(1, "tap1", ROUTE4)]),
    "slaac": network([port(0)], [static4(0, "tap0"), automatic("ipv6_slaac", "tap0")]),
    "dhcpv6": network([port(0)], [static4(0, "tap0"), automatic("ipv6_dhcpv6-stateful", "tap0")]),
    "bond": network([port(0), port(1), BOND], [static4(0, "bond0")]),
    "vlan": network([port(0), port(1), VLAN], [static4(0, "tap0"), static4(1, "vlan5", ROUTE4)]),
    "vlans-on-a-bond": network(
        [port(0), port(1), BOND, {**VLAN, "vlan_link": "bond0", "vlan_mac_address": mac(0)}],
        [static4(0, "bond0"), static4(1, "vlan5")]),
    # A cloud's hypervisor says more about its links, and less about its networks.
    "hypervisor": network(
        [port(0, type="ovs", vif_id="e7a8f2c4-0000-4000-8000-000000000001"),
         port(1, type="bridge", vif_id="e7a8f2c4-0000-4000-8000-000000000002", mtu=None)],
        [automatic("ipv4_dhcp", "tap0", services=[]), static4(1, "tap1", gateway="192.0.2.33")], DNS[:1]),
    # A cluster's machines, whose links have names of their own.
    "cluster": network(
        [port(0, id="enp1s0", name="enp1s0"), port(1, id="enp2s0", name="enp2s0", mtu=9000)],
        [static4(0, "enp1s0", netmask="255.255.255.224"), automatic("ipv4_dhcp", "enp2s0")]),
    # A provisioning tool that writes the prefix as a number, and no services below the networks.
    "provisioned": network(
        [port(0, id="eth0")],
        [{"id": "public-ipv4", "type": "ipv4", "link": "eth0", "ip_address": "192.0.2.10", "netmask": "255.255.255.224",
          "routes": [{**DEFAULT4, "gateway": "192.0.2.1"}]}], DNS[:1]),
}

METADATA = {
    "nova": {"uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f", "hostname": "web-01", "name": "web-01", "launch_index": 0,
             "availability_zone": "zone-a", "random_seed": "c2FtcGxlIG9mIHJhbmRvbW5lc3M=", "project_id": "f00dcafe",
             "public_keys": ONE_KEY, "keys": [{"name": "laptop", "type": "ssh", "data": ONE_KEY["laptop"]}],
             "devices": [], "dedicated_cpus": [], "meta": {"role": "web"}},
    "files": {"uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f", "hostname": "web-01", "name": "web-01", "public_keys": ONE_KEY,
              "files": [{"path": "/etc/motd", "content_path": "/content/0000"}]},
    "cluster": {"uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f", "name": "node-0", "hostname": "node-0",
                "local-hostname": "node-0", "metal3-name": "node-0", "metal3-namespace": "metal3"},
}

SCRIPT = "#!/bin/sh\ntrue\n"
SETTINGS = "#cloud-config\nhostname: web-02\n"


def multipart(*parts):
    lines = ['Content-Type: multipart/mixed; boundary="=="', "MIME-Version: 1.0", ""]
    for kind, name, content in parts:
        lines += ["--==", f"Content-Type: {kind}", f'Content-Disposition: attachment; filename="{name}"', "", content]
    return "\n".join([*lines, "--==--", ""])


USER_DATA = {
    "settings": SETTINGS,
    "script": SCRIPT,
    "multipart": multipart(("text/x-shellscript", "s.sh", SCRIPT), ("text/cloud-config", "c.yaml", SETTINGS)),
    "boothook": "#cloud-boothook\n#!/bin/sh\ntrue\n",
    "archive": "#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    hostname: web-02\n",
    "template": "## template: jinja\n#cloud-config\nhostname: {{ v1.instance_id }}\n",
    "powershell": "#ps1_sysnative\nexit 0\n",
}

# The same user data in other forms, and other texts: what they are meant to be, and the text.
USER_DATA_FORMS = [
    ("script", "\n" + SCRIPT), ("script", "\n\n  " + SCRIPT), ("script", SCRIPT.replace("\n", "\r\n")),
    ("script", "\ufeff" + SCRIPT), ("script", "#! /bin/sh\ntrue\n"), ("script", "#!/bin/sh"), ("script", "true\n"),
    ("script", "# a comment\n" + SCRIPT), ("script", "#!/no/such/shell\ntrue\n"), ("script", "#!\ntrue\n"),
    ("script", "#!/bin/sh -e\ntrue\n"), ("script", "#!/bin/sh -e\r\ntrue\r\n"),
    ("settings", "\n" + SETTINGS), ("settings", " " + SETTINGS), ("settings", SETTINGS.replace("\n", "\r\n")),
    ("settings", "\ufeff" + SETTINGS), ("settings", "#Cloud-Config\nhostname: web-02\n"), ("settings",
    "# cloud-config\nhostname: web-02\n"),
    ("settings", "#cloud-config: yes\nhostname: web-02\n"), ("settings", "hostname: web-02\n"),
    ("settings", "#cloud-config\n- hostname: web-02\n"), ("settings", "#cloud-config\nhostname: [web-02\n"),
    ("settings", "#cloud-config\nhostname:\tweb-02\n"), ("settings", "#cloud-config\n\thostname: web-02\n"),
    ("other", "#cloud-config\n"), ("settings", "#cloud-config\nnull\n"), ("settings", "#cloud-config\nweb-02\n"),
    ("settings", "#cloud-config\nhostname: web-02\nhostname: web-02\n"), ("settings",
    "#cloud-config\nhostname: web-02\n---\na: b\n"),
    ("settings", "#cloud-config\nhostname: web-02\n# MIME-Version: 1.0\n"),
    ("settings", "#cloud-config\nhostname: web-02\nx: 'mime-version: 1.0'\n"),
    ("settings", "#cloud-config\nhostname: \"web-02\\z\"\n"), ("settings", "#cloud-config\nhostname: web-02\nwhat: *nothing\n"),
    ("settings", "#cloud-config\nhostname: !!python/none web-02\n"), ("settings",
    "#cloud-config\nhostname: web-02\nwhen: !when now\n"),
    ("settings", "#cloud-config\n{\"hostname\": \"web-02\"}\n"), ("settings", "#cloud-config\nhostname: web-02\n\x00"),
    ("multipart", "\n" + USER_DATA["multipart"]), ("multipart", "From: nobody\n" + USER_DATA["multipart"]),
    ("multipart", USER_DATA["multipart"].replace("\n", "\r\n")), ("multipart",
    USER_DATA["multipart"].replace("MIME-Version: 1.0\n", "")),
    ("multipart", USER_DATA["multipart"].replace("--==", "==")), ("multipart", USER_DATA["multipart"].replace("--==--", "")),
    ("multipart", USER_DATA["multipart"].replace("MIME-Version", "Mime-Version")),
    ("multipart", USER_DATA["multipart"].replace('boundary="=="', 'boundary="other"')),
    ("multipart", USER_DATA["multipart"].replace('; boundary="=="', "")),
    ("multipart", USER_DATA["multipart"].replace("text/x-shellscript", "text/plain")),
    ("multipart", USER_DATA["multipart"].replace("text/cloud-config", "text/plain")),
    ("multipart", USER_DATA["multipart"].replace("text/x-shellscript", "application/x-sh")),
    ("multipart", USER_DATA["multipart"].replace("Content-Type: text/cloud-config\n", "")),
    ("multipart", USER_DATA["multipart"].replace("#cloud-config", "# cloud-config")),
    ("multipart", USER_DATA["multipart"].replace("hostname: web-02", "hostname: [web-02")),
    ("multipart", USER_DATA["multipart"].replace("#!/bin/sh", "\n#!/bin/sh")),
    ("multipart", USER_DATA["multipart"].replace('; filename="s.sh"', "")),
    ("multipart", "Content-Type: multipart/mixed; boundary=\"==\"\nMIME-Version: 1.0\n\n--==--\n"),
    # Which variables there are is known only on the instance.
    ("template", "## template: jinja\nhostname: web-02\n"), ("other",
    "## template: jinja\n#cloud-config\nhostname: {{ nothing }}\n"),
    ("template", "## template: jinja\n#cloud-config\nhostname: {{ v1.\n"), ("template",
    "## template:jinja\n#cloud-config\nhostname: web-02\n"),
    ("template", "## template: jinja\n"), ("other", "## template: jinja\n" + SCRIPT),
    ("boothook", "#cloud-boothook\ntrue\n"), ("boothook", "#cloud-boothook\n\n#!/bin/sh\ntrue\n"),
    ("boothook", "\n#cloud-boothook\n#!/bin/sh\ntrue\n"), ("boothook", "#cloud-boothook\r\n#!/bin/sh\r\ntrue\r\n"),
    ("archive", "#cloud-config-archive\ntype: text/cloud-config\n"), ("archive", "#cloud-config-archive\n- [\n"),
    ("archive", "#cloud-config-archive\n- |\n  #cloud-config\n  hostname: web-02\n"),
    ("archive", "#cloud-config-archive\n- type: text/plain\n  content: hostname\n"), ("other", "#cloud-config-archive\n"),
    ("powershell", "#ps1\nexit 0\n"), ("powershell", "\n#ps1_sysnative\nexit 0\n"), ("powershell", "#ps1_sysnative"),
    ("powershell", "<powershell>\nexit 0\n</powershell>\n"), ("powershell", "#PS1\nexit 0\n"), ("powershell",
    "rem cmd\r\ndir\r\n"),
    ("other", "version: v1alpha1\nmachine:\n  type: worker\ncluster: {}\n"), ("other", "variant: fcos\nversion: 1.5.0\n"),
    ("other", '{"ignition": {"version": "3.4.0"}}'), ("other", "hello"), ("other", "#include http://192.0.2.1/x\n"),
    ("other", "#part-handler\ndef list_types():\n    return []\ndef handle_part(*_):\n    pass\n"),
    ("other", "#cloud-config-jsonp\n[{\"op\": \"add\", \"path\": \"/hostname\", \"value\": \"web-02\"}]\n"),
    ("other", "#cloud-config-jsonp\nhostname: web-02\n"), ("other", "#upstart-job\ntrue\n"), ("other", "#!"),
]

BINARY_FORMS = [
    ("script", gzip.compress(SCRIPT.encode(), mtime=0)), ("settings", gzip.compress(SETTINGS.encode(), mtime=0)),
    ("settings", gzip.compress(gzip.compress(SETTINGS.encode(), mtime=0), mtime=0)),
    ("settings", gzip.compress(SETTINGS.encode(), mtime=0)[:-9]), ("settings", gzip.compress(b"hostname: web-02\n", mtime=0)),
    ("settings", b"\x1f\x8b\x08junk"), ("settings", SETTINGS.encode("utf-16")), ("settings", SETTINGS.encode() + b"# \xff\n"),
    ("settings", base64.b64encode(SETTINGS.encode())), ("script", SCRIPT.encode() + b"# \xff\xfe\n"),
    ("multipart", gzip.compress(USER_DATA["multipart"].encode(), mtime=0)), ("script", SCRIPT.encode("utf-16")),
]

VENDOR_DATA = {
    "settings": {"cloud-init": "#cloud-config\nruncmd: [date]\n"},
    "other": {"region": "north"},
}


def both(files):
    """The same files in the two directories in which readers look."""
    return {f"openstack/{version}/{name}": content for name, content in files.items() for version in ("latest", "2018-08-27")}


def drives():
    """All samples by name: {path: bytes}."""
    found = {}

    def add(name, metadata, network_data, user_data, vendor_data):
        files = {"meta_data.json": json.dumps(METADATA[metadata]).encode()}
        if network_data:
            files["network_data.json"] = json.dumps(NETWORKS[network_data]).encode()
        if user_data:
            files["user_data"] = USER_DATA[user_data].encode()
        if vendor_data:
            files["vendor_data.json"] = json.dumps(VENDOR_DATA[vendor_data]).encode()
        found[name] = both(files)
        if metadata == "files":
            found[name]["openstack/content/0000"] = b"hello\n"

    for name in NETWORKS:
        add(f"network-{name}", "nova", name, "settings", None)
    for name in METADATA:
        add(f"metadata-{name}", name, "one-static", "settings", None)
    for name in USER_DATA:
        add(f"user-data-{name}", "nova", "one-static", name, None)
    for name in VENDOR_DATA:
        add(f"vendor-data-{name}", "nova", "one-static", "script", name)
    return found
