"""The user's own Python function as an operator: ``function(value) -> action``."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from mosaic_nb.worker import Decision, Observation, Operator, Seat, serve

Function = Callable[..., Any]


class FunctionSeat(Seat):
    """Calls the function; it has no state of its own, and the function should have none either."""

    def __init__(self, function: Function, whole: bool) -> None:
        self._function = function
        self._whole = whole

    def act(self, observation: Observation) -> Decision:
        """Call the function. What it returns is the action, unless it is a `Decision` already."""
        arguments = (observation.value, observation) if self._whole else (observation.value,)
        answer = self._function(*arguments)
        return answer if isinstance(answer, Decision) else Decision(answer)


class PythonFunction(Operator):
    """Wraps a function of the observation's value, and of the whole `Observation` if it takes a second argument.

    Args:
        function: the function, or ``"module:function"``.
    """

    def __init__(self, function: Function | str) -> None:
        self._function = _found(function) if isinstance(function, str) else function
        self._whole = _takes_two(self._function)

    def seat(self) -> Seat:
        """Give a seat. All seats share the function."""
        return FunctionSeat(self._function, self._whole)


def _found(path: str) -> Function:
    module, colon, name = path.partition(":")
    if not (module and colon and name):
        raise ValueError(f"function={path!r}: write it as 'module:function'")
    try:
        function = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"function={path!r}: {error}: is it installed, or in PYTHONPATH?"
        ) from error
    except AttributeError:
        raise AttributeError(f"function={path!r}: the module {module} has no {name}") from None
    if not callable(function):
        raise TypeError(f"function={path!r}: a {type(function).__name__} cannot be called")
    return function  # type: ignore[no-any-return]


def _takes_two(function: Function) -> bool:
    """Return whether two positional arguments may be given, the second without a default of the user's own."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some functions written in C have no signature
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    required = [p for p in parameters if p.kind in positional and p.default is inspect.Parameter.empty]
    if len(required) > 2:
        raise TypeError(
            f"{function} takes {len(required)} arguments; it gets the observation's value, and if it takes "
            "two the whole observation"
        )
    return len(required) == 2


if __name__ == "__main__":
    serve(PythonFunction)
