"""Moves by clicks and keys: each answers one question, once."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from mosaic_nb.testing.controls import FakeControls, four_lanes
from mosaic_nb.view.wire import plain

pytestmark = pytest.mark.browser

Stage = Any


def pick(stage: Stage, label: str) -> Any:
    return stage.page.locator(f'.mnb-pick[data-label="{label}"]')


def test_a_click_names_the_question_it_answers(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    pick(stage, "left").click()
    assert stage.sent("choose")[-1] == {
        "type": "choose",
        "lane": "me",
        "agent": "agent",
        "action": 0,
        "turn": None,
    }
    fake.choose("me", "agent", 0, None)
    fake.step()
    stage.draw(fake)
    pick(stage, "toggle").click()
    assert stage.sent("choose")[-1]["turn"] == 2


def test_a_double_click_moves_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.step()
    stage.draw(fake)
    pick(stage, "forward").dblclick()
    assert len(stage.sent("choose")) == 1
    expect(pick(stage, "left")).to_be_disabled()
    fake.choose("me", "agent", 2, 1)
    stage.draw(fake)
    expect(pick(stage, "left")).to_be_enabled()


def test_a_double_click_over_a_fast_tick_moves_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    fake.choose("me", "agent", 2, None)
    fake.settle()
    after = {"type": "show", "number": 9, "snapshot": plain(fake.snapshot), "pictures": []}
    clicks = """async (after) => {
        const button = document.querySelector('.mnb-pick[data-label="forward"]');
        button.dispatchEvent(new MouseEvent("click", {detail: 1}));
        await window.receive(after, []);
        button.dispatchEvent(new MouseEvent("click", {detail: 2}));
    }"""
    stage.page.evaluate(clicks, after)
    expect(stage.page.locator(".mnb")).to_have_attribute("data-tick", "1")
    expect(pick(stage, "forward")).to_be_enabled()
    assert len(stage.sent("choose")) == 1


def test_a_move_that_nothing_came_of_may_be_made_again(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.step()
    stage.draw(fake)
    pick(stage, "left").click()
    expect(pick(stage, "left")).to_be_disabled()
    expect(pick(stage, "left")).to_be_enabled()


def test_a_click_on_a_button_that_cannot_be_used_does_nothing(stage: Stage) -> None:
    controls = FakeControls(four_lanes(), legal=["left"])
    stage.render()
    stage.draw(controls)
    pick(stage, "right").click(force=True)
    controls.show(phase="closed")
    stage.draw(controls)
    for name in ("left", "toggle"):
        pick(stage, name).click(force=True)
    for name in ("Step", "Play", "Reset", "Random seed"):
        stage.page.get_by_role("button", name=name).click(force=True)
    controls.close()
    assert {message["type"] for message in stage.page.evaluate("window.sent")} <= {
        "hello",
        "look",
        "history",
        "inspect",
    }


def test_keys_play_while_the_widget_has_the_focus(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.keyboard.press("ArrowLeft")
    assert stage.sent("choose") == []
    stage.page.locator(".mnb").focus()
    for key, action in (("ArrowRight", 1), ("P", 3), ("t", 5)):
        stage.page.keyboard.press(key)
        assert stage.sent("choose")[-1]["action"] == action
        fake.choose("me", "agent", action, None)
        stage.draw(fake)
    stage.page.keyboard.press("Control+d")
    stage.page.keyboard.press("x")
    assert len(stage.sent("choose")) == 3


def test_a_key_held_down_moves_once_and_only_keys_with_a_meaning_are_taken(
    stage: Stage, fake: FakeControls
) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.evaluate("""() => {
        window.seen = [];
        addEventListener("keydown", (event) => window.seen.push(event.key));
    }""")
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.down("ArrowUp")
    fake.choose("me", "agent", 2, None)
    stage.draw(fake)
    stage.page.keyboard.down("ArrowUp")
    stage.page.keyboard.up("ArrowUp")
    for key in ("Escape", "x"):
        stage.page.keyboard.press(key)
    assert stage.page.evaluate("window.seen") == ["Escape", "x"]
    assert len(stage.sent("choose")) == 1
    stage.page.keyboard.press("Tab")
    assert stage.page.evaluate("document.activeElement.className").startswith("mnb-field")


def test_keys_pressed_in_haste_answer_a_question_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.step()
    stage.draw(fake)
    stage.page.locator(".mnb").focus()
    for key in ("t", "p", "t"):
        stage.page.keyboard.press(key)
    assert [(message["action"], message["turn"]) for message in stage.sent("choose")] == [(5, 1)]


def test_the_focus_stays_where_keys_are_heard(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    pick(stage, "left").click()
    assert stage.page.evaluate("document.activeElement.className") == "mnb"
    fake.choose("me", "agent", 0, None)
    stage.draw(fake)
    pick(stage, "left").focus()
    stage.page.keyboard.press("Enter")
    assert len(stage.sent("choose")) == 2
    assert stage.page.evaluate("document.activeElement.dataset.label") == "left"
