"""What an arena or an experiment leaves behind: the tables, the journal that makes them durable, the run folder.

`Recorder` writes a run, `open_run` reads one, `tables` declares what the columns mean. The names load when they are
first used, so that whoever needs the declarations alone does not load pandas.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb.recording.copying import copy_run
    from mosaic_nb.recording.recorder import Recorder
    from mosaic_nb.recording.run import Run, open_run

__all__ = ["Recorder", "Run", "copy_run", "open_run"]

_HOMES = {"Recorder": "recorder", "Run": "run", "copy_run": "copying", "open_run": "run"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
