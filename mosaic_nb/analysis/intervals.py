"""Intervals: Student's t for means, a stratified bootstrap for anything else, Wilson's for success rates.

Runs are drawn anew within each task, as Agarwal et al. (2021) do. Plain percentiles of a bootstrap are too narrow with
few runs; these are expanded as Hesterberg proposes ("What Teachers Should Know About the Bootstrap", The American
Statistician 69:4, 2015), which is what makes 25 runs enough. docs/statistics.md says what was measured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import isnan, sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mosaic_nb.analysis.metrics import Array, as_scores
from mosaic_nb.analysis.words import figures
from mosaic_nb.errors import AnalysisError

Statistic = Callable[..., Any]
"""From arrays of shape (..., runs, tasks) to an array of the batch's shape, or one number."""

REPLICATES = 10_000
LEVEL = 0.95
_DRAWN_AT_ONCE = 1 << 18
"""How many scores are drawn before they are reduced: few enough to stay in a processor's cache."""
_THREADS = 4


@dataclass(frozen=True)
class Estimate:
    """A value and the interval around it.

    Attributes:
        value: the estimate.
        low, high: the interval's ends.
        level: how often an interval made like this one covers the truth.
        method: how it was made, in words.
    """

    value: float
    low: float
    high: float
    level: float = LEVEL
    method: str = ""

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.low > 0 or self.high < 0

    def __neg__(self) -> Estimate:
        return Estimate(-self.value, -self.high, -self.low, self.level, self.method)

    def __str__(self) -> str:
        if isnan(self.low):
            return f"{self.value:.3g} (no interval)"
        value, low, high = figures(self.value, self.low, self.high)
        return f"{value} [{low}, {high}]"


def interval(
    statistic: Statistic,
    *scores: ArrayLike,
    paired: bool = False,
    method: str = "expanded",
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of scores with its stratified bootstrap interval.

    Args:
        statistic: a function of this package's metrics, or any other like them.
        scores: one array of shape (runs, tasks) for each argument of the statistic.
        paired: whether run i of every array shares its seed, so that they are drawn together.
        method: ``"expanded"`` percentiles, or plain ``"percentile"`` ones, as published implementations take.
        level: between 0 and 1.
        replicates: how often the runs are drawn anew.
        seed: of the draws; the same seed gives the same bits.

    Raises:
        AnalysisError: a task has one run, which says nothing of the spread.
        ValueError: the scores have NaN, or paired scores differ in shape.
    """
    arrays = [as_scores(each) for each in scores]
    low, high = bounds(
        statistic, *arrays, paired=paired, method=method, level=level, replicates=replicates, seed=seed
    )
    words = f"{method} percentile" if method == "expanded" else method
    return Estimate(float(statistic(*arrays)), float(low), float(high), level, f"{words} bootstrap")


def bounds(
    statistic: Statistic,
    *scores: Array,
    paired: bool = False,
    method: str = "expanded",
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> tuple[Array, Array]:
    """Return the ends of `interval` for scores of shape (..., runs, tasks), each of the batch's shape."""
    if method not in ("expanded", "percentile"):
        raise ValueError(f"method must be 'expanded' or 'percentile', not {method!r}")
    _check(*scores, paired=paired)
    values = redrawn(statistic, scores, paired=paired, replicates=replicates, seed=seed)
    tail = (1 - level) / 2
    if method == "expanded":
        tail = _expanded(tail, min(each.shape[-2] for each in scores), scores[0].shape[-1])
    low, high = np.quantile(values, [tail, 1 - tail], axis=-1)
    return low, high


def redrawn(
    statistic: Statistic, scores: Sequence[Array], *, paired: bool, replicates: int, seed: int
) -> Array:
    """Return a statistic of scores drawn anew, of shape (..., replicates).

    Some replicates at a time, each group from a generator of its own: so memory is bounded, threads share the work,
    and the values do not depend on how many threads there are.
    """
    at_once = max(1, _DRAWN_AT_ONCE // max(each.size for each in scores))
    counts = [min(at_once, replicates - start) for start in range(0, replicates, at_once)]
    flat = [np.ascontiguousarray(each).reshape(*each.shape[:-2], -1) for each in scores]

    def some(sequence: np.random.SeedSequence, count: int) -> Any:
        generator = np.random.default_rng(sequence)
        places = [_places(generator, count, each.shape) for each in (scores[:1] if paired else scores)]
        every = places * len(scores) if paired else places
        return statistic(
            *(np.take(one, at, axis=-1, mode="wrap") for one, at in zip(flat, every, strict=True))
        )

    sequences = np.random.SeedSequence(seed).spawn(len(counts))
    if len(counts) == 1:
        return np.asarray(some(sequences[0], counts[0]))
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
        return np.concatenate(list(threads.map(some, sequences, counts)), axis=-1)


def _places(generator: np.random.Generator, count: int, shape: tuple[int, ...]) -> Any:
    """Draw places in scores laid out flat: runs anew within each task."""
    runs, tasks = shape[-2:]
    small = np.uint16 if runs < np.iinfo(np.uint16).max else np.uint32  # twice as quick to draw
    places = generator.integers(0, runs, (count, runs, tasks), dtype=small).astype(np.intp)
    return places if tasks == 1 else places * tasks + np.arange(tasks)


def _expanded(tail: float, runs: int, tasks: int) -> float:
    from scipy import special

    return float(special.ndtr(sqrt(runs / (runs - 1)) * special.stdtrit(tasks * (runs - 1), tail)))


def t_bounds(scores: Array, *, level: float = LEVEL) -> tuple[Array, Array]:
    """Return the ends of Student's interval of the mean over runs and tasks, for each of a batch.

    One task: the textbook's. Several: their variances add up, with the degrees of freedom of Welch and Satterthwaite.
    """
    from scipy import (
        special,  # a tenth of what scipy.stats costs to import, and summaries are looked at often
    )

    _check(scores)
    runs, tasks = scores.shape[-2:]
    parts = scores.var(-2, ddof=1) / runs
    total = parts.sum(-1)
    most = np.where(total > 0, (parts**2).sum(-1), 1.0)
    freedom = np.where(total > 0, (runs - 1) * total**2 / most, runs - 1)
    half = special.stdtrit(freedom, (1 + level) / 2) * np.sqrt(total) / tasks
    middle = scores.mean((-2, -1))
    return middle - half, middle + half


def t_interval(scores: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """Return the mean over runs and tasks with Student's interval.

    Raises:
        AnalysisError: a task has one run, which says nothing of the spread.
    """
    values = as_scores(scores)
    low, high = t_bounds(values, level=level)
    return Estimate(float(values.mean()), float(low), float(high), level, "Student's t")


def wilson(successes: int, trials: int, *, level: float = LEVEL) -> Estimate:
    """Return a success rate with Wilson's score interval.

    Raises:
        AnalysisError: there were no trials.
    """
    from scipy import special

    if trials < 1:
        raise AnalysisError("a success rate needs an episode at least")
    rate, z = successes / trials, float(special.ndtri((1 + level) / 2))
    middle = rate + z**2 / (2 * trials)
    half = z * sqrt(rate * (1 - rate) / trials + z**2 / (4 * trials**2))
    low, high = ((middle + off) / (1 + z**2 / trials) for off in (-half, half))
    return Estimate(rate, max(0.0, low), min(1.0, high), level, "Wilson's")


def _check(*scores: Array, paired: bool = False) -> None:
    for each in scores:
        if each.shape[-2] < 2:
            raise AnalysisError(
                "one run gives no interval: it says nothing of how much another would differ. Play more seeds."
            )
    if paired and len({each.shape for each in scores}) > 1:
        shapes = " and ".join(str(each.shape) for each in scores)
        raise ValueError(f"paired scores must have one shape, not {shapes}")
