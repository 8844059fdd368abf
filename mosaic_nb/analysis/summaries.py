"""One row for each lane: what it scored, how surely, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis import metrics
from mosaic_nb.analysis.caution import warn_of_small_sample
from mosaic_nb.analysis.comparison import ENOUGH
from mosaic_nb.analysis.intervals import LEVEL, Estimate, interval, t_interval, wilson
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.scores import CUT_SHORT, Sample, samples
from mosaic_nb.analysis.words import counted, figures, footnotes, number, table

if TYPE_CHECKING:
    import pandas as pd

REPLICATES = 2_000


@dataclass(frozen=True, eq=False)
class Summary:
    """What each lane scored.

    Attributes:
        frame: a row for each lane, which is the index. Columns: ``seeds`` (or trials: what counts as independent),
            ``episodes``, ``failed``, ``left_out``; ``mean``, ``median`` and ``iqm`` of the metric, the first and last
            with ``_low`` and ``_high``; ``success`` with ``_low`` and ``_high``, missing where the environment has no
            rule of it; ``length``, the mean; ``note``, what makes the row less sure than it looks.
        metric: what was measured.
        level: of the intervals.
        notes: what a reader must know to trust the numbers.
    """

    frame: pd.DataFrame
    metric: str
    level: float
    notes: tuple[str, ...]

    def __str__(self) -> str:
        lines = [self._cells(str(lane), row) for lane, row in self.frame.iterrows()]
        every = [self._header(), *lines]
        widths = [max(len(line[place]) for line in every) for place in range(len(every[0]))]
        shown = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in every
        ]
        return "\n".join(line.rstrip() for line in [*shown, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = (self._cells(str(lane), row) for lane, row in self.frame.iterrows())
        return table(self._header(), rows) + footnotes(self.notes)

    def _header(self) -> tuple[str, ...]:
        rate = ("success",) if self.frame["success"].notna().any() else ()
        return ("lane", "seeds", "failed", f"mean {self.metric}", "median", "IQM", *rate, "length")

    def _cells(self, lane: str, row: Any) -> tuple[str, ...]:
        mean, iqm = (Estimate(row[name], row[f"{name}_low"], row[f"{name}_high"]) for name in ("mean", "iqm"))
        rate = (_percent(row),) if "success" in self._header() else ()
        middle = (
            figures(row["median"], mean.low, mean.high)[0] if mean.low == mean.low else f"{row['median']:.3g}"
        )
        failed = f"{int(row['failed']):,}"
        return (
            lane,
            f"{int(row['seeds']):,}",
            failed,
            str(mean),
            middle,
            str(iqm),
            *rate,
            number(row["length"], 1),
        )


def summary(
    episodes: pd.DataFrame,
    metric: str = "return",
    *,
    lanes: Sequence[str] | None = None,
    level: float = LEVEL,
    failed: str | float | None = None,
    agent: str | None = None,
    team: str | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> Summary:
    """Summarise each lane of a table of episodes.

    Args:
        episodes: a table of episodes.
        metric, lanes, failed, agent, team: what is summarised, see `mosaic_nb.analysis.samples`.
        level: of the intervals.
        replicates: draws of the interquartile means' bootstrap, and the ``seed`` of these.

    Raises:
        AnalysisError: there are no episodes, or values are missing.

    Warns:
        SmallSampleWarning: a sample is smaller than those whose intervals were measured to cover what they promise.
    """
    import pandas as pd

    found = samples(episodes, metric, lanes=lanes, agent=agent, team=team, failed=failed)
    rows = {}
    for lane, sample in found.items():
        own = episodes[(episodes["lane"] == lane) & ~episodes["end"].isin(CUT_SHORT)]
        rows[lane] = _row(own, sample, level, replicates, seed)
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("lane")
    notes = [note for sample in found.values() for note in sample.notes]
    small = [f"{', '.join(map(str, group.index))}: {note}" for note, group in frame.groupby("note") if note]
    if small:
        warn_of_small_sample("; ".join(small))
    name = next(iter(found.values())).metric
    return Summary(frame, name, level, (*notes, *small))


def _row(own: pd.DataFrame, sample: Sample, level: float, replicates: int, seed: int) -> dict[str, Any]:
    n, notes = len(sample), []
    middle = Estimate(float(sample.scores.mean()), nan, nan)
    iqm = Estimate(float(metrics.iqm(sample.scores)), nan, nan)
    if n > 1:
        middle = t_interval(sample.scores, level=level)
        iqm = interval(metrics.iqm, sample.scores, level=level, replicates=replicates, seed=seed)
    if n < ENOUGH["iqm"]:
        notes.append(_doubt(n))
    rate, episodes = _success(own, level), len(own)
    if rate is not None and episodes < ENOUGH["success"]:
        notes.append(f"success rate from {counted(episodes, 'episode')}, below {ENOUGH['success']}")
    success = rate or Estimate(nan, nan, nan)
    return {
        "seeds": n,
        "episodes": episodes,
        "failed": len(sample.failed),
        "left_out": sample.left_out,
        **_ends("mean", middle),
        "median": float(np.median(sample.scores)),
        **_ends("iqm", iqm),
        **_ends("success", success),
        "length": float(own["length"].mean()) if "length" in own else nan,
        "note": "; ".join(notes),
    }


def _doubt(n: int) -> str:
    if n == 1:
        return "one seed gives no interval"
    small = [name for name in ("mean", "iqm") if n < ENOUGH[name]]
    names = " and ".join({"mean": "mean", "iqm": "IQM"}[name] for name in small)
    return f"interval of the {names} from {counted(n, 'seed')}, below {ENOUGH[small[-1]]}"


def _success(own: pd.DataFrame, level: float) -> Estimate | None:
    """Return the success rate; one that failed has not succeeded."""
    if "success" not in own:
        return None
    known: Array = own["success"].astype("Float64").to_numpy(float, na_value=nan)
    if np.isnan(known).all():
        return None
    bad = own["end"].isin(("failed", "forfeit")).to_numpy()
    counts = np.where(bad, 0.0, known)
    counts = counts[~np.isnan(counts)]
    return wilson(int(counts.sum()), len(counts), level=level)


def _ends(name: str, estimate: Estimate) -> dict[str, float]:
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def _percent(row: Any) -> str:
    if row["success"] != row["success"]:
        return "-"
    return f"{row['success']:.0%} [{row['success_low']:.0%}, {row['success_high']:.0%}]"
