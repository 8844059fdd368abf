"""How often intervals cover the truth, by simulation: the tables of docs/statistics.md.

Not part of ``make bench``, for it takes minutes: ``python -m benchmarks._coverage``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import stats

from mosaic_nb.analysis import iqm, wilson
from mosaic_nb.analysis.comparison import paired_difference
from mosaic_nb.analysis.intervals import bounds, t_bounds
from mosaic_nb.analysis.metrics import Array

SETS = 4_000
REPLICATES = 1_000
TRUTH = 4_000_000

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def goal(draw: np.random.Generator, shape: tuple[int, ...], reached: float = 0.7) -> Array:
    """A return of MiniGrid: nothing, or one less what the way took."""
    return np.where(draw.random(shape) > reached, 0.0, 1 - 0.9 * draw.beta(2, 5, shape))


KINDS: dict[str, Draw] = {
    "normal": lambda draw, shape: draw.normal(0, 1, shape),
    "heavy tails": lambda draw, shape: draw.exponential(1, shape) - draw.exponential(1, shape),
    "MiniGrid, differences": lambda draw, shape: goal(draw, shape, 0.8) - goal(draw, shape, 0.6),
    "MiniGrid, returns": goal,
    "skewed (exponential)": lambda draw, shape: draw.exponential(1, shape),
    "very skewed (lognormal)": lambda draw, shape: draw.lognormal(0, 1, shape),
}


def _share(low: Array, high: Array, true: float) -> float:
    return float(((low <= true) & (true <= high)).mean())


def _batches(kind: Draw, shape: tuple[int, ...]) -> Iterator[Array]:
    draw = np.random.default_rng(1)
    for _ in range(SETS // 100):
        yield kind(draw, (100, *shape))


def means(kind: Draw, n: int) -> float:
    """Student's t of n differences."""
    true = float(kind(np.random.default_rng(0), (TRUTH,)).mean())
    return float(np.mean([_share(*t_bounds(batch), true) for batch in _batches(kind, (n, 1))]))


def studentized(kind: Draw, n: int) -> float:
    """The bootstrap-t of n differences."""
    true = float(kind(np.random.default_rng(0), (TRUTH,)).mean())
    sets = [one for batch in _batches(kind, (n,)) for one in batch][: SETS // 2]
    made = [paired_difference(one, method="bootstrap-t", replicates=REPLICATES)[0] for one in sets]
    return float(np.mean([each.low <= true <= each.high for each in made]))


def iqms(kind: Draw, runs: int, tasks: int, method: str = "expanded") -> float:
    """The bootstrap of an interquartile mean."""
    true = float(iqm(kind(np.random.default_rng(0), (TRUTH, 1))))
    ends = [
        bounds(iqm, batch, method=method, replicates=REPLICATES) for batch in _batches(kind, (runs, tasks))
    ]
    return float(np.mean([_share(low, high, true) for low, high in ends]))


def rates(n: int, rate: float) -> float:
    """Wilson's interval: exactly, by adding up the binomial distribution."""
    covers = [wilson(hits, n).low <= rate <= wilson(hits, n).high for hits in range(n + 1)]
    return float(stats.binom.pmf(np.arange(n + 1), n, rate)[covers].sum())


def _table(title: str, columns: list[str], rows: dict[str, list[float]]) -> None:
    print(f"\n{title}\n\n| | {' | '.join(columns)} |\n|---|{'---:|' * len(columns)}", flush=True)
    for name, shares in rows.items():
        print(f"| {name} | {' | '.join(f'{100 * share:.1f}' for share in shares)} |", flush=True)


def main() -> None:
    """Print the tables."""
    pairs = (3, 5, 10, 20, 50, 100)
    columns = [f"n = {n}" for n in pairs]
    _table("Student's t", columns, {name: [means(kind, n) for n in pairs] for name, kind in KINDS.items()})
    _table(
        "bootstrap-t",
        columns[1:5],
        {name: [studentized(kind, n) for n in pairs[1:5]] for name, kind in KINDS.items()},
    )
    runs = (3, 5, 10, 25, 100)
    for tasks in (1, 5):
        rows = {name: [iqms(kind, n, tasks) for n in runs] for name, kind in KINDS.items()}
        rows["plain percentiles, normal"] = [iqms(KINDS["normal"], n, tasks, "percentile") for n in runs]
        _table(f"IQM, {tasks} task(s)", [f"{n} runs" for n in runs], rows)
    sizes, chances = (5, 10, 20, 50, 100), (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
    _table(
        "Wilson",
        [f"n = {n}" for n in sizes],
        {f"p = {chance}": [rates(n, chance) for n in sizes] for chance in chances},
    )


if __name__ == "__main__":
    main()
