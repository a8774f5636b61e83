"""A real Keystone on loopback, with SQLite and waitress. Its projects, users and catalogue are prepared once.

Prepared are the users of `USERS`, each with one role in one project; an application credential of `owner`; the service user
`ironic`; and a catalogue with two regions. The passwords are not secrets: they only work for this Keystone, and are easy to
recognise in places where a password should not be.
"""

import getpass
import grp
import json
import os
import shutil
import sqlite3

from services import HOME, VENV, Processes, call, run

PREPARED = HOME / "keystone"  # the database, the keys, and the ids that `prepare` found

REGION = "lab-1"
# Nothing listens there (port 9, discard). The endpoints of the other region keep this URL.
NOWHERE = "http://127.0.0.1:9"
OTHER_REGION = "lab-2"

# name: (project, role). Ironic lets a member of a node's owner deploy it, and a reader only look (its policy,
# SYSTEM_OR_OWNER_MEMBER_AND_LESSEE_ADMIN).
USERS = {
    "owner": ("tenant", "member"),
    "reader": ("tenant", "reader"),
    "stranger": ("elsewhere", "member"),
    "ironic": ("service", "admin"),
}
ADMIN = "admin"


def password(user):
    return f"planted-password-of-{user}"


def prepare():
    """Makes the database and the keys, which each run copies."""
    shutil.rmtree(PREPARED, ignore_errors=True)
    with Processes() as processes:
        state = processes.state
        (state / "fernet-keys").mkdir(mode=0o700)
        config = ["--config-file", processes.write("keystone.conf", configuration(state))]
        manage = VENV / "bin" / "keystone-manage"
        run([manage, *config, "db_sync"], "see above")
        # Keystone insists on an owner for the keys.
        run([manage, *config, "fernet_setup", "--keystone-user", getpass.getuser(),
             "--keystone-group", grp.getgrgid(os.getgid()).gr_name], "see above")
        run([manage, *config, "bootstrap", "--bootstrap-username", ADMIN, "--bootstrap-password", password(ADMIN),
             "--bootstrap-region-id", REGION, "--bootstrap-public-url", NOWHERE, "--bootstrap-internal-url", NOWHERE],
            "see above")
        port = processes.port()
        processes.start("keystone", serving(port, config))
        auth_url = f"http://127.0.0.1:{port}/v3"
        processes.wait_until_answered("keystone", auth_url)
        known = populate(auth_url)
        PREPARED.mkdir(mode=0o700)
        shutil.copy(state / "keystone.sqlite", PREPARED)
        shutil.copytree(state / "fernet-keys", PREPARED / "fernet-keys")
        (PREPARED / "known.json").write_text(json.dumps(known))


def start(processes, short_lived, endpoints):
    """Starts Keystone twice on one database; returns what a client needs to know, including the URLs.

    short_lived: lifetime in seconds of a token of the second one. endpoints: (service type, interface, region) → URL.
    """
    state = processes.state
    shutil.copytree(PREPARED, state, dirs_exist_ok=True)
    auth_urls = {}
    for name, lines in [("keystone", ""), ("keystone-short-lived", f"[token]\nexpiration = {short_lived}\n")]:
        config = processes.write(f"{name}.conf", configuration(state) + lines)
        port = processes.port()
        processes.start(name, serving(port, ["--config-file", config]))
        auth_urls[name] = f"http://127.0.0.1:{port}/v3"
    for interface in ["public", "internal"]:
        endpoints["identity", interface, REGION] = auth_urls["keystone"]
    with sqlite3.connect(state / "keystone.sqlite") as connection:
        for (service, interface, region), url in endpoints.items():
            connection.execute(
                "UPDATE endpoint SET url = ? WHERE interface = ? AND region_id = ? AND service_id = "
                "(SELECT id FROM service WHERE type = ?)", (url, interface, region, service))
    connection.close()
    return {
        "auth_url": auth_urls["keystone"],
        "auth_url_short_lived": auth_urls["keystone-short-lived"],
        **json.loads((PREPARED / "known.json").read_text()),
    }


def wait(processes, known):
    processes.wait_until_answered("keystone", known["auth_url"])
    processes.wait_until_answered("keystone-short-lived", known["auth_url_short_lived"])


def admins_token(auth_url):
    """Returns a token with the admin role for the whole system."""
    return token(auth_url, ADMIN, {"system": {"all": True}})


def token(auth_url, user, scope=None):
    """Returns a token of a user, in the user's project unless another scope is given."""
    domain = {"id": "default"}
    if scope is None:
        scope = {"project": {"name": USERS[user][0], "domain": domain}}
    password_of = {"user": {"name": user, "domain": domain, "password": password(user)}}
    headers, _ = call("POST", f"{auth_url}/auth/tokens", {
        "auth": {"identity": {"methods": ["password"], "password": password_of}, "scope": scope}})
    return headers["X-Subject-Token"]


def populate(auth_url):
    """Makes users and catalogue as an operator does; returns what cannot be known in advance."""
    def as_admin(method, path, body=None, headers={"X-Auth-Token": admins_token(auth_url)}):
        return call(method, auth_url + path, body, headers)[1]

    roles = {role["name"]: role["id"] for role in as_admin("GET", "/roles")["roles"]}
    projects, users = {}, {}
    for user, (project, role) in USERS.items():
        if project not in projects:
            projects[project] = as_admin("POST", "/projects", {
                "project": {"name": project, "domain_id": "default"}})["project"]["id"]
        users[user] = as_admin("POST", "/users", {
            "user": {"name": user, "domain_id": "default", "password": password(user)}})["user"]["id"]
        as_admin("PUT", f"/projects/{projects[project]}/users/{users[user]}/roles/{roles[role]}")
    as_admin("PUT", f"/regions/{OTHER_REGION}", {"region": {}})
    for service, interfaces in [("baremetal", ["public", "internal"]), ("object-store", ["public"])]:
        identity = as_admin("POST", "/services", {"service": {"type": service, "name": service}})["service"]["id"]
        for region in [REGION, OTHER_REGION]:
            for interface in interfaces:
                as_admin("POST", "/endpoints", {"endpoint": {
                    "service_id": identity, "interface": interface, "region_id": region, "url": NOWHERE}})
    credential = call("POST", f"{auth_url}/users/{users['owner']}/application_credentials", {
        "application_credential": {"name": "robot", "secret": password("robot")}},
        {"X-Auth-Token": token(auth_url, "owner")})[1]["application_credential"]
    return {
        "region": REGION,
        "other_region": OTHER_REGION,
        "users": {user: {"id": users[user], "password": password(user), "project": project,
                         "project_id": projects[project]} for user, (project, _) in USERS.items()},
        "application_credential": {key: credential[key] for key in ["id", "name", "secret"]},
    }


def serving(port, config):
    """Returns a command that runs waitress from Python: its own command would keep the arguments for Keystone out of sys.argv."""
    lines = ("import sys, waitress; from keystone.wsgi.api import application; "
             f"waitress.serve(application, host='127.0.0.1', port={port}, threads=4)")
    # -P: modules in this directory have the same names as the services.
    return ["python", "-P", "-c", lines, *config]


def configuration(state):
    return f"""\
[database]
connection = sqlite:///{state}/keystone.sqlite

[fernet_tokens]
key_repository = {state}/fernet-keys

[fernet_receipts]
key_repository = {state}/fernet-keys

[identity]
# The least that bcrypt accepts, since Ironic's middleware logs in often.
password_hash_rounds = 4
"""
