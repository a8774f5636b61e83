#!/usr/bin/env python3
"""Reads a config drive with its real readers, and prints what they make of it as JSON.

    read.py cloud-init DIRECTORY [LABEL]    the drive's files, read by cloud-init's ConfigDrive data source
    read.py glean DIRECTORY                 … by glean
    read.py cloudbase-init DIRECTORY        … by cloudbase-init, as far as it works without Windows
    read.py agent TEXT IMAGE                base64 of gzip in the file TEXT, unpacked into IMAGE by Ironic's agent
    read.py agent-writes STORED PARTITION   what Ironic stored, which is such a text or its URL, written by the agent to a
                                            partition, for which a file is enough
    read.py ironic TEXT...                  such texts, checked by Ironic's conductor as before a deployment; prints a list
    read.py blkid IMAGE                     an image's label, as blkid reports it
    read.py yaml-samples SEED COUNT         texts that PyYAML writes, as read_yaml.py describes
    read.py yaml-values                     texts, a JSON list on standard input, and their values
    read.py yaml-written                    JSON texts, likewise, in YAML
    read.py yaml                            texts, a JSON list on standard input, loaded with the function with which cloud-init loads
                                            a cloud-config; prints a list of whether each is a mapping or empty

A member is `null` if the reader finds nothing. If a reader fails on a part, its exception is in `errors` under that part's
name; what it logs as a warning or an error meanwhile is in `warnings`. Interfaces are named net0, net1 … in the order of their
MAC addresses in network_data.json.

cloud-init is the one in PYTHONPATH, and runs the `netplan generate` that is unpacked in the directory NETPLAN_ROOT. Its parts
`netplan`, `eni`, … and those of glean named after distributions are the network configuration that is written for them, in the
form of rendered.py; `executed` is what is left of the user data when everything else is done.

With `-` instead of DIRECTORY, the first three read drives from standard input, a line for each: the JSON object
{"files": {PATH: BASE64}, "label": TEXT, "macs": [MAC]}, where the label and the machine's MAC addresses are optional. They print
a line for each drive.
"""

import base64
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

import read_cloud_init
import read_cloudbase_init
import read_glean
import read_ironic
import read_yaml


def main():
    reader, *arguments = sys.argv[1:]
    readers = {"cloud-init": cloud_init, "glean": read_glean.read, "cloudbase-init": read_cloudbase_init.read,
               "agent": read_ironic.agent, "agent-writes": read_ironic.agent_writes, "ironic": read_ironic.ironic,
               "blkid": blkid, "yaml": yaml,
               "yaml-samples": lambda seed, count: read_yaml.samples(int(seed), int(count)),
               "yaml-values": lambda: read_yaml.values(json.load(sys.stdin)),
               "yaml-written": lambda: read_yaml.written(json.load(sys.stdin))}
    if arguments == ["-"]:
        many(readers[reader])
    else:
        json.dump(readers[reader](*arguments), sys.stdout, default=repr)


def many(read):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what readers print is not an answer
    for line in sys.stdin:
        drive = json.loads(line)
        with tempfile.TemporaryDirectory() as directory:
            for name, content in drive.pop("files").items():
                path = pathlib.Path(directory, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(base64.b64decode(content))
            answers.write(json.dumps(read(directory, **drive), default=repr) + "\n")
            answers.flush()


def cloud_init(directory, label="config-2", macs=None):
    root = os.environ.get("NETPLAN_ROOT")
    netplan = read_cloud_init.netplan_command(root) if root else None
    return read_cloud_init.Read(directory, label, macs, netplan).parts()


def yaml():
    from cloudinit import util

    logging.disable()
    return [util.load_yaml(text) is not None or is_empty(text) for text in json.load(sys.stdin)]


def is_empty(text):
    import yaml

    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError:
        return False
    return node is None or node.start_mark.index == node.end_mark.index and not node.value


def blkid(image):
    found = subprocess.run(["blkid", "--probe", "--output", "export", image], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           check=True, text=True).stdout
    values = dict(line.split("=", 1) for line in found.splitlines())
    return {name: values.get(name) for name in ("TYPE", "LABEL", "LABEL_FATBOOT")}


if __name__ == "__main__":
    main()
