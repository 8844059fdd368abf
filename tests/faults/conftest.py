"""The rogue operator, found by name in these tests alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mosaic_nb as mnb


@pytest.fixture
def rogue(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that declares the rogue operator."""
    monkeypatch.setenv("MOSAIC_NB_PATH", str(Path(__file__).parent / "workers"))
    return lambda **options: mnb.operator("rogue", **options)
