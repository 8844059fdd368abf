"""What several agents cost: CPU beside the same game in one process, four thinking at once, eight lanes beside one.

The game is 2v2 soccer of mosaic-multigrid with four operators that do not think, each in a process of its own, so a
step takes five round trips. CPU is that of all processes together; the thinking operators are timed by the wall.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gymnasium
import mosaic_multigrid.envs  # noqa: F401 - its import registers the ids
import numpy as np

import mosaic_nb as mnb
from benchmarks._echo import echo, round_trip
from benchmarks.measure import Row, Tree, show

ENVIRONMENT = "MosaicMultiGrid-S-2v2-IndAgObs-v1"
AGENTS = 4
STEPS = 400
ROUNDS = 16
LANES = 8
THOUGHT = 0.1
"""Seconds."""
TICKS = 20


class Loop:
    """The same game in this process, as anybody would write it."""

    def __init__(self) -> None:
        self._game = gymnasium.make(ENVIRONMENT, disable_env_checker=True)
        self._game.reset(seed=7)
        self._draws = np.random.default_rng(7).integers(8, size=(STEPS, AGENTS)).tolist()

    def run(self) -> None:
        """Play `STEPS` steps."""
        game = self._game
        for draw in self._draws:
            _, _, terminated, truncated, _ = game.step(dict(enumerate(draw)))
            if all(terminated.values()) or all(truncated.values()):
                game.reset()


def _cast(make: Callable[[int], Any]) -> dict[str, Any]:
    return {f"agent_{number}": make(number) for number in range(AGENTS)}


def _instant(number: int) -> Callable[[Any, Any], int]:
    """Return an operator of its own that draws an action and does not think."""

    def operator(_: Any, observation: Any) -> int:
        return (observation.seed + number) % 8

    return operator


def _thinker(number: int) -> Callable[[Any, Any], int]:
    def operator(_: Any) -> int:
        time.sleep(THOUGHT)
        return number

    return operator


def _cpu(lanes: int) -> tuple[float, float, float]:
    """Return CPU seconds for a step of one lane: ours, the plain loop's, and of five raw round trips."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        casts = {f"lane {number}": _cast(_instant) for number in range(lanes)}
        options: dict[str, Any] = {"seed": 7, "on_end": "next", "path": Path(folder) / "run"}
        arena = stack.enter_context(mnb.Arena(ENVIRONMENT, casts, **options))
        pipe = stack.enter_context(echo())
        loop = Loop()
        arena.run(50)
        loop.run()
        tree = Tree()
        samples = np.empty((ROUNDS, 3))
        for sample in samples:
            times = [tree.seconds()]
            arena.run(STEPS // lanes)
            times.append(tree.seconds())
            loop.run()
            times.append(tree.seconds())
            for _ in range((AGENTS + 1) * STEPS):
                round_trip(pipe)
            times.append(tree.seconds())
            sample[:] = np.diff(times) / STEPS
    ours, plain, raw = np.median(samples[2:], axis=0)
    return float(ours), float(plain), float(raw)


def _tick() -> float:
    """Return the seconds of a tick with four operators that think at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mnb.Arena(ENVIRONMENT, {"lane": _cast(_thinker)}, seed=7, path=Path(folder) / "run") as arena,
    ):
        arena.run(2)
        times = [time.perf_counter()]
        for _ in range(TICKS):
            arena.step()
            times.append(time.perf_counter())
    return float(np.median(np.diff(times)))


def main() -> None:
    """Measure one lane and eight, then the thinkers."""
    one, plain, raw = _cpu(1)
    eight, _, _ = _cpu(LANES)
    show(
        Row(
            name="2v2, four operators: CPU of a step / in one process",
            unit="us",
            ours=one * 1e6,
            floor=plain * 1e6,
            ratio=one / plain,
            at_most=3.5,
        ),
        Row(
            name="2v2, four operators: CPU added / five raw round trips",
            unit="us",
            ours=(one - plain) * 1e6,
            floor=raw * 1e6,
            ratio=(one - plain) / raw,
        ),
        Row(
            name="2v2, eight lanes: CPU of a lane's step / one lane's",
            unit="us",
            ours=eight * 1e6,
            floor=one * 1e6,
            ratio=eight / one,
            at_most=1.4,
        ),
        Row(
            name="2v2, four operators that think 100 ms each: a tick",
            unit="ms",
            ours=_tick() * 1e3,
            floor=THOUGHT * 1e3,
            at_most=115,
        ),
    )
