"""Draws an action with the act's seed, from probabilities that change with the step."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import gymnasium
import numpy as np

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class SamplerSeat(Seat):
    """Has no state but the episode's action space."""

    def reset(self, episode: Episode) -> None:
        """Take the action space. Raises TypeError where it is not Discrete."""
        if not isinstance(episode.action_space, gymnasium.spaces.Discrete):
            raise TypeError(f"the sampler acts in Discrete spaces, not in {episode.action_space}")
        self._space = episode.action_space

    def act(self, observation: Observation) -> Decision:
        """Draw: action i has weight 1 + (i + step) mod n, where it is legal. The value is 1 / (1 + step)."""
        n = int(self._space.n)
        weights = 1.0 + (np.arange(n) + observation.step) % n
        if observation.action_mask is not None:
            weights *= observation.action_mask
        cumulative = weights.cumsum()
        index = cumulative.searchsorted(observation.seed / 2**64 * cumulative[-1], side="right")
        action = int(self._space.start) + int(index)
        return Decision(action, weights / cumulative[-1], value=1 / (1 + observation.step))


class Sampler(Operator):
    """No options, nothing to load."""

    def seat(self) -> Seat:
        """Give a seat."""
        return SamplerSeat()


if __name__ == "__main__":
    serve(Sampler)
