"""Ratings: the maximum of the likelihood, its intervals, and what has none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from mosaic_nb.analysis import bradley_terry
from mosaic_nb.analysis.cross_play import CrossPlay, rows
from mosaic_nb.analysis.ratings import ratings
from mosaic_nb.errors import AnalysisError
from tests.analysis.test_cross_play import FILLINGS, PLAYED_AS, _episodes

WON = np.array([[0, 7, 9, 3], [3, 0, 6, 4], [1, 4, 0, 5], [2, 6, 5, 0.0]])
STRENGTH = np.array([1.0, 0.3, -0.4, -0.9])


def rounds(count, generator):
    """Every pair meets once a round, who wins is drawn by the model."""
    draws = generator.random((count, 4, 4)) < 1 / (1 + np.exp(STRENGTH[None, :] - STRENGTH[:, None]))
    upper = np.triu(np.ones((4, 4)), 1) * draws
    return upper + np.triu(1 - draws, 1).swapaxes(1, 2)


def test_it_is_the_maximum_of_the_likelihood():
    def unlikely(strength):
        gap = strength[:, None] - strength[None, :]
        return (WON * np.log1p(np.exp(-gap))).sum()

    best = minimize(unlikely, np.zeros(4), method="BFGS", options={"gtol": 1e-9}).x
    assert bradley_terry(WON) == pytest.approx(best - best.mean(), abs=1e-6)


def test_two_players_are_the_odds():
    found = bradley_terry([[0, 30], [10, 0]])
    assert found[0] - found[1] == pytest.approx(np.log(3))


def test_a_batch_is_each_of_its_own():
    batch = np.stack([WON, WON.T])
    assert bradley_terry(batch) == pytest.approx(np.stack([bradley_terry(WON), bradley_terry(WON.T)]))


def test_ratings_and_their_intervals():
    generator = np.random.default_rng(6)
    found = ratings(rounds(400, generator), "abcd")
    assert list(found.frame.index) == list("abcd")
    assert found.frame["strength"].to_numpy() == pytest.approx(STRENGTH, abs=0.25)
    assert found.frame["elo"].mean() == pytest.approx(1500)
    assert found.expected("a", "b") == pytest.approx(1 / (1 + np.exp(-0.7)), abs=0.05)
    assert found.frame["games"].tolist() == [1200] * 4
    assert ratings(rounds(400, np.random.default_rng(6)), "abcd").frame.equals(found.frame)
    assert str(found).startswith("1. a: Elo 16")
    assert "Bradley" in found._repr_html_()


def test_intervals_cover():
    generator = np.random.default_rng(7)
    covered = []
    for _ in range(100):
        frame = ratings(rounds(50, generator), "abcd", replicates=300).frame.loc[list("abcd")]
        covered += list((frame["strength_low"] <= STRENGTH) & (frame["strength_high"] >= STRENGTH))
    assert 0.91 <= np.mean(covered) <= 0.98


def test_one_who_won_everything_needs_a_prior():
    perfect = np.array([[[0, 1], [0, 0.0]]] * 10)
    with pytest.raises(AnalysisError, match="champion, other: won or lost every game against some"):
        ratings(perfect, ["champion", "other"], prior=0)
    found = ratings(perfect, ["champion", "other"])
    assert found.frame.loc["champion", "strength"] * 2 == pytest.approx(np.log(10.5 / 0.5))


def test_players_who_never_met():
    apart = np.zeros((5, 4, 4))
    apart[:, 0, 1] = apart[:, 1, 0] = apart[:, 2, 3] = apart[:, 3, 2] = 0.5
    with pytest.raises(AnalysisError, match="never met"):
        ratings(apart, "abcd")
    with pytest.raises(AnalysisError, match="one seed gives no interval"):
        ratings(apart[:1], "abcd")
    with pytest.raises(ValueError, match="of shape"):
        ratings(apart, "abc")


def test_a_cross_play_is_rated():
    played = CrossPlay(
        rows(FILLINGS, _episodes({"good": 5.0, "bad": 1.0}, left=2.0, seeds=6), PLAYED_AS),
        ["good", "bad"],
        "Game-v0",
        focal=False,
    )
    found = played.ratings()
    assert list(found.frame.index) == ["good", "bad"]
    points = found.frame["points"]
    assert points["good"] + points["bad"] == 6  # one game a seed: its seats are averaged
    focal = CrossPlay(played.frame, ["good", "bad"], "Game-v0", focal=True)
    with pytest.raises(AnalysisError, match="background"):
        focal.ratings()
