"""What holds for every operator that ships: the same files, a valid spec, and the laws of the contract."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from mosaic_nb.operators import Spec, read
from mosaic_nb.operators.spec import fits

CHECKOUT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in CHECKOUT.glob("operators/*/operator.json"))

CASES = [
    ("random", {}, "CartPole-v1"),
    ("random", {}, "Pendulum-v1"),
    ("passive", {}, "MiniGrid-Empty-5x5-v0"),
    ("passive", {"action": "right"}, "CartPole-v1"),
    ("scripted", {}, "CartPole-v1"),
    ("scripted", {}, "MiniGrid-DoorKey-6x6-v0"),
    ("scripted", {}, "FrozenLake-v1"),
    ("scripted", {}, "Taxi-v4"),
    ("callable", {"function": "tests.operators.policies:leaning"}, "CartPole-v1"),
    ("sb3", {"policy": "cartpole"}, "CartPole-v1"),
    ("sb3", {"policy": "cartpole", "deterministic": False}, "CartPole-v1"),
    ("sb3", {"policy": "cartpole-dqn"}, "CartPole-v1"),
    ("sb3", {"policy": "minigrid-doorkey-5x5"}, "MiniGrid-DoorKey-5x5-v0"),
]

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
each_case = pytest.mark.parametrize(
    ("name", "options", "environment"), CASES, ids=lambda value: str(value).replace("/", "")
)


def same(one, other):
    """Whether two decisions are equal, to the last bit."""
    return (
        np.array_equal(one.action, other.action)
        and np.array_equal(one.probabilities, other.probabilities)
        and one.value == other.value
    )


@each_folder
def test_a_folder_has_the_same_files(folder):
    assert {"operator.json", "worker.py", "README.md"} <= {path.name for path in folder.iterdir()}


@each_folder
def test_a_spec_is_valid_and_usable_here(folder):
    spec = read(folder)
    assert isinstance(spec, Spec)
    assert spec.obstacle() is None
    assert spec.description
    assert all(option.help for option in spec.options.values())


@each_folder
def test_the_program_asks_for_what_the_spec_asks_for(folder):
    """PEP 723's header serves `uv run`, the spec serves us: they agree."""
    header = re.search(
        r"^# /// script\n((?:# .*\n)+)# ///$", (folder / "worker.py").read_text(), re.MULTILINE
    )
    asked = tomllib.loads(re.sub(r"^# ", "", header[1], flags=re.MULTILINE))
    environment = read(folder).environment
    assert asked["requires-python"] == environment.python
    assert asked["dependencies"] == ["mosaic_nb", *environment.requirements]


@each_folder
def test_the_program_takes_the_options_that_the_spec_names(folder):
    tree = ast.parse((folder / "worker.py").read_text())
    (served,) = [
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "serve"
    ]
    (kind,) = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == served]
    constructors = [node.args for node in kind.body if getattr(node, "name", "") == "__init__"]
    taken = [argument.arg for args in constructors for argument in (*args.args[1:], *args.kwonlyargs)]
    assert sorted(taken) == sorted(read(folder).options)


@each_folder
def test_the_readme_names_every_option(folder):
    readme = (folder / "README.md").read_text()
    assert readme.startswith(f"# {folder.name}\n")
    assert [option for option in read(folder).options if f"`{option}`" not in readme] == []


@each_folder
def test_the_spec_needs_what_the_program_needs(folder, load):
    name = folder.name
    options = next(options for case, options, _ in CASES if case == name)
    assert sorted(load(name, **options).needs) == sorted(read(folder).needs)
    assert all(fits(value, read(folder).options[option]) for option, value in options.items())


def test_every_operator_has_a_case():
    assert {name for name, _, _ in CASES} == {folder.name for folder in FOLDERS}


@each_case
def test_decisions_are_legal(lane, load, name, options, environment):
    seated = lane(environment, load(name, **options))
    for step in seated.play(0, limit=50):
        assert seated.episode.action_space.contains(step.decision.action)
        if step.decision.probabilities is not None:
            assert np.shape(step.decision.probabilities) == (seated.episode.action_space.n,)
            assert np.sum(step.decision.probabilities) == pytest.approx(1)


@each_case
def test_the_same_step_asked_twice_decides_the_same(lane, load, name, options, environment):
    seated = lane(environment, load(name, **options))
    seat = seated.seat()
    for step in seated.play(1, limit=30):
        first, second = seat.act(step.observation), seat.act(step.observation)
        assert same(first, second)
        assert same(first, step.decision)
        seat.learn(step.outcome)


@each_case
def test_catch_up_brings_a_seat_to_any_step(lane, load, name, options, environment):
    """Reset and learn, without a decision, and the seat goes on as the one that had acted."""
    seated = lane(environment, load(name, **options))
    steps = seated.play(2, limit=40)
    for number, step in enumerate(steps):
        seat = seated.seat()
        for past in steps[:number]:
            seat.learn(past.outcome)
        assert same(seat.act(step.observation), step.decision), f"step {number}"


@each_case
def test_a_seat_used_before_is_as_good_as_new(lane, load, name, options, environment):
    seated = lane(environment, load(name, **options))
    seat = seated.seat()
    for step in seated.play(3, limit=20):
        seat.learn(step.outcome)
    seat.reset(seated.episode)
    for step in seated.play(4, limit=20):
        assert same(seat.act(step.observation), step.decision)
        seat.learn(step.outcome)


@each_case
def test_options_travel_as_data(name, options, environment):
    assert json.loads(json.dumps(options)) == options
