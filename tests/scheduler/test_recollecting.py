"""Looking back: what is shown of a moment is what was there, whether anybody saw it then or not."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PIL import Image

import mosaic_nb as mnb
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.snapshot import Recollection, Snapshot
from mosaic_nb.worker import Decision
from tests.faults.environments import Counting

T = TypeVar("T")
LANES = {"still": "passive", "wild": "random"}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., mnb.Arena]]:
    arenas: list[mnb.Arena] = []

    def make(environment: Any = "MiniGrid-Empty-5x5-v0", lanes: Any = None, **options: Any) -> mnb.Arena:
        path = tmp_path / str(len(arenas))
        arenas.append(mnb.Arena(environment, lanes or LANES, **({"seed": 7, "path": path} | options)))
        return arenas[-1]

    yield make
    for arena in arenas:
        arena.close()


def answer(ask: Callable[[Callable[[T], None]], None]) -> T:
    found: Future[T] = Future()
    ask(found.set_result)
    return found.result(30)


def recall(arena: mnb.Arena, moment: int) -> Recollection:
    return answer(lambda done: arena._conductor.recall(moment, done))


def look(arena: mnb.Arena) -> dict[str, bytes]:
    pictures = arena._thread.call(arena._conductor.look("png"))
    return {lane: picture.data for lane, picture in pictures.items()}


def play(arena: mnb.Arena, ticks: int, seen: Callable[[int], bool]) -> dict[int, dict[str, bytes]]:
    """Tick, looking at some moments; returns the pictures of those moments."""
    shown = {}
    for tick in range(ticks + 1):
        if tick:
            arena.step()
        moment = arena._conductor.snapshot().moment
        if seen(tick):
            shown[moment] = look(arena)
    return shown


def pictures(recollection: Recollection) -> dict[str, bytes]:
    return {lane: picture.data for lane, picture in recollection.pictures.items()}


def shape(snapshot: Snapshot) -> list[Any]:
    """What is told of the lanes, but for what only the present has."""
    return [
        (lane.name, lane.episode, lane.seed, lane.step, lane.episode_return) for lane in snapshot.lanes
    ] + [
        (lane.name, seat.agent, seat.operator, seat.kind, seat.action)
        for lane in snapshot.lanes
        for seat in lane.seats
    ]


def test_every_moment_seen_or_not_is_shown_as_it_was_byte_for_byte(make: Callable[..., mnb.Arena]) -> None:
    twin = make(max_steps=23)
    truth, shapes = {}, {}
    for tick in range(201):
        if tick:
            twin.step()
        snapshot = twin._conductor.snapshot()
        truth[snapshot.moment], shapes[snapshot.moment] = look(twin), shape(snapshot)
    arena = make(max_steps=23)
    play(arena, 200, lambda tick: tick % 3 == 0)
    for moment in [*truth, *list(truth)[::-19]]:  # but for resets within a tick, which the twin did not see
        then = recall(arena, moment)
        assert then.moment == then.snapshot.moment == moment
        assert pictures(then) == truth[moment], moment
        assert shape(then.snapshot) == shapes[moment], moment
    assert arena._conductor.snapshot().moment == 208


def test_what_was_decided_is_told_with_its_numbers(make: Callable[..., mnb.Arena]) -> None:
    def sure(observation: Any) -> mnb.Decision:
        return Decision(2, probabilities=[0.0, 0.25, 0.75, 0, 0, 0, 0], value=1.5)

    arena = make(lanes={"sure": sure})
    arena.run(3)
    (seat,) = recall(arena, 2).snapshot.lanes[0].seats
    assert (seat.action, seat.value, seat.turn) == ("forward", 1.5, None)
    assert dict(seat.probabilities)["forward"] == 0.75
    assert seat.milliseconds is not None


def test_a_person_sees_their_last_move_although_the_next_tick_is_open(
    make: Callable[..., mnb.Arena],
) -> None:
    arena = make(lanes={"me": "human", "wild": "random"})
    arena.step({"me": "forward"})
    waiting = threading.Event()
    arena._conductor.attended = lambda: True
    arena._conductor.watch(lambda now: now.phase == "waiting" and waiting.set())
    arena._conductor.step()
    assert waiting.wait(10)
    look(arena)
    me = recall(arena, 1).snapshot.lanes[0].seats[0]
    assert (me.action, me.turn) == ("forward", None)


def test_only_the_newest_of_a_storm_is_answered_and_soon(make: Callable[..., mnb.Arena]) -> None:
    arena = make(max_steps=1000)
    arena.run(400)
    answered: list[int] = []
    last = threading.Event()

    def done(then: Recollection) -> None:
        answered.append(then.moment)
        if then.moment == 123:
            last.set()

    for moment in range(400, 301, -1):
        arena._conductor.recall(moment, done)
    arena._conductor.recall(123, done)
    assert last.wait(20)
    assert answered[-1] == 123
    assert len(answered) < 10


def test_moments_across_a_rewind_are_those_of_the_line_that_is_played(
    make: Callable[..., mnb.Arena],
) -> None:
    arena = make()
    shown = play(arena, 6, lambda _: True)
    arena.rewind(3)
    arena.swap("wild", "passive")
    arena.run(5)
    truth = {**{moment: shown[moment] for moment in range(4)}}
    assert arena._conductor.snapshot().moment == 8
    for moment in range(4):
        assert pictures(recall(arena, moment)) == truth[moment]
    for moment in range(4, 9):  # nobody moves any more
        assert pictures(recall(arena, moment)) == truth[3]
    assert [recall(arena, moment).snapshot.lanes[1].seats[0].operator for moment in (2, 5)] == [
        "random",
        "passive",
    ]


def test_a_moment_out_of_reach_is_the_nearest_one(make: Callable[..., mnb.Arena]) -> None:
    arena = make()
    arena.run(2)
    assert [recall(arena, moment).moment for moment in (-5, 99)] == [0, 2]


def test_looking_back_disturbs_nothing(make: Callable[..., mnb.Arena]) -> None:
    alone, watched = make(), make()
    alone.run(30)
    for tick in range(30):
        watched.step()
        recall(watched, tick // 2)
    columns = ["lane", "step", "agent", "action", "reward", "digest"]
    assert alone.steps[columns].equals(watched.steps[columns])


def test_without_kept_frames_all_is_played_again(make: Callable[..., mnb.Arena]) -> None:
    arena = make(keep_frames=0)
    shown = play(arena, 5, lambda _: True)
    for moment in (*shown, *reversed(shown), 4, 0, 5, 2):
        assert pictures(recall(arena, moment)) == shown[moment]
    assert not (arena.path / "frames").exists()


def test_an_environment_that_does_not_replay_says_so_in_its_own_view(
    make: Callable[..., mnb.Arena],
) -> None:
    class Forgetful(Counting):
        def _observe(self) -> Any:
            return np.array([self.count, time.time() if self.count == 2 else 0.0])

    arena = make(Forgetful, {"wild": "random"})
    arena.run(4)
    text = recall(arena, 3).pictures["wild"].text
    assert "does not replay" in text
    assert "differs first" in text
    arena.step()


def test_a_closed_arena_still_shows_what_was_kept(make: Callable[..., mnb.Arena]) -> None:
    arena = make()
    shown = play(arena, 4, lambda tick: tick < 3)
    arena.close()
    assert pictures(recall(arena, 2)) == shown[2]
    unseen = recall(arena, 4)
    assert unseen.pictures["wild"].text == "no picture: nobody looked at this moment, and the arena is closed"
    assert unseen.snapshot.lanes[1].step == 4


def test_a_film_has_every_moment_in_order_with_words(make: Callable[..., mnb.Arena]) -> None:
    arena = make(max_steps=6)
    shown = play(arena, 15, lambda _: True)

    async def film() -> list[Recollection]:
        return [each async for each in arena._conductor.film(0, arena._conductor.snapshot().moment)]

    moments = arena._thread.call(film())
    assert [each.moment for each in moments] == list(range(len(moments)))
    for moment, truth in shown.items():
        assert pictures(moments[moment]) == truth
    told = answer(lambda done: arena._conductor.inspect("wild", 4, done))
    assert moments[4].pictures["wild"].words == told.observations
    assert all(each.pictures["wild"].words["agent"] for each in moments)


def test_a_film_of_moments_that_are_none_is_refused(make: Callable[..., mnb.Arena]) -> None:
    arena = make()

    async def film() -> None:
        async for _ in arena._conductor.film(0, 3):
            pass

    with pytest.raises(ValueError, match="there is no moment 1: they go from 0 to 0"):
        arena._thread.call(film())


def test_a_lane_is_read_now_and_then(make: Callable[..., mnb.Arena]) -> None:
    def chatty(observation: Any) -> int:
        print("thinking hard")
        return 0

    arena = make(lanes={"chatty": chatty})
    first = answer(lambda done: arena._conductor.inspect("chatty", None, done))
    arena.step()
    now = answer(lambda done: arena._conductor.inspect("chatty", None, done))
    then = answer(lambda done: arena._conductor.inspect("chatty", 0, done))
    assert (first.moment, now.moment, then.moment) == (0, 1, 0)
    assert then.observations == first.observations != now.observations
    assert "agent" in now.observations["agent"] or now.observations["agent"]
    assert set(now.logs) == {"chatty", "environment"}
    assert "thinking hard" in now.logs["chatty"]


def test_memory_and_workers_are_given_up_when_nobody_looks_back(
    make: Callable[..., mnb.Arena], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mosaic_nb.scheduler.recollecting._IDLE", 0.05)
    arena = make()
    arena.run(3)
    recall(arena, 1)
    recollector = arena._conductor._recollector

    async def gone() -> None:
        while recollector._replicas or recollector._library._past is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    arena._thread.call(asyncio.wait_for(gone(), 10))
    assert recall(arena, 2).moment == 2


def test_a_picture_taken_while_a_step_is_under_way_is_that_of_the_step(
    make: Callable[..., mnb.Arena],
) -> None:
    class Slow(Counting):
        def step(self, action: Any) -> Any:
            time.sleep(0.3)
            return super().step(action)

    arena = make(Slow, {"wild": "random"}, keep_frames=64)
    lane = arena._conductor.lockstep.lanes[0]
    stepped = arena._thread.start(arena._conductor.tick({}, blocking=True))

    async def meanwhile() -> dict[str, bytes]:
        while not lane.worker.link.awaits(messages.StepEnvironment):  # noqa: ASYNC110
            await asyncio.sleep(0)
        shown = await arena._conductor.look("png")
        return {lane: picture.data for lane, picture in shown.items()}

    after = arena._thread.call(meanwhile())
    stepped.result(10)
    assert arena._conductor._pictures._keeping.take("wild", 2) is not None
    assert look(arena) == after
    assert pictures(recall(arena, 1)) == after
    before = Image.open(io.BytesIO(pictures(recall(arena, 0))["wild"]))
    assert before.getpixel((0, 0)) == (0, 0, 0)


def test_a_sharp_picture_is_kept_and_not_the_blurred_one_after_it(make: Callable[..., mnb.Arena]) -> None:
    arena = make()
    arena._thread.call(arena._conductor.look("jpeg", 20))
    assert {picture.format for picture in recall(arena, 0).pictures.values()} == {"jpeg"}
    sharp = look(arena)
    arena._thread.call(arena._conductor.look("jpeg", 21))
    assert pictures(recall(arena, 0)) == sharp


def test_what_looking_back_takes_does_not_grow(make: Callable[..., mnb.Arena]) -> None:
    arena = make(max_steps=10, keep_frames=1)
    arena.run(120)
    timeline = arena._conductor.lockstep.timeline
    for moment in range(0, timeline.last, 2):
        recall(arena, moment)
    recollector = arena._conductor._recollector
    assert len(recollector._library._episodes) <= 64
    assert len(recollector._replicas) == 2
    frames = sum(file.stat().st_size for file in (arena.path / "frames").iterdir())
    assert frames <= 1 << 20


def test_a_disk_that_refuses_pictures_is_noted_once_and_the_game_goes_on(
    make: Callable[..., mnb.Arena],
) -> None:
    arena = make()
    (arena.path / "frames").write_text("in the way")
    shown = play(arena, 3, lambda _: True)
    events = arena.events
    noted = events[events["event"] == "keeping_failure"]["detail"].tolist()
    assert len(noted) == 1
    assert "File exists" in noted[0]
    assert pictures(recall(arena, 1)) == shown[1]
