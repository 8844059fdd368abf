"""Whatever an environment returns, as the wire carries it: tuples marked, what cannot travel named and left behind."""

from __future__ import annotations

from typing import Any

import numpy as np

from mosaic_nb.environments.options import PAIRS, TUPLE

_KINDS = frozenset("biufcSU")
_EXACT = frozenset({bool, bytes, float, str})
_WIDEST = 1 << 63
_LEFT = object()


def carry(value: Any) -> tuple[Any, list[str]]:
    """Return a value as the wire carries it, from which `options.unpack` makes the same again, and what was left.

    NumPy's arrays and scalars keep their dtype; what is of a subclass (a named tuple, a defaultdict, an enum) becomes
    what it is made of. What has no form on the wire (an object
    of the environment's own, an integer of more than 64 bits) is left out of its dict, is None elsewhere, and is named.
    """
    left: list[str] = []
    carried = _carry(value, "", left)
    return (None if carried is _LEFT else carried), left


def _carry(value: Any, place: str, left: list[str]) -> Any:
    if value is None or isinstance(value, np.ndarray | np.generic):
        return value if value is None or _plain(value) else _leave(value, place, left)
    if type(value) in _EXACT:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, int):
        return int(value) if -_WIDEST <= value < 2 * _WIDEST else _leave(value, place, left)
    if isinstance(value, dict):
        return _carry_dict(value, place, left)
    if isinstance(value, list | tuple):
        items = [_carry(item, f"{place}.{i}", left) for i, item in enumerate(value)]
        items = [None if item is _LEFT else item for item in items]
        return items if isinstance(value, list) else {TUPLE: items}
    return _leave(value, place, left)


def _carry_dict(value: dict[Any, Any], place: str, left: list[str]) -> Any:
    pairs = [(key, _carry(item, f"{place}.{key}", left)) for key, item in value.items()]
    pairs = [(key, item) for key, item in pairs if item is not _LEFT]
    if all(type(key) is str or type(key) is int for key, _ in pairs):
        return dict(pairs)
    keys = [(_carry(key, f"{place}.{key}", left), item) for key, item in pairs]
    return {PAIRS: [[key, item] for key, item in keys if key is not _LEFT]}


def _plain(value: np.ndarray[Any, Any] | np.generic) -> bool:
    return value.dtype.kind in _KINDS and value.dtype.itemsize > 0


def _leave(value: Any, place: str, left: list[str]) -> Any:
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    left.append(f"{place.removeprefix('.') or 'the value'} (a {kind})")
    return _LEFT
