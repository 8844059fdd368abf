"""The bar above the lanes: the seed, steps, play, speed, files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from mosaic_nb.testing.controls import FakeControls, FakeLane
from tests.browser.game import Game

pytestmark = pytest.mark.browser

Stage = Any


def test_the_seed_box(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    box = stage.page.get_by_label("Shared seed")
    box.fill("x7")
    box.press("Enter")
    assert stage.sent("reset") == []
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(stage.page.get_by_role("status")).to_contain_text("whole number")
    box.fill("123456789012345678")
    box.press("Enter")
    assert stage.sent("reset") == [{"type": "reset", "seed": "123456789012345678", "shared": None}]
    fake.reset(123456789012345678)
    stage.draw(fake)
    expect(box).to_have_attribute("aria-invalid", "false")
    stage.page.get_by_role("button", name="Reset").click()
    assert stage.sent("reset")[-1]["seed"] is None
    stage.page.get_by_role("button", name="Random seed").click()
    assert stage.sent("reset")[-1]["seed"].isdigit()


def test_play_pause_and_speed(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stage.page.get_by_role("button", name="Play").click()
    assert len(stage.sent("play")) == 1
    stage.show(replace(fake.snapshot, phase="waiting", playing=True))
    stage.page.get_by_role("button", name="Pause").click()
    assert len(stage.sent("pause")) == 1
    slider = stage.page.get_by_role("slider", name="Speed of play")
    slider.fill("15")
    assert stage.sent("speed")[-1]["ticks_per_second"] == 60
    slider.fill("0")
    assert stage.sent("speed")[-1]["ticks_per_second"] == 1


def test_many_steps_at_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    many, count = stage.page.get_by_role("button", name="10 ticks"), stage.page.get_by_label("How many steps")
    many.click()
    for typed, meant in (("25", 25), ("0", 1), ("x", 1), ("1e9", 10_000), ("2.9", 2)):
        count.fill(typed)
        count.press("Enter")
        assert stage.sent("step")[-1] == {"type": "step", "count": meant}
    assert stage.sent("step")[0]["count"] == 10
    stage.page.get_by_role("button", name="Step", exact=True).click()
    assert stage.sent("step")[-1]["count"] == 1
    assert len(stage.sent("step")) == 7


def test_stop_is_there_while_something_is_under_way(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    stop = stage.page.get_by_role("button", name="Stop")
    stop.click(force=True)
    assert stage.sent("stop") == []
    for phase in ("waiting", "stepping", "playing"):
        stage.show(replace(fake.snapshot, phase=phase))
        stop.click()
    assert len(stage.sent("stop")) == 3


def test_the_switches_show_what_is_and_ask_for_the_other(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    shared = stage.page.get_by_role("switch", name="Shared")
    clock = stage.page.get_by_role("switch", name="Real time")
    shared.click()
    expect(shared).to_be_checked()  # until the arena says otherwise
    assert stage.sent("reset")[-1] == {"type": "reset", "seed": None, "shared": False}
    fake.reset(None, False)
    fake.set_clocked(True)
    stage.draw(fake)
    expect(shared).not_to_be_checked()
    expect(clock).to_be_checked()
    clock.click()
    assert stage.sent("clock") == [{"type": "clock", "on": False}]


def test_nobody_plays_in_real_time_where_there_is_no_person(stage: Stage) -> None:
    controls = FakeControls([FakeLane("a")])
    stage.render()
    stage.draw(controls)
    expect(stage.page.get_by_role("switch")).to_have_count(0)
    controls.close()


def test_files_are_asked_for_by_mouse_or_keys_and_downloaded(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    opener = stage.page.get_by_role("button", name="Export")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    stage.page.keyboard.press("ArrowDown")
    stage.page.keyboard.press("ArrowUp")
    stage.page.keyboard.press("ArrowUp")
    stage.page.keyboard.press("Enter")
    assert [message["kind"] for message in stage.sent("export")] == ["png"]
    expect(opener).to_be_focused()
    expect(stage.page.get_by_role("status")).to_contain_text("Making the picture")
    opener.press("Enter")
    stage.page.keyboard.press("Escape")
    expect(stage.page.get_by_role("menu")).to_be_hidden()
    opener.click()
    stage.page.locator(".mnb-title").click()
    expect(stage.page.get_by_role("menu")).to_be_hidden()
    with stage.page.expect_download() as download:
        stage.page.evaluate(
            """() => window.receive({type: "file", name: "a.png", mime: "image/png"}, [btoa("x")])"""
        )
    assert download.value.suggested_filename == "a.png"
    assert download.value.path().read_bytes() == b"x"
    expect(stage.page.get_by_role("status")).to_contain_text("a.png")


def test_looking_back_nothing_moves_but_what_plays_can_be_paused(stage: Stage, fake: FakeControls) -> None:
    game = Game(stage, fake)
    for _ in range(3):
        fake.choose("me", "agent", 0, None)
    game.open()
    game.rail.press("ArrowLeft")
    game.answer()
    expect(stage.page.get_by_role("status")).to_have_text("Looking back at tick 2 of 3.")
    for name in ("Step", "Play"):
        stage.page.get_by_role("button", name=name, exact=True).click(force=True)
    stage.page.locator('.mnb-pick[data-label="left"]').click(force=True)
    assert stage.sent("step") == stage.sent("play") == stage.sent("choose") == []
    game.show(playing=True, phase="playing")
    expect(stage.page.locator(".mnb-card").first.locator('[data-fact="step"]')).to_have_text("2")
    stage.page.get_by_role("button", name="Pause").click()
    assert len(stage.sent("pause")) == 1
