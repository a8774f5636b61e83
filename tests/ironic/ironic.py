#!/usr/bin/env python3
"""A real Ironic on loopback, for the tests and for examples/deploy; on request with Keystone and Swift.

    ironic.py install                        makes the virtual environment below target/ironic/
    ironic.py serve                          runs Ironic in the foreground until stdin closes (or SIGTERM, SIGINT); the line
                                             `restart` on stdin kills it and starts it again
    ironic.py enroll NAME --endpoint URL     enrols a node of fake-hardware, ready to be deployed
    ironic.py lock | unlock NODE --database FILE      reserves a node as another conductor does, and releases it
    ironic.py finish NODE --database FILE    ends a deployment that waits for its agent
    ironic.py stored NODE --database FILE    prints the config drive as Ironic stored it: base64 of gzip, its URL, or JSON
    ironic.py show [FILE]                    prints the files in such a text, as a tree with sizes

The services are in `baremetal.py`, `keystone.py` and `swift.py`; `neutron.py` answers in Neutron's place. Needs Python 3.11 or newer
with venv, and PyPI for the first run; not root. Standard library only, so that it runs before anything is installed.
"""

import argparse
import base64
import contextlib
import gzip
import io
import json
import os
import pathlib
import select
import signal
import sqlite3
import sys
import time

import baremetal
import keystone
import neutron
import swift
from services import HOME, VENV, Failure, Processes, make_venv

REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements.txt"


def main():
    parser = argparse.ArgumentParser(description="A real Ironic on loopback, for the tests and for examples/deploy.")
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("install", help="make the virtual environment, unless it is there")

    command = commands.add_parser("serve", help="run Ironic until stdin closes; prints one line of JSON when it is ready")
    command.add_argument("--auth-strategy", choices=["noauth", "http_basic", "keystone"], default="noauth",
                         help="keystone: with Keystone, and with Swift to store the drives (default: noauth)")
    command.add_argument("--short-lived", metavar="SECONDS", type=int, default=5,
                         help="lifetime of a token of the second Keystone (default: 5)")
    command.add_argument("--path", help="PATH of the services (default: this one)")

    command = commands.add_parser("enroll", help="enrol a node and print it as one line of JSON")
    command.add_argument("name")
    command.add_argument("--endpoint", required=True)
    command.add_argument("--auth-url", metavar="URL", help="URL of Keystone, to log in as its administrator")
    command.add_argument("--http-basic", action="store_true", help="log in as the operator that serve printed")
    command.add_argument("--owner", metavar="PROJECT", help="id of the project that owns the node")
    command.add_argument("--network-interface", choices=["noop", "flat"], default="noop",
                         help="flat: Ironic itself opens the config drive and checks it (default: noop)")
    command.add_argument("--state", choices=["enroll", "manageable", "available"], default="available")
    command.add_argument("--maintenance", action="store_true")
    command.add_argument("--powered-off", action="store_true", help="switch it off, so that Ironic knows its power state")
    command.add_argument("--failing", action="store_true", help="its deployments fail, after they have started")
    command.add_argument("--waiting", action="store_true", help="its deployments wait for an agent that never calls")
    command.add_argument("--unfit", action="store_true", help="it has no image, so it fails validation")
    command.add_argument("--bare", action="store_true", help="its instance_info is empty, and it needs no image")
    command.add_argument("--port", metavar="MAC[=VIF]", action="append", default=[],
                         help="a port, and the id of its VIF")
    command.add_argument("--portgroup", metavar="MAC=VIF", help="a port group (802.3ad) and the id of its VIF")
    command.add_argument("--attach", metavar="VIF", action="append", default=[],
                         help="attach a VIF, as Nova does (without authentication only)")
    command.add_argument("--member", metavar="MAC", action="append", default=[], help="a port of that port group")

    for name, text in [("lock", "reserve the node, as a conductor that works on it does"), ("unlock", "undo lock"),
                       ("finish", "end a waiting deployment, as the last call of its agent does"),
                       ("stored", "print the config drive that Ironic stored")]:
        command = commands.add_parser(name, help=text)
        command.add_argument("node", help="name or UUID")
        command.add_argument("--database", required=True, help="Ironic's SQLite file, as serve printed it")

    command = commands.add_parser("show", help="print the files of a stored config drive as a tree")
    command.add_argument("file", nargs="?", default="-", help="base64 of a gzipped ISO 9660 image (default: stdin)")

    args = parser.parse_args()
    try:
        if args.command == "install":
            install()
        elif args.command == "serve":
            serve(args)
        elif args.command == "enroll":
            print(json.dumps(enroll(args)))
        elif args.command == "lock":
            update(args.database, args.node, reservation="another-conductor")
        elif args.command == "unlock":
            update(args.database, args.node, reservation=None)
        elif args.command == "finish":
            update(args.database, args.node, provision_state="active", target_provision_state=None, deploy_step="{}")
        elif args.command == "stored":
            sys.stdout.write(stored(args.database, args.node))  # unchanged: no newline added
        elif args.command == "show":
            show(args.file)
    except (Failure, OSError, sqlite3.Error) as error:
        sys.exit(f"ironic.py: {error}")


def install():
    """Makes the virtual environment and the services' prepared state, unless they are complete for these requirements."""
    def prepare():
        baremetal.prepare()
        keystone.prepare()

    make_venv(HOME, REQUIREMENTS, prepare, baremetal.__file__, keystone.__file__)


def serve(args):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    install()
    if args.path:
        os.environ["PATH"] = args.path
    with Processes() as processes:
        service = start(processes, args)
        print(json.dumps(service), flush=True)
        while True:
            if select.select([sys.stdin], [], [], 1)[0]:
                asked = os.read(sys.stdin.fileno(), 4096)
                # A closed stdin reaches us however the parent ended.
                if not asked:
                    return
                if asked == b"restart\n":
                    processes.restart("ironic")
                    baremetal.wait(processes, service)
                    print("{}", flush=True)
            processes.check()


def start(processes, args):
    """Starts the services of the strategy in parallel; returns what a client has to know."""
    port = processes.port()
    if args.auth_strategy == "noauth":
        service = baremetal.start(processes, port, baremetal.without_authentication() + neutron.start(processes))
    elif args.auth_strategy == "http_basic":
        service = baremetal.start(processes, port, baremetal.behind_http_basic(processes))
        service.update(baremetal.OPERATOR)
    else:
        swift_port = processes.port()
        known = keystone.start(processes, args.short_lived, {
            ("baremetal", "public", keystone.REGION): f"http://127.0.0.1:{port}",
            ("baremetal", "internal", keystone.REGION): f"http://localhost:{port}",
            ("object-store", "public", keystone.REGION): f"http://127.0.0.1:{swift_port}/v1/AUTH_$(project_id)s",
        })
        ironic = known["users"]["ironic"]
        settings = baremetal.behind_keystone(known["auth_url"], keystone.REGION, ironic)
        service = {**baremetal.start(processes, port, settings), **known}
        account = swift.start(processes, swift_port, known["auth_url"], ironic)
        keystone.wait(processes, known)
        swift.wait(processes, account, keystone.token(known["auth_url"], "ironic"))
        service.update(account=account, temp_url_duration=baremetal.TEMP_URL_DURATION)
    baremetal.wait(processes, service)
    return service


def enroll(args):
    """Enrols a node through Ironic's API, as an operator does, and brings it into the requested state."""
    headers = {}
    if args.auth_url:
        headers = {"X-Auth-Token": keystone.admins_token(args.auth_url)}
    elif args.http_basic:
        login = "{username}:{password}".format(**baremetal.OPERATOR)
        headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    api = baremetal.Api(args.endpoint, headers)
    node = {
        "name": args.name,
        "driver": "fake-hardware",
        "network_interface": args.network_interface,
        # Ironic answers 500 to a rebuild of a node without an image. Nothing fetches this one.
        "instance_info": {"image_source": "http://127.0.0.1:9/image.raw", "image_checksum": "0" * 64},
    }
    if args.owner:
        node["owner"] = args.owner
    if args.failing or args.unfit:
        node["deploy_interface"] = "direct"
    if args.waiting:
        node["deploy_interface"] = "custom-agent"
    if args.unfit or args.bare:
        node["instance_info"] = {}
    uuid = api.call("POST", "/v1/nodes", node)["uuid"]

    group = None
    if args.portgroup:
        mac, vif = args.portgroup.split("=")
        group = api.call("POST", "/v1/portgroups", {
            "node_uuid": uuid, "address": mac, "mode": "802.3ad", "extra": {"vif_port_id": vif},
            "properties": {"miimon": 100, "xmit_hash_policy": "layer3+4"},
        })["uuid"]
    for port in args.port:
        mac, _, vif = port.partition("=")
        api.call("POST", "/v1/ports", {"node_uuid": uuid, "address": mac, "extra": {"vif_port_id": vif} if vif else {}})
    for mac in args.member:
        api.call("POST", "/v1/ports", {"node_uuid": uuid, "address": mac, "portgroup_uuid": group})

    for vif in args.attach:
        api.call("POST", f"/v1/nodes/{uuid}/vifs", {"id": vif})

    if args.state in ("manageable", "available"):
        api.provision(uuid, "manage", "manageable")
    if args.state == "available":
        api.provision(uuid, "provide", "available")
    if args.powered_off:
        power_off(api, uuid)
    if args.maintenance:
        api.call("PUT", f"/v1/nodes/{uuid}/maintenance", {"reason": "asked for"})
    return {"uuid": uuid, "name": args.name, "provision_state": args.state}


def power_off(api, uuid):
    """Switches a node off and waits until Ironic says so."""
    api.call("PUT", f"/v1/nodes/{uuid}/states/power", {"target": "power off"})
    deadline = time.monotonic() + 60
    while True:
        node = api.call("GET", f"/v1/nodes/{uuid}?fields=power_state,reservation")
        if node["power_state"] == "power off" and node["reservation"] is None:
            return
        if time.monotonic() > deadline:
            raise Failure(f"node {uuid} is {node['power_state']}, not off")
        time.sleep(0.05)


def update(database, node, **columns):
    """Changes columns of a node in Ironic's database. A node is locked if a conductor's name is in its reservation."""
    names = ", ".join(f"{name} = ?" for name in columns)
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        changed = connection.execute(f"UPDATE nodes SET {names} WHERE uuid = ? OR name = ?",
                                     (*columns.values(), node, node)).rowcount
    if changed != 1:
        raise Failure(f"no node {node!r} in {database}")


def stored(database, node):
    """Returns the config drive as Ironic stores it for the deployment; its API shows only asterisks."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
        row = connection.execute("SELECT instance_info FROM nodes WHERE uuid = ? OR name = ?", (node, node)).fetchone()
    if row is None:
        raise Failure(f"no node {node!r} in {database}")
    drive = json.loads(row[0] or "{}").get("configdrive")
    if drive is None:
        raise Failure(f"no config drive is stored for node {node!r}")
    return drive if isinstance(drive, str) else json.dumps(drive)


def show(file):
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        install()
        python = str(VENV / "bin" / "python")  # not resolved: by this path Python knows its virtual environment
        os.execv(python, [python, __file__, "show", file])
    import pycdlib  # only in the virtual environment

    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    iso = pycdlib.PyCdlib()
    try:
        with open(0 if file == "-" else file, "rb") as text:
            image = gzip.decompress(base64.b64decode(text.read()))
        iso.open_fp(io.BytesIO(image))
    except (ValueError, EOFError, gzip.BadGzipFile, pycdlib.pycdlibexception.PyCdlibException) as error:
        raise Failure(f"not base64 of a gzipped ISO 9660 image: {error}")
    label = iso.pvd.volume_identifier.decode("ascii").rstrip()
    print(f"{label}  ({len(image):,} bytes)")
    print_tree(iso, "/", "")
    iso.close()


def print_tree(iso, directory, indent):
    entries = []
    for record in iso.list_children(rr_path=directory):
        if not (record.is_dot() or record.is_dotdot()):
            entries.append((record.rock_ridge.name().decode("utf-8"), record))
    entries.sort(key=lambda entry: entry[0])
    for name, record in entries:
        last = record is entries[-1][1]
        branch, below = ("└── ", "    ") if last else ("├── ", "│   ")
        if record.is_dir():
            print(f"{indent}{branch}{name}/")
            print_tree(iso, f"{directory}{name}/", indent + below)
        else:
            print(f"{indent}{branch}{name}  {record.get_data_length():,}")


if __name__ == "__main__":
    main()
