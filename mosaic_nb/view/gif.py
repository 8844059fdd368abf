"""An arena's moments as one moving picture: the lanes side by side, drawn as the still is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise

from PIL import Image, ImageColor

from mosaic_nb.scheduler.snapshot import Recollection
from mosaic_nb.view.still import UI_COLOURS, Still

LAST_FRAME = 1500
"""Milliseconds that the last frame stays before it begins again."""

MOST_FRAMES = 3000
"""What a GIF may have: each costs about 15 ms to draw and 10 KB to keep."""

_FASTEST = 20
"""Milliseconds: browsers slow down what is quicker."""

_COLOURS = 256
_SAMPLES = 24


def gif(
    film: Sequence[Recollection],
    *,
    speed: float | None = None,
    scale: float = 1.0,
    progress: Callable[[int, int], None] | None = None,
) -> bytes:
    """Draw moments as a GIF that plays for ever.

    Args:
        film: the moments in order, of the same lanes.
        speed: moments a second; as the arena played by default.
        scale: of both sides; 1 is a card about as wide as in a notebook.
        progress: called with how many frames are drawn and how many there are.

    Raises:
        ValueError: there are no moments, more than `MOST_FRAMES`, or ``speed`` or ``scale`` make no sense.
    """
    speed = film[0].snapshot.speed if speed is None and film else speed
    _check(film, speed, scale)
    still = Still(len(film[0].snapshot.lanes), film[0].pictures)
    palette = _palette(film, still)
    encoded = io.BytesIO()
    frames = _frames(film, still, palette, scale, progress)
    next(frames).save(
        encoded,
        "gif",
        save_all=True,
        append_images=frames,
        duration=_durations(len(film), speed or 1.0),
        loop=0,
        disposal=1,
        optimize=False,
    )
    return encoded.getvalue()


def _check(film: Sequence[Recollection], speed: float | None, scale: float) -> None:
    if not film:
        raise ValueError("there is no moment to show")
    if len(film) > MOST_FRAMES:
        raise ValueError(
            f"a GIF of {len(film)} frames would be too large (at most {MOST_FRAMES}); "
            f"take a part, first=..., last=..., or fewer of them, every={-(-len(film) // MOST_FRAMES)}"
        )
    if speed is None or not 0 < speed < float("inf"):
        raise ValueError(f"speed must be moments a second, above 0, not {speed!r}")
    if not 0.1 <= scale <= 4:
        raise ValueError(f"scale must lie between 0.1 and 4, not {scale!r}")


def _durations(count: int, speed: float) -> list[int]:
    """Milliseconds of every frame, to 10 as a GIF has them, their sum without drift."""
    step = max(_FASTEST, 1000 / speed)
    ends = [round(step * number / 10) * 10 for number in range(count)]
    return [later - sooner for sooner, later in pairwise(ends)] + [LAST_FRAME]


def _palette(film: Sequence[Recollection], still: Still) -> Image.Image:
    """One palette for all frames, so that no colour flickers: what it is drawn in, and what its moments show."""
    chosen = islice(film, 0, None, max(1, len(film) // _SAMPLES))
    samples = [still.draw(each.snapshot, each.pictures) for each in chosen]
    width, height = still.size[0] // 2, still.size[1] // 2
    sheet = Image.new("RGB", (width, height * len(samples)))
    for number, sample in enumerate(samples):
        sheet.paste(sample.resize((width, height), Image.Resampling.NEAREST), (0, number * height))
    fixed = [part for colour in UI_COLOURS for part in ImageColor.getrgb(colour)[:3]]
    found = sheet.quantize(_COLOURS - len(UI_COLOURS), Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette((fixed + found)[: 3 * _COLOURS])
    return palette


def _frames(
    film: Sequence[Recollection],
    still: Still,
    palette: Image.Image,
    scale: float,
    progress: Callable[[int, int], None] | None,
) -> Iterator[Image.Image]:
    size = round(still.size[0] * scale), round(still.size[1] * scale)
    for number, each in enumerate(film, 1):
        frame = still.draw(each.snapshot, each.pictures)
        if size != frame.size:
            frame = frame.resize(size, Image.Resampling.LANCZOS)
        if progress is not None:
            progress(number, len(film))
        yield frame.quantize(palette=palette, dither=Image.Dither.NONE)
