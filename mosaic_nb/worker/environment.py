"""The environment host: ``python -m mosaic_nb.worker.environment`` serves one lane's environment."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.native import NativeEnvironment
from mosaic_nb.protocol import messages
from mosaic_nb.worker.channel import Channel
from mosaic_nb.worker.serve import run


class EnvironmentHost:
    """Answers for one environment."""

    capabilities = ("environment",)

    def __init__(self) -> None:
        self._environment: HostedEnvironment | None = None
        self._native: NativeEnvironment | None = None

    def handlers(self) -> dict[type[Any], Callable[[Any], Any]]:
        """Return what answers each type of request."""
        return {
            messages.Open: self._open,
            messages.Observe: lambda r: self.hosted.observe(r.agent, r.needs, r.view, r.board),
            messages.ResetEnvironment: lambda r: self.hosted.reset(r.seed),
            messages.StepEnvironment: lambda r: self.hosted.step(r.actions),
            messages.Render: lambda r: self.hosted.render(r.format, r.quality, r.words, r.of),
            messages.Connect: self._connect,
            messages.Invoke: self._invoke,
        }

    def libraries(self) -> dict[str, str]:
        """Return the versions that an episode's repetition may depend on."""
        return versions()

    def close(self) -> None:
        """Close the environment."""
        if self._environment is not None:
            self._environment.close()
        if self._native is not None:
            self._native.close()

    @property
    def hosted(self) -> HostedEnvironment:
        """The environment; only after it has been opened."""
        if self._environment is None:
            raise RuntimeError("the environment was used before it was opened")
        return self._environment

    def _open(self, request: messages.Open) -> messages.Opened:
        self._environment = HostedEnvironment(request.environment)
        return self._environment.describe()

    def _connect(self, request: messages.Connect) -> messages.Connected:
        self._native = NativeEnvironment(request.environment)
        return self._native.describe()

    def _invoke(self, request: messages.Invoke) -> messages.Invoked:
        if self._native is None:
            raise RuntimeError("the environment was called before it was connected")
        return self._native.invoke(request.method, request.arguments)


def versions() -> dict[str, str]:
    """Return the versions that an episode's repetition may depend on, wherever it is played."""
    import gymnasium
    import numpy as np

    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "numpy": np.__version__,
        "gymnasium": gymnasium.__version__,
    }


def main() -> None:
    """Serve until the scheduler has gone."""
    run(Channel.from_environment(), [EnvironmentHost()])


if __name__ == "__main__":
    main()
