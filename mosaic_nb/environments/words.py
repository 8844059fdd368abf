"""An observation in words: as its family draws it, else any value readably."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_WIDEST_ROW = 64
_MOST_NUMBERS = 512
"""An array of more numbers than this is summed up: nobody reads a picture as digits."""


class Words:
    """Puts one agent's observations into words.

    Args:
        draw: the family's own ``text(value, environment, agent)``, or None.
        environment: the unwrapped environment, handed to ``draw`` with the agent's name.
        names: a name per number of a one-dimensional observation, or empty.
    """

    def __init__(
        self,
        draw: Callable[[Any, Any, str], str | None] | None,
        environment: Any,
        agent: str,
        names: Sequence[str] = (),
    ) -> None:
        self._draw = draw
        self._environment = environment
        self._agent = agent
        self._names = names

    def text(self, value: Any) -> str:
        """Return an observation in words."""
        drawn = None if self._draw is None else self._draw(value, self._environment, self._agent)
        return describe(value, self._names) if drawn is None else drawn


def describe(value: Any, names: Sequence[str] = ()) -> str:
    """Return any member of a space in words.

    Args:
        value: a number, text, array, or a dict, list, tuple or named tuple of such.
        names: what the numbers of a one-dimensional array are called, where their count agrees.
    """
    if isinstance(value, dict):
        return "; ".join(f"{key}: {describe(part)}" for key, part in value.items())
    if hasattr(value, "_fields"):  # a graph
        return describe(value._asdict())
    if isinstance(value, list | tuple):
        return "(" + "; ".join(map(describe, value)) + ")"
    if isinstance(value, np.ndarray) and value.ndim:
        return _array(value, names)
    if isinstance(value, float | np.floating | np.ndarray):
        return _number(value)
    return str(value)


def _array(array: Any, names: Sequence[str]) -> str:
    if array.ndim == 1 and len(array) == len(names):
        return "; ".join(f"{name}: {_number(number)}" for name, number in zip(names, array, strict=True))
    if array.size > _MOST_NUMBERS or array.ndim > 2 or array.shape[-1] > _WIDEST_ROW:
        return _summary(array)
    rows = [", ".join(map(_number, row)) for row in np.atleast_2d(array)]
    return "[" + "\n".join(rows) + "]"


def _summary(array: Any) -> str:
    shape = " x ".join(map(str, array.shape))
    if not array.size:
        return f"an array of {shape} numbers"
    return f"an array of {shape} numbers, from {_number(array.min())} to {_number(array.max())}"


def _number(number: Any) -> str:
    item = number.item() if hasattr(number, "item") else number
    return f"{item:.4g}" if isinstance(item, float) else str(item)
