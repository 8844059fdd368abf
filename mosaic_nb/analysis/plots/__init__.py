"""Figures that can be printed: matplotlib, colours that everybody can tell apart, every value readable.

Each function draws on ``ax``, or makes a figure of a size that fits, and returns the axes; `timeline` and
`disagreement`, which draw several, return the figure.
Import costs nothing: matplotlib loads with the first figure.
"""

from mosaic_nb.analysis.plots.curves import curves
from mosaic_nb.analysis.plots.differences import differences
from mosaic_nb.analysis.plots.disagreements import disagreement
from mosaic_nb.analysis.plots.distributions import distributions
from mosaic_nb.analysis.plots.heatmaps import heatmap
from mosaic_nb.analysis.plots.profiles import profiles
from mosaic_nb.analysis.plots.rates import rates
from mosaic_nb.analysis.plots.timelines import timeline

__all__ = [
    "curves",
    "differences",
    "disagreement",
    "distributions",
    "heatmap",
    "profiles",
    "rates",
    "timeline",
]
