"""Where a run came from, as parts of a page: what was run, what failed, how to repeat it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis.words import counted, listed, safe, table

if TYPE_CHECKING:
    from mosaic_nb.analysis.pages.assembly import Recorded

_FAILURES = ("failure", "forfeit", "substitute")
_MOST_FAILURES = 50
_LONGEST = 400


def environment(run: Recorded) -> str:
    """Return the environment's id, or nothing where the run does not say."""
    known = _provenance(run).get("environment")
    return str(known.get("id", "")) if isinstance(known, Mapping) else str(known or "")


def made(run: Recorded) -> str:
    """Return when it was recorded, and what is wrong with it, as HTML."""
    when = str(run.header.get("created", ""))
    with suppress(ValueError):
        when = f"{datetime.fromisoformat(when):%-d %B %Y, %H:%M %Z}"
    open_still = (
        "" if run.header.get("closed", True) else " The run was not closed: this is what had been recorded."
    )
    torn = "".join(f'<p class="bad">{safe(problem)}</p>' for problem in run.problems)
    return f'<p class="made">Recorded {safe(when or "at an unknown time")}.{open_still}</p>{torn}'


def failures(run: Recorded) -> str:
    """Return what failed, as a table of HTML."""
    events = run.events
    rows = events[events["event"].isin(_FAILURES)]
    if rows.empty:
        return "<p>None.</p>"
    shown = rows.head(_MOST_FAILURES)
    names = ("lane", "episode", "step", "event", "operator", "detail")
    cells = (tuple(_short(row[name]) for name in names) for _, row in shown.iterrows())
    rest = len(rows) - len(shown)
    more = f"<p>And {rest:,} more: see <code>run.events</code>.</p>" if rest else ""
    return table(names, cells) + more


def facts(run: Recorded) -> str:
    """Return what was run, as a table of HTML."""
    return table((), _facts(run))


def repeat(run: Recorded) -> str:
    """Return how to open and verify the run, as HTML."""
    code = (
        "import mosaic_nb as mnb\n\n"
        f"run = mnb.open_run({str(run.path)!r})\n"
        "run.verify()      # plays every episode again from its seed and actions, and compares every step\n"
        "run.episodes      # a DataFrame; run.steps, run.calls and run.events are others\n"
    )
    seeds = sorted({int(seed) for seed in run.episodes["seed"]})
    return (
        "<p>Every episode follows from its seed and its actions. The seed is what <code>env.reset(seed=...)</code> "
        f"received, so anyone can repeat it: {safe(_range(seeds))}.</p>"
        f'<pre tabindex="0"><code>{safe(code)}</code></pre>'
    )


def _facts(run: Recorded) -> Iterator[tuple[str, str]]:
    known = _provenance(run)
    for lane, cast in dict(known.get("casts") or {}).items():
        yield f"lane {lane}", _cast(cast)
    yield "seeds", _range(sorted({int(seed) for seed in run.episodes["seed"]}))
    for name in ("environment", "plan", "policy"):
        if known.get(name):
            yield name, _flat(known[name])
    declared = dict(known.get("declared") or {})
    for name, told in dict(known.get("operators") or {}).items():
        options = declared.get(name, {}).get("options") or {}
        about = {key: each for key, each in {**options, **dict(told)}.items() if key != "pid"}
        if about:
            yield f"operator {name}", _flat(about)
    git = known.get("git")
    if isinstance(git, Mapping) and git.get("commit"):
        yield (
            "git",
            str(git["commit"]) + (", with changes that are not committed" if git.get("dirty") else ""),
        )
    libraries = known.get("libraries")
    versions = known.get("versions") or {"mosaic_nb": known.get("mosaic_nb", "?")} | dict(libraries or {})
    yield "versions", _flat(versions)
    for name in ("python", "platform"):
        if known.get(name) and not (isinstance(libraries, Mapping) and name in libraries):
            yield name, str(known[name])
    yield "folder", str(run.path)


def _provenance(run: Recorded) -> dict[str, Any]:
    return dict(run.header.get("provenance") or {})


def _cast(cast: Any) -> str:
    if isinstance(cast, Mapping):
        return ", ".join(f"{name}" if agent == "*" else f"{agent}: {name}" for agent, name in cast.items())
    return str(cast)


def _flat(value: Any) -> str:
    if not isinstance(value, Mapping):
        return _short(value)
    told = ((key, each) for key, each in value.items() if each not in (None, {}, [], "", False))
    return ", ".join(f"{key} {_short(each)}" for key, each in told)


def _short(value: Any) -> str:
    text = json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)
    text = "" if text == "<NA>" else text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _range(seeds: list[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{counted(len(seeds), 'seed')}, {seeds[0]} to {seeds[-1]}"
    return f"{counted(len(seeds), 'seed')}, {listed(seeds, 20)}"
