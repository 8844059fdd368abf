"""How far an experiment has come, for people to watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mosaic_nb.experiment.job import Job, Played


@dataclass
class LaneProgress:
    """How far a lane has come.

    Attributes:
        total, done: episodes.
        failed: of those done, how many failed.
        returns: the sum of the returns of those that did not.
    """

    total: int
    done: int = 0
    failed: int = 0
    returns: float = 0.0

    @property
    def mean(self) -> float | None:
        """The mean return so far, or None."""
        counted = self.done - self.failed
        return self.returns / counted if counted else None


@dataclass
class Progress:
    """How far an experiment has come.

    Attributes:
        lanes: by name.
        steps: played since it was started or taken up again.
        state: ``checking``, ``running``, ``closing``, ``done``, ``stopped`` or ``failed``.
        began: when, on `time.monotonic`'s clock.
        ended: when it did, or None.
        last: the newest failure in words, or empty.
    """

    lanes: dict[str, LaneProgress]
    steps: int = 0
    state: str = "checking"
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    last: str = ""
    earlier: int = 0

    @property
    def total(self) -> int:
        """Episodes of all lanes."""
        return sum(lane.total for lane in self.lanes.values())

    @property
    def done(self) -> int:
        """Episodes on disk."""
        return sum(lane.done for lane in self.lanes.values())

    @property
    def failed(self) -> int:
        """Episodes on disk that failed."""
        return sum(lane.failed for lane in self.lanes.values())

    @property
    def elapsed(self) -> float:
        """Seconds since it was started or taken up again."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def rate(self) -> float:
        """Episodes a second since then."""
        return (self.done - self.earlier) / max(self.elapsed, 1e-9)

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take at this rate, or None where that is not known yet."""
        return (self.total - self.done) / self.rate if self.rate else None

    def __str__(self) -> str:
        means = ", ".join(
            f"{name} {lane.mean:.3g}" for name, lane in self.lanes.items() if lane.mean is not None
        )
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.state}: {self.done:,} of {self.total:,} episodes{failed}" + (
            means and f"; return {means}"
        )


class Board:
    """Keeps the progress: written by the scheduler's thread, read by any.

    Args:
        job: what is played.
    """

    def __init__(self, job: Job) -> None:
        episodes = job.trials * job.trial
        self._progress = Progress({lane: LaneProgress(episodes) for lane in job.casts})
        self._lock = threading.Lock()

    def read(self) -> Progress:
        """Return the progress as it stands."""
        with self._lock:
            lanes = {name: replace(lane) for name, lane in self._progress.lanes.items()}
            return replace(self._progress, lanes=lanes)

    def enter(self, state: str) -> None:
        """Note what is being done; time runs while it is ``checking``, ``running`` or ``closing``."""
        with self._lock:
            self._progress.state = state
            if state == "running":
                self._progress.began = time.monotonic()
            elif state not in ("checking", "closing"):
                self._progress.ended = time.monotonic()

    def recall(self, episodes: Iterable[tuple[str, float, str]]) -> None:
        """Count what was on disk before: lane, return and end of each."""
        with self._lock:
            for lane, total, end in episodes:
                self._count(lane, total, end)
                self._progress.earlier += 1

    def hear(self, played: Sequence[Played]) -> None:
        """Count episodes that are on disk now."""
        with self._lock:
            for each in played:
                self._count(each.lane, each.total, each.end)
                self._progress.steps += each.length
                if each.why:
                    self._progress.last = f"{each.lane}, seed {each.seed}: {each.why}"

    def _count(self, lane: str, total: float, end: str) -> None:
        about = self._progress.lanes[lane]
        about.done += 1
        if end == "failed":
            about.failed += 1
        else:
            about.returns += total
