"""What was recorded of the lanes' episodes, read when somebody looks back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.lane import Lane, Move
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.places import Place
from mosaic_nb.scheduler.replaying import Script

_WHOLE = 1 << 62
_MOST_EPISODES = 64

Episode = tuple[Script, dict[int, dict[str, Move]]]
"""An episode to play again, and what each agent did in each of its steps."""


class Library:
    """Reads the tables once for many looks, and anew where they have grown.

    Args:
        lockstep: whose lanes.
        recorder: of the run.
    """

    def __init__(self, lockstep: LockStep, recorder: Recorder) -> None:
        self._lockstep = lockstep
        self._recorder = recorder
        self._reading = asyncio.Lock()
        self._past: Past | None = None
        self._reaches = (0, 0)
        self._episodes: dict[tuple[str, int, int, str], Episode] = {}

    async def episode(self, lane: Lane, place: Place, moment: int) -> Episode:
        """Return the episode that a lane was in at a moment, at least up to there."""
        past = await self._read(moment)
        standing = place.standing
        key = (lane.name, standing.branch, standing.episode.number, standing.episode.digest)
        if key not in self._episodes or len(self._episodes[key][0]) < place.step:
            if len(self._episodes) >= _MOST_EPISODES:
                self._episodes.clear()
            whole = replace(place, step=_WHOLE) if place.step else place
            actions = {agent: seat.actions for agent, seat in lane.seats.items()}
            trial = past.trial(lane.name, whole, lane.worker.opened.agents)
            self._episodes[key] = (trial[-1], past.episode(lane.name, whole, actions))
        return self._episodes[key]

    def forget(self) -> None:
        """Give up what was read."""
        self._past = None
        self._episodes.clear()

    async def _read(self, moment: int) -> Past:
        async with self._reading:
            branch = max(lane.branch for lane in self._lockstep.lanes)
            upto, of_branch = self._reaches
            if self._past is None or upto < moment or of_branch != branch:
                self._episodes.clear()
                self._reaches = (self._lockstep.timeline.last, branch)
                self._past = await asyncio.to_thread(Past, self._recorder)
            return self._past
