"""What a run can be asked about its lanes: the functions of this room as methods of whoever has a table of episodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from mosaic_nb.analysis.comparison import Comparison
    from mosaic_nb.analysis.nulls import Null
    from mosaic_nb.analysis.power import RequiredSeeds
    from mosaic_nb.analysis.several import Comparisons
    from mosaic_nb.analysis.summaries import Summary


class Statistics(ABC):
    """What the episodes of a run say of its lanes."""

    @property
    @abstractmethod
    def episodes(self) -> pd.DataFrame:
        """A row per episode of a lane."""

    @property
    def lanes(self) -> list[str]:
        """The lanes that have episodes, in order."""
        return [str(lane) for lane in dict.fromkeys(self.episodes["lane"])]

    def summary(self, metric: str = "return", **options: Any) -> Summary:
        """Return a row for each lane: mean, median and IQM with intervals, success rate, length, failures.

        The options are those of `mosaic_nb.analysis.summary`.
        """
        from mosaic_nb.analysis.summaries import summary

        return summary(self.episodes, metric, **{"lanes": self.lanes} | options)

    def compare(self, a: str, b: str, metric: str = "return", **options: Any) -> Comparison:
        """Compare two lanes seed by seed: the mean difference with its interval, its size, and how sure it is.

        The options are those of `mosaic_nb.analysis.compare`: ``paired``, ``method``, ``level``, ``failed``, ``agent``,
        ``team``, ``replicates``, ``seed``.

        Raises:
            AnalysisError: the lanes did not play the same seeds, one seed gives no interval, or values are missing.
        """
        from mosaic_nb.analysis.comparison import compare

        return compare(self.episodes, a, b, metric, **options)

    def compare_all(self, metric: str = "return", *, correction: str = "holm", **options: Any) -> Comparisons:
        """Compare every lane with every other (or with a ``baseline``), the p-values corrected for their number.

        The options are those of `mosaic_nb.analysis.compare_all`.
        """
        from mosaic_nb.analysis.several import compare_all

        return compare_all(self.episodes, metric, correction=correction, **{"lanes": self.lanes} | options)

    def null(
        self, lane: str, against: str | None = None, metric: str = "return", *, seed: int = 0, **options: Any
    ) -> Null:
        """Return the noise floor: by how much a lane differs from itself, by chance alone.

        Args:
            lane: which.
            against: a lane of the same cast, played under the same seeds; None splits the lane's own seeds at random.
            metric: what is compared.
            seed: of the random halves or signs.
            options: as `compare` takes them, or without ``against`` as `mosaic_nb.analysis.samples` does.
        """
        from mosaic_nb.analysis.nulls import paired_null, split_null
        from mosaic_nb.analysis.scores import samples

        if against is not None:
            return paired_null(self.compare(lane, against, metric, **options), seed=seed)
        return split_null(samples(self.episodes, metric, lanes=[lane], **options)[lane], seed=seed)

    def required_seeds(
        self,
        a: str,
        b: str,
        metric: str = "return",
        *,
        power: float = 0.8,
        effect: float | None = None,
        alpha: float = 0.05,
        **options: Any,
    ) -> RequiredSeeds:
        """Return how many seeds show a difference between two lanes, judged by the spread of this run.

        Args:
            a, b, metric, options: as `compare` takes them.
            power: how often the difference is to be seen if it is there.
            effect: the smallest difference worth seeing, in the metric's unit; None takes the observed one.
            alpha: the test's level.
        """
        from mosaic_nb.analysis.power import required_seeds

        return required_seeds(self.compare(a, b, metric, **options), power=power, effect=effect, alpha=alpha)

    def learning_curve(self, metric: str = "return", **options: Any) -> pd.DataFrame:
        """Return how a metric changes from episode to episode; options as `mosaic_nb.analysis.learning_curve`."""
        from mosaic_nb.analysis.curves import learning_curve

        return learning_curve(self.episodes, metric, **{"lanes": self.lanes} | options)

    def regret_curve(self, optimum: float | str, *, lanes: Sequence[str] | None = None) -> pd.DataFrame:
        """Return how much return was lost so far; ``optimum`` as `mosaic_nb.analysis.regret_curve` takes it."""
        from mosaic_nb.analysis.curves import regret_curve

        return regret_curve(self.episodes, optimum, lanes=lanes or self.lanes)
