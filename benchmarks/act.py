"""What asking an operator costs: one act(observation), over blocking sockets and on the scheduler's loop.

The floor is a raw round trip of 64 bytes over a socket pair. The operator is the shipped `random`, in its own process,
behind the whole protocol.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from benchmarks._echo import echo, round_trip
from benchmarks.measure import Row, paired, pinned, show
from mosaic_nb.operators import operator
from mosaic_nb.protocol import VERSIONS, Decoder, Encoder, Reply, messages, spaces
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.workers import OperatorWorker

SHAPES: tuple[tuple[tuple[int, ...], str], ...] = (((16,), "u1"), ((7, 7, 3), "u1"), ((84, 84, 4), "u1"))
LANE, AGENT = "lane", "agent"


class Blocking:
    """A scheduler reduced to one blocking socket."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._encoder = Encoder()
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._chunk = memoryview(bytearray(1 << 18))

    def ask(self, request: Any) -> Any:
        """Send a request and wait for its reply."""
        self._socket.sendall(self._encoder.encode(request))
        while True:
            size = self._socket.recv_into(self._chunk)
            for reply in self._decoder.feed(self._chunk[:size]):
                return reply


@contextmanager
def blocking_worker() -> Iterator[Blocking]:
    """Start the random operator and give a blocking connection to it."""
    ours, theirs = socket.socketpair()
    with theirs:
        command = operator("random").spec.command()
        environment = {"MOSAIC_NB_SOCKET": str(theirs.fileno())}
        child = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment)
    worker = Blocking(ours)
    worker.ask(messages.Hello(id=1, versions=list(VERSIONS)))
    worker.ask(messages.Load(id=2))
    try:
        yield worker
    finally:
        ours.close()
        child.wait()


def _episode(shape: tuple[int, ...]) -> messages.Episode:
    space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
    action_space = spaces.to_data(gymnasium.spaces.Discrete(7))
    return messages.Episode(AGENT, spaces.to_data(space), action_space)


def _act(shape: tuple[int, ...]) -> messages.Act:
    value = np.random.default_rng(0).integers(256, size=shape).astype(np.uint8)
    return messages.Act(id=9, lane=LANE, agent=AGENT, observation=messages.Observation(value), seed=1 << 60)


def _blocking(pipe: socket.socket) -> Iterator[Row]:
    with blocking_worker() as worker:
        for shape, _ in SHAPES:
            worker.ask(messages.ResetSeat(id=3, lane=LANE, agent=AGENT, episode=_episode(shape)))
            request = _act(shape)
            yield _row("blocking", shape, lambda: worker.ask(request), pipe, 1.5)  # noqa: B023 - called here


def _row(how: str, shape: tuple[int, ...], ours: Callable[[], Any], pipe: socket.socket, goal: float) -> Row:
    pairs = paired(ours, lambda: round_trip(pipe), rounds=300, calls=10)
    mine, floor = pairs.medians
    return Row(
        name=f"act, {how}, observation of {int(np.prod(shape)):,} B",
        unit="us",
        ours=mine * 1e6,
        floor=floor * 1e6,
        ratio=pairs.ratio,
        at_most=goal,
    )


async def _on_loop(pipe: socket.socket) -> list[Row]:
    """The scheduler's own way, a coroutine on an asyncio loop; the floor runs in between, on the same thread."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        worker = OperatorWorker(operator("random"), Path(folder) / "log")
        await worker.ensure()
        for shape, _ in SHAPES:
            await worker.ask(messages.ResetSeat(id=0, lane=LANE, agent=AGENT, episode=_episode(shape)))
            request = _act(shape)
            samples = np.array([await _pair(worker, request, pipe) for _ in range(300)])[5:]
            ours, floor = np.median(samples, axis=0)
            rows.append(
                Row(
                    name=f"act, on the scheduler's loop, observation of {int(np.prod(shape)):,} B",
                    unit="us",
                    ours=ours * 1e6,
                    floor=floor * 1e6,
                    ratio=float(np.median(samples[:, 0] / samples[:, 1])),
                    at_most=2.5,
                )
            )
        await worker.close()
    return rows


async def _pair(worker: OperatorWorker, request: Any, pipe: socket.socket) -> tuple[float, float]:
    begin = time.perf_counter()
    for _ in range(10):
        await gather([worker.link.request(request)])
    middle = time.perf_counter()
    for _ in range(10):
        round_trip(pipe)
    return (middle - begin) / 10, (time.perf_counter() - middle) / 10


def main() -> None:
    """Measure on one core: where the scheduler puts two processes decides more than what they do."""
    with pinned(), echo() as pipe:
        show(*_blocking(pipe))
        show(*asyncio.run(_on_loop(pipe)))


if __name__ == "__main__":
    sys.exit(main())
