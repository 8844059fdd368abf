"""What a saved notebook shows of an arena, in a real JupyterLab and through a real nbconvert."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from mosaic_nb.view.keepsake import REST
from tests.browser.jupyterlab import WAIT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Lab = Any
Notebook = Callable[..., Path]

ARENA = """
import mosaic_nb as mnb
lanes = {"a": "scripted", "b": "random"}
arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", lanes, seed=9)
"""
NAME = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"


def shown(lab: Lab, path: Path) -> Locator:
    """Open a notebook with an arena, display it in its second cell; return the widget."""
    lab.open(path)
    lab.run_cell(0)
    lab.run_cell(1)
    widget: Locator = lab.cell_output(1).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(2)
    return widget


def play(widget: Locator, ticks: int) -> None:
    for tick in range(1, ticks + 1):
        widget.get_by_role("button", name="Step", exact=True).click()
        expect(widget).to_have_attribute("data-drawn", str(tick))


def still(lab: Lab, path: Path) -> dict[str, Any]:
    """Save; return what the notebook holds after the widget."""
    lab.save()
    outputs = json.loads(path.read_text())["cells"][1]["outputs"]
    assert len(outputs) == 2
    data: dict[str, Any] = outputs[1]["data"]
    return {kind: "".join(value) for kind, value in data.items()}


def wait_for_tick(lab: Lab, tick: int) -> None:
    """Wait until the still, which is hidden behind the widget, is of a tick."""
    caption = lab.cell_output(1).locator(".mnb-still caption")
    expect(caption).to_contain_text(f"tick {tick}", timeout=WAIT + 1000 * REST)


def test_it_shows_how_it_ended(lab: Lab, notebook: Notebook, tmp_path: Path) -> None:
    path = notebook(ARENA, "arena", "arena.save_png('expected.png')")
    widget = shown(lab, path)
    before = still(lab, path)
    play(widget, 3)
    wait_for_tick(lab, 3)
    after = still(lab, path)
    lab.run_cell(2)
    expected = base64.b64encode((path.parent / "expected.png").read_bytes()).decode()
    assert after["image/png"].strip() == expected != before["image/png"].strip()
    assert f'src="data:image/png;base64,{expected}"' in after["text/html"]
    assert "<td>3</td>" in after["text/html"]
    assert before["text/plain"] == after["text/plain"]

    lab.restart_kernel()
    lab.reload()
    output = lab.cell_output(1)
    expect(output.locator(".mnb-still img")).to_be_visible()
    expect(output.locator(".mnb-still table")).to_be_visible()
    assert output.locator(".mnb-still img").get_attribute("src").endswith(expected)
    lab.screenshot("saved-notebook")

    command = [sys.executable, "-m", "nbconvert", "--to", "html", str(path), "--output-dir", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=lab.server.environment)
    converted = lab.page.context.new_page()
    converted.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort()
    )
    converted.goto((tmp_path / f"{path.stem}.html").as_uri())
    picture = converted.locator(".mnb-still img")
    expect(picture).to_be_visible()
    assert picture.get_attribute("src").endswith(expected)
    expect(converted.locator("img:visible")).to_have_count(1)
    converted.close()


def test_closing_leaves_the_end_at_once(lab: Lab, notebook: Notebook) -> None:
    path = notebook(ARENA, "arena", "arena.run(2)\narena.close()")
    shown(lab, path)
    lab.run_cell(2)
    wait_for_tick(lab, 2)
    assert "tick 2" in still(lab, path)["text/html"]


def test_what_code_plays_with_nobody_watching_stays_as_it_was_written(lab: Lab, notebook: Notebook) -> None:
    path = notebook(ARENA, "arena", "arena.run(2)\nimport time\ntime.sleep(1.5)\narena.close()")
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--inplace", "--execute", str(path)]
    subprocess.run(command, check=True, capture_output=True, env=lab.server.environment)
    outputs = json.loads(path.read_text())["cells"][1]["outputs"]
    assert "tick 0" in "".join(outputs[1]["data"]["text/html"])


def test_hostile_names_do_nothing_in_a_saved_notebook(lab: Lab, notebook: Notebook) -> None:
    hostile = ARENA.replace('"a"', repr(NAME))
    path = notebook(hostile, "arena")
    widget = shown(lab, path)
    play(widget, 1)
    wait_for_tick(lab, 1)
    still(lab, path)
    lab.restart_kernel()
    lab.reload()
    table = lab.cell_output(1).locator(".mnb-still table")
    expect(table).to_contain_text(NAME)
    assert table.locator("img, script").count() == 0
    assert lab.page.evaluate("window.pwned") is None


def test_the_export_button_gives_files(lab: Lab, notebook: Notebook) -> None:
    widget = shown(lab, notebook(ARENA, "arena"))
    play(widget, 2)
    for kind, begin in (("html", b"<!doctype html>"), ("gif", b"GIF89a"), ("png", b"\x89PNG")):
        widget.get_by_role("button", name="Export").click()
        with lab.page.expect_download() as download:
            widget.get_by_text(f"({kind.upper()})").click()
        assert download.value.suggested_filename == f"MiniGrid-DoorKey-5x5-v0.{kind}"
        assert Path(download.value.path()).read_bytes().startswith(begin)
