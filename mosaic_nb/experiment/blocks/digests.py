"""Digests of one agent's transitions: the bytes of `canonical.digest_bytes`, put together from what stays the same."""

from __future__ import annotations

import struct
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np

from mosaic_nb.protocol.canonical import digest_bytes

_SIZE = 8
_FIX = 15
"""Keys that a map may have whose length takes no byte of its own."""

number = struct.Struct(">d").pack
"""Eight bytes of a reward, as msgpack has them after their tag."""

Body = Callable[[Any], bytes | None]


class Parts(NamedTuple):
    """What the digest of a step is made of that ends no episode, where there is no mask.

    The state of ``begun`` takes in the observation, ``middle``, the reward by `number`, and ``tail``.

    Attributes:
        dtype, shape: of an observation that is an array, whose ``tobytes`` stands for it; else None.
        body: gives the bytes of another one; None where it cannot be told without `of_step`.
    """

    dtype: Any
    shape: Any
    body: Body
    begun: Any
    middle: bytes
    tail: bytes


class Digests:
    """Digests of an environment with one agent.

    Args:
        agent: its name.
    """

    def __init__(self, agent: str) -> None:
        self._agent = agent
        self._parts = Parts(None, None, _unknown, None, b"", b"")

    def parts(self, value: Any) -> Parts:
        """Return what the digests of observations like this one are made of."""
        parts = self._parts
        if type(value) is np.ndarray:
            known = value.dtype is parts.dtype and value.shape == parts.shape
        else:
            known = parts.begun is not None and parts.dtype is None and parts.body(value) is not None
        if not known:
            self._parts = self._made(value)
        return self._parts

    def _made(self, value: Any) -> Parts:
        agent, array = self._agent, type(value) is np.ndarray
        body = _unknown if array else _body(value)
        data = value.tobytes() if array else body(value)
        if data is None:
            return Parts(None, None, _unknown, None, b"", b"")
        whole = digest_bytes(({agent: value}, {}, {agent: 0.0}, [], []))
        tail = digest_bytes([[], []])[1:]
        middle = digest_bytes([{}, {agent: 0.0}])[1 : -len(number(0.0))]
        rest = data + middle + number(0.0) + tail
        if not whole.endswith(rest):  # an array whose bytes lie in another order
            return Parts(None, None, _unknown, None, b"", b"")
        begun = blake2b(whole.removesuffix(rest), digest_size=_SIZE).copy
        kind, shape = (value.dtype, value.shape) if array else (None, None)
        return Parts(kind, shape, body, begun, middle, tail)

    def of_step(self, observed: Any, mask: Any, reward: float, terminated: Any, truncated: Any) -> Any:
        """Return the hash of any step."""
        agent = self._agent
        over = terminated or truncated
        answered = (
            {} if over else {agent: observed},
            {} if over or mask is None else {agent: mask},
            {agent: reward},
            [agent] if terminated else [],
            [agent] if truncated else [],
        )
        return blake2b(digest_bytes(answered), digest_size=_SIZE)


def _unknown(_: Any) -> bytes | None:
    return None


def _body(value: Any) -> Body:
    """Return what gives the canonical bytes of dicts with the same keys, and arrays of the same kinds, as this one."""
    if type(value) is not dict or not 0 < len(value) <= _FIX or set(map(type, value)) != {str}:
        return _unknown
    head = digest_bytes(dict.fromkeys(value))[:1]
    members = [(key, digest_bytes({key: None})[1:-1], *_member(value[key])) for key in sorted(value)]

    def body(other: Any) -> bytes | None:
        if type(other) is not dict or len(other) != len(members):
            return None
        found = [head]
        for key, name, kind, shape, begun in members:
            part = other.get(key)
            if type(part) is np.ndarray and part.dtype is kind and part.shape == shape:
                found += (name, begun, part.tobytes())
            else:
                if part is None:
                    return None
                found += (name, digest_bytes(part))
        return b"".join(found)

    return body


def _member(value: Any) -> tuple[Any, Any, bytes]:
    """Return dtype and shape of an array, and what its bytes begin with."""
    if type(value) is not np.ndarray:
        return None, None, b""
    whole, data = digest_bytes(value), value.tobytes()
    return (value.dtype, value.shape, whole.removesuffix(data)) if whole.endswith(data) else (None, None, b"")
