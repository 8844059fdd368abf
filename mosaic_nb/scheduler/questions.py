"""The questions of a tick: what is waited for, given up, and put to somebody else instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mosaic_nb.errors import Aborted
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.link import Pending, gather, release


class Questions:
    """What the tick under way waits for.

    Args:
        stage: held by the tick; free while decisions are awaited, so that seats can be exchanged then.
        changed: called when there is something new to see.

    Attributes:
        asked: the decisions that the tick asks for: of whom, and the question.
    """

    def __init__(self, stage: asyncio.Lock, changed: Callable[[], None]) -> None:
        self.asked: list[tuple[Lane, str, Pending]] = []
        self._stage = stage
        self._changed = changed
        self._open: list[Pending] = []
        self._again = False
        self._aborted = False

    def begin(self) -> None:
        """A tick begins."""
        self._aborted = False

    def end(self) -> None:
        """The tick is over, or was given up."""
        self.asked = []

    async def wait(self, pendings: list[Pending]) -> None:
        """Wait until all of these are settled."""
        self._open = pendings
        await gather(pendings)
        self._open = []

    async def answers(self) -> None:
        """Wait for the decisions; meanwhile somebody else may take a seat and be asked instead.

        Raises:
            Aborted: the tick was given up.
        """
        self._again = True
        while self._again and not self._aborted:
            self._again = False
            self._stage.release()
            try:
                await self.wait([pending for _, _, pending in self.asked])
            finally:
                await self._stage.acquire()
            if self._again:
                self._changed()
        if self._aborted:
            raise Aborted("the tick was given up; nothing has moved")

    async def ask_again(self, pendings: list[Pending]) -> None:
        """Wait for further decisions of the same tick; seats stay as they are meanwhile.

        Raises:
            Aborted: the tick was given up.
        """
        await self.wait(pendings)
        if self._aborted:
            raise Aborted("the tick was given up; nothing has moved")

    def includes(self, lane: Lane, agent: str) -> bool:
        """Whether an agent is asked in this tick."""
        return any(at is lane and who == agent for at, who, _ in self.asked)

    def replace(self, lane: Lane, agent: str, question: Pending) -> None:
        """Have an agent's decision from this question; nobody waits for the answer to the old one any more."""
        self.asked = [
            (at, who, question if at is lane and who == agent else pending) for at, who, pending in self.asked
        ]
        self._again = True
        release(self._open)

    def take_back(self) -> None:
        """Give the tick up as soon as the workers have answered: questions to people are taken back at once."""
        self._aborted = True
        for pending in self._open:
            if pending.link is None and not pending.done:
                pending.resolve(None, Aborted("the tick was given up"))

    def abort(self) -> None:
        """Give the tick up now: workers that owe an answer are ended."""
        self.take_back()
        for pending in self._open:
            if pending.link is not None and not pending.done:
                pending.link.fail(Aborted("it was ended because the tick was interrupted"))
