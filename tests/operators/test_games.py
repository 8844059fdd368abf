"""The experts for games of several agents: as good as they claim, against players who do anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler import seeds
from mosaic_nb.worker import Episode, Observation, Operator, Seat

SOCCER = "mosaic_multigrid.envs:MosaicMultiGrid-S-2v2-IndAgObs-v1"
CONNECT_FOUR = "pettingzoo.classic.connect_four_v3:env"
TIC_TAC_TOE = "pettingzoo.classic.tictactoe_v3:env"


class Table:
    """One environment of several agents, an operator in each place, no processes."""

    def __init__(self, environment: str, operators: list[Operator]) -> None:
        self.hosted = HostedEnvironment(messages.Environment(id=environment))
        self._opened = self.hosted.describe()
        self._operators = dict(zip(self._opened.agents, operators, strict=True))

    @property
    def world(self) -> Any:
        """What no operator sees: the environment itself."""
        return self.hosted._adapter.unwrapped

    def seat(self, agent: str, operator: Operator | None = None) -> Seat:
        """A seat that knows of the episode and of nothing else."""
        about, operator = self._opened.agents[agent], operator or self._operators[agent]
        seat = operator.seat()
        seat.reset(
            Episode(
                messages.Episode(
                    agent=agent,
                    observation_space=self.hosted.observe(
                        agent, operator.needs, operator.view
                    ).observation_space,
                    action_space=about.action_space,
                    action_labels=about.action_labels,
                    noop=about.noop,
                    environment=self._opened.spec,
                )
            )
        )
        return seat

    def play(
        self, seed: int, watch: Callable[[str, Observation, int], None] = lambda *_: None
    ) -> dict[str, float]:
        """Play an episode and return each agent's return; ``watch`` sees every decision."""
        seats = {agent: self.seat(agent) for agent in self._opened.agents}
        returns = dict.fromkeys(seats, 0.0)
        turn = self.hosted.reset(messages.Seed(seed))
        while not turn.over:
            asked = {}
            for agent, data in turn.observations.items():
                own = seeds.decision(seed * 100 + list(seats).index(agent), data.step)
                asked[agent] = (data, Observation(data, data.value, own))
            actions = {
                agent: int(seats[agent].act(observation).action) for agent, (_, observation) in asked.items()
            }
            for agent, (_, observation) in asked.items():
                watch(agent, observation, actions[agent])
            turn = self.hosted.step(actions)
            for agent, (data, _) in asked.items():
                if self._operators[agent].learns:
                    seats[agent].learn(
                        messages.Outcome(data, actions[agent], turn.rewards.get(agent, 0.0), False, False)
                    )
            for agent, reward in turn.rewards.items():
                returns[agent] += reward
        return returns


@pytest.fixture
def table(load: Callable[..., Operator]) -> Iterator[Callable[..., Table]]:
    """Seat operators, by name or loaded, in the places of an environment."""
    tables: list[Table] = []

    def table(environment: str, *operators: Any) -> Table:
        loaded = [load(each) if isinstance(each, str) else each for each in operators]
        tables.append(Table(environment, loaded))
        return tables[-1]

    yield table
    for each in tables:
        each.hosted.close()


def _goals(table: Table, episodes: int) -> np.ndarray:
    """Return both teams' goals of the episodes: int array (episodes, 2)."""
    scores = []
    for seed in range(episodes):
        table.play(seed)
        scores.append(list(table.world.team_scores.values()))
    return np.array(scores)


@pytest.mark.parametrize("game", ["S-2v2", "BB-2v2", "AF-2v2"])
@pytest.mark.parametrize("second", [False, True])
def test_two_experts_beat_two_who_do_anything(table, game, second):
    """Of 60 episodes of soccer each way none was lost and none drawn."""
    teams = ["scripted", "scripted", "random", "random"]
    cast = teams[::-1] if second else teams
    goals = _goals(table(f"mosaic_multigrid.envs:MosaicMultiGrid-{game}-IndAgObs-v1", *cast), 8)
    ours, theirs = goals[:, int(second)], goals[:, 1 - int(second)]
    assert (ours == 2).all()
    assert theirs.mean() <= 0.25


def test_one_expert_alone_scores_within_the_time(table, load):
    idle = load("passive", action=0)
    goals = _goals(table("mosaic_multigrid.envs:MosaicMultiGrid-S-1v1-IndAgObs-v1", "scripted", idle), 10)
    assert goals[:, 0].mean() >= 1.8


def test_experts_are_even_with_experts(table):
    goals = _goals(table(SOCCER, *["scripted"] * 4), 12)
    assert 2 <= (goals[:, 0] > goals[:, 1]).sum() <= 10


@pytest.mark.parametrize("player", ["scripted", "random"])
def test_the_player_knows_where_it_stands_once_it_has_looked_around(table, load, player):
    """What it believes of its own place is never wrong, whoever decides, from what it sees alone."""
    table_ = table(SOCCER, player, "random", "random", "random")
    known = []
    for seed in range(3):
        shadow = table_.seat("agent_0", load("scripted"))
        known.append([])

        def watch(agent: str, observation: Observation, action: int, shadow: Seat = shadow) -> None:
            if agent == "agent_0":
                memory = shadow._expert._memory.with_view(observation.value, observation.step)
                true = tuple(int(part) for part in table_.world.agents[0].pos)
                possible = {(memory.pose.place[0] + x, memory.pose.place[1] + y) for x, y in memory.origins}
                assert true in possible
                known[-1].append(len(possible) == 1)
                data = messages.Observation(observation.value, step=observation.step)
                shadow.learn(messages.Outcome(data, action, 0.0, False, False))

        table_.play(seed, watch)
    assert any(each[-1] for each in known)
    assert sum(before and not now for each in known for before, now in pairwise(each)) == 0, "it forgot"
    if player == "scripted":
        assert all(each[-1] and sum(each) >= len(each) / 2 for each in known)


def test_a_player_decides_by_what_it_learned_not_by_what_it_was_asked(table):
    """Brought to a step without a decision, another seat decides the same there."""
    table_ = table(SOCCER, "scripted", "random", "scripted", "random")
    moments = []
    table_.play(5, lambda agent, observation, action: moments.append((agent, observation, action)))
    seat = table_.seat("agent_0")
    for agent, observation, action in moments:
        if agent == "agent_0":
            assert seat.act(observation).action == action
            seat.act(observation)
            data = messages.Observation(observation.value, step=observation.step)
            seat.learn(messages.Outcome(data, action, 0.0, False, False))
            if len(moments) > 100 and observation.step == 25:
                break


@pytest.mark.parametrize("second", [False, True])
def test_connect_four_beats_anything(table, second):
    cast = ["random", "scripted"] if second else ["scripted", "random"]
    table_ = table(CONNECT_FOUR, *cast)
    assert all(table_.play(seed)[f"player_{int(second)}"] == 1 for seed in range(6))


def test_connect_four_never_misses_a_win_or_a_block(table, load):
    """Held against every position of its games by plain play: who could win does, and who must block does."""
    table_ = table(CONNECT_FOUR, load("scripted", depth=2), load("scripted", depth=1))
    wins, blocks = [], []

    def watch(agent: str, observation: Observation, action: int) -> None:
        board = observation.value["observation"]
        mine, theirs = (_winning(board, plane) for plane in (0, 1))
        if mine:
            wins.append(action in mine)
        elif theirs:
            blocks.append(action in theirs)

    for seed in range(8):
        table_.play(seed, watch)
    assert all(wins)
    assert all(blocks)
    assert len(wins) >= 6
    assert len(blocks) >= 6


def _winning(board: np.ndarray, plane: int) -> set[int]:
    """Return the columns that complete four of a plane."""
    columns = set()
    for column in range(7):
        free = [row for row in range(6) if not board[row, column].any()]
        if free:
            after = board[:, :, plane].astype(int)
            after[max(free), column] = 1
            if _four(after):
                columns.add(column)
    return columns


def _four(stones: np.ndarray) -> bool:
    rows = [stones[row] for row in range(6)] + [stones[:, column] for column in range(7)]
    slanted = [turned.diagonal(k) for turned in (stones, stones[:, ::-1]) for k in range(-5, 7)]
    return any("1111" in "".join(map(str, line)) for line in (*rows, *slanted))


def test_looking_further_ahead_wins(table, load):
    """Of two seats each, the one that looks five moves ahead beats the one that looks a single one."""
    far, near = load("scripted", depth=5), load("scripted", depth=1)
    first, second = table(CONNECT_FOUR, far, near), table(CONNECT_FOUR, near, far)
    total = sum(first.play(seed)["player_0"] + second.play(seed)["player_1"] for seed in range(3))
    assert total >= 3


def test_tic_tac_toe_never_loses(table):
    first, second = table(TIC_TAC_TOE, "scripted", "random"), table(TIC_TAC_TOE, "random", "scripted")
    ours = [first.play(seed)["player_1"] for seed in range(10)]
    ours += [second.play(seed)["player_2"] for seed in range(10)]
    assert min(ours) >= 0
    assert np.mean(ours) > 0.7
    both = table(TIC_TAC_TOE, "scripted", "scripted")
    assert {tuple(both.play(seed).values()) for seed in range(3)} == {(0.0, 0.0)}


def test_an_expert_is_called_by_name(table, load):
    named = table(CONNECT_FOUR, load("scripted", expert="connect_four"), "random")
    assert named.play(1)["player_0"] == 1
    with pytest.raises(ValueError, match=r"'soccer' is not made for .*connect_four.* there are experts for"):
        table(CONNECT_FOUR, load("scripted", expert="soccer"), "random").seat("player_0")
    with pytest.raises(ValueError, match=r"no expert 'football'; there are cartpole, .*soccer"):
        load("scripted", expert="football")
    with pytest.raises(ValueError, match="'depth' is for players of board games, not for mosaic-multigrid"):
        table(SOCCER, load("scripted", depth=3), *["random"] * 3).seat("agent_0")
