"""A small sweep, as a script: ``python sweep.py FOLDER`` plays it, or what is missing of it."""

from __future__ import annotations

import sys
from pathlib import Path

from mosaic_nb.experiment.experiment import Experiment

HERE = Path(__file__).parent


def sweep() -> Experiment:
    """Return the experiment: about a second's work in a dozen pieces."""
    return Experiment(
        "CartPole-v1", {"random": "random", "again": "random"}, seeds=range(7, 27), max_steps=30
    )


if __name__ == "__main__":
    sweep().run(sys.argv[1], workers=2, progress=False)
