"""Operators in this process: loaded as their worker would load them, seated before real environments."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mosaic_nb.worker
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler import seeds
from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat


@dataclass
class Step:
    """One step that was played: what was perceived, what was decided, what came of it."""

    observation: Observation
    decision: Decision
    outcome: messages.Outcome


class Lane:
    """One environment, one operator, no processes.

    Args:
        environment: its id; ``options`` are its own.
    """

    def __init__(self, environment: str, operator: Operator, **options: Any) -> None:
        self.operator = operator
        self._hosted = HostedEnvironment(messages.Environment(id=environment, options=options))
        opened = self._hosted.describe()
        about = opened.agents["agent"]
        observed = self._hosted.observe("agent", operator.needs, operator.view)
        self.episode = Episode(
            messages.Episode(
                agent="agent",
                observation_space=observed.observation_space,
                action_space=about.action_space,
                action_labels=about.action_labels,
                noop=about.noop,
                rules=about.rules,
                goal=about.goal,
                environment=opened.spec or environment,
            )
        )

    def seat(self) -> Seat:
        """A seat that knows of the episode and of nothing else."""
        seat = self.operator.seat()
        seat.reset(self.episode)
        return seat

    def play(self, seed: int, *, limit: int | None = None) -> list[Step]:
        """Play an episode, or its first steps."""
        seat, steps = self.seat(), []
        turn = self._hosted.reset(messages.Seed(seed))
        while not turn.over and (limit is None or len(steps) < limit):
            data = turn.observations["agent"]
            observation = Observation(data, data.value, seeds.decision(seed, data.step))
            decision = seat.act(observation)
            turn = self._hosted.step({"agent": decision.action})
            ended, cut = "agent" in turn.terminated, "agent" in turn.truncated
            outcome = messages.Outcome(data, decision.action, turn.rewards["agent"], ended, cut)
            if self.operator.learns:
                seat.learn(outcome)
            steps.append(Step(observation, decision, outcome))
        return steps

    def returns(self, episodes: int) -> list[float]:
        """The returns of the episodes with seeds 0, 1, ..."""
        return [sum(step.outcome.reward for step in self.play(seed)) for seed in range(episodes)]

    def close(self) -> None:
        self._hosted.close()


@pytest.fixture(scope="session")
def shipped(checkout: Path) -> dict[str, Path]:
    """The folder of every operator that ships, by name."""
    return {path.parent.name: path.parent for path in sorted(checkout.glob("operators/*/operator.json"))}


@pytest.fixture(scope="session")
def load(shipped: dict[str, Path]) -> Iterator[Callable[..., Operator]]:
    """Load an operator by name or folder: run its program as its worker does, and call what it serves."""
    factories: dict[Path, Callable[..., Operator]] = {}

    def load(name: str | Path, **options: Any) -> Operator:
        folder = name if isinstance(name, Path) else shipped[name]
        if folder not in factories:
            patch.syspath_prepend(folder)
            served: list[Callable[..., Operator]] = []
            with pytest.MonkeyPatch.context() as instead:
                instead.setattr(mosaic_nb.worker, "serve", served.append)
                runpy.run_path(str(folder / "worker.py"), run_name="__main__")
            (factories[folder],) = served
        return factories[folder](**options)

    with pytest.MonkeyPatch.context() as patch:
        yield load
    for module in ("experts", "policy_card"):
        for name in [name for name in sys.modules if name.partition(".")[0] == module]:
            del sys.modules[name]


@pytest.fixture
def lane(load: Callable[..., Operator]) -> Iterator[Callable[..., Lane]]:
    """Seat an operator before an environment."""
    lanes: list[Lane] = []

    def lane(environment: str, operator: str | Operator, **options: Any) -> Lane:
        lanes.append(Lane(environment, load(operator) if isinstance(operator, str) else operator, **options))
        return lanes[-1]

    yield lane
    for each in lanes:
        each.close()
