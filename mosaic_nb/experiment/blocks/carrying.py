"""Values in the form that they would arrive in, had they gone over the wire: copies, in the wire's types."""

from __future__ import annotations

from typing import Any

import numpy as np

from mosaic_nb.protocol import Decoder, Encoder, Reply, messages

_KINDS = "biufc"
_SAME = frozenset({int, float, bool, str, type(None)})
_TEXT = {str}
_NUMBERS = frozenset(np.dtype(code).type for code in "?bhilqBHILQefd")
_encoder = Encoder()
_decoder: Decoder[Any] = Decoder(Reply)


def carry(value: Any) -> Any:
    """Return a value as whoever receives it would get it, for what is usual without the wire itself.

    Raises:
        UnsupportedValue: it has no form on the wire.
    """
    kind = type(value)
    if kind is np.ndarray and value.dtype.kind in _KINDS:
        return value.copy()
    if kind in _SAME or kind in _NUMBERS:
        return value
    if kind is dict and set(map(type, value)) <= _TEXT:
        return {key: carry(part) for key, part in value.items()}
    (reply,) = _decoder.feed(_encoder.encode(messages.Decision(id=0, action=value)))
    return reply.action
