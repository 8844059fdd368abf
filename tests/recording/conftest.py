"""Rows that tell which they are, and recorders that close."""

from __future__ import annotations

from pathlib import Path

import pytest

from mosaic_nb.recording.recorder import Recorder


def step_row(number, **other):
    row = {
        "lane": ("PPO", "random")[number % 2],
        "branch": 0,
        "trial": number // 10,
        "episode": number // 10,
        "seed": 7 + number // 10,
        "step": number,
        "agent": "agent",
        "team": "",
        "role": "",
        "operator": ("ppo", "random")[number % 2],
        "kind": ("rl", "baseline")[number % 2],
        "action_asked": str(number % 7),
        "action": str(number % 7),
        "action_label": f"label {number % 7}",
        "reward": number / 8,
        "terminated": number % 10 == 9,
        "truncated": False,
        "act_ms": 0.25,
        "env_ms": 0.5,
        "digest": f"{number:016x}",
        "invalid": False,
        "fallback": "",
        "probabilities": [0.1, 0.9] if number % 2 else None,
        "value": -0.5 if number % 2 else None,
    }
    return tuple({**row, **other}.values())


def event_row(number):
    return ("PPO", 0, 0, None, "agent", 1.5 + number, "log", "", f"event {number}")


def episode_row(number, **other):
    row = {
        "lane": "PPO",
        "branch": 0,
        "trial": number,
        "episode": number,
        "seed": number,
        "instance": None,
        "length": 10,
        "return": 0.5,
        "returns": '{"agent":0.5}',
        "team_returns": "{}",
        "end": "terminated",
        "success": None,
        "seconds": 0.1,
        "reset_digest": "ab",
        "numbers": None,
    }
    return tuple({**row, **other}.values())


def call_row(prompt, reply):
    return (
        "LLM", 0, 0, None, "agent", "llm", "tiny", prompt, reply, "[]", None, 12, None, None, 0.5, 1, False, "no",
    )  # fmt: skip


@pytest.fixture
def rows():
    """Builders of rows, by table."""
    return {"steps": step_row, "events": event_row, "episodes": episode_row, "calls": call_row}


@pytest.fixture
def record(tmp_path):
    """Make a recorder in a folder of its own; it is closed with the test."""
    made = []

    def make(path: Path | str = "run", **options) -> Recorder:
        options = {"name": "test", "kind": "arena", "provenance": {}, **options}
        made.append(Recorder(tmp_path / path, **options))
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


@pytest.fixture
def numbers():
    """The numbers of the steps of a run, in the order of its rows."""

    def read(run):
        return run.table("steps")["step"].to_pylist()

    return read
