"""An environment under its own API, for a caller in another process: the far end of `mosaic_nb.connect`.

Nothing is checked, completed or hidden here: what the caller asks, the environment is asked, and what it returns is
what the caller gets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.environments.gymnasium_adapter import time_limit
from mosaic_nb.environments.options import unpack
from mosaic_nb.environments.portable import carry
from mosaic_nb.environments.resolve import make
from mosaic_nb.protocol import messages, spaces

GYMNASIUM, AEC, PARALLEL = "gymnasium", "aec", "parallel"
STANDING = (
    "agents",
    "agent_selection",
    "rewards",
    "terminations",
    "truncations",
    "infos",
    "_cumulative_rewards",
)
"""What a turn-based environment keeps as attributes; of a parallel one only the first is there."""
_AS_THEY_ARE = ("observe", "state", "render")
"""Methods that are called as they are."""

Pair = tuple[dict[str, Any], dict[str, Any]]


class NativeEnvironment:
    """One environment and the calls it answers.

    Args:
        environment: how to make it; without a render mode among its options it has none.

    Raises:
        ValueError: ``max_steps`` is given for an environment that takes none.
        UnknownEnvironment, UnknownOption, TypeError: see `mosaic_nb.environments.resolve.make`.
    """

    def __init__(self, environment: messages.Environment) -> None:
        self._environment = made = make(environment, watched=False)
        self._closed = False
        self._api = _api(made)
        single = self._api == GYMNASIUM
        if environment.max_steps is not None and not (single and time_limit(made)):
            raise ValueError(
                f"max_steps cannot cut the episodes of {environment.id!r} short from outside: give its own limit in "
                "env_kwargs, such as {'max_cycles': 100}"
            )
        self._restore = spaces.restore(made.action_space) if single else None
        self._methods: dict[str, Callable[..., Any]] = {
            "reset": self._reset,
            "step": self._step_one if single else self._step,
            "close": self.close,
            "spaces": self._spaces,
            "generator": self._generator,
            "adopt": self._adopt,
        }

    def describe(self) -> messages.Connected:
        """Return what is known before the first call."""
        made = self._environment
        attributes, left = carry(
            {
                "metadata": made.metadata,
                "render_mode": getattr(made, "render_mode", None),
                "spec": _spec(getattr(made, "spec", None)),
                **self._standing(),
            }
        )
        agents = None if self._api == GYMNASIUM else getattr(made, "possible_agents", None)
        state_space = getattr(made, "state_space", None)
        return messages.Connected(
            id=0,
            api=self._api,
            possible_agents=agents,
            spaces=[self._spaces(agent) for agent in ([None] if self._api == GYMNASIUM else agents or [])],
            state_space=None if state_space is None else spaces.to_data(state_space),
            attributes=attributes,
            left=left,
        )

    def invoke(self, method: str, arguments: Sequence[Any]) -> messages.Invoked:
        """Call a method.

        Raises:
            LookupError: it is none of those that travel.
            Whatever the environment raises.
        """
        if method in _AS_THEY_ARE:
            call = getattr(self._environment, method)
        elif method in self._methods:
            call = self._methods[method]
        else:
            known = ", ".join((*_AS_THEY_ARE, *self._methods))
            raise LookupError(f"{method!r} is no call that travels; those are {known}")
        value, left = carry(call(*unpack(list(arguments))))
        return messages.Invoked(id=0, value=value, left=left)

    def close(self) -> None:
        """Close the environment, once."""
        if not self._closed:
            self._closed = True
            self._environment.close()

    def _reset(self, seed: int | None, options: dict[str, Any] | None) -> Any:
        returned = self._environment.reset(seed=seed, options=options)
        return returned if self._api == GYMNASIUM else self._after(returned)

    def _step_one(self, action: Any) -> Any:
        return self._environment.step(action if self._restore is None else self._restore(action))

    def _step(self, action: Any) -> Any:
        return self._after(self._environment.step(action))

    def _after(self, returned: Any) -> Any:
        """Return what a caller of PettingZoo's APIs reads next: the attributes, and the observation ``last`` gives."""
        standing = self._standing()
        if self._api == PARALLEL:
            return returned, standing
        agent = standing.get("agent_selection")
        return (self._environment.observe(agent) if standing.get("agents") else None), standing

    def _standing(self) -> dict[str, Any]:
        names = {GYMNASIUM: (), PARALLEL: STANDING[:1], AEC: STANDING}[self._api]
        present = ((name, getattr(self._environment, name, self)) for name in names)
        return {name: value for name, value in present if value is not self}

    def _spaces(self, agent: Any) -> Pair:
        made = self._environment
        if self._api == GYMNASIUM:
            return spaces.to_data(made.observation_space), spaces.to_data(made.action_space)
        return spaces.to_data(made.observation_space(agent)), spaces.to_data(made.action_space(agent))

    def _generator(self) -> tuple[str | None, int | None]:
        """Return the state of the environment's random generator as JSON, and its seed."""
        inner = self._environment.unwrapped
        generator = getattr(inner, "_np_random", None)
        if not isinstance(generator, np.random.Generator):
            return None, None
        return state_of(generator), getattr(inner, "_np_random_seed", None)

    def _adopt(self, state: str, seed: int | None) -> None:
        """Let the environment draw on from a state that `_generator` gave."""
        inner = self._environment.unwrapped
        inner._np_random = generator_from(state)  # noqa: SLF001 - the public setter forgets the seed
        inner._np_random_seed = seed  # noqa: SLF001


def state_of(generator: np.random.Generator) -> str:
    """Return the state of a random generator as JSON."""
    return json.dumps(generator.bit_generator.state, default=lambda array: array.tolist())


def generator_from(state: str) -> np.random.Generator:
    """Return a random generator in a state that `state_of` wrote."""
    read = json.loads(state)
    bits: np.random.BitGenerator = getattr(np.random, read["bit_generator"])()
    bits.state = read
    return np.random.Generator(bits)


def _api(environment: Any) -> str:
    if isinstance(environment, gymnasium.Env):
        return GYMNASIUM
    return AEC if hasattr(type(environment), "agent_iter") else PARALLEL


def _spec(spec: Any) -> dict[str, Any] | None:
    names = ("id", "reward_threshold", "nondeterministic", "max_episode_steps")
    return None if spec is None else {name: getattr(spec, name) for name in names}
