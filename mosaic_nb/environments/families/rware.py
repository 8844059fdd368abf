"""The robotic warehouse drawn and in words; the package's own window needs a display."""

from __future__ import annotations

from typing import Any

from mosaic_nb.environments.families.drawing import AGENTS, INK, Board

_SHELF, _ASKED, _GOAL, _WAY = (170, 160, 196), (226, 148, 62), (92, 98, 112), (238, 235, 227)
_TOWARD = {"UP": (-1, 0), "DOWN": (1, 0), "LEFT": (0, -1), "RIGHT": (0, 1)}
_COMPASS = {"UP": "north", "DOWN": "south", "LEFT": "west", "RIGHT": "east"}


def details(environment: Any) -> str:
    """Return where the goals are, and how many shelves are asked for at a time."""
    rows, columns = environment.grid_size
    goals = ", ".join(f"row {y}, column {x}" for x, y in environment.goals)
    asked = len(environment.request_queue) or environment.request_queue_size
    return f"The warehouse has {rows} x {columns} cells, goals in {goals}; {asked} shelves are asked for at a time."


def picture(environment: Any) -> Any:
    """Return the warehouse: shelves mauve, those asked for orange, goals dark, robots as discs that point ahead."""
    rows, columns = environment.grid_size
    board = Board(rows, columns, max(16, min(40, 480 // max(rows, columns))))
    for x, y in environment.goals:
        board.square(int(y), int(x), _GOAL, 0.04)
        board.label(int(y), int(x), "G")
    for shelf in environment.shelfs:
        board.square(
            int(shelf.y), int(shelf.x), _ASKED if shelf in environment.request_queue else _SHELF, 0.1
        )
    for index, robot in enumerate(environment.agents):
        row, column = int(robot.y), int(robot.x)
        if robot.carrying_shelf is not None:
            board.ring(row, column, INK)
        board.disc(row, column, AGENTS[index % len(AGENTS)], 0.2)
        board.pointer(row, column, _TOWARD[robot.dir.name])
    return board.picture()


def text(value: Any, environment: Any, agent: str) -> str:  # noqa: ARG001 - told from the warehouse, as far as it is seen
    """Return where a robot stands, what it carries, and what lies within its sensors' range."""
    me = environment.agents[int(agent.rpartition("_")[2])]
    near = environment.sensor_range
    shelves = [
        f"{'a shelf that is asked for' if shelf in environment.request_queue else 'a shelf'} {_place(me, shelf)}"
        for shelf in environment.shelfs
        if _within(me, shelf, near) and shelf is not me.carrying_shelf
    ]
    robots = [
        f"agent_{index}, facing {_COMPASS[one.dir.name]}, {_place(me, one)}"
        for index, one in enumerate(environment.agents)
        if one is not me and _within(me, one, near)
    ]
    carries = "no shelf"
    if me.carrying_shelf is not None:
        asked = me.carrying_shelf in environment.request_queue
        carries = "a shelf that is asked for" if asked else "a shelf that is not asked for"
    return (
        f"You are in row {int(me.y)}, column {int(me.x)}, face {_COMPASS[me.dir.name]} and carry {carries}. "
        f"Near you: {'; '.join(shelves + robots) or 'nothing'}."
    )


def _within(me: Any, other: Any, near: int) -> bool:
    return abs(int(other.x) - int(me.x)) <= near and abs(int(other.y) - int(me.y)) <= near


def _place(me: Any, other: Any) -> str:
    down, right = int(other.y) - int(me.y), int(other.x) - int(me.x)
    along = f"{abs(down)} {'south' if down > 0 else 'north'}" if down else ""
    across = f"{abs(right)} {'east' if right > 0 else 'west'}" if right else ""
    return " and ".join(filter(None, (along, across))) or "where you are"
