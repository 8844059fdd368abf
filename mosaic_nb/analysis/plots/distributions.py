"""What each lane scored: every seed as a point, the quartiles, and the mean with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mosaic_nb.analysis.intervals import t_interval
from mosaic_nb.analysis.plots.style import color_of, ink, label_of, name_rows, new_axes, styled
from mosaic_nb.analysis.scores import Sample, samples

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ROW = 0.62
_SPREAD = 0.17
_MANY = 400


@styled
def distributions(
    episodes: pd.DataFrame,
    metric: str = "return",
    *,
    lanes: Sequence[str] | None = None,
    failed: str | float | None = None,
    agent: str | None = None,
    team: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each lane scored, seed by seed.

    A point is a seed; the box spans the middle half with a line at the median; the diamond is the mean, its line the
    95 % interval.

    Args:
        episodes: a table of episodes.
        metric, lanes, failed, agent, team: what is drawn, see `mosaic_nb.analysis.samples`.
        ax: where; None makes a figure.
    """
    found = list(samples(episodes, metric, lanes=lanes, failed=failed, agent=agent, team=team).values())
    axes = new_axes(ax, 0.75 + _ROW * len(found))
    for row, sample in enumerate(found):
        _draw(axes, row, sample)
    name_rows(axes, [f"{label_of(sample.lane)}\nn = {len(sample):,}" for sample in found])
    axes.set_xlabel(label_of(found[0].metric, 60))
    return axes


def _draw(axes: Axes, row: int, sample: Sample) -> None:
    color, n = color_of(row), len(sample)
    jitter = np.random.default_rng(row).uniform(-_SPREAD, _SPREAD, n)
    few = n <= _MANY
    axes.scatter(
        sample.scores,
        row + jitter,
        s=13 if few else 4,
        color=color,
        alpha=0.45 if few else 0.2,
        linewidths=0,
        rasterized=not few,
    )
    axes.boxplot(
        sample.scores,
        positions=[row],
        orientation="horizontal",
        widths=2.6 * _SPREAD,
        showfliers=False,
        showcaps=False,
        manage_ticks=False,
        boxprops={"color": color, "linewidth": 1.1},
        whiskerprops={"color": color, "linewidth": 1.1},
        medianprops={"color": color, "linewidth": 2},
    )
    if n > 1:
        mean = t_interval(sample.scores)
        axes.plot(
            [mean.low, mean.high], [row, row], color=ink(), linewidth=1.8, solid_capstyle="butt", zorder=4
        )
    axes.plot(sample.scores.mean(), row, marker="D", markersize=4.5, color=ink(), zorder=5)
