"""Framing: any split of the stream gives the same messages, and every way to break it has a name."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from mosaic_nb.protocol import (
    HEADER_LIMIT,
    PAYLOAD_LIMIT,
    Decoder,
    Encoder,
    FrameTooLarge,
    MalformedFrame,
    Reply,
    Request,
    TruncatedFrame,
    UnexpectedMessage,
    UnsupportedValue,
)
from mosaic_nb.protocol.framing import PREFIX
from mosaic_nb.protocol.messages import Act, Decision, Observation, Ping

Array = np.ndarray[Any, Any]

dtypes = st.one_of(
    arrays.scalar_dtypes().filter(lambda dtype: dtype.kind in "biufc"),
    arrays.unicode_string_dtypes(max_len=5),
    arrays.byte_string_dtypes(max_len=5),
)
any_array = dtypes.flatmap(
    lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)
plain = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.text(), st.binary())
anything = st.recursive(
    st.one_of(plain, any_array), lambda parts: st.one_of(st.lists(parts), st.dictionaries(st.text(), parts))
)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal to the bit."""
    if isinstance(one, np.ndarray | np.generic):
        return bool(
            type(one) is type(other)
            and (one.dtype.str, one.shape, one.tobytes()) == (other.dtype.str, other.shape, other.tobytes())
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@given(st.lists(anything, min_size=1, max_size=4), st.data())
def test_any_split_of_the_stream_gives_the_same_messages(messages: list[Any], data: st.DataObject) -> None:
    encoder, decoder = Encoder(), Decoder[Any](object)
    stream = b"".join(map(encoder.encode, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    received = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        received += decoder.feed(stream[start:end])
    decoder.end()
    assert same(received, messages)


def test_every_byte_by_itself_and_two_frames_at_once() -> None:
    act = Act(
        id=2**63, lane="PPO", agent="agent", step=3, observation=Observation(np.arange(6.0)), seed=2**64 - 1
    )
    frames = Encoder().encode(Ping(id=1)) + Encoder().encode(act)
    for chunks in ([frames], [frames[i : i + 1] for i in range(len(frames))], [memoryview(frames)]):
        decoder: Decoder[Any] = Decoder(Request)
        ping, received = (message for chunk in chunks for message in decoder.feed(chunk))
        assert ping == Ping(id=1)
        assert same(received.observation.value, act.observation.value)
        assert (received.id, received.seed, received.step) == (act.id, act.seed, act.step)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(0),
        np.zeros((3, 0, 2), np.uint8),
        np.array(3.5),
        np.arange(24).reshape(2, 3, 4)[:, ::-2, 1:],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.broadcast_to(np.float32(2), (3, 2)),
        np.arange(3, dtype=">i4"),
        np.array(["é€𝄞", ""]),
        np.array(["é"], ">U3"),
        np.array([b"a\0b"]),
        np.array([True, False]),
        np.array([1 + 2j], np.complex64),
        np.array([np.nan, -0.0, np.inf], np.float16),
    ],
    ids=repr,
)
def test_arrays_arrive_equal_writable_and_free(array: Array, wire: Callable[[Any], Any]) -> None:
    for received in (wire(array), wire({"a": [1, array]})["a"][1]):
        assert same(received, np.ascontiguousarray(array).reshape(array.shape))
        assert received.flags.writeable
        assert received.flags.aligned
        assert received.base is None or received.base.base is None


@pytest.mark.parametrize("value", [np.int8(-3), np.float64(0.1), np.bool_(True), np.str_("é"), np.str_("")])
def test_scalars_keep_their_type(value: Any, wire: Callable[[Any], Any]) -> None:
    assert same(wire(value), value)


@given(arrays.arrays(np.uint8, st.integers(0, 20)), arrays.arrays(np.float64, st.integers(0, 3)))
def test_every_array_starts_at_a_multiple_of_eight(first: Array, second: Array) -> None:
    frame = Encoder().encode([first, second])
    header, payload = struct.unpack_from("<II", frame)
    assert (len(frame) - 8 - header, payload % 8) == (payload, 0)
    offsets: list[int] = []
    msgspec.msgpack.decode(
        frame[8 : 8 + header], ext_hook=lambda _, data: offsets.append(msgspec.msgpack.decode(data)[2])
    )
    assert offsets == [0, -(-len(first) // 8) * 8]


# --- what cannot be sent -----------------------------------------------------------------------------


def _loop() -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array([None]),
        np.zeros(1, "i4,f8"),
        np.datetime64("2026-11-22"),
        1j,
        2**64,
        "\ud800",
        _loop(),
        np.broadcast_to(np.uint8(0), (PAYLOAD_LIMIT + 1,)),
        bytes(HEADER_LIMIT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_sent_has_a_named_error_and_harms_nothing(value: Any) -> None:
    encoder = Encoder()
    with pytest.raises(UnsupportedValue):
        encoder.encode([np.zeros(3), value])
    (received,) = Decoder[Any](object).feed(encoder.encode([1, np.zeros(2)]))
    assert same(received, [1, np.zeros(2)])


# --- what cannot be received -------------------------------------------------------------------------


def frame(header: bytes, payload: bytes = b"") -> bytes:
    return struct.pack("<II", len(header), len(payload)) + header + payload


def array_frame(description: Any, payload: bytes = bytes(16), code: int = 1) -> bytes:
    data = description if isinstance(description, bytes) else msgspec.msgpack.encode(description)
    return frame(msgspec.msgpack.encode(msgspec.msgpack.Ext(code, data)), payload)


def _receive(chunks: list[bytes]) -> list[Any]:
    decoder: Decoder[Any] = Decoder(object)
    return [message for chunk in chunks for message in decoder.feed(chunk)]


MALFORMED = {
    "no header": frame(b""),
    "garbage": frame(b"\xc1\xc1\xc1"),
    "half a header": frame(b"\x92\x01"),
    "more than a header": frame(b"\x01\x02"),
    "deep": frame(b"\x91" * 100_000 + b"\x90"),
    "invalid text": frame(b"\xa1\xff"),
    "unknown extension": array_frame(["<f4", [2], 0], code=3),
    "empty description": array_frame(b""),
    "description of two": array_frame(["<f4", [2]]),
    "garbage as description": array_frame(b"\xc1"),
    "array outside its payload": array_frame(["<f4", [5], 0]),
    "array outside its payload, by its offset": array_frame(["<f4", [4], 8]),
    "offset before the payload": array_frame(["<f4", [1], -8]),
    "offset beyond 64 bits": array_frame(["<f4", [1], 2**64 - 1]),
    "negative shape": array_frame(["<f4", [-1], 0]),
    "negative shape, positive size": array_frame(["<f4", [-1, -2], 0]),
    "huge shape": array_frame(["<f4", [2**40], 0]),
    "huge shape of nothing": array_frame(["<f4", [0, 2**62], 0]),
    "huge shape of nothing, beyond 64 bits": array_frame(["<f4", [0, 2**64 - 1], 0]),
    "too many dimensions": array_frame(["|u1", [1] * 80, 0]),
    "object array": array_frame(["|O", [1], 0]),
    "object scalar": array_frame(["|O", [], 0], code=2),
    "record array": array_frame(["<i4,<i4", [1], 0]),
    "array of dates": array_frame(["<M8[s]", [1], 0]),
    "unknown dtype": array_frame(["no such", [1], 0]),
    "a dtype of no size": array_frame(["<U0", [3], 0]),
    "dtype of an odd name": array_frame(["(", [1], 0]),
    "text that is none": array_frame(["<U1", [2], 0], b"\xff" * 8),
    "text that is none, big-endian": array_frame([">U1", [1], 0], b"\x00\x11\x00\x00\x00\x00\x00\x00"),
    "text scalar that is none": array_frame(["<U1", [], 0], b"\xff" * 8, code=2),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_frame_has_a_named_error(data: bytes) -> None:
    with pytest.raises(MalformedFrame):
        _receive([data])
    with pytest.raises(MalformedFrame):  # the same where it arrives in pieces
        _receive([data[:9], data[9:]])


@pytest.mark.parametrize(
    "header",
    [
        {"type": "no such", "id": 1},
        {"type": "ping"},
        {"type": "ping", "id": "1"},
        {"type": "ping", "id": 1, "step": None},
        {"type": "decision", "id": 1, "calls": [{}]},
        {"id": 1},
        [],
        None,
    ],
    ids=repr,
)
def test_what_is_no_message_has_a_named_error(header: Any) -> None:
    for kind in (Request, Reply):
        with pytest.raises((MalformedFrame, UnexpectedMessage)):
            list(Decoder[Any](kind).feed(Encoder().encode(header)))


def test_fields_and_messages_of_a_later_release_are_ignored() -> None:
    (reply,) = Decoder[Any](Reply).feed(
        Encoder().encode({"type": "decision", "id": 1, "action": 3, "mood": "good"})
    )
    assert reply == Decision(id=1, action=3)


@pytest.mark.parametrize(
    "lengths", [(1 << 30, 0), (0, 1 << 30), (2**32 - 1, 2**32 - 1), (HEADER_LIMIT + 1, 0)]
)
def test_a_gigabyte_is_refused_before_a_byte_of_it_is_kept(lengths: tuple[int, int]) -> None:
    prefix = struct.pack("<II", *lengths)
    for chunks in ([prefix], [prefix[:5], prefix[5:]], [prefix + b"x" * 100], [Encoder().encode(1) + prefix]):
        tracemalloc.start()
        try:
            with pytest.raises(FrameTooLarge, match=f"{lengths[0]:,} .* {lengths[1]:,} bytes"):
                _receive(chunks)
            assert tracemalloc.get_traced_memory()[1] < 1 << 20
        finally:
            tracemalloc.stop()


def test_what_is_not_our_protocol_is_refused() -> None:
    with pytest.raises(FrameTooLarge):
        list(Decoder[Any](object).feed(b"Traceback (most recent call last):\n"))


def test_limits_are_those_of_the_connection() -> None:
    data = Encoder().encode(np.zeros(4))
    with pytest.raises(FrameTooLarge):
        list(Decoder[Any](object, payload_limit=31).feed(data))
    assert list(Decoder[Any](object, payload_limit=32).feed(data))


@given(st.data())
def test_an_end_inside_a_frame_has_a_named_error(data: st.DataObject) -> None:
    whole = Encoder().encode([1, np.zeros(3)])
    cut = data.draw(st.integers(1, len(whole) - 1))
    for chunks in ([whole[:cut]], [whole + whole[:cut]], [whole[: cut // 2], whole[cut // 2 : cut]]):
        decoder: Decoder[Any] = Decoder(object)
        for chunk in chunks:
            list(decoder.feed(chunk))
        with pytest.raises(TruncatedFrame, match=f"{cut} bytes"):
            decoder.end()


@given(st.binary(max_size=60))
def test_garbage_gives_messages_or_a_named_error(data: bytes) -> None:
    for stream in (data, frame(data), frame(data, bytes(16)), array_frame(data)):
        decoder: Decoder[Any] = Decoder(object)
        try:
            list(decoder.feed(stream))
            decoder.end()
        except (FrameTooLarge, MalformedFrame, TruncatedFrame):
            continue


@given(st.data())
def test_a_flipped_byte_gives_a_message_or_a_named_error(data: st.DataObject) -> None:
    act = Act(id=1, lane="a", observation=Observation({"x": np.array(["ab"]), "y": np.float32(1)}))
    stream = bytearray(Encoder().encode(act))
    place = data.draw(st.integers(0, len(stream) - 1))
    stream[place] = data.draw(st.integers(0, 255))
    try:
        list(Decoder[Any](Request).feed(bytes(stream)))
    except (FrameTooLarge, MalformedFrame, UnexpectedMessage):
        return


def test_a_message_of_an_unknown_type_can_be_answered_and_the_next_is_read() -> None:
    unknown = msgspec.msgpack.encode(
        {"type": "levitate", "id": 7, "lane": "a", "agent": "b", "step": 3, "how": 1}
    )
    frame = PREFIX.pack(len(unknown), 0) + unknown
    decoder = Decoder(Request)
    with pytest.raises(UnexpectedMessage, match="levitate") as caught:
        list(decoder.feed(frame + Encoder().encode(Ping(id=8))))
    assert caught.value.about == {"id": 7, "lane": "a", "agent": "b", "step": 3}
    assert list(decoder.feed(b"")) == [Ping(id=8)]
