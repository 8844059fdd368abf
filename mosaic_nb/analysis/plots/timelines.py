"""An episode step by step: what was done, what it paid, and what was expected of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mosaic_nb.analysis.plots.style import COLORS, color_of, ink, label_of, legend_above, new_axes, styled
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.42
_MOST_ACTIONS = 20
PALETTE = (*COLORS, "#F0E442", "#999999")
_HATCHES = ("", "///", "...")


@styled
def timeline(
    steps: pd.DataFrame,
    lane: str,
    *,
    episode: int | None = None,
    seed: int | None = None,
) -> Figure:
    """Draw an episode of a lane: a strip of actions for each agent, rewards below, and values where there are any.

    Args:
        steps: a run's table of steps.
        lane: which.
        episode: which one of the lane; or ``seed``: the first one of that seed. Neither: the first.

    Raises:
        AnalysisError: there is no such lane or episode.
    """
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    own = _episode(steps, lane, episode, seed)
    agents = [
        agent
        for agent, part in own.groupby("agent", sort=False, observed=True)
        if part["action"].notna().any()
    ]
    valued = own["value"].notna().any() if "value" in own else False
    heights = [0.34 + _ROW * len(agents), 1.1, *([1.1] if valued else [])]
    figure, stacked = plt.subplots(
        len(heights),
        1,
        figsize=(7.6, sum(heights) + 0.9),
        height_ratios=heights,
        sharex=True,
        layout="constrained",
        squeeze=False,
    )
    strip, paid, *expected = (new_axes(axes, 1) for axes in stacked[:, 0])
    _actions(strip, own, agents)
    _lines(paid, own, "reward", "reward")
    if expected:
        _lines(expected[0], own, "value", "value")
    figure.align_ylabels()
    stacked[-1, 0].set_xlabel("step")
    stacked[-1, 0].xaxis.set_major_locator(MaxNLocator(integer=True))
    shown, number = own["seed"].iloc[0], own["episode"].iloc[0]
    figure.suptitle(f"{label_of(lane)}: episode {number}, seed {shown}", x=0.01, ha="left", size=10)
    return figure


def _episode(steps: pd.DataFrame, lane: str, episode: int | None, seed: int | None) -> pd.DataFrame:
    own = steps[steps["lane"] == lane]
    if seed is not None:
        own = own[own["seed"] == seed]
    if len(own):
        own = own[own["episode"] == (own["episode"].min() if episode is None else episode)]
    if not len(own):
        which = (
            f", seed {seed}" if seed is not None else f", episode {episode}" if episode is not None else ""
        )
        raise AnalysisError(f"there are no steps of lane {lane!r}{which}")
    return own


def _actions(axes: Axes, own: pd.DataFrame, agents: list[Any]) -> None:
    named = (
        own["action_label"]
        .astype(str)
        .where(own["action_label"].astype(str) != "", own["action"].astype(str))
    )
    names = named[own["action"].notna()].value_counts().index.tolist()
    kept = sorted(names[:_MOST_ACTIONS])
    look = {name: (PALETTE[n % len(PALETTE)], _HATCHES[n // len(PALETTE)]) for n, name in enumerate(kept)}
    for row, agent in enumerate(agents):
        mine = (own["agent"] == agent) & own["action"].notna()
        for name in [*kept, None]:
            chosen = mine & (named == name if name is not None else ~named.isin(kept))
            color, hatch = look.get(name, ("none", "")) if name is not None else ("none", "")
            axes.broken_barh(
                [(step - 0.5, 1) for step in own["step"][chosen]],
                (row - 0.36, 0.72),
                facecolor=color,
                hatch=hatch,
                edgecolor=ink() if name is None else "none",
                linewidth=0.3,
                label=label_of(name, 18) if name is not None and row == 0 else None,
            )
    axes.set_yticks(range(len(agents)), [label_of(agent, 14) for agent in agents])
    axes.set_ylim(len(agents) - 0.5, -0.5)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="both", length=0)
    handles = [_patch(*look[name], label_of(name, 18)) for name in kept]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=6, handlelength=1.2)


def _patch(color: str, hatch: str, label: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=color, hatch=hatch, label=label)


def _lines(axes: Axes, own: pd.DataFrame, column: str, label: str) -> None:
    for number, (agent, part) in enumerate(own.groupby("agent", sort=False, observed=True)):
        values = part[column].to_numpy(float)
        if np.isfinite(values).any():
            axes.step(
                part["step"],
                values,
                where="mid",
                color=color_of(number),
                linewidth=1.4,
                label=label_of(agent),
            )
    if len(own["agent"].unique()) > 1 and column == "reward":
        legend_above(axes)
    axes.axhline(0, color=ink(), linewidth=0.6, alpha=0.5)
    axes.set_ylabel(label)
