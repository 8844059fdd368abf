"""Gymnasium's spaces as data: dicts that JSON and msgpack carry without loss.

Every space is a dict with a ``type``, the name of its class. Bounds and counts are one number where they are
the same for all elements, else the list of all in C order; an infinity is the text ``"inf"`` or ``"-inf"``.
``docs/protocol.md`` shows each space for readers who write a worker in another language.
"""

from __future__ import annotations

import copy
import math
import string
from collections.abc import Callable
from functools import singledispatch
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    MultiBinary,
    MultiDiscrete,
    OneOf,
    Sequence,
    Text,
    Tuple,
)

from mosaic_nb.protocol.errors import UnsupportedSpace
from mosaic_nb.protocol.framing import PAYLOAD_LIMIT
from mosaic_nb.protocol.membership import explain, restore

__all__ = ["Data", "explain", "from_data", "restore", "to_data"]

Data = dict[str, Any]
Array = np.ndarray[Any, Any]

_WIDE_TEXT: Data = {"type": "Text", "min_length": 0, "max_length": 1 << 16, "charset": string.printable}
_WIDEST_FLOAT = 8  # bytes; a longer float has no exact form in JSON, nor the same bytes on every machine


# --- a space to data ---------------------------------------------------------------------------------


@singledispatch
def to_data(space: Space[Any]) -> Data:
    """Return a space as data: ``from_data(json.loads(json.dumps(to_data(space)))) == space``.

    A subclass of one of Gymnasium's spaces is written as that space. A space of another library whose members
    are texts (MiniGrid's missions) is written as a wide ``Text``.

    Raises:
        UnsupportedSpace: the space, or one inside it, is none of these; the text names its class.
    """
    if isinstance(space, Space) and isinstance(_sample(space), str):
        return dict(_WIDE_TEXT)
    raise UnsupportedSpace(
        f"{_name(space)} is not one of Gymnasium's spaces and its members are not texts, so it cannot be "
        f"described to a worker: wrap the environment so that it uses Gymnasium's spaces"
    )


def _sample(space: Space[Any]) -> Any:
    try:
        return copy.deepcopy(space).sample()  # a copy, so that the space's own generator stays as it was
    except Exception as error:
        raise UnsupportedSpace(f"{_name(space)} is not one of Gymnasium's spaces: {error}") from error


def _name(space: object) -> str:
    return f"{type(space).__module__}.{type(space).__qualname__}"


@to_data.register(Box)
def _(space: Box[Any]) -> Data:
    if space.dtype.kind == "f" and space.dtype.itemsize > _WIDEST_FLOAT:
        raise UnsupportedSpace(f"a Box of dtype {space.dtype} differs between machines: use float64")
    return {
        "type": "Box",
        "dtype": space.dtype.str,
        "shape": list(space.shape),
        "low": _bound(space.low, space.bounded_below, "-inf"),
        "high": _bound(space.high, space.bounded_above, "inf"),
    }


@to_data.register(Discrete)
def _(space: Discrete[Any]) -> Data:
    return {"type": "Discrete", "dtype": space.dtype.str, "n": int(space.n), "start": int(space.start)}


@to_data.register(MultiDiscrete)
def _(space: MultiDiscrete[Any]) -> Data:
    return {
        "type": "MultiDiscrete",
        "dtype": space.dtype.str,
        "shape": list(space.shape),
        "nvec": _counts(space.nvec),
        "start": _counts(space.start),
    }


@to_data.register(MultiBinary)
def _(space: MultiBinary) -> Data:
    return {"type": "MultiBinary", "n": space.n if isinstance(space.n, int) else list(space.n)}


@to_data.register(Text)
def _(space: Text) -> Data:
    return {
        "type": "Text",
        "min_length": space.min_length,
        "max_length": space.max_length,
        "charset": "".join(space.character_list),
    }


@to_data.register(Dict)
def _(space: Dict) -> Data:
    for key in space.spaces:
        if not isinstance(key, str | int):
            raise UnsupportedSpace(f"a Dict space with the key {key!r}: keys must be str or int")
    return {"type": "Dict", "spaces": [[key, to_data(part)] for key, part in space.spaces.items()]}


@to_data.register(Tuple)
@to_data.register(OneOf)
def _(space: Tuple[Any] | OneOf[Any]) -> Data:
    name = "Tuple" if isinstance(space, Tuple) else "OneOf"
    return {"type": name, "spaces": [to_data(part) for part in space.spaces]}


@to_data.register(Sequence)
def _(space: Sequence) -> Data:
    return {"type": "Sequence", "space": to_data(space.feature_space), "stack": bool(space.stack)}


@to_data.register(Graph)
def _(space: Graph) -> Data:
    edges = None if space.edge_space is None else to_data(space.edge_space)
    return {"type": "Graph", "nodes": to_data(space.node_space), "edges": edges}


def _bound(array: Array, bounded: Array, infinity: str) -> Any:
    """Write one side's bounds; Gymnasium keeps an integer's infinity as the dtype's limit and a flag."""
    numbers = array.ravel().tolist()
    if array.dtype.kind == "f":
        numbers = [number if math.isfinite(number) else str(number) for number in numbers]
    else:
        numbers = [number if flag else infinity for number, flag in zip(numbers, bounded.flat, strict=True)]
    return _shorten(numbers, array)


def _counts(array: Array) -> Any:
    return _shorten(array.ravel().tolist(), array)


def _shorten(numbers: list[Any], array: Array) -> Any:
    """Return one number for all where there are any and all are the same to the bit, else the list."""
    same = array.tobytes() == array.ravel()[:1].tobytes() * array.size and len(set(numbers)) == 1
    return numbers[0] if same else numbers


# --- data to a space ---------------------------------------------------------------------------------


def from_data(data: Data) -> Space[Any]:
    """Return the space that data describes.

    Raises:
        UnsupportedSpace: the data describes none, or one whose members would not fit a frame.
    """
    try:
        return _build(data)
    except UnsupportedSpace:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise UnsupportedSpace(f"data that describes no space: {type(error).__name__}: {error}") from error


def _build(data: Data) -> Space[Any]:
    builder = _BUILDERS.get(data["type"])
    if builder is None:
        known = ", ".join(_BUILDERS)
        raise UnsupportedSpace(f"a space of type {data['type']!r} is unknown; known are {known}")
    return builder(data)


def _box(data: Data) -> Box[Any]:
    dtype = _dtype(data)
    shape = _shape(data["shape"], dtype.itemsize)
    low, high = (_expand(data[name], shape, dtype) for name in ("low", "high"))
    box: Box[Any] = Box(low, high, shape, dtype)
    if dtype.kind in "iu":
        box.bounded_below = _bounded(data["low"], shape)
        box.bounded_above = _bounded(data["high"], shape)
    return box


def _discrete(data: Data) -> Discrete[Any]:
    return Discrete(data["n"], start=data["start"], dtype=_dtype(data))


def _multi_discrete(data: Data) -> MultiDiscrete[Any]:
    dtype = _dtype(data)
    shape = _shape(data["shape"], dtype.itemsize)
    nvec, start = (_expand(data[name], shape, dtype) for name in ("nvec", "start"))
    return MultiDiscrete(nvec, dtype=dtype, start=start)


def _multi_binary(data: Data) -> MultiBinary:
    n = data["n"]
    return MultiBinary(n if isinstance(n, int) else _shape(n, itemsize=1))


def _text(data: Data) -> Text:
    charset = data["charset"]
    if not isinstance(charset, str):
        raise TypeError("a charset must be a text")
    return Text(data["max_length"], min_length=data["min_length"], charset=charset)


def _dict(data: Data) -> Dict:
    return Dict([(key, _build(part)) for key, part in data["spaces"]])  # pairs: a dict would be sorted


def _graph(data: Data) -> Graph:
    return Graph(_build(data["nodes"]), None if data["edges"] is None else _build(data["edges"]))


_BUILDERS: dict[str, Callable[[Data], Space[Any]]] = {
    "Box": _box,
    "Discrete": _discrete,
    "MultiDiscrete": _multi_discrete,
    "MultiBinary": _multi_binary,
    "Text": _text,
    "Dict": _dict,
    "Tuple": lambda data: Tuple([_build(part) for part in data["spaces"]]),
    "Sequence": lambda data: Sequence(_build(data["space"]), stack=bool(data["stack"])),
    "Graph": _graph,
    "OneOf": lambda data: OneOf([_build(part) for part in data["spaces"]]),
}


def _dtype(data: Data) -> np.dtype[Any]:
    name = data["dtype"]
    if not isinstance(name, str):  # NumPy reads None as float64
        raise TypeError(f"{name!r} is no dtype")
    return np.dtype(name)


def _shape(lengths: list[int], itemsize: int) -> tuple[int, ...]:
    shape = tuple(lengths)
    if not all(type(length) is int and length >= 0 for length in shape):
        raise ValueError(f"{shape} is no shape")
    if math.prod(shape) * itemsize > PAYLOAD_LIMIT:
        raise ValueError(f"an array of shape {shape} does not fit a frame")
    return shape


def _expand(numbers: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Undo `_shorten`: an array of this shape from one number or the list of all."""
    flat = [_number(n, dtype) for n in (numbers if isinstance(numbers, list | tuple) else [numbers])]
    array = np.array(flat, dtype)
    return array.reshape(shape) if isinstance(numbers, list | tuple) else np.full(shape, array[0])


def _number(number: Any, dtype: np.dtype[Any]) -> Any:
    if not isinstance(number, str):
        return number
    if dtype.kind in "iu" and number in ("inf", "-inf"):
        return np.iinfo(dtype).min if number == "-inf" else np.iinfo(dtype).max
    return {"inf": math.inf, "-inf": -math.inf}[number]


def _bounded(numbers: Any, shape: tuple[int, ...]) -> Array:
    flags = [not isinstance(n, str) for n in (numbers if isinstance(numbers, list | tuple) else [numbers])]
    return (
        np.array(flags, np.bool_).reshape(shape)
        if isinstance(numbers, list | tuple)
        else np.full(shape, flags[0])
    )
