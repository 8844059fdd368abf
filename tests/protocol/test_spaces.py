"""Spaces as data: every space comes back equal, and so does every member of it."""

from __future__ import annotations

import json
import math
import re
import string
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces as gym
from hypothesis import given, strategies as st
from minigrid.core.mission import MissionSpace

from mosaic_nb.protocol import UnsupportedSpace
from mosaic_nb.protocol.canonical import digest_bytes
from mosaic_nb.protocol.spaces import explain, from_data, restore, to_data

INTEGERS = ["i1", "u1", "<i2", ">i2", "<u4", "<i8", "<u8"]
FLOATS = ["<f2", "<f4", ">f4", "<f8"]

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)
seeds = st.integers(0, 2**32)


@st.composite
def boxes(draw: st.DrawFn) -> gym.Box[Any]:
    """Boxes of any dtype, with bounds per element, some infinite."""
    dtype, shape = np.dtype(draw(st.sampled_from([*INTEGERS, *FLOATS, "?"]))), draw(shapes)
    if dtype.kind == "f":
        bounds = st.floats(width=dtype.itemsize * 8, allow_nan=False)
    elif dtype.kind == "b":
        bounds = st.booleans()
    else:  # Gymnasium itself does not sample right at the limits of 64 bits
        bounds = st.integers(max(np.iinfo(dtype).min, -(2**40)), min(np.iinfo(dtype).max, 2**40))
    size = math.prod(shape)
    one, other = (
        np.array(draw(st.lists(bounds, min_size=size, max_size=size)), dtype).reshape(shape) for _ in "ab"
    )
    return gym.Box(np.asarray(np.minimum(one, other)), np.asarray(np.maximum(one, other)), shape, dtype)


multi_discretes = st.builds(
    lambda nvec, start, dtype: gym.MultiDiscrete(
        np.array(nvec), dtype=dtype, start=np.full(np.shape(nvec), start)
    ),
    st.one_of(
        st.lists(st.integers(1, 5), max_size=4), st.just([[2, 3], [4, 5]]), st.just(4), st.just([[], []])
    ),
    st.integers(-3, 3),
    st.sampled_from([np.int8, np.int32, np.int64]),
)
leaves = st.one_of(
    boxes(),
    st.builds(
        lambda n, start, dtype: gym.Discrete(n, start=start, dtype=dtype),
        st.integers(1, 9),
        st.integers(-9, 9),
        st.sampled_from([np.int8, np.int32, np.int64]),
    ),
    multi_discretes,
    st.builds(gym.MultiBinary, st.one_of(st.integers(1, 5), st.just([2, 3]))),
    st.builds(
        lambda low, more, charset: gym.Text(low + more, min_length=low, charset=charset),
        st.integers(0, 3),
        st.integers(0, 5),
        st.sampled_from(["a", "zyx", string.printable, "é€𝄞\n"]),
    ),
)


def _composites(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(parts, min_size=1, max_size=3)
    keys = st.one_of(st.text("zyab", max_size=2), st.integers(-5, 5))
    return st.one_of(
        st.lists(st.tuples(keys, parts), max_size=3, unique_by=lambda pair: pair[0]).map(gym.Dict),
        several.map(gym.Tuple),
        several.map(gym.OneOf),
        parts.map(gym.Sequence),
    )


any_space = st.recursive(leaves, _composites, max_leaves=6)

# Every class and shape of a space once, by hand: what Gymnasium can stack is not what hypothesis would make up.
STACKABLE = [
    gym.Box(-1, 1, (2,)),
    gym.Discrete(5),
    gym.MultiDiscrete([2, 3]),
    gym.MultiBinary(3),
    gym.Text(5),
    gym.Dict(a=gym.Discrete(2), b=gym.Text(4)),
    gym.Tuple((gym.Discrete(2), gym.Box(0, 1, ()))),
    gym.Sequence(gym.Discrete(3)),
    gym.Sequence(gym.Box(0, 1, (2,)), stack=True),
    gym.Graph(gym.Box(0, 1, (2,)), None),
    gym.Graph(gym.Box(0, 1, (2,)), gym.Discrete(3)),
    gym.OneOf((gym.Discrete(2), gym.Tuple([gym.Box(0, 1, (2,))]))),
]
SPACES = [
    *STACKABLE,
    *(gym.Sequence(space, stack=True) for space in STACKABLE),
    *(gym.Sequence(space) for space in STACKABLE),
    *(gym.Graph(space, space) for space in STACKABLE),
    gym.Tuple(STACKABLE),
    gym.OneOf(STACKABLE),
    gym.Dict([(space.__class__.__name__ + str(i), space) for i, space in enumerate(STACKABLE)]),
    gym.Box(-np.inf, np.inf, (3,)),
    gym.Box(-np.inf, 3, (3,), np.int16),
    gym.Box(0, 255, (84, 84, 4), np.uint8),
    gym.Box(0, 1, (2,), np.bool_),
]


@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")  # Gymnasium, of its own scalars
@pytest.mark.parametrize("space", SPACES, ids=lambda space: re.sub(r", charset=\w*", "", str(space))[:60])
def test_every_class_of_space_and_a_hundred_members(
    space: gymnasium.Space[Any], wire: Callable[..., Any]
) -> None:
    again = from_data(json.loads(json.dumps(to_data(space))))
    assert again == space
    assert from_data(wire(to_data(space))) == space
    space.seed(7)
    back = restore(again)
    for _ in range(100):
        member = space.sample(num_nodes=3) if isinstance(space, gym.Graph) else space.sample()
        received = wire(member)
        received = received if back is None else back(received)
        assert explain(again, received) is None
        assert again.contains(received)
        assert digest_bytes(received) == digest_bytes(member)


@given(any_space, seeds)
def test_any_space_and_any_member(wire: Callable[..., Any], space: gymnasium.Space[Any], seed: int) -> None:
    again = from_data(json.loads(json.dumps(to_data(space))))
    assert again == space
    assert to_data(again) == to_data(space)
    space.seed(seed)
    member, back = space.sample(), restore(again)
    received = wire(member) if back is None else back(wire(member))
    assert explain(again, received) is None
    assert digest_bytes(received) == digest_bytes(member)


@given(boxes())
def test_bounds_stay_exact(box: gym.Box[Any]) -> None:
    again = from_data(json.loads(json.dumps(to_data(box))))
    assert isinstance(again, gym.Box)
    for name in ("low", "high", "bounded_below", "bounded_above"):  # == would forgive small differences
        assert getattr(again, name).tobytes() == getattr(box, name).tobytes()
        assert getattr(again, name).dtype == getattr(box, name).dtype


@pytest.mark.parametrize(
    "box",
    [
        gym.Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max - 1, (2,), np.int64),
        gym.Box(np.array([5, -np.inf]), np.array([np.inf, 7.0]), dtype=np.int32),
        gym.Box(-np.inf, np.inf, (2,), np.int64),
        gym.Box(np.array([-0.0, 0.0], "f4"), np.array([0.1, 1e-45], "f4")),
        gym.Box(0, 2**64 - 1, (), np.uint64),
    ],
    ids=str,
)
def test_bounds_at_the_limits_stay_exact(box: gym.Box[Any]) -> None:
    test_bounds_stay_exact.hypothesis.inner_test(box)


def test_uniform_bounds_are_one_number() -> None:
    assert to_data(gym.Box(0, 255, (210, 160, 3), np.uint8)) == {
        "type": "Box",
        "dtype": "|u1",
        "shape": [210, 160, 3],
        "low": 0,
        "high": 255,
    }
    assert to_data(gym.Box(-np.inf, np.inf, (2,)))["low"] == "-inf"
    assert to_data(gym.Box(-np.inf, np.inf, (2,), np.int8))["high"] == "inf"
    assert to_data(gym.MultiDiscrete([3, 3]))["nvec"] == 3


def test_a_dict_keeps_its_order_and_the_kind_of_its_keys() -> None:
    for keys in (["z", "b", "a"], [2, 1], ["z", 3, "a"]):
        space = gym.Dict([(key, gym.Discrete(2)) for key in keys])
        again = from_data(json.loads(json.dumps(to_data(space))))
        assert isinstance(again, gym.Dict)
        assert list(again.spaces) == keys
    with pytest.raises(UnsupportedSpace, match="key"):
        to_data(gym.Dict([((1, 2), gym.Discrete(2))]))


@pytest.mark.parametrize(
    "space", [gym.Box(0, 1, (3,)), gym.Discrete(3), gym.Dict(a=gym.Discrete(2), b=gym.Text(3))]
)
def test_what_needs_no_restoring_costs_nothing(space: gymnasium.Space[Any]) -> None:
    assert restore(space) is None


def test_restoring_leaves_the_received_value_alone() -> None:
    back = restore(gym.Dict(a=gym.Tuple([gym.Discrete(2)])))
    received = {"a": [1]}
    assert back is not None
    assert back(received) == {"a": (1,)}
    assert received == {"a": [1]}


class Renamed(gym.Discrete[Any]):
    """A space of somebody's own that is one of Gymnasium's."""


class Words(gymnasium.Space[str]):
    """A space of somebody's own whose members are texts."""

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        return str(self.np_random.integers(10**9))

    def contains(self, x: Any) -> bool:
        return bool(x.isdigit())


class Strange(gymnasium.Space[object]):
    """A space that nothing is known of."""

    def sample(self, mask: Any = None, probability: Any = None) -> object:
        return object()


def test_spaces_of_other_libraries() -> None:
    mission = MissionSpace(lambda: "get to the goal")
    assert to_data(Renamed(4)) == to_data(gym.Discrete(4))
    for space in (mission, Words(seed=3)):
        text = from_data(to_data(gym.Dict(mission=space)))["mission"]  # type: ignore[index]
        assert explain(text, "Fetch a key,\n2 steps away: {now}!") is None
    words = Words(seed=3)
    to_data(words)
    assert words.sample() == Words(seed=3).sample()  # describing a space draws nothing from its generator
    for unknown in (Strange(), gymnasium.Space()):
        with pytest.raises(UnsupportedSpace, match=type(unknown).__name__):
            to_data(gym.Tuple([unknown]))
    assert "Words" in (explain(words, 3) or "")


def test_a_float_that_differs_between_machines_is_refused() -> None:
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(UnsupportedSpace, match="float64"):
            to_data(gym.Box(0, 1, (2,), np.longdouble))


BOX = {"type": "Box", "dtype": "<f4", "shape": [2], "low": 0, "high": 1}
HOSTILE_DATA: list[Any] = [
    None,
    7,
    [],
    {},
    {"type": "Ball"},
    {"type": ["Box"]},
    {"type": "Box"},
    BOX | {"dtype": "O"},
    BOX | {"dtype": "no such"},
    BOX | {"dtype": None},
    BOX | {"shape": [-1]},
    BOX | {"shape": [1 << 60]},
    BOX | {"shape": [1 << 30]},
    BOX | {"shape": "ab"},
    BOX | {"low": [0, 0, 0]},
    BOX | {"low": 2},
    BOX | {"low": "nan"},
    BOX | {"low": float("nan")},
    BOX | {"low": None},
    BOX | {"dtype": "|u1", "high": 256},
    {"type": "Discrete", "dtype": "<i8", "n": 0, "start": 0},
    {"type": "Discrete", "dtype": "|i1", "n": 1000, "start": 0},
    {"type": "MultiDiscrete", "dtype": "<i8", "shape": [2], "nvec": [1], "start": 0},
    {"type": "MultiBinary", "n": -1},
    {"type": "MultiBinary", "n": [1 << 40]},
    {"type": "Text", "min_length": 2, "max_length": 1, "charset": "a"},
    {"type": "Text", "min_length": 0, "max_length": 1, "charset": 7},
    {"type": "Dict", "spaces": {"ab": BOX}},
    {"type": "Dict", "spaces": [[["list"], BOX]]},
    {"type": "OneOf", "spaces": []},
    {"type": "Sequence", "space": None, "stack": False},
    {"type": "Graph", "nodes": BOX},
]


@pytest.mark.parametrize("data", HOSTILE_DATA, ids=repr)
def test_data_that_is_no_space_has_a_named_error(data: Any) -> None:
    with pytest.raises(UnsupportedSpace):
        from_data(data)
    with pytest.raises(UnsupportedSpace):
        from_data({"type": "Tuple", "spaces": [BOX, data]})


def test_data_too_deep_is_no_space() -> None:
    deep: Any = BOX
    for _ in range(100_000):
        deep = {"type": "Tuple", "spaces": [deep]}
    try:
        with pytest.raises(UnsupportedSpace):
            from_data(deep)
    finally:
        while deep is not BOX:  # taken apart by hand: an interpreter may not free so deep a value
            deep = deep["spaces"][0]
