"""The command line: ``mosaic-nb operators | envs | run | verify | lab``.

Each command imports what it needs when it runs, so that ``--help`` comes at once.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mosaic_nb.environments.family import Family
    from mosaic_nb.experiment.experiment import Experiment

_INTERRUPTED = 130
"""The exit status of a program that was interrupted, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 1 where it failed; misuse exits with 2."""
    parsed = _parser().parse_args(arguments)
    status: int = parsed.command(parsed)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mosaic-nb", description="Seat any decision maker in any environment."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    operators = commands.add_parser("operators", help="list the operators that are found, or begin a new one")
    operators.set_defaults(command=_operators)
    actions = operators.add_subparsers(metavar="new")
    new = actions.add_parser("new", help="write the folder of a new operator")
    new.add_argument("name")
    new.add_argument(
        "--kind", default="script", help="rl, llm, vlm, icrl, tool, baseline or script (the default)"
    )
    new.add_argument(
        "--path", type=Path, help="the folder to write it in; default: your own folder of operators"
    )
    new.set_defaults(command=_new)
    envs = commands.add_parser(
        "envs", help="list the families of environments, and how to install those missing"
    )
    envs.add_argument("word", nargs="?", default="", help="only families and ids in which it is found")
    envs.set_defaults(command=_envs)
    run = commands.add_parser(
        "run", help="play the experiments that a script declares, or what is missing of them"
    )
    run.add_argument("script", type=Path, help="a Python file with an mnb.Experiment in a variable")
    run.add_argument("--path", type=Path, help="the run's folder; default: runs/ and the script's name")
    run.add_argument("--name", help="the variable, where there are several experiments; default: all of them")
    run.add_argument("--executor", default="local", choices=["local", "ray"])
    run.add_argument(
        "--workers", type=int, help="how many pieces at a time; default: as many as the cores can take"
    )
    run.add_argument("--budget", type=float, help="seconds after which nothing new is begun")
    run.add_argument(
        "--accept-changes", action="store_true", help="go on although code or versions have changed"
    )
    run.add_argument("--retry-failed", action="store_true", help="play the episodes again that have failed")
    run.set_defaults(command=_run)
    verify = commands.add_parser(
        "verify", help="replay a run from its seeds and actions; exit 1 where it differs"
    )
    verify.add_argument("run", type=Path, help="the run's folder")
    verify.set_defaults(command=_verify)
    lab = commands.add_parser("lab", help="open JupyterLab on the quickstart, or on PATH")
    lab.add_argument("path", type=Path, nargs="?")
    lab.set_defaults(command=_lab)
    return parser


def _operators(_: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from mosaic_nb.operators import Spec, find, survey

    found = find()
    everything = list(survey())
    rows = [("NAME", "KIND", "USABLE", "WHERE")]
    for spec in (each for each in everything if isinstance(each, Spec)):
        chosen = found[spec.name]
        if spec != chosen and replace(spec, folder=chosen.folder) == chosen:
            continue  # an editable install leaves a copy of the checkout's operators in Python's prefix
        usable = spec.obstacle() or "yes" if spec == chosen else f"hidden by {chosen.folder}"
        rows.append((spec.name, spec.kind, usable, str(spec.folder or "built in")))
    _print_table(rows)
    for error in (each for each in everything if not isinstance(each, Spec)):
        print(f"broken: {error}")
    return 0


def _new(arguments: argparse.Namespace) -> int:
    from mosaic_nb.operators import places, user_folder
    from mosaic_nb.operators.template import write

    place = arguments.path or user_folder()
    try:
        folder = write(arguments.name, place, arguments.kind)
    except FileExistsError:
        return _fail(f"{place / arguments.name} is there already; nothing was written")
    except ValueError as error:
        return _fail(str(error))
    print(f"wrote {folder}")
    if place.resolve() not in places():
        print(f"to have it found: export MOSAIC_NB_PATH={place.resolve()}")
    print(
        f"try it:  {sys.executable} -c \"from mosaic_nb.testing import check_operator; check_operator('{folder}')\""
    )
    return 0


def _envs(arguments: argparse.Namespace) -> int:
    from mosaic_nb.environments.family import families
    from mosaic_nb.operators.requirements import install, unmet

    rows = [("FAMILY", "IDS", "COUNT", "INSTALLED")]
    named: list[str] = []
    word = arguments.word.lower()
    for family in families():
        missing = unmet(family.install)
        ids = [] if missing else _ids(family)
        found = [name for name in ids if word and word in name.lower()]
        if not (found or family.mentions(word)):
            continue
        named += found
        starts = ", ".join(f"{start}..." for start in family.ids)
        status = f"no: {install([family.install])}" if missing else "yes"
        rows.append((family.title, starts, str(len(ids)) if ids else "", status))
    if len(rows) == 1:
        return _fail(f"no family and no id has {arguments.word!r} in it; mosaic-nb envs lists them all")
    _print_table(rows)
    if named:
        print("", *named, sep="\n")
    return 0


def _ids(family: Family) -> list[str]:
    """Return a family's ids. Packages that greet do so on stderr, and pygame not at all."""
    from mosaic_nb.environments.registries import ids

    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    with contextlib.redirect_stdout(sys.stderr):
        return ids(family)


def _run(arguments: argparse.Namespace) -> int:
    from mosaic_nb import MosaicError
    from mosaic_nb.experiment.script import experiments

    try:
        found = experiments(arguments.script, arguments.name)
        folder = arguments.path or Path("runs") / arguments.script.stem
        for name, experiment in found.items():
            _play(experiment, folder if len(found) == 1 else folder / name, arguments)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command goes on where it stopped", _INTERRUPTED)
    except (MosaicError, OSError, ValueError, TypeError) as error:
        return _fail(str(error))
    return 0


def _play(experiment: Experiment, folder: Path, arguments: argparse.Namespace) -> None:
    """Play an experiment, print its summary, and write its report beside its tables."""
    options = {
        key: getattr(arguments, key)
        for key in ("executor", "workers", "budget", "accept_changes", "retry_failed")
    }
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        run = experiment.run(folder, **options)
        print(f"\n{run}")
        if len(run.episodes):
            print(f"\n{run.summary()}\n\nreport: {run.report(run.path / 'report.html')}")
    for warning in dict.fromkeys(str(each.message) for each in heard):
        print(f"note: {warning}", file=sys.stderr)


def _verify(arguments: argparse.Namespace) -> int:
    from mosaic_nb import MosaicError, open_run

    try:
        verification = open_run(arguments.run).verify()
    except (MosaicError, OSError, ValueError) as error:
        return _fail(str(error))
    print(verification)
    return 0 if verification.ok else 1


def _lab(arguments: argparse.Namespace) -> int:
    if importlib.util.find_spec("jupyterlab") is None:
        return _fail('JupyterLab is not installed: python -m pip install "mosaic_nb[lab]"')
    quickstart = Path(__file__).resolve().parents[1] / "notebooks" / "01_quickstart.ipynb"
    path = arguments.path or (quickstart if quickstart.exists() else Path.cwd())
    if not path.exists():
        return _fail(f"{path} does not exist")
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(path)])


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _fail(message: str, status: int = 1) -> int:
    print(f"mosaic-nb: {message}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
