"""Every legal action with the same probability, in any action space."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class RandomSeat(Seat):
    """Draws from the act's own seed, so the same step asked twice draws the same."""

    def reset(self, episode: Episode) -> None:
        """Take the action space."""
        self._space: gymnasium.Space[Any] = episode.action_space
        self._start = self._n = 0
        if isinstance(self._space, gymnasium.spaces.Discrete):
            self._start, self._n = int(self._space.start), int(self._space.n)
            self._alike = [1.0 / self._n] * self._n

    def act(self, observation: Observation) -> Decision:
        """Draw an action; a Discrete space's comes with the probability of each.

        The seed, itself a uniform 64-bit hash, is the draw: a generator would cost ten times the rest.
        """
        mask = observation.action_mask
        if self._n and mask is None:
            return Decision(self._start + observation.seed % self._n, self._alike)
        if self._n:
            return _legal(self._start, self._n, mask, observation)
        if mask is not None:
            raise TypeError(f"random honours an action mask of a Discrete space only, not of {self._space}")
        self._space.seed(observation.seed)
        return Decision(self._space.sample())


class Random(Operator):
    """No options, nothing to load."""

    def seat(self) -> Seat:
        """Give a seat."""
        return RandomSeat()


def _legal(start: int, n: int, mask: Any, observation: Observation) -> Decision:
    """Draw among the legal actions."""
    legal = np.flatnonzero(mask)
    if not len(legal):
        raise ValueError(f"the action mask of step {observation.step} allows no action at all")
    probabilities = np.zeros(n)
    probabilities[legal] = 1.0 / len(legal)
    return Decision(start + int(legal[observation.seed % len(legal)]), probabilities)


if __name__ == "__main__":
    serve(Random)
