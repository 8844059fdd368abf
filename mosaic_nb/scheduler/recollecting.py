"""Looking back: any moment of an arena as it was, from what was kept of it, else played again beside the lanes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from mosaic_nb.errors import MosaicError
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.keeping import Keeping
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.library import Library
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.pictures import PATIENCE, no_picture
from mosaic_nb.scheduler.places import Place
from mosaic_nb.scheduler.replica import Replica
from mosaic_nb.scheduler.seats import WorkerSeat
from mosaic_nb.scheduler.snapshot import Inspection, LaneView, Recollection, SeatView, Snapshot
from mosaic_nb.scheduler.survey import decision, message
from mosaic_nb.scheduler.timeline import Cast

_IDLE = 30.0
"""Seconds without anybody looking back, after which what that took is given up: environments, and tables in memory."""

_CLOSED = "nobody looked at this moment, and the arena is closed"
_NOT_BEGUN = "the episode could not begin"


class _NoPicture(MosaicError):
    """A moment cannot be drawn; the text says why."""


@dataclass(frozen=True)
class _Then:
    """A lane at a moment."""

    lane: Lane
    moment: int
    place: Place
    paid: float
    cast: Cast


class Recollector:
    """Shows moments of the past; everything here runs on the scheduler's thread.

    Args:
        lockstep: whose lanes.
        recorder: of the run.
        keeping: what was kept of what was shown.
        present: returns the arena as it stands.
        spawn: runs a coroutine that nobody awaits.
    """

    def __init__(
        self,
        lockstep: LockStep,
        recorder: Recorder,
        keeping: Keeping,
        present: Callable[[], Snapshot],
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
    ) -> None:
        self._lockstep = lockstep
        self._keeping = keeping
        self._present = present
        self._spawn = spawn
        self._library = Library(lockstep, recorder)
        self._replicas: dict[str, Replica] = {}
        self._wanted: tuple[int, Callable[[Recollection], None]] | None = None
        self._answering = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    # --- scrubbing -----------------------------------------------------------------------------------

    def want(self, moment: int, done: Callable[[Recollection], None]) -> None:
        """Show a moment; of several wanted meanwhile only the newest is shown."""
        self._wanted = (moment, done)
        if not self._answering:
            self._answering = True
            self._spawn(self._answer())

    async def _answer(self) -> None:
        try:
            while self._wanted is not None:
                (moment, done), self._wanted = self._wanted, None
                found = await self.recall(moment, lambda: self._wanted is None and not self._closed)
                if found is not None:
                    done(found)
        finally:
            self._answering = False

    async def recall(self, moment: int, wanted: Callable[[], bool] = lambda: True) -> Recollection | None:
        """Return a moment as it was, or the nearest that is remembered; None if it is not wanted any more."""
        timeline = self._lockstep.timeline
        moment = timeline.nearest(moment)
        tick, lanes = timeline.tick(moment), self._lanes(moment)
        shown = await asyncio.gather(*(self._recall(then, wanted) for then in lanes))
        self._rest()
        found = [lane for lane in shown if lane is not None]
        return self._recollection(moment, tick, lanes, found) if len(found) == len(lanes) else None

    async def _recall(
        self, then: _Then, wanted: Callable[[], bool]
    ) -> tuple[LaneView, messages.Picture] | None:
        kept = self._keeping.take(then.lane.name, then.place.frame)
        if kept is not None:
            view, picture = kept
            if not _tells_decision(view, then):
                view = await self._rebuild(then)
            return _as_then(view, then), picture
        replica = self._replica(then.lane)
        try:
            async with replica.lock:
                drawn = await self._draw(replica, then, wanted)
        except _NoPicture as error:
            return await self._rebuild(then), no_picture(error)
        if drawn is None:
            return None
        view = await self._rebuild(then)
        self._keeping.put(view, drawn)
        return view, drawn

    # --- a whole stretch -----------------------------------------------------------------------------

    async def film(self, first: int, last: int, words: bool = True) -> AsyncGenerator[Recollection, None]:
        """Yield every moment from first to last in order, every picture drawn anew, lossless.

        Args:
            first, last: moments of the timeline.
            words: whether the pictures are to bring the observations in words.

        Raises:
            ValueError: there are no such moments.
        """
        replicas = {lane.name: Replica(lane.worker.twin()) for lane in self._lockstep.lanes}
        drawn: dict[str, tuple[int, messages.Picture]] = {}

        async def draw(then: _Then) -> tuple[LaneView, messages.Picture]:
            name, frame = then.lane.name, then.place.frame
            if name not in drawn or drawn[name][0] != frame:
                drawn[name] = (frame, await self._develop(replicas[name], then, words))
            return await self._rebuild(then), drawn[name][1]

        try:
            for moment in range(first, last + 1):
                lanes = self._lanes(moment)
                tick = self._lockstep.timeline.tick(moment)
                shown = await asyncio.gather(*(draw(then) for then in lanes))
                yield self._recollection(moment, tick, lanes, shown)
        finally:
            await asyncio.gather(*(replica.close() for replica in replicas.values()))
            self._rest()

    async def _develop(self, replica: Replica, then: _Then, words: bool) -> messages.Picture:
        """Return a picture drawn anew, else the one that was kept, else why there is none."""
        try:
            picture = await self._draw(replica, then, words=words)
        except _NoPicture as error:
            kept = self._keeping.take(then.lane.name, then.place.frame)
            return no_picture(error) if kept is None else kept[1]
        assert picture is not None
        return picture

    # --- words ---------------------------------------------------------------------------------------

    async def inspect(self, lane: str, moment: int | None, done: Callable[[Inspection], None]) -> None:
        """Tell what can be read of a lane, now or at a moment, or at the nearest that is remembered.

        Raises:
            ValueError: there is no such lane.
        """
        found = next((each for each in self._lockstep.lanes if each.name == lane), None)
        if found is None:
            raise ValueError(f"there is no lane {lane!r}")
        timeline = self._lockstep.timeline
        at = timeline.last if moment is None else timeline.nearest(moment)
        try:
            words = await (self._present_words(found) if moment is None else self._words(found, at))
        except (MosaicError, ProtocolError) as error:
            words = dict.fromkeys(found.seats, f"no words: {error}")
        done(Inspection(lane, at, words, _logs(found)))

    async def _present_words(self, lane: Lane) -> dict[str, str]:
        if not lane.worker.running:
            return {}
        request = messages.Render(id=0, lane=lane.name, step=lane.frame, format="text", words=True)
        deadline = self._lockstep.policy.environment_deadline + PATIENCE
        picture: messages.Picture = await lane.worker.ask(request, deadline)
        return picture.words

    async def _words(self, lane: Lane, moment: int) -> dict[str, str]:
        then = next(then for then in self._lanes(moment) if then.lane is lane)
        replica = self._replica(lane)
        async with replica.lock:
            picture = await self._draw(replica, then, format="text", words=True)
        self._rest()
        return {} if picture is None else picture.words

    # --- one lane ------------------------------------------------------------------------------------

    def _lanes(self, moment: int) -> list[_Then]:
        timeline = self._lockstep.timeline
        places, paid, casts = timeline.place(moment), timeline.returns(moment), timeline.casts(moment)
        return [
            _Then(lane, moment, places[lane.name], paid[lane.name], casts[lane.name])
            for lane in self._lockstep.lanes
        ]

    def _replica(self, lane: Lane) -> Replica:
        return self._replicas.setdefault(lane.name, Replica(lane.worker.twin()))

    async def _draw(
        self,
        replica: Replica,
        then: _Then,
        wanted: Callable[[], bool] = lambda: True,
        *,
        format: str = "png",
        words: bool = False,
    ) -> messages.Picture | None:
        """Return a lane's picture, played again; None if it is not wanted any more.

        Raises:
            _NoPicture: there is none.
        """
        if not then.place.standing.episode.digest:
            raise _NoPicture(_NOT_BEGUN)
        if self._closed and replica in self._replicas.values():  # a film brings environments of its own
            raise _NoPicture(_CLOSED)
        try:
            script, _ = await self._library.episode(then.lane, then.place, then.moment)
            if not await replica.go(script, then.place.step, wanted):
                return None
            return await replica.look(format, words=words)
        except (MosaicError, ProtocolError) as error:
            raise _NoPicture(str(error)) from error

    async def _rebuild(self, then: _Then) -> LaneView:
        """Return how a lane was shown, from the tables."""
        place = then.place
        moves = {}
        if place.step:
            _, steps = await self._library.episode(then.lane, place, then.moment)
            moves = steps.get(place.step - 1, {})
        seats = tuple(
            SeatView(agent, *cast, **decision(then.lane.seats[agent].actions, moves.get(agent)))
            for agent, cast in then.cast.items()
        )
        return _as_then(LaneView(then.lane.name, seats, seed=place.standing.episode.declared), then)

    def _recollection(
        self,
        moment: int,
        tick: int,
        lanes: list[_Then],
        shown: list[tuple[LaneView, messages.Picture]],
    ) -> Recollection:
        snapshot = replace(
            self._present(),
            seed=min(then.place.standing.episode.declared for then in lanes),
            tick=tick,
            phase="idle",
            status=f"tick {tick}",
            lanes=tuple(view for view, _ in shown),
            playing=False,
            moment=moment,
            waits_for="",
        )
        return Recollection(moment, snapshot, {view.name: picture for view, picture in shown})

    # --- ending --------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Give up what looking back takes when nobody has looked for a while."""
        if self._closed:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(_IDLE, lambda: self._spawn(self._leave()))

    async def _leave(self) -> None:
        self._library.forget()
        replicas, self._replicas = list(self._replicas.values()), {}
        for replica in replicas:
            async with replica.lock:
                await replica.close()

    async def close(self) -> None:
        """End the environments; what was kept can still be looked at."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._leave()
        self._keeping.reel.close()


def _logs(lane: Lane) -> dict[str, str]:
    """Return the end of the log of everybody who works for a lane, by name."""
    operators = {
        seat.operator: seat.worker.log_tail() for seat in lane.seats.values() if isinstance(seat, WorkerSeat)
    }
    return {**operators, "environment": lane.worker.log_tail()}


def _tells_decision(view: LaneView, then: _Then) -> bool:
    """Whether what was kept says what was done: while the next tick was open already, it did not."""
    return not then.place.step or any(seat.action for seat in view.seats)


def _as_then(view: LaneView, then: _Then) -> LaneView:
    """Return how a lane was shown, as of the moment: its picture may have been on show before and after."""
    standing = then.place.standing
    seats = tuple(
        replace(seat, operator=then.cast[seat.agent][0], kind=then.cast[seat.agent][1], turn=None)
        for seat in view.seats
    )
    return replace(
        view,
        seats=seats,
        status=standing.status,
        message=message(standing.status, standing.error, then.place.step),
        episode=standing.episode.number,
        step=then.place.step,
        episode_return=then.paid,
        frame=then.place.frame,
    )
