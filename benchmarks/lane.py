"""A lane of MiniGrid with its 256x256 picture each step: beside frames as JSON lists, and beside one process.

The first peer is how the published desktop platform moves frames: a worker that prints each as a JSON list on a line.
The second is the same loop in one process, step and render, that nobody could watch from elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gymnasium
import minigrid  # noqa: F401 - its import registers the ids
import numpy as np

import mosaic_nb as mnb
from benchmarks.measure import Row, show

ENVIRONMENT = "MiniGrid-Empty-8x8-v0"
STEPS = 100
JSON_STEPS = 5
ROUNDS = 15

_JSON_WORKER = f"""
import json, sys
import gymnasium, minigrid
environment = gymnasium.make({ENVIRONMENT!r}, render_mode="rgb_array", disable_env_checker=True)
environment.reset(seed=7)
for line in sys.stdin:
    observation, reward, terminated, truncated, info = environment.step(json.loads(line)["action"])
    if terminated or truncated:
        environment.reset()
    frame = environment.render()
    print(json.dumps({{"reward": float(reward), "frame": frame.tolist()}}), flush=True)
"""


class Json:
    """The baseline: frames as lists on JSON lines."""

    def __init__(self) -> None:
        self._worker = subprocess.Popen(
            [sys.executable, "-c", _JSON_WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def step(self, action: int) -> None:
        """Step, and have the frame back as an array."""
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        self._worker.stdin.write(json.dumps({"action": action}) + "\n")
        self._worker.stdin.flush()
        frame = np.array(json.loads(self._worker.stdout.readline())["frame"], dtype=np.uint8)
        assert frame.shape == (256, 256, 3)

    def close(self) -> None:
        """End the worker."""
        self._worker.communicate()


def _plain(environment: gymnasium.Env, actions: list[int]) -> None:  # type: ignore[type-arg]
    for action in actions:
        _, _, terminated, truncated, _ = environment.step(action)
        if terminated or truncated:
            environment.reset()
        environment.render()


async def _lane(arena: mnb.Arena) -> None:
    """Look and tick, as a viewer does: the picture is drawn while the operator decides. Every step has its picture."""
    for _ in range(STEPS):
        looking = asyncio.ensure_future(arena._conductor.look("jpeg"))
        await asyncio.sleep(0)
        await arena._conductor.tick({}, blocking=False)
        assert (await looking)["lane"].width == 256


def main() -> None:
    """Measure in turn, so that a slow moment hits all three."""
    actions = np.random.default_rng(7).integers(7, size=STEPS).tolist()
    plain = gymnasium.make(ENVIRONMENT, render_mode="rgb_array", disable_env_checker=True)
    plain.reset(seed=7)
    baseline = Json()
    samples = np.empty((ROUNDS, 3))
    with (
        tempfile.TemporaryDirectory() as folder,
        mnb.Arena(ENVIRONMENT, {"lane": "random"}, seed=7, on_end="next", path=Path(folder) / "run") as arena,
    ):
        for sample in samples:
            times = [time.perf_counter()]
            arena._thread.call(_lane(arena))
            times.append(time.perf_counter())
            _plain(plain, actions)
            times.append(time.perf_counter())
            for action in actions[:JSON_STEPS]:
                baseline.step(action)
            times.append(time.perf_counter())
            sample[:] = np.diff(times) / (STEPS, STEPS, JSON_STEPS)
    baseline.close()
    ours, in_process, as_json = np.median(samples[2:], axis=0) * 1e6
    show(
        Row(
            name="a lane with its frame: faster than JSON lists by",
            unit="us",
            ours=ours,
            floor=as_json,
            ratio=float(np.median(samples[2:, 2] / samples[2:, 0])),
            at_least=90,
        ),
        Row(
            name="a lane with its frame: in-process time / ours",
            unit="us",
            ours=ours,
            floor=in_process,
            ratio=float(np.median(samples[2:, 1] / samples[2:, 0])),
            at_least=0.75,
        ),
    )
