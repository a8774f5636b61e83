#!/usr/bin/env python3
"""A real Ironic on loopback, for the tests and for examples/deploy.

    ironic.py install                        the virtual environment, below target/ironic/
    ironic.py serve                          Ironic in the foreground, until stdin closes (or SIGTERM, SIGINT)
    ironic.py enroll NAME --endpoint URL     a node of fake-hardware, ready to be deployed
    ironic.py lock | unlock NODE --database FILE      a node that another conductor works on, and its release
    ironic.py stored NODE --database FILE    the config drive as Ironic stored it: base64 of gzip
    ironic.py show [FILE]                    the files in such a text, as a tree with sizes

Ironic is the whole service, API and conductor in one process: SQLite, no message broker, no authentication, nodes of the
hardware type `fake-hardware`, whose deployments succeed at once and touch nothing. Needs Python 3.11 or newer with venv,
and PyPI for the first run. Standard library only, so that it runs before anything is installed.
"""

import argparse
import base64
import contextlib
import ctypes
import fcntl
import gzip
import hashlib
import io
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
REQUIREMENTS = HERE / "requirements.txt"
HOME = HERE.parents[1] / "target" / "ironic"
VENV = HOME / "venv"

START_TIMEOUT = 120  # seconds; 5 are usual
STATE_TIMEOUT = 60  # seconds; each step of an enrolment takes well below one


class Failure(Exception):
    """What went wrong, in one line for the person at the terminal."""


# ── the commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


def main():
    parser = argparse.ArgumentParser(description="A real Ironic on loopback, for the tests and for examples/deploy.")
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("install", help="make the virtual environment, if it is not there yet")

    command = commands.add_parser("serve", help="run Ironic until stdin closes; prints one line of JSON when it answers")
    command.add_argument("--auth-strategy", choices=["noauth"], default="noauth")

    command = commands.add_parser("enroll", help="enrol a node; prints it as one line of JSON")
    command.add_argument("name")
    command.add_argument("--endpoint", required=True)
    command.add_argument("--network-interface", choices=["noop", "flat"], default="noop",
                         help="flat: Ironic itself opens the config drive and checks it (default: noop)")
    command.add_argument("--state", choices=["enroll", "manageable", "available"], default="available")
    command.add_argument("--maintenance", action="store_true")
    command.add_argument("--failing", action="store_true", help="its deployments fail, after they have begun")
    command.add_argument("--port", metavar="MAC[=VIF]", action="append", default=[],
                         help="a port, and the id of the VIF that it carries")
    command.add_argument("--portgroup", metavar="MAC=VIF", help="a port group (802.3ad) that carries a VIF")
    command.add_argument("--member", metavar="MAC", action="append", default=[], help="a port of that port group")

    for name, text in [("lock", "reserve the node as a conductor does that works on it"), ("unlock", "undo lock"),
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
            serve(args.auth_strategy)
        elif args.command == "enroll":
            print(json.dumps(enroll(args)))
        elif args.command == "lock":
            write_reservation(args.database, args.node, "another-conductor")
        elif args.command == "unlock":
            write_reservation(args.database, args.node, None)
        elif args.command == "stored":
            sys.stdout.write(stored(args.database, args.node))  # as it is: no newline added
        elif args.command == "show":
            show(args.file)
    except (Failure, OSError, sqlite3.Error) as error:
        sys.exit(f"ironic.py: {error}")


def serve(auth_strategy):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    install()
    with running(auth_strategy) as (process, service):
        print(json.dumps(service), flush=True)
        while process.poll() is None:
            # A closed stdin is the signal that reaches us however the parent ended.
            if select.select([sys.stdin], [], [], 1)[0] and not os.read(sys.stdin.fileno(), 4096):
                return
        raise Failure("Ironic ended by itself; the end of its log:\n" + tail(service["log"]))


def enroll(args):
    """Enrols a node by Ironic's API, as an operator does, and takes it to the state asked for."""
    api = Api(args.endpoint)
    node = {
        "name": args.name,
        "driver": "fake-hardware",
        "network_interface": args.network_interface,
        # Ironic answers 500 to a rebuild of a node that names no image. Nothing fetches this one.
        "instance_info": {"image_source": "http://127.0.0.1:9/image.raw", "image_checksum": "0" * 64},
    }
    if args.failing:
        node["deploy_interface"] = "direct"
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

    if args.state in ("manageable", "available"):
        api.provision(uuid, "manage", "manageable")
    if args.state == "available":
        api.provision(uuid, "provide", "available")
    if args.maintenance:
        api.call("PUT", f"/v1/nodes/{uuid}/maintenance", {"reason": "asked for"})
    return {"uuid": uuid, "name": args.name, "provision_state": args.state}


def write_reservation(database, node, conductor):
    """Locks a node, or releases it: the reservation is how Ironic's conductors tell each other."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection, connection:
        changed = connection.execute("UPDATE nodes SET reservation = ? WHERE uuid = ? OR name = ?",
                                     (conductor, node, node)).rowcount
    if changed != 1:
        raise Failure(f"no node {node!r} in {database}")


def stored(database, node):
    """The config drive as Ironic keeps it for the deployment; its API shows only asterisks."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
        row = connection.execute("SELECT instance_info FROM nodes WHERE uuid = ? OR name = ?", (node, node)).fetchone()
    if row is None:
        raise Failure(f"no node {node!r} in {database}")
    drive = json.loads(row[0] or "{}").get("configdrive")
    if drive is None:
        raise Failure(f"no config drive is stored for node {node!r}")
    return drive


def show(file):
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        install()
        python = str(VENV / "bin" / "python")  # by its path Python knows that it is in a virtual environment
        os.execv(python, [python, __file__, "show", file])
    import pycdlib  # only the virtual environment has it

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


def print_tree(iso, folder, indent):
    entries = []
    for record in iso.list_children(rr_path=folder):
        if not (record.is_dot() or record.is_dotdot()):
            entries.append((record.rock_ridge.name().decode("utf-8"), record))
    entries.sort(key=lambda entry: entry[0])
    for name, record in entries:
        last = record is entries[-1][1]
        branch, below = ("└── ", "    ") if last else ("├── ", "│   ")
        if record.is_dir():
            print(f"{indent}{branch}{name}/")
            print_tree(iso, f"{folder}{name}/", indent + below)
        else:
            print(f"{indent}{branch}{name}  {record.get_data_length():,}")


# ── Ironic's API ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Api:
    def __init__(self, endpoint):
        self.endpoint = endpoint.rstrip("/")
        # Loopback: whatever proxy the environment names has no part in it.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.endpoint + path, method=method, headers={
            "Content-Type": "application/json", "X-OpenStack-Ironic-API-Version": "latest"})
        data = None if body is None else json.dumps(body).encode()
        try:
            with self.opener.open(request, data, timeout=30) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            raise Failure(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}")

    def provision(self, uuid, target, state):
        """Starts a change of a node's provision state and waits for its end."""
        self.call("PUT", f"/v1/nodes/{uuid}/states/provision", {"target": target})
        deadline = time.monotonic() + STATE_TIMEOUT
        while True:
            node = self.call("GET", f"/v1/nodes/{uuid}?fields=provision_state,last_error,reservation")
            # The conductor holds its reservation for a moment longer, and a locked node refuses the next step.
            if node["provision_state"] == state and node["reservation"] is None:
                return
            if time.monotonic() > deadline:
                raise Failure(f"node {uuid} is {node['provision_state']}, not {state}: {node['last_error']}")
            time.sleep(0.05)


# ── the service ──────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def running(auth_strategy="noauth"):
    """A fresh Ironic on a free port. It ends with the block, and its state goes with it."""
    state = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=HOME))  # 0700: config drives hold secrets
    process = None
    # Bound and never listened on, the socket keeps the port for Ironic, which sets SO_REUSEADDR too, and from others.
    with socket.socket() as reserved:
        try:
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
            service = {
                "endpoint": f"http://127.0.0.1:{port}",
                "database": str(state / "ironic.sqlite"),
                "log": str(state / "ironic.log"),
            }
            shutil.copyfile(HOME / "schema.sqlite", service["database"])
            config = state / "ironic.conf"
            config.write_text(configuration(state, port, auth_strategy))
            with open(service["log"], "wb") as log:
                process = subprocess.Popen(
                    [VENV / "bin" / "ironic", "--config-file", config], cwd=state, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent)
            wait_until_it_answers(process, service)
            yield process, service
        finally:
            if process is not None:
                # No farewell: all that an orderly end would keep is thrown away in the next line.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            shutil.rmtree(state, ignore_errors=True)


def configuration(state, port, auth_strategy):
    return f"""\
[DEFAULT]
auth_strategy = {auth_strategy}
debug = true
host = configdrive
my_ip = 127.0.0.1
rpc_transport = none
state_path = {state}
tempdir = {state}
enabled_hardware_types = fake-hardware
enabled_bios_interfaces = no-bios
enabled_boot_interfaces = fake
enabled_console_interfaces = no-console
# direct: the agent's way, for a deployment that fails (there is no agent)
enabled_deploy_interfaces = fake,direct
default_deploy_interface = fake
enabled_firmware_interfaces = no-firmware
enabled_inspect_interfaces = no-inspect
enabled_management_interfaces = fake
# flat: the conductor opens the config drive; nothing asks Neutron, since fake deployments leave networks alone
enabled_network_interfaces = noop,flat
default_network_interface = noop
enabled_power_interfaces = fake
enabled_raid_interfaces = no-raid
enabled_rescue_interfaces = no-rescue
enabled_storage_interfaces = noop
enabled_vendor_interfaces = no-vendor

[api]
host_ip = 127.0.0.1
port = {port}

[conductor]
automated_clean = false
# Periodic work that a node of minutes does not need.
sync_power_state_interval = 0
sync_local_state_interval = 0
check_allocations_interval = 0
cache_clean_up_interval = 0

[database]
connection = sqlite:///{state}/ironic.sqlite

[oslo_concurrency]
lock_path = {state}
"""


def wait_until_it_answers(process, service):
    deadline = time.monotonic() + START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            Api(service["endpoint"]).call("GET", "/")
            return
        except (OSError, Failure):
            time.sleep(0.05)
    raise Failure("Ironic does not answer; the end of its log:\n" + tail(service["log"]))


def tail(log, lines=20):
    return "\n".join(pathlib.Path(log).read_text(errors="replace").splitlines()[-lines:])


def die_with_parent():
    """Linux: should this script be killed outright, Ironic ends too. Elsewhere it would stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


# ── the virtual environment ──────────────────────────────────────────────────────────────────────────────────────────


def install():
    """Makes the virtual environment and an empty database, unless they are complete for these requirements."""
    make_venv(HOME, REQUIREMENTS, lambda: create_schema(HOME / "schema.sqlite"))


def make_venv(home, requirements, finish):
    """Makes home/venv with what is required, and finishes it, unless that was done for the same requirements before."""
    if sys.version_info < (3, 11):
        raise Failure(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")
    venv = home / "venv"
    # The path is part of it: a virtual environment cannot be moved.
    wanted = hashlib.sha256(
        f"{sys.version}\n{sys.prefix}\n{venv}\n".encode() + requirements.read_bytes()).hexdigest()
    stamp = home / "complete"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits for the first
        os.set_inheritable(lock.fileno(), True)  # and for a pip that outlived it
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)  # from here on an interrupted run is an incomplete one
        print(f"{pathlib.Path(sys.argv[0]).name}: installing target/{home.name} (once)", file=sys.stderr)
        run([sys.executable, "-m", "venv", "--clear", venv], "is python3-venv installed?")
        run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--requirement", requirements], "is PyPI reachable?")
        finish()
        stamp.write_text(wanted)


def create_schema(database):
    """An empty Ironic database, to be copied for each run: the migrations take longer than the service's start."""
    database.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        config = pathlib.Path(folder, "ironic.conf")
        config.write_text(f"[database]\nconnection = sqlite:///{database}\n")
        run([VENV / "bin" / "ironic-dbsync", "--config-file", config, "create_schema"], "see above")


def run(command, hint):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            close_fds=False)  # install's lock goes along
    if result.returncode:
        sys.stderr.write(result.stdout.decode(errors="replace"))
        raise Failure(f"{pathlib.Path(command[0]).name} failed ({hint})")


if __name__ == "__main__":
    main()
