"""Many comparisons at once, and the price of looking often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.comparison import Comparison, compared
from mosaic_nb.analysis.metrics import Array
from mosaic_nb.analysis.scores import samples
from mosaic_nb.analysis.words import counted, footnotes, p_value, table
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd

CORRECTIONS = {
    "holm": "Holm: the chance of one false difference or more stays below the test's level",
    "bh": "Benjamini and Hochberg: the share of false ones among the differences found stays below the test's level",
    "none": "none: with many comparisons some look like differences by chance",
}


@dataclass(frozen=True, eq=False, repr=False)
class Comparisons:
    """Comparisons made together.

    Attributes:
        all: the comparisons.
        adjusted: float64 array of shape (comparisons,): the p-values, corrected for their number.
        correction: a key of ``CORRECTIONS``.
    """

    all: tuple[Comparison, ...]
    adjusted: Array
    correction: str

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @property
    def frame(self) -> pd.DataFrame:
        """A row for each comparison: a, b, n, difference, low, high, effect, won, lost, p, p_adjusted."""
        import pandas as pd

        return pd.DataFrame(
            {
                "a": [each.a.lane for each in self],
                "b": [each.b.lane for each in self],
                "n": [each.n for each in self],
                "difference": [each.difference.value for each in self],
                "low": [each.difference.low for each in self],
                "high": [each.difference.high for each in self],
                "effect": [each.effect for each in self],
                "won": [each.won for each in self],
                "lost": [each.lost for each in self],
                "p": [each.p for each in self],
                "p_adjusted": self.adjusted,
            }
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know to trust the numbers."""
        own = dict.fromkeys(note for each in self for note in each.notes)
        return (
            f"p-values corrected for {counted(len(self), 'comparison')} by {CORRECTIONS[self.correction]}",
            *own,
        )

    def __str__(self) -> str:
        rows = zip(self, self.adjusted, strict=True)
        return "\n".join([f"{each}; corrected {p_value(p)}" for each, p in rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = (
            (
                f"{each.a.lane} - {each.b.lane}",
                str(each.difference),
                f"{each.effect:.2f}",
                f"{each.won:.0%}",
                f"{each.lost:.0%}",
                p_value(each.p).removeprefix("p ").removeprefix("= "),
                p_value(p).removeprefix("p ").removeprefix("= "),
            )
            for each, p in zip(self, self.adjusted, strict=True)
        )
        metric = self.all[0].a.metric if self.all else ""
        header = ("pair", f"difference in mean {metric}", "Cohen's d", "won", "lost", "p", "p, corrected")
        return table(header, rows) + footnotes(self.notes)


def compare_all(
    episodes: pd.DataFrame,
    metric: str = "return",
    *,
    lanes: Sequence[str] | None = None,
    baseline: str | None = None,
    correction: str = "holm",
    paired: bool | str = True,
    failed: str | float | None = None,
    agent: str | None = None,
    team: str | None = None,
    **options: Any,
) -> Comparisons:
    """Compare every lane with every other one, and correct the p-values for their number.

    Args:
        episodes: a table of episodes.
        metric, lanes, failed, agent, team: what is compared, see `mosaic_nb.analysis.samples`.
        baseline: the one lane that all others are compared with.
        correction: ``"holm"``, ``"bh"`` or ``"none"``.
        paired: as in `mosaic_nb.analysis.compare`, which takes the other ``options`` too.

    Raises:
        AnalysisError: there is one lane; or as `mosaic_nb.analysis.compare` does.
    """
    if correction not in CORRECTIONS:
        raise ValueError(f"correction must be one of {', '.join(map(repr, CORRECTIONS))}, not {correction!r}")
    found = samples(
        episodes,
        metric,
        lanes=None if lanes is None else list(dict.fromkeys([*lanes, *filter(None, [baseline])])),
        agent=agent,
        team=team,
        failed=failed,
        by_seed=paired is not False,
    )
    if len(found) < 2:
        raise AnalysisError(f"one lane, {next(iter(found))!r}, has nothing to be compared with")
    pairs = (
        list(combinations(found, 2))
        if baseline is None
        else [(lane, baseline) for lane in found if lane != baseline]
    )
    if baseline is not None and baseline not in found:
        raise AnalysisError(f"there is no lane {baseline!r} to compare the others with")
    made = tuple(compared(found[a], found[b], paired=paired, **options) for a, b in pairs)
    return Comparisons(made, adjust([each.p for each in made], correction), correction)


def adjust(p: Sequence[float], correction: str = "holm") -> Array:
    """Return p-values corrected for their number, by Holm or by Benjamini and Hochberg (``"bh"``)."""
    values = np.asarray(p, float)
    if correction == "bh" and len(values):
        from scipy import stats

        corrected: Array = stats.false_discovery_control(values)
        return corrected
    if correction != "holm":
        return values
    order = values.argsort()
    raised = np.maximum.accumulate((len(values) - np.arange(len(values))) * values[order])
    found = np.empty_like(values)
    found[order] = np.minimum(raised, 1.0)
    return found
