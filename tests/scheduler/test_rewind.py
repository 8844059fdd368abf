"""A rewind takes every lane back to where it was, exactly, or leaves everything as it is."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mosaic_nb as mnb
from mosaic_nb.scheduler.snapshot import SeatView, Snapshot
from mosaic_nb.testing import fakes
from tests.scheduler.courses import ByAction, Forgetful, Mortal, long, short, stumbles
from tests.scheduler.viewer import Viewer

LANES = {"short": short, "long": long, "random": "random"}


def exact(rows: pd.DataFrame) -> list[tuple[Any, ...]]:
    """What must be the same, to the last bit, however often it is played."""
    names = ["lane", "trial", "episode", "seed", "step", "agent", "operator", "action", "reward", "digest"]
    return list(rows[names].itertuples(index=False, name=None))


def present(arena: mnb.Arena) -> Snapshot:
    return arena._conductor.snapshot()


def shown(arena: mnb.Arena) -> list[tuple[Any, ...]]:
    """Every lane as its viewers see it."""
    return [
        (
            lane.name, lane.status, lane.episode, lane.seed, lane.step, lane.episode_return, lane.message,
            [(seat.operator, seat.action, _rounded(seat), seat.value) for seat in lane.seats],
        )
        for lane in present(arena).lanes
    ]  # fmt: skip


def _rounded(seat: SeatView) -> list[tuple[str, float]]:
    """The tables hold probabilities as 32-bit floats."""
    return [(label, round(probability, 6)) for label, probability in seat.probabilities]


@pytest.mark.parametrize("on_end", ["hold", "next"])
def test_from_any_moment_the_same_moves_lead_to_the_same_rows(on_end: str) -> None:
    with mnb.Arena(ByAction, LANES, seed=7, on_end=on_end) as arena:
        views = {0: shown(arena)}
        for _ in range(16):
            arena.step()
            views[present(arena).moment] = shown(arena)
        last = present(arena).moment
        first, episodes = exact(arena.steps), arena.episodes.drop(columns=["branch", "seconds"])
        # in the midst of episodes, at their ends, at the beginning
        for moment in (3, 0, 7, last - 1, 6, last, 4):
            frames = [lane.frame for lane in present(arena).lanes]
            arena.rewind(moment)
            pairs = zip(frames, present(arena).lanes, strict=True)
            assert all(lane.frame > frame for frame, lane in pairs)  # another picture, whatever was shown
            assert shown(arena) == views.get(moment, shown(arena))
            assert present(arena).moment == moment
            arena.run(16 - present(arena).tick)
            assert exact(arena.steps) == first
            pd.testing.assert_frame_equal(arena.episodes.drop(columns=["branch", "seconds"]), episodes)
            assert shown(arena) == views[last]
        run = arena.save(arena.path.with_name(arena.path.name + "-saved"))
        assert exact(run.steps) == first
        assert len(run.all_branches.steps) > len(first)
    for opened in (run, mnb.open_run(arena.path)):
        found = opened.verify(environment=ByAction)
        assert found, found
        assert found.steps == len(opened.all_branches.steps)
        assert found.episodes == (opened.all_branches.events["event"] == "begin").sum()


@pytest.fixture
def _fakes() -> Iterator[None]:
    with fakes.use():
        yield


@pytest.mark.usefixtures("_fakes")
def test_a_learner_is_brought_to_the_step_with_its_whole_trial() -> None:
    lanes = {"learner": "learner", "short": short}
    with mnb.Arena(ByAction, lanes, seed=7, trial=3) as arena:
        arena.run(18)
        first = exact(arena.steps)
        values = arena.steps["value"].tolist()
        decided = [tuple(given) for given in arena.steps["probabilities"].dropna()]
        assert arena.steps["episode"].max() >= 3  # a trial and a bit more
        for moment in (1, 8, 5, 14):
            arena.rewind(moment)
            arena.run(18 - present(arena).tick)
            assert exact(arena.steps) == first
            assert [tuple(given) for given in arena.steps["probabilities"].dropna()] == decided
            np.testing.assert_array_equal(arena.steps["value"], values)


def test_a_person_moves_again_and_otherwise() -> None:
    with mnb.Arena("MiniGrid-DoorKey-5x5-v0", {"me": "human", "random": "random"}, seed=7) as arena:
        moves = ["left", "forward", "right", "forward", "forward", "left"]
        for move in moves:
            arena.step({"me": move})
        first = exact(arena.steps)
        arena.rewind(2)
        for move in moves[2:]:
            arena.step({"me": move})
        assert exact(arena.steps) == first
        arena.rewind(steps=3)
        assert present(arena).tick == 3
        for _ in range(3):
            arena.step({"me": "toggle"})
        mine = arena.steps[arena.steps["lane"] == "me"]
        assert list(mine["action_label"]) == [*moves[:3], "toggle", "toggle", "toggle"]
        others = arena.steps[arena.steps["lane"] == "random"]
        assert exact(others) == [row for row in first if row[0] == "random"]
    assert mnb.open_run(arena.path).verify()


def test_a_rewind_takes_the_open_question_back() -> None:
    with mnb.Arena(ByAction, {"me": "human", "long": long}, seed=7) as arena:
        viewer = Viewer(arena)
        for _ in range(2):
            arena.step({"me": 1})
        viewer.controls.step()
        viewer.until(lambda snapshot: snapshot.phase == "waiting")
        viewer.controls.rewind(1)
        there = viewer.until(lambda snapshot: snapshot.phase == "idle" and snapshot.moment == 1)
        assert [lane.step for lane in there.lanes] == [1, 1]
        arena.step({"me": 0})
        assert list(arena.steps["step"]) == [0, 0, 1, 1]


def test_back_beyond_a_reset_the_old_seeds_are_played() -> None:
    with mnb.Arena(ByAction, LANES, seed=7) as arena:
        arena.reset(seed=50)
        arena.run(2)
        arena.rewind(0)
        assert {lane.seed for lane in present(arena).lanes} == {7}
        arena.run(episodes=2)
        assert list(arena.episodes["seed"].unique()) == [7, 8]
        arena.reset()
        arena.step()
        assert set(arena.steps.groupby("lane").tail(1)["seed"]) == {8}
        events = arena.events[arena.events["lane"] == "long"]
        assert list(events["event"]) == ["begin", "rewind", "begin", "begin"]
    assert mnb.open_run(arena.path).verify(environment=ByAction)


@pytest.mark.filterwarnings("ignore::mosaic_nb.LaneFailureWarning")
def test_a_lane_goes_back_to_before_it_failed_and_to_after() -> None:
    with mnb.Arena(ByAction, {"stumbles": stumbles, "long": long}, seed=7) as arena:
        arena.run(6)
        assert set(arena.failures) == {"stumbles"}
        first, then = exact(arena.steps), shown(arena)
        arena.rewind(2)
        assert not arena.failures
        arena.run(4)
        assert set(arena.failures) == {"stumbles"}
        assert exact(arena.steps) == first
        assert [view[:6] for view in shown(arena)] == [view[:6] for view in then]
        arena.reset()
        assert not arena.failures
        arena.rewind(5)
        assert [lane.status for lane in present(arena).lanes] == ["failed", "running"]
        arena.step()
        assert exact(arena.steps) == first
        assert list(arena.episodes["end"]) == ["failed"]
    assert mnb.open_run(arena.path).verify(environment=ByAction)


@pytest.mark.filterwarnings("ignore::mosaic_nb.LaneFailureWarning")
def test_a_dead_environment_is_replayed_in_a_new_one() -> None:
    with mnb.Arena(Mortal, {"long": long, "short": short}, seed=7) as arena:
        arena.run(5)
        assert set(arena.failures) == {"long"}
        arena.rewind(steps=2)
        assert not arena.failures
        arena.step()
        assert list(arena.steps[arena.steps["lane"] == "long"]["step"]) == [0, 1, 2, 3]


def test_an_environment_that_does_not_replay_changes_nothing() -> None:
    with mnb.Arena(Forgetful, {"long": long, "short": short}, seed=7) as arena:
        workers = [lane.worker.link.process.pid for lane in arena._conductor.lockstep.lanes]
        arena.run(5)
        rows, view, events = exact(arena.steps), shown(arena), len(arena.events)
        with pytest.raises(
            mnb.Diverged, match=r"does not replay: lane 'long', episode 0 differs first at step 2"
        ):
            arena.rewind(4)
        assert exact(arena.steps) == rows
        assert shown(arena) == view
        assert len(arena.events) == events
        assert workers == [lane.worker.link.process.pid for lane in arena._conductor.lockstep.lanes]
        arena.step()
        assert exact(arena.steps)[: len(rows)] == rows
        arena.rewind(2)  # up to here it does
        assert {lane.step for lane in present(arena).lanes} == {2}


def test_a_viewer_is_told_why_it_stayed() -> None:
    with mnb.Arena(Forgetful, {"long": long}, seed=7) as arena:
        arena.run(5)
        viewer = Viewer(arena)
        viewer.controls.rewind(4)
        assert viewer.until(lambda snapshot: "does not replay" in snapshot.status).moment == 5


def test_what_cannot_be_gone_back_to_is_refused() -> None:
    with mnb.Arena(ByAction, LANES, seed=7) as arena:
        arena.run(3)
        for wrong in ({"moment": 4}, {"moment": -1}, {"steps": 4}):
            with pytest.raises(ValueError, match="moment"):
                arena.rewind(**wrong)
        for wrong in ({}, {"moment": 1, "steps": 1}):
            with pytest.raises(TypeError, match="either"):
                arena.rewind(**wrong)
        arena.rewind(1)
        with pytest.raises(ValueError, match="moment"):
            arena.rewind(2)  # on the line that was left


KILLED = """
import os, signal, sys
import mosaic_nb as mnb
if __name__ == "__main__":
    arena = mnb.Arena("CartPole-v1", {"a": "random", "b": "random"}, seed=7, path=sys.argv[1])
    arena.run(5)
    arena.rewind(2)
    arena.step()
    arena.rewind(1)
    arena.run(2)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_kernel_leaves_the_current_line(tmp_path: Path) -> None:
    (tmp_path / "play.py").write_text(KILLED)
    killed = subprocess.run([sys.executable, "play.py", "run"], check=False, cwd=tmp_path, timeout=100)
    assert killed.returncode == -signal.SIGKILL
    run = mnb.open_run(tmp_path / "run")
    for lane in ("a", "b"):
        mine = run.steps[run.steps["lane"] == lane]
        assert list(zip(mine["branch"], mine["step"], strict=True)) == [(0, 0), (2, 1), (2, 2)]
        left = run.all_branches.episodes[run.all_branches.episodes["lane"] == lane]
        columns = (left[name] for name in ("branch", "length", "end"))
        assert list(zip(*columns, strict=True)) == [(0, 5, "rewound"), (1, 3, "rewound")]
    assert run.episodes.empty
    assert len(run.all_branches.steps) == 2 * (5 + 1 + 2)
    found = run.verify()
    assert found
    assert found.steps == 2 * (5 + 1 + 2)


class Diary:
    """The simple model: the rows of the line, and every lane as it was shown, kept by copying at each moment."""

    def __init__(self, arena: mnb.Arena) -> None:
        self.arena = arena
        self.line: list[tuple[Any, ...]] = []
        self.known = 0
        self.moments: list[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]] = []
        self.turn()

    def turn(self) -> None:
        """A moment more, or two where a tick began episodes: what is new in the tables belongs to the line."""
        begun = present(self.arena).moment - len(self.moments)
        assert begun in (0, 1)
        self.moments += [(self.line, [])] * begun
        rows = exact(self.arena.all_branches.steps)
        self.line = self.line + rows[self.known :]
        self.known = len(rows)
        self.moments.append((self.line, shown(self.arena)))

    def back(self, moment: int) -> None:
        """All lanes are where they were; what came after is forgotten."""
        del self.moments[moment + 1 :]
        self.line, view = self.moments[moment]
        assert shown(self.arena) == (view or shown(self.arena))
        assert present(self.arena).moment == moment

    def check(self) -> None:
        """The tables say what the diary says."""
        assert exact(self.arena.steps) == self.line
        assert not self.arena.episodes[["lane", "episode"]].duplicated().any()


@pytest.mark.usefixtures("_fakes")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_random_walk_of_steps_resets_and_rewinds(seed: int) -> None:
    chance = random.Random(seed)
    lanes = {"short": short, "learner": "learner"}
    on_end = chance.choice(("hold", "next"))
    with mnb.Arena(ByAction, lanes, seed=7, trial=2, on_end=on_end) as arena:
        diary = Diary(arena)
        for number in range(40):
            what = chance.choices(("step", "reset", "seed", "next", "rewind"), (12, 1, 1, 1, 4))[0]
            if what == "rewind":
                moment = chance.randrange(len(diary.moments))
                arena.rewind(moment)
                diary.back(moment)
            else:
                if what == "step":
                    arena.step()
                elif what == "next":
                    arena.next()
                else:
                    arena.reset(seed=None if what == "reset" else 100 + number)
                diary.turn()
            diary.check()
    found = mnb.open_run(arena.path).verify(environment=ByAction)
    assert found, found
    assert found.steps == diary.known
