"""Environments whose agents move at once, in the shape of `adapter.Adapter`: PettingZoo's parallel API.

A Gymnasium environment with a dict or tuple per agent is seated at the same table by `joint.JointEnvironment`.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.agents import complete, known, name_of
from mosaic_nb.environments.shared_adapter import SharedAdapter


class ParallelAdapter(SharedAdapter):
    """Adapts what has PettingZoo's parallel API: dicts by agent, in and out."""

    def reset(self, seed: int, options: dict[str, Any] | None) -> Turn:
        """Begin an episode.

        Raises:
            TypeError: the environment returned something else than observations and infos by agent.
        """
        self._steps = 0
        began = perf_counter()
        returned = self._environment.reset(seed=seed, options=options)
        seconds = perf_counter() - began
        self._check_spaces()
        try:
            observations, infos = returned
            alive = {name_of(agent): observations[agent] for agent in self._environment.agents}
            known(alive, self._natives, "reset began with")
        except (TypeError, ValueError, KeyError) as error:
            raise TypeError(
                f"reset returned {type(returned).__name__} without an observation and info for each agent ({error})"
            ) from error
        return Turn(alive, self._masks(alive, infos), {}, [], [], not alive, {}, {}, seconds)

    def look(self, placed: Any) -> Turn:
        """Return what all agents perceive, which only the family can say: observations by agent."""
        return Turn(dict(placed), self._masks(placed, {}), {}, [], [], not placed, {}, {}, 0.0)

    def step(self, actions: dict[str, Any]) -> Turn:
        """Advance by one step of all agents.

        Raises:
            TypeError: the environment returned something else than PettingZoo's five dicts.
        """
        asked = {self._natives[name]: action for name, action in actions.items()}
        began = perf_counter()
        returned = self._environment.step(asked)
        seconds = perf_counter() - began
        self._steps += 1
        try:
            observations, rewards, terminated, truncated, infos = returned
            paid = {name_of(agent): float(reward) for agent, reward in rewards.items()}
            seen = {name_of(agent): observation for agent, observation in observations.items()}
            ended = _ended_by(terminated, actions), _ended_by(truncated, actions)
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(
                "step returned something else than observations, rewards, terminations, truncations and infos by "
                f"agent ({error})"
            ) from error
        complete(paid, actions, "step gave no reward")
        if not (terminated.keys() >= asked.keys() <= truncated.keys()):
            flagged = {name_of(agent) for agent in terminated.keys() & truncated.keys()}
            complete(flagged, actions, "step gave no termination and truncation")
        known(paid, self._natives, "step paid")
        return self._turn(seen, paid, *ended, infos, seconds)

    def _turn(
        self,
        seen: dict[str, Any],
        paid: dict[str, float],
        terminated: list[str],
        truncated: list[str],
        infos: dict[Any, Any],
        seconds: float,
    ) -> Turn:
        gone = {*terminated, *truncated}
        living = [name for name in map(name_of, self._environment.agents) if name not in gone]
        known(living, self._natives, "step brought in")
        complete(seen, living, "step gave no observation")
        alive = {name: seen[name] for name in living}
        if alive and self._limit is not None and self._steps >= self._limit:
            truncated = [*truncated, *alive]
            gone.update(alive)
            alive = {}
        final = {name: value for name, value in seen.items() if name in gone}
        masks = self._masks(alive, infos)
        return Turn(alive, masks, paid, terminated, truncated, not alive, final, {}, seconds)


def _ended_by(flags: dict[Any, Any], actors: dict[str, Any]) -> list[str]:
    """Return the agents that a step ended, of those that acted in it."""
    return [name for name in map(name_of, (agent for agent, flag in flags.items() if flag)) if name in actors]
