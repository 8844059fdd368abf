"""A worker that acts properly until a given act and then breaks the protocol in a given way."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import os
import signal
import socket
import struct
import sys
import time
from typing import Any

import numpy as np

from mosaic_nb.protocol import Encoder, messages
from mosaic_nb.worker import Decision, Observation, Operator, Seat, serve
from mosaic_nb.worker.channel import Channel

_channel: list[Channel] = []
_from_environment = Channel.from_environment


def _remember() -> Channel:
    _channel.append(_from_environment())
    return _channel[0]


Channel.from_environment = staticmethod(_remember)  # type: ignore[method-assign,assignment]


def _raw(data: bytes) -> None:
    _channel[0]._socket.sendall(data)


def _reply(**fields: Any) -> bytes:
    return Encoder().encode(messages.Decision(action=0, **fields))


class RogueSeat(Seat):
    """Acts with action 0 until ``at``."""

    def __init__(self, how: str, at: int) -> None:
        self._how = how
        self._left = at

    def act(self, observation: Observation) -> Decision:
        """Act, or misbehave."""
        self._left -= 1
        if self._left >= 0:
            return Decision(0)
        misbehave = getattr(self, "_" + self._how)
        answer = misbehave(observation)
        return answer if isinstance(answer, Decision) else Decision(0)

    def _prints(self, _: Observation) -> None:
        print("a line on stdout\n" * 1000, flush=True)
        os.write(1, b"\x00\xff raw bytes on stdout")

    def _half_frame(self, _: Observation) -> None:
        _raw(_reply(id=1)[:-3])
        os._exit(0)

    def _huge_length(self, _: Observation) -> None:
        _raw(struct.pack("<II", 1 << 30, 0))

    def _garbage(self, _: Observation) -> None:
        _raw(b"\xc1" * 4096)

    def _hangs(self, _: Observation) -> None:
        time.sleep(3600)

    def _twice(self, observation: Observation) -> None:
        here = {"lane": "rogue", "agent": "agent", "step": observation.step}
        _raw(_reply(id=self._guess(observation), **here))

    def _other_request(self, _: Observation) -> None:
        _raw(_reply(id=100_000))

    def _other_agent(self, observation: Observation) -> None:
        _raw(_reply(id=self._guess(observation), lane="rogue", agent="somebody else", step=observation.step))

    def _other_type(self, observation: Observation) -> None:
        done = messages.Done(id=self._guess(observation), lane="rogue", agent="agent", step=observation.step)
        _raw(Encoder().encode(done))

    def _guess(self, observation: Observation) -> int:
        """Return the id of the act under way: hello, load and reset came before the acts."""
        return 4 + observation.step

    def _exits(self, _: Observation) -> None:
        sys.stdout.flush()
        os._exit(0)

    def _killed(self, _: Observation) -> None:
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    def _closes(self, _: Observation) -> None:
        _channel[0]._socket.shutdown(socket.SHUT_RDWR)
        time.sleep(3600)

    def _raises(self, _: Observation) -> None:
        raise RuntimeError("the rogue raised")

    def _out_of_space(self, _: Observation) -> Decision:
        return Decision(10_000)

    def _wrong_type(self, _: Observation) -> Decision:
        return Decision("north")

    def _wrong_shape(self, _: Observation) -> Decision:
        return Decision(np.zeros((2, 2), dtype=np.int64))

    def _nan(self, _: Observation) -> Decision:
        return Decision(float("nan"))

    def _not_sendable(self, _: Observation) -> Decision:
        return Decision(object())

    def _no_decision(self, _: Observation) -> Any:
        class Strange(Decision):
            """Passes for a decision here; its action is missing."""

        strange = Strange(0)
        del strange.action
        return strange


class Rogue(Operator):
    """Options: how it breaks, and at which act."""

    def __init__(self, how: str = "exits", at: int = 3) -> None:
        self._how = how
        self._at = at

    def seat(self) -> Seat:
        """Give a seat."""
        return RogueSeat(self._how, self._at)


if __name__ == "__main__":
    serve(Rogue)
