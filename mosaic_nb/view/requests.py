"""What a front end says, as types: what does not fit them is refused in one place, with a reason in words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from mosaic_nb.scheduler.snapshot import Controls

Count = Annotated[int, Meta(ge=1, le=100_000)]


class Request(Struct):
    """Any message. ``view`` names the front end: who asks is answered, and nobody else; empty for all."""

    view: str = ""


class Command(Request):
    """What an arena does and nobody waits for."""

    def do(self, controls: Controls) -> None:
        """Ask it of an arena.

        Raises:
            ValueError: a part makes no sense.
        """
        raise NotImplementedError


class Hello(Request, tag="hello"):
    """A front end is there and has nothing yet."""

    looking: bool = True


class Look(Request, tag="look"):
    """It came into sight, or went out of it."""

    looking: bool = True


class Leave(Request, tag="leave"):
    """It is gone."""


class Acknowledge(Request, tag="acknowledge", kw_only=True):
    """It has drawn message ``number``; it has drawn ``drawn`` in all, where it counts them."""

    number: int
    drawn: int | None = None


class Step(Command, tag="step"):
    """See `Controls.step`."""

    count: Count = 1

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.step(self.count)


class Play(Command, tag="play"):
    """See `Controls.play`."""

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.play()


class Pause(Command, tag="pause"):
    """See `Controls.pause`."""

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.pause()


class Stop(Command, tag="stop"):
    """See `Controls.stop`."""

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.stop()


class Reset(Command, tag="reset"):
    """See `Controls.reset`; a seed is a text, because JavaScript's numbers end at 2**53."""

    seed: str | int | None = None
    shared: bool | None = None

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.reset(_seed(self.seed), self.shared)


class Speed(Command, tag="speed", kw_only=True):
    """See `Controls.set_speed`."""

    ticks_per_second: float

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.set_speed(self.ticks_per_second)


class Clock(Command, tag="clock", kw_only=True):
    """See `Controls.set_clocked`."""

    on: bool

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.set_clocked(self.on)


class Choose(Command, tag="choose", kw_only=True):
    """See `Controls.choose`."""

    lane: str
    agent: str
    action: Any
    turn: int | None = None

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.choose(self.lane, self.agent, self.action, self.turn)


class Hold(Command, tag="hold", kw_only=True):
    """See `Controls.hold`."""

    lane: str
    agent: str
    action: Any = None

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.hold(self.lane, self.agent, self.action)


class TakeOver(Command, tag="take_over", kw_only=True):
    """See `Controls.take_over`."""

    lane: str
    agent: str

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.take_over(self.lane, self.agent)


class HandBack(Command, tag="hand_back", kw_only=True):
    """See `Controls.hand_back`."""

    lane: str
    agent: str

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.hand_back(self.lane, self.agent)


class LookThrough(Command, tag="look_through", kw_only=True):
    """See `Controls.look_through`."""

    lane: str
    agent: str = ""

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.look_through(self.lane, self.agent)


class AskHistory(Request, tag="history"):
    """See `Controls.history`."""


class Scrub(Request, tag="scrub", kw_only=True):
    """See `Controls.recall`."""

    moment: int


class Rewind(Command, tag="rewind", kw_only=True):
    """See `Controls.rewind`."""

    moment: int

    def do(self, controls: Controls) -> None:
        """Ask it of an arena."""
        controls.rewind(self.moment)


class Inspect(Request, tag="inspect", kw_only=True):
    """See `Controls.inspect`."""

    lane: str
    moment: int | None = None


class Export(Request, tag="export", kw_only=True):
    """Asks for a file."""

    kind: Literal["html", "gif", "png"]


Said = (
    Hello
    | Look
    | Leave
    | Acknowledge
    | Step
    | Play
    | Pause
    | Stop
    | Reset
    | Speed
    | Clock
    | Choose
    | Hold
    | TakeOver
    | HandBack
    | LookThrough
    | AskHistory
    | Scrub
    | Rewind
    | Inspect
    | Export
)


def read(content: Any) -> Said:
    """Return what a front end said.

    Raises:
        ValueError: this version does not know it, or a part is missing or of the wrong kind.
    """
    try:
        said: Said = msgspec.convert(content, Said)
    except msgspec.ValidationError as error:
        kind = content.get("type") if isinstance(content, dict) else content
        raise ValueError(
            f"the page sent what this version of mosaic_nb does not understand ({kind!r:.60}: {error}); "
            "save the notebook and load the page again"
        ) from None
    return said


def _seed(text: str | int | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"a seed is a whole number of at least 0, not {text!r:.60}") from None
