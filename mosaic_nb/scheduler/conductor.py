"""The conductor: what an arena is on the scheduler's thread.

It holds the parts together, begins and ends, and tells the viewers. Coroutines run on the scheduler's thread; the
methods of `Controls` may be called from any.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from mosaic_nb.errors import Aborted, MosaicError
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.casts import raise_together
from mosaic_nb.scheduler.keeping import Keeping
from mosaic_nb.scheduler.lane import CLOSED
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.people import People
from mosaic_nb.scheduler.pictures import Pictures
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.player import Player
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.recollecting import Recollector
from mosaic_nb.scheduler.rewinding import rewind
from mosaic_nb.scheduler.seating import Seating
from mosaic_nb.scheduler.snapshot import History, Inspection, Recollection, Snapshot
from mosaic_nb.scheduler.survey import survey
from mosaic_nb.scheduler.thread import SchedulerThread

_PING_EVERY = 20.0
_PING_DEADLINE = 60.0
"""Seconds: between two signs of life of an idle worker, and for one; a page that renders slowly is no hang."""


class Conductor:
    """Runs the lanes of an arena; implements `Controls`.

    Args:
        thread: the scheduler's thread.
        company: the workers.
        plan: which episodes are played.
        policy: what is done where lanes part.
        recorder: where everything is written first.
        speed: ticks a second of play, or None for what suits the environment.
        clocked: whether people play in real time, or None for what suits the environment.
        keep_frames: MiB of pictures that are kept for whoever looks back.
    """

    def __init__(
        self,
        thread: SchedulerThread,
        company: Company,
        plan: Plan,
        policy: Policy,
        recorder: Recorder,
        speed: float | None = None,
        clocked: bool | None = None,
        keep_frames: int = 256,
    ) -> None:
        self.attended: Callable[[], bool] = lambda: False
        self._thread = thread
        self._company = company
        self._plan = plan
        self._recorder = recorder
        self._tempo = (speed, clocked)
        self._viewers: list[Callable[[Snapshot], None]] = []
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.lockstep = LockStep([], recorder, policy, self.changed)
        self.player = Player(self.lockstep, self.changed, self._spawn)
        self.people = People(self.lockstep, self.player, self.changed, self._spawn)
        company.room(lambda: self.attended(), lambda: self.player.clocked)  # noqa: PLW0108 - it is set later
        self._seating = Seating(self.lockstep, company, recorder)
        keeping = Keeping(recorder.path, keep_frames << 20)
        self._pictures = Pictures(self.lockstep, keeping, self.changed)
        self._recollector = Recollector(self.lockstep, recorder, keeping, self.snapshot, self._spawn)

    # --- life ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start every worker, cast the lanes, begin their first episodes.

        Raises:
            CastError: a cast does not fit, or several operators refuse what they were cast for.
            EnvironmentFailure, OperatorError: a lane cannot begin. Everything is closed again.
        """
        try:
            await self._company.start()
            self.lockstep.cast(self._company.lanes(self._plan))
            self._set_tempo(*self._tempo)
            raise_together(await self.lockstep.begin(self.lockstep.lanes))
            self._spawn(self._keep_asking())
        except BaseException:
            await self.close()
            raise

    def _set_tempo(self, speed: float | None, clocked: bool | None) -> None:
        """Take the tempo that was asked for, else that of the environment where a person plays it in real time."""
        opened = self.lockstep.lanes[0].worker.opened
        people = bool(self.lockstep.humans())
        self.player.clocked = opened.clocked and people if clocked is None else clocked
        own = opened.speed if self.player.clocked else None
        self.player.set_speed(speed or own or self.player.speed)

    async def _keep_asking(self) -> None:
        """Ping idle workers: one that hangs is found before its next turn, and charged then."""
        while not self._closed:
            await asyncio.sleep(_PING_EVERY)
            if not self.player.busy and not self._closed:
                await gather(
                    [link.request(messages.Ping(id=0), _PING_DEADLINE) for link in self._company.links()]
                )

    async def close(self) -> None:
        """Stop, end every worker, seal the run. Harmless when done twice."""
        if self._closed:
            return
        self._closed = True
        self._seating.cancel()
        await self.player.halt()
        await self._recollector.close()
        await self._company.close()
        for lane in self.lockstep.lanes:
            self.lockstep.abandon(lane)
            lane.status = CLOSED
        for task in self._tasks:
            task.cancel()
        self._recorder.close()
        self.changed()

    # --- what code asks for --------------------------------------------------------------------------

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
            self.people.offer(moves)
        await self.player.tick(blocking)

    async def run(self, ticks: int | None, episodes: int | None, blocking: bool) -> int:
        """Tick until a number of ticks is reached, or every lane has completed so many more episodes."""
        self._check_open()
        return await self.player.run(ticks, episodes, blocking)

    def interrupt(self) -> None:
        """Stop soon: what is under way may end by itself for a moment, then what holds it up is ended."""
        self._seating.cancel()
        self.player.interrupt()

    async def begin(self, seed: int | None = None, onward: bool = False, shared: bool | None = None) -> None:
        """Begin anew in every lane: the same seed, another, or (``onward``) the next of the plan.

        Args:
            seed: the new one, or None.
            onward: whether to go on to the plan's next trial.
            shared: whether all lanes play the same seeds; None leaves that as it is.
        """
        plan = self._plan
        plan = replace(
            plan,
            seed=plan.seed if seed is None else seed,
            shared=plan.shared if shared is None else shared,
        )
        plans = [plan.of_lane(number) for number in range(len(self.lockstep.lanes))]
        async with self._undisturbed():
            length = plan.trial_length
            starts = [(lane.next_position - 1) // length * length for lane in self.lockstep.lanes]
            place = 0 if seed is not None else (max(starts) + length if onward else max(min(starts), 0))
            self._plan = plan
            for lane, own in zip(self.lockstep.lanes, plans, strict=True):
                self.lockstep.abandon(lane)
                lane.plan = own
                lane.next_position = place
            await self.lockstep.begin(self.lockstep.lanes)
        self.lockstep.raise_if_all_failed()

    async def go_back(self, moment: int | None = None, ticks: int | None = None) -> None:
        """Take every lane back to where it was, on a new branch.

        Args:
            moment: one of the timeline's, or None.
            ticks: how many ticks to go back, where no moment is given.

        Raises:
            ValueError: there is no such moment, or it is no longer remembered.
            Diverged: an environment does not replay; nothing has changed.
            LaneFailure: an environment could not be started, and nothing has changed; or every lane has failed.
        """
        timeline = self.lockstep.timeline
        async with self._undisturbed():
            if moment is None:
                moment = timeline.moment(self.lockstep.ticks - (ticks or 0))
            places, tick = timeline.place(moment), timeline.tick(moment)
            await rewind(self.lockstep, self._company, Past(self._recorder), places, tick)
            timeline.truncate(moment)
            self._plan = self.lockstep.lanes[0].plan
        self.lockstep.raise_if_all_failed()

    async def swap(self, lane: str, declared: Declared, agent: str | None) -> None:
        """Seat an operator in an agent's place, also while a tick is open: then it decides in that very tick.

        Raises:
            ValueError: there is no such lane or agent.
            OperatorError: it could not be seated; who sat there sits there still.
            Aborted: it was interrupted.
        """
        self._check_open()
        await self._seating.swap(lane, declared, agent)
        self.changed()

    @asynccontextmanager
    async def _undisturbed(self) -> AsyncIterator[None]:
        """Halt, and keep ticks and changes of the cast out meanwhile."""
        self._check_open()
        self._seating.cancel()
        await self.player.halt()
        try:
            async with self.lockstep.stage:
                yield
        finally:
            self.changed()

    def _check_open(self) -> None:
        if self._closed:
            raise MosaicError("this arena is closed; make a new one")

    # --- viewers -------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Tell the viewers, on the scheduler's thread."""
        if self._viewers:
            snapshot = self.snapshot()
            for viewer in list(self._viewers):
                viewer(snapshot)

    @property
    def late(self) -> int:
        """How many moves of people came too late, or twice, and were ignored."""
        return self.people.late

    def snapshot(self) -> Snapshot:
        """Return the arena as it stands."""
        return survey(self.lockstep, self._plan, self.player, closed=self._closed)

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

    # --- Controls: from any thread -------------------------------------------------------------------

    def step(self, count: int = 1) -> None:
        """Open a tick, ``count`` of them one after another; ignored while one is open."""
        self._post(self.player.step, count)

    def play(self) -> None:
        """Tick at the arena's speed until paused."""
        self._post(self.player.play)

    def pause(self) -> None:
        """Stop playing after the tick under way."""
        self._post(self.player.pause)

    def stop(self) -> None:
        """Stop whatever is under way: playing, several steps, an open tick, a change of the cast."""
        self._post(self._seating.cancel)
        self._post(self.player.stop)

    def reset(self, seed: int | None = None, shared: bool | None = None) -> None:
        """Begin anew: the same seed or the one given, shared by all lanes or not, or as before."""
        self._post(lambda: self._spawn(self.begin(seed, shared=shared)))

    def look_through(self, lane: str, agent: str) -> None:
        """Show an agent's own view in the place of a lane's picture, or (empty) the whole."""
        self._post(self._pictures.look_through, lane, agent)

    def rewind(self, moment: int) -> None:
        """Go back to a moment of the past, replayed and checked, and continue from there on a new branch."""
        self._post(lambda: self._spawn(self.go_back(moment)))

    def set_speed(self, ticks_per_second: float) -> None:
        """Change the speed of play."""
        self._post(self.player.set_speed, ticks_per_second)

    def set_clocked(self, on: bool) -> None:
        """Have people play in real time, or be asked."""
        self._post(self.people.set_clocked, on)

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """A person's move; with ``turn`` None and no tick open it starts one. A late one is counted and ignored."""
        self._post(self.people.choose, lane, agent, action, turn)

    def hold(self, lane: str, agent: str, action: Any) -> None:
        """Real time: what the person does from now on, as long as the key is down; None when it is up."""
        self._post(self.people.hold, lane, agent, action)

    def take_over(self, lane: str, agent: str) -> None:
        """Seat a person in the operator's place from the next decision on."""
        self._post(lambda: self._spawn(self._reseat(self._seating.take_over(lane, agent))))

    def hand_back(self, lane: str, agent: str) -> None:
        """Seat the operator again whose place a person has taken."""
        self._post(lambda: self._spawn(self._reseat(self._seating.hand_back(lane, agent))))

    async def _reseat(self, exchange: Any) -> None:
        await exchange
        self.changed()

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

    def recall(self, moment: int, done: Callable[[Recollection], None]) -> None:
        """Show a moment of the past; of several asked for meanwhile, only the newest is answered."""
        self._thread.post(self._recollector.want, moment, done)

    def history(self, done: Callable[[History], None]) -> None:
        """Ask for the past up to now."""
        self._thread.post(lambda: done(self.lockstep.timeline.history()))

    def inspect(self, lane: str, moment: int | None, done: Callable[[Inspection], None]) -> None:
        """Ask what can be read of a lane, at a moment or (None) now."""
        self._thread.post(lambda: self._spawn(self._recollector.inspect(lane, moment, done)))

    def film(self, first: int, last: int) -> AsyncGenerator[Recollection, None]:
        """Yield every moment from first to last, with the observations in words."""
        return self._recollector.film(first, last)

    def _post(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call on the scheduler's thread, unless the arena is closed by then; misuse is shown to the viewers."""
        self._thread.post(self._hear, function, *arguments)

    def _hear(self, function: Callable[..., Any], *arguments: Any) -> None:
        if self._closed:
            return
        try:
            function(*arguments)
        except ValueError as error:
            self._say(str(error))

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.ensure_future(self._guard(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, coroutine: Any) -> None:
        """Run what a viewer asked for: what goes wrong is shown there, for nobody awaits it."""
        try:
            await coroutine
        except Aborted:
            pass
        except (MosaicError, ProtocolError, ValueError) as error:
            self._say(str(error))

    def _say(self, note: str) -> None:
        self.player.note = note
        self.changed()
