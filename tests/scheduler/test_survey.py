"""What viewers are shown of an arena: the last decision stays until the next one is done."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import mosaic_nb as mnb
from tests.scheduler.viewer import Viewer


@pytest.fixture
def arena() -> Iterator[mnb.Arena]:
    lanes = {"cart": mnb.operator("sb3", policy="cartpole"), "me": "human"}
    with mnb.Arena("CartPole-v1", lanes, seed=3, clocked=False) as arena:
        yield arena


def test_the_last_decision_is_shown_while_a_person_is_asked_for_the_next(arena: mnb.Arena) -> None:
    viewer = Viewer(arena)
    arena.step({"me": "left"})
    before = arena._conductor.snapshot().lanes[0].seats[0]
    assert before.action
    assert before.probabilities
    arena._conductor.step()
    asked = viewer.until(lambda snapshot: snapshot.phase == "waiting")
    assert asked.lanes[0].seats[0] == before
    arena.reset()
    assert arena._conductor.snapshot().lanes[0].seats[0].action == ""
