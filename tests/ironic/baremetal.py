"""Ironic on loopback, the whole service in one process, and its API.

It uses SQLite and no message broker. Its nodes have the hardware type `fake-hardware`, whose deployments succeed at once and
touch nothing.
"""

import pathlib
import shutil
import tempfile
import time

from services import HOME, VENV, Failure, call, run

# The login for http_basic, and the password's hash for Ironic: bcrypt with the lowest cost.
OPERATOR = {"username": "operator", "password": "planted-password-of-operator"}
PASSWORD_FILE = "operator:$2b$04$SW5L4YBvxqXqSejyRbaPpu5Vt3.q6VY2vrBVtlEcT2qC71DXdI.h6\n"

TEMP_URL_DURATION = 60  # seconds that a drive stays in Swift; the least that Ironic accepts

STATE_TIMEOUT = 60  # seconds; each step of an enrolment takes well under one

SCHEMA = HOME / "schema.sqlite"


def prepare():
    """Makes an empty database, which each run copies: the migrations take longer than the service's start."""
    SCHEMA.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=HOME) as directory:
        config = pathlib.Path(directory, "ironic.conf")
        config.write_text(f"[database]\nconnection = sqlite:///{SCHEMA}\n")
        run([VENV / "bin" / "ironic-dbsync", "--config-file", config, "create_schema"], "see above")


def start(processes, port, settings):
    """Starts Ironic with settings from one of the functions below; returns its endpoint, database and log."""
    database = processes.state / "ironic.sqlite"
    shutil.copyfile(SCHEMA, database)
    config = processes.write("ironic.conf", configuration(processes.state, port) + settings)
    log = processes.start("ironic", ["ironic", "--config-file", config])
    return {"endpoint": f"http://127.0.0.1:{port}", "database": str(database), "log": str(log)}


def wait(processes, service):
    processes.wait_until_answered("ironic", service["endpoint"])


def without_authentication():
    return "[DEFAULT]\nauth_strategy = noauth\n"


def behind_http_basic(processes):
    return f"""\
[DEFAULT]
auth_strategy = http_basic
http_basic_auth_user_file = {processes.write("htpasswd", PASSWORD_FILE)}
"""


def behind_keystone(auth_url, region, service_user):
    """Returns settings with Keystone, and with Swift to store config drives."""
    login = f"""\
auth_type = password
auth_url = {auth_url}
username = ironic
password = {service_user["password"]}
project_name = {service_user["project"]}
user_domain_id = default
project_domain_id = default
region_name = {region}
"""
    return f"""\
[DEFAULT]
auth_strategy = keystone

[keystone_authtoken]
www_authenticate_uri = {auth_url}
{login}
[swift]
{login}
[deploy]
configdrive_use_object_store = true

[conductor]
configdrive_swift_temp_url_duration = {TEMP_URL_DURATION}
"""


def configuration(state, port):
    return f"""\
[DEFAULT]
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
# There is no agent: with direct a deployment fails, with custom-agent it waits for the agent.
enabled_deploy_interfaces = fake,direct,custom-agent
default_deploy_interface = fake
enabled_firmware_interfaces = no-firmware
enabled_inspect_interfaces = no-inspect
enabled_management_interfaces = fake
# flat: the conductor opens the config drive; Neutron is never called, since fake deployments do not touch networks
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

[service_catalog]
# The endpoint that an agent would call.
endpoint_override = http://127.0.0.1:{port}

[conductor]
automated_clean = false
# Periodic tasks that nodes which live for minutes do not need.
sync_power_state_interval = 0
sync_local_state_interval = 0
check_allocations_interval = 0
cache_clean_up_interval = 0

[database]
connection = sqlite:///{state}/ironic.sqlite

[oslo_concurrency]
lock_path = {state}

"""


class Api:
    def __init__(self, endpoint, headers):
        self.endpoint = endpoint.rstrip("/")
        self.headers = {"X-OpenStack-Ironic-API-Version": "latest", **headers}

    def call(self, method, path, body=None):
        return call(method, self.endpoint + path, body, self.headers)[1]

    def provision(self, uuid, target, state):
        """Starts a change of a node's provision state and waits until it is done."""
        self.call("PUT", f"/v1/nodes/{uuid}/states/provision", {"target": target})
        deadline = time.monotonic() + STATE_TIMEOUT
        while True:
            node = self.call("GET", f"/v1/nodes/{uuid}?fields=provision_state,last_error,reservation")
            # The conductor keeps its reservation for a moment longer, and a locked node refuses the next step.
            if node["provision_state"] == state and node["reservation"] is None:
                return
            if time.monotonic() > deadline:
                raise Failure(f"node {uuid}: expected state {state}, found {node['provision_state']}: {node['last_error']}")
            time.sleep(0.05)
