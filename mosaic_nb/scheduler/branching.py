"""Branching: another action at a step of an episode, and what the operators who played it then make of it.

The episode is played again up to the step; one agent does something else, the others what they did; then those who
played go on under the very seeds that their decisions would have had.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.actions import Actions, InvalidDecision
from mosaic_nb.scheduler.chapters import Trial
from mosaic_nb.scheduler.link import Pending, gather
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.replaying import relive
from mosaic_nb.scheduler.seats import WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker

_DEADLINE = 60.0


@dataclass(frozen=True)
class Fork:
    """Where an episode takes another way.

    Attributes:
        trial: its trial, up to the episode.
        step: of the episode.
        agent: who does something else; ``action``: what, as the tables have it.
        players: agent -> the worker of whom plays on, of everybody who may be to move.
        horizon: steps to be played, that one included; None to the end.
    """

    trial: Trial
    step: int
    agent: str
    action: Any
    players: Mapping[str, OperatorWorker]
    horizon: int | None = None


class Branch:
    """An environment that takes other ways, one after another.

    Args:
        worker: runs.
        name: what the seats are called in the operators' workers.
        deadline: seconds for a decision where an operator declares none, or None.
    """

    def __init__(self, worker: EnvironmentWorker, name: str, deadline: float | None) -> None:
        self._worker = worker
        self._name = name
        self._deadline = deadline

    async def play(self, fork: Fork) -> float:
        """Return what the agent is paid from the step on.

        Raises:
            MosaicError, ProtocolError: somebody failed on the way, or asked for what is no action.
        """
        await self._worker.ensure()
        for player in fork.players.values():  # what they perceive is known once they run
            await player.ensure()
        seats = {agent: self._seat(agent, worker) for agent, worker in fork.players.items()}
        views = {
            agent: (await self._worker.observe(agent, seat.worker.loaded)).observation_space
            for agent, seat in seats.items()
        }
        learners = [agent for agent, seat in seats.items() if seat.learns]
        past = fork.trial if learners else fork.trial[-1:]
        played = await relive(self._worker, [chapter.script for chapter in past], learners, fork.step)
        for agent, seat in seats.items():
            episodes = [chapter.told(self._worker, agent, views[agent]) for chapter in fork.trial]
            nothing: list[list[messages.Outcome]] = [[] for _ in episodes]
            seat.remember(list(zip(episodes, played.told.get(agent, nothing), strict=True)))
            await seat.ensure()
        return await self._go_on(fork, seats, played.transition, played.outcomes)

    def _seat(self, agent: str, worker: OperatorWorker) -> WorkerSeat:
        actions = Actions(self._worker.opened.agents[agent])
        return WorkerSeat(worker, self._name, agent, actions, self._deadline)

    async def _go_on(
        self, fork: Fork, seats: Mapping[str, WorkerSeat], now: messages.Transition, outcomes: Outcomes
    ) -> float:
        other = seats[fork.agent].actions.read(fork.action)
        actions = fork.trial[-1].script.actions[fork.step] | {fork.agent: other}
        end = None if fork.horizon is None else fork.step + fork.horizon
        paid, step = 0.0, fork.step
        while True:
            before, now = now, await self._step(step, actions)
            paid += now.rewards.get(fork.agent, 0.0)
            done = {agent: action for agent, action in actions.items() if seats[agent].learns}
            for agent, outcome in outcomes.settle(before.observations, done, now):
                seats[agent].tell(outcome)
            step += 1
            if now.over or step == end:
                return paid
            actions = await self._decide(fork, seats, now.observations, step)

    async def _step(self, step: int, actions: dict[str, Any]) -> messages.Transition:
        request = messages.StepEnvironment(id=0, step=step, actions=actions)
        reply: messages.Transition = await self._worker.ask(request, _DEADLINE)
        return reply

    async def _decide(
        self,
        fork: Fork,
        seats: Mapping[str, WorkerSeat],
        observations: Mapping[str, messages.Observation],
        step: int,
    ) -> dict[str, Any]:
        seeds = {agent: fork.trial[-1].decision_seed(agent, step) for agent in observations}
        asked = {
            agent: seats[agent].ask(observation, step, seeds[agent])
            for agent, observation in observations.items()
        }
        await gather([*asked.values()])
        return {
            agent: _action(seats[agent], pending, observations[agent].action_mask, seeds[agent])
            for agent, pending in asked.items()
        }


def _action(seat: WorkerSeat, pending: Pending, mask: Any, seed: int) -> Any:
    """Return what is done; a masked action gives way to a legal one drawn from the seed.

    Raises:
        MosaicError, ProtocolError: it failed, or asked for what is no action.
    """
    if pending.error is not None:
        raise pending.error
    actions = seat.actions
    action = actions.convert(actions.restore(pending.reply.action))
    if (reason := actions.explain(action, None)) is not None:
        raise InvalidDecision(f"{seat.operator!r} asked for what is no action: {reason}")
    return action if actions.explain(action, mask) is None else actions.at_random(mask, seed)
