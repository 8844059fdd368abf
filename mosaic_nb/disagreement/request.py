"""What is asked of a run, and how long work on it is run, shown and interrupted."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mosaic_nb.errors import CastError, Diverged
from mosaic_nb.operators import Declared, declare
from mosaic_nb.protocol import messages
from mosaic_nb.recording.run import Run
from mosaic_nb.scheduler.casts import Sides
from mosaic_nb.scheduler.chapters import Key
from mosaic_nb.scheduler.replaying import differences
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_AT_ONCE = 4
"""Episodes that are played at once, at most: each takes an environment, and all share the operators."""
_NAMED = 12


@dataclass(frozen=True)
class Request:
    """What `disagreements` asks.

    Attributes:
        run: which was recorded.
        environment: how its environment is made.
        operators: who is asked, by name.
        lanes, episodes, agents: where; None for all.
        deadline: seconds for an answer where an operator declares none.
    """

    run: Run
    environment: messages.Environment
    operators: Mapping[str, Declared]
    lanes: Sequence[str] | None
    episodes: Sequence[int] | None
    agents: Sequence[str] | None
    deadline: float | None

    def wants(self, key: Key) -> bool:
        """Whether an episode is asked about."""
        lane, episode = key
        return (self.lanes is None or lane in self.lanes) and (
            self.episodes is None or episode in self.episodes
        )

    def acted(self, steps: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of decisions that others are asked about."""
        found = steps[steps["action"].notna()]
        for name, wanted in (("lane", self.lanes), ("episode", self.episodes), ("agent", self.agents)):
            found = found if wanted is None else found[found[name].isin(wanted)]
        return found

    def host(self, log: Path) -> EnvironmentWorker:
        """Return an environment of the run's, not started, its agents on the sides that the header tells of."""
        return EnvironmentWorker("asking", self.environment, log, self._sides().over)

    def _sides(self) -> Sides:
        told = self.run.header["provenance"].get("agents", {})
        groups: dict[str, dict[str, list[str]]] = {"team": {}, "role": {}}
        for agent, sides in told.items():
            for kind, homes in groups.items():
                if sides.get(kind):
                    homes.setdefault(sides[kind], []).append(agent)
        return Sides(groups["team"] or None, groups["role"] or None)


def named(operators: Any) -> dict[str, Declared]:
    """Return the operators to be asked, by name.

    Raises:
        TypeError: there are none.
        CastError: one is a person, or two have one name.
    """
    if isinstance(operators, Mapping):
        found = [(str(name), declare(given)) for name, given in operators.items()]
    else:
        given = operators if isinstance(operators, (list, tuple)) else [operators]
        found = [(declared.label, declared) for declared in map(declare, given)]
    if not found:
        raise TypeError('say who is to be asked, such as {"expert": "scripted"}')
    people = [name for name, declared in found if declared.kind == "human"]
    if people:
        raise CastError(
            f"{', '.join(map(repr, people))}: people cannot be asked what they would have done; seat one with "
            f"arena.swap(...), and compare what is played"
        )
    if len(dict(found)) < len(found):
        raise CastError(
            f"two operators are called alike, in {', '.join(name for name, _ in found)}: name them, as in "
            f'{{"first": ..., "second": ...}}'
        )
    return dict(found)


def chosen(name: str, given: Any, kind: type[Any], known: Any) -> Any:
    """Return lanes, episodes or agents as they were asked for, or None for all.

    Raises:
        ValueError: the run has no steps of one.
    """
    if given is None:
        return None
    several = [given] if isinstance(given, (str, int)) else list(given)
    unknown = [one for one in several if one not in set(known)]
    if unknown:
        among = ", ".join(str(one) for one in list(known)[:_NAMED]) + (", ..." if len(known) > _NAMED else "")
        raise ValueError(
            f"{name}: the run has no steps of {unknown[0]!r}; it has {among or 'no steps at all'}"
        )
    return [kind(one) for one in several]


def at_once() -> int:
    """Return how many episodes are played at once: one for each core, but not many."""
    return min(os.cpu_count() or 1, _AT_ONCE)


@contextmanager
def explained(request: Request, worker: EnvironmentWorker) -> Iterator[None]:
    """Name the libraries that differ where an episode does not replay."""
    try:
        yield
    except Diverged as error:
        others = differences(request.run.header["provenance"].get("libraries", {}), worker.libraries)
        raise Diverged(
            error.lane,
            error.episode,
            error.step,
            recorded=error.recorded,
            replayed=error.replayed,
            because="not comparable: " + ", ".join(others) if others else "",
        ) from error


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
