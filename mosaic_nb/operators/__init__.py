"""Find operators and declare them.

An operator is a folder with an ``operator.json`` and a program that speaks the worker protocol. This room reads specs
and checks options; the scheduler starts programs.
"""

from mosaic_nb.operators.declare import (
    Declared,
    OperatorUnavailable,
    UnknownOperator,
    declare,
    of_spec,
    operator,
)
from mosaic_nb.operators.search import find, places, survey, user_folder
from mosaic_nb.operators.spec import Environment, Option, Spec, SpecError, read

__all__ = [
    "Declared",
    "Environment",
    "OperatorUnavailable",
    "Option",
    "Spec",
    "SpecError",
    "UnknownOperator",
    "declare",
    "find",
    "of_spec",
    "operator",
    "places",
    "read",
    "survey",
    "user_folder",
]
