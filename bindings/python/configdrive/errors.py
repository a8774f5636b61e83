"""Why there is no answer."""

from __future__ import annotations

from typing import Literal

ErrorCode = Literal["invalid-document", "invalid-option", "too-large", "invalid-drive"]


class Error(Exception):
    """There is no answer."""


class Refused(Error):
    """The component says no: the record `error` of the interface `ironic:configdrive/drive`."""

    def __init__(self, code: ErrorCode, message: str, pointer: str | None = None) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        """What kind of thing went wrong."""
        self.message = message
        """One line: the place, what was found there and what is wanted. It may hold names that a tenant chose, never a value."""
        self.pointer = pointer
        """The place in the document as a JSON pointer (RFC 6901), where there is one."""


class Stopped(Error):
    """The call did not end: it hit one of its limits, or the component failed, which is a fault in it."""
