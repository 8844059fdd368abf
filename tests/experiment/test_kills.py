"""A power cut for an experiment: the whole process tree is killed, any time, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import mosaic_nb as mnb
from tests.experiment.comparing import assert_same
from tests.experiment.sweep import __file__ as SCRIPT, sweep


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> mnb.Run:
    """The run that nobody disturbed."""
    return sweep().run(tmp_path_factory.mktemp("whole") / "run", progress=False)


def killed(folder: Path, checkout: Path, after: float) -> bool:
    """Play in a process of its own and kill it with all its descendants; False where it had ended before."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    process = subprocess.Popen([sys.executable, SCRIPT, str(folder)], env=environment, stderr=subprocess.PIPE)
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for member in tree:
            try:
                member.send_signal(signal.SIGKILL)
            except psutil.NoSuchProcess:  # it ended by itself meanwhile
                continue
        process.wait()
        return True
    finally:
        said = process.stderr.read().decode() if process.stderr is not None else ""
    assert process.returncode == 0, said
    return False


def kill_and_go_on(folder: Path, checkout: Path, whole: mnb.Run, dice: random.Random, kills: int) -> int:
    """Kill so many times; whenever the sweep is complete compare its tables and begin another. Returns how many."""
    complete, number = 0, 0
    for _ in range(kills):
        while not killed(folder / str(number), checkout, dice.uniform(0.3, 3.5)):
            assert_same(mnb.open_run(folder / str(number)), whole)
            complete, number = complete + 1, number + 1
    last = sweep().run(folder / str(number), progress=False)
    assert_same(last, whole)
    assert last.verify().ok
    return complete + 1


@pytest.mark.timeout(240)
def test_ten_kills_of_the_whole_tree(tmp_path: Path, checkout: Path, whole: mnb.Run) -> None:
    assert kill_and_go_on(tmp_path, checkout, whole, random.Random(1), 10) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_kills_of_the_whole_tree(tmp_path: Path, checkout: Path, whole: mnb.Run) -> None:
    assert kill_and_go_on(tmp_path, checkout, whole, random.Random(2), 100) >= 5


def test_workers_that_are_killed_cost_only_what_they_played(tmp_path: Path, whole: mnb.Run) -> None:
    running = sweep().start(tmp_path / "run", workers=2)
    dice, victims, done = random.Random(3), 0, -1
    while not running.ended(0.05):
        workers = [child for child in psutil.Process().children(recursive=True) if child.status() != "zombie"]
        workers = [
            child for child in workers if child.ppid() != os.getpid()
        ]  # those a warm parent has forked
        if workers and running.progress.done > done + 3 and victims < 5:  # never the same episode twice
            dice.choice(workers).kill()
            victims, done = victims + 1, running.progress.done
    assert victims >= 3
    assert_same(running.wait(), whole)
