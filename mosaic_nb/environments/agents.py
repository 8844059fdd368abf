"""Agents by name: what an agent is called here, and its own face of an environment that several share."""

from __future__ import annotations

from typing import Any

import gymnasium


def name_of(agent: Any) -> str:
    """Return an agent's name: its own, or ``agent_<i>`` where the environment only counts its agents."""
    return f"agent_{agent}" if isinstance(agent, int) else str(agent)


class Face(gymnasium.Env[Any, Any]):
    """An environment as one of its agents sees it, for what is laid over a seat's observation.

    It has the agent's spaces and, through ``unwrapped``, the environment that all share; it cannot be played.

    Args:
        environment: the shared one, unwrapped.
        observation_space, action_space: of the agent.
    """

    def __init__(
        self, environment: Any, observation_space: gymnasium.Space[Any], action_space: gymnasium.Space[Any]
    ) -> None:
        self._shared = environment
        self.observation_space = observation_space
        self.action_space = action_space

    @property
    def unwrapped(self) -> Any:
        """The environment that all agents share."""
        return self._shared
