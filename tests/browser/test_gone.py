"""A kernel that goes while its widget is on the page: said at once, and calmly, in a real JupyterLab."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Lab = Any
Notebook = Callable[..., Path]

ARENA = """
import os
from mosaic_nb.testing.controls import FakeControls, four_lanes
from mosaic_nb.view import Grid, publish

controls = FakeControls(four_lanes())
controls.step()
controls.settle()
publish(Grid(controls), controls.snapshot, controls.pictures_now())
"""
PROCESS = "print(os.getpid())"


def restart(lab: Lab) -> None:
    lab.restart_kernel()


def kill(lab: Lab) -> None:
    lab.run_cell(1)
    os.kill(int(lab.cell_output(1).inner_text()), signal.SIGKILL)


def shut_down(lab: Lab) -> None:
    lab.page.evaluate(
        "async () => await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.shutdown()"
    )


@pytest.mark.parametrize("end", [restart, kill, shut_down], ids=["restarted", "killed", "shut down"])
def test_the_widget_says_that_its_kernel_is_gone(
    lab: Lab, notebook: Notebook, end: Callable[[Lab], None]
) -> None:
    lab.open(notebook(ARENA, PROCESS))
    lab.run_cell(0)
    widget: Locator = lab.cell_output(0).locator(".mnb")
    expect(widget.locator(".mnb-turn")).to_have_count(1)
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(4)
    errors = list(lab.errors)
    end(lab)
    if end is shut_down:  # JupyterLab tells the widget nothing: the first touch finds out
        widget.get_by_role("button", name="left", exact=True).click()
    expect(widget).to_have_attribute("data-phase", "gone")
    expect(widget.get_by_role("status").first).to_contain_text("run the cell again")
    expect(widget.locator(".mnb-turn")).to_have_count(0)
    for name in ("left", "Step", "Play"):
        expect(widget.get_by_role("button", name=name, exact=True)).to_be_disabled()
    widget.get_by_role("button", name="Reset", exact=True).click(force=True)
    lab.page.keyboard.press("ArrowLeft")
    lab.screenshot(f"lab-gone-{end.__name__}", widget)
    assert lab.errors == errors
    if end is not shut_down:
        lab.run_cell(0)
        expect(widget.locator(".mnb-turn")).to_have_count(1)
        expect(widget).to_have_attribute("data-phase", "waiting")
