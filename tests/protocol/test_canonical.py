"""Canonical bytes: pinned, and blind to whatever is not the value."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from mosaic_nb.protocol import UnsupportedValue
from mosaic_nb.protocol.canonical import digest_bytes

# A digest in somebody's run must still verify after years: these bytes may never change.
PINNED: list[tuple[Any, str]] = [
    (None, "c0"),
    (True, "c3"),
    (np.bool_(False), "c2"),
    (7, "07"),
    (-1, "ff"),
    (200, "cc c8"),
    (2**64 - 1, "cf ffffffffffffffff"),
    (np.int64(-200), "d1 ff38"),
    (1.0, "cb 3ff0000000000000"),
    (np.float32(0.1), "cb 3fb99999a0000000"),
    (-0.0, "cb 8000000000000000"),
    ("é", "a2 c3a9"),
    (np.str_("é"), "a2 c3a9"),
    (b"a", "c4 01 61"),
    ((1, [2]), "92 01 91 02"),
    ({"b": 1, "a": 2, "é": 3}, "83 a1 61 02 a1 62 01 a2 c3a9 03"),
    ({10: 1, "a": 2, -3: 3}, "83 fd 03 0a 01 a1 61 02"),
    (np.array([1, 2], np.uint8), "c7 09 01 92 a3 7c7531 91 02 0102"),
    (np.array([1], ">i2"), "c7 09 01 92 a3 3c6932 91 01 0100"),
    (np.array(1.5, "<f4"), "c7 0a 01 92 a3 3c6634 90 0000c03f"),
    (np.array(["ab"]), "c7 0f 01 92 a3 3c5532 91 01 61000000 62000000"),
    (np.zeros((0, 2), bool), "d7 01 92 a3 7c6231 92 00 02"),
    (1j, "c7 17 01 92 a4 3c633136 90 0000000000000000 000000000000f03f"),
]


@pytest.mark.parametrize(("value", "expected"), PINNED, ids=lambda value: repr(value)[:30])
def test_the_bytes_are_these_for_ever(value: Any, expected: str) -> None:
    assert digest_bytes(value).hex() == expected.replace(" ", "")


@given(
    arrays.arrays(arrays.scalar_dtypes().filter(lambda d: d.kind in "biufcSU" and d.itemsize <= 16), (3, 2))
)
def test_order_and_layout_of_memory_do_not_matter(array: np.ndarray[Any, Any]) -> None:
    if array.dtype.kind in "fc" and array.dtype.itemsize > {"f": 8, "c": 16}[array.dtype.kind]:
        return
    expected = digest_bytes(array)
    swapped = array.astype(array.dtype.newbyteorder("S"))
    for same in (np.asfortranarray(array), array.repeat(2, axis=1)[:, ::2], swapped):
        assert digest_bytes(same) == expected
    assert digest_bytes(array.ravel()) != expected


values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(), st.binary()
    ),
    lambda parts: st.one_of(
        st.lists(parts),
        st.dictionaries(st.text(), parts),
        st.dictionaries(st.one_of(st.text(), st.integers(-9, 9)), parts),
    ),
)


@given(values)
def test_order_of_keys_and_kind_of_sequence_do_not_matter(value: Any) -> None:
    assert digest_bytes(_mirrored(value)) == digest_bytes(value)


def _mirrored(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mirrored(value[key]) for key in reversed(value)}
    if isinstance(value, list):
        return tuple(map(_mirrored, value))
    return value


@given(values, values)
def test_different_values_have_different_bytes(one: Any, other: Any) -> None:
    assert (digest_bytes(one) == digest_bytes(other)) == (_exact(one) == _exact(other))


def _exact(value: Any) -> Any:
    """Make 1, 1.0 and True, 0.0 and -0.0 different, and NaN equal to itself."""
    if isinstance(value, dict):
        return frozenset((_exact(key), _exact(part)) for key, part in value.items())
    if isinstance(value, list):
        return tuple(map(_exact, value))
    return type(value), struct.pack("d", value) if isinstance(value, float) else value


@pytest.mark.parametrize("code", "?bhilqBHILQefd")
def test_a_scalar_is_the_python_number(code: str) -> None:
    scalar = np.dtype(code).type(1)
    assert digest_bytes({"a": [scalar]}) == digest_bytes({"a": [scalar.item()]})
    assert digest_bytes(scalar) != digest_bytes(np.asarray(scalar))


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([None]),
        np.zeros(2, "i4,f8"),
        np.array(["2026-11-22"], "M8[D]"),
        np.timedelta64(3, "s"),
        2**64,
        -(2**63) - 1,
        "\ud800",
        {(1, 2): 3},
        {True: 3},
        {1: object()},
        _loop(),
        {1: _loop()},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_has_a_named_error(value: Any) -> None:
    with pytest.raises(UnsupportedValue):
        digest_bytes(value)
    with pytest.raises(UnsupportedValue):
        digest_bytes({"part": [value]})


def test_floats_that_differ_between_machines_are_refused() -> None:
    if np.dtype(np.longdouble).itemsize > 8:
        for value in (np.longdouble(1), np.zeros(1, np.longdouble), np.zeros(1, np.clongdouble)):
            with pytest.raises(UnsupportedValue, match="canonical"):
                digest_bytes(value)


def test_a_nan_keeps_its_bits() -> None:
    odd = struct.unpack("<d", struct.pack("<Q", 0x7FF8_0000_0000_0007))[0]
    assert digest_bytes(odd) != digest_bytes(math.nan)
    assert digest_bytes([math.nan]) == digest_bytes([math.nan])
