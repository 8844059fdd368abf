"""Worker processes: spawned cold or forked from a warm parent, watched, and always reaped.

Everything here runs on the scheduler's thread.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from mosaic_nb.errors import WorkerDied
from mosaic_nb.worker.channel import SOCKET_VARIABLE
from mosaic_nb.worker.process import QUIET

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(_|$)", re.IGNORECASE)
_BASE = (
    "numpy",
    "gymnasium",
    "simplejpeg",
    "PIL.PngImagePlugin",
    "mosaic_nb.worker.serve",
    "mosaic_nb.environments.hosted",
)
"""What a warm parent imports whoever asks: what nearly every worker needs, and nothing that starts threads."""

FORKS = sys.platform == "linux"
"""Whether there are warm parents: they hand over sockets and watch children in Linux's ways."""


@dataclass(frozen=True)
class Program:
    """How a worker is started.

    Attributes:
        argv: the command line; ``["-m", module]`` or ``[path]`` where ``python`` is True.
        python: whether it runs in this interpreter, so that a warm parent may fork it.
        preload: modules that its warm parent imports beforehand.
    """

    argv: tuple[str, ...]
    python: bool = True
    preload: tuple[str, ...] = ()


@dataclass(eq=False)
class Process:
    """A live worker process.

    Attributes:
        pid: its process id, also its process group's.
        socket: our end of its socket.
        log: the file that its standard output and error go to.
        ended: resolves to the exit code (negative: the signal) once the process has been reaped.
    """

    pid: int
    socket: socket.socket
    log: Path
    ended: asyncio.Future[int] = field(repr=False)

    def kill(self) -> None:
        """End the process and all it started, now. Harmless if it has ended."""
        if self.ended.done():
            return
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:  # it ended and is about to be reaped, or has not reached setsid yet
            self._kill_alone()

    def _kill_alone(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def tail(log: Path, size: int = 4000) -> str:
    """Return the end of a log, at most ``size`` bytes of it, as text."""
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - size))
        return file.read().decode("utf-8", "replace").strip()


def describe_exit(code: int) -> str:
    """Say an exit code in words."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"its process was killed by {name}"


def clean_environment() -> dict[str, str]:
    """Return this process's environment variables without anything that looks like a key.

    A key reaches only the worker whose operator declares that it needs it, in that worker's first message.
    """
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    return {**QUIET, **kept}


async def spawn(program: Program, log: Path) -> Process:
    """Start a worker: a fork where a warm parent can give one, else cold.

    Raises:
        WorkerDied: the program could not be started.
    """
    if program.python and FORKS:
        return await (await _warm_parent(program.preload)).fork(program, log)
    return _spawn_cold(program, log)


def _spawn_cold(program: Program, log: Path) -> Process:
    argv = [sys.executable, *program.argv] if program.python else list(program.argv)
    ours, theirs = socket.socketpair()
    with theirs, log.open("ab") as output:
        try:
            child = _popen(argv, theirs, output)
        except OSError as error:
            ours.close()
            raise WorkerDied(f"{argv[0]!r} could not be started: {error}") from error
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    _reap(child, ended)
    return Process(child.pid, ours, log, ended)


def _popen(argv: Sequence[str], theirs: socket.socket, output: IO[bytes]) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path if not entry.endswith(".zip"))
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        pass_fds=[theirs.fileno()],
        start_new_session=True,
        env={**clean_environment(), SOCKET_VARIABLE: str(theirs.fileno()), "PYTHONPATH": path},
    )


def _reap(child: subprocess.Popen[bytes], ended: asyncio.Future[int]) -> None:
    """Resolve ``ended`` when the child has ended, by pidfd where there is one, else by looking."""
    loop = asyncio.get_running_loop()
    if not hasattr(os, "pidfd_open"):
        loop.call_later(0.05, _look, child, ended)
        return
    pidfd = os.pidfd_open(child.pid)

    def bury() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        ended.set_result(child.wait())

    loop.add_reader(pidfd, bury)


def _look(child: subprocess.Popen[bytes], ended: asyncio.Future[int]) -> None:
    code = child.poll()
    if code is None:
        asyncio.get_running_loop().call_later(0.05, _look, child, ended)
    else:
        ended.set_result(code)


# --- warm parents ------------------------------------------------------------------------------------


class WarmParent:
    """The scheduler's side of a warm parent: asks for forks, hears of their ends.

    Args:
        process: the parent's own process; dead, it is replaced at the next request.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self._loop = asyncio.get_running_loop()
        self._number = 0
        self._forks: dict[int, asyncio.Future[tuple[int, asyncio.Future[int]]]] = {}
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._lines = bytearray()
        process.socket.setblocking(False)
        self._loop.add_reader(process.socket, self._hear)

    async def fork(self, program: Program, log: Path) -> Process:
        """Fork a worker.

        Raises:
            WorkerDied: the warm parent died first.
        """
        self._number += 1
        answer = self._forks[self._number] = self._loop.create_future()
        ours, theirs = socket.socketpair()
        request = {
            "number": self._number,
            "program": program.argv,
            "folder": str(Path.cwd()),
            "path": [entry or str(Path.cwd()) for entry in sys.path],
        }
        try:
            with theirs, log.open("ab") as output:
                data = json.dumps(request).encode()
                socket.send_fds(self.process.socket, [data], [theirs.fileno(), output.fileno()])
                pid, ended = await answer
        except BaseException:  # also when cancelled: a worker without our end of the socket leaves at once
            ours.close()
            raise
        return Process(pid, ours, log, ended)

    def _hear(self) -> None:
        try:
            data = self.process.socket.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            self._gone()
            return
        self._lines += data
        *lines, rest = self._lines.split(b"\n")
        self._lines = bytearray(rest)
        for line in lines:
            self._take(json.loads(line))

    def _take(self, message: dict[str, int]) -> None:
        if "ended" in message:
            self._ends.pop(message["ended"]).set_result(message["status"])
            return
        ended = self._ends[message["pid"]] = self._loop.create_future()
        answer = self._forks.pop(message["number"])
        if not answer.done():  # cancelled meanwhile
            answer.set_result((message["pid"], ended))

    def _gone(self) -> None:
        """The parent died; Linux kills its forks with it."""
        self._loop.remove_reader(self.process.socket)
        self.process.socket.close()
        for ended in self._ends.values():
            ended.set_result(-signal.SIGKILL)
        for answer in self._forks.values():
            if not answer.done():
                answer.set_exception(WorkerDied(f"the warm parent died:\n{tail(self.process.log)}"))
        self._ends.clear()
        self._forks.clear()


_parents: dict[tuple[str, ...], WarmParent] = {}
_starting: dict[tuple[str, ...], asyncio.Lock] = {}


async def _warm_parent(preload: tuple[str, ...]) -> WarmParent:
    """Return the warm parent that has imported these modules, started if need be."""
    async with _starting.setdefault(preload, asyncio.Lock()):
        parent = _parents.get(preload)
        if parent is None or parent.process.ended.done() or parent.process.socket.fileno() < 0:
            program = Program(("-m", "mosaic_nb.worker.warm", *_BASE, *preload))
            log = Path(_log_folder().name) / ("-".join(("warm", *preload)) + ".log")
            parent = _parents[preload] = WarmParent(_spawn_cold(program, log))
        return parent


@cache
def _log_folder() -> tempfile.TemporaryDirectory[str]:
    """The warm parents' logs: kept, because cached, until this process ends, then removed."""
    return tempfile.TemporaryDirectory(prefix="mosaic-nb-")
