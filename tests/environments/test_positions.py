"""Boards to click: in whole games, what a board offers is exactly what the environment takes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.protocol import messages

BOARDS = {
    "classic/chess_v6": {},
    "classic/connect_four_v3": {},
    "classic/tictactoe_v3": {},
    "classic/go_v5": {"board_size": 5},
    "openspiel/tic_tac_toe": {},
    "openspiel/connect_four": {},
}


def hosted(environment: str, **options: Any) -> HostedEnvironment:
    return HostedEnvironment(messages.Environment(id=environment, options=options))


def played(host: HostedEnvironment, seed: int) -> Iterator[messages.Transition]:
    """A game of random moves, everybody at the board."""
    for agent in host.describe().agents:
        host.observe(agent, [], [], True)
    draw = random.Random(seed)
    transition = host.reset(messages.Seed(seed))
    yield transition
    for _ in range(120):
        if transition.over:
            return
        ((agent, _),) = transition.observations.items()
        move = draw.choice(transition.boards[agent].moves)
        transition = host.step({agent: move.action})
        yield transition


def legal(host: HostedEnvironment, transition: messages.Transition) -> tuple[str, list[int]]:
    ((agent, seen),) = transition.observations.items()
    return agent, [action for action, allowed in enumerate(seen.action_mask) if allowed]


@pytest.mark.parametrize("environment", BOARDS)
def test_what_a_board_offers_is_what_is_legal(environment: str) -> None:
    host = hosted(environment, **BOARDS[environment])
    names = {agent: about.action_labels for agent, about in host.describe().agents.items()}
    for transition in played(host, seed=5):
        if transition.over:
            break
        agent, actions = legal(host, transition)
        board = transition.boards[agent]
        assert sorted(move.action for move in board.moves) == actions
        assert all(move.label == names[agent][move.action] for move in board.moves if names[agent])
        assert len(board.cells) == len(board.names) == board.rows * board.columns
        assert len(set(board.names)) == len(board.names)
        for other in names.keys() - {agent}:
            assert transition.boards[other].moves == []
            assert transition.boards[other].cells == board.cells


@pytest.mark.parametrize("environment", BOARDS)
def test_a_move_leads_where_its_board_says(environment: str) -> None:
    host = hosted(environment, **BOARDS[environment])
    draw = random.Random(2)
    for agent in host.describe().agents:
        host.observe(agent, [], [], True)
    transition = host.reset(messages.Seed(2))
    for _ in range(8):
        if transition.over:
            break
        ((agent, _),) = transition.observations.items()
        board = transition.boards[agent]
        move = draw.choice([move for move in board.moves if move.to is not None])
        transition = host.step({agent: move.action})
        after = transition.boards[agent]
        piece = board.own if move.source is None else board.cells[move.source]
        assert after.cells[move.to] == (f"{board.own} {move.piece}" if move.piece else piece)
        assert move.to in after.last
        assert move.source is None or after.cells[move.source] == ""


def test_a_seat_without_a_person_costs_no_board() -> None:
    host = hosted("classic/chess_v6")
    host.observe("player_0", [], [], True)
    assert set(host.reset(messages.Seed(1)).boards) == {"player_0"}
    assert host.observe("player_0", [], []).board is None
    assert host.reset(messages.Seed(1)).boards == {}
    assert host.observe("player_1", [], [], True).board.turned


def test_no_digest_depends_on_who_sits_at_the_board() -> None:
    alone, watched = hosted("classic/connect_four_v3"), hosted("classic/connect_four_v3")
    watched.observe("player_0", [], [], True)
    for host in (alone, watched):
        host.reset(messages.Seed(1))
    assert alone.step({"player_0": 3}).digest == watched.step({"player_0": 3}).digest
