"""The one scheduler thread: a daemon with its own asyncio loop.

User code and widget callbacks stay on their threads and only post work here, so a click arrives while a cell
runs, on every version of ipykernel. Workers are spawned from this thread because it lives as long as the process:
Linux sends a worker its parent-death signal when the *thread* that spawned it ends.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeVar

from mosaic_nb.errors import MosaicError

T = TypeVar("T")

_PATIENCE = 0.2
"""Seconds between two looks at whether a waiting cell was interrupted (an idle await cannot be)."""


class SchedulerThread:
    """Runs coroutines on the scheduler's loop for callers on other threads."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="mosaic-nb-scheduler", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def post(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call a function on the scheduler's thread soon, and return at once."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def start(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Begin a coroutine on the scheduler's thread, and return at once."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call(
        self,
        coroutine: Coroutine[Any, Any, T],
        interrupted: Callable[[], Any] | None = None,
        meanwhile: Callable[[], Any] | None = None,
    ) -> T:
        """Run a coroutine to its end and return what it returns.

        Args:
            interrupted: called on the scheduler's thread at a KeyboardInterrupt, to make the coroutine end soon
                by itself; without it the coroutine is cancelled. The interrupt is raised when it has ended.
            meanwhile: called here several times a second, to show how far it is.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("a blocking call was made on the scheduler's own thread; post it instead")
        future = self.start(coroutine)
        try:
            while meanwhile is not None and not concurrent.futures.wait([future], _PATIENCE).done:
                meanwhile()
            return future.result()
        except MosaicError as error:
            raise _by_itself(error) from None
        except KeyboardInterrupt:
            if interrupted is None:
                future.cancel()
            else:
                self.post(interrupted)
            concurrent.futures.wait([future])
            raise

    async def wait(
        self, coroutine: Coroutine[Any, Any, T], interrupted: Callable[[], Any] | None = None
    ) -> T:
        """Await, on the caller's own loop, a coroutine that runs on the scheduler's thread."""
        future = self.start(coroutine)
        here = asyncio.wrap_future(future)
        try:
            while not here.done():
                await asyncio.wait([here], timeout=_PATIENCE)
        except asyncio.CancelledError:
            if interrupted is None:
                future.cancel()
            else:
                self.post(interrupted)
            raise
        try:
            return here.result()
        except MosaicError as error:
            raise _by_itself(error) from None


def _by_itself(error: MosaicError) -> MosaicError:
    """Return an error without the way it took here, which is ours: its message says all, the user's frames follow."""
    return error.with_traceback(None)


@cache
def _the_thread() -> SchedulerThread:
    return SchedulerThread()


_lock = threading.Lock()


def scheduler_thread() -> SchedulerThread:
    """Return the process's scheduler thread, started at its first use."""
    with _lock:
        return _the_thread()
