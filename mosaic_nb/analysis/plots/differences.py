"""How far lanes are apart, seed by seed, beside the line of no difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mosaic_nb.analysis.comparison import Comparison
from mosaic_nb.analysis.plots.style import color_of, ink, label_of, name_rows, new_axes, styled
from mosaic_nb.analysis.several import Comparisons
from mosaic_nb.analysis.words import p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.62
_SPREAD = 0.2
_MANY = 400
_CLEAR, _UNCLEAR = 0, 5


@styled
def differences(comparisons: Comparison | Comparisons, *, ax: Axes | None = None) -> Axes:
    """Draw differences with their intervals; paired ones also seed by seed.

    A point is a seed's difference, the diamond their mean, its line the interval. Beside it stands the p-value,
    corrected where several comparisons were made together; a row that is not below the level is orange.

    Args:
        comparisons: one, or several made together.
        ax: where; None makes a figure.
    """
    if isinstance(comparisons, Comparison):
        made, p = [comparisons], [comparisons.p]
    else:
        made, p = list(comparisons), comparisons.adjusted.tolist()
    axes = new_axes(ax, 0.8 + _ROW * len(made))
    axes.axvline(0, color=ink(), linewidth=1, linestyle=(0, (4, 3)))
    for row, (each, chance) in enumerate(zip(made, p, strict=True)):
        _draw(axes, row, each, color_of(_CLEAR if chance < 1 - each.difference.level else _UNCLEAR))
        beside = axes.get_yaxis_transform()
        axes.text(1.02, row, p_value(chance), transform=beside, va="center", size=8.5)
    name_rows(axes, [_title(each) for each in made])
    level, metric = made[0].difference.level, label_of(made[0].a.metric)
    axes.set_xlabel(f"difference in {metric}, mean with {level:.0%} interval")
    return axes


def _title(each: Comparison) -> str:
    how = f"n = {each.n:,} pairs" if each.paired else f"n = {len(each.a):,} and {len(each.b):,}, unpaired"
    return f"{label_of(each.a.lane)}\nminus {label_of(each.b.lane)}\n{how}"


def _draw(axes: Axes, row: int, each: Comparison, color: str) -> None:
    size = each.difference
    if each.paired:
        apart = each.differences
        jitter = np.random.default_rng(row).uniform(-_SPREAD, _SPREAD, len(apart))
        few = len(apart) <= _MANY
        axes.scatter(
            apart,
            row + jitter,
            s=13 if few else 4,
            color=color,
            alpha=0.4 if few else 0.15,
            linewidths=0,
            rasterized=not few,
        )
    axes.plot([size.low, size.high], [row, row], color=ink(), linewidth=2, solid_capstyle="butt", zorder=4)
    axes.plot(size.value, row, marker="D", markersize=5, color=ink(), zorder=5)
