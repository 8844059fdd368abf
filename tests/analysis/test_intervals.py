"""Intervals: the textbook's where there is one, the same bits from the same seed, refusals."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mosaic_nb.analysis import Estimate, intervals, metrics, t_interval, wilson
from mosaic_nb.analysis.intervals import bounds, interval
from mosaic_nb.errors import AnalysisError

DRAW = np.random.default_rng(8)
SCORES = DRAW.normal(3, 2, (25, 4))


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_t_is_the_textbooks(level):
    column = SCORES[:, 0]
    low, high = scipy.stats.t.interval(level, 24, column.mean(), column.std(ddof=1) / 5)
    found = t_interval(column, level=level)
    assert (found.value, found.low, found.high) == pytest.approx((column.mean(), low, high), abs=1e-12)


def test_t_of_two_tasks_is_welchs():
    """The mean over two tasks is half their difference, once the sign of one is changed."""
    x, y = DRAW.normal(0, 1, 9), DRAW.normal(1, 3, 9)
    ends = scipy.stats.ttest_ind(x, y, equal_var=False).confidence_interval()
    found = t_interval(np.stack([x, -y], axis=1))
    assert (found.low, found.high) == pytest.approx((ends.low / 2, ends.high / 2), abs=1e-12)


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (5, 5), (13, 100), (50, 100), (1, 1), (999, 1000)])
def test_wilson_is_scipys(hits, n):
    ends = scipy.stats.binomtest(hits, n).proportion_ci(0.9, method="wilson")
    found = wilson(hits, n, level=0.9)
    assert (found.value, found.low, found.high) == pytest.approx((hits / n, ends.low, ends.high), abs=1e-12)


@pytest.mark.parametrize("method", ["expanded", "percentile"])
def test_the_same_seed_gives_the_same_bits(method):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (that nobody touches it is the point)
    first = interval(metrics.iqm, SCORES, method=method, replicates=500, seed=4)
    assert interval(metrics.iqm, SCORES, method=method, replicates=500, seed=4) == first
    assert interval(metrics.iqm, SCORES, method=method, replicates=500, seed=5) != first
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_plain_percentiles_are_scipys():
    """Both draw thousands of times, so they agree but for the noise of the draws."""
    column = SCORES[:, 0]
    theirs = scipy.stats.bootstrap(
        (column,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    ours = interval(metrics.mean, column, method="percentile", replicates=20_000)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_few_runs_widen_the_interval():
    column = SCORES[:8, :1]
    wide, narrow = interval(metrics.mean, column), interval(metrics.mean, column, method="percentile")
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_runs_are_drawn_within_their_task():
    """Two tasks far apart: drawn across tasks, the mean would swing by hundreds."""
    scores = np.stack([np.arange(10.0), 1000 + np.arange(10.0)], axis=1)
    found = interval(metrics.mean, scores)
    assert found.high - found.low < 5


def test_pairs_are_drawn_together():
    worth = DRAW.normal(0, 50, 40)
    x, y = worth + 1 + DRAW.normal(0, 0.1, 40), worth + DRAW.normal(0, 0.1, 40)

    def apart(a, b):
        return metrics.mean(a) - metrics.mean(b)

    together, strangers = interval(apart, x, y, paired=True), interval(apart, x, y)
    assert together.low > 0.9
    assert together.high < 1.1
    assert strangers.high - strangers.low > 10


def test_memory_is_bounded_and_threads_change_nothing(monkeypatch):
    monkeypatch.setattr(intervals, "_DRAWN_AT_ONCE", SCORES.size * 7)
    sizes = []

    def counting(scores):
        sizes.append(len(scores))
        return metrics.mean(scores)

    found = bounds(counting, SCORES, replicates=50)
    assert sorted(sizes) == [1] + [7] * 7
    monkeypatch.setattr(intervals, "_THREADS", 1)
    assert bounds(metrics.mean, SCORES, replicates=50) == found


def test_a_batch_of_data_sets():
    low, high = bounds(metrics.iqm, np.stack([SCORES, SCORES + 5]), replicates=300)
    assert low.shape == (2,)
    assert low[1] - low[0] == pytest.approx(5)
    assert high[1] - high[0] == pytest.approx(5)


@pytest.mark.parametrize(
    "refused",
    [
        lambda: interval(metrics.mean, [4.0]),
        lambda: t_interval([4.0]),
        lambda: interval(metrics.probability_of_improvement, SCORES, SCORES[:1]),
    ],
)
def test_one_run_gives_no_interval(refused):
    with pytest.raises(AnalysisError, match="one run gives no interval"):
        refused()


def test_misuse_is_refused():
    with pytest.raises(ValueError, match="'expanded' or 'percentile'"):
        interval(metrics.mean, SCORES, method="magic")
    with pytest.raises(ValueError, match="paired scores must have one shape"):
        interval(metrics.probability_of_improvement, SCORES, SCORES[:9], paired=True)
    with pytest.raises(AnalysisError, match="an episode at least"):
        wilson(0, 0)


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.3125, 0.2512, 0.3738), "0.312 [0.251, 0.374]"),
        (Estimate(41234.5, 39876, 42593), "41,234 [39,876, 42,593]"),
        (Estimate(-0.0001, -0.5, 0.5), "0.00 [-0.50, 0.50]"),
        (Estimate(1, 1, 1), "1.0 [1.0, 1.0]"),
        (Estimate(0.14, -0.0035, 0.28), "0.140 [-0.004, 0.280]"),
        (Estimate(3, np.nan, np.nan), "3 (no interval)"),
    ],
)
def test_numbers_have_the_digits_they_deserve(estimate, text):
    assert str(estimate) == text
