"""What a step costs that passes through two other processes, with recording on: MiniGrid, no frames.

The floor is what no design with two processes can avoid: two round trips of 64 bytes over socket pairs. What is
compared with it is the CPU that we add, in all processes together, to a plain loop in one process.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

import gymnasium
import minigrid  # noqa: F401 - its import registers the ids
import numpy as np

import mosaic_nb as mnb
from benchmarks._echo import echo, round_trip
from benchmarks.measure import Row, Tree, pinned, show

ENVIRONMENT = "MiniGrid-Empty-8x8-v0"
STEPS = 400
ROUNDS = 24


class Loop:
    """The same game in this process, as anybody would write it."""

    def __init__(self) -> None:
        self._environment = gymnasium.make(ENVIRONMENT, render_mode="rgb_array", disable_env_checker=True)
        self._environment.reset(seed=7)
        self._draws = np.random.default_rng(7).integers(7, size=STEPS).tolist()

    def run(self) -> None:
        """Play `STEPS` steps."""
        environment = self._environment
        for action in self._draws:
            _, _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                environment.reset()


def _measure(lanes: int) -> tuple[float, float, float]:
    """Return CPU seconds for a step of one lane: ours, the plain loop's, and of two raw round trips."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        names = {f"lane {number}": "random" for number in range(lanes)}
        arena = stack.enter_context(
            mnb.Arena(ENVIRONMENT, names, seed=7, on_end="next", path=Path(folder) / "run")
        )
        pipe = stack.enter_context(echo())
        loop = Loop()
        arena.run(50)
        tree = Tree()
        samples = np.array([_round(arena, loop, pipe, tree, lanes) for _ in range(ROUNDS)])
    ours, plain, raw = np.median(samples[2:], axis=0)
    return float(ours), float(plain), float(raw)


def _round(
    arena: mnb.Arena, loop: Loop, pipe: socket.socket, tree: Tree, lanes: int
) -> tuple[float, float, float]:
    times = [tree.seconds()]
    arena.run(STEPS // lanes)
    times.append(tree.seconds())
    loop.run()
    times.append(tree.seconds())
    for _ in range(2 * STEPS):
        round_trip(pipe)
    times.append(tree.seconds())
    ours, plain, raw = np.diff(times) / STEPS
    return ours, plain, raw


def main() -> None:
    """Measure one lane on free cores, then one and eight on a single core."""
    rows = []
    ours, plain, raw = _measure(1)
    rows.append(
        Row(
            name="step mode, CPU added per step / two raw round trips",
            unit="us",
            ours=(ours - plain) * 1e6,
            floor=raw * 1e6,
            ratio=(ours - plain) / raw,
            at_most=2.5,
        )
    )
    for lanes, goal in ((1, 0.50), (8, 0.43)):
        with pinned():
            ours, plain, raw = _measure(lanes)
        rows.append(
            Row(
                name=f"step mode pinned, {lanes} lane{'s' * (lanes > 1)}: in-process CPU / ours",
                unit="us",
                ours=ours * 1e6,
                floor=plain * 1e6,
                ratio=plain / ours,
                at_least=goal,
            )
        )
    show(*rows)
