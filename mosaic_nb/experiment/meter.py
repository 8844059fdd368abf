"""How busy the cores are: whether more may be played at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

_ROOM = 0.25
"""Which share of the memory stays free."""


class Meter:
    """Measures, between two looks, the CPU of some processes and of the whole machine."""

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._clocks: dict[int, float] = {}
        psutil.cpu_percent()

    def busy(self, pids: Iterable[int]) -> float:
        """Return how many cores these processes have kept busy since the last look; a newcomer counts in full."""
        now = time.monotonic()
        elapsed, self._looked = max(now - self._looked, 1e-3), now
        clocks = {pid: clock for pid in pids if (clock := _clock(pid)) is not None}
        used = sum(
            min(clock - self._clocks[pid], elapsed) if pid in self._clocks else elapsed
            for pid, clock in clocks.items()
        )
        self._clocks = clocks
        return used / elapsed

    def idle(self) -> float:
        """Return which share of the machine nobody has used since the last look; 0 where memory is short."""
        idle = 1 - psutil.cpu_percent() / 100
        memory = psutil.virtual_memory()
        return idle if memory.available > _ROOM * memory.total else 0.0


def _clock(pid: int) -> float | None:
    """Return the CPU seconds of a process so far, or None where it has gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return None
    return float(times.user + times.system)
