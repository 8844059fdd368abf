"""Chapters: the episodes of a run in their trials, with all that a seat was told of them and every decision's seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mosaic_nb.protocol import messages
from mosaic_nb.recording.lineage import ancestry, origins
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.replaying import Script, scripts
from mosaic_nb.scheduler.workers import EnvironmentWorker

Key = tuple[str, int]
"""An episode on the current line: its lane and its number."""


@dataclass(frozen=True)
class Chapter:
    """An episode as it was played, in its trial.

    Attributes:
        script: how to play it again.
        trial, position: which trial of the lane, and the episode's place in it.
        plan: the run's, for the trial's length and the run seeds.
    """

    script: Script
    trial: int
    position: int
    plan: Plan

    @property
    def key(self) -> Key:
        """Which episode it is."""
        return self.script.lane, self.script.episode

    @property
    def declared(self) -> int:
        """The declared seed: the trial's, where there are trials."""
        seed = self.script.seed
        return seed.seed if seed.instance is None else seed.instance

    def told(self, worker: EnvironmentWorker, agent: str, space: dict[str, Any]) -> messages.Episode:
        """Return what the seat of an agent was told of it.

        Args:
            worker: has opened the environment.
            agent: whose seat.
            space: the observation space as its operator perceives it.
        """
        return worker.episode(
            agent,
            space,
            number=self.script.episode,
            trial=self.trial,
            position=self.position,
            trial_length=self.plan.trial_length,
            seed=self._bits(agent, "seat"),
        )

    def decision_seed(self, agent: str, step: int) -> int:
        """Return the 64 bits of an agent's decision at a step."""
        return seeds.decision(self._bits(agent, "act"), step)

    def _bits(self, agent: str, purpose: str) -> int:
        run_seed = self.plan.draws(self.script.episode)
        return seeds.derive(run_seed, self.declared, self.position, agent, purpose)


Trial = list[Chapter]
"""The episodes of a trial that were played, in order."""


def plan_of(provenance: Mapping[str, Any]) -> Plan:
    """Return the plan that a run's header tells of."""
    told = provenance.get("plan", {})
    stretches = provenance.get("experiment", {}).get("seeds", [])
    once = dict.fromkeys(seed for first, count in stretches for seed in range(first, first + count))
    return Plan(0, trial_length=told.get("trial", 1), run_seed=told.get("run_seed", 0), seeds=tuple(once))


def trials(tables: Any, every: Any, agents: Mapping[str, messages.Agent], plan: Plan) -> Iterator[Trial]:
    """Yield every trial of the current line.

    Args:
        tables: the run's four tables, the current line.
        every: the same of all branches.
        agents: the environment's, for their action spaces.
        plan: the run's.
    """
    found = {(s.lane, s.branch, s.episode): s for s in scripts(every.events, every.steps, agents)}
    branches = origins(every.events)
    numbers = _numbers(tables)
    for (lane, trial), rows in numbers.groupby(["lane", "trial"], observed=True, sort=False):
        line = ancestry(max(branches.get(lane, {}), default=0), branches.get(lane, {}))
        first = int(rows["episode"].min())
        told: Trial = []
        for number in sorted(rows["episode"].tolist()):
            branch = next((branch for branch in line if (lane, branch, number) in found), None)
            if branch is not None:  # else it failed before its environment was reset
                told.append(Chapter(found[lane, branch, number], int(trial), number - first, plan))
        if told:
            yield told


def _numbers(tables: Any) -> pd.DataFrame:
    """Return the lane, trial and number of every episode that has a row."""
    names = ["lane", "trial", "episode"]
    rows = [table[names].drop_duplicates() for table in (tables.episodes, tables.steps)]
    both = pd.concat([part.astype({"lane": "object"}) for part in rows])
    return both.drop_duplicates().sort_values(["episode"], kind="stable")
