"""Families: their files, and every one of them played."""

import importlib
import re

import gymnasium
import msgspec
import pytest

from mosaic_nb.environments import family, registries
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import messages, spaces

IDS = {
    "minigrid": [
        "MiniGrid-DoorKey-5x5-v0",
        "MiniGrid-Empty-8x8-v0",
        "MiniGrid-Dynamic-Obstacles-5x5-v0",
        "MiniGrid-GoToDoor-5x5-v0",
        "MiniGrid-GoToObject-6x6-N2-v0",
        "MiniGrid-Fetch-5x5-N2-v0",
        "MiniGrid-PutNear-6x6-N2-v0",
        "MiniGrid-MemoryS7-v0",
        "MiniGrid-Playground-v0",
    ],
    "babyai": ["BabyAI-GoToRedBall-v0", "BabyAI-BossLevel-v0", "BabyAI-KeyInBox-v0"],
    "toy_text": [
        "FrozenLake-v1",
        "FrozenLake8x8-v1",
        "Taxi-v4",
        "CliffWalking-v1",
        "CliffWalkingSlippery-v1",
        "Blackjack-v1",
    ],
    "classic_control": [
        "CartPole-v1",
        "MountainCar-v0",
        "MountainCarContinuous-v0",
        "Acrobot-v1",
        "Pendulum-v1",
    ],
    "box2d": ["LunarLander-v3", "BipedalWalker-v3", "CarRacing-v3"],
}
PAIRS = [(name, env_id) for name, ids in IDS.items() for env_id in ids]


def hosted(env_id, **options):
    return HostedEnvironment(declare(env_id, **options))


def actions(opened, seed):
    space = spaces.from_data(opened.agents["agent"].action_space)
    space.seed(seed)

    def choose(observation):
        if not isinstance(space, gymnasium.spaces.Discrete):
            return space.sample()
        return int(space.sample(observation.action_mask))

    return choose


@pytest.mark.parametrize(("name", "env_id"), PAIRS)
def test_every_family_is_described_and_played_with_words_and_frames(name, env_id):
    host = hosted(env_id)
    opened = host.describe()
    agent = opened.agents["agent"]
    assert opened.family == name
    assert opened.spec == env_id
    assert opened.renders
    assert agent.rules
    assert agent.goal
    host.observe("agent", ["text", "frame", "history"], [])
    choose = actions(opened, 0)
    transition = host.reset(messages.Seed(7))
    for step in range(4):
        if transition.over:
            transition = host.reset(messages.Seed(8 + step))
        seen = transition.observations["agent"]
        assert seen.text
        assert seen.frame.dtype == "uint8"
        assert seen.frame.ndim == 3
        transition = host.step({"agent": choose(seen)})
    host.close()


@pytest.mark.parametrize(("name", "env_id"), PAIRS)
def test_labels_keys_and_noop_fit_the_action_space(name, env_id):
    host = hosted(env_id)
    agent = host.describe().agents["agent"]
    space = spaces.from_data(agent.action_space)
    discrete = isinstance(space, gymnasium.spaces.Discrete)
    assert len(agent.action_labels) == (space.n if discrete else 0)
    assert len(set(agent.action_labels)) == len(agent.action_labels)
    assert sorted(agent.keys.values()) == list(range(len(agent.action_labels)))
    assert agent.noop is None or 0 <= agent.noop < space.n
    assert not {"Tab", "Escape"} & agent.keys.keys()


@pytest.mark.parametrize(
    ("env_id", "noop"),
    [
        ("MiniGrid-DoorKey-5x5-v0", 6),
        ("MiniGrid-MemoryS7-v0", 6),
        ("BabyAI-GoToLocal-v0", 6),
        ("MiniGrid-GoToDoor-5x5-v0", None),
        ("MiniGrid-Dynamic-Obstacles-5x5-v0", None),
        ("MountainCar-v0", 1),
        ("LunarLander-v3", 0),
    ],
)
def test_a_noop_changes_nothing_that_the_agent_decides(env_id, noop):
    host = hosted(env_id)
    assert host.describe().agents["agent"].noop == noop
    if "MiniGrid" in env_id or "BabyAI" in env_id:
        before = host.reset(messages.Seed(3)).observations["agent"].value
        after = host.step({"agent": 6 if noop is not None else 0})
        same = not after.over and (after.observations["agent"].value["image"] == before["image"]).all()
        assert same == (noop is not None)


@pytest.mark.parametrize("found", family.families(), ids=lambda f: f.name)
def test_a_file_names_what_exists(found):
    for game in [found.default, *found.games]:
        for keys in game.keymaps:
            assert set(keys) <= {*family_actions(found), *COMPUTED.get(found.name, ())}
            assert len(set(keys.values())) == len(keys)
        assert game.noop is None or game.noop in {*game.actions, *COMPUTED.get(found.name, ())}
    known = classes_of(found)
    for game in found.games:
        for kind in game.classes:
            assert kind in known, kind


def family_actions(found):
    return [label for game in [found.default, *found.games] for label in game.actions]


COMPUTED = {
    "cogrid": (
        *("move_up", "move_down", "move_left", "move_right", "pick_up_or_drop", "toggle"),
        *("move_forward", "rotate_left", "rotate_right", "no-op"),
    )
}
"""Labels that a family's module tells, not its file."""


def classes_of(found):
    importlib.import_module(found.registers)
    if found.registry is not None:
        return {re.split(r"/|[-_]v\d", name)[1] for name in registries.catalogue(found) if "/" in name}
    points = [spec.entry_point for spec in gymnasium.registry.values()]
    bases = [base.__name__ for point in points if isinstance(point, type) for base in point.__mro__]
    return {*bases, *(point.rpartition(":")[2] for point in points if isinstance(point, str))}


def test_a_game_overrides_the_default_field_by_field():
    found = family.parse(
        b'{"name": "x", "title": "X", "ids": [], "modules": [], "registers": "x", "install": "x",'
        b' "default": {"actions": ["a", "b"], "noop": "b", "success": {"return_above": 1}},'
        b' "games": [{"classes": ["One"], "noop": null}]}'
    )
    assert found.game("One") == family.Game(
        classes=["One"], actions=["a", "b"], noop=None, success=family.Success(return_above=1)
    )
    assert found.game("Other").noop == "b"


def test_a_misspelled_field_is_an_error_that_names_it():
    with pytest.raises(msgspec.ValidationError, match="labels"):
        family.parse(
            b'{"name": "x", "title": "X", "ids": [], "modules": [], "registers": "x", "install": "x",'
            b' "default": {"labels": []}}'
        )


def test_a_subclass_of_the_users_own_keeps_its_family():
    from minigrid.envs import EmptyEnv, FetchEnv
    from minigrid.envs.babyai import GoToLocal

    class Mine(EmptyEnv):
        pass

    class Fetching(FetchEnv):
        pass

    class Talking(GoToLocal):
        pass

    assert family.of_class(Mine).name == "minigrid"
    assert family.of_class(Talking).name == "babyai"
    assert "ends the episode: it pays" in family.game_of(family.of_class(Fetching), Fetching).rules
    assert family.of_class(int) is None


def test_the_rules_say_how_slippery_the_ice_is():
    dry = hosted("FrozenLake-v1", env_kwargs={"is_slippery": False}).describe().agents["agent"].rules
    wet = hosted("FrozenLake-v1", env_kwargs={"success_rate": 0.5}).describe().agents["agent"].rules
    assert "The ice is not slippery" in dry
    assert "as intended with probability 0.5, and with probability 0.25 each" in wet
    paid = (
        hosted("FrozenLake-v1", env_kwargs={"reward_schedule": (5, -2, 0)}).describe().agents["agent"].rules
    )
    assert "Reaching the goal pays 5, a hole -2, ice 0." in paid
    rain = hosted("Taxi-v4", env_kwargs={"is_rainy": True, "fickle_passenger": True}).describe()
    assert "with probability 0.8" in rain.agents["agent"].rules
    assert "With probability 0.3 the passenger changes" in rain.agents["agent"].rules


@pytest.mark.parametrize("seed", range(5))
def test_the_words_of_taxi_say_what_its_state_means(seed):
    host = hosted("Taxi-v4")
    host.observe("agent", ["text"], [])
    seen = host.reset(messages.Seed(seed)).observations["agent"]
    row, column, passenger, destination = gymnasium.make("Taxi-v4").unwrapped.decode(seen.value)
    assert f"The taxi is in row {row}, column {column};" in seen.text
    assert f"waiting at {'RGYB'[passenger]} (row" in seen.text
    assert f"The destination is {'RGYB'[destination]} (row" in seen.text
    assert "|R: | : :G|" in seen.text


def test_the_words_of_frozen_lake_follow_the_agent():
    host = hosted("FrozenLake-v1", env_kwargs={"is_slippery": False, "desc": ["SFH", "FFG"]})
    host.observe("agent", ["text"], [])
    assert "row 0, column 0, on S." in host.reset(messages.Seed(0)).observations["agent"].text
    text = host.step({"agent": 1}).observations["agent"].text
    assert "SFH\nFFG\nYou are in row 1, column 0, on F." in text


def test_the_words_of_cliff_walking_show_the_cliff():
    host = hosted("CliffWalking-v1")
    host.observe("agent", ["text"], [])
    text = host.reset(messages.Seed(0)).observations["agent"].text
    assert "SCCCCCCCCCCG\nYou are in row 3, column 0, on S." in text


def test_the_words_of_blackjack():
    host = hosted("Blackjack-v1")
    host.observe("agent", ["text"], [])
    seen = host.reset(messages.Seed(1)).observations["agent"]
    total, dealer, ace = seen.value
    shows = "an ace" if dealer == 1 else f"a {dealer}"
    assert f"Your hand counts {total}, {'with' if ace else 'without'} a usable ace." in seen.text
    assert f"The dealer shows {shows}." in seen.text


def test_a_fixed_mission_is_the_goal_and_a_changing_one_is_not():
    fixed = hosted("MiniGrid-DoorKey-5x5-v0").describe().agents["agent"].goal
    assert fixed.startswith("Use the key to open the door and then get to the goal")
    for changing in ("BabyAI-GoToLocal-v0", "MiniGrid-GoToDoor-5x5-v0"):
        assert hosted(changing).describe().agents["agent"].goal.startswith("Fulfil the mission")
