"""Canonical bytes of a value: the same on every platform, in every version, for digests.

The bytes are the one msgpack encoding of the value that follows these rules, which any language can repeat:

- ``nil``, ``true`` and ``false`` as they are; a NumPy bool as the bool.
- An integer, Python's or NumPy's of any width, in the shortest form that holds it: a non-negative one in the
  shortest unsigned form (positive fixint, uint 8, 16, 32, 64), a negative one in the shortest signed form.
- A float, Python's or NumPy's of 16, 32 or 64 bits, as float 64 by its bits: 1.0 differs from the integer 1,
  -0.0 from 0.0, and a NaN keeps its payload.
- A text, Python's or NumPy's, as str with its UTF-8 bytes; bytes as bin. Lengths are in the shortest form.
- A tuple, a list or a named tuple as array, its length in the shortest form.
- A dict as map, its length in the shortest form, its pairs sorted by key: integer keys first, by value; then
  texts, by code points, which is the order of their UTF-8 bytes. Other keys have no canonical form.
- An array as extension 1 (fixext where there is one, else ext with the shortest length), whose data is the
  msgpack array ``[dtype, shape]``, then the elements in C order, little-endian whatever the array's own
  order. ``dtype`` is NumPy's ``dtype.str`` in little-endian (``"<f4"``, ``"|u1"``, ``"|b1"``, ``"<U7"``),
  ``shape`` an array of integers, empty for a 0-d array. So a 0-d array differs from a scalar.
- A complex number, Python's or NumPy's, as the 0-d array of its dtype (``"<c16"`` for Python's).

Nothing else belongs in an observation. Refused are, among others, object and record arrays, dates in arrays,
floats of more than 64 bits, whose bytes differ between machines, and integers of more than 64 bits.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from mosaic_nb.protocol.errors import UnsupportedValue

_ARRAY = 1
_KINDS = frozenset("biufcSU")
_WIDEST = {"f": 8, "c": 16}  # bytes; longer ones are padded, and differ between machines

_SCALARS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefdUS")
_REMEMBERED = 1024  # prefixes; enough for every space there is, and a bound for sequences of any length

Array = np.ndarray[Any, Any]

_pack = msgspec.msgpack.Encoder().encode
_prefixes: dict[tuple[np.dtype[Any], tuple[int, ...]], tuple[bytes, np.dtype[Any] | None]] = {}


def digest_bytes(value: Any) -> bytes:
    """Return the canonical bytes of an observation, an action mask or whatever is made of such values.

    Raises:
        UnsupportedValue: the value, or one inside it, has no canonical form.
    """
    try:
        try:
            return _encode(value)
        except UnsupportedValue:
            raise
        except TypeError:  # a dict with keys that are not texts: msgspec sorts only those
            return _encode_as_it_is(_sorted(value))
    except (ValueError, OverflowError, RecursionError) as error:
        raise UnsupportedValue(f"a value without canonical bytes: {error}") from error


def _hook(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _extension(value)
    if type(value) in _SCALARS:
        return value.item()
    if isinstance(value, complex | np.complexfloating):
        return _extension(np.asarray(value))
    raise UnsupportedValue(f"{type(value).__module__}.{type(value).__qualname__} has no canonical bytes")


_encode = msgspec.msgpack.Encoder(enc_hook=_hook, order="deterministic").encode
_encode_as_it_is = msgspec.msgpack.Encoder(enc_hook=_hook).encode


def _extension(array: Array) -> msgspec.msgpack.Ext:
    prefix, little = _prefixes.get((array.dtype, array.shape)) or _prefix(array)
    if little is not None:
        array = array.astype(little)
    return msgspec.msgpack.Ext(_ARRAY, prefix + array.tobytes())


def _prefix(array: Array) -> tuple[bytes, np.dtype[Any] | None]:
    """Return what comes before an array's elements, and the dtype to convert them to where they need it."""
    dtype = array.dtype
    if dtype.kind not in _KINDS or dtype.itemsize > _WIDEST.get(dtype.kind, dtype.itemsize):
        raise UnsupportedValue(f"an array of dtype {dtype} has no canonical bytes")
    little = dtype.newbyteorder("<")
    result = (_pack((little.str, array.shape)), little if dtype.str.startswith(">") else None)
    if len(_prefixes) < _REMEMBERED:
        _prefixes[dtype, array.shape] = result
    return result


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted((isinstance(key, str), key) for key in map(_key, value))
        return {key: _sorted(value[key]) for _, key in keys}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in value]
    return value


def _key(key: Any) -> str | int:
    if isinstance(key, str):
        return str(key)
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return int(key)
    raise UnsupportedValue(f"a dict with the key {key!r} has no canonical bytes: only texts and integers do")
