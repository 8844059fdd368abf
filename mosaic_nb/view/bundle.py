"""What a notebook keeps of an arena: the live widget, and what stands in for it where there is no kernel."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from html import escape
from typing import Any

from IPython.display import display

from mosaic_nb.protocol.messages import Picture
from mosaic_nb.scheduler.snapshot import Snapshot
from mosaic_nb.view import still
from mosaic_nb.view.grid import Grid

WIDGET = "application/vnd.jupyter.widget-view+json"

_STYLE = """<style>
.mnb-still img { max-width: 100%; }
.jp-OutputArea-child:has(.mnb) + .jp-OutputArea-child:has(.mnb-still) { display: none; }
.jp-OutputArea-child:not(:has(.mnb)):has(+ .jp-OutputArea-child .mnb-still) { display: none; }
</style>"""
"""The still gives way to the live widget before it, and takes the place of one whose kernel is gone."""


def bundle(
    grid: Grid,
    snapshot: Snapshot,
    pictures: Mapping[str, Picture],
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
) -> dict[str, Any]:
    """Compose the MIME bundle of an arena, for its ``_repr_mimebundle_``.

    Args:
        grid: the live widget.
        snapshot, pictures: what to leave behind.
        include: of these MIME types only, or None for all.
        exclude: none of these MIME types.
    """
    makers: dict[str, Callable[[], Any]] = {
        WIDGET: lambda: _live(grid),
        "image/png": lambda: _encoded(snapshot, pictures),
        "text/html": lambda: still.table(snapshot),
        "text/plain": lambda: still.line(snapshot),
    }
    wanted = set(makers if include is None else include) - set(exclude or ())
    return {kind: make() for kind, make in makers.items() if kind in wanted}


def publish(grid: Grid, snapshot: Snapshot, pictures: Mapping[str, Picture]) -> None:
    """Display an arena, for its ``_ipython_display_``: the widget, and after it a still, one of them seen.

    Two outputs, because JupyterLab shows of a single one "Error displaying widget: model not found", and nothing
    else that it holds, once the kernel that had the widget is gone.
    """
    text = still.line(snapshot)
    image = _encoded(snapshot, pictures)
    page = f'<div class="mnb-still"><img alt="{escape(text)}" src="data:image/png;base64,{image}"></div>'
    show: Callable[..., None] = display
    show({WIDGET: _live(grid), "text/plain": text}, raw=True)
    show({"text/html": _STYLE + page, "image/png": image, "text/plain": text}, raw=True)


def _live(grid: Grid) -> dict[str, Any]:
    return {"version_major": 2, "version_minor": 0, "model_id": grid.model_id}


def _encoded(snapshot: Snapshot, pictures: Mapping[str, Picture]) -> str:
    return base64.b64encode(still.picture(snapshot, pictures)).decode()
