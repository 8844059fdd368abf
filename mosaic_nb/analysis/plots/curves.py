"""Lines over episodes, with bands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mosaic_nb.analysis.plots.style import color_of, label_of, legend_above, line_of, new_axes, styled

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_HEIGHT = 3.1


@styled
def curves(frame: pd.DataFrame, *, label: str = "return", ax: Axes | None = None) -> Axes:
    """Draw what `mosaic_nb.analysis.learning_curve` or `regret_curve` returned.

    Args:
        frame: a row for each lane and episode: lane, episode, mean, low, high, n.
        label: what the lines show, with its unit.
        ax: where; None makes a figure.
    """
    axes = new_axes(ax, _HEIGHT)
    for number, (lane, part) in enumerate(frame.groupby("lane", sort=False, observed=True)):
        color, x = color_of(number), part["episode"] + 1
        sizes = part["n"].agg(["min", "max"]).tolist()
        n = f"{sizes[0]:,}" if sizes[0] == sizes[1] else f"{sizes[0]:,} to {sizes[1]:,}"
        axes.plot(
            x,
            part["mean"],
            color=color,
            linestyle=line_of(number),
            linewidth=1.8,
            label=f"{label_of(lane)} (n = {n})",
        )
        axes.fill_between(x, part["low"], part["high"], color=color, alpha=0.15, linewidth=0)
    axes.set_xlabel("episode")
    axes.set_ylabel(label_of(label, 60))
    axes.grid(alpha=0.15)
    legend_above(axes)
    return axes
