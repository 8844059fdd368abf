"""Board games as positions to click: what lies where, and which move is made by clicking which cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from mosaic_nb.environments.families import boards
from mosaic_nb.protocol.parts import Board, BoardMove

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PROMOTED = {"n": "knight", "b": "bishop", "r": "rook"}


def grid(cells: Sequence[str], columns: int, moves: Iterable[BoardMove], **more: Any) -> Board:
    """Return a board of cells that are named by column and row, from the upper left, as ``b1``.

    Args:
        cells: what lies on each, row by row from above.
        columns: how many there are.
        moves: see `Board`.
        more: other fields of `Board`.
    """
    rows = len(cells) // columns
    names = [f"{_LETTERS[column]}{row + 1}" for row in range(rows) for column in range(columns)]
    fields = {"kind": "grid", "names": names} | more
    return Board(rows=rows, columns=columns, cells=list(cells), moves=list(moves), **fields)


# --- connect four and tic-tac-toe --------------------------------------------------------------------


def connect_four(environment: Any, agent: str, done: dict[str, Any]) -> Board:
    """Return the board; a disc falls to the lowest free cell of its column."""
    discs = ("", "red disc", "black disc")
    cells = [discs[piece] for piece in environment.board]
    own = discs[1 + environment.possible_agents.index(agent)]
    return falling(cells, 7, own, done.values())


def falling(cells: Sequence[str], columns: int, own: str, done: Iterable[int]) -> Board:
    """Return a board where what is put into a column falls down.

    Args:
        cells: what lies on each, row by row from above.
        columns: how many there are; a move's action is its column, from 0.
        own: what the agent's own pieces are called.
        done: the columns of the last step.
    """
    rows = len(cells) // columns
    names = [f"column {column + 1}, row {rows - row}" for row in range(rows) for column in range(columns)]
    stacks = [sum(1 for row in range(rows) if cells[row * columns + c]) for c in range(columns)]
    moves = [
        BoardMove(action=c, label=f"column {c + 1}", to=(rows - 1 - height) * columns + c)
        for c, height in enumerate(stacks)
        if height < rows
    ]
    last = [(rows - stacks[c]) * columns + c for c in map(int, done) if stacks[c]]
    return grid(cells, columns, moves, kind="columns", names=names, own=own, last=last)


def tictactoe(environment: Any, agent: str, done: dict[str, Any]) -> Board:
    """Return the board; PettingZoo counts its cells column by column."""
    marks = ("", "cross", "nought")
    squares, order = environment.board.squares, [row + 3 * column for row in range(3) for column in range(3)]
    moves = [
        BoardMove(action=action, label=boards.SQUARES[action], to=at)
        for at, action in enumerate(order)
        if not squares[action]
    ]
    return grid(
        [marks[squares[action]] for action in order],
        3,
        moves,
        names=[boards.SQUARES[action] for action in order],
        own=marks[1 + environment.possible_agents.index(agent)],
        last=[order.index(int(action)) for action in done.values()],
    )


# --- Go ----------------------------------------------------------------------------------------------


def go(environment: Any, agent: str, done: dict[str, Any]) -> Board:
    """Return the board; passing is the one move that no point stands for."""
    position, size = environment._go, environment._N  # noqa: SLF001 - they have no public names
    names = boards.go_labels(environment, agent)
    stones = {1: "black stone", -1: "white stone"}
    points = size * size
    moves = [
        BoardMove(action=action, label=name, to=action if action < points else None)
        for action, name in enumerate(names)
    ]
    return grid(
        [stones.get(int(stone), "") for stone in position.board.flat],
        size,
        moves,
        kind="go",
        names=names[:points],
        own=("black stone", "white stone")[environment.possible_agents.index(agent)],
        last=[int(action) for action in done.values() if int(action) < points],
    )


# --- chess -------------------------------------------------------------------------------------------


def chess(environment: Any, agent: str, done: dict[str, Any]) -> Board:  # noqa: ARG001 - the board remembers it
    """Return the board as White sees it, turned for Black, with a move for each piece that a pawn may become."""
    import chess

    position, player = environment.board, environment.possible_agents.index(agent)
    pieces = {square: _piece(piece) for square, piece in position.piece_map().items()}
    king = position.king(position.turn) if position.is_check() else None
    moved = [position.peek().from_square, position.peek().to_square] if position.move_stack else []
    own = ("white", "black")[player]
    order = [chess.square(column, row) for row in reversed(range(8)) for column in range(8)]
    return grid(
        [pieces.get(square, "") for square in order],
        8,
        [
            move
            for square, piece in pieces.items()
            if piece.startswith(own)
            for move in _chess_moves(player, chess.square_name(square), piece.endswith("pawn"))
        ],
        kind="chess",
        names=[chess.square_name(square) for square in order],
        own=own,
        last=[_cell(chess.square_name(square)) for square in moved],
        alert=[] if king is None else [_cell(chess.square_name(king))],
        turned=player == 1,
    )


def _piece(piece: Any) -> str:
    import chess

    return f"{'white' if piece.color else 'black'} {chess.piece_name(piece.piece_type)}"


@cache
def _chess_moves(player: int, source: str, pawn: bool) -> tuple[BoardMove, ...]:
    """Return every move from a cell that a player has an action for."""
    named = enumerate(boards.chess_names(player))
    return tuple(
        BoardMove(
            action=action,
            label=name,
            source=_cell(source),
            to=_cell(name[2:4]),
            piece=(_PROMOTED.get(name[4:], "queen") if name[3] in "18" else "") if pawn else "",
        )
        for action, name in named
        if name.startswith(source) and (pawn or len(name) == 4)
    )


def _cell(name: str) -> int:
    return (8 - int(name[1])) * 8 + _LETTERS.index(name[0])
