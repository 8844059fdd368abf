"""Starting positions: what leads there, what cannot be, and that everything begins there each time."""

import chess
import numpy as np
import pytest

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.spec import declare
from mosaic_nb.environments.starting import ImpossibleStart
from mosaic_nb.protocol import messages, spaces
from tests.environments.test_adapters import InTurns, Parallel

CHESS = "classic/chess-v6"
CONNECT = "classic/connect_four-v3"
EMPTY = "MiniGrid-Empty-6x6-v0"
MATE_IN_ONE = "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1"
LAYOUT = """
    WGWGWGWGWGWG
    WG  KY    WG
    WG>>LYABGGWG
    WG  WGVR  WG
    WGBR__  ..WG
    WGWGWGWGWGWG
"""


def hosted(env_id, start, **options):
    return HostedEnvironment(declare(env_id, start=start, **options))


def reset(env_id, start, seed=0, **options):
    return hosted(env_id, start, **options).reset(messages.Seed(seed))


def legal(seen):
    return np.flatnonzero(seen.action_mask).tolist()


# --- families' own -----------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", ["w", "b"])
def test_chess_begins_at_a_position_with_the_side_to_move(turn):
    fen = MATE_IN_ONE.replace(" w ", f" {turn} ")
    host = hosted(CHESS, fen)
    agents = host.describe().agents
    for agent in agents:
        host.observe(agent, ["text"], [])
    for seed in (1, 2):
        ((name, seen),) = host.reset(messages.Seed(seed)).observations.items()
        assert name == {"w": "player_0", "b": "player_1"}[turn]
        assert fen in seen.text
        labels = agents[name].action_labels
        assert {labels[action] for action in legal(seen)} == {
            move.uci().removesuffix("q") for move in chess.Board(fen).legal_moves
        }
    if turn == "w":
        over = host.step({"player_0": labels.index("a1a8")})
        assert (over.over, over.rewards) == (True, {"player_0": 1.0, "player_1": -1.0})


def test_a_position_of_chess_and_the_moves_that_lead_there_look_alike():
    moves = ["e2e4", "e7e5", "g1f3"]
    board = chess.Board()
    for move in moves:
        board.push_uci(move)
    ((_, by_fen),) = reset(CHESS, board.fen()).observations.items()
    ((name, by_moves),) = reset(CHESS, moves).observations.items()
    assert name == "player_1"
    assert np.array_equal(by_fen.action_mask, by_moves.action_mask)
    assert np.array_equal(by_fen.value["observation"][..., :20], by_moves.value["observation"][..., :20])


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("e4", "e4"),
        ("8/8/8/8/8/8/8/8 w - - 0 1", "no white king"),
        ("6k1/5ppp/8/8/8/8/8/R5K1 x - - 0 1", "w"),
        ("6k1/6Q1/6K1/8/8/8/8/8 b - - 0 1", "the game is over there, 1-0"),
        ("k7/8/8/8/8/8/8/R5K1 w - - 0 1", "opposite check"),
    ],
)
def test_positions_of_chess_that_cannot_be_are_told_in_words(start, says):
    with pytest.raises(ImpossibleStart, match="cannot start at") as caught:
        reset(CHESS, start)
    assert says in str(caught.value)


def test_connect_four_begins_after_moves():
    host = hosted(CONNECT, "3340")
    ((name, seen),) = host.reset(messages.Seed(0)).observations.items()
    assert name == "player_0"
    assert seen.value["observation"][..., 0].sum() == seen.value["observation"][..., 1].sum() == 2
    assert seen.step == 0
    same = reset(CONNECT, ["column 4", 3, np.int64(4), "column 1"])
    assert same.digest == host.reset(messages.Seed(0)).digest
    assert reset(CONNECT, "334 0").digest == same.digest
    assert reset(CONNECT, None).digest != same.digest


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("3370", "digits from 0 to 6, and '7' is none"),
        ("0000000", "action 6 of start, 0, is none.*masked"),
        ("0101010", "the 7 actions of start end the episode"),
        ("01010102", "8 actions, and the episode is over after 7"),
        ([9], "action 0 of start, 9, is none"),
        (["column 9"], "action 0 of start, 'column 9', is none"),
    ],
)
def test_moves_that_cannot_be_are_told_in_words(start, says):
    with pytest.raises(ImpossibleStart, match=says):
        reset(CONNECT, start)


def test_a_layout_of_minigrid_is_what_minigrid_prints():
    host = hosted(EMPTY, LAYOUT)
    for seed in (1, 9):
        first = host.reset(messages.Seed(seed))
        game = host._adapter.unwrapped
        rows = [line.strip().replace("..", "  ") for line in LAYOUT.strip().splitlines()]
        assert game.pprint_grid().splitlines() == rows
        assert first.observations["agent"].value["image"][3, 5].tolist() == [4, 4, 2]  # the locked door ahead
    again = reset(EMPTY, game.pprint_grid())
    assert again.digest == first.digest
    by_cells = {"grid": [[line[at : at + 2] for at in range(0, 12, 2)] for line in rows]}
    assert reset(EMPTY, by_cells).digest == first.digest
    for action in (0, 2, 1, 2, 3):  # up, to the cell left of the key, and pick it up
        turn = host.step({"agent": action})
    assert game.carrying.type == "key"
    assert not turn.over


def test_a_layout_is_seen_through_the_wrappers():
    wrapped = {"wrappers": ["minigrid.wrappers:FullyObsWrapper", "minigrid.wrappers:ImgObsWrapper"]}
    seen = reset(EMPTY, LAYOUT, **wrapped).observations["agent"].value
    assert seen.shape == (6, 6, 3)
    assert seen[1, 2].tolist() == [10, 0, 0]
    with pytest.raises(ImpossibleStart, match="FrameStackObservation would have to see the reset itself"):
        reset(
            EMPTY,
            LAYOUT,
            wrappers=[
                "minigrid.wrappers:ImgObsWrapper",
                ("gymnasium.wrappers:FrameStackObservation", {"stack_size": 2}),
            ],
        )


@pytest.mark.parametrize(
    ("env_id", "layout", "says"),
    [
        (EMPTY, "WGWG\nWGWG", "2 rows of 2 cells, and the grid 6 of 6"),
        (EMPTY, LAYOUT.replace(">>", "  "), "0 agents instead of one"),
        (EMPTY, LAYOUT.replace("AB", "VV"), "2 agents"),
        (EMPTY, LAYOUT.replace("KY", "QY"), "'QY' in column 2, row 1"),
        (EMPTY, LAYOUT.replace("KY", "KX"), "'KX' in column 2, row 1"),
        ("BabyAI-GoToLocal-v0", LAYOUT, "hangs on a thing of its own grid"),
        ("CartPole-v1", "anything", "give the actions that lead there"),
        ("classic/go-v5", "anything", "given by the actions"),
    ],
)
def test_layouts_that_cannot_be_are_told_in_words(env_id, layout, says):
    with pytest.raises(ImpossibleStart, match=says):
        reset(env_id, layout)


# --- actions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", ["CartPole-v1", "MiniGrid-DoorKey-5x5-v0", "LunarLanderContinuous-v3"])
def test_an_episode_goes_on_as_if_it_had_been_played_there(env_id):
    plain = hosted(env_id, None)
    space = spaces.from_data(plain.describe().agents["agent"].action_space)
    space.seed(3)
    actions = [space.sample() for _ in range(8)]
    plain.reset(messages.Seed(4))
    whole = [plain.step({"agent": action}).digest for action in actions]
    host = hosted(env_id, actions[:5])
    for _ in range(2):
        begun = host.reset(messages.Seed(4))
        assert begun.rewards == {}
        assert [host.step({"agent": action}).digest for action in actions[5:]] == whole[5:]
    own = hosted(env_id, {"seed": 4, "actions": actions[:5]})
    assert own.reset(messages.Seed(99)).digest == begun.digest


def test_agents_that_move_at_once_are_given_an_action_each():
    host = hosted(Parallel, [{"a": 0, "b": 1}, {"b": 0, "a": 0}, {"a": 1}, {"a": 0, "c": 3}])
    turn = host.reset(messages.Seed(0))
    assert set(turn.observations) == {"a", "c"}
    assert turn.observations["a"].value.tolist() == [4]
    with pytest.raises(ImpossibleStart, match="to move are a, b: give an action for each"):
        hosted(Parallel, [0]).reset(messages.Seed(0))
    with pytest.raises(ImpossibleStart, match="action 0 of start"):
        hosted(Parallel, [{"a": 0, "b": 9}]).reset(messages.Seed(0))


def test_in_turns_an_action_is_the_movers():
    assert set(hosted(InTurns, [0, 1, {"b": 0}]).reset(messages.Seed(0)).observations) == {"a"}
    with pytest.raises(ImpossibleStart, match="to move are a"):
        hosted(InTurns, [{"b": 0}]).reset(messages.Seed(0))


@pytest.mark.parametrize("start", [7, {"moves": []}, {"actions": "3340"}, [object()], {"seed": 7}])
def test_what_is_no_start_is_refused(start):
    with pytest.raises(TypeError, match="start"):
        declare(CONNECT, start=start)


def test_a_seed_that_is_none_is_refused():
    with pytest.raises(ValueError, match="seed of start"):
        declare(CONNECT, start={"seed": -1, "actions": []})
