"""What every test needs: a place of its own to write to, and no trace of the user's settings."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder with pyproject.toml."""
    return CHECKOUT


@pytest.fixture(scope="session", autouse=True)
def _own_folders() -> Iterator[None]:
    """Keep the user's cache, data and configuration out of the tests and the tests out of them.

    Through the environment, not a patch: workers and kernels inherit it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="mosaic-nb-tests-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        for kind in ("CACHE", "CONFIG", "DATA"):
            patch.setenv(f"XDG_{kind}_HOME", str(Path(folder, kind.lower())))
        for name in [name for name in os.environ if name.startswith("MOSAIC_NB_") and name.endswith("PATH")]:
            patch.delenv(name)
        yield
