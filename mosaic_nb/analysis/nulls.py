"""The noise floor: how much a lane differs from itself."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from mosaic_nb.analysis.comparison import Comparison
from mosaic_nb.analysis.scores import Sample
from mosaic_nb.analysis.words import counted, decimals_for, number, p_value, sentence
from mosaic_nb.errors import AnalysisError

SPLITS = 2_000
_FEWEST = 4
_ALPHA = 0.05


@dataclass(frozen=True, repr=False)
class Null:
    """How much a lane differs from itself, by chance alone.

    Attributes:
        lane: its name.
        against: the lane with the same cast; empty where the lane's own seeds were split.
        n: how many seeds.
        floor: the difference that chance exceeds once in twenty times, in the metric's unit, for n seeds.
        false_positives: how often a test at 5 % took two halves of the lane's seeds for different lanes; with a lane
            of the same cast, 1.0 or 0.0: whether the paired test did.
        p: of the paired test against a lane of the same cast; None where the seeds were split.
        metric: what was measured.
    """

    lane: str
    against: str
    n: int
    floor: float
    false_positives: float
    p: float | None
    metric: str

    def __str__(self) -> str:
        floor = number(self.floor, decimals_for(self.floor))
        seeds = counted(self.n, "seed")
        if self.p is None:
            return (
                f"differences in {self.metric} below {floor} are noise: two unpaired samples of {self.lane}, {seeds} "
                f"each, differ by less 95 % of the time (a 5 % test is wrong {self.false_positives:.1%} of the time)"
            )
        verdict = "are told apart, and must not be" if self.p < _ALPHA else "are not told apart"
        return (
            f"{self.lane} and {self.against}, the same cast, {verdict} ({p_value(self.p)}); paired differences in "
            f"{self.metric} below {floor} are noise ({seeds})"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return sentence(str(self))


def split_null(sample: Sample, *, splits: int = SPLITS, seed: int = 0) -> Null:
    """Split a lane's seeds into random halves, many times, and see by how much they differ.

    The halves have half the seeds, and so differ by the square root of two more than two whole samples: the floor is
    that of whole samples.

    Raises:
        AnalysisError: there are fewer than four seeds.
    """
    from scipy import stats

    n = len(sample)
    if n < _FEWEST:
        raise AnalysisError(
            f"{sample.lane!r} has {counted(n, 'seed')}: four at least make two halves with a spread"
        )
    order = np.random.default_rng(seed).random((splits, n)).argsort(axis=-1)
    drawn, half = sample.scores[order], n // 2
    first, second = drawn[:, :half], drawn[:, half : 2 * half]
    apart = np.abs(first.mean(-1) - second.mean(-1))
    if sample.scores.std() == 0:
        return Null(sample.lane, "", n, 0.0, 0.0, None, sample.metric)
    with np.errstate(
        invalid="ignore", divide="ignore"
    ):  # halves without spread have no p, and count as told apart
        p = stats.ttest_ind(first, second, axis=-1, equal_var=False).pvalue
    alarms = np.where(np.isnan(p), apart > 0, p < _ALPHA)
    floor = float(np.quantile(apart, 1 - _ALPHA) * sqrt(half / n))
    return Null(sample.lane, "", n, floor, float(alarms.mean()), None, sample.metric)


def paired_null(comparison: Comparison, *, splits: int = SPLITS, seed: int = 0) -> Null:
    """See by how much two lanes of the same cast differ, and what changing the signs of their differences gives."""
    apart = comparison.differences
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (splits, len(apart)))
    floor = float(np.quantile(np.abs(signs @ apart) / len(apart), 1 - _ALPHA))
    alarm = float(comparison.p < _ALPHA)
    return Null(
        comparison.a.lane, comparison.b.lane, comparison.n, floor, alarm, comparison.p, comparison.a.metric
    )
