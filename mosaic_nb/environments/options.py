"""Keyword arguments that cross a process: msgpack and JSON have no tuples, and constructors insist on them.

MiniGrid compares ``agent_start_pos`` as a tuple, Gymnasium's ``ReshapeObservation`` refuses a list. So a tuple travels
as ``{"__tuple__": [...]}``.
"""

from __future__ import annotations

from typing import Any

TUPLE = "__tuple__"
PAIRS = "__pairs__"
"""Marks a dict whose keys msgpack cannot carry: its value is a list of pairs."""


def pack(value: Any) -> Any:
    """Return a value without tuples, from which `unpack` makes the same again."""
    if isinstance(value, tuple):
        return {TUPLE: [pack(item) for item in value]}
    if isinstance(value, list):
        return [pack(item) for item in value]
    if isinstance(value, dict):
        return {key: pack(item) for key, item in value.items()}
    return value


def unpack(value: Any) -> Any:
    """Return what was given to `pack`, or to `portable.carry`."""
    if isinstance(value, list):
        return [unpack(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {TUPLE}:
            return tuple(unpack(item) for item in value[TUPLE])
        if value.keys() == {PAIRS}:
            return {unpack(key): unpack(item) for key, item in value[PAIRS]}
        return {key: unpack(item) for key, item in value.items()}
    return value


def as_tuples(value: Any) -> Any:
    """Return a value with tuples for lists: the options of a view, which an operator's JSON cannot tell apart."""
    if isinstance(value, list | tuple):
        return tuple(as_tuples(item) for item in value)
    if isinstance(value, dict):
        return {key: as_tuples(item) for key, item in value.items()}
    return value
