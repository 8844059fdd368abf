"""Pictures of the lanes, outside the step path: asked for only when somebody looks."""

from __future__ import annotations

from mosaic_nb.errors import RemoteError
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.lane import CLOSED, Lane
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.lockstep import LockStep

_DEADLINE = 20.0


class Pictures:
    """Takes pictures of lanes and keeps the last of each, for a lane that cannot give one any more.

    Args:
        lockstep: whose lanes.
    """

    def __init__(self, lockstep: LockStep) -> None:
        self._lockstep = lockstep
        self._last: dict[tuple[str, str], tuple[int, messages.Picture]] = {}

    async def take(self, format: str, quality: int) -> dict[str, messages.Picture]:
        """Return the picture of every lane that has one, by name, encoded as asked."""
        lanes = [lane for lane in self._lockstep.lanes if self._is_new(lane, format)]
        frames = [lane.frame for lane in lanes]
        asked = [
            lane.worker.link.request(
                messages.Render(id=0, lane=lane.name, step=lane.frame, format=format, quality=quality),
                _DEADLINE,
            )
            for lane in lanes
        ]
        await gather(asked)
        for lane, frame, pending in zip(lanes, frames, asked, strict=True):
            if pending.error is None:
                self._last[lane.name, format] = (frame, pending.reply)
            elif isinstance(pending.error, RemoteError):
                text = f"no picture: {pending.error}"
                self._last[lane.name, format] = (frame, messages.Picture(id=0, format="text", text=text))
                self._lockstep.note(lane, "render_failure", str(pending.error))
        self._lockstep.write()
        return {
            lane.name: self._last[lane.name, format][1]
            for lane in self._lockstep.lanes
            if (lane.name, format) in self._last
        }

    def _is_new(self, lane: Lane, format: str) -> bool:
        if lane.status == CLOSED or not lane.worker.running or lane.episode is None:
            return False
        last = self._last.get((lane.name, format))
        return last is None or last[0] != lane.frame
