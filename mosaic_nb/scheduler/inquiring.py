"""Inquiring: what an operator would do, or would have done, in the episode of a lane that is being played.

Nobody who plays notices: the episode is played again beside the lane, and whoever is asked sits in a worker of its own.
Both are kept for the next question, until the arena closes.
"""

from __future__ import annotations

import asyncio
import html
import operator
from dataclasses import dataclass, replace
from typing import Any

from mosaic_nb.errors import CastError, Diverged, EnvironmentFailure, MosaicError, OperatorError
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.scheduler.actions import Actions, InvalidDecision
from mosaic_nb.scheduler.asking import open_place
from mosaic_nb.scheduler.chapters import Chapter, Trial
from mosaic_nb.scheduler.followers import explain
from mosaic_nb.scheduler.lane import CLOSED, RUNNING, Lane
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.places import Place, standing
from mosaic_nb.scheduler.replaying import Script, relive
from mosaic_nb.scheduler.seats import WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker

_LIKELIEST = 6
"""Actions whose probabilities are shown."""


@dataclass(frozen=True)
class Answer:
    """What an operator would do at a step, brought to it by what happened before.

    Attributes:
        operator: who was asked.
        lane, agent, episode, step: where.
        action, label: its decision, and its name (its value as text where it has none).
        legal: whether it may be done there.
        probabilities: name of the action -> its probability, in the order of the action space; None where the
            operator gives none.
        value: the return that it expects, or None.
        done: the name of what was done there instead, or None where that has not been decided yet.
    """

    operator: str
    lane: str
    agent: str
    episode: int
    step: int
    action: Any
    label: str
    legal: bool
    probabilities: dict[str, float] | None = None
    value: float | None = None
    done: str | None = None

    def __str__(self) -> str:
        said = f"{self.operator} would do {self.label!r}{'' if self.legal else ' (illegal)'}"
        chance = (self.probabilities or {}).get(self.label)
        facts = [
            "" if chance is None else f"probability {chance:.2f}",
            "" if self.value is None else f"value {self.value:.3g}",
            "" if self.done is None else f"{self.done!r} was done",
        ]
        told = ", ".join(fact for fact in facts if fact)
        where = f"as {self.agent!r} of lane {self.lane!r} at step {self.step} of episode {self.episode}"
        return f"{said} {where}{told and ': ' + told}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        likeliest = sorted((self.probabilities or {}).items(), key=lambda item: -item[1])[:_LIKELIEST]
        facts = {
            "operator": self.operator,
            "where": f"lane {self.lane}, {self.agent}, episode {self.episode}, step {self.step}",
            "would do": self.label + ("" if self.legal else " (illegal there)"),
            "was done": self.done or "",
            "probabilities": ", ".join(f"{label} {chance:.2f}" for label, chance in likeliest),
            "value": "" if self.value is None else f"{self.value:.3g}",
        }
        lines = (
            f'<tr><th style="text-align:left">{key}</th>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for key, text in facts.items()
            if text
        )
        return f"<table>{''.join(lines)}</table>"


class Inquiry:
    """Asks; everything here runs on the scheduler's thread.

    Args:
        lockstep: whose lanes.
        recorder: of their past.
        deadline: seconds for an answer where an operator declares none, or None.
    """

    def __init__(self, lockstep: LockStep, recorder: Recorder, deadline: float | None) -> None:
        self._lockstep = lockstep
        self._recorder = recorder
        self._deadline = deadline
        self._asking = asyncio.Lock()
        self._operators: list[tuple[Declared, OperatorWorker]] = []
        self._environments: dict[str, EnvironmentWorker] = {}

    async def ask(self, name: str, declared: Declared, step: int | None, agent: str | None) -> Answer:
        """Return what an operator would do in a lane's present episode.

        Args:
            name: the lane's.
            declared: who is asked.
            step: of the episode; None for now.
            agent: whose place; may be left out where there is one.

        Raises:
            ValueError: there is no such lane, agent or step, or the agent was not to move there.
            CastError: a person was to be asked.
            MosaicError: the arena is closed.
            OperatorError: it could not be started or brought there, or failed to answer.
            Diverged: the episode does not replay.
        """
        lane = _lane(self._lockstep, name)
        who = _agent(lane, agent)
        if declared.kind == "human":
            raise CastError("a person cannot be asked what they would do: seat one with arena.swap(...)")
        place = Place(standing(lane), _step(lane, step), lane.frame)
        names = {name: seat.actions for name, seat in lane.seats.items()}
        played = lane.step > place.step
        async with self._asking:
            past = await asyncio.to_thread(Past, self._recorder)
            trial = past.trial(lane.name, place, lane.worker.opened.agents)
            done = past.episode(lane.name, place, names).get(place.step, {}) if played else {}
            try:
                answer = await self._ask(lane, declared, _chapters(place, trial), who)
            except (Diverged, EnvironmentFailure):
                raise
            except (MosaicError, ProtocolError) as error:
                raise OperatorError(
                    explain(error), operator=declared.label, lane=lane.name, agent=who, step=place.step
                ) from error
        return replace(answer, done=names[who].name(done[who].action) if who in done else None)

    async def _ask(self, lane: Lane, declared: Declared, trial: Trial, agent: str) -> Answer:
        worker, host = self._worker(declared), self._host(lane)
        await asyncio.gather(worker.ensure(), open_place(host))
        space = (await host.observe(agent, worker.loaded)).observation_space
        learner = worker.loaded.learns
        past = trial if learner else trial[-1:]
        played = await relive(host, [chapter.script for chapter in past], [agent] if learner else [])
        chapter, step = trial[-1], len(trial[-1].script)
        observation = played.transition.observations.get(agent)
        if observation is None:
            raise ValueError(f"{agent!r} of lane {lane.name!r} is not to move at step {step}")
        actions = Actions(host.opened.agents[agent])
        seat = WorkerSeat(worker, lane.name, agent, actions, self._deadline)
        told = [each.told(host, agent, space) for each in trial]
        seat.remember(list(zip(told, played.told.get(agent, [[] for _ in told]), strict=True)))
        await seat.ensure()
        pending = seat.ask(observation, step, chapter.decision_seed(agent, step))
        await gather([pending])
        if pending.error is not None:
            raise pending.error
        decision = pending.reply
        action = actions.convert(actions.restore(decision.action))
        if (reason := actions.explain(action, None)) is not None:
            raise InvalidDecision(f"what it asked for is no action: {reason}")
        return Answer(
            operator=declared.label,
            lane=lane.name,
            agent=agent,
            episode=chapter.script.episode,
            step=step,
            action=action,
            label=actions.name(action),
            legal=actions.explain(action, observation.action_mask) is None,
            probabilities=_by_name(actions, decision.probabilities),
            value=decision.value,
        )

    def _worker(self, declared: Declared) -> OperatorWorker:
        known = next((worker for other, worker in self._operators if other == declared), None)
        if known is None:
            log = self._recorder.path / "logs" / f"asked-{len(self._operators)}-{declared.name}.log"
            known = OperatorWorker(declared, log)
            self._operators.append((declared, known))
        return known

    def _host(self, lane: Lane) -> EnvironmentWorker:
        return self._environments.setdefault(lane.name, lane.worker.twin())

    async def close(self) -> None:
        """End the workers; returns when all have been reaped."""
        async with self._asking:
            workers = [*self._environments.values(), *(worker for _, worker in self._operators)]
            await asyncio.gather(*(worker.close() for worker in workers))


def _lane(lockstep: LockStep, name: str) -> Lane:
    lanes = {lane.name: lane for lane in lockstep.lanes}
    if name not in lanes:
        raise ValueError(f"there is no lane {name!r}; the lanes are {', '.join(lanes)}")
    if lanes[name].status == CLOSED:
        raise MosaicError(
            "this arena is closed: open its run, and ask there with mnb.open_run(arena.path).disagreements(...)"
        )
    return lanes[name]


def _agent(lane: Lane, agent: str | None) -> str:
    if agent is None and len(lane.seats) > 1:
        raise ValueError(f"lane {lane.name!r} has several agents: say which, of {', '.join(lane.seats)}")
    if agent is not None and agent not in lane.seats:
        raise ValueError(f"lane {lane.name!r} has no agent {agent!r}; it has {', '.join(lane.seats)}")
    return next(iter(lane.seats)) if agent is None else agent


def _step(lane: Lane, step: int | None) -> int:
    """Return a step of the lane's present episode at which somebody was, or is, to move."""
    if not lane.current.digest:
        raise ValueError(f"the episode of lane {lane.name!r} could not begin: nobody was to move")
    last = lane.step if lane.status == RUNNING else lane.step - 1
    if step is None and lane.status != RUNNING:
        raise ValueError(f"the episode of lane {lane.name!r} is over: give one of its steps, up to {last}")
    found = lane.step if step is None else operator.index(step)
    if not 0 <= found <= last:
        raise ValueError(
            f"the episode of lane {lane.name!r} has no step {found}; its steps go from 0 to {last}"
        )
    return found


def _chapters(place: Place, trial: list[Script]) -> Trial:
    where = place.standing
    return [Chapter(script, where.trials - 1, position, where.plan) for position, script in enumerate(trial)]


def _by_name(actions: Actions, probabilities: list[float] | None) -> dict[str, float] | None:
    if probabilities is None:
        return None
    names = [choice.label for choice in actions.choices(None)]
    return dict(zip(names, probabilities, strict=False)) if len(names) == len(probabilities) else None
