"""What an environment returns, held against its spaces: the clauses that a single call can break."""

from __future__ import annotations

import math
from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.environments.gymnasium_adapter import action_mask, time_limit
from mosaic_nb.protocol import UnsupportedSpace, UnsupportedValue, spaces
from mosaic_nb.protocol.canonical import digest_bytes
from mosaic_nb.testing import clauses
from mosaic_nb.testing.clauses import broken


class Inspection:
    """Holds every return value of one environment against the clauses.

    Args:
        environment: just made.

    Raises:
        Broken: its spaces cannot be sent.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any]) -> None:
        self._environment = environment
        self._spaces = self._encoded("before the first reset")
        self._limit = time_limit(environment)
        self._previous: tuple[Any, bytes] | None = None

    def reset(self, returned: Any, where: str) -> tuple[Any, dict[str, Any]]:
        """Return (observation, info) of a reset, or raise `Broken`."""
        if not (isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], dict)):
            raise broken(clauses.RESET_RETURNS, f"{where}: reset returned {_what(returned)}")
        observation, info = returned
        self._look_at(observation, where)
        self._look_at_mask(observation, info, where)
        return observation, info

    def step(self, returned: Any, steps: int, where: str) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Return the five values of a step, or raise `Broken`. ``steps`` is how many the episode has had."""
        if not (isinstance(returned, tuple) and len(returned) == 5 and isinstance(returned[4], dict)):
            raise broken(clauses.STEP_RETURNS, f"{where}: step returned {_what(returned)}")
        observation, reward, terminated, truncated, info = returned
        if not _is_finite(reward):
            raise broken(clauses.REWARD_IS_NUMBER, f"{where}: the reward is {reward!r}")
        for name, flag in (("terminated", terminated), ("truncated", truncated)):
            if not isinstance(flag, bool | np.bool_):
                raise broken(clauses.FLAGS_ARE_BOOLS, f"{where}: {name} is {flag!r}, a {type(flag).__name__}")
        over = bool(terminated or truncated)
        if self._limit is not None and steps >= self._limit and not over:
            detail = f"{where}: the limit is {self._limit} steps, and the episode goes on"
            raise broken(clauses.TIME_LIMIT_HOLDS, detail)
        self._look_at(observation, where)
        if not over:
            self._look_at_mask(observation, info, where)
        return observation, reward, terminated, truncated, info

    def _look_at(self, observation: Any, where: str) -> None:
        space = self._environment.observation_space
        now = self._encoded(where)
        if now != self._spaces:
            detail = f"{where}: {_difference(self._spaces, now)}"
            raise broken(clauses.SPACES_ARE_CONSTANT, detail)
        reason = spaces.explain(space, observation) or _other_dtype(space, observation)
        if reason is not None:
            raise broken(clauses.OBSERVATION_IN_SPACE, f"{where}: {reason}")
        try:
            data = digest_bytes(observation)
        except UnsupportedValue as error:
            raise broken(clauses.ENCODABLE, f"{where}: {error}") from error
        if self._previous is not None and digest_bytes(self._previous[0]) != self._previous[1]:
            detail = f"{where}: this call changed the observation that the call before it had returned"
            raise broken(clauses.OBSERVATIONS_ARE_KEPT, detail)
        self._previous = (observation, data)

    def _look_at_mask(self, observation: Any, info: dict[str, Any], where: str) -> None:
        try:
            mask = action_mask(self._environment.action_space, observation, info)
        except ValueError as error:
            raise broken(clauses.MASK_IS_WELL_FORMED, f"{where}: {error}") from error
        if mask is not None and not (set(mask.tolist()) <= {0, 1} and mask.any()):
            raise broken(clauses.MASK_IS_WELL_FORMED, f"{where}: the action_mask is {mask.tolist()}")

    def _encoded(self, where: str) -> dict[str, Any]:
        both = {
            "observation": self._environment.observation_space,
            "action": self._environment.action_space,
        }
        try:
            return {name: spaces.to_data(space) for name, space in both.items()}
        except UnsupportedSpace as error:
            raise broken(clauses.ENCODABLE, f"{where}: {error}") from error


def _is_finite(reward: Any) -> bool:
    return isinstance(reward, int | float | np.integer | np.floating) and math.isfinite(reward)


def _other_dtype(space: gymnasium.Space[Any], value: Any) -> str | None:
    """Say where an array's dtype is not its space's: Gymnasium accepts what converts, a policy's weights do not."""
    if isinstance(space, gymnasium.spaces.Dict):
        parts: list[tuple[Any, Any, Any]] = [(key, part, value[key]) for key, part in space.spaces.items()]
    elif isinstance(space, gymnasium.spaces.Tuple):
        parts = [(i, part, value[i]) for i, part in enumerate(space.spaces)]
    elif isinstance(space, gymnasium.spaces.Box) and value.dtype != space.dtype:
        return f"its dtype is {value.dtype}, its space's {space.dtype}"
    else:
        return None
    reasons = ((key, _other_dtype(part, inner)) for key, part, inner in parts)
    return next((f"at {key!r}: {reason}" for key, reason in reasons if reason is not None), None)


def _difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    name = next(name for name in before if before[name] != after[name])
    return f"the {name} space was {str(before[name])[:200]} and is {str(after[name])[:200]}"


def _what(returned: Any) -> str:
    if isinstance(returned, tuple):
        return f"a tuple of {', '.join(type(value).__name__ for value in returned) or 'nothing'}"
    return f"a {type(returned).__name__}"
