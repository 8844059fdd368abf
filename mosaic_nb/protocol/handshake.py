"""The choice of a protocol version, made once, by the worker, in its reply to ``hello``."""

from __future__ import annotations

from collections.abc import Iterable

from mosaic_nb.protocol.errors import VersionMismatch


def choose(offered: Iterable[int], spoken: Iterable[int]) -> int:
    """Return the newest version that both sides speak.

    Args:
        offered: what the scheduler's ``hello`` offers.
        spoken: what this side speaks, usually `mosaic_nb.protocol.VERSIONS`.

    Raises:
        VersionMismatch: there is none; the text names both sides' versions.
    """
    theirs, ours = sorted(set(offered)), sorted(set(spoken))
    common = set(theirs) & set(ours)
    if not common:
        raise VersionMismatch(
            f"the scheduler offers version {_list(theirs)} of the worker protocol, the worker speaks "
            f"{_list(ours)}: update mosaic_nb on the side whose versions are the older ones"
        )
    return max(common)


def _list(versions: list[int]) -> str:
    return ", ".join(map(str, versions)) or "none"
