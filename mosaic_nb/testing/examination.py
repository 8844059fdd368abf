"""The examination of one operator: real workers, a real environment, every clause of the contract in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import cycle, zip_longest
from pathlib import Path

import msgspec

from mosaic_nb.operators import Declared
from mosaic_nb.protocol import VERSIONS, messages
from mosaic_nb.scheduler.workers import OperatorWorker
from mosaic_nb.testing import operator_clauses as clauses
from mosaic_nb.testing.courses import Course, Playground, Seating, same
from mosaic_nb.testing.operator_clauses import CLAUSES
from mosaic_nb.testing.probe import Probe, describe

_NEEDS = ("text", "frame", "history")
_UNKNOWN_VERSION = 99
_UNKNOWN_OPTION = "an_option_that_no_spec_names"


@dataclass(frozen=True)
class Report:
    """What `check_operator` found of an operator that broke no clause.

    Attributes:
        operator: its label; ``environment``: the environment's id.
        clauses: the names of the clauses that it kept, in the order they were tried.
        episodes, steps: how many were played in the environment; each was repeated in several workers.
        needs, learns: what it declared when it was loaded.
        context_matters: whether what it learned in a trial's earlier episodes showed in its decisions in a later
            one; a learner of little experience may say no.
        calls: how many model calls it brought home while it played.
    """

    operator: str
    environment: str
    clauses: tuple[str, ...]
    episodes: int
    steps: int
    needs: tuple[str, ...]
    learns: bool
    context_matters: bool
    calls: int


class Examination:
    """One operator before one environment.

    Args:
        declared: the operator.
        environment: what it plays.
        folder: for the logs.
        max_steps: of an episode.
        deadline: seconds for a reply.
    """

    def __init__(
        self,
        declared: Declared,
        environment: messages.Environment,
        folder: Path,
        max_steps: int,
        deadline: float,
    ) -> None:
        self._declared = declared
        self._environment = environment
        self._folder = folder
        self._deadline = deadline
        self._probes: list[Probe] = []
        self._playground = Playground(environment, folder / "environment.log", max_steps)
        self._loaded = messages.Loaded(id=0)
        self._seats = 0

    def run(self, seeds: Sequence[int]) -> Report:
        """Try every clause. Raises `Broken` at the first that is broken."""
        cold = [self._start(hash_seed=1, noisy=True), self._start(hash_seed=2)]  # they import in the meantime
        self._refuses_what_it_must()
        main = self._start()
        self._greet(main, VERSIONS)
        self._loaded = self._load(main)
        self._playground.open(main, self._loaded)
        courses = self._play(main, seeds)
        trial = self._play_trial(main, seeds) if self._loaded.learns else []
        brought = len(main.calls)
        self._asked_twice(main, courses[0])
        self._seed_decides(cold, courses)
        self._seats_are_apart(courses)
        self._reset_forgets(courses, trial)
        context_matters = self._catches_up(courses, trial)
        self._keeps_order(main, courses[0])
        self._refuses_other_requests(main)
        self._close_gives_back(main, courses[0])
        self._leaves([main, *cold], courses[0])
        played = [*courses, *trial]
        return Report(
            operator=self._declared.label,
            environment=self._environment.id,
            clauses=tuple(CLAUSES),
            episodes=len(played),
            steps=sum(len(course.turns) for course in played),
            needs=tuple(self._loaded.needs),
            learns=self._loaded.learns,
            context_matters=context_matters,
            calls=brought,
        )

    def close(self) -> None:
        """End every process."""
        for probe in self._probes:
            probe.end()
        self._playground.close()

    def _start(self, hash_seed: int | None = None, *, noisy: bool = False) -> Probe:
        log = self._folder / f"worker-{len(self._probes)}.log"
        worker = OperatorWorker(self._declared, log)
        probe = Probe(worker, log, self._deadline, hash_seed=hash_seed, noisy=noisy)
        self._probes.append(probe)
        return probe

    def _fresh(self) -> Probe:
        """Return a worker that has been loaded and nothing more."""
        probe = self._start()
        self._greet(probe, VERSIONS)
        self._load(probe)
        return probe

    def _seat(self, probe: Probe) -> Seating:
        """Return a seat that this worker has not had."""
        self._seats += 1
        return Seating(probe, f"lane-{self._seats}", learns=self._loaded.learns)

    # --- starting --------------------------------------------------------------------------------

    def _greet(self, probe: Probe, versions: Sequence[int]) -> messages.Welcome:
        welcome = probe.greet(versions)
        offered = f"versions {', '.join(map(str, versions))} were offered"
        if isinstance(welcome, messages.Failure):
            raise probe.broken(clauses.CHOOSES_A_VERSION, f"{offered}, and it answered {describe(welcome)}")
        if welcome.version not in set(versions) & set(VERSIONS):
            raise probe.broken(clauses.CHOOSES_A_VERSION, f"{offered}, and it chose {welcome.version}")
        if "act" not in welcome.capabilities:
            detail = f"its capabilities are {welcome.capabilities}, and an operator's has 'act'"
            raise probe.broken(clauses.DECLARES_WELL, detail)
        self._capabilities = welcome.capabilities
        return welcome

    def _load(self, probe: Probe) -> messages.Loaded:
        loaded = probe.load()
        if isinstance(loaded, messages.Failure):
            raise probe.broken(clauses.LOADS, f"it answered {describe(loaded)}")
        odd = [need for need in loaded.needs if need not in _NEEDS]
        if odd or len(set(loaded.needs)) < len(loaded.needs):
            detail = f"its needs are {loaded.needs}; known are {', '.join(_NEEDS)}"
            raise probe.broken(clauses.DECLARES_WELL, detail)
        if loaded.learns and "learn" not in self._capabilities:
            detail = f"it learns, and its capabilities are {self._capabilities}"
            raise probe.broken(clauses.DECLARES_WELL, detail)
        unsaid = [need for need in loaded.needs if need not in self._declared.spec.needs]
        if unsaid:
            detail = f"it needs {unsaid[0]!r}, and operator.json says {list(self._declared.spec.needs)}"
            raise probe.broken(clauses.NEEDS_ARE_IN_THE_SPEC, detail)
        return loaded

    def _refuses_what_it_must(self) -> None:
        probe = self._start()
        refused = probe.greet([_UNKNOWN_VERSION])
        says = isinstance(refused, messages.Failure) and str(_UNKNOWN_VERSION) in refused.message
        if not (isinstance(refused, messages.Failure) and refused.error == "VersionMismatch" and says):
            answer = (
                describe(refused) if isinstance(refused, messages.Failure) else f"version {refused.version}"
            )
            detail = f"version {_UNKNOWN_VERSION} alone was offered, and it answered {answer}"
            raise probe.broken(clauses.REFUSES_OTHER_VERSIONS, detail)
        probe.end()
        probe = self._start()
        self._greet(probe, VERSIONS)
        if not isinstance(probe.load(**{_UNKNOWN_OPTION: 1}), messages.Failure):
            detail = f"it was loaded with the option {_UNKNOWN_OPTION!r}"
            raise probe.broken(clauses.REFUSES_UNKNOWN_OPTIONS, detail)
        probe.ask(messages.Ping(id=0))
        probe.end()

    # --- deciding --------------------------------------------------------------------------------

    def _play(self, probe: Probe, seeds: Sequence[int]) -> list[Course]:
        """Play every episode in a seat of its own: what every comparison is made with."""
        return [self._playground.play(self._seat(probe), seed, number) for number, seed in enumerate(seeds)]

    def _play_trial(self, probe: Probe, seeds: Sequence[int]) -> list[Course]:
        """Play all episodes as one trial in one seat, in which somebody else decides now and then."""
        seating, length = self._seat(probe), len(seeds)
        return [
            self._playground.play(seating, seeds[0], number, number, length, others=True)
            for number in range(length)
        ]

    def _asked_twice(self, probe: Probe, course: Course) -> None:
        seating = self._seat(probe)
        seating.begin(course.episode)
        for turn in course.turns:
            first = probe.ask(seating.act(turn.observation, turn.seed))
            second = replace(turn, decision=first)
            seating.decide_again(course, second, clauses.ASKED_TWICE, "asked twice")
            seating.tell([turn.outcome])

    def _seed_decides(self, probes: Sequence[Probe], courses: Sequence[Course]) -> None:
        for probe in probes:
            self._greet(probe, (*VERSIONS, _UNKNOWN_VERSION))
            self._load(probe)
            for course in courses:
                for _ in self._seat(probe).repeat(course, clauses.SEED_DECIDES, "in another process"):
                    pass

    def _seats_are_apart(self, courses: Sequence[Course]) -> None:
        probe = self._fresh()
        how = f"its turns alternating with those of {len(courses) - 1} other seats of its worker"
        seats = [self._seat(probe).repeat(course, clauses.SEATS_ARE_APART, how) for course in courses]
        for _ in zip_longest(*seats):
            pass

    def _reset_forgets(self, courses: Sequence[Course], trial: Sequence[Course]) -> None:
        seating = self._seat(self._fresh())
        for course in trial:
            seating.catch_up(course, len(course.turns))
        for course in (*courses, courses[0]):
            for _ in seating.repeat(course, clauses.RESET_FORGETS, "in a seat that had played another trial"):
                pass

    def _catches_up(self, courses: Sequence[Course], trial: Sequence[Course]) -> bool:
        """Return whether what was learned in earlier episodes of the trial showed."""
        probe = self._fresh()
        for course in courses:
            self._catches_up_in(probe, [], course)
        for number, course in enumerate(trial):
            self._catches_up_in(probe, trial[:number], course)
        return any(self._context_showed(probe, course) for course in trial[1:])

    def _catches_up_in(self, probe: Probe, before: Sequence[Course], course: Course) -> None:
        for step in _some(len(course.turns)):
            seating = self._seat(probe)
            for past in before:
                seating.catch_up(past, len(past.turns))
            seating.catch_up(course, step)
            how = f"after reset and {step} times learn"
            seating.decide_again(course, course.turns[step], clauses.CATCH_UP, how)
            seating.close()

    def _context_showed(self, probe: Probe, course: Course) -> bool:
        seating = self._seat(probe)
        anew = msgspec.structs.replace(course.episode, position=0)
        seating.begin(anew)
        for turn in course.turns:
            if not same(turn.decision, probe.ask(seating.act(turn.observation, turn.seed))):
                return True
            seating.tell([turn.outcome])
        return False

    # --- answering -------------------------------------------------------------------------------

    def _keeps_order(self, probe: Probe, course: Course) -> None:
        seating, turn = self._seat(probe), course.turns[0]
        seating.begin(course.episode)
        acts = [seating.act(turn.observation, turn.seed) for _ in range(3)]
        ping = messages.Ping(id=0)
        first, _, *rest = probe.ask_together([acts[0], ping, *acts[1:]])
        if not all(same(first, decision) for decision in rest):
            raise probe.broken(
                clauses.KEEPS_ORDER, "the same act, sent three times at once, was decided differently"
            )

    def _refuses_other_requests(self, probe: Probe) -> None:
        answer = probe.try_to(messages.Observe(id=0, agent="nobody"))
        if not isinstance(answer, messages.Failure):
            raise probe.broken(
                clauses.REFUSES_OTHER_REQUESTS, f"Observe was answered with {type(answer).__name__}"
            )
        answer = probe.try_to(_PingWithMore(id=0))
        if isinstance(answer, messages.Failure):
            detail = f"a ping with a key of a later release was answered with {describe(answer)}"
            raise probe.broken(clauses.REFUSES_OTHER_REQUESTS, detail)

    def _close_gives_back(self, probe: Probe, course: Course) -> None:
        seating, turn = self._seat(probe), course.turns[0]
        seating.begin(course.episode)
        seating.close()
        answer = probe.try_to(seating.act(turn.observation, turn.seed))
        if not isinstance(answer, messages.Failure):
            detail = f"act after close_seat was answered with {type(answer).__name__}"
            raise probe.broken(clauses.CLOSE_GIVES_BACK, detail)
        seating.begin(course.episode)
        seating.decide_again(course, turn, clauses.CLOSE_GIVES_BACK, "in a seat made again after close_seat")

    # --- leaving ---------------------------------------------------------------------------------

    def _leaves(self, probes: Sequence[Probe], course: Course) -> None:
        told, idle, busy = probes
        told.leave_when_told()
        idle.hang_up()
        seating = self._seat(busy)
        seating.begin(course.episode)
        busy.hang_up_on(seating.act(turn.observation, turn.seed) for turn in cycle(course.turns))


class _PingWithMore(messages.Ping, tag="ping"):
    """A ping as a later release may send it."""

    reason: str = "a key that this release does not know"


def _some(count: int) -> list[int]:
    """Return a few of so many steps: the first, the second, the middle and the last."""
    return sorted({0, min(1, count - 1), count // 2, count - 1})
