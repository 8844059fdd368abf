"""Two lanes beside each other: paired by seed, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import isnan, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis import metrics
from mosaic_nb.analysis.caution import warn_of_small_sample
from mosaic_nb.analysis.intervals import LEVEL, REPLICATES, Estimate, interval, redrawn, t_bounds
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.scores import BETTER_HIGH, Sample, samples
from mosaic_nb.analysis.words import counted, decimals_for, listed, number, p_value, sentence, table
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = {"mean": 10, "iqm": 25, "success": 100}
"""From how many seeds on an interval was measured to cover what it promises, see docs/statistics.md."""

_METHODS = ("t", "bootstrap-t", "expanded")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """How much two lanes differ: ``a`` minus ``b``.

    Attributes:
        a, b: the samples.
        paired: whether the differences were taken seed by seed.
        difference: of the means, with its interval.
        p: how probable a difference as large or larger would be if there were none, from a two-sided test.
        effect: Cohen's d: paired, d_z, the mean difference over the differences' standard deviation; else over the
            pooled standard deviation. Infinite where every pair differs by the same.
        seed: of the bootstraps.
        replicates: how many draws they take.
        notes: what a reader must know to trust the numbers.
    """

    a: Sample
    b: Sample
    paired: bool
    difference: Estimate
    p: float
    effect: float
    seed: int = 0
    replicates: int = REPLICATES
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """How many pairs there are; unpaired, how many values the smaller sample has."""
        return min(len(self.a), len(self.b))

    @property
    def differences(self) -> Array:
        """``a`` minus ``b`` seed by seed, of shape (n,); only where paired."""
        if not self.paired:
            raise AnalysisError("only paired samples have differences seed by seed")
        return self.a.scores - self.b.scores

    @property
    def won(self) -> float:
        """The share of seeds on which ``a`` scored higher; unpaired, of all pairs of a value of each."""
        return self._above(self.a.scores, self.b.scores)

    @property
    def lost(self) -> float:
        """The share on which ``b`` scored higher; what is left was drawn."""
        return self._above(self.b.scores, self.a.scores)

    @cached_property
    def iqm(self) -> Estimate:
        """The difference of the interquartile means, with its bootstrap interval; made when first asked for."""
        return interval(
            lambda first, second: metrics.iqm(first) - metrics.iqm(second),
            self.a.scores,
            self.b.scores,
            paired=self.paired,
            level=self.difference.level,
            replicates=self.replicates,
            seed=self.seed,
        )

    def _above(self, first: Array, second: Array) -> float:
        if self.paired:
            return float((first > second).mean())
        return float(np.searchsorted(np.sort(second), first, side="left").mean() / len(second))

    @property
    def verdict(self) -> str:
        """Who is ahead and by how much, with the interval; or that they are not told apart."""
        a, b, size = self.a.lane, self.b.lane, self.difference
        if not size.excludes_zero:
            return f"{a} and {b} are not told apart: {size}"
        known = self.a.metric.split(" ")[0] in BETTER_HIGH
        up, down = ("beats", "falls short of") if known else ("exceeds", "lies below")
        return f"{a} {up if size.value > 0 else down} {b} by {size if size.value > 0 else -size}"

    @property
    def basis(self) -> str:
        """What the verdict rests on, in words."""
        n = (
            f"paired, {counted(self.n, 'seed')}"
            if self.paired
            else f"unpaired, n = {len(self.a)} and {len(self.b)}"
        )
        level = "" if self.difference.level == LEVEL else f", {self.difference.level:.0%} interval"
        return f"mean {self.a.metric}, {n}{level}"

    def __str__(self) -> str:
        return f"{self.verdict} ({self.basis}, {p_value(self.p)})"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return sentence(str(self), self.notes) + table((), self._facts())

    def _facts(self) -> Iterable[tuple[str, str]]:
        decimals = decimals_for((self.difference.high - self.difference.low) / 2)
        for sample in (self.a, self.b):
            yield f"mean {sample.metric}, {sample.lane}", number(float(sample.scores.mean()), decimals)
        yield f"difference ({self.difference.method})", str(self.difference)
        yield "Cohen's d_z" if self.paired else "Cohen's d", number(self.effect, 2)
        yield "won, drawn, lost", f"{self.won:.0%}, {1 - self.won - self.lost:.0%}, {self.lost:.0%}"


def compare(
    episodes: pd.DataFrame,
    a: str,
    b: str,
    metric: str = "return",
    *,
    paired: bool | str = True,
    method: str = "t",
    level: float = LEVEL,
    failed: str | float | None = None,
    agent: str | None = None,
    team: str | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Compare two lanes over the seeds that both played.

    Args:
        episodes: a table of episodes.
        a, b: the lanes; the result is ``a`` minus ``b``.
        metric, failed, agent, team: what is compared, see `mosaic_nb.analysis.samples`.
        paired: True refuses lanes that did not play the same seeds; ``"shared"`` takes the seeds that both played;
            False compares them as strangers, by Welch's test, each episode counting.
        method: ``"t"``, Student's; ``"bootstrap-t"``, its symmetric bootstrap, for skewed differences; or
            ``"expanded"`` percentiles. The last two of paired seeds only.
        level: of the interval.
        replicates: how often a bootstrap draws anew, and the ``seed`` of these draws.

    Raises:
        AnalysisError: the seeds differ, one seed gives no interval, values are missing, or there is no such lane.
    """
    if a == b:
        raise AnalysisError(f"a lane does not differ from itself; run.null({a!r}) gives its noise")
    pair = samples(
        episodes, metric, lanes=(a, b), agent=agent, team=team, failed=failed, by_seed=paired is not False
    )
    return compared(
        pair[a], pair[b], paired=paired, method=method, level=level, replicates=replicates, seed=seed
    )


def compared(
    a: Sample,
    b: Sample,
    *,
    paired: bool | str = True,
    method: str = "t",
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Comparison:
    """Compare two samples, see `compare`."""
    notes = [*a.notes, *b.notes]
    if paired:
        a, b = _paired(a, b, notes, shared=paired == "shared")
        size, p, effect = paired_difference(
            a.scores - b.scores, method=method, level=level, replicates=replicates, seed=seed
        )
    else:
        if method != "t":
            raise ValueError("unpaired samples are compared by method='t', which is Welch's")
        size, p, effect = _welch(a.scores, b.scores, level)
    notes += _doubts(a, b, effect)
    return Comparison(a, b, bool(paired), size, p, effect, seed, replicates, tuple(notes))


def paired_difference(
    differences: Array,
    *,
    method: str = "t",
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> tuple[Estimate, float, float]:
    """Return the mean of paired differences with its interval, the p-value that there is none, and Cohen's d_z.

    Args:
        differences: of shape (n,).

    Raises:
        AnalysisError: there is one.
    """
    from scipy import special

    if method not in _METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, _METHODS))}, not {method!r}")
    column = metrics.as_scores(differences)
    middle, n = float(column.mean()), len(column)
    low, high = (float(end) for end in t_bounds(column, level=level))
    spread = float(column.std(ddof=1))
    if spread == 0:  # then no test has anything to go by, but for the signs
        p = 1.0 if middle == 0 else 2.0 ** (1 - n)
        return (
            Estimate(middle, low, high, level, "no spread"),
            p,
            0.0 if middle == 0 else float("inf") * middle,
        )
    t = middle / (spread / sqrt(n))
    p = float(2 * special.stdtr(n - 1, -abs(t)))
    if method == "expanded":
        size = interval(metrics.mean, column, level=level, replicates=replicates, seed=seed)
        return size, p, middle / spread
    if method == "bootstrap-t":
        drawn = np.abs(_studentized(column, replicates, seed))
        half = float(np.quantile(drawn, level, method="higher")) * spread / sqrt(n)
        p = float((1 + (drawn >= abs(t)).sum()) / (1 + replicates))
        return Estimate(middle, middle - half, middle + half, level, "bootstrap-t"), p, middle / spread
    return Estimate(middle, low, high, level, "Student's t"), p, middle / spread


def _studentized(column: Array, replicates: int, seed: int) -> Array:
    """Return the t of every sample drawn anew; one without spread counts as the widest."""
    n, off_middle = len(column), column - column.mean()

    def student(again: Array) -> Array:
        off = again.mean((-2, -1))
        squares = np.einsum("...rt,...rt->...", again, again)  # of what is centred: nothing cancels
        spread = np.sqrt(np.maximum(squares - n * off**2, 0) / (n - 1))
        t: Array = np.divide(off * sqrt(n), spread, out=np.full_like(off, np.inf), where=spread > 0)
        return t

    return redrawn(student, (off_middle,), paired=False, replicates=replicates, seed=seed)


def _welch(a: Array, b: Array, level: float) -> tuple[Estimate, float, float]:
    from scipy import stats

    if min(len(a), len(b)) < 2:
        raise AnalysisError("one episode gives no interval: it says nothing of how much another would differ")
    off = float(a.mean() - b.mean())
    inner = (len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)
    pooled = sqrt(inner / (len(a) + len(b) - 2))
    if pooled == 0:
        return (
            Estimate(off, off, off, level, "no spread"),
            float(off == 0),
            0.0 if off == 0 else float("inf") * off,
        )
    found = stats.ttest_ind(a, b, equal_var=False)
    ends = found.confidence_interval(level)
    return (
        Estimate(off, float(ends.low), float(ends.high), level, "Welch's t"),
        float(found.pvalue),
        off / pooled,
    )


def _paired(a: Sample, b: Sample, notes: list[str], *, shared: bool) -> tuple[Sample, Sample]:
    both = np.intersect1d(a.seeds, b.seeds)
    lacking = [
        f"{mine.lane!r} lacks {counted(len(gone), 'seed')} ({listed(gone)})"
        for mine, other in ((a, b), (b, a))
        if len(gone := np.setdiff1d(other.seeds, mine.seeds))
    ]
    if lacking and not shared:
        raise AnalysisError(
            f"{a.lane!r} and {b.lane!r} share {counted(len(both), 'seed')}, but {', and '.join(lacking)}. "
            "paired='shared' compares the seeds they share, paired=False all episodes as strangers"
        )
    if len(both) < 2:
        raise AnalysisError(
            f"{a.lane!r} and {b.lane!r} share {counted(len(both), 'seed')}, and that gives no interval: it says "
            "nothing of how much another would differ. Play more seeds"
        )
    if lacking:
        notes.append(
            f"only the {counted(len(both), 'seed')} that both played are compared: {', '.join(lacking)}"
        )
    return _at(a, both), _at(b, both)


def _at(sample: Sample, seeds: np.ndarray[Any, Any]) -> Sample:
    places = np.searchsorted(sample.seeds, seeds)
    return Sample(
        sample.lane, sample.metric, seeds, sample.scores[places], sample.failed, sample.left_out, sample.notes
    )


def _doubts(a: Sample, b: Sample, effect: float) -> list[str]:
    notes, n = [], min(len(a), len(b))
    if n < ENOUGH["mean"]:
        notes.append(
            f"{counted(n, 'value')} only: where differences are skewed the interval may be too narrow below "
            f"{ENOUGH['mean']}"
        )
        warn_of_small_sample(f"{a.lane} and {b.lane}: {notes[-1]}")
    if isnan(effect) or abs(effect) == float("inf"):
        notes.append("every difference is the same: there is no spread to judge it by")
    return notes
