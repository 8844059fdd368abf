"""Decides by a hash of what came before."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from hashlib import blake2b

import gymnasium
import numpy as np

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class HistorianSeat(Seat):
    """Has no state but the episode's action space."""

    def reset(self, episode: Episode) -> None:
        """Take the action space. Raises TypeError where it is not Discrete."""
        if not isinstance(episode.action_space, gymnasium.spaces.Discrete):
            raise TypeError(f"the historian acts in Discrete spaces, not in {episode.action_space}")
        self._space = episode.action_space

    def act(self, observation: Observation) -> Decision:
        """Take legal action number h mod how many there are; h is BLAKE2b (8 bytes, little-endian) of the history."""
        mask = observation.action_mask
        legal = np.arange(int(self._space.n)) if mask is None else np.flatnonzero(mask)
        number = int.from_bytes(blake2b(_bytes(observation), digest_size=8).digest(), "little")
        return Decision(int(self._space.start) + int(legal[number % len(legal)]))


def _bytes(observation: Observation) -> bytes:
    """Return a line per past step, ``step text action reward``."""
    if observation.history is None:
        raise ValueError(f"step {observation.step} came without the history that was declared")
    return "\n".join(
        f"{past.step} {past.text} {past.action} {past.reward}" for past in observation.history
    ).encode()


class Historian(Operator):
    """No options, nothing to load."""

    needs = ("history",)

    def seat(self) -> Seat:
        """Give a seat."""
        return HistorianSeat()


if __name__ == "__main__":
    serve(Historian)
