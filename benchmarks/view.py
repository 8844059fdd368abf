"""Eight views of 320x320 in a real JupyterLab: what is shown, how soon, and what it costs the kernel's process.

The views are MiniGrid's, drawn with tiles of 40 pixels; Chromium runs headless and draws without a GPU.
``python -m benchmarks.view --long`` watches the memory for ten minutes instead of one.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import CDPSession, Locator, Page, expect, sync_playwright

from benchmarks.measure import Row, show
from tests.browser.jupyterlab import CHROMIUM_FLAGS, NO_CHROMIUM, Lab, Server, find_chromium

VIEWPORT = {"width": 1600, "height": 2000}
LANES = 8
PLAYED = 15.0
"""Seconds of play that frames and CPU are counted over."""
WARM = 5.0
"""Seconds of play before anything is counted."""
CLICKS = 60
SCRUBS = 120
SHORT, LONG = 60.0, 600.0
"""Seconds of play that the memory is watched over."""

_ARENA = """
import os
import mosaic_nb as mnb
lanes = {{"me": {first!r}}} | {{f"random {{n}}": "random" for n in range(1, {lanes})}}
arena = mnb.Arena(
    "MiniGrid-Empty-8x8-v0", lanes, seed=7, env_kwargs={{"tile_size": 40}}, on_end="next", path={path!r}
)
arena._conductor.set_speed(30)
print(os.getpid())
"""
_FRAMES = """(seconds) => new Promise((done) => {
    const views = [...document.querySelectorAll(".mnb-canvas")];
    const seen = views.map((view) => view.dataset.serial);
    const frames = views.map(() => 0);
    const begin = performance.now();
    const look = (now) => {
        views.forEach((view, at) => {
            if (view.dataset.serial === seen[at]) return;
            seen[at] = view.dataset.serial;
            frames[at] += 1;
        });
        if (now - begin < seconds * 1000) requestAnimationFrame(look);
        else done(frames.map((count) => (count * 1000) / (now - begin)));
    };
    requestAnimationFrame(look);
})"""
"""Counts, for every view, the frames of the screen in which its picture was another; returns them per second."""

_STOPWATCH = """([event, attribute]) => {
    const widget = document.querySelector(".mnb");
    window.times = [];
    let begun = null;
    widget.addEventListener(event, (heard) => { begun = heard.timeStamp; }, true);
    new MutationObserver(() => requestAnimationFrame(() => {
        const painted = new MessageChannel();
        painted.port1.onmessage = () => {
            if (begun !== null) window.times.push([performance.now() - begun, Number(widget.dataset.moment)]);
            begun = null;
        };
        painted.port2.postMessage(0);
    })).observe(widget, {attributeFilter: [attribute]});
}"""
"""Notes milliseconds from an event until the frame of the screen is done in which its pictures were drawn, and the
moment that they show."""

_SEEN = """() => {
    const widget = document.querySelector(".mnb");
    window.seen = new Set();
    new MutationObserver(() => window.seen.add(Number(widget.dataset.shown)))
        .observe(widget, {attributeFilter: ["data-drawn"]});
}"""
"""Notes the moments that were shown."""


class Played:
    """An arena shown in a notebook, and the process of its kernel.

    Attributes:
        lab, widget: the page, and the widget in it.
        kernel: the kernel's process.
    """

    def __init__(self, lab: Lab, first: str, folder: Path) -> None:
        self.lab = lab
        source = _ARENA.format(first=first, lanes=LANES, path=str(folder / first))
        lab.open(lab.server.notebook(first, source, "arena"))
        lab.run_cell(0)
        self.kernel = psutil.Process(int(lab.cell_output(0).inner_text()))
        lab.run_cell(1)
        self.widget: Locator = lab.cell_output(1).locator(".mnb")
        expect(self.widget.locator(".mnb-canvas:visible")).to_have_count(LANES)
        self.widget.scroll_into_view_if_needed()
        assert self.widget.locator(".mnb-canvas").evaluate_all("all => all.every(each => each.width === 320)")

    def press(self, name: str) -> None:
        """Click a button of the bar."""
        self.widget.get_by_role("button", name=name, exact=True).click()

    def cpu(self) -> np.ndarray:
        """CPU seconds of the kernel's process, and of the workers that it has started."""
        spent = [_spent(process) for process in [self.kernel, *self.kernel.children(recursive=True)]]
        return np.array([spent[0], sum(spent[1:])])


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main(watched: float = SHORT) -> None:
    """Show every figure; memory is watched for so many seconds of play."""
    with tempfile.TemporaryDirectory() as name, _page(Path(name)) as lab:
        folder = Path(name)
        playing = Played(lab, "random", folder)
        lab.page.evaluate(_SEEN)
        playing.press("Play")
        time.sleep(WARM)
        show(*_frames(playing))
        show(*_memory(playing, watched))
        playing.press("Pause")
        expect(playing.widget).to_have_attribute("data-phase", "idle")
        show(*_scrubs(playing))
        lab.server.end_kernels()
        show(*_clicks(Played(lab, "human", folder)))


@contextmanager
def _page(folder: Path) -> Iterator[Lab]:
    program = find_chromium()
    if program is None:
        raise SystemExit(NO_CHROMIUM)
    server = Server(folder)
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
            yield Lab(server, chromium.new_page(viewport=VIEWPORT))
            chromium.close()
    finally:
        server.close()


def _frames(played: Played) -> Iterator[Row]:
    before, begin = played.cpu(), time.monotonic()
    rates = played.lab.page.evaluate(_FRAMES, PLAYED)
    kernel, workers = 100 * (played.cpu() - before) / (time.monotonic() - begin)
    yield Row(
        name="eight views playing, frames shown of the slowest", unit="frames/s", ours=min(rates), at_least=24
    )
    yield Row(name="  CPU of the kernel's process", unit="% core", ours=kernel, at_most=20)
    yield Row(name="  CPU of its workers, which play and draw", unit="% core", ours=workers)


def _memory(played: Played, seconds: float) -> Iterator[Row]:
    page = played.lab.page
    page.wait_for_timeout(WARM * 1000)
    session = page.context.new_cdp_session(page)
    before = _held(played, session)
    page.wait_for_timeout(seconds * 1000)
    after = _held(played, session)
    for what, first, last in zip(("kernel's memory", "page's heap"), before, after, strict=True):
        name = f"{what} after {seconds:g} s more of play / before"
        yield Row(name=name, unit="MiB", ours=last, floor=first, ratio=last / first, at_most=1.1)


def _held(played: Played, session: CDPSession) -> tuple[float, float]:
    """MiB resident of the kernel's process, and used of the page's heap after a collection."""
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return played.kernel.memory_info().rss / 2**20, heap / 2**20


def _clicks(played: Played) -> Iterator[Row]:
    page = played.lab.page
    page.evaluate(_STOPWATCH, ["click", "data-drawn"])
    for click in range(CLICKS):
        played.press(("left", "right")[click % 2])
        _wait_for_time(page, click + 1)
    delays = [milliseconds for milliseconds, _ in page.evaluate("window.times")]
    yield Row(name="click to painted frame, median", unit="ms", ours=_percentile(delays, 50), at_most=100)
    yield Row(name="  95th percentile", unit="ms", ours=_percentile(delays, 95), at_most=200)


def _scrubs(played: Played) -> Iterator[Row]:
    page = played.lab.page
    rail = played.widget.get_by_role("slider", name="Timeline").bounding_box()
    assert rail is not None
    page.evaluate(_STOPWATCH, ["pointerdown", "data-recalled"])
    for scrub, share in enumerate(np.random.default_rng(7).uniform(0.01, 0.97, SCRUBS)):
        page.mouse.click(rail["x"] + share * rail["width"], rail["y"] + rail["height"] / 2)
        _wait_for_time(page, scrub + 1)
    seen = set(page.evaluate("[...window.seen]"))
    delays: dict[bool, list[float]] = {True: [], False: []}
    for milliseconds, moment in page.evaluate("window.times"):
        delays[moment in seen].append(milliseconds)
    name = f"scrub to one of {len(seen):,} shown ticks"
    yield Row(name=f"{name}, median", unit="ms", ours=_percentile(delays[True], 50), at_most=100)
    yield Row(name="  95th percentile", unit="ms", ours=_percentile(delays[True], 95), at_most=100)
    if delays[False]:
        yield Row(name="  to a tick that nobody saw, median", unit="ms", ours=_percentile(delays[False], 50))


def _wait_for_time(page: Page, count: int) -> None:
    """Wait for so many times on the stopwatch, and a little, in no rhythm that anything could fall in with."""
    page.wait_for_function("count => window.times.length === count", arg=count)
    page.wait_for_timeout(100 + count)


def _percentile(milliseconds: list[float], share: int) -> float:
    return float(np.percentile(milliseconds, share))


if __name__ == "__main__":
    main(LONG if "--long" in sys.argv[1:] else SHORT)
