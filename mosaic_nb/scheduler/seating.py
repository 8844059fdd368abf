"""Seating: somebody else takes an agent's place, at any step, and is brought to it by the one law of state.

Whoever sat there goes on until the newcomer is ready; one that cannot be seated changes nothing. Everything here runs
on the scheduler's thread.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from itertools import count
from typing import Any

from mosaic_nb.errors import Aborted, MosaicError
from mosaic_nb.operators import Declared, operator
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.lane import FAILED, Lane
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.places import Place, standing
from mosaic_nb.scheduler.replaying import Played, relive, scratch
from mosaic_nb.scheduler.seats import HumanSeat, Seat, WorkerSeat


class Seating:
    """Changes who sits where.

    Args:
        lockstep: the lanes.
        company: the workers, also of operators that join later.
        recorder: of the past that a learner is told, and of who joined.
    """

    def __init__(self, lockstep: LockStep, company: Company, recorder: Recorder) -> None:
        self._lockstep = lockstep
        self._company = company
        self._recorder = recorder
        self._under_way: set[asyncio.Task[Any]] = set()

    async def swap(self, lane: str, declared: Declared, agent: str | None = None) -> None:
        """Seat an operator in an agent's place; the agent may be left out where there is one.

        Raises:
            ValueError: there is no such lane or agent.
            OperatorError: it could not be started, or brought to this step; who sat there sits there still.
                Aborted: `cancel` was called.
        """
        at, who = self._find(lane, agent)
        await self._undertake(self._exchange(at, who, declared, "swap"))

    async def take_over(self, lane: str, agent: str) -> None:
        """Seat a person in an operator's place.

        Raises:
            MosaicError: a person sits there already, or the lane has failed.
            ValueError: there is no such lane or agent.
        """
        at, who = self._find(lane, agent)
        if isinstance(at.seats[who], HumanSeat):
            raise MosaicError(f"a person plays {who!r} of lane {lane!r} already")
        _require_life(at)
        await self._undertake(self._exchange(at, who, operator("human"), "take-over"))

    async def hand_back(self, lane: str, agent: str) -> None:
        """Seat the operator again whose place a person has taken.

        Raises:
            MosaicError: nobody's place was taken there, or the lane has failed, or the operator fails.
            ValueError: there is no such lane or agent.
        """
        at, who = self._find(lane, agent)
        former = at.seats[who].relieves
        if former is None:
            raise MosaicError(
                f"nobody handed {who!r} of lane {lane!r} over: there is nobody to hand it back to"
            )
        _require_life(at)
        await self._undertake(self._exchange(at, who, former, "hand-back"))

    def cancel(self) -> None:
        """Give every change under way up; who sat there sits there still."""
        for task in self._under_way:
            task.cancel()

    async def _undertake(self, exchange: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(exchange)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        await asyncio.wait([task])
        if task.cancelled():
            raise Aborted("the change of seats was given up; who sat there sits there still")
        task.result()

    def _find(self, name: str, agent: str | None) -> tuple[Lane, str]:
        lanes = {lane.name: lane for lane in self._lockstep.lanes}
        if name not in lanes:
            raise ValueError(f"there is no lane {name!r}; the lanes are {', '.join(lanes)}")
        lane = lanes[name]
        if agent is None and len(lane.seats) > 1:
            raise ValueError(f"lane {name!r} has several agents: say which, of {', '.join(lane.seats)}")
        who = next(iter(lane.seats)) if agent is None else agent
        if who not in lane.seats:
            raise ValueError(f"lane {name!r} has no agent {who!r}; it has {', '.join(lane.seats)}")
        return lane, who

    # --- one exchange --------------------------------------------------------------------------------

    async def _exchange(self, lane: Lane, agent: str, declared: Declared, event: str) -> None:
        await self._company.engage(declared, lane.name, agent, lane.step)  # may take long: the others play on
        async with self._lockstep.stage:
            former = lane.seats[agent]
            relieved = former.declared if event == "take-over" else None
            keymap = _free_keymap(lane, agent)
            seat = self._company.seat(lane.worker.opened, lane.name, agent, declared, relieved, keymap)
            self._lockstep.require_answerable(lane, agent, seat)
            try:
                observation, outcomes = await self._prepare(lane, agent, seat)
            except BaseException:
                await lane.introduce(agent, former)
                raise
            former.leave(seat)
            self._lockstep.exchange(lane, agent, seat, observation, outcomes)
            told = {"from": former.operator, "to": seat.operator, "step": lane.step}
            self._lockstep.note(lane, event, json.dumps(told), agent=agent, operator=seat.operator)
            self._lockstep.write()
            self._recorder.update_header(operators=self._company.provenance())

    async def _prepare(
        self, lane: Lane, agent: str, seat: Seat
    ) -> tuple[messages.Observation | None, Outcomes]:
        """Bring a newcomer to where the lane is; returns what it perceives where it is to move, and what is open."""
        try:
            observation = await lane.introduce(agent, seat)
            if isinstance(seat, WorkerSeat) and lane.under_way:
                return observation, await self._catch_up(lane, agent, seat)
        except (MosaicError, ProtocolError) as error:
            raise lane.operator_error(agent, error, seat) from error
        return observation, Outcomes()

    async def _catch_up(self, lane: Lane, agent: str, seat: WorkerSeat) -> Outcomes:
        told = lane.tell_trial(agent, lane.views[agent])
        played = Played(told={agent: [[] for _ in told]})
        if seat.learns and (lane.step or len(told) > 1):
            played = await self._relive(lane, agent, seat)
        seat.remember(list(zip(told, played.told[agent], strict=True)))
        await seat.ensure()
        return played.outcomes

    async def _relive(self, lane: Lane, agent: str, seat: WorkerSeat) -> Played:
        """Play the trial again beside the lane, to learn what a seat would have been told of it."""
        place = Place(standing(lane), lane.step, lane.frame)
        past = Past(self._recorder).trial(lane.name, place, lane.worker.opened.agents)
        async with scratch(lane.worker.environment, self._recorder.path / "logs") as worker:
            await worker.observe(agent, seat.worker.loaded)
            return await relive(worker, past, [agent])


def _free_keymap(lane: Lane, agent: str) -> int:
    """Return the first part of the keyboard that nobody else in the lane has."""
    others = (seat for who, seat in lane.seats.items() if who != agent and isinstance(seat, HumanSeat))
    taken = {seat.actions.keymap for seat in others}
    return next(number for number in count() if number not in taken)


def _require_life(lane: Lane) -> None:
    if lane.status == FAILED:
        raise MosaicError(f"lane {lane.name!r} has failed; Reset begins it anew")
