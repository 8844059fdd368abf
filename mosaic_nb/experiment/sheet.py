"""The rows of one piece of an experiment, kept until it is over and then put in its part."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mosaic_nb.experiment.job import Played
from mosaic_nb.protocol import messages
from mosaic_nb.protocol.blocks import BlockResult
from mosaic_nb.recording import arrow, folder as files, parts
from mosaic_nb.recording.tables import EPISODES, TABLES

Rows = Sequence[Sequence[Any]]

_AT = {name: place for place, name in enumerate(EPISODES.names[1:])}


class Sheet:
    """Takes rows as a recorder does.

    Args:
        folder: the run's, where texts and pictures of model calls go at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, list[Sequence[Any]]] = {table.name: [] for table in TABLES}

    def write(self, *, steps: Rows = (), episodes: Rows = (), calls: Rows = (), events: Rows = ()) -> None:
        """Take rows: tuples in column order, without ``run``."""
        for name, rows in (("steps", steps), ("episodes", episodes), ("calls", calls), ("events", events)):
            if rows:
                self._rows[name].extend(rows)

    def take(self, other: Sheet) -> None:
        """Take the rows of another sheet too."""
        for name, rows in other._rows.items():
            self._rows[name].extend(rows)

    def __bool__(self) -> bool:
        return bool(self._rows["episodes"])

    def blob(self, data: bytes | str) -> str:
        """Store a text or an image in the run's folder, and return its hash."""
        with files.naming_disk_errors(self._folder, "storing a blob"):
            digest, unsynced = files.store_blob(self._folder, data)
            for path in unsynced:
                files.sync(path)
        return digest

    def played(self) -> list[Played]:
        """Return the episodes that are over."""
        return [
            Played(
                lane=row[_AT["lane"]],
                number=row[_AT["episode"]],
                seed=row[_AT["seed"]],
                length=row[_AT["length"]],
                total=row[_AT["return"]],
                end=row[_AT["end"]],
                seconds=row[_AT["seconds"]],
                why=why,
            )
            for row, why in self._ended()
        ]

    def results(self) -> list[BlockResult]:
        """Return the episodes that are over, as a block tells of them."""
        return [
            BlockResult(
                number=row[_AT["episode"]],
                seed=row[_AT["seed"]],
                length=row[_AT["length"]],
                total=row[_AT["return"]],
                end=row[_AT["end"]],
                success=row[_AT["success"]],
                seconds=row[_AT["seconds"]],
                why=why,
            )
            for row, why in self._ended()
        ]

    def _ended(self) -> Iterator[tuple[Sequence[Any], str]]:
        """Give the row of every episode that is over; of one that failed also why."""
        why = {row[2]: row[8] for row in self._rows["events"] if row[6] in ("failure", "forfeit")}
        for row in self._rows["episodes"]:
            yield row, why.get(row[_AT["episode"]], "") if row[_AT["end"]] == "failed" else ""

    def holds(self, number: int) -> bool:
        """Whether an episode of this number is the last that is over."""
        episodes = self._rows["episodes"]
        return bool(episodes) and episodes[-1][_AT["episode"]] == number

    def lose(self, lane: str, trial: int, number: int, seed: messages.Seed, why: str) -> None:
        """Leave the rows of an episode of which nothing is known but why it could not be played."""
        begun = (
            lane,
            0,
            trial,
            number,
            seed.seed,
            seed.instance,
            0,
            0.0,
            "{}",
            "{}",
            "failed",
            None,
            0.0,
            "",
            None,
        )
        self.write(episodes=[begun], events=[(lane, 0, number, None, "", time.time(), "failure", "", why)])

    def save(self, path: Path) -> None:
        """Put the rows in their part, durably.

        Raises:
            RecordingFailed: the disk refused.
        """
        batches = {table.name: self.batch(table.name) for table in TABLES}
        with files.naming_disk_errors(self._folder, "writing a part"):
            parts.write_part(path, batches)

    def batch(self, name: str) -> parts.Rows:
        """Return the rows of a table as columns."""
        (table,) = (table for table in TABLES if table.name == name)
        return arrow.batch(table, self._rows[name])
