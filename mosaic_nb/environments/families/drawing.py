"""A small drawing board for games that draw nothing: a grid of cells in calm colours, twice as fine as it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

PAPER, LINE, INK, WHITE = (247, 245, 240), (222, 218, 209), (44, 48, 56), (255, 255, 255)
AGENTS = (
    *((58, 108, 172), (196, 78, 66), (86, 140, 86), (150, 96, 168)),
    *((206, 142, 52), (70, 148, 152), (176, 96, 128), (120, 112, 84)),
)
_FINE = 2


class Board:
    """Rows and columns of square cells to draw on.

    Args:
        rows, columns: how many.
        cell: a cell's side in pixels.
    """

    def __init__(self, rows: int, columns: int, cell: int = 40) -> None:
        from PIL import Image, ImageDraw

        self._cell = cell * _FINE
        self._image = Image.new("RGB", (columns * self._cell, rows * self._cell), PAPER)
        self._draw = ImageDraw.Draw(self._image)
        for x in range(columns + 1):
            self._draw.line(
                [(x * self._cell, 0), (x * self._cell, self._image.height)], fill=LINE, width=_FINE
            )
        for y in range(rows + 1):
            self._draw.line(
                [(0, y * self._cell), (self._image.width, y * self._cell)], fill=LINE, width=_FINE
            )

    def square(self, row: int, column: int, color: Any, inset: float = 0.0) -> None:
        """Fill a cell, but for a margin that is a share of its side."""
        box = self._box(row, column, inset)
        self._draw.rounded_rectangle(box, radius=self._cell * 0.12 if inset else 0, fill=color)

    def disc(self, row: int, column: int, color: Any, inset: float = 0.14) -> None:
        """Draw a disc."""
        self._draw.ellipse(self._box(row, column, inset), fill=color)

    def ring(self, row: int, column: int, color: Any, inset: float = 0.06) -> None:
        """Draw a frame in a cell."""
        box = self._box(row, column, inset)
        self._draw.rounded_rectangle(box, radius=self._cell * 0.14, outline=color, width=3 * _FINE)

    def pointer(self, row: int, column: int, toward: tuple[int, int], color: Any = WHITE) -> None:
        """Draw a wedge in the middle of a cell, toward (rows down, columns right)."""
        down, right = toward
        y, x = (row + 0.5) * self._cell, (column + 0.5) * self._cell
        tip, wide = self._cell * 0.26, self._cell * 0.15
        base = (x - right * tip * 0.5, y - down * tip * 0.5)
        sides = [(base[0] + down * wide * s, base[1] + right * wide * s) for s in (1, -1)]
        self._draw.polygon([(x + right * tip, y + down * tip), *sides], fill=color)

    def label(self, row: int, column: int, text: str, color: Any = WHITE, size: float = 0.42) -> None:
        """Write in the middle of a cell."""
        from PIL import ImageFont

        font = ImageFont.load_default(round(self._cell * size))
        middle = ((column + 0.5) * self._cell, (row + 0.5) * self._cell)
        self._draw.text(middle, text, fill=color, font=font, anchor="mm")

    def picture(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Return what was drawn, uint8 (rows * cell, columns * cell, 3)."""
        from PIL import Image

        size = (self._image.width // _FINE, self._image.height // _FINE)
        return np.asarray(self._image.resize(size, Image.Resampling.BOX))

    def _box(self, row: int, column: int, inset: float) -> tuple[float, float, float, float]:
        margin = self._cell * inset
        left, top = column * self._cell + margin, row * self._cell + margin
        return (left, top, (column + 1) * self._cell - margin, (row + 1) * self._cell - margin)
