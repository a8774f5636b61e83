"""Reads a drive as Ironic's conductor does.

Argument: the image. Reads the network data by its plain path, then every file that Rock Ridge lists by the same path in
Joliet. Prints the network data.
"""
import io
import os
import sys

import pycdlib

iso = pycdlib.PyCdlib()
iso.open(sys.argv[1])
network_data = io.BytesIO()
iso.get_file_from_iso_fp(network_data, iso_path='/openstack/latest/network_data.json;1')
for where, _, files in iso.walk(rr_path='/'):
    for name in files:
        iso.get_file_from_iso_fp(io.BytesIO(), joliet_path=os.path.join(where, name))
sys.stdout.buffer.write(network_data.getvalue())
