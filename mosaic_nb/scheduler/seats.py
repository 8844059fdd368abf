"""Seats as the scheduler knows them: an operator in one agent's place in one lane.

A seat remembers what its operator would need to be brought to this step again, and a person's seat is one like
any other: its decision is a question that the picker answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, Protocol

from mosaic_nb.errors import Aborted, HumanToMove, HumanUnavailable
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.keys import Keys, StandIn
from mosaic_nb.scheduler.link import Pending
from mosaic_nb.scheduler.workers import OperatorWorker


class Seat(Protocol):
    """What a lane asks of a seat, whoever sits in it.

    Attributes:
        operator, kind: of who sits there, for the tables.
        actions: the actions of the agent.
        declared: who sits there.
        relieves: whose place a person has taken, or None.
    """

    operator: str
    kind: str
    actions: Actions
    declared: Declared
    relieves: Declared | None

    @property
    def learns(self) -> bool:
        """Whether it wants to be told outcomes."""

    def begin(self, episode: messages.Episode) -> Pending | None:
        """Begin an episode; returns what to wait for, if anything."""

    def ask(self, observation: messages.Observation, step: int, seed: int) -> Pending:
        """Ask for a decision."""

    def tell(self, outcome: messages.Outcome) -> None:
        """Say what came of a step; it travels with the next request."""

    def leave(self, successor: Seat) -> None:
        """Somebody else sits here from now on; what this one was asked is not waited for any more."""


class WorkerSeat:
    """A seat whose operator sits in a worker.

    Args:
        worker: the operator's worker, which may serve other seats too.
        lane, agent: whose place it is.
        actions: the actions of the agent.
        deadline: seconds for a decision where the operator declares none, or None for no limit.
    """

    def __init__(
        self, worker: OperatorWorker, lane: str, agent: str, actions: Actions, deadline: float | None = None
    ) -> None:
        self.worker = worker
        self.declared = worker.declared
        self.relieves: Declared | None = None
        self.operator = worker.declared.label
        self.kind = worker.declared.kind
        self.actions = actions
        self._lane = lane
        self._agent = agent
        self._deadline = worker.declared.deadline or deadline
        self._generation = 0
        self._charged = 0
        self._untold: list[messages.Outcome] = []
        self._trial: list[tuple[messages.Episode, list[messages.Outcome]]] = []

    @property
    def learns(self) -> bool:
        """Whether the operator wants outcomes."""
        return self.worker.loaded.learns

    def begin(self, episode: messages.Episode) -> Pending:
        """Begin an episode."""
        self.note(episode)
        return self.worker.link.request(
            messages.ResetSeat(
                id=0, lane=self._lane, agent=self._agent, episode=episode, learn=self._take_untold()
            ),
            self._deadline,
        )

    def note(self, episode: messages.Episode) -> None:
        """Take note of an episode that begins, or that the operator has been told of already."""
        if episode.position == 0:
            self._trial.clear()
        self._trial.append((episode, []))

    def ask(self, observation: messages.Observation, step: int, seed: int) -> Pending:
        """Ask for a decision."""
        return self.worker.link.request(
            messages.Act(
                id=0,
                lane=self._lane,
                agent=self._agent,
                step=step,
                observation=observation,
                seed=seed,
                learn=self._take_untold() if self._untold else [],
            ),
            self._deadline,
        )

    def tell(self, outcome: messages.Outcome) -> None:
        """Keep an outcome for the next request, and for catch-up."""
        self._untold.append(outcome)
        self._trial[-1][1].append(outcome)

    def leave(self, successor: Seat) -> None:
        """Have the operator close the seat, unless it is the same worker's that sits there from now on."""
        if self.current and not (isinstance(successor, WorkerSeat) and successor.worker is self.worker):
            where: dict[str, Any] = {"id": 0, "lane": self._lane, "agent": self._agent}
            self.worker.link.request(messages.CloseSeat(**where, learn=self._take_untold()))

    def uncharged(self) -> Exception | None:
        """Return why the operator's worker is gone, if that has not been charged to this seat yet."""
        broken = self.worker.broken
        if broken is None or isinstance(broken, Aborted) or self._charged == self.worker.generation:
            return None
        return broken

    def charge(self) -> None:
        """Note that the worker's failure, if it has failed, was counted here: it may be started anew."""
        self._charged = self.worker.generation

    @property
    def current(self) -> bool:
        """Whether the operator runs and knows this seat as it is."""
        return self.worker.running and self._generation == self.worker.generation

    async def ensure(self) -> None:
        """Make sure that the operator runs and that this seat is where it was, if its worker is a new one."""
        if self.current:
            return
        await self.worker.ensure()
        self._generation = self.worker.generation
        await self.catch_up()

    def remember(self, trial: list[tuple[messages.Episode, list[messages.Outcome]]]) -> None:
        """Have another past from now on: the episodes of its trial with what came of them; `ensure` brings it there."""
        self._trial = trial
        self._generation = 0

    async def catch_up(self) -> None:
        """Bring a fresh worker's seat to this step: reset, then learn, for every episode of the trial so far."""
        self._untold.clear()
        for episode, outcomes in self._trial:
            where: dict[str, Any] = {"id": 0, "lane": self._lane, "agent": self._agent}
            await self.worker.ask(messages.ResetSeat(**where, episode=episode))
            if outcomes:
                await self.worker.ask(messages.Learn(**where, learn=outcomes))

    def _take_untold(self) -> list[messages.Outcome]:
        untold, self._untold = self._untold, []
        return untold


class HumanSeat:
    """A person's seat: a question waits here until a move answers it, or the clock does.

    Args:
        declared: the ``human`` operator; its ``unattended`` moves are played, over and over, where nobody can be
            asked, its ``default`` is done under the clock while no key is down, its ``keys`` are those of the actions.
        actions: the actions of the agent.
        attended: says whether a front end is there.
        clocked: says whether people play in real time.
        relieves: whose place the person has taken, or None.

    Raises:
        ValueError: the default is no action, or the keys name none.
    """

    learns = False
    _turns = count(1)

    def __init__(
        self,
        declared: Declared,
        actions: Actions,
        attended: Callable[[], bool],
        clocked: Callable[[], bool] = lambda: False,
        relieves: Declared | None = None,
    ) -> None:
        self.operator = declared.label
        self.kind = declared.kind
        self.actions = actions
        self.declared = declared
        self.relieves = relieves
        self._turn = 0
        self._step = -1
        self._attended = attended
        self._clocked = clocked
        self._unattended = deque(declared.unattended) if declared.unattended else None
        self._moves: deque[Any] = deque()
        self._mask: Any = None
        self._question: Pending | None = None
        actions.assign(declared.options.get("keys", {}))
        self._keys = Keys(actions, declared.options.get("default"))

    @property
    def turn(self) -> int | None:
        """The number of the open question, or None."""
        return self._turn if self._question is not None and not self._question.done else None

    @property
    def default(self) -> str:
        """What is done under the clock while no key is down, by name; empty for the last action once more."""
        return self._keys.default

    def chose(self, step: int) -> bool:
        """Whether the person has answered what was asked for this step of the episode."""
        return self._question is not None and self._question.done and self._step == step

    def begin(self, episode: messages.Episode) -> None:
        """A person needs no reset."""
        self._question = None
        self._keys.begin()

    def tell(self, outcome: messages.Outcome) -> None:
        """A person has seen it."""

    def leave(self, successor: Seat) -> None:
        """A click that still comes is late."""
        self._question = None

    def perceive(self, observation: messages.Observation) -> None:
        """Take note of what is legal, before any tick is open."""
        self._mask = observation.action_mask

    @property
    def mask(self) -> Any:
        """The action mask of the person's present situation, or None."""
        return self._mask

    def offer(self, move: Any) -> None:
        """Take a move that was made before the question was asked.

        Raises:
            ValueError: it is none.
        """
        self._moves.append(self.actions.parse(move, self._mask))

    def withdraw(self) -> None:
        """Forget moves that were offered and not used."""
        self._moves.clear()

    def require(self, lane: str, blocking: bool) -> None:
        """Refuse a question that could never be answered, before it is asked.

        Raises:
            HumanToMove: the caller blocks the kernel, and no move was given.
            HumanUnavailable: no front end is there, and there are no unattended moves.
        """
        if self._moves or (self._unattended is not None and not self._attended()):
            return
        if not self._attended():
            raise HumanUnavailable(
                f"{self.operator!r} is to move in lane {lane!r} and no front end is there to ask a person: display "
                f"the arena in a live notebook, give the move as arena.step({{lane: action}}), or declare "
                f'mnb.operator("human", unattended=[...])'
            )
        if blocking:
            raise HumanToMove(
                f"{self.operator!r} is to move in lane {lane!r}, and a blocking call would keep the click from "
                f"arriving: give the move as arena.step({{lane: action}}), use `await arena.step_async()`, or click"
            )

    def ask(self, observation: messages.Observation, step: int, seed: int) -> Pending:
        """Ask; answered at once where a move was offered, nobody can be asked, or the clock does not wait."""
        self._mask = observation.action_mask
        self._question = question = Pending(None, timeout=self.declared.deadline)
        self._step = step
        if self._moves:
            question.resolve(messages.Decision(id=0, action=self._moves.popleft()))
            self._keys.note(question.reply.action)
        elif self._unattended is not None and not self._attended():
            question.resolve(StandIn(id=0, action=self._stand_in(self._unattended), fallback="unattended"))
        elif self._clocked():
            self._keys.answer(question, self._mask)
        else:
            self._turn = next(self._turns)
        return question

    def _stand_in(self, moves: deque[Any]) -> Any:
        """Return the next of the moves given for when nobody is there that is legal now.

        Raises:
            ValueError: none of them is.
        """
        for _ in range(len(moves)):
            moves.rotate(-1)
            try:
                return self.actions.parse(moves[-1], self._mask)
            except ValueError as error:
                refused = error
        raise refused

    def choose(self, move: Any, turn: int | None) -> bool:
        """Answer the open question; False where there is none, or ``turn`` names another.

        Raises:
            ValueError: the move is none; the question stays open.
        """
        if self._question is None or self.turn is None or turn not in (None, self.turn):
            return False
        action = self.actions.parse(move, self._mask)
        self._question.resolve(messages.Decision(id=0, action=action))
        self._keys.note(action)
        return True

    def hurry(self) -> None:
        """Answer the open question as the clock would."""
        if self._question is not None and self.turn is not None:
            self._keys.answer(self._question, self._mask)

    def press(self, move: Any) -> None:
        """A key went down: under the clock this is done until it is up, and once at least.

        Raises:
            ValueError: it is no action.
        """
        self._keys.press(self.actions.parse(move, None))

    def release(self) -> None:
        """The key is up."""
        self._keys.release()
