"""Whether a requirement is met here, and how to meet it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import metadata

from packaging.requirements import Requirement


def unmet(text: str) -> str | None:
    """Return the requirement with what stands in its way, or None where it is met, its extras included.

    Args:
        text: as pip writes it: ``"minigrid>=3"``, ``"gymnasium[box2d]"``.
    """
    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return None
    if (installed := _installed(requirement.name)) is None:
        return f"{text} (not installed)"
    if not requirement.specifier.contains(installed, prereleases=True):
        return f"{text} ({installed} is installed)"
    missing = [name for extra in sorted(requirement.extras) for name in _missing_of(requirement.name, extra)]
    return f"{text} ({', '.join(missing)} not installed)" if missing else None


def install(requirements: Sequence[str], overrides: Sequence[str] = ()) -> str:
    """Return the command that installs the requirements, the overrides standing above their own demands."""
    wanted = shlex.join(requirements)
    if not overrides:
        return f"python -m pip install {wanted}"
    listed = shlex.join(overrides)
    return f"printf '%s\\n' {listed} > overrides.txt && uv pip install --override overrides.txt {wanted}"


def _missing_of(distribution: str, extra: str) -> list[str]:
    """Return the distributions that an extra asks for and that are not there."""
    wanted = map(Requirement, metadata.requires(distribution) or ())
    named = {r.name for r in wanted if r.marker is not None and r.marker.evaluate({"extra": extra})}
    return sorted(name for name in named if _installed(name) is None)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
