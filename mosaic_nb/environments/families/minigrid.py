"""MiniGrid's and BabyAI's observations in words.

An observation encodes every cell as (object, colour, state); index [x, y] counts from the view's left and far end.
In the usual partial view the agent stands in the middle of the near edge and faces away from it, and its own cell
holds what it carries. A full view (``FullyObsWrapper``) holds the agent itself, with its direction as state.
Encoding: ``minigrid/core/constants.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mosaic_nb.environments.families import layouts
from mosaic_nb.environments.families.runs import Cell, Run, runs

OBJECTS = ("unseen", "empty", "wall", "floor", "door", "key", "ball", "box", "goal", "lava", "agent")
COLORS = ("red", "green", "blue", "purple", "yellow", "grey")
STATES = ("open", "closed", "locked")
COMPASS = ("east", "south", "west", "north")
FORWARD = ((1, 0), (0, 1), (-1, 0), (0, -1))

_UNSEEN, _EMPTY, _AGENT = OBJECTS.index("unseen"), OBJECTS.index("empty"), OBJECTS.index("agent")
_FREE = frozenset({"empty", "floor", "goal"})
_EXTENDED = frozenset({"wall", "lava", "floor"})
"""What fills many cells, and is told as a stretch from one cell to another."""


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - the observation says it all
    """Return an observation in words, or None where it is not MiniGrid's encoding.

    Args:
        value: a dict with ``image``, uint8 (width, height, 3), and where given ``direction`` and ``mission``.
        environment, agent: unused.
    """
    if not isinstance(value, dict) or not _is_encoding(value.get("image")):
        return None
    image = np.asarray(value["image"])
    agents = np.argwhere(image[..., 0] == _AGENT)
    if len(agents) > 1:
        return None
    sentences = _from_above(image, tuple(agents[0])) if len(agents) else _from_within(image, value)
    if value.get("mission"):
        sentences.append(f"Mission: {value['mission']}.")
    return " ".join(sentences)


def frame(environment: Any, agent: str) -> Any:  # noqa: ARG001 - there is one
    """Return what the agent sees, uint8 (7 * tile, 7 * tile, 3) for the usual view of 7 cells."""
    return environment.get_pov_render(environment.tile_size)


def start(environment: Any, text: str) -> Any:
    """Set up a layout, see `layouts`; returns the observation."""
    return layouts.set_up(environment, text)


def goal(environment: Any) -> str | None:
    """Return the mission where it is the same in every episode, else None: the observation's text tells it."""
    space: Any = getattr(environment.observation_space, "spaces", {}).get("mission")
    if type(space).__name__ != "MissionSpace" or space.ordered_placeholders:
        return None
    mission: str = space.mission_func()
    return f"{mission[0].upper()}{mission[1:]}, in as few steps as possible." if mission else None


def cells(image: Any, position: tuple[int, int], direction: int) -> dict[Cell, str]:
    """Return what every seen cell but the agent's own holds, in words, by its place (steps ahead, steps right).

    Args:
        image: uint8 (width, height, 3).
        position: the agent's [x, y] in the image; ``direction``: where it faces in it, 0 right to 3 up.
    """
    forward_x, forward_y = FORWARD[direction]
    places = {}
    for x, y in np.argwhere(image[..., 0] != _UNSEEN).tolist():
        dx, dy = x - position[0], y - position[1]
        if dx or dy:
            cell = (dx * forward_x + dy * forward_y, dy * forward_x - dx * forward_y)
            places[cell] = _name(*image[x, y].tolist())
    return places


def _from_within(image: Any, value: dict[str, Any]) -> list[str]:
    middle, near = image.shape[0] // 2, image.shape[1] - 1
    carried = image[middle, near].tolist()
    facing = f"You face {COMPASS[int(value['direction'])]}. " if "direction" in value else ""
    carries = "nothing" if carried[0] in (_UNSEEN, _EMPTY) else _article(_name(*carried))
    return [f"{facing}You carry {carries}.", *_seen(cells(image, (middle, near), 3))]


def _from_above(image: Any, position: tuple[int, int]) -> list[str]:
    direction = int(image[position][2])
    return [f"You face {COMPASS[direction]}.", *_seen(cells(image, position, direction))]


def _seen(places: dict[Cell, str]) -> list[str]:
    things = {cell: name for cell, name in places.items() if name != "empty"}
    told = [(run, name) for name in sorted(set(things.values())) for run in _stretches(things, name)]
    told.sort(key=lambda one: (one[1].split()[-1] in _EXTENDED, _distance(one[0].first), one[0]))
    listed = "; ".join(_tell(run, name) for run, name in told)
    return [f"You see: {listed}." if told else "You see nothing but empty cells.", _way_ahead(places)]


def _stretches(things: dict[Cell, str], name: str) -> list[Run]:
    where = {cell for cell, other in things.items() if other == name}
    if name.rsplit(maxsplit=1)[-1] in _EXTENDED:
        return runs(where)
    return [Run(cell, cell) for cell in where]


def _tell(run: Run, name: str) -> str:
    if run.first == run.last:
        return f"{_article(name)} {place(run.first)}"
    return f"{_article(name)} from {place(run.first)} to {place(run.last)}"


def _way_ahead(places: dict[Cell, str]) -> str:
    steps = 0
    while (there := places.get((steps + 1, 0))) is not None and _enterable(there):
        steps += 1
    return f"The way ahead is free for {_count(steps)}." if steps else "The way ahead is not free."


def _enterable(name: str) -> bool:
    return name.rsplit(maxsplit=1)[-1] in _FREE or (name.startswith("open") and name.endswith("door"))


def _name(kind: int, color: int, state: int) -> str:
    thing, hue = OBJECTS[kind], COLORS[color]
    if thing in ("empty", "lava") or (thing, hue) == ("wall", "grey"):
        return thing
    return f"{STATES[state]} {hue} door" if thing == "door" else f"{hue} {thing}"


def _article(name: str) -> str:
    if name == "lava":
        return name
    return f"an {name}" if name.startswith("open") else f"a {name}"


def place(cell: Cell) -> str:
    """Return where a cell lies, seen from the agent: (steps ahead, steps right) in words."""
    ahead, right = cell
    along = f"{_count(abs(ahead))} {'ahead' if ahead > 0 else 'behind'}" if ahead else ""
    side = "to the right" if right > 0 else "to the left"
    if not right:
        return along
    return f"{along} and {abs(right)} {side}" if along else f"{_count(abs(right))} {side}"


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"


def _distance(cell: Cell) -> int:
    return abs(cell[0]) + abs(cell[1])


def _is_encoding(image: Any) -> bool:
    """Tell an encoded view from a picture: the numbers of an encoding are small."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        return False
    return bool(np.all(image.max(axis=(0, 1)) < (len(OBJECTS), len(COLORS), len(FORWARD))))
