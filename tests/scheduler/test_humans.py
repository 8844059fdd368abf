"""A person is an operator like any other: asked, awaited, refused where a click could never arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import mosaic_nb as mnb
from tests.scheduler.viewer import Viewer

LANES = {"me": "human", "random": "random"}
ENVIRONMENT = "MiniGrid-DoorKey-5x5-v0"


def run(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a loop of its own, whatever runs on this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


def test_a_move_from_code_by_label_or_value() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        arena.step({"me": "forward"})
        arena.step({"me": 2})
        mine = arena.steps[arena.steps.lane == "me"]
        assert list(mine.action) == [2, 2]
        assert list(mine.operator) == ["human", "human"]
        assert list(mine.kind) == ["human", "human"]
        with pytest.raises(ValueError, match="legal now: left, right, forward"):
            arena.step({"me": "fly"})
        with pytest.raises(ValueError, match="no lane 'you'"):
            arena.step({"you": "forward"})
        with pytest.raises(ValueError, match="by hand; lanes with a person: me"):
            arena.step({"random": "forward"})
        with pytest.raises(TypeError, match="lane -> action"):
            arena.step("forward")  # type: ignore[arg-type]
        assert len(arena.steps) == 4


def test_without_a_front_end_a_person_is_unavailable_and_nothing_moves() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        for call in (arena.step, lambda: arena.run(3), lambda: run(arena.step_async())):
            with pytest.raises(mnb.HumanUnavailable, match="unattended"):
                call()
        assert len(arena.steps) == 0


def test_unattended_moves_are_played_and_the_rows_say_so() -> None:
    me = mnb.operator("human", unattended=["forward", "left"])
    with mnb.Arena(ENVIRONMENT, {"me": me, "random": "random"}, seed=7) as arena:
        arena.run(4)
        arena.step({"me": "right"})
        mine = arena.steps[arena.steps.lane == "me"]
        assert list(mine.action_label) == ["forward", "left", "forward", "left", "right"]
        assert list(mine.fallback) == ["unattended"] * 4 + [""]


def test_a_blocking_call_with_a_person_on_turn_is_refused() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        Viewer(arena)
        with pytest.raises(mnb.HumanToMove, match="step_async"):
            arena.step()
        assert len(arena.steps) == 0


def test_step_opens_the_tick_and_nothing_moves_until_the_click() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step()
        shown = viewer.until(lambda s: s.phase == "waiting")
        turn = shown.lanes[0].seats[0].turn
        assert turn is not None
        assert "your move" in shown.status
        assert len(arena.steps) == 0
        viewer.controls.step()  # a second Step changes nothing
        viewer.controls.choose("me", "agent", 99, turn)  # no action: refused, the turn stays open
        viewer.until(lambda s: "no move" in s.status)
        viewer.controls.choose("me", "agent", 2, turn)
        viewer.controls.choose("me", "agent", 2, turn)  # a double click
        shown = viewer.until(lambda s: s.tick == 1 and s.phase == "idle")
        assert {lane.step for lane in shown.lanes} == {1}
        assert len(arena.steps) == 2
        assert arena._conductor.late == 1


def test_an_action_with_no_tick_open_starts_one() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.choose("me", "agent", 1, None)
        shown = viewer.until(lambda s: s.tick == 1)
        assert {lane.step for lane in shown.lanes} == {1}


def test_the_choices_are_there_before_any_tick() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        shown = Viewer(arena).until(lambda s: s.lanes)
        labels = [choice.label for choice in shown.lanes[0].seats[0].choices]
        assert labels == ["left", "right", "forward", "pickup", "drop", "toggle", "done"]
        assert shown.lanes[0].seats[0].choices[2].key == "ArrowUp"
        assert not shown.lanes[1].seats[0].choices


def test_a_reset_takes_the_open_question_back() -> None:
    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.step()
        viewer.until(lambda s: s.phase == "waiting")
        arena.reset(seed=9)
        shown = viewer.until(lambda s: s.phase == "idle" and s.seed == 9)
        assert all(seat.turn is None for lane in shown.lanes for seat in lane.seats)
        assert len(arena.steps) == 0
        arena.step({"me": "left"})
        assert set(arena.steps.seed) == {9}


def test_step_async_waits_for_the_click() -> None:
    async def play(arena: mnb.Arena, viewer: Viewer) -> None:
        tick = asyncio.ensure_future(arena.step_async())
        shown = await asyncio.to_thread(viewer.until, lambda s: s.phase == "waiting")
        viewer.controls.choose("me", "agent", 0, shown.lanes[0].seats[0].turn)
        await tick

    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        run(play(arena, Viewer(arena)))
        assert len(arena.steps) == 2


def test_a_cancelled_wait_leaves_the_arena_usable() -> None:
    async def give_up(arena: mnb.Arena, viewer: Viewer) -> None:
        tick = asyncio.ensure_future(arena.step_async())
        await asyncio.to_thread(viewer.until, lambda s: s.phase == "waiting")
        tick.cancel()
        with pytest.raises(asyncio.CancelledError):
            await tick
        await asyncio.to_thread(viewer.until, lambda s: s.phase == "idle")

    with mnb.Arena(ENVIRONMENT, LANES, seed=7) as arena:
        run(give_up(arena, Viewer(arena)))
        assert len(arena.steps) == 0
        arena.step({"me": "forward"})
        assert len(arena.steps) == 2


def test_play_and_pause() -> None:
    with mnb.Arena(ENVIRONMENT, {"a": "random", "b": "random"}, seed=7) as arena:
        viewer = Viewer(arena)
        viewer.controls.set_speed(100)
        viewer.controls.play()
        viewer.until(lambda s: s.tick > 5 and s.phase == "playing")
        viewer.controls.pause()
        ticks = viewer.until(lambda s: s.phase == "idle").tick
        arena.step()
        assert viewer.until(lambda s: s.tick > ticks).tick == ticks + 1
