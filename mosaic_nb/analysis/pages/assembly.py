"""The report of a run: what it found, how surely, what went wrong, what was run, and how to repeat it."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mosaic_nb.analysis.comparison import Comparison
from mosaic_nb.analysis.pages import origins
from mosaic_nb.analysis.pages.figures import figure
from mosaic_nb.analysis.plots import differences, distributions, profiles, rates
from mosaic_nb.analysis.scores import samples
from mosaic_nb.analysis.several import Comparisons, compare_all
from mosaic_nb.analysis.summaries import Summary, summary
from mosaic_nb.analysis.words import counted, p_value, safe
from mosaic_nb.errors import AnalysisError, SmallSampleWarning

if TYPE_CHECKING:
    import pandas as pd

_SHEET = Path(__file__).with_name("page.css")
_MOST_PAIRED = 5
"""Up to so many lanes are compared each with each; more of them with the best one."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{sheet}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


class Recorded(Protocol):
    """What a report needs of a run."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def path(self) -> Path:
        """Its folder."""

    @property
    def header(self) -> dict[str, Any]:
        """What was run."""

    @property
    def problems(self) -> list[str]:
        """What was found torn or damaged."""

    @property
    def lanes(self) -> list[str]:
        """The lanes with episodes, in order."""

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has."""

    @property
    def episodes(self) -> pd.DataFrame:
        """A row per episode."""

    @property
    def events(self) -> pd.DataFrame:
        """A row per failure, swap, rewind, ..."""


def report(
    run: Recorded,
    metric: str = "return",
    *,
    correction: str = "holm",
    failed: str | float | None = None,
    agent: str | None = None,
    team: str | None = None,
) -> str:
    """Return a run's report as a page of HTML that loads nothing and lets nothing be loaded.

    Args:
        run: what was recorded.
        metric, failed, agent, team: what is reported, see `mosaic_nb.analysis.samples`.
        correction: of the p-values, see `mosaic_nb.analysis.compare_all`.

    Raises:
        AnalysisError: there are no episodes, or values are missing.
    """
    counting: dict[str, Any] = {"failed": failed, "agent": agent, "team": team}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)  # the page says it itself
        found = summary(run.episodes, metric, lanes=run.lanes, **counting)
        compared = _compared(run.episodes, metric, found, correction, counting)
        parts = list(_parts(run, metric, found, compared, counting))
    sheet = _SHEET.read_text(encoding="utf-8")
    return _PAGE.format(
        policy=_policy(sheet), title=safe(f"Report: {run.name}"), sheet=sheet, body="\n".join(parts)
    )


def _compared(
    episodes: pd.DataFrame, metric: str, found: Summary, correction: str, counting: dict[str, Any]
) -> Comparisons | str:
    """Return the comparisons, or why there are none."""
    lanes = [str(lane) for lane in found.frame.index]
    if len(lanes) < 2:
        return "There is one lane: nothing to compare it with."
    best = str(found.frame["mean"].idxmax()) if len(lanes) > _MOST_PAIRED else None
    reason = ""
    for paired in (True, "shared"):
        try:
            return compare_all(
                episodes, metric, lanes=lanes, baseline=best, correction=correction, paired=paired, **counting
            )
        except AnalysisError as error:
            reason = reason or str(error)
    return f"The lanes cannot be compared: {reason}."


def _parts(
    run: Recorded, metric: str, found: Summary, compared: Comparisons | str, counting: dict[str, Any]
) -> Iterator[str]:
    lanes, name = run.lanes, found.metric
    yield _head(run, found)
    yield _section("In short", _verdicts(found, compared))
    yield _section("Summary", _wide(found._repr_html_()))
    yield _section(
        f"What each lane scored: {name}",
        figure(
            lambda: distributions(run.episodes, metric, lanes=lanes, **counting),
            f"{name} of each lane, seed by seed",
            "A point is a seed. The box spans the middle half, with a line at the median; the diamond is the mean, the "
            "line through it the 95 % interval.",
        ),
    )
    yield _section("Differences", _differences(compared))
    scores = {
        lane: each.scores for lane, each in samples(run.episodes, metric, lanes=lanes, **counting).items()
    }
    yield _section(
        "Performance profiles",
        figure(
            lambda: profiles(scores, label=name),
            f"Share of seeds of each lane that score above each {name}",
            "A line above another one everywhere is better everywhere; where lines cross, it depends on what is asked "
            "for. Bands are 95 % at each level.",
        ),
    )
    if found.frame["success"].notna().any():
        yield _section(
            "Success",
            figure(lambda: rates(found), "Success rate of each lane", "Lines are Wilson's 95 % intervals."),
        )
    yield _section("Failures", _wide(origins.failures(run)))
    yield _section("What was run", _wide(origins.facts(run)))
    yield _section("How to repeat it", origins.repeat(run))


def _head(run: Recorded, found: Summary) -> str:
    where = origins.environment(run)
    seeds, episodes = int(found.frame["seeds"].max()), int(found.frame["episodes"].sum())
    chips = [
        where,
        counted(len(found.frame), "lane"),
        counted(seeds, "seed"),
        counted(episodes, "episode"),
        counted(run.rows.get("steps", 0), "step"),
    ]
    marks = "".join(f"<li>{safe(chip)}</li>" for chip in chips if chip)
    made = origins.made(run)
    return f'<header><p class="kind">Report</p><h1>{safe(run.name)}</h1><ul class="chips">{marks}</ul>{made}</header>'


def _verdicts(found: Summary, compared: Comparisons | str) -> str:
    if isinstance(compared, str):
        row = found.frame.iloc[0]
        alone = (
            f"{found.frame.index[0]}: mean {found.metric} {row['mean']:.3g}. "
            if len(found.frame) == 1
            else ""
        )
        return f"<p>{safe(alone + compared)}</p>"
    lines = (
        _verdict(each, float(p), len(compared)) for each, p in zip(compared, compared.adjusted, strict=True)
    )
    return f'<ul class="verdicts">{"".join(lines)}</ul>'


def _verdict(each: Comparison, p: float, count: int) -> str:
    clear, text = p < 1 - each.difference.level, each.verdict
    if each.difference.excludes_zero and not clear:
        text += f", which among {count} comparisons may be chance"
    corrected = f"{p_value(p)} corrected" if count > 1 else p_value(p)
    kind, basis = "clear" if clear else "open", f"{each.basis}, {corrected}"
    return f'<li class="{kind}">{safe(text)}<span class="after">{safe(basis)}</span></li>'


def _differences(compared: Comparisons | str) -> str:
    if isinstance(compared, str):
        return f"<p>{safe(compared)}</p>"
    drawn = figure(
        lambda: differences(compared),
        "Differences of the lanes with their intervals; the table below has the numbers",
        "A point is a seed: the first lane's score minus the second's. The diamond is the mean, the line the "
        "interval; rows in orange are not told apart. p-values are corrected for their number.",
    )
    return drawn + _wide(compared._repr_html_())


def _section(title: str, body: str) -> str:
    return f"<section><h2>{safe(title)}</h2>{body}</section>"


def _wide(body: str) -> str:
    """Let a table that is wider than the page scroll, and what follows it not."""
    before, mark, after = body.partition("</table>")
    return f'<div class="wide" tabindex="0">{before}{mark}</div>{after}' if mark else body


def _policy(sheet: str) -> str:
    digest = base64.b64encode(sha256(sheet.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
