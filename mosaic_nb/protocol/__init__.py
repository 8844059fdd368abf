"""The worker protocol, version 1: messages, framing and spaces as data.

This room imports nothing of ours. ``docs/protocol.md`` describes the same wire for other languages.
"""

from mosaic_nb.protocol.errors import (
    DuplicateReply,
    FrameTooLarge,
    LateReply,
    MalformedFrame,
    ProtocolError,
    TruncatedFrame,
    UnexpectedMessage,
    UnknownReply,
    UnsupportedSpace,
    UnsupportedValue,
    VersionMismatch,
    WrongReply,
)
from mosaic_nb.protocol.framing import HEADER_LIMIT, PAYLOAD_LIMIT, Decoder, Encoder
from mosaic_nb.protocol.messages import VERSIONS
from mosaic_nb.protocol.unions import Reply, Request

__all__ = [
    "HEADER_LIMIT",
    "PAYLOAD_LIMIT",
    "VERSIONS",
    "Decoder",
    "DuplicateReply",
    "Encoder",
    "FrameTooLarge",
    "LateReply",
    "MalformedFrame",
    "ProtocolError",
    "Reply",
    "Request",
    "TruncatedFrame",
    "UnexpectedMessage",
    "UnknownReply",
    "UnsupportedSpace",
    "UnsupportedValue",
    "VersionMismatch",
    "WrongReply",
]
