"""What is seen of an experiment under way: true numbers, escaped names, a text that stays the same."""

from __future__ import annotations

from typing import Any

import pytest

from mosaic_nb.experiment.progress import LaneProgress, Progress
from mosaic_nb.view.progress import ProgressView, page
from tests.hostile import HOSTILE


def progress(**more: Any) -> Progress:
    lanes = {"PPO": LaneProgress(100, 50, 0, 48.0), "random": LaneProgress(100, 25, 5, 2.0)}
    return Progress(lanes, steps=7_500, state="running", began=0.0, ended=30.0, **more)


def test_the_numbers() -> None:
    seen = page("doorkey", progress())
    for text in (
        "75 of 200 episodes",
        "30 s so far",
        "2.5 episodes/s, 250 steps/s",
        "50 s left",
        "50 / 100",
        "0.96",
        "25 / 100",
        "0.1<",
        ">5<",
        'aria-valuenow="25"',
        "width:50.0%",
    ):
        assert text in seen, text


def test_nothing_played_yet() -> None:
    seen = page("doorkey", Progress({"PPO": LaneProgress(100)}))
    assert "0 of 100 episodes" in seen
    assert "left" not in seen.split("</style>")[1]


@pytest.mark.parametrize("text", HOSTILE[:12])
def test_names_and_reasons_are_escaped(text: str) -> None:
    seen = page(text, Progress({text: LaneProgress(1)}, last=text)).split("</style>")[1]
    assert "<script" not in seen.lower()
    assert "<svg" not in seen.lower()
    assert "<img" not in seen.lower()
    assert seen.count("<tr>") == 2


def test_a_notebook_that_is_compared_sees_the_same_text() -> None:
    one, other = ProgressView("a", progress()), ProgressView("b", progress(last="oops"))
    assert one._repr_mimebundle_()["text/plain"] == other._repr_mimebundle_()["text/plain"]
    one.show(progress(last="oops"))
    assert "oops" in one.value
