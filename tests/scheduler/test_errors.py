"""An error reaches the user with the lines of the user's own code, and without ours."""

from __future__ import annotations

import traceback
from dataclasses import replace
from pathlib import Path

import pytest

import mosaic_nb as mnb
from mosaic_nb.environments.spec import declare
from mosaic_nb.errors import LaneFailureWarning, MosaicError
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker


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


def test_what_cannot_be_imported_beforehand_is_left_to_the_worker(tmp_path: Path) -> None:
    worker = EnvironmentWorker("a", declare("CartPole-v1"), tmp_path / "log")
    worker.program = replace(worker.program, preload=("no_such_package", "gymnasium"))

    async def start() -> list[str]:
        try:
            await worker.ensure()
            return list(worker.opened.agents)
        finally:
            await worker.close()

    assert scheduler_thread().call(start()) == ["agent"]
