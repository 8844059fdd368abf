"""Actions: checked against space and mask before an environment sees them, and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.protocol import spaces


class InvalidAction(ValueError):
    """An action that the environment was not given: it is none of the agent's, or illegal now.

    Attributes:
        agent: who should have acted; ``reason``: why it is none.
    """

    def __init__(self, agent: str, reason: str) -> None:
        super().__init__(f"invalid action of {agent!r}: {reason}")
        self.agent = agent
        self.reason = reason


class ActionRule:
    """What an agent may do.

    Args:
        agent: its name.
        space: its action space.
        labels: a name per action of a Discrete space, or empty.
    """

    def __init__(self, agent: str, space: gymnasium.Space[Any], labels: Sequence[str]) -> None:
        self._agent = agent
        self.space = space
        self._labels = labels
        self._restore: Callable[[Any], Any] | None = spaces.restore(space)
        self._discrete = isinstance(space, gymnasium.spaces.Discrete)
        self._start = int(space.start) if isinstance(space, gymnasium.spaces.Discrete) else 0
        self._end = self._start + int(space.n) if isinstance(space, gymnasium.spaces.Discrete) else 0

    def check(self, action: Any, mask: Any) -> Any:
        """Return an action as the environment takes it: a Python int, an array of the space's own dtype.

        Raises:
            InvalidAction: it is no member of the space, or masked.
        """
        if not (type(action) is int and self._start <= action < self._end):  # the usual case costs 0.1 us
            action = self._member(action)
        if mask is not None and not mask[action - self._start]:
            raise InvalidAction(self._agent, f"{self._name(action)} is masked: it is illegal now")
        return action

    def by_label(self, label: str) -> int | None:
        """Return the action of this name, or None where no action has it."""
        return self._start + self._labels.index(label) if label in self._labels else None

    def label(self, action: Any) -> str:
        """Return an action's name, else its value as text."""
        if self._discrete and self._labels:
            return self._labels[int(action) - self._start]
        return str(action.tolist() if isinstance(action, np.ndarray) else action)

    def _member(self, action: Any) -> Any:
        if self._restore is not None:
            action = self._restore(action)
        reason = spaces.explain(self.space, action)
        if reason is not None:
            raise InvalidAction(self._agent, reason)
        if self._discrete:
            return int(action)
        if isinstance(action, np.ndarray) and action.dtype != self.space.dtype:
            return action.astype(self.space.dtype)  # explain has seen that this loses nothing
        return action

    def _name(self, action: int) -> str:
        return f"action {action} ({self.label(action)})" if self._labels else f"action {action}"
