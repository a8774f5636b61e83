"""Nova's Ironic driver, with config drives built by configdrive. The driver is `configdrive_nova.driver.IronicDriver`."""
