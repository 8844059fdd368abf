"""What is left of an arena outside a live kernel: exported pages, opened from a file with the network off."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.replay import open_run
from mosaic_nb.scheduler.snapshot import History, LaneView, Mark, Recollection, SeatView, Snapshot
from mosaic_nb.view.export import page as exported
from tests.browser.jupyterlab import SCREENSHOTS
from tests.films import filmed, played
from tests.hostile import HOSTILE

pytestmark = pytest.mark.browser

COUNT = 32
FOREIGN = "img, iframe, object, embed, link, form, video, math, template, a, script, style"


class Viewer:
    """A Chromium that is offline and opens an exported page.

    Attributes:
        page: the Playwright page.
        requests: every address that it asked for.
        complaints: uncaught errors, and whatever the console says.
    """

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._file = folder / "episode.html"
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))

    def open(self, text: str) -> None:
        """Open a page from a file."""
        self._file.write_text(text, encoding="utf-8")
        self.page.goto(self._file.as_uri())

    def at(self, moment: int) -> None:
        """Wait until a moment's pictures are drawn."""
        expect(self.page.locator(".mnb")).to_have_attribute("data-drawn", str(moment))

    def wait(self, condition: str) -> None:
        """Wait until something holds in the page; its policy forbids Playwright's own way, which evaluates texts."""
        look = f"() => ({condition}) ? done() : requestAnimationFrame(look)"
        self.page.evaluate(f"() => new Promise((done) => {{ const look = {look}; look(); }})")

    def pixels(self) -> list[np.ndarray[Any, Any]]:
        """Every lane's picture as drawn."""
        canvases = self.page.locator(".mnb-canvas").evaluate_all("all => all.map(each => each.toDataURL())")
        return [_decoded(base64.b64decode(each.partition(",")[2])) for each in canvases]

    def screenshot(self, name: str) -> None:
        """Take a picture of the whole page for people to look at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, animations="disabled")


def _decoded(data: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def shows(viewer: Viewer, moment: Recollection) -> bool:
    """Whether the page shows exactly the arena's own pictures of a moment."""
    expected = [_decoded(moment.pictures[lane.name].data) for lane in moment.snapshot.lanes]
    return all(np.array_equal(one, other) for one, other in zip(viewer.pixels(), expected, strict=True))


@pytest.fixture(scope="module")
def game() -> tuple[list[Recollection], History]:
    return played(COUNT)


@pytest.fixture
def open_viewer(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Viewer]]:
    contexts = []

    def make(**options: Any) -> Viewer:
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 1000}, **options}))
        contexts[-1].set_offline(True)
        return Viewer(contexts[-1].new_page(), tmp_path)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def viewer(open_viewer: Callable[..., Viewer], game: tuple[list[Recollection], History]) -> Viewer:
    """A page of the quickstart's cast, opened."""
    moments, history = game
    viewer = open_viewer()
    viewer.open(exported(filmed(moments), history))
    viewer.at(0)
    return viewer


def test_every_moment_shows_the_arenas_own_pictures(viewer: Viewer, game: Any) -> None:
    for moment in game[0]:
        viewer.at(moment.moment)
        assert shows(viewer, moment)
        viewer.page.keyboard.press("ArrowRight")
    assert viewer.complaints == []
    assert [url.partition("/episode")[0][:7] for url in viewer.requests] == ["file://"]


def test_it_plays_to_its_end_and_again(viewer: Viewer, game: Any) -> None:
    viewer.page.evaluate("""() => {
        const root = document.querySelector(".mnb");
        window.drawn = [];
        const note = () => window.drawn.push(Number(root.dataset.drawn));
        new MutationObserver(note).observe(root, {attributeFilter: ["data-drawn"]});
    }""")
    viewer.page.get_by_label("Speed of play").select_option("60")
    viewer.page.keyboard.press("Space")
    expect(viewer.page.get_by_role("button", name="Pause")).to_be_visible()
    viewer.at(COUNT - 1)
    expect(viewer.page.get_by_role("button", name="Play")).to_be_visible()
    assert viewer.page.evaluate("window.drawn") == list(range(1, COUNT))
    assert shows(viewer, game[0][-1])
    viewer.page.get_by_role("button", name="Play").click()
    viewer.wait(f"window.drawn.filter(each => each === {COUNT - 1}).length === 2")
    assert viewer.page.evaluate("window.drawn")[COUNT - 1 :] == list(range(COUNT))


def test_it_pauses_where_it_is(viewer: Viewer) -> None:
    viewer.page.get_by_role("button", name="Play").click()
    expect(viewer.page.locator(".mnb")).to_have_attribute("data-drawn", re.compile(r"^([2-9]|\d\d)$"))
    viewer.page.get_by_role("button", name="Pause").click()
    paused = viewer.page.locator(".mnb").get_attribute("data-drawn")
    viewer.page.clock.install()
    viewer.page.clock.run_for(5000)
    assert viewer.page.locator(".mnb").get_attribute("data-drawn") == paused


def test_keys_step_leap_and_leave_controls_their_own(viewer: Viewer) -> None:
    for key, moment in (
        ("ArrowRight", 1),
        ("PageDown", 11),
        ("ArrowLeft", 10),
        ("PageUp", 0),
        ("ArrowLeft", 0),
        ("End", COUNT - 1),
        ("ArrowRight", COUNT - 1),
        ("Home", 0),
    ):
        viewer.page.keyboard.press(key)
        viewer.at(moment)
    speed = viewer.page.get_by_label("Speed of play")
    speed.focus()
    viewer.page.keyboard.press("ArrowDown")
    viewer.at(0)
    viewer.page.get_by_role("button", name="One moment on").focus()
    viewer.page.keyboard.press("Space")
    viewer.at(1)
    expect(viewer.page.get_by_role("button", name="Play")).to_be_visible()


def test_the_timeline_scrubs_and_its_marks_lead_there(viewer: Viewer, game: Any) -> None:
    slider = viewer.page.get_by_role("slider", name="Timeline")
    box = slider.bounding_box()
    viewer.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.wait("Math.abs(document.querySelector('.mnb').dataset.drawn - 15.5) < 2")
    drawn = int(viewer.page.locator(".mnb").get_attribute("data-drawn"))
    assert shows(viewer, game[0][drawn])
    slider.focus()
    viewer.page.keyboard.press("End")
    viewer.at(COUNT - 1)
    assert shows(viewer, game[0][-1])
    mark = next(mark for mark in game[1].marks if mark.event == "part")
    viewer.page.locator('.mnb-mark[data-event="part"]').first.click()
    viewer.at(mark.moment)


def test_details_are_of_the_moment_and_the_lane(viewer: Viewer, game: Any) -> None:
    viewer.page.keyboard.press("PageDown")
    viewer.at(10)
    for lane in ("PPO", "random"):
        viewer.page.get_by_label("Lane to show").select_option(lane)
        for words in game[0][10].pictures[lane].words.values():
            expect(viewer.page.get_by_role("tabpanel", name="Observation")).to_contain_text(words)
    viewer.page.get_by_label("Lane to show").select_option("PPO")
    viewer.page.get_by_role("tab", name="Decision").click()
    panel = viewer.page.get_by_role("tabpanel", name="Decision")
    expect(panel).to_contain_text(game[0][10].snapshot.lanes[0].seats[0].action)


def test_it_follows_the_readers_theme_and_can_be_told_another(
    open_viewer: Callable[..., Viewer], game: Any
) -> None:
    viewer = open_viewer(color_scheme="dark")
    viewer.open(exported(filmed(game[0]), game[1]))
    viewer.at(0)

    def ground() -> str:
        found: str = viewer.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return found

    viewer.page.keyboard.press("PageDown")
    viewer.at(10)
    viewer.screenshot("export-dark")
    assert ground() == "rgb(13, 16, 20)"
    switch = viewer.page.get_by_role("button", name="Dark", pressed=True)
    switch.click()
    assert ground() == "rgb(246, 247, 249)"
    viewer.screenshot("export-light")
    viewer.page.emulate_media(color_scheme="light")
    viewer.page.get_by_role("button", name="Dark").click()
    expect(switch).to_be_visible()
    assert ground() == "rgb(13, 16, 20)"


def test_a_narrow_page_is_not_wider_than_its_screen(open_viewer: Callable[..., Viewer], game: Any) -> None:
    viewer = open_viewer(viewport={"width": 380, "height": 800})
    viewer.open(exported(filmed(game[0]), game[1]))
    viewer.at(0)
    assert viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    viewer.screenshot("export-narrow")


def test_without_javascript_the_end_is_shown(open_viewer: Callable[..., Viewer], game: Any) -> None:
    viewer = open_viewer(java_script_enabled=False)
    viewer.open(exported(filmed(game[0]), game[1]))
    picture = viewer.page.locator("noscript img")
    expect(picture).to_be_visible()
    assert picture.bounding_box()["width"] > 800
    expect(viewer.page.locator("noscript table")).to_contain_text("MiniGrid-DoorKey-5x5-v0, seed 7, tick 31")
    viewer.screenshot("export-no-javascript")


def test_nothing_can_be_loaded_or_run_beside_it(viewer: Viewer) -> None:
    viewer.page.evaluate("""() => {
        const add = (html) => document.body.insertAdjacentHTML("beforeend", html);
        add("<img src=x onerror='window.pwned = 1'><img src='http://localhost/y'>");
        add("<iframe srcdoc='<script>parent.pwned = 1</script>'></iframe><style>* {display: none}</style>");
        const script = document.createElement("script");
        script.textContent = "window.pwned = 1";
        document.body.append(script);
    }""")
    refused = "url => fetch(url).then(() => false, () => true)"
    assert viewer.page.evaluate(refused, "data:,x") is True
    viewer.wait("document.querySelectorAll('script').length === 3")
    assert viewer.page.evaluate("window.pwned") is None
    expect(viewer.page.locator(".mnb")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(open_viewer: Callable[..., Viewer], game: Any, scheme: str) -> None:
    viewer = open_viewer(color_scheme=scheme, reduced_motion="reduce")
    viewer.open(exported(filmed(game[0]), game[1]))
    viewer.at(0)
    viewer.page.keyboard.press("PageDown")
    viewer.at(10)
    for tab in ("Observation", "Decision"):
        viewer.page.get_by_role("tab", name=tab).click()
        found = Axe().run(viewer.page)
        assert found.response["violations"] == [], found.generate_report()


def test_hostile_runs_are_only_text_in_a_notebook(open_viewer: Callable[..., Viewer], tmp_path: Path) -> None:
    shown = []
    names = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    for number, name in enumerate(names):
        folder = tmp_path / f"run-{number}"
        Recorder(folder, name=name, kind=name, provenance={}).close()
        shown.append(open_run(folder)._repr_html_())
    viewer = open_viewer()
    viewer.page.set_content(f"<!doctype html><main>{''.join(shown)}</main>")
    cells = viewer.page.locator("main td:first-of-type").all_text_contents()
    assert [name for name in names if f"{name} ({name})" not in cells] == []
    assert viewer.page.locator("main").locator(FOREIGN).count() == 0
    assert viewer.page.evaluate("window.pwned") is None
    assert viewer.complaints == []


def test_hostile_texts_are_only_text(open_viewer: Callable[..., Viewer]) -> None:
    lanes = []
    pictures = {}
    for text in HOSTILE:
        seat = SeatView(text, text, text, action=text, probabilities=((text, 0.5),), note=text)
        lanes.append(LaneView(text, (seat,), "running", f"{text}\n{text}"))
        pictures[text] = Picture(id=0, format="text", text=text, words={text: text})
    snapshot = Snapshot(HOSTILE[0], 7, 0, "idle", 8.0, HOSTILE[0], tuple(lanes))
    moments = [
        Recollection(0, snapshot, pictures),
        Recollection(1, replace(snapshot, tick=1, moment=1, title=HOSTILE[1]), pictures),
    ]
    marks = tuple(Mark(1, text, text, text) for text in HOSTILE)
    viewer = open_viewer()
    viewer.open(exported(filmed(moments), History(0, 1, (), (), {}, marks)))
    viewer.at(0)
    viewer.page.keyboard.press("ArrowRight")
    viewer.at(1)
    shown = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    assert viewer.page.locator(".mnb-name").all_text_contents() == shown
    assert viewer.page.locator("pre.mnb-text").all_text_contents() == shown
    which = viewer.page.get_by_label("Lane to show")
    for tab in ("Observation", "Decision"):
        viewer.page.get_by_role("tab", name=tab).click()
        for number in range(len(HOSTILE)):
            which.select_option(index=number)
    viewer.page.locator(".mnb-mark").first.hover()
    assert viewer.page.locator("main").locator(FOREIGN).count() == 0
    assert viewer.page.evaluate("window.pwned") is None
    assert viewer.complaints == []
    assert viewer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
