"""OpenSpiel's games in words: its own text of what a player knows, and its own names of the moves."""

from __future__ import annotations

from typing import Any

from mosaic_nb.environments.families import positions
from mosaic_nb.protocol.parts import Board, BoardMove

_MARKS = {".": ("", ""), "x": ("cross", "red disc"), "o": ("nought", "yellow disc")}
"""What lies on a cell, and what it is called where it has fallen there."""


def labels(environment: Any, agent: str) -> list[str]:
    """Return OpenSpiel's names of the actions, or none where they depend on the position or are not distinct."""
    import pyspiel

    game, player = _game(environment), _player(environment, agent)
    try:
        named = [game.action_to_string(player, action) for action in range(game.num_distinct_actions())]
    except (pyspiel.SpielError, RuntimeError):
        return []
    return [] if len(set(named)) < len(named) or named[0].startswith("Action(") else named


def side(environment: Any, agent: str) -> tuple[str, str]:
    """Return the team: one for all where all are paid alike, else each for itself."""
    import pyspiel

    alike = _game(environment).get_type().utility == pyspiel.GameType.Utility.IDENTICAL
    return ("players" if alike else agent), ""


def details(environment: Any) -> str:
    """Return the game's name and how many play it."""
    game = _game(environment)
    return f"{game.get_type().long_name}, as OpenSpiel plays it, with {game.num_players()} players."


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - the state says it in words
    """Return what a player knows, and its legal moves by name where it is to move."""
    state = environment.game_state
    game, player = _game(environment), _player(environment, agent)
    about = game.get_type()
    if about.provides_observation_string:
        knows = state.observation_string(player)
    elif about.provides_information_state_string:
        knows = state.information_state_string(player)
    else:
        return None
    return f"{knows.rstrip()}\n{moves(state, player)}"


def board(environment: Any, agent: str, done: dict[str, Any]) -> Board | None:
    """Return the position where OpenSpiel draws it as rows of marks and has a move per cell or per column."""
    state, player = environment.game_state, _player(environment, agent)
    rows = [line for line in str(state).splitlines() if line and not set(line) - set(_MARKS)]
    count = _game(environment).num_distinct_actions()
    columns = len(rows[0]) if rows else 0
    if not rows or {len(row) for row in rows} != {columns} or count not in (columns, columns * len(rows)):
        return None
    falls = count == columns
    pieces = [_MARKS[mark][falls] for mark in "".join(rows)]
    own = _MARKS["xo"[player]][falls] if player < len("xo") else ""
    if falls:
        return positions.falling(pieces, columns, own, done.values())
    legal = [
        BoardMove(action=at, label=name, to=at)
        for at, name in enumerate(labels(environment, agent) or map(str, range(count)))
        if not pieces[at]
    ]
    return positions.grid(pieces, columns, legal, own=own, last=[int(action) for action in done.values()])


def moves(state: Any, player: int) -> str:
    """Return whose move it is, and which are legal, by OpenSpiel's names."""
    if state.is_terminal():
        return f"The game is over; you got {state.returns()[player]:g}."
    legal = [state.action_to_string(player, action) for action in state.legal_actions(player)]
    return f"You are to move. Legal: {', '.join(legal)}." if legal else "You are not to move."


def _game(environment: Any) -> Any:
    return environment._env  # noqa: SLF001 - shimmy gives it no public name


def _player(environment: Any, agent: str) -> int:
    return int(environment.agent_name_id_mapping[agent])
