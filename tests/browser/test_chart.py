"""The chart of returns in Chromium: what it says and draws, its colours, and what a redraw costs."""

from __future__ import annotations

import itertools
import re
import statistics
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mosaic_nb.scheduler.snapshot import Mark
from mosaic_nb.testing.controls import FakeControls
from mosaic_nb.view.script import script
from mosaic_nb.view.wire import plain
from tests.browser.game import EIGHT, Game, Stage

pytestmark = pytest.mark.browser

REDRAW = 4.0
"""Milliseconds that a redraw of 600 points in 8 lanes may take where tests share two cores; it takes about 1."""


def test_the_chart_tells_the_returns_of_now_of_the_past_and_where_one_points(game: Game) -> None:
    game.open(40)
    values = game.page.locator(".mnb-lanes-legend b")
    expect(values).to_have_text(["0.40"] * 3)
    game.rail.press("PageDown")
    game.answer()
    expect(values).to_have_text(["0.30"] * 3)
    game.page.locator(".mnb-plot").hover()
    expect(values).to_have_text(["0.20"] * 3)
    expect(game.page.locator(".mnb-tip")).to_have_text("tick 20")
    game.page.mouse.click(*[part + (0, 90)[axis] for axis, part in enumerate(game.at(0.1))])
    game.says("tick 4 of 40")
    game.answer()
    game.page.mouse.move(*game.at(0.5))
    expect(values).to_have_text(["0.20"] * 3)
    game.page.mouse.move(0, 0)
    expect(values).to_have_text(["0.04"] * 3)


def test_the_chart_in_words(game: Game) -> None:
    game.open(40)
    rows = game.page.locator(".mnb-chart tbody tr")
    expect(rows).to_have_text(["PPO0.400.40", "LLM0.400.40", "random0.400.40"])
    expect(game.page.locator(".mnb-chart caption")).to_have_text(
        "Return of each lane at tick 40 and at the last one, 40"
    )
    expect(game.page.locator(".mnb-numbers")).to_have_accessible_name(
        "Return of each lane from tick 0 to 40; the table that follows has the last values"
    )


def test_numbers_on_the_axes_are_round(game: Game) -> None:
    game.open(40)
    expect(game.page.locator(".mnb-column-number")).to_have_text(
        ["0", "5", "10", "15", "20", "25", "30", "35", "40"]
    )
    expect(game.page.locator(".mnb-row-number")).to_have_text(["0.4", "0.2"][::-1])
    lanes = game.fake.snapshot.lanes
    game.show(moment=41, tick=41, lanes=tuple(replace(lane, episode_return=-23456.0) for lane in lanes))
    expect(game.page.locator(".mnb-row-number")).to_have_text(["-30K", "-20K", "-10K", "0"])


def pixels(game: Game) -> dict[str, int]:
    """How many pixels of the chart's lines have each colour, as css writes it."""
    count = """canvas => {
        const {width, height} = canvas;
        const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
        const found = {};
        for (let at = 0; at < data.length; at += 4) {
            if (data[at + 3] < 255) continue;
            const colour = `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`;
            found[colour] = (found[colour] ?? 0) + 1;
        }
        return found;
    }"""
    found: dict[str, int] = game.page.locator(".mnb-lines").evaluate(count)
    return found


def inks(game: Game) -> list[str]:
    found: list[str] = game.page.locator(".mnb-sample path").evaluate_all(
        "all => all.map(each => getComputedStyle(each).stroke)"
    )
    return found


def drawn(game: Game, lane: int) -> int:
    """How many pixels a lane's line has; the page is given the time to draw."""
    game.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return pixels(game).get(inks(game)[lane], 0)


def test_no_tick_one_tick_and_many(game: Game) -> None:
    game.open()
    empty = game.page.locator(".mnb-nothing")
    expect(empty).to_be_visible()
    assert drawn(game, 2) > 5, "the last lane's dot"
    game.step()
    expect(empty).to_be_hidden()
    short = drawn(game, 2)
    game.step(30)
    assert drawn(game, 2) > short + 50


def test_a_line_breaks_where_an_episode_begins(game: Game) -> None:
    game.open()
    points = {"points": [0, 10, 20], "ticks": [0, 10, 20], "returns": {"PPO": [0, 1, 0]}}
    whole = {"type": "history", "first": 0, "last": 20, "marks": []} | points
    game.show(moment=21, tick=21)
    game.send(whole)
    unbroken = drawn(game, 0)
    game.send(whole | {"marks": [{"moment": 15, "lane": "PPO", "event": "begin", "words": ""}]})
    assert 20 < drawn(game, 0) < 0.7 * unbroken
    expect(game.page.locator(".mnb-episodes")).to_have_attribute("d", re.compile(r"^M\d+ \d+V\d+$"))


def test_a_return_that_is_no_number_is_a_gap(game: Game) -> None:
    game.open(5)
    lanes = game.fake.snapshot.lanes
    odd = tuple(replace(lane, episode_return=float("nan")) for lane in lanes)
    game.show(moment=6, tick=6, lanes=odd)
    expect(game.page.locator(".mnb-lanes-legend b")).to_have_text(["NaN"] * 3)
    assert drawn(game, 0) > 5


def test_the_lines_follow_the_theme_at_once(game: Game) -> None:
    game.open(30, theme="true")
    light = inks(game)[0]
    assert drawn(game, 0) > 50
    game.page.evaluate("document.body.dataset.jpThemeLight = 'false'")
    assert inks(game)[0] != light
    assert drawn(game, 0) > 50
    assert pixels(game).get(light, 0) == 0


def test_a_past_of_600_moments_is_redrawn_in_time(stage: Stage) -> None:
    fake = FakeControls(EIGHT)
    game = Game(stage, fake)
    game.open()
    points = list(range(600))
    returns = {lane.name: [(at * (7 + n) % 97) / 50 for at in points] for n, lane in enumerate(EIGHT)}
    marks = [msgspec.to_builtins(Mark(at, lane.name, "begin")) for at in range(0, 600, 60) for lane in EIGHT]
    game.show(moment=599, tick=599)
    whole = {"type": "history", "first": 0, "last": 599, "points": points, "ticks": points, "marks": marks}
    game.send(whole | {"returns": returns})
    took = game.page.evaluate(TIMED, [plain(fake.snapshot), 200])
    fake.close()
    assert 20 < len(took) < 60, "once a frame, not once a message"
    assert statistics.median(took) < REDRAW, took


TIMED = """async ([snapshot, count]) => {
    const took = [];
    let draws = 0;
    const frame = window.requestAnimationFrame.bind(window);
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) { draws += 1; clear.apply(this, box); };
    window.requestAnimationFrame = (act) => frame((now) => {
        const [before, begun] = [draws, performance.now()];
        act(now);
        if (draws > before) took.push(performance.now() - begun);
    });
    for (let at = 0; at < count; at += 1) {
        const newest = {...snapshot, moment: 600 + at, tick: 600 + at};
        window.receive({type: 'show', number: 1000 + at, snapshot: newest, pictures: []}, []);
        if (at % 4 === 0) await new Promise(frame);
    }
    return took;
}"""


def module(page: Page, name: str, act: str) -> Any:
    """Run ``act`` with a module of the front end."""
    load = "import(URL.createObjectURL(new Blob([source], {type: 'text/javascript'})))"
    return page.evaluate(
        f"async (source) => {{ const module = await {load}; return ({act})(module); }}", script(name)
    )


def test_a_long_past_is_thinned_and_keeps_its_ends(stage: Stage) -> None:
    act = """({buildRecord}) => {
        const record = buildRecord();
        for (let at = 0; at < 10000; at += 1) {
            record.note({moment: at, tick: at, lanes: [{name: 'a', episode_return: at / 2}]});
        }
        const points = record.points();
        return [points.length, points[0].moment, points.at(-1).moment, record.near(5000).returns[0], record.tick(7777)];
    }"""
    count, first, last, half, tick = module(stage.page, "record", act)
    assert 600 <= count <= 1200
    assert (first, last, tick) == (0, 9999, 7777)
    assert half == pytest.approx(2500, abs=20)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0, 1, 4, [0, 0.5, 1]),
        (0, 0.93, 4, [0, 0.5, 1]),
        (-0.3, 0.2, 4, [-0.4, -0.2, 0, 0.2]),
        (0, 500, 4, [0, 200, 400, 600]),
        (-1e6, 0, 4, [-1e6, -5e5, 0]),
        (0, 3e-7, 4, [0, 1e-7, 2e-7, 3e-7]),
    ],
)
def test_nice_ticks(stage: Stage, low: float, high: float, most: int, expected: list[float]) -> None:
    found = module(stage.page, "axis", f"({{niceTicks}}) => niceTicks({low}, {high}, {most})")
    assert found == pytest.approx(expected)


MACHADO = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}
"""How others see linear RGB: Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1."""
TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_OKLAB = (
    (0.2104542553, 0.793617785, -0.0040720468),
    (1.9779984951, -2.428592205, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.808675766),
)


def linear(colour: str) -> np.ndarray[Any, Any]:
    """A colour as css writes it, as linear RGB."""
    parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def oklab(colour: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.cbrt(np.clip(colour, 0, 1) @ np.array(TO_LMS).T) @ np.array(TO_OKLAB).T


@pytest.mark.parametrize("theme", ["true", "false"], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", MACHADO)
def test_eight_lanes_can_be_told_apart(stage: Stage, theme: str, eyes: str) -> None:
    fake = FakeControls(EIGHT)
    game = Game(stage, fake)
    game.open(1, theme=theme)
    fake.close()
    colours = [linear(colour) for colour in inks(game)]
    seen = [oklab(colour @ np.array(MACHADO[eyes]).T) for colour in colours]
    nearest = min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2))
    assert nearest > 0.1, "twice what is seen at a glance; and the dashes differ too"
    dashes = game.page.locator(".mnb-sample path").evaluate_all(
        "all => all.map(each => getComputedStyle(each).strokeDasharray)"
    )
    assert len(set(dashes)) == 8
    panel = game.page.locator(".mnb-course").evaluate("each => getComputedStyle(each).backgroundColor")
    light = [float(colour @ (0.2126, 0.7152, 0.0722)) for colour in (*colours, linear(panel))]
    ratios = [(max(one, light[-1]) + 0.05) / (min(one, light[-1]) + 0.05) for one in light[:-1]]
    assert min(ratios) >= 3, "what a line needs: WCAG 1.4.11"
