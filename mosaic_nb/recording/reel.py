"""Pictures that were shown, kept for whoever looks back: a cache on disk under a cap, no part of the record.

What is missing here a replay gives back. So nothing is synced, nothing is copied with the run, the oldest goes first
when the cap is passed, and a disk that refuses ends the keeping and nothing else.
"""

from __future__ import annotations

import errno
import os
import shutil
import weakref
from array import array
from bisect import bisect_left
from pathlib import Path

SEGMENT = 8 << 20
"""Bytes after which another file is begun: what is forgotten at once when the cap is passed."""


class _Index:
    """Where a lane's pictures lie, by ascending number: twenty bytes each."""

    __slots__ = ("frames", "lengths", "offsets")

    def __init__(self) -> None:
        self.frames = array("q")
        self.offsets = array("q")
        self.lengths = array("I")

    def put(self, frame: int, offset: int, length: int) -> None:
        """Note where a picture lies; one of the same number is replaced."""
        place = bisect_left(self.frames, frame)
        if place == len(self.frames) or self.frames[place] != frame:
            self.frames.insert(place, frame)
            self.offsets.insert(place, offset)
            self.lengths.insert(place, length)
        else:
            self.offsets[place], self.lengths[place] = offset, length

    def find(self, frame: int) -> tuple[int, int] | None:
        """Return the offset and length of a picture, or None."""
        place = bisect_left(self.frames, frame)
        if place == len(self.frames) or self.frames[place] != frame:
            return None
        return self.offsets[place], self.lengths[place]

    def forget(self, before: int) -> None:
        """Forget what lies before an offset."""
        kept = [place for place, offset in enumerate(self.offsets) if offset >= before]
        self.frames = array("q", [self.frames[place] for place in kept])
        self.lengths = array("I", [self.lengths[place] for place in kept])
        self.offsets = array("q", [self.offsets[place] for place in kept])


class Reel:
    """Keeps pictures by lane and number. One thread uses it; the folder goes when the reel does.

    Args:
        folder: where; made at the first picture.
        cap: bytes that are kept at most; 0 keeps nothing.
        segment: bytes of a file, less where the cap is small.

    Attributes:
        problem: why nothing more is kept, in words, or empty.
    """

    def __init__(self, folder: Path, cap: int, segment: int = SEGMENT) -> None:
        self.problem = ""
        self._folder = folder
        self._cap = cap
        self._segment = max(1, min(segment, cap // 4))
        self._lanes: dict[str, _Index] = {}
        self._sizes: list[int] = []  # of every segment, also of those deleted
        self._oldest = 0
        self._total = 0
        self._file: int | None = None
        self._discard = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)

    def keep(self, lane: str, frame: int, data: bytes) -> bool:
        """Keep a picture, in place of one of the same number; returns whether it is kept."""
        if not self._cap or self.problem:
            return False
        try:
            offset = self._write(data)
        except OSError as error:
            self.problem = f"no more pictures are kept in {self._folder}: {error.strerror or error}"
            return False
        self._lanes.setdefault(lane, _Index()).put(frame, offset, len(data))
        while self._total > self._cap and self._oldest < len(self._sizes) - 1:
            self._delete_oldest()
        return True

    def holds(self, lane: str, frame: int) -> bool:
        """Return whether a picture is kept."""
        index = self._lanes.get(lane)
        return index is not None and index.find(frame) is not None

    def read(self, lane: str, frame: int) -> bytes | None:
        """Return what was kept, or None where nothing is, or it cannot be read any more."""
        index = self._lanes.get(lane)
        found = None if index is None else index.find(frame)
        if found is None:
            return None
        offset, length = found
        try:
            with self._path(offset // self._segment).open("rb") as file:
                data = os.pread(file.fileno(), length, offset % self._segment)
        except OSError:  # somebody tidied the folder up
            return None
        return data if len(data) == length else None

    def close(self) -> None:
        """Keep nothing more; what is kept can still be read."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._cap = 0

    def _write(self, data: bytes) -> int:
        if self._file is None or self._sizes[-1] >= self._segment:
            self._begin_segment()
        assert self._file is not None
        at = self._sizes[-1]
        written = os.pwrite(self._file, data, at)
        if written < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._sizes[-1] += written
        self._total += written
        return (len(self._sizes) - 1) * self._segment + at

    def _begin_segment(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._folder.mkdir(exist_ok=True)
        self._file = os.open(self._path(len(self._sizes)), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._sizes.append(0)

    def _delete_oldest(self) -> None:
        self._path(self._oldest).unlink(missing_ok=True)
        self._total -= self._sizes[self._oldest]
        self._oldest += 1
        for index in self._lanes.values():
            index.forget(self._oldest * self._segment)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06}.bin"
