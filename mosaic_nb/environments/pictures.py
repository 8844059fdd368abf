"""Pictures of an environment: checked, encoded, or drawn from text where there are no pixels."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np

from mosaic_nb.protocol.messages import Picture

_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MARGIN = 8
_LINE = 100  # characters; a longer line is folded, so that a picture of text stays readable


class RenderFailure(TypeError):
    """The environment's ``render`` gave something that is no picture."""


def checked(frame: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a frame if it is a uint8 array (height, width, 3).

    Raises:
        RenderFailure: it is something else; the text says what.
    """
    if isinstance(frame, np.ndarray) and frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3:
        return np.ascontiguousarray(frame)
    what = (
        f"{frame.dtype} array of shape {frame.shape}"
        if isinstance(frame, np.ndarray)
        else type(frame).__name__
    )
    raise RenderFailure(f"render returned a {what} instead of a uint8 array of shape (height, width, 3)")


def encode(frame: Any, format: str, quality: int) -> Picture:
    """Return a frame as a picture.

    Args:
        frame: uint8 (height, width, 3), RGB.
        format: ``"jpeg"``, ``"png"`` or ``"raw"``.
        quality: of a JPEG, 1 to 100.

    Raises:
        RenderFailure: the frame is no picture.
        ValueError: the format is unknown.
    """
    frame = checked(frame)
    height, width = frame.shape[:2]
    if format == "raw":
        return Picture(id=0, format=format, width=width, height=height, pixels=frame)
    if format == "jpeg":
        import simplejpeg

        # The quickest there is: a moving picture is gone in a moment, and the one that stays is a PNG.
        data = simplejpeg.encode_jpeg(
            frame, quality=quality, colorspace="RGB", colorsubsampling="420", fastdct=True
        )
    elif format == "png":
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "PNG", compress_level=1)
        data = buffer.getvalue()
    else:
        raise ValueError(f"a picture can be 'jpeg', 'png' or 'raw', not {format!r}")
    return Picture(id=0, format=format, width=width, height=height, data=data)


def plain(text: str) -> str:
    """Return a text without the terminal's colour codes."""
    return _ESCAPE.sub("", text)


def of_text(text: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a picture of a text, uint8 (height, width, 3): black on white, one line under the other."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(16)
    lines = [
        line[i : i + _LINE] for line in text.splitlines() or [""] for i in range(0, max(len(line), 1), _LINE)
    ]
    drawn = "\n".join(lines)
    box = ImageDraw.Draw(Image.new("RGB", (1, 1))).multiline_textbbox((_MARGIN, _MARGIN), drawn, font=font)
    image = Image.new("RGB", (int(box[2]) + _MARGIN, int(box[3]) + _MARGIN), "white")
    ImageDraw.Draw(image).multiline_text((_MARGIN, _MARGIN), drawn, fill="black", font=font)
    return np.asarray(image)
