"""What every test needs: a place of its own to write to, and no trace of the user's settings."""

from __future__ import annotations

import os
import signal
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


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, as in a kernel: a shell that starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
