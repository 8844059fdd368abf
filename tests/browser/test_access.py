"""Whether everybody can use the widget: axe-core's rules in every state, and all of it by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from gymnasium import spaces
from playwright.sync_api import Page, expect

from mosaic_nb.protocol.spaces import to_data
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot
from mosaic_nb.testing.controls import LABELS, FakeControls, FakeLane, four_lanes
from mosaic_nb.view.export import page as exported
from tests.browser.game import Game
from tests.browser.jupyterlab import SCREENSHOTS
from tests.films import filmed, played

pytestmark = pytest.mark.browser

Stage = Any
CAST = (
    *four_lanes()[:3],
    FakeLane("broken", "script", fails="It broke.\nTraceback\n  ValueError", fails_at=3),
)
FORM = spaces.Dict({"grip": spaces.Discrete(3), "arm": spaces.Box(-1, 1, (2,)), "say": spaces.Text(8)})


@pytest.fixture
def cast() -> Sequence[FakeLane]:
    return CAST


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds wrong, of every impact: the rule, and the first elements that break it."""
    found = Axe().run(page, context=within).response
    assert len(found["passes"]) > 10, "it looked"
    return [
        f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:4]]}" for each in found["violations"]
    ]


def moved(game: Game, ticks: int = 2) -> None:
    for _ in range(ticks):
        game.fake.choose("me", "agent", 2, None)
    game.show()
    game.answer()


def asked(game: Game) -> None:
    moved(game)
    game.fake.take_over("PPO", "agent")
    game.fake.step()
    game.show()


def failed(game: Game) -> None:
    moved(game, 4)
    game.page.locator(".mnb-trouble summary").last.click()


def past(game: Game) -> None:
    moved(game, 3)
    game.rail.press("ArrowLeft")
    game.answer()
    expect(game.page.locator(".mnb")).to_have_attribute("data-past", "true")


def decision(game: Game) -> None:
    moved(game)
    game.page.get_by_role("button", name="Details of LLM").click()
    game.page.get_by_role("tab", name="Decision").click()
    game.answer()


def log(game: Game) -> None:
    decision(game)
    game.page.get_by_role("tab", name="Log").click()


def menu(game: Game) -> None:
    game.page.get_by_role("button", name="Export").click()


def help_(game: Game) -> None:
    game.page.get_by_role("button", name="Help and keys").click()


def clocked(game: Game) -> None:
    game.fake.set_clocked(True)
    moved(game)


def gone(game: Game) -> None:
    moved(game)
    game.page.evaluate("window.disconnect()")


def crowded(game: Game) -> None:
    odds = tuple((label, 1 / len(LABELS)) for label in LABELS)
    team = tuple(SeatView(f"agent_{n}", "PPO", "rl", action="left", probabilities=odds) for n in range(3))
    person = SeatView("agent_3", "human", "human", turn=1, space=to_data(FORM), relieves="LLM")
    lanes = (LaneView("team", (*team, person), "running"), LaneView("text", team[:1], "held", "goal reached"))
    game.stage.show(Snapshot("game", 7, 1, "waiting", 8.0, "Your move: team.", lanes))


STATES: dict[str, Callable[[Game], None]] = {
    "idle": moved,
    "asked": asked,
    "playing": lambda game: game.show(playing=True, phase="playing", waits_for="LLM: 240 ms"),
    "failed": failed,
    "past": past,
    "decision": decision,
    "log": log,
    "menu": menu,
    "help": help_,
    "clocked": clocked,
    "gone": gone,
    "crowded": crowded,
}


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_axe_finds_nothing_in_any_state(stage: Stage, theme: str) -> None:
    found = {}
    for name, bring_about in STATES.items():
        fake = FakeControls(CAST)
        game = Game(stage, fake)
        game.open(theme=str(theme == "light").lower())
        stage.page.add_style_tag(content=f"body {{background: {'#fff' if theme == 'light' else '#111'}}}")
        bring_about(game)
        stage.page.wait_for_function("document.getAnimations().length === 0")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        stage.page.screenshot(
            path=SCREENSHOTS / f"state-{name}-{theme}.png", full_page=True, animations="disabled"
        )
        found[name] = violations(stage.page, ".mnb")
        fake.close()
    assert {name: each for name, each in found.items() if each} == {}
    assert stage.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_exported_page(stage: Stage, theme: str) -> None:
    moments, history = played(4)
    stage.page.emulate_media(color_scheme=theme)
    stage.page.set_content(exported(filmed(moments), history))
    expect(stage.page.locator(".mnb")).to_have_attribute("data-drawn", "0")
    assert violations(stage.page) == []


# Where the focus is: the name of the control, and whether one can see that it is there.
FOCUSED = """() => {
    const element = document.activeElement;
    const seen = [element, ...element.querySelectorAll("*"), element.nextElementSibling].some((each) => {
        const style = each && getComputedStyle(each);
        return style && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    });
    const inside = element.closest(".mnb") !== null;
    const name = element.getAttribute("aria-label") ?? (element.labels?.[0] ?? element).textContent;
    return { name: name.trim(), seen, inside, role: element.getAttribute("role") ?? element.tagName };
}"""


class Hands:
    """Somebody who has a keyboard and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.focused: dict[str, Any] = {}

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.focused = self.page.evaluate(FOCUSED)

    def tab_to(self, name: str, *, back: bool = False) -> None:
        """Press Tab until a control of that name has the focus, which is seen and named wherever it comes."""
        for _ in range(80):
            self.press("Shift+Tab" if back else "Tab")
            if self.focused["inside"]:
                assert self.focused["seen"], self.focused
                assert self.focused["name"], self.focused
            if self.focused["inside"] and self.focused["name"].startswith(name):
                return
        pytest.fail(f"Tab does not lead to {name}")


def test_a_whole_game_by_keyboard_alone(stage: Stage) -> None:
    fake = FakeControls(four_lanes())
    game = Game(stage, fake)
    game.open()
    hands = Hands(stage.page)

    hands.tab_to("Step")
    hands.press("Enter")
    assert len(stage.sent("step")) == 1
    fake.step()
    game.show()
    hands.tab_to("left")
    hands.press("Enter")
    assert stage.sent("choose")[-1]["action"] == 0
    fake.choose("me", "agent", 0, 1)
    game.show()
    game.answer()
    assert hands.page.evaluate(FOCUSED)["name"].startswith("left")
    for key, action in (("ArrowUp", 2), ("ArrowRight", 1), ("t", 5)):
        hands.press(key)
        assert stage.sent("choose")[-1]["action"] == action
        fake.choose("me", "agent", action, None)
        game.show()
        game.answer()

    hands.tab_to("Take over", back=True)
    hands.press(" ")
    assert stage.sent("take_over")[-1]["lane"] == "LLM"
    fake.take_over("LLM", "agent")
    game.show()
    game.answer()
    assert hands.page.evaluate(FOCUSED)["name"] == "Hand back"

    hands.tab_to("Timeline")
    hands.press("ArrowLeft")
    game.answer()
    hands.tab_to("Continue from here")
    hands.press("Enter")
    assert stage.sent("rewind")[-1]["moment"] == 3
    game.answer()
    assert hands.page.evaluate(FOCUSED)["name"].startswith("Timeline")

    hands.tab_to("Observation")
    hands.press("ArrowRight")
    assert hands.focused["name"] == "Decision"
    hands.tab_to("Help and keys", back=True)
    hands.press("Enter")
    expect(stage.page.get_by_role("dialog")).to_be_visible()
    hands.press("Escape")
    assert hands.focused["name"] == "Help and keys"
    hands.tab_to("Reset")
    hands.press("Enter")
    fake.reset()
    game.show()
    assert hands.page.evaluate(FOCUSED)["name"] == "Reset"
    assert len(stage.sent("reset")) == 1
    assert stage.errors == []
    fake.close()


def test_nothing_moves_by_itself_where_motion_is_not_wanted(stage: Stage) -> None:
    fake = FakeControls(four_lanes())
    game = Game(stage, fake)
    stage.page.emulate_media(reduced_motion="reduce")
    game.open()
    game.fake.choose("me", "agent", 0, None)
    game.show()
    moving = """() => [...document.querySelectorAll(".mnb, .mnb *")].filter((element) => {
        const { transitionDuration, animationName, transitionProperty } = getComputedStyle(element);
        return animationName !== "none" || (transitionProperty !== "none" && parseFloat(transitionDuration) > 0);
    }).length"""
    assert stage.page.evaluate(moving) == 0
    stage.page.emulate_media(reduced_motion="no-preference")
    assert stage.page.evaluate(moving) > 0
    fake.close()


def test_what_can_be_touched_is_large_enough(phone: Stage) -> None:
    fake = FakeControls(four_lanes())
    game = Game(phone, fake)
    game.open()
    phone.page.get_by_role("button", name="Export").click()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    phone.page.screenshot(path=SCREENSHOTS / "phone.png")
    # A mark of the timeline stands as close as it must; the slider reaches the same places.
    targets = phone.page.locator(".mnb :is(button, [role=slider]):visible:not(.mnb-mark)")
    small = """all => all.map(each => [each.getBoundingClientRect(), each.textContent])
        .filter(([box]) => Math.min(box.width, box.height) < 43.9).map(([, text]) => text)"""
    assert targets.count() > 20
    assert targets.evaluate_all(small) == []
    assert phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    fake.close()
