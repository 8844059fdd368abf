"""Several agents: a seat changes hands and nobody else notices, pasts replay, and the tables add up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pandas as pd
import pytest

import mosaic_nb as mnb
from mosaic_nb.testing import fakes
from tests.environments.test_adapters import InTurns, Parallel

SOCCER = "MosaicMultiGrid-S-2v2-IndAgObs-v1"
CONNECT = "classic/connect_four-v3"
KNIGHTS = "butterfly/knights_archers_zombies-v11"
PLAYED = ["lane", "agent", "operator", "step", "action_asked", "action", "reward", "digest"]

COURSE = ["episode", "seed", "agent", "action"]

GAMES = [
    pytest.param(CONNECT, "player_1", id="in turns"),
    pytest.param(InTurns, "b", id="in turns, twice in a row", marks=pytest.mark.slow),
    pytest.param(SOCCER, "agent_2", id="at once"),
    pytest.param(Parallel, "c", id="at once, joined later"),
]


def first(observation: Any) -> int:
    return 0


def rows(arena: mnb.Arena, name: str) -> pd.DataFrame:
    steps = arena.steps
    return steps[steps.lane == name].reset_index(drop=True)


def played(arena: mnb.Arena, name: str) -> list[Any]:
    found = rows(arena, name)[PLAYED].astype(object)
    return found.where(found.notna(), None).to_numpy().tolist()


@pytest.mark.parametrize(("environment", "agent"), GAMES)
def test_one_seat_is_swapped_and_nobody_else_notices(environment: Any, agent: str) -> None:
    """Swapped for an equal there is no difference at all; for another, only that agent's rows change operator."""
    lanes = {"a": "random", "b": "random", "c": "random"}
    options: dict[str, Any] = {"seed": 4, "max_steps": 6}
    with mnb.Arena(environment, lanes, **options) as arena, mnb.Arena(environment, lanes, **options) as plain:
        plain.run(6)
        arena.run(1)
        arena.swap("a", "random", agent=agent)
        arena.swap("b", first, agent=agent)
        arena.run(2)
        arena.swap("b", "random", agent=agent)
        arena.run(3)
        assert played(arena, "a") == played(plain, "a")
        assert played(arena, "c") == played(plain, "c")
        mine = rows(arena, "b")
        others = mine[mine.agent != agent]
        assert set(others.operator) == {"random"}
        swapped = mine[(mine.agent == agent) & mine.step.isin((1, 2)) & mine.action.notna()]
        assert set(swapped.operator) <= {"first"}
        assert set(swapped.action) <= {0}
        assert set(mine[(mine.agent == agent) & (mine.step > 2)].operator) <= {"random"}
        swaps = arena.events[arena.events.event == "swap"]
        assert list(zip(swaps.lane, swaps.agent, strict=True)) == [("a", agent), ("b", agent), ("b", agent)]
        arena.close()
        assert mnb.open_run(arena.path).verify()


@pytest.mark.parametrize(("environment", "agent"), GAMES)
def test_a_learner_that_comes_late_acts_as_one_that_sat_there(environment: Any, agent: str) -> None:
    """It is told what came of every move in its place, with what it was paid until its next turn."""
    with fakes.use():
        options: dict[str, Any] = {"seed": 6, "max_steps": 12, "trial": 2}
        cast = {agent: "learner", "*": "random"}
        with mnb.Arena(environment, {"a": cast}, **options) as whole:
            whole.run(9)
            told = rows(whole, "a")
            moves = told[(told.agent == agent) & told.action.notna()].action.astype(int).tolist()
            late_cast = {agent: mnb.operator("human", unattended=moves or [0]), "*": "random"}
            with mnb.Arena(environment, {"a": late_cast}, **options) as late:
                late.run(5)
                late.swap("a", "learner", agent=agent)
                late.run(4)
                mine, theirs = rows(late, "a"), rows(whole, "a")
                assert mine.digest.tolist() == theirs.digest.tolist()
                assert mine.action.fillna(-1).tolist() == theirs.action.fillna(-1).tolist()
                after = (mine.agent == agent) & (mine.operator == "learner") & mine.action.notna()
                assert mine[after].value.tolist() == theirs[after].value.tolist()
                late.close()
                assert mnb.open_run(late.path).verify()


@pytest.mark.parametrize(("environment", "agent"), GAMES)
def test_from_any_moment_the_same_moves_lead_to_the_same_rows(environment: Any, agent: str) -> None:
    with fakes.use():
        lanes = {"a": {agent: "learner", "*": "random"}, "b": "random"}
        with mnb.Arena(environment, lanes, seed=8, max_steps=5, on_end="next") as arena:
            arena.run(8)
            before = {name: played(arena, name) for name in lanes}
            for steps in (1, 4, 7):
                arena.rewind(steps=steps)
                arena.run(steps)
                assert {name: played(arena, name) for name in lanes} == before
            assert arena.all_branches.steps.branch.nunique() == 4
            arena.close()
            assert mnb.open_run(arena.path).verify()


def _own_rewards(steps: pd.DataFrame, agents: list[str]) -> dict[int, dict[str, float]]:
    """Play the recorded actions in the environment itself, as anybody would, and add up what it pays."""
    import mosaic_multigrid.envs  # noqa: F401 - its import registers the ids

    game = gymnasium.make(SOCCER, disable_env_checker=True)
    paid: dict[int, dict[str, float]] = {}
    joint: dict[int, int] = {}
    for episode, seed, agent, action in steps[COURSE].itertuples(index=False, name=None):
        if episode not in paid:
            paid[episode] = dict.fromkeys(agents, 0.0)
            game.reset(seed=seed)
        joint[int(agent[-1])] = int(action)
        if len(joint) == len(agents):
            for each, reward in game.step(joint)[1].items():
                paid[episode][f"agent_{each}"] += float(reward)
            joint = {}
    game.close()
    return paid


class Views(gymnasium.Env[Any, Any]):
    """What a policy for one player is made from: a player's picture and actions."""

    observation_space = gymnasium.spaces.Box(0, 255, (3, 3, 3), np.int64)
    action_space = gymnasium.spaces.Discrete(8)


def _policy(folder: Path) -> mnb.operators.Declared:
    """An untrained policy of one player, as Stable-Baselines3 saves it."""
    from stable_baselines3 import PPO

    PPO("MlpPolicy", Views(), n_steps=8, batch_size=8, seed=1, device="cpu").save(folder / "player.zip")
    views = ["minigrid.wrappers:ImgObsWrapper"]
    zipped = str(folder / "player.zip")
    return mnb.operator("sb3", policy=zipped, trust=True, views=views, deterministic=False)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_kinds_of_operators_in_one_game_are_paid_what_the_environment_pays(tmp_path: Path) -> None:
    person = mnb.operator("human", unattended=["forward", "left", "pickup", "forward", "drop"])
    cast = {"agent_0": "scripted", "agent_1": person, "agent_2": _policy(tmp_path), "agent_3": "random"}
    with mnb.Arena(SOCCER, {"mixed": cast}, seed=100, max_steps=30, on_end="next") as arena:
        arena.run(episodes=50)
        steps, episodes = arena.steps, arena.episodes
    assert set(steps.kind) == {"script", "human", "rl", "baseline"}
    assert len(episodes) == 50
    agents = sorted(cast)
    paid = _own_rewards(steps, agents)
    by_agent = steps.pivot_table("reward", "episode", "agent", aggfunc="sum", observed=True)
    assert by_agent.to_numpy() == pytest.approx(pd.DataFrame(paid).T[agents].to_numpy())
    assert sum(abs(amount) for each in paid.values() for amount in each.values()) > 0
    for row in episodes.itertuples():
        own = paid[row.episode]
        assert row.returns == pytest.approx(own)
        assert row.team_returns == pytest.approx(
            {"green": own["agent_0"] + own["agent_1"], "blue": own["agent_2"] + own["agent_3"]}
        )
    assert episodes["return"].tolist() == pytest.approx([sum(each.values()) for each in paid.values()])
