from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import mosaic_nb as mnb
from mosaic_nb.protocol.messages import Seed
from mosaic_nb.scheduler.lane import HELD, RUNNING, Episode, Lane
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.timeline import Timeline

LANES = ("a", "b", "c")


class Course:
    """Lanes that are played without workers, and beside the timeline a naive list of what they were like."""

    def __init__(self, most: int) -> None:
        self.timeline = Timeline(most)
        self.lanes = [Lane(name, None, {}, Plan(7)) for name in LANES]  # type: ignore[arg-type]
        self.tick = 0
        self.seen: list[tuple[int, dict[str, tuple[Any, ...]], dict[str, float]]] = []
        self.begin(self.lanes)

    def begin(self, lanes: list[Lane]) -> None:
        for lane in lanes:
            lane.episode = Episode(lane.begun, lane.begun, 0, Seed(lane.begun), lane.begun, run_seed=0)
            lane.begun += 1
            lane.status = RUNNING
            lane.frame += 1
        self.note()

    def step(self, ends: int, rewards: list[float]) -> None:
        """Advance; lane ``ends`` comes to its end, if it is one."""
        held = [lane for lane in self.lanes if lane.status == HELD]
        if held:
            self.begin(held)
        self.tick += 1
        for number, lane in enumerate(self.lanes):
            lane.current.step += 1
            lane.frame += 1
            lane.current.returns["agent"] = lane.current.total + rewards[number]
            if number == ends:
                lane.status = HELD
        self.note()

    def note(self) -> None:
        self.timeline.note(self.lanes, self.tick)
        self.seen.append((self.tick, {lane.name: self.place(lane) for lane in self.lanes}, self.returns()))

    def place(self, lane: Lane) -> tuple[Any, ...]:
        episode = lane.current
        return lane.branch, lane.status, episode.number, episode.step, lane.frame, lane.begun

    def returns(self) -> dict[str, float]:
        return {lane.name: lane.current.total for lane in self.lanes}

    def rewind(self, back: int) -> None:
        """Go back some moments, as far as is remembered."""
        moment = max(self.timeline.first, self.timeline.last - back)
        places = self.timeline.place(moment)
        self.tick, _, returns = self.seen[moment]
        branch = 1 + max(lane.branch for lane in self.lanes)
        for lane in self.lanes:
            place = places[lane.name]
            lane.branch, lane.status, lane.begun = branch, place.standing.status, place.standing.begun
            lane.frame += 1
            paid = {"agent": returns[lane.name]}
            lane.episode = replace(place.standing.episode, step=place.step, returns=paid)
        self.timeline.truncate(moment)
        del self.seen[moment + 1 :]

    def check(self) -> None:
        timeline = self.timeline
        assert timeline.last == len(self.seen) - 1
        for moment in range(timeline.first, timeline.last + 1):
            tick, places, returns = self.seen[moment]
            assert timeline.tick(moment) == tick
            assert timeline.returns(moment) == returns
            found = timeline.place(moment)
            assert {
                name: (
                    place.standing.branch,
                    place.standing.status,
                    place.standing.episode.number,
                    place.step,
                    place.frame,
                    place.standing.begun,
                )
                for name, place in found.items()
            } == places


MOVES = st.one_of(
    st.tuples(
        st.integers(-1, len(LANES) - 1),
        st.lists(st.sampled_from([0.0, 1.0, -0.5]), min_size=3, max_size=3),
    ),
    st.integers(0, 12),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MOVES, max_size=60), st.sampled_from([8, 21, 1000]))
def test_the_timeline_is_what_a_list_of_everything_would_say(moves: list[Any], most: int) -> None:
    course = Course(most)
    for move in moves:
        if isinstance(move, int):
            course.rewind(move)
        else:
            course.step(*move)
    course.check()
    assert course.timeline.last - course.timeline.first < most
    history = course.timeline.history()
    assert history.points == tuple(range(history.first, history.last + 1))
    assert history.ticks == tuple(course.seen[point][0] for point in history.points)
    for name in LANES:
        assert history.returns[name] == tuple(course.seen[point][2][name] for point in history.points)
    assert all(history.first <= mark.moment <= history.last for mark in history.marks)


def test_a_moment_that_is_forgotten_or_to_come_is_refused_by_its_number() -> None:
    course = Course(8)
    for _ in range(10):
        course.step(-1, [0.0] * 3)
    assert (course.timeline.first, course.timeline.last) == (4, 10)
    for moment in (3, 11):
        with pytest.raises(ValueError, match=f"there is no moment {moment}: they go from 4 to 10"):
            course.timeline.place(moment)
    assert [course.timeline.nearest(moment) for moment in (0, 7, 99)] == [4, 7, 10]


def test_a_long_past_is_told_in_few_points_and_marks() -> None:
    course = Course(100_000)
    for number in range(5000):
        course.step(number % 3, [0.0] * 3)
    history = course.timeline.history()
    assert len(history.points) <= 600
    assert (history.points[0], history.points[-1]) == (0, course.timeline.last)
    assert len(history.marks) <= 1200
    assert list(history.marks) == sorted(history.marks, key=lambda mark: mark.moment)


def test_memory_grows_with_episodes_and_hardly_with_ticks() -> None:
    course = Course(100_000)
    for _ in range(10_000):
        course.step(-1, [0.0] * 3)
    for track in course.timeline._tracks:
        assert len(track.stretches) == 1
        assert (
            track.frames.itemsize * len(track.frames) + track.returns.itemsize * len(track.returns) < 130_000
        )


# --- with real lanes ----------------------------------------------------------------------------------


@pytest.fixture
def arena(tmp_path: Any) -> Any:
    arena = mnb.Arena(
        "MiniGrid-Empty-5x5-v0",
        {"still": "passive", "too": "passive", "odd": turn_at_the_third},
        seed=7,
        max_steps=5,
        path=tmp_path / "run",
    )
    yield arena
    arena.close()


def turn_at_the_third(value: Any, observation: Any) -> int:
    return 0 if observation.step == 2 else 6


def marks(arena: mnb.Arena) -> list[tuple[int, str, str, str]]:
    told = arena._conductor.lockstep.timeline.history().marks
    return [(mark.moment, mark.lane, mark.event, mark.words) for mark in told]


def test_episodes_their_ends_and_where_lanes_part_are_marked(arena: mnb.Arena) -> None:
    arena.run(6)
    names = ("still", "too", "odd")
    assert marks(arena) == [
        *((0, name, "begin", "episode 0, seed 7") for name in names),
        (3, "", "part", "still: done, too: done, odd: left"),
        *((5, name, "end", "truncated after 5 steps, return 0") for name in names),
        *((6, name, "begin", "episode 1, seed 8") for name in names),
    ]


def test_a_snapshot_names_its_moment_and_its_chapter(arena: mnb.Arena) -> None:
    first = arena._conductor.snapshot()
    arena.step()
    second = arena._conductor.snapshot()
    assert (first.moment, second.moment, second.chapter) == (0, 1, first.chapter)
    arena.run(2)
    third = arena._conductor.snapshot()
    assert (third.moment, third.chapter) == (3, first.chapter + 1)
    arena.reset()
    assert arena._conductor.snapshot().moment == 4


def test_a_failure_is_marked_where_it_is_seen(tmp_path: Any) -> None:
    def fails(value: Any, observation: Any) -> int:
        if observation.step == 1:
            raise RuntimeError("nothing more to say\nand why")
        return 6

    lanes = {"well": "passive", "ill": fails}
    with mnb.Arena("MiniGrid-Empty-5x5-v0", lanes, seed=7, path=tmp_path / "run") as arena:
        with pytest.warns(mnb.LaneFailureWarning):
            arena.run(3)
        failures = [mark for mark in marks(arena) if mark[2] == "failure"]
        assert [(moment, lane) for moment, lane, _, _ in failures] == [(2, "ill")]
        assert "\n" not in failures[0][3]


def test_lanes_that_go_back_together_may_part_again(arena: mnb.Arena) -> None:
    arena.run(4)
    before = marks(arena)
    chapter = arena._conductor.snapshot().chapter
    arena.rewind(1)
    assert [mark for mark in marks(arena) if mark[2] == "part"] == []
    assert marks(arena)[-1] == (1, "", "rewind", "back to tick 1")
    assert arena._conductor.snapshot().chapter > chapter
    arena.run(3)
    assert [mark for mark in marks(arena) if mark[2] != "rewind"] == before


def test_a_change_of_seats_is_marked_where_it_was_made(arena: mnb.Arena) -> None:
    arena.run(2)
    arena.swap("too", "random")
    assert marks(arena)[-1] == (2, "too", "swap", "passive gives way to random")
    arena.step()
    casts = [arena._conductor.lockstep.timeline.casts(moment)["too"] for moment in (2, 3)]
    assert casts == [{"agent": ("passive", "baseline")}, {"agent": ("random", "baseline")}]
