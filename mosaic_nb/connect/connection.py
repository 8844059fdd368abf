"""The line to one environment in a process of its own, for callers on any thread but the scheduler's."""

from __future__ import annotations

import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from mosaic_nb.environments.options import unpack
from mosaic_nb.environments.portable import carry
from mosaic_nb.errors import DeadlineExceeded, RemoteError, WorkerDied
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker, Worker


class _NativeWorker(EnvironmentWorker):
    """The worker of an environment that is called by its own API's methods."""

    def __init__(self, environment: messages.Environment, log: Path) -> None:
        super().__init__(environment.id, environment, log)
        self.connected = messages.Connected(id=0, api="")

    async def prepare(self) -> None:
        """Make the environment."""
        self.connected = await self.ask(messages.Connect(id=0, environment=self.environment))


class Connection:
    """Starts the process, makes the environment there and calls it.

    Args:
        environment: how it is made.
        deadline: seconds for any one call.

    Raises:
        RemoteError: it could not be made.
    """

    def __init__(self, environment: messages.Environment, deadline: float) -> None:
        self.environment = environment
        self.deadline = deadline
        self._thread = scheduler_thread()
        self._left: set[str] = set()
        folder = tempfile.mkdtemp(prefix="mosaic-nb-connect-")
        self._worker = _NativeWorker(environment, Path(folder, "environment.log"))
        self._farewell = weakref.finalize(self, _leave, self._worker, folder)
        try:
            self._thread.call(self._worker.start())
        except RemoteError as error:
            self._farewell()
            _explain(error)
        except BaseException:
            self._farewell()
            raise
        self.about = self._worker.connected
        self.attributes: dict[str, Any] = unpack(self.about.attributes)
        self._warn(self.about.left)

    def invoke(self, method: str, *arguments: Any) -> Any:
        """Call a method of the environment and return what it returned.

        Raises:
            RemoteError: the environment raised; `NotImplementedError` where it raised that.
            WorkerDied, DeadlineExceeded: the process is gone.
            RuntimeError: the connection is closed.
            TypeError: an argument cannot travel.
        """
        if not self._farewell.alive:
            raise RuntimeError(f"{self.environment.id!r} is closed: connect again to go on")
        sent, left = carry(list(arguments))
        if left:
            raise TypeError(f"an argument of {method} cannot travel to the environment's process: {left[0]}")
        request = messages.Invoke(id=0, method=method, arguments=sent)
        try:
            reply: messages.Invoked = self._thread.call(self._worker.ask(request, self.deadline))
        except RemoteError as error:
            _explain(error)
        except (WorkerDied, DeadlineExceeded) as error:
            log = self._worker.log_tail()
            told = f"\n--- the end of its log ---\n{log}" if log else ""
            raise type(error)(f"the environment {self.environment.id!r} is gone: {error}{told}") from None
        self._warn(reply.left)
        return unpack(reply.value)

    def close(self) -> None:
        """Close the environment and end its process; returns when it is gone. Again is harmless."""
        if not self._farewell.alive:
            return
        try:
            if self._worker.running:
                self.invoke("close")
        finally:
            self._thread.call(self._worker.close())
            self._farewell()

    def _warn(self, left: Iterable[str]) -> None:
        for what in set(left) - self._left:
            self._left.add(what)
            warnings.warn(
                f"{self.environment.id}: {what} stayed in the environment's process; it has no form on the wire",
                stacklevel=4,
            )


def _leave(worker: Worker, folder: str) -> None:
    scheduler_thread().start(worker.close())
    shutil.rmtree(folder, ignore_errors=True)


def _explain(error: RemoteError) -> NoReturn:
    if error.error == "NotImplementedError":
        raise NotImplementedError(str(error)) from error
    if not error.explained:
        error.add_note(f"--- in the environment's process ---\n{error.traceback}")
    raise error
