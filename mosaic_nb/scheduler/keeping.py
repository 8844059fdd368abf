"""A lane's picture with what was shown beside it, as bytes that can be kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.recording.folder import FRAMES
from mosaic_nb.recording.reel import Reel
from mosaic_nb.scheduler.snapshot import LaneView


class _Kept(msgspec.Struct, array_like=True):
    format: str
    width: int
    height: int
    text: str
    data: bytes
    view: LaneView


class Keeping:
    """Puts what was shown of the lanes on a reel, and takes it from there.

    Args:
        run: the run's folder.
        cap: bytes that are kept at most.
    """

    def __init__(self, run: Path, cap: int) -> None:
        self.reel = Reel(run / FRAMES, cap)
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(_Kept)
        self._sharp: dict[str, int] = {}

    def put(self, view: LaneView, picture: Picture) -> None:
        """Keep a picture with the lane as it was shown then; a sharp one is not replaced by a blurred one."""
        if picture.format not in ("png", "jpeg", "text"):
            return
        if picture.format == "jpeg" and self._sharp.get(view.name) == view.frame:
            return
        kept = _Kept(
            picture.format, picture.width, picture.height, picture.text, picture.data, _at_rest(view)
        )
        try:
            data = self._encoder.encode(kept)
        except UnicodeEncodeError:  # half a surrogate pair in a text: a replay gives the moment back
            return
        if self.reel.keep(view.name, view.frame, data) and picture.format != "jpeg":
            self._sharp[view.name] = view.frame

    def take(self, lane: str, frame: int) -> tuple[LaneView, Picture] | None:
        """Return how a lane was shown with a picture of this number, or None if that was not kept."""
        data = self.reel.read(lane, frame)
        if data is None:
            return None
        kept = self._decoder.decode(data)
        picture = Picture(
            id=0,
            lane=lane,
            format=kept.format,
            width=kept.width,
            height=kept.height,
            text=kept.text,
            data=kept.data,
        )
        return kept.view, picture


def _at_rest(view: LaneView) -> LaneView:
    """Return a lane without the moves that its boards offer: nobody makes one in the past."""
    if all(seat.board is None for seat in view.seats):
        return view
    seats = (
        seat if seat.board is None else replace(seat, board=msgspec.structs.replace(seat.board, moves=[]))
        for seat in view.seats
    )
    return replace(view, seats=tuple(seats))
