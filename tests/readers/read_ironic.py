"""Ironic's agent, which writes drives, and Ironic's conductor, which checks them."""

import logging
import pathlib
import shutil
import types
from unittest import mock

from findings import Findings


def agent(text, image):
    from ironic_python_agent import config  # noqa: F401 (the other modules need its options)
    from ironic_python_agent import partition_utils

    found = Findings()

    def unpack():
        mebibytes, unpacked = partition_utils.get_configdrive(pathlib.Path(text).read_text(), "node")
        shutil.move(unpacked, image)
        return mebibytes

    found.part("mebibytes", unpack)
    found.part("limit", lambda: partition_utils.MAX_CONFIG_DRIVE_SIZE_MB)
    return found.parts


def agent_writes(stored, partition):
    """The agent is told that a partition with the label of a config drive exists, as on a disk that has had one, so it does not
    create one. It is also told that the kernel can mount what it wrote, since a file is not a block device."""
    from ironic_python_agent import config  # noqa: F401 (the other modules need its options)
    from ironic_python_agent import disk_utils, partition_utils

    found = Findings()
    with mock.patch.object(partition_utils, "get_labelled_partition", return_value=partition), \
            mock.patch.object(disk_utils, "fix_gpt_partition"), \
            mock.patch.object(partition_utils, "_does_config_drive_work", return_value=True):
        found.part("written", lambda: partition_utils.create_config_drive_partition(
            "node", "disk", pathlib.Path(stored).read_text()))
    return found.parts


def ironic(*texts):
    """If Ironic would rebuild a drive, it is stopped there: Neutron is not asked, and mkisofs is not called."""
    from ironic.conductor import configdrive_utils

    logging.disable()
    return [ironic_one(configdrive_utils, pathlib.Path(text).read_text()) for text in texts]


def ironic_one(configdrive_utils, drive):
    task = types.SimpleNamespace(node=types.SimpleNamespace(uuid="node", instance_uuid="instance"))
    found = Findings()
    with mock.patch.object(configdrive_utils, "generate_config_metadata", return_value={}), \
            mock.patch.object(configdrive_utils, "regenerate_iso") as regenerate:
        found.part("drive", lambda: configdrive_utils.check_and_fix_configdrive(task, drive))
        found.parts["kept"] = found.parts.pop("drive") == drive
        found.parts["rebuilt"] = regenerate.called
    return found.parts
