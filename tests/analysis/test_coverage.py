"""What 95 % means: how often intervals cover the truth, by simulation. docs/statistics.md has the whole table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from mosaic_nb.analysis import compare, iqm, t_interval, wilson
from mosaic_nb.analysis.comparison import paired_difference
from mosaic_nb.analysis.intervals import bounds, t_bounds
from tests.analysis.tables import episodes

FEW, MANY = 600, 4_000
PAIRS, RUNS, EPISODES = 10, 25, 100


def noisy(draw, shape):
    return draw.normal(0, 1, shape)


def heavy(draw, shape):
    """The difference of two skewed returns."""
    return draw.exponential(1, shape) - draw.exponential(1, shape)


def bounded(draw, shape):
    """The difference of two returns of MiniGrid: nothing, or one less what the way took."""
    reached = draw.random((2, *shape)) < np.array([0.8, 0.6]).reshape(2, *(1 for _ in shape))
    first, second = np.where(reached, 1 - 0.9 * draw.beta(2, 5, (2, *shape)), 0.0)
    return first - second


def goal(draw, shape):
    """A return of MiniGrid."""
    return np.where(draw.random(shape) < 0.3, 0.0, 1 - 0.9 * draw.beta(2, 5, shape))


def skewed(draw, shape):
    return draw.exponential(1, shape)


def truth(kind, statistic):
    return float(statistic(kind(np.random.default_rng(0), (4_000_000, 1))))


def share(low, high, true):
    return float(((low <= true) & (true <= high)).mean())


def of_pairs(kind, sets, seed=1):
    scores = kind(np.random.default_rng(seed), (sets, PAIRS, 1))
    return share(*t_bounds(scores), truth(kind, np.mean))


def of_iqm(kind, tasks, sets, seed=1):
    draw = np.random.default_rng(seed)
    parts = [bounds(iqm, kind(draw, (100, RUNS, tasks)), replicates=1_000) for _ in range(sets // 100)]
    low, high = np.concatenate(parts, axis=-1)
    return share(low, high, truth(kind, iqm))


def of_wilson(rate, sets, seed=1):
    hits = np.random.default_rng(seed).binomial(EPISODES, rate, sets)
    ends = {count: wilson(count, EPISODES) for count in np.unique(hits).tolist()}
    return np.mean([ends[count].low <= rate <= ends[count].high for count in hits.tolist()])


def false_alarms(sets, n, seed=1):
    draw = np.random.default_rng(seed)
    worth = draw.normal(0, 3, (sets, n))
    apart = worth + goal(draw, (sets, n)) - worth - goal(draw, (sets, n))
    return np.mean([paired_difference(each)[1] < 0.05 for each in apart])


@pytest.mark.parametrize("kind", [noisy, heavy, bounded])
def test_ten_pairs(kind):
    assert 0.925 <= of_pairs(kind, FEW * 4) <= 0.975


@pytest.mark.parametrize("kind", [noisy, goal])
def test_iqm_of_25_runs(kind):
    assert 0.925 <= of_iqm(kind, 1, FEW) <= 0.98


def test_wilson():
    assert 0.92 <= of_wilson(0.3, FEW * 4) <= 0.98


def test_a_lane_against_itself():
    assert 0.03 <= false_alarms(FEW * 2, 25) <= 0.07


def test_what_is_simulated_is_what_users_call():
    """The vectorised core and the public functions give the same ends."""
    draw = np.random.default_rng(3)
    x, y = draw.normal(size=(2, 10))
    low, high = t_bounds((x - y)[:, None])
    shown = compare(episodes({"x": x, "y": y}), "x", "y").difference
    assert (shown.low, shown.high) == pytest.approx((low, high), abs=1e-12)
    assert (t_interval(x - y).low, t_interval(x - y).high) == (low, high)


def test_the_simulation_sees_a_broken_interval():
    scores = noisy(np.random.default_rng(1), (FEW * 4, PAIRS, 1))
    narrow = scores.std((-2, -1)) * special.ndtri(0.975) / np.sqrt(PAIRS)
    middle = scores.mean((-2, -1))
    assert share(middle - narrow, middle + narrow, 0.0) < 0.925


@pytest.mark.slow
@pytest.mark.parametrize("kind", [noisy, heavy, bounded])
def test_ten_pairs_4000(kind):
    assert 0.93 <= of_pairs(kind, MANY) <= 0.97


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("tasks", [1, 5])
@pytest.mark.parametrize("kind", [noisy, heavy, bounded, goal, skewed])
def test_iqm_of_25_runs_4000(kind, tasks):
    assert 0.93 <= of_iqm(kind, tasks, MANY) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.1, 0.2, 0.3, 0.4, 0.5])
def test_wilson_4000(rate):
    assert 0.93 <= of_wilson(rate, MANY) <= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("n", [10, 25, 100])
def test_a_lane_against_itself_4000(n):
    assert 0.035 <= false_alarms(MANY, n) <= 0.065
