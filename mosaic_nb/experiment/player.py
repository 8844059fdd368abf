"""What plays trials of a lane, whichever way it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from mosaic_nb.errors import MosaicError
from mosaic_nb.experiment.job import Played


class Lost(MosaicError):
    """A worker was lost with all that it had not written: its trials are to be played again."""


class Player(Protocol):
    """Plays trials of one lane, one after another, in workers of its own."""

    async def play(self, trials: Sequence[int], place: Path) -> list[Played]:
        """Play trials into a part of their own in a folder, and return their episodes.

        Raises:
            Lost: a worker was lost with them.
            RecordingFailed: the disk refused.
            MosaicError: a worker could not be started at all.
        """

    @property
    def ready(self) -> bool:
        """Whether its workers have started."""

    def pids(self) -> Iterator[int]:
        """Give the process ids of its workers that run."""

    async def close(self) -> None:
        """End the workers."""
