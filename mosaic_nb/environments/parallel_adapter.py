"""Environments whose agents move at once, in the shape of `adapter.Adapter`: PettingZoo's parallel API.

A Gymnasium environment with a dict or tuple per agent is seated at the same table by `joint.JointEnvironment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import gymnasium

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.agents import Face, complete, constant, known, name_of
from mosaic_nb.environments.gymnasium_adapter import action_mask


class ParallelAdapter:
    """Adapts what has PettingZoo's parallel API: dicts by agent, in and out.

    Args:
        environment: with all its wrappers.
        limit: truncate an episode after this many steps, or None.
    """

    def __init__(self, environment: Any, limit: int | None = None) -> None:
        self._environment = environment
        self._limit = limit
        self._steps = 0
        self._natives = {name_of(agent): agent for agent in environment.possible_agents}
        self._spaces: dict[str, tuple[gymnasium.Space[Any], gymnasium.Space[Any]]] = {
            name: (environment.observation_space(native), environment.action_space(native))
            for name, native in self._natives.items()
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
        spaces = getattr(self.unwrapped, "action_space", None)
        return not callable(spaces) or all(
            action == spaces(self._natives[name]) for name, (_, action) in self._spaces.items()
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
        return Face(self.unwrapped, *self._spaces[agent])

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's observations are members of."""
        return self._spaces[agent][0]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's actions are members of."""
        return self._spaces[agent][1]

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
            ended = ended_by(terminated, actions), ended_by(truncated, actions)
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(
                "step returned something else than observations, rewards, terminations, truncations and infos by "
                f"agent ({error})"
            ) from error
        flagged = {name_of(agent) for agent in terminated.keys() & truncated.keys()}
        complete(paid, actions, "step gave no reward")
        complete(dict.fromkeys(flagged), actions, "step gave no termination and truncation")
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

    def render(self) -> Any:
        """Return the environment's picture, its text, or None."""
        return None if getattr(self._environment, "render_mode", None) is None else self._environment.render()

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()

    def _check_spaces(self) -> None:
        environment, natives = self._environment, self._natives
        for place, (kind, now) in enumerate(
            [("observation", environment.observation_space), ("action", environment.action_space)]
        ):
            announced = {name: both[place] for name, both in self._spaces.items()}
            constant(announced, lambda name, now=now: now(natives[name]), kind)  # type: ignore[misc]

    def _masks(self, observations: dict[str, Any], infos: dict[Any, Any]) -> dict[str, Any]:
        masks = {}
        for name, observation in observations.items():
            info = infos.get(self._natives[name]) or {}
            mask = action_mask(self._spaces[name][1], observation, info)
            if mask is not None:
                masks[name] = mask
        return masks


def ended_by(flags: dict[Any, Any], actors: dict[str, Any]) -> list[str]:
    """Return the agents that a step ended, of those that acted in it."""
    return [name for name in map(name_of, (agent for agent, flag in flags.items() if flag)) if name in actors]


def limit_of(environment: Any) -> int | None:
    """Return the limit that PettingZoo's games keep of their own, or None."""
    own = environment.unwrapped
    limits = (getattr(own, name, None) for name in ("max_cycles", "max_steps"))
    return min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=None)
