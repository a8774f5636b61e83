"""Nova's Ironic driver with drives by configdrive. The wheel puts it into `nova/virt/`, because Nova only loads drivers from there.

    [DEFAULT]
    compute_driver = configdrive_ironic.IronicDriver
"""

from configdrive_nova.driver import IronicDriver

__all__ = ["IronicDriver"]
