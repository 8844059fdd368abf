"""Manual mode: several lanes in lock-step under shared seeds, for a notebook, a script and a test alike."""

from __future__ import annotations

import asyncio
import difflib
import inspect
import operator
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Self, SupportsIndex

from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.errors import LaneFailure, LaneFailureWarning
from mosaic_nb.operators import Declared
from mosaic_nb.operators import declare as declare_operator
from mosaic_nb.recording.access import AllBranches, Tables
from mosaic_nb.recording.provenance import provenance
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.replay import Run, header_environment, save_copy
from mosaic_nb.scheduler.casting import EVERY_AGENT, Company
from mosaic_nb.scheduler.conductor import Conductor
from mosaic_nb.scheduler.lane import Plan
from mosaic_nb.scheduler.lockstep import Policy
from mosaic_nb.scheduler.thread import scheduler_thread

if TYPE_CHECKING:
    import pandas as pd

    from mosaic_nb.view import Grid, Keepsake

_ON_END = ("hold", "next")
_ON_FAILURE = ("stop", "forfeit", "substitute")
_HELLO = 3.0
"""Seconds that a person's turn waits for a front end to say hello, before it is unavailable."""


class Arena(Tables):
    """Several decision makers side by side in the same environment, in lock-step under shared seeds.

    Displayed in a notebook it is a widget; from code the same arena steps, runs and resets. Every decision is
    on disk before anybody is shown it.

    Args:
        environment: an id that Gymnasium resolves, an ``EnvSpec``, ``"module:make"``, a class or a function.
        lanes: by name, who plays: an operator (``mnb.operator(...)``, a name, ``"human"``, or a function
            ``observation -> action``), or a cast, agent -> operator, where ``"*"`` stands for the rest.
        seed: the first episode's, which ``env.reset`` receives; the next ones play the seeds that follow.
        max_steps: truncates an episode, beside the environment's own limit.
        env_kwargs: keyword arguments of the environment.
        wrappers: of the environment, innermost first, for all lanes: classes, ``"module:Class"``, or pairs of
            one and its keyword arguments.
        on_end: ``"hold"`` keeps a finished lane's last frame until all have finished, ``"next"`` lets it go on
            with the next seed.
        on_failure: of an operator: ``"stop"`` stops its lane, ``"forfeit"`` ends the episode, ``"substitute"``
            does nothing (or something legal at random) in its place. All is recorded.
        trial: episodes on one hidden instance, within which a seat keeps its context.
        run_seed: what the operators' own draws depend on beside the episode's seed.
        deadline: seconds that an operator may take for a decision where it declares none, or None; people
            have all the time. ``environment_deadline``: for a reset or step of the environment.
        path: the run's folder; without one it lies in the user's cache folder, see `path` and `save`.

    Raises:
        TypeError, ValueError: an argument is unknown or makes no sense.
        EnvironmentFailure, OperatorError: a lane could not begin.

    Example:
        >>> with Arena("CartPole-v1", {"a": "random", "b": "passive"}, seed=7) as arena:  # doctest: +SKIP
        ...     arena.run(20)
        ...     arena.steps
    """

    def __init__(
        self,
        environment: Any,
        lanes: Mapping[str, Any],
        *,
        seed: int = 0,
        max_steps: int | None = None,
        env_kwargs: Mapping[str, Any] | None = None,
        wrappers: Sequence[Any] = (),
        on_end: str = "hold",
        on_failure: str = "stop",
        trial: int = 1,
        run_seed: int = 0,
        deadline: float | None = 60.0,
        environment_deadline: float = 60.0,
        path: str | Path | None = None,
        **unknown: Any,
    ) -> None:
        _refuse_unknown(unknown)
        _one_of("on_end", on_end, _ON_END)
        _one_of("on_failure", on_failure, _ON_FAILURE)
        plan = Plan(
            _at_least("seed", seed, 0), _at_least("trial", trial, 1), _at_least("run_seed", run_seed, 0)
        )
        declared = declare_environment(
            environment, env_kwargs=env_kwargs, wrappers=wrappers, max_steps=max_steps
        )
        casts = {name: _cast(name, lane) for name, lane in _named(lanes).items()}
        self._path = Path(path) if path is not None else _scratch(declared.id)
        self._grid: Grid | None = None
        self._keepsake: Keepsake | None = None
        self._known_failures: set[str] = set()
        self._thread = scheduler_thread()
        self._recorder = Recorder(
            self._path,
            name=self._path.name,
            kind="arena",
            provenance={
                **provenance(),
                "environment": header_environment(declared),
                "casts": {
                    name: {agent: op.label for agent, op in cast.items()} for name, cast in casts.items()
                },
                "plan": {"seed": plan.seed, "trial": plan.trial_length, "run_seed": plan.run_seed},
                "policy": {"on_end": on_end, "on_failure": on_failure},
            },
        )
        policy = Policy(on_end, on_failure, environment_deadline)
        company = Company(declared, casts, self._path / "logs")
        self._conductor = Conductor(self._thread, company, plan, policy, self._recorder, deadline)
        self._thread.call(self._conductor.start())
        self._recorder.update_header(**_cast_header(company))

    # --- acting --------------------------------------------------------------------------------------

    def step(self, moves: Mapping[str, Any] | None = None) -> None:
        """Advance every live lane by one step.

        Args:
            moves: people's moves, lane -> action by label or value; with several people in a lane
                lane -> {agent: action}.

        Raises:
            HumanToMove: a person is on turn and no move was given; nothing has moved.
            HumanUnavailable: the same, and no front end is there that could ask.
            ValueError: a move is no action, or illegal now.
            LaneFailure: every lane has failed.
        """
        self._call(self._conductor.tick(moves or {}, blocking=True))

    async def step_async(self, moves: Mapping[str, Any] | None = None) -> None:
        """Advance every live lane by one step, waiting for a person's click without blocking the notebook."""
        await self._wait_for_front_end()
        await self._thread.wait(self._conductor.tick(moves or {}, blocking=False), self._conductor.interrupt)
        self._warn()

    def run(self, ticks: int | None = None, *, episodes: int | None = None) -> None:
        """Advance many ticks, or until every lane has completed so many more episodes.

        Raises:
            TypeError: neither or both were given.
            HumanToMove, HumanUnavailable: a person is on turn; what was played before is recorded.
            LaneFailure: every lane has failed.
        """
        self._call(self._conductor.run(*_how_long(ticks, episodes), blocking=True))

    async def run_async(self, ticks: int | None = None, *, episodes: int | None = None) -> None:
        """As `run`, while the notebook stays free and people may click."""
        ticks, episodes = _how_long(ticks, episodes)
        await self._wait_for_front_end()
        await self._thread.wait(
            self._conductor.run(ticks, episodes, blocking=False), self._conductor.interrupt
        )
        self._warn()

    def reset(self, seed: int | None = None) -> None:
        """Begin anew in every lane: the same seed, or the one given. A failed lane gets a new worker."""
        if seed is not None:
            seed = _at_least("seed", seed, 0)
        self._known_failures.clear()
        self._call(self._conductor.begin(seed))

    def next(self) -> None:
        """Begin the next seed's episode in every lane, cutting short those under way."""
        self._call(self._conductor.begin(onward=True))

    def close(self) -> None:
        """End every worker and seal the run. The tables stay readable."""
        if self._keepsake is not None:
            self._keepsake.close()
        self._thread.call(self._conductor.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- what happened -------------------------------------------------------------------------------

    @property
    def all_branches(self) -> AllBranches:
        """The four tables with every row, also those that a rewind left behind."""
        return AllBranches(self._recorder.frame)

    def _current(self, name: str) -> pd.DataFrame:
        return self._recorder.line(name)

    @property
    def failures(self) -> dict[str, LaneFailure]:
        """The error of every lane that has failed, by lane."""
        lanes = self._conductor.lockstep.lanes
        return {lane.name: lane.error for lane in lanes if lane.error is not None}

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self._path

    def save(self, path: str | Path) -> Run:
        """Keep the run in a folder of its own, and open it from there.

        Raises:
            FileExistsError: the folder holds something already.
        """
        return save_copy(self._path, Path(path))

    # --- shown ---------------------------------------------------------------------------------------

    @property
    def grid(self) -> Grid:
        """The widget, made at its first use."""
        if self._grid is None:
            from mosaic_nb.view import Grid

            grid = self._grid = Grid(self._conductor)
            self._conductor.attended = lambda: grid.front_end
        return self._grid

    def _ipython_display_(self) -> None:
        from mosaic_nb.view import Keepsake, publish, renew

        grid, shown = self.grid, self._conductor.snapshot()
        publish(grid, shown, self._thread.call(self._conductor.look("png")))
        if self._keepsake is None:
            self._keepsake = Keepsake(self._conductor, partial(renew, grid), lambda: grid.front_end, shown)

    def __repr__(self) -> str:
        names = ", ".join(lane.name for lane in self._conductor.lockstep.lanes)
        title = self._conductor.snapshot().title
        return f"Arena({title}, {len(self._conductor.lockstep.lanes)} lanes: {names})"

    # --- in between ----------------------------------------------------------------------------------

    def _call(self, coroutine: Any) -> None:
        self._thread.call(coroutine, self._conductor.interrupt)
        self._warn()

    def _warn(self) -> None:
        for lane, error in self.failures.items():
            if lane not in self._known_failures:
                self._known_failures.add(lane)
                warnings.warn(
                    f"{error}\nThe other lanes go on; reset() starts this one anew.",
                    LaneFailureWarning,
                    stacklevel=4,
                )

    async def _wait_for_front_end(self) -> None:
        """Give a widget that has just been displayed the time to say hello."""
        if self._grid is not None and self._conductor.lockstep.humans() and not self._grid.front_end:
            await asyncio.to_thread(self._grid.wait_for_front_end, _HELLO)


def _cast(name: str, lane: Any) -> dict[str, Declared]:
    if not isinstance(lane, Mapping):
        return {EVERY_AGENT: declare_operator(lane)}
    if not lane:
        raise ValueError(f"the cast of lane {name!r} is empty")
    return {str(agent): declare_operator(given) for agent, given in lane.items()}


def _named(lanes: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(lanes, Mapping) or not lanes:
        raise TypeError('lanes must map names to operators, such as {"PPO": ..., "random": "random"}')
    for name in lanes:
        if not isinstance(name, str) or not name.strip():
            raise TypeError(f"a lane's name must be text, not {name!r}")
    return lanes


def _refuse_unknown(unknown: Mapping[str, Any]) -> None:
    known = [name for name in inspect.signature(Arena).parameters if name != "unknown"]
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise TypeError(f"Arena takes no keyword argument {name!r}{hint}; it takes {', '.join(known)}")


def _one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


def _at_least(name: str, value: Any, least: int) -> int:
    """Return an integer, NumPy's too, as Python's own."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex) or operator.index(value) < least:
        raise ValueError(f"{name} must be an integer of at least {least}, not {value!r}")
    return operator.index(value)


def _how_long(ticks: int | None, episodes: int | None) -> tuple[int | None, int | None]:
    if (ticks is None) == (episodes is None):
        raise TypeError("give either a number of ticks, run(20), or of episodes, run(episodes=3)")
    for name, value in (("ticks", ticks), ("episodes", episodes)):
        if value is not None:
            _at_least(name, value, 0)
    return ticks, episodes


def _scratch(environment: str) -> Path:
    from platformdirs import user_cache_path

    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in environment)
    stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
    return user_cache_path("mosaic_nb") / "runs" / f"{safe}-{stamp}-{token_hex(3)}"


def _cast_header(company: Company) -> dict[str, Any]:
    operators = {worker.name: worker.loaded.provenance for worker in company.operators}
    host = next(iter(company.environments.values()))
    return {"operators": operators, "libraries": host.libraries, "resolved": host.opened.spec}
