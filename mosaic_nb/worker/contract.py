"""The operator contract: what a program that makes decisions must provide.

A program loads once, as an `Operator`, and gives a `Seat` for each lane and agent it decides for. One law holds
for the state of a seat:

    **Catch-up.** ``reset``, then ``learn`` for every past step, brings a seat to any step, without a decision.

Rewind, swap, take-over and asking "what would you have done here?" all rest on it. So a seat keeps what it
knows of the episode in ``reset`` and ``learn``, never in ``act``; and what it draws at random in ``act`` it
draws from the seed that came with that act, so that the same step asked twice decides the same.

The contract is frozen: fields may be added, none changes its meaning.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.protocol.messages import Call, Outcome, View

__all__ = ["Call", "Decision", "Episode", "Observation", "Operator", "Outcome", "Seat", "View"]


class Episode:
    """What a seat is told when an episode begins.

    Attributes:
        observation_space, action_space: `gymnasium.Space`; the observation space is that of the seat's own view.
        agent, team, role, action_labels, noop, rules, goal, environment, number, trial, position,
        trial_length, seed: see `mosaic_nb.protocol.messages.Episode`.
    """

    def __init__(self, data: messages.Episode) -> None:
        self.observation_space: gymnasium.Space[Any] = spaces.from_data(data.observation_space)
        self.action_space: gymnasium.Space[Any] = spaces.from_data(data.action_space)
        self.agent = data.agent
        self.action_labels: Sequence[str] = tuple(data.action_labels)
        self.noop = data.noop
        self.rules = data.rules
        self.goal = data.goal
        self.team = data.team
        self.role = data.role
        self.environment = data.environment
        self.number = data.number
        self.trial = data.trial
        self.position = data.position
        self.trial_length = data.trial_length
        self.seed = data.seed


class Observation:
    """What a seat perceives before it decides.

    Attributes:
        value: a member of the episode's observation space.
        seed: 64 bits for whatever this one decision draws.
        step, action_mask, text, frame, history: see `mosaic_nb.protocol.messages.Observation`.
    """

    __slots__ = ("action_mask", "frame", "history", "seed", "step", "text", "value")

    def __init__(self, data: messages.Observation, value: Any, seed: int) -> None:
        self.value = value
        self.seed = seed
        self.step = data.step
        self.action_mask: np.ndarray[Any, np.dtype[np.int8]] | None = data.action_mask
        self.text = data.text
        self.frame: np.ndarray[Any, np.dtype[np.uint8]] | None = data.frame
        self.history = data.history


class Decision:
    """What a seat decides.

    Attributes:
        action: a member of the action space.
        probabilities: float array with a probability per action of a Discrete space, or None.
        value: the expected return from here, or None.
    """

    __slots__ = ("action", "probabilities", "value")

    def __init__(self, action: Any, probabilities: Any = None, value: float | None = None) -> None:
        self.action = action
        self.probabilities = probabilities
        self.value = value


class Seat(ABC):
    """An operator in one agent's place in one lane, with its own state.

    The life of a seat: ``reset``, then ``act`` any number of times, each followed sooner or later by the
    ``learn`` of what came of it (if the operator learns), then ``reset`` again or ``close``. Between ``reset``
    and ``act`` there may be ``learn`` for steps that somebody else decided.
    """

    def reset(self, episode: Episode) -> None:  # noqa: B027 - a stateless seat needs none
        """Begin an episode. Context from the trial's earlier episodes is cleared only where ``position`` is 0."""

    @abstractmethod
    def act(self, observation: Observation) -> Decision:
        """Decide. May be asked again for the same step, and must then decide the same."""

    def learn(self, outcome: Outcome) -> None:  # noqa: B027
        """Take in what came of a step. Called only where `Operator.learns` is True."""

    def close(self) -> None:  # noqa: B027
        """Give back what the seat holds."""

    def record(self, call: Call) -> None:
        """Bring a model call home: it becomes a row of the ``calls`` table with the reply under way."""
        self.__dict__.setdefault("_calls", []).append(call)


class Operator(ABC):
    """What a program loads once: weights, clients, tables. Its constructor takes the operator's options.

    Attributes:
        needs: of ``"text"``, ``"frame"``, ``"history"``: what its seats perceive beside the observation.
        learns: whether its seats want `Seat.learn`.
        view: wrappers its policy was trained behind; they shape these seats' observations alone.
        provenance: text by name for the run's header, such as a hash of the weights.
    """

    needs: Sequence[str] = ()
    learns: bool = False
    view: Sequence[View] = ()
    provenance: dict[str, str] = {}  # noqa: RUF012 - replaced, never mutated

    @abstractmethod
    def seat(self) -> Seat:
        """Give a seat of its own state."""

    def close(self) -> None:  # noqa: B027
        """Give back what the operator holds; the worker leaves next."""
