"""Environments and operators for rewinds. Workers import this module, so it imports little."""

from __future__ import annotations

import os
import signal
from typing import Any

import gymnasium
import numpy as np


class ByAction(gymnasium.Env[Any, Any]):
    """Ends after 3 steps if the first action is 0, else after 7; every observation draws from the seed's own noise."""

    observation_space = gymnasium.spaces.Box(-10, 10, (3,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.count, self.first = 0, 0
        self.instance = (options or {}).get("instance", -1)
        return self.observe(), {}

    def step(self, action: Any) -> Any:
        if self.count == 0:
            self.first = action
        self.count += 1
        reward = float(action) + self.np_random.random()
        return self.observe(), reward, self.count >= (3, 7)[self.first], False, {}

    def observe(self) -> Any:
        return np.array([self.count / 10, self.instance / 100, self.np_random.random()])


class Forgetful(ByAction):
    """Its third step and those after it are another each time."""

    def observe(self) -> Any:
        drawn = super().observe()
        if self.count > 2:
            drawn[2] = int.from_bytes(os.urandom(2), "little") / (1 << 16)
        return drawn


class Mortal(ByAction):
    """Its process ends at the fifth step."""

    def step(self, action: Any) -> Any:
        if self.count == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(action)


def short(observation: Any) -> int:
    return 0


def long(observation: Any) -> int:
    return 1


def stumbles(observation: Any) -> int:
    if observation[0] > 0.35:
        raise RuntimeError("it stumbled")
    return 1
