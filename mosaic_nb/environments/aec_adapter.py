"""A turn-based PettingZoo environment (AEC) in the shape of `adapter.Adapter`: one agent moves at a time."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.agents import known, name_of
from mosaic_nb.environments.shared_adapter import SharedAdapter


class AECAdapter(SharedAdapter):
    """Adapts `pettingzoo.AECEnv`.

    Rewards are those that the environment gives in the step, to whomever; agents that have ended take PettingZoo's
    empty steps here and never come to move.
    """

    def __init__(self, environment: Any, limit: int | None = None) -> None:
        super().__init__(environment, limit)
        self._ended: set[str] = set()

    def reset(self, seed: int, options: dict[str, Any] | None) -> Turn:
        """Begin an episode."""
        self._steps = 0
        self._ended.clear()
        began = perf_counter()
        self._environment.reset(seed=seed, options=options)
        seconds = perf_counter() - began
        self._check_spaces()
        return self._turn({}, [], [], {}, seconds)

    def look(self, placed: Any) -> Turn:
        """Return what the agent that is to move perceives now."""
        return self._turn({}, [], [], {}, 0.0)

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
        observations, infos = {}, {}
        if alive:
            native = environment.agent_selection
            observations[name_of(native)] = environment.observe(native)
            infos = environment.infos
        masks = self._masks(observations, infos)
        return Turn(observations, masks, rewards, terminated, truncated, not alive, final, {}, seconds)

    def _bury(self, environment: Any) -> None:
        """Take the empty steps of agents that have ended, until one that lives is to move."""
        while environment.agents:
            chosen = environment.agent_selection
            if not (environment.terminations[chosen] or environment.truncations[chosen]):
                return
            environment.step(None)
