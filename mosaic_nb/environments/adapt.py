"""Which adapter gives an environment its one shape."""

from __future__ import annotations

from typing import Any

import gymnasium

from mosaic_nb.environments.adapter import Adapter
from mosaic_nb.environments.aec_adapter import AECAdapter
from mosaic_nb.environments.gymnasium_adapter import GymnasiumAdapter
from mosaic_nb.environments.joint import JointEnvironment, is_joint
from mosaic_nb.environments.parallel_adapter import ParallelAdapter


def adapt(environment: Any, limit: int | None = None) -> Adapter:
    """Return an environment, of whatever API, in the one shape.

    Args:
        environment: a `gymnasium.Env` of one agent or of several, or one of PettingZoo's two kinds.
        limit: truncate an episode after this many steps; Gymnasium's own carry theirs inside.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(environment, gymnasium.Env):
        if is_joint(environment):
            return ParallelAdapter(JointEnvironment(environment), limit)
        return GymnasiumAdapter(environment)
    if is_pettingzoo(environment):
        turn_based = hasattr(type(environment), "agent_iter")
        return AECAdapter(environment, limit) if turn_based else ParallelAdapter(environment, limit)
    kind = f"{type(environment).__module__}.{type(environment).__qualname__}"
    raise TypeError(f"a {kind} is neither a gymnasium.Env nor one of PettingZoo's AECEnv and ParallelEnv")


def is_pettingzoo(environment: Any) -> bool:
    """Tell whether something has PettingZoo's methods, without importing PettingZoo."""
    return all(
        hasattr(environment, name) for name in ("possible_agents", "observation_space", "step", "reset")
    )
