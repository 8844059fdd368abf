"""What is left of an arena where no widget can be shown: a composed picture, a table, one line of text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from html import escape

from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import LaneView, SeatView, Snapshot
from mosaic_nb.view.ink import Box, Ink

_GAP, _PAD, _HEAD, _FOOT, _TITLE = 12, 12, 40, 40, 44
_INK, _MUTE, _LINE, _PAPER, _GROUND, _PALE, _BAD, _BADGE = (
    "#1f2328",
    "#5d6673",
    "#dcdfe3",
    "#ffffff",
    "#16181b",
    "#e6e9ed",
    "#b3261e",
    "#26292e",
)
UI_COLOURS = (_INK, _MUTE, _LINE, _PAPER, _GROUND, _PALE, _BAD, _BADGE)
"""What a still is drawn in beside its pictures and the colours of the kinds."""

_KINDS = {  # of the words, and of the ground behind them
    "rl": ("#1f5fd0", "#e3ebf9"),
    "llm": ("#7237c9", "#eee7f8"),
    "vlm": ("#0b6b83", "#e1edf0"),
    "icrl": ("#a02a74", "#f4e5ee"),
    "tool": ("#4a6b12", "#e9ede2"),
    "human": ("#b0440b", "#f6e8e1"),
    "script": ("#7a5a00", "#efebe0"),
}
_OTHER_KIND = ("#56606e", "#eaecee")
_KIND_WORDS = {"rl": "RL", "llm": "LLM", "vlm": "VLM", "icrl": "ICRL"}
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 3}
_CARD_WIDTHS = {1: 460, 2: 420, 3: 358, 4: 266}
_LETTERS, _LINE_HEIGHT = 12, 16
_HEADS = ("lane", "operators", "status", "episode", "step", "return", "last action")


class Still:
    """A drawing of an arena's lanes side by side; made once for a film, so that its frames are alike.

    Args:
        lanes: how many.
        pictures: some of theirs: the first tells the views' shape.
    """

    def __init__(self, lanes: int, pictures: Mapping[str, Picture]) -> None:
        self._columns = _COLUMNS.get(lanes, 4)
        self._width = _CARD_WIDTHS[self._columns]
        self._view = round(self._width / _ratio(pictures))
        self._height = _HEAD + self._view + _FOOT
        rows = -(-lanes // self._columns)
        self.size = (
            self._columns * (self._width + _GAP) + _GAP,
            _TITLE + rows * (self._height + _GAP),
        )
        self._places = [self._place(number) for number in range(lanes)]
        self._empty = self._cards()

    def draw(self, snapshot: Snapshot, pictures: Mapping[str, Picture]) -> Image.Image:
        """Draw names, kinds, pictures, last actions, step and return; a lane without a picture says so."""
        ink = Ink(self._empty.copy())
        room = self.size[0] - 2 * _GAP
        ink.text((_GAP + 2, _TITLE // 2), heading(snapshot), room, 17, _INK)
        for lane, (x, y) in zip(snapshot.lanes, self._places, strict=True):
            _head(ink, lane, (x, y, self._width, _HEAD))
            _view(ink, (x + 1, y + _HEAD, self._width - 2, self._view), lane, pictures.get(lane.name))
            _foot(ink, lane, (x, y + _HEAD + self._view, self._width, _FOOT))
        return ink.image

    def _place(self, number: int) -> tuple[int, int]:
        row, column = divmod(number, self._columns)
        return _GAP + column * (self._width + _GAP), _TITLE + row * (self._height + _GAP)

    def _cards(self) -> Image.Image:
        ink = Ink(Image.new("RGB", self.size, _PAPER))
        for x, y in self._places:
            ink.panel((x, y, self._width, self._height), 10, _LINE)
            ink.panel((x + 1, y + 1, self._width - 2, self._height - 2), 9, _PAPER)
        return ink.image


def picture(snapshot: Snapshot, pictures: Mapping[str, Picture]) -> bytes:
    """Compose the lanes into one light PNG.

    Args:
        snapshot: what to show.
        pictures: lane -> its picture, PNG, JPEG or text; a lane without one gets an empty view.
    """
    encoded = io.BytesIO()
    Still(len(snapshot.lanes), pictures).draw(snapshot, pictures).save(encoded, "png", compress_level=6)
    return encoded.getvalue()


def table(snapshot: Snapshot) -> str:
    """The lanes as a small HTML table. Every text is escaped."""
    head = "".join(f"<th>{name}</th>" for name in _HEADS)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(lane))}</tr>" for lane in snapshot.lanes
    )
    caption = escape(f"{heading(snapshot)}, tick {snapshot.tick}")
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def line(snapshot: Snapshot) -> str:
    """One line that is the same in every run: no address, no number that changes."""
    count = "1 lane" if len(snapshot.lanes) == 1 else f"{len(snapshot.lanes)} lanes"
    return f"Arena({flat(snapshot.title)}, {count}: {', '.join(flat(lane.name) for lane in snapshot.lanes)})"


def heading(snapshot: Snapshot) -> str:
    """What is played, on one line."""
    return f"{flat(snapshot.title)}, seed {snapshot.seed}"


def flat(text: str) -> str:
    """The text on one line, without control characters and without what UTF-8 cannot carry."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.encode("utf-8", "replace").decode().split())


def _cells(lane: LaneView) -> tuple[str, ...]:
    operators = ", ".join(f"{flat(seat.operator)} ({flat(seat.kind)})" for seat in lane.seats)
    status = f"{lane.status}: {_reason(lane)}" if lane.message else lane.status
    numbers = str(lane.episode), str(lane.step), f"{lane.episode_return:.2f}"
    return flat(lane.name), operators, status, *numbers, _actions(lane)


def _actions(lane: LaneView) -> str:
    def said(seat: SeatView) -> str:
        return flat(seat.action if len(lane.seats) == 1 else f"{seat.agent}: {seat.action}")

    return ", ".join(said(seat) for seat in lane.seats if seat.action)


def _reason(lane: LaneView) -> str:
    return flat(lane.message.partition("\n")[0])


def _ratio(pictures: Mapping[str, Picture]) -> float:
    """Width by height of the views: of the first picture, within what looks well."""
    first = next((one for one in pictures.values() if one.width and one.height), None)
    return 1.0 if first is None else min(1.6, max(0.8, first.width / first.height))


def _head(ink: Ink, lane: LaneView, box: Box) -> None:
    x, y, width, height = box
    middle = y + height // 2
    colour = _BAD if lane.status == "failed" else _MUTE
    right = ink.text((x + width - _PAD, middle), flat(lane.status), 80, 13, colour, anchor="rm")
    room = width - 3 * _PAD - right
    used = ink.text((x + _PAD, middle), flat(lane.name), room * 0.65, 15, _INK)
    kind = lane.seats[0].kind if len({seat.kind for seat in lane.seats}) == 1 else "mixed"
    words, ground = _KINDS.get(kind, _OTHER_KIND)
    place = x + _PAD + used + 10, middle
    ink.chip(place, flat(_KIND_WORDS.get(kind, kind)), room - used - 24, 12, words, ground)


def _view(ink: Ink, box: Box, lane: LaneView, one: Picture | None) -> None:
    ink.block(box, _GROUND)
    x, y, width, height = box
    if one is not None and one.data:
        ink.picture(box, one.data)
    else:
        lines = one.text.splitlines() if one else ["no picture"]
        inside = (x + _PAD, y + _PAD, width - 2 * _PAD, height - 2 * _PAD)
        ink.lines(inside, lines, _LETTERS, _LINE_HEIGHT, _PALE)
    if done := _actions(lane):
        ink.chip((x + 8, y + height - 19), done, width - 34, 12, _PAPER, _BADGE, radius=6)


def _foot(ink: Ink, lane: LaneView, box: Box) -> None:
    x, y, width, height = box
    middle = y + height // 2
    if lane.status == "failed":
        ink.text((x + _PAD, middle), _reason(lane) or "failed", width - 2 * _PAD, 14, _BAD)
        return
    ink.text((x + _PAD, middle), f"step {lane.step}", width / 2, 14, _INK)
    earned = f"return {lane.episode_return:.2f}"
    ink.text((x + width - _PAD, middle), earned, width / 2, 14, _INK, anchor="rm")
