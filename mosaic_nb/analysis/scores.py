"""From a table of episodes to what is compared: one value for each lane and seed, with what was done to get there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.words import counted, listed
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

CUT_SHORT = ("abandoned", "rewound")
"""Ends that say nothing of anybody: the user went on to something else. Such episodes are left out."""
FAILED = ("failed", "forfeit")
"""Ends of episodes whose operator or environment failed."""
BETTER_HIGH = ("return", "success")
"""Metrics whose worst value is known to be the lowest."""

_NUMERIC = ("return", "length", "success", "seconds")


@dataclass(frozen=True, eq=False, repr=False)
class Sample:
    """What a lane scored, seed by seed.

    Attributes:
        lane: its name.
        metric: what was measured, as given.
        seeds: int64 array of shape (n,), ascending and distinct where ``by_seed``; a trial's is its instance.
        scores: float64 array of shape (n,), none of them NaN.
        failed: the seeds of the episodes that failed.
        left_out: how many episodes were left out because they were cut short.
        notes: what was done to the episodes, in words.
    """

    lane: str
    metric: str
    seeds: np.ndarray[Any, np.dtype[np.int64]]
    scores: Array
    failed: tuple[int, ...] = ()
    left_out: int = 0
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        return f"<Sample of {self.lane!r}: {self.metric} of {counted(len(self), 'seed')}>"

    def __len__(self) -> int:
        return len(self.scores)


def samples(
    episodes: pd.DataFrame,
    metric: str = "return",
    *,
    lanes: Sequence[str] | None = None,
    agent: str | None = None,
    team: str | None = None,
    failed: str | float | None = None,
    by_seed: bool = True,
) -> dict[str, Sample]:
    """Return what each lane scored.

    Args:
        episodes: a run's table of episodes, or several of them concatenated.
        metric: ``"return"``, ``"success"``, ``"length"``, ``"seconds"``, or a name in the column ``numbers``.
        lanes: which, in this order; None takes all, in the table's order.
        agent: whose return, in place of all agents'; or ``team``: which team's.
        failed: how an episode counts whose operator or environment failed: ``"worst"``, as the lowest value of all
            lanes, so that failing never pays; ``"keep"``, as what it had scored so far; ``"exclude"``, not at all;
            or as a number. None is ``"worst"`` for returns and successes, and ``"keep"`` for what has no known worst.
        by_seed: average the episodes of one seed, and those of one trial, whose seat remembers; else each counts.

    Raises:
        AnalysisError: there is no such lane or metric, values are missing, or nothing is left.
    """
    _check_columns(episodes)
    chosen = _lanes(episodes, lanes)
    table = episodes[episodes["lane"].isin(chosen)]
    cut = table["end"].isin(CUT_SHORT).to_numpy()
    left_out = table["lane"][cut].value_counts()
    table = table[~cut]
    values = _values(table, metric, agent, team)
    bad = table["end"].isin(FAILED).to_numpy()
    values, kept, note = _with_failures(values, bad, metric, failed)
    _refuse_missing(table, values, kept, metric)
    lane_of = table["lane"].to_numpy()
    found = {}
    for lane in chosen:
        own = lane_of == lane
        use = own & kept
        if not use.any():
            raise AnalysisError(f"lane {lane!r} has no episode that counts")
        seeds, scored, notes = _units(table[use], values[use], by_seed=by_seed)
        failures = tuple(int(seed) for seed in table["seed"][own & bad])
        if failures:
            notes.insert(
                0, f"{lane}: {counted(len(failures), 'episode')} failed (seeds {listed(failures)}) {note}"
            )
        name = metric if agent is None and team is None else f"{metric} of {agent or team}"
        gone = int(left_out.get(lane, 0))
        if gone:
            notes.append(f"{lane}: {counted(gone, 'episode')} cut short, left out")
        found[lane] = Sample(lane, name, seeds, scored, failures, gone, tuple(notes))
    return found


def _check_columns(episodes: pd.DataFrame) -> None:
    missing = [name for name in ("lane", "seed", "end", "return") if name not in episodes]
    if missing:
        raise AnalysisError(f"this is no table of episodes: it has no column {listed(map(repr, missing))}")


def _lanes(episodes: pd.DataFrame, lanes: Sequence[str] | None) -> list[str]:
    there = [str(lane) for lane in dict.fromkeys(episodes["lane"])]
    if not there:
        raise AnalysisError("there are no episodes")
    if lanes is None:
        return there
    for lane in lanes:
        if lane not in there:
            near = get_close_matches(str(lane), there, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(map(repr, there), 12)}"
            raise AnalysisError(f"there is no lane {lane!r} with episodes; {hint}")
    return list(lanes)


def _values(table: pd.DataFrame, metric: str, agent: str | None, team: str | None) -> Array:
    if agent is not None or team is not None:
        if metric != "return" or (agent is not None and team is not None):
            raise AnalysisError("an agent or a team, not both, has a return and no other metric")
        column, key = ("returns", agent) if agent is not None else ("team_returns", team)
        return _of_each(table[column], str(key))
    if metric in _NUMERIC:
        values: Array = table[metric].astype("Float64").to_numpy(float, na_value=np.nan)
        return values
    found = _of_each(table["numbers"], metric) if "numbers" in table else np.full(len(table), np.nan)
    if not len(found) or np.isnan(found).all():
        raise AnalysisError(
            f"no episode has {metric!r}: a metric is {', '.join(_NUMERIC)}, or a name in `numbers`"
        )
    return found


def _of_each(column: pd.Series, key: str) -> Array:
    picked = [cell.get(key) if isinstance(cell, Mapping) else None for cell in column]
    return np.array([np.nan if value is None else float(value) for value in picked])


def _with_failures(
    values: Array, bad: np.ndarray[Any, Any], metric: str, failed: str | float | None
) -> tuple[Array, np.ndarray[Any, Any], str]:
    """Return the values with failures counted as asked, which rows count, and how to say so."""
    kept = np.ones(len(values), bool)
    if failed is None:
        failed = "worst" if metric in BETTER_HIGH else "keep"
    if failed == "keep":
        return values, kept, "and count as what they had scored so far"
    if failed == "exclude":
        return values, ~bad, "and are left out"
    if failed == "worst":
        if metric not in BETTER_HIGH:
            raise AnalysisError(
                f"nobody knows which {metric!r} is worst: say failed='keep', 'exclude' or a number"
            )
        known = values[np.isfinite(values)]
        worst = 0.0 if metric == "success" or not len(known) else float(known.min())
        return np.where(bad, worst, values), kept, f"and count as the worst of all, {worst:g}"
    if isinstance(failed, str):
        raise AnalysisError(f"failed must be 'worst', 'keep', 'exclude' or a number, not {failed!r}")
    return np.where(bad, float(failed), values), kept, f"and count as {failed:g}"


def _refuse_missing(table: pd.DataFrame, values: Array, kept: np.ndarray[Any, Any], metric: str) -> None:
    wrong = kept & ~np.isfinite(values)
    if not wrong.any():
        return
    where = table[wrong].groupby("lane", observed=True, sort=False)["seed"]
    named = "; ".join(f"lane {str(lane)!r}, seeds {listed(seeds)}" for lane, seeds in where)
    hint = " (its environment has no rule of success)" if metric == "success" else ""
    count = counted(int(wrong.sum()), "episode")
    raise AnalysisError(f"{metric!r} is missing, NaN or infinite in {count}: {named}{hint}")


def _units(
    table: pd.DataFrame, values: Array, *, by_seed: bool
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], Array, list[str]]:
    """Return the seeds and values that count as independent, and what was averaged."""
    in_trials = "instance" in table and bool(table["instance"].notna().all())
    keys = table["instance" if in_trials else "seed"].astype("int64").to_numpy()
    if not by_seed:
        return keys, values, []
    seeds, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    averaged = np.bincount(place, values) / counts
    if counts.max() == 1:
        return seeds, averaged, []
    what = "trial" if in_trials else "seed"
    return seeds, averaged, [f"{table['lane'].iloc[0]}: the episodes of a {what} are averaged"]
