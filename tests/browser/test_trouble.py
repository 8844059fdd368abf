"""What goes wrong where people work: reloads, tabs, blocked and restarted kernels, pages that are slow or gone."""

from __future__ import annotations

import json

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.hands import asked, goes_on, pick, press, tick, turn, until
from tests.browser.jupyterlab import Lab
from tests.browser.kernels import add_kernel

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
ARENA = """
import mosaic_nb as mnb
arena = mnb.Arena("MiniGrid-Empty-8x8-v0", {"me": "human", "other": "random"}, seed=7, on_end="next")
arena
"""
FOUR = """
import mosaic_nb as mnb
calls = iter(range(10**9))
def shaky(observation):
    if next(calls) >= 40:
        raise RuntimeError(name)
    return 0
name = HOSTILE
lanes = {name: shaky} | {f"lane {n}": "random" for n in range(3)}
arena = mnb.Arena("MiniGrid-Empty-8x8-v0", lanes, seed=7, on_end="next")
arena._conductor.set_speed(30)
arena
""".replace("HOSTILE", repr(HOSTILE))
MINE = """
import json
mine = arena.steps[arena.steps.lane == "me"]
rows = mine[["operator", "action_label", "fallback"]].to_dict("records")
print(json.dumps({"rows": rows, "late": arena._conductor.late, "least": float(mine.act_ms.min())}))
"""
PROCESS = "import os; print(os.getpid())"


def test_a_turn_outlives_a_reload_and_is_taken_once_from_two_tabs(lab, notebook, tabs):
    path = notebook(ARENA, MINE)
    lab.open(path)
    widget = lab.arena(0, lanes=2)
    lab.save()
    asked(widget)

    lab.reload()
    expect(turn(widget)).to_have_text("me")
    other = Lab(lab.server, tabs.new_page())
    try:
        other.open(path)
        twin = other.cell_output(0).locator(".mnb")
        expect(turn(twin)).to_have_text("me")

        pick(widget, "left").dblclick()
        for each in (widget, twin):
            expect(each).to_have_attribute("data-drawn", "1")
        asked(twin)
        expect(turn(widget)).to_have_text("me")
        for page in (lab.page, other.page):  # both at once: who comes second is late
            page.evaluate("""() => document.querySelector('.mnb-pick[data-label="right"]').click()""")
        for each in (widget, twin):
            expect(each).to_have_attribute("data-drawn", "2")
        other.check_unharmed()
    finally:
        other.page.close()
    found = lab.read(1)
    assert [row["action_label"] for row in found["rows"]] == ["left", "right"]
    assert found["late"] <= 1
    assert found["least"] > 0


def test_late_answers_are_counted_and_do_nothing(lab, notebook):
    late = """
from mosaic_nb.scheduler.thread import scheduler_thread
for turn in (0, 1, 10**6):
    arena._conductor.choose("me", "agent", 0, turn)
"""
    lab.open(notebook(ARENA, late, MINE))
    widget = lab.arena(0, lanes=2)
    asked(widget)
    pick(widget, "left").click()
    expect(widget).to_have_attribute("data-drawn", "1")
    lab.run_cell(1)
    found = lab.read(2)
    assert len(found["rows"]) == 1
    assert found["late"] == 3


def test_a_kernel_restarted_while_playing_leaves_no_process_behind(lab, notebook):
    lab.open(notebook(FOUR, PROCESS))
    widget = lab.arena(0, lanes=4)
    kernel = psutil.Process(lab.read(1))
    workers = kernel.children(recursive=True)
    assert len(workers) >= 4
    press(widget, "Play")
    goes_on(widget)
    lab.restart_kernel()
    until(lambda: not any(map(alive, workers)), seconds=10)
    expect(widget.get_by_role("status")).to_contain_text("restarted")
    lab.screenshot("trouble-restarted", widget)
    widget = lab.arena(0, lanes=4)
    press(widget, "Play")
    goes_on(widget)
    assert [error for error in lab.errors if "mnb" in error] == []


def alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_while_a_cell_blocks_frames_go_on_and_clicks_come_after(lab, notebook):
    block = """
import json, time
before = arena._conductor.lockstep.ticks
time.sleep(4)
print(json.dumps([before, arena._conductor.lockstep.ticks]))
"""
    lab.open(notebook(FOUR, block))
    widget = lab.arena(0, lanes=4)
    press(widget, "Play")
    goes_on(widget)
    lab.run_cell(1, wait=False)
    expect(lab.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    goes_on(widget, by=30)
    assert "[*]" in lab.cell(1).inner_text()
    press(widget, "Pause")
    expect(widget).to_have_attribute("data-phase", "idle")
    lab.wait_until_run()
    before, after = json.loads(lab.cell_output(1).inner_text())
    assert after - before >= 30


def test_a_lane_that_fails_while_playing_says_why_and_the_others_go_on(lab, notebook):
    lab.open(notebook(FOUR, 'print(arena.steps.groupby("lane").size().to_json())'))
    widget = lab.arena(0, lanes=4)
    press(widget, "Play")
    reason = widget.locator(".mnb-card[data-status=failed] .mnb-reason")
    expect(reason).to_contain_text(HOSTILE)
    goes_on(widget, by=10)
    press(widget, "Pause")
    expect(widget).to_have_attribute("data-phase", "idle")
    lab.screenshot("trouble-failed", widget)
    rows = lab.read(1)
    assert rows.pop(HOSTILE) == 40
    assert min(rows.values()) >= 50
    assert lab.page.evaluate("window.pwned") is None


def test_a_page_that_is_slow_or_gone_piles_nothing_up(lab, notebook, tabs):
    path = notebook(FOUR, PROCESS)
    lab.open(path)
    widget = lab.arena(0, lanes=4)
    kernel = psutil.Process(lab.read(1))
    lab.save()
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 8})
    press(widget, "Play")
    goes_on(widget, by=30)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    behind = tick(widget)
    until(lambda: tick(widget) > behind + 5, seconds=3)  # what is shown is of now, not of then

    other = Lab(lab.server, tabs.new_page())
    lab.page.close()
    lab.page = other.page
    other.page.wait_for_timeout(1000)
    before = kernel.memory_info().rss
    other.page.wait_for_timeout(5000)
    assert kernel.memory_info().rss - before < 8 * 2**20
    lab.open(path)
    widget = lab.cell_output(0).locator(".mnb")
    expect(widget.locator(".mnb-canvas:visible")).to_have_count(4)
    goes_on(widget)
    assert tick(widget) > behind + 100


KERNEL = """
import ipykernel, json, os
print(json.dumps({"version": ipykernel.__version__, "process": os.getpid()}))
"""


@pytest.mark.parametrize("version", ["6.31.0", "7.2.0"])
def test_older_kernels_play_as_well(lab, notebook, version):
    awaits = "await arena.step_async(); print('moved')"
    block = "import time; time.sleep(3)"
    lab.open(notebook(ARENA, KERNEL, MINE, block, awaits, kernel=add_kernel(lab.server, version)))
    kernel = lab.read(1)
    assert kernel["version"] == version
    widget = lab.arena(0, lanes=2)
    asked(widget)
    lab.save()
    lab.reload()
    expect(turn(widget)).to_have_text("me")
    pick(widget, "left").click()
    expect(widget).to_have_attribute("data-drawn", "1")

    lab.run_cell(3, wait=False)
    expect(lab.cell(3).locator(".jp-InputPrompt")).to_have_text("[*]:")
    pick(widget, "right").click()
    lab.wait_until_run()
    expect(widget).to_have_attribute("data-drawn", "2")

    lab.run_cell(4, wait=False)
    if version.startswith(
        "6"
    ):  # it hears no click while a cell awaits: that is said, and the cell can be left
        expect(lab.cell_output(4)).to_contain_text("hears clicks only between cells")
        expect(turn(widget)).to_have_text("me")
        lab.command("notebook:interrupt-kernel")
        lab.wait_until_run()
        asked(widget)
        pick(widget, "forward").click()
        expect(widget).to_have_attribute("data-drawn", "3")
    else:
        expect(turn(widget)).to_have_text("me")
        pick(widget, "forward").click()
        expect(lab.cell_output(4)).to_contain_text("moved")
    assert [row["action_label"] for row in lab.read(2)["rows"]] == ["left", "right", "forward"]

    workers = psutil.Process(kernel["process"]).children(recursive=True)
    lab.restart_kernel()
    until(lambda: not any(map(alive, workers)), seconds=10)
