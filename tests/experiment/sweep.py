"""A small sweep, as a script: ``python sweep.py FOLDER`` plays it, or what is missing of it."""

from __future__ import annotations

import sys
import time
from typing import Any

from mosaic_nb.experiment.experiment import Experiment


def slow(observation: Any) -> int:
    """Take a moment: about two seconds in all for the sweep, so that it can be cut anywhere."""
    time.sleep(0.004)
    return int(observation[2] > 0)


def sweep() -> Experiment:
    """Return the experiment: a dozen parts."""
    return Experiment("CartPole-v1", {"random": "random", "slow": slow}, seeds=range(7, 27), max_steps=30)


if __name__ == "__main__":
    sweep().run(sys.argv[1], workers=2, progress=False)
