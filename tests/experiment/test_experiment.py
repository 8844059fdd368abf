"""Experiments: checked whole, played once, the same tables as an arena's."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import shutil
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mosaic_nb as mnb
from mosaic_nb.experiment.errors import AnotherExperiment, Busy, Changed, PlanError
from mosaic_nb.experiment.running import LaneStopped, Unfinished
from mosaic_nb.recording import parts
from mosaic_nb.recording.errors import RecordingFailed
from tests.experiment.comparing import assert_same
from tests.experiment.sweep import sweep
from tests.processes import command, started

CARTPOLE = "CartPole-v1"


def lean(observation: Any) -> int:
    return int(observation[2] > 0)


def test_its_tables_are_those_of_an_arena(tmp_path: Path) -> None:
    lanes = {"random": "random", "lean": lean}
    run = mnb.Experiment(CARTPOLE, lanes, seeds=range(7, 10)).run(tmp_path / "run", progress=False)
    with mnb.Arena(CARTPOLE, lanes, seed=7, on_end="next", path=tmp_path / "arena") as arena:
        arena.run(episodes=3)
    arena_run = mnb.open_run(tmp_path / "arena")
    columns = ["lane", "episode", "seed", "step", "action", "reward", "terminated", "digest"]
    order = ["lane", "episode", "step"]
    mine = run.steps[columns].astype({"lane": str}).sort_values(order, ignore_index=True)
    theirs = arena_run.steps[columns].astype({"lane": str}).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(mine, theirs)
    assert run.episodes["end"].tolist() == ["terminated"] * 6
    assert run.episodes["episode"].tolist() == [0, 1, 2, 0, 1, 2]
    assert run.verify().ok


def test_all_mistakes_come_in_one_error() -> None:
    with pytest.raises(PlanError) as caught:
        mnb.Experiment(
            CARTPOLE,
            {"a": "rndom", "": "random", "c": 3},
            seeds=[1, 2, 1],
            max_steps=0,
            trial=0,
            deadline=-1,
            on_failure="explode",
        )
    said = str(caught.value)
    for part in (
        "rndom",
        "a lane's name",
        "'c'",
        "more than once: 1",
        "max_steps",
        "trial",
        "deadline",
        "on_failure",
    ):
        assert part in said, part
    assert len(caught.value.mistakes) == 8


@pytest.mark.parametrize("seeds", [[], range(0), [-1], [2**62], ["x"]])
def test_seeds_that_make_no_sense(seeds: Any) -> None:
    with pytest.raises(PlanError, match="seed"):
        mnb.Experiment(CARTPOLE, {"a": "random"}, seeds=seeds)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers": 0}, "workers must be an integer of at least 1, not 0"),
        ({"workers": "2"}, "workers must be an integer of at least 1, not '2'"),
        ({"workers": 0, "executor": "ray"}, "workers must be an integer of at least 1"),
        ({"executor": "dask"}, "executor must be 'local', 'ray'"),
        ({"budget": 0}, "budget must be more than 0 seconds"),
    ],
)
def test_where_it_cannot_be_played_is_said_at_once(tmp_path: Path, given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        sweep().run(tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_seeds_that_are_none() -> None:
    with pytest.raises(PlanError, match=r"seeds must be integers, or the first of them, not 20\.0"):
        mnb.Experiment("CartPole-v1", {"a": "random"}, seeds=20.0)


def test_people_are_refused() -> None:
    with pytest.raises(PlanError, match="lane 'me' has a person"):
        mnb.Experiment(CARTPOLE, {"me": "human", "a": "random"})


def test_what_does_not_start_is_told_before_anything_is_played(tmp_path: Path) -> None:
    experiment = mnb.Experiment(
        CARTPOLE,
        {"a": mnb.operator("sb3", policy="no-such-policy"), "b": {"pilot": "random"}, "c": "passive"},
        episodes=2,
    )
    with pytest.raises(PlanError) as caught:
        experiment.run(tmp_path / "run", progress=False)
    assert len(caught.value.mistakes) == 4  # b's agent is missing, and its pilot is nobody
    for part in ("no-such-policy", "'pilot'", "'passive' cannot play"):
        assert part in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_plan_is_a_table() -> None:
    plan = mnb.Experiment(CARTPOLE, {"a": "random", "b": lean}, seeds=[5, 3], repeat=2, trial=2).plan
    assert plan["seed"].tolist() == [5, 5, 3, 3, 5, 5, 3, 3] * 2
    assert plan["episode"].tolist() == list(range(8)) * 2
    assert plan["trial"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3] * 2


def test_a_seed_that_comes_again_is_another_episode_of_the_same_game(tmp_path: Path) -> None:
    run = mnb.Experiment(CARTPOLE, {"a": "random"}, seeds=[7], repeat=6).run(tmp_path / "run", progress=False)
    assert run.episodes["seed"].tolist() == [7] * 6
    assert len(set(run.episodes["reset_digest"])) == 1
    assert run.steps.groupby("episode")["action"].agg(tuple).nunique() == 6
    assert run.verify().ok


def test_budget_then_the_rest(tmp_path: Path) -> None:
    def slow(observation: Any) -> int:
        time.sleep(0.02)
        return 0

    experiment = mnb.Experiment(CARTPOLE, {"slow": slow}, episodes=12)
    with pytest.warns(Unfinished, match="of 12 episodes"):
        run = experiment.run(tmp_path / "run", budget=0.6, workers=1, progress=False)
    part = len(run.episodes)
    assert 0 < part < 12
    assert not run.closed
    whole = experiment.run(tmp_path / "run", progress=False)
    assert whole.episodes["episode"].tolist() == list(range(12))
    assert whole.closed
    fresh = experiment.run(tmp_path / "fresh", progress=False)
    assert_same(whole, fresh)


def test_in_the_background(tmp_path: Path) -> None:
    running = sweep().start(tmp_path / "run", workers=2)
    with pytest.raises(TimeoutError, match="goes on"):
        running.wait(0)

    async def both() -> Any:
        return await running

    with concurrent.futures.ThreadPoolExecutor() as threads:  # where no loop of a browser's runs
        run = threads.submit(asyncio.run, both()).result()
    assert len(run.episodes) == 40
    progress = running.progress
    assert (progress.done, progress.total, progress.state) == (40, 40, "done")
    assert progress.lanes["random"].mean == pytest.approx(
        run.episodes.query("lane == 'random'")["return"].mean()
    )


def test_a_folder_is_played_by_one_at_a_time(tmp_path: Path) -> None:
    def slow(observation: Any) -> int:
        time.sleep(0.2)
        return 0

    experiment = mnb.Experiment(CARTPOLE, {"slow": slow}, episodes=100)
    running = experiment.start(tmp_path / "run")
    with pytest.raises(Busy, match="run already"):
        experiment.start(tmp_path / "run")
    running.interrupt()


def test_interrupted_and_taken_up_again(tmp_path: Path) -> None:
    running = sweep().start(tmp_path / "run", workers=1)
    while running.progress.done < 3:
        time.sleep(0.01)
    running.interrupt()
    assert running.progress.state == "stopped"
    assert 3 <= len(mnb.open_run(tmp_path / "run").episodes) < 40
    whole = sweep().run(tmp_path / "run", progress=False)
    assert_same(whole, sweep().run(tmp_path / "fresh", progress=False))


def test_an_interrupt_at_once(tmp_path: Path) -> None:
    running = sweep().start(tmp_path / "run")
    running.interrupt()
    with pytest.raises(concurrent.futures.CancelledError):
        running.wait()
    assert len(sweep().run(tmp_path / "run", progress=False).episodes) == 40


def test_a_start_that_was_cut_off_before_its_header(tmp_path: Path) -> None:
    (tmp_path / "run" / "logs").mkdir(parents=True)
    (tmp_path / "run" / "lock").touch()
    (tmp_path / "run" / "run.json.1234.tmp").write_text("{")
    assert len(sweep().run(tmp_path / "run", progress=False).episodes) == 40


def test_more_seeds_go_on_with_the_same_folder(tmp_path: Path) -> None:
    def of(count: int) -> mnb.Experiment:
        return mnb.Experiment(CARTPOLE, {"a": "random", "b": lean}, episodes=count, max_steps=20)

    first = of(3).run(tmp_path / "run", progress=False)
    assert len(first.episodes) == 6
    longer = of(5).run(tmp_path / "run", progress=False)
    assert_same(longer, of(5).run(tmp_path / "fresh", progress=False))


def test_another_experiment_is_refused_by_what_differs(tmp_path: Path) -> None:
    mnb.Experiment(CARTPOLE, {"a": "random"}, episodes=2).run(tmp_path / "run", progress=False)
    for other, said in (
        (mnb.Experiment("MountainCar-v0", {"a": "random"}, episodes=2), "environment: id was 'CartPole-v1'"),
        (mnb.Experiment(CARTPOLE, {"a": "scripted"}, episodes=2), "lanes: a: "),
        (mnb.Experiment(CARTPOLE, {"a": lean}, episodes=2), "lanes: a: "),
        (mnb.Experiment(CARTPOLE, {"a": "random"}, seeds=[1, 0]), "seeds was"),
        (mnb.Experiment(CARTPOLE, {"a": "random"}, episodes=2, run_seed=3), "run_seed was 0 and is 3"),
        (mnb.Experiment(CARTPOLE, {"a": "random"}, episodes=2, max_steps=9), "max_steps"),
    ):
        with pytest.raises(AnotherExperiment, match="another experiment") as caught:
            other.run(tmp_path / "run", progress=False)
        assert said in str(caught.value)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("...")
    with pytest.raises(AnotherExperiment, match="thesis"):
        sweep().run(tmp_path, progress=False)
    with mnb.Arena(CARTPOLE, {"a": "random"}, path=tmp_path / "arena") as arena:
        arena.step()
    with pytest.raises(AnotherExperiment, match="another kind"):
        sweep().run(tmp_path / "arena", progress=False)


def test_changed_code_is_named_and_refused_unless_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "operators" / "mine"
    folder.mkdir(parents=True)
    source = Path(mnb.operator("random").spec.folder or "")
    for name in ("operator.json", "worker.py"):
        (folder / name).write_text((source / name).read_text())
    monkeypatch.setenv("MOSAIC_NB_PATH", str(tmp_path / "operators"))
    experiment = mnb.Experiment(CARTPOLE, {"mine": "mine"}, episodes=4, max_steps=20)
    running = experiment.start(tmp_path / "run", workers=1)
    while not running.progress.done:
        time.sleep(0.01)
    running.interrupt()
    (folder / "worker.py").write_text((folder / "worker.py").read_text() + "\n# another day\n")
    if not mnb.open_run(tmp_path / "run").closed:
        with pytest.raises(Changed, match=r"operator mine was \w+ and is \w+"):
            experiment.run(tmp_path / "run", progress=False)
        assert len(experiment.run(tmp_path / "run", progress=False, accept_changes=True).episodes) == 4


def test_the_same_function_in_another_process_is_the_same(tmp_path: Path) -> None:
    from mosaic_nb.experiment.identity import of_job

    def made(limit: float) -> Any:
        def policy(observation: Any) -> int:
            return int(observation[2] > limit)

        return policy

    def identity(policy: Any) -> Any:
        return of_job(mnb.Experiment(CARTPOLE, {"a": policy}, episodes=2)._job)

    assert identity(made(0.1)) == identity(made(0.1))
    assert identity(made(0.1)) != identity(made(0.2))
    assert identity(lambda o: 0) != identity(lambda o: 1)
    assert identity(lambda o: 0) == identity(lambda o: 0)


def test_an_operator_that_always_fails_is_recorded_and_counted(tmp_path: Path) -> None:
    def broken(observation: Any) -> int:
        raise RuntimeError("out of ideas")

    run = mnb.Experiment(CARTPOLE, {"a": "random", "b": broken}, episodes=3).run(
        tmp_path / "run", progress=False
    )
    ends = run.episodes.groupby("lane", observed=True)["end"].agg(list).to_dict()
    assert ends == {"a": ["terminated"] * 3, "b": ["failed"] * 3}
    failures = run.events[run.events["event"] == "failure"]
    assert len(failures) == 3
    assert failures["detail"].str.contains("out of ideas").all()


def test_an_operator_that_always_dies_is_a_recorded_failure_never_a_loop(tmp_path: Path) -> None:
    def deadly(observation: Any) -> int:
        import os

        os._exit(3)

    run = mnb.Experiment(CARTPOLE, {"a": "random", "b": deadly}, episodes=2).run(
        tmp_path / "run", progress=False
    )
    ends = run.episodes.groupby("lane", observed=True)["end"].agg(list).to_dict()
    assert ends == {"a": ["terminated"] * 2, "b": ["failed"] * 2}
    assert run.events.query("event == 'failure'")["detail"].str.contains("3").all()


def test_what_failed_is_played_again_where_that_is_wanted(tmp_path: Path) -> None:
    cure = tmp_path / "cured"

    def sick(observation: Any) -> int:
        if observation[1] > 0 and not cure.exists():
            raise RuntimeError("a cold")
        return 0

    experiment = mnb.Experiment(CARTPOLE, {"a": sick}, episodes=6)
    first = experiment.run(tmp_path / "run", progress=False, workers=1)
    failed = first.episodes["end"] == "failed"
    assert 0 < failed.sum() < 6, "some begin with a push to the right, some to the left"
    cure.touch()
    assert_same(experiment.run(tmp_path / "run", progress=False), first)
    whole = experiment.run(tmp_path / "run", progress=False, retry_failed=True)
    assert_same(whole, experiment.run(tmp_path / "fresh", progress=False))


def test_a_lane_that_is_to_stop_stops_at_its_first_failure(tmp_path: Path) -> None:
    def broken(observation: Any) -> int:
        raise RuntimeError("out of ideas")

    experiment = mnb.Experiment(CARTPOLE, {"a": "random", "b": broken}, episodes=4, on_failure="stop")
    with pytest.raises(LaneStopped, match="lane 'b' was stopped at seed 0"):
        experiment.run(tmp_path / "run", progress=False, workers=1)
    run = mnb.open_run(tmp_path / "run")
    assert run.episodes.groupby("lane", observed=True).size().to_dict() == {"a": 4, "b": 1}


def test_a_damaged_part_is_named_and_played_again(tmp_path: Path) -> None:
    running = sweep().start(tmp_path / "run", workers=2)
    while running.progress.done < 20:
        time.sleep(0.01)
    running.interrupt()
    found = sorted((tmp_path / "run" / "parts").glob("*.part"))
    found[0].write_bytes(found[0].read_bytes()[:-20])
    rest = mnb.open_run(tmp_path / "run")
    assert any(found[0].name in problem for problem in rest.problems)
    assert len(rest.episodes)
    with pytest.warns(UserWarning, match=found[0].name):
        whole = sweep().run(tmp_path / "run", progress=False)
    assert_same(whole, sweep().run(tmp_path / "fresh", progress=False))


def test_ten_lanes_that_wait_wait_together(tmp_path: Path) -> None:
    def thinker(observation: Any) -> int:
        time.sleep(0.25)
        return 0

    lanes = {f"thinker {number}": thinker for number in range(10)}
    experiment = mnb.Experiment(CARTPOLE, lanes, episodes=1, max_steps=12)
    running = experiment.start(tmp_path / "run")
    run = running.wait()
    alone = run.episodes["length"].sum() * 0.25
    assert running.progress.elapsed < alone / 2.5, "the cores were idle, and nobody was asked meanwhile"


def test_trials_keep_their_context_and_are_never_cut(tmp_path: Path) -> None:
    experiment = mnb.Experiment("FrozenLake-v1", {"a": "random"}, seeds=[3, 4, 5], trial=3, max_steps=10)
    run = experiment.run(tmp_path / "run", progress=False)
    assert run.episodes["trial"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert run.episodes["instance"].tolist() == [3, 3, 3, 4, 4, 4, 5, 5, 5]
    with mnb.Arena("FrozenLake-v1", {"a": "random"}, seed=3, trial=3, max_steps=10, on_end="next") as arena:
        arena.run(episodes=9)
        assert arena.steps["digest"].tolist() == run.steps["digest"].tolist()


def test_many_agents(tmp_path: Path) -> None:
    experiment = mnb.Experiment(
        "tictactoe_v3",
        {"x": {"player_1": "scripted", "player_2": "random"}, "o": {"*": "random"}},
        episodes=3,
    )
    run = experiment.run(tmp_path / "run", progress=False)
    assert run.verify().ok
    assert set(run.steps["agent"]) == {"player_1", "player_2"}
    assert len(run.episodes) == 6


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    before = {process.pid for process in started()}
    run = sweep().run(tmp_path / "run", progress=False)
    after = {process.pid for process in started() if "warm" not in command(process)}
    assert after <= before
    left = {entry.name for entry in run.path.iterdir()}
    assert left == {
        *(f"{name}.parquet" for name in ("steps", "episodes", "calls", "events")),
        "run.json",
        "lock",
        "logs",
        "blobs",
    }


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = parts.write_part, []

    def full(path: Path, tables: Any) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        write(path, tables)

    monkeypatch.setattr(parts, "write_part", full)
    experiment = sweep()
    experiment._job = dataclasses.replace(
        experiment._job, blocks=False
    )  # so that it is this process that writes
    with pytest.raises(RecordingFailed, match="make room on the disk"):
        experiment.run(tmp_path / "run", progress=False)
    monkeypatch.undo()
    assert_same(
        sweep().run(tmp_path / "run", progress=False), sweep().run(tmp_path / "fresh", progress=False)
    )


def test_a_disk_that_a_block_cannot_write_to(tmp_path: Path) -> None:
    def slow(observation: Any) -> int:
        time.sleep(0.01)
        return 0

    experiment = mnb.Experiment(CARTPOLE, {"slow": slow}, episodes=20)
    running = experiment.start(tmp_path / "run", workers=1)
    while not running.progress.done:
        time.sleep(0.01)
    shutil.rmtree(tmp_path / "run" / "parts")
    with pytest.raises(RecordingFailed, match="writing a part"):
        running.wait()
    assert len(experiment.run(tmp_path / "run", progress=False).episodes) == 20


def test_numpy_seeds(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan = mnb.Experiment(CARTPOLE, {"a": "random"}, seeds=np.arange(3, 6)).plan
    assert plan["seed"].tolist() == [3, 4, 5]
