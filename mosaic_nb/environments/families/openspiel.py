"""OpenSpiel's games in words: its own text of what a player knows, and its own names of the moves."""

from __future__ import annotations

from typing import Any


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
