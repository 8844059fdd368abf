"""Many comparisons, power, noise floors and curves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from mosaic_nb.analysis import (
    adjust,
    aggregate,
    by_task,
    compare,
    compare_all,
    iqm,
    learning_curve,
    paired_null,
    power_of,
    regret_curve,
    required_seeds,
    samples,
    seeds_for,
    split_null,
)
from mosaic_nb.errors import AnalysisError
from tests.analysis.tables import episodes, lanes

DRAW = np.random.default_rng(12)


def test_holm_and_benjamini_hochberg():
    """Holm (1979): the smallest of m times m, the next times m - 1, never falling, at most 1."""
    p = [0.01, 0.04, 0.03, 0.005, 0.9]
    assert adjust(p) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.9])
    assert adjust(p, "bh") == pytest.approx(scipy.stats.false_discovery_control(p))
    assert adjust(p, "none") == pytest.approx(p)
    assert adjust([0.6, 0.7]).max() == 1


def test_every_lane_with_every_other():
    worth = DRAW.normal(0, 1, 40)
    table = episodes(
        {name: worth + gap + DRAW.normal(0, 0.4, 40) for name, gap in (("a", 1), ("b", 0), ("c", 0))}
    )
    found = compare_all(table)
    assert list(zip(found.frame["a"], found.frame["b"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.frame["p"].tolist() == [compare(table, one, other).p for one, other in ("ab", "ac", "bc")]
    assert found.frame["p_adjusted"].to_numpy() == pytest.approx(adjust(found.frame["p"]))
    assert (found.frame["p_adjusted"] >= found.frame["p"]).all()
    assert "corrected for 3 comparisons by Holm" in found.notes[0]
    assert len(str(found).splitlines()) == len(found) == 3
    assert "a - b" in found._repr_html_()


def test_every_lane_with_a_baseline():
    table = episodes({"a": range(20), "b": range(1, 21), "c": np.arange(20) % 7})
    assert [(each.a.lane, each.b.lane) for each in compare_all(table, baseline="c")] == [
        ("a", "c"),
        ("b", "c"),
    ]
    assert [(each.a.lane, each.b.lane) for each in compare_all(table, lanes=["b"], baseline="c")] == [
        ("b", "c")
    ]
    with pytest.raises(AnalysisError, match="no lane 'd'"):
        compare_all(table, baseline="d")
    with pytest.raises(AnalysisError, match="one lane, 'a', has nothing"):
        compare_all(table, lanes=["a"])
    with pytest.raises(ValueError, match="correction must be"):
        compare_all(table, correction="hope")


@pytest.mark.parametrize(
    ("d", "power", "paired", "n"),
    [
        (0.5, 0.8, True, 34),
        (0.2, 0.8, True, 199),
        (0.5, 0.8, False, 64),
        (0.8, 0.8, False, 26),
        (0.2, 0.9, False, 527),
    ],
)
def test_sample_sizes_are_those_of_the_tables(d, power, paired, n):
    """Cohen, Statistical Power Analysis (1988), and G*Power 3.1."""
    assert seeds_for(d, power=power, paired=paired) == n
    assert power_of(d, n, paired=paired) >= power > power_of(d, n - 1, paired=paired)


def test_power_is_what_happens():
    hits = [scipy.stats.ttest_1samp(DRAW.normal(0.6, 1, (4000, 20)), 0, axis=1).pvalue < 0.05]
    assert np.mean(hits) == pytest.approx(power_of(0.6, 20), abs=0.025)


def test_seeds_from_a_pilot():
    found = required_seeds(compare(lanes(), "good", "bad"), effect=0.2)
    assert found.paired == int(found) == seeds_for(0.2 / found.spread)
    assert found.saving > 5
    assert "shared seeds show a difference of 0.2 with a power of 80%" in str(found)
    assert "the observed difference" in str(required_seeds(compare(lanes(), "good", "bad")))
    with pytest.raises(AnalysisError, match="no number of seeds"):
        required_seeds(compare(lanes(), "good", "bad"), effect=0)
    with pytest.raises(AnalysisError, match="more than"):
        seeds_for(1e-7)
    with pytest.raises(ValueError, match="alpha < power"):
        seeds_for(1, power=0.01)


def test_the_noise_floor_is_that_of_two_samples():
    """Two unpaired samples of n differ by less than 1.96 sqrt(2 / n) standard deviations 95 % of the time."""
    sample = samples(episodes({"x": DRAW.normal(5, 3, 400)}))["x"]
    found = split_null(sample)
    expected = 1.96 * sample.scores.std() * np.sqrt(2 / 400)
    assert found.floor == pytest.approx(expected, rel=0.06)
    assert found.false_positives == pytest.approx(0.05, abs=0.02)
    assert split_null(sample) == found
    with pytest.raises(AnalysisError, match="four at least"):
        split_null(samples(episodes({"x": [1, 2, 3]}))["x"])
    assert split_null(samples(episodes({"x": [2] * 9}))["x"]).floor == 0


def test_a_lane_against_its_twin():
    worth = DRAW.normal(0, 9, 60)
    table = episodes({"x": worth + DRAW.normal(0, 1, 60), "again": worth + DRAW.normal(0, 1, 60)})
    found = paired_null(compare(table, "x", "again"))
    assert found.floor == pytest.approx(1.96 * np.sqrt(2 / 60), rel=0.35)
    assert "the same cast, are not told apart" in str(found)


def test_a_learning_curve_over_trials():
    table = episodes({"x": [1, 2, 3] * 4})
    table["trial"] = np.arange(12) // 3
    curve = learning_curve(table)
    assert curve["episode"].tolist() == [0, 1, 2]
    assert curve["mean"].tolist() == [1, 2, 3]
    assert curve["n"].tolist() == [4, 4, 4]


def test_a_learning_curve_of_one_history_groups_neighbours():
    curve = learning_curve(episodes({"x": np.repeat([1.0, 5.0], 20) + np.tile([-0.5, 0.5], 20)}), bins=2)
    assert curve["mean"].tolist() == [1, 5]
    assert curve["episode"].tolist() == [19, 39]
    assert (curve["low"] < curve["mean"]).all()


def test_regret():
    table = episodes({"x": [1.0, 2, 3], "y": [3.0, 1, 3]})
    curves = {lane: part["mean"].tolist() for lane, part in regret_curve(table, "best").groupby("lane")}
    assert curves == {"x": [2, 2, 2], "y": [0, 1, 1]}
    assert regret_curve(table, 4.0)["mean"].tolist() == [3, 5, 6, 1, 4, 5]
    against = regret_curve(table, "y", lanes=["x"])
    assert against["mean"].tolist() == [2, 1, 1]
    with pytest.raises(AnalysisError, match="'y' cannot stand for the optimum: it lacks seeds 1"):
        regret_curve(table[~((table["lane"] == "y") & (table["seed"] == 1))], "y")


def test_several_tasks():
    tasks = {
        "easy": episodes({"x": range(12), "y": range(1, 13)}),
        "hard": episodes({"x": [5] * 12, "y": [6] * 12}),
    }
    scores = by_task(tasks, scale={"easy": (0.0, 10.0)})
    assert scores["x"].shape == (12, 2)
    assert scores["x"][:, 0] == pytest.approx(np.arange(12) / 10)
    found = aggregate(scores, replicates=200).set_index(["lane", "metric"])
    assert found.loc[("y", "iqm"), "value"] == iqm(scores["y"])
    assert found.loc[("y", "iqm"), "low"] <= found.loc[("y", "iqm"), "high"]
    with pytest.raises(AnalysisError, match="1 of 2 tasks"):
        by_task({**tasks, "hard": episodes({"x": [5] * 12})})
    with pytest.raises(AnalysisError, match="with 11 and 12 seeds"):
        by_task({**tasks, "hard": episodes({"x": [5] * 11, "y": [6] * 12})})


def test_runs_that_were_concatenated():
    runs = [episodes({"x": [1.0, 2, 3 + number]}, run=str(number)) for number in range(3)]
    curve = learning_curve(pd.concat(runs, ignore_index=True))
    assert curve["mean"].tolist() == [1, 2, 4]
    assert curve["n"].tolist() == [3, 3, 3]
