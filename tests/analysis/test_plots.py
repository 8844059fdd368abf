"""Figures: they show what the tables say, and hostile names are names."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from mosaic_nb.analysis import compare, compare_all, learning_curve, plots, samples, summary, t_interval
from mosaic_nb.analysis.plots.style import COLORS, LIGHTER, color_of, label_of, theme
from mosaic_nb.errors import AnalysisError
from tests.analysis.recorded import storable
from tests.analysis.tables import lanes, renamed
from tests.hostile import HOSTILE

mpl.use("agg")
TABLE = lanes(120)


@pytest.fixture(autouse=True)
def closed():
    yield
    mpl.pyplot.close("all")


def steps(agents=1, actions=3, value=True):
    n = 12
    table = pd.DataFrame(
        {
            "lane": "x",
            "episode": 4,
            "seed": 11,
            "step": np.repeat(np.arange(n), agents),
            "agent": np.tile([f"agent_{number}" for number in range(agents)], n),
            "action": np.arange(n * agents) % actions,
            "reward": 0.5,
            "value": np.linspace(0, 1, n * agents) if value else np.nan,
        }
    )
    table["action_label"] = [f"move {action}" for action in table["action"]]
    return table


def texts(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def diamonds(axes):
    return [line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "D"]


def test_distributions_show_means_and_intervals():
    axes = plots.distributions(TABLE)
    assert texts(axes) == ["good\nn = 120", "bad\nn = 120"]
    assert axes.get_xlabel() == "return"
    means = [TABLE.loc[TABLE["lane"] == lane, "return"].mean() for lane in ("good", "bad")]
    assert diamonds(axes) == pytest.approx(means)
    ends = [tuple(line.get_xdata()) for line in axes.get_lines() if line.get_linewidth() == 1.8]
    found = t_interval(samples(TABLE)["good"].scores)
    assert ends[0] == (found.low, found.high)
    assert sum(len(points.get_offsets()) for points in axes.collections) == 240


def test_differences_show_the_interval_and_zero():
    made = compare_all(TABLE)
    axes = plots.differences(made)
    assert texts(axes) == ["good\nminus bad\nn = 120 pairs"]
    assert [text.get_text() for text in axes.texts] == ["p < 0.001"]
    assert diamonds(axes) == [made.all[0].difference.value]
    assert any(list(line.get_xdata()) == [0, 0] for line in axes.get_lines())
    alone = plots.differences(compare(TABLE, "good", "bad", paired=False))
    assert "unpaired" in texts(alone)[0]


def test_orange_is_not_told_apart():
    same = lanes(120, gap=0.0)
    for table, color in ((TABLE, COLORS[0]), (same, COLORS[5])):
        points = plots.differences(compare(table, "good", "bad")).collections[0]
        assert mpl.colors.to_hex(points.get_facecolor()[0]).upper() == color


def test_profiles_fall_from_one_to_zero():
    scores = {lane: each.scores for lane, each in samples(TABLE).items()}
    axes = plots.profiles(scores, label="return")
    for line in axes.get_lines():
        shares = line.get_ydata()
        assert shares[0] == 1
        assert shares[-1] == 0
        assert (np.diff(shares) <= 0).all()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["good (n = 120)", "bad (n = 120)"]
    several = plots.profiles({"x": np.random.default_rng(1).normal(size=(10, 3))})
    assert several.get_legend().get_texts()[0].get_text() == "x (n = 10 x 3 tasks)"
    assert len(several.collections) == 1
    assert len(plots.profiles({"x": np.eye(3)}, average=True).collections) == 0


def test_rates_and_their_refusal():
    axes = plots.rates(summary(TABLE))
    assert diamonds(axes) == pytest.approx(summary(TABLE).frame["success"].tolist())
    table = TABLE.assign(success=pd.array([None] * len(TABLE), dtype="boolean"))
    with pytest.raises(AnalysisError, match="no rule of success"):
        plots.rates(summary(table))


def test_curves_have_bands():
    axes = plots.curves(learning_curve(TABLE), label="return")
    assert len(axes.get_lines()) == len(axes.collections) == 2
    assert axes.get_ylabel() == "return"


def test_a_timeline_has_a_strip_for_each_agent():
    figure = plots.timeline(steps(agents=2), "x")
    strip, paid, value = figure.axes
    assert texts(strip) == ["agent_0", "agent_1"]
    assert [text.get_text() for text in strip.get_legend().get_texts()] == ["move 0", "move 1", "move 2"]
    assert sum(len(bars.get_paths()) for bars in strip.collections) == 24
    assert (paid.get_ylabel(), value.get_ylabel()) == ("reward", "value")
    assert figure.get_suptitle() == "x: episode 4, seed 11"
    assert len(plots.timeline(steps(value=False, actions=40), "x", seed=11).axes) == 2
    with pytest.raises(AnalysisError, match="no steps of lane 'x', episode 9"):
        plots.timeline(steps(), "x", episode=9)


def test_axes_of_ones_own_are_drawn_on():
    _, axes = mpl.pyplot.subplots()
    assert plots.distributions(TABLE, ax=axes) is axes
    before = mpl.rcParams["font.size"]
    plots.profiles({"x": [1.0, 2.0]}, ax=axes)
    assert mpl.rcParams["font.size"] == before


def test_dark_pages_have_lighter_colors():
    with theme("dark"):
        assert color_of(0) == LIGHTER[0]
        assert mpl.rcParams["text.color"] == "#e6e9ed"
    assert color_of(0) == COLORS[0]


@pytest.mark.filterwarnings("ignore:Glyph")
def test_hostile_names_are_drawn(tmp_path):
    """Formulas that do not parse, controls and lone surrogates would each stop matplotlib."""
    for number, name in enumerate(["$x_{$", "a $\\frac{1}{2}$ b", *HOSTILE]):
        assert len(label_of(name)) <= 60
        if number % 8 == 0 or "$" in name or "\ud800" in name:
            axes = plots.distributions(renamed(lanes(5), "good", storable(name)))
            axes.figure.savefig(tmp_path / "x.svg")
            mpl.pyplot.close(axes.figure)


def test_the_same_figure_twice():
    points = [plots.distributions(TABLE).collections[0].get_offsets() for _ in range(2)]
    assert np.array_equal(*points)
