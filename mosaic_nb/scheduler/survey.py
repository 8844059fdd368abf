"""From the lanes as they stand to the snapshot that viewers draw."""

from __future__ import annotations

from typing import Any

from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.lane import FAILED, HELD, Lane, Move
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.player import Player
from mosaic_nb.scheduler.seats import HumanSeat
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot


def survey(lockstep: LockStep, plan: Plan, player: Player, *, closed: bool) -> Snapshot:
    """Return the snapshot of an arena.

    Args:
        lockstep: its lanes and ticks.
        plan: its seeds.
        player: how it advances.
        closed: whether it is closed.
    """
    phase = "closed" if closed else player.phase
    lanes = lockstep.lanes
    over = bool(lanes) and all(lane.status in (HELD, FAILED) for lane in lanes)
    views = tuple(lane_view(lane, over) for lane in lanes)
    declared = [lane.episode.declared for lane in lanes if lane.episode is not None]
    return Snapshot(
        title=lanes[0].worker.environment.id if lanes else "",
        seed=min(declared, default=plan.seed),
        tick=lockstep.ticks,
        phase=phase,
        speed=player.speed,
        status=player.note or _status(views, phase, over, lockstep.ticks),
        lanes=views,
        playing=player.playing,
        shared=plan.shared,
        clocked=player.clocked,
        waits_for=player.waits_for,
        moment=lockstep.timeline.last,
        chapter=lockstep.timeline.chapter,
    )


def _status(lanes: tuple[LaneView, ...], phase: str, over: bool, tick: int) -> str:
    turns = [_asked(lane) for lane in lanes if any(seat.turn is not None for seat in lane.seats)]
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


def _asked(lane: LaneView) -> str:
    """Name a lane where people are asked, and of several agents those that are."""
    agents = [seat.agent for seat in lane.seats if seat.turn is not None]
    return lane.name if len(lane.seats) == 1 else f"{lane.name} ({', '.join(agents)})"


def lane_view(lane: Lane, over: bool = False) -> LaneView:
    """Return a lane as it stands; ``over`` says that no lane plays any more."""
    episode = lane.episode
    return LaneView(
        name=lane.name,
        seats=tuple(_seat(lane, agent) for agent in lane.seats),
        status="over" if over and lane.status == HELD else lane.status,
        message=message(lane.status, lane.error, episode.step if episode else 0),
        episode=episode.number if episode else 0,
        seed=episode.declared if episode else 0,
        step=episode.step if episode else 0,
        episode_return=episode.total if episode else 0.0,
        frame=lane.frame,
        views=tuple(lane.seats) if lane.worker.opened.views and len(lane.seats) > 1 else (),
        view=lane.view,
    )


def message(status: str, error: Exception | None, step: int) -> str:
    """Say in words why a lane is as it is, where that needs words."""
    if error is not None:
        return str(error)
    return f"episode over after {step} steps" if status == HELD else ""


def _seat(lane: Lane, agent: str) -> SeatView:
    seat, move = lane.seats[agent], lane.moves.get(agent) or lane.done.get(agent)
    person = seat if isinstance(seat, HumanSeat) else None
    about = lane.worker.opened.agents[agent]
    return SeatView(
        agent=agent,
        operator=seat.operator,
        kind=seat.kind,
        turn=person.turn if person else None,
        choices=seat.actions.few(person.mask) if person else (),
        space=seat.actions.data if person and not seat.actions.discrete else None,
        default=person.default if person else "",
        relieves=seat.relieves.label if seat.relieves else "",
        team=about.team,
        role=about.role,
        to_move=agent in lane.observations,
        chosen=person is not None and person.chose(lane.step),
        board=lane.boards.get(agent) if person else None,
        **decision(seat.actions, move),
    )


def decision(actions: Actions, move: Move | None) -> dict[str, Any]:
    """Return what a `SeatView` says of an agent's last decision."""
    if move is None:
        return {}
    labels = [choice.label for choice in actions.choices(None)] if move.probabilities else []
    return {
        "action": "" if move.action is None else actions.name(move.action),
        "probabilities": tuple(zip(labels, move.probabilities or (), strict=False)),
        "value": move.value,
        "milliseconds": move.milliseconds if move.answered else None,
        "note": move.fallback or ("an invalid action" if move.invalid else ""),
    }
