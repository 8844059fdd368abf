"""A fake arena behind a page with the widget's front end: `Game`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from playwright.sync_api import Locator, expect

from mosaic_nb.scheduler.snapshot import History, Inspection, Mark, Recollection
from mosaic_nb.testing.controls import FakeControls
from mosaic_nb.testing.fake_lanes import FakeLane
from mosaic_nb.view.wire import pack, plain

Stage = Any

CAST = (FakeLane("PPO"), FakeLane("LLM", "llm"), FakeLane("random", "baseline"))
EIGHT = tuple(
    FakeLane(name, kind)
    for name, kind in zip(
        ("PPO", "DQN", "LLM", "VLM", "in context", "tool", "script", "random"),
        ("rl", "rl", "llm", "vlm", "icrl", "tool", "script", "baseline"),
        strict=True,
    )
)


class Game:
    """A fake arena behind a stage: it shows what happens and, when told to, answers what the page asked.

    Attributes:
        stage, fake, page: the two, and the Playwright page.
        marks: what the page is told to have happened; None for what the fake says itself.
    """

    def __init__(self, stage: Stage, fake: FakeControls) -> None:
        self.stage, self.page, self.fake = stage, stage.page, fake
        self.marks: tuple[Mark, ...] | None = None
        self._answered = 0

    def open(self, ticks: int = 0, **options: Any) -> None:
        """Put the widget on the page, after some ticks, and answer what it asks."""
        self.stage.render(**options)
        for _ in range(ticks):
            self.fake.step()
        self.show()
        self.answer()

    def step(self, ticks: int = 1) -> None:
        """Play some ticks, each of them shown."""
        for _ in range(ticks):
            self.fake.step()
            self.show()

    def show(self, **changes: Any) -> None:
        """Send what there is to see now, or something else."""
        self.fake.settle()
        self.stage.show(replace(self.fake.snapshot, **changes), self.fake.pictures_now())

    def answer(self) -> list[dict[str, Any]]:
        """Answer what was asked since the last time; return it."""
        asked: list[dict[str, Any]] = self.page.evaluate("from => window.sent.slice(from)", self._answered)
        self._answered += len(asked)
        for message in asked:
            match message:
                case {"type": "history"}:
                    self.remember()
                case {"type": "scrub", "moment": moment}:
                    self.recall(moment)
                case {"type": "inspect", "lane": lane, "moment": moment}:
                    self.inspected(
                        self._get(lambda done, of=lane, at=moment: self.fake.inspect(of, at, done))
                    )
                case {"type": "rewind", "moment": moment}:
                    self.fake.rewind(moment)
                    self.show()
        return asked

    def remember(self, **changes: Any) -> None:
        """Send the past as it is, or otherwise."""
        history: History = self._get(self.fake.history)
        marks = history.marks if self.marks is None else self.marks
        self.send({"type": "history"} | msgspec.to_builtins(replace(history, marks=marks, **changes)))

    def recall(self, moment: int) -> None:
        """Send a moment of the past, and wait until it is drawn."""
        found: Recollection = self._get(lambda done: self.fake.recall(moment, done))
        described, buffers = pack(found.pictures)
        message = {"moment": moment, "snapshot": plain(found.snapshot), "pictures": described}
        self.send({"type": "past"} | message, buffers)

    def inspected(self, inspection: Inspection) -> None:
        """Send what can be read of a lane."""
        self.send({"type": "inspection"} | msgspec.to_builtins(inspection))

    def send(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        """Send the page a message."""
        encoded = [base64.b64encode(buffer).decode() for buffer in buffers or ()]
        receive = "([message, buffers]) => window.receive(JSON.parse(message), buffers)"
        self.page.evaluate(receive, [json.dumps(message), encoded])

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type that the page has sent so far."""
        return [
            {key: value for key, value in message.items() if key != "view"}
            for message in self.stage.sent(kind)
        ]

    def mark(self, *marks: Mark) -> Locator:
        """Send marks in the place of the fake's own; return those on the page."""
        self.marks = marks
        self.remember()
        return self.page.locator(".mnb-mark")

    def says(self, words: str) -> None:
        """Wait until the timeline's slider says this."""
        expect(self.rail).to_have_attribute("aria-valuetext", words)

    @property
    def rail(self) -> Locator:
        """The timeline's slider."""
        return self.page.get_by_role("slider", name="Timeline")

    @property
    def drawer(self) -> Locator:
        """The details of the chosen lane."""
        return self.page.locator(".mnb-drawer")

    def at(self, share: float) -> tuple[float, float]:
        """Where on the page a share of the rail is."""
        box = self.rail.bounding_box()
        assert box is not None
        return box["x"] + 9 + share * (box["width"] - 18), box["y"] + box["height"] / 2

    def _get(self, ask: Callable[[Callable[[Any], None]], None]) -> Any:
        found: list[Any] = []
        ask(found.append)
        self.fake.settle()
        return found[0]
