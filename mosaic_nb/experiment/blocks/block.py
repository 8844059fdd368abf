"""A block: the environment and the operators of a lane, opened once and then playing episode after episode."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mosaic_nb.errors import CastError, EnvironmentFailure, MosaicError, OperatorError
from mosaic_nb.experiment import episode
from mosaic_nb.experiment.blocks.heartbeat import Heart
from mosaic_nb.experiment.blocks.inside import InsideEnvironment, InsideOperator, at_once
from mosaic_nb.experiment.blocks.pages import Pages
from mosaic_nb.experiment.blocks.programs import clash
from mosaic_nb.experiment.blocks.solo import Solo
from mosaic_nb.protocol import ProtocolError
from mosaic_nb.protocol.blocks import BlockEpisode, BlockOpened, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.casts import Sides, read, told
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.seats import Seat, WorkerSeat


@dataclass(frozen=True)
class One(Plan):
    """The plan of one episode: at every position its own seeds."""

    def declared(self, position: int) -> int:
        """Return the declared seed."""
        return self.seed

    def draws(self, position: int) -> int:
        """Return the run seed."""
        return self.run_seed


class Block:
    """Opens a block and plays it.

    Args:
        request: what it is made of.

    Raises:
        EnvironmentFailure, OperatorError: something could not be started.
        CastError: the cast does not fit the environment, or its programs each other.
    """

    def __init__(self, request: OpenBlock) -> None:
        reason = clash([operator.program for operator in request.operators])
        if reason is not None:
            raise CastError(f"the operators of lane {request.lane!r} cannot share an interpreter: {reason}")
        sides = Sides(request.teams, request.roles)
        self._request = request
        self._policy = Policy(on_failure=request.on_failure, on_illegal=request.on_illegal)
        self._environment = InsideEnvironment(request.lane, request.environment, sides.over)
        self._operators = [InsideOperator(operator) for operator in request.operators]
        self._start()
        self._solo: Solo | None = None
        self._lane = Lane(request.lane, self._environment, self._seats(), Plan(0, request.trial_length))

    def opened(self) -> BlockOpened:
        """Return what is known of it before it is played."""
        loaded = [operator.loaded for operator in self._operators]
        return BlockOpened(id=0, opened=self._environment.opened, loaded=loaded)

    def play(self, request: PlayBlock) -> BlockPlayed:
        """Play episodes into a part.

        Raises:
            RecordingFailed: the disk refused.
        """
        pages = Pages(Path(self._request.folder))
        with Heart(request.progress) as heart:
            for each in request.episodes:
                self._play(each, pages, heart)
        pages.save(Path(request.path))
        return BlockPlayed(id=0, episodes=pages.results(), steps=heart.steps)

    def close(self) -> None:
        """Give back what it holds."""
        for worker in (*self._operators, self._environment):
            at_once(worker.close())

    def _start(self) -> None:
        lane = self._request.lane
        try:
            at_once(self._environment.ensure())
        except (MosaicError, ProtocolError) as error:
            name = self._request.environment.id
            raise EnvironmentFailure(str(error), environment=name, lane=lane, step=0) from error
        for number, operator in enumerate(self._operators):
            try:
                at_once(operator.ensure())
            except (MosaicError, ProtocolError) as error:
                agent = next((who for who, place in self._request.cast.items() if place == number), "")
                raise OperatorError(
                    str(error), operator=operator.name, lane=lane, agent=agent, step=0
                ) from error

    def _seats(self) -> dict[str, Seat]:
        lane, agents = self._request.lane, self._environment.opened.agents
        cast = {key: self._operators[place] for key, place in self._request.cast.items()}
        casting = read({key: operator.declared for key, operator in cast.items()}, agents)
        if casting.misfits:
            listed = "\n- ".join(casting.misfits)
            name = self._request.environment.id
            raise CastError(
                f"lane {lane!r} does not fit {name!r}, whose agents are {told(agents)}:\n- {listed}"
            )
        workers = {id(operator.declared): operator for operator in self._operators}
        return {
            agent: WorkerSeat(workers[id(declared)], lane, agent, Actions(agents[agent]))
            for agent, declared in casting.seats.items()
        }

    def _play(self, each: BlockEpisode, pages: Pages, heart: Heart) -> None:
        lane = self._lane
        lane.plan = One(each.seed, self._request.trial_length, each.run_seed)
        if self._solo is not None and self._solo.fit:
            self._solo.play(each.number, pages, heart)
        else:
            at_once(episode.play(lane, each.number, pages, self._policy, heart.watch(lane)))
            self._solo = self._alone()
        heart.count(lane.step)

    def _alone(self) -> Solo | None:
        """Return the tight loop where this lane can be played by it."""
        if len(self._lane.seats) > 1 or not self._environment.running:
            return None
        (agent,), (place,) = self._lane.seats.keys(), self._lane.seats.values()
        operator = next(operator for operator in self._operators if operator.declared is place.declared)
        seat, alone = operator.find(self._lane.name, agent), self._environment.hosted.alone()
        if seat is None or alone is None or operator.loaded.learns or operator.loaded.needs:
            return None
        return Solo(self._lane, self._environment, operator, self._policy, alone, seat)
