"""The details of a lane in Chromium: what is asked for and when, tabs, texts and decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from mosaic_nb.scheduler.snapshot import Inspection, SeatView
from tests.browser.game import Game

pytestmark = pytest.mark.browser


def test_details_are_asked_for_while_the_drawer_is_open(game: Game) -> None:
    game.open(3)
    assert [(message["lane"], message["moment"]) for message in game.sent("inspect")] == [("PPO", None)]
    expect(game.drawer.get_by_role("tabpanel")).to_contain_text("step 3")
    game.drawer.get_by_role("button", name="Details").click()
    expect(game.drawer.get_by_role("tabpanel")).to_be_hidden()
    game.step(3)
    assert len(game.sent("inspect")) == 1
    game.drawer.get_by_role("button", name="Details").click()
    game.page.wait_for_function("window.sent.filter(m => m.type === 'inspect').length === 2")
    game.answer()
    expect(game.drawer.get_by_role("tabpanel")).to_contain_text("step 6")


def test_details_are_asked_for_twice_a_second_at_most(game: Game) -> None:
    game.open()
    game.answer()
    begun = game.page.evaluate("performance.now()")
    while game.page.evaluate("performance.now()") - begun < 1200:
        game.step()
        game.answer()
    assert 2 <= len(game.sent("inspect")) <= 4


def test_the_drawer_shows_the_lane_and_the_moment_on_show(game: Game) -> None:
    game.open(12)
    game.drawer.get_by_label("Lane to show").select_option("LLM")
    game.page.wait_for_function("window.sent.some(m => m.type === 'inspect' && m.lane === 'LLM')")
    game.answer()
    game.drawer.get_by_role("tab", name="Decision").click()
    panel = game.drawer.get_by_role("tabpanel")
    now = game.fake.snapshot.lanes[1].seats[0]
    expect(panel.locator('[data-fact="action"]')).to_have_text(f"action{now.action}")
    expect(panel.locator("tbody tr")).to_have_count(6)
    expect(panel.locator("tbody tr").first).to_have_text(f"{now.action}0.700")
    game.rail.press("ArrowLeft")
    game.answer()
    game.page.wait_for_function("window.sent.some(m => m.type === 'inspect' && m.moment === 11)")
    game.answer()
    expect(panel.locator("tbody tr").first).not_to_contain_text(now.action)
    game.drawer.get_by_role("tab", name="Observation").click()
    expect(panel).to_contain_text("step 11")


def test_a_decision_in_full(game: Game) -> None:
    odds = tuple((f"action {at}", (at * 37 % 101) / 5050) for at in range(1, 101))
    seat = SeatView(
        "agent_3",
        "ppo",
        "rl",
        action="action 9",
        probabilities=odds,
        value=-0.25,
        milliseconds=1234.0,
        note="late",
    )
    game.open(1)
    game.drawer.get_by_role("tab", name="Decision").click()
    lanes = game.fake.snapshot.lanes
    game.show(lanes=(replace(lanes[0], seats=(seat, replace(seat, agent="b", probabilities=()))), *lanes[1:]))
    panel = game.drawer.get_by_role("tabpanel")
    expect(panel.locator(".mnb-decision .mnb-row")).to_have_text(["ppoRL"] * 2)
    facts = panel.locator(".mnb-decision").first.locator("dl > div:visible")
    expect(facts).to_have_text(["agentagent_3", "actionaction 9", "value-0.250", "time1.23 s", "notelate"])
    shown = [float(text) for text in panel.locator("tbody td:last-child").all_inner_texts()]
    assert len(shown) == 100
    assert shown == sorted(shown, reverse=True)
    frame = panel.locator(".mnb-odds-frame").first
    assert frame.evaluate("each => each.scrollHeight > each.clientHeight && each.clientHeight < 300")


def test_tabs_by_arrow_keys(game: Game) -> None:
    game.open(1)
    tabs = game.drawer.get_by_role("tab")
    tabs.first.focus()
    for key, name in (
        ("ArrowRight", "Decision"),
        ("End", "Log"),
        ("ArrowRight", "Observation"),
        ("ArrowLeft", "Log"),
    ):
        game.page.keyboard.press(key)
        expect(game.drawer.get_by_role("tab", selected=True)).to_have_text(name)
        expect(game.drawer.get_by_role("tab", selected=True)).to_be_focused()
        expect(game.drawer.get_by_role("tabpanel")).to_have_accessible_name(name)
    assert tabs.evaluate_all("all => all.map(each => each.tabIndex)") == [-1, -1, 0]


def test_the_end_of_a_log_stays_in_sight_unless_one_scrolls(game: Game) -> None:
    game.open(1)
    game.drawer.get_by_role("tab", name="Log").click()
    log = game.drawer.locator("pre:visible")
    for count in (100, 200):
        game.inspected(Inspection("PPO", 1, {}, {"ppo": "line\n" * count}))
        assert log.evaluate("each => each.scrollHeight - each.scrollTop - each.clientHeight") < 5
    assert log.evaluate("each => each.clientHeight") < 300
    log.evaluate("each => { each.scrollTop = 10 }")
    game.inspected(Inspection("PPO", 1, {}, {"ppo": "line\n" * 300}))
    assert log.evaluate("each => each.scrollTop") == 10
    asked = len(game.sent("inspect"))
    game.drawer.get_by_role("button", name="Refresh").click()
    game.page.wait_for_function(f"window.sent.filter(m => m.type === 'inspect').length > {asked}")


def test_a_text_can_be_copied_and_is_not_changed_while_it_is_selected(game: Game) -> None:
    game.open(1)
    game.inspected(Inspection("PPO", 1, {"agent": "a key ahead"}, {}))
    text = game.drawer.locator("pre")
    game.drawer.get_by_role("button", name="Copy What the agent sees").click()
    expect(game.page.get_by_role("status")).to_have_text("Selected: press Ctrl+C to copy.")
    assert game.page.evaluate("getSelection().toString()") == "a key ahead"
    game.inspected(Inspection("PPO", 1, {"agent": "a door ahead"}, {}))
    expect(text).to_have_text("a key ahead")
    game.page.evaluate("getSelection().removeAllRanges()")
    game.inspected(Inspection("PPO", 1, {"agent": "a door ahead"}, {}))
    expect(text).to_have_text("a door ahead")


def test_texts_that_are_gone_are_taken_away(game: Game) -> None:
    game.open(1)
    game.inspected(Inspection("PPO", 1, {"a": "one", "b": "two"}, {}))
    expect(game.drawer.locator("h4")).to_have_text(["What a sees", "What b sees"])
    game.inspected(Inspection("PPO", 1, {"b": "three", "c": ""}, {}))
    expect(game.drawer.locator("h4")).to_have_text(["What b sees"])
    game.inspected(Inspection("PPO", 1, {}, {}))
    expect(game.drawer.get_by_role("tabpanel")).to_have_text(
        "This environment has no words for what it shows."
    )
    game.inspected(Inspection("LLM", 1, {"agent": "of another lane"}, {}))
    expect(game.drawer.get_by_role("tabpanel")).to_have_text("Asking…")


def test_the_drawer_is_closed_on_a_narrow_page_and_the_page_remembers(game: Game) -> None:
    game.page.set_viewport_size({"width": 380, "height": 900})
    game.open(1)
    expect(game.drawer.get_by_role("tabpanel")).to_be_hidden()
    assert game.sent("inspect") == []
    game.drawer.get_by_role("button", name="Details").click()
    game.drawer.get_by_role("tab", name="Log").click()
    game.stage.leave()
    game.page.locator(".mnb").evaluate("each => each.remove()")
    game.page.evaluate("window.enter()")
    game.show()
    expect(game.drawer.get_by_role("tab", selected=True)).to_have_text("Log")
