"""Keys on their way: whose they are, what is held under the clock, keys of one's own, and help; in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from gymnasium import spaces
from playwright.sync_api import Locator, expect

from mosaic_nb.scheduler.snapshot import Choice
from tests.browser.hands import pick, tick
from tests.browser.jupyterlab import SCREENSHOTS
from tests.browser.people import choices, snapshot

pytestmark = pytest.mark.browser

LANDER = choices(
    ("nothing", "left engine", "main engine", "right engine"),
    {"left engine": "ArrowLeft", "main engine": "ArrowUp", "right engine": "ArrowRight"},
)
WALKER = choices(("left", "right", "take"), {"left": "a", "right": "d", "take": "k"})
REAL_TIME: dict[str, Any] = {"turn": None, "phase": "playing", "clocked": True, "playing": True}


@pytest.fixture
def clean(stage: Any) -> Any:
    """A stage on a page that may keep things, where nothing is kept yet."""
    stage.page.route(
        "http://arena.test/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
    )
    stage.page.goto("http://arena.test/")
    return stage


def begin(stage: Any, **changes: Any) -> Locator:
    """Show a lander and a walker, with the focus on the arena."""
    stage.render()
    stage.show(snapshot({"lander": LANDER, "walker": WALKER}, **changes))
    root: Locator = stage.page.locator(".mnb")
    root.focus()
    return root


def moves(stage: Any) -> list[tuple[str, int]]:
    """Who has chosen what so far."""
    return [(sent["lane"], sent["action"]) for sent in stage.sent("choose")]


def held(stage: Any) -> list[tuple[str, int | None]]:
    """What has been held so far, by whom."""
    return [(sent["lane"], sent["action"]) for sent in stage.sent("hold")]


# --- whose a key is ----------------------------------------------------------------------------------


def test_a_key_goes_to_the_seat_that_has_it(stage: Any) -> None:
    begin(stage)
    for key in ("d", "ArrowUp"):
        stage.page.keyboard.press(key)
    assert moves(stage) == [("walker", 1), ("lander", 2)]


def test_of_two_that_have_a_key_the_focused_one_moves(stage: Any) -> None:
    stage.render()
    stage.show(snapshot({"one": LANDER, "two": LANDER}))
    pick(stage.page.locator(".mnb-card").nth(1), "nothing").focus()
    stage.page.keyboard.press("ArrowLeft")
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("ArrowRight")
    assert moves(stage) == [("two", 1), ("one", 3)]


def test_actions_without_a_key_have_digits(stage: Any) -> None:
    stage.render()
    labels = [f"action {n}" for n in range(12)]
    stage.show(snapshot({"me": choices(labels, {"action 1": "2", "action 2": "x"})}))
    shown = stage.page.locator(".mnb-pick").all_inner_texts()
    keys = [text.split("\n")[1] if "\n" in text else "" for text in shown]
    assert keys == ["1", "2", "X", "3", "4", "5", "6", "7", "8", "9", "", ""]
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("4")
    assert moves(stage) == [("me", 4)]


def test_the_arena_has_keys_where_the_game_has_none(stage: Any) -> None:
    begin(stage, turn=None)
    stage.page.keyboard.press(".")
    assert stage.sent("step") == [{"type": "step", "count": 1}]
    stage.page.keyboard.press("k")
    assert moves(stage) == [("walker", 2)]
    assert stage.sent("play") == []
    stage.show(snapshot({"lander": LANDER}, **REAL_TIME))
    stage.page.keyboard.press("k")
    assert len(stage.sent("pause")) == 1
    stage.page.keyboard.press(".")
    assert len(stage.sent("step")) == 1


def test_keys_that_mean_nothing_here_stay_the_pages(stage: Any) -> None:
    root = begin(stage)
    stage.page.evaluate("""() => {
        window.seen = [];
        addEventListener("keydown", (event) => seen.push([event.key, event.defaultPrevented]));
    }""")
    for key in ("Escape", "Tab", "x", "Control+d", "Alt+ArrowLeft", "Meta+a"):
        stage.page.keyboard.press(key)
        root.focus()
    assert moves(stage) == []
    assert all(not prevented for _, prevented in stage.page.evaluate("seen"))
    stage.page.keyboard.press("ArrowLeft")
    assert "ArrowLeft" in [key for key, _ in stage.page.evaluate("seen")]  # Alt+ArrowLeft
    assert stage.page.evaluate("seen.filter(([key]) => key === 'ArrowLeft').length") == 1
    assert root.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_brackets_typed_with_altgr_count(stage: Any) -> None:
    stage.render()
    stage.show(snapshot({"me": spaces.Box(-1, 1, (4,))}))
    stage.page.locator(".mnb").focus()
    stage.page.evaluate("""() => ["keydown", "keyup"].forEach((name) =>
        document.querySelector(".mnb").dispatchEvent(new KeyboardEvent(name, {
            key: "]", code: "Digit9", ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true,
            cancelable: true,
        })))""")
    hints = stage.page.locator(".mnb-component kbd").all_inner_texts()
    assert hints == ["", "← →", "↓ ↑", ""]


# --- real time ---------------------------------------------------------------------------------------


def test_a_key_is_held_until_it_is_up_and_the_last_one_down_wins(stage: Any) -> None:
    begin(stage, **REAL_TIME)
    keyboard = stage.page.keyboard
    keyboard.down("ArrowLeft")
    keyboard.down("ArrowLeft")  # repeated
    expect(pick(stage.page, "left engine")).to_have_class("mnb-button mnb-pick mnb-held")
    keyboard.down("ArrowUp")
    expect(stage.page.locator(".mnb-held")).to_have_count(1)
    keyboard.up("ArrowUp")
    keyboard.down("a")
    keyboard.up("ArrowLeft")
    keyboard.up("a")
    expect(stage.page.locator(".mnb-held")).to_have_count(0)
    assert held(stage) == [
        ("lander", 1),
        ("lander", 2),
        ("lander", 1),
        ("walker", 0),
        ("lander", None),
        ("walker", None),
    ]
    assert moves(stage) == []


def test_what_is_held_is_let_go_when_nobody_looks_or_the_focus_goes(stage: Any) -> None:
    root = begin(stage, **REAL_TIME)
    hide = """() => {
        Object.defineProperty(document, "hidden", {value: true, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));
        delete document.hidden;
    }"""
    for leave in ("document.activeElement.blur()", "dispatchEvent(new Event('blur'))", hide):
        root.focus()
        stage.page.keyboard.down("ArrowUp")
        assert held(stage)[-1] == ("lander", 2)
        stage.page.evaluate(leave)
        assert held(stage)[-1] == ("lander", None)
        stage.page.keyboard.up("ArrowUp")
    assert len(held(stage)) == 6


def test_no_key_is_held_any_more_where_the_clock_is_off_or_the_past_on_show(stage: Any) -> None:
    begin(stage, **REAL_TIME)
    stage.page.keyboard.down("ArrowUp")
    stage.show(snapshot({"lander": LANDER, "walker": WALKER}, turn=None))
    assert held(stage) == [("lander", 2), ("lander", None)]
    stage.page.keyboard.up("ArrowUp")
    assert len(held(stage)) == 2
    assert moves(stage) == []


def test_buttons_are_held_with_the_pointer_and_with_enter(stage: Any) -> None:
    begin(stage, **REAL_TIME)
    button = pick(stage.page, "main engine")
    button.hover()
    stage.page.mouse.down()
    expect(button).to_have_class("mnb-button mnb-pick mnb-held")
    stage.page.mouse.move(2, 2)
    stage.page.mouse.up()
    assert held(stage) == [("lander", 2), ("lander", None)]
    for key in ("Enter", " "):
        button.focus()
        stage.page.keyboard.down(key)
        stage.page.keyboard.down(key)
        assert held(stage)[-1] == ("lander", 2)
        stage.page.keyboard.up(key)
        assert held(stage)[-1] == ("lander", None)
    assert len(held(stage)) == 6
    assert moves(stage) == []


def test_a_finger_holds_a_button(stage: Any) -> None:
    begin(stage, **REAL_TIME)
    touch = """(type) => {
        const button = document.querySelector('.mnb-pick[data-label="left engine"]');
        const options = {pointerId: 7, pointerType: "touch", bubbles: true, button: 0, isPrimary: true};
        button.setPointerCapture = () => {};
        button.dispatchEvent(new PointerEvent(type, options));
    }"""
    stage.page.evaluate(touch, "pointerdown")
    stage.page.evaluate(touch, "pointercancel")
    assert held(stage) == [("lander", 1), ("lander", None)]
    assert pick(stage.page, "left engine").evaluate("each => getComputedStyle(each).touchAction") == "none"


def test_what_is_illegal_cannot_be_held(stage: Any) -> None:
    stage.render()
    stage.show(snapshot({"me": choices(("left", "right"), {"left": "a"}, ["left"])}, **REAL_TIME))
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("a")
    pick(stage.page, "left").click(force=True)
    expect(stage.page.get_by_role("status").first).to_have_text("left is not legal now.")
    assert held(stage) == []


def test_a_tap_by_assistive_technology_is_a_short_press(stage: Any) -> None:
    begin(stage, **REAL_TIME)
    pick(stage.page, "main engine").evaluate("each => each.click()")
    assert [(sent["action"], sent["turn"]) for sent in stage.sent("choose")] == [(2, None)]


# --- keys of one's own, and help ---------------------------------------------------------------------


def key_of(stage: Any, label: str, lane: str = "lander") -> Locator:
    return stage.page.get_by_role("dialog").get_by_role("button", name=f"Key of {label} in {lane}")


def test_a_key_of_ones_own_is_kept_and_conflicts_are_said(clean: Any) -> None:
    stage = clean
    begin(stage, turn=None, title="Lander-v1")
    stage.page.keyboard.press("?")
    dialog = stage.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    key_of(stage, "main engine").click()
    expect(dialog.get_by_role("status")).to_have_text(
        "Press the key for main engine. Esc leaves it as it is."
    )
    stage.page.keyboard.press("Shift+W")
    expect(dialog.get_by_role("status")).to_have_text("W is main engine now.")
    expect(key_of(stage, "main engine")).to_be_focused()
    key_of(stage, "nothing").press("Enter")
    stage.page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("status")).to_have_text("← is nothing now. It was the key of left engine.")
    expect(key_of(stage, "left engine")).to_have_text("1")
    key_of(stage, "right engine").press("Enter")
    stage.page.keyboard.press(".")
    expect(dialog.get_by_role("status")).to_have_text(". is right engine now. Step has no key for now.")
    key_of(stage, "right engine").press("Enter")
    stage.page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    expect(key_of(stage, "right engine")).to_have_text(".")
    stage.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    for key in ("w", "ArrowLeft"):
        stage.page.locator(".mnb").focus()
        stage.page.keyboard.press(key)
        stage.show(
            snapshot(
                {"lander": LANDER, "walker": WALKER}, turn=None, title="Lander-v1", tick=len(moves(stage))
            )
        )
    assert moves(stage) == [("lander", 2), ("lander", 0)]

    stage.render()
    stage.show(snapshot({"lander": LANDER, "walker": WALKER}, turn=None, title="Lander-v1"))
    expect(pick(stage.page, "main engine").locator("kbd")).to_have_text("W")
    stage.page.get_by_role("button", name="Help and keys").click()
    stage.page.get_by_role("button", name="Back to the defaults").first.click()
    expect(key_of(stage, "main engine")).to_have_text("↑")
    stage.page.keyboard.press("Escape")
    expect(pick(stage.page, "main engine").locator("kbd")).to_have_text("↑")
    stage.show(snapshot({"lander": LANDER}, turn=None, title="Another-v0", tick=9))
    assert stage.errors == []


def test_where_a_page_may_keep_nothing_keys_last_as_long_as_it_does(stage: Any) -> None:
    begin(stage, turn=None)  # a page without an address has no storage
    stage.page.keyboard.press("?")
    key_of(stage, "main engine").click()
    stage.page.keyboard.press("w")
    stage.page.keyboard.press("Escape")
    expect(pick(stage.page, "main engine").locator("kbd")).to_have_text("W")
    assert stage.errors == []


def test_help_is_a_dialog_that_keeps_the_focus_and_gives_it_back(stage: Any) -> None:
    root = begin(stage, turn=None)
    stage.page.keyboard.press("?")
    dialog = stage.page.get_by_role("dialog", name="Keys and help")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    assert dialog.get_attribute("aria-modal") == "true"
    for _ in range(20):
        stage.page.keyboard.press("Tab")
        assert stage.page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    stage.page.evaluate(
        "() => { window.seen = []; addEventListener('keydown', (event) => seen.push(event.key)); }"
    )
    stage.page.keyboard.press("ArrowLeft")
    stage.page.keyboard.press("Escape")
    assert moves(stage) == []
    assert stage.page.evaluate("seen") == []
    expect(dialog).to_be_hidden()
    expect(root).to_be_focused()


def test_keys_that_are_names_of_javascripts_own_members_are_only_names(stage: Any) -> None:
    labels = ("__proto__", "constructor", "toString")
    stage.render()
    stage.show(
        snapshot({"__proto__": tuple(Choice(at, label) for at, label in enumerate(labels))}, turn=None)
    )
    assert [each.strip()[-1] for each in stage.page.locator(".mnb-pick").all_inner_texts()] == ["1", "2", "3"]
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("?")
    key_of(stage, "__proto__", "__proto__").click()
    stage.page.keyboard.press("w")
    stage.page.keyboard.press("Escape")
    stage.page.keyboard.press("w")
    assert moves(stage) == [("__proto__", 0)]
    assert stage.errors == []


@pytest.mark.parametrize(("theme", "width"), [("light", 1200), ("dark", 1200), ("light", 380)])
def test_pictures_of_help_and_of_what_is_held(stage: Any, theme: str, width: int) -> None:
    stage.page.set_viewport_size({"width": width, "height": 800})
    stage.render(theme=str(theme == "light").lower())
    stage.show(
        snapshot({"lander": LANDER, "arm": spaces.Box(-1, 1, (2,))}, title="LunarLander-v3", **REAL_TIME)
    )
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.down("ArrowUp")
    stage.page.screenshot(
        path=SCREENSHOTS / f"held-{theme}-{width}.png", animations="disabled", full_page=True
    )
    stage.page.keyboard.up("ArrowUp")
    stage.page.keyboard.press("?")
    stage.page.screenshot(path=SCREENSHOTS / f"help-{theme}-{width}.png", animations="disabled")
    assert stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# --- a real arena in a real JupyterLab ---------------------------------------------------------------


@pytest.mark.slow
def test_lunarlander_is_flown_by_the_clock_with_keys(lab: Any, notebook: Any) -> None:
    arena = 'import mosaic_nb as mnb\narena = mnb.play("LunarLander-v3", seed=7, speed=20)\narena'
    rows = 'print(arena.steps[["action_label", "fallback"]].to_json(orient="records"))'
    lab.open(notebook(arena, rows))
    widget = lab.arena(0, lanes=1)
    widget.focus()
    reached = "(tick) => Number(document.querySelector('.mnb').dataset.tick) >= tick"
    lab.page.keyboard.down("ArrowUp")
    lab.page.wait_for_function(reached, arg=6)
    expect(pick(widget, "main engine")).to_have_class("mnb-button mnb-pick mnb-held")
    lab.screenshot("play-lunarlander", widget)
    lab.page.keyboard.down("ArrowLeft")
    lab.page.wait_for_function(reached, arg=tick(widget) + 4)
    lab.page.keyboard.up("ArrowLeft")
    lab.page.wait_for_function(reached, arg=tick(widget) + 4)
    lab.cell(1).locator(".jp-InputArea-prompt").click()  # away, with the key still down
    lab.page.wait_for_function(reached, arg=tick(widget) + 4)
    lab.page.keyboard.up("ArrowUp")
    widget.get_by_role("button", name="Pause").click()
    done = [(row["action_label"], row["fallback"]) for row in lab.read(1)]
    order = [each for at, each in enumerate(done) if at == 0 or each != done[at - 1]]
    assert order == [("main engine", ""), ("left engine", ""), ("main engine", ""), ("nothing", "no key")]
