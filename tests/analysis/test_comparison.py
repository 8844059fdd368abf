"""Two lanes beside each other, from tables whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from mosaic_nb.analysis import compare, metrics, probability_of_improvement, samples
from mosaic_nb.analysis.comparison import paired_difference
from mosaic_nb.errors import AnalysisError, SmallSampleWarning
from tests.analysis.tables import changed, episodes, lanes, renamed


def scored(table, lane):
    return table.loc[table["lane"] == lane, "return"].to_numpy()


def test_the_paired_test_is_scipys():
    table = lanes()
    good, bad = scored(table, "good"), scored(table, "bad")
    theirs = scipy.stats.ttest_rel(good, bad)
    ends = theirs.confidence_interval()
    found = compare(table, "good", "bad")
    assert found.difference.value == pytest.approx((good - bad).mean(), abs=1e-12)
    assert (found.difference.low, found.difference.high) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.effect == pytest.approx((good - bad).mean() / (good - bad).std(ddof=1), abs=1e-12)
    assert (found.won, found.lost) == ((good > bad).mean(), (good < bad).mean())
    assert found.n == 30
    assert np.array_equal(found.differences, good - bad)


def test_seeds_pair_whatever_their_order():
    table = lanes()
    shuffled = table.sample(frac=1, random_state=3)
    assert compare(shuffled, "good", "bad").differences == pytest.approx(
        compare(table, "good", "bad").differences
    )


def test_strangers_are_compared_by_welch():
    table = episodes({"x": [1, 5, 3, 8, 9, 4, 4, 2, 6, 1]}, seeds=range(10))
    table = pd.concat([table, episodes({"y": [5, 4, 8, 8, 9, 12, 3, 7, 7, 4]}, seeds=range(50, 60))])
    x, y = scored(table, "x"), scored(table, "y")
    theirs = scipy.stats.ttest_ind(x, y, equal_var=False)
    ends = theirs.confidence_interval()
    found = compare(table, "x", "y", paired=False)
    assert (found.difference.low, found.difference.high) == pytest.approx((ends.low, ends.high), abs=1e-12)
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.won + (1 - found.won - found.lost) / 2 == pytest.approx(probability_of_improvement(x, y))
    with pytest.raises(AnalysisError, match="only paired samples"):
        _ = found.differences


def test_unpaired_data_are_not_paired_silently():
    table = lanes(12)
    table = table[~((table["lane"] == "bad") & table["seed"].isin([3, 7]))]
    table = table[~((table["lane"] == "good") & (table["seed"] == 11))]
    with pytest.raises(
        AnalysisError,
        match=r"'good' and 'bad' share 9 seeds, but 'good' lacks 1 seed \(11\), and 'bad' lacks 2 seeds \(3, 7\)",
    ):
        compare(table, "good", "bad")
    with pytest.warns(SmallSampleWarning):
        found = compare(table, "good", "bad", paired="shared")
    assert found.a.seeds.tolist() == found.b.seeds.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert "only the 9 seeds that both played are compared" in found.notes[0]
    assert compare(table, "good", "bad", paired=False).paired is False


def test_one_seed_gives_no_interval():
    with pytest.raises(AnalysisError, match="share 1 seed, and that gives no interval"):
        compare(lanes(1), "good", "bad")
    with pytest.raises(AnalysisError, match="one episode gives no interval"):
        compare(lanes(1), "good", "bad", paired=False)


def test_missing_values_are_named():
    table = changed(lanes(), "bad", 4, **{"return": np.nan})
    table = changed(table, "good", 9, **{"return": np.inf})
    table = changed(table, "good", 12, **{"return": np.nan})
    with pytest.raises(AnalysisError, match="in 3 episodes: lane 'good', seeds 9, 12; lane 'bad', seeds 4"):
        compare(table, "good", "bad")


def test_a_lane_that_is_not_there():
    with pytest.raises(AnalysisError, match="there is no lane 'goood' with episodes; did you mean 'good'"):
        compare(lanes(), "goood", "bad")
    with pytest.raises(AnalysisError, match="does not differ from itself"):
        compare(lanes(), "good", "good")
    with pytest.raises(AnalysisError, match="this is no table of episodes: it has no column 'end'"):
        compare(lanes().drop(columns="end"), "good", "bad")


@pytest.mark.parametrize(
    ("failed", "value", "note"),
    [
        (None, -9.0, "count as the worst of all, -9"),
        ("worst", -9.0, "count as the worst of all, -9"),
        ("keep", 50.0, "count as what they had scored so far"),
        (-20, -20.0, "count as -20"),
    ],
)
def test_failing_never_pays_unless_asked(failed, value, note):
    """An episode that failed early, having scored 50 so far."""
    table = changed(lanes(), "good", 4, **{"return": 50.0, "end": "failed"})
    table = changed(table, "bad", 6, **{"return": -9.0})
    found = compare(table, "good", "bad", failed=failed)
    assert found.a.scores[4] == value
    assert found.notes[0] == f"good: 1 episode failed (seeds 4) and {note}"
    assert found.a.failed == (4,)


def test_failed_episodes_can_be_left_out_of_both():
    table = changed(lanes(), "good", 4, end="forfeit")
    with pytest.raises(AnalysisError, match=r"'good' lacks 1 seed \(4\)"):
        compare(table, "good", "bad", failed="exclude")
    assert compare(table, "good", "bad", failed="exclude", paired="shared").n == 29


def test_episodes_cut_short_are_left_out_and_said():
    table = changed(lanes(), "good", 4, end="abandoned")
    assert samples(table)["good"].left_out == 1
    assert "good: 1 episode cut short, left out" in samples(table)["good"].notes
    with pytest.raises(AnalysisError, match=r"'good' lacks 1 seed \(4\)"):
        compare(table, "good", "bad")


def test_nobody_knows_the_worst_length():
    table = changed(lanes(), "good", 4, end="failed")
    assert compare(table, "good", "bad", "length").notes[0].endswith("count as what they had scored so far")
    with pytest.raises(AnalysisError, match="nobody knows which 'length' is worst"):
        compare(table, "good", "bad", "length", failed="worst")
    with pytest.raises(AnalysisError, match="failed must be 'worst'"):
        compare(table, "good", "bad", failed="hide")


def test_other_metrics():
    table = lanes()
    table["numbers"] = [{"wins": number % 4} for number in range(len(table))]
    table["returns"] = [{"left": 1.0 * number, "right": 0.0} for number in range(len(table))]
    table["team_returns"] = [{"red": 2.0 * number} for number in range(len(table))]
    assert samples(table, "wins")["good"].scores.tolist()[:5] == [0, 1, 2, 3, 0]
    assert samples(table, agent="left")["good"].scores.tolist()[:3] == [0, 1, 2]
    assert samples(table, team="red")["good"].metric == "return of red"
    assert samples(table, "success")["good"].scores.max() == 1
    for metric, options in (("regret", {}), ("return", {"agent": "nobody"}), ("length", {"agent": "left"})):
        with pytest.raises(AnalysisError):
            samples(table, metric, **options)


def test_a_seed_played_often_counts_once():
    table = pd.concat([lanes(), lanes(seed=9)], ignore_index=True)
    found = compare(table, "good", "bad")
    assert found.n == 30
    assert found.a.scores == pytest.approx((scored(lanes(), "good") + scored(lanes(seed=9), "good")) / 2)
    assert "good: the episodes of a seed are averaged" in found.notes
    assert len(compare(table, "good", "bad", paired=False).a) == 60


def test_a_trial_counts_once():
    """Its seat remembers, so its episodes are not independent."""
    table = lanes(30)
    table["instance"] = pd.array([number // 3 for number in table["seed"]], dtype="Int64")
    found = samples(table)["good"]
    assert found.seeds.tolist() == list(range(10))
    assert found.scores == pytest.approx(scored(table, "good").reshape(10, 3).mean(1))


def test_equal_lanes_are_equal():
    same = episodes({"x": range(12), "y": range(12)})
    found = compare(same, "x", "y")
    assert (found.difference.low, found.difference.high, found.p, found.effect) == (0, 0, 1, 0)
    shifted = compare(episodes({"x": range(12), "y": range(1, 13)}), "x", "y")
    assert (shifted.difference.value, shifted.effect) == (-1, -np.inf)
    assert shifted.p == 2.0**-11
    assert "every difference is the same" in shifted.notes[-1]
    assert compare(episodes({"x": [3] * 12, "y": [4] * 12}), "x", "y", paired=False).p == 0


def test_the_sentence():
    table = lanes()
    assert str(compare(table, "good", "bad")).startswith("good beats bad by 0.99 [0.74, 1.25] ")
    assert str(compare(table, "good", "bad")).endswith("(mean return, paired, 30 seeds, p < 0.001)")
    assert str(compare(table, "bad", "good")).startswith("bad falls short of good by 0.99 [0.74, 1.25] ")
    assert "are not told apart: " in str(compare(lanes(gap=0), "good", "bad", level=0.9))
    assert "90% interval" in str(compare(lanes(), "good", "bad", level=0.9))
    longer = table.assign(
        length=[20 + n % 3 if lane == "good" else 10 for n, lane in enumerate(table["lane"])]
    )
    assert str(compare(longer, "good", "bad", "length")).startswith("good exceeds bad by 11")
    assert "unpaired, n = 30 and 30" in str(compare(table, "good", "bad", paired=False))


def test_a_hostile_name_is_text():
    name = "<script>window.pwned=1</script>"
    table = renamed(lanes(), "good", name)
    shown = compare(table, name, "bad")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_few_pairs_warn_at_the_users_line():
    with pytest.warns(SmallSampleWarning, match="9 values only") as caught:
        compare(lanes(9), "good", "bad")
    assert caught[0].filename == __file__


def test_the_iqm_difference():
    table = lanes()
    found = compare(table, "good", "bad")
    assert found.iqm.value == pytest.approx(
        metrics.iqm(scored(table, "good")) - metrics.iqm(scored(table, "bad"))
    )
    assert found.iqm.low < found.iqm.value < found.iqm.high
    assert found.iqm == replace(found).iqm


def test_bootstraps_agree_with_students():
    draw = np.random.default_rng(2).normal(0.4, 1, 200)
    student, p, _ = paired_difference(draw)
    for method in ("bootstrap-t", "expanded"):
        found, also, _ = paired_difference(draw, method=method)
        assert (found.low, found.high) == pytest.approx((student.low, student.high), abs=0.01)
        assert also == pytest.approx(p, abs=1e-3)
        assert paired_difference(draw, method=method)[0] == found
    with pytest.raises(ValueError, match="method must be"):
        paired_difference(draw, method="guess")


def test_draws_without_spread_make_an_interval_that_says_nothing():
    """Of three differences one in nine draws has no spread."""
    found, _, _ = paired_difference(np.array([0.0, 1.0, 5.0]), method="bootstrap-t")
    assert (found.low, found.high) == (-np.inf, np.inf)
