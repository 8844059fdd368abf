"""How many seeds a difference needs to be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from mosaic_nb.analysis.comparison import Comparison
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.words import sentence
from mosaic_nb.errors import AnalysisError

_MOST = 100_000_000


@dataclass(frozen=True, repr=False)
class RequiredSeeds:
    """How many seeds it takes to see a difference.

    Attributes:
        paired: shared seeds, compared seed by seed.
        unpaired: episodes of each lane, compared as strangers.
        difference: the one to be seen, in the metric's unit.
        spread: the standard deviation of the differences seed by seed.
        power: how often it is seen if it is there.
        alpha: how often one is seen where there is none.
        observed: whether the difference is the one that was observed, which is a hopeful guess at the true one.
    """

    paired: int
    unpaired: int
    difference: float
    spread: float
    power: float
    alpha: float
    observed: bool

    @property
    def saving(self) -> float:
        """How many times fewer episodes pairing needs."""
        return self.unpaired / self.paired

    def __int__(self) -> int:
        return self.paired

    def __str__(self) -> str:
        what = "the observed difference" if self.observed else "a difference"
        return (
            f"{self.paired:,} shared seeds show {what} of {abs(self.difference):.3g} with a power of {self.power:.0%}; "
            f"unpaired it takes {self.unpaired:,} episodes of each lane"
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return sentence(str(self))


def required_seeds(
    comparison: Comparison, *, power: float = 0.8, effect: float | None = None, alpha: float = 0.05
) -> RequiredSeeds:
    """Return how many seeds show a difference by a paired t-test, from the spread of seeds already played.

    Args:
        comparison: paired, of a pilot run.
        power: how often the difference is to be seen if it is there.
        effect: the smallest difference worth seeing, in the metric's unit; None takes the observed one, which is a
            hopeful guess: where chance helped, too few seeds are asked for.
        alpha: the test's level.

    Raises:
        AnalysisError: the difference is zero, or there is no spread to judge by.
    """
    apart = comparison.differences
    difference = float(apart.mean()) if effect is None else float(effect)
    spread = float(apart.std(ddof=1))
    both: Array = np.array([comparison.a.scores.var(ddof=1), comparison.b.scores.var(ddof=1)])
    if difference == 0 or spread == 0:
        raise AnalysisError(
            "no number of seeds shows a difference of zero; name the smallest that matters by effect=..."
            if difference == 0
            else "all differences are the same: two seeds show that, and no spread says how many more it takes"
        )
    return RequiredSeeds(
        seeds_for(difference / spread, power=power, alpha=alpha),
        seeds_for(difference / sqrt(both.mean()), power=power, alpha=alpha, paired=False),
        difference,
        spread,
        power,
        alpha,
        effect is None,
    )


def seeds_for(d: float, *, power: float = 0.8, alpha: float = 0.05, paired: bool = True) -> int:
    """Return how many seeds (unpaired: episodes of each lane) a two-sided t-test needs to see an effect.

    Args:
        d: Cohen's d: the difference over the standard deviation of the differences (unpaired: of the values).
        power, alpha: how often an effect is seen where there is one, and where there is none.

    Raises:
        ValueError: power or alpha is no share, or power is not above alpha.
        AnalysisError: more than a hundred million would be needed.
    """
    if not 0 < alpha < power < 1:
        raise ValueError(f"0 < alpha < power < 1 must hold, not alpha={alpha}, power={power}")
    most = 2
    while power_of(abs(d), most, alpha=alpha, paired=paired) < power:
        most *= 2
        if most > _MOST:
            raise AnalysisError(f"an effect of d = {d:.2g} needs more than {_MOST:,} seeds")
    return _smallest(lambda n: power_of(abs(d), n, alpha=alpha, paired=paired) >= power, most)


def power_of(d: float, n: int, *, alpha: float = 0.05, paired: bool = True) -> float:
    """Return how often a two-sided t-test sees an effect of Cohen's d with n seeds (unpaired: n episodes a lane)."""
    from scipy import stats

    freedom, shift = (n - 1, d * sqrt(n)) if paired else (2 * (n - 1), d * sqrt(n / 2))
    bound = stats.t.ppf(1 - alpha / 2, freedom)
    if (
        freedom > 10_000 or shift > 30
    ):  # there the noncentral t is the normal, which is computed without trouble
        return float(stats.norm.sf(bound - shift) + stats.norm.cdf(-bound - shift))
    return float(stats.nct.sf(bound, freedom, shift) + stats.nct.cdf(-bound, freedom, shift))


def _smallest(enough: Callable[[int], bool], most: int) -> int:
    low, high = 1, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
