"""Run every benchmark, each in a process of its own, and print one table: ``python -m benchmarks [NAME ...]``."""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import HEADER, machine

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """The modules beside this one that define ``main``; a leading underscore marks one that is shared."""
    paths = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
    return [path.stem for path in paths if "main" in _functions(path)]


def _functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def main() -> int:
    """Print the machine and every figure; return how many benchmarks could not be run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names())}; default: all")
    wanted = parser.parse_args().names or names()
    if unknown := set(wanted) - set(names()):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    print(machine())
    failed = 0
    for name in wanted:
        print(f"\n{HEADER.replace(' ' * len(name), name, 1)}", flush=True)
        call = f"from benchmarks.{name} import main; main()"
        failed += subprocess.run([sys.executable, "-c", call], cwd=FOLDER.parent, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
