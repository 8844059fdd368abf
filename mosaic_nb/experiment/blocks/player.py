"""The block path: whole episodes in one process that holds the environment and every operator of a lane."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from mosaic_nb.environments.family import of_id
from mosaic_nb.errors import DeadlineExceeded, RemoteError, WorkerDied, WorkerError
from mosaic_nb.experiment.blocks import heartbeat
from mosaic_nb.experiment.blocks.eligible import portable
from mosaic_nb.experiment.job import Job, Played, part_of
from mosaic_nb.experiment.player import Lost
from mosaic_nb.operators import Declared
from mosaic_nb.protocol.blocks import BlockEpisode, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.recording.errors import RecordingFailed
from mosaic_nb.scheduler.process import Program
from mosaic_nb.scheduler.workers import Worker

_HOST = "mosaic_nb.experiment.blocks.host"
_LOOK = 1.0
"""Seconds between two looks at whether a block still moves."""


class Blocks:
    """A `Player` by blocks.

    Args:
        job: what is played.
        lane: which lane; `eligible.why_not` says None of its operators.
        folder: the run's.
        logs: where the worker's log goes.
    """

    def __init__(self, job: Job, lane: str, folder: Path, logs: Path) -> None:
        self._job = job
        self._lane = lane
        logs.mkdir(parents=True, exist_ok=True)
        self._progress = logs / "progress"
        self._worker = BlockWorker(job, lane, folder, logs / "block.log")

    async def play(self, trials: Sequence[int], place: Path) -> list[Played]:
        """Play trials into a part of their own in a folder, and return their episodes.

        Raises:
            Lost: the worker was lost with them.
            RecordingFailed: the disk refused.
            MosaicError: the worker could not be started at all.
        """
        plan = self._job.plan
        numbers = [number for trial in trials for number in self._job.numbers(trial)]
        request = PlayBlock(
            id=0,
            lane=self._lane,
            path=str(part_of(self._job, self._lane, trials, place)),
            episodes=[BlockEpisode(each, plan.declared(each), plan.draws(each)) for each in numbers],
            progress=str(self._progress),
        )
        try:
            await self._worker.ensure()
            reply = await self._watched(request)
        except RemoteError as error:
            if error.error == RecordingFailed.__name__:
                raise RecordingFailed(str(error)) from error
            raise
        except (WorkerDied, DeadlineExceeded) as error:
            raise Lost(_why(error, self._worker)) from error
        return [
            Played(self._lane, r.number, r.seed, r.length, r.total, r.end, r.seconds, r.why)
            for r in reply.episodes
        ]

    @property
    def ready(self) -> bool:
        """Whether the worker has started."""
        return self._worker.opened

    def pids(self) -> Iterator[int]:
        """Give the process id of the worker, if it runs."""
        if self._worker.running:
            yield self._worker.link.process.pid

    async def close(self) -> None:
        """End the worker."""
        await self._worker.close()

    async def _watched(self, request: PlayBlock) -> BlockPlayed:
        """Have a block played, and end its worker where it makes no step for longer than a step may take."""
        guard = asyncio.create_task(self._guard())
        try:
            reply: BlockPlayed = await self._worker.ask(request, None)
            return reply
        finally:
            guard.cancel()

    async def _guard(self) -> None:
        if self._job.deadline is None:
            return
        patience = self._job.deadline + self._job.policy.environment_deadline + heartbeat.EVERY
        began = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK)
            told = heartbeat.read(self._progress).time if self._progress.exists() else 0.0
            if time.monotonic() - max(began, told) > patience:
                self._worker.link.fail(
                    DeadlineExceeded(
                        f"it made no step for {patience:g} s, longer than a step may take, and was ended"
                    )
                )


class BlockWorker(Worker):
    """The worker of a lane's blocks.

    Args:
        job: what is played.
        lane: which lane.
        folder: the run's.
        log: where its output goes.
    """

    def __init__(self, job: Job, lane: str, folder: Path, log: Path) -> None:
        self._operators: list[Declared] = []
        for declared in job.casts[lane].values():
            if declared not in self._operators:
                self._operators.append(declared)
        family = of_id(job.environment.id)
        wanted = [name for declared in self._operators for name in declared.spec.environment.preload]
        # Arrow imports pandas when it is first given a list, which takes longer than a block. Its allocator has a
        # thread of its own, and puts itself right in a fork.
        preload = (_HOST, "pandas", *(family.preload if family is not None else ()), *wanted)
        super().__init__(lane, Program(("-m", _HOST), preload=tuple(dict.fromkeys(preload))), log)
        self._job = job
        self._folder = folder
        self.opened = False

    async def prepare(self) -> None:
        """Make the environment and load the operators."""
        job, sides = self._job, self._job.sides
        self.opened = False
        cast = {key: self._operators.index(declared) for key, declared in job.casts[self.name].items()}
        await self.ask(
            OpenBlock(
                id=0,
                lane=self.name,
                environment=job.environment,
                operators=[portable(declared) for declared in self._operators],
                cast=cast,
                folder=str(self._folder),
                teams=None if sides.teams is None else {key: list(each) for key, each in sides.teams.items()},
                roles=None if sides.roles is None else {key: list(each) for key, each in sides.roles.items()},
                trial_length=job.trial,
                on_failure=job.policy.on_failure,
                on_illegal=job.policy.on_illegal,
            )
        )
        self.opened = True


def _why(error: WorkerError, worker: Worker) -> str:
    log = worker.log_tail()
    return f"{error}\n--- the end of its log ---\n{log}" if log else str(error)
