"""An error reaches the user with the lines of the user's own code, and without ours."""

from __future__ import annotations

import traceback

import pytest

import mosaic_nb as mnb
from mosaic_nb.errors import LaneFailureWarning, MosaicError


def broken(observation):
    return observation.nothing_of_this_name


def test_an_operators_traceback_begins_in_its_own_code():
    with mnb.Arena("CartPole-v1", {"mine": broken}) as arena:
        with pytest.warns(LaneFailureWarning):
            arena.step()
        message = str(arena.failures["mine"])
    assert "in broken\n    return observation.nothing_of_this_name" in message
    assert "operator_host.py" not in message
    assert "serve.py" not in message


def test_an_error_of_an_arena_comes_without_the_way_it_took():
    arena = mnb.Arena("CartPole-v1", {"random": "random"})
    arena.close()
    with pytest.raises(MosaicError, match="closed") as caught:
        arena.step()
    files = {frame.filename.rpartition("/")[2] for frame in traceback.extract_tb(caught.value.__traceback__)}
    assert "conductor.py" not in files
    assert caught.value.__suppress_context__
