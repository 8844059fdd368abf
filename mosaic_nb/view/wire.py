"""A snapshot and its pictures as what a front end receives: JSON that every JavaScript reads exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import History, Inspection, Recollection, Snapshot


def plain(snapshot: Snapshot) -> dict[str, Any]:
    """Return the snapshot as dicts and lists. Seeds are strings: JavaScript's numbers end at 2**53."""
    data: dict[str, Any] = _safe(msgspec.to_builtins(snapshot))
    data["seed"] = str(snapshot.seed)
    for lane in data["lanes"]:
        lane["seed"] = str(lane["seed"])
    return data


def pack(pictures: Mapping[str, Picture]) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Return the pictures' descriptions, each naming its place among the binary buffers, and the buffers."""
    described: list[dict[str, Any]] = []
    buffers: list[bytes] = []
    for lane, picture in pictures.items():
        entry = {"lane": lane, "format": picture.format, "width": picture.width, "height": picture.height}
        entry |= {"text": picture.text, "buffer": len(buffers) if picture.data else None}
        if picture.data:
            buffers.append(picture.data)
        described.append(_safe(entry))
    return described, buffers


def past(recollection: Recollection) -> tuple[dict[str, Any], list[bytes]]:
    """Return a moment as a message, and its binary parts."""
    described, buffers = pack(recollection.pictures)
    snapshot = plain(recollection.snapshot)
    content = {"type": "past", "moment": recollection.moment, "snapshot": snapshot, "pictures": described}
    return content, buffers


def history(history: History) -> dict[str, Any]:
    """Return an arena's past as a message."""
    return {"type": "history", **_safe(msgspec.to_builtins(history))}


def inspection(inspection: Inspection) -> dict[str, Any]:
    """Return what can be read of a lane as a message."""
    return {"type": "inspection", **_safe(msgspec.to_builtins(inspection))}


def trouble(words: str) -> dict[str, Any]:
    """Return the message that a request could not be served, and why."""
    return {"type": "trouble", "words": _safe(words)}


def _safe(value: Any) -> Any:
    """Replace what JSON cannot carry: a lone surrogate in a text, a float that is no finite number."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_safe(item) for item in value]
    return value
