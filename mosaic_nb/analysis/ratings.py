"""One scale for many players: Bradley and Terry's strengths from who beat whom, also as Elo points.

Bradley and Terry, "Rank Analysis of Incomplete Block Designs" (Biometrika 39, 1952). Elo's formula is the same model on
another scale; ratings that are moved after each game depend on the order of the games, and are not offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.intervals import LEVEL
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.words import counted, footnotes, table
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

ELO_MIDDLE = 1500.0
ELO_POINTS = 400 / log(10)
"""Elo points for one unit of log strength: 400 points are odds of ten to one."""

PRIOR = 1.0
REPLICATES = 2_000
_STEPS = 100
_LONGEST = 2.0
_CLOSE = 1e-12


@dataclass(frozen=True, eq=False)
class Ratings:
    """How strong each player is.

    Attributes:
        frame: a row for each player, which is the index, the strongest first. Columns: ``strength`` with ``_low`` and
            ``_high``, the logarithm, zero on average; ``elo`` with ``_low`` and ``_high``, 1500 on average; ``points``
            won, draws counting half, of ``games``.
        level: of the intervals.
        notes: what a reader must know to trust the numbers.
    """

    frame: pd.DataFrame
    level: float
    notes: tuple[str, ...]

    def expected(self, player: str, other: str) -> float:
        """Return the share of points that a player is expected to win against another one."""
        gap = self.frame.loc[player, "strength"] - self.frame.loc[other, "strength"]
        return float(1 / (1 + np.exp(-gap)))

    def __str__(self) -> str:
        lines = [
            f"{number}. {name}: Elo {row['elo']:.0f} [{row['elo_low']:.0f}, {row['elo_high']:.0f}]"
            for number, (name, row) in enumerate(self.frame.iterrows(), 1)
        ]
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = (
            (
                str(name),
                f"{row['elo']:.0f} [{row['elo_low']:.0f}, {row['elo_high']:.0f}]",
                f"{row['strength']:z.2f}",
                f"{row['points']:g} of {row['games']:g}",
            )
            for name, row in self.frame.iterrows()
        )
        return table(("player", "Elo", "strength", "points"), rows) + footnotes(self.notes)


def ratings(
    points: Any,
    players: Sequence[str],
    *,
    prior: float = PRIOR,
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Ratings:
    """Rate players by who beat whom, with intervals from drawing the rounds anew.

    Args:
        points: array of shape (rounds, players, players): what the row's player won against the column's in a round, a
            draw counting half. A round is what is independent of the others: a seed.
        players: their names.
        prior: how many drawn games are added between players who met, so that one who won every game has a finite
            rating. 0 adds none.
        level: of the intervals.
        replicates: how often the rounds are drawn anew, and the ``seed`` of these draws.

    Raises:
        AnalysisError: there is one round, players who never met even by way of others, or, without a prior, a player
            who won or lost every game.
        ValueError: the array has another shape, or values below zero.
    """
    import pandas as pd

    rounds = np.asarray(points, float)
    if rounds.ndim != 3 or rounds.shape[1:] != (len(players),) * 2 or not (rounds >= 0).all():
        raise ValueError("points must be an array of shape (rounds, players, players), none below zero")
    if len(rounds) < 2:
        raise AnalysisError("one seed gives no interval: it says nothing of how much another would differ")
    won = rounds.sum(0)
    games = won + won.T
    _check_met(games if prior else won, players, prior)
    strength = bradley_terry(won, prior=prior)
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(len(rounds), np.full(len(rounds), 1 / len(rounds)), replicates)
    drawn = bradley_terry(np.einsum("br,rij->bij", counts, rounds), prior=prior)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    columns = {"strength": strength, "strength_low": low, "strength_high": high}
    columns |= {
        f"elo{end}": ELO_MIDDLE + ELO_POINTS * columns[f"strength{end}"] for end in ("", "_low", "_high")
    }
    frame = pd.DataFrame(
        {**columns, "points": won.sum(1), "games": games.sum(1)}, index=pd.Index(list(players), name="player")
    )
    notes = [f"Bradley and Terry's model, {counted(len(rounds), 'seed')}, intervals by drawing seeds anew"]
    if prior:
        notes.append(f"{prior:g} drawn game added between players who met")
    return Ratings(frame.sort_values("strength", ascending=False), level, tuple(notes))


def bradley_terry(won: Any, *, prior: float = 0.0) -> Array:
    """Return the logarithm of each player's strength, zero on average: the maximum of the likelihood, by Newton's way.

    Args:
        won: array of shape (..., players, players): what the row's player won against the column's.
        prior: how many drawn games are added between players who met.
    """
    points = np.asarray(won, float) * (1 - np.eye(np.shape(won)[-1]))
    met = (points + np.swapaxes(points, -1, -2)) > 0
    points = points + prior / 2 * met
    games = points + np.swapaxes(points, -1, -2)
    strength: Array = np.zeros(points.shape[:-1])
    for _ in range(_STEPS):
        expected = games / (1 + np.exp(strength[..., None, :] - strength[..., :, None]))
        slope = (points - expected).sum(-1)
        bend = expected * np.swapaxes(expected, -1, -2) / np.where(games > 0, games, 1)
        hessian = bend.sum(-1)[..., None] * np.eye(points.shape[-1]) - bend + 1 / points.shape[-1]
        step = np.linalg.solve(hessian, slope[..., None])[..., 0].clip(-_LONGEST, _LONGEST)
        strength = strength + step - step.mean(-1, keepdims=True)
        if np.abs(step).max() < _CLOSE:
            break
    return strength


def _check_met(beaten: Array, players: Sequence[str], prior: float) -> None:
    """Every player must have beaten every other one, if only by way of others; with a prior, have met."""
    reach = (beaten > 0) | np.eye(len(players), dtype=bool)
    for _ in players:
        reach = reach | (reach.astype(int) @ reach.astype(int) > 0)
    met = np.logical_and(reach, reach.T).sum(axis=1).tolist()
    stray = [name for name, count in zip(players, met, strict=True) if count < len(players)]
    if stray:
        raise AnalysisError(
            f"{', '.join(stray)}: never met the others, even by way of third ones"
            if prior
            else f"{', '.join(stray)}: won or lost every game against some, which no finite rating explains; prior=1 "
            "adds a drawn game between players who met"
        )
