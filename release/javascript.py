"""The npm package, and the page as an archive."""

import json
import os
import shutil

from common import ROOT, VERSION, Failure, pack, run, staged

TOOLS = ROOT / "target/bindings/javascript/node_modules"
"""jco and TypeScript, which tests/bindings/install.py installs."""


def library(out, component):
    """`configdrive`, an ES module for Node and browsers."""
    run("python3", ROOT / "tests/bindings/install.py", "javascript")
    source, package = ROOT / "bindings/javascript", staged("javascript")
    for name in ("package.json", "README.md", "component.js", "fetch.js", "fetch-node.js", "wasm.d.ts"):
        shutil.copy(source / name, package)
    shutil.copy(ROOT / "LICENSE", package)
    wasm = package / "configdrive.wasm"
    wasm.write_bytes(component)
    run(TOOLS / ".bin/jco", "transpile", "--quiet", wasm, "--instantiation", "async", "--no-nodejs-compat", "--name", "configdrive",
        "--out-dir", package / "component")
    run(TOOLS / ".bin/tsc", "component.js", "--allowJs", "--checkJs", "--declaration", "--emitDeclarationOnly", "--strict",
        "--target", "es2024", "--module", "nodenext", "--typeRoots", TOOLS / "@types", "--types", "node", cwd=package)
    [packed] = json.loads(run("npm", "pack", "--json", "--ignore-scripts", "--pack-destination", out, cwd=package))
    if packed["version"] != VERSION:
        raise Failure(f"bindings/javascript/package.json has the version {packed['version']}, Cargo.toml {VERSION}")


def page(out, component):
    """The page, for any web server that serves static files, and for `configdrive page`."""
    pack(out, f"configdrive-{VERSION}-page", page_files(component))


def page_files(component):
    """Build the page, and return its directory."""
    directory = staged("page")
    wasm = directory / "configdrive.wasm"
    wasm.write_bytes(component)
    run(ROOT / "examples/page/run", "--build", env={**os.environ, "CONFIGDRIVE_COMPONENT": str(wasm)})
    shutil.copytree(ROOT / "target/page", directory / "page", ignore=shutil.ignore_patterns("*.ts", "interfaces"))
    return directory / "page"
