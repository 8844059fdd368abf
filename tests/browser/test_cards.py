"""The lanes as cards: states in words, layouts, contrast, people in operators' places."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot
from mosaic_nb.testing.controls import LABELS, FakeControls, FakeLane

pytestmark = pytest.mark.browser

Stage = Any


def test_failure_and_hold_are_said_in_words(stage: Stage) -> None:
    log = "The worker died at step 1 (killed).\nTraceback\n  MemoryError"
    controls = FakeControls([FakeLane("a", fails=log), FakeLane("b", ends_at=1), FakeLane("c")])
    controls.step()
    stage.render()
    stage.draw(controls)
    cards = stage.page.locator(".mnb-card")
    expect(cards.nth(0).locator(".mnb-state")).to_have_text("failed")
    expect(cards.nth(0).locator(".mnb-reason")).to_have_text("The worker died at step 1 (killed).")
    expect(cards.nth(0).locator(".mnb-log")).to_be_hidden()
    cards.nth(0).get_by_text("Log", exact=True).click()
    stage.draw(controls)
    expect(cards.nth(0).locator(".mnb-log")).to_contain_text("MemoryError")
    expect(cards.nth(1).locator(".mnb-state")).to_have_text("held")
    expect(cards.nth(1).locator(".mnb-over")).to_have_text("goal reached")
    controls.close()


def test_text_stands_in_for_a_picture(stage: Stage) -> None:
    controls = FakeControls([FakeLane("taxi", text="|R: :G|\n|Y: :B|\nstep {step}"), FakeLane("drawn")])
    stage.render()
    stage.draw(controls)
    expect(stage.page.locator(".mnb-text").first).to_have_text("|R: :G|\n|Y: :B|\nstep 0")
    expect(stage.page.locator(".mnb-canvas").nth(0)).to_be_hidden()
    expect(stage.page.get_by_role("img", name="drawn: step 0")).to_be_visible()
    controls.close()


@pytest.mark.parametrize(
    ("lanes", "width", "columns"),
    [
        *((1, 1200, 1), (2, 1200, 2), (3, 1200, 3), (4, 1200, 4), (4, 700, 2), (4, 360, 1)),
        *((6, 1200, 3), (8, 1200, 4), (8, 700, 2), (8, 360, 1)),
    ],
)
def test_lanes_stand_in_columns_that_fit(stage: Stage, lanes: int, width: int, columns: int) -> None:
    controls = FakeControls([FakeLane(f"lane {number}", "human") for number in range(lanes)])
    stage.page.set_viewport_size({"width": width, "height": 900})
    stage.render()
    stage.draw(controls)
    controls.close()
    lefts = stage.page.locator(".mnb-card").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().left)"
    )
    assert len(set(lefts)) == columns
    assert stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


CONTRASTS = """() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = (colour, under) => {
        canvas.globalCompositeOperation = "source-over";
        for (const each of [under, colour]) { canvas.fillStyle = each; canvas.fillRect(0, 0, 1, 1); }
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (colour) => colour
        .map((part) => part / 255)
        .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
        .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (element) => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            layers.unshift(getComputedStyle(each).backgroundColor);
        }
        return layers.reduce((under, layer) => `rgb(${rgb(layer, under)})`, "rgb(255, 255, 255)");
    };
    const own = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return [...document.querySelectorAll(".mnb *")].filter((e) => own(e) && e.checkVisibility()).map((element) => {
        const under = ground(element);
        const [one, other] = [light(rgb(getComputedStyle(element).color, under)), light(rgb(under, under))];
        const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        return [ratio, element.className || element.tagName, element.textContent];
    });
}"""


@pytest.mark.parametrize("theme", ["true", "false"])
def test_every_text_has_the_contrast_of_level_aa(stage: Stage, theme: str) -> None:
    kinds = ["rl", "llm", "vlm", "icrl", "tool", "human", "baseline", "script"]
    lanes = [FakeLane(kind, kind) for kind in kinds[:-1]] + [FakeLane("broken", "script", fails="no\nlog")]
    controls = FakeControls(lanes, legal=LABELS[:4])
    controls.choose("human", "agent", 0, None)
    controls.step()
    stage.render(theme=theme)
    stage.page.add_style_tag(content=f"body {{background: {'#fff' if theme == 'true' else '#111'}}}")
    stage.draw(controls)
    stage.page.locator(".mnb-trouble summary").last.click()
    stage.page.wait_for_function("document.getAnimations().length === 0")
    contrasts = stage.page.evaluate(CONTRASTS)
    controls.close()
    assert len(contrasts) > 50
    assert [entry for entry in contrasts if entry[0] < 4.5] == []


def test_a_person_takes_over_and_hands_back_and_keeps_the_focus(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    stage.draw(fake)
    card = stage.page.locator('.mnb-card[data-lane="PPO"]')
    pixels = card.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    card.get_by_role("button", name="Take over").focus()
    stage.page.keyboard.press("Enter")
    assert stage.sent("take_over") == [{"type": "take_over", "lane": "PPO", "agent": "agent"}]
    fake.take_over("PPO", "agent")
    stage.show(settled(fake))
    back = card.get_by_role("button", name="Hand back")
    expect(back).to_be_focused()
    expect(card).to_contain_text("to PPO")
    expect(card.locator(".mnb-chip")).to_have_text("human")
    assert card.locator("canvas").evaluate("canvas => canvas.toDataURL()") == pixels
    card.get_by_role("button", name="right").click()
    assert stage.sent("choose")[-1]["lane"] == "PPO"
    back.click()
    assert stage.sent("hand_back") == [{"type": "hand_back", "lane": "PPO", "agent": "agent"}]
    fake.hand_back("PPO", "agent")
    stage.show(settled(fake))
    expect(card.get_by_role("button", name="Take over")).to_be_focused()
    expect(
        stage.page.locator('.mnb-card[data-lane="me"]').get_by_role("button", name="Take over")
    ).to_have_count(0)


def settled(controls: FakeControls) -> Snapshot:
    """What there is to see once everything posted has happened."""
    controls.settle()
    return controls.snapshot


def test_nobody_takes_over_where_nothing_goes_on(stage: Stage) -> None:
    controls = FakeControls([FakeLane("a", fails="broke"), FakeLane("b", ends_at=1), FakeLane("c")])
    controls.step()
    stage.render()
    stage.draw(controls)
    take = stage.page.get_by_role("button", name="Take over")
    expect(take).to_have_count(1)
    controls.show(phase="closed")
    stage.draw(controls)
    expect(take).to_have_count(0)
    controls.close()


@pytest.mark.parametrize(("count", "bars"), [(1, 6), (2, 5), (3, 4)])
def test_the_more_seats_a_lane_has_the_less_each_says(stage: Stage, count: int, bars: int) -> None:
    odds = tuple((label, 0.05 if label == "toggle" else 0.19) for label in LABELS)
    seats = tuple(
        SeatView(f"agent_{n}", "PPO", "rl", action="toggle", probabilities=odds) for n in range(count)
    )
    stage.page.set_viewport_size({"width": 380, "height": 900})
    stage.render()
    stage.show(Snapshot("game", 7, 1, "idle", 8.0, "Ready.", (LaneView("team", seats, "running"),)))
    seat = stage.page.locator(".mnb-seat").first
    expect(seat.locator(".mnb-thought:visible")).to_have_count(bars)
    expect(seat.locator(".mnb-thought.mnb-chosen")).to_have_text("toggle0.05")
    expect(stage.page.get_by_role("button", name="Take over")).to_have_count(count)
    assert stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_head_of_a_card_chooses_its_lane_and_its_button_opens_the_details(
    stage: Stage, fake: FakeControls
) -> None:
    stage.page.set_viewport_size({"width": 700, "height": 900})
    stage.render()
    stage.draw(fake)
    which = stage.page.get_by_label("Lane to show")
    stage.page.locator('.mnb-card[data-lane="random"] .mnb-name').click()
    expect(which).to_have_value("random")
    expect(stage.page.get_by_role("tab", name="Decision")).to_be_hidden()
    stage.page.get_by_role("button", name="Details of LLM").click()
    expect(which).to_have_value("LLM")
    expect(stage.page.get_by_role("tab", name="Decision")).to_be_visible()
    expect(stage.page.locator(".mnb-chosen-lane .mnb-name")).to_have_text("LLM")


def test_a_wide_screen_does_not_blow_the_lanes_up(stage: Stage, fake: FakeControls) -> None:
    stage.page.set_viewport_size({"width": 3000, "height": 1200})
    stage.render()
    stage.draw(fake)
    widths = stage.page.locator(".mnb-card").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().width)"
    )
    assert max(widths) < 480
