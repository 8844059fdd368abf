"""A lane's past, played again in an environment beside it: whoever looks at a moment that nobody saw looks there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.link import gather
from mosaic_nb.scheduler.replaying import Script, replay
from mosaic_nb.scheduler.workers import EnvironmentWorker

_STRIDE = 64
"""Steps that are replayed at once before it is looked whether anybody still wants to get there."""
_DEADLINE = 20.0


class Replica:
    """An environment that is played to the moments that are looked at, forwards as long as that leads there.

    Args:
        worker: a worker of the lane's environment, not started.

    Attributes:
        lock: held by whoever has it go somewhere and looks at it there.
    """

    def __init__(self, worker: EnvironmentWorker) -> None:
        self.lock = asyncio.Lock()
        self._worker = worker
        self._script: Script | None = None
        self._step: int | None = None

    async def go(self, script: Script, step: int, wanted: Callable[[], bool] = lambda: True) -> bool:
        """Play an episode to a step, every digest checked; False if it was not wanted any more on the way.

        Raises:
            Diverged: it does not come out as it was recorded.
            MosaicError, ProtocolError: the environment could not be started.
        """
        if not self._worker.running:
            self._script = None
            await self._worker.ensure()
        since = self._step if self._continues(script) else None
        if since is not None and since > step:
            since = None
        self._script, self._step = script, None
        while since is None or since < step:
            upto = min((since or 0) + _STRIDE, step)
            await replay(self._worker, script, upto, since=since)
            since = self._step = upto
            if since < step and not wanted():
                return False
        self._step = since
        return True

    async def look(self, format: str, *, words: bool = False) -> messages.Picture:
        """Return a picture of where it has come to.

        Raises:
            RemoteError: the environment cannot draw it.
            WorkerDied, DeadlineExceeded: it has failed.
        """
        pending = self._worker.link.request(messages.Render(id=0, format=format, words=words), _DEADLINE)
        await gather([pending])
        if pending.error is not None:
            raise pending.error
        picture: messages.Picture = pending.reply
        return picture

    async def close(self) -> None:
        """End the environment; it is started anew when it is asked for again."""
        self._script = None
        await self._worker.close()

    def _continues(self, script: Script) -> bool:
        """Whether the episode played so far is the one wanted, perhaps longer now."""
        mine = self._script
        return mine is script or (mine is not None and _beginning(mine) == _beginning(script))


def _beginning(script: Script) -> tuple[object, ...]:
    return script.branch, script.episode, script.digest, script.seed.seed, script.seed.instance
