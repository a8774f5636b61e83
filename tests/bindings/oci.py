"""The component through a real OCI registry and back, as `oci.py docker-registry COMPONENT FOLDER`.

The artifact is laid out as the wasm working group's OCI artifact says (tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/):
a config of application/vnd.wasm.config.v0+json, one layer of application/wasm, which is the component.
"""

import contextlib
import hashlib
import json
import pathlib
import re
import subprocess
import sys

import oras.client

CONFIG = "application/vnd.wasm.config.v0+json"
LAYER = "application/wasm"


def main():
    registry, component, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    with running(registry, folder) as address:
        target = f"{address}/ironic/configdrive:0.1.0"
        client = oras.client.OrasClient(insecure=True)
        client.push(target, files=[f"{component}:{LAYER}"], manifest_config=f"{config(component, folder)}:{CONFIG}",
                    disable_path_validation=True, quiet=True)

        manifest = client.get_manifest(target)
        assert manifest["config"]["mediaType"] == CONFIG, manifest
        assert [layer["mediaType"] for layer in manifest["layers"]] == [LAYER], manifest
        assert manifest["layers"][0]["digest"] == digest(component), manifest

        [pulled] = client.pull(target, outdir=str(folder / "pulled"))
        assert pathlib.Path(pulled).read_bytes() == component.read_bytes(), "other bytes came back"


def config(component, folder):
    path = folder / "config.json"
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
def running(registry, folder):
    """The registry on a free port of loopback, without authentication, until the block ends."""
    path = folder / "registry.json"  # JSON is YAML
    path.write_text(json.dumps({
        "version": 0.1, "log": {"level": "info"}, "http": {"addr": "127.0.0.1:0"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "blobs")}}}))
    process = subprocess.Popen([registry, "serve", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if listening := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
                yield listening[1]
                return
        raise SystemExit("the registry ended by itself")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


if __name__ == "__main__":
    main()
