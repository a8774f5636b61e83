"""Build and inspect OpenStack config drives with the WebAssembly component `configdrive.wasm`.

    component = configdrive.Component("configdrive.wasm")
    if component.required_by(document):
        baremetal.set_node_provision_state(node, "active", config_drive=component.pack(document))

A document is a JSON string: the instance document, or the data that openstacksdk accepts. `configdrive component -o FILE` writes
the component, and `configdrive schema` prints the JSON Schema of documents.
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
