"""The worker's loop over a bare socket pair: what a scheduler of another making would meet."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from mosaic_nb.operators import operator
from mosaic_nb.protocol import Decoder, Encoder, Reply, messages
from mosaic_nb.protocol.framing import PREFIX


class Bare:
    """Our end of a worker's socket."""

    def __init__(self, ours: socket.socket) -> None:
        self.socket = ours
        ours.settimeout(20)
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._replies: list[Any] = []

    def ask(self, request: Any) -> Any:
        self.socket.sendall(Encoder().encode(request))
        return self.hear()

    def hear(self) -> Any:
        while not self._replies:
            data = self.socket.recv(1 << 16)
            assert data, "the worker has gone"
            self._replies.extend(self._decoder.feed(data))
        return self._replies.pop(0)


@pytest.fixture
def worker() -> Iterator[Bare]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = subprocess.Popen(
            operator("random").spec.command(),
            pass_fds=[theirs.fileno()],
            env={"MOSAIC_NB_SOCKET": str(theirs.fileno())},
        )
        theirs.close()
        yield Bare(ours)
    assert child.wait(10) == 0


def test_a_request_of_a_later_version_is_refused_by_name_and_the_worker_lives_on(worker: Bare) -> None:
    worker.ask(messages.Hello(id=1, versions=[1]))
    unknown = msgspec.msgpack.encode({"type": "levitate", "id": 2, "lane": "a"})
    worker.socket.sendall(PREFIX.pack(len(unknown), 0) + unknown)
    refusal = worker.hear()
    assert (refusal.id, refusal.lane, refusal.error) == (2, "a", "UnexpectedMessage")
    assert type(worker.ask(messages.Ping(id=3))) is messages.Done


def test_a_seat_is_asked_for_before_anything_is_loaded(worker: Bare) -> None:
    reply = worker.ask(messages.Act(id=1, lane="a", agent="b", observation=messages.Observation(0)))
    assert type(reply) is messages.Failure
    assert "reset comes first" in reply.message


def test_a_foreign_request_is_refused(worker: Bare) -> None:
    reply = worker.ask(messages.Render(id=1))
    assert (reply.error, reply.message) == ("UnexpectedMessage", "this worker does not answer Render")
