"""Pictures of the lanes, outside the step path: asked for only when somebody looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from mosaic_nb.errors import RemoteError
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.keeping import Keeping
from mosaic_nb.scheduler.lane import CLOSED, Lane
from mosaic_nb.scheduler.link import Pending, gather
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.snapshot import LaneView
from mosaic_nb.scheduler.survey import lane_view

PATIENCE = 20.0
"""Seconds for a picture, beyond what the step before it may take."""


class Pictures:
    """Takes pictures of lanes and keeps the last of each, for a lane that cannot give one any more.

    Args:
        lockstep: whose lanes.
        keeping: where what was shown is kept for whoever looks back.
        changed: called when other pictures are due.
    """

    def __init__(self, lockstep: LockStep, keeping: Keeping, changed: Callable[[], None]) -> None:
        self._lockstep = lockstep
        self._changed = changed
        self._keeping = keeping
        self._last: dict[tuple[str, str], tuple[tuple[int, str], messages.Picture]] = {}

    async def take(self, format: str, quality: int) -> dict[str, messages.Picture]:
        """Return the picture of every lane that has one, by name, encoded as asked."""
        lanes = [lane for lane in self._lockstep.lanes if self._is_new(lane, format)]
        deadline = self._lockstep.policy.environment_deadline + PATIENCE
        shots = [_Shot(lane, format, quality, deadline) for lane in lanes]
        await gather([shot.pending for shot in shots])
        if any(shot.moving for shot in shots):
            await asyncio.sleep(0)  # the tick takes in what its step returned before the picture did
        for shot in shots:
            self._develop(shot, format)
        self._lockstep.write()
        return {
            lane.name: self._last[lane.name, format][1]
            for lane in self._lockstep.lanes
            if (lane.name, format) in self._last
        }

    def look_through(self, lane: str, agent: str) -> None:
        """Take an agent's own view from now on, or (empty) the whole.

        Raises:
            ValueError: there is no such lane, or no such view there.
        """
        found = next((each for each in self._lockstep.lanes if each.name == lane), None)
        if found is None or (agent and not (found.worker.opened.views and agent in found.seats)):
            raise ValueError(f"lane {lane!r} has no view of {agent!r}")
        found.view = agent
        self._changed()

    def _develop(self, shot: _Shot, format: str) -> None:
        lane, error = shot.lane, shot.pending.error
        if error is None:
            picture = shot.pending.reply
            self._last[lane.name, format] = (shot.shows, picture)
            if (view := shot.view()) is not None and not shot.shows[1]:
                self._keep(lane, view, picture)
        elif isinstance(error, RemoteError):
            self._last[lane.name, format] = (shot.shows, no_picture(error))
            self._lockstep.note(lane, "render_failure", str(error))

    def _keep(self, lane: Lane, view: LaneView, picture: messages.Picture) -> None:
        well = not self._keeping.reel.problem
        self._keeping.put(view, picture)
        if well and self._keeping.reel.problem:
            self._lockstep.note(lane, "keeping_failure", self._keeping.reel.problem)

    def _is_new(self, lane: Lane, format: str) -> bool:
        if lane.status == CLOSED or not lane.worker.running or lane.episode is None:
            return False
        last = self._last.get((lane.name, format))
        return last is None or last[0] != (lane.frame, lane.view)


class _Shot:
    """A picture that has been asked for.

    Attributes:
        moving: whether a step was under way, which will have been done when the picture is drawn.
        frame: the picture's number.
        shows: that, and whose view it is; empty for the whole.
    """

    def __init__(self, lane: Lane, format: str, quality: int, deadline: float) -> None:
        self.lane = lane
        self.moving = lane.worker.link.awaits(messages.StepEnvironment, messages.ResetEnvironment)
        self.frame = lane.frame + self.moving
        self.shows = (self.frame, lane.view)
        self._view = None if self.moving else lane_view(lane)
        where: dict[str, Any] = {"id": 0, "lane": lane.name, "step": lane.frame}
        request = messages.Render(**where, format=format, quality=quality, of=lane.view)
        self.pending: Pending = lane.worker.link.request(request, deadline)

    def view(self) -> LaneView | None:
        """Return the lane as the picture shows it, or None if it has gone on before that could be seen."""
        if self.moving and self.lane.frame == self.frame:
            return lane_view(self.lane)
        return self._view


def no_picture(why: Exception | str) -> messages.Picture:
    """Return what stands in for a picture that could not be drawn."""
    return messages.Picture(id=0, format="text", text=f"no picture: {why}")
