"""Level-based foraging drawn and in words; the package's own window needs a display."""

from __future__ import annotations

from typing import Any

from mosaic_nb.environments.families.drawing import AGENTS, Board

_FOOD = (120, 164, 88)


def details(environment: Any) -> str:
    """Return the size of the field and how far a forager sees."""
    rows, columns = environment.field_size
    penalty = f" A load that fails costs {environment.penalty:g}." if environment.penalty else ""
    return f"The field has {rows} x {columns} cells; you see {environment.sight} cells around you.{penalty}"


def prepare(environment: Any, seed: int) -> None:  # noqa: ARG001 - nothing is drawn here
    """Take the foragers off the field: reset places none where another stood at the end of the episode before."""
    for player in environment.players:
        player.position = None


def picture(environment: Any) -> Any:
    """Return the field: food green, foragers as discs in colours, both with their levels."""
    rows, columns = environment.field_size
    board = Board(rows, columns, max(24, min(48, 480 // max(rows, columns))))
    for row in range(rows):
        for column in range(columns):
            if environment.field[row, column]:
                board.square(row, column, _FOOD, 0.14)
                board.label(row, column, str(int(environment.field[row, column])))
    for index, player in enumerate(environment.players):
        row, column = map(int, player.position)
        board.disc(row, column, AGENTS[index % len(AGENTS)])
        board.label(row, column, str(int(player.level)))
    return board.picture()


def text(value: Any, environment: Any, agent: str) -> str:  # noqa: ARG001 - told from the field, as far as it is seen
    """Return what a forager sees: food and other foragers with their levels, counted from itself."""
    me = environment.players[int(agent.rpartition("_")[2])]
    row, column = map(int, me.position)
    sight = environment.sight
    near = [
        (y, x)
        for y in range(max(0, row - sight), min(environment.rows, row + sight + 1))
        for x in range(max(0, column - sight), min(environment.cols, column + sight + 1))
    ]
    food = [
        f"level {int(environment.field[y, x])}, {_place(y - row, x - column)}"
        for y, x in near
        if environment.field[y, x]
    ]
    others = [
        f"agent_{index}, level {int(one.level)}, {_place(int(one.position[0]) - row, int(one.position[1]) - column)}"
        for index, one in enumerate(environment.players)
        if one is not me and tuple(map(int, one.position)) in near
    ]
    return (
        f"You are in row {row}, column {column}, of level {int(me.level)}. "
        f"Food: {'; '.join(food) or 'none in sight'}. Foragers: {'; '.join(others) or 'none in sight'}."
    )


def _place(down: int, right: int) -> str:
    along = f"{abs(down)} {'down' if down > 0 else 'up'}" if down else ""
    across = f"{abs(right)} {'right' if right > 0 else 'left'}" if right else ""
    return " and ".join(filter(None, (along, across)))
