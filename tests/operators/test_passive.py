"""Passive does what it says, and says what to do where it cannot."""

from __future__ import annotations

import gymnasium
import pytest
from gymnasium import spaces as gym

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.worker import Episode, Observation


def action(load, space: gymnasium.Space, wanted=None, labels=(), noop=None):
    options = {} if wanted is None else {"action": wanted}
    seat = load("passive", **options).seat()
    seat.reset(
        Episode(
            messages.Episode(
                agent="agent",
                observation_space=spaces.to_data(gym.Discrete(1)),
                action_space=spaces.to_data(space),
                action_labels=list(labels),
                noop=noop,
                environment="Some-v0",
            )
        )
    )
    return seat.act(Observation(messages.Observation(0), 0, 7)).action


@pytest.mark.parametrize(
    ("start", "wanted", "expected"),
    [(0, None, 2), (0, 1, 1), (0, "left", 0), (10, None, 12), (10, 1, 11), (10, "left", 10)],
)
def test_by_default_by_number_and_by_label(load, start, wanted, expected):
    assert action(load, gym.Discrete(3, start=start), wanted, ["left", "right", "wait"], noop=2) == expected


def test_without_a_noop_it_lists_the_actions(load):
    with pytest.raises(
        ValueError, match=r"Some-v0 names no action that does nothing.*0 \(left\), 1 \(right\)"
    ):
        action(load, gym.Discrete(2), labels=["left", "right"])


def test_an_unknown_label_names_the_nearest(load):
    with pytest.raises(ValueError, match="did you mean 'right'"):
        action(load, gym.Discrete(2), "rigth", ["left", "right"])


@pytest.mark.parametrize("wanted", [-1, 2])
def test_an_unknown_number_names_the_range(load, wanted):
    with pytest.raises(ValueError, match="a number from 0 to 1"):
        action(load, gym.Discrete(2), wanted)


def test_other_spaces_are_refused(load):
    with pytest.raises(TypeError, match="Discrete"):
        action(load, gym.Box(-1, 1, (2,)))


def test_minigrid_says_itself_what_does_nothing(lane, load):
    steps = lane("MiniGrid-Empty-5x5-v0", load("passive")).play(0, limit=5)
    assert {step.decision.action for step in steps} == {6}
