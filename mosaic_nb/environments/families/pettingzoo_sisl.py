"""Pursuit's own views: what each pursuer sees of the grid."""

from __future__ import annotations

from typing import Any

import numpy as np

_CELL = 32
_WALL, _FLOOR = (70, 74, 84), (244, 242, 236)
_PURSUERS, _EVADERS = (196, 78, 66), (58, 108, 172)


def frame(environment: Any, agent: str) -> Any:
    """Return a pursuer's 7 x 7 cells in colours: walls grey, pursuers red, evaders blue; None in other games."""
    if not _is_pursuit(environment):
        return None
    seen = environment.observe(agent)
    cells = np.full((*seen.shape[:2], 3), _FLOOR, dtype=np.uint8)
    for layer, color in enumerate((_WALL, _PURSUERS, _EVADERS)):
        cells[seen[..., layer] > 0] = color
    drawn = cells.swapaxes(0, 1).repeat(_CELL, axis=0).repeat(_CELL, axis=1)
    drawn[::_CELL] = drawn[:, ::_CELL] = (216, 214, 206)
    return drawn


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - the observation says it all
    """Return where a pursuer sees others and evaders, counted from itself; None in other games."""
    if not _is_pursuit(environment):
        return None
    middle = value.shape[0] // 2
    told = []
    for layer, name in ((2, "evader"), (1, "pursuer"), (0, "wall")):
        places = [(int(x) - middle, int(y) - middle) for x, y in np.argwhere(value[..., layer] > 0)]
        others = [place for place in places if place != (0, 0)] if layer == 1 else places
        listed = "; ".join(_place(*place) for place in sorted(others, key=lambda p: abs(p[0]) + abs(p[1])))
        told.append(f"{name}s: {listed}." if others else f"No {name} in sight.")
    return " ".join(told)


def _is_pursuit(environment: Any) -> bool:
    return type(environment).__module__.endswith(".pursuit")


def _place(x: int, y: int) -> str:
    across = f"{abs(x)} {'right' if x > 0 else 'left'}" if x else ""
    along = f"{abs(y)} {'down' if y > 0 else 'up'}" if y else ""
    return " and ".join(filter(None, (across, along))) or "here"
