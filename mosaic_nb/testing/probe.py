"""A worker under test: the real program in a real process, spoken to over its real socket, one clause at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from mosaic_nb.errors import WorkerDied
from mosaic_nb.protocol import Decoder, Encoder, ProtocolError, Reply, TruncatedFrame, messages
from mosaic_nb.scheduler.process import Process, Program, describe_exit, spawn, tail
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import OperatorWorker
from mosaic_nb.testing import operator_clauses as clauses
from mosaic_nb.testing.noisy import NOISE
from mosaic_nb.testing.operator_clauses import Broken

_CHUNK = 1 << 18
_LOADING = 10.0
"""How many deadlines hello and load may take: importing a framework and reading weights is no decision."""
_TOLD = 5.0
"""Seconds to leave after shutdown."""
_UNASKED = 0.05
"""Seconds to wait for what nobody asked for: the noise of a noisy worker comes far more often."""
_EOF = 2.0
"""Seconds to leave after the end of the socket."""
_LOG, _LINES = 1 << 20, 40
"""Bytes of a log to look at, and the most lines of it, our own noise left out, that a violation quotes."""
_MANY = 16
"""Requests that keep a worker busy."""
_REPLIES: dict[type[Any], type[Any]] = {
    messages.Hello: messages.Welcome,
    messages.Load: messages.Loaded,
    messages.Act: messages.Decision,
}
"""What answers each request; whatever is not here is answered with done."""


class Probe:
    """One worker process.

    Args:
        worker: what is started, and the options and variables it is told.
        log: where its output goes.
        deadline: seconds for each reply.
        hash_seed: start it cold with this PYTHONHASHSEED; without one it is started as in an arena.
        noisy: print on its standard output all the while.

    Raises:
        Broken: it could not be started.
    """

    def __init__(
        self,
        worker: OperatorWorker,
        log: Path,
        deadline: float,
        *,
        hash_seed: int | None = None,
        noisy: bool = False,
    ) -> None:
        self._worker = worker
        self._deadline = deadline
        self._encoder = Encoder()
        self._decoder: Decoder[Reply] = Decoder(Reply)
        self._arrived: deque[Any] = deque()
        self._last = 0
        self._whole = clauses.PRINTING_IS_HARMLESS if noisy else clauses.WRITES_WHOLE_FRAMES
        self.calls: list[messages.Call] = []
        self._log = log
        program = worker.program if hash_seed is None else _cold(worker.program, hash_seed, noisy=noisy)
        try:
            self._process: Process = scheduler_thread().call(spawn(program, log))
        except WorkerDied as error:
            raise Broken(clauses.STARTS, error) from error

    def broken(self, clause: str, detail: Any) -> Broken:
        """Return the exception for a clause that this worker broke, with the tail of its log."""
        lines = [line for line in tail(self._log, _LOG).splitlines() if line != NOISE]
        return Broken(clause, detail, "\n".join(lines[-_LINES:]))

    # --- asking --------------------------------------------------------------------------------------

    def greet(self, versions: Sequence[int]) -> messages.Welcome | messages.Failure:
        """Shake hands; returns whatever it answers."""
        hello = messages.Hello(
            id=0, versions=list(versions), name=self._worker.name, variables=self._worker.variables
        )
        try:
            return self.try_to(hello, self._deadline * _LOADING)  # type: ignore[no-any-return]
        except Broken as broken:
            if broken.clause in (clauses.name_of(clauses.LIVES), clauses.name_of(clauses.IN_TIME)):
                raise self.broken(clauses.STARTS, broken.detail) from broken
            raise

    def load(self, **more: Any) -> messages.Loaded | messages.Failure:
        """Load with the declared options and these; returns whatever it answers."""
        declared = self._worker.declared
        load = messages.Load(id=0, options={**declared.options, **more}, callable=declared.callable)
        return self.try_to(load, self._deadline * _LOADING)  # type: ignore[no-any-return]

    def ask(self, request: Any) -> Any:
        """Return the reply to a request that the contract allows."""
        return self._succeeded(self.try_to(request), request)

    def ask_together(self, requests: Sequence[Any]) -> list[Any]:
        """Send all requests before reading a reply; return the replies."""
        self._send(b"".join(map(self._frame, requests)))
        return [self._succeeded(self._receive(request, self._deadline), request) for request in requests]

    def try_to(self, request: Any, seconds: float | None = None) -> Any:
        """Return the reply to a request, a failure too."""
        self._send(self._frame(request))
        return self._receive(request, self._deadline if seconds is None else seconds)

    def _succeeded(self, reply: Any, request: Any) -> Any:
        if isinstance(reply, messages.Failure):
            raise self.broken(clauses.ANSWERS, f"{_name(request)} was answered with {describe(reply)}")
        return reply

    def _frame(self, request: Any) -> bytes:
        self._last = request.id = self._last + 1
        return self._encoder.encode(request)

    def _send(self, data: bytes) -> None:
        self._process.socket.settimeout(self._deadline)
        try:
            self._process.socket.sendall(data)
        except TimeoutError:
            raise self.broken(clauses.IN_TIME, f"it read nothing for {self._deadline:g} s") from None
        except (BrokenPipeError, ConnectionResetError):
            return  # it has gone: what it sent before is still there to be read, then the end

    # --- hearing -------------------------------------------------------------------------------------

    def _receive(self, request: Any, seconds: float) -> Any:
        until = time.monotonic() + seconds
        while not self._arrived:
            data = self._read(until)
            if data is None:
                self._mid_frame(f"{_name(request)} was not answered within {seconds:g} s, and")
                raise self.broken(clauses.IN_TIME, f"{_name(request)} was not answered within {seconds:g} s")
            if not data:
                raise self._gone(request)
            self._take(data)
        return self._checked(self._arrived.popleft(), request)

    def _read(self, until: float) -> bytes | None:
        """Return what has arrived, nothing at the stream's end, None when the time is over."""
        self._process.socket.settimeout(max(0.001, until - time.monotonic()))
        try:
            return self._process.socket.recv(_CHUNK)
        except TimeoutError:
            return None
        except ConnectionResetError:
            return b""

    def _take(self, data: bytes) -> None:
        try:
            self._arrived.extend(self._decoder.feed(data))
        except ProtocolError as error:
            raise self.broken(self._whole, f"{type(error).__name__}: {error}") from error

    def _mid_frame(self, when: str) -> None:
        """Raise `Broken` if what has arrived ends inside a frame."""
        try:
            self._decoder.end()
        except TruncatedFrame as error:
            raise self.broken(self._whole, f"{when} {error}") from error

    def _gone(self, request: Any) -> Broken:
        code = self._exit_code(_EOF)
        how = "it closed its socket and went on running" if code is None else describe_exit(code)
        self._mid_frame(f"at {_name(request)} {how}:")
        return self.broken(clauses.LIVES, f"at {_name(request)} {how}")

    def _checked(self, reply: Any, request: Any) -> Any:
        if reply.id != request.id:
            raise self._stray(reply, request)
        theirs, ours = (reply.lane, reply.agent, reply.step), (request.lane, request.agent, request.step)
        if theirs != ours:
            detail = f"{_name(request)} concerned lane, agent and step {ours}; the reply says {theirs}"
            raise self.broken(clauses.ECHOES, detail)
        if not isinstance(reply, (_REPLIES.get(type(request), messages.Done), messages.Failure)):
            raise self.broken(clauses.ANSWERS, f"{type(reply).__name__} is no reply to {_name(request)}")
        fault = next(filter(None, map(_fault, reply.calls)), None)
        if fault is not None:
            raise self.broken(clauses.CALLS_ARE_WELL_FORMED, f"{_name(request)} brought home a call {fault}")
        self.calls += reply.calls
        return reply

    def _stray(self, reply: Any, request: Any) -> Broken:
        came = f"{type(reply).__name__} with id {reply.id}"
        what = f"while {_name(request)} (id {request.id}) was open, there came a {came}"
        if 0 < reply.id < request.id:
            return self.broken(clauses.REPLIES_ONCE_IN_ORDER, f"{what}, which had been answered before")
        if reply.id <= self._last:
            return self.broken(clauses.REPLIES_ONCE_IN_ORDER, f"{what}, out of turn")
        return self.broken(clauses.ECHOES, f"{what}, an id that no request has had")

    # --- leaving -------------------------------------------------------------------------------------

    def leave_when_told(self) -> None:
        """Send shutdown, and see that it is answered and obeyed."""
        request = messages.Shutdown(id=0)
        try:
            self._succeeded(self.try_to(request, _TOLD), request)
        except Broken as broken:
            if broken.clause in (clauses.name_of(clauses.LIVES), clauses.name_of(clauses.IN_TIME)):
                raise self.broken(clauses.LEAVES_WHEN_TOLD, broken.detail) from broken
            raise
        self._read_to_the_end(time.monotonic() + _TOLD)
        self._has_left(clauses.LEAVES_WHEN_TOLD, "shutdown", _TOLD, must_succeed=True)

    def hang_up(self) -> None:
        """See that nothing comes unasked; then close the socket, and see that the process leaves."""
        if data := self._read(time.monotonic() + _UNASKED):
            self._take(data)
        self._process.socket.close()
        self._has_left(clauses.LEAVES_AT_EOF, "the end of the socket", _EOF, must_succeed=True)

    def hang_up_on(self, requests: Iterable[Any]) -> None:
        """Close the socket while these requests are being answered, and see that the process leaves."""
        first, *more = map(self._frame, islice(requests, _MANY))
        self._send(first)
        self._process.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            self._process.socket.send(b"".join(more))  # as much as fits: the end may come inside a frame
        select.select(
            [self._process.socket], [], [], self._deadline
        )  # one is answered, so the next is under way
        self._process.socket.close()
        self._has_left(
            clauses.LEAVES_WHILE_BUSY, "the end of the socket, amid requests,", _EOF, must_succeed=False
        )

    def _read_to_the_end(self, until: float) -> None:
        """See that nothing follows the last reply."""
        while data := self._read(until):
            self._take(data)
        if self._arrived:
            detail = f"after shutdown had been answered there came {len(self._arrived)} more replies"
            raise self.broken(clauses.REPLIES_ONCE_IN_ORDER, detail)
        self._mid_frame("after shutdown had been answered")

    def _has_left(self, clause: str, after: str, seconds: float, *, must_succeed: bool) -> None:
        code = self._exit_code(seconds)
        if code is None:
            raise self.broken(clause, f"{seconds:g} s after {after} it was still running")
        if must_succeed and code != 0:
            raise self.broken(clause, f"after {after} {describe_exit(code)}")
        until = time.monotonic() + _EOF
        while self._group_lives():
            if time.monotonic() > until:
                detail = (
                    f"{_EOF:g} s after the worker had left, a process that it had started was still running"
                )
                raise self.broken(clauses.NO_ORPHANS, detail)
            time.sleep(0.01)

    def _group_lives(self) -> bool:
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _exit_code(self, seconds: float) -> int | None:
        return scheduler_thread().call(_ended(self._process, seconds))

    def end(self) -> None:
        """End the process and all it started, whatever state it is in."""
        self._process.socket.close()
        self._process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._exit_code(_TOLD)


async def _ended(process: Process, seconds: float) -> int | None:
    await asyncio.wait([process.ended], timeout=seconds)
    return process.ended.result() if process.ended.done() else None


def _cold(program: Program, hash_seed: int, *, noisy: bool) -> Program:
    """Return what starts a program anew, as no warm parent's fork."""
    argv = program.argv
    if program.python:
        amid = ("-m", "mosaic_nb.testing.noisy") if noisy and argv[0] != "-m" else ()
        argv = (sys.executable, *amid, *argv)
    elif noisy:
        argv = ("sh", "-c", f'echo {NOISE}; exec "$@"', "sh", *argv)
    return Program(("env", f"PYTHONHASHSEED={hash_seed}", *argv), python=False)


def _name(request: Any) -> str:
    place = f" of step {request.step}" if isinstance(request, messages.Act) else ""
    return type(request).__name__ + place


def describe(failure: messages.Failure) -> str:
    """Say a failure in words, with the last line of where it came from."""
    lines = [
        line.strip() for line in failure.traceback.splitlines() if line.strip().startswith(("File", "at "))
    ]
    return f"{failure.error}: {failure.message}" + (f" ({lines[-1]})" if lines else "")


def _fault(call: messages.Call) -> str | None:
    """Say what is wrong with a model call, or None."""
    if not call.model:
        return "that names no model"
    if call.attempts < 1:
        return f"of {call.attempts} attempts"
    if not all(image.startswith((b"\x89PNG\r\n", b"\xff\xd8\xff")) for image in call.images):
        return "with an image that is neither PNG nor JPEG"
    numbers = {
        "input_tokens": call.input_tokens,
        "output_tokens": call.output_tokens,
        "cost": call.cost,
        "latency": call.latency,
    }
    wrong = [f"{name} {n}" for name, n in numbers.items() if n is not None and not 0 <= n < float("inf")]
    return f"with {wrong[0]}" if wrong else None
