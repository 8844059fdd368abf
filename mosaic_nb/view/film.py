"""Moments of an arena as a page keeps them: what is equal is kept once, and nothing is kept that nobody can use."""

from __future__ import annotations

import base64
import io
import json
from bisect import bisect_left
from dataclasses import replace
from typing import Any

from PIL import Image

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import History, LaneView, Recollection
from mosaic_nb.view.wire import pack, plain

_LARGE = 24_000
"""Bytes from which on it is tried whether a picture is smaller as JPEG."""

_QUALITY = 80
_MOST_POINTS = 600


class Film:
    """Collects moments in order.

    Args:
        max_bytes: what the page may have; at the moment that makes it more `add` refuses.

    Attributes:
        last: the newest moment, whole.
        bytes: about what the moments so far take in the page.
    """

    def __init__(self, max_bytes: float = float("inf")) -> None:
        self.last: Recollection | None = None
        self.bytes = 0
        self._max_bytes = max_bytes
        self._moments: list[dict[str, Any]] = []
        self._returns: dict[str, list[float | str]] = {}
        self._kept: dict[str, dict[str, int]] = {"lanes": {}, "pictures": {}, "words": {}}

    def __len__(self) -> int:
        return len(self._moments)

    def add(self, recollection: Recollection) -> None:
        """Keep one more moment.

        Raises:
            ValueError: the page would become too large; the error says how it becomes smaller.
        """
        self.last = recollection
        snapshot = recollection.snapshot
        shown = plain(replace(snapshot, lanes=tuple(_watched(lane) for lane in snapshot.lanes)))
        lanes = []
        for view, lane in zip(snapshot.lanes, shown.pop("lanes"), strict=True):
            picture = recollection.pictures.get(view.name)
            lanes.append([self._keep("lanes", _text(lane)), *self._keep_picture(picture)])
            self._returns.setdefault(lane["name"], []).append(lane["episode_return"])
        self._moments.append({"snapshot": shown | {"moment": recollection.moment}, "lanes": lanes})
        self.bytes += len(_text(self._moments[-1]))
        if self.bytes > self._max_bytes:
            raise ValueError(
                f"the page would have more than {self._max_bytes / 1e6:g} MB from moment {recollection.moment} on; "
                f"take a part, first=..., last=..., or fewer moments, every=..., or allow more, max_bytes=..."
            )

    def data(self, history: History) -> str:
        """Return everything as JSON that no text in it can end before its end, wherever it stands in a page.

        Args:
            history: what happened; its marks are shown at the moments kept.
        """
        parts = {name: f"[{','.join(texts)}]" for name, texts in self._kept.items()}
        parts |= {"moments": _text(self._moments), "history": _text(self._history(history))}
        whole = ",".join(f'"{name}":{text}' for name, text in parts.items())
        return f"{{{whole}}}".replace("<", "\\u003c")

    def _keep(self, kind: str, text: str) -> int:
        """Return the number of a text, the same for equal ones."""
        kept = self._kept[kind]
        if text not in kept:
            self.bytes += len(text) + 1
        return kept.setdefault(text, len(kept))

    def _keep_picture(self, picture: Picture | None) -> tuple[int | None, int | None]:
        if picture is None:
            return None, None
        (about,), buffers = pack({"": _lighter(picture)})
        shown = {name: about[name] for name in ("format", "width", "height", "text")}
        data = base64.b64encode(buffers[0]).decode() if buffers else None
        words = self._keep("words", _text(picture.words)) if picture.words else None
        return self._keep("pictures", _text(shown | {"data": data})), words

    def _history(self, history: History) -> dict[str, Any]:
        """What the timeline is drawn from, of these moments alone."""
        numbers = [each["snapshot"]["moment"] for each in self._moments]
        some = sorted({*range(0, len(numbers), -(-len(numbers) // _MOST_POINTS)), len(numbers) - 1})
        marks = [
            {"moment": numbers[bisect_left(numbers, mark.moment)]}
            | {"lane": mark.lane, "event": mark.event, "words": mark.words}
            for mark in history.marks
            if numbers[0] <= mark.moment <= numbers[-1]
        ]
        return {
            "type": "history",
            "first": numbers[0],
            "last": numbers[-1],
            "points": [numbers[at] for at in some],
            "ticks": [self._moments[at]["snapshot"]["tick"] for at in some],
            "returns": {name: [returns[at] for at in some] for name, returns in self._returns.items()},
            "marks": marks,
        }


def _watched(lane: LaneView) -> LaneView:
    """A lane for those who watch: nobody can be asked for a move any more."""
    seats = tuple(replace(seat, turn=None, choices=(), space=None, relieves="") for seat in lane.seats)
    return replace(lane, seats=seats)


def _lighter(picture: Picture) -> Picture:
    """The picture, as JPEG where that has less than half the bytes: photographs do, drawn grids do not."""
    if picture.format != "png" or len(picture.data) < _LARGE:
        return picture
    encoded = io.BytesIO()
    Image.open(io.BytesIO(picture.data)).convert("RGB").save(encoded, "jpeg", quality=_QUALITY)
    if encoded.tell() > len(picture.data) / 2:
        return picture
    return Picture(
        id=0,
        lane=picture.lane,
        format="jpeg",
        width=picture.width,
        height=picture.height,
        data=encoded.getvalue(),
    )


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
