"""Why a value is no member of a space: one sentence, for any value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces as gym
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from mosaic_nb.protocol.spaces import explain, restore

F4 = np.float32
GRAPH = gym.Graph(gym.Box(0, 1, (1,)), gym.Discrete(3))
NODES = np.zeros((2, 1), F4)
LINKS = np.array([[0, 1]])


@pytest.mark.parametrize(
    ("space", "value", "words"),
    [
        (gym.Discrete(7), 7, "7 is not in 0..6"),
        (gym.Discrete(7), -1, "-1 is not in 0..6"),
        (gym.Discrete(3, start=-1), 2, "2 is not in -1..1"),
        (gym.Discrete(7), True, "True is not an integer"),
        (gym.Discrete(7), 2.0, "2.0 is not an integer"),
        (gym.Discrete(7), np.float32(2), "float32 is not an integer"),
        (gym.Discrete(7), np.bool_(True), "bool is not an integer"),
        (gym.Discrete(7), np.array([2]), r"shape \(1,\) is not an integer"),
        (gym.Discrete(7), None, "None is not an integer"),
        (gym.Discrete(7), "forward", "'forward' is not an integer"),
        (gym.Discrete(7), "x" * 999, r"'x{40}'\.\.\. is not"),
        (gym.Box(0, 1, (2,)), [0.5, 0.5], r"a list is not an array of dtype float32 and shape \(2,\)"),
        (gym.Box(0, 1, (2,)), np.zeros(2), "float64 .* does not convert without loss"),
        (gym.Box(0, 1, (2,)), np.zeros(2, complex), "complex128"),
        (gym.Box(0, 1, (2,)), np.array([None, 1]), "dtype object"),
        (gym.Box(0, 1, (2,)), np.zeros(3, F4), r"shape \(3,\) does not have the shape \(2,\)"),
        (gym.Box(0, 1, (2, 2)), np.array([[0, 1], [2, 0]], F4), r"element \[1, 0\] is 2\.0, .* 0\.0\.\.1\.0"),
        (gym.Box(0, 1, (2,)), np.array([0, np.nan], F4), r"element \[1\] is NaN"),
        (gym.Box(0, 1, (2,)), np.array([0, -np.inf], F4), r"element \[1\] is -inf"),
        (gym.Box(0, 1, ()), np.float32(3), "it is 3.0, which is not in 0.0..1.0"),
        (gym.MultiDiscrete([2, 3]), np.array([1, 3]), r"element \[1\] is 3, which is not in 0\.\.2"),
        (gym.MultiDiscrete([2, 3]), (1, 2), "a tuple is not an array of dtype int64"),
        (gym.MultiBinary(2), np.array([0, 2]), r"element \[1\] is 2, which is not in 0\.\.1"),
        (gym.MultiBinary(2), np.array([0.0, 1.0]), "float64 .* not an int8 array"),
        (gym.Text(3, charset="ab"), "abab", "4 characters is not of 1 to 3"),
        (gym.Text(3, charset="ab"), "aé", "character 1, 'é', is not in the charset"),
        (gym.Text(3), b"ab", "a bytes is not a text"),
        (gym.Dict(a=gym.Discrete(2)), [("a", 1)], "a list is not a dict"),
        (gym.Dict(a=gym.Discrete(2)), {}, "the key 'a' is missing"),
        (gym.Dict(a=gym.Discrete(2)), {"a": 1, "b": 1}, "'b' is not in the space"),
        (gym.Dict(a=gym.Tuple([gym.Discrete(2)])), {"a": (2,)}, "at 'a': at 0: 2 is not in 0..1"),
        (gym.Tuple([gym.Discrete(2)]), [1], "a list is not a tuple of length 1"),
        (gym.Tuple([gym.Discrete(2)]), (1, 1), "of length 2 is not a tuple of length 1"),
        (gym.OneOf([gym.Discrete(2)]), (1, 0), "the choice, 1, is not an integer in 0..0"),
        (gym.OneOf([gym.Discrete(2)]), (0, 5), "5 is not in 0..1"),
        (gym.OneOf([gym.Discrete(2)]), (0,), "not a pair"),
        (gym.Sequence(gym.Discrete(2)), (0, 1, 2), "at 2: 2 is not in 0..1"),
        (gym.Sequence(gym.Discrete(2)), [0], "a list is not a tuple"),
        (gym.Sequence(gym.Discrete(2), stack=True), (0, 1), "not an array of stacked members"),
        (gym.Sequence(gym.Discrete(2), stack=True), np.array([0, 9]), "at 1: 9 is not in 0..1"),
        (
            gym.Sequence(gym.Dict(a=gym.Discrete(2), b=gym.Discrete(2)), stack=True),
            {"a": np.array([0, 1]), "b": np.array([0])},
            r"different numbers of members: \[1, 2\]",
        ),
        (GRAPH, (NODES, None, None), "a tuple is not a GraphInstance"),
        (GRAPH, gym.GraphInstance(NODES + 7, None, None), "at nodes: at 0: element .* is 7.0"),
        (GRAPH, gym.GraphInstance(NODES, np.array([2]), None), "both edges and edge_links"),
        (GRAPH, gym.GraphInstance(NODES, np.array([3]), LINKS), "at edges: at 0: 3"),
        (GRAPH, gym.GraphInstance(NODES, np.array([2]), LINKS + 1), r"at edge_links: element \[0, 1\] is 2"),
        (GRAPH, gym.GraphInstance(NODES, np.array([2]), LINKS[:, :1]), "at edge_links: .* shape"),
    ],
)
def test_one_sentence_says_what_is_wrong(space: gymnasium.Space[Any], value: Any, words: str) -> None:
    assert re.search(words, explain(space, value) or "a member")


def test_an_integer_too_long_to_print_is_explained() -> None:
    assert explain(gym.Discrete(7), 10**9999) == "an integer of 33216 bits is not in 0..6"


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3), np.int64(0), 6])
def test_a_discrete_takes_integers_of_any_width(value: Any) -> None:
    assert explain(gym.Discrete(7, dtype=np.int8), value) is None


hostile = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.complex_numbers(),
        st.text(max_size=5),
        st.binary(max_size=5),
        st.sampled_from(
            [
                object(),
                dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
                {1, 2},
                np.datetime64("NaT"),
                np.ma.masked,
                float,
            ]
        ),
        st.sampled_from(
            [np.zeros(2, object), np.zeros(2, "i4,f8"), np.array(["a"]), np.zeros((0, 3)), np.ma.ones(2)]
        ),
        arrays.arrays(
            arrays.scalar_dtypes(), arrays.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=3)
        ),
    ),
    lambda parts: st.one_of(
        st.lists(parts, max_size=4),
        st.lists(parts, max_size=4).map(tuple),
        st.dictionaries(st.sampled_from(["a", "b", 1, None]), parts, max_size=3),
        st.builds(gym.GraphInstance, parts, parts, parts),
    ),
    max_leaves=8,
)
LEAVES: list[gymnasium.Space[Any]] = [
    gym.Box(-1, 1, (2,)),
    gym.Box(0, 255, (), np.uint8),
    gym.Discrete(5),
    gym.MultiDiscrete([2, 3]),
    gym.MultiBinary(2),
    gym.Text(5),
]
PARTS = [*LEAVES, gym.Tuple(LEAVES[:3]), gym.Dict(a=LEAVES[0], b=LEAVES[2]), gym.Dict()]
SPACES = [
    *PARTS,
    *(gym.Sequence(part, stack=stack) for part in PARTS[:-1] for stack in (False, True)),
    gym.OneOf(PARTS),
    *(gym.Graph(part, part) for part in PARTS[:-1]),
]


@given(st.sampled_from(SPACES), hostile)
def test_no_value_makes_either_of_them_raise(
    wire: Callable[..., Any], space: gymnasium.Space[Any], value: Any
) -> None:
    back = restore(space)
    restored = value if back is None else back(value)
    reason = explain(space, restored)
    assert reason is None or reason
    if reason is None:
        wire(restored)  # a member can be sent


@given(st.sampled_from(PARTS), hostile)
def test_members_are_members_to_gymnasium_too(space: gymnasium.Space[Any], value: Any) -> None:
    """Where ours is kinder: integers of any width, and scalars for the shape ``()``."""
    if explain(space, value) is not None or isinstance(value, np.generic | int):
        return
    assert space.contains(value) or (isinstance(value, np.ndarray) and value.shape == ())


def test_a_list_that_contains_itself_is_only_no_member() -> None:
    loop: list[Any] = []
    loop.append(loop)
    space = gym.Tuple([gym.Tuple([gym.Discrete(2)])])
    back = restore(space)
    assert back is not None
    assert explain(space, back(loop))
