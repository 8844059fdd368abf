"""What is still to be played: handed out in pieces of about a second, fairly among the lanes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mosaic_nb.experiment.job import Job, Unit

PIECE = 1.5
"""Seconds that a piece should take: a block's few milliseconds of overhead are lost in it, and so is a block."""
_LARGEST = 20_000
"""Trials in one piece, at most: what a part holds stays in memory while it is played."""
_STRIKES = 2


@dataclass
class _Lane:
    left: deque[int] = field(default_factory=deque)
    alone: deque[int] = field(default_factory=deque)
    done: int = 0
    out: int = 0
    seconds: float | None = None

    @property
    def waiting(self) -> int:
        return len(self.left) + len(self.alone)

    @property
    def begun(self) -> float:
        """Which share of its trials is done or being played."""
        return (self.done + self.out) / max(1, self.done + self.out + self.waiting)


class Queue:
    """Trials that wait.

    Args:
        job: what is played.
        todo: the trials that are not on disk.
        sharers: among how many the last trials are shared out.
        seconds: that a piece should take.
    """

    def __init__(self, job: Job, todo: Iterable[Unit], sharers: int, seconds: float = PIECE) -> None:
        self._seconds = seconds
        self._lanes = {lane: _Lane() for lane in job.casts}
        self._sharers = sharers
        self._strikes: dict[Unit, int] = {}
        for lane, trial in todo:
            self._lanes[lane].left.append(trial)
        for about in self._lanes.values():
            about.done = job.trials - len(about.left)

    def __bool__(self) -> bool:
        return any(about.waiting for about in self._lanes.values())

    def lane(self) -> str:
        """Return the lane that is furthest behind of those that wait."""
        waiting = [lane for lane, about in self._lanes.items() if about.waiting]
        return min(waiting, key=lambda lane: self._lanes[lane].begun)

    def take(self, lane: str) -> list[int]:
        """Return the next piece of a lane: trials that follow each other."""
        about = self._lanes[lane]
        piece = [about.alone.popleft()] if about.alone else self._piece(about)
        about.out += len(piece)
        return piece

    def _piece(self, about: _Lane) -> list[int]:
        fits = 1 if about.seconds is None else int(self._seconds / max(about.seconds, 1e-9))
        count = max(1, min(fits, _LARGEST, -(-len(about.left) // self._sharers)))
        piece = [about.left.popleft()]
        while len(piece) < count and about.left and about.left[0] == piece[-1] + 1:
            piece.append(about.left.popleft())
        return piece

    def played(self, lane: str, trials: Sequence[int], seconds: float) -> None:
        """Note that a piece is on disk, and what its episodes took, without the start of workers."""
        about = self._lanes[lane]
        about.out -= len(trials)
        about.done += len(trials)
        about.seconds = seconds / len(trials)

    def lost(self, lane: str, trials: Sequence[int]) -> list[int]:
        """Note that a piece was lost: its trials are played again, one by one.

        Returns:
            Those that were lost for the second time, which are not.
        """
        about = self._lanes[lane]
        about.out -= len(trials)
        given_up = []
        for trial in trials:
            self._strikes[lane, trial] = self._strikes.get((lane, trial), 0) + 1
            if self._strikes[lane, trial] >= _STRIKES:
                given_up.append(trial)
                about.done += 1
            else:
                about.alone.append(trial)
        return given_up

    def drop(self, lane: str) -> None:
        """Forget what waits of a lane."""
        self._lanes[lane].left.clear()
        self._lanes[lane].alone.clear()
