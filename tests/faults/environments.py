"""Environments that fail in one way each, and short ones for counting."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import gymnasium
import numpy as np


class Counting(gymnasium.Env[Any, Any]):
    """Ends after ``length`` steps; observes how many there were."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012 - Gymnasium's own shape
    observation_space = gymnasium.spaces.Box(0, 1e6, (2,), np.float64)
    action_space = gymnasium.spaces.Discrete(3)

    def __init__(self, length: int = 10, render_mode: str | None = None) -> None:
        self.length = length
        self.render_mode = render_mode

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Begin; the seed's own noise is part of every observation."""
        super().reset(seed=seed)
        self.count = 0
        return self._observe(), {}

    def step(self, action: Any) -> Any:
        """Count."""
        self.count += 1
        return self._observe(), 1.0, self.count >= self.length, False, {}

    def render(self) -> Any:
        """A grey that grows lighter."""
        return np.full((32, 32, 3), min(255, self.count * 20), np.uint8)

    def _observe(self) -> Any:
        return np.array([self.count, self.np_random.random()])


class Failing(Counting):
    """Fails in a way, at a step."""

    def __init__(
        self, how: str = "raises", at: int = 3, length: int = 10, render_mode: str | None = None
    ) -> None:
        super().__init__(length, render_mode)
        self.how = how
        self.at = at

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        """Fail here if told to."""
        if self.how == "raises_in_reset":
            raise RuntimeError("no reset today")
        return super().reset(seed=seed, options=options)

    def step(self, action: Any) -> Any:
        """Fail here if told to."""
        if self.count == self.at:
            self._fail()
        return super().step(action)

    def render(self) -> Any:
        """Fail here if told to."""
        if self.how == "raises_in_render":
            raise RuntimeError("no picture today")
        return super().render()

    def _fail(self) -> None:
        if self.how == "raises":
            raise RuntimeError("the environment raised")
        if self.how == "exits":
            os._exit(0)
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "hangs":
            time.sleep(3600)
        if self.how == "prints":
            print("noise " * 10_000, flush=True)
