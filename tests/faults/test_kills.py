"""What a kill can do: nothing acknowledged is lost, doubled or reordered, nothing hangs, nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

import mosaic_nb as mnb
from tests.processes import started

KILLS = 200


def kill(pid: int) -> None:
    """Kill a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _fds() -> set[str]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except FileNotFoundError:  # the listing's own
            continue
    return found


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_two_hundred_kills_lose_double_and_reorder_nothing() -> None:
    """Kill workers at random moments of random lanes while ticks run, and count every acknowledged step."""
    dice = random.Random(0)
    lanes = {"a": "random", "b": "scripted", "c": "random"}
    acknowledged = 0
    with mnb.Arena("CartPole-v1", lanes, seed=7, on_failure="forfeit", on_end="next") as arena:
        company = arena._conductor._company
        for _ in range(KILLS):
            victims = [*company.environments.values(), *company.operators]
            victim = dice.choice([worker for worker in victims if worker.running])
            timer = threading.Timer(dice.random() * 0.004, kill, (victim.link.process.pid,))
            timer.start()
            before = len(arena.steps)
            arena.run(dice.randrange(1, 12))
            timer.join()
            acknowledged = len(arena.steps)
            assert acknowledged >= before
    run = mnb.open_run(arena.path)
    steps = run.steps
    assert len(steps) == acknowledged
    assert not run.problems
    for _, episode in steps.groupby(["lane", "episode"]):
        assert list(episode.step) == list(range(len(episode)))
    ended = run.episodes[run.episodes.end != "abandoned"]
    assert (ended.end == "forfeit").sum() > KILLS / 4, "the kills hit nothing: the test proves nothing"
    lengths = steps.groupby(["lane", "episode"]).size()
    for row in run.episodes.itertuples():
        assert lengths.get((row.lane, row.episode), 0) == row.length
    assert run.verify()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_hundred_starts_leave_no_process_and_no_descriptor() -> None:
    def cycle() -> None:
        with mnb.Arena("CartPole-v1", {"a": "random", "b": "scripted"}, seed=7) as arena:
            arena.run(2)

    for _ in range(3):
        cycle()  # warm parents, imports and caches stay
    descriptors = _fds()
    processes = {process.pid for process in started()}
    threads = threading.active_count()
    for _ in range(100):
        cycle()
    assert {process.pid for process in started()} == processes
    assert len(_fds()) == len(descriptors), _fds() ^ descriptors
    assert threading.active_count() <= threads


KERNEL = """
import sys, mosaic_nb as mnb
if __name__ == "__main__":
    arena = mnb.Arena("CartPole-v1", {"a": "random", "b": "random"}, seed=7, on_end="next", path=sys.argv[1])
    while True:
        arena.step()
        print(len(arena.steps), flush=True)
"""


@pytest.mark.parametrize("cold", [False, True])
def test_the_kernel_killed_leaves_no_worker_and_every_shown_step(tmp_path: Path, cold: bool) -> None:
    script = tmp_path / "kernel.py"
    script.write_text(
        KERNEL if not cold else "import mosaic_nb.scheduler.process as p; p.FORKS = False\n" + KERNEL
    )
    kernel = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    assert kernel.stdout is not None
    shown = 0
    while shown < 40:
        shown = int(kernel.stdout.readline())
    workers = psutil.Process(kernel.pid).children(recursive=True)
    assert len(workers) >= 3
    kernel.send_signal(signal.SIGKILL)
    kernel.wait()
    for line in kernel.stdout:
        shown = int(line)
    _, alive = psutil.wait_procs(workers, timeout=2)
    assert not alive, [worker.cmdline() for worker in alive]
    run = mnb.open_run(tmp_path / "run")
    assert len(run.steps) >= shown
    assert run.verify()


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_stops_a_run_and_cleans_up() -> None:
    """A KeyboardInterrupt in the main thread ends the run at a whole tick, and the arena goes on."""
    with mnb.Arena("CartPole-v1", {"a": "random", "b": "random"}, seed=7, on_end="next") as arena:
        main = threading.main_thread().ident
        assert main is not None
        threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            arena.run(10_000_000)
        counts = arena.steps.groupby("lane").size()
        assert counts["a"] == counts["b"] > 0
        arena.step()
        assert not arena.failures


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_what_hangs(rogue: object) -> None:
    lanes = {"rogue": rogue(how="hangs", at=3), "good": "random"}  # type: ignore[operator]
    with mnb.Arena("CartPole-v1", lanes, seed=7, deadline=None) as arena:
        main = threading.main_thread().ident
        assert main is not None
        threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT)).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            arena.run(10)
        assert time.monotonic() - began < 10
        assert set(arena.steps.groupby("lane").size()) == {3}
        assert not arena.failures
        arena.reset()
        arena.step()
        assert len(arena.steps) == 8
