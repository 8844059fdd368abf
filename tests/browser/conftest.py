"""Fixtures: `lab` opens notebooks in a real JupyterLab, `notebook` writes one from cells, `stage` is a plain page."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import Snapshot
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view.script import script, style
from mosaic_nb.view.wire import pack, plain
from tests.browser.game import CAST, Game
from tests.browser.jupyterlab import CHROMIUM_FLAGS, NO_CHROMIUM, WAIT, Lab, Server, find_chromium

STAGE = Path(__file__).with_name("stage.js")


class Stage:
    """The widget's front end on a plain page, with Python's side played by the test: quick, and no kernel.

    Attributes:
        page: the Playwright page.
        errors: uncaught errors of the page.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(WAIT)
        self._number = 0

    def render(self, *, theme: str = "") -> None:
        """Put the widget on an empty page; ``theme`` is what JupyterLab says of itself, ``"true"`` if light."""
        said = f' data-jp-theme-light="{theme}"' if theme else ""
        head = f"<meta name=viewport content='width=device-width'><style>{style()}</style>"
        self.page.set_content(f"<!doctype html>{head}<body{said}><div id=here></div></body>")
        self.page.evaluate(STAGE.read_text(), script("grid"))

    def show(self, snapshot: Snapshot, pictures: Mapping[str, Picture] | None = None) -> None:
        """Send a snapshot and pictures, and wait until they are drawn."""
        self._number += 1
        described, buffers = pack(pictures or {})
        message = {"type": "show", "number": self._number, "snapshot": plain(snapshot), "pictures": described}
        encoded = [base64.b64encode(buffer).decode() for buffer in buffers]
        self.page.evaluate("([message, buffers]) => window.receive(message, buffers)", [message, encoded])

    def draw(self, controls: FakeControls) -> None:
        """Show a fake arena as it stands, once everything posted to it has happened."""
        controls.settle()
        self.show(controls.snapshot, controls.pictures_now())

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that carries no pictures."""
        self.page.evaluate("text => window.receive(JSON.parse(text), [])", json.dumps(message))

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type that the front end has sent so far."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "kind => window.sent.filter(m => m.type === kind)", kind
        )
        return found

    def leave(self) -> None:
        """Take the widget off the page."""
        self.page.evaluate("window.leave()")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, shared by all tests."""
    program = find_chromium()
    if program is None:
        required = os.environ.get("CI") or os.environ.get("MOSAIC_NB_REQUIRE_BROWSER")
        (pytest.fail if required else pytest.skip)(NO_CHROMIUM)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab server, shared by all tests; not even started where there is no browser."""
    server = Server(tmp_path_factory.mktemp("jupyter"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def tabs(browser: Browser) -> Iterator[BrowserContext]:
    """Where JupyterLab's pages open: shared, so that its scripts are loaded and compiled once."""
    context = browser.new_context(viewport={"width": 1280, "height": 960})
    yield context
    context.close()


@pytest.fixture
def lab(tabs: BrowserContext, server: Server) -> Iterator[Lab]:
    """A fresh page of JupyterLab. Its kernels end with the test, which leaves the notebook's cells unharmed."""
    lab = Lab(server, tabs.new_page())
    yield lab
    try:
        lab.check_unharmed()
    finally:
        lab.page.close()
        server.end_kernels()


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """The widget's front end on a plain page."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    yield Stage(context.new_page())
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Stage]:
    """The widget's front end on a narrow screen that is touched."""
    context = browser.new_context(viewport={"width": 380, "height": 800}, has_touch=True, is_mobile=True)
    yield Stage(context.new_page())
    context.close()


@pytest.fixture
def fake() -> Iterator[FakeControls]:
    """The quickstart's cast, at rest."""
    controls = FakeControls(four_lanes())
    yield controls
    controls.close()


@pytest.fixture
def cast() -> Sequence[FakeLane]:
    """The lanes of `game`; a test file may have its own."""
    return CAST


@pytest.fixture
def game(stage: Stage, cast: Sequence[FakeLane]) -> Iterator[Game]:
    """A game, three lanes without a person, not yet on the page, which is to have no error at the end."""
    fake = FakeControls(cast)
    yield Game(stage, fake)
    fake.close()
    assert stage.errors == []


@pytest.fixture
def notebook(server: Server, request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Write a notebook of code cells into the server's root; return its path."""

    def write(*sources: str, kernel: str = "python3") -> Path:
        name = request.node.name.replace("[", "-").strip("]")
        return server.notebook(name, *sources, kernel=kernel)

    return write
