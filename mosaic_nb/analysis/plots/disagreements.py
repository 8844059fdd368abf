"""An episode of disagreement: what was done, what others would have done where they part, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis.disagreement import ROLLOUT
from mosaic_nb.analysis.plots.style import ink, label_of, legend_above, new_axes, styled
from mosaic_nb.analysis.plots.timelines import PALETTE
from mosaic_nb.errors import AnalysisError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_GREYS = ("#1A1A1A", "#8C8C8C", "#C4C4C4")
_SAME = "#ECECEC"
_MOST_NAMED = 16
_SEPARATED = 80
"""Steps up to which a line is drawn between two."""
_HATCHES = ("", "////")


@styled
def disagreement(
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
    strips = [(f"{label_of(_first(done['operator']))} did", done["step"], _names(done, ""))]
    for other in others:
        own = parted[parted["other"] == other]
        strips.append((f"{label_of(other)} would", own["step"], _names(own, "other_")))
    height = 0.4 * len(strips) + 0.5
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7.6, height + 2.4), height_ratios=(height, 1.5), sharex=True, layout="constrained"
    )
    for axes in (above, below):
        new_axes(axes, height)
    _draw_strips(above, strips)
    _draw_consequences(below, parted, others)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_xlim(done["step"].min() - 0.5, done["step"].max() + 0.5)
    title = f"{label_of(lane)}: episode {episode}, seed {done['seed'].iloc[0]}"
    figure.suptitle(title if agent is None else f"{title}, {label_of(who)}", x=0.01, ha="left", size=10)
    return figure


def _draw_strips(axes: Any, strips: Sequence[tuple[str, pd.Series, list[str]]]) -> None:
    from matplotlib.patches import Patch

    names = sorted({name for _, _, named in strips for name in named})[:_MOST_NAMED]
    look = {name: (PALETTE[n % len(PALETTE)], _HATCHES[n // len(PALETTE)]) for n, name in enumerate(names)}
    whole = strips[0][1]
    line: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8 if len(whole) <= _SEPARATED else 0}
    for row, (_, at, named) in enumerate(strips):
        axes.broken_barh([(step - 0.5, 1) for step in whole], (row - 0.36, 0.72), facecolor=_SAME, **line)
        for name in {*named}:
            color, hatch = look.get(name, ("#666666", "...."))
            bars = [(step - 0.5, 1) for step, other in zip(at, named, strict=True) if other == name]
            axes.broken_barh(bars, (row - 0.36, 0.72), facecolor=color, hatch=hatch, **line)
    axes.set_yticks(range(len(strips)), [label for label, _, _ in strips])
    axes.set_ylim(len(strips) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    handles = [Patch(facecolor=look[name][0], hatch=look[name][1], label=label_of(name)) for name in names]
    handles.append(Patch(facecolor=_SAME, label="the same"))
    where: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
    axes.legend(handles=handles, ncols=6, handlelength=1.2, **where)


def _draw_consequences(axes: Any, parted: pd.DataFrame, others: Sequence[str]) -> None:
    """Draw the measure that most rows have: measures have different units."""
    measure = _first(parted["measure"].mode()) if len(parted) else ""
    width = 0.8 / max(len(others), 1)
    for number, other in enumerate(others):
        own = parted[(parted["other"] == other) & (parted["measure"] == measure)]
        offset = (number + 0.5) * width - 0.4
        grey, hatch = _GREYS[number % len(_GREYS)], _HATCHES[number // len(_GREYS) % 2]
        axes.bar(
            own["step"] + offset, own["consequence"], width, color=grey, hatch=hatch, label=label_of(other)
        )
    axes.axhline(0, color=ink(), lw=0.6)
    axes.set_xlabel("step")
    axes.set_ylabel({ROLLOUT: "return gained\nby the rollout"}.get(measure, measure or "consequence"))
    if len(others) > 1:
        legend_above(axes)


def _names(rows: pd.DataFrame, whose: str) -> list[str]:
    pairs = zip(rows[f"{whose}{'label' if whose else 'action_label'}"], rows[f"{whose}action"], strict=True)
    return [str(label) or str(action) for label, action in pairs]


def _first(values: pd.Series) -> Any:
    return values.iloc[0] if len(values) else ""
