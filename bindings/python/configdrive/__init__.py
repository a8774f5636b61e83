"""Build and inspect OpenStack config drives with the WebAssembly component that this package contains.

    component = configdrive.Component()
    if component.required_by(document):
        baremetal.set_node_provision_state(node, "active", config_drive=component.pack(document))

A document is the instance document, or the data that openstacksdk accepts: a `dict`, or JSON as text or bytes. The component parses
it, in a sandbox.
"""

from configdrive import openstacksdk
from configdrive.component import Component, Document, Drive, Limits, Options
from configdrive.drive import DriveFile, ExtractedFile, Finding, Inspection
from configdrive.errors import Error, ErrorCode, FurtherError, Refused, Stopped

__all__ = [
    "Component",
    "Document",
    "Drive",
    "DriveFile",
    "Error",
    "ErrorCode",
    "ExtractedFile",
    "Finding",
    "FurtherError",
    "Inspection",
    "Limits",
    "Options",
    "Refused",
    "Stopped",
    "openstacksdk",
]
