"""A live look at an experiment: how far each lane is, what it has returned so far, how fast it goes."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets

from mosaic_nb.experiment.progress import LaneProgress, Progress

_STYLE = """<style>
.mnb-progress{font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);color:var(--jp-ui-font-color1,#1b1f24);
max-width:720px;padding:10px 12px;border:1px solid var(--jp-border-color2,#d0d7de);border-radius:8px;
background:var(--jp-layout-color1,#fff)}
.mnb-progress .head{display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline;margin-bottom:6px}
.mnb-progress .head b{font-size:14px}
.mnb-progress .dim{color:var(--jp-ui-font-color2,#57606a)}
.mnb-progress table{width:100%;border-collapse:collapse;font:inherit;color:inherit;
font-variant-numeric:tabular-nums}
.mnb-progress td,.mnb-progress th{padding:3px 8px;text-align:right;white-space:nowrap;border:0;background:none;
font-weight:400;color:inherit}
.mnb-progress th{color:var(--jp-ui-font-color2,#57606a);font-size:12px}
.mnb-progress td:first-child,.mnb-progress th:first-child{text-align:left;padding-left:0;max-width:220px;
overflow:hidden;text-overflow:ellipsis}
.mnb-progress .bar{width:42%;min-width:90px}
.mnb-progress .bar div{height:8px;border-radius:4px;background:var(--jp-layout-color3,#e1e4e8);overflow:hidden}
.mnb-progress .bar i{display:block;height:100%;background:#0072b2;border-radius:4px}
.mnb-progress .failed{color:var(--jp-error-color0,#b3261e)}
</style>"""


class ProgressView(ipywidgets.HTML):  # type: ignore[misc]
    """Shows the progress of an experiment.

    Args:
        title: what it is called.
        progress: how far it is.
    """

    def __init__(self, title: str, progress: Progress) -> None:
        self._title = title
        super().__init__(value=page(title, progress))

    def show(self, progress: Progress) -> None:
        """Show how far it is now; from any thread."""
        self.value = page(self._title, progress)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        """The same text at every run, for notebooks that are compared with what was saved."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**options) or {}
        return {**bundle, "text/plain": "an experiment's progress"}


def page(title: str, progress: Progress) -> str:
    """Return the progress as HTML; every name and text is escaped."""
    rows = "".join(_row(name, lane) for name, lane in progress.lanes.items())
    last = f'<div class="failed">{escape(progress.last[:300])}</div>' if progress.last else ""
    return (
        f'{_STYLE}<div class="mnb-progress"><div class="head"><b>{escape(title)}</b>'
        f"<span>{escape(progress.state)}</span>{_facts(progress)}</div>"
        f'<table><thead><tr><th scope="col">lane</th><th scope="col" class="bar"></th><th scope="col">episodes</th>'
        f'<th scope="col">mean return</th><th scope="col">failed</th></tr></thead><tbody>{rows}</tbody></table>{last}'
        "</div>"
    )


def _facts(progress: Progress) -> str:
    facts = [f"{progress.done:,} of {progress.total:,} episodes", f"{_span(progress.elapsed)} so far"]
    if progress.rate and progress.elapsed:
        facts.append(
            f"{_number(progress.rate)} episodes/s, {_number(progress.steps / progress.elapsed)} steps/s"
        )
    if progress.state == "running" and progress.left is not None:
        facts.append(f"{_span(progress.left)} left")
    return "".join(f'<span class="dim">{fact}</span>' for fact in facts)


def _row(name: str, lane: LaneProgress) -> str:
    share = 100 * lane.done / max(lane.total, 1)
    mean = "" if lane.mean is None else f"{lane.mean:.4g}"
    failed = f'<td class="failed">{lane.failed:,}</td>' if lane.failed else '<td class="dim">0</td>'
    return (
        f'<tr><td title="{escape(name)}">{escape(name)}</td>'
        f'<td class="bar"><div role="progressbar" aria-label="{escape(name)}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{share:.0f}"><i style="width:{share:.1f}%"></i></div></td>'
        f"<td>{lane.done:,} / {lane.total:,}</td><td>{mean}</td>{failed}</tr>"
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _span(seconds: float) -> str:
    """Return a time as people say it."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
