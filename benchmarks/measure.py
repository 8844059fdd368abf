"""Measure ours beside its floor: interleaved, pair by pair, on one machine in one run.

An absolute time says more about the machine than about the code. So every figure here has a floor or a peer that is
measured in the same breath, and the figure that counts is the median of the ratios of neighbouring samples.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

LIBRARIES = ("numpy", "msgspec", "gymnasium", "minigrid", "pyarrow", "pandas", "ipykernel")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Pairs:
    """Samples of two things, taken in turn.

    Attributes:
        ours, floor: float arrays of shape (rounds,), seconds a call; element i of both was taken side by side.
    """

    ours: np.ndarray
    floor: np.ndarray

    @property
    def ratio(self) -> float:
        """The median of ours / floor, pair by pair: a slow moment of the machine hits both sides of a pair."""
        return float(np.median(self.ours / self.floor))

    @property
    def medians(self) -> tuple[float, float]:
        """The medians of ours and of the floor, in seconds a call."""
        return float(np.median(self.ours)), float(np.median(self.floor))


def paired(
    ours: Callable[[], object],
    floor: Callable[[], object],
    *,
    rounds: int = 200,
    calls: int = 1,
    warmup: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> Pairs:
    """Time two functions in turn, and who goes first in turn too.

    Args:
        ours, floor: what is called; floor may be a peer.
        rounds: how many pairs of samples.
        calls: how many calls make a sample; enough that one lasts well above the clock's resolution.
        warmup: rounds thrown away first.
        clock: seconds; `Tree.seconds` counts the CPU of a whole process tree instead of the wall.
    """
    samples = np.empty((2, rounds + warmup))
    for turn in range(rounds + warmup):
        for side in (0, 1) if turn % 2 else (1, 0):
            samples[side, turn] = _sample((ours, floor)[side], calls, clock)
    return Pairs(*samples[:, warmup:])


def _sample(function: Callable[[], object], calls: int, clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(calls):
        function()
    return (clock() - begin) / calls


class Tree:
    """The CPU time of this process and its descendants as they are now (Linux).

    The kernel's own clock of each process, with nanoseconds, where /proc/PID/stat counts in hundredths of a second.
    Start every worker first: one that is born later is not counted, and one that dies takes its time along.
    """

    def __init__(self) -> None:
        # clock_getcpuclockid(3): the clock of process `pid` is (~pid << 3) | CPUCLOCK_SCHED.
        self._clocks = [(~pid << 3) | 2 for pid in processes()]

    def seconds(self) -> float:
        """CPU seconds, user and system, of every process together."""
        return sum(time.clock_gettime(clock) for clock in self._clocks)


def processes() -> list[int]:
    """This process and all its descendants (Linux)."""
    children: dict[int, list[int]] = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except (FileNotFoundError, ProcessLookupError):  # it has ended since the glob
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [os.getpid()]
    for pid in found:
        found += children.get(pid, [])
    return found


@contextmanager
def pinned(core: int | None = None) -> Iterator[None]:
    """Keep this process, its descendants and whatever they start on one core (Linux).

    A wake-up on another core costs several times one on the same core, and which it is changes from run to run.
    """
    allowed = os.sched_getaffinity(0)
    _set_affinity({min(allowed) if core is None else core})
    try:
        yield
    finally:
        _set_affinity(allowed)


def _set_affinity(cores: set[int]) -> None:
    for pid in processes():
        for task in (_PROC / str(pid) / "task").glob("*"):  # affinity belongs to a thread
            os.sched_setaffinity(int(task.name), cores)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure.

    Attributes:
        name: what was measured.
        unit: of ours and floor, such as ``"us"``.
        ours, floor: in that unit; floor is None where the goal is absolute.
        ratio: ours / floor pair by pair, or whichever way round the goal has it; None without a floor.
        at_most, at_least: the goal for the ratio, or for ours where there is no ratio; both None where there is none.
    """

    name: str
    unit: str
    ours: float
    floor: float | None = None
    ratio: float | None = None
    at_most: float | None = None
    at_least: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words, and whether it was met."""
        figure = self.ours if self.ratio is None else self.ratio
        unit = f" {self.unit}" if self.ratio is None else ""
        if self.at_most is not None:
            return f"<= {self.at_most:g}{unit}, {'met' if figure <= self.at_most else 'MISSED'}"
        if self.at_least is not None:
            return f">= {self.at_least:g}{unit}, {'met' if figure >= self.at_least else 'MISSED'}"
        return ""


_COLUMNS = "{:<58} {:>14} {:>14} {:>8}  {}"
HEADER = _COLUMNS.format("", "ours", "floor or peer", "ratio", "goal")


def show(*rows: Row) -> None:
    """Print rows under `HEADER`."""
    for row in rows:
        ours = f"{row.ours:,.4g} {row.unit}"
        floor = "" if row.floor is None else f"{row.floor:,.4g} {row.unit}"
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
        print(_COLUMNS.format(row.name, ours, floor, ratio, row.goal).rstrip(), flush=True)


def machine() -> str:
    """What a figure must be read with: processor, cores, load, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"{_processor()}, {cores} cores, load {load:.2f}; {platform.system()} {kernel}; "
        f"Python {platform.python_version()}, {', '.join(_versions())}"
    )


def _processor() -> str:
    information = _PROC / "cpuinfo"
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _versions() -> Iterator[str]:
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:  # an extra that is not installed
            continue
