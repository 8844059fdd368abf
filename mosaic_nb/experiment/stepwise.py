"""The step path: one episode after another, the environment and every operator in a process of its own.

What an arena does with its lanes side by side, this does with one lane's episodes: the same lock-step, the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mosaic_nb.experiment import episode
from mosaic_nb.experiment.job import Job, Played, part_of
from mosaic_nb.experiment.sheet import Sheet
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.lane import FAILED, Lane
from mosaic_nb.scheduler.workers import Worker


class Stepwise:
    """A `Player` by the lock-step.

    Args:
        job: what is played.
        lane: which lane.
        folder: the run's.
        logs: where the workers' logs go.
    """

    def __init__(self, job: Job, lane: str, folder: Path, logs: Path) -> None:
        self._job = job
        self._name = lane
        self._folder = folder
        logs.mkdir(parents=True, exist_ok=True)
        self._company = Company(job.environment, {lane: job.casts[lane]}, logs, job.deadline, job.sides)
        self._lane: Lane | None = None

    async def play(self, trials: Sequence[int], place: Path) -> list[Played]:
        """Play trials into a part of their own in a folder, and return their episodes.

        Raises:
            RecordingFailed: the disk refused.
            MosaicError: a worker could not be started at all.
        """
        sheet = Sheet(self._folder)
        for trial in trials:
            sheet.take(await self._trial(trial) or await self._trial(trial, again=True))
        sheet.save(part_of(self._job, self._name, trials, place))
        return sheet.played()

    @property
    def ready(self) -> bool:
        """Whether the workers have started."""
        return self._lane is not None

    def pids(self) -> Iterator[int]:
        """Give the process ids of the workers that run."""
        for link in self._company.links():
            yield link.process.pid

    async def close(self) -> None:
        """End the workers."""
        await self._company.close()

    async def _trial(self, trial: int, *, again: bool = False) -> Sheet:
        """Return the rows of a trial; none at all where a worker was lost, unless it has been tried before."""
        sheet = Sheet(self._folder)
        for number in self._job.numbers(trial):
            lane = await self._ready()
            await episode.play(lane, number, sheet, self._job.policy)
            if not again and lane.status == FAILED and self._lost_a_worker():
                return Sheet(self._folder)
        return sheet

    def _lost_a_worker(self) -> bool:
        workers: list[Worker] = [*self._company.environments.values(), *self._company.operators]
        return any(worker.broken is not None for worker in workers)

    async def _ready(self) -> Lane:
        if self._lane is None:
            await self._company.start()
            (self._lane,) = self._company.lanes(self._job.plan)
        return self._lane
