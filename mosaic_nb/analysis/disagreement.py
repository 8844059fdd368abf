"""Disagreement as a table: where operators part, and how much hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

ROLLOUT, VARIATION, STAKE = "rollout", "total variation", "return to go"
MEASURES = (ROLLOUT, VARIATION, STAKE, "")
"""What `consequence` may be, in the order in which rows are sorted: their units differ, so they are never mixed."""

COLUMNS = (
    "lane",
    "branch",
    "trial",
    "episode",
    "seed",
    "step",
    "agent",
    "operator",
    "action",
    "action_label",
    "other",
    "other_action",
    "other_label",
    "parted",
    "legal",
    "consequence",
    "measure",
    "return_to_go",
    "probability",
    "other_probability",
    "value",
    "other_value",
    "other_probabilities",
    "error",
)
PLACE = ["lane", "episode", "step", "agent"]


def shape(steps: pd.DataFrame, replies: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the table of disagreements, in order, its consequences by what is known without playing on.

    Args:
        steps: the run's, the current line.
        replies: ``lane``, ``episode``, ``step``, ``agent``, ``other``, ``parted``, ``legal``, ``error``, and of a
            decision ``other_action``, ``other_label``, ``other_probabilities``, ``other_value``,
            ``other_probability`` (of what was done) and ``place`` (of its action in a list of probabilities).
    """
    told = pd.DataFrame(list(replies), columns=[*PLACE, *_ANSWER])
    told = told.astype({"lane": "object", "agent": "object", "episode": "int64", "step": "int64"})
    rows = told.merge(_recorded(steps), on=PLACE, how="left", validate="many_to_one")
    own, place = rows.pop("probabilities").tolist(), rows.pop("place").tolist()
    rows["probability"] = pd.Series(
        [_at(p, i) for p, i in zip(own, place, strict=True)], rows.index, "float64"
    )
    distance = np.array(
        [_distance(p, q) for p, q in zip(own, rows["other_probabilities"], strict=True)], float
    )
    known, gone = ~np.isnan(distance), ~rows["parted"].to_numpy(bool)
    rows["consequence"] = np.where(known, distance, rows["return_to_go"].abs().to_numpy(float))
    rows["measure"] = np.where(known, VARIATION, STAKE)
    rows.loc[gone, ["consequence"]] = np.nan
    rows.loc[gone, ["measure"]] = ""
    for name in ("action", "other_action"):
        rows[name] = _actions(rows[name].tolist())
    for name in ("value", "other_value", "other_probability"):
        rows[name] = rows[name].astype("float64")
    return in_order(rows[list(COLUMNS)])


_ANSWER = (
    "other",
    "parted",
    "legal",
    "error",
    "other_action",
    "other_label",
    "other_probabilities",
    "other_value",
    "other_probability",
    "place",
)


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return disagreements sorted by consequence: by measure, the largest first, then as they were played."""
    order = rows.assign(
        _measure=rows["measure"].map(MEASURES.index), _size=-rows["consequence"].abs().to_numpy()
    ).sort_values(
        ["_measure", "_size", "lane", "episode", "step", "agent", "other"],
        kind="stable",
        na_position="last",
    )
    return rows.loc[order.index].reset_index(drop=True)


def _recorded(steps: pd.DataFrame) -> pd.DataFrame:
    """Return what was done at each step, with what the agent was paid from there to the end of what was played."""
    acted = steps.assign(
        return_to_go=steps[::-1].groupby(["lane", "episode", "agent"], observed=True)["reward"].cumsum()
    )
    acted = acted[acted["action"].notna()]
    names = (
        "branch",
        "trial",
        "seed",
        "operator",
        "action",
        "action_label",
        "return_to_go",
        "value",
        "probabilities",
    )
    found: pd.DataFrame = acted[[*PLACE, *names]].astype(
        dict.fromkeys(("lane", "agent", "operator", "action_label"), "object")
    )
    return found


def _at(probabilities: Any, place: Any) -> float:
    if not _given(probabilities) or pd.isna(place):
        return np.nan
    return float(probabilities[int(place)]) if int(place) < len(probabilities) else np.nan


def _distance(own: Any, other: Any) -> float:
    """Return the total variation distance of two lists of probabilities, NaN where they cannot be compared."""
    if not _given(own) or not _given(other) or len(own) != len(other):
        return np.nan
    return float(np.abs(np.asarray(own, float) - np.asarray(other, float)).sum() / 2)


def _given(probabilities: Any) -> bool:
    return probabilities is not None and np.ndim(probabilities) == 1


def _actions(actions: list[Any]) -> Any:
    """Return a column of numbers where all actions are whole numbers, else of whatever they are."""
    if all(action is None or isinstance(action, (int, np.integer)) for action in actions):
        return pd.array(actions, dtype="Int64")
    return np.fromiter((action for action in actions), dtype=object, count=len(actions))
