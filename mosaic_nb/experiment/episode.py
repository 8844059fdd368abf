"""One episode of a lane by the lock-step, whoever its workers are."""

from __future__ import annotations

from collections.abc import Callable

from mosaic_nb.experiment.sheet import Sheet
from mosaic_nb.scheduler import rows
from mosaic_nb.scheduler.lane import RUNNING, STARTING, Lane
from mosaic_nb.scheduler.lockstep import LockStep
from mosaic_nb.scheduler.policy import Policy


def nobody_looks() -> None:
    """Nothing is shown while an experiment runs."""


async def play(
    lane: Lane, number: int, sheet: Sheet, policy: Policy, changed: Callable[[], None] = nobody_looks
) -> None:
    """Play an episode of a lane's plan; it leaves its rows whatever becomes of it.

    Args:
        lane: whose.
        number: which.
        sheet: takes the rows.
        policy: what is done where an operator fails or asks for what is illegal.
        changed: called after every step.

    Raises:
        RecordingFailed: the disk refused.
    """
    place(lane, number)
    await LockStep([lane], sheet, policy, changed).begin([lane])
    await go_on(lane, sheet, policy, changed)
    if not sheet.holds(number):
        _never_began(lane, number, sheet)


def place(lane: Lane, number: int) -> None:
    """Have an episode of this number begin next."""
    lane.begun = lane.next_position = number
    lane.trials = -(-number // lane.plan.trial_length)
    lane.status, lane.error = STARTING, None


async def go_on(lane: Lane, sheet: Sheet, policy: Policy, changed: Callable[[], None] = nobody_looks) -> None:
    """Play the episode that is under way in a lane to its end."""
    lockstep = LockStep([lane], sheet, policy, changed)
    while lane.status == RUNNING:
        await lockstep.tick()


def _never_began(lane: Lane, number: int, sheet: Sheet) -> None:
    """Leave a row for an episode whose environment or operator could not be started."""
    if lane.episode is None or lane.episode.number != number:
        lane.next_episode()
    sheet.write(episodes=[rows.of_episode(lane, "failed")])
