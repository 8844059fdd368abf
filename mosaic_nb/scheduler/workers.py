"""Workers as the scheduler knows them: started, shaken hands with, started anew after a failure, closed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mosaic_nb.environments.family import of_id
from mosaic_nb.errors import WorkerDied
from mosaic_nb.operators import Declared
from mosaic_nb.protocol import VERSIONS, VersionMismatch, messages
from mosaic_nb.scheduler.link import Link, gather
from mosaic_nb.scheduler.process import Program, spawn, tail

_STARTING = 300.0
"""Seconds for a worker to import its libraries and load: a large model from a slow disk, not a hang."""
_LEAVING = 2.0


class Worker:
    """A worker that can be started, and started again after it failed.

    Args:
        name: what it is called in errors, logs and events.
        program: how it is started.
        log: where its output goes; every start appends.
        variables: environment variables for this worker alone.
    """

    def __init__(
        self, name: str, program: Program, log: Path, variables: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self.libraries: dict[str, str] = {}
        self.program = program
        self._log = log
        self.variables = variables or {}
        self._link: Link | None = None
        self._starting = asyncio.Lock()
        self.generation = 0

    @property
    def link(self) -> Link:
        """The link to the live worker; only after `start`."""
        assert self._link is not None, f"worker {self.name!r} was used before it was started"
        return self._link

    @property
    def running(self) -> bool:
        """Whether it has been started and has not failed since."""
        return self._link is not None and self._link.broken is None

    @property
    def broken(self) -> Exception | None:
        """Why it failed, or None where it runs or has not been started."""
        return self._link.broken if self._link is not None else None

    def log_tail(self) -> str:
        """Return the end of its log."""
        return tail(self._log) if self._log.exists() else ""

    async def ensure(self) -> None:
        """Start the worker unless it runs; it may serve several lanes that all ask."""
        async with self._starting:
            if not self.running:
                await self.start()

    async def start(self) -> None:
        """Start the worker and bring it to where it can serve.

        Raises:
            WorkerError: it died, was too slow or its own code raised, with the tail of its log.
            VersionMismatch: it speaks no version of the protocol that we do.
        """
        await self.close()
        self.generation += 1
        self._link = await self.connect()
        try:
            hello = messages.Hello(id=0, versions=list(VERSIONS), name=self.name, variables=self.variables)
            welcome = await self.ask(hello)
            if welcome.version not in VERSIONS:
                raise VersionMismatch(
                    f"{self.name!r} chose protocol version {welcome.version}; we speak {VERSIONS}"
                )
            self.libraries = welcome.libraries
            await self.prepare()
        except BaseException:
            await self.close()
            raise

    async def connect(self) -> Link:
        """Start its process, and return the link to it."""
        return Link(await spawn(self.program, self._log), self.name)

    async def prepare(self) -> None:
        """Load or open what the worker hosts."""

    async def ask(self, request: Any, timeout: float | None = _STARTING) -> Any:
        """Send one request and return its reply; raises what went wrong."""
        pending = self.link.request(request, timeout)
        await gather([pending])
        if pending.error is not None:
            raise pending.error
        return pending.reply

    async def close(self) -> None:
        """End the worker: asked first, killed if it does not listen. Returns when it has been reaped."""
        link, self._link = self._link, None
        if link is None:
            return
        if link.broken is None:
            pending = link.request(messages.Shutdown(id=0), _LEAVING)
            await gather([pending])
            link.fail(WorkerDied("it was closed"))
        await asyncio.shield(link.process.ended)


class OperatorWorker(Worker):
    """The worker of one operator, with all its seats.

    Args:
        declared: the operator and its options.
        log: where its output goes.
    """

    def __init__(self, declared: Declared, log: Path) -> None:
        spec = declared.spec
        python = spec.argv[0] == "{python}"
        argv = spec.command()[1:] if python else spec.command()
        program = Program(tuple(argv), python, tuple(spec.environment.preload))
        keys = {name: os.environ[name] for name in spec.environment.keys if name in os.environ}
        variables = {**spec.environment.variables, **keys}
        super().__init__(declared.label, program, log, variables)
        self.declared = declared
        self.loaded = messages.Loaded(id=0)

    async def prepare(self) -> None:
        """Load the operator."""
        request = messages.Load(id=0, options=dict(self.declared.options), callable=self.declared.callable)
        self.loaded = await self.ask(request)


class EnvironmentWorker(Worker):
    """The worker of one lane's environment.

    Args:
        lane: the lane's name.
        environment: how the environment is made.
        log: where its output goes.
        sides: puts the agents on the sides that the user gives; None leaves them on the family's.
    """

    def __init__(
        self,
        lane: str,
        environment: messages.Environment,
        log: Path,
        sides: Callable[[dict[str, messages.Agent]], dict[str, messages.Agent]] | None = None,
    ) -> None:
        family = of_id(environment.id)
        preload = tuple(family.preload) if family is not None else ()
        program = Program(("-m", "mosaic_nb.worker.environment"), preload=preload)
        super().__init__(lane, program, log)
        self.environment = environment
        self.opened = messages.Opened(id=0, agents={})
        self._sides = sides

    async def prepare(self) -> None:
        """Make the environment."""
        self.opened = await self.ask(messages.Open(id=0, lane=self.name, environment=self.environment))
        if self._sides is not None:
            self.opened.agents = self._sides(self.opened.agents)

    def twin(self) -> EnvironmentWorker:
        """Return another worker of the same environment, not started, which writes to the same log."""
        return EnvironmentWorker(self.name, self.environment, self._log, self._sides)

    async def observe(self, agent: str, loaded: messages.Loaded | None) -> messages.Observed:
        """Say what the seat of an agent perceives, a person's with None; returns what that is now, and its space."""
        where: dict[str, Any] = {"id": 0, "lane": self.name, "agent": agent}
        if loaded is None:
            request = messages.Observe(**where, board=True)
        else:
            request = messages.Observe(**where, needs=loaded.needs, view=loaded.view)
        observed: messages.Observed = await self.ask(request)
        return observed

    def episode(self, agent: str, observation_space: dict[str, Any], **place: int) -> messages.Episode:
        """Return what the seat of an agent is told of an episode.

        Args:
            agent: whose seat.
            observation_space: as its operator perceives it.
            place: ``number``, ``trial``, ``position``, ``trial_length`` and the seat's ``seed``.
        """
        about = self.opened.agents[agent]
        return messages.Episode(
            agent=agent,
            observation_space=observation_space,
            action_space=about.action_space,
            action_labels=about.action_labels,
            noop=about.noop,
            rules=about.rules,
            goal=about.goal,
            team=about.team,
            role=about.role,
            environment=self.opened.spec or self.environment.id,
            **place,
        )
