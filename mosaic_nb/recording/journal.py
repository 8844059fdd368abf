"""Records that survive a killed process, and reading them back whatever became of the file.

A record is a u32 length, a u32 CRC-32 and a msgpack body, little-endian; the checksum is the body's. Each is
written by one system call at a known offset, so a process that dies leaves whole records and at most one torn one
at the end. Nothing here knows what the bodies mean.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

_PREFIX = struct.Struct("<II")
_FIRST = frozenset(range(0x90, 0xA0)) | {
    0xDC,
    0xDD,
}  # a body is a msgpack array: it can begin with nothing else

pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


def record(body: bytes) -> bytes:
    """Return a record of this body: a msgpack array, see `pack`."""
    return _PREFIX.pack(len(body), zlib.crc32(body)) + body


class Journal:
    """A file of records that is appended to, by one thread.

    Args:
        path: a new file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)

    def append(self, body: bytes) -> None:
        """Write a record; it outlives the process when this returns.

        Raises:
            OSError: it could not be written whole, and the file is as it was.
        """
        data = record(body)
        # At an offset, not at the end: whatever a failed write left behind, the next one begins in the right place.
        if os.pwrite(self._descriptor, data, self._size) != len(data):
            self._finish(data)
        self._size += len(data)

    def sync(self) -> None:
        """Return when everything appended has reached the medium."""
        os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _finish(self, data: bytes) -> None:
        """Write a record that a first call wrote in part: that call hid the reason, the next one tells it."""
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self._size + written)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise


@dataclass
class Scan:
    """What was found in a file of records.

    Attributes:
        bodies: the decoded bodies, in order.
        whole: how many bytes from the start hold nothing but whole records.
        torn: the file ends inside a record.
        problems: what is damaged, in words.
    """

    bodies: list[Any] = field(default_factory=list)
    whole: int = 0
    torn: bool = False
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Scan:
    """Read a file of records, also one that is being appended to.

    Raises:
        FileNotFoundError: there is no such file.
    """
    data = path.read_bytes()
    found = scan(data, path.name)
    while found.torn and len(grown := path.read_bytes()) > len(
        data
    ):  # a writer was in the middle of a record
        data, found = grown, scan(grown, path.name)
    return found


def scan(data: bytes, name: str) -> Scan:
    """Find the whole records in a file's bytes, past any damaged ones.

    Args:
        name: the file's name, for the problems.
    """
    found = Scan()
    for start, end, body in _records(data):
        if body is not None:
            found.bodies.append(body)
        elif end < len(data) or not _is_torn(data, start):
            found.problems.append(
                f"{name}: bytes {start:,} to {end:,} are damaged (their checksum is wrong); what they held is lost, "
                "the rest was read"
            )
        else:
            found.torn = True
            found.problems.append(
                f"{name}: the last record, from byte {start:,}, is torn: its writer was killed before it was "
                "acknowledged; it is left out"
            )
        if not found.problems:
            found.whole = end
    return found


def _records(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield (start, end, body) of every record, with None as the body of a stretch that is none."""
    start = 0
    while start < len(data):
        if (whole := _record_at(data, start)) is not None:
            yield start, *whole
            start = whole[0]
        else:
            following = (at for at in range(start + 1, len(data)) if _record_at(data, at) is not None)
            end = next(following, len(data))
            yield start, end, None
            start = end


def _record_at(data: bytes, start: int) -> tuple[int, Any] | None:
    """Return the end and the body of the record that starts here, or None."""
    begin = start + _PREFIX.size
    if begin >= len(data) or data[begin] not in _FIRST:
        return None
    length, checksum = _PREFIX.unpack_from(data, start)
    body = memoryview(data)[begin : begin + length]
    if len(body) < length or zlib.crc32(body) != checksum:
        return None
    try:
        return begin + length, _unpack(body)
    except msgspec.DecodeError:
        return None


def _is_torn(data: bytes, start: int) -> bool:
    """Whether a record that starts here would need more bytes than there are."""
    begin = start + _PREFIX.size
    return begin > len(data) or begin + _PREFIX.unpack_from(data, start)[0] > len(data)
