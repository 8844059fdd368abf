"""The faces of PettingZoo's two APIs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import pettingzoo

from mosaic_nb.connect.connection import Connection
from mosaic_nb.connect.remote import Remote
from mosaic_nb.protocol import spaces

Space = gymnasium.Space[Any]


class _Several(Remote):
    """What both have in common: agents, a pair of spaces for each, a state.

    Args:
        connection: the line to the environment.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        about = connection.about
        self._pairs: dict[Any, tuple[Space, Space]] = {}
        self._restorers: dict[Any, Callable[[Any], Any] | None] = {}
        if about.possible_agents is not None:
            self.possible_agents = about.possible_agents
            for agent, pair in zip(about.possible_agents, about.spaces, strict=True):
                self._remember(agent, pair)
            self.observation_spaces = {agent: seen for agent, (seen, _) in self._pairs.items()}
            self.action_spaces = {agent: done for agent, (_, done) in self._pairs.items()}
        if about.state_space is not None:
            self.state_space = spaces.from_data(about.state_space)

    def observation_space(self, agent: Any) -> Space:
        """Return what an agent's observations are members of: the same object every time."""
        return self._of(agent)[0]

    def action_space(self, agent: Any) -> Space:
        """Return what an agent's actions are members of: the same object every time."""
        return self._of(agent)[1]

    def state(self) -> Any:
        """Return the global view of the environment.

        Raises:
            NotImplementedError: it has none.
        """
        return self._connection.invoke("state")

    def _of(self, agent: Any) -> tuple[Space, Space]:
        if agent not in self._pairs:  # one that appears in the course of the game
            self._remember(agent, self._connection.invoke("spaces", agent))
        return self._pairs[agent]

    def _remember(self, agent: Any, pair: tuple[spaces.Data, spaces.Data]) -> None:
        seen, done = pair
        self._pairs[agent] = space, _ = spaces.from_data(seen), spaces.from_data(done)
        self._restorers[agent] = spaces.restore(space)

    def _restored(self, agent: Any, observation: Any) -> Any:
        restore = self._restorers.get(agent)
        return observation if restore is None else restore(observation)


class ConnectedAEC(_Several, pettingzoo.AECEnv[Any, Any, Any]):  # type: ignore[misc]
    """A `pettingzoo.AECEnv` that runs in another process.

    Its attributes, ``agents``, ``agent_selection``, ``rewards`` and so on, are as they stood after the last call.

    Args:
        connection: the line to it.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._fresh: list[tuple[Any, Any]] = []

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode."""
        self._take(*self._connection.invoke("reset", seed, options))

    def step(self, action: Any) -> None:
        """Let the agent that is to move act; None where it has ended."""
        self._take(*self._connection.invoke("step", action))

    def observe(self, agent: Any) -> Any:
        """Return what an agent sees."""
        if self._fresh and self._fresh[0][0] == agent:
            return self._fresh.pop()[1]  # given away once: whoever changes it changes no later one
        return self._restored(agent, self._connection.invoke("observe", agent))

    def _take(self, observation: Any, standing: dict[str, Any]) -> None:
        self.__dict__.update(standing)
        agent = standing.get("agent_selection")
        self._fresh = [(agent, self._restored(agent, observation))] if standing.get("agents") else []


class ConnectedParallel(_Several, pettingzoo.ParallelEnv[Any, Any, Any]):  # type: ignore[misc]
    """A `pettingzoo.ParallelEnv` that runs in another process.

    Args:
        connection: the line to it.
    """

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[Any, Any], dict[Any, dict[str, Any]]]:
        """Begin an episode."""
        (observations, infos), standing = self._connection.invoke("reset", seed, options)
        self.__dict__.update(standing)
        return self._each(observations), infos

    def step(
        self, actions: dict[Any, Any]
    ) -> tuple[dict[Any, Any], dict[Any, float], dict[Any, bool], dict[Any, bool], dict[Any, dict[str, Any]]]:
        """Advance by one step of all agents."""
        (observations, *rest), standing = self._connection.invoke("step", actions)
        self.__dict__.update(standing)
        rewards, terminations, truncations, infos = rest
        return self._each(observations), rewards, terminations, truncations, infos

    def _each(self, observations: dict[Any, Any]) -> dict[Any, Any]:
        return {agent: self._restored(agent, value) for agent, value in observations.items()}
