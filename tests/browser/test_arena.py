"""The real thing end to end: the quickstart in a real JupyterLab, a real arena behind the widget, real clicks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"

Lab = Any
Notebook = Callable[..., Path]


def pixels(widget: Locator) -> list[str]:
    """Every lane's picture as drawn."""
    found: list[str] = widget.locator(".mnb-canvas").evaluate_all("all => all.map(each => each.toDataURL())")
    return found


def changed(before: list[str], after: list[str]) -> list[bool]:
    return [one != other for one, other in zip(before, after, strict=True)]


def drawn(lab: Lab, cell: int, lanes: int) -> Locator:
    """Return the widget below a cell, once every lane's picture is there."""
    widget: Locator = lab.cell_output(cell).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(lanes)
    return widget


def test_the_quickstart_is_played_by_hand_and_leaves_its_pictures(lab: Lab) -> None:
    lab.open(QUICKSTART)
    cells = lab.cells()
    lab.run_cell(1)
    lab.run_cell(2)
    widget = drawn(lab, 2, 4)
    lab.screenshot("quickstart-light", widget)
    before = pixels(widget)

    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget.locator(".mnb-turn .mnb-name")).to_have_text("me")
    lab.screenshot("quickstart-my-move", widget)
    assert pixels(widget) == before
    expect(widget).to_have_attribute("data-tick", "0")

    widget.locator(".mnb-pick[data-label='left']").click()
    expect(widget).to_have_attribute("data-drawn", "1")
    first = pixels(widget)
    assert changed(before, first) == [True] * 4

    widget.locator(".mnb-pick[data-label='right']").click()  # no tick is open: this opens one
    expect(widget).to_have_attribute("data-drawn", "2")
    assert changed(first, pixels(widget)) == [True] * 4
    lab.theme("dark")
    lab.screenshot("quickstart-dark", widget)
    lab.theme("light")

    assert lab.cells() == cells
    lab.save()
    lab.restart_kernel()
    lab.reload()
    expect(lab.cell_output(2).locator(".mnb-still img")).to_be_visible()
    lab.screenshot("quickstart-left-behind")


@pytest.mark.slow
def test_the_quickstart_runs_to_its_end_with_a_front_end(lab: Lab) -> None:
    lab.open(QUICKSTART)
    lab.run_all()
    expect(
        lab.page.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.stderr"]')
    ).to_have_count(0)
    expect(lab.page.get_by_text("replay exactly")).to_be_visible()
    expect(lab.cell_output(2).locator(".mnb")).to_have_attribute("data-phase", "closed")


@pytest.mark.slow
def test_without_a_person_step_alone_moves_all(lab: Lab, notebook: Notebook) -> None:
    arena = """
import mosaic_nb as mnb
lanes = {"a": "scripted", "b": "scripted"}
arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", lanes, seed=9)
"""
    lab.open(notebook(arena, "arena", "print(len(arena.steps)); arena.close()"))
    lab.run_cell(0)
    lab.run_cell(1)
    widget = drawn(lab, 1, 2)
    before = pixels(widget)
    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget).to_have_attribute("data-drawn", "1")
    assert changed(before, pixels(widget)) == [True, True]
    lab.run_cell(2)
    expect(lab.cell_output(2)).to_contain_text("2")


def test_a_cell_that_waits_for_my_click_gets_it(lab: Lab, notebook: Notebook) -> None:
    arena = """
import mosaic_nb as mnb
arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", {"me": "human", "other": "scripted"}, seed=9)
"""
    lab.open(
        notebook(arena, "arena", "await arena.step_async(); print('moved', len(arena.steps)); arena.close()")
    )
    lab.run_cell(0)
    lab.run_cell(1)
    widget = drawn(lab, 1, 2)
    lab.run_cell(2, wait=False)
    expect(widget.locator(".mnb-turn")).to_have_count(1)
    widget.locator(".mnb-pick[data-label='left']").click()
    expect(lab.cell_output(2)).to_contain_text("moved 2")


@pytest.mark.slow
def test_a_failed_lane_says_why_and_the_other_goes_on(lab: Lab, notebook: Notebook) -> None:
    arena = """
import mosaic_nb as mnb
def shaky(observation):
    raise RuntimeError("I am <b>shaky</b> <img src=x onerror='window.hacked = 1'>")
arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", {"shaky": shaky, "steady": "scripted"}, seed=9)
"""
    lab.open(notebook(arena, "arena"))
    lab.run_cell(0)
    lab.run_cell(1)
    widget = drawn(lab, 1, 2)
    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget).to_have_attribute("data-tick", "1")
    expect(widget).to_contain_text("I am <b>shaky</b>")
    assert lab.page.evaluate("window.hacked") is None
    lab.screenshot("arena-failed", widget)
    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget).to_have_attribute("data-tick", "2")
