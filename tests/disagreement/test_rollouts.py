"""A consequence by playing on is what would have come of it, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import CastError
from mosaic_nb.testing import fakes
from tests.disagreement.test_asked import COURSE, GRID, record
from tests.scheduler.courses import long, short, stumbles

SPREAD = "mpe2/simple_spread-v3"


def returns(environment: str, moves: list[int], **options: Any) -> list[float]:
    """What is paid for each of these moves, and then for what the lane's operator does on its own."""
    with mnb.Arena(environment, {"a": "human"}, **options) as arena:
        for move in moves:
            arena.step({"a": move})
        return arena.steps.reward.tolist()


def test_a_rollout_is_what_the_players_would_have_made_of_it(tmp_path: Path) -> None:
    run = record(tmp_path / "run", COURSE, {"a": short}, 3, seed=7)
    rows = run.disagreements(long, consequence="rollout", players={"short": short}, progress=False)
    assert (rows.measure == "rollout").all()
    assert len(rows) == 3
    found = dict(zip(rows.step, rows.consequence, strict=True))
    recorded = run.steps.reward.tolist()
    for step, moves in ((0, [1, 0, 0, 0, 0, 0, 0]), (1, [0, 1, 0]), (2, [0, 0, 1])):
        expected = sum(returns(COURSE, moves, seed=7)[step:]) - sum(recorded[step:])
        assert found[step] == pytest.approx(expected, abs=1e-12)
    assert rows.consequence.abs().is_monotonic_decreasing
    assert rows.step.iloc[0] == 0
    near = run.disagreements(
        long, consequence="rollout", horizon=2, players={"short": short}, progress=False
    ).set_index("step")
    two = returns(COURSE, [1, 0], seed=7)
    assert near.consequence[0] == pytest.approx(sum(two) - sum(recorded[:2]), abs=1e-12)


@pytest.mark.parametrize("trial", [1, 2])
def test_learners_play_on_with_all_they_had_learned(tmp_path: Path, trial: int) -> None:
    """The other action, and then the learner as it would decide with that in its past."""
    options: dict[str, Any] = {"seed": 5, "max_steps": 6, "trial": trial}
    with fakes.use():
        run = record(tmp_path / "run", COURSE, {"a": "learner"}, 12, **options)
        rows = run.disagreements(long, episodes=1, consequence="rollout", progress=False)
        assert len(rows)
        assert (rows.measure == "rollout").all()
        assert not rows.error.any()
        row = rows.sort_values("step").iloc[0]
        own = run.steps
        with mnb.Arena(COURSE, {"a": "human"}, **options) as arena:
            for action in own[own.episode == 0].action.tolist():
                arena.step({"a": action})
            for action in own[(own.episode == 1) & (own.step < row.step)].action.tolist():
                arena.step({"a": action})
            arena.step({"a": 1})
            arena.swap("a", "learner")
            while arena.episodes.shape[0] < 2:
                arena.step()
            played = arena.steps
        after = played[(played.episode == 1) & (played.step >= row.step)].reward.sum()
        before = own[(own.episode == 1) & (own.step >= row.step)].reward.sum()
        assert row.consequence == pytest.approx(after - before, abs=1e-12)


def test_several_agents_play_on_and_only_so_many_are_played(tmp_path: Path) -> None:
    run = record(tmp_path / "run", SPREAD, {"a": "random"}, 8, seed=1, max_steps=8)
    rows = run.disagreements(
        mnb.operator("passive"), agents="agent_0", consequence="rollout", rollouts=3, progress=False
    )
    assert rows.measure.tolist()[:3] == ["rollout"] * 3
    assert set(rows.measure[3:]) == {"return to go"}
    own = run.steps[run.steps.agent == "agent_0"]
    row = rows.iloc[0]
    with mnb.Arena(SPREAD, {"a": {"agent_0": "human", "*": "random"}}, seed=1, max_steps=8) as arena:
        for action in [*own.action[own.step < row.step], row.other_action]:
            arena.step({"a": int(action)})
        arena.swap("a", "random", "agent_0")
        arena.run(int(7 - row.step))
        mine = arena.steps[(arena.steps.agent == "agent_0") & (arena.steps.step >= row.step)]
    before = own.reward[own.step >= row.step].sum()
    assert row.consequence == pytest.approx(mine.reward.sum() - before, abs=1e-12)
    assert row.consequence != 0


def test_who_plays_on_must_be_known_and_who_fails_there_says_so(tmp_path: Path) -> None:
    run = record(tmp_path / "run", COURSE, {"a": short}, 3, seed=7)
    with pytest.raises(CastError, match=r"players=\{'short'"):
        run.disagreements(long, consequence="rollout", progress=False)
    rows = run.disagreements(
        {"long": long}, consequence="rollout", players={"short": stumbles}, progress=False
    ).set_index("step")
    assert "it stumbled" in rows.error[0]
    assert rows.measure[0] == "return to go"
    assert rows.measure[2] == "rollout"


def test_an_episode_that_was_cut_short_is_compared_as_far_as_it_went(tmp_path: Path) -> None:
    with mnb.Arena(COURSE, {"a": "random"}, seed=7, path=tmp_path / "run") as arena:
        arena.run(2)
    run = mnb.open_run(tmp_path / "run")
    assert run.episodes.end.tolist() == ["abandoned"]
    other = {0: long, 1: short}[run.steps.action.iloc[0]]
    rows = run.disagreements(other, consequence="rollout", progress=False).set_index("step")
    with mnb.Arena(COURSE, {"a": "human"}, seed=7) as arena:
        arena.step({"a": other(None)})
        arena.swap("a", "random")
        arena.step()
        paid = arena.steps.reward.sum()
    assert rows.consequence[0] == pytest.approx(paid - run.steps.reward.sum(), abs=1e-12)


def test_the_grid_is_won_by_the_experts_move(tmp_path: Path) -> None:
    """The last step of an expert's episode undone: the consequence is the whole return."""
    run = record(tmp_path / "run", GRID, {"a": "scripted"}, 30, seed=7)
    won = run.episodes.iloc[0]
    rows = run.disagreements(
        mnb.operator("passive"), episodes=0, consequence="rollout", horizon=1, progress=False
    ).set_index("step")
    assert rows.consequence[won.length - 1] == pytest.approx(-won["return"])
    assert rows.iloc[0].name == won.length - 1


@pytest.mark.slow
def test_a_policy_plays_on_behind_its_view(tmp_path: Path) -> None:
    ppo = mnb.operator("sb3", policy="minigrid-doorkey-5x5")
    run = record(tmp_path / "run", "MiniGrid-DoorKey-5x5-v0", {"PPO": ppo}, 12, seed=0)
    rows = run.disagreements("scripted", consequence="rollout", rollouts=2, progress=False)
    assert len(rows)
    assert (rows.measure[:2] == "rollout").all()
    assert (rows.error == "").all()
