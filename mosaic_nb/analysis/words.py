"""How results read: numbers with as many digits as they deserve, lists, and the HTML that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import floor, isfinite, log10
from typing import Any

_SHOWN = 5
_MOST_DECIMALS = 6
_NOTHING = 1e-6


def figures(value: float, low: float, high: float) -> tuple[str, str, str]:
    """Return a value and its interval's ends, rounded to two digits of the interval's half width."""
    width = (high - low) / 2 or value
    decimals, ends = decimals_for(width), [end for end in (low, high) if abs(end) > _NOTHING * abs(width)]
    while decimals < _MOST_DECIMALS and any(round(end, decimals) == 0 for end in ends):
        decimals += 1  # on which side of zero an end lies must be seen
    return number(value, decimals), number(low, decimals), number(high, decimals)


def decimals_for(width: float) -> int:
    """Return how many decimals show two digits of a width."""
    if not isfinite(width) or width == 0:
        return 2
    return min(max(0, 1 - floor(log10(abs(width)))), _MOST_DECIMALS)


def number(value: float, decimals: int = 2) -> str:
    """Return a number with thousands apart, and no minus before zero."""
    return f"{value:z,.{decimals}f}"


def p_value(p: float) -> str:
    """Return ``"p = 0.012"``, or ``"p < 0.001"``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def listed(things: Iterable[Any], most: int = _SHOWN) -> str:
    """Return things in a row, the first few and how many more there are."""
    every = list(things)
    rest = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(str(thing) for thing in every[:most]) + rest


def counted(count: int, thing: str) -> str:
    """Return ``"1 seed"`` or ``"12 seeds"``."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def sentence(text: str, notes: Sequence[str] = ()) -> str:
    """Return a sentence and its notes as HTML."""
    return f"<p><b>{safe(text)}</b></p>{footnotes(notes)}"


def footnotes(notes: Sequence[str]) -> str:
    """Return notes as a list in HTML, nothing where there are none."""
    items = "".join(f"<li>{safe(note)}</li>" for note in notes)
    return f"<ul>{items}</ul>" if items else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML: the first column names the row, every text is escaped, and the header may be empty."""
    top = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in header)
    head = f"<thead><tr>{top}</tr></thead>" if header else ""
    lines = (
        f'<tr><th scope="row">{safe(row[0])}</th>{"".join(f"<td>{safe(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"


def safe(text: object) -> str:
    """Return a text for HTML: escaped, and what cannot be encoded made visible."""
    return escape(str(text).encode("utf-8", "backslashreplace").decode("utf-8"))
