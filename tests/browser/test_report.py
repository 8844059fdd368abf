"""A run's report, opened from a file with the network off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mosaic_nb.analysis import report
from tests.analysis.recorded import Recorded, storable
from tests.analysis.tables import changed, episodes, lanes
from tests.browser.jupyterlab import SCREENSHOTS
from tests.hostile import HOSTILE

pytestmark = pytest.mark.browser

OURS = "html head meta title style body main header h1 h2 p ul li section div span figure figcaption picture source "
OURS += "img table thead tbody tr th td pre code"


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    contexts = []

    def opens(text: str, *, width: int = 1200, scheme: str = "light") -> Page:
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "request",
            lambda request: page.complaints.append(request.url) if request.url[:4] == "http" else None,
        )
        page.goto(file.as_uri())
        page.wait_for_function("[...document.images].every(image => image.complete)")
        return page

    yield opens
    for context in contexts:
        context.close()


def shown(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def doorkey() -> str:
    table = changed(lanes(120), "bad", 17, end="failed")
    return report(
        Recorded(table, events=[("bad", 17, 3, "failure", "llm", "DeadlineExceeded: no answer within 60 s")])
    )


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 1200), ("light", 380)])
def test_it_can_be_read(opened, scheme, width):
    page = opened(doorkey(), width=width, scheme=scheme)
    assert page.complaints == []
    assert page.evaluate("[...document.images].map(image => image.naturalWidth > 300)") == [True] * 4
    used = page.evaluate("[...document.images].map(image => image.currentSrc === image.src)")
    assert used == [scheme == "light"] * 4
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shown(page, f"report-{scheme}-{width}")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})
    assert found.response["violations"] == [], found.generate_report()


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, 4))])
def test_hostile_names_are_only_names(opened, part):
    names = [storable(name) for number, name in enumerate(HOSTILE) if number % 4 == part]
    few = names[:: max(1, len(names) // 4)]
    table = episodes({name: [1, 2 + place, 3] * 4 for place, name in enumerate(few)})
    events = [(name, 1, 2, "failure", name, name) for name in names]
    casts = {name: {"*": name, name: name} for name in names}
    page = opened(
        report(Recorded(table, name=names[0], events=events, casts=casts, environment=names[-1])), width=1000
    )
    assert page.complaints == []
    assert page.evaluate("window.pwned") is None
    tags = set(page.evaluate("[...document.querySelectorAll('*')].map(each => each.localName)"))
    assert tags <= set(OURS.split())
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000
    if part == 0:
        shown(page, "report-hostile")
