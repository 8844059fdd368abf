"""What an arena shows of itself and leaves behind: the widget, the picture in a saved notebook, files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mosaic_nb.scheduler.conductor import Conductor
from mosaic_nb.scheduler.thread import SchedulerThread

if TYPE_CHECKING:
    from mosaic_nb.view import Exporter, Grid, Keepsake


class Shown:
    """The part of an arena that is looked at; the view is imported when it is first asked for."""

    _conductor: Conductor
    _thread: SchedulerThread
    _grid: Grid | None = None
    _keepsake: Keepsake | None = None

    @property
    def view(self) -> Grid:
        """The widget, made at its first use; ``view.stats()`` tells what it has sent."""
        if self._grid is None:
            from mosaic_nb.view import Grid

            grid = self._grid = Grid(self._conductor, self._exporter())
            self._conductor.attended = lambda: grid.front_end
        return self._grid

    def save_html(
        self,
        path: str | Path,
        *,
        first: int | None = None,
        last: int | None = None,
        every: int = 1,
        max_bytes: float = 100e6,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Write the past as one HTML file with a player: no kernel, no network, nothing beside it.

        Moments count from 0, the first reset; every reset and every tick is one more. A moment costs a few hundred
        bytes per lane and its pictures, about 4 KB each where a grid is drawn (PNG, exact) and up to 30 KB where they
        look like photographs (JPEG of quality 80); equal pictures are kept once. What nobody has seen is played again.

        Args:
            path: the file; an older one is replaced.
            first, last: the moments it begins and ends with; by default all that can be gone back to.
            every: of so many moments one is kept.
            max_bytes: what the file may have.
            progress: called with how many moments are done, and how many there are.

        Returns:
            The file's path.

        Raises:
            ValueError: there are no such moments, or the file would become larger than ``max_bytes``.
        """
        return _write(path, self._exporter().html(first, last, every, max_bytes, progress))

    def save_gif(
        self,
        path: str | Path,
        *,
        first: int | None = None,
        last: int | None = None,
        every: int = 1,
        speed: float | None = None,
        scale: float = 1.0,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:
        """Write the past as a GIF: the lanes side by side, one palette for all, the last frame held for 1.5 s.

        A frame of four lanes takes about 15 ms to draw and 15 KB to keep.

        Args:
            path: the file; an older one is replaced.
            first, last, every: which moments, as in `save_html`.
            speed: moments a second, at most 50; the arena's speed by default.
            scale: of both sides, 0.1 to 4.
            progress: called with how many moments are done, and how many there are.

        Returns:
            The file's path.

        Raises:
            ValueError: there are no such moments, more than 3,000, or ``speed`` or ``scale`` make no sense.
        """
        return _write(path, self._exporter().gif(first, last, every, speed, scale, progress))

    def save_png(self, path: str | Path) -> Path:
        """Write how things stand as a picture, the one that a saved notebook shows; return the file's path."""
        return _write(path, self._exporter().png())

    def _exporter(self) -> Exporter:
        from mosaic_nb.view import Exporter

        return Exporter(self._conductor, self._thread)

    def _ipython_display_(self) -> None:
        from mosaic_nb.view import Keepsake, publish, renew

        grid, shown = self.view, self._conductor.snapshot()
        publish(grid, shown, self._thread.call(self._conductor.look("png")))
        if self._keepsake is None:
            self._keepsake = Keepsake(self._conductor, partial(renew, grid), lambda: grid.front_end, shown)

    def _leave(self) -> None:
        """Have what is displayed show how it ended, before there is nobody left to ask."""
        if self._keepsake is not None:
            self._keepsake.close()


def _write(path: str | Path, content: bytes) -> Path:
    target = Path(path)
    target.write_bytes(content)
    return target
