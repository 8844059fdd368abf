"""A run as a Minari dataset, loaded back, is what the environment gives when it is played by hand."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import minari
import minigrid  # noqa: F401 - Gymnasium knows its environments from then on
import numpy as np
import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import Diverged
from tests.hostile import HOSTILE
from tests.scheduler.courses import ByAction, Forgetful, long, short

GRID = "MiniGrid-DoorKey-5x5-v0"


class Listed(ByAction):
    """What it shows has no fixed length."""

    observation_space = gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(3))

    def observe(self) -> Any:
        return (1, 2)


@pytest.fixture(autouse=True)
def _datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "datasets"))


def record(path: Path, environment: Any, lanes: Any = None, ticks: int = 50, **options: Any) -> mnb.Run:
    with mnb.Arena(
        environment, lanes or {"a": "random", "b": "random"}, path=path, on_end="next", **options
    ) as arena:
        arena.run(ticks)
    return mnb.open_run(path)


def equal(written: Any, played: list[Any]) -> bool:
    """Whether what Minari holds of an episode is what was seen, step by step."""
    if isinstance(written, Mapping):
        return all(equal(written[key], [each[key] for each in played]) for key in written)
    if isinstance(written, tuple):
        return all(equal(part, [each[place] for each in played]) for place, part in enumerate(written))
    return len(written) == len(played) and all(map(np.array_equal, written, played))


@pytest.mark.parametrize("environment", [GRID, "Pendulum-v1", "Taxi-v4", "Blackjack-v1"])
def test_what_is_loaded_back_is_what_the_environment_gives(tmp_path: Path, environment: str) -> None:
    run = record(tmp_path / "run", environment, seed=7, max_steps=20)
    run.to_minari("export/test-v0", author="me", progress=False)
    dataset = minari.load_dataset("export/test-v0")
    whole = run.episodes[run.episodes.end.isin(["terminated", "truncated"])]
    assert len(dataset) == len(whole) > 0
    assert dataset.total_steps == whole.length.sum()
    told = list(dataset.storage.get_episode_metadata(range(len(dataset))))
    with gymnasium.make(environment, max_episode_steps=20) as env:
        for episode, about, (_, row) in zip(dataset, told, whole.iterrows(), strict=True):
            steps = run.steps[(run.steps.lane == row.lane) & (run.steps.episode == row.episode)]
            observations, results = [env.reset(seed=row.seed)[0]], []
            for action in steps.action:
                asked = np.array(action, env.action_space.dtype) if isinstance(action, list) else int(action)
                observation, *result, _ = env.step(asked)
                observations.append(observation)
                results.append(result)
            assert equal(episode.observations, observations)
            assert np.array_equal(episode.actions, np.array(steps.action.tolist(), env.action_space.dtype))
            for name, values in zip(
                ("rewards", "terminations", "truncations"), zip(*results, strict=True), strict=True
            ):
                assert getattr(episode, name).tolist() == list(values)
            assert (about["seed"], about["lane"], about["end"]) == (row.seed, row.lane, row.end)
            assert about["return"] == row["return"]
            assert bool(about.get("success", False)) == bool(row.success is not None and row.success is True)
    assert dataset.storage.metadata["author"] == {"me"}
    assert dataset.storage.metadata["algorithm_name"] == "random"
    assert dataset.storage.metadata["mosaic_nb"]["left_out"] == len(run.episodes) - len(whole)
    assert dataset.recover_environment().spec.max_episode_steps == 20


def test_lanes_and_trials_and_hostile_names(tmp_path: Path) -> None:
    course = "tests.scheduler.courses:ByAction"
    run = record(tmp_path / "run", course, {HOSTILE[0]: short, "b\0": long}, 14, seed=7, trial=2)
    dataset = run.to_minari("course-v1", lanes=HOSTILE[0], episodes=[0, 1], progress=False)
    first, second = dataset.storage.get_episode_metadata([0, 1])
    assert first["operator"] == "short"
    assert first["lane"] == HOSTILE[0]
    assert first["seed"] == 7 != second["seed"]
    assert [int(about["options"]["instance"]) for about in (first, second)] == [7, 7]
    assert dataset[1].observations[:, 1].tolist() == [0.07] * 4
    both = run.to_minari("course-v2", progress=False)
    assert {about["lane"] for about in both.storage.get_episode_metadata(range(len(both)))} == {
        HOSTILE[0],
        "b\\0",
    }


def test_what_cannot_be_exported_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = record(tmp_path / "board", "classic/tictactoe-v3", ticks=12)
    with pytest.raises(ValueError, match="several: player_1, player_2"):
        board.to_minari("board-v0", progress=False)
    listed = record(tmp_path / "listed", Listed)
    with pytest.raises(ValueError, match="cannot hold observations of Sequence"):
        listed.to_minari("listed-v0", environment=Listed, progress=False)
    short_of = record(tmp_path / "short", ByAction, ticks=2)
    with pytest.raises(ValueError, match=r"no episode came to its end.*2 abandoned"):
        short_of.to_minari("short-v0", progress=False)
    with pytest.raises(ValueError, match="no steps of lane 'c'"):
        listed.to_minari("listed-v0", lanes="c", environment=Listed, progress=False)
    with pytest.raises(ValueError, match="ends with its version, such as 'listed-v0'"):
        listed.to_minari("listed", progress=False)
    with pytest.raises(ValueError, match="Malformed"):
        listed.to_minari("no version", progress=False)
    forgetful = record(tmp_path / "forgetful", Forgetful, {"a": short, "b": long}, 10)
    with pytest.raises(Diverged):
        forgetful.to_minari("forgetful-v0", progress=False)
    assert minari.list_local_datasets() == {}
    whole = record(tmp_path / "whole", "tests.scheduler.courses:ByAction")
    whole.to_minari("whole-v0", progress=False)
    with pytest.raises(ValueError, match="already"):
        whole.to_minari("whole-v0", progress=False)
    monkeypatch.setitem(sys.modules, "minari", None)
    with pytest.raises(ImportError, match=r'pip install "mosaic_nb\[minari\]"'):
        whole.to_minari("again-v0", progress=False)
