"""Episodes are counted per lane, seeds flow as promised, and lanes move together or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import mosaic_nb as mnb

HERE = Path(__file__).parent


class ByAction(gymnasium.Env[Any, Any]):
    """Ends after 3 steps if the first action is 0, else after 10; so that one environment serves unlike lanes."""

    observation_space = gymnasium.spaces.Box(0, 1, (3,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.count, self.first = 0, 0
        self.instance = (options or {}).get("instance", -1)
        return self._observe(), {}

    def step(self, action: Any) -> Any:
        if self.count == 0:
            self.first = action
        self.count += 1
        return self._observe(), float(action), self.count >= (3, 10)[self.first], False, {}

    def _observe(self) -> Any:
        return np.array([self.count / 10, (self.instance + 1) / 100, self.np_random.random()])


def short(observation: Any) -> int:
    return 0


def long(observation: Any) -> int:
    return 1


def _unlike(**options: Any) -> mnb.Arena:
    return mnb.Arena(ByAction, {"short": short, "long": long}, seed=7, **options)


@pytest.mark.parametrize("on_end", ["hold", "next"])
def test_lanes_of_unlike_length_are_counted_each_for_itself(on_end: str) -> None:
    with _unlike(on_end=on_end) as arena:
        arena.run(episodes=4)
        episodes = arena.episodes
        assert dict(episodes.groupby("lane").size()) == {"short": 4, "long": 4}
        assert list(episodes[episodes.lane == "short"].length) == [3] * 4
        assert list(episodes[episodes.lane == "long"].length) == [10] * 4
        for lane in ("short", "long"):
            assert list(episodes[episodes.lane == lane].seed) == [7, 8, 9, 10]
            assert list(episodes[episodes.lane == lane].episode) == [0, 1, 2, 3]


def test_hold_keeps_the_finished_lane_and_next_does_not() -> None:
    with _unlike(on_end="hold") as arena:
        arena.run(10)
        counts = arena.steps.groupby("lane").size()
        assert (counts["short"], counts["long"]) == (3, 10)
        arena.step()
        assert list(arena.steps[arena.steps.episode == 1].lane) == ["short", "long"]
    with _unlike(on_end="next") as arena:
        arena.run(10)
        counts = arena.steps.groupby("lane").size()
        assert (counts["short"], counts["long"]) == (10, 10)


def test_reset_next_and_seeds() -> None:
    with _unlike() as arena:
        arena.run(2)
        arena.reset()
        assert list(arena.episodes.end) == ["abandoned"] * 2
        arena.step()
        arena.next()
        arena.step()
        arena.reset(seed=70)
        arena.step()
        begun = arena.events[arena.events.event == "begin"]
        assert list(begun[begun.lane == "long"].detail.str.extract(r'"seed": (\d+)')[0]) == [
            "7",
            "7",
            "8",
            "70",
        ]


def test_the_same_seed_repeats_the_same_episode_even_for_a_random_operator() -> None:
    with mnb.Arena("CartPole-v1", {"a": "random", "b": "random"}, seed=7) as arena:
        arena.run(8)
        arena.reset()
        arena.run(8)
        arena.reset(seed=8)
        arena.run(8)
        steps = arena.steps
        a, b = steps[steps.lane == "a"], steps[steps.lane == "b"]
        assert list(a.digest) == list(b.digest)
        assert list(a[a.episode == 0].digest) == list(a[a.episode == 1].digest)
        assert list(a[a.episode == 0].digest) != list(a[a.episode == 2].digest)


def test_a_trial_keeps_its_instance_and_changes_its_noise() -> None:
    with _unlike(trial=3, on_end="hold") as arena:
        arena.run(episodes=6)
        episodes = arena.episodes[arena.episodes.lane == "short"]
        assert list(episodes.trial) == [0, 0, 0, 1, 1, 1]
        assert list(episodes.instance) == [7, 7, 7, 8, 8, 8]
        assert episodes.seed.nunique() == 6
        assert episodes.seed.iloc[0] == 7
        assert episodes.seed.iloc[3] == 8
        arena.close()
        assert mnb.open_run(arena.path).verify(environment=ByAction)


def test_held_lanes_in_a_trial_wait_for_the_trial() -> None:
    with _unlike(trial=2, on_end="hold") as arena:
        arena.run(6)
        counts = arena.steps.groupby("lane").size()
        assert (counts["short"], counts["long"]) == (6, 6)
        arena.run(4)
        counts = arena.steps.groupby("lane").size()
        assert (counts["short"], counts["long"]) == (6, 10)


PLAY = """
import os, random, sys
import numpy as np
random.seed(int(sys.argv[1])); np.random.seed(int(sys.argv[1]))
import mosaic_nb as mnb
if __name__ == "__main__":
    lanes = {"a": "random", "b": mnb.operator("scripted"), "c": "random", "d": mnb.operator("scripted")}
    with mnb.Arena("MiniGrid-DoorKey-5x5-v0", lanes, seed=7) as arena:
        for _ in range(200):
            np.random.seed(int.from_bytes(os.urandom(3), "big"))
            arena.step()
        for row in arena.steps[["lane", "episode", "step", "action", "digest"]].itertuples(index=False):
            print(*row)
"""


def test_two_processes_with_hostile_seeds_agree_row_by_row(tmp_path: Path) -> None:
    (tmp_path / "play.py").write_text(PLAY)
    outputs = [
        subprocess.run(
            [sys.executable, "play.py", number],
            cwd=tmp_path,
            env={**__import__("os").environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        ).stdout
        for number in ("1", "2")
    ]
    rows = outputs[0].splitlines()
    assert len(rows) > 200
    assert rows == outputs[1].splitlines()


def test_every_step_replays_and_a_changed_row_does_not() -> None:
    with mnb.Arena("MiniGrid-DoorKey-5x5-v0", {"a": "random", "b": "scripted"}, seed=3) as arena:
        arena.run(60)
    run = mnb.open_run(arena.path)
    good = run.verify()
    assert good
    assert good.steps == len(run.steps)
    steps = run.steps
    steps.loc[20, "action"] = (steps.loc[20, "action"] + 1) % 3
    run._frames["steps"] = steps
    bad = run.verify()
    assert not bad
    assert bad.mismatches[0].lane == steps.loc[20, "lane"]
    assert "broken" in str(bad)


def test_bad_arguments_name_the_nearest_right_one() -> None:
    with pytest.raises(TypeError, match="max_steps"):
        mnb.Arena("CartPole-v1", {"a": "random"}, max_step=3)
    with pytest.raises(mnb.EnvironmentFailure, match="CartPole-v1"):
        mnb.Arena("CartPoll-v1", {"a": "random"})
    with pytest.raises(mnb.MosaicError, match="random"):
        mnb.Arena("CartPole-v1", {"a": "randon"})
    with pytest.raises(ValueError, match="on_end"):
        mnb.Arena("CartPole-v1", {"a": "random"}, on_end="stop")
    with pytest.raises(ValueError, match="there is no agent 'player_0'"):
        mnb.Arena("CartPole-v1", {"a": {"player_0": "random"}})
    with pytest.raises(TypeError):
        mnb.Arena("CartPole-v1", {})


def test_seeds_that_no_table_could_hold_are_refused_before_anything_is_played() -> None:
    for seed in (2**62, 2**63, 2**70, -1):
        with pytest.raises(ValueError, match="seed"):
            mnb.Arena("CartPole-v1", {"a": "random"}, seed=seed)
    with mnb.Arena("CartPole-v1", {"a": "random"}, seed=np.int64(2**62 - 1)) as arena:
        arena.step()
        assert arena.steps.seed.iloc[0] == 2**62 - 1
        with pytest.raises(ValueError, match="seed"):
            arena.reset(seed=2**62)


def test_no_episodes_are_played_at_once() -> None:
    with mnb.Arena("CartPole-v1", {"a": "random"}) as arena:
        arena.run(episodes=0)
        arena.run(0)
        assert len(arena.steps) == 0


def test_a_box_takes_the_numbers_that_people_write() -> None:
    lanes = {
        "list": lambda o: [0.5],
        "double": lambda o: np.array([0.5]),
        "number": lambda o: np.float32([0.5]),
    }
    with mnb.Arena("Pendulum-v1", lanes, seed=1) as arena:
        arena.run(3)
        assert not arena.failures
        assert arena.steps.groupby("step").digest.nunique().eq(1).all()
        assert all(action == [0.5] for action in arena.steps.action)
        arena.close()
        assert mnb.open_run(arena.path).verify()


def test_a_wrong_action_says_what_would_be_right() -> None:
    arena = mnb.Arena("CartPole-v1", {"a": lambda o: 7, "b": "random"}, seed=1)
    with arena, pytest.warns(mnb.LaneFailureWarning, match=r"it takes 0 \(left\), 1 \(right\)"):
        arena.step()


@pytest.mark.slow  # its worker starts cold, and imports PyTorch
def test_a_policy_of_another_environment_is_the_operators_failure() -> None:
    policy = mnb.operator("sb3", policy="minigrid-doorkey-5x5")
    with pytest.raises(mnb.OperatorError, match="sb3"):
        mnb.Arena("CartPole-v1", {"a": policy})
