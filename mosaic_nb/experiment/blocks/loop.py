"""The inside of the tight loop: one episode, step by step, into columns.

Nothing is called here that need not be, and no object made but what the operator is given and gives back: a step of
CartPole takes 6 us, and what is written of it, digest included, should take no more than 4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from time import perf_counter
from typing import Any

import numpy as np

from mosaic_nb.environments.adapter import Turn
from mosaic_nb.environments.hosted import Alone
from mosaic_nb.experiment.blocks.carrying import carry
from mosaic_nb.experiment.blocks.heartbeat import Heart
from mosaic_nb.experiment.blocks.pages import Columns
from mosaic_nb.protocol import messages
from mosaic_nb.protocol.canonical import digest_bytes
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.worker.contract import Decision, Observation, Seat
from mosaic_nb.worker.operator_host import decided, floats
from mosaic_nb.worker.serve import Handler

_ACTING, _JUDGING, _STEPPING = range(3)
_FLOATS = {float}
_DIGEST = 8
_number = struct.Struct(">d").pack

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


@dataclass(frozen=True)
class Ended:
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
        first, last, inside, add = self._actions.start, self._actions.end, self._inside, columns.steps.append
        kind, shape, begun, middle, tail = self._constants(value)
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
                legal = (
                    type(action) is int and first <= action < last and (mask is None or mask[action - first])
                )
                if not legal:
                    asked, action = self._judged(action, mask)
                chances, worth = decision.probabilities, decision.value
                if chances is not None and (type(chances) is not list or set(map(type, chances)) != _FLOATS):
                    chances = _as_floats(chances)
                worth = worth if worth is None else float(worth)
                stage, returned, stepping = _STEPPING, None, clock()
                returned = step(action)
                stepped = clock()
                observed, reward, terminated, truncated, info = returned
                reward, over = float(reward), bool(terminated or truncated)
                masked = "action_mask" in info.keys() or inside  # noqa: SIM118 - what has no keys is no info
                then = self._masks(observed, info) if masked and not over else None
                same = type(observed) is np.ndarray and observed.dtype is kind and observed.shape == shape
                if same and not over and then is None:
                    state = begun()
                    state.update(observed.tobytes() + middle + _number(reward) + tail)
                else:
                    state = self._digest(observed, then, reward, terminated, truncated)
                numbers, seen = (self._numbers(info), None) if over else (None, self.perceived(observed))
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

    def _constants(self, value: Any) -> tuple[Any, Any, Any, bytes, bytes]:
        """Return of an array its dtype and shape, and what its digests are made of beside itself and a reward."""
        agent = self._alone.agent
        if type(value) is not np.ndarray:
            return None, None, None, b"", b""
        whole, data = digest_bytes(({agent: value}, {}, {agent: 0.0}, [], [])), value.tobytes()
        tail = digest_bytes([[], []])[1:]
        middle = digest_bytes([{}, {agent: 0.0}])[1 : -len(_number(0.0))]
        head = whole[: len(whole) - len(tail) - len(_number(0.0)) - len(middle) - len(data)]
        plain = (
            whole == head + data + middle + _number(0.0) + tail
        )  # not so where bytes are in the other order
        return (
            value.dtype if plain else None,
            value.shape,
            blake2b(head, digest_size=_DIGEST).copy,
            middle,
            tail,
        )

    def _digest(self, observed: Any, mask: Any, reward: float, terminated: Any, truncated: Any) -> Any:
        agent = self._alone.agent
        over = terminated or truncated
        return blake2b(
            digest_bytes(
                (
                    {} if over else {agent: observed},
                    {} if over or mask is None else {agent: mask},
                    {agent: reward},
                    [agent] if terminated else [],
                    [agent] if truncated else [],
                )
            ),
            digest_size=_DIGEST,
        )

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


def _as_floats(chances: Any) -> list[float] | None:
    if type(chances) is list:
        raise _Odd
    return floats(chances)
