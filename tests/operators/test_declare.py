"""What a user writes in an agent's place, checked before anything runs."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import cloudpickle
import numpy as np
import pytest

import mosaic_nb
from mosaic_nb.errors import MosaicError
from mosaic_nb.operators import Declared, OperatorUnavailable, UnknownOperator, declare, operator
from mosaic_nb.operators.template import write


def test_options_and_deadline_are_kept():
    declared = operator("sb3", policy="cartpole", deterministic=False, deadline=2.5)
    assert declared.options == {"policy": "cartpole", "deterministic": False}
    assert (declared.name, declared.kind, declared.deadline) == ("sb3", "rl", 2.5)
    assert declared.label == "sb3(policy='cartpole', deterministic=False)"
    assert operator("random").label == "random"


def test_equal_declarations_are_equal_and_others_are_not():
    assert operator("sb3", policy="cartpole") == declare(operator("sb3", policy="cartpole"))
    assert len({operator("random"), declare("random"), operator("random", deadline=1)}) == 2
    assert operator("sb3", policy="cartpole") != operator("sb3", policy="cartpole-dqn")


def test_the_front_door_is_the_same():
    assert mosaic_nb.operator is operator


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(UnknownOperator, match="no operator 'randon'; did you mean 'random'") as caught:
        operator("randon")
    assert isinstance(caught.value, MosaicError | LookupError)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("sb3", {"polcy": "cartpole"}, "no option 'polcy'; did you mean 'policy'"),
        ("sb3", {}, "needs the option 'policy'"),
        ("sb3", {"policy": None}, "needs the option 'policy'"),
        ("sb3", {"policy": 3}, "policy must be string, not int 3"),
        ("sb3", {"policy": "cartpole", "trust": 1}, "trust must be boolean, not int 1"),
        ("passive", {"action": True}, "action must be string or integer, not bool True"),
        ("passive", {"action": 1.5}, "action must be string or integer, not float 1.5"),
        ("random", {"seed": 3}, "no option 'seed'; it takes deadline"),
        ("human", {"unattended": "left"}, "unattended must be array"),
    ],
)
def test_wrong_options_are_type_errors(name, options, message):
    with pytest.raises(TypeError) as caught:
        operator(name, **options)
    assert message in str(caught.value)


@pytest.mark.parametrize("deadline", [0, -1, float("nan")])
def test_a_deadline_is_more_than_nothing(deadline):
    with pytest.raises(ValueError, match="deadline"):
        operator("random", deadline=deadline)


def test_options_become_data():
    assert operator("passive", action=np.int64(3)).options == {"action": 3}
    assert operator("passive", action=None).options == {}
    path = operator("sb3", policy=Path("policies")).options["policy"]
    assert path == str(Path.cwd() / "policies")
    json.dumps(operator("passive", action=np.int64(3)).options)


def test_a_persons_unattended_moves_are_no_option_of_a_program():
    declared = operator("human", unattended=["left", 2])
    assert (declared.unattended, declared.options, declared.kind) == (("left", 2), {}, "human")
    assert operator("human").unattended is None


def test_an_operator_that_lacks_something_says_what(tmp_path, monkeypatch):
    folder = write("needy", tmp_path, "rl")
    spec = json.loads((folder / "operator.json").read_text())
    spec["environment"]["requirements"] = ["no-such-thing-xyz"]
    (folder / "operator.json").write_text(json.dumps(spec))
    monkeypatch.setenv("MOSAIC_NB_PATH", str(tmp_path))
    with pytest.raises(OperatorUnavailable, match=r"operator 'needy' needs no-such-thing-xyz .*pip install"):
        operator("needy")


def test_names_and_paths_of_functions_stand_for_operators():
    assert declare("random") == operator("random")
    declared = declare("tests.operators.policies:leaning")
    assert (declared.name, declared.options) == (
        "callable",
        {"function": "tests.operators.policies:leaning"},
    )


class Leaning:
    def __call__(self, value):
        return int(value[2] > 0)

    def act(self, value):
        return int(value[2] > 0)


@pytest.mark.parametrize(
    ("function", "label"),
    [(lambda value: 1, "<lambda>"), (Leaning(), "Leaning"), (Leaning().act, "act"), (max, "max")],
)
def test_anything_that_can_be_called_travels_by_value(function, label):
    declared = declare(function)
    assert isinstance(declared, Declared)
    assert (declared.name, declared.kind, declared.label) == ("callable", "script", label)
    assert cloudpickle.loads(declared.callable)([0.0, 0.0, 1.0]) == 1


def test_a_function_of_the_users_own_module_needs_no_module_there(tmp_path, monkeypatch):
    """The worker has another sys.path: the code travels, not the name of its module."""
    (tmp_path / "heuristics.py").write_text("LIMIT = 2\n\ndef mine(value):\n    return value + LIMIT\n")
    monkeypatch.syspath_prepend(tmp_path)
    declared = declare(importlib.import_module("heuristics").mine)
    code = "import sys, cloudpickle; print(cloudpickle.loads(sys.stdin.buffer.read())(40))"
    done = subprocess.run(
        [sys.executable, "-c", code], input=declared.callable, capture_output=True, check=True, cwd="/"
    )
    assert done.stdout.split() == [b"42"]
    assert "heuristics" not in cloudpickle.list_registry_pickle_by_value()


async def coroutine(value):
    return 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "not NoneType None"),
        (3, "not int 3"),
        (["random"], "not list"),
        (Leaning, "Leaning is a class: pass an instance"),
        (coroutine, "coroutine is async"),
    ],
)
def test_what_is_no_operator_is_a_type_error(value, message):
    with pytest.raises(TypeError) as caught:
        declare(value)
    assert message in str(caught.value)
