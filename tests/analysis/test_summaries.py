"""A row for each lane."""

from __future__ import annotations

import numpy as np
import pytest

from mosaic_nb.analysis import iqm, summary, t_interval, wilson
from mosaic_nb.errors import AnalysisError, SmallSampleWarning
from tests.analysis.tables import changed, episodes, lanes, renamed


def test_a_row_says_what_the_lane_scored():
    table = lanes(200)
    good = table[table["lane"] == "good"]
    found = summary(table)
    row = found.frame.loc["good"]
    expected = t_interval(good["return"])
    assert (row["mean"], row["mean_low"], row["mean_high"]) == (expected.value, expected.low, expected.high)
    assert row["median"] == np.median(good["return"])
    assert row["iqm"] == iqm(good["return"])
    assert row["iqm_low"] < row["iqm"] < row["iqm_high"]
    rate = wilson(int(good["success"].sum()), 200)
    assert (row["success"], row["success_low"]) == (rate.value, rate.low)
    assert (row["seeds"], row["episodes"], row["failed"], row["length"]) == (
        200,
        200,
        0,
        good["length"].mean(),
    )
    assert not found.notes


def test_small_samples_are_said():
    with pytest.warns(
        SmallSampleWarning, match="good, bad: interval of the IQM from 20 seeds, below 25"
    ) as caught:
        found = summary(lanes(20))
    assert caught[0].filename == __file__
    assert "success rate from 20 episodes, below 100" in found.frame.loc["good", "note"]
    with pytest.warns(SmallSampleWarning, match="interval of the mean and IQM from 9 seeds"):
        summary(lanes(9))
    with pytest.warns(SmallSampleWarning, match="one seed gives no interval"):
        alone = summary(lanes(1))
    assert np.isnan(alone.frame.loc["good", "mean_low"])
    assert "(no interval)" in str(alone)


def test_failures_are_counted():
    table = changed(lanes(200), "good", 4, end="failed", **{"return": 99.0}, success=True)
    found = summary(table)
    assert found.frame.loc["good", "failed"] == 1
    assert found.frame.loc["good", "mean"] < summary(lanes(200)).frame.loc["good", "mean"]
    assert "good: 1 episode failed (seeds 4) and count as the worst of all" in found.notes[0]
    hits = int(table[(table["lane"] == "good") & (table["seed"] != 4)]["success"].sum())
    assert found.frame.loc["good", "success"] == hits / 200


def test_environments_without_a_rule_of_success():
    table = lanes(30)
    table["success"] = table["success"].where([False] * len(table))
    found = summary(table)
    assert found.frame["success"].isna().all()
    assert "success" not in str(found).splitlines()[0]


def test_it_reads_as_text_and_as_html():
    table = renamed(lanes(200), "good", "<b>bold</b>")
    found = summary(table)
    assert str(found).splitlines()[1].startswith("<b>bold</b>  200")
    assert "&lt;b&gt;bold" in found._repr_html_()
    assert "<b>bold" not in found._repr_html_()


def test_lanes_in_the_order_asked_for():
    assert list(summary(lanes(200), lanes=["bad", "good"]).frame.index) == ["bad", "good"]


def test_no_episodes():
    with pytest.raises(AnalysisError, match="there are no episodes"):
        summary(lanes(30).iloc[:0])
    cut = episodes({"x": range(5)}, end="abandoned")
    with pytest.raises(AnalysisError, match="lane 'x' has no episode that counts"):
        summary(cut)
