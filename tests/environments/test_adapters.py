"""Agents that die, appear or move several times in a row, and environments that break their API, for each API."""

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import messages


class Parallel:
    """Three agents with spaces of their own; b leaves after step 2, c joins after step 3; all end at step 6."""

    render_mode = None
    possible_agents = ("a", "b", "c")

    def __init__(self):
        self.agents = []
        self.steps = 0

    @property
    def unwrapped(self):
        return self

    def observation_space(self, agent):
        return Box(0, 99, (1 + self.possible_agents.index(agent),), np.int64)

    def action_space(self, agent):
        return Discrete(2 + self.possible_agents.index(agent))

    def seen(self, agents):
        return {agent: np.full(self.observation_space(agent).shape, self.steps) for agent in agents}

    def infos(self, agents):
        return {agent: {} for agent in agents}

    def reset(self, seed=None, options=None):
        self.agents, self.steps = ["a", "b"], 0
        return self.seen(self.agents), self.infos(self.agents)

    def step(self, actions):
        acted, self.steps = list(self.agents), self.steps + 1
        gone = {"b"} if self.steps == 2 else set(acted) if self.steps == 6 else set()
        joins = ["c"] if self.steps == 3 else []
        self.agents = [agent for agent in acted if agent not in gone] + joins
        seen = [*acted, *joins]
        return (
            self.seen(seen),
            dict.fromkeys(seen, 1.0),
            {agent: agent in gone for agent in seen},
            dict.fromkeys(seen, False),
            self.infos(seen),
        )

    def close(self):
        pass


class Masked(Parallel):
    """The mask comes in info."""

    def infos(self, agents):
        return {
            agent: {"action_mask": np.eye(self.action_space(agent).n, dtype=np.int8)[self.steps % 2]}
            for agent in agents
        }


class InTurns(Parallel):
    """a moves twice, then b once; b is out after its second move, which is paid to a."""

    def agent_iter(self):
        return iter(self.agents)

    def reset(self, seed=None, options=None):
        self.agents, self.steps, self.order = ["a", "b"], 0, ["a", "a", "b", "a", "a", "b", "a", "a"]
        self.agent_selection = self.order[0]
        self.rewards, self.infos_ = dict.fromkeys(self.agents, 0.0), {}
        self.terminations, self.truncations = (
            dict.fromkeys(self.agents, False),
            dict.fromkeys(self.agents, False),
        )

    @property
    def infos(self):
        return {agent: {} for agent in self.agents}

    def observe(self, agent):
        return np.full(self.observation_space(agent).shape, self.steps)

    def step(self, action):
        mover = self.agent_selection
        if self.terminations[mover]:
            assert action is None
            self.agents.remove(mover)
            for part in (self.rewards, self.terminations, self.truncations):
                del part[mover]
            self.agent_selection = self.order[min(self.steps, len(self.order) - 1)]
            return
        self.steps += 1
        self.rewards = {agent: 1.0 if agent == "a" else 0.0 for agent in self.agents}
        if self.steps == 6:
            self.terminations["b"] = True
            self.agent_selection = "b"
            return
        self.terminations["a"] = self.steps == len(self.order)
        if not self.terminations["a"]:
            self.agent_selection = self.order[self.steps]


class Joint(gymnasium.Env):
    """A Gymnasium environment with a tuple per agent and one flag for all."""

    n_agents = 2
    action_space = gymnasium.spaces.Tuple((Discrete(2), Discrete(3)))
    observation_space = gymnasium.spaces.Tuple((Box(0, 9, (1,)), Box(0, 9, (2,))))

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return (np.zeros(1, np.float32), np.zeros(2, np.float32)), {}

    def step(self, actions):
        self.steps += 1
        return (np.ones(1, np.float32), np.ones(2, np.float32)), [1, -1], self.steps == 3, False, {}


class NoReward(Parallel):
    def step(self, actions):
        seen, paid, *rest = super().step(actions)
        del paid["b"]
        return seen, paid, *rest


class NoObservation(Parallel):
    def step(self, actions):
        seen, *rest = super().step(actions)
        del seen["a"]
        return seen, *rest


class NoFlag(Parallel):
    def step(self, actions):
        seen, paid, terminated, *rest = super().step(actions)
        del terminated["a"]
        return seen, paid, terminated, *rest


class Stranger(Parallel):
    def step(self, actions):
        returned = super().step(actions)
        self.agents.append("zoe")
        return returned


class Growing(Parallel):
    games = 0

    def reset(self, seed=None, options=None):
        self.games += 1
        return super().reset(seed, options)

    def action_space(self, agent):
        return Discrete(2 + self.games)


class GrowingInTurns(InTurns):
    games = 0

    def reset(self, seed=None, options=None):
        self.games += 1
        super().reset(seed, options)

    def action_space(self, agent):
        return Discrete(2 + self.games)


class StrangerInTurns(InTurns):
    def step(self, action):
        super().step(action)
        self.agents.append("zoe")


def played(kind):
    """Return what moved, was paid and ended at each step."""
    host = HostedEnvironment(declare(kind))
    transition, story = host.reset(messages.Seed(0)), []
    while not transition.over:
        moving = list(transition.observations)
        chosen = {
            agent: 0 if seen.action_mask is None else int(np.flatnonzero(seen.action_mask)[0])
            for agent, seen in transition.observations.items()
        }
        transition = host.step(chosen)
        story.append((moving, transition.rewards, transition.terminated))
    return story


def test_agents_leave_and_join_a_parallel_game():
    story = played(Parallel)
    assert [moving for moving, _, _ in story] == [["a", "b"]] * 2 + [["a"]] + [["a", "c"]] * 3
    assert [ended for _, _, ended in story] == [[], ["b"], [], [], [], ["a", "c"]]


def test_masks_come_in_info_too():
    host = HostedEnvironment(declare(Masked))
    seen = host.reset(messages.Seed(0)).observations
    assert seen["b"].action_mask.tolist() == [1, 0, 0]
    assert host.step({"a": 0, "b": 0}).observations["b"].action_mask.tolist() == [0, 1, 0]
    assert len(played(Masked)) == 6


def test_an_agent_moves_several_times_in_a_row_and_the_dead_never():
    story = played(InTurns)
    assert [moving for moving, _, _ in story] == [[name] for name in "aabaabaa"]
    assert story[5] == (["b"], {"a": 1.0, "b": 0.0}, ["b"])
    assert story[-1][2] == ["a"]


def test_a_tuple_for_each_agent_is_played_as_agents():
    story = played(Joint)
    assert story[0] == (["agent_0", "agent_1"], {"agent_0": 1.0, "agent_1": -1.0}, [])
    assert story[-1][2] == ["agent_0", "agent_1"]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (NoReward, "no reward for 'b', only for a"),
        (NoObservation, "no observation for 'a', only for b"),
        (NoFlag, "no termination and truncation for 'a'"),
        (Stranger, "'zoe', which is none of possible_agents: a, b, c"),
        (StrangerInTurns, "'zoe', which is none of possible_agents: a, b, c"),
        (Growing, "the action space of 'a' was Discrete.2. and is Discrete.3."),
        (GrowingInTurns, "the action space of 'a' was Discrete.2. and is Discrete.3."),
    ],
)
def test_what_breaks_its_api_is_told_by_agent(kind, says):
    with pytest.raises(TypeError, match=says):
        played(kind)
