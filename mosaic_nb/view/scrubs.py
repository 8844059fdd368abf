"""Moments of the past that front ends ask for: each gets the newest it asked for, one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mosaic_nb.scheduler.snapshot import Controls, Recollection


class Scrubs:
    """Asks an arena on behalf of several front ends; from any thread.

    Args:
        controls: the arena, which answers only the newest of what it is asked.
        show: sends a front end its moment.
    """

    def __init__(self, controls: Controls, show: Callable[[str, Recollection], None]) -> None:
        self._controls = controls
        self._show = show
        self._lock = threading.Lock()
        self._wanted: dict[str, int] = {}
        self._asking: str | None = None
        self._asked = 0

    def want(self, view: str, moment: int) -> None:
        """A front end wants to see a moment, and none that it asked for before."""
        with self._lock:
            if self._asking not in (None, view):
                self._wanted[view] = moment
                return
            self._ask(view, moment)

    def leave(self, view: str) -> None:
        """A front end is gone: nobody waits for its moment."""
        with self._lock:
            self._wanted.pop(view, None)

    def _ask(self, view: str, moment: int) -> None:
        self._asking = view
        self._asked += 1
        number = self._asked
        self._controls.recall(moment, lambda recollection: self._answer(number, view, recollection))

    def _answer(self, number: int, view: str, recollection: Recollection) -> None:
        self._show(view, recollection)
        with self._lock:
            if number != self._asked:  # the same front end has asked for a newer one meanwhile
                return
            self._asking = next(iter(self._wanted), None)
            if self._asking is not None:
                self._ask(self._asking, self._wanted.pop(self._asking))
