"""What a second core is worth: the local executor and Ray beside multiprocessing.Pool, on the same episodes.

Each plays the same MiniGrid episodes with one process and with two; the figure is how many times faster two are, from
the first part of a run to its end. What comes before (workers' starts, on Ray an actor's too) is a figure of its own: a
pool has nothing like it, and a run of hours does not feel it.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from pathlib import Path

import gymnasium
import minigrid  # noqa: F401 - its import registers the ids
import numpy as np

import mosaic_nb as mnb
from benchmarks.measure import Row, show

ENVIRONMENT = "MiniGrid-Empty-8x8-v0"
EPISODES = 600
STEPS = 150
ROUNDS = 2
_LOOK = 0.01


def plain(seeds: range) -> int:
    """Play episodes as anybody would."""
    environment = gymnasium.make(ENVIRONMENT, max_steps=STEPS)
    steps = 0
    for seed in seeds:
        environment.reset(seed=seed)
        draws = np.random.default_rng(seed).integers(7, size=STEPS).tolist()
        for action in draws:
            steps += 1
            _, _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                break
    return steps


def _pool(processes: int) -> float:
    pieces = [range(first, first + 25) for first in range(0, EPISODES, 25)]
    began = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        pool.map(plain, pieces, chunksize=1)
    return time.perf_counter() - began


def _ours(executor: str, workers: int) -> tuple[float, float]:
    """Return seconds until the first part is on the disk, and episodes a second from there to the closed run."""
    experiment = mnb.Experiment(ENVIRONMENT, {"random": "random"}, episodes=EPISODES, max_steps=STEPS)
    folder = Path(tempfile.mkdtemp(prefix="mosaic-nb-executors-"))
    try:
        running = experiment.start(folder / "run", executor=executor, workers=workers)
        began = time.perf_counter()
        while not running.progress.done:
            running.ended(_LOOK)
        first, done = time.perf_counter(), running.progress.done
        running.wait()
        return first - began, (EPISODES - done) / (time.perf_counter() - first)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Measure and show."""
    import ray

    pool: list[float] = []
    speedups: dict[str, list[float]] = {"local": [], "ray": []}
    starts: dict[str, list[float]] = {"local": [], "ray": []}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    _ours("ray", 2)  # what is started once
    for _ in range(ROUNDS):
        pool.append(_pool(1) / _pool(2))
        for executor, found in speedups.items():
            (_, one), (start, two) = _ours(executor, 1), _ours(executor, 2)
            found.append(two / one)
            starts[executor].append(start)
    ray.shutdown()
    peer = float(np.median(pool))
    for executor, goal in (("local", 0.95), ("ray", 0.9)):
        ours = float(np.median(speedups[executor]))
        show(
            Row(
                name=f"{executor}: speed-up of two processes / multiprocessing.Pool's",
                unit="times",
                ours=ours,
                floor=peer,
                ratio=ours / peer,
                at_least=goal,
            ),
            Row(name="  until the first part", unit="s", ours=float(np.median(starts[executor]))),
        )
