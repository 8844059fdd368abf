"""The conformance kit: does an environment, does an operator keep what every comparison rests on?

`check_environment` and `check_operator` start the real programs in real processes and name the first clause that is
broken. `mosaic_nb.testing.fakes` are small public operators, each exercising a part of the contract.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mosaic_nb.testing.environments import EnvironmentViolation, check_environment
    from mosaic_nb.testing.operators import OperatorViolation, check_operator

__all__ = ["EnvironmentViolation", "OperatorViolation", "check_environment", "check_operator"]

_HOMES = {
    "EnvironmentViolation": "mosaic_nb.testing.environments",
    "OperatorViolation": "mosaic_nb.testing.operators",
    "check_environment": "mosaic_nb.testing.environments",
    "check_operator": "mosaic_nb.testing.operators",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
