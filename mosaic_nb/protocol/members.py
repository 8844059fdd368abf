"""Members of a space from plain values: what a person typed, what the page sent, what a table has kept.

Plain values are what JSON can say: numbers, texts, lists and objects. An array is lists of lists, a tuple a list,
a choice among several spaces the pair of its number and its value; a graph is an object of ``nodes``, ``edges`` and
``edge_links``, or the list of the three. Arrays and tuples themselves are taken too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    GraphInstance,
    MultiBinary,
    MultiDiscrete,
    OneOf,
    Sequence,
    Tuple,
)

Array = np.ndarray[Any, Any]
Place = tuple[int, ...]


@singledispatch
def member(space: Space[Any], plain: Any) -> Any:
    """Return the member of a space that plain values stand for, with the space's own shapes and dtypes.

    Bounds, lengths of texts and keys of objects are left for `mosaic_nb.protocol.spaces.explain` to judge; so
    is a value that is of another kind altogether.

    Raises:
        ValueError: a shape or a number does not fit; the message says where and what would.
    """
    del space  # a text, a whole number: as plain as they are
    return plain


@member.register(Box)
@member.register(MultiDiscrete)
@member.register(MultiBinary)
def _(space: Box[Any] | MultiDiscrete | MultiBinary, plain: Any) -> Any:
    assert space.dtype is not None  # of these three it never is
    return _array(plain, space.shape, space.dtype, binary=isinstance(space, MultiBinary))


@member.register(Dict)
def _(space: Dict, plain: Any) -> Any:
    if not isinstance(plain, dict):
        return plain
    named = {str(key): key for key in space.spaces}  # JSON's keys are texts
    given = {named.get(key, key) if isinstance(key, str) else key: part for key, part in plain.items()}
    known = {key: _at(repr(key), part, given[key]) for key, part in space.spaces.items() if key in given}
    return known | {key: part for key, part in given.items() if key not in known}


@member.register(Tuple)
def _(space: Tuple[Any], plain: Any) -> Any:
    return tuple(_at(str(i), part, item) for i, (part, item) in enumerate(_zipped(space.spaces, plain)))


@member.register(OneOf)
def _(space: OneOf[Any], plain: Any) -> Any:
    choice, value = _items(plain, 2)
    whole = isinstance(choice, int | np.integer) and not isinstance(choice, bool)
    if not whole or not 0 <= choice < len(space.spaces):
        raise ValueError(
            f"the choice must be a whole number in 0..{len(space.spaces) - 1}, not {choice!r:.40}"
        )
    return int(choice), _at("1", space.spaces[choice], value)


@member.register(Sequence)
def _(space: Sequence, plain: Any) -> Any:
    return _stack(space.feature_space, plain) if space.stack else _each(space.feature_space, plain)


@member.register(Graph)
def _(space: Graph, plain: Any) -> Any:
    if isinstance(plain, dict):
        plain = [plain.get(name) for name in GraphInstance._fields]
    nodes, edges, links = _items(plain, 3)
    if edges is not None and space.edge_space is None:
        raise ValueError("this graph's edges carry nothing: leave edges and edge_links out")
    return GraphInstance(
        _named("nodes", _stack, space.node_space, nodes),
        None if edges is None else _named("edges", _stack, space.edge_space, edges),
        None if links is None else _named("edge_links", _links, links),
    )


def infinite(value: Any) -> str | None:
    """Say where a member holds NaN or an infinity, or return None: no person means one."""
    if isinstance(value, dict):
        parts = [(repr(key), part) for key, part in value.items()]
    elif isinstance(value, tuple):
        parts = [(str(i), part) for i, part in enumerate(value)]
    elif isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f":
        strange = np.argwhere(~np.isfinite(value))
        return f"{_element(tuple(strange[0].tolist()))} is no finite number" if len(strange) else None
    else:
        return None
    found = ((name, infinite(part)) for name, part in parts)
    return next((f"at {name}: {reason}" for name, reason in found if reason), None)


# --- parts -------------------------------------------------------------------------------------------


def _at(name: str, space: Space[Any], plain: Any) -> Any:
    return _named(name, member, space, plain)


def _named(name: str, read: Any, *arguments: Any) -> Any:
    try:
        return read(*arguments)
    except ValueError as error:
        raise ValueError(f"at {name}: {error}") from None


def _items(plain: Any, count: int | None = None) -> list[Any]:
    if not isinstance(plain, list | tuple) or len(plain) != (len(plain) if count is None else count):
        of = "" if count is None else f" of {count}"
        raise ValueError(f"a list{of} is needed, not {_what(plain)}")
    return list(plain)


def _zipped(spaces: tuple[Space[Any], ...], plain: Any) -> Iterator[tuple[Space[Any], Any]]:
    return zip(spaces, _items(plain, len(spaces)), strict=True)


def _each(space: Space[Any], plain: Any) -> Any:
    return tuple(_at(str(i), space, item) for i, item in enumerate(_items(plain)))


def _stack(space: Space[Any], plain: Any) -> Any:
    """Read several members stacked as Gymnasium stacks them: an array for all, or one for each part."""
    if isinstance(space, Dict) and isinstance(plain, dict):
        return {
            key: _named(repr(key), _stack, part, plain.get(str(key))) for key, part in space.spaces.items()
        }
    if isinstance(space, Tuple):
        return tuple(
            _named(str(i), _stack, part, rows) for i, (part, rows) in enumerate(_zipped(space.spaces, plain))
        )
    if not isinstance(space, Box | Discrete | MultiDiscrete | MultiBinary):
        return _each(space, plain)
    if isinstance(plain, np.ndarray):
        plain = plain.tolist()
    if isinstance(space, Discrete):
        return _array(plain, (len(_items(plain)),), space.dtype)
    rows = _each(space, plain)
    return np.array(rows, space.dtype).reshape(len(rows), *(space.shape or ()))


def _links(plain: Any) -> Array:
    count = len(plain) if isinstance(plain, list | tuple | np.ndarray) else 0
    return _array(plain, (count, 2), np.dtype(np.int32))


# --- numbers -----------------------------------------------------------------------------------------


def _array(plain: Any, shape: tuple[int, ...], dtype: np.dtype[Any], *, binary: bool = False) -> Array:
    if isinstance(plain, np.ndarray | np.generic):
        if plain.shape == shape and plain.dtype == dtype:
            return np.asarray(plain)
        plain = plain.tolist()
    numbers = [_number(number, place, dtype, binary) for place, number in _leaves(plain, shape, ())]
    return np.array(numbers, dtype).reshape(shape)


def _leaves(plain: Any, shape: tuple[int, ...], place: Place) -> Iterator[tuple[Place, Any]]:
    if not shape:
        yield place, plain
        return
    if not isinstance(plain, list | tuple) or len(plain) != shape[0]:
        whole = "" if not place else f"{_element(place)}: "
        parts = "numbers" if len(shape) == 1 else f"lists of shape {shape[1:]}"
        raise ValueError(f"{whole}a list of {shape[0]} {parts} is needed, not {_what(plain)}")
    for i, item in enumerate(plain):
        yield from _leaves(item, shape[1:], (*place, i))


def _number(number: Any, place: Place, dtype: np.dtype[Any], binary: bool) -> Any:
    if not isinstance(number, int | float) or (isinstance(number, bool) and not binary and dtype.kind != "b"):
        raise ValueError(f"{_element(place)} is {_what(number)}, which is no number")
    if dtype.kind in "iu":
        return _whole(number, place, dtype)
    try:
        with np.errstate(over="ignore"):
            fitting = np.isfinite(dtype.type(number)) or not np.isfinite(float(number))
    except OverflowError:
        fitting = False
    if not fitting:
        raise ValueError(f"{_element(place)} is too large for {dtype}")
    return number


def _whole(number: float, place: Place, dtype: np.dtype[Any]) -> int:
    if isinstance(number, float) and not number.is_integer():  # NaN and infinities are none either
        raise ValueError(f"{_element(place)} is {number}, which is not a whole number")
    limits = np.iinfo(dtype)
    if not limits.min <= number <= limits.max:
        raise ValueError(f"{_element(place)} is not in {limits.min}..{limits.max}, as {dtype} must be")
    return int(number)


def _element(place: Place) -> str:
    return f"element {list(place)}" if place else "it"


def _what(plain: Any) -> str:
    if isinstance(plain, list | tuple):
        return f"a list of {len(plain)}"
    if isinstance(plain, dict):
        return "an object"
    return f"the text {plain[:40]!r}" if isinstance(plain, str) else f"{plain!r:.40}"
