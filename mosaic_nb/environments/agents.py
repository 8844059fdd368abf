"""Agents by name: what an agent is called here, and its own face of an environment that several share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import gymnasium


def name_of(agent: Any) -> str:
    """Return an agent's name: its own, or ``agent_<i>`` where the environment only counts its agents."""
    return f"agent_{agent}" if isinstance(agent, int) else str(agent)


def known(names: Iterable[str], agents: Collection[str], what: str) -> None:
    """Make sure that names are those of agents that were announced.

    Raises:
        TypeError: one is not.
    """
    for name in names:
        if name not in agents:
            raise TypeError(f"{what} {name!r}, which is none of possible_agents: {', '.join(agents)}")


def complete(parts: Collection[str], agents: Iterable[str], what: str) -> None:
    """Make sure that each agent has its part of what an environment returned.

    Raises:
        TypeError: one has none.
    """
    for agent in agents:
        if agent not in parts:
            raise TypeError(f"{what} for {agent!r}, only for {', '.join(parts) or 'nobody'}")


def constant(
    before: Mapping[str, gymnasium.Space[Any]], now: Callable[[str], gymnasium.Space[Any]], kind: str
) -> None:
    """Make sure that every agent's space still is what was announced.

    Raises:
        TypeError: one is not.
    """
    for agent, space in before.items():
        if now(agent) != space:
            raise TypeError(
                f"the {kind} space of {agent!r} was {space} and is {now(agent)}: spaces must not change, "
                "operators are seated by them"
            )


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
