"""Files of an arena's past, for its methods and for the widget's Export button alike."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Protocol

from mosaic_nb.errors import MosaicError
from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import History, Recollection, Snapshot
from mosaic_nb.scheduler.thread import SchedulerThread
from mosaic_nb.view import still
from mosaic_nb.view.export import page
from mosaic_nb.view.film import Film
from mosaic_nb.view.gif import MOST_FRAMES, gif

MOST_BYTES = 100_000_000
"""What an exported page may have unless more is allowed: browsers open it at once, mail may refuse it."""

Progress = Callable[[int, int], None]
"""Called with how many moments are done, and how many there are."""

_MIMES = {"html": "text/html", "gif": "image/gif", "png": "image/png"}


class Filmed(Protocol):
    """What has a past to export: an arena's conductor."""

    def snapshot(self) -> Snapshot:
        """How things stand."""

    def history(self, done: Callable[[History], None]) -> None:
        """See `Controls.history`."""

    async def look(self, format: str) -> Mapping[str, Picture]:
        """Every lane's picture."""

    def film(self, first: int, last: int) -> AsyncGenerator[Recollection, None]:
        """Every moment from first to last, in order."""


class Exporter:
    """Makes files; what composes them runs on the caller's thread, never on the scheduler's.

    Args:
        filmed: whose past.
        thread: where its coroutines run.
    """

    def __init__(self, filmed: Filmed, thread: SchedulerThread) -> None:
        self._filmed = filmed
        self._thread = thread
        self._makers: dict[str, Callable[[], bytes]] = {"html": self.html, "gif": self.gif, "png": self.png}

    def html(
        self,
        first: int | None = None,
        last: int | None = None,
        every: int = 1,
        max_bytes: float = MOST_BYTES,
        progress: Progress | None = None,
    ) -> bytes:
        """Return the page that plays the moments; see `mosaic_nb.Arena.save_html`."""
        history = self._history()
        film = Film(max_bytes)
        for recollection in self._moments(history, first, last, every, progress):
            film.add(recollection)
        return page(film, history).encode()

    def gif(
        self,
        first: int | None = None,
        last: int | None = None,
        every: int = 1,
        speed: float | None = None,
        scale: float = 1.0,
        progress: Progress | None = None,
    ) -> bytes:
        """Return the moments as a GIF; see `mosaic_nb.Arena.save_gif`."""
        history = self._history()
        chosen = range(*_bounds(history, first, last, every), every)
        if len(chosen) > MOST_FRAMES:
            raise ValueError(
                f"a GIF of {len(chosen)} frames would be too large (at most {MOST_FRAMES}); take a part, first=..., "
                f"last=..., or fewer of them, every={every * -(-len(chosen) // MOST_FRAMES)}"
            )
        return gif(list(self._moments(history, first, last, every, progress)), speed=speed, scale=scale)

    def png(self) -> bytes:
        """Return the picture of how things stand, or stood when the arena was closed."""
        snapshot = self._filmed.snapshot()
        if snapshot.phase != "closed":
            return still.picture(snapshot, self._thread.call(self._look()))
        history = self._history()
        (end,) = self._moments(history, history.last, history.last, 1, None)
        return still.picture(end.snapshot, end.pictures)

    def __call__(
        self, kind: str, done: Callable[[str, str, bytes], None], failed: Callable[[str], None]
    ) -> None:
        """Make a file on a thread of its own: ``done`` gets its name, MIME type and content, ``failed`` the reason.

        Args:
            kind: ``"html"``, ``"gif"`` or ``"png"``.
        """

        def work() -> None:
            try:
                content = self._maker(kind)()
            except (MosaicError, ValueError, OSError) as error:
                failed(f"no file was made: {error}")
            else:
                done(f"{self._stem()}.{kind}", _MIMES[kind], content)

        threading.Thread(target=work, name="mosaic-nb export", daemon=True).start()

    def _maker(self, kind: str) -> Callable[[], bytes]:
        if kind not in self._makers:
            raise ValueError(f"{kind!r} is none of {', '.join(self._makers)}")
        return self._makers[kind]

    def _stem(self) -> str:
        """A file's name that every system takes, whatever the environment is called."""
        title = self._filmed.snapshot().title
        safe = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in title)
        return "-".join(filter(None, safe.split("-")))[:60] or "arena"

    def _history(self) -> History:
        found: Future[History] = Future()
        self._filmed.history(found.set_result)
        return found.result()

    async def _look(self) -> Mapping[str, Picture]:
        return await self._filmed.look("png")

    def _moments(
        self, history: History, first: int | None, last: int | None, every: int, progress: Progress | None
    ) -> Iterator[Recollection]:
        start, stop = _bounds(history, first, last, every)
        film = self._filmed.film(start, stop - 1)

        async def following() -> Recollection | None:
            return await anext(film, None)

        done = 0
        try:
            while (recollection := self._thread.call(following())) is not None:
                if done % every == 0 or done == stop - start - 1:
                    yield recollection
                done += 1
                if progress is not None:
                    progress(done, stop - start)
        finally:
            self._thread.call(film.aclose())


def _bounds(history: History, first: int | None, last: int | None, every: int) -> tuple[int, int]:
    """The first moment and the one after the last."""
    start = history.first if first is None else first
    end = history.last if last is None else last
    if not history.first <= start <= end <= history.last:
        raise ValueError(
            f"there are moments from {history.first} to {history.last}: none from {start} to {end}"
        )
    if every < 1:
        raise ValueError(f"every must be at least 1, not {every}")
    return start, end + 1
