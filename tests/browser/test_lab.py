"""The widget in a real JupyterLab with a real kernel, over a fake arena."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

Lab = Any
Notebook = Callable[..., Path]

ARENA = """
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view import Grid, publish

class Arena:
    def __init__(self, lanes):
        self.controls = FakeControls(lanes)
        self.grid = Grid(self.controls)

    def _ipython_display_(self):
        self.controls.settle()
        publish(self.grid, self.controls.snapshot, self.controls.pictures_now())

arena = Arena(four_lanes())
"""
COUNT = "print([call[0] for call in arena.controls.calls], arena.controls.snapshot.tick)"


def shown(lab: Lab, notebook: Notebook, *more: str) -> Locator:
    """Open a notebook with an arena and run it; return the widget."""
    lab.open(notebook(ARENA, "arena", *more))
    lab.run_all()
    widget: Locator = lab.cell_output(1).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(4)
    return widget


def pixels(widget: Locator) -> list[str]:
    """Every lane's picture as drawn."""
    found: list[str] = widget.locator(".mnb-canvas").evaluate_all("all => all.map(each => each.toDataURL())")
    return found


def test_step_asks_me_and_my_move_moves_all_lanes(lab: Lab, notebook: Notebook) -> None:
    widget = shown(lab, notebook)
    lab.screenshot("lab-light", widget)
    before = pixels(widget)
    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget.get_by_role("status")).to_have_text("Your move: me.")
    expect(widget.locator(".mnb-turn .mnb-name")).to_have_text("me")
    assert pixels(widget) == before
    widget.locator(".mnb-pick[data-label='forward']").click()
    expect(widget).to_have_attribute("data-drawn", "1")
    expect(widget.locator(".mnb-turn")).to_have_count(0)
    after = pixels(widget)
    assert all(one != other for one, other in zip(before, after, strict=True))
    lab.screenshot("lab-after-step", widget)


def test_an_action_with_no_tick_open_starts_one_and_a_double_click_only_one(
    lab: Lab, notebook: Notebook
) -> None:
    widget = shown(lab, notebook, COUNT)
    widget.locator(".mnb-pick[data-label='left']").dblclick()
    expect(widget).to_have_attribute("data-tick", "1")
    lab.run_cell(2)
    expect(lab.cell_output(2)).to_contain_text("['choose'] 1")


def test_keys_move_me_and_leave_the_cells_alone(lab: Lab, notebook: Notebook) -> None:
    widget = shown(lab, notebook, COUNT)
    cells = lab.cells()
    widget.locator(".mnb-status").click()
    for tick, key in enumerate(("d", "d", "ArrowUp", "ArrowDown", "p", "t", "ArrowLeft"), 1):
        lab.page.keyboard.press(key)
        expected = tick if tick < 4 else tick - 1
        expect(widget).to_have_attribute("data-tick", str(expected))
    for key in ("x", "a", "b", "m", "0", "0", "Enter", "j", "z"):
        lab.page.keyboard.press(key)
    assert lab.cells() == cells
    lab.run_cell(2)
    expect(lab.cell_output(2)).to_contain_text("] 6")


def test_it_plays_at_its_speed_until_paused(lab: Lab, notebook: Notebook) -> None:
    lab.open(notebook(ARENA, "arena = Arena([FakeLane(f'lane {n}') for n in range(8)])\narena", COUNT))
    lab.run_all()
    widget = lab.cell_output(1).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(8)
    widget.get_by_role("slider", name="Speed of play").fill("15")
    widget.get_by_role("button", name="Play", exact=True).click()
    lab.page.wait_for_function("() => Number(document.querySelector('.mnb').dataset.tick) > 60")
    widget.get_by_role("button", name="Pause", exact=True).click()
    expect(widget).to_have_attribute("data-phase", "idle")
    lab.run_cell(2)
    expect(lab.cell_output(2)).to_contain_text(f"] {widget.get_attribute('data-tick')}")


@pytest.mark.slow
def test_it_shows_what_happens_while_a_cell_blocks_the_kernel(lab: Lab, notebook: Notebook) -> None:
    block = """
import threading
for _ in range(40):
    arena.controls.choose("me", "agent", 0, None)
    threading.Event().wait(0.1)
"""
    lab.open(notebook(ARENA, "arena", block))
    lab.run_cell(0)
    lab.run_cell(1)
    widget = lab.cell_output(1).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(4)
    lab.run_cell(2, wait=False)
    lab.page.wait_for_function("() => Number(document.querySelector('.mnb').dataset.tick) > 20")
    assert "[*]" in lab.cell(2).inner_text()
    lab.wait_until_run()
    expect(widget).to_have_attribute("data-tick", "40")


def test_a_reload_finds_the_live_arena_again(lab: Lab, notebook: Notebook) -> None:
    widget = shown(lab, notebook)
    widget.locator(".mnb-pick[data-label='left']").click()
    expect(widget).to_have_attribute("data-tick", "1")
    lab.save()
    lab.reload()
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(4)
    expect(widget).to_have_attribute("data-tick", "1")
    expect(lab.cell_output(1).locator(".mnb-still")).to_be_hidden()
    widget.locator(".mnb-pick[data-label='right']").click()
    expect(widget).to_have_attribute("data-tick", "2")


@pytest.mark.slow
def test_two_views_show_the_same(lab: Lab, notebook: Notebook) -> None:
    first = shown(lab, notebook, "arena")
    second = lab.cell_output(2).locator(".mnb")
    expect(second.locator(".mnb-canvas:visible")).to_have_count(4)
    second.locator(".mnb-pick[data-label='left']").click()
    for widget in (first, second):
        expect(widget).to_have_attribute("data-tick", "1")


@pytest.mark.slow
def test_without_its_kernel_the_picture_is_left(lab: Lab, notebook: Notebook) -> None:
    shown(lab, notebook)
    lab.save()
    lab.restart_kernel()
    lab.reload()
    output = lab.cell_output(1)
    expect(output.locator(".mnb-still img")).to_be_visible()
    assert output.locator(".mnb-still img").evaluate("image => image.naturalWidth") > 1000
    expect(output.get_by_text("Error displaying widget")).to_be_attached()
    expect(output.get_by_text("Error displaying widget")).to_be_hidden()
    expect(output.locator(".mnb")).to_have_count(0)
    lab.screenshot("lab-left-behind")


@pytest.mark.slow
def test_an_untrusted_notebook_shows_the_picture(lab: Lab, notebook: Notebook) -> None:
    shown(lab, notebook)
    lab.save()
    saved = max(lab.server.root.glob("*.ipynb"), key=lambda file: file.stat().st_mtime)
    foreign = saved.with_name("foreign.ipynb")
    foreign.write_text(saved.read_text().replace("arena = Arena", "arena  = Arena"))
    lab.open(foreign)
    expect(lab.cell_output(1).locator("img")).to_be_visible()


@pytest.mark.slow
def test_nbconvert_shows_the_picture_once(lab: Lab, notebook: Notebook, tmp_path: Path) -> None:
    path = notebook(ARENA, "arena")
    command = [
        sys.executable,
        "-m",
        "nbconvert",
        "--to",
        "html",
        "--execute",
        str(path),
        "--output-dir",
        str(tmp_path),
    ]
    subprocess.run(command, check=True, capture_output=True, env=lab.server.environment)
    lab.page.goto((tmp_path / f"{path.stem}.html").as_uri())
    pictures = lab.page.locator("img:visible")
    expect(pictures).to_have_count(1)
    assert pictures.evaluate("image => image.naturalWidth") > 1000
    lab.screenshot("nbconvert")


@pytest.mark.slow
def test_hostile_names_do_nothing_in_the_notebook(lab: Lab, notebook: Notebook) -> None:
    name = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
    lanes = f"arena = Arena([FakeLane(name, fails=name) for name in ({name!r}, 'other')])\narena"
    lab.open(notebook(ARENA, lanes))
    lab.run_all()
    widget = lab.cell_output(1).locator(".mnb")
    widget.get_by_role("button", name="Step", exact=True).click()
    expect(widget.locator(".mnb-reason").first).to_have_text(name)
    lab.save()
    lab.restart_kernel()
    lab.reload()
    expect(lab.cell_output(1).locator(".mnb-still img")).to_be_visible()
    assert lab.page.evaluate("window.pwned") is None


@pytest.mark.slow
def test_it_follows_the_dark_theme(lab: Lab, notebook: Notebook) -> None:
    widget = shown(lab, notebook)
    try:
        lab.theme("dark")
        widget.get_by_role("button", name="Step", exact=True).click()
        expect(widget.locator(".mnb-turn")).to_have_count(1)
        ground = widget.locator(".mnb-card").first.evaluate("each => getComputedStyle(each).backgroundColor")
        assert ground == "rgb(17, 17, 17)"
        lab.screenshot("lab-dark")
    finally:
        lab.theme("light")
