"""The lanes of a fake arena: what `mosaic_nb.testing.controls.FakeControls` plays, and how its pictures look."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import Choice, LaneView, SeatView

LABELS = ("left", "right", "forward", "pickup", "drop", "toggle")
KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "p", "d", "t")
_SIDE = 5


@dataclass(frozen=True, slots=True)
class FakeLane:
    """A lane as `FakeControls` is told to play it.

    Attributes:
        name: the lane's name.
        kind: of its operator; ``"human"`` makes the lane wait for `FakeControls.choose`.
        fails: why and how it fails, or empty; it fails at tick ``fails_at``.
        ends_at: the tick its episode is over and it is held, or None.
        text: what stands in for its picture, or empty.
        size: its pictures' (width, height) in pixels.
        labels: its actions.
    """

    name: str
    kind: str = "rl"
    fails: str = ""
    fails_at: int = 1
    ends_at: int | None = None
    text: str = ""
    size: tuple[int, int] = (320, 320)
    labels: tuple[str, ...] = LABELS


def four_lanes() -> tuple[FakeLane, ...]:
    """The quickstart's cast: PPO, LLM, me, random."""
    return (FakeLane("PPO"), FakeLane("LLM", "llm"), FakeLane("me", "human"), FakeLane("random", "baseline"))


def decide(lane: FakeLane, tick: int) -> int:
    """What a lane's operator does at a tick."""
    return (tick * 7 + len(lane.name)) % len(lane.labels)


def sit(
    lane: FakeLane, action: int | None, legal: Collection[str], *, taken: bool, note: str = ""
) -> SeatView:
    """The one seat of a lane.

    Args:
        lane: where it is.
        action: what was done last, or None.
        legal: the labels that a person may choose.
        taken: whether a person has taken the operator's place.
        note: what befell the last decision.
    """
    label = "" if action is None else lane.labels[action]
    took = None if action is None else 3.5 * len(lane.name)
    if lane.kind == "human" or taken:
        keys = dict(zip(LABELS, KEYS, strict=True))
        choices = tuple(
            Choice(n, name, keys.get(name, ""), name in legal) for n, name in enumerate(lane.labels)
        )
        return SeatView(
            "agent",
            "human" if taken else lane.name,
            "human",
            choices=choices,
            action=label,
            default=lane.labels[-1],
            milliseconds=took,
            note=note,
            relieves=lane.name if taken else "",
        )
    told = action is not None and lane.kind not in ("baseline", "script")
    return SeatView(
        "agent",
        lane.name,
        lane.kind,
        action=label,
        probabilities=_probabilities(lane, action) if told and action is not None else (),
        value=None if told or lane.kind == "baseline" else 0.5,
        milliseconds=took,
    )


def _probabilities(lane: FakeLane, action: int) -> tuple[tuple[str, float], ...]:
    rest = 0.3 / max(1, len(lane.labels) - 1)
    return tuple((label, 0.7 if number == action else rest) for number, label in enumerate(lane.labels))


def words(view: LaneView) -> dict[str, str]:
    """What each agent of a lane sees, in words."""
    return {seat.agent: f"step {view.step}: a goal far away, a key behind you" for seat in view.seats}


def picture(lane: FakeLane, view: LaneView, format: str, quality: int) -> Picture:
    """A lane's picture as it stands, encoded."""
    if lane.text:
        return Picture(id=0, lane=lane.name, format="text", text=lane.text.replace("{step}", str(view.step)))
    width, height = lane.size
    encoded = io.BytesIO()
    options: dict[str, Any] = {"quality": quality} if format == "jpeg" else {"compress_level": 1}
    Image.fromarray(_board(view, width, height)).save(encoded, format, **options)
    return Picture(id=0, lane=lane.name, format=format, width=width, height=height, data=encoded.getvalue())


def _board(view: LaneView, width: int, height: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A board of five by five cells, uint8 (height, width, 3): the token's cell follows from seed, step and action."""
    rows, columns = np.arange(height) * _SIDE // height, np.arange(width) * _SIDE // width
    cell = (view.seed * 3 + view.step * 2 + len(view.seats[0].action)) % _SIDE**2
    board = np.full((_SIDE, _SIDE, 3), (38, 42, 48), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = (52, 57, 64)
    board[1, 1], board[_SIDE - 1, _SIDE - 1] = (240, 200, 60), (60, 190, 110)
    board[divmod(cell, _SIDE)] = (235, 87, 87)
    return board[rows][:, columns]
