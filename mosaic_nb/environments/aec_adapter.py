"""A turn-based PettingZoo environment (AEC) in the shape of `adapter.Adapter`: one agent moves at a time."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import gymnasium

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.agents import Face, constant, known, name_of
from mosaic_nb.environments.gymnasium_adapter import action_mask
from mosaic_nb.environments.parallel_adapter import limit_of


class AECAdapter:
    """Adapts `pettingzoo.AECEnv`.

    Rewards are those that the environment gives in the step, to whomever; agents that have ended take PettingZoo's
    empty steps here and never come to move.

    Args:
        environment: with all its wrappers.
        limit: truncate an episode after this many steps, or None.
    """

    def __init__(self, environment: Any, limit: int | None = None) -> None:
        self._environment = environment
        self._limit = limit
        self._steps = 0
        self._natives = {name_of(agent): agent for agent in environment.possible_agents}
        self._ended: set[str] = set()
        self._spaces = {
            name: (self.observation_space(name), self.action_space(name)) for name in self._natives
        }

    @property
    def agents(self) -> Sequence[str]:
        """Every agent that may appear, in the environment's order."""
        return tuple(self._natives)

    @property
    def unwrapped(self) -> Any:
        """The innermost environment."""
        return self._environment.unwrapped

    @property
    def plain(self) -> bool:
        """Whether no wrapper changed an action space."""
        own = self.unwrapped
        return all(
            self.action_space(name) == own.action_space(native) for name, native in self._natives.items()
        )

    @property
    def max_steps(self) -> int | None:
        """The limit that was asked for, or the environment's own."""
        return self._limit or limit_of(self._environment)

    @property
    def renders(self) -> bool:
        """Whether it was made to render pixels."""
        return getattr(self._environment, "render_mode", None) == "rgb_array"

    def face(self, agent: str) -> gymnasium.Env[Any, Any]:
        """Return the environment as this agent sees it."""
        return Face(self.unwrapped, self.observation_space(agent), self.action_space(agent))

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's observations are members of."""
        space: gymnasium.Space[Any] = self._environment.observation_space(self._natives[agent])
        return space

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's actions are members of."""
        space: gymnasium.Space[Any] = self._environment.action_space(self._natives[agent])
        return space

    def reset(self, seed: int, options: dict[str, Any] | None) -> Turn:
        """Begin an episode."""
        self._steps = 0
        self._ended.clear()
        began = perf_counter()
        self._environment.reset(seed=seed, options=options)
        seconds = perf_counter() - began
        constant(
            {name: spaces[0] for name, spaces in self._spaces.items()}, self.observation_space, "observation"
        )
        constant({name: spaces[1] for name, spaces in self._spaces.items()}, self.action_space, "action")
        return self._turn({}, [], [], {}, seconds)

    def step(self, actions: dict[str, Any]) -> Turn:
        """Advance by one agent's step."""
        environment = self._environment
        ((agent, action),) = actions.items()
        began = perf_counter()
        environment.step(action)
        seconds = perf_counter() - began
        self._steps += 1
        rewards = {name_of(who): float(reward) for who, reward in environment.rewards.items() if reward}
        rewards.setdefault(agent, 0.0)
        terminated, truncated = self._newly(environment.terminations), self._newly(environment.truncations)
        self._ended.update(terminated, truncated)
        if self._limit is not None and self._steps >= self._limit:
            cut = [name for name in map(name_of, environment.agents) if name not in self._ended]
            truncated += cut
            self._ended.update(cut)
        final = {
            name: environment.observe(self._natives[name])
            for name in dict.fromkeys((*terminated, *truncated))
        }
        return self._turn(rewards, terminated, truncated, final, seconds)

    def render(self) -> Any:
        """Return the environment's picture, its text, or None."""
        return None if getattr(self._environment, "render_mode", None) is None else self._environment.render()

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()

    def _newly(self, flags: dict[Any, Any]) -> list[str]:
        return [name_of(agent) for agent, flag in flags.items() if flag and name_of(agent) not in self._ended]

    def _turn(
        self,
        rewards: dict[str, float],
        terminated: list[str],
        truncated: list[str],
        final: dict[str, Any],
        seconds: float,
    ) -> Turn:
        environment = self._environment
        known(map(name_of, environment.agents), self._natives, "the environment brought in")
        self._bury(environment)
        alive = [name for name in map(name_of, environment.agents) if name not in self._ended]
        observations, masks = {}, {}
        if alive:
            native = environment.agent_selection
            observation = environment.observe(native)
            observations[name_of(native)] = observation
            mask = action_mask(
                environment.action_space(native), observation, environment.infos.get(native) or {}
            )
            if mask is not None:
                masks[name_of(native)] = mask
        return Turn(observations, masks, rewards, terminated, truncated, not alive, final, {}, seconds)

    def _bury(self, environment: Any) -> None:
        """Take the empty steps of agents that have ended, until one that lives is to move."""
        while environment.agents:
            chosen = environment.agent_selection
            if not (environment.terminations[chosen] or environment.truncations[chosen]):
                return
            environment.step(None)
