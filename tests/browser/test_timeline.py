"""The timeline in Chromium: keys, the pointer, marks, the past and the way back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from mosaic_nb.scheduler.snapshot import Mark
from mosaic_nb.view.wire import plain
from tests.browser.game import Game

pytestmark = pytest.mark.browser

EVENTS = ("begin", "end", "part", "take-over", "hand-back", "swap", "failure", "rewind")


def test_the_rail_grows_with_the_game(game: Game) -> None:
    game.open()
    game.says("tick 0 of 0, now")
    game.step(3)
    game.says("tick 3 of 3, now")
    assert [game.rail.get_attribute(f"aria-value{name}") for name in ("min", "max", "now")] == ["0", "3", "3"]
    expect(game.page.locator(".mnb-where")).to_have_text("tick 3")


@pytest.mark.parametrize(
    ("key", "moment"),
    [("ArrowLeft", 24), ("ArrowDown", 24), ("PageDown", 15), ("Home", 0)],
)
def test_keys_go_back(game: Game, key: str, moment: int) -> None:
    game.open(25)
    game.rail.press(key)
    game.says(f"tick {moment} of 25")
    assert [message["moment"] for message in game.sent("scrub")] == [moment]
    game.answer()
    game.says(f"tick {moment} of 25")
    expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text(str(moment))
    assert game.sent("choose") == []


def test_keys_go_forward_until_now(game: Game) -> None:
    game.open(25)
    for key, words in (
        ("Home", "tick 0 of 25"),
        ("PageUp", "tick 10 of 25"),
        ("ArrowRight", "tick 11 of 25"),
        ("ArrowUp", "tick 12 of 25"),
        ("End", "tick 25 of 25, now"),
        ("ArrowRight", "tick 25 of 25, now"),
    ):
        game.rail.press(key)
        game.answer()
        game.says(words)
    assert [message["moment"] for message in game.sent("scrub")] == [0, 10, 11, 12]
    expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text("25")


@pytest.mark.parametrize("what", ["an episode begins", "all episodes are over", "looking back"])
def test_the_rail_stays_under_the_pointer(game: Game, what: str) -> None:
    game.open(25)
    before = game.rail.bounding_box()
    if what == "all episodes are over":
        lanes = game.fake.snapshot.lanes
        game.show(lanes=tuple(replace(lane, status="held", message="episode over") for lane in lanes))
        expect(game.page.locator(".mnb-over").first).to_have_text("episode over")
    elif what == "looking back":
        game.rail.press("Home")
        game.answer()
        game.says("tick 0 of 25")
    else:
        blank = {"action": "", "probabilities": (), "value": None, "note": ""}
        lanes = [
            replace(lane, step=0, seats=tuple(replace(seat, **blank) for seat in lane.seats))
            for lane in game.fake.snapshot.lanes
        ]
        game.show(lanes=tuple(lanes))
        expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text("0")
    assert game.rail.bounding_box() == before


def test_the_tick_is_said_as_the_past_has_it(game: Game) -> None:
    game.open(25)
    game.rail.press("PageDown")
    found = game.fake.snapshot
    game.send(
        {"type": "past", "moment": 15, "snapshot": plain(replace(found, moment=15, tick=13)), "pictures": []}
    )
    expect(game.page.locator(".mnb-where")).to_have_text("tick 13 of 25")


def test_dragging_asks_for_one_moment_at_a_time_and_ends_at_the_newest(game: Game) -> None:
    game.open(40)
    game.page.mouse.move(*game.at(1.0))
    game.page.mouse.down()
    for share, tick in ((0.75, 30), (0.5, 20), (0.25, 10), (0.1, 4)):
        game.page.mouse.move(*game.at(share), steps=3)
        game.says(f"tick {tick} of 40")
    assert len(game.sent("scrub")) == 1
    game.answer()
    assert [message["moment"] for message in game.sent("scrub")][1:] == [4]
    game.page.mouse.up()
    game.answer()
    game.says("tick 4 of 40")
    expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text("4")


def test_who_looks_back_stays_there_while_the_game_goes_on(game: Game) -> None:
    game.open(12)
    game.rail.press("PageDown")
    game.answer()
    game.step(3)
    game.says("tick 2 of 15")
    expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text("2")


def test_back_to_now_is_not_undone_by_a_late_answer(game: Game) -> None:
    game.open(12)
    game.rail.press("Home")
    game.answer()
    game.rail.press("ArrowRight")
    game.page.locator('.mnb-below [data-action="back-to-now"]').click()
    game.says("tick 12 of 12, now")
    game.answer()
    game.says("tick 12 of 12, now")
    expect(game.page.locator('.mnb-card [data-fact="step"]').first).to_have_text("12")
    expect(game.rail).to_be_focused()
    expect(game.page.locator('.mnb-below [data-action="rewind"]')).to_be_hidden()


def test_a_moment_that_cannot_be_shown_is_not_pretended(game: Game) -> None:
    game.open(12)
    game.rail.press("ArrowLeft")
    game.send({"type": "trouble", "words": "That moment cannot be shown."})
    game.says("tick 12 of 12, now")


def test_continue_from_here(game: Game) -> None:
    game.open(12)
    game.rail.press("PageDown")
    game.answer()
    button = game.page.locator('.mnb-below [data-action="rewind"]')
    expect(button).to_have_accessible_description(
        "Continue from here replays all lanes to tick 2 and goes on from there. Nothing recorded is lost."
    )
    asked = len(game.sent("history"))
    button.press("Enter")
    assert [message["moment"] for message in game.sent("rewind")] == [2]
    game.answer()
    game.says("tick 2 of 2, now")
    expect(game.rail).to_be_focused()
    game.page.wait_for_function(f"window.sent.filter(m => m.type === 'history').length > {asked}")
    game.answer()
    expect(game.page.locator('.mnb-mark[data-event="rewind"]')).to_have_count(1)
    game.step()
    game.says("tick 3 of 3, now")


def test_resets_are_moments_without_a_tick(game: Game) -> None:
    game.open(3)
    game.fake.reset()
    game.show()
    game.page.wait_for_function("window.sent.filter(m => m.type === 'history').length > 1")
    game.answer()
    game.rail.press("ArrowLeft")
    game.says("tick 3 of 0")


def test_each_event_has_a_shape_and_a_colour_of_its_own(game: Game) -> None:
    game.open(40)
    marks = game.mark(*(Mark(at * 5, "PPO", event, "so") for at, event in enumerate(EVENTS)))
    expect(marks).to_have_count(len(EVENTS))
    assert len(set(marks.locator("path").evaluate_all("all => all.map(each => each.getAttribute('d'))"))) == 8
    colours = marks.evaluate_all("all => all.map(each => getComputedStyle(each).color)")
    assert len(set(colours)) == 7, "only begin and end share one"
    legend = game.page.locator(".mnb-timeline .mnb-legend li:visible")
    assert sorted(legend.evaluate_all("all => all.map(each => each.dataset.event)")) == sorted(EVENTS)
    game.mark(Mark(5, "PPO", "part"))
    expect(legend).to_have_text(["operators part"])


def test_a_mark_says_what_happened_and_goes_there(game: Game) -> None:
    game.open(40)
    mark = game.mark(Mark(10, "LLM", "take-over", "a person plays on for LLM"))
    words = "tick 10, LLM: take-over; a person plays on for LLM"
    expect(mark).to_have_accessible_name(words)
    mark.hover()
    tip = game.page.locator(".mnb-tip")
    expect(tip).to_have_text(words)
    mark.click()
    game.says("tick 10 of 40")
    game.page.mouse.move(0, 0)
    expect(tip).to_have_text(words)  # the mark has the focus now
    game.rail.focus()
    expect(tip).to_be_hidden()


def test_marks_are_one_stop_of_tab_and_arrow_keys_go_from_one_to_the_next(game: Game) -> None:
    game.open(40)
    marks = game.mark(*(Mark(at, "PPO", "part") for at in (5, 15, 25)))
    assert marks.evaluate_all("all => all.map(each => each.tabIndex)") == [0, -1, -1]
    marks.first.focus()
    for key, at in (("ArrowRight", 1), ("End", 2), ("ArrowRight", 2), ("ArrowLeft", 1), ("Home", 0)):
        game.page.keyboard.press(key)
        expect(marks.nth(at)).to_be_focused()
    game.page.keyboard.press("End")
    game.page.keyboard.press("Enter")
    game.says("tick 25 of 40")
    game.page.keyboard.press("Tab")
    expect(game.rail).to_be_focused()


def test_marks_that_would_cover_each_other_are_one_and_the_worst_is_seen(game: Game) -> None:
    game.open(40)
    together = [Mark(20, f"lane {lane}", "begin", "seed 7") for lane in range(8)]
    marks = game.mark(*together, Mark(20, "PPO", "failure", "died"), Mark(30, "PPO", "part"))
    assert marks.evaluate_all("all => all.map(each => each.dataset.event)") == ["failure", "part"]
    told = " ".join(f"tick 20, lane {lane}: episode begins; seed 7" for lane in range(5))
    expect(marks.first).to_have_accessible_name(f"{told} and 4 more")


def test_the_past_is_asked_for_again_when_it_changes_and_only_then(game: Game) -> None:
    game.open()
    game.step(5)
    game.page.wait_for_function("window.sent.filter(m => m.type === 'history').length === 2")
    game.answer()
    game.step(5)
    assert len(game.sent("history")) == 2, "at the first show, and when the operators parted"
    for _ in range(30):
        game.fake.step()
    game.show()
    game.page.wait_for_function("window.sent.filter(m => m.type === 'history').length === 3")
