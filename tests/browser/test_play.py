"""Whole games in a real JupyterLab with a real arena, and the table that proves them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.hands import asked, pick, pixels, press, step, turn

pytestmark = pytest.mark.browser

ARENA = """
import mosaic_nb as mnb
lanes = {"me": "human", "other": "random"}
arena = mnb.Arena("MiniGrid-Empty-5x5-v0", lanes, seed=7, on_end="hold", max_steps=8)
arena
"""
MINE = """
mine = arena.steps[arena.steps.lane == "me"]
print(mine[["operator", "kind", "action_label", "reward", "terminated", "act_ms"]].to_json(orient="records"))
"""
EPISODES = 'print(arena.episodes[["lane", "episode", "length", "end"]].to_json(orient="records"))'
TO_THE_GOAL = ("forward", "forward", "right", "forward", "forward")
KEYS = {"forward": "ArrowUp", "right": "ArrowRight"}


def test_a_whole_episode_by_mouse_alone_and_one_by_keyboard_alone(lab, notebook):
    lab.open(notebook(ARENA, MINE, EPISODES))
    widget = lab.arena(0, lanes=2)

    for tick, action in enumerate(TO_THE_GOAL, 1):
        asked(widget)
        pick(widget, action).click()
        expect(widget).to_have_attribute("data-drawn", str(tick))
    check(lab.read(1), least_ms=10)
    lab.screenshot("play-goal", widget)

    press(widget, "Reset")
    expect(widget.locator("[data-fact=step]").first).to_have_text("0")
    lab.cell(2).locator(".jp-InputArea-prompt").click()
    walk_to(lab, widget, "[data-action=step]")
    for tick, action in enumerate(TO_THE_GOAL, len(TO_THE_GOAL) + 1):
        expect(widget).to_have_attribute("data-phase", "idle")
        lab.page.keyboard.press("Enter")
        expect(turn(widget)).to_have_text("me")
        lab.page.keyboard.press(KEYS[action])
        expect(widget).to_have_attribute("data-drawn", str(tick))
    check(lab.read(1)[len(TO_THE_GOAL) :], least_ms=10)
    ends = [row for row in lab.read(2) if row["lane"] == "me"]
    assert [(row["length"], row["end"]) for row in ends] == [(5, "terminated")] * 2


def test_i_take_over_and_hand_back_look_back_and_continue_from_there(lab, notebook):
    arena = """
import json
import mosaic_nb as mnb
arena = mnb.Arena("MiniGrid-Empty-8x8-v0", {"one": "random", "two": "random"}, seed=7, on_end="next")
arena
"""
    rows = """
one = arena.steps[arena.steps.lane == "one"]
events = list(arena.events[arena.events.lane == "one"].event)
everything = len(arena.all_branches.steps)
print(json.dumps({"operators": list(one.operator), "events": events, "all": everything}))
"""
    lab.open(notebook(arena, rows))
    widget = lab.arena(0, lanes=2)
    mine = widget.locator('.mnb-card[data-lane="one"]')
    step(widget, 1)
    first = pixels(widget)
    press(mine, "Take over")
    expect(mine.get_by_role("button", name="Hand back")).to_be_visible()
    asked(widget, "one")
    pick(mine, "forward").click()
    expect(widget).to_have_attribute("data-drawn", "2")
    lab.screenshot("play-taken-over", widget)
    press(mine, "Hand back")
    expect(mine.get_by_role("button", name="Take over")).to_be_visible()
    step(widget, 3)
    found = lab.read(1)
    assert found["operators"] == ["random", "human", "random"]
    assert [event for event in found["events"] if event in ("take-over", "hand-back")] == [
        "take-over",
        "hand-back",
    ]

    slider = widget.get_by_role("slider", name="Timeline")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(widget.get_by_role("status")).to_have_text("Looking back at tick 1 of 3.")
    expect(widget).to_have_attribute("data-recalled", "1")
    assert pixels(widget) == first
    lab.screenshot("play-looking-back", widget)
    press(widget, "Continue from here")
    expect(widget).to_have_attribute("data-tick", "1")
    expect(widget).to_have_attribute("data-past", "false")
    step(widget, 2)
    found = lab.read(1)
    assert found["operators"] == ["random", "random"]
    assert "rewind" in found["events"]
    assert found["all"] == 8  # two lanes, four ticks: what was left behind is kept


@pytest.mark.slow
def test_cartpole_is_played_by_the_clock_with_keys(lab, notebook):
    arena = """
import json
import mosaic_nb as mnb
arena = mnb.play("CartPole-v1", seed=7, speed=2)
arena
"""
    rows = """
print(arena.steps[["action_label", "fallback", "terminated", "act_ms"]].to_json(orient="records"))
"""
    lab.open(notebook(arena, rows))
    widget = lab.arena(0, lanes=1)
    widget.focus()
    lab.page.keyboard.down("ArrowRight")  # starts the clock
    lab.page.wait_for_function("() => Number(document.querySelector('.mnb').dataset.tick) >= 3")
    lab.screenshot("play-cartpole", widget)
    lab.page.keyboard.up("ArrowRight")
    expect(widget).to_have_attribute("data-phase", "idle")  # the pole has fallen
    found = lab.read(1)
    held = [row for row in found if not row["fallback"]]
    assert len(held) >= 3
    assert {row["action_label"] for row in held} == {"right"}
    assert {row["fallback"] for row in found[len(held) :]} == {"no key"}
    assert found[-1]["terminated"]
    assert max(row["act_ms"] for row in held) > 0


SPACES = """
import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Text, Tuple
from IPython.display import display
import json
import mosaic_nb as mnb

class Echo(gym.Env):
    spaces = {
        "Discrete": Discrete(3),
        "MultiDiscrete": MultiDiscrete([2, 3]),
        "MultiBinary": MultiBinary(3),
        "Box": Box(-1, 1, (2,), np.float32),
        "Text": Text(max_length=8, min_length=2),
        "Dict": Dict({"go": Discrete(2), "how": Box(0, 9, (1,), np.int64)}),
        "Tuple": Tuple((Discrete(2), MultiBinary(2))),
    }
    observation_space = Discrete(2)
    def __init__(self, space):
        self.action_space = self.spaces[space]
    def reset(self, *, seed=None, options=None):
        return 0, {}
    def step(self, action):
        assert self.action_space.contains(action), action
        return 1, 1.0, True, False, {}

arenas = {name: mnb.Arena(Echo, {"me": "human"}, env_kwargs={"space": name}) for name in Echo.spaces}
for arena in arenas.values():
    display(arena)
"""
ACTIONS = "print(json.dumps({name: list(arena.steps.action) for name, arena in arenas.items()}))"


@pytest.mark.slow
def test_a_picker_of_each_space_moves_a_real_arena(lab, notebook):
    lab.open(notebook(SPACES, ACTIONS))
    lab.run_cell(0)
    names = ("Discrete", "MultiDiscrete", "MultiBinary", "Box", "Text", "Dict", "Tuple")
    widgets = lab.cell_output(0).locator(".mnb")
    expect(widgets).to_have_count(len(names))
    for at, name in enumerate(names):
        widget = widgets.nth(at)
        press(widget, "Step")
        expect(widget.locator(".mnb-turn")).to_have_count(1)
        if name == "Text":
            widget.locator(".mnb-form textarea, .mnb-form input").first.fill("ab")
        pick = ".mnb-pick" if name == "Discrete" else ".mnb-do"
        widget.locator(pick).first.click()
        expect(widget).to_have_attribute("data-tick", "1")
    rows = lab.read(1)
    assert {name: len(actions) for name, actions in rows.items()} == dict.fromkeys(names, 1)
    assert rows["Text"] == ["ab"]


def check(rows, least_ms):
    """The rows are a person's way to the goal, each move with the time it took."""
    assert tuple(row["action_label"] for row in rows) == TO_THE_GOAL
    assert {(row["operator"], row["kind"]) for row in rows} == {("human", "human")}
    assert [row["terminated"] for row in rows] == [False] * 4 + [True]
    assert rows[-1]["reward"] > 0
    assert min(row["act_ms"] for row in rows) >= least_ms


def walk_to(lab, widget, selector):
    """Go to a control of the widget with the Tab key."""
    for _ in range(40):
        if widget.locator(f"{selector}:focus").count():
            return
        lab.page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to {selector}")
