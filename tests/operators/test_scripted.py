"""The experts are as good as they claim, from the observation alone."""

from __future__ import annotations

import numpy as np
import pytest

GOAL_SQUARES = {
    "MiniGrid-Empty-8x8-v0": 100,
    "MiniGrid-Empty-Random-6x6-v0": 20,
    "MiniGrid-DoorKey-5x5-v0": 100,
    "MiniGrid-DoorKey-6x6-v0": 20,
    "MiniGrid-DoorKey-8x8-v0": 20,
    "MiniGrid-FourRooms-v0": 5,
    "MiniGrid-MultiRoom-N4-S5-v1": 10,
    "MiniGrid-LockedRoom-v0": 5,
    "MiniGrid-LavaGapS7-v0": 10,
    "MiniGrid-LavaCrossingS9N3-v0": 10,
    "MiniGrid-SimpleCrossingS11N5-v0": 10,
}


def test_cartpole_stands(lane):
    assert min(lane("CartPole-v1", "scripted").returns(50)) == 500


@pytest.mark.parametrize(("environment", "episodes"), GOAL_SQUARES.items())
def test_minigrid_reaches_the_goal(lane, environment, episodes):
    returns = np.array(lane(environment, "scripted").returns(episodes))
    assert (returns > 0).mean() >= 0.95


def test_minigrid_through_the_picture_alone(lane, load):
    from mosaic_nb.worker import View

    operator = load("scripted")
    operator.view = [View("minigrid.wrappers:ImgObsWrapper")]
    assert min(lane("MiniGrid-DoorKey-5x5-v0", operator).returns(20)) > 0


@pytest.mark.parametrize("name", ["4x4", "8x8"])
def test_frozen_lake_without_slipping_takes_a_shortest_way(lane, name):
    steps = lane("FrozenLake-v1", "scripted", map_name=name, is_slippery=False).play(0)
    assert steps[-1].outcome.reward == 1
    assert len(steps) == {"4x4": 6, "8x8": 14}[name]


@pytest.mark.parametrize(("environment", "least"), [("FrozenLake-v1", 0.65), ("FrozenLake8x8-v1", 0.82)])
def test_frozen_lake_slipping(lane, environment, least):
    """Within the limit the plan's success is 0.740 and 0.894, computed exactly from the transitions."""
    assert np.mean(lane(environment, "scripted").returns(200)) >= least


def test_frozen_lake_plans_over_the_map_it_is_shown(lane):
    steps = lane("FrozenLake-v1", "scripted", desc=["SHF", "FHG", "FFF"], is_slippery=False).play(0)
    assert [step.decision.action for step in steps] == [1, 1, 2, 2, 3]


def test_taxi_delivers_by_a_shortest_way(lane):
    """The mean return of optimal play is 7.93 over all starts."""
    returns = lane("Taxi-v4", "scripted").returns(100)
    assert min(returns) > 0
    assert np.mean(returns) > 7.3


@pytest.mark.parametrize("whim", ["is_rainy", "fickle_passenger"])
def test_taxi_copes_with_chance(lane, whim):
    assert min(lane("Taxi-v4", "scripted", **{whim: True}).returns(50)) > -100


def test_an_environment_without_an_expert_is_refused_with_a_list(lane):
    with pytest.raises(ValueError, match=r"no scripted expert for Acrobot-v1 .* CartPole; MiniGrid .*; Taxi"):
        lane("Acrobot-v1", "scripted").seat()


def test_the_explorer_decides_by_what_it_learned_not_by_what_it_was_asked(lane):
    """Asked about any observation in between, a seat goes on as if it had not been."""
    lane_ = lane("MiniGrid-DoorKey-5x5-v0", "scripted")
    played, others = lane_.play(3), lane_.play(4)
    seat = lane_.seat()
    for step, other in zip(played, others, strict=False):
        seat.act(other.observation)
        assert seat.act(step.observation).action == step.decision.action
        seat.learn(step.outcome)
