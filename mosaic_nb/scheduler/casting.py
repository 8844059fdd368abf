"""Casting: every worker of an arena started at once, and every agent's place filled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from mosaic_nb.errors import EnvironmentFailure, MosaicError, OperatorError, RemoteError
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.lane import Lane, Plan
from mosaic_nb.scheduler.link import Link
from mosaic_nb.scheduler.seats import HumanSeat, Seat, WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker, Worker

EVERY_AGENT = "*"
"""In a cast, the place of every agent that is not named."""


class Company:
    """The workers behind the lanes: one for each lane's environment, one for each operator.

    Operators declared alike share a worker, which loads once and serves all its seats.

    Args:
        environment: how the lanes' environments are made.
        casts: the declared operator of each agent, by lane; `EVERY_AGENT` stands for those not named.
        logs: the folder of the workers' logs.
    """

    def __init__(
        self, environment: messages.Environment, casts: Mapping[str, Mapping[str, Declared]], logs: Path
    ) -> None:
        self.casts = casts
        self.environments = {
            lane: EnvironmentWorker(lane, environment, logs / f"environment-{number}.log")
            for number, lane in enumerate(casts)
        }
        self._operators: list[tuple[Declared, OperatorWorker]] = []
        for cast in casts.values():
            for declared in cast.values():
                if declared.kind != "human" and self._find(declared) is None:
                    log = logs / f"operator-{len(self._operators)}-{declared.name}.log"
                    self._operators.append((declared, OperatorWorker(declared, log)))

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

    def _find(self, declared: Declared) -> OperatorWorker | None:
        return next((worker for other, worker in self._operators if other == declared), None)

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
        log = "" if isinstance(error, RemoteError) and error.explained else worker.log_tail()
        if isinstance(worker, EnvironmentWorker):
            return EnvironmentFailure(
                str(error), environment=worker.environment.id, lane=worker.name, step=0, log=log
            )
        lane, agent = next(
            (lane, agent)
            for lane, cast in self.casts.items()
            for agent, declared in cast.items()
            if declared.label == worker.name
        )
        return OperatorError(str(error), operator=worker.name, lane=lane, agent=agent, step=0, log=log)

    def lane(self, name: str, plan: Plan, deadline: float | None, attended: Callable[[], bool]) -> Lane:
        """Fill every agent's place of a lane.

        Raises:
            ValueError: the cast misses an agent, or names one that is not there.
        """
        worker, cast = self.environments[name], self.casts[name]
        agents = worker.opened.agents
        unknown = [agent for agent in cast if agent not in agents and agent != EVERY_AGENT]
        missing = [agent for agent in agents if agent not in cast and EVERY_AGENT not in cast]
        if unknown or missing:
            raise ValueError(
                f"the cast of lane {name!r} does not fit {worker.environment.id!r}, whose agents are "
                f"{', '.join(agents)}: " + "; ".join(_misfits(unknown, missing))
            )
        seats: dict[str, Seat] = {}
        for agent, about in agents.items():
            declared, actions = cast.get(agent) or cast[EVERY_AGENT], Actions(about)
            if declared.kind == "human":
                seats[agent] = HumanSeat(declared, actions, attended)
            else:
                seats[agent] = WorkerSeat(self.worker(declared), name, agent, actions, deadline)
        return Lane(name, worker, seats, plan)

    async def close(self) -> None:
        """End every worker; returns when all have been reaped."""
        workers: list[Worker] = [*self.environments.values(), *self.operators]
        await asyncio.gather(*(worker.close() for worker in workers))


def _misfits(unknown: list[str], missing: list[str]) -> list[str]:
    parts = [f"there is no agent {agent!r}" for agent in unknown]
    if missing:
        parts.append(f"nobody was cast for {', '.join(missing)}")
    return parts
