"""Random is legal, uniform and repeatable, in every action space."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces as gym
from hypothesis import given, strategies as st

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.worker import Episode, Observation

SPACES = [
    gym.Discrete(3),
    gym.Discrete(4, start=-2),
    gym.Box(-1, 1, (2, 3), np.float32),
    gym.Box(-np.inf, np.inf, (2,), np.float64),
    gym.MultiDiscrete([2, 5]),
    gym.MultiBinary(4),
    gym.Text(8),
    gym.Dict(move=gym.Discrete(3), force=gym.Box(0, 1, (1,))),
    gym.Tuple((gym.Discrete(2), gym.MultiBinary(2))),
    gym.Sequence(gym.Discrete(3)),
    gym.Graph(gym.Box(0, 1, (2,)), gym.Discrete(2)),
    gym.OneOf((gym.Discrete(2), gym.Box(0, 1, (2,)))),
]


def seated(load, space: gymnasium.Space):
    seat = load("random").seat()
    nothing = spaces.to_data(gym.Discrete(1))
    seat.reset(
        Episode(
            messages.Episode(agent="agent", observation_space=nothing, action_space=spaces.to_data(space))
        )
    )
    return seat


def asked(seed, mask=None):
    return Observation(messages.Observation(0, action_mask=mask), 0, seed)


@pytest.mark.parametrize("space", SPACES, ids=str)
@pytest.mark.parametrize("seed", [0, 1, 2**63, 2**64 - 1])
def test_actions_lie_in_the_space_and_repeat(load, space, seed):
    seat = seated(load, space)
    first, between, second = (seat.act(asked(s)).action for s in (seed, 12345, seed))
    assert space.contains(first)
    assert space.contains(between)
    assert str(first) == str(second)


@given(mask=st.lists(st.integers(0, 1), min_size=1, max_size=20).filter(any), seed=st.integers(0, 2**64 - 1))
def test_masked_actions_are_never_drawn(load, mask, seed):
    seat = seated(load, gym.Discrete(len(mask), start=5))
    decision = seat.act(asked(seed, np.array(mask, np.int8)))
    assert mask[decision.action - 5] == 1
    assert np.allclose(decision.probabilities, np.array(mask) / sum(mask))


@pytest.mark.parametrize("mask", [None, np.array([1, 0, 1, 1], np.int8)])
def test_it_draws_as_often_as_it_says(load, mask):
    seat = seated(load, gym.Discrete(4))
    drawn = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    counts = np.bincount([seat.act(asked(int(seed), mask)).action for seed in drawn], minlength=4)
    assert np.allclose(counts / 20_000, seat.act(asked(0, mask)).probabilities, atol=0.015)


def test_a_mask_that_allows_nothing_is_an_error(load):
    with pytest.raises(ValueError, match="allows no action"):
        seated(load, gym.Discrete(2)).act(asked(0, np.zeros(2, np.int8)))


def test_a_mask_of_another_space_is_refused_not_ignored(load):
    with pytest.raises(TypeError, match="Discrete"):
        seated(load, gym.MultiBinary(2)).act(asked(0, np.ones(2, np.int8)))
