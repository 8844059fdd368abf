"""Hosted environments as ordinary ones: other people's suites, whole episodes beside the original, ends and errors."""

import copy
import gc
import importlib
import os
import pickle
import time
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env, data_equivalence
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test
from pettingzoo.utils import aec_to_parallel, parallel_to_aec
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

import mosaic_nb as mnb
from mosaic_nb.environments import connect
from mosaic_nb.errors import DeadlineExceeded, RemoteError, WorkerDied

pytestmark = pytest.mark.filterwarnings(
    "ignore"
)  # the suites warn of what the originals are, not of how they are hosted

GYMNASIUM = [
    "CartPole-v1",
    "MountainCar-v0",
    "MountainCarContinuous-v0",
    "Pendulum-v1",
    "Acrobot-v1",
    "Taxi-v4",
    "FrozenLake-v1",
    "FrozenLake8x8-v1",
    "CliffWalking-v1",
    "CliffWalkingSlippery-v1",
    "Blackjack-v1",
    "LunarLander-v3",
    "LunarLanderContinuous-v3",
    "BipedalWalker-v3",
    "CarRacing-v3",
    "MiniGrid-Empty-5x5-v0",
    "MiniGrid-DoorKey-5x5-v0",
    "MiniGrid-LavaCrossingS9N1-v0",
    "MiniGrid-Fetch-5x5-N2-v0",
    "MiniGrid-MemoryS7-v0",
    "MiniGrid-Dynamic-Obstacles-5x5-v0",
    "BabyAI-GoToRedBallGrey-v0",
    "BabyAI-OneRoomS8-v0",
]
TURN_BASED = [
    "pettingzoo.classic.connect_four_v3",
    "pettingzoo.classic.tictactoe_v3",
    "pettingzoo.classic.chess_v6",
    "pettingzoo.classic.go_v5",
    "pettingzoo.classic.leduc_holdem_v4",
    "pettingzoo.classic.texas_holdem_v4",
    "pettingzoo.classic.rps_v2",
]
AT_ONCE = [
    "pettingzoo.butterfly.knights_archers_zombies_v11",
    pytest.param("pettingzoo.butterfly.cooperative_pong_v6", marks=pytest.mark.slow),
    "pettingzoo.sisl.multiwalker_v9",
    pytest.param("pettingzoo.sisl.pursuit_v5", marks=pytest.mark.slow),
    "mpe2.simple_spread_v3",
    "mpe2.simple_adversary_v3",
    "mpe2.simple_speaker_listener_v4",
]


@pytest.fixture(autouse=True)
def _no_screen(monkeypatch):
    """The originals run in this process."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def both(module: str, what: str = "env") -> list[Callable[..., Any]]:
    """Return what makes the original, then what makes the hosted one."""
    original = getattr(importlib.import_module(module), what)
    return [original, lambda **options: connect(f"{module}:{what}", env_kwargs=options)]


# --- other people's suites ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [*GYMNASIUM[:8], *(pytest.param(name, marks=pytest.mark.slow) for name in GYMNASIUM[8:])]
)
def test_gymnasiums_check_env(name):
    importlib.import_module("minigrid")
    for make in (gymnasium.make, connect):
        env = make(name)
        check_env(env)
        env.close()


@pytest.mark.parametrize("module", [*TURN_BASED, *AT_ONCE])
def test_pettingzoos_api_test_and_seed_test(module):
    for make in both(module):
        env = make()
        api_test(env, num_cycles=20)
        env.close()
        seed_test(make, num_cycles=20)


@pytest.mark.parametrize("module", AT_ONCE)
def test_pettingzoos_parallel_tests(module):
    for make in both(module, "parallel_env"):
        env = make()
        parallel_api_test(env, num_cycles=40)
        env.close()
        parallel_seed_test(make, num_cycles=20)


@pytest.mark.slow
@pytest.mark.parametrize("module", [*TURN_BASED, *AT_ONCE])
def test_pettingzoos_render_test(module):
    for make in both(module):
        render_test(make)


# --- whole episodes beside the original ---------------------------------------------------------------


def same(ours: Any, theirs: Any) -> bool:
    """Compare values, types and dtypes; a dict of a class of its own (a defaultdict) arrives as a dict."""
    return data_equivalence(ours, _plain(theirs), exact=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


@pytest.mark.parametrize("name", ["CartPole-v1", "Blackjack-v1", "Taxi-v4", "MiniGrid-DoorKey-5x5-v0"])
def test_an_episode_is_gymnasiums_own_to_the_type(name):
    importlib.import_module("minigrid")
    ours, theirs = connect(name, render_mode="rgb_array"), gymnasium.make(name, render_mode="rgb_array")
    for env in (ours, theirs):
        env.action_space.seed(3)
    assert same(ours.reset(seed=7), theirs.reset(seed=7))
    over = False
    for _ in range(50):
        action = theirs.action_space.sample()
        assert ours.action_space.sample() == action
        answer = theirs.step(action)
        assert same(ours.step(action), answer)
        over = answer[2] or answer[3]
        if over:
            assert same(ours.reset(), theirs.reset())  # unseeded: the generator goes on
    assert same(ours.render(), theirs.render())
    ours.close()


@pytest.mark.parametrize("module", ["pettingzoo.classic.connect_four_v3", "mpe2.simple_adversary_v3"])
def test_a_turn_based_episode_is_the_originals(module):
    theirs, ours = (make() for make in both(module))
    for env in (ours, theirs):
        env.reset(seed=5)
        for agent in env.possible_agents:
            env.action_space(agent).seed(1)
    for _, agent in zip(range(60), theirs.agent_iter(), strict=False):
        for name in ("agents", "agent_selection", "rewards", "terminations", "truncations", "infos"):
            assert same(getattr(ours, name), getattr(theirs, name)), name
        assert same(ours.last(), theirs.last())
        for one in theirs.agents:
            assert same(ours.observe(one), theirs.observe(one))
        observation, _, terminated, truncated, _ = theirs.last()
        mask = observation["action_mask"] if isinstance(observation, dict) else None
        action = None if terminated or truncated else theirs.action_space(agent).sample(mask)
        ours.step(action)
        theirs.step(action)
    assert same(ours.agents, theirs.agents)
    ours.close()


def test_agents_that_die_and_the_global_state_travel():
    theirs, ours = (make(max_cycles=60) for make in both(AT_ONCE[0], "parallel_env"))
    assert same(ours.reset(seed=2), theirs.reset(seed=2))
    assert ours.state_space == theirs.state_space
    while theirs.agents:
        assert ours.agents == theirs.agents
        assert same(ours.state(), theirs.state())
        actions = {agent: index % 5 for index, agent in enumerate(theirs.agents)}
        assert same(ours.step(actions), theirs.step(actions))
    assert ours.agents == []
    ours.close()


# --- a game of our own, for what the published ones do not do ------------------------------------------


class Board:
    """Something that only its own process knows."""


class Game(gymnasium.Env):
    """Draws, fails, hangs and dies as its action says."""

    metadata: ClassVar = {"render_modes": []}
    observation_space = spaces.Dict(
        {
            "pair": spaces.Tuple([spaces.Discrete(9), spaces.Discrete(9)]),
            "graph": spaces.Graph(spaces.Box(0, 1, (2,)), None),
        }
    )
    action_space = spaces.Discrete(9)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self._seen(), {"options": options, "board": Board(), 3: {(1, 2): {"deep": [Board(), (4, 5)]}}}

    def step(self, action):
        if action == 1:
            raise LookupError("no such move")
        if action == 2:
            time.sleep(60)
        if action == 3:
            print("my last words", flush=True)
            os._exit(7)
        if action == 4:
            raise NotImplementedError("not yet")
        return self._seen(), self.np_random.random(), False, False, {"wide": 1 << 70, "kept": np.float32(2)}

    def render(self):
        return None

    def _seen(self):
        nodes = np.zeros((3, 2), np.float32)
        return {"pair": (1, 2), "graph": spaces.GraphInstance(nodes, None, None)}


def pid(env) -> int:
    return env._connection._worker.link.process.pid


def gone(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def game():
    env = connect(Game)
    yield env
    env.close()


def test_tuples_and_named_tuples_arrive_as_such(game):
    observation, info = game.reset(options={"pair": (1, 2)})
    assert game.observation_space.contains(observation)
    assert observation["pair"] == (1, 2)
    assert isinstance(observation["graph"], spaces.GraphInstance)
    assert info["options"] == {"pair": (1, 2)}


def test_what_cannot_travel_is_named_once_and_left_behind(game):
    with pytest.warns(UserWarning, match="stayed in the environment's process") as told:
        _, info = game.reset()
    assert info == {"options": None, 3: {(1, 2): {"deep": [None, (4, 5)]}}}
    assert any("1.board (a " in str(one.message) and "Board)" in str(one.message) for one in told)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        game.reset()
    with pytest.warns(UserWarning, match="wide"):
        assert game.step(0)[4] == {"kept": np.float32(2)}


def test_drawing_from_np_random_here_is_drawing_there(game):
    direct = Game()
    for env in (game, direct):
        env.reset(seed=11)
    assert game.np_random_seed == direct.np_random_seed == 11
    for _ in range(3):
        assert game.np_random.random() == direct.np_random.random()
        assert game.step(0)[1] == direct.step(0)[1]
    for env in (game, direct):
        env.np_random = np.random.default_rng(4)
    assert game.step(0)[1] == direct.step(0)[1]
    assert game.np_random_seed == -1


def test_an_error_of_the_environment_arrives_with_its_lines_and_the_environment_lives(game):
    game.reset(seed=1)
    with pytest.raises(RemoteError, match="LookupError: no such move") as caught:
        game.step(1)
    assert 'raise LookupError("no such move")' in caught.value.traceback
    assert "native.py" not in caught.value.traceback, (
        "our own lines say nothing to whoever wrote the environment"
    )
    assert caught.value.traceback in "".join(caught.value.__notes__)
    assert game.step(0)[2:4] == (False, False)
    with pytest.raises(NotImplementedError, match="not yet"):
        game.step(4)


def test_a_dead_environment_is_named_with_its_last_words(game):
    game.reset()
    for _ in range(2):
        with pytest.raises(WorkerDied, match=r"(?s)Game.*exit code 7.*my last words"):
            game.step(3)
    game.close()


def test_a_hanging_environment_is_ended_at_its_deadline():
    env = connect(Game, environment_deadline=0.5)
    env.reset()
    number = pid(env)
    with pytest.raises(DeadlineExceeded, match=r"Game.*within 0\.5"):
        env.step(2)
    env.close()
    assert gone(number)


def test_what_cannot_be_made_is_told_and_leaves_nothing_running():
    with pytest.raises(RemoteError, match="UnknownEnvironment"):
        connect("NoSuchThing-v0")


def test_close_ends_the_process_and_may_be_called_again(game):
    number = pid(game)
    game.close()
    assert gone(number)
    game.close()
    with pytest.raises(RuntimeError, match="connect again"):
        game.reset()


def test_dropping_the_last_reference_ends_the_process():
    env = connect("CartPole-v1")
    number = pid(env)
    assert not gone(number)
    del env
    gc.collect()
    deadline = time.monotonic() + 30
    while not gone(number):
        assert time.monotonic() < deadline, "the process outlived its last reference"
        time.sleep(0.01)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_connected_environment_is_not_copied(game, copied):
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        copied(game)


def test_what_stays_behind_is_said(game):
    assert not hasattr(game, "grid")
    with pytest.raises(AttributeError, match=r"no 'grid'.*wrappers"):
        game.grid  # noqa: B018


# --- what is around it --------------------------------------------------------------------------------


def test_wrappers_on_either_side():
    reshape = ("gymnasium.wrappers:RescaleObservation", {"min_obs": -1.0, "max_obs": 1.0})
    env = connect("MountainCar-v0", wrappers=[reshape], max_steps=20)
    outside = gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.wrappers.FlattenObservation(env))
    observation, _ = outside.reset(seed=1)
    assert np.abs(observation).max() <= 1
    ends = [outside.step(0) for _ in range(20)]
    assert [truncated for *_, truncated, _ in ends] == [False] * 19 + [True]
    assert ends[-1][4]["episode"]["r"] == -20
    outside.close()


def test_a_wrapper_that_draws_from_the_environments_generator():
    ours, theirs = (
        gymnasium.wrappers.StickyAction(make("CartPole-v1"), 0.5) for make in (connect, gymnasium.make)
    )
    assert same(ours.reset(seed=1), theirs.reset(seed=1))
    for step in range(8):
        assert same(ours.step(step % 2), theirs.step(step % 2))
    ours.close()


def test_pettingzoos_wrappers_and_conversions():
    env = OrderEnforcingWrapper(connect("pettingzoo.classic.tictactoe_v3:env"))
    with pytest.raises(AttributeError, match="before reset"):
        env.agents  # noqa: B018
    env.reset(seed=1)
    assert env.agents == env.possible_agents
    env.close()
    module = importlib.import_module("mpe2.simple_spread_v3")
    ours = aec_to_parallel(parallel_to_aec(connect("mpe2.simple_spread_v3:parallel_env")))
    theirs = module.parallel_env()
    assert same(ours.reset(seed=1)[0], theirs.reset(seed=1)[0])
    actions = dict.fromkeys(theirs.agents, 1)
    assert same(ours.step(actions)[:2], theirs.step(actions)[:2])
    ours.close()


def test_its_spec_makes_another_like_it():
    env = connect("FrozenLake-v1", env_kwargs={"is_slippery": False}, max_steps=3)
    again = env.spec.make(render_mode="ansi")
    again.reset(seed=1)
    steps = [again.step(0) for _ in range(3)]
    assert [step[3] for step in steps] == [False, False, True]
    assert steps[0][4] == {"prob": 1.0}
    assert "S" in again.render()
    for one in (env, again):
        one.close()


def test_a_limit_that_would_not_hold_is_refused():
    with pytest.raises(RemoteError, match="max_cycles"):
        connect("mpe2.simple_spread_v3:parallel_env", max_steps=5)


def test_the_name_is_where_users_look_for_it():
    assert mnb.environments.connect is connect
    with pytest.raises(AttributeError, match="conect"):
        mnb.environments.conect  # noqa: B018
