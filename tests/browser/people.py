"""People at pickers: lanes with a person in each, and what the arena makes of what their pickers send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gymnasium import Space, spaces
from playwright.sync_api import Locator

from mosaic_nb.protocol import messages
from mosaic_nb.protocol.spaces import explain, to_data
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.snapshot import Choice, LaneView, SeatView, Snapshot


def choices(
    labels: Sequence[str], keys: Mapping[str, str], illegal: Sequence[str] = ()
) -> tuple[Choice, ...]:
    """The choices of a Discrete space."""
    return tuple(
        Choice(at, label, keys.get(label, ""), label not in illegal) for at, label in enumerate(labels)
    )


def snapshot(people: Mapping[str, Space[Any] | tuple[Choice, ...]], **changes: Any) -> Snapshot:
    """A lane for each person, all asked; ``turn=None`` among the changes: nobody is."""
    turn = changes.pop("turn", 1)
    title = changes.pop("title", "Test-v0")
    phase = changes.pop("phase", "idle" if turn is None else "waiting")
    lanes = tuple(
        LaneView(name, (_seat(what, turn),), changes.pop("lane_status", "running"))
        for name, what in people.items()
    )
    return Snapshot(title, 7, changes.pop("tick", 0), phase, 8.0, "Your move.", lanes, **changes)


def _seat(what: Space[Any] | tuple[Choice, ...], turn: int | None) -> SeatView:
    if isinstance(what, tuple):
        return SeatView("agent", "human", "human", turn=turn, choices=what)
    return SeatView("agent", "human", "human", turn=turn, space=to_data(what))


class Person:
    """A person in one lane, at the picker that it shows.

    Attributes:
        card: the lane's card.
    """

    def __init__(self, stage: Any, space: Space[Any], **changes: Any) -> None:
        self.stage = stage
        self._space = space
        stage.render()
        self.show(**changes)
        self.card: Locator = stage.page.locator(".mnb-card")

    def show(self, **changes: Any) -> None:
        """Show the arena as it stands after these changes."""
        self.stage.show(snapshot({"me": self._space}, **changes))

    def do(self) -> Any:
        """Press the button; return the member of the space that the arena makes of what was sent."""
        self.card.locator("[data-action=do]").click()
        return self.done()

    def done(self) -> Any:
        """The member of the space that the arena makes of what was sent last."""
        return self.parse(self.stage.sent("choose")[-1]["action"])

    def parse(self, plain: Any) -> Any:
        """Return the member that the arena makes of a plain value."""
        space = to_data(self._space)
        agent = messages.Agent(observation_space=to_data(spaces.Discrete(2)), action_space=space)
        member = Actions(agent).parse(plain, None)
        assert explain(self._space, member) is None
        return member

    def said(self) -> str:
        """What is wrong, in words."""
        return self.card.locator(".mnb-wrong").inner_text()
