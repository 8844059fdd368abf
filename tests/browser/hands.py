"""What a person does with an arena's widget, and sees there."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Locator, expect


def press(widget: Locator, name: str) -> None:
    """Click a button of the bar or a card by its whole name."""
    widget.get_by_role("button", name=name, exact=True).click()


def pick(widget: Locator, label: str) -> Locator:
    """The button of an action."""
    return widget.locator(f'.mnb-pick[data-label="{label}"]')


def step(widget: Locator, tick: int) -> None:
    """Press Step and wait until that tick is drawn."""
    press(widget, "Step")
    expect(widget).to_have_attribute("data-drawn", str(tick))


def asked(widget: Locator, lane: str = "me") -> None:
    """Press Step and wait until it is my turn in that lane."""
    press(widget, "Step")
    expect(turn(widget)).to_have_text(lane)


def turn(widget: Locator) -> Locator:
    """The names of the lanes in which a person is to move."""
    return widget.locator(".mnb-turn .mnb-name")


def tick(widget: Locator) -> int:
    """The tick on show."""
    return int(widget.get_attribute("data-tick") or -1)


def goes_on(widget: Locator, by: int = 5) -> None:
    """Wait until so many ticks more have been shown."""
    begun = tick(widget)
    until(lambda: tick(widget) >= begun + by)


def pixels(widget: Locator) -> list[str]:
    """Every lane's picture as drawn."""
    found: list[str] = widget.locator(".mnb-canvas").evaluate_all("all => all.map(each => each.toDataURL())")
    return found


def until(found: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
