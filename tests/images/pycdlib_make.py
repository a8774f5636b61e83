"""Makes an ISO 9660 image with pycdlib.

Arguments: the kind (plain, joliet, rock_ridge), the directory of the files, and the image.
"""
import os
import sys

import pycdlib

kind, directory, image = sys.argv[1:]
iso = pycdlib.PyCdlib()
iso.new(interchange_level=3, vol_ident='config-2', joliet=3 if kind == 'joliet' else None,
        rock_ridge='1.12' if kind == 'rock_ridge' else None)


def keys(plain, path):
    if kind == 'joliet':
        return {'joliet_path': '/' + path}
    return {'rr_name': path.rsplit('/', 1)[-1]} if kind == 'rock_ridge' else {}


plain = {'': ''}
number = 0
for where, directories, files in os.walk(directory):
    here = os.path.relpath(where, directory)
    here = '' if here == '.' else here + '/'
    for name in directories:
        number += 1
        plain[here + name + '/'] = f'{plain[here]}/D{number}'
        iso.add_directory(plain[here + name + '/'], **keys(plain, here + name))
    for name in files:
        number += 1
        iso.add_file(os.path.join(where, name), f'{plain[here]}/F{number}.;1', **keys(plain, here + name))
iso.write(image)
iso.close()
