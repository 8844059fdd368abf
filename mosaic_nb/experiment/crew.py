"""A crew: the players of one machine, as many at a time as its cores can take."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mosaic_nb.experiment.blocks.eligible import why_not
from mosaic_nb.experiment.blocks.player import Blocks
from mosaic_nb.experiment.job import Folders, Job, Played, Unit, part_of
from mosaic_nb.experiment.meter import Meter, has_memory
from mosaic_nb.experiment.player import Lost, Player
from mosaic_nb.experiment.queue import PIECE, Queue
from mosaic_nb.experiment.sheet import Sheet
from mosaic_nb.experiment.stepwise import Stepwise
from mosaic_nb.scheduler import seeds

Tell = Callable[[Sequence[Played], Path], None]
"""Told of the episodes of a part that is on disk, and where it lies."""

_LOOK = 0.3
"""Seconds between two looks at whether the cores have room for more."""
_FULL = 0.85
"""Which share of the cores is as good as all of them."""
_MOST = 64
"""Pieces that are played at a time where nearly all of it is waiting for somebody else's machine."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew:
    """Plays pieces of an experiment side by side, on the scheduler's thread.

    As many as there are cores to begin with; more, as long as the cores are not busy: ten lanes that wait for a remote
    model wait together.

    Args:
        job: what is played.
        folders: where everything goes.
        tell: told of every part.
        workers: how many pieces at a time; None for as many as the cores can take.
        piece: seconds that a piece should take.
    """

    def __init__(
        self, job: Job, folders: Folders, tell: Tell, workers: int | None = None, piece: float = PIECE
    ) -> None:
        self._piece_seconds = piece
        self._job = job
        self._folders = folders
        self._tell = tell
        self._cores = workers or cores()
        self._fixed = workers is not None
        self._idle: list[tuple[str, Player]] = []
        self._at_work: dict[asyncio.Task[None], Player] = {}
        self._meter = Meter()
        self._hired = 0
        self._reasons: dict[str, str | None] = {}
        self._stopped = False

    async def play(self, todo: Iterable[Unit]) -> None:
        """Play trials; returns when all that were begun are on disk. May be called again, with others.

        Raises:
            RecordingFailed: the disk refused.
            MosaicError: a worker could not be started at all.
        """
        queue = Queue(self._job, todo, self._cores, self._piece_seconds)
        try:
            while (queue and not self._stopped) or self._at_work:
                while queue and not self._stopped and self._room():
                    await self._begin(queue)
                await self._wait()
        except BaseException:
            await self.close()
            raise

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped = True

    async def close(self) -> None:
        """End every worker; what is under way is lost, and is played another time."""
        tasks = list(self._at_work)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._at_work.clear()
        await asyncio.gather(*(player.close() for _, player in self._idle))
        self._idle.clear()

    def _room(self) -> bool:
        return len(self._at_work) < self._cores

    async def _begin(self, queue: Queue) -> None:
        lane = queue.lane()
        player = await self._hire(lane)
        trials = queue.take(lane)
        task = asyncio.create_task(self._piece(queue, lane, player, trials))
        self._at_work[task] = player

    async def _hire(self, lane: str) -> Player:
        for place, (name, player) in enumerate(self._idle):
            if name == lane:
                del self._idle[place]
                return player
        while len(self._idle) > 2 * self._cores:
            await self._idle.pop(0)[1].close()
        self._hired += 1
        kind: type[Stepwise | Blocks] = Stepwise if self._reason(lane) else Blocks
        return kind(self._job, lane, self._folders.run, self._folders.logs / f"player-{self._hired}")

    def _reason(self, lane: str) -> str | None:
        """Say why a lane cannot be played in blocks, or None where it can."""
        if lane not in self._reasons:
            self._reasons[lane] = (
                why_not(self._job.casts[lane].values()) if self._job.blocks else "it was not wanted"
            )
        return self._reasons[lane]

    async def _wait(self) -> None:
        """Wait until a piece is done; meanwhile begin more where the cores have room."""
        done, _ = await asyncio.wait(
            self._at_work, timeout=None if self._fixed else _LOOK, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            del self._at_work[task]
            task.result()
        if not (done or self._fixed):
            self._widen()

    def _widen(self) -> None:
        """Play more at a time where those at work leave the cores idle."""
        players = list(self._at_work.values())
        starting = sum(not player.ready for player in players)
        busy = self._meter.busy(pid for player in players if player.ready for pid in player.pids())
        if busy + starting < _FULL * cores() and len(players) >= self._cores and has_memory():
            self._cores = min(self._cores + cores(), _MOST)

    async def _piece(self, queue: Queue, lane: str, player: Player, trials: Sequence[int]) -> None:
        try:
            played = await player.play(trials, self._folders.parts)
        except Lost as loss:
            await player.close()
            self._give_up(lane, queue.lost(lane, trials), str(loss))
            return
        except BaseException:
            await player.close()
            raise
        queue.played(lane, trials, sum(each.seconds for each in played))
        self._idle.append((lane, player))
        self._tell(played, part_of(self._job, lane, trials, self._folders.parts))
        if self._job.stops and any(each.end == "failed" for each in played):
            queue.drop(lane)

    def _give_up(self, lane: str, trials: Sequence[int], why: str) -> None:
        """Leave the rows of trials that were lost twice."""
        plan = self._job.plan
        for trial in trials:
            sheet = Sheet(self._folders.run)
            numbers = self._job.numbers(trial)
            for number in numbers:
                position = number - numbers[0]
                seed = seeds.environment(
                    plan.draws(number), plan.declared(number), position, plan.trial_length
                )
                sheet.lose(lane, trial, number, seed, why)
            path = part_of(self._job, lane, [trial], self._folders.parts)
            sheet.save(path)
            self._tell(sheet.played(), path)
