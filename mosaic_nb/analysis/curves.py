"""How scores change from episode to episode: learning curves, and what was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.intervals import LEVEL, t_bounds
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.scores import CUT_SHORT, samples
from mosaic_nb.analysis.words import listed
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

BINS = 20


def learning_curve(
    episodes: pd.DataFrame,
    metric: str = "return",
    *,
    lanes: Sequence[str] | None = None,
    bins: int = BINS,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return how a metric changes from episode to episode.

    Where lanes played several trials, or several runs are concatenated, the curve is the mean over these at each
    episode of a trial or run. Else it is the mean of neighbouring episodes.

    Args:
        episodes: a table of episodes.
        metric, lanes: what is followed, see `mosaic_nb.analysis.samples`.
        bins: into how many groups the episodes of a lane that played once are put at most.
        level: of the band.

    Returns:
        Columns: lane, ``episode`` (from 0; a group's last), mean, low, high, n. Where n is 1 there is no band.

    Raises:
        AnalysisError: there is no such lane, or values are missing.
    """
    rows = []
    for lane, values in _histories(episodes, metric, lanes):
        if len(values) > 1:
            ends, parts = list(range(values.shape[1])), list(values.T)
        else:
            groups = np.array_split(np.arange(values.shape[1]), min(bins, values.shape[1]))
            ends, parts = [int(group[-1]) for group in groups], [values[0, group] for group in groups]
        rows += [
            {"lane": lane, "episode": end, **_band(part, level)}
            for end, part in zip(ends, parts, strict=True)
        ]
    return _frame(rows)


def regret_curve(
    episodes: pd.DataFrame,
    optimum: float | str,
    *,
    lanes: Sequence[str] | None = None,
    level: float = LEVEL,
) -> pd.DataFrame:
    """Return how much return was lost so far, against an optimum.

    Args:
        episodes: a table of episodes.
        optimum: the return of an episode played as well as can be; or a lane, whose return on the same seed stands for
            it; or ``"best"``: the highest return of all lanes on that seed, which is no more than a lower bound.
        lanes: which; None takes all.
        level: of the band. With one history a lane, it assumes that episodes are independent.

    Returns:
        Columns: lane, episode (from 0), mean, low, high, n: of the sum up to and with that episode.

    Raises:
        AnalysisError: there is no such lane, or a seed lacks the return that is to stand for the optimum.
    """
    table = episodes[~episodes["end"].isin(CUT_SHORT)]
    best = _optimum(table, optimum)
    lost = table.assign(**{"return": best - table["return"].to_numpy(float)})
    rows = []
    for lane, values in _histories(lost, "return", lanes):
        total = values.cumsum(1)
        several = len(values) > 1
        bands = [_band(column, level) for column in total.T] if several else _summed(values[0], level)
        rows += [{"lane": lane, "episode": place, **band} for place, band in enumerate(bands)]
    return _frame(rows)


def _optimum(table: pd.DataFrame, optimum: float | str) -> Array | float:
    if not isinstance(optimum, str):
        return float(optimum)
    if optimum == "best":
        best: Array = table.groupby("seed")["return"].transform("max").to_numpy(float)
        return best
    scored = samples(table, lanes=[optimum])[optimum]
    known = dict(zip(scored.seeds.tolist(), scored.scores.tolist(), strict=True))
    missing = sorted({int(seed) for seed in table["seed"]} - known.keys())
    if missing:
        raise AnalysisError(
            f"lane {optimum!r} cannot stand for the optimum: it lacks seeds {listed(missing)}"
        )
    return np.array([known[int(seed)] for seed in table["seed"]])


def _histories(
    episodes: pd.DataFrame, metric: str, lanes: Sequence[str] | None
) -> Iterator[tuple[str, Array]]:
    """Yield each lane with its values in the order they were played, of shape (histories, episodes)."""
    table = episodes[~episodes["end"].isin(CUT_SHORT)]
    chosen = list(samples(table, metric, lanes=lanes, failed="keep"))
    order = [name for name in ("run", "trial", "episode") if name in table]
    table = table[table["lane"].isin(chosen)].sort_values(order, kind="stable")
    for lane in chosen:
        own = table[table["lane"] == lane]
        scored = samples(own, metric, failed="keep", by_seed=False)[lane].scores
        yield lane, _by_history(own, scored)


def _by_history(own: pd.DataFrame, scored: Array) -> Array:
    """Cut a lane's values into trials, or runs, of which there are several; all are cut to the shortest's length."""
    for names in (["run", "trial"], ["run"]):
        if not set(names) <= set(own):
            continue
        history = own.groupby(names, observed=True, sort=False).ngroup().to_numpy()
        lengths = np.bincount(history)
        if len(lengths) > 1 and lengths.max() > 1:
            return np.stack([scored[history == number][: lengths.min()] for number in range(len(lengths))])
    return scored[None]


def _band(values: Array, level: float) -> dict[str, float]:
    middle = float(values.mean())
    low, high = t_bounds(values[:, None], level=level) if len(values) > 1 else (np.nan, np.nan)
    return {"mean": middle, "low": float(low), "high": float(high), "n": len(values)}


def _summed(values: Array, level: float) -> list[dict[str, float]]:
    """Return the running sum of one history, and the band of independent episodes."""
    from scipy import special

    count = np.arange(1, len(values) + 1)
    spread = float(values.std(ddof=1)) if len(values) > 1 else np.nan
    half = special.stdtrit(max(1, len(values) - 1), (1 + level) / 2) * spread * np.sqrt(count)
    total = values.cumsum()
    return [
        {"mean": float(mean), "low": float(mean - width), "high": float(mean + width), "n": 1}
        for mean, width in zip(total, half, strict=True)
    ]


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=["lane", "episode", "mean", "low", "high", "n"])
