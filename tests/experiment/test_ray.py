"""The same experiment through Ray: a real local cluster, whose actors are killed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import mosaic_nb as mnb
from mosaic_nb.experiment.job import Folders
from mosaic_nb.experiment.ray import Node, Ray
from tests.experiment.comparing import assert_same
from tests.experiment.sweep import sweep

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """A cluster of this machine's own, with two cores."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> mnb.Run:
    """The run of the local executor."""
    return sweep().run(tmp_path_factory.mktemp("whole") / "run", progress=False)


def actors() -> list[psutil.Process]:
    """Return the processes that are our actors."""
    running = psutil.process_iter(["cmdline"])
    return [process for process in running if "ray::Node" in " ".join(process.info["cmdline"] or ())]


def killing(folder: Path, kills: int, dice: random.Random) -> mnb.Run:
    """Play while actors are killed, and again until so many have been."""
    killed, number = 0, 0
    while killed < kills:
        running = sweep().start(folder / str(number), executor="ray")
        while not running.ended(dice.uniform(0.1, 0.6)):
            found = actors()
            if found and killed < kills and running.progress.done >= 3:
                dice.choice(found).kill()
                killed += 1
                break
        run = running.wait()
        number += 1
    return run


def test_the_tables_are_those_of_the_local_executor(tmp_path: Path, whole: mnb.Run) -> None:
    run = sweep().run(tmp_path / "run", executor="ray", progress=False)
    assert_same(run, whole)
    assert {entry.suffix for entry in run.path.iterdir()} == {".parquet", ".json", ""}


def test_a_budget_holds_on_a_cluster_too(tmp_path: Path, whole: mnb.Run) -> None:
    with pytest.warns(mnb.experiment.Unfinished, match="budget"):
        run = sweep().run(tmp_path / "run", executor="ray", workers=1, budget=0.5, progress=False)
    assert len(run.episodes) < len(whole.episodes)
    assert_same(sweep().run(tmp_path / "run", progress=False), whole)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_killed_actor_costs_only_what_it_had_not_delivered(tmp_path: Path, whole: mnb.Run) -> None:
    assert_same(killing(tmp_path, 2, random.Random(1)), whole)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_twenty_killed_actors(tmp_path: Path, whole: mnb.Run) -> None:
    assert_same(killing(tmp_path, 20, random.Random(2)), whole)


def test_a_node_that_does_not_see_the_folder_sends_its_parts(tmp_path: Path) -> None:
    def policy(observation: Any) -> int:
        return int(observation[2] > 0)

    job = mnb.Experiment("CartPole-v1", {"a": "random", "b": policy}, episodes=2, max_steps=9)._job
    elsewhere = tmp_path / "not" / "here"
    node = Node(job, Folders(elsewhere, elsewhere / "parts", elsewhere / "logs"), ".mark", None)
    deliveries = list(node.play(job.units()))
    assert all(delivery.data for delivery in deliveries)
    assert (
        sorted((each.lane, each.number) for delivery in deliveries for each in delivery.played) == job.units()
    )
    assert not elsewhere.exists()


def test_no_cluster_is_said_at_once() -> None:
    ray.shutdown()
    with pytest.raises(mnb.MosaicError, match=r"no Ray cluster at '127\.0\.0\.1:1'"):
        Ray("127.0.0.1:1").begin(sweep()._job, Folders(Path(), Path(), Path()), lambda played, part: None)
