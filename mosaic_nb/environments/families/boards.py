"""PettingZoo's board games in words: the board drawn in letters, whose move it is, the legal moves in the notation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Any

_COLUMNS = "ABCDEFGHJKLMNOPQRST"  # Go has no column I
SQUARES = (
    *("top left", "middle left", "bottom left", "top middle", "centre", "bottom middle"),
    *("top right", "middle right", "bottom right"),
)


def turn(environment: Any, agent: str) -> str:
    """Return whose move it is, from a player's side."""
    if agent not in environment.agents or environment.terminations[agent]:
        return "The game is over."
    mover = environment.agent_selection
    return "You are to move." if mover == agent else f"{mover} is to move."


def _moves(environment: Any, agent: str, names: Iterable[str]) -> str:
    said = turn(environment, agent)
    return f"{said} Legal: {', '.join(names)}." if said.startswith("You") else said


# --- connect four and tic-tac-toe --------------------------------------------------------------------


def moves(text: str, highest: int) -> list[int]:
    """Return the actions that digits stand for, spaces between them or not.

    Raises:
        ValueError: there is something else, or a digit that is no action.
    """
    digits = "".join(text.split())
    strange = next((letter for letter in digits if letter not in "0123456789"[: highest + 1]), None)
    if strange is not None:
        raise ValueError(f"moves are digits from 0 to {highest}, and {strange!r} is none")
    return [int(digit) for digit in digits]


def connect_four(environment: Any, agent: str) -> str:
    """Return the board, its own discs as X."""
    marks = _marks(environment, agent, "X", "O")
    rows = [" ".join(marks[piece] for piece in environment.board[7 * row : 7 * row + 7]) for row in range(6)]
    board = "\n".join(["1 2 3 4 5 6 7", *rows])
    legal = (f"column {column + 1}" for column in range(7) if environment.board[column] == 0)
    return f"Columns 1 to 7, your discs X, the other's O:\n{board}\n{_moves(environment, agent, legal)}"


def tictactoe(environment: Any, agent: str) -> str:
    """Return the board, crosses as X."""
    squares = environment.board.squares
    rows = [" ".join(".XO"[squares[row + 3 * column]] for column in range(3)) for row in range(3)]
    mine = "XO"[environment.possible_agents.index(agent)]
    legal = (name for name, mark in zip(SQUARES, squares, strict=True) if mark == 0)
    return f"You put {mine}:\n" + "\n".join(rows) + f"\n{_moves(environment, agent, legal)}"


def _marks(environment: Any, agent: str, mine: str, other: str) -> dict[int, str]:
    first = environment.possible_agents.index(agent) == 0
    return {0: ".", 1: mine if first else other, 2: other if first else mine}


# --- Go ----------------------------------------------------------------------------------------------


def go_labels(environment: Any, agent: str) -> list[str]:  # noqa: ARG001 - both players see the board alike
    """Return the points, row by row from above, and pass."""
    size = environment._N  # noqa: SLF001 - it has no public name
    return [*(f"{_COLUMNS[column]}{size - row}" for row in range(size) for column in range(size)), "pass"]


def go(environment: Any, agent: str) -> str:
    """Return the board, black as X and white as O."""
    position, size = environment._go, environment._N  # noqa: SLF001 - they have no public names
    rows = [
        f"{size - row:>2} "
        + " ".join({1: "X", -1: "O"}.get(int(stone), ".") for stone in position.board[row])
        for row in range(size)
    ]
    header = "   " + " ".join(_COLUMNS[:size])
    colour = "black (X)" if environment.possible_agents.index(agent) == 0 else "white (O)"
    names = go_labels(environment, agent)
    allowed = [name for name, legal in zip(names, position.all_legal_moves(), strict=True) if legal]
    legal = allowed if len(allowed) < len(names) // 2 else [_but_for(names, allowed)]
    return f"You are {colour}.\n" + "\n".join([header, *rows]) + f"\n{_moves(environment, agent, legal)}"


def _but_for(names: Sequence[str], legal: Sequence[str]) -> str:
    taken = [name for name in names if name not in set(legal)]
    return f"every point but {', '.join(taken)}, and pass" if taken else "every point, and pass"


# --- chess -------------------------------------------------------------------------------------------


def chess_labels(environment: Any, agent: str) -> list[str]:
    """Return the moves as a player calls them: from and to which cell; the few that no piece can make are numbers."""
    return list(chess_names(environment.possible_agents.index(agent)))


def chess(environment: Any, agent: str) -> str:
    """Return the board, White's pieces in capitals, and the legal moves by cells and by name."""
    board, player = environment.board, environment.possible_agents.index(agent)
    rows = [f"{8 - row} {line}" for row, line in enumerate(str(board).splitlines())]
    drawn = "\n".join([*rows, "  a b c d e f g h"])
    legal = [f"{_without_queen(move.uci())} ({board.san(move)})" for move in board.legal_moves]
    check = " You are in check." if board.is_check() and agent == environment.agent_selection else ""
    colour = ("White (capitals)", "Black (small letters)")[player]
    return f"You play {colour}.{check}\n{drawn}\nFEN: {board.fen()}\n{_moves(environment, agent, legal)}"


def set_up_chess(environment: Any, fen: str) -> None:
    """Set up a position, and let the side move whose turn it is; of the moves before it the board knows nothing.

    Raises:
        ValueError: it is no position that can come about, or the game is over there.
    """
    import chess
    import numpy as np
    from pettingzoo.classic.chess import chess_utils

    board = chess.Board(fen)
    status = board.status()
    if status:
        wrong = [flag.name.lower().replace("_", " ") for flag in chess.Status if flag.name and flag & status]
        raise ValueError(f"no game leads there ({', '.join(wrong)})")
    if board.is_game_over(claim_draw=True):
        raise ValueError(f"the game is over there, {board.result(claim_draw=True)}")
    environment.board = board
    seen = chess_utils.get_observation(board, player=0)[:, :, 7:]
    environment.board_history = np.dstack((seen, np.zeros_like(environment.board_history)[:, :, :-13]))
    while environment.agent_selection != environment.possible_agents[0 if board.turn else 1]:
        environment.agent_selection = environment._agent_selector.next()  # noqa: SLF001 - it has no public name


def _without_queen(move: str) -> str:
    return move.removesuffix("q")


@cache
def chess_names(player: int) -> tuple[str, ...]:
    """Return AlphaZero's 8 x 8 x 73 moves, which PettingZoo counts from the mover's side of the board."""
    names = [f"#{action}" for action in range(8 * 8 * 73)]
    for action, move in _chess_moves():
        names[action] = "".join(str(9 - int(c)) if c.isdigit() else c for c in move) if player else move
    return tuple(names)


def _chess_moves() -> Iterator[tuple[int, str]]:
    import chess
    from pettingzoo.classic.chess import chess_utils

    for source, target in product(range(64), repeat=2):
        (column, row), difference = _between(source, target)
        if not (_is_straight(difference) or chess_utils.is_knight_move(difference)):
            continue
        promotes = row == 6 and difference[1] == 1 and abs(difference[0]) <= 1
        for piece in (None, *((chess.KNIGHT, chess.BISHOP, chess.ROOK) if promotes else ())):
            move = chess.Move(source, target, promotion=piece)
            yield (column * 8 + row) * 73 + chess_utils.get_move_plane(move), move.uci()


def _between(source: int, target: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the source's column and row, and how far it is to the target."""
    (row, column), (to_row, to_column) = divmod(source, 8), divmod(target, 8)
    return (column, row), (to_column - column, to_row - row)


def _is_straight(difference: tuple[int, int]) -> bool:
    dx, dy = difference
    return difference != (0, 0) and (0 in difference or abs(dx) == abs(dy))
