"""What an experiment plays, as data: it goes to every process that plays some of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mosaic_nb.operators import Declared
from mosaic_nb.protocol import messages
from mosaic_nb.recording.parts import part_path
from mosaic_nb.scheduler.casts import NO_SIDES, Sides
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.policy import Policy

Unit = tuple[str, int]
"""What is played in one piece: a lane, and which of its trials (of its episodes, where a trial is one)."""


@dataclass(frozen=True)
class Job:
    """What is played.

    Attributes:
        environment: how it is made.
        casts: declared operators by agent, team, role or pattern, by lane.
        seeds: of the trials, in order.
        policy: what is done where an operator fails or asks for what is illegal; ``"stop"`` ends the episode.
        repeat: how often the seeds are played, with other draws of the operators each time.
        trial: episodes on one hidden instance.
        run_seed: what the operators' draws depend on beside the episode's seed.
        stops: whether a lane plays no more after its first failure.
        deadline: seconds for a decision where an operator declares none, or None.
        sides: teams and roles that the user gives.
        blocks: whether whole episodes may be played in one process.
    """

    environment: messages.Environment
    casts: Mapping[str, Mapping[str, Declared]]
    seeds: tuple[int, ...]
    policy: Policy
    repeat: int = 1
    trial: int = 1
    run_seed: int = 0
    stops: bool = False
    deadline: float | None = 60.0
    sides: Sides = NO_SIDES
    blocks: bool = True

    @cached_property
    def plan(self) -> Plan:
        """Which episodes each lane plays."""
        return Plan(self.seeds[0], self.trial, self.run_seed, seeds=self.seeds)

    @property
    def trials(self) -> int:
        """How many trials each lane plays."""
        return len(self.seeds) * self.repeat

    @property
    def episodes(self) -> int:
        """How many episodes all lanes play."""
        return self.trials * self.trial * len(self.casts)

    @property
    def on_failure(self) -> str:
        """What an experiment does where an operator fails, in the words of `Experiment`."""
        return self.policy.on_failure if self.stops or self.policy.on_failure != "stop" else "record"

    def units(self) -> list[Unit]:
        """Return everything there is to play, lane by lane."""
        return [(lane, number) for lane in self.casts for number in range(self.trials)]

    def numbers(self, trial: int) -> range:
        """Return the numbers of the episodes of a trial."""
        return range(trial * self.trial, (trial + 1) * self.trial)

    def number(self, lane: str) -> int:
        """Return the place of a lane."""
        return list(self.casts).index(lane)

    def operators(self) -> list[Declared]:
        """Return every operator once."""
        found: list[Declared] = []
        for cast in self.casts.values():
            found += [declared for declared in cast.values() if declared not in found]
        return found


@dataclass(frozen=True)
class Played:
    """An episode that has been played and is on disk.

    Attributes:
        lane, number, seed: which.
        length: in steps.
        total: its return, all agents' together.
        end: ``terminated``, ``truncated``, ``forfeit`` or ``failed``.
        seconds: what it took.
        why: of one that failed, why.
    """

    lane: str
    number: int
    seed: int
    length: int
    total: float
    end: str
    seconds: float
    why: str = ""


@dataclass(frozen=True)
class Folders:
    """Where an experiment's files go.

    Attributes:
        run: the run's folder, where texts and pictures go.
        parts: the rows.
        logs: what the workers print.
    """

    run: Path
    parts: Path
    logs: Path


def part_of(job: Job, lane: str, trials: Sequence[int], folder: Path) -> Path:
    """Return where the part of some trials lies that follow each other."""
    first = job.numbers(trials[0])[0]
    return part_path(folder, job.number(lane), first, len(trials) * job.trial)
