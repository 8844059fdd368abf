"""Manual mode: several lanes in lock-step under shared seeds, for a notebook, a script and a test alike."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mosaic_nb import operators
from mosaic_nb.arguments import at_least, how_long, named, one_of, refuse_unknown
from mosaic_nb.environments.spec import declare as declare_environment
from mosaic_nb.errors import LaneFailure, LaneFailureWarning
from mosaic_nb.operators import Declared, declare as declare_operator
from mosaic_nb.recording.access import AllBranches, Tables
from mosaic_nb.recording.folder import scratch
from mosaic_nb.recording.recorder import Recorder
from mosaic_nb.replay import Run, save_copy
from mosaic_nb.scheduler import headers
from mosaic_nb.scheduler.casting import Company
from mosaic_nb.scheduler.casts import EVERY_AGENT, sides
from mosaic_nb.scheduler.conductor import Conductor
from mosaic_nb.scheduler.inquiring import Answer, Inquiry
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.policy import Policy
from mosaic_nb.scheduler.thread import scheduler_thread
from mosaic_nb.shown import Shown

if TYPE_CHECKING:
    import pandas as pd

_ON_END = ("hold", "next")
_ON_FAILURE = ("stop", "forfeit", "substitute")
_ON_ILLEGAL = (None, "retry", "forfeit", "random")
_HELLO = 3.0
"""Seconds that a person's turn waits for a front end to say hello, before it is unavailable."""
_DEAF = (
    "ipykernel 6 hears clicks only between cells: while this one awaits, the widget cannot answer. Interrupt it and "
    "press Step there instead, or give the move as step_async({lane: action}); ipykernel 7 hears them at once"
)


class Arena(Shown, Tables):
    """Several decision makers side by side in the same environment, in lock-step under shared seeds.

    Displayed in a notebook it is a widget; from code the same arena steps, runs and resets. Every decision is
    on disk before anybody is shown it.

    Args:
        environment: an id that Gymnasium resolves, an ``EnvSpec``, ``"module:make"``, a class or a function.
        lanes: by name, who plays: an operator (``mnb.operator(...)``, a name, ``"human"``, or a function
            ``observation -> action``), or a cast, agent -> operator. A cast may also name a team, a role or a pattern
            such as ``"agent_[01]"``: an agent's own name counts first, then these in the order given; ``"*"`` stands
            for the rest.
        seed: the first episode's, which ``env.reset`` receives; the next ones play the seeds that follow.
        max_steps: truncates an episode, beside the environment's own limit.
        env_kwargs: keyword arguments of the environment.
        wrappers: of the environment, innermost first, for all lanes: classes, ``"module:Class"``, or pairs of
            one and its keyword arguments.
        on_end: ``"hold"`` keeps a finished lane's last frame until all have finished, ``"next"`` lets it go on
            with the next seed.
        on_failure: of an operator: ``"stop"`` stops its lane, ``"forfeit"`` ends the episode, ``"substitute"``
            does nothing (or something legal at random) in its place. All is recorded.
        on_illegal: of a move that is an action but masked: ``"retry"`` asks once more, then draws a legal one,
            ``"forfeit"`` ends the episode, ``"random"`` draws a legal one; None for the family's rule.
        trial: episodes on one hidden instance, within which a seat keeps its context.
        run_seed: what the operators' own draws depend on beside the episode's seed.
        deadline: seconds that an operator may take for a decision where it declares none, or None; people
            have all the time. ``environment_deadline``: for a reset or step of the environment.
        speed: ticks a second of Play; None for what suits the environment, usually 8.
        clocked: whether people play in real time: a tick comes whether or not a key is down. None for what suits
            the environment.
        shared_seeds: whether all lanes play the same seeds; else every lane's are 1000 above those of the one
            before it.
        teams: name -> agents, or patterns of agents, instead of the environment's own teams. ``roles``: likewise.
        start: where every episode begins: a text that the environment's family reads (FEN for chess, columns such as
            ``"3340"`` for connect four, a layout as MiniGrid prints it); or the actions that lead there, by label or
            value (``{agent: action}`` where several move at once); or ``{"seed": 7, "actions": [...]}`` to reset with
            a seed of its own. Rewards on the way are nobody's, and limits count it.
        keep_frames: MiB of pictures that were shown that are kept in the run's folder, for a quick look back; 0
            keeps none. They go with the arena.
        path: the run's folder; without one it lies in the user's cache folder, see `path` and `save`.

    Raises:
        TypeError, ValueError: an argument is unknown or makes no sense.
        CastError: casts or teams do not fit the environment, or operators refuse what they were cast for.
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
        on_illegal: str | None = None,
        trial: int = 1,
        run_seed: int = 0,
        deadline: float | None = 60.0,
        environment_deadline: float = 60.0,
        speed: float | None = None,
        clocked: bool | None = None,
        shared_seeds: bool = True,
        teams: Mapping[str, Any] | None = None,
        roles: Mapping[str, Any] | None = None,
        start: Any = None,
        keep_frames: int = 256,
        path: str | Path | None = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown(Arena, unknown)
        one_of("on_end", on_end, _ON_END)
        one_of("on_failure", on_failure, _ON_FAILURE)
        one_of("on_illegal", on_illegal, _ON_ILLEGAL)
        plan = Plan(
            at_least("seed", seed, 0),
            at_least("trial", trial, 1),
            at_least("run_seed", run_seed, 0),
            bool(shared_seeds),
        )
        if speed is not None and not speed > 0:
            raise ValueError(f"speed must be more than 0 ticks a second, not {speed!r}")
        declared = declare_environment(
            environment, env_kwargs=env_kwargs, wrappers=wrappers, max_steps=max_steps, start=start
        )
        keep_frames = at_least("keep_frames", keep_frames, 0)
        casts = {name: _cast(name, lane) for name, lane in named(lanes).items()}
        self._path = Path(path) if path is not None else scratch(declared.id)
        self._known_failures: set[str] = set()
        self._thread = scheduler_thread()
        policy = Policy(on_end, on_failure, on_illegal, environment_deadline)
        self._recorder = Recorder(
            self._path,
            name=self._path.name,
            kind="arena",
            provenance=headers.of_arena(declared, casts, plan, policy),
        )
        company = Company(declared, casts, self._path / "logs", deadline, sides(teams, roles))
        self._conductor = Conductor(
            self._thread, company, plan, policy, self._recorder, speed, clocked, keep_frames
        )
        self._inquiry = Inquiry(self._conductor.lockstep, self._recorder, deadline)
        self._thread.call(self._conductor.start())
        self._recorder.update_header(**headers.of_company(company))

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
        self._call(self._conductor.run(*how_long(ticks, episodes), blocking=True))

    async def run_async(self, ticks: int | None = None, *, episodes: int | None = None) -> None:
        """As `run`, while the notebook stays free and people may click."""
        ticks, episodes = how_long(ticks, episodes)
        await self._wait_for_front_end()
        await self._thread.wait(
            self._conductor.run(ticks, episodes, blocking=False), self._conductor.interrupt
        )
        self._warn()

    def reset(self, seed: int | None = None, *, shared_seeds: bool | None = None) -> None:
        """Begin anew in every lane: the same seed, or the one given. A failed lane gets a new worker.

        Args:
            seed: of the first episode, or None for the same.
            shared_seeds: whether all lanes play the same seeds from now on; None leaves that as it is.
        """
        if seed is not None:
            seed = at_least("seed", seed, 0)
        self._known_failures.clear()
        self._call(self._conductor.begin(seed, shared=shared_seeds))

    def swap(self, lane: str, operator: Any, agent: str | None = None) -> None:
        """Seat somebody else in an agent's place, at any step; also while a tick waits for a person's click.

        The newcomer is brought to this step without deciding anything, and decides next, in the open tick if there is
        one. The ``operator`` column and the events say who acted when.

        Args:
            lane: its name.
            operator: whatever a lane takes: an operator, a name, ``"human"``, a function.
            agent: whose place; may be left out where the environment has one agent.

        Raises:
            ValueError: there is no such lane or agent.
            OperatorError: it could not be seated; who sat there sits there still.
        """
        self._call(self._conductor.swap(lane, declare_operator(operator), agent))

    def rewind(self, moment: int | None = None, *, steps: int | None = None) -> None:
        """Take every lane back to where it was, and go on from there on a new branch.

        Each lane's seed and actions are replayed in a fresh environment, and every digest is checked. Whoever sits
        there now goes on playing. Nothing that was recorded is deleted: the tables show the line that is played,
        `all_branches` everything.

        Args:
            moment: as the timeline counts: 0 is the first reset, and every tick and every reset is one more.
            steps: how many ticks to take back, instead of a moment.

        Raises:
            TypeError: neither or both were given.
            ValueError: there is no such moment.
            Diverged: an environment does not replay; nothing has changed.
        """
        if (moment is None) == (steps is None):
            raise TypeError(
                "give either a moment, rewind(12), or how many ticks to take back, rewind(steps=3)"
            )
        self._call(self._conductor.go_back(moment, steps))
        self._known_failures &= self.failures.keys()

    def next(self) -> None:
        """Begin the next seed's episode in every lane, cutting short those under way."""
        self._call(self._conductor.begin(onward=True))

    def close(self) -> None:
        """End every worker and seal the run. The tables stay readable."""
        self._leave()
        self._thread.call(self._inquiry.close())
        self._thread.call(self._conductor.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, operator: Any, lane: str, step: int | None = None, agent: str | None = None) -> Answer:
        """Ask somebody who does not play what they would do, or would have done, in a lane's present episode.

        The episode is played again beside the arena, and who is asked is told what happened, as a newcomer is;
        nothing changes, and the decision has the seed that it would have in that seat. The worker is kept for the next
        question, until the arena closes.

        Args:
            operator: whatever a lane takes, but no person.
            lane: its name.
            step: of the present episode, from 0; None for now.
            agent: whose place; may be left out where the environment has one agent.

        Raises:
            ValueError: there is no such lane, agent or step, or the agent was not to move there.
            CastError: a person was to be asked. OperatorError: it could not answer.
        """
        return self._thread.call(self._inquiry.ask(lane, declare_operator(operator), step, agent))

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
        if self._grid is None or not self._conductor.lockstep.humans():
            return
        if not self._grid.front_end:
            await asyncio.to_thread(self._grid.wait_for_front_end, _HELLO)
        if self._grid.front_end and _hears_between_cells_only():
            warnings.warn(_DEAF, RuntimeWarning, stacklevel=3)


def play(
    environment: Any,
    *,
    beside: Mapping[str, Any] | None = None,
    agent: str | None = None,
    against: Any = "random",
    default: Any = None,
    keys: Mapping[str, str] | None = None,
    unattended: Sequence[Any] | None = None,
    **options: Any,
) -> Arena:
    """Play an environment yourself: an arena with a lane ``"me"``, ready to be displayed.

    Args:
        environment: as for `Arena`.
        beside: further lanes that play the same episodes, name -> operator.
        agent: in an environment of several agents the one that is yours; None for all of them.
        against: who plays the other agents then.
        default: in real time, what is done while no key is down, by label or value.
        keys: label -> key, instead of those of the environment's family.
        unattended: moves, over and over, that stand in for yours where no front end is there, as when a notebook is
            run by a program.
        options: of the arena: ``seed``, ``speed``, ``clocked``, ...

    Example:
        >>> mnb.play("LunarLander-v3", beside={"random": "random"})  # doctest: +SKIP
    """
    given = (None if keys is None else dict(keys)), (None if unattended is None else list(unattended))
    me = operators.operator("human", default=default, keys=given[0], unattended=given[1])
    mine = me if agent is None else {agent: me, EVERY_AGENT: against}
    return Arena(environment, {"me": mine, **(beside or {})}, **options)


def _cast(name: str, lane: Any) -> dict[str, Declared]:
    if not isinstance(lane, Mapping):
        return {EVERY_AGENT: declare_operator(lane)}
    if not lane:
        raise ValueError(f"the cast of lane {name!r} is empty")
    return {str(agent): declare_operator(given) for agent, given in lane.items()}


def _hears_between_cells_only() -> bool:
    ipykernel = sys.modules.get("ipykernel")
    return ipykernel is not None and ipykernel.version_info[0] < 7
