"""What a real run is asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mosaic_nb as mnb


def lean(observation):
    return int(observation[2] + observation[3] > 0)


def right(observation):
    return 1


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("statistics") / "run"
    lanes = {"lean": lean, "random": "random", "right": right}
    with mnb.Arena("CartPole-v1", lanes=lanes, seed=7, path=path, on_end="next", max_steps=60) as arena:
        arena.run(episodes=12)
    return mnb.open_run(path)


def test_a_run_answers(run):
    with pytest.warns(mnb.SmallSampleWarning) as caught:
        summary = run.summary()
    assert caught[0].filename == __file__
    assert list(summary.frame.index) == run.lanes == ["lean", "random", "right"]
    returns = run.episodes.groupby("lane", observed=True)["return"]
    assert summary.frame["mean"].to_dict() == pytest.approx(returns.mean().to_dict())
    found = run.compare("lean", "right")
    assert found.a.seeds.tolist() == list(range(7, 19))
    assert str(found).startswith("lean beats right by ")
    assert [(each.a.lane, each.b.lane) for each in run.compare_all(baseline="random")] == [
        ("lean", "random"),
        ("right", "random"),
    ]
    assert run.null("random").lane == "random"
    assert run.null("random", "right").p is not None
    assert int(run.required_seeds("random", "right", effect=1)) > 2
    assert set(run.learning_curve("length")["lane"]) == set(run.lanes)
    assert (run.regret_curve(60)["mean"] >= 0).all()


def test_tables_answer_without_a_run(run):
    assert str(mnb.analysis.compare(run.episodes, "lean", "right")) == str(run.compare("lean", "right"))


def test_a_refusal_is_ours(run):
    with pytest.raises(mnb.MosaicError, match="did you mean 'right'"):
        run.compare("lean", "rihgt")


def test_importing_is_cheap():
    """Neither matplotlib nor scipy loads before somebody asks."""
    code = "import mosaic_nb, sys; mosaic_nb.Run, mosaic_nb.analysis; print({'matplotlib', 'scipy'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_every_public_name_is_there():
    assert all(getattr(mnb.analysis, name) for name in mnb.analysis.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'compair'"):
        _ = mnb.analysis.compair
