"""What a notebook keeps of an arena: the live widget, and what stands in for it where there is no kernel."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
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


def publish(grid: Grid, snapshot: Snapshot, pictures: Mapping[str, Picture]) -> None:
    """Display an arena, for its ``_ipython_display_``: the widget, and after it a still, one of them seen.

    Two outputs, because JupyterLab shows of a single one "Error displaying widget: model not found", and nothing
    else that it holds, once the kernel that had the widget is gone.
    """
    live = {"version_major": 2, "version_minor": 0, "model_id": grid.model_id}
    show: Callable[..., None] = display
    show({WIDGET: live, "text/plain": still.line(snapshot)}, raw=True)
    show(_still(snapshot, pictures), raw=True, display_id=_name(grid))


def renew(grid: Grid, snapshot: Snapshot, pictures: Mapping[str, Picture]) -> None:
    """Put another still in the place of the one that was published, from whatever thread."""
    show: Callable[..., None] = display
    show(_still(snapshot, pictures), raw=True, display_id=_name(grid), update=True)


def _name(grid: Grid) -> str:
    return f"mosaic-nb-{grid.model_id}"


def _still(snapshot: Snapshot, pictures: Mapping[str, Picture]) -> dict[str, Any]:
    text = still.line(snapshot)
    image = base64.b64encode(still.picture(snapshot, pictures)).decode()
    shown = f'<img alt="{escape(text)}" src="data:image/png;base64,{image}">{still.table(snapshot)}'
    page = f'{_STYLE}<div class="mnb-still">{shown}</div>'
    return {"text/html": page, "image/png": image, "text/plain": text}
