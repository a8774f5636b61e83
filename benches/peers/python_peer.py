"""A warm peer in Python: `python_peer.py nova | openstacksdk | pycdlib`.

It reads lines `DIRECTORY SIZE [OUT]` from stdin. For each one, it makes a config drive of the directory's files, compresses it with
gzip and encodes it in base64 as that peer's users do, writes the text to OUT if it is given, and prints the elapsed nanoseconds.
SIZE is the size of a FAT image in bytes, or 0 for ISO 9660. The files are read into memory before the clock starts.
"""

import base64
import gzip
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")


def nova():
    """Do what `IronicDriver._generate_configdrive` does after it has rendered the files."""
    import nova.conf
    from nova.virt import configdrive

    class Builder(configdrive.ConfigDriveBuilder):
        def _make_vfat(self, path, tmpdir):
            # Nova's own method needs root for a loop mount, and mcopy is faster.
            with open(path, "wb") as image:
                image.truncate(configdrive.CONFIGDRIVESIZE_BYTES)
            nova.privsep.fs.unprivileged_mkfs("vfat", path, label="config-2")
            entries = [str(entry) for entry in pathlib.Path(tmpdir).iterdir()]
            subprocess.run(["mcopy", "-s", "-i", path, *entries, "::/"], check=True)

    class Metadata:
        def __init__(self, files):
            self.metadata_for_config_drive = files.items

    nova.conf.CONF([], project="nova", default_config_files=[])

    def pack(_directory, files, size):
        nova.conf.CONF.set_override("config_drive_format", "vfat" if size else "iso9660")
        with tempfile.NamedTemporaryFile() as uncompressed:
            with Builder(instance_md=Metadata(files)) as builder:
                builder.make_drive(uncompressed.name)
            with tempfile.NamedTemporaryFile() as compressed:
                with gzip.GzipFile(fileobj=compressed, mode="wb") as gzipped:
                    uncompressed.seek(0)
                    shutil.copyfileobj(uncompressed, gzipped)
                compressed.seek(0)
                return base64.b64encode(compressed.read()).decode()

    return pack


def openstacksdk():
    from openstack.baremetal import configdrive

    return lambda directory, _files, _size: configdrive.pack(directory)


def pycdlib():
    import pycdlib

    def plain(number, name, is_file):
        return f"{number:08}.;1" if is_file else f"{number:08}"

    def pack(_directory, files, _size):
        iso = pycdlib.PyCdlib()
        iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident="config-2")
        entries = {"": ("", "")}  # directories by path: their paths in the plain and in the Joliet tree
        for path, content in files.items():
            parent = ""
            names = path.split("/")
            for name in names[:-1]:
                here = f"{parent}/{name}"
                if here not in entries:
                    short, joliet = entries[parent]
                    entries[here] = f"{short}/{plain(len(entries), name, False)}", f"{joliet}/{name}"
                    iso.add_directory(entries[here][0], rr_name=name, joliet_path=entries[here][1])
                parent = here
            short, joliet = entries[parent]
            entries[f"{parent}/{names[-1]}"] = None  # so that each plain name gets a number of its own
            iso.add_fp(io.BytesIO(content), len(content), f"{short}/{plain(len(entries), names[-1], True)}",
                       rr_name=names[-1], joliet_path=f"{joliet}/{names[-1]}")
        image = io.BytesIO()
        iso.write_fp(image)
        iso.close()
        return base64.b64encode(gzip.compress(image.getvalue())).decode()

    return pack


def main():
    pack = {"nova": nova, "openstacksdk": openstacksdk, "pycdlib": pycdlib}[sys.argv[1]]()
    # Peers may print to standard output: send that to standard error, and keep the original for the results.
    results = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        directory, size, *out = line.split()
        root = pathlib.Path(directory)
        files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        start = time.perf_counter_ns()
        text = pack(directory, files, int(size))
        elapsed = time.perf_counter_ns() - start
        for path in out:
            pathlib.Path(path).write_text(text)
        print(elapsed, file=results)


if __name__ == "__main__":
    main()
