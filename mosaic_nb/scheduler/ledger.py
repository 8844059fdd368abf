"""The rows of a tick, kept until all of them are written at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from mosaic_nb.protocol import messages
from mosaic_nb.scheduler import rows
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.rows import Row


class Book(Protocol):
    """Where rows are written: a `mosaic_nb.recording.Recorder`, or what collects them for later."""

    def write(
        self,
        *,
        steps: Sequence[Any] = (),
        episodes: Sequence[Any] = (),
        calls: Sequence[Any] = (),
        events: Sequence[Any] = (),
    ) -> None:
        """Take rows: tuples in column order, without ``run``."""

    def blob(self, data: bytes | str) -> str:
        """Store a text or an image, and return its hash."""


class Ledger:
    """Keeps rows by table.

    Args:
        recorder: where they are written.
    """

    def __init__(self, recorder: Book) -> None:
        self._recorder = recorder
        self._clear()

    def _clear(self) -> None:
        self.steps: list[Row] = []
        self.episodes: list[Row] = []
        self.calls: list[Row] = []
        self.events: list[Row] = []

    def keep_calls(self, lane: Lane, agent: str, calls: Sequence[messages.Call], step: int | None) -> None:
        """Keep a row for each call of a model; prompts, replies and images go to disk at once, by hash."""
        for call in calls:
            hashes = (
                self._recorder.blob(call.prompt),
                self._recorder.blob(call.reply),
                [self._recorder.blob(image) for image in call.images],
            )
            self.calls.append(rows.of_call(lane, call, agent, step, hashes))

    def write(self) -> None:
        """Put the rows on disk."""
        if self.steps or self.events or self.episodes or self.calls:
            self._recorder.write(
                steps=self.steps, episodes=self.episodes, calls=self.calls, events=self.events
            )
            self._clear()
