"""A function of the user's own is called as its signature says."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pytest

from mosaic_nb.operators import declare
from mosaic_nb.protocol import messages
from mosaic_nb.worker import Decision, Observation


def asked(value=(0.0, 0.0, 0.1, 0.1), mask=(0, 1), seed=5):
    mask = np.array(mask, np.int8)
    return Observation(messages.Observation(value, action_mask=mask), value, seed)


@pytest.mark.parametrize(("name", "action"), [("leaning", 1), ("masked", 1), ("greedy", 1)])
def test_it_finds_functions_by_name(load, name, action):
    operator = load("callable", function=f"tests.operators.policies:{name}")
    assert operator.seat().act(asked()).action == action


def test_a_decision_stays_what_it_is(load):
    operator = load("callable", function=lambda value: Decision(1, [0.2, 0.8], 3.0))
    decision = operator.seat().act(asked())
    assert (decision.action, decision.probabilities, decision.value) == (1, [0.2, 0.8], 3.0)


def test_a_function_by_value_needs_nothing_of_where_it_came_from(load):
    threshold = 0.05
    declared = declare(lambda value: int(value[2] > threshold))
    operator = load("callable", function=cloudpickle.loads(declared.callable))
    assert operator.seat().act(asked()).action == 1


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("nowhere", ValueError, "module:function"),
        (":f", ValueError, "module:function"),
        ("no_such_module:f", ModuleNotFoundError, "PYTHONPATH"),
        ("tests.operators.policies:leanin", AttributeError, "has no leanin"),
        ("tests.operators.policies:constant", TypeError, "cannot be called"),
        ("tests.operators.policies:three", TypeError, "takes 3 arguments"),
    ],
)
def test_what_is_no_function_of_an_observation_is_refused(load, path, error, message):
    with pytest.raises(error, match=message):
        load("callable", function=path)
