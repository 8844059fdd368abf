"""The wire, in both directions, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mosaic_nb.protocol import Decoder, Encoder


@pytest.fixture(scope="session")
def wire() -> Callable[[Any], Any]:
    """Give a value as the other side receives it."""
    encoder, decoder = Encoder(), Decoder[Any](object)

    def send(value: Any) -> Any:
        (received,) = decoder.feed(encoder.encode(value))
        return received

    return send
