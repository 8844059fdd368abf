"""MOSAIC's team games in words, and each player's own view.

The form of an observation: see `grid_views`. A player who has the ball has 100 added to its direction.
Encoding: ``mosaic_multigrid/core/constants.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mosaic_nb.environments.families.grid_views import (
    COMPASS,
    Seen,
    carried,
    cells,
    is_view,
    own_view,
    player,
)
from mosaic_nb.environments.families.minigrid import place

_OBJECTS = (
    *("unseen", "empty", "wall", "floor", "door", "key", "ball", "box", "goal", "lava", "player"),
    *("goal", "switch", "end zone"),
)
_COLORS = ("red", "green", "blue", "purple", "yellow", "grey")
_EMPTY, _BALL, _PLAYER, _HAS_BALL = 1, 6, 10, 100
_FOOTBALL = ("green", "blue")
"""Football counts its teams from 0, whatever colour it draws them in; the other games by the colours' numbers."""


def side(environment: Any, agent: str) -> tuple[str, str]:
    """Return a player's team, and no role: those are the players' own to choose."""
    return _team(environment, player(environment, agent).team_index), ""


def details(environment: Any) -> str:
    """Return who plays whom, where the goals are, and for how long."""
    teams = [_team(environment, one.team_index) for one in environment.agents]
    counted = " against ".join(f"{teams.count(team)} {team}" for team in dict.fromkeys(teams))
    return f"{counted}; at most {environment.max_steps} steps. {_grounds(environment)}".strip()


def frame(environment: Any, agent: str) -> Any:
    """Return what a player sees, turned as it looks, what is hidden from it in grey."""
    return own_view(environment, agent)


def text(value: Any, environment: Any, agent: str) -> str | None:
    """Return what a player sees, or None where a wrapper changed the observation's form."""
    if not is_view(value):
        return None
    image = np.asarray(value["image"])
    told = [_tell(environment, agent, cell) for cell in cells(image) if cell.kind > _EMPTY]
    has = "have the ball" if carried(image)[0] == _BALL else "do not have the ball"
    sees = f"You see: {'; '.join(told)}." if told else "You see nothing but empty cells."
    column, row = (int(number) for number in player(environment, agent).state.pos)
    return (
        f"You play for {side(environment, agent)[0]}, stand in column {column}, row {row}, face "
        f"{COMPASS[int(value['direction'])]}, and {has}. {sees}{_score(environment)}"
    )


def _tell(environment: Any, agent: str, cell: Seen) -> str:
    return f"{_name(environment, agent, cell)} {place((cell.ahead, cell.right))}"


def _name(environment: Any, agent: str, cell: Seen) -> str:
    kind, color = _OBJECTS[cell.kind], _COLORS[cell.color]
    if cell.kind == _PLAYER:
        mine = color == str(player(environment, agent).color.value)
        ball = " with the ball" if cell.state >= _HAS_BALL else ""
        return f"{'a team mate' if mine else 'an opponent'}{ball}, facing {COMPASS[cell.state % _HAS_BALL]},"
    if cell.kind == _BALL and hasattr(environment, "team_scores"):
        return "the ball"
    return "a wall" if kind == "wall" else f"a {color} {kind}"


def _score(environment: Any) -> str:
    scores = getattr(environment, "team_scores", None)
    if not scores:
        return ""
    return f" Score: {', '.join(f'{_team(environment, team)} {points}' for team, points in scores.items())}."


def _grounds(environment: Any) -> str:
    if _is_football(environment):
        return f"The end zone of green is column 1, of blue column {environment.width - 2}."
    goals = zip(getattr(environment, "goal_pos", ()), getattr(environment, "goal_index", ()), strict=True)
    told = [f"the goal of {_team(environment, team)} is in column {x}, row {y}" for (x, y), team in goals]
    said = "; ".join(told)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _team(environment: Any, number: int) -> str:
    return (_FOOTBALL if _is_football(environment) else _COLORS)[int(number)]


def _is_football(environment: Any) -> bool:
    return any(base.__name__ == "AmericanFootballEnv" for base in type(environment).__mro__)
