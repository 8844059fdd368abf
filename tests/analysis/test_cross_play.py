"""The table and the matrix of a cross-play, from episodes whose outcome is known."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
import pytest

from mosaic_nb.analysis.cross_play import CrossPlay, Filling, rows

TEAMS = {"a": "left", "b": "right"}
SEATS = {
    "good v good": {"a": "good", "b": "good"},
    "good v bad": {"a": "good", "b": "bad"},
    "bad v good": {"a": "bad", "b": "good"},
    "bad v bad": {"a": "bad", "b": "bad"},
}
PLAYED_AS = {name: name for name in SEATS}
FILLINGS = {name: Filling(seats, TEAMS) for name, seats in SEATS.items()}


def _episodes(worth: dict[str, float], left: float, seeds: int = 2) -> pd.DataFrame:
    """Episodes in which a seat's return is its operator's worth, and the left one's is more by ``left + seed``."""
    return pd.DataFrame(
        [
            {
                "lane": name,
                "seed": seed,
                "length": 3,
                "end": "terminated",
                "returns": {"a": worth[seats["a"]] + left + seed, "b": worth[seats["b"]]},
            }
            for seed in range(seeds)
            for name, seats in SEATS.items()
        ]
    )


@pytest.fixture
def played() -> CrossPlay:
    frame = rows(FILLINGS, _episodes({"good": 5.0, "bad": 1.0}, left=2.0), PLAYED_AS)
    return CrossPlay(frame, ["good", "bad"], "Game-v0", focal=False)


def test_a_row_is_a_seat_of_an_episode(played):
    frame = played.frame
    assert len(frame) == 4 * 2 * 2
    row = frame[(frame["pairing"] == "bad v good") & (frame["seed"] == 1) & (frame["agent"] == "a")].iloc[0]
    assert (row["operator"], row["against"], row["team"], row["return"], row["win"]) == (
        "bad",
        "good",
        "left",
        4,
        0,
    )


def test_what_a_seat_is_worth_cancels(played):
    """The left seat pays 2 + seed more, whoever sits there: over both seats that is 1.25 on average for everybody."""
    assert played.matrix().to_dict("index") == {
        "good": {"good": 6.25, "bad": 6.25},
        "bad": {"good": 2.25, "bad": 2.25},
    }
    assert played.matrix("win").loc["good", "bad"] == 1
    assert played.matrix("win").loc["bad", "bad"] == 0.5


def test_n_and_error_are_those_of_the_seeds(played):
    """Seats and sides of one seed are no evidence of their own."""
    assert (played.matrix(statistic="n") == 2).all(axis=None)
    assert played.matrix(statistic="se").loc["good", "bad"] == pytest.approx(0.25)


def test_a_draw_is_half_a_win_for_both():
    frame = rows(FILLINGS, _episodes({"good": 1.0, "bad": 1.0}, left=0.0, seeds=1), PLAYED_AS)
    assert (frame["win"] == 0.5).all()


def test_where_there_is_one_side_nobody_wins():
    together = {"pair": Filling({"a": "good", "b": "bad"}, {"a": "all", "b": "all"}, frozenset({"a"}), "bad")}
    episode = {
        "lane": ["pair"],
        "seed": [0],
        "length": [3],
        "end": ["truncated"],
        "returns": [{"a": 2.0, "b": 9.0}],
    }
    frame = rows(together, pd.DataFrame(episode), {"pair": "pair"})
    assert frame["win"].isna().all()
    found = CrossPlay(frame, ["good", "bad"], "Game-v0", focal=True).matrix()
    assert found.loc["good", "bad"] == 2
    assert found.isna().sum().sum() == 3
    assert (found.index.name, found.columns.name) == ("focal", "background")


def test_every_cell_of_the_heatmap_says_its_value_and_can_be_read(played):
    mpl.use("Agg")
    axes = played.plot()
    assert [text.get_text() for text in axes.texts] == [
        "6.25\n± 0.25",
        "6.25\n± 0.25",
        "2.25\n± 0.25",
        "2.25\n± 0.25",
    ]
    assert [text.get_color() for text in axes.texts] == ["black", "black", "white", "white"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["good", "bad"]
    assert axes.get_ylabel() == "operator"


@pytest.mark.parametrize(
    ("value", "statistic", "said"), [("wins", "mean", "'return', 'win'"), ("win", "std", "'se'")]
)
def test_an_unknown_measure_is_refused_by_name(played, value, statistic, said):
    with pytest.raises(ValueError, match=said):
        played.matrix(value, statistic)
