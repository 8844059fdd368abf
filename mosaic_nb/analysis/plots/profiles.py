"""Performance profiles: which share of runs scores above each level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mosaic_nb.analysis import metrics
from mosaic_nb.analysis.intervals import bounds, wilson
from mosaic_nb.analysis.metrics import Array, as_scores
from mosaic_nb.analysis.plots.style import color_of, label_of, legend_above, line_of, new_axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HEIGHT = 3.1
_LEVELS = 120
_REPLICATES = 500


@styled
def profiles(
    scores: Mapping[str, ArrayLike], *, label: str = "score", average: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw for each lane which share of its runs and tasks scores above each level, with a band of 95 % at each.

    A line above another one everywhere is better everywhere; where lines cross, it depends on what is asked for.

    Args:
        scores: arrays of shape (runs, tasks) by lane, or (runs,).
        label: what the scores are, with their unit.
        average: the share of tasks whose mean lies above, in place of that of runs and tasks; without bands.
        ax: where; None makes a figure.
    """
    axes = new_axes(ax, _HEIGHT)
    arrays = {lane: as_scores(values) for lane, values in scores.items()}
    low = min(float(values.min()) for values in arrays.values())
    high = max(float(values.max()) for values in arrays.values())
    edge = 0.02 * ((high - low) or 1.0)
    levels = np.linspace(low - edge, high + edge, _LEVELS)
    for number, (lane, values) in enumerate(arrays.items()):
        share = metrics.average_profile if average else metrics.performance_profile
        color, runs = color_of(number), values.shape[0]
        name = (
            f"{label_of(lane)} (n = {runs:,}{f' x {values.shape[1]} tasks' if values.shape[1] > 1 else ''})"
        )
        axes.plot(
            levels, share(values, levels), color=color, linestyle=line_of(number), linewidth=1.8, label=name
        )
        if runs > 1 and not average:
            axes.fill_between(levels, *_band(values, levels), color=color, alpha=0.15, linewidth=0)
    axes.set_xlabel(f"{label_of(label, 60)} x")
    axes.set_ylabel("share of tasks above x" if average else "share of runs above x")
    axes.set_ylim(-0.02, 1.02)
    axes.grid(alpha=0.15)
    legend_above(axes)
    return axes


def _band(values: Array, levels: Array) -> tuple[Array, Array]:
    """Of one task the share is a rate, and Wilson's interval holds; of several a stratified bootstrap's does."""
    above = values > levels[:, None, None]
    if values.shape[1] > 1:
        return bounds(metrics.mean, above.astype(float), replicates=_REPLICATES)
    hits = above.sum((-2, -1))
    ends = {int(count): wilson(int(count), len(values)) for count in np.unique(hits)}
    return np.array([ends[int(count)].low for count in hits]), np.array(
        [ends[int(count)].high for count in hits]
    )
