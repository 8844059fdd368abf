"""FrozenLake, by value iteration over the map and the rules as the texts tell them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import gymnasium
import numpy as np

from experts.base import Expert
from mosaic_nb.worker import Episode, Observation

MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))
"""Left, down, right, up: (rows, columns). The neighbours in this round are at right angles."""

DISCOUNT = 0.995
"""Below 1, for there is a time limit: of 0.99, 0.995 and 0.999 this reaches the goal of the 8 x 8 map most often."""

_FOOTING = re.compile(r"as intended with probability ([\d.]+), and with probability ([\d.]+) each")
_PAY = re.compile(r"the goal pays (-?[\d.e-]+), a hole (-?[\d.e-]+), ice (-?[\d.e-]+?)\.(?:\s|$)")


class Rules(NamedTuple):
    """How far the ice can be trusted, and what a cell pays when it is reached."""

    ahead: float
    side: float
    goal: float
    hole: float
    ice: float


class FrozenLake(Expert):
    """Plans once per map, over what the text shows, with the probabilities and rewards that the rules name."""

    environments = "FrozenLake"

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether it is FrozenLake with its numbered cells."""
        return episode.environment.startswith("FrozenLake") and isinstance(
            episode.observation_space, gymnasium.spaces.Discrete
        )

    def __init__(self, episode: Episode) -> None:
        """Read the rules."""
        self._rules = _read_rules(episode.rules)

    def act(self, observation: Observation) -> int:
        """Return the planned action for the cell."""
        plan = _plan(_read_map(observation.text or ""), self._rules)
        return plan[int(observation.value)]


def _read_rules(text: str) -> Rules:
    footing, pay = _FOOTING.search(text), _PAY.search(text)
    if footing is None and "not slippery" not in text:
        raise ValueError(f"the rules do not say whether the ice is slippery: {text!r}")
    ahead, side = map(float, footing.groups()) if footing else (1.0, 0.0)
    goal, hole, ice = map(float, pay.groups()) if pay else (1.0, 0.0, 0.0)
    return Rules(ahead, side, goal, hole, ice)


def _read_map(text: str) -> tuple[str, ...]:
    rows = tuple(re.findall(r"^[SFHG]+$", text, re.MULTILINE))
    if not rows:
        raise ValueError(f"the observation's text shows no map: {text!r}")
    return rows


@lru_cache(maxsize=8)
def _plan(rows: tuple[str, ...], rules: Rules) -> tuple[int, ...]:
    """Return the best action per cell."""
    letters = np.array([list(row) for row in rows])
    targets = _targets(*letters.shape)
    pays = np.select([letters == "G", letters == "H"], [rules.goal, rules.hole], rules.ice).ravel()
    goes_on = np.isin(letters, ("S", "F")).ravel()
    values = np.zeros(letters.size)
    while True:
        reached = (pays + DISCOUNT * goes_on * values)[targets]
        sides = np.roll(reached, 1, axis=0) + np.roll(reached, -1, axis=0)
        worth = rules.ahead * reached + rules.side * sides
        better = worth.max(axis=0) * goes_on
        if np.abs(better - values).max() < 1e-9:
            return tuple(worth.argmax(axis=0).tolist())
        values = better


def _targets(height: int, width: int) -> np.ndarray:
    """Return where each move leads from each cell, int array (4, cells); the edge holds."""
    row, column = np.divmod(np.arange(height * width), width)
    return np.array(
        [
            np.clip(row + down, 0, height - 1) * width + np.clip(column + right, 0, width - 1)
            for down, right in MOVES
        ]
    )
