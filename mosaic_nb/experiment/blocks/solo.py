"""The tight loop: episodes of a Gymnasium environment with one operator that needs nothing but observations.

It does what the lock-step does, and leaves out what cannot happen here: others to wait for, and messages between
processes. Where something unusual happens (an error, an illegal action, a model call) it hands the episode over to the
lock-step at that very point: what has been answered is not asked again.
"""

from __future__ import annotations

from typing import Any

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.hosted import Alone
from mosaic_nb.experiment import episode as episodes
from mosaic_nb.experiment.blocks.heartbeat import Heart
from mosaic_nb.experiment.blocks.inside import InsideEnvironment, InsideOperator, at_once
from mosaic_nb.experiment.blocks.loop import Ended, HandedOver, Loop, raises
from mosaic_nb.experiment.blocks.pages import Pages, Stretch, Whose
from mosaic_nb.experiment.blocks.telling import Telling
from mosaic_nb.protocol import messages, spaces
from mosaic_nb.scheduler import rows, seeds
from mosaic_nb.scheduler.lane import RUNNING, Lane
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.seats import WorkerSeat
from mosaic_nb.worker.contract import Seat
from mosaic_nb.worker.serve import Handler


class Solo:
    """Plays episodes of a lane.

    Args:
        lane: it has played an episode by the lock-step, so that everything is in its place.
        environment, operator: its workers.
        policy: for the lock-step.
        alone: how the environment is stepped.
        seat: the operator's.
    """

    def __init__(
        self,
        lane: Lane,
        environment: InsideEnvironment,
        operator: InsideOperator,
        policy: Policy,
        alone: Alone,
        seat: Seat,
    ) -> None:
        self._lane, self._environment, self._operator, self._policy = lane, environment, operator, policy
        self._hosted = environment.hosted
        self._alone, self._seat = alone, seat
        self._agent = agent = alone.agent
        self._place = lane.seats[agent]
        told = lane.tell_seat(agent, lane.views[agent])
        self._telling = Telling(told)
        restore = spaces.restore(spaces.from_data(told.observation_space))
        about = environment.opened.agents[agent]
        self._whose = Whose(lane.name, agent, about.team, about.role, operator.name, operator.declared.kind)
        self._loop = Loop(alone, seat, self._place.actions, restore)

    @property
    def fit(self) -> bool:
        """Whether the workers are still those that it knows."""
        return self._environment.running and self._operator.running

    def play(self, number: int, pages: Pages, heart: Heart) -> None:
        """Play an episode.

        Raises:
            RecordingFailed: the disk refused.
        """
        episodes.place(self._lane, number)
        handed = None
        try:
            ended = self._play(pages, heart)
        except (
            HandedOver
        ) as odd:  # played on below: what is raised there must not look like a consequence of this
            handed = odd
        if handed is not None:
            self._hand_over(handed, number, pages, heart)
            return
        current = self._lane.current
        current.step, current.returns = ended.length, {self._agent: ended.total}
        current.terminated, current.numbers = ended.terminated, ended.numbers
        end = "terminated" if ended.terminated else "truncated"
        pages.write(episodes=[rows.of_episode(self._lane, end)])

    def _play(self, pages: Pages, heart: Heart) -> Ended:
        lane = self._lane
        turn = self._begin()
        pages.write(events=[rows.of_event(lane, "begin", rows.beginning(lane))])
        return self._play_on(turn, pages, heart)

    def _begin(self) -> Turn:
        """Reset the environment, then the seat."""
        current, seat = self._lane.next_episode(), self._seat
        try:
            transition = self._hosted.reset(current.seed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the lock-step names it
            raise HandedOver({messages.ResetEnvironment: raises(error)}) from None
        current.digest = self._lane.digest = transition.digest
        answers: dict[type[Any], Handler] = {messages.ResetEnvironment: lambda _: transition}
        seed = seeds.derive(current.run_seed, current.declared, current.position, self._agent, "seat")
        try:
            seat.reset(self._telling.episode(current.number, current.trial, current.position, seed))
        except Exception as error:  # noqa: BLE001
            answers[messages.ResetSeat] = raises(error)
            raise HandedOver(answers) from None
        if "_calls" in vars(seat):
            answers[messages.ResetSeat] = lambda _: messages.Done(id=0, calls=vars(seat).pop("_calls"))
            raise HandedOver(answers)
        return self._hosted.turn

    def _play_on(self, turn: Turn, pages: Pages, heart: Heart) -> Ended:
        current, agent, actions = self._lane.current, self._agent, self._place.actions
        columns = pages.begin(self._whose, actions.labels, actions.start)
        before = len(columns.steps)
        base = seeds.derive(current.run_seed, current.declared, current.position, agent, "act")
        terminated = truncated = False
        try:
            ended = self._loop.play(turn, base, columns, heart)
            terminated, truncated = ended.terminated, ended.truncated
        finally:
            length = len(columns.steps) - before
            if length:
                columns.stretches.append(
                    Stretch(current.trial, current.number, current.seed.seed, length, terminated, truncated)
                )
        return ended

    def _hand_over(self, odd: HandedOver, number: int, pages: Pages, heart: Heart) -> None:
        lane, agent = self._lane, self._agent
        for kind, handler in odd.answers.items():
            worker = self._operator if kind in (messages.Act, messages.ResetSeat) else self._environment
            worker.inside.answer_next(kind, handler)
        look = heart.watch(lane)
        if odd.turn is None:
            at_once(episodes.play(lane, number, pages, self._policy, look))
            return
        self._hosted.go_on(odd.turn, odd.step)
        current = lane.current
        current.step, current.returns = odd.step, {agent: odd.total} if odd.step else {}
        lane.status, lane.error = RUNNING, None
        mask = odd.turn.masks.get(agent)
        value = self._loop.perceived(odd.turn.observations[agent])
        lane.perceive({agent: messages.Observation(value, odd.step, mask)}, {})
        place = self._place
        assert isinstance(place, WorkerSeat)
        place.note(lane.tell_seat(agent, lane.views[agent]))
        at_once(episodes.go_on(lane, pages, self._policy, look))
