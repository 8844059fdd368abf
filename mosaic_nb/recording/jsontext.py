"""Values of ``json`` columns as text: exact for the numbers of an action."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

_encode = json.JSONEncoder(separators=(",", ":")).encode
_ARRAYS = "biuf"  # bool, int, unsigned, float; as many bits as a Python number holds


def to_json(value: Any) -> str:
    """Return a value as JSON text that reads back as the same numbers.

    A 32-bit float is written as the 64-bit float of the same value, so nothing is rounded. ``NaN``, ``Infinity``
    and ``-Infinity`` stand for themselves, as Python's ``json`` reads them. Tuples and arrays become lists.

    Raises:
        TypeError: the value holds something that is neither a number, a string, None, a list, a tuple, an array,
            nor a mapping from strings to these.
    """
    if type(value) is int:  # a Discrete action, by far the usual case
        return str(value)
    return _encode(_plain(value))


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain_array(np.asarray(value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    raise TypeError(
        f"a {type(value).__module__}.{type(value).__qualname__} cannot be recorded as JSON: {value!r:.80}"
    )


def _plain_array(array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind == "U" or (array.dtype.kind in _ARRAYS and array.dtype.itemsize <= 8):
        return array.tolist()
    raise TypeError(f"an array of dtype {array.dtype} cannot be recorded as JSON")


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    raise TypeError(f"a mapping recorded as JSON has strings as keys, not {key!r}")
