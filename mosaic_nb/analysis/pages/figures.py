"""Figures inside a page: SVG as data, once for light pages and once for dark ones."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from typing import Any

from mosaic_nb.analysis.plots.style import theme
from mosaic_nb.analysis.words import safe

_DPI = 150
"""Of what is too many points to be drawn one by one."""


def figure(draw: Callable[[], Any], alt: str, caption: str) -> str:
    """Return a figure as HTML.

    Args:
        draw: makes the axes; called once for each theme.
        alt: what it shows, for those who cannot see it.
        caption: how to read it.
    """
    light, dark = (_data(draw, name) for name in ("light", "dark"))
    return (
        f'<figure><div class="wide" tabindex="0"><picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="{safe(alt)}"></picture></div><figcaption>{safe(caption)}</figcaption></figure>'
    )


def _data(draw: Callable[[], Any], name: str) -> str:
    from matplotlib import pyplot as plt

    held = io.BytesIO()
    with theme(name), warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Glyph .* missing"
        )  # a name may use any script; a box stands for its signs
        drawn = draw().figure
        try:
            drawn.savefig(held, format="svg", dpi=_DPI, metadata={"Date": None, "Creator": None})
        finally:
            plt.close(drawn)
    return f"data:image/svg+xml;base64,{base64.b64encode(held.getvalue()).decode()}"
