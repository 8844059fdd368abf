"""Connect four."""

from __future__ import annotations

import gymnasium

from experts.lines import LineGame, seen_as_planes
from mosaic_nb.worker import Episode

_ROWS, _COLUMNS = 6, 7
_FROM_THE_MIDDLE = (3, 2, 4, 1, 5, 0, 6)


class ConnectFour(LineGame):
    """Never misses a win or a block; looks five moves ahead."""

    environments = "PettingZoo's connect four"
    shape = (_ROWS, _COLUMNS)
    length = 4
    depth = 5

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether the spaces are connect four's."""
        return episode.action_space == gymnasium.spaces.Discrete(_COLUMNS) and seen_as_planes(
            episode, cls.shape
        )

    def cells(self, stones: int) -> dict[int, int]:
        """Return the cell that a stone falls to, by column."""
        falls = {}
        for column in _FROM_THE_MIDDLE:
            cell = (_ROWS - 1) * _COLUMNS + column
            while cell >= 0 and stones >> cell & 1:
                cell -= _COLUMNS
            if cell >= 0:
                falls[column] = cell
        return falls
