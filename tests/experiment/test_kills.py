"""A power cut for an experiment: the whole process tree is killed, any time, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import mosaic_nb as mnb
from tests.experiment.comparing import assert_same
from tests.experiment.sweep import __file__ as SCRIPT, sweep
from tests.processes import workers


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
        while not killed(folder / str(number), checkout, dice.uniform(0.3, 7.0)):
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


@pytest.mark.parametrize("after", [1, 8, 20])
def test_a_worker_that_is_killed_costs_only_what_it_played(
    tmp_path: Path, whole: mnb.Run, after: int
) -> None:
    running = sweep().start(tmp_path / "run", workers=2)
    while running.progress.done < after:
        time.sleep(0.01)
    random.Random(after).choice(workers()).kill()
    assert_same(running.wait(), whole)
