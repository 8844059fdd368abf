"""What a block costs the process that hands them out: 10,000 of them, played by nobody, and real ones through Ray.

A cluster is as large as its driver can feed. So the driver's own work is measured without the episodes: blocks that are
"played" at once and leave the part of a real one.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import mosaic_nb as mnb
from benchmarks.measure import Row, show
from mosaic_nb.experiment import crew, identity
from mosaic_nb.experiment.inspection import Inspection
from mosaic_nb.experiment.job import Folders, Job, Played, part_of
from mosaic_nb.experiment.progress import Board
from mosaic_nb.experiment.store import Store
from mosaic_nb.recording import parts

BLOCKS = 10_000
"""Blocks of the simulation."""
TINY = 200
"""Episodes through Ray, each a block."""


class Instant:
    """A player that has played before it is asked: it copies the part of one real episode."""

    def __init__(self, job: Job, lane: str, template: dict[str, object]) -> None:
        self._job, self._lane, self._template = job, lane, template

    async def play(self, trials: Sequence[int], place: Path) -> list[Played]:
        """Leave a part for each trial."""
        path = part_of(self._job, self._lane, trials, place)
        tables = {name: renumbered(rows, trials[0]) for name, rows in self._template.items()}
        parts.write_part(path, tables)
        return [Played(self._lane, number, number, 20, 20.0, "terminated", 0.001) for number in trials]

    ready = True

    def pids(self) -> Iterator[int]:
        """Nobody works."""
        return iter(())

    async def close(self) -> None:
        """Nothing to end."""


def renumbered(rows: object, number: int) -> object:
    """Return rows of an episode as another one's."""
    import pyarrow as pa

    place = rows.schema.get_field_index("episode")  # type: ignore[attr-defined]
    return rows.set_column(place, "episode", pa.array([number] * len(rows), pa.int64()))  # type: ignore[attr-defined, arg-type]


def main() -> None:
    """Measure and show."""
    folder = Path(tempfile.mkdtemp(prefix="mosaic-nb-scale-"))
    try:
        rows = [*_driver(folder), *_closing(folder), _ray(folder)]
    finally:
        shutil.rmtree(folder)
    show(*rows)


def _driver(folder: Path) -> list[Row]:
    experiment = mnb.Experiment("CartPole-v1", {"a": "random"}, episodes=BLOCKS)
    job = experiment._job
    template = _template(folder)
    store = Store(folder / "run", job)
    store.open(identity.provenance(job, Inspection()))
    board = Board(job)

    def hear(played: Sequence[Played], part: Path) -> None:
        store.note(played, part)
        board.hear(played)

    async def play() -> tuple[float, float]:
        playing = crew.Crew(job, Folders(store.path, store.parts, store.logs), hear, workers=2, piece=0.0)
        playing._idle = [("a", Instant(job, "a", template)) for _ in range(2)]
        began, cpu = time.perf_counter(), time.process_time()
        await playing.play(job.units())
        return time.perf_counter() - began, time.process_time() - cpu

    _, cpu = asyncio.run(play())
    write = _seconds(lambda: parts.write_part(folder / "floor.part", template), 200)
    return [
        Row(
            name="driver: CPU of a block, its part written here",
            unit="us",
            ours=1e6 * cpu / BLOCKS,
            floor=1e6 * write,
        ),
    ]


def _closing(folder: Path) -> list[Row]:
    store = Store(folder / "run", mnb.Experiment("CartPole-v1", {"a": "random"}, episodes=BLOCKS)._job)
    store._header = store._read()
    began = time.perf_counter()
    store._look()
    found = time.perf_counter() - began
    began = time.perf_counter()
    store.close()
    closed = time.perf_counter() - began
    return [
        Row(name="taking up a run again: each part looked at", unit="us", ours=1e6 * found / BLOCKS),
        Row(name="closing a run: each part merged into the tables", unit="us", ours=1e6 * closed / BLOCKS),
    ]


def _ray(folder: Path) -> Row:
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    experiment = mnb.Experiment("CartPole-v1", {"a": "random"}, episodes=TINY, max_steps=2)
    from mosaic_nb.experiment import ray as ours

    experiment.run(folder / "warm", executor="ray", progress=False)
    began = time.process_time()
    experiment.run(folder / "few", executor="ray", progress=False)
    start = time.process_time() - began
    usual = ours.PIECE, ours._DELIVERIES
    ours.PIECE, ours._DELIVERIES = 0.0, math.inf  # a part for every episode
    began = time.process_time()
    experiment.run(folder / "tiny", executor="ray", progress=False)
    cpu = time.process_time() - began - start
    ours.PIECE, ours._DELIVERIES = usual
    ray.shutdown()
    return Row(name="driver: CPU of a block that Ray delivers", unit="us", ours=1e6 * cpu / TINY)


def _template(folder: Path) -> dict[str, object]:
    run = mnb.Experiment("CartPole-v1", {"a": "random"}, seeds=[4], max_steps=20).run(
        folder / "template", progress=False
    )
    from mosaic_nb.recording.arrow import without_run

    return {name: without_run(run.table(name)) for name in ("steps", "episodes", "events")}


def _seconds(function: Callable[[], object], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - began) / calls
