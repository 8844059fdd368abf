"""A block worker in a process of its own, and the same episodes by an arena, to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mosaic_nb as mnb
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.experiment.blocks.eligible import portable
from mosaic_nb.operators import Declared, declare
from mosaic_nb.protocol.blocks import BlockEpisode, BlockOpened, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.recording import arrow, parts
from mosaic_nb.recording.tables import TABLES
from mosaic_nb.scheduler.process import Program
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import Worker

LANE = "a lane"
TIMES = {"act_ms", "env_ms", "seconds", "time"}
PROGRAM = Program(("-m", "mosaic_nb.experiment.blocks.host"))

Tables = dict[str, list[dict[str, Any]]]


class BlockWorker:
    """A block in a process of its own, for one cast."""

    def __init__(
        self,
        folder: Path,
        environment: Any,
        cast: Mapping[str, Any],
        *,
        max_steps: int | None = None,
        **rules: Any,
    ) -> None:
        self.folder = folder
        operators: list[Declared] = []
        places = {}
        for key, operator in cast.items():
            declared = declare(operator)
            if declared not in operators:
                operators.append(declared)
            places[key] = operators.index(declared)
        self._worker = Worker(LANE, PROGRAM, folder / "block.log")
        self._thread = scheduler_thread()
        self._thread.call(self._worker.start())
        self.opened: BlockOpened = self.ask(
            OpenBlock(
                id=0,
                lane=LANE,
                environment=declare_environment(environment, max_steps=max_steps),
                operators=[portable(declared) for declared in operators],
                cast=places,
                folder=str(folder),
                **rules,
            )
        )

    def ask(self, request: Any) -> Any:
        return self._thread.call(self._worker.ask(request))

    def play(
        self, seeds: Sequence[int], first: int = 0, trial: int = 1, **more: Any
    ) -> tuple[BlockPlayed, Tables]:
        """Play a trial for each seed."""
        path = self.folder / f"{first}.part"
        episodes = [
            BlockEpisode(number=first + place * trial + position, seed=seed)
            for place, seed in enumerate(seeds)
            for position in range(trial)
        ]
        played = self.ask(PlayBlock(id=0, path=str(path), episodes=episodes, **more))
        tables = parts.read_part(path)
        return played, {name: plain(rows) for name, rows in tables.items()}

    def close(self) -> None:
        self._thread.call(self._worker.close())


@contextmanager
def block(folder: Path, environment: Any, cast: Mapping[str, Any], **more: Any) -> Iterator[BlockWorker]:
    folder.mkdir(parents=True, exist_ok=True)
    worker = BlockWorker(folder, environment, cast, **more)
    try:
        yield worker
    finally:
        worker.close()


def by_arena(
    folder: Path, environment: Any, cast: Mapping[str, Any], seed: int, trials: int, **more: Any
) -> Tables:
    """Play the same by an arena, every worker in a process of its own."""
    trial = more.get("trial", 1)
    with mnb.Arena(environment, {LANE: dict(cast)}, seed=seed, path=folder, on_end="next", **more) as arena:
        try:
            arena.run(episodes=trials * trial)
        except mnb.OperatorError:
            assert more.get("on_failure") in (None, "stop")
    return {
        table.name: rows
        for table in TABLES
        if (rows := plain(arrow.read_parquet(folder, table, folder.name).drop_columns(["run"])))
    }


def plain(rows: Any) -> list[dict[str, Any]]:
    """Return rows without times."""
    return rows.drop_columns([name for name in rows.column_names if name in TIMES]).to_pylist()
