"""What tables say: it reads DataFrames and arrays, and knows nothing of how they came about.

The public names load when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb.analysis import plots
    from mosaic_nb.analysis.aggregates import aggregate, by_task
    from mosaic_nb.analysis.comparison import Comparison, compare
    from mosaic_nb.analysis.curves import learning_curve, regret_curve
    from mosaic_nb.analysis.intervals import Estimate, interval, t_interval, wilson
    from mosaic_nb.analysis.metrics import (
        average_profile,
        iqm,
        mean,
        median,
        optimality_gap,
        performance_profile,
        probability_of_improvement,
    )
    from mosaic_nb.analysis.nulls import Null, paired_null, split_null
    from mosaic_nb.analysis.pages import report
    from mosaic_nb.analysis.power import RequiredSeeds, power_of, required_seeds, seeds_for
    from mosaic_nb.analysis.ratings import Ratings, bradley_terry
    from mosaic_nb.analysis.scores import Sample, samples
    from mosaic_nb.analysis.several import Comparisons, adjust, compare_all
    from mosaic_nb.analysis.summaries import Summary, summary

_NAMES = {
    "aggregates": ("aggregate", "by_task"),
    "comparison": ("Comparison", "compare"),
    "curves": ("learning_curve", "regret_curve"),
    "intervals": ("Estimate", "interval", "t_interval", "wilson"),
    "metrics": (
        "average_profile",
        "iqm",
        "mean",
        "median",
        "optimality_gap",
        "performance_profile",
        "probability_of_improvement",
    ),
    "nulls": ("Null", "paired_null", "split_null"),
    "pages": ("report",),
    "power": ("RequiredSeeds", "power_of", "required_seeds", "seeds_for"),
    "ratings": ("Ratings", "bradley_terry"),
    "scores": ("Sample", "samples"),
    "several": ("Comparisons", "adjust", "compare_all"),
    "summaries": ("Summary", "summary"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "Comparison",
    "Comparisons",
    "Estimate",
    "Null",
    "Ratings",
    "RequiredSeeds",
    "Sample",
    "Summary",
    "adjust",
    "aggregate",
    "average_profile",
    "bradley_terry",
    "by_task",
    "compare",
    "compare_all",
    "interval",
    "iqm",
    "learning_curve",
    "mean",
    "median",
    "optimality_gap",
    "paired_null",
    "performance_profile",
    "plots",
    "power_of",
    "probability_of_improvement",
    "regret_curve",
    "report",
    "required_seeds",
    "samples",
    "seeds_for",
    "split_null",
    "summary",
    "t_interval",
    "wilson",
]


def __getattr__(name: str) -> Any:
    if name == "plots":
        return importlib.import_module(f"{__name__}.plots")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
