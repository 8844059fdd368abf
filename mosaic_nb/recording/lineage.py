"""The current line of a run: what is left of its rows when those that a rewind left behind are taken away.

A rewind takes every lane to a place of its past and begins a branch there; rows say on which branch they were
written. The line of a lane is its newest branch, then the branch where that one's place lies up to the place, and so
on. Pure functions on columns; a run without a rewind costs one look at the kinds of its events.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mosaic_nb.recording.tables import EPISODES, EVENTS

REWIND = "rewind"
LASTING = (REWIND, "swap", "take-over", "hand-back")
"""Events that no rewind leaves behind: it changes where the lanes are, not who sits there."""

_EVERYTHING = np.iinfo(np.int64).max
_NOTHING = -1


@dataclass(frozen=True)
class Origin:
    """Where a branch of a lane begins.

    Attributes:
        branch: the one before, on which the place lies.
        episode, step: the place: how many steps the episode had had.
        over: whether the episode was over, so that its end belongs to the line.
        begun: how the episode had begun: ``seed``, ``instance`` and ``digest``.
    """

    branch: int
    episode: int
    step: int
    over: bool
    begun: dict[str, Any]


def origins(events: pd.DataFrame) -> dict[str, dict[int, Origin]]:
    """Return where each branch of each lane begins, but for branch 0.

    Args:
        events: the rows of all branches.
    """
    found: dict[str, dict[int, Origin]] = {}
    if REWIND not in events["event"].cat.categories:
        return found
    rows = events[events["event"] == REWIND]
    columns = (rows[name].tolist() for name in ("lane", "branch", "episode", "detail"))
    for lane, branch, episode, detail in zip(*columns, strict=True):
        told = json.loads(detail)
        begun = {key: told[key] for key in ("seed", "instance", "digest")}
        origin = Origin(told["from_branch"], episode, told["step"], told["over"], begun)
        found.setdefault(lane, {})[branch] = origin
    return found


def ancestry(branch: int, origins: dict[int, Origin]) -> list[int]:
    """Return a branch of a lane, the one it came from, and so on to branch 0."""
    line = [branch]
    while line[-1] in origins:
        line.append(origins[line[-1]].branch)
    return line


def current(table: str, rows: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table that lie on the current line; the very same frame where none was left behind.

    Args:
        table: its name.
        rows: of all branches.
        events: the rows of all branches of the ``events`` table.
    """
    begins = origins(events)
    if not begins or rows.empty:
        return rows
    cuts = _Cuts(begins, rows)
    episode = rows["episode"].to_numpy()
    at_cut = cuts.over
    if table != EPISODES.name:
        at_cut = at_cut | (_steps(rows) < cuts.step)
    if table == EVENTS.name:
        at_cut |= _begun_by_then(rows, cuts)
    keep = (episode < cuts.episode) | ((episode == cuts.episode) & at_cut)
    if table == EVENTS.name:
        keep |= rows["event"].isin(LASTING).to_numpy()
    return _without_traces(rows[keep].reset_index(drop=True))


class _Cuts:
    """For every row, where the line leaves its branch: before this episode, or in it at this step.

    Attributes:
        episode, step: int64 arrays; ``over``: bool array, as in `Origin`.
        begun: for every row, how the episode of the place began, or None.
    """

    def __init__(self, begins: dict[str, dict[int, Origin]], rows: pd.DataFrame) -> None:
        lanes, branch = rows["lane"].cat, rows["branch"].to_numpy()
        shape = (len(lanes.categories), int(branch.max()) + 1)
        episode, step = np.full(shape, _NOTHING), np.full(shape, _NOTHING)
        over, begun = np.zeros(shape, bool), np.full(shape, None, object)
        for place, lane in enumerate(lanes.categories):
            own = begins.get(lane, {})
            line = ancestry(max(own, default=0), own)
            for child, parent in zip([None, *line], line, strict=False):
                if parent >= shape[1]:
                    continue
                if child is None:
                    episode[place, parent] = _EVERYTHING
                else:
                    cut = own[child]
                    episode[place, parent], step[place, parent] = cut.episode, cut.step
                    over[place, parent], begun[place, parent] = cut.over, cut.begun
        where = (lanes.codes.to_numpy(), branch)
        self.episode, self.step, self.over, self.begun = (
            episode[where],
            step[where],
            over[where],
            begun[where],
        )


def _without_traces(rows: pd.DataFrame) -> pd.DataFrame:
    """Drop the categories that only rows left behind had."""
    for name in rows.select_dtypes("category"):
        rows[name] = rows[name].cat.remove_unused_categories()
    return rows


def _steps(rows: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the step of each row, -1 where it has none: a call at a reset comes before the first."""
    steps: np.ndarray[Any, np.dtype[np.int64]] = rows["step"].fillna(-1).to_numpy(np.int64)
    return steps


def _begun_by_then(events: pd.DataFrame, cuts: _Cuts) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Find the beginnings up to that of the very episode in which the line goes on.

    The number of an episode that ended without a step is given again, so it alone does not tell.
    """
    found = np.zeros(len(events), bool)
    branches: set[tuple[str, int]] = set()
    begin = (events["event"] == "begin").to_numpy()
    for row in reversed(np.flatnonzero(begin & (events["episode"].to_numpy() == cuts.episode))):
        where = events["lane"].iloc[row], events["branch"].iloc[row]
        if json.loads(events["detail"].iloc[row]).items() >= cuts.begun[row].items():
            branches.add(where)
        found[row] = where in branches
    return found
