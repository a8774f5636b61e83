"""A warm peer that is written in Python: `python_peer.py nova | openstacksdk | pycdlib`.

For each line `FOLDER SIZE [OUT]` on stdin it makes the config drive of the folder's files, gzips it and encodes it in base64 as
that peer's users do, and prints the nanoseconds that it took. SIZE is that of a FAT image, 0 for ISO 9660. The files are in
memory before the clock starts.
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
    """`IronicDriver._generate_configdrive`, from the files on: its metadata is not rendered here."""
    import nova.conf
    from nova.virt import configdrive

    class Builder(configdrive.ConfigDriveBuilder):
        def _make_vfat(self, path, tmpdir):
            # Nova's own needs root for a loop mount; mcopy is quicker than that.
            with open(path, "wb") as image:
                image.truncate(configdrive.CONFIGDRIVESIZE_BYTES)
            nova.privsep.fs.unprivileged_mkfs("vfat", path, label="config-2")
            entries = [str(entry) for entry in pathlib.Path(tmpdir).iterdir()]
            subprocess.run(["mcopy", "-s", "-i", path, *entries, "::/"], check=True)

    class Metadata:
        def __init__(self, files):
            self.metadata_for_config_drive = files.items

    nova.conf.CONF([], project="nova", default_config_files=[])

    def pack(_folder, files, size):
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

    return lambda folder, _files, _size: configdrive.pack(folder)


def pycdlib():
    import pycdlib

    def plain(number, name, is_file):
        return f"{number:08}.;1" if is_file else f"{number:08}"

    def pack(_folder, files, _size):
        iso = pycdlib.PyCdlib()
        iso.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident="config-2")
        folders = {"": ("", "")}  # by path: in the plain and in the Joliet tree
        for path, content in files.items():
            above = ""
            names = path.split("/")
            for name in names[:-1]:
                here = f"{above}/{name}"
                if here not in folders:
                    short, joliet = folders[above]
                    folders[here] = f"{short}/{plain(len(folders), name, False)}", f"{joliet}/{name}"
                    iso.add_directory(folders[here][0], rr_name=name, joliet_path=folders[here][1])
                above = here
            short, joliet = folders[above]
            folders[f"{above}/{names[-1]}"] = None
            iso.add_fp(io.BytesIO(content), len(content), f"{short}/{plain(len(folders), names[-1], True)}",
                       rr_name=names[-1], joliet_path=f"{joliet}/{names[-1]}")
        image = io.BytesIO()
        iso.write_fp(image)
        iso.close()
        return base64.b64encode(gzip.compress(image.getvalue())).decode()

    return pack


def main():
    pack = {"nova": nova, "openstacksdk": openstacksdk, "pycdlib": pycdlib}[sys.argv[1]]()
    # What a peer prints by the way is no answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        folder, size, *out = line.split()
        root = pathlib.Path(folder)
        files = {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
        start = time.perf_counter_ns()
        text = pack(folder, files, int(size))
        elapsed = time.perf_counter_ns() - start
        for path in out:
            pathlib.Path(path).write_text(text)
        print(elapsed, file=answers)


if __name__ == "__main__":
    main()
