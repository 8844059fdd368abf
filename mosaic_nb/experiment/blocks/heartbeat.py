"""How far a block is: 32 bytes of shared memory that its worker writes and whoever waits for it reads."""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mosaic_nb.scheduler.lane import Lane

EVERY = 0.5
"""Seconds between two heartbeats, as long as steps are made."""

_LAYOUT = struct.Struct("<QQdd")
SIZE = _LAYOUT.size


@dataclass(frozen=True)
class Beat:
    """What was told last.

    Attributes:
        steps, episodes: how many of this block are done.
        total: the return so far of the episode under way.
        time: `time.monotonic` when it was told; 0 before the first time.
    """

    steps: int
    episodes: int
    total: float
    time: float


def read(path: Path) -> Beat:
    """Return what a block has told last.

    Raises:
        FileNotFoundError: there is none yet.
    """
    return Beat(*_LAYOUT.unpack(path.read_bytes().ljust(SIZE, b"\0")[:SIZE]))


class Heart:
    """Tells how far a block is.

    Args:
        path: the file; made where it is missing; empty for nobody.
    """

    def __init__(self, path: str) -> None:
        self.due = 0.0
        self.steps = self.episodes = 0
        self._map: mmap.mmap | None = None
        if path:
            with open(path, "a+b") as file:  # noqa: PTH123 - as well a pathlib.Path
                file.truncate(SIZE)
                self._map = mmap.mmap(file.fileno(), SIZE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._map is not None:
            self._map.close()

    def beat(self, now: float, steps: int, total: float) -> None:
        """Tell.

        Args:
            now: `time.perf_counter`.
            steps, total: of the episode under way.
        """
        self.due = now + EVERY
        if self._map is not None:
            self._map[:] = _LAYOUT.pack(self.steps + steps, self.episodes, total, time.monotonic())

    def watch(self, lane: Lane) -> Callable[[], None]:
        """Return what is to be called after each step of a lane."""

        def look() -> None:
            now = time.perf_counter()
            if now > self.due and lane.episode is not None:
                self.beat(now, lane.step, lane.current.total)

        return look

    def count(self, steps: int) -> None:
        """Note that an episode with so many steps is over."""
        self.steps += steps
        self.episodes += 1
