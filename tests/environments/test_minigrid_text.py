"""MiniGrid in words: held against the true grid, which the words must never have seen."""

import re

import gymnasium
import minigrid
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from minigrid.core import constants
from minigrid.wrappers import FullyObsWrapper, RGBImgPartialObsWrapper

from mosaic_nb.environments.families import minigrid as words
from mosaic_nb.environments.families.runs import runs

assert minigrid  # importing it registers the ids

IDS = [
    "MiniGrid-DoorKey-8x8-v0",
    "MiniGrid-Empty-Random-6x6-v0",
    "MiniGrid-LavaCrossingS9N2-v0",
    "MiniGrid-Dynamic-Obstacles-6x6-v0",
    "MiniGrid-MultiRoom-N4-S5-v1",
    "MiniGrid-Playground-v0",
    "MiniGrid-ObstructedMaze-2Dlhb-v1",
    "MiniGrid-Fetch-8x8-N3-v0",
    "BabyAI-GoToLocal-v0",
    "BabyAI-UnlockPickup-v0",
]
_PLACE = r"(?:(\d+) steps? (ahead|behind))?(?: and )?(?:(\d+)(?: steps?)? to the (left|right))?"
_PHRASE = re.compile(rf"^(?:an? )?(.+?) (?:from )?({_PLACE})(?: to ({_PLACE}))?$")


def place(text):
    ahead, way, side, hand = re.fullmatch(_PLACE, text).groups()
    return (int(ahead or 0) * (-1 if way == "behind" else 1), int(side or 0) * (-1 if hand == "left" else 1))


def parse(text):
    """Read the words back: what is where, expanding stretches."""
    listed = re.search(r"You see: (.*?)\. The way ahead", text)
    found = {}
    for phrase in listed[1].split("; ") if listed else []:
        (
            name,
            first,
            *_,
        ) = (match := _PHRASE.match(phrase)).groups()
        last = match.group(7)
        (a1, r1), (a2, r2) = place(first), place(last or first)
        assert a1 == a2 or r1 == r2, phrase
        for ahead in range(min(a1, a2), max(a1, a2) + 1):
            for right in range(min(r1, r2), max(r1, r2) + 1):
                assert (ahead, right) not in found, "a cell was told twice"
                found[ahead, right] = name
    return found


def name(thing):
    if thing.type == "door":
        state = "open" if thing.is_open else "locked" if thing.is_locked else "closed"
        return f"{state} {thing.color} door"
    plain = thing.type == "lava" or (thing.type, thing.color) == ("wall", "grey")
    return thing.type if plain else f"{thing.color} {thing.type}"


def truth(env):
    """What the agent can see, from the environment's own grid."""
    _, visible = env.gen_obs_grid()
    size, found = env.agent_view_size, {}
    for ahead in range(size):
        for right in range(-(size // 2), size // 2 + 1):
            if (ahead, right) == (0, 0) or not visible[right + size // 2, size - 1 - ahead]:
                continue
            x, y = np.array(env.agent_pos) + ahead * env.dir_vec + right * env.right_vec
            inside = 0 <= x < env.width and 0 <= y < env.height
            thing = env.grid.get(x, y) if inside else None
            if thing is not None or not inside:
                found[ahead, right] = name(thing) if inside else "wall"
    return found


def played(env_id, seed, steps):
    env = gymnasium.make(env_id, disable_env_checker=True)
    observation, _ = env.reset(seed=seed)
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        # forward, pickup and toggle more often than their share, so that doors open and things are carried
        action = int(rng.choice([0, 1, 2, 2, 2, 3, 3, 4, 5, 5])) % int(env.action_space.n)
        observation, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            break
    return env.unwrapped, observation


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(IDS), st.integers(0, 10_000), st.integers(0, 60))
def test_every_visible_object_is_named_with_its_place_and_nothing_else(env_id, seed, steps):
    env, observation = played(env_id, seed, steps)
    text = words.text(observation, None, "agent")
    assert parse(text) == truth(env)
    carried = "nothing" if env.carrying is None else f"a {env.carrying.color} {env.carrying.type}"
    assert f"You carry {carried}." in text
    assert f"You face {words.COMPASS[env.agent_dir]}." in text
    if env.mission:
        assert text.endswith(f"Mission: {env.mission}.")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(IDS), st.integers(0, 10_000), st.integers(0, 60))
def test_the_way_ahead_is_what_forward_can_do(env_id, seed, steps):
    env, observation = played(env_id, seed, steps)
    free = re.search(
        r"The way ahead is (?:free for (\d+) steps?|not free)\.", words.text(observation, None, "agent")
    )
    thing = env.grid.get(*env.front_pos)
    safe = thing is None or (thing.can_overlap() and thing.type != "lava")
    assert bool(free[1]) == safe


@pytest.mark.parametrize("env_id", IDS)
def test_a_full_view_is_told_from_the_agents_place(env_id):
    env = FullyObsWrapper(gymnasium.make(env_id, disable_env_checker=True))
    observation, _ = env.reset(seed=5)
    grid = env.unwrapped
    expected = {}
    for x in range(grid.width):
        for y in range(grid.height):
            offset = np.array([x, y]) - grid.agent_pos
            thing = grid.grid.get(x, y)
            if thing is not None and offset.any():
                expected[int(offset @ grid.dir_vec), int(offset @ grid.right_vec)] = name(thing)
    assert parse(words.text(observation, None, "agent")) == expected


def test_a_picture_is_not_taken_for_an_encoding():
    env = RGBImgPartialObsWrapper(gymnasium.make("MiniGrid-DoorKey-5x5-v0"))
    assert words.text(env.reset(seed=0)[0], None, "agent") is None
    assert words.text(np.zeros(4), None, "agent") is None


def test_the_encoding_is_minigrids_own():
    assert {name: i for i, name in enumerate(words.OBJECTS)} == constants.OBJECT_TO_IDX
    assert {name: i for i, name in enumerate(words.COLORS)} == constants.COLOR_TO_IDX
    assert {name: i for i, name in enumerate(words.STATES)} == constants.STATE_TO_IDX
    assert [tuple(vector) for vector in constants.DIR_TO_VEC] == list(words.FORWARD)


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_runs_cover_each_cell_once(cells):
    covered = [
        (a, b)
        for run in runs(cells)
        for a in range(run.first[0], run.last[0] + 1)
        for b in range(run.first[1], run.last[1] + 1)
    ]
    assert len(covered) == len(set(covered))
    assert set(covered) == cells
