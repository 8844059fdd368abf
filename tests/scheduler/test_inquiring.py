"""Somebody who does not play is asked what they would do; nobody who plays notices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import CastError, MosaicError, OperatorError
from mosaic_nb.testing import fakes
from tests.hostile import HOSTILE
from tests.scheduler.courses import ByAction, long, short, stumbles

GRID = "MiniGrid-DoorKey-5x5-v0"
BOARD = "classic/tictactoe-v3"
PLAYED = ["lane", "episode", "step", "agent", "action", "reward", "digest", "branch"]


def played(arena: mnb.Arena) -> list[Any]:
    return arena.steps[PLAYED].to_numpy().tolist()


@pytest.mark.parametrize("trial", [1, 2])
def test_one_that_plays_would_do_what_it_then_does(trial: int) -> None:
    with (
        fakes.use(),
        mnb.Arena(GRID, {"a": "learner", "b": "historian"}, seed=7, max_steps=9, trial=trial) as arena,
    ):
        arena.run(13)
        told = {lane: arena.ask(name, lane) for lane, name in (("a", "learner"), ("b", "historian"))}
        then = {lane: arena.ask(name, lane, step=2) for lane, name in (("a", "learner"), ("b", "historian"))}
        arena.step()
        now = arena.steps[arena.steps.episode == arena.steps.episode.max()]
        for lane, answer in told.items():
            row = now[(now.lane == lane) & (now.step == answer.step)].iloc[0]
            assert (answer.action, answer.label, answer.legal) == (row.action, row.action_label, True)
            assert answer.done is None
            before = now[(now.lane == lane) & (now.step == 2)].iloc[0]
            assert then[lane].label == then[lane].done == before.action_label
        own = now[(now.lane == "a") & (now.step == told["a"].step)].iloc[0]
        assert np.float32([*told["a"].probabilities.values()]).tolist() == list(own.probabilities)
        assert told["a"].value == own.value


def test_asking_changes_nothing_and_keeps_its_workers() -> None:
    lanes = {"a": long, "b": "random"}
    with mnb.Arena(ByAction, lanes, seed=7) as arena, mnb.Arena(ByAction, lanes, seed=7) as plain:
        plain.run(6)
        arena.run(3)
        answers = [arena.ask(short, "a") for _ in range(3)]
        assert answers[0] == answers[1] == answers[2]
        (_, worker), *others = arena._inquiry._operators
        assert worker.generation == 1
        assert not others
        assert [operator.name for operator in arena._conductor._company.operators] == ["long", "random"]
        arena.run(3)
        assert played(arena) == played(plain)
        assert arena.ask(short, "a", step=5).done == "1"
    assert not worker.running


def test_a_rewound_lane_is_asked_about_the_line_it_is_on() -> None:
    with mnb.Arena(ByAction, {"a": "human"}, seed=7) as arena:
        for move in (1, 1, 1, 1):
            arena.step({"a": move})
        arena.rewind(steps=2)
        arena.step({"a": 0})
        assert [arena.ask(long, "a", step=step).done for step in range(3)] == ["1", "1", "0"]
        assert arena.ask(long, "a").done is None


def test_agents_in_turn() -> None:
    with mnb.Arena(BOARD, {"a": "scripted"}, seed=1) as arena:
        arena.run(2)
        answer = arena.ask("scripted", "a", agent="player_1")
        assert answer.agent == "player_1"
        assert answer.legal
        taken = arena.steps.action.dropna().iloc[0]
        assert not arena.ask(lambda observation: taken, "a", agent="player_1").legal
        with pytest.raises(ValueError, match="'player_2' of lane 'a' is not to move at step 2"):
            arena.ask("scripted", "a", agent="player_2")
        assert arena.ask("scripted", "a", step=1, agent="player_2").done
        with pytest.raises(ValueError, match="several agents"):
            arena.ask("scripted", "a")


def test_what_cannot_be_asked_is_said_and_the_arena_plays_on() -> None:
    with mnb.Arena(ByAction, {"a": short}, seed=7) as arena:
        arena.run(1)
        for wrong, what in (
            ({"lane": "b"}, "no lane 'b'"),
            ({"lane": "a", "agent": "x"}, "no agent 'x'"),
            ({"lane": "a", "step": 2}, "its steps go from 0 to 1"),
            ({"lane": "a", "step": -1}, "no step -1"),
        ):
            with pytest.raises(ValueError, match=what):
                arena.ask(long, **wrong)
        with pytest.raises(CastError, match="person"):
            arena.ask("human", "a")
        with mnb.Arena(ByAction, {"a": long}, seed=7) as late:
            late.run(5)
            with pytest.raises(OperatorError, match=r"(?s)'stumbles' failed.*it stumbled"):
                late.ask(stumbles, "a")
            assert late.ask(long, "a").action == 1
        arena.run(2)
        with pytest.raises(ValueError, match="is over: give one of its steps, up to 2"):
            arena.ask(long, "a")
        assert arena.ask(long, "a", step=2).label == "1"
    with pytest.raises(MosaicError, match="closed"):
        arena.ask(long, "a")


def test_an_answer_is_shown_as_text_only() -> None:
    with mnb.Arena(ByAction, {HOSTILE[0]: short}, seed=7) as arena:
        answer = arena.ask(long, HOSTILE[0])
        assert "<script" not in answer._repr_html_()
        assert "&lt;script" in answer._repr_html_()
        assert repr(answer).startswith("long would do '1' as 'agent'")
