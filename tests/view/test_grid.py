"""The widget without a browser: what it sends is caught, and the front end's answers are played."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import pytest

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view.feed import PICTURE_PATIENCE
from mosaic_nb.view.grid import Export, Grid
from mosaic_nb.view.pace import BLIND_GAP, PATIENCE, WINDOW

Message = tuple[float, dict[str, Any], list[bytes]]
SOON = 10.0


class CaughtGrid(Grid):
    """A grid whose messages end up in a queue, with the time they were sent at, but for mere answers."""

    def __init__(self, controls: FakeControls, exporter: Export | None = None) -> None:
        self.caught: queue.Queue[Message] = queue.Queue()
        self.heard = 0
        self.controls = controls
        super().__init__(controls, exporter)

    def send(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if content["type"] == "heard":
            self.heard += 1
        else:
            self.caught.put((time.monotonic(), content, buffers or []))

    def hear(self, kind: str, /, **content: Any) -> None:
        """Do what a message of the front end does."""
        self._handle_custom_msg({"type": kind, **content}, [])

    def hello(self, *, looking: bool = True) -> None:
        self.hear("hello", view="a", looking=looking)

    def until(
        self, wanted: Callable[[dict[str, Any], list[bytes]], bool], *, answer: bool = True
    ) -> list[Message]:
        """Take messages until one is as wanted; acknowledge each, or none."""
        taken = []
        while True:
            taken.append(self.caught.get(timeout=SOON))
            _, content, buffers = taken[-1]
            if answer and content["type"] == "show":
                self.hear("acknowledge", view="a", number=content["number"])
            if wanted(content, buffers):
                return taken


def at_tick(tick: int) -> Callable[[dict[str, Any], list[bytes]], bool]:
    return lambda content, _buffers: bool(content["snapshot"]["tick"] == tick)


def sharp(content: dict[str, Any], _buffers: list[bytes]) -> bool:
    return any(picture["format"] == "png" for picture in content["pictures"])


def robots() -> tuple[FakeLane, ...]:
    return tuple(FakeLane(f"lane {number}", size=(64, 64)) for number in range(8))


@pytest.fixture
def grids() -> Iterator[Callable[..., CaughtGrid]]:
    """Make grids over fake arenas; close them afterwards."""
    made: list[CaughtGrid] = []

    def make(*lanes: FakeLane, **options: Any) -> CaughtGrid:
        made.append(CaughtGrid(FakeControls(lanes or robots(), **options)))
        return made[-1]

    yield make
    for grid in made:
        grid.close()
        grid.controls.close()


def test_nothing_is_sent_before_hello(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    for _ in range(5):
        grid.controls.step()
    grid.controls.settle()
    assert not grid.front_end
    assert not grid.wait_for_front_end(0.0)
    grid.hello()
    _, content, _ = grid.caught.get(timeout=SOON)
    assert content["number"] == 1
    assert content["snapshot"]["tick"] == 5
    assert grid.front_end
    assert grid.wait_for_front_end(0.0)


def test_every_hello_is_answered(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    for _ in range(3):
        grid.hello(looking=False)
        _, content, buffers = grid.caught.get(timeout=SOON)
        assert content["type"] == "show"
        assert buffers == []


def test_one_message_holds_all_lanes_and_their_pictures(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello()
    _, content, buffers = grid.until(sharp)[-1]
    assert [lane["name"] for lane in content["snapshot"]["lanes"]] == [lane.name for lane in robots()]
    assert [picture["buffer"] for picture in content["pictures"]] == list(range(8))
    assert all(buffer.startswith(b"\x89PNG") for buffer in buffers)


def test_out_of_sight_nothing_is_sent_and_no_picture_asked_for(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello(looking=False)
    grid.until(at_tick(0))
    for _ in range(50):
        grid.controls.step()
    with pytest.raises(queue.Empty):
        grid.caught.get(timeout=2 * PICTURE_PATIENCE)
    assert grid.controls.asked == []
    grid.hear("look", view="a", looking=True)
    _, content, buffers = grid.caught.get(timeout=SOON)
    assert content["number"] == 2
    assert content["snapshot"]["tick"] == 50
    assert len(buffers) == 8


def test_a_view_that_left_is_out_of_sight(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello()
    grid.hear("hello", view="b", looking=False)
    grid.until(sharp)
    grid.hear("leave", view="a")
    grid.controls.step()
    with pytest.raises(queue.Empty):
        grid.caught.get(timeout=2 * PICTURE_PATIENCE)


def test_unanswered_the_newest_wins_and_nothing_queues(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello()
    grid.until(sharp)
    for _ in range(2000):
        grid.controls.step()
    taken = grid.until(at_tick(2000), answer=False)
    times = [when for when, *_ in taken]
    assert len(taken) <= WINDOW + 1 + (times[-1] - times[0]) / BLIND_GAP
    ticks = [content["snapshot"]["tick"] for _, content, _ in taken]
    assert ticks == sorted(ticks)


def test_unanswered_it_goes_on_blind_four_times_a_second(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hear("speed", ticks_per_second=200.0)
    grid.hello()
    grid.until(sharp)
    grid.hear("play")
    taken = grid.until(lambda content, _: bool(content["number"] >= WINDOW + 8), answer=False)
    gaps = [after[0] - before[0] for before, after in pairwise(taken)]
    pauses = [gap for gap in gaps if gap > BLIND_GAP * 0.9]
    assert max(pauses) >= PATIENCE * 0.9
    assert len(pauses) >= 4
    grid.hear("acknowledge", view="a", number=taken[-1][1]["number"])
    when, *_ = grid.caught.get(timeout=SOON)
    assert when - taken[-1][0] < BLIND_GAP


def test_pictures_are_light_while_playing_and_sharp_at_rest(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello()
    grid.until(sharp)
    grid.hear("speed", ticks_per_second=60.0)
    grid.hear("play")
    playing = grid.until(lambda content, _: bool(content["snapshot"]["tick"] >= 10))
    formats = {picture["format"] for _, content, _ in playing for picture in content["pictures"]}
    assert formats == {"jpeg"}
    grid.hear("pause")
    grid.until(sharp)
    grid.controls.settle()
    asked = list(grid.controls.asked)
    grid.hear("speed", ticks_per_second=5.0)
    grid.until(lambda content, _: content["snapshot"]["speed"] == 5.0)
    assert grid.controls.asked == asked, "the same sharp pictures were asked for again"


def test_pictures_come_with_the_state_they_show(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids(FakeLane("a", text="step {step}"))
    grid.hello()
    for tick in range(1, 30):
        grid.hear("step")
        for _, content, _ in grid.until(at_tick(tick)):
            for picture in content["pictures"]:
                shown = int(picture["text"].removeprefix("step "))
                assert shown - 1 <= content["snapshot"]["tick"] <= shown
    assert content["pictures"]


class Blind(FakeControls):
    """An arena whose pictures never come."""

    def pictures(self, format: str, done: Callable[[Mapping[str, Picture]], None], quality: int = 85) -> None:
        self.asked.append(format)


def test_without_pictures_the_state_comes_all_the_same() -> None:
    controls = Blind(robots())
    grid = CaughtGrid(controls)
    grid.hello()
    grid.until(at_tick(0))
    controls.step()
    started = time.monotonic()
    when, _, buffers = grid.until(at_tick(1))[-1]
    assert buffers == []
    assert when - started < PICTURE_PATIENCE + 1.0
    grid.close()
    controls.close()


def test_what_a_person_does_reaches_the_arena(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids(*four_lanes())
    commands: list[tuple[dict[str, Any], tuple[Any, ...]]] = [
        ({"type": "reset", "seed": "12345678901234567"}, ("reset", 12345678901234567)),
        ({"type": "reset", "seed": None, "shared": False}, ("reset", None, False)),
        ({"type": "speed", "ticks_per_second": 30}, ("set_speed", 30)),
        ({"type": "clock", "on": True}, ("set_clocked", True)),
        (
            {"type": "hold", "lane": "me", "agent": "agent", "action": None},
            ("hold", "me", "agent", None),
        ),
        ({"type": "take_over", "lane": "PPO", "agent": "agent"}, ("take_over", "PPO", "agent")),
        ({"type": "hand_back", "lane": "PPO", "agent": "agent"}, ("hand_back", "PPO", "agent")),
        (
            {"type": "choose", "lane": "me", "agent": "agent", "action": 2, "turn": None},
            ("choose", "me", "agent", 2, None),
        ),
        ({"type": "step", "count": 3}, ("step", 3)),
        ({"type": "play"}, ("play",)),
        ({"type": "pause"}, ("pause",)),
        ({"type": "stop"}, ("stop",)),
        ({"type": "rewind", "moment": 0}, ("rewind", 0)),
    ]
    for said, _ in commands:
        grid.hear(said.pop("type"), **said)
    assert grid.controls.calls == [call for _, call in commands]
    assert grid.heard == len(commands)


def test_double_and_late_clicks_move_once(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids(*four_lanes())
    grid.hear("step")
    grid.controls.settle()
    turn = grid.controls.snapshot.lanes[2].seats[0].turn
    for _ in range(3):
        grid.hear("choose", lane="me", agent="agent", action=2, turn=turn)
    grid.hear("step")
    grid.hear("choose", lane="me", agent="agent", action=1, turn=turn)
    grid.controls.settle()
    assert grid.controls.snapshot.tick == 1
    assert grid.controls.snapshot.phase == "waiting"
    assert grid.stats().late == 3


NONSENSE: list[Any] = [
    {"type": "explode"},
    {"type": "step", "count": "many"},
    {"type": "step", "count": -1},
    {"type": "choose", "lane": "me"},
    {"type": "speed", "ticks_per_second": None},
    {"type": "scrub", "moment": "yesterday"},
    {"type": "reset", "seed": "seven"},
    {"type": "export", "kind": "exe"},
    {"type": ["step"]},
    {},
    [],
    None,
    "step",
]


@pytest.mark.parametrize("said", NONSENSE, ids=str)
def test_what_makes_no_sense_is_answered_in_words_and_does_nothing(
    grids: Callable[..., CaughtGrid], said: Any
) -> None:
    grid = grids()
    grid._handle_custom_msg({**said, "view": "a"} if isinstance(said, dict) else said, [])
    _, content, _ = grid.caught.get(timeout=SOON)
    assert content["type"] == "trouble"
    assert len(content["words"]) < 400
    assert content.get("view") == ("a" if isinstance(said, dict) else None)
    assert grid.controls.calls == []


def test_hostile_names_and_numbers_travel_as_json(grids: Callable[..., CaughtGrid]) -> None:
    name = "<img src=x onerror=alert(1)>\ud800\x00\u202e"
    grid = grids(FakeLane(name, fails="\ud800", text="\ud800"), seed=2**63)
    grid.controls.show(speed=float("nan"))
    grid.hello()
    taken = grid.until(lambda content, _: bool(content["pictures"]))
    for _, content, _ in taken:
        json.dumps(content, allow_nan=False, ensure_ascii=False).encode()
    assert taken[-1][1]["snapshot"]["seed"] == str(2**63)
    assert taken[-1][1]["snapshot"]["lanes"][0]["name"].startswith("<img src=x")


# --- requests and their answers -------------------------------------------------------------------------


def answers(grid: CaughtGrid, kind: str, count: int) -> list[Message]:
    """Take messages until there are so many of a kind, and return those."""
    found: list[Message] = []
    while len(found) < count:
        message = grid.caught.get(timeout=SOON)
        if message[1]["type"] == kind:
            found.append(message)
    return found


def test_who_asks_is_answered(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids(FakeLane("a"), FakeLane("b", ends_at=2))
    for _ in range(3):
        grid.controls.step()
    grid.hear("history", view="x")
    grid.hear("scrub", view="y", moment=1)
    grid.hear("inspect", view="z", lane="b", moment=None)
    history, past, inspection = (answers(grid, kind, 1)[0] for kind in ("history", "past", "inspection"))
    assert [content["view"] for _, content, _ in (history, past, inspection)] == ["x", "y", "z"]
    assert history[1]["points"] == [0, 1, 2, 3]
    assert set(history[1]["returns"]) == {"a", "b"}
    assert {"moment": 2, "lane": "b", "event": "end", "words": "goal reached"} in history[1]["marks"]
    assert (past[1]["moment"], past[1]["snapshot"]["tick"]) == (1, 1)
    assert len(past[2]) == 2
    assert inspection[1]["observations"]["agent"].startswith("step 2")
    for _, content, _ in (history, past, inspection):
        json.dumps(content, allow_nan=False)


def test_a_storm_of_scrubs_ends_with_the_newest_of_every_front_end(
    grids: Callable[..., CaughtGrid],
) -> None:
    grid = grids()
    for _ in range(50):
        grid.controls.step()
    grid.controls.settle()
    for moment in range(50):
        for view in ("x", "y"):
            grid.hear("scrub", view=view, moment=moment + (view == "y"))
    newest = {"x": 49, "y": 50}
    seen: dict[str, int] = {}
    count = 0
    while seen != newest:
        _, content, _ = answers(grid, "past", 1)[0]
        assert content["moment"] >= seen.get(content["view"], 0)
        seen[content["view"]] = content["moment"]
        count += 1
    assert count < 60
    grid.controls.settle()
    assert grid.caught.empty()


def test_two_front_ends_get_everything_and_one_that_hangs_does_not_stop_the_other(
    grids: Callable[..., CaughtGrid],
) -> None:
    grid = grids()
    grid.hello()
    grid.hear("hello", view="b", looking=True)
    assert grid.stats().looking == 2
    grid.hear("speed", ticks_per_second=100.0)
    grid.until(sharp)
    grid.hear("play")
    grid.until(lambda content, _: bool(content["snapshot"]["tick"] >= 20))
    began = time.monotonic()
    taken = grid.until(lambda content, _: bool(content["snapshot"]["tick"] >= 400))
    assert len(taken) / (time.monotonic() - began) > 1.5 / BLIND_GAP
    assert grid.stats().shown >= len(taken)


def test_a_slow_front_end_gets_the_newest_and_the_rest_is_dropped(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    grid.hello()
    grid.until(sharp)
    for _ in range(500):
        grid.controls.step()
    taken = grid.until(at_tick(500), answer=False)
    stats = grid.stats()
    assert stats.dropped >= 500 - len(taken)
    assert stats.sent == taken[-1][1]["number"]
    assert stats.sent - stats.shown <= WINDOW + len(taken)


def test_files_are_made_elsewhere_and_sent_to_who_asked() -> None:
    asked: list[str] = []

    def export(kind: str, done: Callable[[str, str, bytes], None], failed: Callable[[str], None]) -> None:
        asked.append(kind)
        if kind == "png":
            failed("the disk is full")
        else:
            done(f"play.{kind}", "text/html", b"<html>")

    controls = FakeControls(robots())
    grid = CaughtGrid(controls, export)
    grid.hear("export", view="x", kind="html")
    grid.hear("export", view="y", kind="png")
    _, content, buffers = answers(grid, "file", 1)[0]
    assert (content["view"], content["name"], content["mime"]) == ("x", "play.html", "text/html")
    assert buffers == [b"<html>"]
    _, content, _ = answers(grid, "trouble", 1)[0]
    assert (content["view"], content["words"]) == ("y", "the disk is full")
    assert asked == ["html", "png"]
    grid.close()
    controls.close()


def test_stats_tell_what_was_sent_and_how_it_fared(grids: Callable[..., CaughtGrid]) -> None:
    grid = grids()
    assert grid.stats().latency_ms is None
    grid.hello()
    number, size = 0, 0
    for tick in range(1, 6):
        grid.hear("step")
        for _, content, buffers in grid.until(at_tick(tick), answer=False):
            number, size = content["number"], size + sum(map(len, buffers))
    grid.hear("acknowledge", view="a", number=number, drawn=4)
    stats = grid.stats()
    assert (stats.shown, stats.frames_per_second) == (4, 0.8)
    assert stats.sent >= number
    assert stats.bytes >= size > 0
    assert stats.pictures % 8 == 0
    assert stats.latency_ms is not None
    assert 0 < stats.latency_ms < 20_000
    assert repr(stats).startswith("1 of 1 front ends looking: ")


# --- the thread -----------------------------------------------------------------------------------------


def view_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "mosaic-nb view"}


def test_a_grid_that_nobody_looks_at_has_no_thread(
    grids: Callable[..., CaughtGrid], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mosaic_nb.view.feed.LINGER", 0.05)
    others = view_threads()
    grid = grids()
    for _ in range(5):
        grid.controls.step()
    grid.controls.settle()
    assert view_threads() <= others
    grid.hello()
    grid.until(sharp)
    grid.controls.show(phase="closed")
    grid.until(lambda content, _: content["snapshot"]["phase"] == "closed")
    for thread in view_threads() - others:
        thread.join(SOON)
    assert view_threads() <= others
    grid.hello()
    assert grid.caught.get(timeout=SOON)[1]["snapshot"]["phase"] == "closed"


def test_closing_ends_thread_and_watch(grids: Callable[..., CaughtGrid]) -> None:
    others = set(threading.enumerate())
    grid = grids()
    grid.hello()
    grid.until(sharp)
    own = {thread for thread in threading.enumerate() if thread.name == "mosaic-nb view"} - others
    assert own
    grid.close()
    grid.close()
    for thread in own:
        thread.join(SOON)
        assert not thread.is_alive()
    grid.controls.step()
    grid.controls.settle()
    assert grid.caught.empty()
