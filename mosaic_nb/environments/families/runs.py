"""Covers cells of a grid with straight runs, so that a long wall is told in one phrase."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Cell = tuple[int, int]


class Run(NamedTuple):
    """Cells in a straight line, from the first to the last."""

    first: Cell
    last: Cell


def runs(cells: Iterable[Cell]) -> list[Run]:
    """Return runs along rows or columns that cover exactly these cells, each cell once, the longest runs first."""
    left = set(cells)
    found = []
    while left:
        run = max((_run(cell, step, left) for cell in sorted(left) for step in ((0, 1), (1, 0))), key=len)
        left.difference_update(run)
        found.append(Run(run[0], run[-1]))
    return found


def _run(cell: Cell, step: Cell, among: set[Cell]) -> list[Cell]:
    run = []
    while cell in among:
        run.append(cell)
        cell = (cell[0] + step[0], cell[1] + step[1])
    return run
