"""Errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ErrorCode = Literal["invalid-document", "invalid-option", "too-large", "invalid-drive"]


class Error(Exception):
    """A call failed. This is the base class of all errors."""


@dataclass(frozen=True)
class FurtherError:
    """Another error of the same document: the record `further-error`."""

    message: str
    """One line, as in `Refused.message`."""
    pointer: str | None = None
    """Place in the document as a JSON pointer (RFC 6901), if there is one."""


class Refused(Error):
    """The component refused the input: the record `error` of the interface `ironic:configdrive/drive`."""

    def __init__(self, code: ErrorCode, message: str, pointer: str | None = None, further: Sequence[FurtherError] = ()) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        """Kind of error."""
        self.message = message
        """One line: the place, what was expected and what was found. It may quote names that a tenant chose, never a value."""
        self.pointer = pointer
        """Place in the document as a JSON pointer (RFC 6901), if there is one."""
        self.further = tuple(further)
        """What else is wrong with the document."""


class Stopped(Error):
    """The call was stopped: it exceeded one of its limits, or the component failed, which is a bug in it."""
