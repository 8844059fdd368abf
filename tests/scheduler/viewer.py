"""A viewer without a widget: it waits for what an arena should come to."""

from __future__ import annotations

import threading
from typing import Any

import mosaic_nb as mnb
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot


class Viewer:
    """Watches an arena, as a front end that is there; keeps every snapshot."""

    def __init__(self, arena: mnb.Arena) -> None:
        self.last: Snapshot | None = None
        self.seen: list[Snapshot] = []
        self._news = threading.Condition()
        self.controls = arena._conductor
        arena._conductor.attended = lambda: True
        arena._conductor.watch(self._show)

    def _show(self, snapshot: Snapshot) -> None:
        with self._news:
            self.last = snapshot
            self.seen.append(snapshot)
            self._news.notify_all()

    def until(self, wanted: Any) -> Snapshot:
        """Wait until the newest snapshot is as wanted, and return it."""
        with self._news:
            assert self._news.wait_for(lambda: self.last is not None and wanted(self.last), 20), self.last
            assert self.last is not None
            return self.last


def lane(snapshot: Snapshot, name: str) -> LaneView:
    """Return a lane by name."""
    return next(view for view in snapshot.lanes if view.name == name)


def seat(snapshot: Snapshot, name: str) -> SeatView:
    """Return the first seat of a lane."""
    return lane(snapshot, name).seats[0]
