"""A look at a whole experiment before it starts: everything is started once, and every mistake is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from mosaic_nb.errors import MosaicError
from mosaic_nb.experiment.errors import PlanError
from mosaic_nb.experiment.job import Job
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.casts import actions_of, read, told
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker, Worker

_LANE = "check"


@dataclass
class Inspection:
    """What was found.

    Attributes:
        opened: what is known of the environment.
        libraries: the versions it runs on.
        operators: what each operator says of itself, by label.
    """

    opened: messages.Opened = field(default_factory=lambda: messages.Opened(id=0, agents={}))
    libraries: dict[str, str] = field(default_factory=dict)
    operators: dict[str, dict[str, str]] = field(default_factory=dict)


async def inspect(job: Job, logs: Path) -> Inspection:
    """Make the environment, load every operator, and seat each where it is cast.

    Args:
        job: what is to be played.
        logs: where the workers' logs go.

    Raises:
        PlanError: it lists everything that does not fit.
    """
    look = _Look(job, logs)
    try:
        return await look.everywhere()
    finally:
        await look.close()


class _Look:
    def __init__(self, job: Job, logs: Path) -> None:
        self._job = job
        self._environment = EnvironmentWorker(
            _LANE, job.environment, logs / "check-environment.log", job.sides.over
        )
        self._operators = [
            (declared, OperatorWorker(declared, logs / f"check-operator-{number}.log"))
            for number, declared in enumerate(job.operators())
        ]
        self._mistakes: list[str] = []

    async def everywhere(self) -> Inspection:
        workers: list[Worker] = [self._environment, *(worker for _, worker in self._operators)]
        started = await asyncio.gather(*(worker.ensure() for worker in workers), return_exceptions=True)
        for worker, error in zip(workers, started, strict=True):
            if error is not None:
                self._hear(worker, error)
        if self._environment.running:
            await self._casts()
        if self._mistakes:
            raise PlanError(self._mistakes)
        return Inspection(
            self._environment.opened,
            self._environment.libraries,
            {worker.name: worker.loaded.provenance for _, worker in self._operators},
        )

    async def close(self) -> None:
        await asyncio.gather(
            *(worker.close() for worker in (self._environment, *(w for _, w in self._operators)))
        )

    def _hear(self, worker: Worker, error: BaseException) -> None:
        if not isinstance(error, MosaicError | ProtocolError):
            raise error
        if isinstance(worker, EnvironmentWorker):
            self._mistakes.append(f"environment {worker.environment.id!r}: {error}")
        else:
            self._mistakes.append(f"operator {worker.name!r} does not start: {error}")

    async def _casts(self) -> None:
        agents = self._environment.opened.agents
        self._mistakes += self._job.sides.misfits(agents)
        tried: list[tuple[str, Declared]] = []
        for lane, cast in self._job.casts.items():
            casting = read(cast, agents)
            self._mistakes += [
                f"lane {lane!r}: {misfit} (the agents are {told(agents)})" for misfit in casting.misfits
            ]
            for agent, declared in casting.seats.items():
                if (agent, declared) not in tried:
                    tried.append((agent, declared))
                    await self._seat(lane, agent, declared)

    async def _seat(self, lane: str, agent: str, declared: Declared) -> None:
        """Have an operator begin the first episode, as it will have to."""
        worker = next(worker for other, worker in self._operators if other == declared)
        if not worker.running:
            return
        plan = self._job.plan
        try:
            observed = await self._environment.observe(agent, worker.loaded)
            episode = self._environment.episode(
                agent,
                observed.observation_space,
                number=0,
                trial=0,
                position=0,
                trial_length=self._job.trial,
                seed=seeds.derive(plan.run_seed, plan.declared(0), 0, agent, "seat"),
            )
            await worker.ask(messages.ResetSeat(id=0, lane=_LANE, agent=agent, episode=episode))
        except (MosaicError, ProtocolError) as error:
            actions = actions_of(self._environment.opened.agents[agent])
            self._mistakes.append(
                f"lane {lane!r}: {declared.label!r} cannot play {agent!r}, whose actions are {actions}: {error}"
            )
