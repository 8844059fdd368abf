"""Script mode: lanes x seeds, declared in Python and played without hands."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mosaic_nb.arguments import at_least, refuse_unknown
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.experiment import identity
from mosaic_nb.experiment.errors import PlanError
from mosaic_nb.experiment.executors import Executor, of_name
from mosaic_nb.experiment.inspection import inspect
from mosaic_nb.experiment.job import Job
from mosaic_nb.experiment.running import Running
from mosaic_nb.experiment.store import Store
from mosaic_nb.experiment.watching import watched
from mosaic_nb.operators import Declared, declare as declare_operator
from mosaic_nb.recording.folder import scratch
from mosaic_nb.replay import Run, open_run
from mosaic_nb.scheduler.casts import EVERY_AGENT, sides
from mosaic_nb.scheduler.plan import SEEDS
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.thread import scheduler_thread

if TYPE_CHECKING:
    import pandas as pd

_ON_FAILURE = ("record", "stop", "forfeit", "substitute")
_ON_ILLEGAL = (None, "retry", "forfeit", "random")


class Experiment:
    """Lanes x seeds, played without hands; every decision comes back in tables.

    All lanes play the same seeds, so that they can be compared pair by pair. The folder of a run is filled as it is
    played: interrupted, killed or cut off, ``run()`` with the same folder goes on, and plays each episode once.

    Args:
        environment, env_kwargs, wrappers, max_steps, start, teams, roles: as for `mosaic_nb.Arena`.
        lanes: by name, who plays: an operator, or a cast, as for `mosaic_nb.Arena`; people cannot.
        seeds: what ``env.reset`` receives, an episode each: a range or a list; or the first one, of ``episodes``.
        episodes: how many seeds, where ``seeds`` is one number or not given; 100.
        repeat: how often each seed is played, with other draws of the operators each time: ``seeds=[7], repeat=50`` is
            one game fifty times.
        trial: episodes on one hidden instance, within which a seat keeps its context; then each seed is a trial.
        run_seed: what the operators' own draws depend on beside the episode's seed.
        deadline: seconds that an operator may take for a decision where it declares none, or None.
        environment_deadline: seconds for a reset or step of the environment.
        on_failure: of an operator: ``"record"`` ends the episode as failed and goes on with the next; ``"stop"`` plays
            no more of that lane; ``"forfeit"`` ends the episode; ``"substitute"`` does nothing (or something legal at
            random) in its place. All is recorded.
        on_illegal: of a move that is an action but masked, as for `mosaic_nb.Arena`.

    Raises:
        PlanError: it lists everything that makes no sense.
        TypeError: an argument is unknown.

    Example:
        >>> experiment = Experiment("CartPole-v1", {"a": "random", "b": "passive"}, seeds=range(100))  # doctest: +SKIP
        >>> run = experiment.run("runs/cartpole")  # doctest: +SKIP
        >>> run.episodes  # doctest: +SKIP
    """

    def __init__(
        self,
        environment: Any,
        lanes: Mapping[str, Any],
        *,
        seeds: int | Iterable[int] | None = None,
        episodes: int | None = None,
        repeat: int = 1,
        max_steps: int | None = None,
        env_kwargs: Mapping[str, Any] | None = None,
        wrappers: Sequence[Any] = (),
        trial: int = 1,
        run_seed: int = 0,
        deadline: float | None = 60.0,
        environment_deadline: float = 60.0,
        on_failure: str = "record",
        on_illegal: str | None = None,
        teams: Mapping[str, Any] | None = None,
        roles: Mapping[str, Any] | None = None,
        start: Any = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown(Experiment, unknown)
        read = _Reader()
        made = read.environment(
            environment, env_kwargs=env_kwargs, wrappers=wrappers, max_steps=max_steps, start=start
        )
        casts = read.lanes(lanes)
        numbers = read.seeds(seeds, episodes)
        read.one_of("on_failure", on_failure, _ON_FAILURE)
        read.one_of("on_illegal", on_illegal, _ON_ILLEGAL)
        repeat, trial = read.count("repeat", repeat, 1), read.count("trial", trial, 1)
        run_seed = read.count("run_seed", run_seed, 0)
        groups = read.attempt("teams and roles", lambda: sides(teams, roles))
        for name, limit in (("deadline", deadline), ("environment_deadline", environment_deadline)):
            if not (limit is None and name == "deadline") and not _is_positive(limit):
                read.mistakes.append(f"{name} must be more than 0 seconds, not {limit!r}")
        if read.mistakes:
            raise PlanError(read.mistakes)
        policy = Policy(
            on_failure="stop" if on_failure == "record" else on_failure,
            on_illegal=on_illegal,
            environment_deadline=environment_deadline,
        )
        self._job = Job(
            made,
            casts,
            numbers,
            policy,
            repeat,
            trial,
            run_seed,
            stops=on_failure == "stop",
            deadline=deadline,
            sides=groups,
        )

    # --- playing -------------------------------------------------------------------------------------

    def run(
        self,
        path: str | Path | None = None,
        *,
        executor: str | Executor = "local",
        workers: int | None = None,
        budget: float | None = None,
        progress: bool = True,
        accept_changes: bool = False,
        retry_failed: bool = False,
    ) -> Run:
        """Play what is missing, and return the run.

        Args:
            path: the run's folder: a new one, or that of an earlier call, which is continued; None for one in the
                user's cache folder.
            executor: ``"local"``, ``"ray"``, or a `Local` or `Ray`.
            workers: how many pieces are played at a time; None for as many as keep the cores busy.
            budget: seconds after which nothing new is begun; the run can be continued.
            progress: whether to show how far it is.
            accept_changes: continue a folder although code or versions have changed since.
            retry_failed: play the episodes again that have failed.

        Raises:
            PlanError: something does not fit or does not start; it lists everything, and nothing has been played.
            ValueError: executor, workers or budget make no sense.
            AnotherExperiment: the folder holds something else; the text says what differs.
            Changed: code or versions have changed since the folder was begun.
            Busy: the folder is being run already.
            RecordingFailed: the disk refused.
            LaneStopped: a lane failed, with ``on_failure="stop"``.
        """
        _check(executor, workers, budget)
        if path is not None and not retry_failed and Store(Path(path), self._job).is_complete():
            return open_run(path)
        running = self.start(
            path,
            executor=executor,
            workers=workers,
            budget=budget,
            accept_changes=accept_changes,
            retry_failed=retry_failed,
        )
        return watched(running, show=progress)

    def start(
        self,
        path: str | Path | None = None,
        *,
        executor: str | Executor = "local",
        workers: int | None = None,
        budget: float | None = None,
        accept_changes: bool = False,
        retry_failed: bool = False,
    ) -> Running:
        """Begin to play what is missing, in the background; arguments and errors as for `run`.

        The plan is checked, and every operator loaded once, before this returns.
        """
        place = _check(executor, workers, budget)
        folder = scratch(self._job.environment.id) if path is None else Path(path)
        store = Store(folder, self._job)
        store.is_complete()  # another experiment's folder is refused before anything is started
        with tempfile.TemporaryDirectory(prefix="mosaic-nb-check-") as logs:
            found = scheduler_thread().call(inspect(self._job, Path(logs)))
        try:
            store.open(
                identity.provenance(self._job, found),
                accept_changes=accept_changes,
                retry_failed=retry_failed,
            )
        except BaseException:
            store.release()
            raise
        return Running(self._job, store, place, budget)

    def check(self) -> None:
        """Start everything once, seat every operator where it is cast, and close it all again.

        Raises:
            PlanError: it lists everything that does not fit or does not start.
        """
        with tempfile.TemporaryDirectory(prefix="mosaic-nb-check-") as logs:
            scheduler_thread().call(inspect(self._job, Path(logs)))

    @property
    def plan(self) -> pd.DataFrame:
        """What is to be played: a row per lane and episode, with its ``seed``."""
        import pandas as pd

        rows = [
            (lane, number, trial, self._job.plan.declared(number))
            for lane, trial in self._job.units()
            for number in self._job.numbers(trial)
        ]
        return pd.DataFrame(rows, columns=["lane", "episode", "trial", "seed"])

    def __repr__(self) -> str:
        job = self._job
        lanes = ", ".join(job.casts)
        return f"<Experiment in {job.environment.id!r}: {job.episodes:,} episodes, {len(job.casts)} lanes: {lanes}>"


class _Reader:
    """Reads arguments, and keeps what is wrong with them until all have been read."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def attempt(self, what: str, read: Callable[[], Any]) -> Any:
        """Return what a reading returns; None where it is a mistake."""
        try:
            return read()
        except (TypeError, ValueError, LookupError) as error:
            self.mistakes.append(f"{what}: {error}")
            return None

    def environment(self, environment: Any, **options: Any) -> Any:
        return self.attempt("environment", lambda: declare_environment(environment, **options))

    def lanes(self, lanes: Any) -> dict[str, dict[str, Declared]]:
        if not isinstance(lanes, Mapping) or not lanes:
            self.mistakes.append(
                'lanes must map names to operators, such as {"PPO": ..., "random": "random"}'
            )
            return {}
        for name in lanes:
            if not isinstance(name, str) or not name.strip():
                self.mistakes.append(f"a lane's name must be text, not {name!r}")
        return {str(name): self._cast(str(name), cast) for name, cast in lanes.items()}

    def _cast(self, name: str, cast: Any) -> dict[str, Declared]:
        given = cast if isinstance(cast, Mapping) else {EVERY_AGENT: cast}
        if not given:
            self.mistakes.append(f"lane {name!r}: its cast is empty")
        where = f"lane {name!r}"
        found = {
            str(agent): self.attempt(
                where if agent == EVERY_AGENT else f"{where}, {agent!r}",
                partial(declare_operator, who),
            )
            for agent, who in given.items()
        }
        self.mistakes += [
            f"{where} has a person in it ({agent!r}): an experiment runs without hands; seat an operator"
            for agent, declared in found.items()
            if declared is not None and declared.kind == "human"
        ]
        return {agent: declared for agent, declared in found.items() if declared is not None}

    def seeds(self, seeds: Any, episodes: Any) -> tuple[int, ...]:
        count = 100 if episodes is None else self.count("episodes", episodes, 1)
        if seeds is None or isinstance(seeds, int):
            first = 0 if seeds is None else self.count("seeds", seeds, 0)
            numbers: Sequence[int] = range(first, first + count)
        elif not isinstance(seeds, Iterable):
            self.mistakes.append(f"seeds must be integers, or the first of them, not {seeds!r}")
            return ()
        elif episodes is not None:
            self.mistakes.append("give either a list of seeds or a number of episodes, not both")
            return ()
        else:
            numbers = self.attempt("seeds", lambda: [self.count("a seed", seed, 0) for seed in seeds]) or ()
        if not numbers and not self.mistakes:
            self.mistakes.append("seeds is empty: there is nothing to play")
        self._check_seeds(numbers)
        return tuple(numbers)

    def _check_seeds(self, numbers: Sequence[int]) -> None:
        if not isinstance(numbers, range):
            again = sorted(seed for seed, count in Counter(numbers).items() if count > 1)
            if again:
                listed = ", ".join(map(str, again[:5])) + (", ..." if len(again) > 5 else "")
                self.mistakes.append(
                    f"seeds come more than once: {listed}; repeat=n plays each of them n times"
                )
        if len(numbers) and max(numbers) >= SEEDS:
            self.mistakes.append(f"a seed must be less than 2**62, not {max(numbers)}")

    def count(self, name: str, value: Any, least: int) -> int:
        try:
            return at_least(name, value, least)
        except ValueError as error:
            self.mistakes.append(str(error))
            return least

    def one_of(self, name: str, value: Any, allowed: Sequence[str | None]) -> None:
        if value not in allowed:
            self.mistakes.append(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def _check(executor: str | Executor, workers: int | None, budget: float | None) -> Executor:
    """Return where to play; raises ValueError for what makes no sense, also where nothing is left to be played."""
    if budget is not None and not _is_positive(budget):
        raise ValueError(f"budget must be more than 0 seconds, not {budget!r}")
    return of_name(executor, workers)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
