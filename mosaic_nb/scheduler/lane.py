"""A lane: one environment instance with its cast, and what has happened in its episode so far."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from mosaic_nb.errors import Aborted, EnvironmentFailure, LaneFailure, MosaicError, OperatorError, RemoteError
from mosaic_nb.protocol import ProtocolError, messages
from mosaic_nb.scheduler import rows, seeds
from mosaic_nb.scheduler.outcomes import Outcomes
from mosaic_nb.scheduler.plan import Plan
from mosaic_nb.scheduler.seats import HumanSeat, Seat, WorkerSeat
from mosaic_nb.scheduler.workers import EnvironmentWorker

STARTING, RUNNING, HELD, FAILED, CLOSED = "starting", "running", "held", "failed", "closed"


@dataclass
class Move:
    """What one agent asked for and what is done, in a step under way."""

    asked: Any = None
    action: Any = None
    milliseconds: float = 0.0
    invalid: bool = False
    fallback: str = ""
    probabilities: list[float] | None = None
    value: float | None = None
    answered: bool = True


@dataclass
class Episode:
    """The episode under way in a lane."""

    number: int
    trial: int
    position: int
    seed: messages.Seed
    declared: int
    run_seed: int
    digest: str = ""
    step: int = 0
    began: float = field(default_factory=time.perf_counter)
    returns: dict[str, float] = field(default_factory=dict)
    terminated: bool = False
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """The sum of all agents' rewards so far."""
        return sum(self.returns.values())


class Lane:
    """One lane of an arena. State and rows; the lock-step drives it.

    Args:
        name: the lane's name.
        worker: hosts the environment.
        seats: who sits in each agent's place.
        plan: which episodes it plays.
    """

    def __init__(self, name: str, worker: EnvironmentWorker, seats: dict[str, Seat], plan: Plan) -> None:
        self.name = name
        self.worker = worker
        self.seats = seats
        self.plan = plan
        self.status = STARTING
        self.error: LaneFailure | None = None
        self.branch = 0
        self.begun = self.trials = self.completed = self.next_position = 0
        self.frame = 0
        self.view = ""
        self.digest = ""
        self.seconds = 0.0
        self.episode: Episode | None = None
        self.observations: dict[str, messages.Observation] = {}
        self.boards: dict[str, messages.Board] = {}
        self.moves: dict[str, Move] = {}
        self.done: dict[str, Move] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self._generation = 0
        self._bases: dict[str, int] = {}
        self.outcomes = Outcomes()

    def check(self) -> None:
        """Raise the failure of a worker that was lost between two episodes.

        Raises:
            OperatorError, EnvironmentFailure: it was.
        """
        for agent, seat in self.seats.items():
            failure = seat.uncharged() if isinstance(seat, WorkerSeat) else None
            if failure is not None:
                raise self.operator_error(agent, failure)
        if self.worker.broken is not None and not isinstance(self.worker.broken, Aborted):
            raise self.environment_failure(self.worker.broken)

    async def prepare(self) -> None:
        """Make sure that the environment and the operators run; costs nothing where they do.

        Raises:
            OperatorError, EnvironmentFailure: one of them could not be started.
        """
        for agent, seat in self.seats.items():
            if isinstance(seat, WorkerSeat) and not seat.current:
                try:
                    await seat.ensure()
                except (MosaicError, ProtocolError) as error:
                    raise self.operator_error(agent, error) from error
        if not self.worker.running or self._generation != self.worker.generation:
            try:
                await self.worker.ensure()
                self.move_to(self.worker, await self.observe(self.worker))
            except OperatorError:
                raise
            except (MosaicError, ProtocolError) as error:
                raise self.environment_failure(error) from error

    async def observe(self, worker: EnvironmentWorker) -> dict[str, dict[str, Any]]:
        """Tell an environment what each seat perceives; returns the observation space of each agent.

        Raises:
            OperatorError: a seat asks to perceive what this environment cannot give.
        """
        views = {}
        for agent, seat in self.seats.items():
            try:
                views[agent] = (await worker.observe(agent, _loaded(seat))).observation_space
            except RemoteError as error:
                raise self.refusal(agent, error) from error
        return views

    async def introduce(self, agent: str, seat: Seat) -> messages.Observation | None:
        """Tell the environment what a newcomer perceives; returns what that is now, where the agent is to move.

        Raises:
            MosaicError: it asks to perceive what this environment cannot give.
        """
        if not self.worker.running or self._generation != self.worker.generation:
            return None  # `prepare` will
        observed = await self.worker.observe(agent, _loaded(seat))
        self.views[agent] = observed.observation_space
        if observed.board is not None:
            self.boards = self.boards | {agent: observed.board}
        return observed.observation

    def move_to(self, worker: EnvironmentWorker, views: dict[str, dict[str, Any]]) -> None:
        """Play on in this environment, which runs and has been told what each seat perceives."""
        self.worker = worker
        self.views = views
        self._generation = worker.generation

    # --- episodes ------------------------------------------------------------------------------------

    def next_episode(self) -> Episode:
        """Take the next episode of the plan."""
        plan, place = self.plan, self.next_position
        position = place % plan.trial_length
        declared, run_seed = plan.declared(place), plan.draws(place)
        if position == 0:
            self.trials += 1
        self.episode = Episode(
            number=self.begun,
            trial=self.trials - 1,
            position=position,
            seed=seeds.environment(run_seed, declared, position, plan.trial_length),
            declared=declared,
            run_seed=run_seed,
        )
        self.begun += 1
        self.next_position += 1
        self.moves, self.done = {}, {}
        self.outcomes.begin()
        return self.episode

    @property
    def trial_over(self) -> bool:
        """Whether the episode under way, or just over, is the last of its trial."""
        return self.episode is None or self.episode.position == self.plan.trial_length - 1

    @property
    def under_way(self) -> bool:
        """Whether a trial is under way that a newcomer has to be told of; else it begins with the next episode."""
        return self.status == RUNNING or (self.status == HELD and not self.trial_over)

    def tell_seat(self, agent: str, observation_space: dict[str, Any]) -> messages.Episode:
        """Return what the seat of an agent is told of the episode under way."""
        episode = self.current
        self._bases[agent] = seeds.derive(episode.run_seed, episode.declared, episode.position, agent, "act")
        return self._told(agent, observation_space, episode.position)

    def tell_trial(self, agent: str, observation_space: dict[str, Any]) -> list[messages.Episode]:
        """Return what the seat of an agent is told of every episode of the trial, up to the one under way."""
        before = range(self.current.position)
        return [
            *(self._told(agent, observation_space, position) for position in before),
            self.tell_seat(agent, observation_space),
        ]

    def _told(self, agent: str, observation_space: dict[str, Any], position: int) -> messages.Episode:
        episode = self.current
        return self.worker.episode(
            agent,
            observation_space,
            number=episode.number - episode.position + position,
            trial=episode.trial,
            position=position,
            trial_length=self.plan.trial_length,
            seed=seeds.derive(episode.run_seed, episode.declared, position, agent, "seat"),
        )

    @property
    def current(self) -> Episode:
        """The episode under way; only after the first has begun."""
        assert self.episode is not None, f"lane {self.name!r} has not begun an episode"
        return self.episode

    def decision_seed(self, agent: str) -> int:
        """Return the 64 bits of an agent's next decision."""
        return seeds.decision(self._bases[agent], self.current.step)

    # --- steps ---------------------------------------------------------------------------------------

    def perceive(
        self, observations: dict[str, messages.Observation], boards: dict[str, messages.Board]
    ) -> None:
        """Take in what the agents that are to move perceive, and the boards of people."""
        self.observations, self.boards = observations, boards
        for agent, observation in observations.items():
            seat = self.seats[agent]
            if isinstance(seat, HumanSeat):
                seat.perceive(observation)

    def take(self, transition: messages.Transition) -> list[tuple[Any, ...]]:
        """Take in what a step returned; returns its rows of the ``steps`` table."""
        episode = self.current
        for agent, reward in transition.rewards.items():
            episode.returns[agent] = episode.returns.get(agent, 0.0) + reward
        written = rows.of_step(self, transition)
        self.done.update(self.moves)
        self.digest = transition.digest
        self._settle(transition)
        episode.step += 1
        self.frame += 1
        self.seconds = transition.seconds
        self.perceive(transition.observations, transition.boards)
        if transition.over:
            episode.terminated = bool(transition.terminated)
            episode.numbers = transition.numbers
        return written

    def _settle(self, transition: messages.Transition) -> None:
        """Tell every learner whose step has come to its end what came of it."""
        actions = {agent: move.action for agent, move in self.moves.items() if self.seats[agent].learns}
        for agent, outcome in self.outcomes.settle(self.observations, actions, transition):
            self.seats[agent].tell(outcome)

    # --- failures ------------------------------------------------------------------------------------

    def operator_error(self, agent: str, error: Exception, newcomer: Seat | None = None) -> OperatorError:
        """Return the error of an operator that failed here, or was to sit here."""
        seat = newcomer or self.seats[agent]
        log = (
            seat.worker.log_tail()
            if isinstance(seat, WorkerSeat) and not isinstance(error, RemoteError)
            else ""
        )
        return OperatorError(
            _reason(error), operator=seat.operator, lane=self.name, agent=agent, step=self.step, log=log
        )

    def refusal(self, agent: str, error: Exception) -> OperatorError:
        """Return the error of an operator that did not begin the episode; it names what it was to play with."""
        failure = self.operator_error(agent, error)
        actions = self.seats[agent].actions.space
        return OperatorError(
            f"its actions were to be {actions}: {_reason(error)}",
            operator=failure.operator,
            lane=self.name,
            agent=agent,
            step=self.step,
            log=failure.log,
        )

    def environment_failure(self, error: Exception) -> EnvironmentFailure:
        """Return the error of an environment that failed here."""
        log = "" if isinstance(error, RemoteError) else self.worker.log_tail()
        environment = self.worker.environment.id
        return EnvironmentFailure(
            _reason(error), environment=environment, lane=self.name, step=self.step, log=log
        )

    @property
    def step(self) -> int:
        """How many steps the episode has had."""
        return self.episode.step if self.episode is not None else 0


def _loaded(seat: Seat) -> messages.Loaded | None:
    return seat.worker.loaded if isinstance(seat, WorkerSeat) else None


def _reason(error: Exception) -> str:
    if isinstance(error, RemoteError):
        return str(error) if error.explained else f"{error}\n{error.traceback}".rstrip()
    name = type(error).__name__
    return str(error) if name in ("WorkerDied", "DeadlineExceeded", "InvalidDecision") else f"{name}: {error}"
