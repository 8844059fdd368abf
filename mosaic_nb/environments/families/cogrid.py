"""CoGrid's kitchens: its observation spaces, which it leaves out, and what each cook sees in words."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

_MENU = "O onions, = plates, U pot, @ delivery, C counter, numbers cooks"


def make(environment_id: str, render_mode: str | None = None, **options: Any) -> Any:
    """Make a kitchen and add the observation spaces, which are those of a first episode's observations."""
    import cogrid.envs

    made = cogrid.envs.registry.make(environment_id, render_mode=render_mode, **options)
    observations, _ = made.reset(seed=0)
    made.observation_spaces = {
        agent: gymnasium.spaces.Box(_low(seen), _high(seen), np.shape(seen), np.asarray(seen).dtype)
        for agent, seen in observations.items()
    }
    return made


make.metadata = {"render_modes": ["rgb_array"]}  # type: ignore[attr-defined]


def labels(environment: Any, agent: str) -> list[str]:  # noqa: ARG001 - all cooks have the same
    """Return the actions by CoGrid's own names."""
    return list(environment.action_set)


def text(value: Any, environment: Any, agent: str) -> str:  # noqa: ARG001 - the kitchen says it in words
    """Return the kitchen as a map, where the cook stands, faces and what it carries, and where the others are."""
    cooks = {f"agent_{name}": cook for name, cook in environment.env_agents.items()}
    told = [_tell("You are" if name == agent else f"{name} is", cook) for name, cook in cooks.items()]
    mine = list(cooks).index(agent)
    told.insert(0, told.pop(mine))
    rows = "\n".join("".join(map(str, row)) for row in environment.map_with_agents)
    return f"Map ({_MENU}), row 0 first:\n{rows}\n" + " ".join(told)


def _tell(who: str, cook: Any) -> str:
    row, column = (int(number) for number in cook.pos)
    carried = ", ".join(thing.object_id.replace("_", " ") for thing in cook.inventory) or "nothing"
    return f"{who} in row {row}, column {column}, facing {cook.orientation}, carrying {carried}."


def _low(seen: Any) -> Any:
    return 0 if np.asarray(seen).dtype.kind == "u" else -np.inf


def _high(seen: Any) -> Any:
    return 255 if np.asarray(seen).dtype.kind == "u" else np.inf
