"""Seat any decision maker in any environment, watch several side by side under the same seeds, keep every decision.

::

    import mosaic_nb as mnb

    arena = mnb.Arena("MiniGrid-DoorKey-5x5-v0", lanes={"random": "random", "me": "human"}, seed=7)

The public names load when they are first used. So importing this package costs next to nothing, and a worker, which
imports `mosaic_nb.worker` alone, never loads pandas or a widget.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb import analysis, environments
    from mosaic_nb.arena import Arena, play
    from mosaic_nb.cross_play import crossplay
    from mosaic_nb.errors import (
        AnalysisError,
        CastError,
        Diverged,
        EnvironmentFailure,
        HumanToMove,
        HumanUnavailable,
        LaneFailureWarning,
        MosaicError,
        OperatorError,
        SmallSampleWarning,
    )
    from mosaic_nb.experiment.experiment import Experiment
    from mosaic_nb.operators import operator
    from mosaic_nb.replay import Run, open_run

__version__ = "0.1.0"

__all__ = [
    "AnalysisError",
    "Arena",
    "CastError",
    "Diverged",
    "EnvironmentFailure",
    "Experiment",
    "HumanToMove",
    "HumanUnavailable",
    "LaneFailureWarning",
    "MosaicError",
    "OperatorError",
    "Run",
    "SmallSampleWarning",
    "__version__",
    "analysis",
    "crossplay",
    "environments",
    "open_run",
    "operator",
    "play",
]

_HOMES = {
    "AnalysisError": "mosaic_nb.errors",
    "Arena": "mosaic_nb.arena",
    "CastError": "mosaic_nb.errors",
    "Diverged": "mosaic_nb.errors",
    "EnvironmentFailure": "mosaic_nb.errors",
    "Experiment": "mosaic_nb.experiment.experiment",
    "HumanToMove": "mosaic_nb.errors",
    "HumanUnavailable": "mosaic_nb.errors",
    "LaneFailureWarning": "mosaic_nb.errors",
    "MosaicError": "mosaic_nb.errors",
    "OperatorError": "mosaic_nb.errors",
    "Run": "mosaic_nb.replay",
    "SmallSampleWarning": "mosaic_nb.errors",
    "crossplay": "mosaic_nb.cross_play",
    "open_run": "mosaic_nb.replay",
    "operator": "mosaic_nb.operators",
    "play": "mosaic_nb.arena",
}
_ROOMS = frozenset({"analysis", "environments", "experiment"})


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value  # the next use finds it without asking here
        return value
    from difflib import get_close_matches

    nearest = get_close_matches(name, __all__, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"it has {', '.join(__all__)}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; {hint}")


def __dir__() -> list[str]:
    return sorted(__all__)
