"""`check_operator`: does an operator keep the contract that rewind, swap, comparison and replay rest on?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.operators import Declared, SpecError, UnknownOperator, declare, of_spec, operator, read
from mosaic_nb.operators.spec import NAME, Spec
from mosaic_nb.testing import operator_clauses as clauses
from mosaic_nb.testing.examination import Examination, Report
from mosaic_nb.testing.operator_clauses import CLAUSES, Broken

_README = "README.md"


class OperatorViolation(AssertionError):
    """An operator broke a clause.

    Attributes:
        clause: the clause's name, a key of `mosaic_nb.testing.operator_clauses.CLAUSES`.
        detail: which episode and step, and what happened there.
        log: the tail of the worker's log.
    """

    def __init__(self, operator: str, clause: str, detail: str, log: str = "") -> None:
        end = f"\n--- the end of its log ---\n{log}" if log else ""
        super().__init__(f"{operator} breaks {clause}: {detail}\n{CLAUSES[clause]}{end}")
        self.clause = clause
        self.detail = detail
        self.log = log


def check_operator(
    operator: Any,
    *,
    environment: Any = "CartPole-v1",
    env_kwargs: Mapping[str, Any] | None = None,
    options: Mapping[str, Any] | None = None,
    episodes: int = 2,
    max_steps: int = 30,
    seed: int = 0,
    deadline: float = 30.0,
) -> Report:
    """Start an operator's program in worker processes, and hold it against every clause of the contract.

    It plays whole episodes of a real environment; then fresh workers are asked for the same decisions, started in
    other ways, with interleaved seats, after catch-up. ``docs/operators.md`` explains the laws.

    Args:
        operator: the path of an operator's folder (with a separator: ``"./mine"``), a name, or what
            `mosaic_nb.operator` returns.
        environment, env_kwargs: as for `mosaic_nb.Arena`: one that the operator plays, of one agent.
        options: the operator's own.
        episodes: how many to play, 2 or more, with the seeds ``seed``, ``seed + 1``, ...
        max_steps: leave an episode after this many steps.
        deadline: seconds for each reply. Hello and load may take ten times as long.

    Raises:
        OperatorViolation: a clause is broken; the message names it, says what was seen, and ends with the log.
        OperatorUnavailable: it cannot run here; the message says what to install.
        TypeError: an option is unknown, missing or of the wrong type.
        EnvironmentFailure, WorkerError: the environment cannot be played.
    """
    if episodes < 2:
        raise ValueError(
            f"episodes must be 2 or more, to compare seats that play different ones, not {episodes}"
        )
    described = declare_environment(environment, env_kwargs)
    name = str(operator)
    try:
        declared = _declared(operator, options)
        name = declared.label
        _check_spec(declared.spec)
        with tempfile.TemporaryDirectory(prefix="mosaic-nb-check-") as folder:
            examination = Examination(declared, described, Path(folder), max_steps, deadline)
            try:
                return examination.run(range(seed, seed + episodes))
            finally:
                examination.close()
    except Broken as broken:
        raise OperatorViolation(name, broken.clause, broken.detail, broken.log) from broken


def _declared(given: Any, options: Mapping[str, Any] | None) -> Declared:
    told = dict(options or {})
    if isinstance(given, os.PathLike) or (isinstance(given, str) and _is_path(given)):
        try:
            spec = read(Path(given).expanduser().resolve())
        except SpecError as error:
            raise Broken(clauses.SPEC_IS_READABLE, error) from error
        return of_spec(spec, told)
    if isinstance(given, str) and NAME.fullmatch(given):
        try:
            return operator(given, **told)
        except UnknownOperator as error:
            raise UnknownOperator(f"{error}; a folder is named with a separator: './{given}'") from error
    if told:
        raise TypeError("options= is for a path or a name; what mosaic_nb.operator(...) returns has its own")
    return declare(given)


def _is_path(text: str) -> bool:
    return os.sep in text or text.startswith(("~", "."))


def _check_spec(spec: Spec) -> None:
    if not spec.argv or spec.folder is None:
        raise Broken(clauses.SPEC_IS_COMPLETE, f"operator {spec.name!r} has no program to start")
    for field, text in (("display_name", spec.display_name), ("description", spec.description)):
        if not text.strip():
            raise Broken(clauses.SPEC_IS_COMPLETE, f"operator.json: {field} is empty")
    for name, option in spec.options.items():
        if not option.help.strip():
            raise Broken(clauses.SPEC_IS_COMPLETE, f"operator.json: options.{name}: help is empty")
    readme = spec.folder / _README
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if not text.strip():
        raise Broken(clauses.README_IS_THERE, f"{readme} is missing or empty")
    unnamed = [name for name in spec.options if name not in text]
    if unnamed:
        raise Broken(clauses.README_IS_THERE, f"{readme} says nothing of the option {unnamed[0]!r}")
