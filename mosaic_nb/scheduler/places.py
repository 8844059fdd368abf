"""Where a lane stands, in a form that can be kept and gone back to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mosaic_nb.errors import LaneFailure
from mosaic_nb.scheduler.lane import Episode, Lane
from mosaic_nb.scheduler.plan import Plan


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lane stands, but for how many steps its episode has had: the same from one event to the next.

    Attributes:
        branch: the lane's.
        status, error: as `Lane` has them.
        plan: which episodes it plays.
        begun, trials, completed, next_position: its counters.
        episode: the one under way, or just over; of it only what does not change with a step.
    """

    branch: int
    status: str
    error: LaneFailure | None
    plan: Plan
    begun: int
    trials: int
    completed: int
    next_position: int
    episode: Episode


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane was at a moment.

    Attributes:
        standing: all but the step.
        step: how many steps the episode had had.
        frame: the number of the picture.
    """

    standing: Standing
    step: int
    frame: int


def standing(lane: Lane) -> Standing:
    """Return where a lane that has begun an episode stands now.

    It stands there until its branch, status or episode (the object) is another.
    """
    return Standing(
        branch=lane.branch,
        status=lane.status,
        error=lane.error,
        plan=lane.plan,
        begun=lane.begun,
        trials=lane.trials,
        completed=lane.completed,
        next_position=lane.next_position,
        episode=replace(lane.current, returns={}, step=0, terminated=False, numbers={}),
    )
