"""A run played again, and others asked at each of its steps."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis import disagreement as table
from mosaic_nb.disagreement.request import Request, named
from mosaic_nb.disagreement.rollouts import Rollouts
from mosaic_nb.recording.run import Run
from mosaic_nb.rerun import Rerun, at_once, bar, run_here
from mosaic_nb.scheduler.asking import Panel, Progress, Reply, ask_all, open_place
from mosaic_nb.scheduler.chapters import Trial

if TYPE_CHECKING:
    import pandas as pd


def disagreements(
    run: Run,
    operators: Any,
    *,
    lanes: Any = None,
    episodes: Any = None,
    agents: Any = None,
    environment: Any = None,
    everything: bool = False,
    consequence: str | None = None,
    horizon: int | None = None,
    rollouts: int = 100,
    players: Mapping[str, Any] | None = None,
    deadline: float | None = 60.0,
    progress: bool = True,
) -> pd.DataFrame:
    """Ask other operators at each step of a run what they would have done; see `mosaic_nb.Run.disagreements`."""
    rerun = Rerun(run, environment)
    steps = run.steps
    request = Request(
        rerun,
        named(operators),
        rerun.chosen("lane", lanes),
        rerun.chosen("episode", episodes),
        rerun.chosen("agent", agents),
        deadline,
    )
    done = Progress()
    acted = request.acted(steps)
    who = acted["agent"].unique().tolist()
    total = len(acted[["lane", "episode", "step"]].drop_duplicates())
    with bar(progress, "asked", total, lambda: done.steps) as show:
        replies, told = run_here(lambda: _ask(request, who, done, everything), show)
    rows = table.shape(steps, [_as_row(reply) for reply in replies])
    if consequence is not None:
        rows = Rollouts(request, told, players, horizon).measure(rows, rollouts, progress)
    rows.attrs["asked"] = dict(done.asked)
    return rows


async def _ask(
    request: Request, agents: list[str], progress: Progress, everything: bool
) -> tuple[list[Reply], list[Trial]]:
    with tempfile.TemporaryDirectory(prefix="mosaic-nb-asking-") as folder:
        panel = Panel(request.rerun.host, request.operators, Path(folder), request.deadline)
        try:
            await open_place(panel.first)
            told = await asyncio.to_thread(request.rerun.trials, panel.first.opened.agents)
            wanted = [trial for trial in told if any(request.wants(chapter.key) for chapter in trial)]
            if wanted and agents:
                await panel.start(agents, wanted[0][0])
                with request.rerun.explained(panel.first):
                    options: dict[str, Any] = {"everything": everything, "at_once": at_once()}
                    return await ask_all(panel, wanted, request.wants, agents, progress, **options), told
        finally:
            await panel.close()
    return [], told


def _as_row(reply: Reply) -> dict[str, Any]:
    lane, episode = reply.key
    return {
        "lane": lane,
        "episode": episode,
        "step": reply.step,
        "agent": reply.agent,
        "other": reply.other,
        "parted": not reply.same and not reply.error,
        "legal": None if reply.error else not reply.reason,
        "error": reply.error,
        "other_action": reply.action,
        "other_label": reply.label,
        "other_probabilities": reply.probabilities,
        "other_value": reply.value,
        "other_probability": reply.chance,
        "place": reply.place,
    }
