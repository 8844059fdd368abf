"""The widget's front end in Chromium, with the kernel's side played here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from mosaic_nb.testing.controls import FakeControls

pytestmark = pytest.mark.browser

Stage = Any


def test_hello_is_repeated_until_answered(stage: Stage, fake: FakeControls) -> None:
    stage.page.clock.install()
    stage.render()
    stage.page.clock.run_for(1600)
    assert len(stage.sent("hello")) >= 4
    stage.draw(fake)
    said = len(stage.sent("hello"))
    stage.page.clock.run_for(5000)
    assert len(stage.sent("hello")) == said


def test_every_fourth_message_is_acknowledged(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    for _ in range(9):
        stage.draw(fake)
    assert [message["number"] for message in stage.sent("acknowledge")] == [4, 8]


def test_out_of_sight_is_said(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<div style=\"height:9000px\">')")
    stage.page.wait_for_function("window.sent.some(m => m.type === 'look' && !m.looking)")
    stage.page.locator(".mnb").scroll_into_view_if_needed()
    stage.page.wait_for_function("window.sent.at(-1).type === 'look' && window.sent.at(-1).looking")
    stage.leave()
    assert len(stage.sent("leave")) == 1


def test_an_overtaken_message_changes_nothing(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.choose("me", "agent", 0, None)
    stage.draw(fake)
    stage.page.evaluate(
        "message => window.receive(message, [])",
        {"type": "show", "number": 0, "snapshot": {}, "pictures": []},
    )
    expect(stage.page.locator(".mnb")).to_have_attribute("data-tick", "1")
    assert stage.errors == []


def test_a_kernel_that_does_not_answer_is_said(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.get_by_role("button", name="Step", exact=True).click()
    expect(stage.page.get_by_role("status")).to_contain_text("No answer yet")
    stage.draw(fake)
    expect(stage.page.get_by_role("status")).to_have_text("Ready.")


def test_colours_follow_the_theme(stage: Stage, fake: FakeControls) -> None:
    def dark() -> bool:
        ink = stage.page.locator(".mnb-title").evaluate("e => getComputedStyle(e).color")
        return bool(ink == "rgb(230, 233, 237)")

    for scheme, theme, expected in (
        ("light", "", False),
        ("dark", "", True),
        ("dark", "true", False),
        ("light", "false", True),
    ):
        stage.page.emulate_media(color_scheme=scheme)
        stage.render(theme=theme)
        stage.draw(fake)
        assert dark() is expected


def test_a_kernel_that_is_gone_is_said_and_nothing_can_be_done(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.step()
    stage.draw(fake)
    stage.page.locator(".mnb").focus()
    stage.page.evaluate("window.disconnect()")
    expect(stage.page.get_by_role("status")).to_contain_text("run the cell again")
    expect(stage.page.locator(".mnb")).to_have_attribute("data-phase", "gone")
    sent = stage.page.evaluate("window.sent.length")
    for name in ("Step", "Play", "Reset", "Random seed", "left"):
        stage.page.get_by_role("button", name=name, exact=True).click(force=True)
    stage.page.keyboard.press("ArrowLeft")
    stage.leave()
    assert stage.page.evaluate("window.sent.length") == sent
    assert stage.errors == []


def test_a_kernel_that_is_heard_after_all_is_there(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.evaluate("window.disconnect()")
    stage.page.wait_for_function("window.sent.filter(({ type }) => type === 'hello').length === 2")
    stage.draw(fake)
    expect(stage.page.get_by_role("status")).to_have_text("Ready.")
    stage.page.get_by_role("button", name="Step", exact=True).click()
    assert len(stage.sent("step")) == 1


def test_a_line_that_refuses_is_a_kernel_that_is_gone(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.evaluate("window.refuse()")
    stage.page.get_by_role("button", name="Play").click()
    expect(stage.page.get_by_role("status")).to_contain_text("run the cell again")
    expect(stage.page.get_by_role("button", name="Play")).to_be_disabled()
    stage.leave()
    assert stage.errors == []


def test_words_about_who_slows_play_and_about_trouble(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.settle()
    stage.show(replace(fake.snapshot, playing=True, phase="playing", waits_for="LLM: 240 ms"))
    status = stage.page.get_by_role("status")
    expect(status).to_have_text("Ready. · waits for LLM: 240 ms")
    stage.tell({"type": "trouble", "words": "tick 3 is not kept any more"})
    expect(status).to_have_text("tick 3 is not kept any more")


def test_an_answer_to_another_page_changes_nothing(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.tell({"type": "trouble", "words": "not for you", "view": "another"})
    expect(stage.page.get_by_role("status")).to_have_text("Ready.")


def test_the_words_of_quick_play_come_to_its_last_tick(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    for tick in range(1, 6):  # quicker than anybody reads; nothing comes after the last
        stage.show(replace(fake.snapshot, playing=True, phase="playing", tick=tick))
    expect(stage.page.locator(".mnb")).to_have_attribute("data-tick", "5")
