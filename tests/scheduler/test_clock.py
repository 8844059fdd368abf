"""People in real time, the clock that waits for the slowest, Stop, several steps, and seeds."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import mosaic_nb as mnb
from tests.scheduler.viewer import Viewer, lane, seat

ENVIRONMENT = "MiniGrid-DoorKey-5x5-v0"


def mine(arena: mnb.Arena) -> list[tuple[str, str]]:
    """What I did and why, tick by tick."""
    steps = arena.steps[arena.steps.lane == "me"]
    return list(zip(steps.action_label, steps.fallback, strict=True))


class Masked(gymnasium.Env[Any, Any]):
    """Five actions; the second is illegal at odd steps."""

    observation_space = gymnasium.spaces.Box(0, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.count = 0
        return np.zeros(1, np.float32), {"action_mask": np.array([1, 1, 1], np.int8)}

    def step(self, action: Any) -> Any:
        self.count += 1
        mask = np.array([1, self.count % 2 == 0, 1], np.int8)
        return np.zeros(1, np.float32), 0.0, False, False, {"action_mask": mask}


# --- keys --------------------------------------------------------------------------------------------


def test_a_key_that_is_down_a_tap_and_no_key() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human", "b": "random"}, seed=7, clocked=True) as arena:
        viewer = Viewer(arena)
        controls = viewer.controls
        controls.set_speed(0.1)  # the first tick comes at once, the next ones by Step
        controls.hold("me", "agent", 2)  # down
        viewer.until(lambda s: s.tick == 1)
        controls.pause()
        viewer.until(lambda s: s.phase == "idle")
        controls.step()
        viewer.until(lambda s: s.tick == 2 and s.phase == "idle")
        controls.hold("me", "agent", None)  # up
        controls.step(2)
        shown = viewer.until(lambda s: s.tick == 4 and s.phase == "idle")
        assert seat(shown, "me").note == "no key"
        assert (seat(shown, "me").default, seat(shown, "b").default) == ("done", "")
        assert seat(shown, "me").turn is None
        assert mine(arena) == [("forward", ""), ("forward", ""), ("done", "no key"), ("done", "no key")]
        steps = arena.steps[arena.steps.lane == "me"]
        assert 0 < steps.act_ms.iloc[0] < steps.act_ms.iloc[1]
        assert list(steps.act_ms.iloc[2:]) == [0, 0]
        assert list(steps.invalid) == [False] * 4
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_a_short_tap_between_two_ticks_counts_once() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human"}, seed=7, clocked=True, speed=0.1) as arena:
        viewer = Viewer(arena)
        controls = viewer.controls
        controls.hold("me", "agent", 1)  # starts the clock
        controls.hold("me", "agent", None)
        viewer.until(lambda s: s.playing and s.tick == 1)
        controls.hold("me", "agent", 0)
        controls.hold("me", "agent", None)
        controls.hold("me", "agent", 99)  # none: said, and nothing held
        viewer.until(lambda s: "no move" in s.status)
        controls.set_speed(100)
        viewer.until(lambda s: s.tick >= 4)
        controls.pause()
        viewer.until(lambda s: not s.playing)
        assert mine(arena)[:4] == [("right", ""), ("left", ""), ("done", "no key"), ("done", "no key")]


@pytest.mark.parametrize(
    ("environment", "default", "expected"),
    [
        ("CartPole-v1", None, ["right", "right", "right"]),  # no no-op: the last action again
        ("CartPole-v1", "left", ["right", "left", "left"]),
        ("MountainCar-v0", None, ["left", "coast", "coast"]),
    ],
)
def test_what_is_done_while_no_key_is_down(
    environment: str, default: str | None, expected: list[str]
) -> None:
    me = mnb.operator("human", default=default)
    with mnb.Arena(environment, {"me": me}, seed=7) as arena:
        viewer = Viewer(arena)
        assert viewer.until(lambda s: s.clocked).playing is False  # the family's own, and it waits for a key
        viewer.controls.set_speed(0.1)
        labels = [choice.label for choice in seat(viewer.until(lambda s: s.lanes), "me").choices]
        viewer.controls.choose("me", "agent", labels.index(expected[0]), None)  # a click is a tap
        viewer.until(lambda s: s.tick == 1)
        viewer.controls.pause()
        viewer.until(lambda s: s.phase == "idle")
        viewer.controls.step(2)
        viewer.until(lambda s: s.tick == 3 and s.phase == "idle")
        assert mine(arena) == list(zip(expected, ["", "no key", "no key"], strict=True))
        assert set(arena.steps.operator) == {"human"}


def test_the_first_default_is_the_nearest_to_nothing() -> None:
    with mnb.Arena("Pendulum-v1", {"me": "human"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step(2)
        shown = viewer.until(lambda s: s.tick == 2 and s.phase == "idle")
        assert seat(shown, "me").space["shape"] == [1]
        assert seat(shown, "me").choices == ()
        assert arena.steps.action.tolist() == [[0.0], [0.0]]


def test_a_held_key_that_is_illegal_now_falls_to_the_default() -> None:
    me = mnb.operator("human", default=2)
    with mnb.Arena(Masked, {"me": me}, seed=7, clocked=True, speed=0.1) as arena:
        viewer = Viewer(arena)
        viewer.controls.hold("me", "agent", 1)
        viewer.until(lambda s: s.tick == 1)
        viewer.controls.pause()
        viewer.until(lambda s: s.phase == "idle")
        viewer.controls.step(2)
        viewer.until(lambda s: s.tick == 3 and s.phase == "idle")
        assert arena.steps.action.tolist() == [1, 2, 1]
        assert "illegal" in arena.steps.fallback.iloc[1]


def test_the_clock_set_on_answers_the_open_question() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step()
        viewer.until(lambda s: s.phase == "waiting")
        viewer.controls.set_clocked(True)
        viewer.until(lambda s: s.tick == 1 and s.phase == "idle" and s.clocked)
        assert mine(arena) == [("done", "no key")]
        viewer.controls.set_clocked(False)
        viewer.controls.step()
        viewer.until(lambda s: s.phase == "waiting")


def test_own_keys_and_wrong_ones() -> None:
    with mnb.play(ENVIRONMENT, keys={"forward": "w", "left": "ArrowRight"}, seed=7, clocked=False) as arena:
        keys = {c.label: c.key for c in seat(Viewer(arena).until(lambda s: s.lanes), "me").choices}
        assert (keys["forward"], keys["left"], keys["right"], keys["pickup"]) == ("w", "ArrowRight", "", "p")
        assert set(arena.steps.operator) <= {"human"}
    for options, message in (
        ({"keys": {"jump": "w"}}, "keys name no action 'jump'; the actions are left, right"),
        ({"keys": {"left": "w", "right": "w"}}, "no two alike"),
        ({"default": "jump"}, "'jump' is no move"),
    ):
        with pytest.raises(ValueError, match=message):
            mnb.Arena("CartPole-v1", {"me": mnb.operator("human", **options)})
    with pytest.raises(ValueError, match="not Discrete"):
        mnb.play("Pendulum-v1", keys={"left": "a"})


# --- the clock ---------------------------------------------------------------------------------------


def test_ticks_come_at_a_fixed_rate() -> None:
    """Never faster than asked; and as fast, once the machine lets it."""
    with mnb.Arena("CartPole-v1", {"a": "scripted"}, seed=7, speed=25) as arena:
        viewer = Viewer(arena)
        assert viewer.until(lambda s: s.lanes).speed == 25
        times: dict[int, float] = {}
        arena._conductor.watch(lambda s: times.setdefault(s.tick, time.perf_counter()))
        viewer.controls.play()
        means = []
        for window in range(1, 400, 40):
            viewer.until(lambda s, window=window: s.tick > window + 40)
            means.append((times[window + 40] - times[window]) / 40)
            if abs(means[-1] - 0.04) < 0.001:
                break
        viewer.controls.pause()
        assert min(means) > 0.037
        assert min(abs(mean - 0.04) for mean in means) < 0.002


def test_the_clock_waits_for_the_slowest_says_who_and_never_catches_up() -> None:
    def slow(observation: Any) -> int:
        if observation[0] > -1 and not hasattr(slow, "calls"):
            slow.calls = 0  # type: ignore[attr-defined]
        slow.calls += 1  # type: ignore[attr-defined]
        time.sleep(0.3 if slow.calls == 3 else 0)  # type: ignore[attr-defined]
        return slow.calls % 2  # type: ignore[attr-defined]

    with mnb.Arena("CartPole-v1", {"quick": "random", "LLM": slow}, seed=7, speed=20) as arena:
        viewer = Viewer(arena)
        times: dict[int, float] = {}
        arena._conductor.watch(lambda s: times.setdefault(s.tick, time.perf_counter()))
        viewer.controls.play()
        shown = viewer.until(lambda s: s.waits_for)
        assert shown.waits_for.startswith("slow (lane LLM): ")
        assert shown.waits_for.endswith(" ms")
        viewer.until(lambda s: s.tick == shown.tick + 5 and not s.waits_for)
        viewer.controls.pause()
        viewer.until(lambda s: s.phase == "idle")
        after = [times[shown.tick + n] for n in range(1, 5)]
        assert min(later - earlier for earlier, later in pairwise(after)) > 0.02
        assert viewer.until(lambda s: not s.playing).waits_for == ""


def test_an_episodes_end_pauses_the_clock_and_the_next_key_begins_anew() -> None:
    with mnb.Arena("CartPole-v1", {"me": "human", "b": "random"}, seed=7, speed=200, on_end="next") as arena:
        viewer = Viewer(arena)
        viewer.controls.hold("me", "agent", 0)  # falls over within ten steps
        shown = viewer.until(lambda s: s.tick > 5 and not s.playing)
        assert lane(shown, "me").status == "held"
        assert lane(shown, "me").step < 15
        viewer.controls.hold("me", "agent", 1)  # still hammering: time to breathe
        viewer.controls.set_speed(100)
        assert not viewer.until(lambda s: s.speed == 100).playing
        while arena._thread.call(_resting(arena)):
            time.sleep(0.05)
        viewer.controls.hold("me", "agent", None)
        viewer.controls.hold("me", "agent", 1)
        viewer.until(lambda s: lane(s, "me").episode == 1 and lane(s, "me").step > 0)
        steps = arena.steps
        assert steps[(steps.lane == "me") & (steps.episode == 1)].action.iloc[0] == 1


async def _resting(arena: mnb.Arena) -> bool:
    return arena._conductor.player.resting


def test_the_environment_says_how_it_is_played_and_the_user_has_the_last_word() -> None:
    for environment, lanes, options, expected in (
        ("CartPole-v1", {"me": "human"}, {}, (True, 12)),
        ("CartPole-v1", {"me": "human"}, {"speed": 30}, (True, 30)),
        ("CartPole-v1", {"me": "human"}, {"clocked": False}, (False, 8)),
        ("CartPole-v1", {"a": "random"}, {}, (False, 8)),
        (ENVIRONMENT, {"me": "human"}, {}, (False, 8)),
        (ENVIRONMENT, {"me": "human"}, {"clocked": True}, (True, 8)),
    ):
        with mnb.Arena(environment, lanes, **options) as arena:
            shown = Viewer(arena).until(lambda s: s.lanes)
            assert (shown.clocked, shown.speed) == expected, (environment, lanes, options)
    with pytest.raises(ValueError, match="speed"):
        mnb.Arena(ENVIRONMENT, {"me": "human"}, speed=0)


def test_play_is_one_line_beside_others_and_against_them() -> None:
    with mnb.play(ENVIRONMENT, beside={"expert": "scripted"}, seed=3) as arena:
        arena.step({"me": "left"})
        assert set(arena.steps.operator) == {"human", "scripted"}
        assert set(arena.steps.seed) == {3}
    with mnb.play("pettingzoo.classic.rps_v2:env", agent="player_1", against="random", seed=3) as arena:
        shown = Viewer(arena).until(lambda s: s.lanes)
        assert {each.agent: each.operator for each in lane(shown, "me").seats} == {
            "player_0": "random",
            "player_1": "human",
        }


# --- stop, several steps, seeds ----------------------------------------------------------------------


def test_stop_takes_the_question_back_at_once() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human", "b": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step(5)
        viewer.until(lambda s: s.phase == "waiting")
        asked = time.perf_counter()
        viewer.controls.stop()
        viewer.until(lambda s: s.phase == "idle")
        assert time.perf_counter() - asked < 0.8  # no grace is needed
        assert len(arena.steps) == 0
        arena.step({"me": "forward"})
        assert len(arena.steps) == 2


def test_stop_ends_a_worker_that_hangs_and_the_lane_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"

    def hangs(observation: Any) -> int:
        while not go.exists():
            time.sleep(0.01)
        return 0

    with mnb.Arena("CartPole-v1", {"a": hangs, "b": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.play()
        viewer.until(lambda s: s.playing)
        viewer.controls.stop()
        viewer.until(lambda s: s.phase == "idle" and not s.playing)
        assert len(arena.steps) == 0
        go.touch()
        arena.step()
        assert not arena.failures
        assert len(arena.steps) == 2


def test_several_steps_one_after_another_each_shown_and_stoppable() -> None:
    with mnb.Arena("CartPole-v1", {"a": "scripted"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step(5)
        viewer.until(lambda s: s.tick == 5 and s.phase == "idle")
        assert {s.tick for s in viewer.seen} == set(range(6))
        assert {s.phase for s in viewer.seen if 0 < s.tick < 5} == {"stepping"}
        viewer.controls.step(10**6)
        viewer.until(lambda s: s.tick > 20)
        viewer.controls.stop()
        viewer.until(lambda s: s.phase == "idle")
        assert len(arena.steps) < 1000


def test_several_steps_wait_for_each_move() -> None:
    with mnb.Arena(ENVIRONMENT, {"me": "human"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step(3)
        for tick in range(3):
            shown = viewer.until(lambda s, tick=tick: s.phase == "waiting" and s.tick == tick)
            viewer.controls.step(3)  # ignored: a series is under way
            viewer.controls.choose("me", "agent", 0, seat(shown, "me").turn)
        viewer.until(lambda s: s.phase == "idle" and s.tick == 3)


def test_every_lane_may_have_seeds_of_its_own() -> None:
    lanes = {"a": "random", "b": "random", "c": "random"}
    with mnb.Arena("CartPole-v1", lanes, seed=7, shared_seeds=False) as arena:
        viewer = Viewer(arena)
        shown = viewer.until(lambda s: s.lanes)
        assert (shown.shared, shown.seed) == (False, 7)
        assert [each.seed for each in shown.lanes] == [7, 1007, 2007]
        arena.step()
        arena.reset(shared_seeds=True)
        arena.step()
        viewer.controls.reset(20, shared=False)
        viewer.until(lambda s: s.seed == 20)
        arena.step()
        arena.next()
        arena.step()
        assert arena.steps.seed.tolist() == [7, 1007, 2007, 7, 7, 7, 20, 1020, 2020, 21, 1021, 2021]
        arena.close()
        run = mnb.open_run(arena.path)
        assert run.verify()
        assert run.header["provenance"]["plan"]["shared_seeds"] is False
