"""Consequences by playing on: the other action is taken, and who played goes on from there under the same seeds."""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis import disagreement as table
from mosaic_nb.disagreement.request import Request
from mosaic_nb.errors import CastError, Diverged, MosaicError
from mosaic_nb.operators import Declared, declare, operator
from mosaic_nb.protocol import ProtocolError
from mosaic_nb.rerun import at_once, bar, run_here
from mosaic_nb.scheduler.asking import open_place
from mosaic_nb.scheduler.branching import Branch, Fork
from mosaic_nb.scheduler.chapters import Trial
from mosaic_nb.scheduler.followers import explain
from mosaic_nb.scheduler.workers import EnvironmentWorker, OperatorWorker

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = ("terminated", "truncated")
"""How an episode ends that was not cut short."""


class Rollouts:
    """Plays on from disagreements.

    Args:
        request: what was asked.
        trials: all of the run.
        players: operators by the label that the run has for them, beside those that it can declare itself.
        horizon: steps that are played; None to the end.
    """

    def __init__(
        self,
        request: Request,
        trials: Sequence[Trial],
        players: Mapping[str, Any] | None,
        horizon: int | None,
    ) -> None:
        self._request = request
        self._horizon = horizon
        self._known = {str(label): declare(given) for label, given in (players or {}).items()}
        self._known |= {declared.label: declared for declared in request.operators.values()}
        self._trials = {
            chapter.key: trial[: number + 1] for trial in trials for number, chapter in enumerate(trial)
        }
        ends = request.rerun.run.episodes
        self._ends = dict(zip(zip(ends["lane"], ends["episode"], strict=True), ends["end"], strict=True))
        self._episodes = dict(iter(request.rerun.run.steps.groupby(["lane", "episode"], observed=True)))
        self._done = 0

    def measure(self, rows: pd.DataFrame, most: int, progress: bool) -> pd.DataFrame:
        """Return disagreements in order again, the first so many with what came of a rollout.

        Raises:
            CastError: somebody who played (a person, a function) cannot be declared from the run alone.
        """
        parted = rows[rows["parted"] & rows["legal"].fillna(False).astype(bool)].head(most)
        casts = {number: self._cast(row) for number, row in _records(parted)}
        with bar(progress, "played on", len(parted), lambda: self._done) as show:
            found = run_here(lambda: self._play(dict(_records(parted)), casts), show)
        for number, (paid, error) in found.items():
            if error:
                rows.loc[number, "error"] = f"the rollout failed: {error}"
            else:
                rows.loc[number, ["consequence", "measure"]] = (paid, table.ROLLOUT)
        return table.in_order(rows)

    # --- who plays on --------------------------------------------------------------------------------

    def _cast(self, row: Mapping[str, Any]) -> dict[str, Declared]:
        """Return who plays each agent from a step on: who acted next, else last."""
        steps = self._episodes[row["lane"], row["episode"]]
        acted = steps[steps["action"].notna()]
        cast = {}
        for agent, own in acted.groupby("agent", observed=True, sort=False):
            later = own[own["step"] >= row["step"]]
            cast[str(agent)] = self._declared(
                str((own if later.empty else later.iloc[:1])["operator"].iloc[-1])
            )
        return cast

    def _declared(self, label: str) -> Declared:
        if label not in self._known:
            told = self._request.rerun.header.get("declared", {}).get(label)
            if told is None:
                raise CastError(
                    f"who plays on where {label!r} played? The run's folder does not hold it: give it as "
                    f"players={{{label!r}: ...}}"
                )
            self._known[label] = operator(told["name"], deadline=told["deadline"], **told["options"])
        return self._known[label]

    # --- playing on ----------------------------------------------------------------------------------

    async def _play(
        self, rows: Mapping[Any, Mapping[str, Any]], casts: Mapping[Any, Mapping[str, Declared]]
    ) -> dict[Any, tuple[float, str]]:
        waiting = deque(rows)
        found: dict[Any, tuple[float, str]] = {}
        with tempfile.TemporaryDirectory(prefix="mosaic-nb-rollouts-") as folder:
            logs = Path(folder)
            players = _hire([declared for cast in casts.values() for declared in cast.values()], logs)
            places = [
                self._request.rerun.host(logs / f"environment-{number}.log")
                for number in range(min(at_once(), len(rows)))
            ]

            async def work(number: int, place: EnvironmentWorker) -> None:
                await open_place(place)
                branch = Branch(place, f"branch-{number}", self._request.deadline)
                while waiting:
                    one = waiting.popleft()
                    cast = {agent: _worker(players, declared) for agent, declared in casts[one].items()}
                    with self._request.rerun.explained(place):
                        found[one] = await self._consequence(branch, rows[one], cast)
                    self._done += 1

            tasks = [asyncio.ensure_future(work(number, place)) for number, place in enumerate(places)]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await asyncio.gather(*(worker.close() for worker in (*places, *(w for _, w in players))))
        return found

    async def _consequence(
        self, branch: Branch, row: Mapping[str, Any], cast: Mapping[str, OperatorWorker]
    ) -> tuple[float, str]:
        """Return by how much more the agent was paid than it had been, and what went wrong, or empty."""
        key = row["lane"], row["episode"]
        steps = self._episodes[key]
        horizon = self._horizon
        if self._ends.get(key) not in _WHOLE:  # it was cut short: no further than it was played
            left = int(steps["step"].max()) + 1 - row["step"]
            horizon = left if horizon is None else min(horizon, left)
        mine = steps[(steps["agent"] == row["agent"]) & (steps["step"] >= row["step"])]
        if horizon is not None:
            mine = mine[mine["step"] < row["step"] + horizon]
        fork = Fork(self._trials[key], row["step"], row["agent"], row["other_action"], cast, horizon)
        try:
            paid = await branch.play(fork)
        except Diverged:
            raise
        except (MosaicError, ProtocolError) as error:
            return 0.0, explain(error)
        return paid - float(mine["reward"].sum()), ""


def _records(rows: pd.DataFrame) -> Iterator[tuple[Any, dict[str, Any]]]:
    return zip(rows.index, rows.to_dict("records"), strict=True)


def _hire(cast: Sequence[Declared], logs: Path) -> list[tuple[Declared, OperatorWorker]]:
    """Return a worker for each operator; those declared alike share one."""
    hired: list[tuple[Declared, OperatorWorker]] = []
    for declared in cast:
        if not any(declared == other for other, _ in hired):
            hired.append((declared, OperatorWorker(declared, logs / f"player-{len(hired)}.log")))
    return hired


def _worker(hired: Sequence[tuple[Declared, OperatorWorker]], declared: Declared) -> OperatorWorker:
    return next(worker for other, worker in hired if other == declared)
