"""What PettingZoo's two APIs have in common, in the shape of `adapter.Adapter`: agents by name and their spaces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium

from mosaic_nb.environments.agents import Face, constant, name_of
from mosaic_nb.environments.gymnasium_adapter import action_mask


class SharedAdapter:
    """Adapts what several agents share; how it is reset and stepped is its API's own.

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
        return self._limit or _limit_of(self._environment)

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

    def _masks(self, observations: Mapping[str, Any], infos: Mapping[Any, Any]) -> dict[str, Any]:
        masks = {}
        for name, observation in observations.items():
            mask = action_mask(self._spaces[name][1], observation, infos.get(self._natives[name]) or {})
            if mask is not None:
                masks[name] = mask
        return masks


def _limit_of(environment: Any) -> int | None:
    """Return the limit that PettingZoo's games keep of their own, or None."""
    own = environment.unwrapped
    limits = (getattr(own, name, None) for name in ("max_cycles", "max_steps"))
    return min((limit for limit in limits if isinstance(limit, int) and limit > 0), default=None)
