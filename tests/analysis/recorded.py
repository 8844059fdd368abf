"""A run made of tables, for reports."""

from __future__ import annotations

from pathlib import Path

import pandas as pd


def storable(text: str) -> str:
    """A text as a table's file can hold it: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


EVENTS = ["lane", "episode", "step", "event", "operator", "detail"]


class Recorded:
    """What a report needs of a run."""

    def __init__(
        self, episodes, *, name="doorkey", events=(), casts=None, environment="MiniGrid-DoorKey-5x5-v0"
    ):
        self.name = name
        self.path = Path("runs") / "doorkey"
        self.problems = []
        self.episodes = episodes
        self.lanes = [str(lane) for lane in dict.fromkeys(episodes["lane"])]
        self.events = pd.DataFrame(list(events), columns=EVENTS)
        self.rows = {"steps": int(episodes["length"].sum())}
        self.header = {
            "name": name,
            "created": "2026-11-23T00:50:39.670+00:00",
            "closed": True,
            "provenance": {
                "mosaic_nb": "0.1.0",
                "libraries": {"numpy": "2.4.6"},
                "git": {"commit": "3127620d48ef", "dirty": True},
                "environment": {"id": environment, "options": {"size": 5}, "max_steps": 200},
                "casts": casts or {lane: {"*": "random"} for lane in self.lanes},
                "plan": {"seed": 7},
                "operators": {"random": {"pid": "1"}, "sb3": {"pid": "2", "weights": "sha256:12ab"}},
            },
        }
