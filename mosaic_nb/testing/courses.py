"""Courses of play: an operator before a real environment, and the same again for another worker's seat."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium

from mosaic_nb.errors import RemoteError
from mosaic_nb.protocol import messages
from mosaic_nb.protocol.canonical import digest_bytes
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker
from mosaic_nb.testing import operator_clauses as clauses
from mosaic_nb.testing.probe import Probe

_TAKEN_OVER = 3
"""In a course with others, every third step is somebody else's."""
_SHOWN = 200  # characters


@dataclass(frozen=True)
class Turn:
    """One step: what was perceived, the act's seed, what was decided and what came of it."""

    observation: messages.Observation
    seed: int
    decision: messages.Decision
    outcome: messages.Outcome


@dataclass(frozen=True)
class Course:
    """One episode: what the seat was told, and its turns."""

    episode: messages.Episode
    turns: Sequence[Turn]

    @property
    def title(self) -> str:
        """Which episode it is, in words."""
        place = f" of a trial of {self.episode.trial_length}" if self.episode.trial_length > 1 else ""
        return f"episode {self.episode.number}{place}"


class Seating:
    """A seat in a worker under test. Outcomes travel with the next request, as in an arena.

    Args:
        probe: the worker.
        lane: any name; together with the agent it names the seat.
        learns: whether the operator wants outcomes.
    """

    def __init__(self, probe: Probe, lane: str, *, learns: bool) -> None:
        self.probe = probe
        self._lane = lane
        self._agent = ""
        self._learns = learns
        self._untold: list[messages.Outcome] = []

    def begin(self, episode: messages.Episode) -> None:
        """Begin an episode."""
        self._agent = episode.agent
        self.probe.ask(messages.ResetSeat(**self._place(), episode=episode, learn=self._take()))

    def act(self, observation: messages.Observation, seed: int) -> messages.Act:
        """Return the request for a decision."""
        step = observation.step
        return messages.Act(
            **self._place(), step=step, observation=observation, seed=seed, learn=self._take()
        )

    def tell(self, outcomes: Sequence[messages.Outcome]) -> None:
        """Keep outcomes for the next request."""
        if self._learns:
            self._untold += outcomes

    def catch_up(self, course: Course, steps: int) -> None:
        """Begin an episode and learn its first steps, without a decision."""
        self.begin(course.episode)
        self.tell([turn.outcome for turn in course.turns[:steps]])
        if self._untold:
            self.probe.ask(messages.Learn(**self._place(), learn=self._take()))

    def close(self) -> None:
        """Give the seat back."""
        self.probe.ask(messages.CloseSeat(**self._place(), learn=self._take()))

    def repeat(self, course: Course, clause: str, how: str) -> Iterator[None]:
        """Play a course again, a turn at each ``next``; the decisions must be those that were recorded.

        Raises:
            Broken: ``clause``, with ``how`` this was played.
        """
        self.begin(course.episode)
        for turn in course.turns:
            self.decide_again(course, turn, clause, how)
            self.tell([turn.outcome])
            yield

    def decide_again(self, course: Course, turn: Turn, clause: str, how: str) -> None:
        """Ask for the decision of a turn again; it must be the one that was recorded."""
        decision = self.probe.ask(self.act(turn.observation, turn.seed))
        if not same(turn.decision, decision):
            where = f"{course.title}, step {turn.observation.step}, {how}"
            detail = f"{where}: it decided {_shown(decision)}, and before {_shown(turn.decision)}"
            raise self.probe.broken(clause, detail)

    def _place(self) -> dict[str, Any]:
        return {"id": 0, "lane": self._lane, "agent": self._agent}

    def _take(self) -> list[messages.Outcome]:
        untold, self._untold = self._untold, []
        return untold


class Playground:
    """A real environment in a host of its own.

    Args:
        environment: how to make it.
        log: where the host's output goes.
        max_steps: leave an episode after this many.
    """

    def __init__(self, environment: messages.Environment, log: Path, max_steps: int) -> None:
        self._worker = EnvironmentWorker("playground", environment, log)
        self._max_steps = max_steps
        self._agent = ""
        self._space: dict[str, Any] = {}

    def open(self, probe: Probe, loaded: messages.Loaded) -> None:
        """Make the environment, and have it show what the operator needs.

        Raises:
            Broken: a view cannot be put on.
            ValueError: it has several agents.
        """
        scheduler_thread().call(self._worker.start())
        agents = self._worker.opened.agents
        if len(agents) != 1:
            raise ValueError(
                f"check_operator plays environments of one agent; this one has {', '.join(agents)}"
            )
        ((self._agent, about),) = agents.items()
        self.actions = Actions(about)
        try:
            observed = scheduler_thread().call(self._worker.observe(self._agent, loaded))
        except RemoteError as error:
            if not loaded.view:
                raise
            raise probe.broken(clauses.DECLARES_WELL, f"its view cannot be put on: {error}") from error
        self._space = observed.observation_space

    def play(
        self,
        seating: Seating,
        seed: int,
        number: int,
        position: int = 0,
        length: int = 1,
        *,
        others: bool = False,
    ) -> Course:
        """Let a seat play an episode, and hold every decision against the clauses.

        Args:
            seating: who plays.
            seed: the declared seed of the episode, or of its trial.
            number: the episode's.
            position, length: its place in its trial.
            others: whether somebody else decides every third step.
        """
        transition = self._ask(
            messages.ResetEnvironment(id=0, seed=seeds.environment(0, seed, position, length))
        )
        episode = self._episode(seed, number, position, length)
        base = seeds.derive(0, seed, position, self._agent, "act")
        seating.begin(episode)
        turns: list[Turn] = []
        course = Course(episode, turns)
        while not transition.over and len(turns) < self._max_steps:
            observation = transition.observations[self._agent]
            bits = seeds.decision(base, observation.step)
            decision = seating.probe.ask(seating.act(observation, bits))
            self._inspect(seating.probe, decision, observation, course.title)
            action = self.actions.restore(decision.action)
            if others and observation.step % _TAKEN_OVER == _TAKEN_OVER - 1:
                action, _ = self.actions.fallback(observation.action_mask, bits)
            transition = self._ask(messages.StepEnvironment(id=0, actions={self._agent: action}))
            outcome = self._outcome(observation, action, transition)
            seating.tell([outcome])
            turns.append(Turn(observation, bits, decision, outcome))
        return course

    def close(self) -> None:
        """End the environment's host."""
        scheduler_thread().call(self._worker.close())

    def _ask(self, request: Any) -> Any:
        request.lane = self._worker.name
        return scheduler_thread().call(self._worker.ask(request))

    def _outcome(
        self, observation: messages.Observation, action: Any, transition: messages.Transition
    ) -> messages.Outcome:
        return messages.Outcome(
            observation,
            action,
            transition.rewards.get(self._agent, 0.0),
            self._agent in transition.terminated,
            self._agent in transition.truncated,
        )

    def _episode(self, seed: int, number: int, position: int, length: int) -> messages.Episode:
        return self._worker.episode(
            self._agent,
            self._space,
            number=number,
            trial=number // length,
            position=position,
            trial_length=length,
            seed=seeds.derive(0, seed, position, self._agent, "seat"),
        )

    def _inspect(
        self, probe: Probe, decision: messages.Decision, observation: messages.Observation, title: str
    ) -> None:
        where = f"{title}, step {observation.step}"
        reason = self.actions.explain(self.actions.restore(decision.action), observation.action_mask)
        if reason is not None:
            detail = f"{where}: it decided {str(decision.action)[:_SHOWN]}, and {reason}"
            raise probe.broken(clauses.ACTION_IN_SPACE, detail)
        reason = _unsound(decision.probabilities, self.actions.space)
        if reason is not None:
            raise probe.broken(clauses.PROBABILITIES_ARE_SOUND, f"{where}: {reason}")
        if decision.value is not None and not math.isfinite(decision.value):
            raise probe.broken(clauses.VALUE_IS_FINITE, f"{where}: the value is {decision.value}")


def same(one: messages.Decision, other: messages.Decision) -> bool:
    """Return whether two decisions are equal to the last bit."""
    return _bytes(one) == _bytes(other)


def _bytes(decision: messages.Decision) -> bytes:
    return digest_bytes((decision.action, decision.probabilities, decision.value))


def _shown(decision: messages.Decision) -> str:
    more = {"probabilities": decision.probabilities, "value": decision.value}
    given = "".join(f", {name} {value}" for name, value in more.items() if value is not None)
    text = f"{decision.action}{given}"
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _unsound(probabilities: list[float] | None, space: gymnasium.Space[Any]) -> str | None:
    """Say what is wrong with the probabilities, or None."""
    if probabilities is None:
        return None
    if not isinstance(space, gymnasium.spaces.Discrete):
        return f"there are probabilities, and the action space is {space}"
    if len(probabilities) != space.n:
        return f"there are {len(probabilities)} probabilities for {space.n} actions"
    if not all(math.isfinite(p) and p >= 0 for p in probabilities):
        return f"the probabilities are {str(probabilities)[:_SHOWN]}"
    total = math.fsum(probabilities)
    return None if abs(total - 1) <= 1e-6 else f"the probabilities sum to {total:.9g}"
