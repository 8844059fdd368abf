"""Many agents on a card: rows, turns, two people at one keyboard, views per agent, in Chromium; no kernel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot
from tests.browser.hands import pick
from tests.browser.jupyterlab import SCREENSHOTS
from tests.browser.people import choices
from tests.browser.test_access import violations

pytestmark = pytest.mark.browser

LABELS = ("noop", "left", "right", "forward")
ARROWS = {"left": "ArrowLeft", "right": "ArrowRight", "forward": "ArrowUp"}
LETTERS = {"left": "a", "right": "d", "forward": "w"}
ODDS = (("noop", 0.02), ("left", 0.2), ("right", 0.16), ("forward", 0.62))
PEOPLE = (
    SeatView("agent_0", "human", "human", turn=1, choices=choices(LABELS, ARROWS), team="green"),
    SeatView("agent_1", "human", "human", turn=2, choices=choices(LABELS, LETTERS), team="blue"),
)


def operators(count: int) -> tuple[SeatView, ...]:
    """Some seats of operators, in two teams."""
    return tuple(
        SeatView(
            f"agent_{n}",
            "PPO" if n % 2 else "random",
            "rl" if n % 2 else "baseline",
            action="forward",
            probabilities=ODDS if n % 2 else (),
            team=("green", "blue")[n // 2 % 2],
        )
        for n in range(count)
    )


def snapshot(*lanes: tuple[SeatView, ...], phase: str = "waiting", **changes: Any) -> Snapshot:
    """An arena of such lanes."""
    shown = tuple(LaneView(f"lane {n}", seats, "running", **changes) for n, seats in enumerate(lanes))
    return Snapshot("Soccer-v0", 7, 0, phase, 8.0, "Your move.", shown)


def row(stage: Any, agent: str, lane: int = 0) -> Locator:
    """An agent's part of a card."""
    card = stage.page.locator(".mnb-card").nth(lane)
    found: Locator = card.locator(".mnb-seat").filter(has=stage.page.get_by_text(agent, exact=True))
    return found


def chosen(stage: Any) -> list[tuple[str, int]]:
    """Who has chosen what so far."""
    return [(sent["agent"], sent["action"]) for sent in stage.sent("choose")]


# --- rows --------------------------------------------------------------------------------------------


def test_eight_agents_are_a_row_each_and_unfold(stage: Any) -> None:
    stage.render()
    stage.show(snapshot(operators(8), phase="idle"))
    heights = stage.page.locator(".mnb-seat").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(heights) == 8
    assert max(heights) <= 40
    expect(row(stage, "agent_1").locator(".mnb-seat-head")).to_contain_text("forward")
    expect(row(stage, "agent_1").locator(".mnb-chance")).to_have_text("0.62")
    expect(row(stage, "agent_2").locator(".mnb-team")).to_have_text("blue")
    bars = row(stage, "agent_1").locator(".mnb-thought:visible")
    expect(bars).to_have_count(0)
    more = stage.page.get_by_role("button", name="What agent_1 thinks")
    more.click()
    expect(more).to_have_attribute("aria-expanded", "true")
    expect(bars).to_have_count(4)
    expect(row(stage, "agent_1").get_by_role("button", name="Take over")).to_be_visible()


def test_in_turns_a_card_says_who_is_to_move(stage: Any) -> None:
    first, second = operators(2)
    stage.render()
    stage.show(snapshot((replace(first, to_move=False), second), phase="idle"))
    expect(row(stage, "agent_0").locator(".mnb-now")).to_have_text("")
    expect(row(stage, "agent_1").locator(".mnb-now")).to_have_text("to move")
    stage.show(snapshot((first, second), phase="idle"))
    expect(row(stage, "agent_1").locator(".mnb-now")).to_have_text("")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_cards_of_many(stage: Any, theme: str) -> None:
    stage.render(theme=str(theme == "light").lower())
    stage.page.add_style_tag(content=f"body {{background: {'#fff' if theme == 'light' else '#111'}}}")
    views = tuple(f"agent_{n}" for n in range(8))
    stage.show(snapshot((*operators(4)[2:], *PEOPLE), operators(8), views=views))
    stage.page.get_by_role("button", name="What agent_1 thinks").click()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stage.page.screenshot(path=SCREENSHOTS / f"teams-{theme}.png", full_page=True, animations="disabled")
    assert violations(stage.page, ".mnb") == []
    assert stage.errors == []


# --- two people --------------------------------------------------------------------------------------


def test_two_people_have_their_own_keys_and_their_joint_move_is_collected(stage: Any) -> None:
    stage.render()
    stage.show(snapshot(PEOPLE))
    keys = [row(stage, agent).locator("kbd:visible").all_inner_texts() for agent in ("agent_0", "agent_1")]
    assert keys == [["1", "←", "→", "↑"], ["1", "A", "D", "W"]]
    stage.page.locator(".mnb").focus()
    stage.page.keyboard.press("w")
    assert chosen(stage) == [("agent_1", 3)]
    stage.show(snapshot((PEOPLE[0], replace(PEOPLE[1], turn=None, chosen=True))))
    expect(row(stage, "agent_1").locator(".mnb-now")).to_have_text("has chosen")
    expect(row(stage, "agent_1")).not_to_contain_text("forward (")
    expect(row(stage, "agent_0").locator(".mnb-now")).to_have_text("your move")
    stage.page.keyboard.press("a")
    stage.page.keyboard.press("ArrowLeft")
    assert chosen(stage) == [("agent_1", 3), ("agent_0", 1)]


def test_in_real_time_two_people_hold_keys_at_once(stage: Any) -> None:
    stage.render()
    people = tuple(replace(seat, turn=None) for seat in PEOPLE)
    stage.show(replace(snapshot(people, phase="playing"), clocked=True, playing=True))
    stage.page.locator(".mnb").focus()
    for key in ("ArrowUp", "d"):
        stage.page.keyboard.down(key)
    for key in ("ArrowUp", "d"):
        stage.page.keyboard.up(key)
    held = [(sent["agent"], sent["action"]) for sent in stage.sent("hold")]
    assert held == [("agent_0", 3), ("agent_1", 2), ("agent_0", None), ("agent_1", None)]


def test_nobody_moves_ahead_of_their_turn(stage: Any) -> None:
    first, second = (replace(seat, turn=None) for seat in PEOPLE)
    stage.render()
    stage.show(snapshot((first, replace(second, to_move=False)), phase="idle"))
    stage.page.locator(".mnb").focus()
    for key in ("w", "ArrowUp"):
        stage.page.keyboard.press(key)
    assert chosen(stage) == [("agent_0", 3)]
    expect(pick(row(stage, "agent_1"), "left")).to_be_disabled()


def test_the_help_lists_the_keys_of_both(stage: Any) -> None:
    stage.render()
    stage.show(snapshot(PEOPLE))
    stage.page.get_by_role("button", name="Help and keys").click()
    help_ = stage.page.locator("dialog.mnb-help")
    for agent, key in (("agent_0", "↑"), ("agent_1", "W")):
        section = help_.locator("section").filter(has_text=f"lane 0, {agent}")
        expect(section.get_by_role("button", name="Key of forward")).to_have_text(key)


# --- views -------------------------------------------------------------------------------------------


def test_an_agents_own_view_is_asked_for(stage: Any) -> None:
    seats = operators(2)
    stage.render()
    stage.show(snapshot(seats, phase="idle", views=("agent_0", "agent_1")))
    look = stage.page.get_by_role("combobox", name="View of lane 0")
    assert look.locator("option").all_inner_texts() == ["everybody", "agent_0", "agent_1"]
    look.select_option("agent_1")
    sent = stage.sent("look_through")[-1]
    assert (sent["lane"], sent["agent"]) == ("lane 0", "agent_1")
    stage.show(snapshot(seats, phase="idle", views=("agent_0", "agent_1"), view="agent_1"))
    expect(look).to_have_value("of agent_1")
    look.select_option("everybody")
    assert stage.sent("look_through")[-1]["agent"] == ""
    stage.show(snapshot(seats, phase="idle"))
    expect(look).to_be_hidden()
