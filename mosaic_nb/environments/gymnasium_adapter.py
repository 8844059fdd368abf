"""A Gymnasium environment in the shape of `adapter.Adapter`: its one agent is called ``agent``."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

import gymnasium
import numpy as np
from gymnasium.wrappers import TimeLimit

from mosaic_nb.environments.adapter import AGENT, Turn

_ALONE = [AGENT]
_NOBODY: list[str] = []
_NOTHING: dict[str, Any] = {}
_STATEFUL = "gymnasium.wrappers.stateful_observation"
_TRANSPARENT = "gymnasium.wrappers.common"


class GymnasiumAdapter:
    """Adapts `gymnasium.Env`.

    Args:
        environment: with all its wrappers.

    Attributes:
        bare_step: the environment's own ``step``.
        mask_inside: whether its observations have an action mask in them.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment = environment
        self.bare_step = environment.step
        space = environment.observation_space
        self.mask_inside = isinstance(space, gymnasium.spaces.Dict) and "action_mask" in space.spaces

    @property
    def agents(self) -> Sequence[str]:
        """The one agent, ``agent``."""
        return (AGENT,)

    @property
    def unwrapped(self) -> Any:
        """The innermost environment."""
        return self._environment.unwrapped

    @property
    def plain(self) -> bool:
        """Whether no wrapper changed the action space."""
        return bool(self._environment.action_space == self._environment.unwrapped.action_space)

    @property
    def max_steps(self) -> int | None:
        """The lower of `gymnasium.wrappers.TimeLimit`'s limit and the environment's own ``max_steps``."""
        limits = (time_limit(self._environment), getattr(self.unwrapped, "max_steps", None))
        known = [limit for limit in limits if isinstance(limit, int) and limit > 0]
        return min(known, default=None)

    @property
    def renders(self) -> bool:
        """Whether it was made to render pixels."""
        return self._environment.render_mode == "rgb_array"

    def face(self, agent: str) -> gymnasium.Env[Any, Any]:
        """Return the environment itself."""
        return self._environment

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the environment's observation space."""
        return self._environment.observation_space

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return the environment's action space."""
        return self._environment.action_space

    def reset(self, seed: int, options: dict[str, Any] | None) -> Turn:
        """Begin an episode. ``seed`` reaches the environment as it is, so that anyone can repeat the episode.

        Raises:
            TypeError: the environment returned something else than ``(observation, info)``.
        """
        began = perf_counter()
        returned = self._environment.reset(seed=seed, options=options)
        seconds = perf_counter() - began
        try:
            observation, info = returned
            info.keys()
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(f"reset returned {_shape(returned)} instead of (observation, info)") from error
        masks = self.masks(observation, info)
        return Turn({AGENT: observation}, masks, {}, _NOBODY, _NOBODY, False, _NOTHING, info, seconds)

    def look(self, placed: Any) -> Turn:
        """Return what the agent perceives now: the innermost environment's observation, as the wrappers shape it.

        Raises:
            ValueError: a wrapper is not one that turns one observation into another.
        """
        observation = _shaped(self._environment, placed)
        masks = self.masks(observation, {})
        return Turn({AGENT: observation}, masks, {}, _NOBODY, _NOBODY, False, _NOTHING, {}, 0.0)

    def step(self, actions: dict[str, Any]) -> Turn:
        """Advance by one step.

        Raises:
            TypeError: the environment returned something else than Gymnasium's five values.
        """
        action = actions[AGENT]
        began = perf_counter()
        returned = self.bare_step(action)
        return self.read(returned, perf_counter() - began)

    def read(self, returned: Any, seconds: float) -> Turn:
        """Return what the environment's own ``step`` has returned, in this shape.

        Raises:
            TypeError: it is something else than Gymnasium's five values.
        """
        try:
            observation, reward, terminated, truncated, info = returned
            reward, over = float(reward), bool(terminated or truncated)
            info.keys()
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(
                f"step returned {_shape(returned)} instead of (observation, reward, terminated, truncated, info)"
            ) from error
        masks = _NOTHING if over else self.masks(observation, info)
        return Turn(
            {} if over else {AGENT: observation},
            masks,
            {AGENT: reward},
            _ALONE if terminated else _NOBODY,
            _ALONE if truncated else _NOBODY,
            over,
            {AGENT: observation} if over else _NOTHING,
            info,
            seconds,
        )

    def render(self) -> Any:
        """Return the environment's picture, its text, or None."""
        return None if self._environment.render_mode is None else self._environment.render()

    def close(self) -> None:
        """Close the environment."""
        self._environment.close()

    def masks(self, observation: Any, info: dict[str, Any]) -> dict[str, Any]:
        """Return the action mask by agent, or nothing where there is none."""
        if "action_mask" not in info and not self.mask_inside:
            return _NOTHING
        mask = action_mask(self._environment.action_space, observation, info)
        return _NOTHING if mask is None else {AGENT: mask}


def _shaped(environment: gymnasium.Env[Any, Any], observation: Any) -> Any:
    """Return an observation of the innermost environment as it comes out of the wrappers."""
    if not isinstance(environment, gymnasium.Wrapper):
        return observation
    observation = _shaped(environment.env, observation)
    kind = type(environment)
    if isinstance(environment, gymnasium.ObservationWrapper) and not kind.__module__.endswith(_STATEFUL):
        return environment.observation(observation)
    if kind.__module__.endswith(_TRANSPARENT) or kind.reset is gymnasium.Wrapper.reset:
        return observation
    raise ValueError(f"{kind.__name__} would have to see the reset itself: make the environment without it")


def time_limit(environment: gymnasium.Env[Any, Any]) -> int | None:
    """Return the limit of the outermost `gymnasium.wrappers.TimeLimit`, or None where there is none."""
    while isinstance(environment, gymnasium.Wrapper):
        if isinstance(environment, TimeLimit):
            return environment._max_episode_steps  # noqa: SLF001 - it has no public name
        environment = environment.env
    return None


def action_mask(space: gymnasium.Space[Any], observation: Any, info: dict[str, Any]) -> Any:
    """Return which actions of a Discrete space are legal, int8 with a 1 per legal action; None where all are.

    It is found in ``info["action_mask"]``, else in the observation's own ``"action_mask"``.

    Raises:
        ValueError: the mask is none of this space.
    """
    inside = observation.get("action_mask") if isinstance(observation, dict) else None
    mask = info.get("action_mask", inside)
    if mask is None or not isinstance(space, gymnasium.spaces.Discrete):
        return None
    mask = np.asarray(mask)
    if mask.shape != (space.n,) or mask.dtype.kind not in "bui":
        raise ValueError(
            f"the action_mask has dtype {mask.dtype} and shape {mask.shape} instead of int8 and ({space.n},)"
        )
    return mask.astype(np.int8)


def _shape(returned: Any) -> str:
    if isinstance(returned, tuple):
        return f"a tuple of {', '.join(type(value).__name__ for value in returned) or 'nothing'}"
    return f"a {type(returned).__name__}"
