"""Runs a Python program while lines pour onto its standard output: ``python -m mosaic_nb.testing.noisy worker.py``.

Libraries print when they like, from any thread. An operator that lets such a line into its socket is found out here.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading

NOISE = "noise on standard output"
_PAUSE = 0.002  # seconds: often enough to fall between any two replies


def _babble() -> None:
    print(NOISE)  # noqa: T201 - that is what it is for
    while not threading.Event().wait(_PAUSE):
        os.write(1, f"{NOISE}\n".encode())


def main(program: list[str]) -> None:
    """Run the program ``[path, argument, ...]`` as Python's own command line would, amid the noise."""
    threading.Thread(target=_babble, name="noise", daemon=True).start()
    sys.argv = program
    sys.path.insert(0, os.path.dirname(program[0]))  # noqa: PTH120 - as the interpreter does it
    runpy.run_path(program[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
