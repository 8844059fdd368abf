"""Every way the wire can go wrong has a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ProtocolError(Exception):
    """The peer broke the worker protocol; the connection cannot be trusted any more."""


class FrameTooLarge(ProtocolError):
    """A frame announced more bytes than the limits of this connection allow."""


class MalformedFrame(ProtocolError):
    """A frame whose header is not msgpack, or whose arrays do not fit its payload."""


class TruncatedFrame(ProtocolError):
    """The connection ended in the middle of a frame."""


class UnexpectedMessage(ProtocolError):
    """A message that is well formed, but of a type that makes no sense here.

    Attributes:
        about: ``id``, ``lane``, ``agent`` and ``step`` of a message whose type this side does not know, so that a
            worker can answer it; else empty.
    """

    def __init__(self, message: str, about: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.about = dict(about or {})


class UnknownReply(ProtocolError):
    """A reply to a request that was never made."""


class DuplicateReply(ProtocolError):
    """A second reply to a request that was already answered."""


class LateReply(ProtocolError):
    """A reply to a request whose deadline had passed."""


class WrongReply(ProtocolError):
    """A reply whose lane, agent or step is not the request's."""


class VersionMismatch(ProtocolError):
    """The two sides speak no common version of the protocol."""


class UnsupportedValue(ProtocolError, TypeError):
    """A value that has no form on the wire (an object array, a custom class)."""


class UnsupportedSpace(ProtocolError, TypeError):
    """A space that cannot be written as data, or data that describes no space."""
