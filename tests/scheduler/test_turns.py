"""Whose turn it is, alone or together: who is asked and when, what an illegal move leads to, who is told what."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mosaic_nb as mnb
from mosaic_nb.testing import fakes
from tests.environments.test_adapters import InTurns, Masked
from tests.scheduler.viewer import Viewer, lane

CONNECT = "classic/connect_four-v3"
TICTACTOE = "classic/tictactoe-v3"
SOCCER = "MosaicMultiGrid-S-2v2-IndAgObs-v1"
FULL = 6
"""Steps after which the first column is full where both drop their discs there."""


def first(observation: Any) -> int:
    return 0


def second(observation: Any) -> int:
    return 1


def together(folder: Path, name: str, count: int) -> Callable[..., int]:
    """An operator that decides only when so many have been asked for the same step."""

    def operator(value: Any, observation: Any) -> int:
        (folder / f"{observation.step}-{name}").touch()
        until = time.monotonic() + 20
        while len(list(folder.glob(f"{observation.step}-*"))) < count:
            assert time.monotonic() < until, "the others were not asked"
            time.sleep(0.002)
        return 0

    return operator


@pytest.fixture
def heeder(monkeypatch: pytest.MonkeyPatch) -> mnb.operators.Declared:
    monkeypatch.setenv("MOSAIC_NB_PATH", str(Path(__file__).parent / "workers"))
    return mnb.operator("heeder")


def of(arena: mnb.Arena, name: str) -> Any:
    return arena.steps[arena.steps.lane == name].reset_index(drop=True)


# --- turns -----------------------------------------------------------------------------------------------


def test_lanes_at_different_turns_stay_in_step_and_only_who_is_to_move_is_asked() -> None:
    """One lane has a person, whose episode is as old as the others' at every tick."""
    lanes = {"x": "random", "me": {"player_1": "human", "player_2": "random"}, "first": first}
    with mnb.Arena(TICTACTOE, lanes, seed=1, on_end="next") as arena:
        for move in ("centre", None, "top left", None):
            arena.step({} if move is None else {"me": move})
        for name in lanes:
            rows = of(arena, name)
            assert rows.agent.tolist() == ["player_1", "player_2"] * 2
            assert rows.step.tolist() == list(range(4))
            assert rows.action.notna().all()


def test_agents_that_move_twice_and_are_paid_at_anothers_turn_have_their_rows() -> None:
    with mnb.Arena(InTurns, {"a": "random"}, seed=1) as arena:
        arena.run(episodes=1)
        rows = of(arena, "a")
        movers = rows[rows.action.notna()]
        assert movers.agent.tolist() == ["a", "a", "b", "a", "a", "b", "a", "a"]
        assert rows[rows.agent == "a"].reward.sum() == 8
        assert rows[rows.step == 2].agent.tolist() == ["a", "b"]
        assert arena.episodes.returns.iloc[0] == {"a": 8.0, "b": 0.0}


def test_all_decisions_of_a_tick_are_asked_for_at_once(tmp_path: Path) -> None:
    """Each operator waits until the other seven have been asked: one after another would never end."""
    casts = {
        name: {f"agent_{seat}": together(tmp_path, f"{name}{seat}", 8) for seat in range(4)} for name in "ab"
    }
    with mnb.Arena(SOCCER, casts, seed=1) as arena:
        arena.run(2)
        assert len(arena.steps) == 16
        assert not arena.failures


def test_learners_are_told_at_their_next_turn_what_they_were_paid_meanwhile() -> None:
    """a is paid 1 in every step, also in b's: its second action of each round brings 2."""
    with fakes.use(), mnb.Arena(InTurns, {"x": {"a": "learner", "*": "random"}}, seed=3, trial=2) as arena:
        arena.run(episodes=2)
        rows = of(arena, "x")
        mine = rows[(rows.agent == "a") & rows.action.notna()].reset_index(drop=True)
        paid: dict[int, list[float]] = {}
        for number, (action, value) in enumerate(zip(mine.action, mine.value, strict=True)):
            means = [sum(paid[each]) / len(paid[each]) if each in paid else 0.0 for each in (0, 1)]
            assert value == max(means)
            paid.setdefault(action, []).append(2.0 if number % 6 in (1, 3) else 1.0)


# --- people ----------------------------------------------------------------------------------------------


def test_a_person_in_both_seats_of_two_lanes_is_asked_seat_by_seat() -> None:
    with mnb.Arena(TICTACTOE, {"a": "human", "b": "human", "c": "random"}, seed=1) as arena:
        viewer = Viewer(arena)
        arena.step({"a": "centre", "b": "top left"})
        viewer.controls.step()
        shown = viewer.until(lambda s: s.phase == "waiting")
        for name in "ab":
            turns = [(seat.agent, seat.turn is not None) for seat in lane(shown, name).seats]
            assert turns == [("player_1", False), ("player_2", True)]
        viewer.controls.choose("b", "player_2", 4, lane(shown, "b").seats[1].turn)
        viewer.until(lambda s: lane(s, "b").seats[1].turn is None and s.phase == "waiting")
        assert len(arena.steps) == 3  # the other lane's move is still to come
        arena.step({"a": {"player_2": "top left"}})
        assert of(arena, "a").action_label.tolist() == ["centre", "top left"]
        assert of(arena, "b").action_label.tolist() == ["top left", "centre"]
        assert of(arena, "a").agent.tolist() == ["player_1", "player_2"]


def test_a_joint_action_of_two_people_waits_for_both() -> None:
    cast = {"agent_0": "human", "agent_2": "human", "*": first}
    with mnb.Arena(SOCCER, {"us": cast}, seed=1) as arena:
        arena.step({"us": {"agent_0": "forward", "agent_2": "left"}})
        with pytest.raises(mnb.HumanUnavailable):
            arena.step({"us": {"agent_0": "forward"}})
        assert len(arena.steps) == 4
        viewer = Viewer(arena)
        viewer.controls.step()
        shown = viewer.until(lambda s: s.phase == "waiting")
        turns = {seat.agent: seat.turn for seat in lane(shown, "us").seats}
        viewer.controls.choose("us", "agent_2", 2, turns["agent_2"])
        viewer.until(lambda s: lane(s, "us").seats[2].turn is None)
        assert len(arena.steps) == 4
        viewer.controls.choose("us", "agent_0", 1, turns["agent_0"])
        viewer.until(lambda s: s.tick == 2 and s.phase == "idle")
        rows = of(arena, "us")
        assert rows.action_label.tolist() == [
            "forward",
            "noop",
            "left",
            "noop",
            "left",
            "noop",
            "right",
            "noop",
        ]


def test_moves_for_when_nobody_is_there_skip_what_is_illegal_then() -> None:
    me = mnb.operator("human", unattended=["column 1", "column 2"])
    with mnb.Arena(CONNECT, {"a": {"player_0": me, "player_1": first}}, seed=1) as arena:
        arena.run(12)
        mine = of(arena, "a").query("agent == 'player_0' and action == action")
        assert len(mine) >= 5
        assert set(mine.fallback) == {"unattended"}
        assert set(mine.action) == {0, 1}
        assert not mine.invalid.any()


# --- illegal moves ---------------------------------------------------------------------------------------


def illegal(arena: mnb.Arena) -> list[tuple[str, str]]:
    events = arena.events[arena.events.event.isin(("illegal", "forfeit"))]
    return list(zip(events.event, events.agent, strict=True))


@pytest.mark.parametrize("rule", [None, "retry"])
def test_a_stubborn_player_is_asked_twice_and_then_something_legal_is_drawn(rule: str | None) -> None:
    played = []
    for _ in range(2):
        with mnb.Arena(CONNECT, {"a": first, "b": "random"}, seed=1, on_illegal=rule) as arena:
            arena.run(FULL + 2)
            rows = of(arena, "a")
            assert rows.invalid.tolist() == [False] * FULL + [True] * 2
            assert rows.action_asked.tolist() == [0] * (FULL + 2)
            assert (rows.action[FULL:] != 0).all()
            assert rows.fallback[FULL] == "random legal action after two illegal ones"
            assert illegal(arena)[:2] == [("illegal", "player_0")] * 2
            detail = arena.events[arena.events.event == "illegal"].detail.tolist()
            assert "column 1" in detail[0]
            assert "asked again" in detail[0]
            assert "random" in detail[1]
            assert not arena.failures
            played.append(rows.action.tolist())
            path = arena.path
        assert mnb.open_run(path).verify()
    assert played[0] == played[1]


def test_who_reads_why_chooses_again(heeder: Any) -> None:
    with mnb.Arena(CONNECT, {"a": heeder}, seed=1) as arena:
        arena.run(FULL + 1)
        row = of(arena, "a").iloc[-1]
        assert (row.action_asked, row.action, row.invalid) == (0, 6, True)
        assert row.fallback == "asked again after an illegal action"
        assert illegal(arena) == [("illegal", "player_0")]
        moment = arena._conductor.snapshot().lanes[0].seats[0]
        assert (moment.action, moment.note) == ("column 7", row.fallback)


def test_a_random_legal_move_is_made_at_once() -> None:
    with mnb.Arena(CONNECT, {"a": first}, seed=1, on_illegal="random") as arena:
        arena.run(FULL + 1)
        row = of(arena, "a").iloc[-1]
        assert (row.action_asked, row.invalid, row.fallback) == (
            0,
            True,
            "random legal action after an illegal one",
        )
        assert row.action != 0
        assert illegal(arena) == [("illegal", "player_0")]


def test_a_forfeit_is_recorded_as_asked_and_ends_the_episode_of_that_lane_alone() -> None:
    lanes = {"a": first, "b": {"player_0": second, "player_1": first}}
    with mnb.Arena(CONNECT, lanes, seed=1, on_illegal="forfeit", on_end="next") as arena:
        arena.run(FULL + 1)
        last = of(arena, "a").iloc[-1]
        assert (last.agent, last.step, last.action_asked, last.fallback) == ("player_0", FULL, 0, "forfeit")
        assert (last.invalid, last.terminated) == (True, True)
        assert last.isna().action
        row = arena.episodes[arena.episodes.lane == "a"].iloc[0]
        assert (row.end, row.length) == ("forfeit", FULL)
        assert illegal(arena) == [("illegal", "player_0"), ("forfeit", "player_0")]
        assert of(arena, "b").step.unique().tolist() == list(range(FULL + 1))
        arena.run(2)
        assert of(arena, "a").iloc[-2:].episode.tolist() == [1, 1]
        arena.rewind(steps=4)
        arena.run(2)
        assert illegal(arena) == [("illegal", "player_0"), ("forfeit", "player_0")]
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_several_illegal_moves_of_one_tick_are_each_put_right() -> None:
    """b may do only one action at a time, and so may a; the other lane's agents are as they were."""
    lanes = {"wrong": second, "right": {"*": "random"}}
    with mnb.Arena(Masked, lanes, seed=1) as arena:
        arena.run(3)
        wrong = of(arena, "wrong")
        assert wrong[wrong.step == 0].invalid.tolist() == [True, True]
        assert wrong[wrong.step == 0].action.tolist() == [0, 0]
        assert wrong[wrong.step == 1].invalid.tolist() == [False, False]
        assert not of(arena, "right").invalid.any()
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_an_action_that_is_none_is_still_the_operators_failure() -> None:
    def nonsense(observation: Any) -> int:
        return 99

    with mnb.Arena(CONNECT, {"a": nonsense, "b": "random"}, seed=1, on_illegal="random") as arena:
        with pytest.warns(mnb.LaneFailureWarning, match="nonsense"):
            arena.step()
        assert list(arena.failures) == ["a"]


def test_rules_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="on_illegal must be one of None, 'retry', 'forfeit', 'random'"):
        mnb.Arena(CONNECT, {"a": "random"}, on_illegal="stop")
