"""What statistics cost: a million recorded steps opened and summarised, and bootstraps of many pairs.

The run has four lanes of a thousand episodes. Reading it is measured in a process of its own, as a user meets it: with
the imports that a first call brings, and the most memory the process ever had. The peer of the bootstraps is scipy's.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, show
from benchmarks.recording import EPISODE, LANES, READ_FLOOR, STEPS, TICK, _row, _timed as _bare
from mosaic_nb.analysis import iqm
from mosaic_nb.analysis.comparison import paired_difference
from mosaic_nb.analysis.intervals import interval
from mosaic_nb.recording.recorder import Recorder

PROCESSES = 5
MEGABYTE = 1 << 20

OPEN = """
import sys, time
import mosaic_nb as mnb
mnb.open_run
begin = time.perf_counter()
run = mnb.open_run(sys.argv[1])
steps, episodes = run.steps, run.episodes
opened = time.perf_counter()
summary = run.summary()
summarised = time.perf_counter()
comparison = run.compare("PPO", "random")
compared = time.perf_counter()
assert len(steps) == int(sys.argv[2]) and summary.frame["seeds"].eq(1000).all() and comparison.n == 1000
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(opened - begin, summarised - opened, compared - summarised, peak * 1024)
"""


def record(path: Path) -> None:
    """Write a run of a million steps."""
    draw, recorder = random.Random(7), Recorder(path, name="million", kind="benchmark", provenance={})
    for start in range(0, STEPS, TICK):
        recorder.write(steps=[_row(number, draw) for number in range(start, start + TICK)])
    for episode in range(STEPS // EPISODE // len(LANES)):
        recorder.write(episodes=[_episode(place, episode, draw) for place in range(len(LANES))])
    recorder.close()


def _episode(place: int, episode: int, draw: random.Random) -> tuple[Any, ...]:
    score, digest = draw.random(), f"{draw.getrandbits(64):016x}"
    told = f'{{"agent":{score!r}}}'
    start = (LANES[place][0], 0, episode, episode, 7 + episode, None)
    return (*start, EPISODE, score, told, "{}", "terminated", score > place / 8, 1.0, digest, None)


def reading(path: Path) -> None:
    """Open and summarise, in fresh processes; the first is thrown away, for it finds nothing in memory."""
    found, floor = [], []
    for _ in range(PROCESSES + 1):
        floor.append(_bare(READ_FLOOR, path)[0])
        call = [sys.executable, "-c", OPEN, str(path), str(STEPS)]
        answer = subprocess.run(call, capture_output=True, text=True, check=False)
        assert not answer.returncode, answer.stderr
        found.append([float(figure) for figure in answer.stdout.split()])
    opened, summary, comparison, peak = (statistics.median(column) for column in zip(*found[1:], strict=True))
    show(
        Row(
            name="open a million steps as a DataFrame (floor: pyarrow's read)",
            unit="s",
            ours=opened,
            floor=statistics.median(floor[1:]),
            at_most=0.3,
        ),
        Row(name="their first summary, with its imports", unit="s", ours=summary, at_most=1),
        Row(name="a comparison of two lanes after it", unit="s", ours=comparison),
        Row(name="the most memory of that process", unit="MB", ours=peak / MEGABYTE, at_most=1000),
    )


def bootstraps() -> None:
    """Ten thousand replicates of many pairs."""
    from scipy import stats

    draw = np.random.default_rng(0)
    small, large = draw.normal(0.1, 1, 10_000), draw.normal(0.1, 1, 100_000)

    def peer() -> object:
        return stats.bootstrap((small,), np.mean, n_resamples=10_000, batch=25, method="percentile", rng=1)

    least = _timed(peer, 1)
    show(
        Row(
            name="means of 10^4 pairs, 10^4 replicates (peer: scipy)",
            unit="s",
            ours=_timed(lambda: paired_difference(small, method="expanded"), 3),
            floor=least,
            at_most=2,
        ),
        Row(
            name="the same, bootstrap-t",
            unit="s",
            ours=_timed(lambda: paired_difference(small, method="bootstrap-t"), 3),
            at_most=2,
        ),
        Row(name="their IQM, 10^4 replicates", unit="s", ours=_timed(lambda: interval(iqm, small), 1)),
        Row(
            name="means of 10^5 pairs, 10^4 replicates",
            unit="s",
            ours=_timed(lambda: paired_difference(large, method="expanded"), 3),
            at_most=5,
        ),
    )


def _timed(function: Callable[[], object], times: int) -> float:
    """Return the median of the seconds that a call takes."""
    seconds = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder) / "million")
        reading(Path(folder) / "million")
    bootstraps()


if __name__ == "__main__":
    main()
