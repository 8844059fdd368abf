"""Tables of episodes made by hand, as a run's are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def episodes(
    scores: Mapping[str, Sequence[float]], seeds: Iterable[int] | None = None, **columns: Any
) -> pd.DataFrame:
    """A row for each lane and seed; further columns hold for all rows."""
    rows = []
    for lane, values in scores.items():
        numbered = range(len(values)) if seeds is None else seeds
        for number, (seed, value) in enumerate(zip(numbered, values, strict=True)):
            rows.append(
                {
                    "run": "hand",
                    "lane": lane,
                    "branch": 0,
                    "trial": number,
                    "episode": number,
                    "seed": seed,
                    "instance": pd.NA,
                    "length": 10 + number % 3,
                    "return": float(value),
                    "returns": {"agent": float(value)},
                    "team_returns": {},
                    "end": "terminated",
                    "success": value > 0,
                    "seconds": 0.1,
                    "numbers": None,
                    **columns,
                }
            )
    table = pd.DataFrame(rows)
    return table.astype(
        {"run": "category", "lane": "category", "end": "category", "instance": "Int64", "success": "boolean"}
    )


def lanes(n: int = 30, seed: int = 5, gap: float = 1.0) -> pd.DataFrame:
    """Two lanes on shared seeds: what a seed is worth moves both, ``good`` scores ``gap`` more."""
    draw = np.random.default_rng(seed)
    worth = draw.normal(0, 2, n)
    return episodes({"good": worth + gap + draw.normal(0, 0.5, n), "bad": worth + draw.normal(0, 0.5, n)})


def renamed(table: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    """The table with a lane called otherwise."""
    return table.assign(lane=table["lane"].cat.rename_categories({old: new}))


def changed(table: pd.DataFrame, lane: str, seed: int, **values: Any) -> pd.DataFrame:
    """The table with one episode changed."""
    table = table.astype({"end": str})
    row = table.index[(table["lane"] == lane) & (table["seed"] == seed)]
    for name, value in values.items():
        table.loc[row, name] = value
    return table
