"""What is left of an arena where no widget can be shown: a composed picture, a table, one line of text."""

from __future__ import annotations

import io
from collections.abc import Mapping
from html import escape

from PIL import Image, ImageDraw, ImageFont

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import LaneView, Snapshot

_GAP, _PAD, _HEAD, _FOOT, _TITLE = 12, 12, 40, 40, 44
_INK, _MUTE, _LINE, _PAPER, _GROUND, _PALE, _BAD = (
    "#1f2328",
    "#5d6673",
    "#dcdfe3",
    "#ffffff",
    "#16181b",
    "#e6e9ed",
    "#b3261e",
)
_KINDS = {
    "rl": "#1f5fd0",
    "llm": "#7237c9",
    "vlm": "#0b6b83",
    "icrl": "#a02a74",
    "tool": "#4a6b12",
    "human": "#b0440b",
    "script": "#7a5a00",
}
_OTHER_KIND = "#56606e"
_COLUMNS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 3, 6: 3}
_CARD_WIDTHS = {1: 460, 2: 420, 3: 358, 4: 266}
_LETTER, _LINE_HEIGHT = 8, 18
_LONGEST_NAME = 60


def picture(snapshot: Snapshot, pictures: Mapping[str, Picture]) -> bytes:
    """Compose the lanes into one light PNG: names, kinds, pictures, step and return.

    Args:
        snapshot: what to show.
        pictures: lane -> its picture, PNG, JPEG or text; a lane without one gets an empty view.
    """
    frames = {name: _opened(one) for name, one in pictures.items() if one.data}
    columns = _COLUMNS.get(len(snapshot.lanes), 4)
    width = _CARD_WIDTHS[columns]
    view = round(width / _ratio(frames))
    height = _HEAD + view + _FOOT
    size = columns * (width + _GAP) + _GAP, _TITLE + -(-len(snapshot.lanes) // columns) * (height + _GAP)
    still = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(still)
    _text(draw, (_GAP + 2, _TITLE // 2), _heading(snapshot), size[0] - 2 * _GAP, 17, _INK)
    for number, lane in enumerate(snapshot.lanes):
        row, column = divmod(number, columns)
        x, y = _GAP + column * (width + _GAP), _TITLE + row * (height + _GAP)
        draw.rounded_rectangle((x, y, x + width, y + height), 10, _PAPER, _LINE)
        _card(draw, lane, (x, y, width, height))
        _view(still, (x + 1, y + _HEAD, width - 1, view), pictures.get(lane.name), frames.get(lane.name))
    return _encoded(still)


def table(snapshot: Snapshot) -> str:
    """The lanes as a small HTML table. Every text is escaped."""
    head = "".join(
        f"<th>{name}</th>" for name in ("lane", "operators", "status", "episode", "step", "return")
    )
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in _cells(lane))}</tr>" for lane in snapshot.lanes
    )
    caption = escape(_heading(snapshot))
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def line(snapshot: Snapshot) -> str:
    """One line that is the same in every run: no address, no number that changes."""
    count = "1 lane" if len(snapshot.lanes) == 1 else f"{len(snapshot.lanes)} lanes"
    return (
        f"Arena({_flat(snapshot.title)}, {count}: {', '.join(_flat(lane.name) for lane in snapshot.lanes)})"
    )


def _flat(text: str) -> str:
    """The text on one line, without control characters and without what UTF-8 cannot carry."""
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.encode("utf-8", "replace").decode().split())


def _heading(snapshot: Snapshot) -> str:
    return f"{_flat(snapshot.title)}, seed {snapshot.seed}"


def _cells(lane: LaneView) -> tuple[str, ...]:
    operators = ", ".join(f"{_flat(seat.operator)} ({_flat(seat.kind)})" for seat in lane.seats)
    status = f"{lane.status}: {_reason(lane)}" if lane.message else lane.status
    return (
        _flat(lane.name),
        operators,
        status,
        str(lane.episode),
        str(lane.step),
        f"{lane.episode_return:.2f}",
    )


def _reason(lane: LaneView) -> str:
    return _flat(lane.message.partition("\n")[0])


def _opened(one: Picture) -> Image.Image:
    return Image.open(io.BytesIO(one.data)).convert("RGB")


def _ratio(frames: Mapping[str, Image.Image]) -> float:
    """Width by height of the views: of the first picture, within what looks well."""
    first = next(iter(frames.values()), None)
    return 1.0 if first is None else min(1.6, max(0.8, first.width / first.height))


def _card(draw: ImageDraw.ImageDraw, lane: LaneView, box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    kind = lane.seats[0].kind if len({seat.kind for seat in lane.seats}) == 1 else "mixed"
    shown = {"rl": "RL", "llm": "LLM", "vlm": "VLM", "icrl": "ICRL"}.get(kind, kind)
    middle = y + _HEAD // 2
    colour = _BAD if lane.status == "failed" else _MUTE
    right = _text(draw, (x + width - _PAD, middle), lane.status, 80, 13, colour, anchor="rm")
    room = width - 3 * _PAD - right
    used = _text(draw, (x + _PAD, middle), lane.name, room * 0.7, 15, _INK)
    _text(draw, (x + 2 * _PAD + used, middle), shown, room - used - _PAD, 13, _KINDS.get(kind, _OTHER_KIND))
    foot = y + height - _FOOT // 2
    if lane.status == "failed":
        _text(draw, (x + _PAD, foot), _reason(lane) or "failed", width - 2 * _PAD, 14, _BAD)
        return
    _text(draw, (x + _PAD, foot), f"step {lane.step}", width / 2, 14, _INK)
    earned = f"return {lane.episode_return:.2f}"
    _text(draw, (x + width - _PAD, foot), earned, width / 2, 14, _INK, anchor="rm")


def _view(
    still: Image.Image, box: tuple[int, int, int, int], one: Picture | None, frame: Image.Image | None
) -> None:
    x, y, width, height = box
    draw = ImageDraw.Draw(still)
    draw.rectangle((x, y, x + width - 1, y + height - 1), _GROUND)
    if frame is not None:
        scale = min(width / frame.width, height / frame.height)
        size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        sampling = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
        place = x + (width - size[0]) // 2, y + (height - size[1]) // 2
        still.paste(frame.resize(size, sampling), place)
        return
    lines = one.text.splitlines() if one else ["no picture"]
    for row, each in enumerate(lines[: height // _LINE_HEIGHT - 1]):
        _letters(draw, (x + _PAD, y + (row + 1) * _LINE_HEIGHT), each[: (width - 2 * _PAD) // _LETTER])


def _letters(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str) -> None:
    """Write a text with letters of one width, as text pictures are meant: the bundled font has none."""
    font = ImageFont.load_default(13)
    for column, letter in enumerate(text):
        if letter.isprintable():
            at = place[0] + column * _LETTER + _LETTER // 2, place[1]
            draw.text(at, letter.encode("utf-8", "replace").decode(), _PALE, font, anchor="mm")


def _text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    room: float,
    size: int,
    colour: str,
    anchor: str = "lm",
) -> float:
    """Write a text, cut to the room there is; return its width in pixels."""
    font = ImageFont.load_default(size)
    shown = _flat(text)[:_LONGEST_NAME]
    while shown and draw.textlength(shown, font) > room:
        shown = shown[:-2] + "…" if len(shown) > 1 else ""
    draw.text(place, shown, colour, font, anchor=anchor)
    return draw.textlength(shown, font)


def _encoded(still: Image.Image) -> bytes:
    encoded = io.BytesIO()
    still.save(encoded, "png", optimize=True)
    return encoded.getvalue()
