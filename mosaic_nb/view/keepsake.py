"""Keeps the still that a notebook saves up to date: it shows how things stood when the arena last rested."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import Controls, Snapshot
from mosaic_nb.view import still

REST = 1.0
"""Seconds without a change after which a new still is due."""

_PATIENCE = 5.0
"""Seconds that pictures may take; an arena that cannot give them keeps the still it has."""

_RESTING = ("idle", "waiting")


class Keepsake:
    """Renews a still whenever the arena rests, on a thread that lives for that alone.

    Args:
        controls: the arena.
        renew: what puts a new still in place of the old one.
        attended: whether a front end is there. Where none is, an executed notebook is to stay as it was written:
            updates arrive in it late and in no order.
        shown: what the still shows already.
    """

    def __init__(
        self,
        controls: Controls,
        renew: Callable[[Snapshot, Mapping[str, Picture]], None],
        attended: Callable[[], bool],
        shown: Snapshot,
    ) -> None:
        self._controls = controls
        self._renew = renew
        self._attended = attended
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._newest = shown
        self._changed_at = 0.0
        self._timer: threading.Timer | None = None
        self._kept = _content(shown)
        self._closed = False
        self._unwatch = controls.watch(self._note)

    def close(self) -> None:
        """Draw the last still now, and none after it; closing again does nothing."""
        with self._lock:
            closed, self._closed = self._closed, True
            if self._timer is not None:
                self._timer.cancel()
        if not closed:
            self._unwatch()
            self._draw()

    def _note(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._newest, self._changed_at = snapshot, time.monotonic()
            if self._timer is None and self._is_due():
                self._wait(REST)

    def _is_due(self) -> bool:
        return self._newest.phase in _RESTING and not self._closed and self._attended()

    def _wait(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._awake)
        self._timer.daemon = True
        self._timer.start()

    def _awake(self) -> None:
        with self._lock:
            self._timer = None
            if not self._is_due():
                return
            left = self._changed_at + REST - time.monotonic()
            if left > 0:
                self._wait(left)
                return
        self._draw()

    def _draw(self) -> None:
        with self._drawing:
            newest = self._newest
            if not self._attended() or _content(newest) == self._kept:
                return
            pictures = self._pictures()
            if pictures is not None:
                self._renew(newest, pictures)
                self._kept = _content(newest)

    def _pictures(self) -> Mapping[str, Picture] | None:
        found: list[Mapping[str, Picture]] = []
        arrived = threading.Event()

        def take(pictures: Mapping[str, Picture]) -> None:
            found.append(pictures)
            arrived.set()

        self._controls.pictures("png", take)
        return found[0] if arrived.wait(_PATIENCE) else None


def _content(snapshot: Snapshot) -> tuple[Any, ...]:
    """What a still shows of a snapshot."""
    return still.table(snapshot), *(lane.frame for lane in snapshot.lanes)
