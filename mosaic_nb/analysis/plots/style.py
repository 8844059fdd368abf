"""What all figures share: colours, sizes, and texts that matplotlib takes for texts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

P = ParamSpec("P")
R = TypeVar("R")

# Okabe and Ito, "Color Universal Design" (2008), without black and yellow, which a page may have as its ground.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
LIGHTER = ("#4A9FDB", "#F08A4B", "#2FC49A", "#E3A3C6", "#A6D8F6", "#F3C257")
"""The same hues for a dark ground."""
LINES = ("-", "--", "-.", ":")
_colors = ContextVar("colors", default=COLORS)
WIDTH = 6.4
"""Inches: that of a text column with figures as wide as it."""

_LONGEST = 24
_INK = {"light": "#1f2328", "dark": "#e6e9ed"}
_SHARED: dict[Any, Any] = {
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9.5,
    "grid.linewidth": 0.6,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "svg.fonttype": "path",
}


@contextmanager
def theme(name: str = "light") -> Iterator[None]:
    """Draw in the ink of a light or a dark page, on no ground of its own."""
    import matplotlib as mpl

    ink = _INK[name]
    colored = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    clear = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    look: dict[Any, Any] = _SHARED | dict.fromkeys(colored, ink) | dict.fromkeys(clear, "none")
    before = _colors.set(LIGHTER if name == "dark" else COLORS)
    try:
        with mpl.rc_context(look):
            yield
    finally:
        _colors.reset(before)


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw with the sizes that all figures share."""

    @wraps(draw)
    def drawn(*args: P.args, **options: P.kwargs) -> R:
        import matplotlib as mpl

        with mpl.rc_context(_SHARED):
            return draw(*args, **options)

    return drawn


def new_axes(ax: Axes | None, height: float, width: float = WIDTH) -> Axes:
    """Return the axes to draw on, bare of what no data needs."""
    if ax is None:
        from matplotlib import pyplot as plt

        ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    return ax


def ink() -> str:
    """Return the colour of texts."""
    import matplotlib as mpl

    return str(mpl.rcParams["text.color"])


def name_rows(ax: Axes, names: Iterable[str]) -> None:
    """Write names beside rows, the first on top."""
    labels = list(names)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", alpha=0.15)


def legend_above(ax: Axes) -> None:
    """Name the lines above the axes, where no data lies."""
    longest = max(len(label) for label in ax.get_legend_handles_labels()[1])
    columns = 1 if longest > 34 else 2 if longest > 14 else 4
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.2)


def color_of(number: int) -> str:
    """Return the colour of a lane by its place."""
    colors = _colors.get()
    return colors[number % len(colors)]


def line_of(number: int) -> str:
    """Return the line style of a lane by its place: those that share a colour differ in it."""
    return LINES[number // len(COLORS) % len(LINES)]


def label_of(text: Any, longest: int = _LONGEST) -> str:
    r"""Return a name as a figure can show it: short, in one line, and no formula.

    Matplotlib reads what stands between dollars as a formula, unless they are written ``\$``.
    """
    plain = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in str(text))
    plain = " ".join(plain.split())
    short = plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
    return short.replace("$", r"\$")
