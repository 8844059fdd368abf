"""Script mode: experiments that resume, scale to a cluster, and leave an ordinary run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb.experiment.errors import AnotherExperiment, Busy, Changed, PlanError
    from mosaic_nb.experiment.executors import Local
    from mosaic_nb.experiment.experiment import Experiment
    from mosaic_nb.experiment.ray import Ray
    from mosaic_nb.experiment.running import LaneStopped, Running, Unfinished

__all__ = [
    "AnotherExperiment",
    "Busy",
    "Changed",
    "Experiment",
    "LaneStopped",
    "Local",
    "PlanError",
    "Ray",
    "Running",
    "Unfinished",
]

_HOMES = {
    "AnotherExperiment": "errors",
    "Busy": "errors",
    "Changed": "errors",
    "Experiment": "experiment",
    "LaneStopped": "running",
    "Local": "executors",
    "PlanError": "errors",
    "Ray": "ray",
    "Running": "running",
    "Unfinished": "running",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
