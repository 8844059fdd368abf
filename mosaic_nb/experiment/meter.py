"""How busy processes are: whether more may be played at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable

import psutil

_ROOM = 0.25
"""Which share of the memory stays free."""


class Meter:
    """Measures the CPU of processes between two looks."""

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._clocks: dict[int, float] = {}

    def busy(self, pids: Iterable[int]) -> float:
        """Return how many cores these processes keep busy, or would if they had them; newcomers count in full."""
        now = time.monotonic()
        elapsed, self._looked = max(now - self._looked, 1e-3), now
        looks = {pid: look for pid in pids if (look := _look(pid)) is not None}
        used = sum(
            elapsed if runnable or pid not in self._clocks else min(clock - self._clocks[pid], elapsed)
            for pid, (clock, runnable) in looks.items()
        )
        self._clocks = {pid: clock for pid, (clock, _) in looks.items()}
        return used / elapsed


def has_memory() -> bool:
    """Whether there is memory for more processes."""
    memory = psutil.virtual_memory()
    return bool(memory.available > _ROOM * memory.total)


def _look(pid: int) -> tuple[float, bool] | None:
    """Return a process's CPU seconds so far and whether it runs or wants to; None where it has gone."""
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return float(times.user + times.system), process.status() == psutil.STATUS_RUNNING
    except psutil.NoSuchProcess:
        return None
