"""The widget's front end in Chromium, with the kernel's side played here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import expect

from mosaic_nb.scheduler.snapshot import Choice, LaneView, SeatView, Snapshot
from mosaic_nb.testing.controls import LABELS, FakeControls, FakeLane, four_lanes
from mosaic_nb.view.wire import plain

pytestmark = pytest.mark.browser

Stage = Any

HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror='window.pwned=1'>",
    "<svg onload='window.pwned=1'>",
    "<svg><script>window.pwned=1</script></svg>",
    "<body onload=window.pwned=1>",
    "<iframe src='javascript:parent.pwned=1'></iframe>",
    "<a href='javascript:window.pwned=1'>x</a>",
    "<input autofocus onfocus='window.pwned=1'>",
    "<details open ontoggle='window.pwned=1'>x</details>",
    "<video><source onerror='window.pwned=1'></video>",
    "<math><mtext></mtext><script>window.pwned=1</script></math>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href='data:text/css,*{display:none}'>",
    "<object data='javascript:window.pwned=1'>",
    "<embed src='javascript:window.pwned=1'>",
    "<form action='javascript:window.pwned=1'><button>x</button></form>",
    "<template><script>window.pwned=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
    "<!--><img src=x onerror=window.pwned=1>-->",
    "]]><script>window.pwned=1</script>",
    '"><script>window.pwned=1</script>',
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "${window.pwned=1}",
    "{{constructor.constructor('window.pwned=1')()}}",
    "__proto__",
    "constructor",
    "\u202egnorw\u202c \u200b\ufeff",
    "\ud800 alone",
    "</pre></section></div><script>window.pwned=1</script>" + "x" * 5000,
)


@pytest.fixture
def fake() -> Iterator[FakeControls]:
    """The quickstart's cast, at rest."""
    controls = FakeControls(four_lanes())
    yield controls
    controls.close()


def show(stage: Stage, controls: FakeControls) -> None:
    controls.settle()
    stage.show(controls.snapshot, controls.pictures_now())


def pick(stage: Stage, label: str) -> Any:
    return stage.page.locator(f'.mnb-pick[data-label="{label}"]')


def test_hello_is_repeated_until_answered(stage: Stage, fake: FakeControls) -> None:
    stage.page.clock.install()
    stage.render()
    stage.page.clock.run_for(1600)
    assert len(stage.sent("hello")) >= 4
    show(stage, fake)
    said = len(stage.sent("hello"))
    stage.page.clock.run_for(5000)
    assert len(stage.sent("hello")) == said


def test_every_fourth_message_is_acknowledged(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    for _ in range(9):
        show(stage, fake)
    assert [message["number"] for message in stage.sent("acknowledge")] == [4, 8]


def test_out_of_sight_is_said(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
    stage.page.evaluate("document.body.insertAdjacentHTML('afterbegin', '<div style=\"height:9000px\">')")
    stage.page.wait_for_function("window.sent.some(m => m.type === 'look' && !m.looking)")
    stage.page.locator(".mnb").scroll_into_view_if_needed()
    stage.page.wait_for_function("window.sent.at(-1).type === 'look' && window.sent.at(-1).looking")
    stage.leave()
    assert len(stage.sent("leave")) == 1


def test_an_overtaken_message_changes_nothing(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.choose("me", "agent", 0, None)
    show(stage, fake)
    stage.page.evaluate(
        "message => window.receive(message, [])",
        {"type": "show", "number": 0, "snapshot": {}, "pictures": []},
    )
    expect(stage.page.locator(".mnb")).to_have_attribute("data-tick", "1")
    assert stage.errors == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_only_text(stage: Stage, text: str) -> None:
    seats = (
        SeatView(text, text, text, turn=1, choices=(Choice(0, text, text[:1]),), action=text),
        SeatView("b", text, text, action=text, probabilities=((text, 0.5),), value=float("nan")),
    )
    lanes = (LaneView(text, seats, "failed", f"{text}\n{text}"), LaneView("other", seats[1:], text, text))
    controls = FakeControls([FakeLane(text, text=text)])
    stage.render()
    stage.show(Snapshot(text, 7, 0, "waiting", 8.0, text, lanes), controls.pictures_now())
    controls.close()
    shown = text.encode("utf-8", "replace").decode()
    assert stage.page.locator(".mnb-title").text_content() == shown
    assert stage.page.locator(".mnb-name").first.text_content() == shown
    assert stage.page.locator(".mnb-log").first.text_content() == shown.strip(" \ufeff")
    foreign = "script, img, iframe, object, embed, style, link, form, video, math, template, a"
    assert stage.page.locator(".mnb").locator(foreign).count() == 0
    assert stage.page.evaluate("window.pwned") is None
    assert stage.errors == []
    assert stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_click_names_the_question_it_answers(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
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
    show(stage, fake)
    pick(stage, "toggle").click()
    assert stage.sent("choose")[-1]["turn"] == 2


def test_a_double_click_moves_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    fake.step()
    show(stage, fake)
    pick(stage, "forward").dblclick()
    assert len(stage.sent("choose")) == 1
    expect(pick(stage, "left")).to_be_disabled()
    fake.choose("me", "agent", 2, 1)
    show(stage, fake)
    expect(pick(stage, "left")).to_be_enabled()


def test_a_double_click_over_a_fast_tick_moves_once(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
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
    show(stage, fake)
    pick(stage, "left").click()
    expect(pick(stage, "left")).to_be_disabled()
    expect(pick(stage, "left")).to_be_enabled()


def test_a_click_on_a_button_that_cannot_be_used_does_nothing(stage: Stage) -> None:
    controls = FakeControls(four_lanes(), legal=["left"])
    stage.render()
    show(stage, controls)
    pick(stage, "right").click(force=True)
    controls.show(phase="closed")
    show(stage, controls)
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
    show(stage, fake)
    stage.page.keyboard.press("ArrowLeft")
    assert stage.sent("choose") == []
    stage.page.locator(".mnb").focus()
    for key, action in (("ArrowRight", 1), ("P", 3), ("t", 5)):
        stage.page.keyboard.press(key)
        assert stage.sent("choose")[-1]["action"] == action
        fake.choose("me", "agent", action, None)
        show(stage, fake)
    stage.page.keyboard.press("Control+d")
    stage.page.keyboard.press("x")
    assert len(stage.sent("choose")) == 3


def test_a_key_held_down_moves_once_and_only_keys_with_a_meaning_are_taken(
    stage: Stage, fake: FakeControls
) -> None:
    stage.render()
    show(stage, fake)
    stage.page.evaluate("""() => {
        window.seen = [];
        addEventListener("keydown", (event) => window.seen.push(event.key));
    }""")
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.down("ArrowUp")
    fake.choose("me", "agent", 2, None)
    show(stage, fake)
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
    show(stage, fake)
    stage.page.locator(".mnb").focus()
    for key in ("t", "p", "t"):
        stage.page.keyboard.press(key)
    assert [(message["action"], message["turn"]) for message in stage.sent("choose")] == [(5, 1)]


def test_the_focus_stays_where_keys_are_heard(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
    pick(stage, "left").click()
    assert stage.page.evaluate("document.activeElement.className") == "mnb"
    fake.choose("me", "agent", 0, None)
    show(stage, fake)
    pick(stage, "left").focus()
    stage.page.keyboard.press("Enter")
    assert len(stage.sent("choose")) == 2
    assert stage.page.evaluate("document.activeElement.dataset.label") == "left"


def test_the_seed_box(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
    box = stage.page.get_by_label("Shared seed")
    box.fill("x7")
    box.press("Enter")
    assert stage.sent("reset") == []
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(stage.page.get_by_role("status")).to_contain_text("whole number")
    box.fill("123456789012345678")
    box.press("Enter")
    assert stage.sent("reset") == [{"type": "reset", "seed": "123456789012345678"}]
    fake.reset(123456789012345678)
    show(stage, fake)
    expect(box).to_have_attribute("aria-invalid", "false")
    stage.page.get_by_role("button", name="Reset").click()
    assert stage.sent("reset")[-1]["seed"] is None
    stage.page.get_by_role("button", name="Random seed").click()
    assert stage.sent("reset")[-1]["seed"].isdigit()


def test_play_pause_and_speed(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
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


def test_a_kernel_that_does_not_answer_is_said(stage: Stage, fake: FakeControls) -> None:
    stage.render()
    show(stage, fake)
    stage.page.get_by_role("button", name="Step").click()
    expect(stage.page.get_by_role("status")).to_contain_text("No answer yet")
    show(stage, fake)
    expect(stage.page.get_by_role("status")).to_have_text("Ready.")


def test_failure_and_hold_are_said_in_words(stage: Stage) -> None:
    log = "The worker died at step 1 (killed).\nTraceback\n  MemoryError"
    controls = FakeControls([FakeLane("a", fails=log), FakeLane("b", ends_at=1), FakeLane("c")])
    controls.step()
    stage.render()
    show(stage, controls)
    cards = stage.page.locator(".mnb-card")
    expect(cards.nth(0).locator(".mnb-state")).to_have_text("failed")
    expect(cards.nth(0).locator(".mnb-reason")).to_have_text("The worker died at step 1 (killed).")
    expect(cards.nth(0).locator(".mnb-log")).to_be_hidden()
    cards.nth(0).get_by_text("Log", exact=True).click()
    show(stage, controls)
    expect(cards.nth(0).locator(".mnb-log")).to_contain_text("MemoryError")
    expect(cards.nth(1).locator(".mnb-state")).to_have_text("held")
    expect(cards.nth(1).locator(".mnb-reason")).to_have_text("goal reached")
    controls.close()


def test_text_stands_in_for_a_picture(stage: Stage) -> None:
    controls = FakeControls([FakeLane("taxi", text="|R: :G|\n|Y: :B|\nstep {step}"), FakeLane("drawn")])
    stage.render()
    show(stage, controls)
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
    show(stage, controls)
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
    show(stage, controls)
    stage.page.locator(".mnb-trouble summary").last.click()
    stage.page.wait_for_function("document.getAnimations().length === 0")
    contrasts = stage.page.evaluate(CONTRASTS)
    controls.close()
    assert len(contrasts) > 50
    assert [entry for entry in contrasts if entry[0] < 4.5] == []


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
        show(stage, fake)
        assert dark() is expected
