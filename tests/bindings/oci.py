"""Pushes the component to a real OCI registry and pulls it again: `oci.py REGISTRY-PROGRAM COMPONENT DIRECTORY`.

The artifact has the layout that the CNCF's wasm working group specifies
(tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/): a config of type application/vnd.wasm.config.v0+json, and the
component as one layer of type application/wasm.
"""

import contextlib
import hashlib
import json
import pathlib
import re
import subprocess
import sys

CONFIG = "application/vnd.wasm.config.v0+json"
LAYER = "application/wasm"


def main():
    import oras.client  # release/test imports this file without it

    registry, component, directory = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    with running(registry, directory) as address:
        target = f"{address}/ironic/configdrive:0.1.0"
        client = oras.client.OrasClient(insecure=True)
        client.push(target, files=[f"{component}:{LAYER}"], manifest_config=f"{config(component, directory)}:{CONFIG}",
                    disable_path_validation=True, quiet=True)

        manifest = client.get_manifest(target)
        assert manifest["config"]["mediaType"] == CONFIG, manifest
        assert [layer["mediaType"] for layer in manifest["layers"]] == [LAYER], manifest
        assert manifest["layers"][0]["digest"] == digest(component), manifest

        [pulled] = client.pull(target, outdir=str(directory / "pulled"))
        assert pathlib.Path(pulled).read_bytes() == component.read_bytes(), "the pulled component has other bytes"


def config(component, directory):
    path = directory / "config.json"
    path.write_text(json.dumps({
        "created": "1980-01-01T00:00:00Z",
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [digest(component)],
        "component": {"exports": ["ironic:configdrive/drive@0.1.0"], "imports": []},
    }))
    return path


def digest(path):
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


@contextlib.contextmanager
def running(registry, directory):
    """Runs the registry on a free loopback port, without authentication, until the block ends."""
    path = directory / "registry.json"  # JSON is YAML
    path.write_text(json.dumps({
        "version": 0.1, "log": {"level": "info"}, "http": {"addr": "127.0.0.1:0"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "blobs")}}}))
    process = subprocess.Popen([registry, "serve", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if listening := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                yield listening[1]
                return
        raise SystemExit("the registry exited unexpectedly")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


if __name__ == "__main__":
    main()
