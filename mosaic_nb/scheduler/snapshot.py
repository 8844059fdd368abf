"""What a viewer sees of an arena, and what it may ask of it.

A `Snapshot` is immutable and complete: the view draws it and keeps no state of its own. `Controls` is the other
direction. Everything here is free of widgets, so a test can be a viewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mosaic_nb.protocol.messages import Board, Picture


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
        space: of a person's seat, the action space as data (`mosaic_nb.protocol.spaces`); None for operators.
        default: of a person's seat under the clock, the label of what is done while no key is down; empty for
            the last action once more.
        milliseconds: how long the last decision took, a person's too; None before the first.
        note: what befell the last decision: invalid, late, substituted, nobody there; empty where nothing did.
        relieves: the operator whose place a person has taken and can hand back; empty for everybody else.
        team, role: in the game, or empty.
        to_move: whether the agent decides in the tick that is open or the next one: others' turn may come first.
        chosen: whether a person has made the move that the open tick asked for.
        board: of a person's seat, the position to click; None where there is none.
    """

    agent: str
    operator: str
    kind: str
    turn: int | None = None
    choices: tuple[Choice, ...] = ()
    action: str = ""
    probabilities: tuple[tuple[str, float], ...] = ()
    value: float | None = None
    space: dict[str, Any] | None = None
    default: str = ""
    milliseconds: float | None = None
    note: str = ""
    relieves: str = ""
    team: str = ""
    role: str = ""
    to_move: bool = True
    chosen: bool = False
    board: Board | None = None


@dataclass(frozen=True, slots=True)
class LaneView:
    """One lane as it stands.

    Attributes:
        status: ``starting``, ``running``, ``held`` (its episode is over and others play on), ``over`` (all
            episodes are over: the next step begins the next ones), ``failed`` or ``closed``.
        message: why it failed or is held, in words; plain text, hostile to HTML.
        frame: a number that changes with the environment's picture.
        views: the agents whose own view can be looked at instead of the whole.
        view: the one whose view is looked at, or empty.
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
    views: tuple[str, ...] = ()
    view: str = ""


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
        moment: the number of the state on show: 0 is the first reset, and every tick and every reset is one more.
        chapter: a number that changes when the past does (a mark more, a rewind): `Controls.history` is due again.
        shared: whether all lanes play the same seeds.
        clocked: whether people play in real time: a tick comes whether or not a key is down.
        waits_for: who keeps the last tick from the speed that was asked for, in words; empty where nobody does.
    """

    title: str
    seed: int
    tick: int
    phase: str
    speed: float
    status: str
    lanes: tuple[LaneView, ...]
    playing: bool = False
    moment: int = 0
    chapter: int = 0
    shared: bool = True
    clocked: bool = False
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a lane and is no step, at its place on the timeline.

    Attributes:
        lane: its name, or empty where it concerns several; then the words name them.
        event: ``begin``, ``end``, ``part`` (lanes that had played alike act differently), ``take-over``,
            ``hand-back``, ``swap``, ``failure`` or ``rewind``.
        words: what happened, for people.
    """

    moment: int
    lane: str
    event: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The current line of an arena's past, thinned out where it is long.

    Attributes:
        first, last: the oldest moment that can be gone back to, and the newest.
        points: some moments from first to last, ascending.
        ticks: the tick at each point.
        returns: lane -> the return of its episode at each point.
        marks: in order.
    """

    first: int
    last: int
    points: tuple[int, ...]
    ticks: tuple[int, ...]
    returns: Mapping[str, tuple[float, ...]]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Recollection:
    """A moment as it was.

    Attributes:
        moment: its number.
        snapshot: as it was shown then; its `Snapshot.moment` is this one.
        pictures: lane -> picture, with the words of each agent's observation.
    """

    moment: int
    snapshot: Snapshot
    pictures: Mapping[str, Picture]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What can be read of a lane at a moment.

    Attributes:
        observations: agent -> its observation in words.
        logs: who (an operator's label, or ``environment``) -> the end of its log as it is now.
    """

    lane: str
    moment: int
    observations: Mapping[str, str]
    logs: Mapping[str, str]


class Controls(Protocol):
    """What a viewer may ask of an arena. Every method may be called from any thread and returns at once."""

    @property
    def late(self) -> int:
        """How many moves of people came too late, or twice, and were ignored."""

    def step(self, count: int = 1) -> None:
        """Open a tick, ``count`` of them one after another; ignored while one is open."""

    def play(self) -> None:
        """Tick at the arena's speed until paused."""

    def pause(self) -> None:
        """Stop playing after the tick under way."""

    def stop(self) -> None:
        """Stop whatever is under way: playing, several steps, an open tick, which is taken back."""

    def reset(self, seed: int | None = None, shared: bool | None = None) -> None:
        """Begin anew: the same seed or the one given, shared by all lanes or not, or as before."""

    def set_speed(self, ticks_per_second: float) -> None:
        """Change the speed of play."""

    def set_clocked(self, on: bool) -> None:
        """Have people play in real time, or be asked."""

    def choose(self, lane: str, agent: str, action: Any, turn: int | None) -> None:
        """A person's move. With ``turn`` None (no tick was open when it was chosen) it starts a tick."""

    def hold(self, lane: str, agent: str, action: Any) -> None:
        """Real time: from now on this is what the person does, as long as the key is down; None when it is up."""

    def take_over(self, lane: str, agent: str) -> None:
        """Seat a person in the operator's place from the next decision on."""

    def hand_back(self, lane: str, agent: str) -> None:
        """Seat the operator again whose place a person has taken."""

    def look_through(self, lane: str, agent: str) -> None:
        """Show an agent's own view in the place of a lane's picture; the whole again where the agent is empty."""

    def rewind(self, moment: int) -> None:
        """Go back to a moment of the past, replayed and checked, and continue from there on a new branch."""

    def recall(self, moment: int, done: Callable[[Recollection], None]) -> None:
        """Show a moment of the past; of several asked for meanwhile, only the newest is answered."""

    def history(self, done: Callable[[History], None]) -> None:
        """Ask for the past up to now."""

    def inspect(self, lane: str, moment: int | None, done: Callable[[Inspection], None]) -> None:
        """Ask what can be read of a lane, at a moment or (None) now."""

    def pictures(self, format: str, done: Callable[[Mapping[str, Picture]], None], quality: int = 85) -> None:
        """Ask every lane for its picture; ``done`` is called on the scheduler's thread with lane -> picture."""

    def watch(self, viewer: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call ``viewer`` on the scheduler's thread at once and after every change; returns how to stop it."""
