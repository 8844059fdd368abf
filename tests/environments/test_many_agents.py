"""Families of many agents: found by their ids, described, told in words, drawn, and the same under the same seeds."""

import numpy as np
import pytest

from mosaic_nb.environments import family, registries
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.resolve import UnknownEnvironment, UnknownOption, make
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import messages, spaces

SHORT = {
    "pettingzoo_classic": [
        *("classic/chess-v6", "classic/connect_four-v3", "classic/tictactoe-v3", "classic/go-v5"),
        *("classic/leduc_holdem-v4", "classic/texas_holdem-v4", "classic/texas_holdem_no_limit-v6"),
        *("classic/hanabi-v5", "classic/rps-v2"),
    ],
    "pettingzoo_butterfly": ["butterfly/cooperative_pong-v6", "butterfly/knights_archers_zombies-v11"],
    "pettingzoo_sisl": ["sisl/pursuit-v5", "sisl/multiwalker-v9"],
    "mpe2": ["mpe2/simple_spread-v3", "mpe2/simple_tag-v3", "mpe2/simple_speaker_listener-v4"],
    "mosaic_multigrid": [
        *("MosaicMultiGrid-S-2v2-IndAgObs-v1", "MosaicMultiGrid-BB-2v2-IndAgObs-v1"),
        *("MosaicMultiGrid-AF-2v2-IndAgObs-v1", "MosaicMultiGrid-C-2v2-IndAgObs-v1"),
    ],
    "multigrid": ["MultiGrid-RedBlueDoors-8x8-v0"],
    "cogrid": ["Overcooked-CrampedRoom-V0"],
    "openspiel": ["openspiel/tic_tac_toe", "openspiel/leduc_poker", "openspiel/matrix_rps"],
    "lbf": ["Foraging-8x8-3p-3f-v3"],
    "rware": ["rware-tiny-2ag-v2"],
}
LONG = {
    "pettingzoo_butterfly": ["butterfly/pistonball-v6"],
    "mpe2": ["mpe2/simple_world_comm-v3", "mpe2/simple_crypto-v3", "mpe2/simple_reference-v3"],
    "mosaic_multigrid": ["MosaicMultiGrid-S-G-1v0-v1"],
    "multigrid": ["MultiGrid-BlockedUnlockPickup-v0"],
}
PAIRS = [(name, env_id) for name, ids in SHORT.items() for env_id in ids]


def hosted(env_id, **options):
    return HostedEnvironment(declare(env_id, **options))


def played(host, seed, steps=25):
    """Return the digests of an episode of random legal actions, and all rewards by agent."""
    spoken = {name: spaces.from_data(agent.action_space) for name, agent in host.describe().agents.items()}
    for number, space in enumerate(spoken.values()):
        space.seed(seed + number)
    transition = host.reset(messages.Seed(seed))
    digests = [transition.digest]
    while not transition.over and len(digests) <= steps:
        transition = host.step(
            {
                name: spoken[name].sample(None if seen.action_mask is None else seen.action_mask)
                for name, seen in transition.observations.items()
            }
        )
        digests.append(transition.digest)
    return digests


@pytest.mark.parametrize(("name", "env_id"), PAIRS)
def test_a_family_describes_plays_and_shows_each_agent(name, env_id):
    host = hosted(env_id)
    opened = host.describe()
    assert (opened.family, opened.spec) == (name, env_id)
    assert opened.illegal in ("retry", "forfeit", "random")
    for agent in opened.agents.values():
        assert agent.rules
        assert agent.goal
        assert len(set(agent.action_labels)) == len(agent.action_labels)
        assert agent.keymaps[0] == agent.keys
        for keys in agent.keymaps:
            assert len(set(keys.values())) == len(keys)
            assert not {"Tab", "Escape"} & keys.keys()
    for agent in opened.agents:
        host.observe(agent, ["text", "frame"], [])
    transition = host.reset(messages.Seed(2))
    for agent, seen in transition.observations.items():
        assert seen.text
        assert seen.frame.dtype == np.uint8
        picture = host.render(of=agent)
        assert picture.width > 20
        assert picture.data
    assert host.render().format == ("png" if opened.renders else "text")
    host.close()


@pytest.mark.parametrize(("name", "env_id"), PAIRS)
def test_an_episode_is_the_same_under_its_seed_whatever_was_played_before(name, env_id):
    """LBF, MultiGrid and knights, archers, zombies keep something over reset, which their families put right."""
    first, second = hosted(env_id), hosted(env_id)
    alone = played(first, 5)
    played(second, 9, steps=7)
    assert played(second, 5) == alone
    first.close()
    second.close()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("classic/connect_four-v3", "classic/connect_four-v3"),
        ("classic/connect_four_v3", "classic/connect_four-v3"),
        ("connect_four_v3", "classic/connect_four-v3"),
        ("connect_four", "classic/connect_four-v3"),
        ("Connect_Four", "classic/connect_four-v3"),
        ("mpe2/simple_spread", "mpe2/simple_spread-v3"),
        ("simple_spread_v3", "mpe2/simple_spread-v3"),
        ("openspiel/tic_tac_toe", "openspiel/tic_tac_toe"),
        ("Overcooked-CrampedRoom-V0", "Overcooked-CrampedRoom-V0"),
        ("module:connect_four", "module:connect_four"),
    ],
)
def test_ids_are_told_apart_loosely_and_said_in_full(wanted, found):
    assert registries.identity(wanted) == found


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ("connect_fuor_v3", "classic/connect_four-v3"),
        ("classic/connect_four-v1", "classic/connect_four-v3"),
        ("openspiel/tic_tac_to", "openspiel/tic_tac_toe"),
        ("MosaicMultiGrid-S-2v2-IndAgObs", "v1"),
    ],
)
def test_a_miss_names_the_nearest(wanted, says):
    if wanted.endswith("IndAgObs"):  # the newest version is meant where none is said
        assert hosted(wanted).describe().spec.endswith(says)
        return
    with pytest.raises(UnknownEnvironment, match=says):
        make(declare(wanted))


def test_an_option_that_a_registered_environment_does_not_take_names_those_it_does():
    with pytest.raises(UnknownOption, match="max_cycles"):
        make(declare("mpe2/simple_spread-v3", env_kwargs={"max_cycle": 9}))
    assert hosted("mpe2/simple_spread-v3", env_kwargs={"max_cycles": 9}).describe().max_steps == 9


def test_parallel_where_the_registry_offers_it_else_in_turns():
    assert len(hosted("classic/rps-v2").reset(messages.Seed(0)).observations) == 2
    assert len(hosted("classic/connect_four-v3").reset(messages.Seed(0)).observations) == 1


@pytest.mark.parametrize(
    ("env_id", "teams"),
    [
        ("MosaicMultiGrid-S-2v2-IndAgObs-v1", ["green", "green", "blue", "blue"]),
        ("MosaicMultiGrid-AF-1v2-IndAgObs-v1", ["green", "blue", "blue"]),
        ("classic/chess-v6", ["white", "black"]),
        ("classic/tictactoe-v3", ["crosses", "noughts"]),
        ("mpe2/simple_tag-v3", ["adversaries"] * 3 + ["good"]),
        ("Overcooked-CrampedRoom-V0", ["cooks", "cooks"]),
        ("openspiel/tic_tac_toe", ["player_0", "player_1"]),
    ],
)
def test_agents_have_their_teams(env_id, teams):
    assert [agent.team for agent in hosted(env_id).describe().agents.values()] == teams


def test_roles_come_with_the_agents_names():
    agents = hosted("knights_archers_zombies").describe().agents
    assert {name: agent.role for name, agent in agents.items()} == {
        "archer_0": "archer",
        "archer_1": "archer",
        "knight_0": "knight",
        "knight_1": "knight",
    }


def test_chess_is_told_and_labelled_in_its_notation_from_each_side():
    import chess

    host = hosted("classic/chess-v6")
    agents = host.describe().agents
    for agent in agents:
        host.observe(agent, ["text"], [])
    transition, board = host.reset(messages.Seed(0)), chess.Board()
    for move in ["e2e4", "d7d5", "e4d5", "c7c6", "d5c6", "g8f6", "c6b7", "f6e4", "b7a8n", "e8d7", "g1f3"]:
        ((name, seen),) = transition.observations.items()
        labels = agents[name].action_labels
        legal = {labels[action] for action in np.flatnonzero(seen.action_mask)}
        assert legal == {each.uci().removesuffix("q") for each in board.legal_moves}
        assert board.fen() in seen.text
        assert f"{move} ({board.san(chess.Move.from_uci(move))})" in seen.text
        transition = host.step({name: labels.index(move)})
        board.push_uci(move)
    ((name, seen),) = transition.observations.items()
    assert board.fen() in seen.text
    assert "8 N n b" in seen.text  # the pawn became a knight, as it was told


def test_a_board_is_drawn_from_each_players_side():
    host = hosted("connect_four")
    for agent in ("player_0", "player_1"):
        host.observe(agent, ["text"], [])
    host.reset(messages.Seed(0))
    seen = host.step({"player_0": 3}).observations["player_1"]
    assert seen.text.splitlines()[-2:] == [
        ". . . O . . .",
        f"You are to move. Legal: {', '.join(f'column {n}' for n in range(1, 8))}.",
    ]
    assert host.step({"player_1": 3}).observations["player_0"].text.splitlines()[-3] == ". . . O . . ."


def test_go_points_are_named_as_on_the_board():
    host = hosted("classic/go-v5", env_kwargs={"board_size": 9})
    labels = host.describe().agents["black_0"].action_labels
    assert (labels[0], labels[8], labels[-2], labels[-1]) == ("A9", "J9", "J1", "pass")
    host.observe("white_0", ["text"], [])
    host.reset(messages.Seed(0))
    seen = host.step({"black_0": labels.index("C3")}).observations["white_0"]
    assert " 3 . . X . . . . . ." in seen.text
    assert "every point but C3, and pass" in seen.text


def test_cards_of_the_other_player_are_not_told():
    host = hosted("leduc_holdem")
    for agent in ("player_0", "player_1"):
        host.observe(agent, ["text"], [])
    ((agent, seen),) = host.reset(messages.Seed(3)).observations.items()
    assert seen.text.count(" of ") == 1
    assert "You are to move. Legal: " in seen.text
    raw = host._adapter.unwrapped.env.get_state(int(agent[-1]))["raw_obs"]
    assert {"J": "jack", "Q": "queen", "K": "king"}[raw["hand"][1]] in seen.text


def test_each_player_of_a_team_game_sees_its_own_part():
    host = hosted("MosaicMultiGrid-S-2v2-IndAgObs-v1")
    agents = host.describe().agents
    for agent in agents:
        host.observe(agent, ["text", "frame"], [])
    transition = host.reset(messages.Seed(4))
    assert host.describe().views
    for agent, seen in transition.observations.items():
        assert f"You play for {agents[agent].team}" in seen.text
        assert seen.frame.shape == (222, 222, 3)
    frames = {seen.frame.tobytes() for seen in transition.observations.values()}
    assert len(frames) == len(agents)
    whole, own = host.render("raw"), host.render("raw", of="agent_2")
    assert whole.pixels.shape == (352, 512, 3)
    assert np.array_equal(own.pixels, transition.observations["agent_2"].frame)
    with pytest.raises(KeyError, match="agent_9"):
        host.render(of="agent_9")


def test_a_player_is_told_who_carries_the_ball():
    host = hosted("MosaicMultiGrid-S-2v2-IndAgObs-v1")
    game = host._adapter.unwrapped
    for agent in host.describe().agents:
        host.observe(agent, ["text"], [])
    host.reset(messages.Seed(4))
    ball = next(thing for thing in game.grid.grid if thing is not None and thing.type.value == "ball")
    game.grid.set(*ball.cur_pos, None)
    game.agents[2].state.carrying = ball
    game.agents[0].state.pos, game.agents[2].state.pos = (5, 5), (6, 5)
    game.agents[0].state.dir, game.agents[2].state.dir = 0, 3
    seen = host.step(dict.fromkeys(host.describe().agents, 0)).observations
    assert "an opponent with the ball, facing north, 1 step ahead" in seen["agent_0"].text
    assert "and have the ball" in seen["agent_2"].text


def test_a_second_person_has_keys_of_their_own():
    agent = hosted("MosaicMultiGrid-S-2v2-IndAgObs-v1").describe().agents["agent_0"]
    first, second = agent.keymaps
    assert first["ArrowUp"] == second["w"] == agent.action_labels.index("forward")
    assert not first.keys() & second.keys()


@pytest.mark.parametrize("known", family.families(), ids=lambda known: known.name)
def test_no_key_is_two_peoples(known):
    for game in [known.default, *known.games]:
        used = [key for keys in game.keymaps for key in keys.values()]
        assert len(used) == len(set(used))


@pytest.mark.parametrize("env_id", ["Foraging-8x8-2p-1f-v3", "rware-tiny-2ag-v2"])
def test_what_draws_nothing_itself_is_drawn_from_its_state(env_id):
    host = hosted(env_id)
    assert host.describe().renders
    host.reset(messages.Seed(1))
    before = host.render("raw").pixels
    for _ in range(6):
        moved = host.step({"agent_0": 1, "agent_1": 1})
    assert moved.rewards
    assert not np.array_equal(before, host.render("raw").pixels)
