"""People in games of several agents, in a real JupyterLab: boards, two keymaps, mixed teams side by side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.hands import goes_on, pixels, press, until

pytestmark = pytest.mark.browser

Lab = Any
Notebook = Callable[..., Path]

FOUR = """
import mosaic_nb as mnb
expert = mnb.operator("scripted", expert="connect_four", depth=2)
arena = mnb.Arena("classic/connect_four_v3", {"me": {"player_0": "human", "player_1": expert}}, seed=3)
arena
"""
PAIR = """
import mosaic_nb as mnb
two = {"agent_0": "human", "agent_1": "random", "agent_2": "human", "agent_3": "random"}
arena = mnb.Arena("MosaicMultiGrid-S-2v2-IndAgObs-v1", {"pair": two}, seed=3)
arena
"""
CHESS = """
import mosaic_nb as mnb
arena = mnb.Arena("classic/chess_v6", {"board": {"player_0": "human", "player_1": "human"}}, seed=3)
for number, move in enumerate("a2a4 b7b5 a4b5 a7a6 b5a6 h7h6 a6a7 h6h5".split()):
    arena.step({"board": {f"player_{number % 2}": move}})
arena
"""
TEAMS = """
import mosaic_nb as mnb
soccer = mnb.operator("scripted", expert="soccer")
lanes = {
    "expert + random": {"agent_0": soccer, "agent_1": "random", "agent_2": soccer, "agent_3": "passive"},
    "expert + passive": {"agent_0": soccer, "agent_1": "passive", "agent_2": soccer, "agent_3": "random"},
}
arena = mnb.Arena("MosaicMultiGrid-S-2v2-IndAgObs-v1", lanes, seed=3)
arena
"""


def opened(lab: Lab, notebook: Notebook, *cells: str) -> Locator:
    """Run the first cell; return the widget below it, once it is there."""
    lab.open(notebook(*cells))
    lab.run_cell(0)
    widget: Locator = lab.cell_output(0).locator(".mnb")
    expect(widget).to_have_attribute("data-phase", "idle")
    return widget


def both_themes(lab: Lab, name: str, widget: Locator) -> None:
    """Take the widget's picture, light and dark."""
    for theme in ("light", "dark"):
        lab.theme(theme)
        lab.screenshot(f"{name}-{theme}", widget)
    lab.theme("light")


def square(widget: Locator, name: str) -> Locator:
    """A cell of a board."""
    return widget.locator(f'.mnb-square[data-name="{name}"]')


@pytest.mark.slow
def test_connect_four_is_played_to_its_end_by_clicking(lab: Lab, notebook: Notebook) -> None:
    report = "print(arena.episodes.end[0], set(arena.steps.operator), len(arena.steps) > 6); arena.close()"
    widget = opened(lab, notebook, FOUR, report)
    root, card = widget, widget.locator(".mnb-card")
    press(widget, "Play")
    for _ in range(21):
        until(lambda: root.get_attribute("data-phase") == "waiting" or "over" in card_status(card))
        if "over" in card_status(card):
            break
        tick = root.get_attribute("data-tick")
        widget.locator('.mnb-square[aria-disabled="false"]').first.click()
        until(lambda tick=tick: root.get_attribute("data-tick") != tick)  # type: ignore[misc]
        if int(tick or 0) == 4:
            both_themes(lab, "match-connect-four", widget)
    lab.run_cell(1)
    expect(lab.cell_output(1)).to_contain_text("terminated")
    expect(lab.cell_output(1)).to_contain_text("True")


def card_status(card: Locator) -> str:
    """How a lane stands."""
    return card.get_attribute("data-status") or ""


@pytest.mark.slow
def test_two_people_share_a_keyboard_and_their_joint_move_is_collected(lab: Lab, notebook: Notebook) -> None:
    steps = "print(arena.steps[arena.steps.kind == 'human'].action_label.tolist()); arena.close()"
    widget = opened(lab, notebook, PAIR, steps)
    press(widget, "Step")
    expect(widget.locator(".mnb-status")).to_contain_text("pair (agent_0, agent_2): your move")
    widget.focus()
    lab.page.keyboard.press("a")
    expect(widget.locator(".mnb-now", has_text="has chosen")).to_have_count(1)
    expect(widget).to_have_attribute("data-tick", "0")
    lab.screenshot("match-two-people", widget)
    lab.page.keyboard.press("ArrowUp")
    expect(widget).to_have_attribute("data-drawn", "1")
    lab.run_cell(1)
    expect(lab.cell_output(1)).to_contain_text("['forward', 'left']")


@pytest.mark.slow
def test_a_pawn_is_promoted_by_clicking(lab: Lab, notebook: Notebook) -> None:
    widget = opened(lab, notebook, CHESS, "print(arena.steps.action_label.iloc[-1]); arena.close()")
    square(widget, "a7").click()
    for key in ("ArrowUp", "ArrowRight", "Enter"):  # the notebook's own keys, were they not the board's
        lab.page.keyboard.press(key)
    lab.screenshot("match-promotion", widget)
    widget.get_by_role("button", name="knight", exact=True).click()
    expect(square(widget, "b8")).to_have_accessible_name("white knight on b8, last move")
    lab.run_cell(1)
    expect(lab.cell_output(1)).to_contain_text("a7b8n")


@pytest.mark.slow
def test_two_mixed_teams_play_side_by_side(lab: Lab, notebook: Notebook) -> None:
    widget = opened(lab, notebook, TEAMS, "print(arena.steps.groupby('lane').agent.nunique().tolist())")
    press(widget, "Play")
    goes_on(widget, 8)
    press(widget, "Pause")
    expect(widget).to_have_attribute("data-phase", "idle")
    expect(widget.locator(".mnb-compact")).to_have_count(8)
    both_themes(lab, "match-teams", widget)
    before = pixels(widget)
    widget.get_by_role("combobox", name="View of expert + passive").select_option("agent_1")
    until(lambda: pixels(widget)[1] != before[1])
    assert pixels(widget)[0] == before[0]
    lab.screenshot("match-own-view", widget)
    lab.run_cell(1)
    expect(lab.cell_output(1)).to_contain_text("[4, 4]")
