"""Rewind: every lane goes back to where it was, replayed and checked, and goes on from there on a new branch.

Either all lanes go back or none does. First every lane's past is played again in a fresh environment, beside the one
that is being played in; only when all have come to the recorded digests are the environments exchanged. Nothing that
was recorded is deleted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mosaic_nb.errors import MosaicError
from mosaic_nb.protocol import ProtocolError
from mosaic_nb.recording.lineage import REWIND
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.lane import FAILED, RUNNING, Lane, Move
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.past import Past
from mosaic_nb.scheduler.places import Place
from mosaic_nb.scheduler.replaying import Played, relive
from mosaic_nb.scheduler.seats import WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker


@dataclass
class _Return:
    """A lane that is ready to go back.

    Attributes:
        worker: the environment that has been played to the place, or None where the lane had failed before its
            episode began.
        views: the observation space of each agent's seat.
        moves: what the agents had done in the step that led to the place.
        played: what came of the replay.
    """

    lane: Lane
    place: Place
    worker: EnvironmentWorker | None = None
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    moves: dict[str, Move] = field(default_factory=dict)
    played: Played = field(default_factory=Played)


async def rewind(
    lockstep: LockStep, company: Company, past: Past, places: Mapping[str, Place], tick: int
) -> None:
    """Take every lane back to its place.

    Args:
        lockstep: its lanes, with no tick open.
        company: where the lanes' environments are.
        past: everything that was recorded.
        places: where each lane was.
        tick: how many ticks the arena had had then.

    Raises:
        Diverged: an environment does not replay; nothing has changed.
        EnvironmentFailure, OperatorError: an environment could not be started; nothing has changed.
    """
    returns = await _prepare_all(lockstep, past, places)
    branch = 1 + max(lane.branch for lane in lockstep.lanes)
    left = [_exchange(lockstep, company, ready, branch, tick) for ready in returns]
    lockstep.ticks = tick
    lockstep.write()
    await asyncio.gather(*(_bring_seats(lockstep, ready) for ready in returns))
    lockstep.write()
    await asyncio.gather(*(worker.close() for worker in left if worker is not None))


async def _prepare_all(lockstep: LockStep, past: Past, places: Mapping[str, Place]) -> list[_Return]:
    returns = [_Return(lane, places[lane.name]) for lane in lockstep.lanes]
    try:
        done = await asyncio.gather(
            *(_prepare(ready, past, lockstep.policy.environment_deadline) for ready in returns),
            return_exceptions=True,
        )
        for result in done:
            if isinstance(result, BaseException):
                raise result
    except BaseException:
        await asyncio.gather(*(ready.worker.close() for ready in returns if ready.worker is not None))
        raise
    return returns


async def _prepare(ready: _Return, past: Past, deadline: float) -> None:
    """Play a lane's past again, to the place, in an environment of its own."""
    lane, place = ready.lane, ready.place
    ready.moves = past.moves(lane.name, place, {agent: seat.actions for agent, seat in lane.seats.items()})
    if not place.standing.episode.digest:
        return
    ready.worker = worker = lane.worker.twin()
    try:
        await worker.ensure()
    except (MosaicError, ProtocolError) as error:
        raise lane.environment_failure(error) from error
    ready.views = await lane.observe(worker)
    trial = past.trial(lane.name, place, worker.opened.agents)
    learners = [agent for agent, seat in lane.seats.items() if seat.learns]
    ready.played = await relive(worker, trial if learners else trial[-1:], learners, deadline=deadline)


def _exchange(
    lockstep: LockStep, company: Company, ready: _Return, branch: int, tick: int
) -> EnvironmentWorker | None:
    """Put a lane where it was, on a new branch; returns the environment that it leaves."""
    lane, place, played = ready.lane, ready.place, ready.played
    lockstep.cut_short(lane, "rewound")
    left = None
    if ready.worker is not None:
        left = lane.worker
        lane.move_to(ready.worker, ready.views)
        company.environments[lane.name] = ready.worker
    standing = place.standing
    lane.status, lane.error, lane.plan = standing.status, standing.error, standing.plan
    lane.begun, lane.trials, lane.completed = standing.begun, standing.trials, standing.completed
    lane.next_position = standing.next_position
    lane.branch = branch
    lane.frame += 1
    lane.episode = replace(
        standing.episode,
        step=place.step,
        returns=played.returns,
        terminated=bool(played.transition.terminated),
        numbers=played.transition.numbers if played.transition.over else {},
    )
    lane.outcomes = played.outcomes
    lane.moves, lane.done = ready.moves, dict(ready.moves)
    lane.perceive(played.transition.observations, played.transition.boards)
    lockstep.note(lane, REWIND, json.dumps(_told(place, tick)))
    return left


def _told(place: Place, tick: int) -> dict[str, Any]:
    """Return what the event says: enough to replay what follows, see `recording.lineage`."""
    episode = place.standing.episode
    return {
        "from_branch": place.standing.branch,
        "episode": episode.number,
        "step": place.step,
        "tick": tick,
        "over": place.standing.status != RUNNING,
        "seed": episode.seed.seed,
        "instance": episode.seed.instance,
        "digest": episode.digest,
    }


async def _bring_seats(lockstep: LockStep, ready: _Return) -> None:
    """Bring every seat to the place by the one law of state; an operator that fails there fails its lane alone."""
    lane = ready.lane
    if lane.status == FAILED:
        return
    for agent, seat in lane.seats.items():
        told = lane.tell_trial(agent, lane.views[agent])
        if isinstance(seat, WorkerSeat):
            nothing: list[list[Any]] = [[] for _ in told]
            seat.remember(list(zip(told, ready.played.told.get(agent, nothing), strict=True)))
            seat.charge()
            try:
                await seat.ensure()
            except (MosaicError, ProtocolError) as error:
                lockstep.stop(lane, lane.operator_error(agent, error))
                return
