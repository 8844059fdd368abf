"""`check_environment`: does an environment keep what every comparison rests on?"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import Encoder, messages
from mosaic_nb.testing import clauses
from mosaic_nb.testing.clauses import CLAUSES, name_of
from mosaic_nb.testing.player import Assignment, Played, difference

PATIENCE = 300.0
"""Seconds until a player process counts as hanging."""
_LOG_TAIL = 2000  # characters
_QUIET = {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1", "MUJOCO_GL": "egl"}


class EnvironmentViolation(AssertionError):
    """An environment broke a clause.

    Attributes:
        clause: the clause's name, a key of `mosaic_nb.testing.clauses.CLAUSES`.
        detail: which episode and step, and what happened there.
    """

    def __init__(self, environment: str, clause: str, detail: str) -> None:
        super().__init__(f"{environment} breaks {clause}: {detail}\n{CLAUSES[clause]}")
        self.clause = clause
        self.detail = detail


@dataclass(frozen=True)
class Report:
    """What `check_environment` found of an environment that broke no clause.

    Attributes:
        environment: its id.
        episodes, steps: how many were played and compared.
        seeds_matter: whether two seeds gave different episodes; a game without chance may say no.
        renders: whether there was a picture or text to look at.
    """

    environment: str
    episodes: int
    steps: int
    seeds_matter: bool
    renders: bool


def check_environment(
    environment: Any,
    *,
    env_kwargs: Mapping[str, Any] | None = None,
    wrappers: Iterable[Any] = (),
    episodes: int = 3,
    max_steps: int = 200,
    seed: int = 0,
) -> Report:
    """Play whole episodes of an environment in two fresh processes, compare them, and hold them against the clauses.

    The processes differ in PYTHONHASHSEED and in the global random state before every call, so an environment that
    draws from either shows it. In one of them every return value is inspected, in the other one everything is
    played again with rendering. ``docs/determinism.md`` says what this proves and what not.

    Args:
        environment, env_kwargs, wrappers: as for `mosaic_nb.Arena`.
        episodes: how many to play, with the seeds ``seed``, ``seed + 1``, ...
        max_steps: leave an episode after this many steps. Random play may never see what comes later.

    Raises:
        EnvironmentViolation: a clause is broken; the message names it, the episode and the step.
        TypeError: the environment is given as nothing that can be made in another process.
    """
    described = declare(environment, env_kwargs, wrappers)
    first, second = _play_twice(described, episodes, max_steps, seed)
    for played in (first, second):
        if played.episodes is None:
            raise EnvironmentViolation(described.id, played.clause, played.detail)
    _compare(described.id, first, second, seed)
    for played in (first, second):
        if played.clause:
            raise EnvironmentViolation(described.id, played.clause, played.detail)
    return _report(described.id, first, second)


def _compare(environment: str, first: Played, second: Played, seed: int) -> None:
    pairs = zip(first.episodes or (), second.episodes or (), strict=True)
    for number, (one, other) in enumerate(pairs):
        found = difference(one, other)
        if found is not None:
            detail = f"episode {number} (seed {seed + number}), played in two processes: {found}"
            raise EnvironmentViolation(environment, name_of(clauses.DETERMINISTIC), detail)


def _report(environment: str, first: Played, second: Played) -> Report:
    episodes = first.episodes or []
    courses = {tuple((moment.seen, moment.reward) for moment in episode) for episode in episodes}
    return Report(
        environment=environment,
        episodes=len(episodes),
        steps=sum(len(episode) - 1 for episode in episodes),
        seeds_matter=len(courses) > 1,
        renders=second.renders,
    )


def _play_twice(environment: messages.Environment, episodes: int, max_steps: int, seed: int) -> list[Played]:
    with tempfile.TemporaryDirectory(prefix="mosaic-nb-check-") as name:
        folder = Path(name)
        processes = []
        try:
            for hash_seed, first in (("1", True), ("2", False)):
                assignment = Assignment(environment, episodes, max_steps, seed, first)
                processes.append(_start(folder / hash_seed, assignment, hash_seed))
            deadline = time.monotonic() + PATIENCE
            return [_wait(folder / n, process, deadline) for n, process in zip("12", processes, strict=True)]
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _start(folder: Path, assignment: Assignment, hash_seed: str) -> subprocess.Popen[bytes]:
    folder.mkdir()
    (folder / "told").write_bytes(Encoder().encode(assignment))
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mosaic_nb.testing.player", folder / "told", folder / "found"],
            env={**_QUIET, **os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait(folder: Path, process: subprocess.Popen[bytes], deadline: float) -> Played:
    died = name_of(clauses.DIED)
    try:
        code = process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Played(clause=died, detail=f"it was not done after {PATIENCE:g} s")
    found = folder / "found"
    if code == 0 and found.exists():
        return msgspec.msgpack.decode(found.read_bytes(), type=Played)
    log = (folder / "log").read_text(errors="replace")[-_LOG_TAIL:]
    return Played(clause=died, detail=f"its process ended with code {code}; the end of its log:\n{log}")
