"""The four tables of a run, as its users ask for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Tables(ABC):
    """The four tables of a run: the current line, without the rows that a rewind left behind."""

    @property
    def steps(self) -> pd.DataFrame:
        """A row per agent that acted, was rewarded or ended in a step, see ``mosaic_nb.recording.tables.STEPS``."""
        return self._current("steps")

    @property
    def episodes(self) -> pd.DataFrame:
        """A row per episode of a lane that has ended, or was cut short."""
        return self._current("episodes")

    @property
    def calls(self) -> pd.DataFrame:
        """A row per call of a language model."""
        return self._current("calls")

    @property
    def events(self) -> pd.DataFrame:
        """A row per thing that happened to a lane and is no step: begin, failure, swap, rewind, ...

        Rewinds, and who took a seat when, are never left behind.
        """
        return self._current("events")

    @property
    @abstractmethod
    def all_branches(self) -> AllBranches:
        """The same four tables with every row: ``run.all_branches.steps``."""

    @abstractmethod
    def _current(self, name: str) -> pd.DataFrame:
        """Return a table's rows on the current line."""


class AllBranches(Tables):
    """The four tables of a run with every row that was ever recorded, also those that a rewind left behind.

    Args:
        frame: returns a table by its name.
    """

    def __init__(self, frame: Callable[[str], pd.DataFrame]) -> None:
        self._frame = frame

    @property
    def all_branches(self) -> AllBranches:
        """Itself."""
        return self

    def _current(self, name: str) -> pd.DataFrame:
        return self._frame(name)
