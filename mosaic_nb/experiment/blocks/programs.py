"""Operator programs, run in an interpreter that is not theirs alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from mosaic_nb.worker.serve import Factory, collecting
from mosaic_nb.worker.warm import run_program


def load(program: Sequence[str]) -> Factory:
    """Run a program up to its `serve`, and return what it would have served.

    Its module stays ``__main__``, where pickles and type hints look names up; of several programs, the last one's.

    Raises:
        RuntimeError: it serves nothing.
    """
    before = sys.argv
    try:
        with collecting() as collected:
            run_program(list(program))
    finally:
        sys.argv = before
    if not collected:
        raise RuntimeError(
            f"{program[0]} ended without serving an operator: its last line must call serve(...)"
        )
    factory, module = collected[-1]
    sys.modules["__main__"] = module
    return factory


def clash(programs: Sequence[Sequence[str]]) -> str | None:
    """Say which module two programs both find beside themselves, so that one would get the other's; None if none."""
    found: dict[str, Path] = {}
    for path in dict.fromkeys(Path(program[0]).resolve() for program in programs if program[0] != "-m"):
        for name in siblings(path):
            if found.setdefault(name, path.parent) != path.parent:
                folders = f"{found[name].name!r} and {path.parent.name!r}"
                return f"the programs in {folders} each import a module of their own called {name!r}"
    return None


def siblings(program: Path) -> set[str]:
    """Return the names of the modules beside a program that it imports, directly or through others of them."""
    found: set[str] = set()
    unread = [program]
    while unread:
        for name in _imported(unread.pop()):
            file, package = program.parent / f"{name}.py", program.parent / name / "__init__.py"
            if name not in found and (file.exists() or package.exists()):
                found.add(name)
                unread += [file] if file.exists() else sorted(package.parent.rglob("*.py"))
    return found


def _imported(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # whoever runs it will be told
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
