"""Environments behind one shape: resolving an id, adapting an API, words and pictures of what an agent perceives.

Runs inside a worker. Needs numpy, msgspec and gymnasium alone; an environment's own package, Pillow, simplejpeg
and cloudpickle are imported where they are used. `spec.declare` is the part for the user's side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb.connect import connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # for the user's side: it starts a process, so it stands above this room
        from mosaic_nb import connect

        return getattr(connect, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
