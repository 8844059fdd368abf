"""Arguments of the public calls, checked before anything runs."""

from __future__ import annotations

import difflib
import inspect
import operator
from collections.abc import Mapping, Sequence
from typing import Any, SupportsIndex


def named(lanes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return lanes by name; raise TypeError where they are none."""
    if not isinstance(lanes, Mapping) or not lanes:
        raise TypeError('lanes must map names to operators, such as {"PPO": ..., "random": "random"}')
    for name in lanes:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"a lane's name must be text, not {name!r}")
    return lanes


def refuse_unknown(what: type[Any], unknown: Mapping[str, Any]) -> None:
    """Raise TypeError for keyword arguments that a class does not take; names the nearest that it does."""
    known = [name for name in inspect.signature(what).parameters if name != "unknown"]
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(
            f"{what.__name__} takes no keyword argument {name!r}{hint}; it takes {', '.join(known)}"
        )


def one_of(name: str, value: Any, allowed: Sequence[str | None]) -> None:
    """Raise ValueError unless a value is one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def at_least(name: str, value: Any, least: int) -> int:
    """Return an integer, NumPy's too, as Python's own."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex) or operator.index(value) < least:
        raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
    return operator.index(value)


def how_long(ticks: int | None, episodes: int | None) -> tuple[int | None, int | None]:
    """Return how long to run: either a number of ticks or of episodes."""
    if (ticks is None) == (episodes is None):
        raise TypeError("give either a number of ticks, run(20), or of episodes, run(episodes=3)")
    for name, value in (("ticks", ticks), ("episodes", episodes)):
        if value is not None:
            at_least(name, value, 0)
    return ticks, episodes
