"""Tic-tac-toe."""

from __future__ import annotations

import gymnasium

from experts.lines import LineGame, seen_as_planes
from mosaic_nb.worker import Episode


class TicTacToe(LineGame):
    """Looks ahead to the end, so it never loses."""

    environments = "PettingZoo's tic-tac-toe"
    shape = (3, 3)
    length = 3
    depth = 9

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether the spaces are tic-tac-toe's."""
        return episode.action_space == gymnasium.spaces.Discrete(9) and seen_as_planes(episode, cls.shape)

    def cells(self, stones: int) -> dict[int, int]:
        """Return the free cells, each its own action."""
        return {cell: cell for cell in (4, 0, 2, 6, 8, 1, 3, 5, 7) if not stones >> cell & 1}
