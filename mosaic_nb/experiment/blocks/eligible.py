"""Which lanes can be played as blocks."""

from __future__ import annotations

from collections.abc import Iterable

from mosaic_nb.experiment.blocks.programs import clash
from mosaic_nb.operators import Declared
from mosaic_nb.protocol.blocks import BlockOperator

WAITING = ("human", "llm", "vlm", "tool")
"""The kinds that wait for a person or a model: episodes that wait are better played side by side."""


def why_not(operators: Iterable[Declared]) -> str | None:
    """Say why a lane with these operators has to be played step by step, or None where it can be a block."""
    operators = list(operators)
    for declared in operators:
        reason = _alone(declared)
        if reason is not None:
            return f"{declared.label!r} {reason}"
    variables: dict[str, str] = {}
    for declared in operators:
        for name, value in declared.spec.environment.variables.items():
            if variables.setdefault(name, value) != value:
                return f"its operators want different values of the environment variable {name}"
    return clash([_program(declared) for declared in operators])


def _alone(declared: Declared) -> str | None:
    """Say why an operator needs a process of its own."""
    spec = declared.spec
    if declared.kind in WAITING:
        return f"is of kind {declared.kind}, which waits for somebody else"
    if not spec.argv or spec.argv[0] != "{python}":
        return "is no Python program"
    if spec.environment.keys:
        return f"needs a key ({', '.join(spec.environment.keys)}), which no other code must see"
    if declared.deadline is not None:
        return f"has a deadline of {declared.deadline:g} s, which only another process can watch"
    return None


def portable(declared: Declared) -> BlockOperator:
    """Return an operator as a block worker is told of it."""
    return BlockOperator(
        program=_program(declared),
        label=declared.label,
        kind=declared.kind,
        options=dict(declared.options),
        callable=declared.callable,
        variables=dict(declared.spec.environment.variables),
    )


def _program(declared: Declared) -> list[str]:
    return declared.spec.command()[1:]
