"""PettingZoo's butterfly games: what knights, archers, zombies leave over, and what each agent sees."""

from __future__ import annotations

from typing import Any

import numpy as np


def prepare(environment: Any, seed: int) -> None:  # noqa: ARG001 - nothing is drawn here
    """Begin the wait for the first zombie anew, which reset forgets."""
    interval = getattr(environment, "zombie_spawn_interval", None)
    if interval is not None:
        interval.reset()


def frame(environment: Any, agent: str) -> Any:
    """Return what an agent sees where its observation is a picture: half a court, or its part of the row."""
    seen = environment.observe(agent)
    return seen if isinstance(seen, np.ndarray) and seen.dtype == np.uint8 and seen.ndim == 3 else None


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - told from the game
    """Return where the other fighters and the zombies are, in pixels; None in the games of pictures."""
    return _battle(environment, agent) if hasattr(environment, "zombie_list") else None


def _battle(environment: Any, agent: str) -> str:
    me = environment.agent_map[agent]
    others = [
        f"{name} {_place(me, other)}"
        for name, other in environment.agent_map.items()
        if name != agent and other.is_alive
    ]
    zombies = [_place(me, zombie) for zombie in environment.zombie_list]
    x, y = (round(float(number), 2) for number in me.direction)
    return (
        f"You look toward ({x:g}, {y:g}), x to the right and y down. Zombies: {'; '.join(zombies) or 'none'}. "
        f"Others: {'; '.join(others) or 'none'}."
    )


def _place(me: Any, other: Any) -> str:
    across, along = other.rect.centerx - me.rect.centerx, other.rect.centery - me.rect.centery
    return (
        f"{abs(across)} {'right' if across > 0 else 'left'} and {abs(along)} {'down' if along > 0 else 'up'}"
    )
