"""The import laws: which room may import which, written as data and read off the source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mosaic_nb

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = "mosaic_nb"
HOMES = mosaic_nb._HOMES

# room: the rooms it may import. Arrows point down only: a room stands above every room that it names.
LAW: dict[str, set[str]] = {
    "errors": set(),
    "arguments": set(),
    "protocol": set(),
    "environments": {"protocol", "errors"},
    "worker": {"environments", "protocol", "errors"},
    "recording": {"protocol", "errors"},
    "operators": {"protocol", "errors"},
    "scheduler": {"operators", "recording", "worker", "environments", "protocol", "errors"},
    "connect": {"scheduler", "environments", "protocol", "errors"},
    "analysis": {"errors"},
    "rerun": {"scheduler", "recording", "protocol", "errors"},
    "disagreement": {"rerun", "analysis", "scheduler", "operators", "recording", "protocol", "errors"},
    "exports": {"rerun", "scheduler", "recording", "protocol", "errors"},
    "replay": {
        "analysis",
        "disagreement",
        "exports",
        "arguments",
        "scheduler",
        "recording",
        "environments",
        "protocol",
        "errors",
    },
    "shown": {"scheduler", "protocol", "errors"},
    "arena": {
        "arguments",
        "shown",
        "replay",
        "scheduler",
        "operators",
        "recording",
        "environments",
        "protocol",
        "errors",
    },
    "cross_play": {
        "arena",
        "analysis",
        "arguments",
        "replay",
        "scheduler",
        "operators",
        "environments",
        "protocol",
        "errors",
    },
    "experiment": {
        "arguments",
        "replay",
        "scheduler",
        "operators",
        "recording",
        "worker",
        "environments",
        "protocol",
        "errors",
    },
    "testing": {"scheduler", "operators", "recording", "worker", "environments", "protocol", "errors"},
    "view": {"arena", "experiment", "scheduler", "protocol", "errors"},
    "cli": {
        "arena",
        "experiment",
        "replay",
        "testing",
        "scheduler",
        "operators",
        "recording",
        "environments",
        "protocol",
        "errors",
    },
}

# Against the arrows, and therefore only inside a function: the arena's display, and a name where users look for it.
LAZY: dict[str, set[str]] = {"shown": {"view"}, "experiment": {"view"}, "environments": {"connect"}}

# An operator's program imports the contract and at most one of these.
SHARED_BY_OPERATORS = {"models", "incontext", "sandbox"}

# What a worker loads when it starts. Everything else is imported where it is used, inside a function.
LIGHT_ROOMS = {"errors", "protocol", "environments", "worker"}
LIGHT_LIBRARIES = {"gymnasium", "msgspec", "numpy"}

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


@dataclass(frozen=True)
class Import:
    """One imported module, and whether that happens only when a function is called, or never when run."""

    path: Path
    line: int
    module: str
    lazy: bool

    @property
    def room(self) -> str:
        """The room of ours that is imported, or empty."""
        top, _, rest = self.module.partition(".")
        return rest.partition(".")[0] if top == PACKAGE else ""

    def __str__(self) -> str:
        return f"{self.path.relative_to(CHECKOUT)}:{self.line} imports {self.module}"


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (CHECKOUT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[Import]:
    yield from _imports(ast.parse(path.read_text()), path, lazy=False)


def _imports(node: ast.AST, path: Path, *, lazy: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(path, node.lineno, alias.name, lazy)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{path}:{node.lineno}: a relative import hides which room it reaches"
        for alias in node.names:
            through_the_front_door = node.module == PACKAGE
            module = (
                HOMES.get(alias.name, f"{PACKAGE}.{alias.name}") if through_the_front_door else node.module
            )
            yield Import(path, node.lineno, str(module), lazy)
    lazy = (
        lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_types_only(node)
    )
    for child in ast.iter_child_nodes(node):
        yield from _imports(child, path, lazy=lazy)


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def room(path: Path) -> str:
    return path.relative_to(CHECKOUT / PACKAGE).parts[0].removesuffix(".py")


def breaches(path: Path) -> Iterator[str]:
    """Every import of a module of ours that the law forbids."""
    own = room(path)
    for found in imports(path):
        allowed = LAW[own] | {own, "__version__"} | (LAZY.get(own, set()) if found.lazy else set())
        if found.room and found.room not in allowed:
            yield f"{found}: {own} may import {sorted(LAW[own])}"


def test_the_arrows_point_down():
    TopologicalSorter(LAW).prepare()  # raises on a cycle
    assert set().union(*LAW.values()) <= LAW.keys()


def test_every_room_is_under_the_law():
    rooms = {room(path) for path in sources(PACKAGE)} - {"__init__"}
    assert rooms == LAW.keys()


@pytest.mark.parametrize("name", LAW)
def test_a_room_imports_only_rooms_below_it(name):
    paths = [path for path in sources(PACKAGE) if room(path) == name]
    assert [breach for path in paths for breach in breaches(path)] == []


def test_the_front_door_imports_nothing_until_asked():
    eager = [found for found in imports(CHECKOUT / PACKAGE / "__init__.py") if not found.lazy]
    assert {found.module for found in eager if not found.room} <= sys.stdlib_module_names | {"__future__"}
    tree = ast.parse((CHECKOUT / PACKAGE / "__init__.py").read_text())
    assert not [
        node for node in tree.body if isinstance(node, ast.ImportFrom) and PACKAGE in str(node.module)
    ]


@pytest.mark.parametrize("name", sorted(LIGHT_ROOMS))
def test_what_a_worker_loads_at_start_is_light(name):
    eager = [
        found for path in sources(PACKAGE) if room(path) == name for found in imports(path) if not found.lazy
    ]
    known = sys.stdlib_module_names | LIGHT_LIBRARIES | {PACKAGE}
    assert [str(found) for found in eager if found.module.partition(".")[0] not in known] == []


@pytest.mark.parametrize(
    "folder", sorted((CHECKOUT / "operators").glob("*/")), ids=lambda folder: folder.name
)
def test_an_operator_imports_the_contract_and_its_framework(folder):
    ours = {found.room for path in folder.rglob("*.py") for found in imports(path)} - {""}
    assert ours <= SHARED_BY_OPERATORS | {"worker"}
    assert len(ours & SHARED_BY_OPERATORS) <= 1


@pytest.mark.parametrize(
    "path", sources(PACKAGE, "operators", "benchmarks"), ids=lambda p: str(p.relative_to(CHECKOUT))
)
def test_rooms_are_small(path):
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MOST_LINES_OF_A_FUNCTION, f"{node.name} has {lines} lines"


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("import mosaic_nb.view", True),
        ("from mosaic_nb.view.grid import Grid", True),
        ("from mosaic_nb import view", True),
        ("def f():\n    from mosaic_nb import view", True),
        ("if TYPE_CHECKING:\n    from mosaic_nb.arena import Arena", True),
        ("from mosaic_nb import Arena", True),
        ("from mosaic_nb import __version__", False),
        ("from mosaic_nb import MosaicError", False),
        ("from mosaic_nb.protocol import messages", False),
        ("import numpy", False),
    ],
)
def test_the_law_sees_every_form_of_import(tmp_path, monkeypatch, text, broken):
    monkeypatch.setitem(globals(), "CHECKOUT", tmp_path)
    path = tmp_path / PACKAGE / "worker" / "module.py"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert bool([*breaches(path)]) is broken
