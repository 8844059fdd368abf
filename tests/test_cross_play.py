"""Cross-play as a user calls it: real environments, real operators, real processes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import gymnasium
import pytest

import mosaic_nb as mnb
from mosaic_nb.analysis.cross_play import CrossPlay
from mosaic_nb.errors import LaneFailure

TIC_TAC_TOE = "pettingzoo.classic.tictactoe_v3:env"
TEAMS = {"green": ["agent_0", "agent_1"], "blue": ["agent_[23]"]}
NEAR = mnb.operator("scripted", depth=1)
PAYERS = {"pays": mnb.operator("passive", action=1), "keeps": mnb.operator("passive", action=0)}


class Coins(gymnasium.Env):
    """Three steps in which each of four agents is paid its action, and the first agent is given 3 at the end."""

    def __init__(self):
        each = {number: gymnasium.spaces.Discrete(2) for number in range(4)}
        self.action_space, self.observation_space = gymnasium.spaces.Dict(each), gymnasium.spaces.Dict(each)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._step = 0
        return dict.fromkeys(range(4), 0), {}

    def step(self, actions):
        self._step += 1
        over = self._step == 3
        rewards = {number: float(action) + 3 * (over and number == 0) for number, action in actions.items()}
        flags = dict.fromkeys(range(4), over)
        return dict.fromkeys(range(4), 0), rewards, flags, dict.fromkeys(range(4), False), {}


def raises(observation):
    raise RuntimeError("no idea")


def test_every_pair_meets_in_both_orders_under_the_same_seeds():
    seeds = [0, 1, 5]
    played = mnb.crossplay(TIC_TAC_TOE, {"near": NEAR, "random": "random"}, seeds=seeds, progress=False)
    frame = played.frame
    assert frame["pairing"].unique().tolist() == [
        "near v near",
        "near v random",
        "random v near",
        "random v random",
    ]
    met = frame.groupby("pairing")["seed"].unique().map(sorted)
    assert all(found == seeds for found in met)
    seated = frame[frame["pairing"] == "near v random"].groupby("agent")["operator"].unique().map(list)
    assert seated.to_dict() == {"player_1": ["near"], "player_2": ["random"]}
    assert played.matrix("win").loc["near", "random"] > 0.5
    assert (played.matrix(statistic="n") == 3).all(axis=None)


def test_the_same_call_finds_the_same_whatever_plays_beside_it():
    operators = {"near": NEAR, "random": "random"}
    one = mnb.crossplay(TIC_TAC_TOE, operators, seeds=range(3), lanes=1, progress=False)
    other = mnb.crossplay(TIC_TAC_TOE, operators, seeds=range(3), lanes=3, progress=False)
    assert one.frame.equals(other.frame)


def test_what_lies_in_the_folder_is_not_played_again(tmp_path: Path):
    told: list[tuple[int, int]] = []

    def play(seeds: range) -> CrossPlay:
        told.clear()
        return mnb.crossplay(
            TIC_TAC_TOE, ["random"], seeds=seeds, path=tmp_path / "x", progress=lambda *now: told.append(now)
        )

    first = play(range(2))
    assert told == [(0, 2), (2, 2)]
    again = play(range(2))
    assert told == [(2, 2)]
    assert again.frame.equals(first.frame)
    more = play(range(3))
    assert told == [(2, 3), (3, 3)]
    assert more.frame[more.frame["seed"] < 2].equals(first.frame)
    with pytest.raises(ValueError, match="holds a cross-play with other operators"):
        mnb.crossplay(TIC_TAC_TOE, [NEAR], seeds=range(2), path=tmp_path / "x", progress=False)


def test_a_team_is_filled_whole():
    played = mnb.crossplay(Coins, PAYERS, seeds=[3, 4], teams=TEAMS, progress=False)
    frame = played.frame
    one = frame[(frame["pairing"] == "pays v keeps") & (frame["seed"] == 3)].set_index("agent")
    green, blue = ["agent_0", "agent_1"], ["agent_2", "agent_3"]
    assert one["operator"].to_dict() == {**dict.fromkeys(green, "pays"), **dict.fromkeys(blue, "keeps")}
    assert one["team"].to_dict() == {**dict.fromkeys(green, "green"), **dict.fromkeys(blue, "blue")}
    assert one["win"].to_dict() == {**dict.fromkeys(green, 1), **dict.fromkeys(blue, 0)}
    assert played.matrix().to_dict("index") == {
        "pays": {"pays": 3.75, "keeps": 3.75},
        "keeps": {"pays": 0.75, "keeps": 0.75},
    }


@pytest.mark.slow
def test_focal_seats_go_round_and_only_they_count():
    played = mnb.crossplay(Coins, PAYERS, seeds=[3], teams=TEAMS, focal_counts=[1, 3], progress=False)
    frame = played.frame
    counted = frame[frame["focal"]]
    assert Counter(counted.groupby("pairing").size()) == {1: 16, 3: 16}
    alone = counted.groupby("pairing").filter(lambda seats: len(seats) == 1)
    assert alone.groupby(["operator", "against"])["agent"].nunique().tolist() == [4] * 4
    assert played.matrix().to_dict("index") == {
        "pays": {"pays": 3.75, "keeps": 3.75},
        "keeps": {"pays": 0.75, "keeps": 0.75},
    }
    assert played.matrix().columns.name == "background"


@pytest.mark.slow
def test_seats_filled_alike_are_played_once():
    """Of 32 fillings 10 differ: one seat of four another's, or all the same."""
    told: list[tuple[int, int]] = []
    mnb.crossplay(Coins, PAYERS, seeds=[3], focal_counts=[1, 3], progress=lambda *now: told.append(now))
    assert told[-1] == (10, 10)


def test_without_swapping_a_pair_meets_once():
    played = mnb.crossplay(TIC_TAC_TOE, {"a": NEAR, "b": "random"}, seeds=[1], swap=False, progress=False)
    assert played.frame["pairing"].unique().tolist() == ["a v a", "a v b", "b v b"]


def test_an_operator_that_fails_ends_it_with_its_own_words():
    with pytest.raises(LaneFailure, match="no idea"):
        mnb.crossplay(TIC_TAC_TOE, {"bad": raises, "random": "random"}, seeds=[0], progress=False)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"operators": "random"}, TypeError, "operators must be a mapping or a list"),
        ({"operators": []}, TypeError, "not empty"),
        (
            {"operators": ["random", "human"]},
            ValueError,
            "'human' is a person; cross-play runs without hands",
        ),
        ({"operators": ["random", "random"]}, ValueError, "same name; give a mapping"),
        ({"operators": {"a v b": "random"}}, ValueError, "must not contain ' v '"),
        ({"seeds": []}, ValueError, "seeds is empty"),
        ({"seeds": [-1]}, ValueError, "a seed must be an integer of at least 0"),
        ({"lanes": 0}, ValueError, "lanes must be"),
        ({"teams": {"x": ["player_1"]}}, ValueError, "'player_2' must be in one team, and is in none"),
        ({"teams": {"x": ["player_*"], "y": "player_2"}}, ValueError, "'player_2' must be .* is in x and y"),
        (
            {"teams": {"x": ["agent_*"]}},
            ValueError,
            "there is no agent 'agent_\\*'; there are player_1, player_2",
        ),
        ({"focal_counts": [2]}, ValueError, "focal_counts must be from 1 to 1, as there are 2 agents, not 2"),
        ({"seed": 3}, TypeError, "seed"),
        ({"laned": 3}, TypeError, "no keyword argument 'laned'"),
    ],
)
def test_bad_input_is_refused_in_words_before_anything_is_played(changed, error, said):
    arguments = {"operators": ["random"], "seeds": [0], "progress": False, **changed}
    with pytest.raises(error, match=said):
        mnb.crossplay(TIC_TAC_TOE, **arguments)
