"""Waiting for an experiment in the foreground, with something to look at."""

from __future__ import annotations

import sys
from collections.abc import Callable

from mosaic_nb.experiment.progress import Progress
from mosaic_nb.experiment.running import Running
from mosaic_nb.replay import Run

_EVERY = 0.25
"""Seconds between two looks."""


def watched(running: Running, *, show: bool) -> Run:
    """Wait until an experiment has ended, and return its run; an interrupt stops it."""
    look, leave = _display(running) if show else (_nothing, _nowhere)
    try:
        while True:
            if running.ended(_EVERY):
                return running.wait()
            look(running.progress)
    except KeyboardInterrupt:
        running.interrupt()
        raise
    finally:
        look(running.progress)
        leave()


def _display(running: Running) -> tuple[Callable[[Progress], None], Callable[[], None]]:
    if _in_notebook():
        from IPython.display import display

        widget = running.widget()
        display(widget)  # type: ignore[no-untyped-call]
        return widget.show, _nowhere
    return _bar(running.progress)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _bar(progress: Progress) -> tuple[Callable[[Progress], None], Callable[[], None]]:
    from tqdm.auto import tqdm

    often = 0.2 if sys.stderr.isatty() else 10.0  # a log keeps every line
    bar = tqdm(
        total=progress.total, initial=progress.done, unit="episode", dynamic_ncols=True, mininterval=often
    )

    def look(now: Progress) -> None:
        if now.done == bar.n and now.state == "running":
            return
        means = ", ".join(
            f"{name} {lane.mean:.3g}" for name, lane in now.lanes.items() if lane.mean is not None
        )
        failed = f", {now.failed} failed" if now.failed else ""
        bar.set_postfix_str(means + failed, refresh=False)
        bar.update(now.done - bar.n)

    return look, bar.close


def _nothing(_: Progress) -> None:
    """Look at nothing."""


def _nowhere() -> None:
    """Nothing to leave."""
