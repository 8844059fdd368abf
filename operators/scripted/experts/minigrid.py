"""MiniGrid's goal squares, by exploring: doors, keys and lava included."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np

from experts.base import Expert
from experts.grid_memory import (
    DONE,
    DOOR,
    EMPTY,
    FLOOR,
    FORWARD,
    GOAL,
    KEY,
    LEFT,
    LOCKED,
    OPEN,
    PICKUP,
    RIGHT,
    TOGGLE,
    Cell,
    Memory,
    Pose,
)
from mosaic_nb.worker import Episode, Observation, Outcome


class GoalSeeker(Expert):
    """Goes to the goal if it has seen it, else fetches the key it needs, else looks where it has not looked.

    With nothing left to look at it takes any key: it may stand in the way. It sees the
    partial view alone, and remembers what it saw and did in `learn`.
    """

    environments = (
        "MiniGrid with a goal square (Empty, DoorKey, FourRooms, MultiRoom, LockedRoom, crossings, lava gaps)"
    )

    _IDS = tuple(
        f"MiniGrid-{name}"
        for name in (
            "Empty-",
            "DoorKey-",
            "FourRooms-",
            "MultiRoom-",
            "LockedRoom-",
            "LavaGap",
            "LavaCrossing",
            "SimpleCrossing",
        )
    )

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether it is one of these, seen through MiniGrid's own partial view."""
        image = _image_space(episode.observation_space)
        if image is None or not episode.environment.startswith(cls._IDS):
            return False
        return image.dtype == np.uint8 and len(image.shape) == 3 and image.shape[0] == image.shape[1] < 20

    def __init__(self, episode: Episode) -> None:
        """Remember nothing yet."""
        self._memory = Memory()

    def learn(self, outcome: Outcome) -> None:
        """Remember what was seen and where the agent went."""
        self._memory = self._memory.with_view(_image(outcome.observation.value))
        if outcome.action is not None:
            self._memory.do(int(outcome.action))

    def act(self, observation: Observation) -> int:
        """Return the next action of the plan. With nothing left to try it is ``done``, which does nothing."""
        memory = self._memory.with_view(_image(observation.value))
        for wanted, action in _intentions(memory):
            step = _first_step(memory, wanted)
            if step is not None:
                return action if step == DONE else step
        return DONE


def _image_space(space: gymnasium.Space[Any]) -> gymnasium.spaces.Box | None:
    if isinstance(space, gymnasium.spaces.Dict):
        space = space.spaces.get("image", space)
    return space if isinstance(space, gymnasium.spaces.Box) else None


def _image(value: Any) -> np.ndarray:
    image: np.ndarray = value["image"] if isinstance(value, dict) else value
    return image


def _intentions(memory: Memory) -> list[tuple[Callable[[Pose], bool], int]]:
    """Return what to try, the best first: where to be, and what to do there."""
    cells = memory.cells
    locked = {c.colour for c in cells.values() if c.object == DOOR and c.state == LOCKED}

    def faces_key(pose: Pose) -> bool:
        front = cells.get(pose.front)
        return front is not None and front.object == KEY and front.colour in locked

    intentions: list[tuple[Callable[[Pose], bool], int]] = [
        (lambda pose: cells.get(pose.front, _NOTHING).object == GOAL, FORWARD)
    ]
    if memory.carried is None:
        intentions.append((faces_key, PICKUP))
    intentions.append((lambda pose: pose.front not in cells, FORWARD))
    if memory.carried is None:
        intentions.append((lambda pose: cells.get(pose.front, _NOTHING).object == KEY, PICKUP))
    return intentions


_NOTHING = Cell(0, 0, 0)


def _first_step(memory: Memory, wanted: Callable[[Pose], bool]) -> int | None:
    """Return the first action on a shortest way to a wanted pose, DONE if this is one, None if none is in reach."""
    if wanted(memory.pose):
        return DONE
    first: dict[Pose, int] = {memory.pose: DONE}
    queue = deque([memory.pose])
    while queue:
        pose = queue.popleft()
        for action in (FORWARD, LEFT, RIGHT):
            if action == FORWARD and not _may_enter(memory, pose.front):
                continue
            after = pose.after(action)
            if after in first:
                continue
            first[after] = _opening(memory, action) if pose == memory.pose else first[pose]
            if wanted(after):
                return first[after]
            queue.append(after)
    return None


def _may_enter(memory: Memory, place: tuple[int, int]) -> bool:
    cell = memory.cells.get(place, _NOTHING)
    if cell.object == DOOR:
        return cell.state != LOCKED or memory.opens(cell)
    return cell.object in (EMPTY, FLOOR, GOAL)


def _opening(memory: Memory, action: int) -> int:
    """Return TOGGLE for a step into a shut door, else the action itself."""
    front = memory.cells.get(memory.pose.front, _NOTHING)
    return TOGGLE if action == FORWARD and front.object == DOOR and front.state != OPEN else action
