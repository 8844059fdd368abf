"""Several tasks as one: every metric of every lane, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mosaic_nb.analysis import metrics
from mosaic_nb.analysis.intervals import LEVEL, REPLICATES, Estimate, Statistic, interval
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.scores import samples
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd


def aggregate(
    scores: Mapping[str, ArrayLike],
    *,
    target: float = 1.0,
    level: float = LEVEL,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """Return mean, median, IQM and optimality gap of each lane with stratified bootstrap intervals.

    Args:
        scores: arrays of shape (runs, tasks) by lane, on a scale that the tasks share.
        target: the score that the optimality gap is measured from.
        level: of the intervals.
        replicates: of each bootstrap, and their ``seed``.

    Returns:
        A row for each lane and metric: lane, metric, value, low, high.
    """
    import pandas as pd

    statistics: dict[str, Statistic] = {
        "mean": metrics.mean,
        "median": metrics.median,
        "iqm": metrics.iqm,
        "optimality_gap": lambda values: metrics.optimality_gap(values, target),
    }
    rows = []
    for lane, values in scores.items():
        for name, statistic in statistics.items():
            found: Estimate = interval(statistic, values, level=level, replicates=replicates, seed=seed)
            rows.append((lane, name, found.value, found.low, found.high))
    return pd.DataFrame(rows, columns=["lane", "metric", "value", "low", "high"])


def by_task(
    tasks: Mapping[str, pd.DataFrame],
    metric: str = "return",
    *,
    scale: Mapping[str, tuple[float, float]] | None = None,
    failed: str | float | None = None,
) -> dict[str, Array]:
    """Return each lane's scores as an array of shape (seeds, tasks), from a table of episodes for each task.

    Args:
        tasks: tables of episodes by the task's name.
        metric, failed: see `mosaic_nb.analysis.samples`.
        scale: for each task the values that become 0 and 1 (those of random play and of an expert, for example);
            None leaves the values as they are.

    Raises:
        AnalysisError: the lanes differ from task to task, or a lane's number of seeds does.
    """
    columns: dict[str, list[Array]] = {}
    for task, episodes in tasks.items():
        low, high = (scale or {}).get(task, (0.0, 1.0))
        for lane, sample in samples(episodes, metric, failed=failed).items():
            columns.setdefault(lane, []).append((sample.scores - low) / (high - low))
    for lane, found in columns.items():
        lengths = sorted({len(each) for each in found})
        if len(found) != len(tasks) or len(lengths) > 1:
            counts = f"{len(found)} of {len(tasks)} tasks, with {' and '.join(map(str, lengths))} seeds"
            raise AnalysisError(
                f"lane {lane!r} played {counts}: every lane must have played every task as often"
            )
    return {lane: np.stack(found, axis=1) for lane, found in columns.items()}
