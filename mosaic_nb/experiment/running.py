"""An experiment that is under way: on the scheduler's thread, while whoever started it waits, watches or works on."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import warnings
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

from mosaic_nb.errors import MosaicError
from mosaic_nb.experiment.executors import Execution, Executor
from mosaic_nb.experiment.job import Folders, Job, Played
from mosaic_nb.experiment.progress import Board, Progress
from mosaic_nb.experiment.store import Store
from mosaic_nb.replay import Run, open_run
from mosaic_nb.scheduler.thread import scheduler_thread

_EVERY = 0.5
"""Seconds between two looks of a display."""


class Unfinished(UserWarning):
    """An experiment ended before everything was played; the same call goes on."""


class LaneStopped(MosaicError):
    """A lane failed, and the experiment was told to stop it then; what was played is kept."""


class Running:
    """An experiment under way; `mosaic_nb.Experiment.start` returns one.

    ``await`` it or call `wait` for the run; displayed in a notebook it shows how far it is.

    Args:
        job: what is played.
        store: its folder, open.
        executor: where it is played.
        budget: seconds after which nothing new is begun, or None.
    """

    def __init__(self, job: Job, store: Store, executor: Executor, budget: float | None = None) -> None:
        self._job = job
        self._store = store
        self._budget = budget
        self._board = Board(job)
        self._stopped: list[Played] = []
        self._used_up = False
        folders = Folders(store.path, store.parts, store.logs)
        self._executor = executor
        self._folders = folders
        self._thread = scheduler_thread()
        self._begun = threading.Event()
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._future = self._thread.start(self._conduct())

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._board.read()

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._store.path

    def ended(self, timeout: float = 0.0) -> bool:
        """Whether it ends, one way or another, within so many seconds."""
        concurrent.futures.wait([self._ended], timeout)
        return self._ended.done()

    def wait(self, timeout: float | None = None) -> Run:
        """Return the run when everything has been played.

        Args:
            timeout: seconds, or None.

        Raises:
            TimeoutError: it has not ended by then, and goes on.
            MosaicError: it could not go on; what was played is kept.
            CancelledError: it was interrupted.
        """
        concurrent.futures.wait([self._ended], timeout)
        if not self._ended.done():
            raise TimeoutError(f"the experiment in {self.path} goes on: {self.progress}")
        try:
            self._future.result()
        except MosaicError as error:
            raise error.with_traceback(None) from None  # its message says all, the way it took here is ours
        return self._result()

    def interrupt(self) -> None:
        """Stop now: what is on disk stays, what is under way is played another time. Returns when all workers ended."""
        self._begun.wait()  # what is cancelled before it has begun never ends
        self._future.cancel()
        concurrent.futures.wait([self._ended])

    def __await__(self) -> Generator[Any, None, Run]:
        return self._awaited().__await__()

    async def _awaited(self) -> Run:
        here = asyncio.wrap_future(self._future)
        while not here.done():
            await asyncio.wait([here], timeout=0.2)  # an idle await cannot be interrupted in a notebook
        here.result()
        return self._result()

    def widget(self) -> Any:
        """Return a widget that can be shown how far it is: `mosaic_nb.view.progress.ProgressView`."""
        from mosaic_nb.view.progress import ProgressView

        return ProgressView(self.path.name, self.progress)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        widget = self.widget()
        display(widget)  # type: ignore[no-untyped-call]
        threading.Thread(
            target=self._keep_showing, args=(widget,), name="mosaic-nb-progress", daemon=True
        ).start()

    def _keep_showing(self, widget: Any) -> None:
        while not self.ended(_EVERY):
            widget.show(self.progress)
        widget.show(self.progress)

    def __repr__(self) -> str:
        return f"<Running in {str(self.path)!r}: {self.progress}>"

    # --- on the scheduler's thread ---------------------------------------------------------------------

    async def _conduct(self) -> None:
        self._begun.set()
        execution: Execution | None = None
        try:
            self._board.recall(self._store.history())
            self._board.enter("running")
            execution = await asyncio.to_thread(self._executor.begin, self._job, self._folders, self._hear)
            alarm = self._set_alarm(execution)
            done = self._store.done()
            await execution.play(unit for unit in self._job.units() if unit not in done)
            if alarm is not None:
                alarm.cancel()
            await self._finish()
        except BaseException as error:
            self._board.enter("stopped" if isinstance(error, asyncio.CancelledError) else "failed")
            raise
        finally:
            if execution is not None:
                await execution.close()
            self._store.release()
            self._ended.set_result(None)

    async def _finish(self) -> None:
        if len(self._store.done()) < self._job.trials * len(self._job.casts):
            self._board.enter("stopped")
            return
        self._board.enter("closing")
        closing = asyncio.ensure_future(asyncio.to_thread(self._store.close))
        try:
            await asyncio.shield(closing)
        except (
            asyncio.CancelledError
        ):  # a few seconds at most, and nothing would be won by leaving it half done
            await closing
        self._board.enter("done")

    def _set_alarm(self, execution: Execution) -> asyncio.TimerHandle | None:
        def ring() -> None:
            self._used_up = True
            execution.stop()

        return None if self._budget is None else self._thread.loop.call_later(self._budget, ring)

    def _hear(self, played: Sequence[Played], part: Path) -> None:
        self._store.note(played, part)
        self._board.hear(played)
        if self._job.stops:
            self._stopped += [each for each in played if each.end == "failed"]

    # --- for whoever waits -----------------------------------------------------------------------------

    def _result(self) -> Run:
        for damaged in self._store.damaged:
            warnings.warn(damaged, stacklevel=3)
        run = open_run(self.path)
        if self._stopped:
            first = self._stopped[0]
            raise LaneStopped(
                f"lane {first.lane!r} was stopped at seed {first.seed} (episode {first.number}): {first.why}"
            )
        if not run.closed:
            progress = self.progress
            why = "its budget is used up" if self._used_up else "it was stopped"
            warnings.warn(
                f"{why}: {progress.done:,} of {progress.total:,} episodes are played; run it again to go on",
                Unfinished,
                stacklevel=3,
            )
        return run
