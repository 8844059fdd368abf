"""Games of two in which a full line wins: look ahead, with a count of the lines still open where sight ends."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import gymnasium
import numpy as np

from experts.base import Expert
from mosaic_nb.worker import Episode, Observation

_WON = 1_000_000
_WORTH = (0, 1, 8, 64, 512)
"""What a line is worth with so many of one's own stones and none of the other's."""


class LineGame(Expert):
    """Wins where it can, blocks where it must, and else does what is best so many moves ahead.

    Of moves that are equally good the decision's seed picks one, so that episodes differ. A board is two sets of
    stones, each an integer with a bit per cell, row by row.

    Attributes:
        shape: rows and columns; ``length``: stones in a full line.
        depth: how many moves it looks ahead.
    """

    shape: ClassVar[tuple[int, int]]
    length: ClassVar[int]
    depth: int

    def __init__(self, episode: Episode) -> None:
        """Lay out the lines."""
        self._lines = _lines(self.shape, self.length)
        cells = range(self.shape[0] * self.shape[1])
        self._through = [[line for line in self._lines if line >> cell & 1] for cell in cells]

    @abstractmethod
    def cells(self, stones: int) -> dict[int, int]:
        """Return the cell that each legal action would fill, the likeliest good one first."""

    def look_ahead(self, depth: int) -> None:
        """Look so many moves ahead."""
        self.depth = depth

    def act(self, observation: Observation) -> int:
        """Return the next action."""
        mine, theirs = (_stones(observation.value["observation"][:, :, plane]) for plane in (0, 1))
        cells = self.cells(mine | theirs)
        for stones in (mine, theirs):
            urgent = {action: cell for action, cell in cells.items() if self._completes(stones, cell)}
            if urgent:
                cells = urgent
                break
        best, most = list[int](), -_WON
        for action, cell in cells.items():
            value = self._value(mine, theirs, cell, self.depth, most - 1, _WON)
            if value > most:
                best, most = [], value
            if value == most:
                best.append(action)
        return best[observation.seed % len(best)]

    def _completes(self, stones: int, cell: int) -> bool:
        stones |= 1 << cell
        return any(stones & line == line for line in self._through[cell])

    def _value(self, mine: int, theirs: int, cell: int, depth: int, least: int, most: int) -> int:
        """Return what it is worth to fill a cell: exactly between ``least`` and ``most``, outside of them a bound.

        Sooner wins are worth more, and later losses.
        """
        if self._completes(mine, cell):
            return _WON - 100 + depth
        mine |= 1 << cell
        cells = self.cells(mine | theirs)
        if not cells:
            return 0
        if depth <= 1:
            return self._prospects(mine, theirs)
        best = -_WON
        for reply in cells.values():
            best = max(best, self._value(theirs, mine, reply, depth - 1, -most, -least))
            most = min(most, -best)
            if most <= least:
                break
        return -best

    def _prospects(self, mine: int, theirs: int) -> int:
        worth = 0
        for line in self._lines:
            ours, others = mine & line, theirs & line
            if not others:
                worth += _WORTH[ours.bit_count()]
            elif not ours:
                worth -= _WORTH[others.bit_count()]
        return worth


def _lines(shape: tuple[int, int], length: int) -> list[int]:
    """Return every line as the integer of its cells."""
    rows, columns = shape
    found = []
    for row in range(rows):
        for column in range(columns):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                line = [(row + down * i, column + right * i) for i in range(length)]
                if all(0 <= a < rows and 0 <= b < columns for a, b in line):
                    found.append(sum(1 << (a * columns + b) for a, b in line))
    return found


def _stones(plane: np.ndarray) -> int:
    return sum(1 << int(cell) for cell in np.flatnonzero(plane))


def seen_as_planes(episode: Episode, shape: tuple[int, int]) -> bool:
    """Return whether the observation is PettingZoo's: a plane of one's own stones, and one of the other's."""
    space = episode.observation_space
    planes = space.spaces.get("observation") if isinstance(space, gymnasium.spaces.Dict) else None
    return isinstance(planes, gymnasium.spaces.Box) and planes.shape == (*shape, 2)
