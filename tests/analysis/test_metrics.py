"""Point values: those of the published definitions, on the same arrays.

The values come from a transcription of rliable's functions (github.com/google-research/rliable, rliable/metrics.py:
aggregate_mean, aggregate_median, aggregate_iqm, aggregate_optimality_gap and probability_of_improvement; library.py:
run_score_deviation and mean_score_deviation), here beside ours and as numbers.
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from mosaic_nb.analysis import metrics

X = np.array(
    [
        [0.13, 1.92, -0.44],
        [0.71, 1.08, 0.05],
        [0.71, 2.61, 0.38],
        [1.44, 0.97, 0.61],
        [0.02, 1.35, 0.61],
    ]
)
Y = np.array(
    [
        [0.71, 0.88, 0.40],
        [0.19, 1.35, 0.61],
        [0.05, 1.10, -0.20],
        [0.99, 0.20, 0.33],
        [0.64, 1.70, 0.02],
        [0.13, 1.21, 0.75],
    ]
)
ARRAYS = [
    X,
    Y,
    np.random.default_rng(3).normal(0.6, 0.7, (25, 6)),
    np.random.default_rng(4).beta(0.4, 0.6, (7, 1)),
]


def published_poi(x, y):
    """rliable's probability_of_improvement."""
    found = []
    for task in range(x.shape[1]):
        if np.array_equal(x[:, task], y[:, task]):
            found.append(0.5)
        else:
            u, _ = scipy.stats.mannwhitneyu(x[:, task], y[:, task], alternative="greater")
            found.append(u / (len(x) * len(y)))
    return np.mean(found)


PUBLISHED = {
    metrics.mean: lambda x: np.mean(np.mean(x, axis=0)),
    metrics.median: lambda x: np.median(np.mean(x, axis=0)),
    metrics.iqm: lambda x: scipy.stats.trim_mean(x, proportiontocut=0.25, axis=None),
    metrics.optimality_gap: lambda x: 1 - np.mean(np.minimum(x, 1)),
}


@pytest.mark.parametrize("scores", ARRAYS, ids=lambda each: str(each.shape))
@pytest.mark.parametrize("ours", PUBLISHED, ids=lambda each: each.__name__)
def test_points_are_the_published_ones(ours, scores):
    assert ours(scores) == pytest.approx(PUBLISHED[ours](scores), abs=1e-12)


def test_points_as_numbers():
    assert metrics.mean(X) == pytest.approx(0.81, abs=1e-12)
    assert metrics.median(X) == pytest.approx(0.602, abs=1e-12)
    assert metrics.iqm(X) == pytest.approx(6.55 / 9, abs=1e-12)
    assert metrics.optimality_gap(X) == pytest.approx(1 - 8.75 / 15, abs=1e-12)
    assert metrics.probability_of_improvement(X, Y) == pytest.approx(17 / 30, abs=1e-12)


@pytest.mark.parametrize(("x", "y"), [(X, Y), (Y, X), (X, X), (ARRAYS[2], ARRAYS[2][:9] + 0.2)])
def test_improvement_is_the_published_one(x, y):
    assert metrics.probability_of_improvement(x, y) == pytest.approx(published_poi(x, y), abs=1e-12)


def test_profiles_are_the_published_ones():
    levels = np.linspace(-0.5, 2.7, 17)
    for x in ARRAYS:
        assert metrics.performance_profile(x, levels) == pytest.approx(
            [np.mean(x > t) for t in levels], abs=1e-12
        )
        averages = np.mean(x, axis=0)
        assert metrics.average_profile(x, levels) == pytest.approx(
            [np.mean(averages > t) for t in levels], abs=1e-12
        )


@pytest.mark.parametrize("ours", PUBLISHED, ids=lambda each: each.__name__)
def test_a_batch_is_each_of_its_own(ours):
    batch = np.random.default_rng(1).normal(size=(4, 3, 8, 5))
    one_by_one = [[ours(batch[i, j]) for j in range(3)] for i in range(4)]
    assert np.array_equal(ours(batch), one_by_one)


def test_a_batch_of_pairs():
    x, y = np.random.default_rng(1).integers(0, 4, (2, 3, 8, 5))
    one_by_one = [metrics.probability_of_improvement(x[i], y[i]) for i in range(3)]
    assert metrics.probability_of_improvement(x, y) == pytest.approx(one_by_one, abs=1e-12)


def test_one_dimension_is_the_runs_of_one_task():
    assert metrics.iqm(X[:, 0]) == metrics.iqm(X[:, :1]) == pytest.approx((0.13 + 0.71 + 0.71) / 3)


def test_missing_values_are_named():
    broken = X.copy()
    broken[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"1 values that are NaN or infinite, the first at \(2, 1\)"):
        metrics.mean(broken)
    with pytest.raises(ValueError, match="others has 1 values"):
        metrics.probability_of_improvement(X, broken)
    with pytest.raises(ValueError, match="3 tasks cannot be compared with 2"):
        metrics.probability_of_improvement(X, Y[:, :2])
    with pytest.raises(ValueError, match="at least one of each"):
        metrics.mean(np.empty((0, 3)))
