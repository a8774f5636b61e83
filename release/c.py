"""What C programs need besides wasmtime's C API: the component, a pkg-config file that says where it is, and an example."""

import shutil

from common import ROOT, VERSION, pack, staged


def library(out, component):
    """`configdrive-VERSION-c.tar.gz`, a prefix to unpack in /usr/local or anywhere else."""
    source, package = ROOT / "bindings/c", staged("c")
    directories = [package / "share" / name for name in ("configdrive", "pkgconfig", "doc/configdrive/examples")]
    for directory in directories:
        directory.mkdir(parents=True)
    data, pkgconfig, examples = directories
    (data / "configdrive.wasm").write_bytes(component)
    shutil.copy(ROOT / "wit/configdrive.wit", data)
    (pkgconfig / "configdrive.pc").write_text((source / "configdrive.pc").read_text().replace("@VERSION@", VERSION))
    for name in ("pack.c", "CMakeLists.txt", "meson.build"):
        shutil.copy(source / name, examples)
    shutil.copy(ROOT / "LICENSE", examples.parent)
    pack(out, f"configdrive-{VERSION}-c", package)
