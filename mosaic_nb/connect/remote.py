"""What the faces of all APIs share."""

from __future__ import annotations

from typing import Any, NoReturn

from mosaic_nb.connect.connection import Connection


class Remote:
    """An environment that lives in another process.

    Args:
        connection: the line to it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        vars(self).update(connection.attributes)

    def render(self) -> Any:
        """Return what the environment renders."""
        return self._connection.invoke("render")

    def close(self) -> None:
        """Close the environment and end its process; again is harmless."""
        self._connection.close()

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__} has no {name!r} (yet): the environment lives in another process, and only what its "
            "API promises is here, part of it after reset; a wrapper that needs more belongs in connect(wrappers=...)"
        )

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(
            "a connected environment can be neither pickled nor copied, for it is a process that runs: connect again, "
            "and reset with the same seed to have the same episode"
        )
