"""Toy text in words: the map, where the agent stands on it and what that means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_PADS = "RGYB"
_PAD_CELLS = ((0, 0), (0, 4), (4, 0), (4, 3))
_IN_TAXI = 4


def text(value: Any, environment: Any, agent: str) -> str | None:  # noqa: ARG001 - there is one
    """Return an observation in words, or None where a wrapper changed its form."""
    draw = _TEXTS.get(_game(environment))
    return draw(value, environment) if draw is not None and _contains(environment, value) else None


def details(environment: Any) -> str:
    """Return what the constructor's arguments decide: how slippery the ice is, what it pays, how it rains."""
    draw = _DETAILS.get(_game(environment))
    return "" if draw is None else draw(environment)


def _game(environment: Any) -> str:
    return next((base.__name__ for base in type(environment).__mro__ if base.__name__ in _TEXTS), "")


def _contains(environment: Any, value: Any) -> bool:
    return bool(environment.observation_space.contains(value))


def _frozen_lake(state: Any, environment: Any) -> str:
    row, column = divmod(int(state), environment.ncol)
    rows = ["".join(cell.decode() for cell in line) for line in environment.desc]
    return (
        f"Map, row 0 first (S start, F ice, H hole, G goal):\n{_lines(rows)}\n"
        f"You are in row {row}, column {column}, on {rows[row][column]}."
    )


def _cliff_walking(state: Any, environment: Any) -> str:
    height, width = environment.shape
    row, column = divmod(int(state), width)
    start = divmod(int(environment.start_state_index), width)
    cliff = environment._cliff  # noqa: SLF001 - the map has no public name
    rows = ["".join("C" if cliff[y, x] else "." for x in range(width)) for y in range(height)]
    rows[start[0]] = _put(rows[start[0]], start[1], "S")
    rows[-1] = _put(rows[-1], width - 1, "G")
    return (
        f"Map, row 0 first (S start, . ground, C cliff, G goal):\n{_lines(rows)}\n"
        f"You are in row {row}, column {column}, on {rows[row][column]}."
    )


def _taxi(state: Any, environment: Any) -> str:
    row, column, passenger, destination = environment.decode(int(state))
    rows = ["".join(cell.decode() for cell in line) for line in environment.desc]
    waits = "in the taxi" if passenger == _IN_TAXI else f"waiting at {_pad(passenger)}"
    return (
        f"Map (| is a wall, : is none; R, G, Y and B are pads):\n{_lines(rows)}\n"
        f"The taxi is in row {row}, column {column}; rows count from the top, columns from the left, both from 0. "
        f"The passenger is {waits}. The destination is {_pad(destination)}."
    )


def _blackjack(hand: Any, environment: Any) -> str:  # noqa: ARG001 - the hand tells it all
    total, dealer, ace = (int(number) for number in hand)
    shows = "an ace" if dealer == 1 else f"a {dealer}"
    usable = "with a usable ace" if ace else "without a usable ace"
    return f"Your hand counts {total}, {usable}. The dealer shows {shows}."


def _pad(index: int) -> str:
    row, column = _PAD_CELLS[index]
    return f"{_PADS[index]} (row {row}, column {column})"


def _lines(rows: list[str]) -> str:
    return "\n".join(rows)


def _put(row: str, column: int, letter: str) -> str:
    return row[:column] + letter + row[column + 1 :]


def _frozen_lake_details(environment: Any) -> str:
    return f"{_footing(environment, 'The ice')} {_pay(environment)}"


def _cliff_details(environment: Any) -> str:
    return _footing(environment, "The ground")


def _footing(environment: Any, what: str) -> str:
    outcomes = next(
        o for actions in environment.P.values() for o in actions.values() if len(o) != 1 or not o[0][3]
    )
    if len(outcomes) == 1:
        return f"{what} is not slippery: you always move as intended."
    side, ahead = outcomes[0][0], outcomes[1][0]
    return (
        f"{what} is slippery: you move as intended with probability {ahead:.3g}, and with probability {side:.3g} "
        "each to either side of it, at right angles."
    )


def _pay(environment: Any) -> str:
    pays: dict[str, float] = {}
    for actions in environment.P.values():
        for _, state, reward, _ in (outcome for outcomes in actions.values() for outcome in outcomes):
            letter = environment.desc[state // environment.ncol][state % environment.ncol].decode()
            pays[letter] = max(pays.get(letter, reward), reward, key=abs)
    return (
        f"Reaching the goal pays {pays.get('G', 0):g}, a hole {pays.get('H', 0):g}, ice {pays.get('F', 0):g}."
    )


def _taxi_details(environment: Any) -> str:
    outcomes = environment.P[224][0]  # row 2, column 1: no wall is near
    told = []
    if len(outcomes) > 1:
        told.append(
            f"It rains: the taxi drives as intended with probability {outcomes[0][0]:.3g}, else to a side."
        )
    if environment.fickle_passenger:
        told.append(
            f"With probability {environment.fickle_probability:.3g} the passenger changes the destination once, "
            "one step after being picked up."
        )
    return " ".join(told)


_TEXTS: dict[str, Callable[[Any, Any], str]] = {
    "FrozenLakeEnv": _frozen_lake,
    "CliffWalkingEnv": _cliff_walking,
    "TaxiEnv": _taxi,
    "BlackjackEnv": _blackjack,
}
_DETAILS: dict[str, Callable[[Any], str]] = {
    "FrozenLakeEnv": _frozen_lake_details,
    "CliffWalkingEnv": _cliff_details,
    "TaxiEnv": _taxi_details,
}
