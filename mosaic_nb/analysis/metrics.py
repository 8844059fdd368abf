"""How good scores are, as one number: functions on arrays of shape (..., runs, tasks).

The definitions are those of Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice"
(2021, arXiv:2108.13264). Axes before the last two are a batch; a one-dimensional array is the runs of one task.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray[Any, np.dtype[np.float64]]

TRIM = 0.25
"""The share that an interquartile mean cuts off at each end."""


def as_scores(scores: ArrayLike, name: str = "scores") -> Array:
    """Return scores as floats of shape (..., runs, tasks).

    Raises:
        ValueError: there are none, or some are NaN or infinite; the message says how many and where the first is.
    """
    found = np.asarray(scores, float)
    if found.ndim == 1:
        found = found[:, None]
    if found.ndim < 2 or 0 in found.shape:
        raise ValueError(f"{name} must be an array of shape (runs, tasks) with at least one of each")
    wrong = ~np.isfinite(found)
    if wrong.any():
        where = tuple(int(place) for place in np.argwhere(wrong)[0])
        raise ValueError(
            f"{name} has {int(wrong.sum())} values that are NaN or infinite, the first at {where}"
        )
    return found


def mean(scores: ArrayLike) -> Any:
    """Return the mean over runs and tasks."""
    return as_scores(scores).mean((-2, -1))[()]


def median(scores: ArrayLike) -> Any:
    """Return the median over tasks of the tasks' means."""
    return np.median(as_scores(scores).mean(-2), axis=-1)[()]


def iqm(scores: ArrayLike) -> Any:
    """Return the interquartile mean: that of the middle half of all runs and tasks together."""
    values = _pooled(as_scores(scores))
    cut = int(TRIM * values.shape[-1])
    if cut:
        values = np.partition(values, [cut, values.shape[-1] - cut - 1], axis=-1)
    return values[..., cut : values.shape[-1] - cut].mean(-1)[()]


def optimality_gap(scores: ArrayLike, target: float = 1.0) -> Any:
    """Return by how much the scores miss a target on average; what lies above it makes up for nothing."""
    return target - np.minimum(as_scores(scores), target).mean((-2, -1))[()]


def probability_of_improvement(scores: ArrayLike, others: ArrayLike) -> Any:
    """Return how probably a run of the first is better than one of the second, on a task drawn at random.

    A tie counts half. This is Mann and Whitney's U over the number of pairs of runs, averaged over the tasks.

    Raises:
        ValueError: the tasks are not as many.
    """
    from scipy import stats

    first, second = as_scores(scores), as_scores(others, "others")
    _same_tasks(first, second)
    ranks = stats.rankdata(np.concatenate([first, second], axis=-2), axis=-2)
    runs, against = first.shape[-2], second.shape[-2]
    wins = ranks[..., :runs, :].sum(-2) - runs * (runs + 1) / 2
    return (wins / (runs * against)).mean(-1)[()]


def performance_profile(scores: ArrayLike, thresholds: Sequence[float] | ArrayLike) -> Array:
    """Return the share of runs and tasks that score above each threshold: the score distribution.

    Returns:
        An array of shape (..., thresholds).
    """
    values = _pooled(as_scores(scores))
    return _share_above(values, np.asarray(thresholds, float))


def average_profile(scores: ArrayLike, thresholds: Sequence[float] | ArrayLike) -> Array:
    """Return the share of tasks whose mean lies above each threshold: the average-score distribution."""
    return _share_above(as_scores(scores).mean(-2), np.asarray(thresholds, float))


def _share_above(values: Array, thresholds: Array) -> Array:
    shares: Array = np.stack([(values > threshold).mean(-1) for threshold in thresholds], axis=-1)
    return shares


def _pooled(scores: Array) -> Array:
    return scores.reshape(*scores.shape[:-2], -1)


def _same_tasks(first: Array, second: Array) -> None:
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(f"{first.shape[-1]} tasks cannot be compared with {second.shape[-1]}")
