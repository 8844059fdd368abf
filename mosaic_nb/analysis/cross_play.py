"""Who did how well with whom: the table of a cross-play, its matrix and its heatmap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.intervals import LEVEL
from mosaic_nb.analysis.plots import heatmap
from mosaic_nb.analysis.ratings import PRIOR, Ratings, ratings
from mosaic_nb.errors import AnalysisError, MosaicError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

BETWEEN = " | "
"""Stands between the names of several operators."""
_MEASURES = {"return": "mean return of a seat", "win": "win rate, a draw counting half"}


@dataclass(frozen=True)
class Filling:
    """Who sits where in an episode.

    Attributes:
        seats: the operator's name, by agent.
        teams: the side's name, by agent.
        focal: the agents whose returns count; empty where all do.
        background: the operator of the other seats where some are focal.
    """

    seats: Mapping[str, str]
    teams: Mapping[str, str]
    focal: frozenset[str] = field(default_factory=frozenset)
    background: str = ""


class CrossPlay:
    """What a cross-play found.

    Args:
        frame: see `frame`.
        operators: their names, in the order of the matrix.
        environment: its id.
        focal: whether some seats were focal and the others background.
    """

    def __init__(
        self, frame: pd.DataFrame, operators: Sequence[str], environment: str, *, focal: bool
    ) -> None:
        self._frame = frame
        self.operators = list(operators)
        self.environment = environment
        self.focal = focal

    @property
    def frame(self) -> pd.DataFrame:
        """A row per episode and seat.

        Columns: pairing, seed, length, end, agent, team, operator; ``against``, the operators of the other sides (in
        focal play the background), joined by ``" | "``; focal; ``return``, the seat's own; ``win``, 1 if its side's
        mean return was the highest of all, divided by the sides that share it, missing where there is one side.
        """
        return self._frame.copy()

    def pairs(self, value: str = "return") -> pd.DataFrame:
        """Return a row per operator and operator it met: mean, standard error and n.

        Seats and sides are averaged seed by seed first: so what a seat is worth cancels, ``n`` is the number of seeds,
        and the error is that of their mean.

        Args:
            value: ``"return"``, of a seat on average, or ``"win"``.

        Raises:
            ValueError: it is neither.
        """
        if value not in _MEASURES:
            raise ValueError(f"value must be one of {', '.join(map(repr, _MEASURES))}, not {value!r}")
        counted = self._frame[self._frame["focal"]]
        met = counted.assign(against=counted["against"].str.split(BETWEEN, regex=False)).explode("against")
        by_seed = met.groupby(["operator", "against", "seed"])[value].mean()
        found = by_seed.groupby(level=["operator", "against"]).agg(["mean", "sem", "count"]).reset_index()
        return found.rename(columns={"sem": "se", "count": "n"})

    def matrix(self, value: str = "return", statistic: str = "mean") -> pd.DataFrame:
        """Return a statistic of `pairs` as a matrix: the row's operator, when it meets the column's.

        Args:
            value: ``"return"`` or ``"win"``.
            statistic: ``"mean"``, ``"se"`` or ``"n"``.
        """
        if statistic not in ("mean", "se", "n"):
            raise ValueError(f"statistic must be 'mean', 'se' or 'n', not {statistic!r}")
        matrix = self.pairs(value).pivot_table(
            index="operator", columns="against", values=statistic, dropna=False
        )
        matrix = matrix.reindex(index=self.operators, columns=self.operators)
        return matrix.rename_axis(
            index="focal" if self.focal else "operator", columns="background" if self.focal else "against"
        )

    def plot(self, value: str = "return", *, ax: Axes | None = None) -> Axes:
        """Draw the matrix as a heatmap, every cell with its mean and standard error."""
        return heatmap(self.matrix(value), self.matrix(value, "se"), label=_MEASURES[value], ax=ax)

    def ratings(self, *, prior: float = PRIOR, level: float = LEVEL, seed: int = 0) -> Ratings:
        """Rate the operators by Bradley and Terry's model from who won against whom, with intervals and Elo points.

        Seats and sides are averaged seed by seed, as in `pairs`; an operator against itself says nothing.

        Args:
            prior: drawn games added between operators who met, so that one who won them all has a finite rating.
            level: of the intervals.
            seed: of the draws that make them.

        Raises:
            AnalysisError: nobody plays against anybody, some were focal, or as `mosaic_nb.analysis.ratings` does.
        """
        if self.focal or self._frame["win"].isna().all():
            why = "the seats besides the focal ones are background" if self.focal else "there is one side"
            raise AnalysisError(f"nobody is rated: {why}")
        return ratings(self._points(), self.operators, prior=prior, level=level, seed=seed)

    def _points(self) -> np.ndarray[Any, Any]:
        """Return what each operator won against each, of shape (seeds, operators, operators)."""
        met = self._frame.assign(against=self._frame["against"].str.split(BETWEEN, regex=False)).explode(
            "against"
        )
        met = met[(met["operator"] != met["against"]) & met["win"].notna()]
        shares = met.groupby(["seed", "operator", "against"])["win"].mean()
        seeds = sorted(met["seed"].unique())
        points = np.zeros((len(seeds), len(self.operators), len(self.operators)))
        place = {name: number for number, name in enumerate(self.operators)}
        for (seed, one, other), share in shares.items():
            points[seeds.index(seed), place[one], place[other]] = share
        return points

    def __repr__(self) -> str:
        episodes = self._frame.groupby("pairing", observed=True)["seed"].nunique()
        return (
            f"CrossPlay({self.environment}: {len(self.operators)} operators, {len(episodes)} pairings, "
            f"{episodes.sum()} episodes)\n{self.matrix()}"
        )


def rows(
    fillings: Mapping[str, Filling], episodes: pd.DataFrame, played_as: Mapping[str, str]
) -> pd.DataFrame:
    """Return a row per episode and seat, see `CrossPlay.frame`.

    Args:
        fillings: by name.
        episodes: the runs' table of episodes.
        played_as: the lane that played each filling; several that seat the same operators share one.

    Raises:
        MosaicError: no episode was complete.
    """
    import pandas as pd

    lanes = {
        str(lane): list(table[["seed", "length", "end", "returns"]].itertuples(index=False, name=None))
        for lane, table in episodes.sort_values("seed").groupby("lane", observed=True)
    }
    found: list[dict[str, Any]] = []
    for name, filling in fillings.items():
        for seed, length, end, returns in lanes.get(played_as[name], []):
            about = {"pairing": name, "seed": seed, "length": length, "end": end}
            found += [{**about, **seat} for seat in _seats(filling, returns)]
    if not found:
        raise MosaicError("no episode of the cross-play came to its end")
    return pd.DataFrame(found)


def _seats(filling: Filling, returns: Mapping[str, float]) -> list[dict[str, Any]]:
    wins = _wins(filling.teams, returns)
    seats = []
    for agent, operator in filling.seats.items():
        team = filling.teams[agent]
        others = {who: None for other, who in filling.seats.items() if filling.teams[other] != team}
        seats.append(
            {
                "agent": agent,
                "team": team,
                "operator": operator,
                "against": filling.background or BETWEEN.join(others),
                "focal": not filling.focal or agent in filling.focal,
                "return": returns.get(agent, 0.0),
                "win": wins.get(team),
            }
        )
    return seats


def _wins(teams: Mapping[str, str], returns: Mapping[str, float]) -> dict[str, float]:
    """Return each team's share of the win; nothing where there is one team alone."""
    means: dict[str, float] = {}
    for team in dict.fromkeys(teams.values()):
        members = [agent for agent in teams if teams[agent] == team]
        means[team] = sum(returns.get(agent, 0.0) for agent in members) / len(members)
    if len(means) < 2:
        return {}
    best = [team for team, mean in means.items() if mean == max(means.values())]
    return {team: (team in best) / len(best) for team in means}
