"""Asking: what other operators would have done at every step of a run, each caught up on the very history.

Every episode is played again once for all of them, its digests checked; several trials at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

from mosaic_nb.errors import CastError, EnvironmentFailure, MosaicError
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.casts import actions_of
from mosaic_nb.scheduler.chapters import Chapter, Key, Trial
from mosaic_nb.scheduler.followers import Follower, Question, Respondent, explain
from mosaic_nb.scheduler.replaying import replay
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker

_STRIDE = 16
"""Steps that are played, and asked about, at once."""
_PROBE = "probe"


@dataclass
class Progress:
    """How far it is, to be read from any thread.

    Attributes:
        steps: that have been asked about; ``asked``: decisions by operator.
    """

    steps: int = 0
    asked: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What an operator would have done at a step.

    Attributes:
        key, step, agent: where.
        other: who was asked.
        same: whether it would have done what was done.
        action, label: its decision, as the tables have it; ``probabilities``, ``value``: None where it gives none.
        chance: the probability that it gave to what was done; ``place``: that of its action in a list of probabilities.
        reason: why the action would not have been legal, or empty.
        error: why there is no decision, or empty.
    """

    key: Key
    step: int
    agent: str
    other: str
    same: bool
    action: Any = None
    label: str = ""
    probabilities: list[float] | None = None
    value: float | None = None
    chance: float | None = None
    place: int | None = None
    reason: str = ""
    error: str = ""


class Panel:
    """The operators that are asked, and the environments in which the episodes are played again.

    Args:
        environment: returns one with this log, not started.
        operators: by the name that their answers get.
        logs: a folder for the workers' logs.
        deadline: seconds for an answer where an operator declares none, or None.

    Attributes:
        first: the environment that operators are tried with.
    """

    def __init__(
        self,
        environment: Callable[[Path], EnvironmentWorker],
        operators: Mapping[str, Declared],
        logs: Path,
        deadline: float | None,
    ) -> None:
        self._environment = environment
        self._logs = logs
        self._numbers = count()
        self.respondents = [
            Respondent(name, OperatorWorker(declared, logs / f"operator-{number}.log"), deadline)
            for number, (name, declared) in enumerate(operators.items())
        ]
        self._places: list[EnvironmentWorker] = []
        self.first = self.place()
        self._spare = [self.first]

    def take(self) -> EnvironmentWorker:
        """Return an environment to play again in, which may not have been started: the first, then more."""
        return self._spare.pop() if self._spare else self.place()

    def place(self) -> EnvironmentWorker:
        """Return one more environment, not started; it is closed with the panel."""
        worker = self._environment(self._logs / f"environment-{next(self._numbers)}.log")
        self._places.append(worker)
        return worker

    async def start(self, agents: Sequence[str], chapter: Chapter) -> None:
        """Start the operators, and have each refuse now what it cannot play.

        Args:
            agents: whom they are asked for.
            chapter: an episode that they might be told of.

        Raises:
            CastError: operators cannot be started, or do not fit an agent; it names all.
            EnvironmentFailure: the environment could not be started.
        """
        await open_place(self.first)
        misfits = await asyncio.gather(*(self._try(each, agents, chapter) for each in self.respondents))
        told = [misfit for found in misfits for misfit in found]
        if told:
            raise CastError("nobody was asked, for some cannot answer here:\n- " + "\n- ".join(told))

    async def _try(self, respondent: Respondent, agents: Sequence[str], chapter: Chapter) -> list[str]:
        found = []
        try:
            await respondent.worker.ensure()
        except (MosaicError, ProtocolError) as error:
            return [f"{respondent.name!r} could not be started: {error}"]
        for agent in agents:
            try:
                observed = await self.first.observe(agent, respondent.worker.loaded)
                told = chapter.told(self.first, agent, observed.observation_space)
                where: dict[str, Any] = {"id": 0, "lane": _PROBE, "agent": agent}
                await respondent.worker.ask(messages.ResetSeat(**where, episode=told))
                await respondent.worker.ask(messages.CloseSeat(**where))
            except (MosaicError, ProtocolError) as error:
                actions = actions_of(self.first.opened.agents[agent])
                found.append(
                    f"{respondent.name!r} cannot play {agent!r}, whose actions are {actions}: {explain(error)}"
                )
        return found

    async def close(self) -> None:
        """End every worker; returns when all have been reaped."""
        workers = [*self._places, *(respondent.worker for respondent in self.respondents)]
        await asyncio.gather(*(worker.close() for worker in workers))


async def open_place(worker: EnvironmentWorker) -> None:
    """Start an environment to play again in.

    Raises:
        EnvironmentFailure: it could not be started.
    """
    try:
        await worker.ensure()
    except (MosaicError, ProtocolError) as error:
        raise EnvironmentFailure(
            str(error), environment=worker.environment.id, lane=worker.name, step=0, log=worker.log_tail()
        ) from error


async def ask_all(
    panel: Panel,
    trials: Iterable[Trial],
    wanted: Callable[[Key], bool],
    agents: Sequence[str],
    progress: Progress,
    *,
    everything: bool = False,
    at_once: int = 1,
) -> list[Reply]:
    """Play trials again and ask at every step; a reply for each that would have done otherwise, or failed.

    Args:
        panel: has been started.
        trials: of the run; of those that are wanted nowhere nothing is played.
        wanted: whether an episode is asked about.
        agents: whom for.
        progress: is kept up to date.
        everything: whether to return also who would have done the same.
        at_once: trials.

    Raises:
        Diverged: an episode does not replay.
        EnvironmentFailure: an environment could not be started.
    """
    waiting = deque(trials)
    replies: list[Reply] = []

    async def work(number: int) -> None:
        row = _Row(panel, f"asked-{number}", agents)
        while waiting:
            trial = waiting.popleft()
            told = row.follow(trial, wanted, progress)
            replies.extend([reply async for reply in told if everything or not reply.same])

    tasks = [asyncio.ensure_future(work(number)) for number in range(max(1, min(at_once, len(waiting))))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return replies


class _View:
    """An environment that shows what some operators perceive, and their seats.

    Args:
        worker: the environment.
        respondents: operators whose policies see it through the same wrappers.
    """

    def __init__(self, worker: EnvironmentWorker, respondents: Sequence[Respondent]) -> None:
        self.worker = worker
        self.respondents = respondents
        self.followers: list[Follower] = []

    async def open(self, place: str, agents: Sequence[str]) -> None:
        """Have the environment run, and show each agent what all of these perceive together."""
        if self.followers and self.worker.running:
            return
        await open_place(self.worker)
        loaded = [respondent.worker.loaded for respondent in self.respondents]
        needs = sorted({need for each in loaded for need in each.needs})
        together = messages.Loaded(id=0, needs=needs, view=loaded[0].view)
        spaces = {agent: (await self.worker.observe(agent, together)).observation_space for agent in agents}
        self.followers = [
            Follower(respondent, place, agent, spaces[agent])
            for respondent in self.respondents
            for agent in agents
        ]

    def begin(self, chapter: Chapter) -> None:
        """Tell everybody of the next episode."""
        for follower in self.followers:
            follower.begin(chapter, self.worker)

    async def play(self, chapter: Chapter, since: int | None, upto: int, asks: bool) -> None:
        """Play on from a step to another (from the reset where None), and ask on the way."""
        script = chapter.script

        def each(step: int | None, transition: messages.Transition) -> None:
            actions = {} if step is None else script.actions[step]
            for follower in self.followers:
                if asks and step is not None and follower.agent in actions:
                    follower.ask(step)
                follower.see(actions, transition)

        await replay(self.worker, script, upto, each, since=since)


class _Row:
    """Plays one trial after another, with a seat of every operator for each agent.

    Args:
        panel: has been started.
        place: what the seats are called in the operators' workers.
        agents: whom they follow.
    """

    def __init__(self, panel: Panel, place: str, agents: Sequence[str]) -> None:
        self._place = place
        self._agents = agents
        self._learners = any(respondent.worker.loaded.learns for respondent in panel.respondents)
        self._actions = {agent: Actions(panel.first.opened.agents[agent]) for agent in agents}
        alike: list[list[Respondent]] = []
        for respondent in panel.respondents:
            view = respondent.worker.loaded.view
            same = next((group for group in alike if group[0].worker.loaded.view == view), None)
            if same is None:
                alike.append([respondent])
            else:
                same.append(respondent)
        self._views = [_View(panel.take(), group) for group in alike]

    async def follow(
        self, trial: Trial, wanted: Callable[[Key], bool], progress: Progress
    ) -> AsyncIterator[Reply]:
        """Follow a trial up to its last episode that is wanted, and yield what comes of the questions."""
        asked = [wanted(chapter.key) for chapter in trial]
        while asked and not asked[-1]:
            asked.pop()
        followers = await self._gather() if asked else []
        for chapter, asks in zip(trial, asked, strict=False):  # those after the last are not needed
            for view in self._views:
                view.begin(chapter)
            if asks or self._learners:
                async for question in self._play(chapter, asks, followers, progress):
                    yield self._reply(question, progress)
        for follower in followers:
            follower.leave()

    async def _gather(self) -> list[Follower]:
        """Have everybody run for another trial, and return who follows it."""
        for view in self._views:
            await view.open(self._place, self._agents)
        followers = [follower for view in self._views for follower in view.followers]
        for follower in followers:
            await follower.join()
        return followers

    async def _play(
        self, chapter: Chapter, asks: bool, followers: Sequence[Follower], progress: Progress
    ) -> AsyncIterator[Question]:
        whole, since, upto = len(chapter.script), None, 0
        while since != whole:
            answers = (follower.answers() for follower in followers)  # of the steps before, meanwhile
            plays = (view.play(chapter, since, upto, asks) for view in self._views)
            _, found = await asyncio.gather(asyncio.gather(*plays), asyncio.gather(*answers))
            for question in chain.from_iterable(found):
                yield question
            progress.steps += asks * (upto - (since or 0))
            since, upto = upto, min(upto + _STRIDE, whole)
        for follower in followers:
            for question in await follower.answers():
                yield question

    def _reply(self, question: Question, progress: Progress) -> Reply:
        script, step, agent = question.chapter.script, question.step, question.agent
        assert step is not None
        where = (question.chapter.key, step, agent, question.respondent.name)
        if question.error or question.pending is None:
            return Reply(*where, same=False, error=question.error)
        actions, decision = self._actions[agent], question.pending.reply
        action = actions.convert(actions.restore(decision.action))
        progress.asked[question.respondent.name] = progress.asked.get(question.respondent.name, 0) + 1
        if (no_action := actions.explain(action, None)) is not None:
            return Reply(*where, same=False, error=f"what it asked for is no action: {no_action}")
        mask = None if question.observation is None else question.observation.action_mask
        done = script.actions[step][agent]
        probabilities = decision.probabilities
        at = actions.index(done)
        return Reply(
            *where,
            same=actions.write(action) == actions.write(done),
            action=json.loads(actions.write(action)),
            label=actions.label(action),
            probabilities=probabilities,
            value=decision.value,
            chance=None if probabilities is None or at is None else probabilities[at],
            place=actions.index(action),
            reason=actions.explain(action, mask) or "",
        )
