"""MiniGrid's grids from text, written as MiniGrid itself prints them.

A cell is two characters: the thing and its colour's initial, as in ``WG`` (a grey wall), ``KY`` (a yellow key), ``AB``
(a blue ball), ``BR`` (a red box), ``GG`` (the goal), ``V`` and any letter for lava; ``DY`` is a closed door, ``LY`` a
locked one, ``__`` an open one; two spaces or ``..`` are an empty cell; ``>>``, ``VV``, ``<<``, ``^^`` the agent. The
initial G means grey for walls and floors, green for all else; E always means grey.
"""

from __future__ import annotations

import textwrap
from typing import Any

_COLORS = {"R": "red", "G": "green", "B": "blue", "P": "purple", "Y": "yellow", "E": "grey"}
_AGENT = {">>": 0, "VV": 1, "<<": 2, "^^": 3}
_EMPTY = ("  ", "..")


def set_up(environment: Any, layout: str) -> Any:
    """Put things and agent where a layout has them, and return what the agent then observes.

    Raises:
        ValueError: it is no layout of this environment; the text says where.
    """
    from minigrid.core.grid import Grid

    _require_free(environment)
    rows = _cells(layout, environment.width, environment.height)
    grid, agents = Grid(environment.width, environment.height), []
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            if cell in _AGENT:
                agents.append((x, y, _AGENT[cell]))
            elif cell not in _EMPTY:
                grid.set(x, y, _thing(cell, x, y))
    if len(agents) != 1:
        raise ValueError(f"it has {len(agents)} agents instead of one, written >>, VV, << or ^^")
    ((column, line, direction),) = agents
    environment.grid, environment.carrying = grid, None
    environment.agent_pos, environment.agent_dir = (column, line), direction
    return environment.gen_obs()


def _require_free(environment: Any) -> None:
    """Refuse an environment whose goal hangs on a thing of its own grid."""
    from minigrid.core.world_object import WorldObj

    held = [
        name
        for name, value in vars(environment).items()
        if name == "instrs" or (name != "carrying" and isinstance(value, WorldObj))
    ]
    if held:
        raise ValueError(
            f"what is wanted in {type(environment).__name__} hangs on a thing of its own grid ({held[0]}), which a "
            "layout would replace"
        )


def _cells(layout: str, width: int, height: int) -> list[list[str]]:
    lines = textwrap.dedent(layout).strip("\r\n").splitlines()
    wide = max((len(line) for line in lines), default=0)
    if len(lines) != height or wide != 2 * width:
        raise ValueError(
            f"it has {len(lines)} rows of {wide / 2:g} cells, and the grid {height} of {width}, two characters each"
        )
    return [[line.ljust(wide)[at : at + 2] for at in range(0, wide, 2)] for line in lines]


def _thing(cell: str, x: int, y: int) -> Any:
    from minigrid.core import world_object

    things: Any = world_object
    kind, initial = cell[0], cell[1]
    color = "grey" if (kind in "WF" and initial == "G") else _COLORS.get(initial)
    if cell == "__":
        return things.Door("grey", is_open=True)
    if kind == "V":
        return things.Lava()
    makers = {"W": things.Wall, "F": things.Floor, "K": things.Key, "A": things.Ball, "B": things.Box}
    made: Any = None
    if color is not None and kind in "DL":
        made = things.Door(color, is_locked=kind == "L")
    elif color is not None and kind in makers:
        made = makers[kind](color)
    elif cell == "GG":
        made = things.Goal()
    if made is None:
        raise ValueError(f"{cell!r} in column {x}, row {y} is nothing known")
    made.init_pos = made.cur_pos = (x, y)
    return made
