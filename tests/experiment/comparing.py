"""What two runs of the same experiment share: everything but times."""

from __future__ import annotations

from typing import Any

import pandas as pd

TIMES = {"steps": ["act_ms", "env_ms"], "episodes": ["seconds"], "calls": ["latency"], "events": ["time"]}


def tables(run: Any) -> dict[str, pd.DataFrame]:
    """Return the four tables of all branches without times and without the run's name."""
    return {
        name: getattr(run.all_branches, name).drop(columns=["run", *times]) for name, times in TIMES.items()
    }


def assert_same(one: Any, other: Any) -> None:
    """Fail at the first table in which two runs differ."""
    mine, theirs = tables(one), tables(other)
    for name, table in mine.items():
        pd.testing.assert_frame_equal(
            table, theirs[name], check_categorical=False, check_exact=True, obj=name
        )
