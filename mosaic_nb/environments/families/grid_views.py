"""What one of several agents in a grid sees, shared by MultiGrid and MOSAIC's games, which grew out of it.

A view is an array (width, height, 3) of (object, colour, state), turned so that the agent looks to its far edge; the
agent stands in the middle of the near edge, and its own cell holds what it carries.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

COMPASS = ("east", "south", "west", "north")
_SIDE = 224  # pixels
_OUTSIDE = (28, 30, 36)
_HIDDEN = (104, 108, 116)


class Seen(NamedTuple):
    """A cell of a view: how far ahead and to the right it lies, and its code."""

    ahead: int
    right: int
    kind: int
    color: int
    state: int


def player(environment: Any, agent: str) -> Any:
    """Return the environment's own object of an agent that it only counts."""
    return environment.agents[int(agent.rpartition("_")[2])]


def carried(image: Any) -> tuple[int, int]:
    """Return the object and colour that the agent carries; objects 0 and 1 say nothing."""
    kind, color, _ = image[image.shape[0] // 2, -1].tolist()
    return kind, color


def cells(image: Any) -> list[Seen]:
    """Return every cell that is seen but the agent's own, the nearest first."""
    middle, near = image.shape[0] // 2, image.shape[1] - 1
    seen = [
        Seen(near - y, x - middle, *image[x, y].tolist())
        for x, y in np.argwhere(image[..., 0] != 0).tolist()
        if (x, y) != (middle, near)
    ]
    return sorted(seen, key=lambda cell: (abs(cell.ahead) + abs(cell.right), cell))


def is_view(value: Any) -> bool:
    """Tell whether an observation still has the form that these games give it."""
    return isinstance(value, dict) and np.shape(value.get("image", ()))[2:] == (3,) and "direction" in value


def own_view(environment: Any, agent: str) -> Any:
    """Return a picture of what an agent sees, turned as it looks, uint8; what is hidden from it is grey."""
    who = player(environment, agent)
    size, direction = who.view_size, int(who.state.dir)
    ahead = np.array(((1, 0), (0, 1), (-1, 0), (0, -1))[direction])
    right = np.array((-ahead[1], ahead[0]))
    others = {tuple(map(int, one.state.pos)): one for one in environment.agents if not one.state.terminated}
    hidden = environment.gen_obs()[who.index]["image"][..., 0] == 0
    tile = _SIDE // size
    view = np.empty((size * tile, size * tile, 3), dtype=np.uint8)
    for x, y in np.ndindex(size, size):
        place = np.asarray(who.state.pos) + ahead * (size - 1 - y) + right * (x - size // 2)
        drawn = _HIDDEN if hidden[x, y] else _tile(environment.grid, place, others, tile, direction)
        view[y * tile : (y + 1) * tile, x * tile : (x + 1) * tile] = drawn
    return view


def _tile(grid: Any, place: Any, others: dict[tuple[int, ...], Any], size: int, direction: int) -> Any:
    x, y = place.tolist()
    if not (0 <= x < grid.width and 0 <= y < grid.height):
        return _OUTSIDE
    drawn = type(grid).render_tile(grid.get(x, y), agent=others.get((x, y)), tile_size=size)
    return np.rot90(drawn, (direction + 1) % 4)
