"""Actions from plain values: every space, its dtypes, and what is wrong in words."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from gymnasium import Space, spaces as gym

from mosaic_nb.protocol import messages
from mosaic_nb.protocol.spaces import explain, to_data
from mosaic_nb.scheduler.actions import Actions

F2, F8 = np.float16, np.float64
PARTS: tuple[Space[Any], ...] = (
    gym.Discrete(5, start=-2),
    gym.Box(-1, 1, (2,)),
    gym.Box(-np.inf, np.inf, (), F8),
    gym.Box(0, 255, (2, 3, 1), np.uint8),
    gym.Box(np.array([-np.inf, 0], F2), np.array([0, np.inf], F2), dtype=F2),
    gym.Box(-(2**40), 2**60, (2,), np.int64),
    gym.MultiDiscrete([2, 7], start=[3, -1]),
    gym.MultiDiscrete(np.full((2, 3), 4), dtype=np.int32),
    gym.MultiBinary(4),
    gym.MultiBinary([2, 3]),
    gym.Text(6, charset="abc \n'\""),
)
SPACES = (
    *PARTS,
    gym.Dict({"b": gym.Discrete(3), "a": gym.Dict(x=gym.Box(0, 1, (2,)), y=gym.MultiBinary(2))}),
    gym.Tuple(PARTS),
    gym.OneOf(PARTS),
    *(gym.Sequence(part, stack=stack) for part in PARTS for stack in (False, True)),
    gym.Sequence(gym.Dict(a=gym.Discrete(2), b=gym.Box(0, 1, (2,))), stack=True),
    gym.Sequence(gym.Tuple([gym.Discrete(2), gym.Text(3)]), stack=True),
    gym.Graph(gym.Box(0, 1, (2,)), gym.Discrete(3)),
    gym.Graph(gym.Discrete(4), None),
)


def actions(space: Space[Any], labels: tuple[str, ...] = ()) -> Actions:
    return Actions(
        messages.Agent(
            observation_space=to_data(gym.Discrete(2)),
            action_space=to_data(space),
            action_labels=list(labels),
        )
    )


def same(one: Any, other: Any) -> bool:
    """Whether two members are alike to the dtype."""
    if isinstance(one, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize("space", SPACES, ids=repr)
def test_what_was_written_is_read_and_parsed_as_the_same_member(space: Space[Any]) -> None:
    own = actions(space)
    own.space.seed(3)
    for _ in range(20):
        member = own.space.sample()
        for again in (
            own.read(json.loads(own.write(member))),
            own.parse(json.loads(own.write(member)), None),
            own.parse(member, None),
        ):
            assert explain(own.space, again) is None
            assert same(again, int(member) if own.discrete else member)


def test_people_and_pages_write_numbers_in_other_dtypes() -> None:
    assert same(actions(gym.Box(0, 1, (2,))).parse([0, 0.1], None), np.array([0, 0.1], np.float32))
    assert same(
        actions(gym.Box(0, 1, (2,))).parse(np.array([0.0, 0.1]), None), np.array([0, 0.1], np.float32)
    )
    assert same(actions(gym.Box(0, 9, (1,), np.uint8)).parse([7.0], None), np.array([7], np.uint8))
    assert same(actions(gym.Box(-2, 2, ())).parse(1, None), np.array(1, np.float32))
    assert same(actions(gym.MultiBinary(2)).parse([True, 0], None), np.array([1, 0], np.int8))
    parts = gym.Dict(speed=gym.Box(0, 1, (1,)), gear=gym.Discrete(3))
    parsed = actions(parts).parse({"gear": 2, "speed": np.array([1.0])}, None)
    assert same(parsed, {"gear": 2, "speed": np.array([1], np.float32)})
    numbered = gym.Dict([(0, gym.Discrete(2)), (1, gym.Discrete(2))])  # type: ignore[list-item]
    assert actions(numbered).parse({"0": 1, "1": 0}, None) == {0: 1, 1: 0}


def test_a_label_is_a_move_and_so_is_a_number() -> None:
    own = actions(gym.Discrete(3, start=5), ("left", "wait", "right"))
    assert own.parse("right", None) == 7
    assert own.parse(np.int64(6), None) == 6
    assert type(own.parse(np.int64(6), None)) is int


@pytest.mark.parametrize(
    ("space", "plain", "words"),
    [
        (gym.Discrete(3), 1.0, "1.0 is not an integer"),
        (gym.Discrete(3), True, "True is not an integer"),
        (gym.Discrete(3), [1], "a list is not an integer"),
        (gym.Discrete(3), None, "None is not an integer"),
        (gym.Box(0, 1, (2,)), [0.5], r"a list of 2 numbers is needed, not a list of 1"),
        (gym.Box(0, 1, (2,)), [0.5, [1]], r"element \[1\] is a list of 1, which is no number"),
        (gym.Box(0, 1, (2,)), [0.5, "1"], r"element \[1\] is the text '1', which is no number"),
        (gym.Box(0, 1, (2,)), [0.5, True], r"element \[1\] is True, which is no number"),
        (gym.Box(0, 1, (2,)), [0.5, None], r"element \[1\] is None, which is no number"),
        (gym.Box(0, 1, (2,)), "ab", "a list of 2 numbers is needed, not the text 'ab'"),
        (gym.Box(0, 1, (2,)), {"a": 1}, "a list of 2 numbers is needed, not an object"),
        (gym.Box(0, 1, (2,)), [0.5, 1.5], r"element \[1\] is 1.5, which is not in 0.0..1.0"),
        (gym.Box(-np.inf, np.inf, (2,)), [float("nan"), 0], r"element \[0\] is no finite number"),
        (gym.Box(-np.inf, np.inf, (2,)), [0, float("inf")], r"element \[1\] is no finite number"),
        (gym.Box(-np.inf, np.inf, (2,)), [0, 1e300], r"element \[1\] is too large for float32"),
        (gym.Box(-np.inf, np.inf, (1,), F8), [10**400], r"element \[0\] is too large for float64"),
        (gym.Box(-np.inf, np.inf, ()), float("nan"), "it is no finite number"),
        (gym.Box(0, 1, (2, 2)), [0, 1], r"element \[0\]: a list of 2 numbers is needed, not 0"),
        (gym.Box(0, 1, (2, 2)), [[0, 1]], r"a list of 2 lists of shape \(2,\) is needed, not a list of 1"),
        (gym.Box(0, 9, (1,), np.uint8), [0.5], r"element \[0\] is 0.5, which is not a whole number"),
        (gym.Box(0, 9, (1,), np.uint8), [256], r"element \[0\] is not in 0..255, as uint8 must be"),
        (gym.MultiDiscrete([2, 3]), [1, 2.5], r"element \[1\] is 2.5, which is not a whole number"),
        (gym.MultiDiscrete([2, 3]), [1, 3], r"element \[1\] is 3, which is not in 0..2"),
        (gym.MultiBinary(2), [0, 2], r"element \[1\] is 2, which is not in 0..1"),
        (gym.Text(3, charset="ab"), "abc", "character 2, 'c', is not in the charset"),
        (gym.Text(3, charset="ab"), 5, "5 is not a text"),
        (gym.Dict(a=gym.Discrete(2)), {}, "the key 'a' is missing"),
        (gym.Dict(a=gym.Discrete(2)), {"a": 1, "b": 1}, "'b' is not in the space"),
        (gym.Dict(a=gym.Discrete(2)), [1], "a list is not a dict"),
        (gym.Dict(a=gym.Box(0, 1, (1,))), {"a": [2]}, r"at 'a': element \[0\] is 2.0, which is not in"),
        (gym.Dict(a=gym.Box(0, 1, (1,))), {"a": 2}, "at 'a': a list of 1 numbers is needed, not 2"),
        (gym.Dict(a=gym.Box(-np.inf, np.inf, ())), {"a": float("inf")}, "at 'a': it is no finite number"),
        (gym.Tuple([gym.Discrete(2)] * 2), [1], "a list of 2 is needed, not a list of 1"),
        (gym.Tuple([gym.Discrete(2)] * 2), [1, 5], "at 1: 5 is not in 0..1"),
        (gym.OneOf([gym.Discrete(2)]), [1, 1], "the choice must be a whole number in 0..0, not 1"),
        (gym.OneOf([gym.Discrete(2)]), [True, 1], "the choice must be a whole number in 0..0, not True"),
        (gym.OneOf([gym.MultiBinary(1)]), [0, [0.5]], r"at 1: element \[0\] is 0.5, which is not a whole"),
        (gym.Sequence(gym.Discrete(2)), 1, "a list is needed, not 1"),
        (gym.Sequence(gym.Box(0, 1, (1,))), [[0], 1], "at 1: a list of 1 numbers is needed, not 1"),
        (gym.Graph(gym.Discrete(2), None), [1], "a list of 3 is needed, not a list of 1"),
        (gym.Graph(gym.Discrete(2), None), {"nodes": [0], "edges": [1]}, "this graph's edges carry nothing"),
        (gym.Graph(gym.Box(0, 1, (1,)), None), {"nodes": [0]}, "at nodes: at 0: a list of 1 numbers"),
        (
            gym.Graph(gym.Discrete(2), gym.Discrete(2)),
            {"nodes": [0], "edges": [1], "edge_links": [[0, 3]]},
            r"at edge_links: element \[0, 1\] is 3",
        ),
    ],
)
def test_what_is_no_action_is_refused_in_words(space: Space[Any], plain: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        actions(space).parse(plain, None)


def test_a_graph_as_an_object() -> None:
    space = gym.Graph(gym.Box(0, 1, (1,)), gym.Discrete(3))
    plain = {"nodes": [[0], [1]], "edges": [2], "edge_links": [[0, 1]]}
    graph = actions(space).parse(plain, None)
    assert space.contains(graph)
    assert graph.nodes.tolist() == [[0], [1]]
    assert actions(space).parse({"nodes": [[0.5]]}, None).edges is None


def test_what_is_illegal_now_is_refused_and_a_long_list_is_cut() -> None:
    few = actions(gym.Discrete(3), ("a", "b", "c"))
    with pytest.raises(ValueError, match=re.escape("1 (b) is masked: it is illegal now; legal now: a, c")):
        few.parse("b", np.array([1, 0, 1], np.int8))
    with pytest.raises(ValueError, match=r"legal now: 0, 1, .*, 11, \.\.\.$"):
        actions(gym.Discrete(5000)).parse(-1, None)
    with pytest.raises(ValueError, match="is no move") as refused:
        actions(gym.Box(0, 1, (2,))).parse([[0.25] * 10_000] * 2, None)
    assert len(str(refused.value)) < 300
