"""The lock-step: all live lanes advance by one environment step together, or not at all.

A tick asks every operator whose agent is to move, waits, steps every environment, waits, writes the rows, and
only then tells anybody. What fails, fails in its own lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from mosaic_nb.errors import LaneFailure, WorkerDied
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler import rows
from mosaic_nb.scheduler.deciding import Deciding
from mosaic_nb.scheduler.lane import CLOSED, FAILED, HELD, RUNNING, STARTING, Lane, Move
from mosaic_nb.scheduler.ledger import Book, Ledger
from mosaic_nb.scheduler.link import Pending
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.questions import Questions
from mosaic_nb.scheduler.seats import HumanSeat, Seat, WorkerSeat
from mosaic_nb.scheduler.timeline import Timeline


class LockStep:
    """Drives lanes.

    Args:
        lanes: in order.
        recorder: what is shown is on disk first.
        policy: what to do where lanes part.
        changed: called when there is something new to see.

    Attributes:
        stage: held by whoever changes the lanes: a tick (but not while decisions are awaited), a reset, a rewind,
            an exchange of seats.
    """

    def __init__(
        self, lanes: Sequence[Lane], recorder: Book, policy: Policy, changed: Callable[[], None]
    ) -> None:
        self.policy = policy
        self.ticks = 0
        self.quotas: dict[str, int] = {}
        self.stage = asyncio.Lock()
        self._ledger = Ledger(recorder)
        self._changed = changed
        self.timeline = Timeline()
        self.questions = Questions(self.stage, changed)
        self._deciding = Deciding(self)
        self._blocking = False
        self.cast(lanes)

    def cast(self, lanes: Sequence[Lane]) -> None:
        """Take these lanes, in order."""
        self.lanes = lanes
        self._humans = [
            (lane, agent, seat)
            for lane in lanes
            for agent, seat in lane.seats.items()
            if isinstance(seat, HumanSeat)
        ]

    # --- the tick ------------------------------------------------------------------------------------

    async def tick(self, blocking: bool = False) -> None:
        """Advance every live lane by one environment step.

        Args:
            blocking: whether the caller blocks the kernel, so that no person can answer.

        Raises:
            HumanToMove, HumanUnavailable: a person would have to be asked and cannot; nothing has moved.
            Aborted: `abort` was called.
        """
        self.questions.begin()
        self._blocking = blocking
        await self.stage.acquire()
        try:
            await self.begin(self.due())
            lanes = [lane for lane in self.lanes if lane.status == RUNNING]
            self._require_humans(blocking)
            await self._deciding.decide(lanes)
            await self._advance([lane for lane in lanes if lane.status == RUNNING])
        finally:
            self.questions.end()
            self.write()
            self.stage.release()
        self.ticks += 1
        self.timeline.note(self.lanes, self.ticks)
        self._changed()

    def withdraw(self) -> None:
        """Forget the moves that people offered and no question took."""
        for _, _, seat in self.humans():
            seat.withdraw()

    def humans(self) -> list[tuple[Lane, str, HumanSeat]]:
        """Return every person's seat."""
        return self._humans

    def raise_if_all_failed(self) -> None:
        """Raise the first lane's error where every lane has failed."""
        if self.lanes and all(lane.error is not None for lane in self.lanes):
            assert self.lanes[0].error is not None
            raise self.lanes[0].error

    def _require_humans(self, blocking: bool) -> None:
        for lane, agent, seat in self._humans:
            if lane.status == RUNNING and agent in lane.observations:
                seat.require(lane.name, blocking)

    # --- beginning episodes --------------------------------------------------------------------------

    def due(self) -> list[Lane]:
        """Return the lanes whose next episode begins with this tick."""
        for lane in self.lanes:
            if lane.status != RUNNING:
                break
        else:  # the usual tick
            return []
        due = [lane for lane in self.lanes if lane.status == STARTING]
        held = [lane for lane in self.lanes if lane.status == HELD and self._may_go_on(lane)]
        due += [lane for lane in held if not lane.trial_over or self.policy.on_end == "next"]
        if not due and not any(lane.status == RUNNING for lane in self.lanes):
            due = held
        return due

    def _may_go_on(self, lane: Lane) -> bool:
        return lane.name not in self.quotas or lane.completed < self.quotas[lane.name]

    async def begin(self, lanes: Sequence[Lane]) -> list[LaneFailure]:
        """Begin the next episode of these lanes, all together; a lane that cannot is failed, alone.

        Returns:
            What kept lanes from beginning; of several seats of one lane each.
        """
        if not lanes:
            return []
        ready = [lane for lane, ok in zip(lanes, await self._ready(lanes), strict=True) if ok]
        for lane in ready:
            lane.next_episode()
        await self._reset_environments(ready)
        refused = await self._reset_seats([lane for lane in ready if lane.status == RUNNING])
        for lane in ready:
            if lane.status == RUNNING:
                self.note(lane, "begin", rows.beginning(lane))
        self.write()
        if all(lane.episode is not None for lane in self.lanes):
            self.timeline.note(self.lanes, self.ticks)
        self._changed()
        named = {failure.lane for failure in refused}
        failed = [lane.error for lane in lanes if lane.error is not None and lane.name not in named]
        return [*failed, *refused]

    async def _ready(self, lanes: Sequence[Lane]) -> list[bool]:
        async def prepare(lane: Lane) -> bool:
            try:
                if lane.status == HELD and self.policy.on_failure == "stop":
                    lane.check()
                await lane.prepare()
            except LaneFailure as error:
                self.stop(lane, error)
                return False
            return True

        if len(lanes) == 1:  # a block has one lane, and no loop
            return [await prepare(lanes[0])]
        return list(await asyncio.gather(*(prepare(lane) for lane in lanes)))

    async def _reset_environments(self, lanes: Sequence[Lane]) -> None:
        asked = [
            lane.worker.link.request(
                messages.ResetEnvironment(id=0, lane=lane.name, seed=lane.current.seed),
                self.policy.environment_deadline,
            )
            for lane in lanes
        ]
        await self.questions.wait(asked)
        for lane, pending in zip(lanes, asked, strict=True):
            if pending.error is not None:
                self._fail_environment(lane, pending.error)
                continue
            lane.status = RUNNING
            lane.digest = lane.current.digest = pending.reply.digest
            lane.frame += 1
            lane.perceive(pending.reply.observations, pending.reply.boards)

    async def _reset_seats(self, lanes: Sequence[Lane]) -> list[LaneFailure]:
        asked: list[tuple[Lane, str, Pending]] = []
        for lane in lanes:
            for agent, seat in lane.seats.items():
                pending = seat.begin(lane.tell_seat(agent, lane.views[agent]))
                if pending is not None:
                    asked.append((lane, agent, pending))
        await self.questions.wait([pending for _, _, pending in asked])
        refused: list[LaneFailure] = []
        for lane, agent, pending in asked:
            if pending.error is None:
                self._ledger.keep_calls(lane, agent, pending.reply.calls, None)
                continue
            refused.append(lane.refusal(agent, pending.error))
            if lane.status == RUNNING:
                self.fail_operator(lane, agent, pending.error)
        return refused

    # --- deciding ------------------------------------------------------------------------------------

    def show_turns(self) -> None:
        """Have people see that it is their turn."""
        if self._humans:
            self._changed()

    def require_answerable(self, lane: Lane, agent: str, seat: Seat) -> None:
        """Refuse a newcomer to an open tick who could never answer.

        Raises:
            HumanToMove, HumanUnavailable: it is a person, who could not be asked.
        """
        if isinstance(seat, HumanSeat) and self.questions.includes(lane, agent):
            seat.require(lane.name, self._blocking)

    def exchange(
        self,
        lane: Lane,
        agent: str,
        seat: Seat,
        observation: messages.Observation | None,
        outcomes: Outcomes,
    ) -> None:
        """Seat a newcomer, who has been brought to where the lane is; in an open tick it is asked at once.

        Args:
            lane, agent: whose place.
            seat: the newcomer.
            observation: as it perceives it, where the agent is to move.
            outcomes: of the newcomer, what is open.
        """
        lane.seats[agent] = seat
        lane.outcomes.adopt(agent, outcomes)
        if observation is not None and agent in lane.observations:
            lane.perceive({**lane.observations, agent: observation}, lane.boards)
        self.cast(self.lanes)
        if self.questions.includes(lane, agent):
            question = seat.ask(lane.observations[agent], lane.step, lane.decision_seed(agent))
            self.questions.replace(lane, agent, question)

    # --- advancing -----------------------------------------------------------------------------------

    async def _advance(self, lanes: Sequence[Lane]) -> None:
        asked: list[tuple[Lane, Pending]] = []
        for lane in lanes:
            actions = {agent: move.action for agent, move in lane.moves.items()}
            request = messages.StepEnvironment(id=0, lane=lane.name, step=lane.current.step, actions=actions)
            asked.append((lane, lane.worker.link.request(request, self.policy.environment_deadline)))
        await self.questions.wait([pending for _, pending in asked])
        for lane, pending in asked:
            if pending.error is not None:
                self._fail_environment(lane, pending.error)
                continue
            self._ledger.steps += lane.take(pending.reply)
            if pending.reply.over:
                self._end(lane, "terminated" if lane.current.terminated else "truncated")

    def _end(self, lane: Lane, how: str) -> None:
        lane.status = HELD
        lane.completed += 1
        self.timeline.hear(lane, "end", how)
        self._ledger.episodes.append(rows.of_episode(lane, how))

    # --- failing -------------------------------------------------------------------------------------

    def fail_operator(self, lane: Lane, agent: str, cause: Exception) -> None:
        """Do as the policy says where an operator has failed, or asked for what is no action at all."""
        error = lane.operator_error(agent, cause)
        seat = lane.seats[agent]
        if isinstance(seat, WorkerSeat):
            seat.charge()
        if self.policy.on_failure == "substitute":
            self._substitute(lane, agent, error)
        elif self.policy.on_failure == "forfeit":
            self.forfeit(lane, agent, str(error))
        else:
            self.stop(lane, error)

    def forfeit(self, lane: Lane, agent: str, detail: str) -> None:
        """End a lane's episode because of an agent; what it asked for has a row, though nothing was done."""
        if agent in lane.moves:
            self._ledger.steps.append(rows.of_forfeit(lane, agent))
        self.note(lane, "forfeit", detail, agent=agent, operator=lane.seats[agent].operator)
        self._end(lane, "forfeit")

    def _substitute(self, lane: Lane, agent: str, error: LaneFailure) -> None:
        actions = lane.seats[agent].actions
        if agent in lane.observations:  # else its turn is still to come
            move = lane.moves.setdefault(agent, Move(answered=False))
            mask = lane.observations[agent].action_mask
            move.action, what = actions.fallback(mask, lane.decision_seed(agent))
            move.fallback = f"{what} after {'an invalid action' if move.invalid else 'a failure'}"
        self.note(lane, "substitute", str(error), agent=agent, operator=lane.seats[agent].operator)

    def _fail_environment(self, lane: Lane, cause: Exception) -> None:
        error = lane.environment_failure(cause)
        lane.worker.link.fail(WorkerDied("it was ended because its environment failed"))
        if self.policy.on_failure == "stop":
            self.stop(lane, error)
        else:
            self.note(lane, "forfeit", str(error))
            self._end(lane, "forfeit")

    def stop(self, lane: Lane, error: LaneFailure) -> None:
        """Stop a lane that has failed; an episode that was over before has its row already."""
        over = lane.episode is None or lane.status == HELD
        lane.status = FAILED
        lane.error = error
        operator = lane.seats[error.agent].operator if error.agent else ""
        self.note(lane, "failure", str(error), agent=error.agent, operator=operator)
        if not over:
            self._ledger.episodes.append(rows.of_episode(lane, "failed"))
            lane.completed += 1

    # --- rows ----------------------------------------------------------------------------------------

    def cut_short(self, lane: Lane, end: str) -> bool:
        """Keep the row of an episode that is not played to its end; False where none with a step is under way."""
        under_way = lane.status == RUNNING and bool(lane.current.step)
        if under_way:
            self._ledger.episodes.append(rows.of_episode(lane, end))
        return under_way

    def abandon(self, lane: Lane) -> None:
        """Close the row of an episode that a reset cuts short; one without a step leaves no row and no number."""
        if not self.cut_short(lane, "abandoned") and lane.status == RUNNING:
            lane.begun -= 1
        if lane.status != CLOSED:
            lane.status = STARTING
        lane.error = None
        self.write()

    def note(self, lane: Lane, event: str, detail: str, *, agent: str = "", operator: str = "") -> None:
        """Keep an event of a lane; written with the next rows."""
        self._ledger.events.append(rows.of_event(lane, event, detail, agent=agent, operator=operator))
        self.timeline.hear(lane, event, detail)

    def keep_calls(self, lane: Lane, agent: str, calls: Sequence[messages.Call]) -> None:
        """Keep the calls of a model that a decision brought home."""
        self._ledger.keep_calls(lane, agent, calls, lane.current.step)

    def write(self) -> None:
        """Put the rows that are kept on disk."""
        self._ledger.write()
