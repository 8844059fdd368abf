"""MultiGrid in words, and each agent's own view. The form of an observation: see `grid_views`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mosaic_nb.environments.families.grid_views import COMPASS, Seen, carried, cells, is_view, own_view
from mosaic_nb.environments.families.minigrid import COLORS, OBJECTS, STATES, place

_EMPTY, _AGENT = 1, 10


def prepare(environment: Any, seed: int) -> None:
    """Seed what lays the grid out: MultiGrid keeps a generator of its own for that, which its reset forgets."""
    environment._RandomMixin__np_random = np.random.default_rng(seed)  # noqa: SLF001 - a private name of a mixin


def frame(environment: Any, agent: str) -> Any:
    """Return what an agent sees, turned as it looks, what is hidden from it in grey."""
    return own_view(environment, agent)


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - the observation says it all
    """Return what an agent sees, or None where a wrapper changed the observation's form."""
    if not is_view(value):
        return None
    image = np.asarray(value["image"])
    told = [f"{_name(cell)} {place((cell.ahead, cell.right))}" for cell in cells(image) if _told(cell)]
    kind, color = carried(image)
    carries = "nothing" if kind <= _EMPTY else f"a {COLORS[color]} {OBJECTS[kind]}"
    sees = f"You see: {'; '.join(told)}." if told else "You see nothing but empty cells and walls."
    ahead = next((cell for cell in cells(image) if (cell.ahead, cell.right) == (1, 0)), None)
    blocked = ahead is None or ahead.kind == OBJECTS.index("wall")
    way = " A wall is ahead." if blocked else ""
    mission = f" Mission: {value['mission']}." if value.get("mission") else ""
    return f"You face {COMPASS[int(value['direction'])]}. You carry {carries}. {sees}{way}{mission}"


def _told(cell: Seen) -> bool:
    return cell.kind not in (_EMPTY, OBJECTS.index("wall"))


def _name(cell: Seen) -> str:
    if cell.kind == _AGENT:
        return f"the {COLORS[cell.color]} agent, facing {COMPASS[cell.state]},"
    thing = f"{COLORS[cell.color]} {OBJECTS[cell.kind]}"
    return f"the {STATES[cell.state]} {thing}" if OBJECTS[cell.kind] == "door" else f"a {thing}"
