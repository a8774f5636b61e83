"""What Ironic asks Neutron about a VIF, without Neutron: each port, network and subnet exists, and all have the same values.

It runs as a process of its own: `neutron.py PORT`. Standard library only.
"""

import http.server
import json
import pathlib
import sys

NETWORK = "5f0c8a1e-0000-4000-8000-00000000000a"
SUBNET = "5f0c8a1e-0000-4000-8000-00000000000b"

VALUES = {
    "ports": {"name": "", "network_id": NETWORK, "mac_address": "52:54:00:00:00:00",
              "fixed_ips": [{"subnet_id": SUBNET, "ip_address": "192.0.2.10"}]},
    "networks": {"name": "lab", "mtu": 1450},
    "subnets": {"cidr": "192.0.2.0/24", "ip_version": 4, "gateway_ip": "192.0.2.1", "host_routes": [],
                "dns_nameservers": ["192.0.2.53"], "network_id": NETWORK},
}


def start(processes):
    """Starts it; returns settings for Ironic."""
    port = processes.port()
    processes.start("neutron", ["python", pathlib.Path(__file__).resolve(), str(port)])
    return f"""\
[neutron]
auth_type = none
endpoint_override = http://127.0.0.1:{port}
# Ironic attaches no VIF without it.
cleaning_network = {NETWORK}
"""


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        kind, _, name = self.path.removeprefix("/v2.0/").partition("/")
        if self.path == "/":
            link = {"rel": "self", "href": "http://{}:{}/v2.0/".format(*self.server.server_address)}
            answer = {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}
        elif kind in VALUES and name:
            answer = {kind[:-1]: {"id": name, **VALUES[kind]}}
        else:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_PUT = do_GET  # Ironic binds the port to the node


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
