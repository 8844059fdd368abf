"""The report of a run, as text; tests/browser/test_report.py opens it."""

from __future__ import annotations

import re

import pytest

import mosaic_nb as mnb
from mosaic_nb.analysis import compare, report
from mosaic_nb.errors import AnalysisError
from tests.analysis.recorded import Recorded
from tests.analysis.tables import changed, episodes, lanes


def test_a_report_says_it_all():
    table = changed(lanes(120), "good", 4, end="failed")
    events = [("good", 4, 2, "failure", "sb3", "the <b>server</b> closed the connection")]
    page = report(Recorded(table, events=events))
    for text in (
        "<h1>doorkey</h1>",
        "MiniGrid-DoorKey-5x5-v0",
        "120 seeds",
        "good beats bad by",
        "good: 1 episode failed (seeds 4) and count as the worst of all",
        "the &lt;b&gt;server&lt;/b&gt; closed the connection",
        "120 seeds, 0 to 119",
        "weights sha256:12ab",
        "3127620d48ef, with changes that are not committed",
        "Recorded 23 November 2026, 00:50 UTC.",
        "mnb.open_run(&#x27;runs/doorkey&#x27;)",
        "by Holm",
    ):
        assert text in page
    assert page.count("<picture>") == 4
    assert "pid" not in page


def test_it_loads_nothing():
    page = report(Recorded(lanes(30)))
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href|srcset)=["'](?!data:)""", page)
    assert "<script" not in page


def test_one_lane_and_lanes_that_cannot_be_compared():
    assert "There is one lane: nothing to compare it with." in report(Recorded(episodes({"x": range(30)})))
    apart = lanes(30)
    apart["seed"] += 100 * (apart["lane"] == "bad")
    assert "The lanes cannot be compared: &#x27;good&#x27; and &#x27;bad&#x27; share 0 seeds" in report(
        Recorded(apart)
    )
    some = lanes(30).iloc[:-1]
    assert "only the 29 seeds that both played are compared" in report(Recorded(some))


def test_many_lanes_are_compared_with_the_best():
    scores = {
        f"lane {number}": [3 * number + (seed * number) % 3 for seed in range(12)] for number in range(7)
    }
    page = report(Recorded(episodes(scores)))
    assert page.count('<li class="') == 6
    assert "lane 0 falls short of lane 6" in page


def test_what_correction_takes_back_is_said():
    """A p of 0.04 is no finding among three comparisons."""
    table = episodes(
        {
            "x": [0.64, -0.16, 0.34, 0.64, 0.14, -0.26, 0.44, 0.34, 0.54, -0.06],
            "y": [0] * 10,
            "z": [0, 0.1] * 5,
        }
    )
    assert 0.03 < compare(table, "x", "y").p < 0.05
    page = report(Recorded(table))
    assert "which among 3 comparisons may be chance" in page
    assert '<li class="open">' in page


def test_no_episodes():
    with pytest.raises(AnalysisError, match="there are no episodes"):
        report(Recorded(lanes(5).iloc[:0]))


def test_a_run_writes_its_report(tmp_path):
    with mnb.Arena(
        "CartPole-v1", lanes={"a": "random", "b": "random"}, path=tmp_path / "run", max_steps=9
    ) as arena:
        arena.run(episodes=3)
    path = mnb.open_run(tmp_path / "run").report(tmp_path / "new" / "report.html")
    page = path.read_text()
    assert "CartPole-v1" in page
    assert "interval of the mean and IQM from 3 seeds" in page
