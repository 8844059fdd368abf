"""What a viewer sees of an arena, and what it may ask of it.

A `Snapshot` is immutable and complete: the view draws it and keeps no state of its own. `Controls` is the other
direction. Everything here is free of widgets, so a test can be a viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mosaic_nb.protocol.messages import Picture


@dataclass(frozen=True, slots=True)
class Choice:
    """One action of a Discrete space that a person may choose: its label, keyboard key (or empty), legality."""

    action: int
    label: str
    key: str = ""
    legal: bool = True


@dataclass(frozen=True, slots=True)
class SeatView:
    """One agent's seat: who sits there, and its last decision.

    Attributes:
        kind: rl, llm, vlm, human, baseline, ...
        turn: the number of the question that a person is being asked now, or None. An answer names it, so that a
            late or double click cannot answer the next one.
        choices: the actions of a person's seat, also while no tick is open; empty for other operators.
        action: the last action's label, or empty.
        probabilities: (label, probability) per action, or empty where the operator gives none.
        value: the expected return, or None.
    """

    agent: str
    operator: str
    kind: str
    turn: int | None = None
    choices: tuple[Choice, ...] = ()
    action: str = ""
    probabilities: tuple[tuple[str, float], ...] = ()
    value: float | None = None


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane as it stands.

    Attributes:
        status: ``starting``, ``running``, ``held`` (its episode is over and others play on), ``over`` (all
            episodes are over: the next step begins the next ones), ``failed`` or ``closed``.
        message: why it failed or is held, in words; plain text, hostile to HTML.
        frame: a number that changes with the environment's picture.
    """

    name: str
    seats: tuple[SeatView, ...]
    status: str = "starting"
    message: str = ""
    episode: int = 0
    seed: int = 0
    step: int = 0
    episode_return: float = 0.0
    frame: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An arena as it stands.

    Attributes:
        title: the environment's id.
        seed: the seed of the episodes under way.
        tick: how many ticks the arena has had.
        phase: ``idle``, ``waiting`` (a tick is open and a person is to move), ``stepping``, ``playing``
            or ``closed``.
        speed: ticks a second while playing.
        status: one line for people, such as whose turn it is.
        playing: whether tick follows tick until paused; stays True while a person is waited for.
    """

    title: str
    seed: int
    tick: int
    phase: str
    speed: float
    status: str
    lanes: tuple[LaneView, ...]
    playing: bool = False


class Controls(Protocol):
    """What a viewer may ask of an arena. Every method may be called from any thread and returns at once."""

    def step(self) -> None:
        """Open a tick; ignored while one is open."""

    def play(self) -> None:
        """Tick at the arena's speed until paused."""

    def pause(self) -> None:
        """Stop playing after the tick under way."""

    def reset(self, seed: int | None = None) -> None:
        """Begin anew: the same seed, or the one given."""

    def set_speed(self, ticks_per_second: float) -> None:
        """Change the speed of play."""

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """A person's move. With ``turn`` None (no tick was open when it was chosen) it starts a tick."""

    def pictures(self, format: str, done: Callable[[Mapping[str, Picture]], None], quality: int = 85) -> None:
        """Ask every lane for its picture; ``done`` is called on the scheduler's thread with lane -> picture."""

    def watch(self, viewer: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call ``viewer`` on the scheduler's thread at once and after every change; returns how to stop it."""
