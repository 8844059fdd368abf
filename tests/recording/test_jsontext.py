"""Actions survive as text, to the last bit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from mosaic_nb.recording.jsontext import to_json

DTYPES = st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u8", "?", ">f4"])


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0)))
def test_an_array_reads_back_bit_by_bit(array):
    back = np.array(json.loads(to_json(array)), array.dtype).reshape(array.shape)
    np.testing.assert_array_equal(back, array)
    assert (np.signbit(back) == np.signbit(array)).all() or array.dtype.kind == "b" or np.isnan(array).any()


@given(hnp.from_dtype(np.dtype("f4")))
def test_a_scalar_is_the_64_bit_float_of_the_same_value(number):
    back = json.loads(to_json(number))
    assert np.float32(back) == number or (math.isnan(back) and np.isnan(number))


@given(st.integers())
def test_integers_have_no_limit(number):
    assert to_json(number) == str(number)
    assert json.loads(to_json({"a": (number, True)})) == {"a": [number, True]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (np.int64(3), "3"),
        (np.bool_(True), "true"),
        (True, "true"),
        (None, "null"),
        (1.0, "1.0"),
        (float("nan"), "NaN"),
        (-math.inf, "-Infinity"),
        ("left", '"left"'),
        (np.str_("left"), '"left"'),
        ((1, np.float32(0.5)), "[1,0.5]"),
        ({"move": np.array([1, 2], np.int8), "say": "hi"}, '{"move":[1,2],"say":"hi"}'),
    ],
)
def test_text(value, text):
    assert to_json(value) == text


@pytest.mark.parametrize(
    "value", [b"bytes", 1j, {1}, {1: 2}, np.array([1j]), object(), np.longdouble(1), [object()]]
)
def test_what_would_not_read_back_is_refused(value):
    with pytest.raises(TypeError, match="recorded as JSON"):
        to_json(value)
