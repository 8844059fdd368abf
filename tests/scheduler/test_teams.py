"""Casts of several agents: by name, team, role and pattern; all that does not fit is said before anything moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

import mosaic_nb as mnb
from mosaic_nb.testing import fakes

SOCCER = "MosaicMultiGrid-S-2v2-IndAgObs-v1"
KNIGHTS = "butterfly/knights_archers_zombies-v11"
TAG = "mpe2/simple_tag-v3"


def still(observation: Any) -> int:
    return 0


def seats(arena: mnb.Arena, lane: str) -> dict[str, str]:
    found = next(each for each in arena._conductor.lockstep.lanes if each.name == lane)
    return {agent: seat.operator for agent, seat in found.seats.items()}


def test_names_teams_and_patterns_say_who_plays_which_agent() -> None:
    lanes = {
        "by team": {"green": "scripted", "blue": "random"},
        "name first": {"agent_*": "random", "agent_2": "scripted"},
        "in order": {"agent_[01]": "scripted", "agent_[1-3]": "random"},
        "the rest": {"*": still, "blue": "random", "agent_1": "scripted"},
    }
    with mnb.Arena(SOCCER, lanes, seed=3, max_steps=5) as arena:
        assert list(seats(arena, "by team").values()) == ["scripted", "scripted", "random", "random"]
        assert list(seats(arena, "name first").values()) == ["random", "random", "scripted", "random"]
        assert list(seats(arena, "in order").values()) == ["scripted", "scripted", "random", "random"]
        assert list(seats(arena, "the rest").values()) == ["still", "scripted", "random", "random"]
        assert len(arena._conductor._company.operators) == 3  # shared by seats and lanes
        arena.run(5)
        steps = arena.steps
        assert steps.groupby("lane", observed=True).size().tolist() == [20] * 4
        assert steps[steps.agent.isin(["agent_0", "agent_1"])].team.unique().tolist() == ["green"]
        assert steps[steps.agent.isin(["agent_2", "agent_3"])].team.unique().tolist() == ["blue"]
        assert arena.episodes.team_returns.map(set).tolist() == [{"green", "blue"}] * 4


def test_roles_are_places_too_and_sides_of_ones_own_reach_tables_header_and_seats() -> None:
    with mnb.Arena(KNIGHTS, {"a": {"archer": "random", "knight": still}}, max_steps=3) as arena:
        assert list(seats(arena, "a").values()) == ["random", "random", "still", "still"]
    with (
        fakes.use(),
        mnb.Arena(
            TAG,
            {"a": {"hunt": "learner", "*": "random"}},
            teams={"left": ["adversary_[01]"], "right": ["adversary_2", "agent_*"]},
            roles={"hunt": "adversary_*"},
            max_steps=3,
        ) as arena,
    ):
        arena.run(3)
        arena.rewind(steps=1)
        arena.run(1)
        steps = arena.steps
        sides = {(row.agent, row.team, row.role) for row in steps.itertuples()}
        assert sides == {
            ("adversary_0", "left", "hunt"),
            ("adversary_1", "left", "hunt"),
            ("adversary_2", "right", "hunt"),
            ("agent_0", "right", ""),
        }
        worker = arena._conductor.lockstep.lanes[0].worker
        told = worker.episode("adversary_1", {}, number=0)
        assert (told.team, told.role) == ("left", "hunt")
        paid = arena.episodes.team_returns.iloc[0]
        of_team = steps.groupby("team", observed=True).reward.sum()
        assert paid == pytest.approx(of_team.to_dict())
        arena.close()
        header = mnb.open_run(arena.path).header["provenance"]
        assert header["agents"]["adversary_2"] == {"team": "right", "role": "hunt"}
        assert mnb.open_run(arena.path).verify()


def test_all_that_does_not_fit_is_one_error_and_nothing_began(tmp_path: Any) -> None:
    lanes = {
        "short": {"agent_0": "random"},
        "strange": {"*": "random", "agent_9": "scripted", "player_*": still, "red": "passive"},
        "late": {"agent_*": "random", "agent_[01]": "scripted"},
        "person": {"*": mnb.operator("human", keys={"fly": "f"})},
        "good": "random",
    }
    with pytest.raises(mnb.CastError) as caught:
        mnb.Arena(
            SOCCER,
            lanes,
            teams={"green": ["agent_0", "agent_7"], "blue": ["agent_0", "agent_[1-3]"]},
            roles={"keeper": "agent_8"},
            path=tmp_path / "run",
        )
    told = str(caught.value)
    assert isinstance(caught.value, ValueError)
    for said in (
        SOCCER,
        "team 'green' names 'agent_7'",
        "role 'keeper' names 'agent_8', and no agent is called so",
        "agent 'agent_0' is in teams 'green' and 'blue'",
        "lane 'short': nobody was cast for 'agent_1', whose actions are Discrete(8)",
        "nobody was cast for 'agent_3'",
        "lane 'strange': there is no agent 'agent_9', nor a team or role, for 'scripted'",
        "there is no agent by the pattern 'player_*' for 'still'",
        "there is no agent 'red', nor a team or role, for 'passive'",
        "lane 'late': 'agent_[01]' has no agent left for 'scripted': agent_0, agent_1 were cast before",
        "lane 'person': 'human' cannot play 'agent_0' with Discrete(8): keys name no action 'fly'",
    ):
        assert said in told
    assert "good" not in told
    assert mnb.open_run(tmp_path / "run").events.empty


@pytest.mark.parametrize("on_failure", ["stop", "forfeit", "substitute"])
def test_operators_that_cannot_play_an_agents_actions_are_one_error(on_failure: str) -> None:
    doorkey = mnb.operator("sb3", policy="minigrid-doorkey-5x5")
    lanes = {
        "a": {"agent_0": "scripted", "agent_1": "random", "agent_2": mnb.operator("passive", action=99)},
        "b": {"agent_[0-2]": "random"},
        "c": {"agent_1": doorkey, "*": "random"},
    }
    with pytest.raises(mnb.CastError) as caught:
        mnb.Arena("mpe2/simple_spread-v3", lanes, on_failure=on_failure)
    told = str(caught.value)
    assert "3 places cannot be filled" in told
    for agent, operator, lane in (
        ("agent_0", "scripted", "a"),
        ("agent_2", "passive(action=99)", "a"),
        ("agent_1", doorkey.label, "c"),
    ):
        assert f"operator {operator!r} failed as {agent!r} of lane {lane!r}" in told
    assert told.count("its actions were to be Discrete(5)") == 3


def test_one_operator_in_several_seats_of_several_lanes_keeps_each_seats_own_state() -> None:
    """A learner alone in its arena, and the same one in every seat of two lanes, decide alike."""
    with fakes.use():
        learner = mnb.operator("learner")
        options: dict[str, Any] = {"seed": 5, "max_steps": 6}
        with mnb.Arena(SOCCER, {"a": learner, "b": {"green": learner, "blue": "random"}}, **options) as both:
            both.run(6)
            assert len(both._conductor._company.operators) == 2
            together = both.steps
        with mnb.Arena(SOCCER, {"b": {"green": learner, "blue": "random"}}, **options) as one:
            one.run(6)
            alone = one.steps
        mine = together[together.lane == "b"]
        assert mine.action.tolist() == alone.action.tolist()
        assert mine.value.fillna(9).tolist() == alone.value.fillna(9).tolist()
        assert mine.digest.tolist() == alone.digest.tolist()


@pytest.mark.parametrize("teams", [["agent_0"], {"green": []}, {"green": [0]}])
def test_teams_that_are_none_are_refused(teams: Any) -> None:
    with pytest.raises(TypeError, match="teams"):
        mnb.Arena(SOCCER, {"a": "random"}, teams=teams)


def test_a_success_is_told_of_those_who_play_together_only() -> None:
    with mnb.Arena("classic/tictactoe-v3", {"a": "random"}, seed=1) as arena:
        arena.run(episodes=1)
        row = arena.episodes.iloc[0]
        assert row.success is None or row.isna().success
        assert row.team_returns == {"crosses": row.returns["player_1"], "noughts": row.returns["player_2"]}
        assert json.loads(json.dumps(row.returns))
