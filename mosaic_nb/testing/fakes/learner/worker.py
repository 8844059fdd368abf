"""Counts rewards per action throughout a trial, and prefers what was paid and what was seldom tried."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import gymnasium
import numpy as np

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Outcome, Seat, serve


class LearnerSeat(Seat):
    """Its context is two numbers per action: how often it was done in this trial, and what it was paid in all."""

    def reset(self, episode: Episode) -> None:
        """Begin an episode; only a new trial clears the context. Raises TypeError where the space is not Discrete."""
        if not isinstance(episode.action_space, gymnasium.spaces.Discrete):
            raise TypeError(f"the learner acts in Discrete spaces, not in {episode.action_space}")
        self._start, n = int(episode.action_space.start), int(episode.action_space.n)
        if episode.position == 0:
            self._count, self._paid = np.zeros(n), np.zeros(n)

    def act(self, observation: Observation) -> Decision:
        """Draw with the act's seed from a softmax of mean reward + 1 / (1 + count). The value is the best mean."""
        means = self._paid / np.maximum(self._count, 1)
        weights = np.exp(means - means.max() + 1 / (1 + self._count))
        if observation.action_mask is not None:
            weights *= observation.action_mask
        cumulative = weights.cumsum()
        index = cumulative.searchsorted(observation.seed / 2**64 * cumulative[-1], side="right")
        return Decision(self._start + int(index), weights / cumulative[-1], value=float(means.max()))

    def learn(self, outcome: Outcome) -> None:
        """Count a step, whoever decided it."""
        index = int(outcome.action) - self._start
        self._count[index] += 1
        self._paid[index] += outcome.reward


class Learner(Operator):
    """No options, nothing to load."""

    learns = True

    def seat(self) -> Seat:
        """Give a seat."""
        return LearnerSeat()


if __name__ == "__main__":
    serve(Learner)
