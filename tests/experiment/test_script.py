"""``mosaic-nb run``: a plain script, from a shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mosaic_nb as mnb

SCRIPT = """
import mosaic_nb as mnb

def lean(observation):
    return int(observation[2] > 0)

experiment = mnb.Experiment(
    "CartPole-v1", {{"lean": lean, "random": "random"}}, seeds=range({seeds}), max_steps=100
)
"""


def shell(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mosaic_nb.cli", "run", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)


def played(folder: Path, seeds: int) -> mnb.Run:
    (folder / "lean.py").write_text(SCRIPT.format(seeds=seeds))
    said = shell(folder, "lean.py")
    assert said.returncode == 0, said.stderr
    assert "lean" in said.stdout
    assert "mean return" in said.stdout
    report = folder / "runs" / "lean" / "report.html"
    assert f"report: {report}" in said.stdout
    assert report.read_text().startswith("<!doctype html>")
    return mnb.open_run(folder / "runs" / "lean")


def test_a_script_ends_in_a_summary_and_a_report(tmp_path: Path) -> None:
    run = played(tmp_path, 6)
    assert len(run.episodes) == 12
    again = shell(tmp_path, "lean.py")
    assert again.returncode == 0
    assert "12 episodes" in again.stdout
    other = shell(tmp_path, "lean.py", "--path", "elsewhere", "--budget", "0.001", "--workers", "1")
    assert other.returncode == 0
    assert "its budget is used up" in other.stderr


@pytest.mark.slow
def test_two_lanes_and_two_hundred_seeds(tmp_path: Path) -> None:
    run = played(tmp_path, 200)
    assert len(run.episodes) == 400
    assert run.compare("lean", "random").difference.low > 0
    assert run.verify().ok


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("x = 1", "leaves no mnb.Experiment in a variable"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ('import mosaic_nb as mnb\nmnb.Experiment("CartPole-v1", {"a": "rndom"})', "did you mean 'random'?"),
    ],
)
def test_what_is_wrong_with_a_script_is_said(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / "script.py").write_text(source)
    failed = shell(tmp_path, "script.py")
    assert failed.returncode == 1
    assert said in failed.stderr
    assert "runpy" not in failed.stderr


def test_a_script_that_is_not_there(tmp_path: Path) -> None:
    assert "there is no script nowhere.py" in shell(tmp_path, "nowhere.py").stderr
