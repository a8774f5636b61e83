"""A real Swift on loopback, with Keystone: proxy, account, container and object server, and one replica in a directory."""

import getpass

from services import call, run, VENV

TEMP_URL_KEY = "planted-temp-url-key"


def start(processes, port, auth_url, service_user):
    """Starts Swift; returns the URL of the account of the service's project. service_user: as in Keystone's `users`."""
    state = processes.state
    ports = {name: processes.port() for name in ["account", "container", "object"]}
    # These are secrets in production; here only loopback uses them.
    processes.write("swift.conf", "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n")
    (state / "swift" / "disk").mkdir(parents=True)
    build_rings(state, ports)
    for name in ["account", "container", "object"]:
        start_server(processes, name, ports[name], f"{name}-server", f"[app:{name}-server]\nuse = egg:swift#{name}\n")
    start_server(processes, "proxy", port, PIPELINE, f"""\
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:tempurl]
use = egg:swift#tempurl

[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
auth_type = password
auth_url = {auth_url}
www_authenticate_uri = {auth_url}
username = ironic
password = {service_user["password"]}
project_name = {service_user["project"]}
user_domain_id = default
project_domain_id = default
delay_auth_decision = true

[filter:keystoneauth]
use = egg:swift#keystoneauth
operator_roles = admin

[filter:slo]
use = egg:swift#slo
""")
    return f"http://127.0.0.1:{port}/v1/AUTH_{service_user['project_id']}"


# slo: openstacksdk, with which Ironic stores drives, requires it.
PIPELINE = "catch_errors tempurl authtoken keystoneauth slo proxy-server"


def wait(processes, account, token):
    """Waits for Swift, and sets the key with which Ironic signs its temporary URLs on the account."""
    processes.wait_until_answered("swift-proxy", account.partition("/v1/")[0] + "/info")
    call("POST", account, headers={"X-Auth-Token": token, "X-Account-Meta-Temp-URL-Key": TEMP_URL_KEY})


def start_server(processes, name, port, pipeline, sections):
    state = processes.state
    config = processes.write(f"swift-{name}.conf", f"""\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {state}
devices = {state}/swift
mount_check = false
user = {getpass.getuser()}
# No forks: one process is enough, and easier to kill.
workers = 0

[pipeline:main]
pipeline = {pipeline}

{sections}""")
    processes.start(f"swift-{name}", [f"swift-{name}-server", config, "--verbose"])


def build_rings(state, ports):
    """Makes rings with one device and one partition each: the work of swift-ring-builder, without starting it nine times."""
    lines = ("import sys\n"
             "from swift.common.ring import RingBuilder\n"
             "for name, port in zip(['account', 'container', 'object'], sys.argv[2:]):\n"
             "    builder = RingBuilder(0, 1, 0)\n"
             "    builder.add_dev({'region': 1, 'zone': 1, 'weight': 1, 'ip': '127.0.0.1', 'port': int(port),\n"
             "                     'device': 'disk'})\n"
             "    builder.rebalance()\n"
             "    builder.get_ring().save(f'{sys.argv[1]}/{name}.ring.gz')\n")
    # -P: modules in this directory have the same names as the services.
    run([VENV / "bin" / "python", "-P", "-c", lines, state,
         *(str(ports[name]) for name in ["account", "container", "object"])], "see above")
