"""Writes the three trees of an image, as pycdlib reads them, into directories.

Arguments: the image, and a directory in which to make plain/, joliet/ and rock_ridge/. Prints the labels of both volumes.
"""
import os
import sys

import pycdlib


def write(iso, key, directory):
    for where, _, files in iso.walk(**{key: '/'}):
        there = os.path.join(directory, where.lstrip('/'))
        os.makedirs(there, exist_ok=True)
        for name in files:
            path = os.path.join(where, name)
            target = os.path.join(there, name)
            assert not os.path.exists(target), f'{path} appears twice'
            iso.get_file_from_iso(target, **{key: path})


iso = pycdlib.PyCdlib()
iso.open(sys.argv[1])
assert iso.pvd.space_size * 2048 == os.path.getsize(sys.argv[1]), 'the volume space size is not the file size'
print(iso.pvd.volume_identifier.decode('ascii').rstrip())
print(iso.joliet_vd.volume_identifier.decode('utf-16-be').rstrip())
write(iso, 'iso_path', os.path.join(sys.argv[2], 'plain'))
write(iso, 'joliet_path', os.path.join(sys.argv[2], 'joliet'))
write(iso, 'rr_path', os.path.join(sys.argv[2], 'rock_ridge'))
