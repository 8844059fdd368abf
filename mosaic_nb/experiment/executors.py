"""Where an experiment is played: here, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mosaic_nb.arguments import at_least
from mosaic_nb.experiment.crew import Crew, Tell
from mosaic_nb.experiment.job import Folders, Job, Unit


class Execution(Protocol):
    """Trials being played somewhere; on the scheduler's thread."""

    async def play(self, todo: Iterable[Unit]) -> None:
        """Play trials; returns when all that were begun are on disk.

        Raises:
            MosaicError: it cannot go on.
        """

    def stop(self) -> None:
        """Begin nothing new."""

    async def close(self) -> None:
        """End every worker; what is under way is lost."""


class Executor(Protocol):
    """A place to play."""

    def begin(self, job: Job, folders: Folders, tell: Tell) -> Execution:
        """Return what plays a job there."""


@dataclass(frozen=True)
class Local:
    """The cores of this machine.

    Attributes:
        workers: how many episodes are played at a time, at least 1; None for as many as keep the cores busy.
    """

    workers: int | None = None

    def __post_init__(self) -> None:
        check_workers(self.workers)

    def begin(self, job: Job, folders: Folders, tell: Tell) -> Execution:
        """Return what plays a job here."""
        return Crew(job, folders, tell, self.workers)


def check_workers(workers: int | None) -> None:
    """Raise ValueError for what is no number of workers."""
    if workers is not None:
        at_least("workers", workers, 1)


def of_name(executor: str | Executor, workers: int | None) -> Executor:
    """Return the executor that a user means.

    Raises:
        ValueError: there is none of that name, or workers are no integer of at least 1.
    """
    if not isinstance(executor, str):
        if workers is not None:
            raise ValueError("give workers to the executor itself, or its name and workers")
        return executor
    if executor == "local":
        return Local(workers)
    if executor == "ray":
        from mosaic_nb.experiment.ray import Ray

        return Ray(workers=workers)
    raise ValueError(f"executor must be 'local', 'ray', or a Local(...) or Ray(...), not {executor!r}")
