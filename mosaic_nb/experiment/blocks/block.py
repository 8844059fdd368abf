"""A block: the environment and the operators of a lane, opened once and then playing episode after episode."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mosaic_nb.errors import CastError, EnvironmentFailure, MosaicError, OperatorError
from mosaic_nb.experiment import episode
from mosaic_nb.experiment.blocks.heartbeat import Heart
from mosaic_nb.experiment.blocks.inside import InsideEnvironment, InsideOperator
from mosaic_nb.experiment.blocks.programs import clash
from mosaic_nb.experiment.sheet import Sheet
from mosaic_nb.protocol import ProtocolError
from mosaic_nb.protocol.blocks import BlockEpisode, BlockOpened, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.casts import Sides, read, told
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.seats import Seat, WorkerSeat

T = TypeVar("T")


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run what never has to wait, because all its answers are there at once.

    Without a loop, so that an operator or an environment may run one of its own, as it may elsewhere.
    """
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    coroutine.close()
    raise RuntimeError("a block had to wait for something")


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
        sheet = Sheet(Path(self._request.folder))
        with Heart(request.progress) as heart:
            for each in request.episodes:
                self._play(each, sheet, heart)
        sheet.save(Path(request.path))
        return BlockPlayed(id=0, episodes=sheet.results(), steps=heart.steps)

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

    def _play(self, each: BlockEpisode, sheet: Sheet, heart: Heart) -> None:
        lane = self._lane

        def look() -> None:
            now = time.perf_counter()
            if now > heart.due and lane.episode is not None:
                heart.beat(now, lane.step, lane.current.total)

        lane.plan = One(each.seed, self._request.trial_length, each.run_seed)
        at_once(episode.play(lane, each.number, sheet, self._policy, look))
        heart.count(lane.step)
