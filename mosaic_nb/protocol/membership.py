"""Members of a space: how a value that came over the wire becomes one, and why another is none.

Neither function raises for any value, however hostile: `restore` leaves what does not fit as it is, and
`explain` says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence as Rows
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
    Text,
    Tuple,
)

Restore = Callable[[Any], Any]
Array = np.ndarray[Any, Any]

_SHOWN = 40  # characters of a wrong text that an explanation quotes
_BITS = 64  # of the widest integer that it quotes; Python refuses to print very large ones


# --- restore: msgpack has neither tuples nor named tuples --------------------------------------------


@singledispatch
def restore(space: Space[Any]) -> Restore | None:
    """Return what turns a received value into a true member of the space, or None where it is one as it came.

    Build it once for each space: for a Discrete, a Box and every other space without tuples it is None. The
    function that is returned never changes the value it is given, and returns it as it is if it does not fit.
    """
    del space  # a space of numbers, arrays or texts
    return None


@restore.register(Dict)
def _(space: Dict) -> Restore | None:
    return _restore_dict({key: restore(part) for key, part in space.spaces.items()})


@restore.register(Tuple)
def _(space: Tuple[Any]) -> Restore | None:
    return _restore_tuple([restore(part) for part in space.spaces])


@restore.register(Sequence)
def _(space: Sequence) -> Restore | None:
    return _restore_stack(space.feature_space) if space.stack else _restore_each(restore(space.feature_space))


@restore.register(OneOf)
def _(space: OneOf[Any]) -> Restore | None:
    parts = [restore(part) for part in space.spaces]

    def choice(value: Any) -> Any:
        if not _is_pair(value) or not _is_index(value[0], len(parts)):
            return value
        part = parts[value[0]]
        return (value[0], value[1] if part is None else part(value[1]))

    return choice


@restore.register(Graph)
def _(space: Graph) -> Restore | None:
    nodes = _restore_stack(space.node_space)
    edges = None if space.edge_space is None else _restore_stack(space.edge_space)
    triple = _restore_tuple([nodes, edges, None])

    def graph(value: Any) -> Any:
        fits = isinstance(value, list | tuple) and len(value) == len(GraphInstance._fields)
        return GraphInstance(*triple(value)) if fits else value

    return graph


def _restore_stack(space: Space[Any]) -> Restore | None:
    """Return what restores several members of a space stacked as Gymnasium's ``concatenate`` stacks them."""
    if isinstance(space, Dict):
        return _restore_dict({key: _restore_stack(part) for key, part in space.spaces.items()})
    if isinstance(space, Tuple):
        return _restore_tuple([_restore_stack(part) for part in space.spaces])
    if isinstance(space, Box | Discrete | MultiDiscrete | MultiBinary):
        return None
    return _restore_each(restore(space))


def _restore_dict(parts: dict[str, Restore | None]) -> Restore | None:
    changing = {key: part for key, part in parts.items() if part is not None}
    if not changing:
        return None

    def mapping(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return value | {key: part(value[key]) for key, part in changing.items() if key in value}

    return mapping


def _restore_tuple(parts: list[Restore | None]) -> Restore:
    def fixed(value: Any) -> Any:
        if not isinstance(value, list | tuple) or len(value) != len(parts):
            return value
        return tuple(v if part is None else part(v) for part, v in zip(parts, value, strict=True))

    return fixed


def _restore_each(part: Restore | None) -> Restore:
    def each(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return tuple(value) if part is None else tuple(map(part, value))

    return each


# --- explain -----------------------------------------------------------------------------------------


@singledispatch
def explain(space: Space[Any], value: Any) -> str | None:
    """Say in one sentence why a value is no member of a space, or return None if it is one.

    It judges as Gymnasium's ``contains`` does, but for values that only look right. A Discrete takes Python
    and NumPy integers of any width, but no bool. A Box and a MultiDiscrete take arrays (for the shape ``()``
    NumPy scalars too) whose dtype converts without loss, a MultiBinary arrays of integers or bools; none
    takes a list. A space of another library is asked itself.
    """
    try:
        return None if space.contains(value) else f"{_what(value)} is no member of {type(space).__name__}"
    except Exception as error:  # noqa: BLE001 - a foreign class, given any value: its complaint explains
        return f"{_what(value)} is no member of {type(space).__name__}, which says: {error}"


@explain.register(Discrete)
def _(space: Discrete[Any], value: Any) -> str | None:
    if type(value) is not int and not _is_integer(value):
        return f"{_what(value)} is not an integer"
    start, last = int(space.start), int(space.start) + int(space.n) - 1
    return None if start <= int(value) <= last else f"{_number(value)} is not in {start}..{last}"


@explain.register(Box)
def _(space: Box[Any], value: Any) -> str | None:
    return _explain_array(value, space.shape, space.dtype) or _outside(value, space.low, space.high)


@explain.register(MultiDiscrete)
def _(space: MultiDiscrete[Any], value: Any) -> str | None:
    last = space.start + (space.nvec - 1)
    return _explain_array(value, space.shape, space.dtype) or _outside(value, space.start, last)


@explain.register(MultiBinary)
def _(space: MultiBinary, value: Any) -> str | None:
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biu":
        return _explain_shape(value, space.shape) or _outside(value, np.int8(0), np.int8(1))
    return f"{_what(value)} is not an int8 array of shape {space.shape}"


@explain.register(Text)
def _(space: Text, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"{_what(value)} is not a text"
    if not space.min_length <= len(value) <= space.max_length:
        return f"a text of {len(value)} characters is not of {space.min_length} to {space.max_length}"
    strange = next((i for i, character in enumerate(value) if character not in space.character_set), -1)
    return None if strange < 0 else f"character {strange}, {value[strange]!r}, is not in the charset"


@explain.register(Dict)
def _(space: Dict, value: Any) -> str | None:
    return _explain_keys(space, value) or _first(
        _inside(repr(key), part, value[key]) for key, part in space.spaces.items()
    )


@explain.register(Tuple)
def _(space: Tuple[Any], value: Any) -> str | None:
    return _explain_length(space, value) or _first(
        _inside(str(i), part, v) for i, (part, v) in enumerate(zip(space.spaces, value, strict=True))
    )


@explain.register(OneOf)
def _(space: OneOf[Any], value: Any) -> str | None:
    if not isinstance(value, tuple) or not _is_pair(value):
        return f"{_what(value)} is not a pair of a choice and its value"
    if not _is_index(value[0], len(space.spaces)):
        return f"the choice, {_what(value[0])}, is not an integer in 0..{len(space.spaces) - 1}"
    return _inside("1", space.spaces[value[0]], value[1])


@explain.register(Sequence)
def _(space: Sequence, value: Any) -> str | None:
    if space.stack:
        return _explain_rows(space.feature_space, _unstack(space.feature_space, value))
    if not isinstance(value, tuple):
        return f"{_what(value)} is not a tuple"
    return _explain_rows(space.feature_space, value)


@explain.register(Graph)
def _(space: Graph, value: Any) -> str | None:
    if not isinstance(value, GraphInstance):
        return f"{_what(value)} is not a GraphInstance"
    nodes = _unstack(space.node_space, value.nodes)
    reason = _explain_rows(space.node_space, nodes)
    if reason:
        return f"at nodes: {reason}"
    if value.edges is None and value.edge_links is None:
        return None
    if space.edge_space is None or value.edges is None or value.edge_links is None:
        return "a graph has both edges and edge_links or neither, and neither where the space has no edges"
    edges = _unstack(space.edge_space, value.edges)
    reason = _explain_rows(space.edge_space, edges)
    return f"at edges: {reason}" if reason else _explain_links(value.edge_links, len(edges), len(nodes))


def _explain_links(links: Any, edges: int, nodes: int) -> str | None:
    if not isinstance(links, np.ndarray) or links.dtype.kind not in "iu":
        return f"at edge_links: {_what(links)} is not an integer array"
    reason = _explain_shape(links, (edges, 2)) or _outside(links, np.int8(0), np.int64(nodes - 1))
    return f"at edge_links: {reason}" if reason else None


def _explain_array(value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> str | None:
    wanted = f"an array of dtype {dtype} and shape {shape}"
    if not isinstance(value, np.ndarray | np.generic):
        return f"{_what(value)} is not {wanted}"
    if not np.can_cast(value.dtype, dtype):
        return f"{_what(value)} is not {wanted}: its dtype does not convert without loss"
    return _explain_shape(value, shape)


def _explain_shape(value: Array | np.generic, shape: tuple[int, ...]) -> str | None:
    return None if value.shape == shape else f"{_what(value)} does not have the shape {shape}"


def _outside(value: Array | np.generic, low: Any, high: Any) -> str | None:
    array = np.asarray(value)
    inside = (low <= array) & (array <= high)
    if inside.all():
        return None
    index = tuple(int(i) for i in np.argwhere(np.logical_not(inside))[0])
    element = f"element {list(index)}" if index else "it"
    low, high = (np.broadcast_to(bound, array.shape)[index] for bound in (low, high))
    if array[index] != array[index]:  # only NaN differs from itself
        return f"{element} is NaN"
    return f"{element} is {array[index]}, which is not in {low}..{high}"


def _explain_keys(space: Dict, value: Any) -> str | None:
    if not isinstance(value, dict):
        return f"{_what(value)} is not a dict"
    missing = [key for key in space.spaces if key not in value]
    if missing:
        return f"the key {missing[0]!r} is missing"
    extra = [key for key in value if key not in space.spaces]
    return f"the key {_what(extra[0])} is not in the space" if extra else None


def _explain_length(space: Tuple[Any], value: Any) -> str | None:
    if isinstance(value, tuple) and len(value) == len(space.spaces):
        return None
    length = f" of length {len(value)}" if isinstance(value, tuple) else ""
    return f"{_what(value)}{length} is not a tuple of length {len(space.spaces)}"


def _inside(place: str, space: Space[Any], value: Any) -> str | None:
    reason = explain(space, value)
    return f"at {place}: {reason}" if reason else None


def _first(reasons: Iterable[str | None]) -> str | None:
    return next(filter(None, reasons), None)


def _explain_rows(space: Space[Any], rows: Rows[Any] | str) -> str | None:
    """Explain each of several members; a text in their place is the reason why there are none."""
    if isinstance(rows, str):
        return rows
    return _first(_inside(str(i), space, row) for i, row in enumerate(rows))


def _unstack(space: Space[Any], value: Any) -> Rows[Any] | str:
    """Take stacked members apart, or return a text that says why this is no stack of members."""
    if isinstance(space, Dict):
        reason = _explain_keys(space, value)
        columns = reason or {key: _unstack(part, value[key]) for key, part in space.spaces.items()}
        return columns if isinstance(columns, str) else _transpose(columns)
    if isinstance(space, Tuple):
        reason = _explain_length(space, value)
        if reason:
            return reason
        parts = {i: _unstack(part, v) for i, (part, v) in enumerate(zip(space.spaces, value, strict=True))}
        rows = _transpose(parts)
        return rows if isinstance(rows, str) else [tuple(row.values()) for row in rows]
    if isinstance(space, Box | Discrete | MultiDiscrete | MultiBinary):
        stacked = isinstance(value, np.ndarray) and value.ndim > 0
        return value if stacked else f"{_what(value)} is not an array of stacked members"
    return value if isinstance(value, tuple) else f"{_what(value)} is not a tuple"


def _transpose(columns: dict[Any, Rows[Any] | str]) -> list[dict[Any, Any]] | str:
    for key, column in columns.items():
        if isinstance(column, str):
            return f"at {key!r}: {column}"
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        return f"its parts stack different numbers of members: {sorted(lengths)}"
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


# --- what both need to know of a value ---------------------------------------------------------------


def _is_integer(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "iu" and value.shape == ()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_pair(value: Any) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def _is_index(value: Any, length: int) -> bool:
    return _is_integer(value) and not isinstance(value, np.ndarray) and 0 <= int(value) < length


def _number(value: Any) -> str:
    number = int(value)
    return str(number) if number.bit_length() <= _BITS else f"an integer of {number.bit_length()} bits"


def _what(value: Any) -> str:
    """Name a value in a few words, whatever it is."""
    if isinstance(value, np.ndarray):
        return f"an array of dtype {value.dtype} and shape {value.shape}"
    if isinstance(value, np.generic):
        return f"a NumPy scalar of dtype {value.dtype}"
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return _number(value)
    if isinstance(value, str):
        return f"the text {value[:_SHOWN]!r}{'...' if len(value) > _SHOWN else ''}"
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
