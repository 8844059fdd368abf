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
