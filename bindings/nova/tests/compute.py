"""The part of Nova's compute service that deploys, in this process, on the real Ironic of tests/ironic/.

Nova's objects are in its own database (SQLite). Only Neutron is played by a web server, which knows one security group.
"""

# First, because with eventlet Nova patches the standard library: older versions when this module is imported, newer ones on request.
import nova.monkey_patch

if hasattr(nova.monkey_patch, "patch"):
    nova.monkey_patch.patch()

import concurrent.futures
import contextlib
import http.server
import json
import pathlib
import re
import sys
import tempfile
import threading
import uuid

import configdrive
import nova.conf
import nova.config
from nova import context, objects
from nova.db import migration
from nova.network import model
from nova.virt import driver, fake

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "bindings/python"))  # last: the packages are those of the wheels
from ironic_service import WithIronic

CONF = nova.conf.CONF
IMAGE = "3a1f2c4e-0000-4000-8000-000000000001"
NETWORK = json.loads((ROOT / "tests/golden/full/document.json").read_text())["network_info"]
UNMODIFIED, OURS = "ironic.IronicDriver", "configdrive_ironic.IronicDriver"


class WithNova(WithIronic):
    """Tests with a Nova that is configured for a real Ironic."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.directory = pathlib.Path(directory)
        cls.requests = []
        web = cls.enterClassContext(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(cls.requests)))
        threading.Thread(target=web.serve_forever, daemon=True).start()
        cls.addClassCleanup(web.shutdown)
        cls.web = f"http://127.0.0.1:{web.server_port}"
        file = cls.directory / "nova.conf"
        file.write_text(configuration(cls.directory, cls.service["endpoint"], cls.web))
        nova.config.parse_args(["nova-compute", "--config-file", str(file)])
        objects.register_all()
        for database in ("main", "api"):
            migration.db_sync(database=database)
        cls.drivers = {name: load(name) for name in (UNMODIFIED, OURS)}
        cls.component = configdrive.Component()

    def setUp(self):
        self.requests.clear()
        Handler.broken = False

    def override(self, group, **options):
        """Set options of nova.conf until the test ends."""
        for name, value in options.items():
            CONF.set_override(name, value, group)
            self.addCleanup(CONF.clear_override, name, group)

    def node(self):
        """Enroll a node with a port, and return its UUID."""
        number = next(NUMBERS)
        port = f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}={NETWORK[0]['id']}"
        return self.enroll(f"node-{number}", "--powered-off", "--port", port)

    def spawn(self, name, instance, files=(), password=None):
        """Deploy an instance with one of the drivers, as the compute manager does."""
        used = self.drivers[name]
        used.prepare_for_spawn(instance)
        used.spawn(context.get_admin_context(), instance, image(instance), list(files), password, {}, network(), {})

    def rebuild(self, name, instance, files=(), password=None):
        instance.task_state = "rebuilding"
        instance.save()
        self.drivers[name].rebuild(
            context.get_admin_context(), instance, image(instance), list(files), password, {}, [],
            lambda *_, **__: None, lambda *_, **__: None, network_info=network(), block_device_info={})

    def destroy(self, name, instance):
        self.drivers[name].destroy(context.get_admin_context(), instance, network(), {})
        # Nova's driver does not wait until the node is clean.
        self.baremetal.wait_for_nodes_provision_state([instance.node], "available")

    def files(self, node):
        """Return the files of the drive that Ironic stored for a node, without what is random."""
        return files(self.component, self.stored(node))


def at_once(functions):
    """Call all functions at the same time, in green threads if Nova uses them; raise the first error."""
    if is_green():
        import eventlet

        threads = [eventlet.spawn(function) for function in functions]
        return [thread.wait() for thread in threads]
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(lambda function: function(), functions))


def is_green():
    eventlet = sys.modules.get("eventlet")
    return bool(eventlet and eventlet.patcher.is_monkey_patched("thread"))


NUMBERS = iter(range(1, 1 << 16))


def load(name):
    return driver.load_compute_driver(fake.FakeVirtAPI(), name)


def files(component, text):
    """Return the contents of a drive's files by path, without what is random."""
    found = {path: file.content for file in component.extract(text) for path in file.paths}
    return {path: re.sub(rb'"random_seed": "[^"]*"', b'"random_seed": ""', content) for path, content in found.items()}


def instance(node, **more):
    """Create an instance in Nova's database, as the API and the scheduler leave it for the compute service."""
    admin = context.get_admin_context()
    properties = more.pop("image_properties", {})
    created = objects.Instance(admin, **{
        "uuid": str(uuid.uuid4()), "project_id": "p", "user_id": "u", "host": "compute", "node": node, "compute_id": 1, "hostname": "web-01",
        "display_name": "Web é", "availability_zone": "nova", "reservation_id": "r-1", "launch_index": 0, "image_ref": IMAGE,
        "config_drive": "True", "key_name": "k", "key_data": "ssh-ed25519 AAAA k", "root_device_name": "/dev/sda", "metadata": {"a": "1"},
        "keypairs": objects.KeyPairList(objects=[objects.KeyPair(name="k", type="ssh", public_key="ssh-ed25519 AAAA k")]),
        "flavor": objects.Flavor(
            id=1, name="bm.é", flavorid="1", memory_mb=1024, vcpus=1, root_gb=1, ephemeral_gb=0, swap=0, rxtx_factor=1.0,
            vcpu_weight=0, disabled=False, is_public=True, extra_specs={}, projects=[]),
        "old_flavor": None, "new_flavor": None,
        "device_metadata": objects.InstanceDeviceMetadata(devices=[
            objects.NetworkInterfaceMetadata(mac="52:54:00:00:00:0A", tags=["mgmt"], vlan=7, bus=objects.PCIDeviceBus(address="0000:00:03.0")),
            objects.DiskMetadata(serial="s", path="/dev/sdb", tags=["data"], bus=objects.SCSIDeviceBus(address="0:0:0:1"))]),
        "system_metadata": {"image_base_image_ref": IMAGE, **{f"image_{name}": value for name, value in properties.items()}},
        **more})
    created.create()
    objects.BlockDeviceMapping(
        admin, instance_uuid=created.uuid, source_type="image", destination_type="local", device_name="/dev/sda", boot_index=0,
        image_id=IMAGE).create()
    return objects.Instance.get_by_uuid(admin, created.uuid, expected_attrs=["flavor", "metadata", "system_metadata"])


def image(instance):
    """Return the image's metadata, as the compute manager passes it, but with a URL, since there is no Glance that Ironic could ask."""
    found = instance.image_meta
    found.id = "http://127.0.0.1:9/image.raw"
    return found


def network():
    """Return Nova's model of the instance's networks, of which one has a template."""
    return model.NetworkInfo.hydrate(NETWORK)


def handler(requests):
    return type("Recorder", (Handler,), {"requests": requests})


class Handler(http.server.BaseHTTPRequestHandler):
    """Neutron's ports and security groups, and a service for vendor data."""

    broken = False

    def do_GET(self):
        if Handler.broken:
            return self.answer(503, {"NeutronError": {"type": "x", "message": "down", "detail": ""}})
        if self.path.startswith("/v2.0/ports"):
            instances = re.findall(r"device_id=([0-9a-f-]+)", self.path)
            return self.answer(200, {"ports": [{"device_id": one, "security_groups": ["sg"]} for one in instances]})
        return self.answer(200, {"security_groups": [{"id": "sg", "name": "default"}]})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append(self.path)
        self.answer(200, {"asked": self.path, "é": ["ü"]})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def configuration(directory, ironic, web):
    return f"""\
[DEFAULT]
state_path = {directory}
host = compute
compute_driver = {OURS}
transport_url = fake://
[database]
connection = sqlite:///{directory}/nova.sqlite
[api_database]
connection = sqlite:///{directory}/nova_api.sqlite
[oslo_concurrency]
lock_path = {directory}
[ironic]
auth_type = none
endpoint_override = {ironic}
api_retry_interval = 0
[neutron]
auth_type = none
endpoint_override = {web}
"""


with contextlib.suppress(ImportError):
    import urllib3

    urllib3.disable_warnings()
