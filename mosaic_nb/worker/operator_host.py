"""Hosts an operator in a worker: loads it once, keeps its seats, turns messages into calls of the contract."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.worker.contract import Decision, Episode, Observation, Operator, Outcome, Seat

Restore = Callable[[Any], Any] | None


@dataclass(slots=True)
class _Seated:
    seat: Seat
    restore: Restore = None
    restore_action: Restore = None


class OperatorHost:
    """Answers for an operator.

    Args:
        factory: called once, with the options of the ``load`` request.
    """

    capabilities = ("act", "learn")

    def __init__(self, factory: Callable[..., Operator]) -> None:
        self._factory = factory
        self._operator: Operator | None = None
        self._seats: dict[tuple[str, str], _Seated] = {}

    def handlers(self) -> dict[type[Any], Callable[[Any], Any]]:
        """Return what answers each type of request."""
        return {
            messages.Load: self._load,
            messages.ResetSeat: self._reset,
            messages.Act: self._act,
            messages.Learn: self._learn,
            messages.CloseSeat: self._close_seat,
        }

    def libraries(self) -> dict[str, str]:
        """Nothing beyond what the operator itself says in its provenance."""
        return {}

    def close(self) -> None:
        """Close every seat, then the operator."""
        for seated in self._seats.values():
            seated.seat.close()
        self._seats.clear()
        if self._operator is not None:
            self._operator.close()

    def find(self, lane: str, agent: str) -> Seat | None:
        """Return a seat, or None where it has not been asked for yet."""
        seated = self._seats.get((lane, agent))
        return None if seated is None else seated.seat

    def _load(self, request: messages.Load) -> messages.Loaded:
        options = dict(request.options)
        if request.callable is not None:
            import cloudpickle

            options["function"] = cloudpickle.loads(request.callable)
        self._operator = operator = self._factory(**options)
        return messages.Loaded(
            id=0,
            needs=list(operator.needs),
            learns=operator.learns,
            view=list(operator.view),
            provenance={"pid": str(os.getpid()), **operator.provenance},
        )

    def _reset(self, request: messages.ResetSeat) -> messages.Done:
        if self._operator is None:
            raise RuntimeError("a seat was asked for before the operator was loaded")
        key = (request.lane, request.agent)
        seated = self._seats.get(key)
        if seated is None:
            seated = self._seats[key] = _Seated(self._operator.seat())
        self._learn_all(seated, request.learn)
        episode = Episode(request.episode)
        seated.restore = spaces.restore(episode.observation_space)
        seated.restore_action = spaces.restore(episode.action_space)
        seated.seat.reset(episode)
        return messages.Done(id=0, calls=_calls(seated.seat))

    def _act(self, request: messages.Act) -> messages.Decision:
        seated = self._seated(request)
        if request.learn:
            self._learn_all(seated, request.learn)
        data = request.observation
        value = data.value if seated.restore is None else seated.restore(data.value)
        return decided(seated.seat, seated.seat.act(Observation(data, value, request.seed)))

    def _learn(self, request: messages.Learn) -> messages.Done:
        seated = self._seated(request)
        self._learn_all(seated, request.learn)
        return messages.Done(id=0, calls=_calls(seated.seat))

    def _close_seat(self, request: messages.CloseSeat) -> messages.Done:
        seated = self._seated(request)
        self._learn_all(seated, request.learn)
        calls = _calls(seated.seat)
        seated.seat.close()
        del self._seats[(request.lane, request.agent)]
        return messages.Done(id=0, calls=calls)

    def _seated(self, request: Any) -> _Seated:
        try:
            return self._seats[(request.lane, request.agent)]
        except KeyError:
            raise RuntimeError(
                f"{request.agent!r} of {request.lane!r} has no seat here: reset comes first"
            ) from None

    def _learn_all(self, seated: _Seated, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            if seated.restore is not None:
                outcome.observation.value = seated.restore(outcome.observation.value)
            if seated.restore_action is not None:
                outcome.action = seated.restore_action(outcome.action)
            seated.seat.learn(outcome)


def decided(seat: Seat, decision: Any) -> messages.Decision:
    """Return what a seat has decided as it goes over the wire.

    Raises:
        TypeError, ValueError: it is no decision.
    """
    if not isinstance(decision, Decision):
        raise TypeError(f"act must return a Decision, not {type(decision).__name__}")
    return messages.Decision(
        id=0,
        action=int(decision.action) if isinstance(decision.action, np.integer) else decision.action,
        probabilities=floats(decision.probabilities),
        value=None if decision.value is None else float(decision.value),
        calls=_calls(seat),
    )


def _calls(seat: Seat) -> list[messages.Call]:
    calls: list[messages.Call] = seat.__dict__.pop("_calls", [])
    return calls


def floats(probabilities: Any) -> list[float] | None:
    """Return probabilities as a list; one that is a list is taken as it is."""
    if probabilities is None:
        return None
    if type(probabilities) is list:
        return probabilities
    floats: list[float] = np.asarray(probabilities, dtype=np.float64).ravel().tolist()
    return floats
