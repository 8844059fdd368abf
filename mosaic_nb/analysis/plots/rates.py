"""Success rates, with Wilson's intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mosaic_nb.analysis.plots.style import color_of, ink, label_of, name_rows, new_axes, styled
from mosaic_nb.analysis.summaries import Summary
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 0.5


@styled
def rates(summary: Summary, *, ax: Axes | None = None) -> Axes:
    """Draw each lane's success rate with its 95 % interval.

    Args:
        summary: see `mosaic_nb.analysis.summary`.
        ax: where; None makes a figure.

    Raises:
        AnalysisError: the environment has no rule of success.
    """
    from matplotlib.ticker import PercentFormatter

    known = summary.frame[summary.frame["success"].notna()]
    if known.empty:
        raise AnalysisError("no lane has a success rate: the environment has no rule of success")
    axes = new_axes(ax, 0.75 + _ROW * len(known))
    for row, (_, rate) in enumerate(known.iterrows()):
        axes.barh(row, rate["success"], height=0.5, color=color_of(row), alpha=0.45)
        ends = [rate["success_low"], rate["success_high"]]
        axes.plot(ends, [row, row], color=ink(), linewidth=2, solid_capstyle="butt")
        axes.plot(rate["success"], row, marker="D", markersize=4.5, color=ink(), clip_on=False, zorder=5)
        axes.text(
            1.02,
            row,
            f"{rate['success']:.0%}",
            transform=axes.get_yaxis_transform(),
            va="center",
            size=8.5,
        )
    name_rows(axes, [f"{label_of(lane)}\nn = {int(row['episodes']):,}" for lane, row in known.iterrows()])
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_xlabel("success rate, with Wilson's interval")
    return axes
