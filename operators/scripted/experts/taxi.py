"""Taxi, by the shortest way on the map that the text shows."""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache

import gymnasium

from experts.base import Expert
from mosaic_nb.worker import Episode, Observation

SOUTH, NORTH, EAST, WEST, PICKUP, DROPOFF = range(6)
MOVES = {SOUTH: (1, 0), NORTH: (-1, 0), EAST: (0, 1), WEST: (0, -1)}

Place = tuple[int, int]
_PLACE = r"\(?row (\d+), column (\d+)"
_TAXI = re.compile(r"taxi is in " + _PLACE)
_WAITING = re.compile(r"waiting at \w " + _PLACE)
_DESTINATION = re.compile(r"destination is \w " + _PLACE)


class Taxi(Expert):
    """Drives to the passenger, then to the destination, one way anew at each step: rain and whims included."""

    environments = "Taxi"

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether it is Taxi with its numbered states."""
        return episode.environment.startswith("Taxi-") and isinstance(
            episode.observation_space, gymnasium.spaces.Discrete
        )

    def __init__(self, episode: Episode) -> None:
        """Nothing to remember."""

    def act(self, observation: Observation) -> int:
        """Return the next action of the shortest way."""
        text = observation.text or ""
        taxi, destination = _found(_TAXI, text), _found(_DESTINATION, text)
        waiting = None if "in the taxi" in text else _found(_WAITING, text)
        target = waiting or destination
        if taxi == target:
            return PICKUP if waiting else DROPOFF
        return _ways(_read_map(text), target)[taxi]


def _found(pattern: re.Pattern[str], text: str) -> Place:
    match = pattern.search(text)
    if match is None:
        raise ValueError(f"the observation's text does not say {pattern.pattern!r}: {text!r}")
    return int(match[1]), int(match[2])


def _read_map(text: str) -> tuple[str, ...]:
    """Return the map's rows, without its border; a cell's letter is at 2 * column + 1, its east side right of it."""
    return tuple(re.findall(r"^\|[^+\n]*\|$", text, re.MULTILINE))


@lru_cache(maxsize=8)
def _ways(rows: tuple[str, ...], target: Place) -> dict[Place, int]:
    """Return the first move of a shortest way to the target, by place."""
    ways: dict[Place, int] = {}
    queue = deque([target])
    while queue:
        place = queue.popleft()
        for move, (down, right) in MOVES.items():
            before = (place[0] - down, place[1] - right)
            if before != target and before not in ways and _open(rows, before, place):
                ways[before] = move
                queue.append(before)
    return ways


def _open(rows: tuple[str, ...], one: Place, other: Place) -> bool:
    """Return whether one may drive between two neighbours: both on the map, and no wall between them."""
    if not (0 <= one[0] < len(rows) and 0 <= 2 * one[1] + 1 < len(rows[0]) - 1 and one[1] >= 0):
        return False
    return one[0] != other[0] or rows[one[0]][2 * max(one[1], other[1])] != "|"
