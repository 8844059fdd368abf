"""Blocks: whole episodes in one process leave what the step path leaves, to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mosaic_nb.testing import fakes
from tests.experiment.blocking import block, by_arena

LANES: dict[str, tuple[str, Mapping[str, Any]]] = {
    "cartpole": ("CartPole-v1", {"agent": "random"}),
    "doorkey": ("MiniGrid-DoorKey-5x5-v0", {"agent": "random"}),
    "taxi": ("Taxi-v4", {"agent": "sampler"}),
    "pendulum": ("Pendulum-v1", {"agent": "random"}),
    "connect four": ("connect_four_v3", {"player_0": "random", "player_1": "sampler"}),
    "2v2": ("MosaicMultiGrid-S-2v2-IndAgObs-v1", {"*": "random", "agent_0": "learner"}),
}


@pytest.fixture(autouse=True)
def _fakes() -> Any:
    with fakes.use():
        yield


def same(
    folder: Path, environment: Any, cast: Mapping[str, Any], seeds: range, trial: int = 1, **more: Any
) -> None:
    """Compare all four tables of a block with those of an arena."""
    rules = {name: more[name] for name in ("on_failure", "on_illegal") if name in more}
    with block(
        folder / "block", environment, cast, max_steps=more.get("max_steps"), trial_length=trial, **rules
    ) as ours:
        _, mine = ours.play(seeds, trial=trial)
    theirs = by_arena(folder / "arena", environment, cast, seeds[0], len(seeds), trial=trial, **more)
    assert mine.keys() == theirs.keys()
    for name, rows in theirs.items():
        assert mine[name] == rows, name


@pytest.mark.parametrize("lane", LANES)
def test_a_block_leaves_what_an_arena_leaves(tmp_path: Path, lane: str) -> None:
    environment, cast = LANES[lane]
    same(tmp_path, environment, cast, range(7, 10), max_steps=60 if lane == "2v2" else None)


@pytest.mark.slow
@pytest.mark.parametrize("lane", LANES)
def test_twenty_seeds_leave_what_an_arena_leaves(tmp_path: Path, lane: str) -> None:
    environment, cast = LANES[lane]
    same(tmp_path, environment, cast, range(100, 120))


class Sour:
    """An environment that raises in its third step, in every second episode."""


def sour() -> Any:
    import gymnasium

    class Wrapped(gymnasium.Wrapper):  # type: ignore[type-arg]
        begun = steps = 0

        def reset(self, **more: Any) -> Any:
            self.begun, self.steps = self.begun + 1, 0
            return super().reset(**more)

        def step(self, action: Any) -> Any:
            self.steps += 1
            if self.steps == 3 and self.begun == 2:
                raise RuntimeError("sour milk")
            return super().step(action)

    return Wrapped(gymnasium.make("CartPole-v1"))


def grumpy(value: Any, observation: Any) -> int:
    if observation.step == 4 and observation.seed % 2:
        raise ValueError("not today")
    return int(observation.seed % 2)


def greedy(value: Any, observation: Any) -> int:
    """Asks for what is none at step 5, and for what Taxi masks now and then."""
    return 17 if observation.step == 5 and observation.seed % 3 == 0 else int(observation.seed % 6)


@pytest.mark.parametrize("on_failure", ["forfeit", "substitute"])
@pytest.mark.parametrize("on_illegal", ["retry", "forfeit", "random"])
def test_failures_and_illegal_moves_leave_the_same_rows(
    tmp_path: Path, on_failure: str, on_illegal: str
) -> None:
    same(
        tmp_path,
        "Taxi-v4",
        {"agent": greedy},
        range(7, 13),
        max_steps=40,
        on_failure=on_failure,
        on_illegal=on_illegal,
    )


@pytest.mark.parametrize("on_failure", ["forfeit", "substitute"])
def test_an_operator_that_raises_leaves_the_same_rows(tmp_path: Path, on_failure: str) -> None:
    same(tmp_path, "CartPole-v1", {"agent": grumpy}, range(7, 17), on_failure=on_failure)


def test_an_environment_that_raises_leaves_the_same_rows(tmp_path: Path) -> None:
    same(tmp_path, sour, {"agent": "random"}, range(7, 11), on_failure="forfeit")


@pytest.mark.parametrize("operator", fakes.NAMES)
def test_learners_readers_lookers_and_callers_in_trials(tmp_path: Path, operator: str) -> None:
    same(tmp_path, "FrozenLake-v1", {"agent": operator}, range(7, 9), trial=3, max_steps=20)
