"""A link to a worker: requests out, replies in, every way it can break named.

Everything here runs on the scheduler's thread. A reply is waited for in two ways: `gather` first blocks on the
sockets for a moment, because a quick worker answers sooner than the loop would wake, then leaves it to the loop.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from mosaic_nb.errors import DeadlineExceeded, RemoteError, WorkerDied
from mosaic_nb.protocol import (
    Decoder,
    DuplicateReply,
    Encoder,
    LateReply,
    ProtocolError,
    Reply,
    TruncatedFrame,
    UnexpectedMessage,
    UnknownReply,
    WrongReply,
    blocks,
    messages,
)
from mosaic_nb.scheduler.process import Process, describe_exit

_CHUNK = 1 << 18
_DIRECT = 2000
"""Microseconds to block on a socket before the loop takes over: longer than a step, shorter than a click is felt."""

_ANSWERS: dict[type[Any], type[Any]] = {
    messages.Hello: messages.Welcome,
    messages.Load: messages.Loaded,
    messages.ResetSeat: messages.Done,
    messages.Act: messages.Decision,
    messages.Learn: messages.Done,
    messages.CloseSeat: messages.Done,
    messages.Open: messages.Opened,
    messages.Observe: messages.Observed,
    messages.ResetEnvironment: messages.Transition,
    messages.StepEnvironment: messages.Transition,
    messages.Render: messages.Picture,
    messages.Connect: messages.Connected,
    messages.Invoke: messages.Invoked,
    blocks.OpenBlock: blocks.BlockOpened,
    blocks.PlayBlock: blocks.BlockPlayed,
    messages.Ping: messages.Done,
    messages.Shutdown: messages.Done,
}
_REMEMBERED = 256
_FAREWELL = 0.5
"""Seconds between the end of a worker's stream and giving up on hearing how its process ended."""


class Pending:
    """A question that has been asked and not yet answered: of a worker, or of a person.

    Attributes:
        reply: the answer, once there is one; ``error``: why there will be none.
        asked, answered: `time.perf_counter` at both ends.
        deadline: `time.perf_counter` after which the answer is too late, or None.
    """

    __slots__ = ("answered", "asked", "deadline", "error", "link", "reply", "request", "wake")

    def __init__(self, request: Any, link: Link | None = None, timeout: float | None = None) -> None:
        self.request = request
        self.link = link
        self.reply: Any = None
        self.error: Exception | None = None
        self.asked = time.perf_counter()
        self.answered = 0.0
        self.deadline = None if timeout is None else self.asked + timeout
        self.wake: Callable[[], None] | None = None

    @property
    def done(self) -> bool:
        """Whether it has been answered, or never will be."""
        return self.reply is not None or self.error is not None

    def resolve(self, reply: Any, error: Exception | None = None) -> None:
        """Settle the question with a reply or an error."""
        self.reply = reply
        self.error = error
        self.answered = time.perf_counter()
        if self.wake is not None:
            self.wake()


class Link:
    """The scheduler's end of one worker's socket.

    Args:
        process: the worker.
        name: what it is called in errors.
    """

    def __init__(self, process: Process, name: str) -> None:
        self.process = process
        self.name = name
        self.broken: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._socket = process.socket
        self._encoder = Encoder()
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._chunk = memoryview(bytearray(_CHUNK))
        self._pending: dict[int, Pending] = {}
        self._expired: deque[int] = deque(maxlen=_REMEMBERED)
        self._last = 0
        self._unsent = bytearray()
        self._last_words = ""
        self._number = self._socket.fileno()
        self._socket.setblocking(True)  # every call but the one in `wait` says MSG_DONTWAIT
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, _DIRECT))
        self._listening = True
        self._loop.add_reader(self._number, self.read)
        process.ended.add_done_callback(self._process_ended)

    def request(self, request: Any, timeout: float | None = None) -> Pending:
        """Send a request; its id is set here.

        Args:
            request: a request of the protocol.
            timeout: seconds until `DeadlineExceeded`, or None for no limit.

        Raises:
            UnsupportedValue: the request holds something that has no form on the wire; nothing was sent.
        """
        self._last = request.id = self._last + 1
        pending = Pending(request, self, timeout)
        if self.broken is not None:
            pending.resolve(None, self.broken)
            return pending
        frame = self._encoder.encode(request)
        self._pending[request.id] = pending
        self._send(frame)
        return pending

    def awaits(self, *kinds: type[Any]) -> bool:
        """Return whether a request of one of these kinds has not been answered yet."""
        return any(type(pending.request) in kinds for pending in self._pending.values())

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._number)

    def _send(self, frame: bytes) -> None:
        if self._unsent:
            self._unsent += frame
            return
        try:
            sent = self._socket.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        except (BrokenPipeError, ConnectionResetError):
            return  # the worker has gone: its end is heard where everything else is heard, in read
        if sent < len(frame):
            self._unsent += memoryview(frame)[sent:]
            self._loop.add_writer(self._number, self._flush)

    def _flush(self) -> None:
        try:
            sent = self._socket.send(self._unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            sent = len(self._unsent)
        del self._unsent[:sent]
        if not self._unsent:
            self._loop.remove_writer(self._number)

    def wait(self) -> bool:
        """Block until something has arrived, and take it in; False if that takes too long or nothing more will."""
        return self._listening and self.read(0)

    def read(self, flags: int = socket.MSG_DONTWAIT) -> bool:
        """Take in what has arrived; False if nothing has."""
        if self.broken is not None:
            return False
        try:
            size = self._socket.recv_into(self._chunk, 0, flags)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            size = 0
        try:
            if size == 0:
                self._lost()
            else:
                for reply in self._decoder.feed(self._chunk[:size]):
                    self._take(reply)
        except ProtocolError as error:
            self.fail(error)
        return True

    def _take(self, reply: Any) -> None:
        pending = self._pending.get(reply.id)
        if pending is None:
            raise self._stray(reply)
        request = pending.request
        if (reply.lane, reply.agent, reply.step) != (request.lane, request.agent, request.step):
            raise WrongReply(
                f"request {request.id} concerned lane {request.lane!r}, agent {request.agent!r}, step {request.step}; "
                f"the reply says {reply.lane!r}, {reply.agent!r}, {reply.step}"
            )
        if type(reply) is not _ANSWERS[type(request)] and type(reply) is not messages.Failure:
            raise UnexpectedMessage(f"{type(reply).__name__} is no reply to {type(request).__name__}")
        del self._pending[reply.id]  # only now: a reply that breaks the link leaves its question to be failed
        if type(reply) is messages.Failure:
            pending.resolve(None, RemoteError(reply.error, reply.message, reply.traceback))
        else:
            pending.resolve(reply)

    def _stray(self, reply: Any) -> ProtocolError:
        what = f"{type(reply).__name__} with id {reply.id}"
        if reply.id in self._expired:
            return LateReply(f"{what} came after its deadline")
        if 0 < reply.id <= self._last:
            return DuplicateReply(f"{what} came twice")
        return UnknownReply(f"{what} answers no request")

    def expire(self, pending: Pending) -> None:
        """Give up on a reply whose deadline has passed, and so on the worker: what state it is in nobody knows."""
        if self._pending.pop(pending.request.id, None) is not None:
            self._expired.append(pending.request.id)
            waited = time.perf_counter() - pending.asked
            late = DeadlineExceeded(
                f"it did not answer {type(pending.request).__name__} within {waited:.3g} s"
            )
            pending.resolve(None, late)
            self.fail(late)

    def fail(self, error: Exception) -> None:
        """Break the link: every pending request fails, the process is ended."""
        if self.broken is not None:
            return
        self.broken = error
        self._stop_listening()
        self._loop.remove_writer(self._number)
        self.process.kill()
        self._socket.close()
        waiting = list(self._pending.values())
        self._pending.clear()
        for pending in waiting:
            pending.resolve(None, error)

    def _lost(self) -> None:
        """The stream has ended: wait a moment for the process, to say how it went."""
        self._stop_listening()
        try:
            self._decoder.end()
        except TruncatedFrame as error:
            self._last_words = f" ({error})"
        if self.process.ended.done():
            self._process_ended(self.process.ended)
        else:
            stuck = WorkerDied(f"it closed its socket and went on running{self._last_words}")
            self._loop.call_later(_FAREWELL, self.fail, stuck)

    def _process_ended(self, ended: asyncio.Future[int]) -> None:
        while self.broken is None and self._more_to_read():  # replies it sent before it went still count
            self.read()
        self.fail(WorkerDied(describe_exit(ended.result()) + self._last_words))

    def _more_to_read(self) -> bool:
        try:
            return bool(self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except (BlockingIOError, ConnectionResetError):
            return False


async def gather(pendings: Sequence[Pending]) -> None:
    """Wait until every question is settled, within the deadlines they carry.

    One timer serves all: a timer per request would cost more than the request.
    """
    waiting = _unsettled(pendings)
    if waiting and None not in [pending.link for pending in waiting]:  # a person is waited for on the loop
        waiting = _gather_directly(waiting)
    if waiting:
        await _gather_on_loop(waiting)


def release(pendings: Sequence[Pending]) -> None:
    """Have the `gather` that waits for these return with what is still open: waiting again goes on where it was."""
    for pending in pendings:
        if not pending.done and pending.wake is not None:
            pending.wake()


def _unsettled(pendings: Sequence[Pending]) -> list[Pending]:
    return [pending for pending in pendings if pending.reply is None and pending.error is None]


def _gather_directly(waiting: list[Pending]) -> list[Pending]:
    """Block on one socket after the other, in order: all must answer anyway. Return what is still open."""
    for pending in waiting:
        link = pending.link
        while pending.reply is None and pending.error is None:
            if link is None or not link.wait():
                return _unsettled(waiting)
    return []


async def _gather_on_loop(waiting: Collection[Pending]) -> None:
    loop = asyncio.get_running_loop()
    settled = loop.create_future()
    left = len(waiting)

    def wake() -> None:
        nonlocal left
        left -= 1
        if left == 0 and not settled.done():
            settled.set_result(None)

    for pending in waiting:
        pending.wake = wake
    timer = _Deadlines(loop, waiting)
    try:
        await settled
    finally:
        timer.cancel()
        for pending in waiting:
            pending.wake = None


class _Deadlines:
    """One timer for the earliest deadline among questions, set anew until all are past or settled."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pendings: Collection[Pending]) -> None:
        self._loop = loop
        self._pendings = [pending for pending in pendings if pending.deadline is not None]
        self._timer: asyncio.TimerHandle | None = None
        self._arm()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self) -> None:
        deadlines = [p.deadline for p in self._pendings if p.deadline is not None and not p.done]
        if deadlines:
            self._timer = self._loop.call_later(max(0.0, min(deadlines) - time.perf_counter()), self._strike)

    def _strike(self) -> None:
        now = time.perf_counter()
        for pending in self._pendings:
            if not pending.done and pending.deadline is not None and pending.deadline <= now:
                _expire(pending)
        self._arm()


def _expire(pending: Pending) -> None:
    if pending.link is not None:
        pending.link.expire(pending)
    else:
        waited = time.perf_counter() - pending.asked
        pending.resolve(None, DeadlineExceeded(f"nobody moved within {waited:.3g} s"))
