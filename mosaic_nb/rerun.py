"""What it takes to play a run again: its environment, and long work that is shown and can be interrupted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, SupportsIndex, TypeVar

from mosaic_nb.errors import Diverged
from mosaic_nb.protocol import messages
from mosaic_nb.recording.run import Run
from mosaic_nb.scheduler import headers
from mosaic_nb.scheduler.casts import Sides
from mosaic_nb.scheduler.chapters import Trial, plan_of, trials
from mosaic_nb.scheduler.replaying import differences
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker

T = TypeVar("T")

_AT_ONCE = 4
"""Episodes that are played at once, at most: each takes an environment, and all share the operators."""
_NAMED = 12


class Rerun:
    """A run that is played again.

    Args:
        run: as it was recorded.
        environment: where it was made by an object of the notebook, which the run's folder cannot hold.

    Raises:
        ValueError: the run's environment cannot be made from its header, and none was given.
    """

    def __init__(self, run: Run, environment: Any = None) -> None:
        self.run = run
        self.header: dict[str, Any] = run.header["provenance"]
        self.environment = headers.environment(self.header, environment)

    def host(self, log: Path) -> EnvironmentWorker:
        """Return an environment of the run's, not started, its agents on the sides that the header tells of."""
        return EnvironmentWorker("again", self.environment, log, self._sides().over)

    def trials(self, agents: Mapping[str, messages.Agent]) -> list[Trial]:
        """Return the trials of the current line; ``agents`` are the environment's."""
        return list(trials(self.run, self.run.all_branches, agents, plan_of(self.header)))

    def chosen(self, name: str, given: Any) -> list[Any] | None:
        """Return the values of a column of ``steps`` that were asked for, or None for all.

        Raises:
            ValueError: the run has no steps of one.
        """
        if given is None:
            return None
        known = self.run.steps[name].unique().tolist()
        several = [given] if isinstance(given, (str, SupportsIndex)) else list(given)
        unknown = [one for one in several if one not in known]
        if unknown:
            among = ", ".join(str(one) for one in known[:_NAMED]) + (", ..." if len(known) > _NAMED else "")
            raise ValueError(
                f"the run has no steps of {name} {unknown[0]!r}; it has {among or 'no steps at all'}"
            )
        return several

    @contextmanager
    def explained(self, worker: EnvironmentWorker) -> Iterator[None]:
        """Name the libraries that differ where an episode does not replay."""
        try:
            yield
        except Diverged as error:
            others = differences(self.header.get("libraries", {}), worker.libraries)
            raise Diverged(
                error.lane,
                error.episode,
                error.step,
                recorded=error.recorded,
                replayed=error.replayed,
                because="not comparable: " + ", ".join(others) if others else "",
            ) from error

    def _sides(self) -> Sides:
        groups: dict[str, dict[str, list[str]]] = {"team": {}, "role": {}}
        for agent, sides in self.header.get("agents", {}).items():
            for kind, homes in groups.items():
                if sides.get(kind):
                    homes.setdefault(sides[kind], []).append(agent)
        return Sides(groups["team"] or None, groups["role"] or None)


def at_once() -> int:
    """Return how many episodes are played at once: one for each core, but not many."""
    return min(os.cpu_count() or 1, _AT_ONCE)


def run_here(begin: Callable[[], Coroutine[Any, Any, T]], show: Callable[[], None] | None) -> T:
    """Run a coroutine on the scheduler's thread; an interrupt ends it, and returns when its workers have gone."""
    tasks: list[asyncio.Task[T]] = []

    async def undertake() -> T:
        tasks.append(asyncio.ensure_future(begin()))
        return await tasks[0]

    return scheduler_thread().call(undertake(), lambda: [task.cancel() for task in tasks], show)


@contextmanager
def bar(wanted: bool, words: str, total: int, done: Callable[[], int]) -> Iterator[Callable[[], None] | None]:
    """Show how far long work is, where that is wanted; gives what brings it up to date."""
    if not wanted:
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(total=total, desc=words, unit="step", delay=1.0, leave=False) as shown:
        yield lambda: shown.update(done() - shown.n)
