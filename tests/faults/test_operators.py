"""An operator that breaks in any way breaks in its own lane, by name; the other lane goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import LaneFailureWarning, OperatorError

AT = 3
TICKS = 8

# What the rogue does at its fourth act, and what the error must say of it.
FAILURES = {
    "half_frame": "inside a frame",
    "huge_length": "announced",
    "garbage": "announced|could not be decoded",
    "hangs": "did not answer Act within",
    "other_request": "answers no request",
    "other_agent": "somebody else",
    "other_type": "is no reply to Act",
    "exits": "exit code 0",
    "killed": "SIGKILL",
    "closes": "closed its socket",
    "raises": "RuntimeError: the rogue raised",
    "out_of_space": "10000",
    "wrong_type": "north",
    "wrong_shape": "",
    "nan": "nan",
    "not_sendable": "no form on the wire",
    "no_decision": "AttributeError",
}


def _arena(rogue: Callable[..., Any], how: str, **options: Any) -> mnb.Arena:
    lanes = {"rogue": rogue(how=how, at=AT, deadline=1.0), "good": "random"}
    return mnb.Arena("CartPole-v1", lanes, seed=7, max_steps=50, **options)


@pytest.mark.parametrize("how", FAILURES)
def test_a_broken_operator_fails_alone(rogue: Callable[..., Any], how: str) -> None:
    with _arena(rogue, how) as arena:
        with pytest.warns(LaneFailureWarning, match="rogue"):
            arena.run(TICKS)
        error = arena.failures["rogue"]
        assert isinstance(error, OperatorError)
        assert (error.lane, error.agent, error.step) == ("rogue", "agent", AT)
        assert "rogue" in error.operator
        assert re.search(FAILURES[how], str(error)), str(error)
        steps = arena.steps
        assert list(steps[steps.lane == "rogue"].step) == list(range(AT))
        assert list(steps[steps.lane == "good"].step) == list(range(TICKS))
        assert list(arena.events[arena.events.event == "failure"].lane) == ["rogue"]


def test_the_log_comes_with_the_error(rogue: Callable[..., Any]) -> None:
    with _arena(rogue, "killed") as arena:
        with pytest.warns(LaneFailureWarning):
            arena.run(TICKS)
        assert "last words" in arena.failures["rogue"].log


def test_printing_on_stdout_harms_nothing(rogue: Callable[..., Any]) -> None:
    with _arena(rogue, "prints") as arena:
        arena.run(TICKS)
        assert not arena.failures
        assert "a line on stdout" in (arena.path / "logs" / "operator-0-rogue.log").read_text(
            "utf-8", "replace"
        )


def test_a_second_reply_is_an_error_at_the_next_step_and_doubles_nothing(rogue: Callable[..., Any]) -> None:
    with _arena(rogue, "twice") as arena:
        with pytest.warns(LaneFailureWarning):
            arena.run(TICKS)
        assert "came twice" in str(arena.failures["rogue"])
        steps = arena.steps[arena.steps.lane == "rogue"]
        assert list(steps.step) == list(range(AT + 1))


@pytest.mark.parametrize("how", ["exits", "out_of_space", "raises", "hangs"])
def test_forfeit_ends_the_episode_and_the_next_one_begins(rogue: Callable[..., Any], how: str) -> None:
    with _arena(rogue, how, on_failure="forfeit", on_end="next") as arena:
        arena.run(AT + 3)
        episodes = arena.episodes[arena.episodes.lane == "rogue"]
        assert list(episodes.end)[:1] == ["forfeit"]
        assert list(episodes.length)[:1] == [AT]
        assert not arena.failures
        begins = arena.events[(arena.events.event == "begin") & (arena.events.lane == "rogue")]
        assert len(begins) > 1
        assert list(begins.episode) == list(range(len(begins)))


@pytest.mark.parametrize("how", ["exits", "out_of_space", "raises", "hangs"])
def test_substitute_keeps_what_was_asked_and_says_what_was_done(rogue: Callable[..., Any], how: str) -> None:
    with _arena(rogue, how, on_failure="substitute") as arena:
        arena.run(AT + 1)
        row = arena.steps[arena.steps.lane == "rogue"].iloc[AT]
        assert row.fallback
        assert row.action in (0, 1)
        assert row.invalid == (how == "out_of_space")
        if how == "out_of_space":
            assert row.action_asked == 10_000
        assert list(arena.events[arena.events.event == "substitute"].step) == [AT]


def test_a_reset_starts_a_failed_lane_anew(rogue: Callable[..., Any]) -> None:
    with _arena(rogue, "exits") as arena:
        with pytest.warns(LaneFailureWarning):
            arena.run(AT + 1)
        arena.reset()
        assert not arena.failures
        arena.run(AT)
        assert list(arena.steps[arena.steps.lane == "rogue"].step) == [*range(AT), *range(AT)]


def test_when_every_lane_has_failed_the_call_raises(rogue: Callable[..., Any]) -> None:
    arena = mnb.Arena("CartPole-v1", {"only": rogue(how="exits", at=0)}, seed=7)
    with arena, pytest.raises(OperatorError, match="exit code 0"):
        arena.run(3)


def test_a_worker_of_several_lanes_fails_in_all_of_them_by_name(rogue: Callable[..., Any]) -> None:
    shared = rogue(how="exits", at=AT)
    lanes = {"one": shared, "two": shared, "other": "random"}
    with mnb.Arena("CartPole-v1", lanes, seed=7) as arena:
        with pytest.warns(LaneFailureWarning):
            arena.run(TICKS)
        assert set(arena.failures) == {"one", "two"}
        assert set(arena.steps.groupby("lane").size()) == {AT, TICKS}
