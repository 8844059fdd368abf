"""What `operators new` writes, and what docs/operators.md shows, keep the laws they explain."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mosaic_nb.operators import declare, read
from mosaic_nb.operators.template import KINDS, write


@pytest.fixture
def documented(checkout, tmp_path):
    """The folder of the operator that docs/operators.md shows."""
    blocks = re.findall(r"```(\w+)\n(.*?)```", (checkout / "docs" / "operators.md").read_text(), re.DOTALL)
    (program,) = [text for kind, text in blocks if kind == "python" and "class CounterSeat" in text]
    (spec,) = [text for kind, text in blocks if kind == "json"]
    folder = tmp_path / "counter"
    folder.mkdir()
    (folder / "worker.py").write_text(program)
    (folder / "operator.json").write_text(spec)
    return folder


def keeps_the_laws(lane):
    """Whether a seat that caught up decides as the one that acted, and twice the same."""
    steps = lane.play(5, limit=30)
    for number, step in enumerate(steps):
        seat = lane.seat()
        for past in steps[:number]:
            seat.learn(past.outcome)
        first, second = seat.act(step.observation).action, seat.act(step.observation).action
        if not np.array_equal(first, second) or not np.array_equal(first, step.decision.action):
            return False
    return len(steps) > 5


@pytest.mark.parametrize("environment", ["CartPole-v1", "Pendulum-v1", "MiniGrid-Empty-5x5-v0", "Taxi-v4"])
def test_a_new_operator_plays_as_it_is(load, lane, tmp_path, environment):
    folder = write("fresh", tmp_path, "script")
    assert keeps_the_laws(lane(environment, load(folder)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_operator_of_any_kind_is_usable(tmp_path, kind):
    spec = read(write("fresh", tmp_path, kind))
    assert (spec.kind, spec.obstacle()) == (kind, None)


def test_the_documented_operator_plays(load, lane, documented, monkeypatch):
    monkeypatch.setenv("MOSAIC_NB_PATH", str(documented.parent))
    assert declare("counter").spec == read(documented)
    assert keeps_the_laws(lane("CartPole-v1", load(documented, hold=2)))
    steps = lane("CliffWalking-v1", load(documented, hold=1)).play(0, limit=10)
    assert len({step.decision.action for step in steps}) > 1
