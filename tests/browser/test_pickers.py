"""A picker for every action space, in Chromium: what it sends is a member, what is wrong is said at the place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import Space, spaces
from playwright.sync_api import expect

from tests.browser.jupyterlab import SCREENSHOTS
from tests.browser.people import Person, choices, snapshot

pytestmark = pytest.mark.browser

MOVES = {"left": "ArrowLeft", "right": "ArrowRight", "jump": " "}
ARM = spaces.Dict(
    {
        "gripper": spaces.Discrete(3),
        "joints": spaces.Box(-1, 1, (3,)),
        "say": spaces.Text(12, charset="abcdefghijklmnopqrstuvwxyz "),
    }
)
GALLERY: dict[str, dict[str, Any]] = {
    "discrete": {
        "few": choices(("left", "right", "jump", "wait"), MOVES, ["jump"]),
        "many": choices([f"{a}{b}" for a in "abcdefgh" for b in range(1, 41)], {}, ["a1", "a3"]),
    },
    "numbers": {
        "MultiDiscrete": spaces.MultiDiscrete([3, 6, 12]),
        "nested": spaces.MultiDiscrete(np.full((2, 3), 9)),
        "MultiBinary": spaces.MultiBinary(6),
        "table": spaces.MultiBinary([3, 3]),
    },
    "boxes": {
        "one": spaces.Box(-2, 2, (1,)),
        "pad": spaces.Box(-1, 1, (2,)),
        "four": spaces.Box(-1, 1, (4,)),
        "unbounded": spaces.Box(np.array([-np.inf, 0], np.float32), np.array([np.inf, np.inf], np.float32)),
    },
    "parts": {
        "Dict": ARM,
        "OneOf": spaces.OneOf([spaces.Discrete(4), spaces.Box(0, 9, (2,), np.uint8)]),
        "Text": spaces.Text(40),
        "image": spaces.Box(0, 255, (4, 4, 3), np.uint8),
    },
    "lists": {
        "Tuple": spaces.Tuple([spaces.Discrete(3), spaces.MultiBinary(3)]),
        "Sequence": spaces.Sequence(spaces.Discrete(5)),
        "Graph": spaces.Graph(spaces.Box(0, 1, (1,)), spaces.Discrete(3)),
        "letters": spaces.Text(3, min_length=3, charset="abc"),
    },
}
SPACES = [
    *(each for part in GALLERY.values() for each in part.values() if isinstance(each, Space)),
    spaces.Discrete(3, start=-1),
    spaces.MultiDiscrete([500, 7]),
    spaces.MultiBinary(100),
    spaces.Box(-np.inf, np.inf, (), np.float64),
    spaces.Box(-(2**40), 2**40, (2,), np.int64),
    spaces.Box(np.float32(0.1), np.float32(0.4), (2, 2)),
    spaces.Box(-np.inf, np.inf, (5, 7)),
    spaces.Dict({"a": spaces.Dict({"b": spaces.Tuple([ARM, ARM])})}),
    spaces.Sequence(spaces.Dict({"x": spaces.Discrete(2), "y": spaces.Box(0, 1, (2,))}), stack=True),
    spaces.Graph(spaces.Discrete(2), None),
]


def put_in_what_is_needed(person: Person) -> None:
    """Fill the fields that cannot be empty."""
    for box in person.card.locator(".mnb-json").all():
        box.fill("0")
    for box in person.card.locator(".mnb-writing").all():
        box.fill("abc")


# --- every space -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_a_picker_sends_is_a_member(stage: Any) -> None:
    for space in SPACES:
        person = Person(stage, space)
        put_in_what_is_needed(person)
        for add in person.card.locator("[data-action=add]").all():
            add.click()
            add.click()
        person.do()
        assert [sent["turn"] for sent in stage.sent("choose")] == [1], space
        assert stage.errors == [], space


def test_a_picker_is_played_by_keyboard_alone_and_everything_has_a_name(stage: Any) -> None:
    unnamed = """() => [...document.querySelectorAll(".mnb-form :is(input, select, textarea, button, fieldset)")]
        .filter(each => !(each.ariaLabel || each.textContent.trim() || each.labels?.[0]?.textContent.trim()))
        .map(each => each.outerHTML)"""
    for space in SPACES[:12]:
        person = Person(stage, space)
        put_in_what_is_needed(person)
        assert stage.page.evaluate(unnamed) == [], space
        stage.page.locator(".mnb").focus()
        for _ in range(60):
            if person.card.locator("[data-action=do]:focus").count():
                break
            stage.page.keyboard.press("Tab")
        stage.page.keyboard.press("Enter")
        person.done()
        assert len(stage.sent("choose")) == 1, space


def test_a_picker_waits_its_turn_and_keeps_its_values(stage: Any) -> None:
    person = Person(stage, ARM, turn=None, phase="stepping")
    slider = person.card.get_by_role("slider", name="joints 1")
    slider.fill("0.5")
    button = person.card.locator("[data-action=do]")
    expect(button).to_be_disabled()
    button.click(force=True)
    assert stage.sent("choose") == []
    person.show(turn=4)
    person.card.get_by_label("say").fill("hi")
    button.dblclick()
    person.card.get_by_role("slider", name="joints 0").press("Enter")
    assert [message["turn"] for message in stage.sent("choose")] == [4]
    np.testing.assert_allclose(person.done()["joints"], [0, 0.5, 0])
    expect(button).to_be_disabled()
    person.show(turn=5, tick=1)
    expect(button).to_be_enabled()
    expect(slider).to_have_value("0.5")
    expect(person.card.get_by_label("say")).to_have_value("hi")


# --- Discrete ----------------------------------------------------------------------------------------


def test_what_is_illegal_is_disabled_and_says_why(stage: Any) -> None:
    stage.render()
    stage.show(snapshot({"me": choices(("left", "right", "jump"), MOVES, ["jump"])}))
    jump = stage.page.get_by_role("button", name="jump")
    expect(jump).to_be_disabled()
    assert jump.get_attribute("title") == "jump: not legal now"
    jump.click(force=True)
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press(" ")
    expect(stage.page.get_by_role("status").first).to_have_text("jump is not legal now.")
    assert stage.sent("choose") == []


def test_enter_held_down_on_a_button_is_one_move(stage: Any) -> None:
    stage.render()
    moves = choices(("left", "right"), {})
    stage.show(snapshot({"me": moves}, turn=None))
    button = stage.page.get_by_role("button", name="left")
    button.focus()
    stage.page.keyboard.down("Enter")
    stage.show(snapshot({"me": moves}, turn=None, tick=1))
    for _ in range(3):
        stage.page.keyboard.down("Enter")
    stage.page.keyboard.up("Enter")
    assert len(stage.sent("choose")) == 1


def test_among_hundreds_of_actions_what_is_typed_narrows_down(stage: Any) -> None:
    labels = [f"{a}{b}" for a in "abcdefgh" for b in range(1, 61)]
    stage.render()
    stage.show(snapshot({"me": choices(labels, {"h60": "x"}, ["c4"])}, turn=3))
    box = stage.page.get_by_role("combobox", name="Actions of me")
    options = stage.page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_count(60)
    assert stage.page.evaluate("scrollY") == 0
    box.press_sequentially("C4")
    expect(options).to_have_count(11)
    expect(options.first).to_have_text("c40")
    expect(options.last).to_have_text("c4")
    expect(options.last).to_have_attribute("aria-disabled", "true")
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    box.press("Enter")
    box.press("Enter")
    assert [(sent["action"], sent["turn"]) for sent in stage.sent("choose")] == [(labels.index("c41"), 3)]
    stage.show(snapshot({"me": choices(labels, {"h60": "x"})}, turn=4, tick=1))
    expect(box).to_have_value("C4")
    expect(options.first).to_have_text("c4")
    options.nth(2).click()
    assert stage.sent("choose")[-1]["action"] == labels.index("c41")
    stage.show(snapshot({"me": choices(labels, {"h60": "x"})}, turn=5, tick=2))
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("x")
    assert stage.sent("choose")[-1]["action"] == labels.index("h60")
    assert stage.errors == []


# --- numbers -----------------------------------------------------------------------------------------


def test_numbers_to_choose(stage: Any) -> None:
    person = Person(stage, spaces.MultiDiscrete([3, 12, 500], start=[5, 0, -1]))
    person.card.get_by_role("radiogroup", name="component 0").get_by_label("6").check()
    person.card.get_by_role("combobox", name="component 1").select_option("11")
    number = person.card.get_by_role("spinbutton", name="component 2, from -1 to 498")
    number.fill("499")
    person.card.locator("[data-action=do]").click()
    assert stage.sent("choose") == []
    assert person.said() == "component 2 must be a whole number from -1 to 498."
    expect(number).to_have_attribute("aria-invalid", "true")
    number.fill("77")
    assert person.do().tolist() == [6, 11, 77]
    assert person.said() == ""


def test_switches_and_nested_shapes(stage: Any) -> None:
    person = Person(
        stage, spaces.Dict(on=spaces.MultiBinary([2, 3]), off=spaces.MultiDiscrete([[3, 3], [3, 9]]))
    )
    person.card.get_by_role("switch", name="on switch 1, 2").press(" ")
    person.card.get_by_role("switch", name="on switch 0, 0").check(force=True)
    person.card.get_by_role("combobox", name="off component 1, 1").select_option("8")
    done = person.do()
    assert done["on"].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert done["off"].tolist() == [[0, 0], [0, 8]]


def test_a_slider_and_its_number_say_the_same(stage: Any) -> None:
    person = Person(stage, spaces.Box(-2, 2, (2,)))
    slider = person.card.get_by_role("slider", name="0", exact=True)
    number = person.card.get_by_role("spinbutton", name="0, exactly")
    slider.fill("1.5")
    expect(number).to_have_value("1.5")
    assert slider.get_attribute("aria-valuetext") == "1.5"
    number.fill("-0.123456")
    number.press("Enter")
    np.testing.assert_allclose(person.done(), [-0.123456, 0])
    person.show(turn=2, tick=1)
    for wrong, words in (("2.5", "0 must be from -2 to 2."), ("", "0 is no number.")):
        number.fill(wrong)
        person.card.locator("[data-action=do]").click()
        assert person.said() == words
    assert len(stage.sent("choose")) == 1
    person.card.get_by_role("button", name="Zero").click()
    assert person.do().tolist() == [0, 0]


def test_a_pad_for_two(stage: Any) -> None:
    person = Person(stage, spaces.Box(np.float32([-1, 0]), np.float32([1, 4])))
    pad = person.card.get_by_role("group", name="pad: drag, or the arrow keys")
    box = pad.bounding_box()
    assert box is not None
    mouse = stage.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2, steps=3)
    mouse.move(box["x"] + box["width"] + 80, box["y"] + box["height"] / 2)
    mouse.up()
    np.testing.assert_allclose(person.do(), [1, 2], atol=0.05)
    person.show(turn=2, tick=1)
    pad.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp"):
        stage.page.keyboard.press(key)
    stage.page.keyboard.press("Enter")
    np.testing.assert_allclose(person.done(), [0.8, 2.2], atol=0.05)
    assert len(stage.sent("choose")) == 2


def test_keys_nudge_two_components_and_brackets_choose_which(stage: Any) -> None:
    person = Person(stage, spaces.Box(-1, 1, (4,)))
    stage.page.locator(".mnb").focus()
    for key in ("ArrowRight", "ArrowUp", "]", "]", "ArrowRight", "ArrowDown", "ArrowDown", "["):
        stage.page.keyboard.press(key)
    rows = person.card.locator(".mnb-component kbd")
    assert [each or None for each in rows.all_inner_texts()] == [None, "← →", "↓ ↑", None]
    stage.page.keyboard.press("Enter")
    np.testing.assert_allclose(person.done(), [0.1, 0.1, 0.1, -0.2], atol=1e-6)


def test_a_key_that_stays_down_nudges_on(stage: Any) -> None:
    stage.page.clock.install()
    person = Person(stage, spaces.Box(-99, 99, (1,), np.int32))
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.down("ArrowRight")
    stage.page.keyboard.down("ArrowRight")  # repeated by the keyboard
    stage.page.clock.run_for(500)
    stage.page.keyboard.up("ArrowRight")
    reached = float(person.card.get_by_role("slider").input_value())
    assert 4 <= reached < 99
    stage.page.clock.run_for(1000)
    assert person.do().tolist() == [reached]


def test_sides_without_a_bound_grow(stage: Any) -> None:
    person = Person(stage, spaces.Box(0, np.inf, (1,)))
    number = person.card.get_by_role("spinbutton")
    slider = person.card.get_by_role("slider")
    assert slider.get_attribute("max") == "1"
    number.fill("250")
    number.blur()
    expect(slider).to_have_value("250")
    assert person.do().tolist() == [250]
    person.show(turn=2, tick=1)
    number.fill("-1")
    person.card.locator("[data-action=do]").click()
    assert person.said() == "0 must be 0 or more."


def test_an_array_as_json_is_checked_before_it_is_sent(stage: Any) -> None:
    person = Person(stage, spaces.Box(0, 255, (2, 2, 3), np.uint8))
    box = person.card.get_by_label("action as JSON")
    for text, words in (
        ("", "Write the action as JSON."),
        ("[1,", "This is no JSON"),
        ("[[1,2,3],[1,2,3]]", "At [0] a list of 2 is needed, not of 3."),
        ('[[[1,2,3],[1,2,"3"]],[[1,2,3],[1,2,3]]]', "At [0, 1, 2] a number is needed."),
    ):
        box.fill(text)
        person.card.locator("[data-action=do]").click()
        assert person.said().startswith(words)
    assert stage.sent("choose") == []
    box.fill("[[[1,2,3],[4,5,6]],[[7,8,9],[0,0,255]]]")
    assert person.do().tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [0, 0, 255]]]


# --- texts -------------------------------------------------------------------------------------------


def test_a_text_is_checked_and_remembered(stage: Any) -> None:
    person = Person(stage, spaces.Text(5, min_length=2, charset="abc\n"))
    box = person.card.get_by_role("textbox", name="text")
    for text, words in (
        ("x", "x is not allowed here, only new line a b c."),
        ("a", "At least 2 characters are needed."),
        ("aaaaaa", "5 characters at most, not 6."),
    ):
        box.fill(text)
        box.press("Enter")
        assert person.said() == words
    box.fill("ab")
    box.press("Shift+Enter")
    box.press_sequentially("c")
    box.press("Enter")
    assert person.done() == "ab\nc"
    expect(box).to_have_value("")
    person.show(turn=2, tick=1)
    box.fill("cc")
    box.press("Enter")
    person.show(turn=3, tick=2)
    box.fill("dr")
    box.press("ArrowUp")
    expect(box).to_have_value("cc")
    box.press("ArrowUp")
    box.press("ArrowUp")
    box.press("ArrowUp")
    expect(box).to_have_value("ab\nc")
    box.press("ArrowDown")  # to its second line
    box.press("ArrowDown")
    box.press("ArrowDown")
    expect(box).to_have_value("dr")
    box.press("ArrowUp")
    box.press("Enter")
    assert person.done() == "cc"


def test_what_is_typed_reaches_nobody_else(stage: Any) -> None:
    stage.render()
    stage.show(snapshot({"me": spaces.Text(20), "you": choices(("left", "right"), {"left": "l"})}))
    stage.page.evaluate(
        "() => { window.seen = []; addEventListener('keydown', (event) => seen.push(event.key)); }"
    )
    box = stage.page.get_by_role("textbox", name="text")
    box.press_sequentially("hello. k?")
    assert stage.sent("choose") == []
    assert stage.sent("step") == stage.sent("play") == []
    expect(stage.page.get_by_role("dialog")).to_be_hidden()
    assert stage.page.evaluate("window.seen") == []


# --- composed ----------------------------------------------------------------------------------------


def test_parts_are_sent_together(stage: Any) -> None:
    person = Person(stage, ARM)
    person.card.get_by_role("radiogroup", name="gripper").get_by_label("2").check()
    person.card.get_by_role("slider", name="joints 2").fill("-0.25")
    person.card.locator("[data-action=do]").click()
    assert person.said() == "At least 1 characters are needed."
    say = person.card.get_by_role("textbox", name="say")
    expect(say).to_have_attribute("aria-invalid", "true")
    say.fill("go")
    say.press("Enter")
    done = person.done()
    assert (done["gripper"], done["say"]) == (2, "go")
    np.testing.assert_allclose(done["joints"], [0, 0, -0.25])


def test_one_of_several_shows_what_is_chosen(stage: Any) -> None:
    person = Person(stage, spaces.OneOf([spaces.Discrete(4), spaces.Box(0, 9, (2,), np.uint8)]))
    expect(person.card.get_by_role("group", name="1: Box", exact=True)).to_be_hidden()
    assert person.do() == (0, 0)
    person.show(turn=2, tick=1)
    person.card.get_by_role("radio", name="1: Box").check()
    expect(person.card.get_by_role("group", name="0: Discrete", exact=True)).to_be_hidden()
    person.card.get_by_role("slider", name="choice 1 0").fill("7")
    choice, value = person.do()
    assert (choice, value.tolist()) == (1, [7, 0])


def test_lists_grow_and_shrink(stage: Any) -> None:
    space = spaces.Graph(spaces.Box(0, 1, (1,)), spaces.Discrete(3))
    person = Person(stage, space)
    for _ in range(2):
        person.card.get_by_role("button", name="Add node").click()
    person.card.get_by_role("slider", name="node 1 0").fill("0.5")
    for _ in range(2):
        person.card.get_by_role("button", name="Add edge").click()
    person.card.get_by_role("button", name="Remove edge").click()
    person.card.get_by_role("combobox", name="edge 0 to node").select_option("1")
    graph = person.do()
    assert graph.nodes.tolist() == [[0], [0.5]]
    assert (graph.edges.tolist(), graph.edge_links.tolist()) == ([0], [[0, 1]])


# --- real time, and the look -------------------------------------------------------------------------


def test_under_the_clock_a_form_is_held_until_it_is_let_go(stage: Any) -> None:
    person = Person(stage, spaces.Box(-1, 1, (1,)), turn=None, phase="playing", clocked=True, playing=True)
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.down("ArrowRight")
    stage.page.wait_for_function("window.sent.filter((each) => each.type === 'hold').length >= 4")
    stage.page.keyboard.up("ArrowRight")
    sent = [person.parse(each["action"])[0] for each in stage.sent("hold")]
    assert sent == sorted(sent)
    button = person.card.locator("[data-action=do]")
    expect(button).to_contain_text("Let go")
    button.click()
    assert stage.sent("hold")[-1]["action"] is None
    expect(button).to_contain_text("Hold it")
    person.card.get_by_role("slider").fill("-1")
    stage.page.wait_for_function(
        "window.sent.at(-1).type === 'hold' && window.sent.at(-1).action?.[0] === -1"
    )
    assert stage.sent("choose") == []


def test_a_pad_sends_at_most_thirty_values_a_second(stage: Any) -> None:
    person = Person(stage, spaces.Box(-1, 1, (2,)), turn=None, phase="playing", clocked=True, playing=True)
    drag = """async () => {
        const pad = document.querySelector(".mnb-pad");
        const {left, top, width} = pad.getBoundingClientRect();
        pad.hasPointerCapture = () => true;
        const began = performance.now();
        for (let moves = 1; moves <= 100; moves += 1) {
            pad.dispatchEvent(new PointerEvent("pointermove", {clientX: left + width * moves / 100, clientY: top}));
            await new Promise((done) => setTimeout(done, 2));
        }
        return (performance.now() - began) / 1e3;
    }"""
    seconds = stage.page.evaluate(drag)
    stage.page.wait_for_function("window.sent.at(-1).action?.[0] === 1")
    assert 2 <= len(stage.sent("hold")) <= 30 * seconds + 3
    assert person.parse(stage.sent("hold")[-1]["action"]).tolist() == [1, 1]


@pytest.mark.parametrize(("theme", "width"), [("light", 1200), ("dark", 1200), ("light", 380)])
def test_pictures_of_every_picker(stage: Any, theme: str, width: int) -> None:
    stage.page.set_viewport_size({"width": width, "height": 800})
    for name, people in GALLERY.items():
        stage.render(theme=str(theme == "light").lower())
        stage.show(snapshot(people))
        for add in stage.page.locator("[data-action=add]").all():
            add.click()
        lanes = stage.page.locator(".mnb-lanes")
        lanes.screenshot(path=SCREENSHOTS / f"pickers-{name}-{theme}-{width}.png", animations="disabled")
        assert stage.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert stage.errors == []
