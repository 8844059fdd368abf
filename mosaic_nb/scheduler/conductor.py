"""The conductor: what an arena is on the scheduler's thread.

It opens ticks when code or a viewer asks, plays at a speed, and tells the viewers. Coroutines run on the
scheduler's thread; the methods of `Controls` may be called from any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mosaic_nb.errors import Aborted, LaneFailure, MosaicError
from mosaic_nb.protocol import messages
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.lane import CLOSED, FAILED, Plan
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.lockstep import LockStep, Policy
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.pictures import Pictures
from mosaic_nb.scheduler.places import Place
from mosaic_nb.scheduler.rewinding import rewind
from mosaic_nb.scheduler.snapshot import Snapshot
from mosaic_nb.scheduler.survey import survey
from mosaic_nb.scheduler.thread import SchedulerThread

_GRACE = 1.0
"""Seconds that an interrupted tick has to end by itself before the workers that hold it up are ended."""
_PING_EVERY = 20.0
_PING_DEADLINE = 60.0
"""Seconds: between two signs of life of an idle worker, and for one; a page that renders slowly is no hang."""
_BREATH = 0.005
"""Seconds of ticking after which the loop is given a turn: a click waits no longer."""


class Conductor:
    """Runs the lanes of an arena; implements `Controls`.

    Args:
        thread: the scheduler's thread.
        company: the workers.
        plan: which episodes are played.
        policy: what is done where lanes part.
        recorder: where everything is written first.
        deadline: seconds for a decision where an operator declares none, or None.
    """

    def __init__(
        self,
        thread: SchedulerThread,
        company: Company,
        plan: Plan,
        policy: Policy,
        recorder: Recorder,
        deadline: float | None,
    ) -> None:
        self.speed = 8.0
        self.attended: Callable[[], bool] = lambda: False
        self.late = 0
        self._thread = thread
        self._company = company
        self._plan = plan
        self._policy = policy
        self._recorder = recorder
        self._deadline = deadline
        self._viewers: list[Callable[[Snapshot], None]] = []
        self._busy = False
        self._waiters: list[asyncio.Future[None]] = []
        self._player: asyncio.Task[None] | None = None
        self._stopping = False
        self._closed = False
        self._note = ""
        self._tasks: set[asyncio.Task[None]] = set()
        self.lockstep = LockStep([], recorder, policy, self.changed)
        self._pictures = Pictures(self.lockstep)

    # --- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every worker, cast the lanes, begin their first episodes.

        Raises:
            EnvironmentFailure, OperatorError, ValueError: a lane cannot begin; everything is closed again.
        """
        try:
            await self._company.start()
            self.lockstep.cast(
                [
                    self._company.lane(name, self._plan, self._deadline, self._is_attended)
                    for name in self._company.casts
                ]
            )
            await self.lockstep.begin(self.lockstep.lanes)
            for lane in self.lockstep.lanes:
                if lane.error is not None:
                    raise lane.error
            self._spawn(self._keep_asking())
        except BaseException:
            await self.close()
            raise

    async def _keep_asking(self) -> None:
        """Ping idle workers: one that hangs is found before its next turn, and charged then."""
        while not self._closed:
            await asyncio.sleep(_PING_EVERY)
            if not self._busy and not self._closed:
                await gather(
                    [link.request(messages.Ping(id=0), _PING_DEADLINE) for link in self._company.links()]
                )

    async def close(self) -> None:
        """Stop, end every worker, seal the run. Harmless when done twice."""
        if self._closed:
            return
        self._closed = True
        await self._halt()
        await self._company.close()
        for lane in self.lockstep.lanes:
            self.lockstep.abandon(lane)
            lane.status = CLOSED
        for task in self._tasks:
            task.cancel()
        self._recorder.close()
        self.changed()

    def _is_attended(self) -> bool:
        return self.attended()

    # --- ticks ---------------------------------------------------------------------------------------

    async def tick(self, moves: Mapping[str, Any], blocking: bool) -> None:
        """Advance every live lane by one step, or finish the tick that is open.

        Args:
            moves: people's moves: lane -> action, or lane -> {agent: action}.
            blocking: whether the caller blocks the kernel.

        Raises:
            HumanToMove, HumanUnavailable: a person would have to be asked; nothing has moved.
            ValueError: a move is none.
            LaneFailure: every lane has failed.
        """
        self._check_open()
        if moves:
            self._offer(moves)
        if self._busy:
            await self._idle()
            return
        self._busy = True
        self._note = ""
        try:
            self._raise_if_all_failed()
            await self.lockstep.tick(blocking)
        finally:
            self._release()

    def _release(self) -> None:
        self._busy = False
        self.lockstep.withdraw()
        for waiter in self._waiters:
            waiter.set_result(None)
        self._waiters.clear()
        self.changed()

    async def _idle(self) -> None:
        """Return when no tick is open."""
        if self._busy:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await asyncio.shield(waiter)

    async def run(self, ticks: int | None, episodes: int | None, blocking: bool) -> int:
        """Tick until a number of ticks is reached, or every lane has completed so many more episodes.

        Returns:
            How many ticks there were.
        """
        self._check_open()
        self._stopping = False
        done = 0
        if episodes == 0:
            return 0
        targets = {lane.name: lane.completed + episodes for lane in self.lockstep.lanes} if episodes else {}
        self.lockstep.quotas = targets
        loop = asyncio.get_running_loop()
        rested = loop.time()
        try:
            while not self._stopping and (ticks is None or done < ticks) and not self._all_there(targets):
                await self.tick({}, blocking)
                done += 1
                if loop.time() - rested > _BREATH:
                    await asyncio.sleep(0)
                    rested = loop.time()
        finally:
            self.lockstep.quotas = {}
        return done

    def _all_there(self, targets: Mapping[str, int]) -> bool:
        lanes = [lane for lane in self.lockstep.lanes if lane.status != FAILED]
        return bool(targets) and all(lane.completed >= targets[lane.name] for lane in lanes)

    def interrupt(self) -> None:
        """Stop soon: the tick under way may end by itself for a moment, then what holds it up is ended."""
        self._stopping = True
        asyncio.get_running_loop().call_later(_GRACE, self._abort_tick, self.lockstep.ticks)

    def _abort_tick(self, number: int) -> None:
        if self._busy and self.lockstep.ticks == number:
            self.lockstep.abort()

    async def begin(self, seed: int | None = None, onward: bool = False) -> None:
        """Begin anew in every lane: the same seed, another, or (``onward``) the next of the plan."""
        self._check_open()
        await self._halt()
        if seed is not None:
            self._plan = replace(self._plan, seed=seed)
        length = self._plan.trial_length
        starts = [(lane.next_position - 1) // length * length for lane in self.lockstep.lanes]
        place = 0 if seed is not None else (max(starts) + length if onward else max(min(starts), 0))
        for lane in self.lockstep.lanes:
            self.lockstep.abandon(lane)
            lane.plan = self._plan
            lane.next_position = place
        await self.lockstep.begin(self.lockstep.lanes)
        self._raise_if_all_failed()

    async def go_back(self, places: Mapping[str, Place], tick: int) -> None:
        """Take every lane back to its place, on a new branch.

        Args:
            places: where each lane was.
            tick: how many ticks the arena had had then.

        Raises:
            Diverged: an environment does not replay; nothing has changed.
            LaneFailure: an environment could not be started, and nothing has changed; or every lane has failed.
        """
        self._check_open()
        await self._halt()
        self._busy = True
        try:
            await rewind(self.lockstep, self._company, Past(self._recorder), places, tick)
            self._plan = self.lockstep.lanes[0].plan
        finally:
            self._release()
        self._raise_if_all_failed()

    async def _halt(self) -> None:
        """Stop playing, and take the open tick back."""
        self._stopping = True
        if self._busy:
            self.lockstep.abort()
            await self._idle()
        if self._player is not None:
            self._player.cancel()

    def _offer(self, moves: Mapping[str, Any]) -> None:
        seats = {(lane.name, agent): seat for lane, agent, seat in self.lockstep.humans()}
        names = {lane.name for lane in self.lockstep.lanes}
        if not isinstance(moves, Mapping):
            raise TypeError(f"moves are lane -> action, such as {{'me': 'forward'}}, not {moves!r}")
        for name, move in moves.items():
            if name not in names:
                raise ValueError(f"there is no lane {name!r}; the lanes are {', '.join(sorted(names))}")
            own = {agent: seat for (lane, agent), seat in seats.items() if lane == name}
            if not own:
                by_hand = ", ".join(dict.fromkeys(lane for lane, _ in seats)) or "none"
                raise ValueError(f"nobody plays lane {name!r} by hand; lanes with a person: {by_hand}")
            by_agent = (
                move if isinstance(move, Mapping) and set(move) <= set(own) else {next(iter(own)): move}
            )
            for agent, action in by_agent.items():
                if not own[agent].choose(action, None):
                    own[agent].offer(action)

    def _check_open(self) -> None:
        if self._closed:
            raise MosaicError("this arena is closed; make a new one")

    def _raise_if_all_failed(self) -> None:
        first: LaneFailure | None = None
        for lane in self.lockstep.lanes:
            if lane.error is None:
                return
            first = first or lane.error
        if first is not None:
            raise first

    # --- viewers -------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Tell the viewers, on the scheduler's thread."""
        if self._viewers:
            snapshot = self.snapshot()
            for viewer in list(self._viewers):
                viewer(snapshot)

    def snapshot(self) -> Snapshot:
        """Return the arena as it stands."""
        asking = any(seat.turn is not None for _, _, seat in self.lockstep.humans())
        phase = "closed" if self._closed else "waiting" if asking else "playing" if self._player else "idle"
        if phase == "idle" and self._busy:
            phase = "stepping"
        playing = self._player is not None
        return survey(
            self.lockstep, self._plan, phase=phase, speed=self.speed, playing=playing, note=self._note
        )

    # --- Controls: from any thread -------------------------------------------------------------------

    def step(self) -> None:
        """Open a tick; ignored while one is open."""
        self._thread.post(self._step)

    def _step(self) -> None:
        if not self._busy and not self._closed:
            self._spawn(self.tick({}, blocking=False))

    def play(self) -> None:
        """Tick at the arena's speed until paused."""
        self._thread.post(self._play)

    def _play(self) -> None:
        if self._player is None and not self._closed:
            self._player = asyncio.ensure_future(self._guard(self._keep_playing()))
            self.changed()

    async def _keep_playing(self) -> None:
        self._stopping = False
        loop = asyncio.get_running_loop()
        try:
            while not self._stopping:
                due = loop.time() + 1 / self.speed
                await self.tick({}, blocking=False)
                await asyncio.sleep(max(0.0, due - loop.time()))
        finally:
            self._player = None
            self.changed()

    def pause(self) -> None:
        """Stop playing after the tick under way."""
        self._thread.post(self._pause)

    def _pause(self) -> None:
        self._stopping = True
        if self._player is not None and not self._busy:
            self._player.cancel()

    def reset(self, seed: int | None = None) -> None:
        """Begin anew: the same seed, or the one given."""
        self._thread.post(lambda: self._spawn(self.begin(seed)))

    def set_speed(self, ticks_per_second: float) -> None:
        """Change the speed of play."""

        def change() -> None:
            self.speed = min(max(float(ticks_per_second), 0.1), 1000.0)
            self.changed()

        self._thread.post(change)

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """A person's move; with ``turn`` None and no tick open it starts one. A late one is counted and ignored."""
        self._thread.post(self._choose, lane, agent, action, turn)

    def _choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        seat = {(at.name, who): seat for at, who, seat in self.lockstep.humans()}.get((lane, agent))
        if seat is None or self._closed:
            self.late += 1
            return
        try:
            if seat.choose(action, turn):
                self.changed()
            elif turn is None and not self._busy:
                self._spawn(self.tick({lane: {agent: action}}, blocking=False))
            else:
                self.late += 1
        except ValueError as error:
            self._say(str(error))

    def pictures(
        self, format: str, done: Callable[[Mapping[str, messages.Picture]], None], quality: int = 85
    ) -> None:
        """Ask every lane for its picture; ``done`` is called on the scheduler's thread."""
        self._thread.post(lambda: self._spawn(self._show(format, done, quality)))

    async def _show(
        self, format: str, done: Callable[[Mapping[str, messages.Picture]], None], quality: int
    ) -> None:
        done(await self.look(format, quality))

    async def look(self, format: str, quality: int = 85) -> dict[str, messages.Picture]:
        """Return every lane's picture."""
        return await self._pictures.take(format, quality)

    def watch(self, viewer: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call ``viewer`` on the scheduler's thread at once and after every change; returns how to stop it."""

        def begin() -> None:
            self._viewers.append(viewer)
            viewer(self.snapshot())

        def stop() -> None:
            if viewer in self._viewers:
                self._viewers.remove(viewer)

        self._thread.post(begin)
        return lambda: self._thread.post(stop)

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(self._guard(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, coroutine: Any) -> None:
        """Run what a viewer asked for: what goes wrong is shown there, for nobody awaits it."""
        try:
            await coroutine
        except (MosaicError, ValueError) as error:
            if not isinstance(error, Aborted):
                self._say(str(error))

    def _say(self, note: str) -> None:
        self._note = note
        self.changed()
