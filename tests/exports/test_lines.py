"""The lines that the docs give for other tools work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import mosaic_nb as mnb


def line(checkout: Path, section: str) -> str:
    text = (checkout / "docs" / "exports.md").read_text()
    found = re.search(rf"## {section}\n.*?```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1].strip()


@pytest.fixture
def run(tmp_path: Path) -> mnb.Run:
    with mnb.Arena(
        "Pendulum-v1", {"a": "random", "b": "random"}, max_steps=5, path=tmp_path / "run"
    ) as arena:
        arena.run(episodes=3)
    return mnb.open_run(tmp_path / "run")


def test_csv(run: mnb.Run, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(line(checkout, "CSV"), {"run": run})
    read = pd.read_csv("episodes.csv")
    assert list(read.columns) == list(run.episodes.columns)
    assert read["return"].tolist() == pytest.approx(run.episodes["return"].tolist(), abs=1e-12)


def test_sql(run: mnb.Run, checkout: Path) -> None:
    rows = eval(line(checkout, "SQL"), {"run": run, "duckdb": duckdb}).fetchall()
    means = run.episodes.groupby("lane", observed=True)["return"].mean()
    assert [(lane, episodes) for lane, _, episodes in rows] == [("a", 3), ("b", 3)]
    assert [mean for _, mean, _ in rows] == pytest.approx(means.tolist())
