"""Nova's Ironic driver with drives by configdrive. It is here because Nova only loads drivers from its package `nova.virt`.

    [DEFAULT]
    compute_driver = configdrive_ironic.IronicDriver
"""

from configdrive_nova.driver import IronicDriver

__all__ = ["IronicDriver"]
