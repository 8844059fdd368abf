"""Framing without I/O: messages to bytes and back.

A frame is two little-endian u32 lengths, a msgpack header, then a payload of raw array bytes::

    | header length | payload length | header (msgpack) | payload |

An array anywhere in a message travels as msgpack extension 1, whose data is the msgpack array
``[dtype, shape, offset]``; its bytes, in C order, start at ``offset`` in the payload (a multiple of 8).
Extension 2 is the same for a NumPy scalar. Nothing here reads or writes a socket, so that the blocking
worker, the scheduler's loop and the tests share one implementation.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from mosaic_nb.protocol.errors import FrameTooLarge, MalformedFrame, TruncatedFrame, UnsupportedValue

PREFIX = struct.Struct("<II")
HEADER_LIMIT = 64 << 20
"""Most bytes of a header: a long history of texts, never a picture."""
PAYLOAD_LIMIT = 512 << 20
"""Most bytes of a payload: a 4K RGB frame is 25 MB."""

ARRAY = 1
SCALAR = 2
_ALIGNMENT = 8
_KINDS = frozenset("biufcSU")  # no objects, no records: bytes that mean the same in every process
_description = msgspec.msgpack.Decoder(tuple[str, tuple[int, ...], int])
_pack = msgspec.msgpack.Encoder().encode

T = TypeVar("T")


class Encoder:
    """Turns messages into frames. Not thread-safe: one for each connection."""

    def __init__(self) -> None:
        self._arrays: list[bytes] = []
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
        return b"".join((PREFIX.pack(len(header), self._size), header, *self._arrays))

    def _hook(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._attach(ARRAY, value)
        if isinstance(value, np.generic):
            return self._attach(SCALAR, np.asarray(value))
        raise UnsupportedValue(f"{type(value).__module__}.{type(value).__qualname__} has no form on the wire")

    def _attach(self, code: int, array: np.ndarray[Any, Any]) -> msgspec.msgpack.Ext:
        if array.dtype.kind not in _KINDS:
            raise UnsupportedValue(f"an array of dtype {array.dtype} has no form on the wire")
        if self._size + array.nbytes > PAYLOAD_LIMIT:
            raise UnsupportedValue(f"a message's arrays are over the limit of {PAYLOAD_LIMIT:,} bytes")
        description = _pack((array.dtype.str, array.shape, self._size))
        data = array.tobytes()
        padding = -len(data) % _ALIGNMENT
        self._arrays.append(data)
        if padding:
            self._arrays.append(bytes(padding))
        self._size += len(data) + padding
        return msgspec.msgpack.Ext(code, description)


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

    def feed(self, data: bytes | memoryview) -> Iterator[T]:
        """Take received bytes and yield every message that they complete.

        Raises:
            FrameTooLarge, MalformedFrame: the stream is lost; close the connection.
        """
        if self._buffer or not self._is_one_frame(data):
            self._buffer += data
            yield from self._drain()
        else:  # the usual case, by far: exactly one frame, decoded in place
            yield self._message(memoryview(data))

    def end(self) -> None:
        """Say that the stream has ended.

        Raises:
            TruncatedFrame: it ended inside a frame.
        """
        if self._buffer:
            raise TruncatedFrame(f"the connection ended inside a frame, {len(self._buffer)} bytes into it")

    def _is_one_frame(self, data: bytes | memoryview) -> bool:
        return len(data) >= PREFIX.size and sum(self._lengths(data)) + PREFIX.size == len(data)

    def _drain(self) -> Iterator[T]:
        while len(self._buffer) >= PREFIX.size:
            size = PREFIX.size + sum(self._lengths(self._buffer))
            if len(self._buffer) < size:
                return
            frame = bytes(memoryview(self._buffer)[:size])
            del self._buffer[:size]
            yield self._message(memoryview(frame))

    def _lengths(self, data: bytes | bytearray | memoryview) -> tuple[int, int]:
        header, payload = PREFIX.unpack_from(data)
        if header > self._header_limit or payload > self._payload_limit:
            raise FrameTooLarge(
                f"a frame announced a header of {header:,} and a payload of {payload:,} bytes; "
                f"the limits are {self._header_limit:,} and {self._payload_limit:,}"
            )
        return header, payload

    def _message(self, frame: memoryview) -> T:
        split = PREFIX.size + PREFIX.unpack_from(frame)[0]
        self._payload = frame[split:]
        try:
            return self._decode(frame[PREFIX.size : split])  # type: ignore[no-any-return]
        except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
            raise MalformedFrame(f"a frame could not be decoded: {error}") from error

    def _hook(self, code: int, data: memoryview) -> Any:
        if code not in (ARRAY, SCALAR):
            raise MalformedFrame(f"extension {code} is unknown")
        name, shape, offset = _description.decode(data)
        dtype = np.dtype(name)
        if dtype.kind not in _KINDS or min(shape, default=0) < 0:
            raise MalformedFrame(f"an array of dtype {name} and shape {shape} cannot be received")
        count = math.prod(shape)
        if offset < 0 or offset + count * dtype.itemsize > len(self._payload):
            raise MalformedFrame(f"an array of {count:,} x {name} at {offset:,} does not fit its payload")
        if count == 0:
            return np.empty(shape, dtype)
        if dtype.kind == "U":
            points = np.frombuffer(self._payload, f"{dtype.byteorder}u4", count * dtype.itemsize // 4, offset)
            if points.max() > sys.maxunicode:  # else whoever reads the text gets a SystemError
                raise MalformedFrame(f"an array of {count:,} texts holds code points that do not exist")
        # A copy: aligned, writable and free of the receive buffer.
        array = np.frombuffer(self._payload, dtype, count, offset).reshape(shape).copy()
        return array[()] if code == SCALAR else array
