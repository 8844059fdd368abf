"""The player: one tick, many, or one after another by the clock. Everything here runs on the scheduler's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mosaic_nb.scheduler.lane import FAILED, HELD, Lane
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.seats import HumanSeat

_GRACE = 1.0
"""Seconds that an interrupted tick has to end by itself before the workers that hold it up are ended."""
_BREATH = 0.005
"""Seconds of ticking after which the loop is given a turn: a click waits no longer."""
_REST = 0.8
"""Seconds after an episode of a person ended under the clock: keys still going down do not begin the next one."""
_LONG = 0.15
"""Seconds after which a tick that is still open is shown as such."""
_OVERRUN = 1.2
"""Times its period that a tick may take before somebody is said to slow it."""


class Player:
    """Advances an arena.

    Args:
        lockstep: what a tick is.
        changed: called when there is something new to see.
        spawn: runs a coroutine that nobody awaits; what goes wrong there is shown to the viewers.

    Attributes:
        speed: ticks a second while playing.
        clocked: whether people play in real time.
        playing: whether tick follows tick until paused.
        busy: whether a tick is open.
        note: what went wrong with the last thing that somebody asked for, or empty.
        waits_for: who keeps the last tick from the speed, in words.
    """

    def __init__(
        self,
        lockstep: LockStep,
        changed: Callable[[], None],
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
    ) -> None:
        self.speed = 8.0
        self.clocked = False
        self.playing = False
        self.busy = False
        self.note = ""
        self.waits_for = ""
        self._lockstep = lockstep
        self._changed = changed
        self._spawn = spawn
        self._loop = asyncio.get_running_loop
        self._waiters: list[asyncio.Future[None]] = []
        self._stopping = False
        self._series = 0
        self._nap: asyncio.Future[None] | None = None
        self._rested = 0.0
        self._watching = False

    @property
    def phase(self) -> str:
        """``waiting``, ``playing``, ``stepping`` or ``idle``, see `Snapshot`."""
        if any(seat.turn is not None for _, _, seat in self._lockstep.humans()):
            return "waiting"
        if self.playing:
            return "playing"
        return "stepping" if self.busy or self._series else "idle"

    # --- ticks ---------------------------------------------------------------------------------------

    async def tick(self, blocking: bool) -> None:
        """Advance every live lane by one step, or wait for the tick that is open.

        Args:
            blocking: whether the caller blocks the kernel.

        Raises:
            HumanToMove, HumanUnavailable: a person would have to be asked; nothing has moved.
            Aborted: the tick was given up.
            LaneFailure: every lane has failed.
        """
        if self.busy:
            await self.idle()
            return
        self.busy = True
        self.note = ""
        began = self._loop().time()
        self._watch()
        try:
            self._lockstep.raise_if_all_failed()
            await self._lockstep.tick(blocking)
        finally:
            self.busy = False
            self._lockstep.withdraw()
            self._look_at_the_clock(self._loop().time() - began)
            for waiter in self._waiters:
                waiter.set_result(None)
            self._waiters.clear()
            self._changed()

    def _watch(self) -> None:
        """Have viewers see a tick that takes long; a timer for each tick would cost more than one for many."""
        if not self._watching:
            self._watching = True
            self._loop().call_later(_LONG, self._look, self._lockstep.ticks)

    def _look(self, tick: int) -> None:
        self._watching = False
        if self.busy and self._lockstep.ticks == tick:
            self._changed()
        elif self.busy:
            self._watch()

    async def idle(self) -> None:
        """Return when no tick is open."""
        if self.busy:
            waiter = self._loop().create_future()
            self._waiters.append(waiter)
            await asyncio.shield(waiter)

    async def run(self, ticks: int | None, episodes: int | None, blocking: bool) -> int:
        """Tick until a number of ticks is reached, or every lane has completed so many more episodes.

        Returns:
            How many ticks there were.
        """
        self._stopping = False
        done = 0
        if episodes == 0:
            return 0
        lanes = self._lockstep.lanes
        targets = {lane.name: lane.completed + episodes for lane in lanes} if episodes else {}
        self._lockstep.quotas = targets
        self._series += 1
        rested = self._loop().time()
        try:
            while not self._stopping and (ticks is None or done < ticks) and not self._all_there(targets):
                await self.tick(blocking)
                done += 1
                if self._loop().time() - rested > _BREATH:
                    await asyncio.sleep(0)
                    rested = self._loop().time()
        finally:
            self._series -= 1
            self._lockstep.quotas = {}
        return done

    def _all_there(self, targets: Mapping[str, int]) -> bool:
        lanes = [lane for lane in self._lockstep.lanes if lane.status != FAILED]
        return bool(targets) and all(lane.completed >= targets[lane.name] for lane in lanes)

    def step(self, count: int = 1) -> None:
        """Begin so many ticks, one after another; ignored while a tick is open."""
        if not self.busy and not self._series and not self.playing:
            self._spawn(self._steps(count))

    async def _steps(self, count: int) -> None:
        try:
            await self.run(count, None, blocking=False)
        finally:
            self._changed()

    # --- playing -------------------------------------------------------------------------------------

    def play(self) -> None:
        """Tick at the speed until paused."""
        self._stopping = False
        if not self.playing:
            self.playing = True
            self._spawn(self._keep_playing())
            self._changed()

    def pause(self) -> None:
        """Stop playing, and stop a series of steps, after the tick under way."""
        self._stopping = True
        self._wake()

    async def _keep_playing(self) -> None:
        due = self._loop().time()
        try:
            while not self._stopping:
                await self.tick(blocking=False)
                if self._is_over_for_a_person():
                    self._rested = self._loop().time() + _REST
                    break
                due = await self._next(due)
        finally:
            self.playing = False
            self.waits_for = ""
            self._changed()

    async def _next(self, due: float) -> float:
        """Wait until the tick after the one that was due then; what was missed by a whole period is not caught up."""
        while not self._stopping and (left := due + 1 / self.speed - self._loop().time()) > 0:
            self._nap = self._loop().create_future()
            alarm = self._loop().call_later(left, self._wake)
            try:
                await self._nap
            finally:
                alarm.cancel()
        await asyncio.sleep(0)
        now, period = self._loop().time(), 1 / self.speed
        return due + period if now < due + 2 * period else now

    def _wake(self) -> None:
        if self._nap is not None and not self._nap.done():
            self._nap.set_result(None)

    def set_speed(self, ticks_per_second: float) -> None:
        """Change the speed of play, within 0.1 and 1000 ticks a second; from the next tick on."""
        self.speed = min(max(float(ticks_per_second), 0.1), 1000.0)
        self._wake()
        self._changed()

    @property
    def resting(self) -> bool:
        """Whether an episode of a person has just ended under the clock."""
        return self._loop().time() < self._rested

    def _is_over_for_a_person(self) -> bool:
        """Whether the next tick would begin a person's next episode under the clock: time to breathe."""
        if not self.clocked:
            return False
        people = {lane.name for lane, _, _ in self._lockstep.humans() if lane.status == HELD}
        return bool(people) and any(lane.name in people for lane in self._lockstep.due())

    # --- the clock -----------------------------------------------------------------------------------

    def _look_at_the_clock(self, seconds: float) -> None:
        late = self.playing and seconds > _OVERRUN / self.speed
        self.waits_for = self._slowest() if late else ""

    def _slowest(self) -> str:
        """Say who took longest in the last tick; empty where that was a person who was asked."""
        found = [entry for lane in self._lockstep.lanes for entry in _times(lane, self.clocked)]
        if not found:
            return ""
        milliseconds, who = max(found)
        return who and f"{who}: {milliseconds:.0f} ms"

    # --- ending --------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop whatever is under way: people are not asked any more, and workers that hang are ended after a grace."""
        self.interrupt()
        if self.busy:
            self._lockstep.questions.take_back()

    def interrupt(self) -> None:
        """Stop soon: the tick under way may end by itself for a moment, then what holds it up is ended."""
        self.pause()
        self._loop().call_later(_GRACE, self._abort_tick, self._lockstep.ticks)

    def _abort_tick(self, number: int) -> None:
        if self.busy and self._stopping and self._lockstep.ticks == number:
            self._lockstep.questions.abort()

    async def halt(self) -> None:
        """Stop playing, and take the open tick back."""
        self.pause()
        while self.busy:
            self._lockstep.questions.abort()
            await self.idle()


def _times(lane: Lane, clocked: bool) -> list[tuple[float, str]]:
    """Return what each part of a lane's last step took in milliseconds, and whose it is; a person's name is empty."""
    times = [(lane.seconds * 1e3, f"environment (lane {lane.name})")]
    for agent, move in lane.moves.items():
        seat = lane.seats[agent]
        if not isinstance(seat, HumanSeat):
            times.append((move.milliseconds, f"{seat.operator} (lane {lane.name})"))
        elif not clocked:
            times.append((move.milliseconds, ""))
    return times
