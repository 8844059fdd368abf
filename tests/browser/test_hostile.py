"""Texts that want to be more than texts, everywhere a text is shown: none runs, none breaks or reorders the page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mosaic_nb.scheduler.snapshot import Choice, Inspection, LaneView, Mark, SeatView, Snapshot
from mosaic_nb.testing.controls import FakeControls, FakeLane
from tests.browser.game import Game
from tests.hostile import HOSTILE

pytestmark = pytest.mark.browser

Stage = Any

BATCH = 16
FOREIGN = (
    "script, img, iframe, object, embed, style, link, form, video, audio, math, template, a[href^=java], "
    "base, meta, marquee, animate, set, foreignObject, textarea"
)
# Elements that hold the text and lie in a line with others, without being set apart from them.
LOOSE = """(text) => [...document.querySelectorAll(".mnb *")].filter((element) => {
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join("");
    const { display, unicodeBidi } = getComputedStyle(element);
    return own.includes(text) && display === "inline" && !/isolate|plaintext/.test(unicodeBidi);
}).map((element) => element.outerHTML.slice(0, 200))"""


def crowd(text: str) -> Snapshot:
    """A snapshot with the text wherever there is room for one."""
    person = SeatView(
        text,
        text,
        "human",
        turn=1,
        choices=(Choice(0, text, text[:1]),),
        action=text,
        note=text,
        relieves=text,
    )
    operator = SeatView(
        "b", text, text, action=text, probabilities=((text, 0.5),), value=float("nan"), note=text
    )
    lanes = (
        LaneView(text, (person, operator), "failed", f"{text}\n{text}"),
        LaneView("other", (person, operator), "running", text),
        LaneView("third", (operator,), text, text),
    )
    return Snapshot(text, 7, 0, "waiting", 8.0, text, lanes, waits_for=text)


@pytest.mark.parametrize(
    "start", [0, *(pytest.param(at, marks=pytest.mark.slow) for at in range(BATCH, len(HOSTILE), BATCH))]
)
def test_hostile_texts_are_only_text(stage: Stage, start: int) -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 50
    for text in HOSTILE[start : start + BATCH]:
        controls = FakeControls([FakeLane(text, text=text)])
        game = Game(stage, controls)
        stage.render()
        stage.show(crowd(text), controls.pictures_now())
        game.mark(*(Mark(0, text, event, text) for event in ("part", text)))
        game.inspected(Inspection(text, 0, {text: text}, {text: text}))
        controls.close()
        stage.tell({"type": "trouble", "words": text.encode("utf-8", "replace").decode()})
        check(stage, text)


def check(stage: Stage, text: str) -> None:
    """Look whether all is as if the text were any other."""
    page, shown = stage.page, text.encode("utf-8", "replace").decode()
    assert page.locator(".mnb-title").text_content() == shown
    assert page.locator(".mnb-name").first.text_content() == shown
    assert bare(shown) in bare(page.locator(".mnb-log").first.text_content())
    page.get_by_role("button", name="Help and keys").click()
    page.keyboard.press("Escape")
    assert page.locator(".mnb").locator(FOREIGN).count() == 0
    assert page.evaluate("window.pwned") is None
    assert stage.errors == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(LOOSE, shown) == []
    heights = [
        page.locator(part).first.bounding_box()["height"] for part in (".mnb-bar", ".mnb-card", ".mnb")
    ]
    assert heights[0] < 160
    assert heights[1] < 1000
    assert heights[2] < 1700


def bare(text: str) -> str:
    """A text without its white space."""
    return re.sub(r"[\s\ufeff]", "", text)
