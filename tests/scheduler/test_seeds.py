"""Seeds of many episodes at once are those of each alone."""

from __future__ import annotations

from random import Random

import pytest

from mosaic_nb.scheduler import seeds


@pytest.mark.parametrize("most", [1, 2**32 - 1, 2**62 - 1])
def test_seeds_made_together_are_those_made_alone(most: int) -> None:
    random = Random(most)
    of = [(random.randint(0, most), random.randint(0, most), random.randint(0, 3)) for _ in range(200)]
    for agent, purpose in (("agent", "act"), ("agent", "seat"), ("player_0", "act"), ("", "environment")):
        assert seeds.derive_all(of, agent, purpose) == [seeds.derive(*each, agent, purpose) for each in of]


def test_no_episodes_have_no_seeds() -> None:
    assert seeds.derive_all([], "agent", "act") == []


def test_decisions_of_an_episode_are_those_of_each_step() -> None:
    of = seeds.decisions(2**63 + 5)
    assert [of(step) for step in (0, 1, 2**40)] == [seeds.decision(2**63 + 5, step) for step in (0, 1, 2**40)]
