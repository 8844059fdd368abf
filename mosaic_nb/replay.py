"""Reading a run back, and proving that it happened: every episode is replayed from its seed and actions."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.analysis.methods import Statistics
from mosaic_nb.arguments import at_least, one_of
from mosaic_nb.errors import Diverged, EnvironmentFailure, MosaicError
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.recording.copying import copy_run
from mosaic_nb.recording.run import Run as RecordedRun
from mosaic_nb.scheduler import headers
from mosaic_nb.scheduler.replaying import Script, differences, replay, scripts
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.scheduler.workers import EnvironmentWorker

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Mismatch:
    """The first step of an episode that did not replay.

    Attributes:
        lane, branch, episode, seed: which episode.
        step: which step of it, from 0; None where its reset differed already.
        recorded, replayed: the two digests; ``replayed`` says what went wrong where there is none.
    """

    lane: str
    branch: int
    episode: int
    seed: int
    step: int | None
    recorded: str
    replayed: str

    def __str__(self) -> str:
        where = "at its reset" if self.step is None else f"at step {self.step}"
        return (
            f"lane {self.lane!r}, episode {self.episode} (seed {self.seed}, branch {self.branch}) differs first "
            f"{where}: recorded {self.recorded}, replayed {self.replayed}"
        )


@dataclass
class Verification:
    """What a replay of a run found.

    Attributes:
        episodes, steps: how many were replayed.
        mismatches: the first difference of every episode that has one.
        differences: libraries or platform that are not the run's, each in words. With these a mismatch is not
            comparable, rather than broken.
        problems: what was found torn or damaged when the run was read: what is missing cannot be verified.
    """

    episodes: int = 0
    steps: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the run is whole and every step replayed."""
        return not self.mismatches and not self.problems

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        if self.ok:
            return f"verified: {self.episodes} episodes, {self.steps} steps replay exactly"
        lines = [*self.differences, *self.problems]
        if not self.mismatches:
            return "\n".join(
                (f"incomplete: {self.episodes} episodes, {self.steps} steps replay exactly, but", *lines)
            )
        verdict = "not comparable" if self.differences else "broken"
        lines.append(f"{verdict}: {len(self.mismatches)} of {self.episodes} episodes do not replay")
        lines += [str(mismatch) for mismatch in self.mismatches]
        return "\n".join(lines)

    __repr__ = __str__


class Run(RecordedRun, Statistics):
    """A run: its tables, header, texts and pictures, what they say of its lanes, and the replay that proves it."""

    @property
    def lanes(self) -> list[str]:
        """The lanes that have episodes, in the order they were declared."""
        there = super().lanes
        declared = [lane for lane in self.header["provenance"].get("casts", {}) if lane in there]
        return [*declared, *(lane for lane in there if lane not in declared)]

    def report(self, path: str | Path, metric: str = "return", **options: Any) -> Path:
        """Write one page with what the run found, how surely, what failed, what was run, and how to repeat it.

        Args:
            path: the file, an HTML page that needs no network; its folder is made where it is missing.
            metric: what is reported, see `mosaic_nb.analysis.samples`.
            options: ``correction``, ``failed``, ``agent`` and ``team``, as `compare_all` takes them.

        Returns:
            The path.

        Raises:
            AnalysisError: there are no episodes, or values are missing.
        """
        from mosaic_nb.analysis.pages import report

        text = report(self, metric, **options)
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def verify(self, environment: Any = None) -> Verification:
        """Replay every episode from its seed and actions, and compare every digest.

        Args:
            environment: the environment, where it was made by an object of the notebook, which the run's folder
                cannot hold.

        Raises:
            ValueError: the run's environment cannot be made from the header, and none was given.
            EnvironmentFailure: it could not be made.
        """
        declared = headers.environment(self.header["provenance"], environment)
        return scheduler_thread().call(_verify(self, declared))

    def disagreements(
        self,
        operators: Any,
        *,
        lanes: str | Sequence[str] | None = None,
        episodes: int | Sequence[int] | None = None,
        agents: str | Sequence[str] | None = None,
        environment: Any = None,
        all: bool = False,  # noqa: A002 - as pandas and NumPy say it
        consequence: str | None = None,
        horizon: int | None = None,
        rollouts: int = 100,
        players: Mapping[str, Any] | None = None,
        deadline: float | None = 60.0,
        progress: bool = True,
    ) -> pd.DataFrame:
        """Ask other operators at each step what they would have done; returns where they part from what was done.

        The current line is played again, every digest checked. Whoever is asked hears what happened, and never what it
        said itself: it answers as if it had sat there and done the same, its draws under the seeds of that seat.

        Args:
            operators: a name, what `mosaic_nb.operator` returns, a function, a list of these, or a mapping of names.
            lanes, episodes, agents: where; None for all, of the agents for all that acted.
            environment: where it was made by an object of the notebook, as for `verify`.
            all: a row for every answer, not only where they part.
            consequence: None for what is known without playing on; ``"rollout"`` to play on from the first
                ``rollouts`` rows: the other's action, then those who had played, to the end or for ``horizon`` steps.
            players: for rollouts, label -> operator, of those whom the run's folder does not hold: people, functions,
                whoever took a seat later.
            deadline: seconds for an answer where an operator declares none, or None.
            progress: whether to show how far it is.

        Returns:
            A row for each step and operator where they part, or where one failed (``error``), sorted by
            ``consequence`` within each ``measure``; ``docs/disagreement.md`` has the columns.

        Raises:
            CastError: somebody cannot be asked here (a person, spaces that do not fit); nothing was played.
            ValueError: there is no such lane, episode or agent; or as for `verify`.
            Diverged: an episode does not replay; libraries that differ are named.
        """
        from mosaic_nb.disagreement import asked

        one_of("consequence", consequence, (None, "rollout"))
        return asked.disagreements(
            self,
            operators,
            lanes=lanes,
            episodes=episodes,
            agents=agents,
            environment=environment,
            everything=all,
            consequence=consequence,
            horizon=None if horizon is None else at_least("horizon", horizon, 1),
            rollouts=at_least("rollouts", rollouts, 0),
            players=players,
            deadline=deadline,
            progress=progress,
        )

    def to_minari(
        self,
        dataset: str,
        *,
        lanes: str | Sequence[str] | None = None,
        episodes: int | Sequence[int] | None = None,
        environment: Any = None,
        author: str | None = None,
        author_email: str | None = None,
        code_permalink: str | None = None,
        algorithm_name: str | None = None,
        description: str | None = None,
        progress: bool = True,
    ) -> Any:
        """Write whole episodes as a Minari dataset, their observations by playing them again, every digest checked.

        Args:
            dataset: its id, such as ``"doorkey/ppo-v0"``; Minari keeps it where ``MINARI_DATASETS_PATH`` says.
            lanes, episodes: which; None for all. Episodes that were cut short are left out.
            environment: where it was made by an object of the notebook, as for `verify`.
            author, author_email, code_permalink, algorithm_name, description: as Minari has them; the last two are
                made from the run where they are not given.
            progress: whether to show how far it is.

        Returns:
            The ``minari.MinariDataset``, as ``minari.load_dataset`` gives it.

        Raises:
            ImportError: Minari is not installed: ``pip install "mosaic_nb[minari]"``.
            ValueError: the environment has several agents or spaces that Minari cannot hold, there is such a dataset
                already, or no episode; nothing was written.
            Diverged: an episode does not replay; what had been written is deleted.
        """
        from mosaic_nb.exports import minari

        return minari.export(
            self,
            dataset,
            lanes=lanes,
            episodes=episodes,
            environment=environment,
            progress=progress,
            author=author,
            author_email=author_email,
            code_permalink=code_permalink,
            algorithm_name=algorithm_name,
            description=description,
        )


def open_run(path: str | Path) -> Run:
    """Open the run in a folder; one that was cut short opens with every step that was shown.

    Raises:
        FileNotFoundError, ValueError: there is no run.
    """
    return Run(Path(path))


def save_copy(source: Path, target: Path) -> Run:
    """Copy a run's folder, also while it is being written, and open the copy."""
    copy_run(source, target)
    return open_run(target)


async def _verify(run: Run, environment: messages.Environment) -> Verification:
    result, rows = Verification(problems=list(run.problems)), run.all_branches
    with tempfile.TemporaryDirectory(prefix="mosaic-nb-verify-") as folder:
        worker = EnvironmentWorker("verify", environment, Path(folder) / "log")
        try:
            await worker.ensure()
            result.differences = differences(run.header["provenance"].get("libraries", {}), worker.libraries)
            for script in scripts(rows.events, rows.steps, worker.opened.agents):
                await worker.ensure()
                await _replay(worker, script, result)
        except (MosaicError, ProtocolError) as error:
            raise EnvironmentFailure(
                str(error), environment=environment.id, lane="verify", step=0, log=worker.log_tail()
            ) from error
        finally:
            await worker.close()
    return result


async def _replay(worker: EnvironmentWorker, script: Script, result: Verification) -> None:
    """Replay an episode; of one that a rewind continued, only what was played after it is counted."""
    result.episodes += not script.continued
    try:
        await replay(worker, script)
    except Diverged as found:
        own = max(0, (found.step or 0) - script.inherited)
        where = (script.lane, script.branch, script.episode, script.seed.seed)
        result.mismatches.append(Mismatch(*where, found.step, found.recorded, found.replayed))
    else:
        own = len(script) - script.inherited
    result.steps += own
