"""What an agent of a grid world remembers of what its partial view has shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

UNSEEN, EMPTY, FLOOR, DOOR, KEY, GOAL, LAVA = 0, 1, 3, 4, 5, 8, 9
OPEN, LOCKED = 0, 2
LEFT, RIGHT, FORWARD, PICKUP, DROP, TOGGLE, DONE = range(7)

Place = tuple[int, int]
STEPS: tuple[Place, ...] = ((1, 0), (0, 1), (-1, 0), (0, -1))
"""One cell ahead, by heading; heading + 1 is a quarter turn to the right."""


class Cell(NamedTuple):
    """One square, as MiniGrid's image encodes it."""

    object: int
    colour: int
    state: int


class Pose(NamedTuple):
    """Where the agent stands, and its heading, an index into `STEPS`."""

    place: Place
    heading: int

    @property
    def front(self) -> Place:
        """The place ahead."""
        step = STEPS[self.heading]
        return (self.place[0] + step[0], self.place[1] + step[1])

    def after(self, action: int) -> Pose:
        """Return the pose after a turn or an unhindered step forward."""
        if action == FORWARD:
            return Pose(self.front, self.heading)
        return Pose(self.place, (self.heading + (1 if action == RIGHT else -1)) % 4)


class Memory:
    """A map of the cells seen so far. The agent began at (0, 0) with heading 0, whatever the true ones are.

    Attributes:
        cells: what was last seen, by place.
        pose: the agent's.
        carried: what it carries, or None.
    """

    def __init__(self) -> None:
        self.cells: dict[Place, Cell] = {(0, 0): Cell(EMPTY, 0, 0)}
        self.pose = Pose((0, 0), 0)
        self.carried: Cell | None = None

    def with_view(self, image: np.ndarray) -> Memory:
        """Return a memory that also holds what this view shows, and leave this one as it is.

        Args:
            image: uint8 array (n, n, 3): MiniGrid's view, the agent in the middle of the last row, looking along
                decreasing second indices. Its own cell shows what it carries.
        """
        memory = Memory()
        memory.cells = dict(self.cells)
        memory.pose = self.pose
        n = image.shape[0]
        middle, own = n // 2, n - 1
        view = image.tolist()
        ahead, aside = STEPS[self.pose.heading], STEPS[(self.pose.heading + 1) % 4]
        x, y = self.pose.place
        for i, column in enumerate(view):
            for j, cell in enumerate(column):
                if cell[0] != UNSEEN and (i, j) != (middle, own):
                    forward, right = own - j, i - middle
                    place = (
                        x + forward * ahead[0] + right * aside[0],
                        y + forward * ahead[1] + right * aside[1],
                    )
                    memory.cells[place] = Cell(*cell)
        hand = Cell(*view[middle][own])
        memory.carried = hand if hand.object not in (UNSEEN, EMPTY) else None
        return memory

    def do(self, action: int) -> None:
        """Follow an action's effect on the pose; its effect on the cells shows in the next view."""
        if action in (LEFT, RIGHT):
            self.pose = self.pose.after(action)
        elif action == FORWARD and self._may_stand(self.pose.front):
            self.pose = self.pose.after(FORWARD)

    def opens(self, door: Cell) -> bool:
        """Return whether the agent carries the key of a locked door."""
        return self.carried is not None and self.carried.object == KEY and self.carried.colour == door.colour

    def _may_stand(self, place: Place) -> bool:
        cell = self.cells.get(place)
        if cell is None:
            return False
        return cell.object in (EMPTY, FLOOR, GOAL, LAVA) or (cell.object == DOOR and cell.state == OPEN)
