"""Whoever takes a seat goes on as if they had sat there from the start, and nobody else notices."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import Aborted, OperatorError
from mosaic_nb.protocol import messages
from mosaic_nb.testing import fakes
from tests.scheduler.viewer import Viewer, lane, seat

ENVIRONMENT = "MiniGrid-DoorKey-5x5-v0"
PLAYED = ["lane", "episode", "step", "action", "reward", "digest"]
HAND_OVERS = ("swap", "take-over", "hand-back")


def rows(arena: mnb.Arena, name: str) -> pd.DataFrame:
    """What a lane has played, comparable between arenas."""
    steps = arena.steps
    return steps[steps.lane == name].reset_index(drop=True)


def played(arena: mnb.Arena, name: str) -> list[Any]:
    return rows(arena, name)[PLAYED].to_numpy().tolist()


def hand_overs(arena: mnb.Arena) -> list[tuple[str, str, str, int]]:
    events = arena.events
    return [
        (event, told["from"], told["to"], told["step"])
        for event, told in zip(events.event, map(_json, events.detail), strict=True)
        if event in HAND_OVERS
    ]


def _json(text: str) -> Any:
    return json.loads(text) if text.startswith("{") else {}


def waits(path: Path) -> Callable[[Any], int]:
    """An operator that decides only when a file is there."""

    def operator(observation: Any) -> int:
        while not path.exists():
            time.sleep(0.01)
        return 0

    return operator


def background(call: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_an_operator_is_swapped_and_back_while_the_others_play_on_alike() -> None:
    lanes = {"a": "scripted", "b": "random"}
    with mnb.Arena(ENVIRONMENT, lanes, seed=7) as arena, mnb.Arena(ENVIRONMENT, lanes, seed=7) as plain:
        plain.run(9)
        arena.run(3)
        arena.swap("a", "random")
        arena.run(3)
        arena.swap("a", "scripted", agent="agent")
        arena.run(3)
        assert list(rows(arena, "a").operator) == ["scripted"] * 3 + ["random"] * 3 + ["scripted"] * 3
        assert list(rows(arena, "a").kind) == ["script"] * 3 + ["baseline"] * 3 + ["script"] * 3
        assert played(arena, "b") == played(plain, "b")
        assert hand_overs(arena) == [("swap", "scripted", "random", 3), ("swap", "random", "scripted", 6)]
        arena.close()
        run = mnb.open_run(arena.path)
        assert run.verify()
        assert run.header["provenance"]["casts"]["a"] == {"*": "scripted"}


def test_a_stranger_is_swapped_in_and_the_header_knows_it() -> None:
    def first(observation: Any) -> int:
        return 1

    passive = mnb.operator("passive", action=0)
    with mnb.Arena("CartPole-v1", {"a": "random"}, seed=7) as arena:
        arena.run(2)
        arena.swap("a", passive)
        arena.run(1)
        arena.swap("a", first)
        arena.run(1)
        assert list(rows(arena, "a").operator) == ["random"] * 2 + [passive.label, "first"]
        assert rows(arena, "a").action.iloc[-1] == 1
        told = mnb.open_run(arena.path).header["provenance"]["operators"]
        assert set(told) == {"random", passive.label, "first"}
        assert len(arena._conductor._company.operators) == 3


@pytest.mark.parametrize("trial", [1, 3])
def test_a_learner_acts_as_one_that_sat_there_from_the_start(trial: int) -> None:
    """Both are replayed along the moves of the first; then they decide for themselves, alike."""
    ticks = {1: 6, 3: 24}[trial]
    with fakes.use():
        learner = mnb.operator("learner")
        options: dict[str, Any] = {"seed": 7, "max_steps": 10, "trial": trial}
        with (
            mnb.Arena(ENVIRONMENT, {"a": learner}, **options) as whole,
            mnb.Arena(ENVIRONMENT, {"a": "human"}, **options) as late,
        ):
            whole.run(ticks)
            for action in rows(whole, "a").action.tolist():
                late.step({"a": action})
            late.swap("a", learner)
            whole.run(5)
            late.run(5)
            assert played(late, "a") == played(whole, "a")
            mine, theirs = rows(late, "a").iloc[ticks:], rows(whole, "a").iloc[ticks:]
            assert mine.probabilities.tolist() == theirs.probabilities.tolist()
            assert mine.value.tolist() == theirs.value.tolist()
            late.close()
            assert mnb.open_run(late.path).verify()


@pytest.mark.parametrize(
    ("name", "needs"), [("reader", "text"), ("looker", "frame"), ("historian", "history")]
)
def test_a_newcomer_perceives_what_it_needs_at_once_and_the_digests_stay(name: str, needs: str) -> None:
    with fakes.use():
        with mnb.Arena(ENVIRONMENT, {"a": name}, seed=7) as whole:
            whole.run(4)
            moves = rows(whole, "a").action.tolist()
            expected = played(whole, "a")
        with mnb.Arena(ENVIRONMENT, {"a": "human"}, seed=7) as late:
            for action in moves[:3]:
                late.step({"a": action})
            late.swap("a", name)
            late.step()
            assert played(late, "a") == expected, needs


def test_a_person_takes_over_while_a_tick_is_open_and_hands_back() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human", "a": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step()
        shown = viewer.until(lambda s: s.phase == "waiting")
        first = seat(shown, "me").turn
        assert seat(shown, "a").turn is None
        viewer.controls.take_over("a", "agent")
        shown = viewer.until(lambda s: seat(s, "a").turn is not None)
        assert seat(shown, "me").turn == first  # the others' questions stay as they were
        assert (seat(shown, "a").operator, seat(shown, "a").relieves) == ("human", "random")
        assert len(arena.steps) == 0
        viewer.controls.choose("a", "agent", 1, seat(shown, "a").turn)
        viewer.controls.choose("me", "agent", 0, first)
        viewer.until(lambda s: s.tick == 1 and s.phase == "idle")

        viewer.controls.step()
        shown = viewer.until(lambda s: s.phase == "waiting" and s.tick == 1)
        turn = seat(shown, "a").turn
        viewer.controls.hand_back("a", "agent")
        shown = viewer.until(lambda s: seat(s, "a").operator == "random")
        assert seat(shown, "a").relieves == ""
        viewer.controls.choose("a", "agent", 1, turn)  # too late: somebody else sits there
        viewer.controls.choose("me", "agent", 0, seat(shown, "me").turn)
        viewer.until(lambda s: s.tick == 2 and s.phase == "idle")
        assert list(rows(arena, "a").operator) == ["human", "random"]
        assert list(rows(arena, "a").kind) == ["human", "baseline"]
        assert arena._conductor.late == 1
        assert hand_overs(arena) == [("take-over", "random", "human", 0), ("hand-back", "human", "random", 1)]
        assert rows(arena, "a").act_ms.iloc[0] > 0
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_who_is_relieved_may_answer_late_and_sit_there_again(tmp_path: Path) -> None:
    """The late reply goes nowhere: neither its link nor the newcomer's decision is touched."""
    go = tmp_path / "go"
    with mnb.Arena(ENVIRONMENT, {"a": waits(go), "b": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        tick = background(arena.step)
        viewer.until(lambda s: s.phase == "stepping")
        arena.swap("a", "scripted")
        tick.join(20)
        assert list(rows(arena, "a").operator) == ["scripted"]
        arena.run(2)
        go.touch()
        arena.swap("a", waits(go))  # another function, another worker
        former = arena._conductor._company.operators[0]
        arena._thread.call(former.ask(messages.Ping(id=0)))
        assert former.running
        arena.run(2)
        assert list(rows(arena, "a").operator) == ["scripted"] * 3 + ["operator"] * 2
        assert list(rows(arena, "b").step) == list(range(5))
        assert not arena.failures
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_a_person_takes_over_from_one_who_hangs(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with mnb.Arena(ENVIRONMENT, {"a": waits(go)}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.play()
        viewer.until(lambda s: s.phase == "playing")
        viewer.controls.take_over("a", "agent")
        shown = viewer.until(lambda s: s.phase == "waiting")
        assert shown.playing
        viewer.controls.choose("a", "agent", 0, seat(shown, "a").turn)
        viewer.until(lambda s: s.tick == 1 and s.phase == "waiting")  # play goes on, and waits for the person
        viewer.controls.stop()
        viewer.until(lambda s: s.phase == "idle" and not s.playing)
        go.touch()
        viewer.controls.hand_back("a", "agent")
        viewer.until(lambda s: seat(s, "a").relieves == "" and seat(s, "a").operator == "operator")
        arena.step()
        assert list(rows(arena, "a").operator) == ["human", "operator"]
        assert not arena.failures


def test_one_who_cannot_be_seated_leaves_the_other_there() -> None:
    with fakes.use(), mnb.Arena("Pendulum-v1", {"a": "random"}, seed=7) as arena:
        arena.step()
        with pytest.raises(OperatorError, match=r"nowhere.*lane 'a' at step 1"):  # it does not start
            arena.swap("a", "nowhere:policy")
        with pytest.raises(
            OperatorError, match=r"learner.*Discrete spaces"
        ):  # it starts, and cannot play this
            arena.swap("a", "learner")
        arena.step()
        assert list(rows(arena, "a").operator) == ["random"] * 2
        assert hand_overs(arena) == []
        assert "nowhere" not in str(arena._conductor._company.provenance())
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_wrong_names_say_what_there_is() -> None:
    with mnb.Arena("CartPole-v1", {"a": "random", "b": "random"}, seed=7) as arena:
        with pytest.raises(ValueError, match="no lane 'c'; the lanes are a, b"):
            arena.swap("c", "random")
        with pytest.raises(ValueError, match="no agent 'player_0'; it has agent"):
            arena.swap("a", "random", agent="player_0")
        with pytest.raises(ValueError, match="keys name no action 'jump'; the actions are left, right"):
            arena.swap("a", mnb.operator("human", keys={"jump": "w"}))
        viewer = Viewer(arena)
        viewer.controls.hand_back("a", "agent")
        viewer.until(lambda s: "nobody to hand it back to" in s.status)
        viewer.controls.take_over("a", "agent")
        viewer.until(lambda s: seat(s, "a").kind == "human")
        viewer.controls.take_over("a", "agent")
        viewer.until(lambda s: "plays 'agent' of lane 'a' already" in s.status)


def test_a_failed_lane_is_not_taken_over_but_swapped_and_begun_anew() -> None:
    with mnb.Arena("CartPole-v1", {"a": lambda observation: 7, "b": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        with pytest.warns(mnb.LaneFailureWarning):
            arena.step()
        viewer.controls.take_over("a", "agent")
        shown = viewer.until(lambda s: "lane 'a' has failed" in s.status)
        assert lane(shown, "a").status == "failed"
        arena.swap("a", "random")
        arena.step()
        assert len(rows(arena, "a")) == 0
        arena.reset()
        arena.step()
        assert list(rows(arena, "a").operator) == ["random"]


def test_stop_gives_a_change_of_seats_up(tmp_path: Path) -> None:
    go = tmp_path / "go"

    class Stuck:
        def __call__(self, observation: Any) -> int:
            return 0

        def __setstate__(self, state: Any) -> None:
            while not go.exists():
                time.sleep(0.01)

        def __getstate__(self) -> Any:
            return {"go": go}

    with mnb.Arena("CartPole-v1", {"a": "random"}, seed=7) as arena:
        found: list[Exception] = []

        def swap() -> None:
            try:
                arena.swap("a", Stuck())
            except Aborted as error:
                found.append(error)

        thread = background(swap)
        while not arena._conductor._seating._under_way:
            time.sleep(0.01)
        arena.step()  # the others play on meanwhile
        arena._conductor.stop()
        thread.join(20)
        assert "still" in str(found[0])
        arena.step()
        assert list(rows(arena, "a").operator) == ["random"] * 2
        assert len(arena._conductor._company.operators) == 1


@pytest.mark.parametrize("ticks", [3, 4])
def test_a_learner_that_takes_turns_is_told_what_is_still_open(ticks: int) -> None:
    """At an odd tick its agent has moved and its turn has not come round: the reward of that step is still to come."""
    game = "pettingzoo.classic.rps_v2:env"
    with fakes.use():
        whole_cast = {"player_0": "learner", "player_1": "random"}
        late_cast = {"player_0": "human", "player_1": "random"}
        with (
            mnb.Arena(game, {"a": whole_cast}, seed=7) as whole,
            mnb.Arena(game, {"a": late_cast}, seed=7) as late,
        ):
            whole.run(ticks)
            steps = whole.steps
            for _, row in steps[steps.action.notna()].iterrows():
                late.step({"a": {"player_0": row.action}} if row.agent == "player_0" else None)
            late.swap("a", "learner", agent="player_0")
            whole.run(episodes=1)
            late.run(episodes=1)
            columns = ["agent", "step", "digest"]
            assert late.steps[columns].to_numpy().tolist() == whole.steps[columns].to_numpy().tolist()
            mine, theirs = (
                steps[(steps.agent == "player_0") & steps.probabilities.notna() & (steps.step >= ticks)]
                for steps in (late.steps, whole.steps)
            )
            assert len(mine) > 0
            assert mine.probabilities.map(list).tolist() == theirs.probabilities.map(list).tolist()
