"""From the lanes as they stand to the snapshot that viewers draw."""

from __future__ import annotations

from mosaic_nb.scheduler.lane import FAILED, HELD, RUNNING, Lane, Plan
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.seats import HumanSeat
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot


def survey(lockstep: LockStep, plan: Plan, *, phase: str, speed: float, playing: bool, note: str) -> Snapshot:
    """Return the snapshot of an arena.

    Args:
        lockstep: its lanes and ticks.
        plan: its seeds.
        phase, speed, playing: see `Snapshot`.
        note: what went wrong with the last thing that somebody asked for, or empty.
    """
    lanes = lockstep.lanes
    over = bool(lanes) and all(lane.status in (HELD, FAILED) for lane in lanes)
    views = tuple(_lane(lane, over) for lane in lanes)
    declared = [lane.episode.declared for lane in lanes if lane.episode is not None]
    return Snapshot(
        title=lanes[0].worker.environment.id if lanes else "",
        seed=min(declared, default=plan.seed),
        tick=lockstep.ticks,
        phase=phase,
        speed=speed,
        status=note or _status(views, phase, over, lockstep.ticks),
        lanes=views,
        playing=playing,
    )


def _status(lanes: tuple[LaneView, ...], phase: str, over: bool, tick: int) -> str:
    turns = [lane.name for lane in lanes if any(seat.turn is not None for seat in lane.seats)]
    if turns:
        return f"{' and '.join(turns)}: your move"
    if phase == "closed":
        return "closed"
    if over:
        return "every episode is over; Step begins the next"
    failed = [lane.name for lane in lanes if lane.status == FAILED]
    if failed:
        return f"{', '.join(failed)} failed; the others go on"
    return f"tick {tick}" if phase == "idle" else f"{phase}, tick {tick}"


def _lane(lane: Lane, over: bool) -> LaneView:
    episode = lane.episode
    return LaneView(
        name=lane.name,
        seats=tuple(_seat(lane, agent) for agent in lane.seats),
        status="over" if over and lane.status == HELD else lane.status,
        message=str(lane.error) if lane.error is not None else _held(lane),
        episode=episode.number if episode else 0,
        seed=episode.declared if episode else 0,
        step=episode.step if episode else 0,
        episode_return=episode.total if episode else 0.0,
        frame=lane.frame,
    )


def _held(lane: Lane) -> str:
    if lane.status != HELD or lane.episode is None:
        return ""
    return f"episode over after {lane.episode.step} steps"


def _seat(lane: Lane, agent: str) -> SeatView:
    seat, move = lane.seats[agent], lane.moves.get(agent)
    labels = [choice.label for choice in seat.actions.choices(None)] if move and move.probabilities else []
    return SeatView(
        agent=agent,
        operator=seat.operator,
        kind=seat.kind,
        turn=seat.turn if isinstance(seat, HumanSeat) else None,
        choices=seat.actions.choices(seat.mask)
        if isinstance(seat, HumanSeat) and lane.status == RUNNING
        else (),
        action=_done(lane, agent),
        probabilities=tuple(zip(labels, move.probabilities or (), strict=False)) if move else (),
        value=move.value if move else None,
    )


def _done(lane: Lane, agent: str) -> str:
    move = lane.moves.get(agent)
    if move is None or move.action is None:
        return ""
    actions = lane.seats[agent].actions
    return actions.label(move.action) or actions.write(move.action)
