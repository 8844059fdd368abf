"""Drawing with Pillow: texts that fit, round corners that are smooth, pictures scaled as they look best."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

Box = tuple[int, int, int, int]
"""Left, top, width, height."""

_SMOOTH = 4
_LONGEST = 80
_LATIN = 0x250


class Ink:
    """Draws on an image.

    Attributes:
        image: the image, RGB.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self._draw = ImageDraw.Draw(image)

    def block(self, box: Box, colour: str) -> None:
        """Fill a box."""
        x, y, width, height = box
        self._draw.rectangle((x, y, x + width - 1, y + height - 1), colour)

    def panel(self, box: Box, radius: int, colour: str) -> None:
        """Fill a box with round corners."""
        x, y, width, height = box
        self.image.paste(colour, (x, y), _rounded(width, height, radius))

    def text(
        self,
        place: tuple[float, float],
        text: str,
        room: float,
        size: int,
        colour: str,
        anchor: str = "lm",
    ) -> float:
        """Write a text, cut to the room there is; return its width in pixels."""
        shown, width = _cut(text, room, size)
        self._draw.text(place, shown, colour, _font(size, shown), anchor=anchor)
        return width

    def chip(
        self,
        place: tuple[float, float],
        text: str,
        room: float,
        size: int,
        colour: str,
        ground: str,
        radius: int = 9,
    ) -> None:
        """Write a text on a small round ground, its left middle at a place; nothing where there is no room."""
        if room < 2 * size or not text:
            return
        x, y = round(place[0]), round(place[1])
        width = round(_cut(text, room, size)[1]) + 14
        self.panel((x, y - 10, width, 19), radius, ground)
        self.text((x + 7, y), text, room, size, colour)

    def lines(self, box: Box, lines: Sequence[str], size: int, height: int, colour: str) -> None:
        """Write lines with letters of one width, as text pictures are meant; as many as fit, long ones broken."""
        x, y, width, room = box
        font, most = _fixed(size), room // height
        fitting = max(1, int(width / font.getlength("m")))
        rows = [row for line in lines[:most] for row in _broken(line[: fitting * most], fitting)]
        for number, row in enumerate(rows[:most]):
            place = x, y + number * height + height // 2
            self._draw.text(place, row.encode("utf-8", "replace").decode(), colour, font, anchor="lm")

    def picture(self, box: Box, data: bytes) -> None:
        """Show an encoded picture in the middle of a box, as large as fits."""
        x, y, width, height = box
        fitted = _fitted(data, width, height)
        self.image.paste(fitted, (x + (width - fitted.width) // 2, y + (height - fitted.height) // 2))


@lru_cache(maxsize=1024)
def _cut(text: str, room: float, size: int) -> tuple[str, float]:
    """As much of a text as there is room for, and its width in pixels."""
    shown = text[:_LONGEST]
    font = _font(size, shown)
    while shown and font.getlength(shown) > room:
        shown = shown[:-2] + "…" if len(shown) > 1 else ""
    return shown, font.getlength(shown)


def _broken(line: str, width: int) -> list[str]:
    shown = "".join(letter if letter.isprintable() else " " for letter in line)
    return [shown] if len(shown) <= width else wrap(shown, width)


@lru_cache(maxsize=16)
def _fitted(data: bytes, width: int, height: int) -> Image.Image:
    frame = Image.open(io.BytesIO(data)).convert("RGB")
    scale = min(width / frame.width, height / frame.height)
    size = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
    sampling = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    return frame.resize(size, sampling, reducing_gap=2.0)


@lru_cache(maxsize=64)
def _rounded(width: int, height: int, radius: int) -> Image.Image:
    large = Image.new("L", (width * _SMOOTH, height * _SMOOTH))
    corner = width * _SMOOTH - 1, height * _SMOOTH - 1
    ImageDraw.Draw(large).rounded_rectangle((0, 0, *corner), radius * _SMOOTH, 255)
    return large.resize((width, height), Image.Resampling.BOX)


_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _font(size: int, text: str) -> _Font:
    """Pillow's own font, or for letters that it lacks one that has more."""
    if all(ord(letter) < _LATIN or letter == "…" for letter in text):
        return _plain(size)
    return _matplotlib("DejaVuSans", size)


@cache
def _plain(size: int) -> _Font:
    return ImageFont.load_default(size)


def _fixed(size: int) -> _Font:
    return _matplotlib("DejaVuSansMono", size)


@cache
def _matplotlib(name: str, size: int) -> _Font:
    """A font that matplotlib brings along, found without importing it."""
    spec = find_spec("matplotlib")
    assert spec is not None, "matplotlib is a dependency"
    assert spec.origin is not None, "matplotlib is a package"
    return ImageFont.truetype(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf", size)
