"""The face of Gymnasium's API."""

from __future__ import annotations

from typing import Any

import gymnasium
import msgspec
import numpy as np
from gymnasium.envs.registration import EnvSpec

from mosaic_nb.connect.connection import Connection
from mosaic_nb.connect.remote import Remote
from mosaic_nb.environments.native import generator_from, state_of
from mosaic_nb.environments.options import pack
from mosaic_nb.protocol import spaces


class ConnectedEnv(Remote, gymnasium.Env[Any, Any]):
    """A `gymnasium.Env` that runs in another process.

    Its ``np_random`` is the environment's own: what is drawn from it here, the environment goes on from.

    Args:
        connection: the line to it.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        ((seen, done),) = connection.about.spaces
        self.observation_space = spaces.from_data(seen)
        self.action_space = spaces.from_data(done)
        self._restore = spaces.restore(self.observation_space)
        self._borrowed = _Borrowed(connection)
        if self.spec is not None:
            self.spec = _spec(connection)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self._borrowed.give_back()
        observation, info = self._connection.invoke("reset", seed, options)
        return self._restored(observation), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Advance by one step."""
        self._borrowed.give_back()
        observation, reward, terminated, truncated, info = self._connection.invoke("step", action)
        return self._restored(observation), reward, terminated, truncated, info

    def _restored(self, observation: Any) -> Any:
        return observation if self._restore is None else self._restore(observation)

    @property
    def _np_random(self) -> np.random.Generator | None:
        return self._borrowed.generator

    @_np_random.setter
    def _np_random(self, value: np.random.Generator | None) -> None:
        self._borrowed.generator = value

    @property
    def _np_random_seed(self) -> int | None:
        return self._borrowed.seed

    @_np_random_seed.setter
    def _np_random_seed(self, value: int | None) -> None:
        self._borrowed.seed = value


class _Borrowed:
    """The environment's random generator: fetched when somebody looks, given back before the next call.

    Args:
        connection: the line to the environment.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._here = False
        self._changed = False
        self._state: str | None = None
        self._generator: np.random.Generator | None = None
        self._seed: int | None = None

    @property
    def generator(self) -> np.random.Generator | None:
        self._fetch()
        return self._generator

    @generator.setter
    def generator(self, value: np.random.Generator | None) -> None:
        self._fetch()
        self._generator, self._changed = value, True

    @property
    def seed(self) -> int | None:
        self._fetch()
        return self._seed

    @seed.setter
    def seed(self, value: int | None) -> None:
        self._fetch()
        self._seed, self._changed = value, True

    def give_back(self) -> None:
        if not self._here:
            return
        self._here = False
        if self._generator is not None:
            state = state_of(self._generator)
            if self._changed or state != self._state:
                self._connection.invoke("adopt", state, self._seed)

    def _fetch(self) -> None:
        if self._here:
            return
        self._state, self._seed = self._connection.invoke("generator")
        self._generator = None if self._state is None else generator_from(self._state)
        self._here, self._changed = True, False


class _Again:
    """What makes the environment once more, for ``spec.make()``.

    Args:
        connection: to the first one; it is not kept.
    """

    def __init__(self, connection: Connection) -> None:
        self.metadata = connection.attributes["metadata"]
        self._environment = connection.environment
        self._deadline = connection.deadline

    def __call__(self, **options: Any) -> ConnectedEnv:
        more = {**self._environment.options, **pack(options)}
        environment = msgspec.structs.replace(self._environment, options=more)
        return ConnectedEnv(Connection(environment, self._deadline))


def _spec(connection: Connection) -> EnvSpec:
    return EnvSpec(
        **connection.attributes["spec"],
        entry_point=_Again(connection),
        order_enforce=False,  # the environment's own process does that
        disable_env_checker=True,
    )
