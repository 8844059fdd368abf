"""Whatever an environment returns, over the wire and back."""

from enum import IntEnum, StrEnum

import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

from mosaic_nb.environments.options import unpack
from mosaic_nb.environments.portable import carry
from mosaic_nb.protocol import Decoder, Encoder, Reply, messages


def over_the_wire(value):
    carried, left = carry(value)
    (reply,) = Decoder(Reply).feed(Encoder().encode(messages.Invoked(id=1, value=carried, left=left)))
    return unpack(reply.value), reply.left


class Colour(IntEnum):
    RED = 3


class Name(StrEnum):
    BLUE = "blue"


class Text(str):
    __slots__ = ()


class Weight(float):
    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [
        None,
        (1, (2.5, [True, "a"]), b"x"),
        {"a": {1: {"b": ()}}},
        {(1, "x"): 2, None: 3, False: 4},
        {},
        -(1 << 63),
        (1 << 64) - 1,
        float("inf"),
        np.float64(2),
        np.float32(2),
        np.bool_(True),
        np.int64(-3),
        np.array(["ab", "c"]),
        np.zeros((0, 3), np.int8),
        [np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::2]],
    ],
    ids=repr,
)
def test_it_is_the_same_to_the_type(value):
    arrived, left = over_the_wire(value)
    assert data_equivalence(arrived, value, exact=True)
    assert left == []


def test_what_only_looks_like_a_plain_value_becomes_one():
    arrived, left = over_the_wire({"a": Colour.RED, "b": Name.BLUE, "c": Text("t"), "d": Weight(2)})
    assert data_equivalence(arrived, {"a": 3, "b": "blue", "c": "t", "d": 2.0}, exact=True)
    assert left == []


@pytest.mark.parametrize(
    ("value", "arrives", "name"),
    [
        ({"a": {"b": object(), "c": 1}}, {"a": {"c": 1}}, "a.b (a builtins.object)"),
        ([1, {2, 3}], [1, None], "1 (a builtins.set)"),
        ((1 << 64,), (None,), "0 (a builtins.int)"),
        (np.array([object()]), None, "the value (a numpy.ndarray)"),
        ({"when": np.datetime64("2020-01-01")}, {}, "when (a numpy.datetime64)"),
    ],
    ids=["object", "set", "wide", "objects", "date"],
)
def test_what_cannot_travel_is_named(value, arrives, name):
    assert over_the_wire(value) == (arrives, [name])
