"""OpenStack config drives, from the WebAssembly component `configdrive.wasm`.

    component = configdrive.Component("configdrive.wasm")
    if component.required_by(document):
        baremetal.set_node_provision_state(node, "active", config_drive=component.pack(document))

A document is JSON text: the instance document, or the data that openstacksdk takes. `configdrive component -o FILE` writes the
component, `configdrive schema` describes the documents.
"""

from configdrive.component import Component, Limits, Options
from configdrive.drive import DriveFile, Finding, Inspection
from configdrive.errors import Error, ErrorCode, Refused, Stopped

__all__ = [
    "Component",
    "DriveFile",
    "Error",
    "ErrorCode",
    "Finding",
    "Inspection",
    "Limits",
    "Options",
    "Refused",
    "Stopped",
]
