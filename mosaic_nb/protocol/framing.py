"""Framing without I/O: messages to bytes and back.

A frame is two little-endian u32 lengths, a msgpack header, then a payload of raw array bytes::

    | header length | payload length | header (msgpack) | payload |

An array anywhere in a message travels as msgpack extension 1, whose data is the msgpack array
``[dtype, shape, offset]``; its bytes, in C order, start at ``offset`` in the payload (a multiple of 8).
Extension 2 is the same for a NumPy scalar. Nothing here reads or writes a socket, so that the blocking
worker, the scheduler's loop and the tests share one implementation.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import numpy as np

from mosaic_nb.protocol.errors import (
    FrameTooLarge,
    MalformedFrame,
    TruncatedFrame,
    UnexpectedMessage,
    UnsupportedValue,
)

PREFIX = struct.Struct("<II")
HEADER_LIMIT = 64 << 20
"""Most bytes of a header: a long history of texts, never a picture."""
PAYLOAD_LIMIT = 512 << 20
"""Most bytes of a payload: a 4K RGB frame is 25 MB."""

ARRAY = 1
SCALAR = 2
_ALIGNMENT = 8
_KINDS = frozenset("biufcSU")  # no objects, no records: bytes that mean the same in every process
_DTYPE = re.compile(rf"[<>|][{''.join(sorted(_KINDS))}][1-9][0-9]*")
_unpack = PREFIX.unpack_from
_PADDING = tuple(bytes(n) for n in range(_ALIGNMENT))
_REMEMBERED = 1024
_Layout = tuple[np.dtype[Any], tuple[int, ...], int]
_extensions: dict[tuple[int, np.dtype[Any], tuple[int, ...], int], msgspec.msgpack.Ext] = {}
_layouts: dict[bytes, _Layout] = {}
_Natural = Annotated[int, msgspec.Meta(ge=0)]
_description = msgspec.msgpack.Decoder(tuple[str, tuple[_Natural, ...], _Natural])
_pack = msgspec.msgpack.Encoder().encode

T = TypeVar("T")


class Encoder:
    """Turns messages into frames. Not thread-safe: one for each connection."""

    def __init__(self) -> None:
        self._arrays: list[Any] = []
        self._size = 0
        self._encode = msgspec.msgpack.Encoder(enc_hook=self._hook).encode

    def encode(self, message: Any) -> bytes:
        """Return the frame of a message.

        Raises:
            UnsupportedValue: the message holds what has no form on the wire, or more than a frame may.
        """
        self._size = 0
        self._arrays.clear()
        try:
            header = self._encode(message)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise UnsupportedValue(str(error)) from error
        if len(header) > HEADER_LIMIT:
            raise UnsupportedValue(
                f"a message of {len(header):,} bytes beside its arrays is over the limit of {HEADER_LIMIT:,}"
            )
        if not self._arrays:
            return PREFIX.pack(len(header), 0) + header
        return b"".join((PREFIX.pack(len(header), self._size), header, *self._arrays))

    def _hook(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._attach(ARRAY, value)
        if isinstance(value, np.generic):
            return self._attach(SCALAR, np.asarray(value))
        raise UnsupportedValue(f"{type(value).__module__}.{type(value).__qualname__} has no form on the wire")

    def _attach(self, code: int, array: np.ndarray[Any, Any]) -> msgspec.msgpack.Ext:
        key = (code, array.dtype, array.shape, self._size)
        ext = _extensions.get(key)
        if ext is None:
            ext = msgspec.msgpack.Ext(code, _pack((_name(array.dtype), array.shape, self._size)))
            _remember(_extensions, key, ext)
        nbytes = array.nbytes
        if self._size + nbytes > PAYLOAD_LIMIT:
            raise UnsupportedValue(f"a message's arrays are over the limit of {PAYLOAD_LIMIT:,} bytes")
        self._arrays.append(array if array.flags.c_contiguous else array.tobytes())  # join reads it in place
        padding = -nbytes % _ALIGNMENT
        if padding:
            self._arrays.append(_PADDING[padding])
        self._size += nbytes + padding
        return ext


def _name(dtype: np.dtype[Any]) -> str:
    if dtype.kind not in _KINDS or not dtype.itemsize:
        raise UnsupportedValue(f"an array of dtype {dtype} has no form on the wire")
    return dtype.str


def _layout(data: bytes) -> _Layout:
    """Read an array's description."""
    name, shape, offset = _description.decode(data)
    if not _DTYPE.fullmatch(name):  # NumPy's own parser takes whole programs
        raise MalformedFrame(f"an array of dtype {name} cannot be received")
    return np.dtype(name), shape, offset


def _remember(memory: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep what the next message will need again: the arrays of a game have few shapes."""
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


class Decoder(Generic[T]):
    """Turns received bytes into typed messages. Not thread-safe: one for each connection.

    Args:
        kind: the type (usually a tagged union of structs) that every header must decode to.
        header_limit, payload_limit: bytes; a frame that announces more is refused before it is read.
    """

    def __init__(
        self, kind: type[T] | Any, *, header_limit: int = HEADER_LIMIT, payload_limit: int = PAYLOAD_LIMIT
    ) -> None:
        self._buffer = bytearray()
        self._payload = memoryview(b"")
        self._decode = msgspec.msgpack.Decoder(kind, ext_hook=self._hook).decode
        self._header_limit = header_limit
        self._payload_limit = payload_limit

    def feed(self, data: bytes | memoryview) -> Iterable[T]:
        """Take received bytes and give every message that they complete, one by one.

        Raises:
            FrameTooLarge, MalformedFrame: the stream is lost; close the connection. Messages before the fault are
                given first.
            UnexpectedMessage: a message of an unknown type; what follows it is given by the next call.
        """
        size = len(data)
        if not self._buffer and size >= PREFIX.size:
            header, payload = _unpack(data)
            if PREFIX.size + header + payload == size:  # the usual case, by far: decoded in place
                if header > self._header_limit or payload > self._payload_limit:
                    self._lengths(data)
                return (self._message(memoryview(data), header),)
        return self._drain(data)

    def end(self) -> None:
        """Say that the stream has ended.

        Raises:
            TruncatedFrame: it ended inside a frame.
        """
        if self._buffer:
            raise TruncatedFrame(f"the connection ended inside a frame, {len(self._buffer)} bytes into it")

    def _drain(self, data: bytes | memoryview) -> Iterator[T]:
        self._buffer += data
        while len(self._buffer) >= PREFIX.size:
            header, payload = self._lengths(self._buffer)
            size = PREFIX.size + header + payload
            if len(self._buffer) < size:
                return
            frame = bytes(memoryview(self._buffer)[:size])
            del self._buffer[:size]
            yield self._message(memoryview(frame), header)

    def _lengths(self, data: bytes | bytearray | memoryview) -> tuple[int, int]:
        header, payload = _unpack(data)
        if header > self._header_limit or payload > self._payload_limit:
            raise FrameTooLarge(
                f"a frame announced a header of {header:,} and a payload of {payload:,} bytes; "
                f"the limits are {self._header_limit:,} and {self._payload_limit:,}"
            )
        return header, payload

    def _message(self, frame: memoryview, header: int) -> T:
        split = PREFIX.size + header
        self._payload = frame[split:]
        try:
            return self._decode(frame[PREFIX.size : split])  # type: ignore[no-any-return]
        except msgspec.ValidationError as error:
            raise _refusal(frame[PREFIX.size : split], error) from error
        except (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise MalformedFrame(f"a frame could not be decoded: {error}") from error

    def _hook(self, code: int, data: memoryview) -> Any:
        if code not in (ARRAY, SCALAR):
            raise MalformedFrame(f"extension {code} is unknown")
        described = bytes(data)
        layout = _layouts.get(described)
        if layout is None:
            layout = _layout(described)
            _remember(_layouts, described, layout)
        dtype, shape, offset = layout
        if 0 in shape:
            return np.empty(shape, dtype)
        # A copy: aligned, writable and free of the receive buffer.
        array = np.ndarray(shape, dtype, self._payload, offset).copy()
        if dtype.kind == "U":
            _check_text(array)
        return array[()] if code == SCALAR else array


class _Envelope(msgspec.Struct):
    """What can be read of a message whose type is unknown."""

    type: str
    id: int
    lane: str = ""
    agent: str = ""
    step: int = 0


def _refusal(header: memoryview, error: msgspec.ValidationError) -> MalformedFrame | UnexpectedMessage:
    """Tell a message of an unknown type, which can be answered, from one that is broken."""
    if str(error).endswith("`$.type`"):
        try:
            about = msgspec.structs.asdict(msgspec.msgpack.decode(header, type=_Envelope))
        except msgspec.MsgspecError:
            return MalformedFrame(f"a frame could not be decoded: {error}")
        return UnexpectedMessage(f"a message of type {about.pop('type')!r} is unknown here", about)
    return MalformedFrame(f"a frame could not be decoded: {error}")


def _check_text(array: np.ndarray[Any, Any]) -> None:
    """Refuse code points that do not exist: whoever reads them would get a SystemError."""
    points = np.ascontiguousarray(array).reshape(-1).view(f"{array.dtype.byteorder}u4")
    if points.size and points.max() > sys.maxunicode:
        raise MalformedFrame(f"an array of {array.size:,} texts holds code points that do not exist")
