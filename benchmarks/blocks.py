"""Whole episodes in a block worker beside the same episodes in a plain loop: CPU of the whole process tree.

Both play the same seeds, and the random operator's very actions, drawn as it draws them (a hash: a space's own
``sample()`` takes four times as long). Ours also records every step with its digest, and puts the rows on the disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import gymnasium
import minigrid  # noqa: F401 - its import registers the ids
import numpy as np

from benchmarks.measure import Row, Tree, paired, pinned, show
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.experiment.blocks.player import Blocks
from mosaic_nb.experiment.job import Job
from mosaic_nb.operators import declare
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.thread import scheduler_thread

FIRST_SEED = 7
ROUNDS = 15


def _plain(environment: str, episodes: int) -> Callable[[], int]:
    """Return the plain loop; it returns how many steps it made."""
    made = gymnasium.make(environment, disable_env_checker=True)
    count = int(made.action_space.n)  # type: ignore[attr-defined]
    bases = seeds.derive_all([(0, FIRST_SEED + number, 0) for number in range(episodes)], "agent", "act")

    def play() -> int:
        steps = 0
        for number, base in enumerate(bases):
            made.reset(seed=FIRST_SEED + number)
            draw, step, over = seeds.decisions(base), 0, False
            while not over:
                _, _, terminated, truncated, _ = made.step(draw(step) % count)
                step += 1
                over = terminated or truncated
            steps += step
        return steps

    return play


def _measure(environment: str, episodes: int, at_least: float) -> Row:
    plain = _plain(environment, episodes)
    thread = scheduler_thread()
    job = Job(
        declare_environment(environment),
        {"lane": {"agent": declare("random")}},
        tuple(range(FIRST_SEED, FIRST_SEED + episodes)),
        policy=Policy(),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blocks = Blocks(job, "lane", folder, folder / "logs")

        def play() -> int:
            return sum(each.length for each in thread.call(blocks.play(range(episodes), folder)))

        steps = plain()
        assert play() == steps, "both must play the same episodes"
        with pinned():
            pairs = paired(play, plain, rounds=ROUNDS, warmup=2, clock=Tree().seconds)
        thread.call(blocks.close())
    ours, floor = (1e6 * seconds / steps for seconds in pairs.medians)
    return Row(
        name=f"a step of {environment}: in-process CPU / ours",
        unit="us",
        ours=ours,
        floor=floor,
        ratio=float(np.median(pairs.floor / pairs.ours)),
        at_least=at_least,
    )


def main() -> None:
    """Blocks of about half a second."""
    show(
        _measure("CartPole-v1", 2000, 0.65),
        _measure("MiniGrid-DoorKey-5x5-v0", 20, 0.90),
        _measure("MiniGrid-Empty-5x5-v0", 40, 0.90),
    )
