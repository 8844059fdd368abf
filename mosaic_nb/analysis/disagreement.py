"""Disagreement as a table and as a figure: where operators part, and how much hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


# --- the figure -------------------------------------------------------------------------------------------

# Okabe and Ito, "Color Universal Design" (2008).
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442", "#999999")
_GREYS = ("#1A1A1A", "#8C8C8C", "#C4C4C4")
_SAME = "#ECECEC"
_MOST_NAMED = 16
_SEPARATED = 80
"""Steps up to which a line is drawn between two."""
_HATCHES = ("", "////")


def disagreement_timeline(
    rows: pd.DataFrame, steps: pd.DataFrame, *, lane: str, episode: int, agent: str | None = None
) -> Figure:
    """Draw an episode: what was done at each step, what each other would have done where it parts, and consequences.

    Args:
        rows: what `mosaic_nb.Run.disagreements` returned.
        steps: the run's table of steps.
        lane, episode: which episode.
        agent: whose; None for the first that acted.

    Raises:
        AnalysisError: there is no such episode or agent.
    """
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    done = steps[(steps["lane"] == lane) & (steps["episode"] == episode) & steps["action"].notna()]
    done = done[done["agent"] == (agent if agent is not None else _first(done["agent"]))]
    if done.empty:
        raise AnalysisError(f"there are no steps of lane {lane!r}, episode {episode}, agent {agent!r}")
    who = done["agent"].iloc[0]
    parted = rows[
        (rows["lane"] == lane) & (rows["episode"] == episode) & (rows["agent"] == who) & rows["parted"]
    ]
    others = sorted(rows["other"].unique())
    strips = [(_short(_first(done["operator"]), "did"), done["step"], _names(done, ""))]
    for other in others:
        own = parted[parted["other"] == other]
        strips.append((_short(other, "would"), own["step"], _names(own, "other_")))
    height = 0.4 * len(strips) + 0.5
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7.6, height + 2.4), height_ratios=(height, 1.5), sharex=True, layout="constrained"
    )
    _draw_strips(above, strips)
    _draw_consequences(below, parted, others)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_xlim(done["step"].min() - 0.5, done["step"].max() + 0.5)
    title = f"{_short(lane)}: episode {episode}, seed {done['seed'].iloc[0]}"
    figure.suptitle(title if agent is None else f"{title}, {_short(who)}", x=0.01, ha="left", size=10)
    return figure


def _draw_strips(axes: Any, strips: Sequence[tuple[str, pd.Series, list[str]]]) -> None:
    from matplotlib.patches import Patch

    names = sorted({name for _, _, named in strips for name in named})[:_MOST_NAMED]
    look = {name: (_PALETTE[n % 8], _HATCHES[n // 8]) for n, name in enumerate(names)}
    whole = strips[0][1]
    line: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8 if len(whole) <= _SEPARATED else 0}
    for row, (_, at, named) in enumerate(strips):
        axes.broken_barh([(step - 0.5, 1) for step in whole], (row - 0.36, 0.72), facecolor=_SAME, **line)
        for name in {*named}:
            color, hatch = look.get(name, ("#666666", "...."))
            bars = [(step - 0.5, 1) for step, other in zip(at, named, strict=True) if other == name]
            axes.broken_barh(bars, (row - 0.36, 0.72), facecolor=color, hatch=hatch, **line)
    axes.set_yticks(range(len(strips)), [label for label, _, _ in strips], size=9)
    axes.set_ylim(len(strips) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    handles = [Patch(facecolor=look[name][0], hatch=look[name][1], label=_short(name)) for name in names]
    handles.append(Patch(facecolor=_SAME, label="the same"))
    where: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    axes.legend(handles=handles, ncols=6, frameon=False, handlelength=1.2, fontsize=9, **where)


def _draw_consequences(axes: Any, parted: pd.DataFrame, others: Sequence[str]) -> None:
    """Draw the measure that most rows have: measures have different units."""
    measure = _first(parted["measure"].mode()) if len(parted) else ""
    width = 0.8 / max(len(others), 1)
    for number, other in enumerate(others):
        own = parted[(parted["other"] == other) & (parted["measure"] == measure)]
        offset = (number + 0.5) * width - 0.4
        grey, hatch = _GREYS[number % len(_GREYS)], _HATCHES[number // len(_GREYS) % 2]
        axes.bar(
            own["step"] + offset, own["consequence"], width, color=grey, hatch=hatch, label=_short(other)
        )
    axes.axhline(0, color="#333333", lw=0.6)
    axes.set_xlabel("step")
    axes.set_ylabel({ROLLOUT: "return gained\nby the rollout"}.get(measure, measure or "consequence"))
    axes.spines[["top", "right"]].set_visible(False)
    if len(others) > 1:
        axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))


def _names(rows: pd.DataFrame, whose: str) -> list[str]:
    pairs = zip(rows[f"{whose}{'label' if whose else 'action_label'}"], rows[f"{whose}action"], strict=True)
    return [str(label) or str(action) for label, action in pairs]


def _first(values: pd.Series) -> Any:
    return values.iloc[0] if len(values) else ""


def _short(name: Any, verb: str = "") -> str:
    """Return a name as matplotlib can show it: short, in one line, and no formula."""
    plain = "".join(sign if sign.isprintable() else " " for sign in str(name))
    return f"{plain if len(plain) <= 28 else plain[:27] + '…'} {verb}".strip().replace("$", r"\$")
