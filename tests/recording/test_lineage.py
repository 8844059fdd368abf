"""What is left of the rows after rewinds is what a lane that never took the other turns would have written."""

from __future__ import annotations

import copy
import json
import time
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mosaic_nb.recording import arrow, frames
from mosaic_nb.recording.lineage import LASTING, ancestry, current, origins
from mosaic_nb.recording.tables import CALLS, EPISODES, EVENTS, STEPS, TABLES

LANES = ("a", "b")
ACTS = ("step", "end", "fail", "begin", "reset", "swap")


@dataclass
class Course:
    """Where a lane is, and the numbers of the rows on its line, by table."""

    branch: int = 0
    episode: int = -1
    begun: int = 0
    step: int = 0
    status: str = "over"
    seed: int = 0
    line: dict[str, set[int]] = field(default_factory=lambda: {table.name: set() for table in TABLES})


class Book:
    """Writes what two lanes would write, and remembers by copying what belongs to the line of each."""

    def __init__(self, rows):
        self.make = rows
        self.rows = {table.name: [] for table in TABLES}
        self.lanes = {lane: Course() for lane in LANES}
        for lane in LANES:
            self.begin(lane, 7)
        self.moments = [copy.deepcopy(self.lanes)]
        self.branches = 0

    def act(self, what, lane):
        course = self.lanes[lane]
        if what == "swap":
            self.event(lane, "swap", "{}")
        elif what in ("begin", "reset"):
            if what == "reset" and course.status == "running":
                if course.step:
                    self.episode(lane, "abandoned")
                else:
                    course.begun -= 1
                course.status = "over"
            if course.status == "over":
                self.begin(lane, len(self.rows["events"]))
        elif course.status == "running":
            self.play(lane, what)
        self.moments.append(copy.deepcopy(self.lanes))

    def play(self, lane, what):
        course = self.lanes[lane]
        self.call(lane, course.step)
        if what == "fail":
            self.event(lane, "failure", "it broke")
            self.episode(lane, "failed")
        else:
            self.event(lane, "substitute", "in its place")
            self.put(
                lane,
                "steps",
                self.make["steps"](0, **self.where(lane), step=course.step, digest=self.uid("steps")),
            )
            course.step += 1
            if what == "end":
                self.episode(lane, "terminated")
        course.status = "running" if what == "step" else "over"

    def begin(self, lane, seed):
        course = self.lanes[lane]
        again = course.episode == course.begun
        course.episode, course.seed, course.step, course.status = course.begun, seed, 0, "running"
        course.begun += 1
        self.event(lane, "begin", json.dumps(self.beginning(course)))
        if not again:  # else nothing tells it from the call of the episode that had this number and no step
            self.call(lane, None)

    def rewind(self, moment):
        self.branches += 1
        for lane in LANES:
            course = self.lanes[lane]
            if course.status == "running" and course.step:
                self.episode(lane, "rewound")
            lasting = {n for n, row in enumerate(self.rows["events"]) if row[0] == lane and row[6] in LASTING}
            place = self.lanes[lane] = copy.deepcopy(self.moments[moment][lane])
            place.line["events"] |= lasting
            told = {
                "from_branch": place.branch,
                "step": place.step,
                "over": place.status != "running",
                "tick": 0,
            }
            place.branch = self.branches
            self.event(lane, "rewind", json.dumps({**told, **self.beginning(place)}))
        del self.moments[moment + 1 :]

    @staticmethod
    def beginning(course):
        return {"seed": course.seed, "instance": None, "digest": f"reset {course.seed}"}

    def uid(self, table):
        return str(len(self.rows[table]))

    def where(self, lane):
        course = self.lanes[lane]
        return {"lane": lane, "branch": course.branch, "episode": course.episode}

    def put(self, lane, table, row):
        self.lanes[lane].line[table].add(len(self.rows[table]))
        self.rows[table].append(row)

    def episode(self, lane, end):
        row = self.make["episodes"](0, **self.where(lane), end=end, reset_digest=self.uid("episodes"))
        self.put(lane, "episodes", row)

    def event(self, lane, event, detail):
        course = self.lanes[lane]
        step, time = course.step, float(len(self.rows["events"]))
        self.put(
            lane, "events", (lane, course.branch, course.episode, step, "agent", time, event, "", detail)
        )

    def call(self, lane, step):
        course, uid = self.lanes[lane], self.uid("calls")
        row = (lane, course.branch, course.episode, step, *self.make["calls"](uid, uid)[4:])
        self.put(lane, "calls", row)

    def frame(self, table):
        return frames.frame(table, arrow.assemble(table, "run", [arrow.batch(table, self.rows[table.name])]))


def left(book, table, key):
    """Return the numbers of the rows that `current` leaves, and those that the book holds to be on the line."""
    rows = current(table.name, book.frame(table), book.frame(EVENTS))
    expected = set().union(*(course.line[table.name] for course in book.lanes.values()))
    return [int(number) for number in rows[key]], sorted(expected)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from((*ACTS, "step", "step", "rewind")), st.sampled_from(LANES), st.integers(0, 99)
        ),
        max_size=40,
    )
)
def test_the_line_is_what_was_not_left_behind(rows, acts):
    book = Book(rows)
    for what, lane, number in acts:
        if what == "rewind":
            book.rewind(number % len(book.moments))
        else:
            book.act(what, lane)
    for table, key in ((STEPS, "digest"), (EPISODES, "reset_digest"), (CALLS, "prompt"), (EVENTS, "time")):
        found, expected = left(book, table, key)
        assert found == expected, table.name


def test_a_rewind_of_a_rewind_leads_back_to_the_first_branch(rows):
    book = Book(rows)
    for _ in range(3):
        book.act("step", "a")
    book.rewind(2)
    book.act("step", "a")
    book.rewind(1)
    begins = origins(book.frame(EVENTS))["a"]
    assert {branch: (origin.branch, origin.step) for branch, origin in begins.items()} == {
        1: (0, 2),
        2: (0, 1),
    }
    assert ancestry(2, begins) == [2, 0]
    assert left(book, STEPS, "digest")[0] == [0]


def test_without_a_rewind_nothing_is_looked_at_or_copied(rows):
    steps = [rows["steps"](number) for number in range(1000)]
    table = arrow.assemble(STEPS, "run", [arrow.batch(STEPS, steps)] * 1000)
    frame = frames.frame(STEPS, table)
    events = frames.frame(EVENTS, arrow.assemble(EVENTS, "run", [arrow.batch(EVENTS, [rows["events"](0)])]))
    began = time.perf_counter()
    assert current("steps", frame, events) is frame
    assert time.perf_counter() - began < 0.01


@pytest.mark.parametrize("table", TABLES)
def test_empty_tables_stay_empty(table, rows):
    book = Book(rows)
    book.rewind(0)
    nothing = book.frame(table).iloc[:0]
    assert len(current(table.name, nothing, book.frame(EVENTS))) == 0
