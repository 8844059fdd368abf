"""PettingZoo's classic games in words: the board or the cards, whose move it is, the legal moves by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mosaic_nb.environments.families import boards, positions
from mosaic_nb.protocol.parts import Board


def labels(environment: Any, agent: str) -> list[str]:
    """Return a name per action where it must be computed: chess, Go and Hanabi."""
    named = _LABELS.get(_game(environment))
    return [] if named is None else named(environment, agent)


def details(environment: Any) -> str:
    """Return the size of the board of Go, and its komi."""
    if _game(environment) != "go":
        return ""
    size = environment._N  # noqa: SLF001 - it has no public name
    return f"The board has {size} x {size} points; White gets {environment._komi:g} points more."  # noqa: SLF001


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - the game says it in words
    """Return what a player may know, or None where the observation says it."""
    told = _TEXTS.get(_game(environment))
    return None if told is None else told(environment, agent)


def moves(environment: Any, text: str) -> list[int] | None:
    """Return the moves of connect four and tic-tac-toe that digits stand for, or None for other games.

    Raises:
        ValueError: they are none.
    """
    highest = {"connect_four": 6, "tictactoe": 8}.get(_game(environment))
    return None if highest is None else boards.moves(text, highest)


def start(environment: Any, text: str) -> None:
    """Set up a position of chess, given in FEN.

    Raises:
        ValueError: it is none, or the game is over there, or it is another game.
    """
    if _game(environment) != "chess":
        raise ValueError(f"positions of {_game(environment)} are given by the actions that lead there")
    boards.set_up_chess(environment, text)


def board(environment: Any, agent: str, done: dict[str, Any]) -> Board | None:
    """Return the position of a board game as one player sees it."""
    drawn = _BOARDS.get(_game(environment))
    return None if drawn is None else drawn(environment, agent, done)


def _game(environment: Any) -> str:
    return type(environment).__module__.rpartition(".")[2]


# --- cards -------------------------------------------------------------------------------------------

_SUITS = {"S": "spades", "H": "hearts", "D": "diamonds", "C": "clubs"}
_RANKS = {"A": "ace", "K": "king", "Q": "queen", "J": "jack", "T": "ten"}


def _poker(environment: Any, agent: str) -> str:
    state = environment.env.get_state(environment.possible_agents.index(agent))
    raw = state["raw_obs"]
    hand, shown = raw["hand"], raw.get("public_cards", raw.get("public_card"))
    legal = ", ".join(_action(action) for action in state["raw_legal_actions"])
    chips = [int(count) for count in raw["all_chips"]]
    mine = environment.possible_agents.index(agent)
    others = ", ".join(str(count) for player, count in enumerate(chips) if player != mine)
    turn = boards.turn(environment, agent)
    can = f" Legal: {legal}." if agent == environment.agent_selection else ""
    return (
        f"Your hand: {_cards(hand)}. On the table: {_cards(shown)}. You put in {chips[mine]} chips, "
        f"the other {others}. {turn}{can}"
    )


def _cards(cards: Any) -> str:
    listed = [cards] if isinstance(cards, str) else list(cards or ())
    return ", ".join(f"{_RANKS.get(card[1], card[1])} of {_SUITS[card[0]]}" for card in listed) or "nothing"


def _action(action: Any) -> str:
    named = getattr(action, "name", str(action)).lower()
    return _NO_LIMIT.get(named, named)


_NO_LIMIT = {
    "check_call": "check or call",
    "raise_half_pot": "raise half the pot",
    "raise_pot": "raise the pot",
    "all_in": "all in",
}


# --- Hanabi ------------------------------------------------------------------------------------------


def _hanabi_state(environment: Any) -> Any:
    return environment.hanabi_env.unwrapped.game_state


def _hanabi(environment: Any, agent: str) -> str:
    state, player = _hanabi_state(environment), environment.possible_agents.index(agent)
    told: str = state.observation_string(player).strip()
    if state.is_terminal() or state.current_player() != player:
        return told
    legal = [state.action_to_string(player, action) for action in state.legal_actions()]
    return f"{told}\nYou are to move. Legal: {', '.join(legal)}."


def _hanabi_labels(environment: Any, agent: str) -> list[str]:
    game, player = environment.hanabi_env.unwrapped._env, environment.possible_agents.index(agent)  # noqa: SLF001
    begun = game.new_initial_state()
    while begun.is_chance_node():
        begun.apply_action(begun.legal_actions()[0])
    return [begun.action_to_string(player, action) for action in range(game.num_distinct_actions())]


_LABELS: dict[str, Callable[[Any, str], list[str]]] = {
    "chess": boards.chess_labels,
    "go": boards.go_labels,
    "hanabi": _hanabi_labels,
}
_TEXTS: dict[str, Callable[[Any, str], str]] = {
    "chess": boards.chess,
    "connect_four": boards.connect_four,
    "tictactoe": boards.tictactoe,
    "go": boards.go,
    "leduc_holdem": _poker,
    "texas_holdem": _poker,
    "texas_holdem_no_limit": _poker,
    "hanabi": _hanabi,
}
_BOARDS: dict[str, Callable[[Any, str, dict[str, Any]], Board]] = {
    "chess": positions.chess,
    "connect_four": positions.connect_four,
    "tictactoe": positions.tictactoe,
    "go": positions.go,
}
