"""A matrix as coloured cells, every value readable."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.plots.style import label_of, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_INCHES_A_CELL = 0.95
_DARK = 0.5
"""Below this lightness a cell's text is white."""


@styled
def heatmap(
    values: pd.DataFrame, errors: pd.DataFrame | None = None, *, label: str = "", ax: Axes | None = None
) -> Axes:
    """Draw a matrix as coloured cells with their values.

    Args:
        values: floats; its index' and columns' names become the axes' labels. Missing cells stay empty.
        errors: the standard errors, of the same shape, or None; a missing one is left out.
        label: what the colours mean, with its unit.
        ax: where to draw; None makes a figure of a size that fits.
    """
    axes = _axes(values.shape) if ax is None else ax
    shown = values.to_numpy(float)
    doubts = np.full(shown.shape, np.nan) if errors is None else errors.to_numpy(float)
    image = axes.imshow(shown, cmap="cividis", aspect="equal")
    for number, (name, ticks) in enumerate((("x", values.columns), ("y", values.index))):
        turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if number == 0 else {}
        axis = getattr(axes, f"{name}axis")
        axis.set_ticks(range(len(ticks)), [label_of(tick) for tick in ticks], **turned)
        axis.set_label_text(str(ticks.name or ""))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for (row, column), value in np.ndenumerate(shown):
        _write(axes, image, row, column, float(value), float(doubts[row, column]))
    axes.figure.colorbar(image, ax=axes, label=label, fraction=0.046, pad=0.04).outline.set_visible(False)
    return axes


def _axes(shape: tuple[int, int]) -> Axes:
    from matplotlib import pyplot as plt

    size = (shape[1] * _INCHES_A_CELL + 2.4, shape[0] * _INCHES_A_CELL + 1.4)
    return plt.subplots(figsize=size, layout="constrained")[1]


def _write(axes: Any, image: Any, row: int, column: int, value: float, error: float) -> None:
    if isnan(value):
        return
    text = f"{value:z.2f}" if isnan(error) else f"{value:z.2f}\n± {error:.2f}"
    red, green, blue, _ = image.cmap(image.norm(value))
    light = 0.299 * red + 0.587 * green + 0.114 * blue
    color = "white" if light < _DARK else "black"
    axes.text(column, row, text, ha="center", va="center", color=color, size=9)
