"""Views: the wrappers that one seat's policy was trained behind, applied to that seat's observation alone.

A view is laid over the running environment and only asked what it makes of an observation. So it must be a function
of the observation and of the environment as it stands. Whatever else a wrapper does (steps, resets, memory) would
either change the game for the other seats or not happen at all, and is refused by name.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Sequence
from typing import Any

import gymnasium

from mosaic_nb.environments.options import as_tuples
from mosaic_nb.protocol.messages import View

_OWN = ("step", "reset", "action", "reward", "close")
"""Methods of a wrapper that a view never calls."""
_WITH_MEMORY = {
    "gymnasium.wrappers.stateful_observation.NormalizeObservation": "it keeps running statistics",
    "gymnasium.wrappers.stateful_observation.DelayObservation": "it keeps earlier observations",
}


class UnsuitableView(TypeError):
    """A wrapper that cannot be one seat's view: it does more than turn an observation into another."""


class Lens:
    """What a seat sees of an environment through its view.

    Args:
        environment: with the wrappers that change the game for every seat.
        view: the seat's own wrappers, innermost first.

    Raises:
        UnsuitableView: one of them is no `gymnasium.ObservationWrapper`, or does more than one.
        ModuleNotFoundError, AttributeError: there is no such wrapper.
    """

    def __init__(self, environment: gymnasium.Env[Any, Any], view: Sequence[View]) -> None:
        self._wrappers: list[gymnasium.ObservationWrapper[Any, Any, Any]] = []
        for one in view:
            environment = _lay(one, environment)
            self._wrappers.append(environment)
        self.observation_space = environment.observation_space

    def __call__(self, value: Any) -> Any:
        """Return what the seat sees. The observation itself stays as it is, whatever the wrappers do to theirs."""
        value = copy.deepcopy(value)
        for wrapper in self._wrappers:
            value = wrapper.observation(value)
        return value


def _lay(view: View, environment: gymnasium.Env[Any, Any]) -> gymnasium.ObservationWrapper[Any, Any, Any]:
    module, _, name = view.wrapper.partition(":")
    wrapper = getattr(importlib.import_module(module), name)
    reason = _unsuitable(wrapper)
    if reason:
        raise UnsuitableView(
            f"{view.wrapper} cannot be the view of one seat: {reason}. A view must be a gymnasium.ObservationWrapper "
            "that only defines observation(). Give it as one of the environment's own wrappers instead, where it "
            "holds for every seat, or train the policy without it"
        )
    laid: gymnasium.ObservationWrapper[Any, Any, Any] = wrapper(environment, **as_tuples(view.options))
    return laid


def _unsuitable(wrapper: Any) -> str | None:
    if not (isinstance(wrapper, type) and issubclass(wrapper, gymnasium.ObservationWrapper)):
        return f"it is {_kind(wrapper)}"
    for base in wrapper.__mro__[: wrapper.__mro__.index(gymnasium.ObservationWrapper)]:
        reason = _WITH_MEMORY.get(f"{base.__module__}.{base.__qualname__}")
        own = [name for name in _OWN if name in vars(base)]
        if reason or own:
            return reason or f"it defines {own[0]}(), which would act on the game of every seat"
    return None


def _kind(wrapper: Any) -> str:
    names = ("ActionWrapper", "RewardWrapper", "Wrapper", "Env")
    kinds = [
        name for name in names if isinstance(wrapper, type) and issubclass(wrapper, getattr(gymnasium, name))
    ]
    return f"a gymnasium.{kinds[0]}, which acts on more than the observation" if kinds else "no wrapper class"
