"""Casting: every worker of an arena started at once, and every agent's place filled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mosaic_nb.errors import CastError, EnvironmentFailure, MosaicError, OperatorError, RemoteError
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.casts import NO_SIDES, Casting, Sides, actions_of, read, told
from mosaic_nb.scheduler.lane import Lane
from mosaic_nb.scheduler.link import Link
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.seats import HumanSeat, Seat, WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker, Worker


class Company:
    """The workers behind the lanes: one for each lane's environment, one for each operator.

    Operators declared alike share a worker, which loads once and serves all its seats.

    Args:
        environment: how the lanes' environments are made.
        casts: declared operators by agent, team, role or pattern, by lane, as `casts.read` reads them.
        logs: the folder of the workers' logs.
        deadline: seconds for a decision where an operator declares none, or None.
        sides: teams and roles that the user gives.
    """

    def __init__(
        self,
        environment: messages.Environment,
        casts: Mapping[str, Mapping[str, Declared]],
        logs: Path,
        deadline: float | None = None,
        sides: Sides = NO_SIDES,
    ) -> None:
        self.casts = casts
        self._sides = sides
        self._logs = logs
        self._deadline = deadline
        self._engaged = 0
        self._attended: Callable[[], bool] = lambda: False
        self._clocked: Callable[[], bool] = lambda: False
        self.environments = {
            lane: EnvironmentWorker(lane, environment, logs / f"environment-{number}.log", sides.over)
            for number, lane in enumerate(casts)
        }
        self._operators: list[tuple[Declared, OperatorWorker]] = []
        for cast in casts.values():
            for declared in cast.values():
                self._hire(declared)

    def room(self, attended: Callable[[], bool], clocked: Callable[[], bool]) -> None:
        """Say how people's seats know whether a front end is there, and whether they play in real time."""
        self._attended, self._clocked = attended, clocked

    def links(self) -> list[Link]:
        """Return the link of every worker that runs."""
        workers: list[Worker] = [*self.environments.values(), *self.operators]
        return [worker.link for worker in workers if worker.running]

    @property
    def operators(self) -> list[OperatorWorker]:
        """The operators' workers."""
        return [worker for _, worker in self._operators]

    def worker(self, declared: Declared) -> OperatorWorker:
        """Return the worker of a declared operator."""
        worker = self._find(declared)
        assert worker is not None, f"operator {declared.label!r} has no worker"
        return worker

    def provenance(self) -> dict[str, dict[str, str]]:
        """Return what each operator that has been loaded says of itself, for the run's header."""
        return {worker.name: worker.loaded.provenance for worker in self.operators}

    def _find(self, declared: Declared) -> OperatorWorker | None:
        return next((worker for other, worker in self._operators if other == declared), None)

    def _hire(self, declared: Declared) -> OperatorWorker | None:
        """Return the worker of a declared operator, made where there is none; a person has none."""
        worker = self._find(declared)
        if worker is None and declared.kind != "human":
            log = self._logs / f"operator-{self._engaged}-{declared.name}.log"
            worker = OperatorWorker(declared, log)
            self._operators.append((declared, worker))
            self._engaged += 1
        return worker

    async def engage(self, declared: Declared, lane: str, agent: str, step: int) -> None:
        """Make sure that the worker of an operator runs, which may be new here; a person needs none.

        Args:
            declared: who is to sit there.
            lane, agent, step: where, for the error.

        Raises:
            OperatorError: it could not be started.
        """
        known = self._find(declared) is not None
        worker = self._hire(declared)
        if worker is None:
            return
        try:
            await worker.ensure()
        except BaseException as error:
            if not known:
                self._operators.remove((declared, worker))
                await worker.close()
            if not isinstance(error, (MosaicError, ProtocolError)):
                raise
            raise _failure(worker, error, lane, agent, step) from error

    async def start(self) -> None:
        """Start every worker.

        Raises:
            EnvironmentFailure, OperatorError: the first that could not be started, in the order of the lanes.
        """
        workers: list[Worker] = [*self.environments.values(), *self.operators]
        results = await asyncio.gather(*(worker.ensure() for worker in workers), return_exceptions=True)
        for worker, result in zip(workers, results, strict=True):
            if isinstance(result, (MosaicError, ProtocolError)):
                raise self._explain(worker, result) from result
            if isinstance(result, BaseException):
                raise result

    def _explain(self, worker: Worker, error: Exception) -> MosaicError:
        if isinstance(worker, EnvironmentWorker):
            return EnvironmentFailure(
                str(error),
                environment=worker.environment.id,
                lane=worker.name,
                step=0,
                log=_log(worker, error),
            )
        lane, agent = next(
            (lane, agent)
            for lane, cast in self.casts.items()
            for agent, declared in cast.items()
            if declared.label == worker.name
        )
        return _failure(worker, error, lane, agent, 0)

    def lanes(self, plan: Plan) -> list[Lane]:
        """Fill every agent's place of every lane; the workers must have been started.

        Raises:
            CastError: casts or sides do not fit the environment; it names all that is wrong with all of them.
        """
        opened = next(iter(self.environments.values())).opened
        misfits = self._sides.misfits(opened.agents)
        lanes = []
        for number, (name, cast) in enumerate(self.casts.items()):
            casting = read(cast, self.environments[name].opened.agents)
            seats = self._fill(name, casting)
            misfits += [f"lane {name!r}: {misfit}" for misfit in casting.misfits]
            lanes.append(Lane(name, self.environments[name], seats, plan.of_lane(number)))
        if misfits:
            environment = next(iter(self.environments.values())).environment.id
            raise CastError(
                f"the casts do not fit {environment!r}, whose agents are {told(opened.agents)}:\n- "
                + "\n- ".join(misfits)
            )
        return lanes

    def _fill(self, lane: str, casting: Casting) -> dict[str, Seat]:
        """Return the seats of a lane; a person's that cannot be made is one misfit more."""
        opened = self.environments[lane].opened
        seats: dict[str, Seat] = {}
        people = 0
        for agent, declared in casting.seats.items():
            try:
                seats[agent] = self.seat(opened, lane, agent, declared, keymap=people)
            except ValueError as error:
                actions = actions_of(opened.agents[agent])
                casting.misfits.append(f"{declared.label!r} cannot play {agent!r} with {actions}: {error}")
            people += declared.kind == "human"
        return seats

    def seat(
        self,
        opened: messages.Opened,
        lane: str,
        agent: str,
        declared: Declared,
        relieves: Declared | None = None,
        keymap: int = 0,
    ) -> Seat:
        """Return a seat for an agent; the worker of an operator must have been engaged.

        Args:
            opened: what is known of the lane's environment.
            lane, agent: whose place.
            declared: who sits there.
            relieves: whose place a person takes, or None.
            keymap: which part of the keyboard a person has, counted among the people of the lane.

        Raises:
            ValueError: an option of a person's does not fit the agent's actions.
        """
        actions = Actions(opened.agents[agent], keymap)
        if declared.kind == "human":
            return HumanSeat(declared, actions, self._attended, self._clocked, relieves)
        return WorkerSeat(self.worker(declared), lane, agent, actions, self._deadline)

    async def close(self) -> None:
        """End every worker; returns when all have been reaped."""
        workers: list[Worker] = [*self.environments.values(), *self.operators]
        await asyncio.gather(*(worker.close() for worker in workers))


def _log(worker: Worker, error: Exception) -> str:
    return "" if isinstance(error, RemoteError) and error.explained else worker.log_tail()


def _failure(worker: Worker, error: Exception, lane: str, agent: str, step: int) -> OperatorError:
    return OperatorError(
        str(error), operator=worker.name, lane=lane, agent=agent, step=step, log=_log(worker, error)
    )
