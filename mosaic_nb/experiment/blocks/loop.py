"""The inside of the tight loop: one episode, step by step, into columns.

Nothing is called here that need not be, and no object made but what the operator is given and gives back: a step of
CartPole takes 6 us, and what is written of it, digest included, should take no more than 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.hosted import Alone
from mosaic_nb.experiment.blocks.carrying import carry
from mosaic_nb.experiment.blocks.digests import Digests, number as real
from mosaic_nb.experiment.blocks.heartbeat import Heart
from mosaic_nb.experiment.blocks.pages import Columns
from mosaic_nb.protocol import messages
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.worker.contract import Decision, Observation, Seat
from mosaic_nb.worker.operator_host import decided, floats
from mosaic_nb.worker.serve import Handler

_ACTING, _JUDGING, _STEPPING = range(3)

Restore = Callable[[Any], Any] | None


class HandedOver(Exception):
    """An episode that the lock-step has to play on.

    Attributes:
        answers: by request, what it is answered with once, instead of asking again.
        step, total: how many steps it has had, and its return so far.
        turn: what the environment answered last; None where the episode has not begun.
    """

    def __init__(
        self,
        answers: Mapping[type[Any], Handler],
        step: int = 0,
        total: float = 0.0,
        turn: Turn | None = None,
    ) -> None:
        super().__init__()
        self.answers = answers
        self.step = step
        self.total = total
        self.turn = turn


class Ended(NamedTuple):
    """How an episode ended that was played to its end."""

    length: int
    total: float
    terminated: bool
    truncated: bool
    numbers: dict[str, float]


class _Odd(Exception):
    """A decision that the lock-step has to judge."""


def raises(error: Exception) -> Handler:
    """Return a handler that raises."""

    def handler(_: Any) -> Any:
        raise error

    return handler


class Loop:
    """Plays episodes of an environment with one agent, whose seat has been reset.

    Args:
        alone: how it is stepped.
        seat: who decides.
        actions: what the agent may do.
        restore: gives observations back what the wire takes, such as their tuples; None where it takes nothing.
    """

    def __init__(self, alone: Alone, seat: Seat, actions: Actions, restore: Restore) -> None:
        self._alone, self._seat, self._actions, self._restore = alone, seat, actions, restore
        self._lens, self._inside = alone.lens, alone.adapter.mask_inside
        self._simple = self._lens is None and restore is None
        self._digests = Digests(alone.agent)

    def play(self, turn: Turn, base: int, columns: Columns, heart: Heart) -> Ended:
        """Play an episode.

        Args:
            turn: what the environment answered to its reset.
            base: what the decisions' seeds are made of.
            columns: take its steps.
            heart: is told how far it is.

        Raises:
            HandedOver: something unusual happened; the steps before it are in the columns.
        """
        agent = self._alone.agent
        value, mask = turn.observations[agent], turn.masks.get(agent)
        return self._steps(value, mask, seeds.decisions(base), columns, heart)

    def _steps(
        self, value: Any, mask: Any, seed_of: Callable[[int], int], columns: Columns, heart: Heart
    ) -> Ended:
        act, step, clock, kept = self._seat.act, self._alone.adapter.bare_step, perf_counter, vars(self._seat)
        first, last, inside, simple = self._actions.start, self._actions.end, self._inside, self._simple
        add = columns.steps.append
        kind, shape, body_of, begun, middle, tail = self._digests.parts(value)
        data, seen = messages.Observation(None), self.perceived(value)
        number, total, decision, returned, stage = 0, 0.0, None, None, _ACTING
        try:
            while True:
                data.step, data.action_mask = number, mask if mask is None else mask.copy()
                observation = Observation(data, seen, seed_of(number))
                asking = clock()
                decision = act(observation)
                answered = clock()
                stage = _JUDGING
                if type(decision) is not Decision or "_calls" in kept:
                    raise _Odd
                asked = action = decision.action
                if (
                    type(action) is not int
                    or not first <= action < last
                    or (mask is not None and not mask[action - first])
                ):
                    asked, action = self._judged(action, mask)
                chances, worth = decision.probabilities, decision.value
                if chances is not None:
                    chances = tuple(chances) if type(chances) is list else _as_floats(chances)
                worth = worth if worth is None else float(worth)
                stage, returned, stepping = _STEPPING, None, clock()
                returned = step(action)
                stepped = clock()
                observed, reward, terminated, truncated, info = returned
                reward, over = float(reward), bool(terminated or truncated)
                masked = inside or "action_mask" in (info if type(info) is dict else info.keys())
                then = self._masks(observed, info) if masked and not over else None
                same = type(observed) is np.ndarray and observed.dtype is kind and observed.shape == shape
                body = observed.tobytes() if same else None if over else body_of(observed)
                if body is None or over or then is not None:
                    state = self._digests.of_step(observed, then, reward, terminated, truncated)
                else:
                    state = begun()
                    state.update(body + middle + real(reward) + tail)
                numbers = self._numbers(info) if over else None
                seen = None if over else observed.copy() if same and simple else self.perceived(observed)
                total += reward
                number += 1
                add((asked, reward, answered - asking, stepped - stepping, state.digest(), chances, worth))
                if numbers is not None:
                    return Ended(number, total, bool(terminated), bool(truncated), numbers)
                value, mask, stage = observed, then, _ACTING
                if stepped > heart.due:
                    heart.beat(stepped, number, total)
        except Exception as error:  # noqa: BLE001 - whatever it is, the lock-step names it
            answers = self._answers(stage, decision, returned, error)
            raise HandedOver(answers, number, total, self._turn(value, mask)) from None

    def perceived(self, value: Any) -> Any:
        """Return an observation as the seat gets it."""
        if self._lens is not None:
            value = self._lens(value)
        value = carry(value)
        return value if self._restore is None else self._restore(value)

    def _masks(self, observed: Any, info: Any) -> Any:
        return self._alone.adapter.masks(observed, info).get(self._alone.agent)

    def _numbers(self, info: Any) -> dict[str, float]:
        return {name: float(info[name]) for name in self._alone.numbers if name in info}

    def _judged(self, action: Any, mask: Any) -> tuple[Any, Any]:
        """Return an action as it is written down, and as the environment takes it.

        Raises:
            _Odd: it is none, or illegal now.
        """
        actions = self._actions
        if actions.discrete:
            whole = int(action) if isinstance(action, np.integer) else None
            if whole is None or actions.explain(whole, mask) is not None:
                raise _Odd
            return whole, whole
        asked = actions.restore(carry(action))
        done = actions.convert(asked)
        if actions.explain(done, mask) is not None:
            raise _Odd
        return (actions.write(asked), actions.write(done)), self._alone.rule.check(carry(done), mask)

    def _answers(
        self, stage: int, decision: Any, returned: Any, error: Exception
    ) -> dict[type[Any], Handler]:
        """Return what the lock-step is not to ask again."""
        if stage == _ACTING:
            return {messages.Act: raises(error)}
        known: dict[type[Any], Handler] = {messages.Act: lambda _: decided(self._seat, decision)}
        if stage == _STEPPING:
            known[messages.StepEnvironment] = lambda _: self._explain(returned, error)
        return known

    def _explain(self, returned: Any, error: Exception) -> Any:
        """Raise what is wrong with what a step returned, or what it raised itself."""
        if returned is not None:
            self._alone.adapter.read(returned, 0.0)
        raise error

    def _turn(self, value: Any, mask: Any) -> Turn:
        agent = self._alone.agent
        return Turn({agent: value}, {} if mask is None else {agent: mask}, {}, [], [], False, {}, {}, 0.0)


def _as_floats(chances: Any) -> tuple[float, ...]:
    return tuple(floats(chances) or ())
