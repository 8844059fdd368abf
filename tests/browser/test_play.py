"""Whole games in a real JupyterLab with a real arena, and the table that proves them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

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
        widget.get_by_role("button", name="Step", exact=True).click()
        expect(widget.locator(".mnb-turn .mnb-name")).to_have_text("me")
        widget.get_by_role("button", name=action).click()
        expect(widget).to_have_attribute("data-drawn", str(tick))
    check(lab.read(1), least_ms=10)
    lab.screenshot("play-goal", widget)

    widget.get_by_role("button", name="Reset", exact=True).click()
    expect(widget.locator("[data-fact=step]").first).to_have_text("0")
    lab.cell(2).locator(".jp-InputArea-prompt").click()
    walk_to(lab, widget, "[data-action=step]")
    for tick, action in enumerate(TO_THE_GOAL, len(TO_THE_GOAL) + 1):
        lab.page.keyboard.press("Enter")
        expect(widget.locator(".mnb-turn .mnb-name")).to_have_text("me")
        lab.page.keyboard.press(KEYS[action])
        expect(widget).to_have_attribute("data-drawn", str(tick))
    check(lab.read(1)[len(TO_THE_GOAL) :], least_ms=10)
    ends = [row for row in lab.read(2) if row["lane"] == "me"]
    assert [(row["length"], row["end"]) for row in ends] == [(5, "terminated")] * 2


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
