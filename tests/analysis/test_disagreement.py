"""Disagreements as a table that never compares different units, and as a figure."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest

from mosaic_nb.analysis import disagreement, plots
from mosaic_nb.errors import AnalysisError
from tests.hostile import HOSTILE

mpl.use("agg")


def steps(lane: str = "a") -> pd.DataFrame:
    given = [[0.9, 0.1], [0.5, 0.5], None]
    return pd.DataFrame(
        {
            "lane": pd.Categorical([lane] * 3),
            "branch": 0,
            "trial": 0,
            "episode": 0,
            "seed": 7,
            "step": [0, 1, 2],
            "agent": pd.Categorical(["agent"] * 3),
            "operator": pd.Categorical(["mine"] * 3),
            "action": [0, 1, 0],
            "action_label": pd.Categorical(["left", "right", "left"]),
            "reward": [1.0, 0.0, -3.0],
            "value": [0.5, 0.5, None],
            "probabilities": given,
        }
    )


def reply(step: int, lane: str = "a", other: str = "x", **more: object) -> dict[str, object]:
    return {
        "lane": lane,
        "episode": 0,
        "step": step,
        "agent": "agent",
        "other": other,
        "parted": True,
        "legal": True,
        "error": "",
        "other_action": 1,
        "other_label": "right",
        "other_probabilities": [0.2, 0.8],
        "other_value": 0.1,
        "other_probability": 0.2,
        "place": 1,
        **more,
    }


def test_rows_are_sorted_within_one_measure_and_measures_are_not_mixed() -> None:
    silent = reply(1, other="y", other_probabilities=None, other_probability=None)
    failed = reply(0, other="z", parted=False, legal=None, error="oops", other_action=None, place=None)
    rows = disagreement.shape(steps(), [silent, reply(2), failed, reply(1), reply(0)])
    assert list(rows.columns) == list(disagreement.COLUMNS)
    assert rows.measure.tolist() == ["total variation"] * 2 + ["return to go"] * 2 + [""]
    assert rows.consequence.tolist()[:4] == pytest.approx([0.7, 0.3, 3.0, 3.0])
    assert rows.step.tolist() == [0, 1, 1, 2, 0]
    assert rows.return_to_go.tolist() == [-2.0, -3.0, -3.0, -3.0, -2.0]
    assert rows.probability.tolist()[:2] == pytest.approx([0.1, 0.5])
    assert rows.other_action.tolist()[:4] == [1] * 4
    assert rows.error.tolist() == ["", "", "", "", "oops"]


def test_no_disagreement_is_an_empty_table_with_its_columns() -> None:
    rows = disagreement.shape(steps(), [])
    assert rows.empty
    assert list(rows.columns) == list(disagreement.COLUMNS)


@pytest.mark.parametrize("name", ["x", *HOSTILE[:3], "$\\frac$", "a\nb" * 40])
def test_the_figure_shows_what_was_done_and_where_they_part(name: str) -> None:
    rows = disagreement.shape(steps(name), [reply(0, name), reply(1, name), reply(0, name, other=name * 2)])
    figure = plots.disagreement(rows, steps(name), lane=name, episode=0)
    figure.canvas.draw()
    above, below = figure.axes
    assert len(above.get_yticklabels()) == 3
    assert above.get_yticklabels()[0].get_text() == "mine did"
    assert sorted(round(bar.get_height(), 3) for bar in below.patches) == [0.3, 0.7, 0.7]
    assert "total variation" in below.get_ylabel()
    mpl.pyplot.close(figure)


def test_an_episode_that_is_not_there_is_named() -> None:
    with pytest.raises(AnalysisError, match="lane 'b', episode 0"):
        plots.disagreement(disagreement.shape(steps(), []), steps(), lane="b", episode=0)
