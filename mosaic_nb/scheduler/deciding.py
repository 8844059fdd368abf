"""Deciding: every agent that is to move is asked at once, and what is asked for is held against the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from mosaic_nb.errors import MosaicError
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.actions import InvalidDecision
from mosaic_nb.scheduler.keys import StandIn
from mosaic_nb.scheduler.lane import RUNNING, Lane, Move
from mosaic_nb.scheduler.link import Pending
from mosaic_nb.scheduler.seats import WorkerSeat

if TYPE_CHECKING:
    from mosaic_nb.scheduler.lockstep import LockStep

_Illegal = tuple[Lane, str, str]
"""Of a move that is an action but illegal now: the lane, whose, and why in words."""


class Deciding:
    """Asks for the decisions of a tick.

    Args:
        lockstep: whose lanes; it is told what failed and what befell a move.
    """

    def __init__(self, lockstep: LockStep) -> None:
        self._lockstep = lockstep
        self._questions = lockstep.questions

    async def decide(self, lanes: Sequence[Lane]) -> None:
        """Have every agent of these lanes that is to move decide; then `Lane.moves` says what is done.

        Raises:
            Aborted: the tick was given up.
        """
        for lane in lanes:
            await self._ask(lane)
        self._lockstep.show_turns()
        await self._questions.answers()
        illegal = [
            (lane, agent, reason)
            for lane, agent, pending in self._questions.asked
            if lane.status == RUNNING and (reason := self._take(lane, agent, pending)) is not None
        ]
        if illegal:
            await self._apply_rules(illegal)

    async def _ask(self, lane: Lane) -> None:
        lane.moves = {}
        step = lane.current.step
        for agent, observation in lane.observations.items():
            seat = lane.seats[agent]
            if isinstance(seat, WorkerSeat) and not seat.current:
                await self._bring_back(lane, agent, seat)
            if lane.status != RUNNING:
                break
            if agent not in lane.moves:  # else it has failed since the last tick, and was substituted
                question = seat.ask(observation, step, lane.decision_seed(agent))
                self._questions.asked.append((lane, agent, question))

    async def _bring_back(self, lane: Lane, agent: str, seat: WorkerSeat) -> None:
        """Charge a worker that failed between two ticks; one that has been charged is started anew."""
        failure = seat.uncharged()
        if failure is not None:
            self._lockstep.fail_operator(lane, agent, failure)
            return
        try:
            await seat.ensure()
        except (MosaicError, ProtocolError) as error:
            self._lockstep.stop(lane, lane.operator_error(agent, error))

    def _take(self, lane: Lane, agent: str, pending: Pending) -> str | None:
        """Take a decision in; returns why it is illegal now, where it is."""
        if pending.error is not None:
            self._lockstep.fail_operator(lane, agent, pending.error)
            return None
        decision = pending.reply
        asked, action = self._read(lane, agent, decision)
        move = lane.moves[agent] = Move(
            asked=asked,
            action=action,
            milliseconds=(pending.answered - pending.asked) * 1e3,
            fallback=decision.fallback if type(decision) is StandIn else "",
            probabilities=decision.probabilities,
            value=decision.value,
        )
        actions = lane.seats[agent].actions
        reason = actions.explain(action, lane.observations[agent].action_mask)
        if reason is None:
            return None
        move.invalid = True
        if actions.explain(action, None) is None:
            return reason
        takes = actions.takes()
        self._lockstep.fail_operator(
            lane, agent, InvalidDecision(f"{reason}{takes and '; it takes ' + takes}")
        )
        return None

    def _read(self, lane: Lane, agent: str, decision: messages.Decision) -> tuple[Any, Any]:
        """Return what was asked for, and as what the environment would take it."""
        if decision.calls:
            self._lockstep.keep_calls(lane, agent, decision.calls)
        actions = lane.seats[agent].actions
        asked = actions.restore(decision.action)
        return asked, actions.convert(asked)

    # --- illegal moves -------------------------------------------------------------------------------

    async def _apply_rules(self, illegal: Sequence[_Illegal]) -> None:
        again: list[_Illegal] = []
        for lane, agent, reason in illegal:
            rule = self._lockstep.policy.on_illegal or lane.worker.opened.illegal
            if lane.status != RUNNING:
                continue
            if rule == "retry":
                self._note(lane, agent, reason, "it is asked again")
                again.append((lane, agent, reason))
            elif rule == "forfeit":
                self._note(lane, agent, reason, "it forfeits")
                self._lockstep.forfeit(lane, agent, f"{agent!r} loses by an illegal move: {reason}")
            else:
                self._draw(lane, agent, reason, "an illegal one")
        again = [(lane, agent, reason) for lane, agent, reason in again if lane.status == RUNNING]
        asked = [(lane, agent, reason, self._ask_again(lane, agent, reason)) for lane, agent, reason in again]
        await self._questions.ask_again([pending for *_, pending in asked])
        for lane, agent, _, pending in asked:
            if lane.status == RUNNING:
                self._take_again(lane, agent, pending)

    def _ask_again(self, lane: Lane, agent: str, reason: str) -> Pending:
        """Ask with another seed, and say why to whoever reads."""
        observation, seat = lane.observations[agent], lane.seats[agent]
        if observation.text is not None:
            legal = ", ".join(c.label for c in seat.actions.choices(observation.action_mask) if c.legal)
            told = f"{observation.text}\nYour move was not made: {reason}. Choose again among: {legal}."
            observation = msgspec.structs.replace(observation, text=told)
        return seat.ask(observation, lane.step, seeds.decision(lane.decision_seed(agent), 1))

    def _take_again(self, lane: Lane, agent: str, pending: Pending) -> None:
        if pending.error is not None:
            self._lockstep.fail_operator(lane, agent, pending.error)
            return
        move, decision = lane.moves[agent], pending.reply
        _, action = self._read(lane, agent, decision)
        move.milliseconds += (pending.answered - pending.asked) * 1e3
        reason = lane.seats[agent].actions.explain(action, lane.observations[agent].action_mask)
        if reason is not None:
            self._draw(lane, agent, reason, "two illegal ones")
            return
        move.action, move.fallback = action, "asked again after an illegal action"
        move.probabilities, move.value = decision.probabilities, decision.value

    def _draw(self, lane: Lane, agent: str, reason: str, after: str) -> None:
        """Do a legal action in the agent's place, drawn from the decision's seed."""
        mask, move = lane.observations[agent].action_mask, lane.moves[agent]
        move.action = lane.seats[agent].actions.at_random(mask, lane.decision_seed(agent))
        move.fallback = f"random legal action after {after}"
        move.probabilities = move.value = None
        self._note(lane, agent, reason, "a random legal action is made instead")

    def _note(self, lane: Lane, agent: str, reason: str, then: str) -> None:
        self._lockstep.note(
            lane, "illegal", f"{reason}; {then}", agent=agent, operator=lane.seats[agent].operator
        )
