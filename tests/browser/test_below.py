"""The widget's bottom row as a whole in Chromium: hostile texts, and pictures of it for people to look at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from mosaic_nb.scheduler.snapshot import Inspection, Mark
from mosaic_nb.testing.controls import FakeControls
from mosaic_nb.testing.fake_lanes import FakeLane
from tests.browser.game import EIGHT, Game, Stage
from tests.browser.jupyterlab import SCREENSHOTS
from tests.hostile import HOSTILE

pytestmark = pytest.mark.browser


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, len(HOSTILE), 16))
def test_hostile_texts_are_only_text(stage: Stage, start: int) -> None:
    for text in HOSTILE[start : start + 16]:
        check_as_text(stage, text.encode("utf-8", "replace").decode())
    assert stage.errors == []


def check_as_text(stage: Stage, text: str) -> None:
    """Look whether all is as if the text were any other."""
    fake = FakeControls([FakeLane(text), FakeLane("other")])
    game = Game(stage, fake)
    game.open(5)
    mark = game.mark(Mark(3, text, "part", text), Mark(5, text, text, text))
    mark.first.hover()
    expect(stage.page.locator(".mnb-tip")).to_contain_text(text[:60])
    game.inspected(Inspection(text, 5, {text: text}, {text: text, "constructor": text}))
    texts = game.drawer.locator("pre:visible").evaluate_all("all => all.map(each => each.textContent)")
    assert texts == [text]
    for tab in ("Decision", "Log", "Observation"):
        game.drawer.get_by_role("tab", name=tab).click()
    assert stage.page.evaluate("window.pwned") is None
    foreign = ".mnb-below :is(script, img, iframe, style, link, form, object, embed, video)"
    assert stage.page.locator(foreign).count() == 0
    box = stage.page.locator(".mnb-below").evaluate("each => each.scrollWidth - each.clientWidth")
    assert box <= 0, "the layout holds"
    fake.close()


STORY = (
    *(Mark(0, lane.name, "begin", "seed 7") for lane in EIGHT),
    Mark(5, "PPO", "part", "PPO: left, LLM: forward"),
    Mark(12, "LLM", "take-over", "a person plays on for LLM"),
    Mark(17, "LLM", "hand-back", "LLM plays again"),
    Mark(22, "script", "swap", "script is now random"),
    Mark(24, "DQN", "end", "goal reached"),
    Mark(25, "DQN", "begin", "seed 8"),
    Mark(28, "VLM", "failure", "the model did not answer"),
)


def curve(lane: int) -> list[float]:
    """Returns that differ from lane to lane, over two episodes."""
    start = 25 if lane == 1 else 99
    return [
        round((at - start * (at >= start)) * (0.05 - 0.009 * lane) + lane % 3 * 0.1 * (at > 8 + lane), 2)
        for at in range(32)
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1180, 380])
@pytest.mark.parametrize("count", [4, 8])
def test_what_it_looks_like(stage: Stage, count: int, width: int, dark: bool) -> None:
    fake = FakeControls(EIGHT[:count])
    game = Game(stage, fake)
    game.page.set_viewport_size({"width": width, "height": 900})
    names = {lane.name for lane in EIGHT[:count]}
    game.marks = tuple(mark for mark in STORY if mark.lane in names)
    game.open(31, theme=str(not dark).lower())
    game.page.evaluate(f"document.body.style.background = '{'#111418' if dark else '#fff'}'")
    lanes = game.fake.snapshot.lanes
    game.show(lanes=tuple(replace(lane, episode_return=curve(n)[-1]) for n, lane in enumerate(lanes)))
    game.remember(returns={lane.name: curve(n) for n, lane in enumerate(EIGHT[:count])})
    if count == 8 and width > 820:
        game.drawer.get_by_role("tab", name="Decision").click()
    game.rail.press("PageDown")
    game.answer()
    if width > 820:
        game.page.wait_for_function("window.sent.some(m => m.type === 'inspect' && m.moment === 21)")
    game.answer()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f"below-{count}-{width}-{'dark' if dark else 'light'}"
    game.page.locator(".mnb-below").screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")
    fake.close()
    assert stage.errors == []
    assert game.page.locator(".mnb-below").evaluate("each => each.scrollWidth <= each.clientWidth")
