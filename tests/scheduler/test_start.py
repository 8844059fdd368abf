"""An arena that starts elsewhere: in header and digest, and wherever an episode is played again."""

from __future__ import annotations

from typing import Any

import pytest

import mosaic_nb as mnb
from mosaic_nb.testing import fakes

CONNECT = "classic/connect_four-v3"
CHESS = "classic/chess-v6"
DOORKEY = "MiniGrid-DoorKey-5x5-v0"
MATE_IN_ONE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"


def test_every_episode_of_every_lane_begins_there_and_the_run_says_so() -> None:
    lanes = {"a": "random", "b": {"player_0": "scripted", "player_1": "random"}}
    with (
        mnb.Arena(CONNECT, lanes, seed=3, start="33402") as arena,
        mnb.Arena(CONNECT, lanes, seed=3) as plain,
    ):
        arena.run(episodes=2)
        steps = arena.steps
        assert set(steps[steps.step == 0].agent) == {"player_1"}
        assert arena.episodes.reset_digest.nunique() == 1
        assert set(arena.episodes.reset_digest) != {plain._conductor.lockstep.lanes[0].digest}
        assert arena.episodes.seed.tolist().count(3) == 2
        arena.close()
        run = mnb.open_run(arena.path)
        assert run.header["provenance"]["environment"]["start"] == {"text": "33402"}
        found = run.verify()
        assert found
        assert (found.episodes, found.steps) == (4, steps.groupby(["lane", "episode"]).step.max().sum() + 4)
        assert run.verify(CONNECT)


def test_a_run_that_started_elsewhere_does_not_verify_from_the_beginning() -> None:
    with mnb.Arena(CONNECT, {"a": "random"}, start="33402") as arena:
        arena.run(3)
    run = mnb.open_run(arena.path)
    run.header["provenance"]["environment"]["start"] = None
    found = run.verify()
    assert not found
    assert found.mismatches[0].step is None


@pytest.mark.parametrize(
    ("environment", "start"),
    [
        (CONNECT, "3340"),
        (CHESS, MATE_IN_ONE),
        (DOORKEY, {"seed": 7, "actions": ["left", "forward", 0]}),
        ("MosaicMultiGrid-S-2v2-IndAgObs-v1", [{f"agent_{n}": "forward" for n in range(4)}] * 3),
    ],
)
def test_rewinding_swapping_and_looking_back_begin_there_too(environment: str, start: Any) -> None:
    lanes = {"a": "random", "b": "random"}
    with (
        fakes.use(),
        mnb.Arena(environment, lanes, seed=2, start=start, max_steps=40, keep_frames=0) as arena,
        mnb.Arena(environment, lanes, seed=2, start=start, max_steps=40) as plain,
    ):
        plain.run(4)
        arena.run(3)
        agents = list(arena._conductor.lockstep.lanes[0].seats)
        arena.swap("b", "learner", agent=agents[0])
        arena.run(1)
        arena.rewind(2)
        arena.swap("b", "random", agent=agents[0])
        arena.run(2)
        mine, theirs = arena.steps, plain.steps
        assert mine.digest.tolist() == theirs.digest.tolist()
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_what_cannot_be_is_told_before_the_first_step() -> None:
    with pytest.raises(mnb.EnvironmentFailure, match="the 7 actions of start end the episode") as caught:
        mnb.Arena(CONNECT, {"a": "random"}, start="0101010")
    assert "Traceback" not in str(caught.value)
    with pytest.raises(TypeError, match="start is a text"):
        mnb.Arena(CONNECT, {"a": "random"}, start=3)


def test_a_mate_in_one_is_given_by_hand() -> None:
    with mnb.Arena(CHESS, {"me": {"white": "human", "black": "random"}}, start=MATE_IN_ONE) as arena:
        arena.step({"me": "a1a8"})
        row = arena.episodes.iloc[0]
        assert (row.length, row.end) == (1, "terminated")
        assert row.team_returns == {"white": 1.0, "black": -1.0}
