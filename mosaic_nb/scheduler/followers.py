"""Followers: operators that are told an episode that others play, and asked at each step what they would do.

A follower's seat hears the past as it happened (reset, then what came of every step), never its own decisions: that is
the law of catch-up, step by step. So nothing that it answers depends on what it answered before, and many questions
can be under way at once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import msgspec

from mosaic_nb.errors import MosaicError, RemoteError
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler.chapters import Chapter
from mosaic_nb.scheduler.link import Pending, gather
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker

_STARTS = 3
"""Times that the worker of one operator is started: one that dies again and again is given up."""


class Respondent:
    """An operator that is asked, in a worker of its own, with all its seats.

    Args:
        name: what its answers are called.
        worker: its worker, which has been started.
        deadline: seconds for an answer where it declares none, or None.
    """

    def __init__(self, name: str, worker: OperatorWorker, deadline: float | None) -> None:
        self.name = name
        self.worker = worker
        self._deadline = worker.declared.deadline or deadline
        self._open: deque[Pending] = deque()

    def request(self, request: Any) -> Pending:
        """Send a request; it may take as long as all that are before it together."""
        while self._open and self._open[0].done:
            self._open.popleft()
        limit = None if self._deadline is None else self._deadline * (len(self._open) + 1)
        pending = self.worker.link.request(request, limit)
        self._open.append(pending)
        return pending

    async def ensure(self) -> bool:
        """Make sure that it runs; False where it has died too often."""
        if not self.worker.running and self.worker.generation >= _STARTS:
            return False
        await self.worker.ensure()
        return True

    def sees(self, observation: messages.Observation) -> messages.Observation:
        """Return an observation without what this operator did not ask to perceive."""
        needs = self.worker.loaded.needs
        return msgspec.structs.replace(
            observation,
            text=observation.text if "text" in needs else None,
            frame=observation.frame if "frame" in needs else None,
            history=observation.history if "history" in needs else None,
        )


@dataclass
class Question:
    """What a follower was asked, and what came of it.

    Attributes:
        chapter, step: which step of which episode; None for the beginning of an episode.
        agent, respondent: who is meant, and who was asked.
        observation: what it perceived.
        pending: the question, or None where it could not be asked.
        error: why there is no answer, or empty.
    """

    chapter: Chapter
    step: int | None
    agent: str
    respondent: Respondent
    observation: messages.Observation | None = None
    pending: Pending | None = None
    error: str = ""


class Follower:
    """An operator's seat that follows one agent through trials.

    Args:
        respondent: the operator.
        place: the seat's name in its worker, where a lane's would be.
        agent: whom it follows.
        space: the observation space as the operator perceives it.
    """

    def __init__(self, respondent: Respondent, place: str, agent: str, space: dict[str, Any]) -> None:
        self.agent = agent
        self._respondent = respondent
        self._place = place
        self._space = space
        self._seen: messages.Observation | None = None
        self._outcomes = Outcomes()
        self._untold: list[messages.Outcome] = []
        self._asked: list[Question] = []
        self._generation = 0
        self._gone = ""
        self._said_so = False

    async def join(self) -> None:
        """A trial begins: have the operator run."""
        self._untold.clear()
        self._gone, self._said_so = "", False
        try:
            if not await self._respondent.ensure():
                self._gone = f"its worker has ended {_STARTS} times and is not started again"
        except (MosaicError, ProtocolError) as error:
            self._gone = explain(error)
        self._generation = self._respondent.worker.generation

    def begin(self, chapter: Chapter, worker: EnvironmentWorker) -> None:
        """An episode of the trial begins."""
        self._chapter = chapter
        self._outcomes.begin()
        self._seen = None
        told, untold = chapter.told(worker, self.agent, self._space), self._take_untold()
        where: dict[str, Any] = {"id": 0, "lane": self._place, "agent": self.agent}
        self._put(None, messages.ResetSeat(**where, episode=told, learn=untold))

    def ask(self, step: int) -> None:
        """Ask what it would do where the agent is to move."""
        if self._seen is None or (self._gone and self._said_so):
            return
        where: dict[str, Any] = {"id": 0, "lane": self._place, "agent": self.agent, "step": step}
        seed, untold = self._chapter.decision_seed(self.agent, step), self._take_untold()
        self._put(step, messages.Act(**where, observation=self._seen, seed=seed, learn=untold))

    def see(self, actions: dict[str, Any], transition: messages.Transition) -> None:
        """Take in a step, or (without actions) the reset."""
        if self._respondent.worker.loaded.learns:
            acted = self._seen is not None and self.agent in actions
            before = {self.agent: self._seen} if self._seen is not None else {}
            mine = {self.agent: actions[self.agent]} if acted else {}
            self._untold += [outcome for _, outcome in self._outcomes.settle(before, mine, transition)]
        now = transition.observations.get(self.agent)
        self._seen = None if now is None else self._respondent.sees(now)

    async def answers(self) -> list[Question]:
        """Wait for what it was asked meanwhile, and return it; of one that is lost only the first without answer."""
        asked, self._asked = self._asked, []
        await gather([question.pending for question in asked if question.pending is not None])
        return [question for question in asked if self._settle(question)]

    def leave(self) -> None:
        """The trial is over: the seat is not needed any more."""
        if self._lives():
            where: dict[str, Any] = {"id": 0, "lane": self._place, "agent": self.agent}
            self._respondent.request(messages.CloseSeat(**where, learn=self._take_untold()))

    def _put(self, step: int | None, request: Any) -> None:
        seen = self._seen if step is not None else None
        question = Question(self._chapter, step, self.agent, self._respondent, seen)
        if self._lives():
            question.pending = self._respondent.request(request)
        self._asked.append(question)

    def _settle(self, question: Question) -> bool:
        """Take in what came of a question; returns whether anybody is to hear of it."""
        error = None if question.pending is None else question.pending.error
        if isinstance(error, RemoteError) and question.step is not None:
            question.error = explain(error)
        elif error is not None:
            self._gone = self._gone or explain(error)
        elif question.pending is None:
            self._gone = self._gone or "its worker was lost with the seats of other episodes"
        if question.step is None:
            return False
        if self._gone:
            question.error = f"{self._gone}; it is asked again in the next trial"
            said, self._said_so = self._said_so, True
            return not said
        return True

    def _lives(self) -> bool:
        worker = self._respondent.worker
        return not self._gone and worker.running and worker.generation == self._generation

    def _take_untold(self) -> list[messages.Outcome]:
        untold, self._untold = self._untold, []
        return untold


def explain(error: Exception) -> str:
    """Say what went wrong with an operator, without a traceback."""
    return str(error) if isinstance(error, RemoteError) else f"{type(error).__name__}: {error}"
