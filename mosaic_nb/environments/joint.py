"""A Gymnasium environment with a dict or tuple per agent, at PettingZoo's parallel table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np


class JointEnvironment:
    """Gives a joint Gymnasium environment the parallel API's methods: dicts by agent, in and out.

    The environment's own agents are the keys of its action space, or the places of its tuple. Rewards may be
    a sequence or a dict, flags one for all too.

    Args:
        environment: with all its wrappers; its action and observation spaces are both Dict or both Tuple.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment = environment
        space: Any = environment.action_space
        seen: Any = environment.observation_space
        self._by_name = isinstance(space, gymnasium.spaces.Dict)
        self._spaces: dict[Any, gymnasium.Space[Any]] = dict(_items(space.spaces))
        self._seen: dict[Any, gymnasium.Space[Any]] = dict(_items(seen.spaces))
        self.possible_agents = list(self._spaces)
        self.agents: list[Any] = []

    @property
    def unwrapped(self) -> Any:
        """The innermost environment."""
        return self._environment.unwrapped

    @property
    def render_mode(self) -> str | None:
        """How it was made to render."""
        return self._environment.render_mode

    def observation_space(self, agent: Any) -> gymnasium.Space[Any]:
        """Return what an agent's observations are members of."""
        return self._seen[agent]

    def action_space(self, agent: Any) -> gymnasium.Space[Any]:
        """Return what an agent's actions are members of."""
        return self._spaces[agent]

    def reset(self, seed: int, options: dict[str, Any] | None) -> tuple[dict[Any, Any], dict[Any, Any]]:
        """Begin an episode."""
        observations, info = self._environment.reset(seed=seed, options=options)
        self.agents = list(self.possible_agents)
        return dict(_items(observations)), self._infos(info)

    def step(self, actions: dict[Any, Any]) -> tuple[dict[Any, Any], ...]:
        """Advance by one step of all agents; one that has ended does nothing, by its space's first action."""
        joint = {agent: actions.get(agent, _nothing(space)) for agent, space in self._spaces.items()}
        given = joint if self._by_name else tuple(joint.values())
        observations, rewards, terminated, truncated, info = self._environment.step(given)
        ends = self._each(terminated), self._each(truncated)
        if not isinstance(rewards, Mapping) and not hasattr(rewards, "__len__"):
            raise TypeError(f"step returned one reward, {rewards!r}, for {len(joint)} agents")
        paid = self._each(rewards)
        alive = [agent for agent in self.agents if not (ends[0][agent] or ends[1][agent])]
        acted, self.agents = self.agents, alive
        mine = ({agent: part[agent] for agent in acted} for part in (dict(_items(observations)), paid, *ends))
        return (*mine, self._infos(info))

    def render(self) -> Any:
        """Return what the environment renders."""
        return self._environment.render()

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()

    def _each(self, value: Any) -> dict[Any, Any]:
        """Return a value by agent, where there may be one for all."""
        if isinstance(value, Mapping):
            return {agent: value[agent] for agent in self.possible_agents}
        if np.ndim(value):
            return dict(zip(self.possible_agents, value, strict=True))
        return dict.fromkeys(self.possible_agents, value)

    def _infos(self, info: Any) -> dict[Any, Any]:
        own = info if isinstance(info, Mapping) else {}
        return {agent: own[agent] for agent in self.possible_agents if isinstance(own.get(agent), Mapping)}


def is_joint(environment: gymnasium.Env[Any, Any]) -> bool:
    """Tell whether a Gymnasium environment plays several agents: a part of both spaces for each."""
    action, seen = environment.action_space, environment.observation_space
    if isinstance(action, gymnasium.spaces.Dict) and isinstance(seen, gymnasium.spaces.Dict):
        return action.spaces.keys() == seen.spaces.keys() and all(
            isinstance(key, int) for key in action.spaces
        )
    if isinstance(action, gymnasium.spaces.Tuple) and isinstance(seen, gymnasium.spaces.Tuple):
        counted = getattr(environment.unwrapped, "n_agents", None)
        return len(action.spaces) == len(seen.spaces) == counted
    return False


def _items(parts: Any) -> Any:
    return parts.items() if isinstance(parts, Mapping) else enumerate(parts)


def _nothing(space: gymnasium.Space[Any]) -> Any:
    return int(space.start) if isinstance(space, gymnasium.spaces.Discrete) else space.sample()
