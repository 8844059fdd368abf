"""Where a run comes from: what its header keeps of the machine and the code."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_LIBRARIES = ("cloudpickle", "gymnasium", "msgspec", "numpy", "pandas", "pyarrow")
_GIT = (
    "git",
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
)  # reads only, and runs no hook of the repository
_GIT_SECONDS = 5


def provenance() -> dict[str, Any]:
    """Return versions, platform, the state of the current directory's git repository, and the time.

    ``git`` is None outside a repository; its ``dirty`` says whether tracked files differ from the commit. No
    environment variable, host or user name is among it.
    """
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "mosaic_nb": _version("mosaic_nb"),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "git": _git(Path.cwd()),
    }


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:  # run from its source tree
        return None


def _git(directory: Path) -> dict[str, Any] | None:
    commit = _ask_git(directory, "rev-parse", "HEAD")
    if commit is None:
        return None
    changes = _ask_git(directory, "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit.strip(), "dirty": None if changes is None else bool(changes.strip())}


def _ask_git(directory: Path, *question: str) -> str | None:
    try:
        answer = subprocess.run(
            [*_GIT, *question],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no git here, or a repository too large to ask
        return None
    return answer.stdout if answer.returncode == 0 else None
