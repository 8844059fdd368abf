"""Others are asked at each step of a run what they would have done, and answer as if they had sat there."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import CastError, Diverged
from mosaic_nb.testing import fakes
from tests.hostile import HOSTILE
from tests.processes import workers
from tests.scheduler.courses import ByAction, Forgetful, long, short

GRID = "MiniGrid-DoorKey-5x5-v0"
COURSE = "tests.scheduler.courses:ByAction"
BOARD = "classic/tictactoe-v3"
TAG = "mpe2/simple_tag-v3"


def late(observation: Any) -> int:
    """As `long`, until its fifth step."""
    return int(observation[0] < 0.45)


def stumbles_once(observation: Any) -> int:
    if 0.15 < observation[0] < 0.25:
        raise RuntimeError("it stumbled")
    return 1


def dies(observation: Any) -> int:
    if observation[0] > 0.15:
        os._exit(3)
    return 1


def slow(observation: Any) -> int:
    time.sleep(0.05)
    return 0


def center(observation: Any) -> int:
    return 4


def limp(observation: Any) -> Any:
    return [0.5]


def nonsense(observation: Any) -> Any:
    return "north"


def record(path: Path, environment: Any, lanes: Any, ticks: int, **options: Any) -> mnb.Run:
    with mnb.Arena(environment, lanes, path=path, **options) as arena:
        arena.run(ticks)
    return mnb.open_run(path)


def where(rows: pd.DataFrame) -> list[tuple[str, int, int]]:
    return sorted(zip(rows.lane, rows.episode, rows.step, strict=True))


def children() -> set[int]:
    """Return the workers that run; what they are forked from stays."""
    return {worker.pid for worker in workers()}


def test_two_functions_part_at_the_steps_that_are_known(tmp_path: Path) -> None:
    run = record(tmp_path / "run", COURSE, {"a": long, "b": late}, 14, seed=7, on_end="next")
    rows = run.disagreements({"long": long, "late": late}, progress=False)
    assert where(rows[rows.other == "late"]) == [("a", e, s) for e in (0, 1) for s in (5, 6)]
    assert where(rows[rows.other == "long"]) == [("b", e, s) for e in (0, 1) for s in (5, 6)]
    assert rows.attrs["asked"] == {"long": 28, "late": 28}
    first = rows[(rows.lane == "a") & (rows.episode == 1) & (rows.step == 5)].iloc[0]
    assert (first.operator, first.action, first.other_action, first.seed) == ("long", 1, 0, 8)
    assert first.legal
    assert first.parted
    assert not first.error
    mine = run.steps[(run.steps.lane == "a") & (run.steps.episode == 1) & (run.steps.step >= 5)]
    assert first.return_to_go == pytest.approx(mine.reward.sum())
    assert (rows.measure == "return to go").all()
    assert rows.consequence.tolist() == sorted(rows.return_to_go, reverse=True)
    whole = run.disagreements([late], lanes="a", episodes=0, all=True, progress=False)
    assert where(whole) == [("a", 0, s) for s in range(7)]
    assert whole.sort_values("step").parted.tolist() == [False] * 5 + [True] * 2
    assert whole.consequence.isna().tolist() == [False] * 2 + [True] * 5


@pytest.mark.parametrize("trial", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_whoever_is_asked_answers_as_if_they_had_sat_there(tmp_path: Path, trial: int) -> None:
    """The law of catch-up: what somebody else played, move by move as they would have, they play again in thought."""
    options: dict[str, Any] = {"seed": 7, "max_steps": 10, "trial": trial}
    names = ("learner", "historian", "reader", "looker", "sampler")
    with fakes.use():
        played = record(tmp_path / "played", GRID, {name: name for name in names}, 24, **options)
        with mnb.Arena(GRID, dict.fromkeys(names, "human"), path=tmp_path / "copied", **options) as arena:
            for _, moves in played.steps.groupby(["episode", "step"], observed=True):
                arena.step(dict(zip(moves.lane, moves.action.tolist(), strict=True)))
        copied = mnb.open_run(tmp_path / "copied")
        for name in names:
            rows = copied.disagreements(list(names), lanes=name, all=True, progress=False)
            mine = rows[rows.other == name].sort_values(["episode", "step"]).reset_index(drop=True)
            own = played.steps[played.steps.lane == name].reset_index(drop=True)
            assert len(mine) == len(own)
            assert not mine.parted.any()
            assert not mine.error.any()
            assert mine.operator.unique().tolist() == ["human"]
            if name in ("learner", "sampler"):
                assert np.float32(mine.other_probabilities.tolist()).tolist() == own.probabilities.tolist()
                assert mine.other_value.tolist() == own.value.tolist()
        assert copied.disagreements("random", progress=False).parted.any()
        late = copied.disagreements(["learner"], lanes="learner", episodes=[2], all=True, progress=False)
        own = played.steps[(played.steps.lane == "learner") & (played.steps.episode == 2)]
        late = late.sort_values("step")
        assert np.float32(late.other_probabilities.tolist()).tolist() == own.probabilities.tolist()


@pytest.mark.parametrize("trial", [1, 2])
def test_an_experiment_whose_seeds_come_again(tmp_path: Path, trial: int) -> None:
    """With a seed's repetition the operators draw anew; whoever is asked has those draws."""
    names = ["sampler", "learner"]
    with fakes.use():
        experiment = mnb.Experiment(
            GRID, {name: name for name in names}, seeds=[7, 3], repeat=2, trial=trial, max_steps=8
        )
        run = experiment.run(tmp_path / "run", progress=False)
        rows = run.disagreements(names, all=True, progress=False)
    own = rows[rows.operator == rows.other]
    assert len(own) == len(run.steps) == 64 * trial
    assert not own.parted.any()
    assert not own.error.any()


@pytest.mark.slow
def test_a_policy_agrees_with_itself_also_where_it_draws(tmp_path: Path) -> None:
    policy = mnb.operator("sb3", policy="cartpole", deterministic=False)
    run = record(tmp_path / "run", "CartPole-v1", {"ppo": policy}, 60, seed=3)
    rows = run.disagreements({"again": policy, "random": "random"}, all=True, progress=False)
    again = rows[rows.other == "again"]
    assert len(again) == 60
    assert not again.parted.any()
    assert again.other_probability.to_numpy() == pytest.approx(again.probability.to_numpy(), abs=1e-6)
    other = rows[(rows.other == "random") & rows.parted]
    assert len(other)
    assert (other.measure == "total variation").all()
    own = run.steps.set_index("step").probabilities
    expected = [abs(own[step][0] - 0.5) + abs(own[step][1] - 0.5) for step in other.step]
    assert other.consequence.to_numpy() * 2 == pytest.approx(expected, abs=1e-6)
    assert other.consequence.is_monotonic_decreasing


def test_agents_in_turn_and_an_answer_that_would_be_illegal(tmp_path: Path) -> None:
    run = record(tmp_path / "run", BOARD, {"a": "scripted"}, 7, seed=1)
    rows = run.disagreements({"center": center, "expert": "scripted"}, all=True, progress=False)
    acted = run.steps[run.steps.action.notna()]
    assert sorted(zip(rows.step, rows.agent, strict=True)) == sorted(
        [*zip(acted.step, acted.agent, strict=True)] * 2
    )
    assert not rows[rows.other == "expert"].parted.any()
    centre = rows[rows.other == "center"].sort_values("step")
    taken = acted[acted.action == 4].step.iloc[0]
    assert centre.legal.tolist() == [step <= taken for step in centre.step]
    one = run.disagreements(center, agents="player_2", progress=False)
    assert set(one.agent) == {"player_2"}


def test_agents_that_move_together_with_spaces_of_their_own(tmp_path: Path) -> None:
    run = record(tmp_path / "run", TAG, {"a": "random"}, 25, seed=1, max_steps=25)
    rows = run.disagreements({"same": "random", "still": mnb.operator("passive")}, progress=False)
    assert run.disagreements("random", progress=False).empty
    acted = run.steps[run.steps.action != 0]
    assert sorted(zip(rows.step, rows.agent, strict=True)) == sorted(
        zip(acted.step, acted.agent, strict=True)
    )
    paid = acted.iloc[::-1].groupby("agent", observed=True).reward.sum()
    assert rows.sort_values("step").groupby("agent").return_to_go.first().to_dict() == pytest.approx(
        paid.to_dict()
    )


def test_one_that_fails_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    run = record(tmp_path / "run", COURSE, {"a": long}, 21, seed=7, on_end="next")
    asked = {"stumbles": stumbles_once, "dies": dies, "long": long, "nonsense": nonsense}
    rows = run.disagreements(asked, progress=False)
    errors = rows[rows.error != ""]
    assert where(errors[errors.other == "stumbles"]) == [("a", e, 2) for e in range(3)]
    assert errors[errors.other == "stumbles"].error.str.contains("it stumbled").all()
    died = errors[errors.other == "dies"].sort_values("episode")
    assert died.episode.tolist() == [0, 1, 2]
    assert died.step.max() == 2
    assert died.error.str.contains("exit code 3").any()
    assert errors[errors.other == "nonsense"].error.str.contains("no action").all()
    assert rows.attrs["asked"]["long"] == 21
    assert "long" not in set(rows.other)
    assert not errors.parted.any()
    assert errors.consequence.isna().all()


def test_the_current_line_of_a_rewound_run_and_who_took_a_seat(tmp_path: Path) -> None:
    with mnb.Arena(COURSE, {"a": long}, seed=7, path=tmp_path / "run", on_end="next") as arena:
        arena.run(11)
        arena.rewind(steps=2)
        arena.swap("a", late)
        arena.run(5)
    run = mnb.open_run(tmp_path / "run")
    rows = run.disagreements({"long": long, "short": short}, all=True, progress=False)
    line = run.steps
    assert len(line) == 14
    assert set(line.branch) == {0, 1}
    longs = rows[rows.other == "long"].sort_values(["episode", "step"])
    assert longs[["episode", "step", "branch", "operator"]].to_numpy().tolist() == (
        line[["episode", "step", "branch", "operator"]].to_numpy().tolist()
    )
    assert where(longs[longs.parted]) == [("a", 1, 5), ("a", 1, 6)]
    assert (rows[rows.other == "short"].parted == (rows[rows.other == "short"].action == 1)).all()


def test_who_cannot_be_asked_is_refused_before_anything_runs(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "Pendulum-v1", {"a": "random"}, 3, seed=1)
    before = children()
    with fakes.use(), pytest.raises(CastError, match=r"(?s)'learner' cannot play 'agent'.*'sampler' cannot"):
        run.disagreements(["learner", "random", "sampler"], progress=False)
    with pytest.raises(CastError, match="people cannot be asked"):
        run.disagreements({"me": "human"}, progress=False)
    with pytest.raises(CastError, match="called alike"):
        run.disagreements(["random", "random"], progress=False)
    with pytest.raises(CastError, match="could not be started"):
        run.disagreements(mnb.operator("sb3", policy=str(tmp_path)), progress=False)
    with pytest.raises(ValueError, match="no steps of lane 'b'"):
        run.disagreements("random", lanes="b", progress=False)
    with pytest.raises(ValueError, match="no steps of episode 9"):
        run.disagreements("random", episodes=[0, 9], progress=False)
    with pytest.raises(ValueError, match="consequence"):
        run.disagreements("random", consequence="guess", progress=False)
    assert run.disagreements("random", progress=False).empty
    assert children() <= before


def test_actions_of_numbers_are_compared_and_written_as_the_tables_have_them(tmp_path: Path) -> None:
    run = record(tmp_path / "run", "Pendulum-v1", {"a": "random"}, 3, seed=1)
    rows = run.disagreements(limp, progress=False)
    assert rows.other_action.tolist() == [[0.5]] * 3
    assert sorted(rows.action.tolist()) == sorted(run.steps.action.tolist())


def test_an_episode_that_does_not_replay_is_named_and_so_is_a_library_that_differs(tmp_path: Path) -> None:
    run = record(tmp_path / "run", Forgetful, {"a": long}, 7, seed=1)
    with pytest.raises(Diverged, match="episode 0 differs first at step 2") as found:
        run.disagreements(short, progress=False)
    assert "not comparable" not in str(found.value)
    run.header["provenance"]["libraries"]["numpy"] = "0.1"
    with pytest.raises(Diverged, match="not comparable: numpy was"):
        run.disagreements(short, progress=False)


@pytest.mark.usefixtures("interruptible")
def test_long_work_is_shown_and_an_interrupt_leaves_no_worker(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = record(tmp_path / "run", ByAction, {"a": long}, 140, seed=7, on_end="next")
    before = children()
    timer = threading.Timer(3.0, signal.raise_signal, [signal.SIGINT])
    began = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        run.disagreements({"slow": slow})
    assert time.monotonic() - began < 6
    assert "asked" in capfd.readouterr().err
    assert children() <= before


def test_hostile_names_are_names(tmp_path: Path) -> None:
    lanes = dict.fromkeys(HOSTILE[:3], short)
    run = record(tmp_path / "run", COURSE, lanes, 3, seed=1)
    rows = run.disagreements(dict.fromkeys(HOSTILE[:4], long), progress=False)
    assert set(rows.lane) == set(HOSTILE[:3])
    assert set(rows.other) == set(HOSTILE[:4])
    assert len(rows) == 3 * 3 * 4
