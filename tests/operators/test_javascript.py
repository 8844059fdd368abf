"""A worker in another language, written from docs/protocol.md: it speaks over a bare socket pair."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces as gym

from mosaic_nb.protocol import Decoder, Encoder, Reply
from mosaic_nb.protocol.messages import (
    Act,
    CloseSeat,
    Decision,
    Done,
    Episode,
    Failure,
    Hello,
    Learn,
    Load,
    Loaded,
    Observation,
    Observe,
    Outcome,
    Ping,
    ResetSeat,
    Shutdown,
    Welcome,
)
from mosaic_nb.protocol.spaces import to_data

FOLDER = Path(__file__).with_name("javascript")
OBSERVATION = gym.Dict(image=gym.Box(0, 255, (7, 7, 3), np.uint8), direction=gym.Discrete(4))


class Worker:
    """The JavaScript worker and our end of its socket."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(20)
        argv = json.loads((FOLDER / "operator.json").read_text(encoding="utf-8"))["argv"]
        with theirs:
            self.process = subprocess.Popen(
                [part.replace("{folder}", str(FOLDER)) for part in argv],
                env=os.environ | {"MOSAIC_NB_SOCKET": str(theirs.fileno())},
                pass_fds=[theirs.fileno()],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        self._encoder, self._decoder, self._id = Encoder(), Decoder[Any](Reply), 0

    def send(self, *requests: Any, piece: int = 1 << 20) -> None:
        stream = b"".join(map(self._encoder.encode, requests))
        for start in range(0, len(stream), piece):
            self.socket.sendall(stream[start : start + piece])

    def receive(self, count: int = 1) -> list[Any]:
        replies: list[Any] = []
        while len(replies) < count:
            data = self.socket.recv(1 << 16)
            assert data, f"the worker left: {self.process.communicate()[0].decode()}"
            replies += self._decoder.feed(data)
        return replies

    def ask(self, request: Any) -> Any:
        self.send(request)
        (reply,) = self.receive()
        assert (reply.id, reply.lane, reply.agent, reply.step) == (
            request.id,
            request.lane,
            request.agent,
            request.step,
        )
        return reply

    def left(self) -> int:
        """Wait until it has left; return its exit status."""
        log, _ = self.process.communicate(timeout=20)
        assert log == b""
        return self.process.returncode


@pytest.fixture
def worker() -> Iterator[Worker]:
    if shutil.which("node") is None:
        pytest.fail("Node.js is needed for the worker in JavaScript: install node 20 or newer")
    worker = Worker()
    try:
        yield worker
    finally:
        worker.socket.close()
        worker.process.kill()
        worker.process.communicate()


@pytest.fixture
def seated(worker: Worker) -> Worker:
    """A worker with a seat for agent_0 of lane A, in Discrete(5, start=-2)."""
    assert worker.ask(Hello(id=1, versions=[1, 2], name="js")) == Welcome(
        id=1, version=1, name="js", capabilities=["act", "learn"]
    )
    assert worker.ask(Load(id=2)) == Loaded(id=2)
    episode = Episode("agent_0", to_data(OBSERVATION), to_data(gym.Discrete(5, start=-2)), ["a"] * 5)
    assert worker.ask(ResetSeat(id=3, lane="A", agent="agent_0", episode=episode)) == Done(
        id=3, lane="A", agent="agent_0"
    )
    return worker


def act(number: int, seed: int, mask: Any = None) -> Act:
    observation = Observation(OBSERVATION.sample(), step=number, action_mask=mask, text="an é")
    outcome = Outcome(observation, -1, 0.5)
    return Act(
        id=number, lane="A", agent="agent_0", step=number, observation=observation, seed=seed, learn=[outcome]
    )


def test_a_whole_life(seated: Worker) -> None:
    seeds = [int(seed) for seed in np.random.default_rng(0).integers(0, 2**64, 200, np.uint64)]
    first = [seated.ask(act(10 + i, seed)).action for i, seed in enumerate(seeds)]
    assert set(first) == {-2, -1, 0, 1, 2}
    assert [seated.ask(act(10 + i, seed)).action for i, seed in enumerate(seeds)] == first
    assert seated.ask(Ping(id=2**64 - 1)) == Done(id=2**64 - 1)
    assert seated.ask(Learn(id=4, lane="A", agent="agent_0", learn=[])) == Done(
        id=4, lane="A", agent="agent_0"
    )
    assert isinstance(seated.ask(CloseSeat(id=5, lane="A", agent="agent_0")), Done)
    assert seated.ask(Shutdown(id=6)) == Done(id=6)
    assert seated.socket.recv(1) == b""
    assert seated.left() == 0


def test_a_mask_is_respected(seated: Worker) -> None:
    mask = np.array([0, 1, 0, 0, 1], np.int8)
    actions = {seated.ask(act(i, seed=i * 7919, mask=mask)).action for i in range(50)}
    assert actions == {-1, 2}
    nothing = seated.ask(act(99, seed=1, mask=np.zeros(5, np.int8)))
    assert isinstance(nothing, Failure)
    assert "legal" in nothing.message


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_requests_in_pieces_and_together_are_answered_in_order(seated: Worker, piece: int) -> None:
    seated.send(*(act(i, seed=i) for i in range(5)), piece=piece)
    replies = seated.receive(5)
    assert all(isinstance(reply, Decision) for reply in replies)
    assert [reply.id for reply in replies] == list(range(5))


def test_it_leaves_when_the_scheduler_has_gone(seated: Worker) -> None:
    seated.socket.shutdown(socket.SHUT_WR)
    assert seated.left() == 0


def test_failures_are_replies_and_the_worker_lives_on(worker: Worker) -> None:
    mismatch = worker.ask(Hello(id=1, versions=[2, 3]))
    assert (mismatch.error, "2,3" in mismatch.message, "1" in mismatch.message) == (
        "VersionMismatch",
        True,
        True,
    )
    assert worker.ask(Load(id=2, options={"temperature": 1.0})).error == "TypeError"
    assert worker.ask(act(3, seed=0)).error == "RuntimeError"
    assert worker.ask(Observe(id=4)).error == "UnexpectedMessage"
    episode = Episode("agent", to_data(OBSERVATION), to_data(gym.Box(-np.inf, 1, (2,))))
    refused = worker.ask(ResetSeat(id=5, episode=episode))
    assert (refused.error, "Box" in refused.message) == ("TypeError", True)
    assert worker.ask(Ping(id=6)) == Done(id=6)


def test_it_is_shorter_than_a_hundred_lines() -> None:
    program = (FOLDER / "worker.js").read_text(encoding="utf-8").splitlines()
    assert len(program) < 100
    assert max(map(len, program)) <= 120
    assert sys.platform == "win32" or not list(FOLDER.glob("package*.json"))
