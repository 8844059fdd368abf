"""Decides by a hash of the observation's text."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from hashlib import blake2b

import gymnasium
import numpy as np

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class ReaderSeat(Seat):
    """Has no state but the episode's action space."""

    def reset(self, episode: Episode) -> None:
        """Take the action space. Raises TypeError where it is not Discrete."""
        if not isinstance(episode.action_space, gymnasium.spaces.Discrete):
            raise TypeError(f"the reader acts in Discrete spaces, not in {episode.action_space}")
        self._space = episode.action_space

    def act(self, observation: Observation) -> Decision:
        """Take legal action number h mod how many there are; h is BLAKE2b (8 bytes, little-endian) of the text."""
        mask = observation.action_mask
        legal = np.arange(int(self._space.n)) if mask is None else np.flatnonzero(mask)
        number = int.from_bytes(blake2b(_bytes(observation), digest_size=8).digest(), "little")
        return Decision(int(self._space.start) + int(legal[number % len(legal)]))


def _bytes(observation: Observation) -> bytes:
    """Return the text's UTF-8 bytes."""
    if observation.text is None:
        raise ValueError(f"step {observation.step} came without the text that was declared")
    return observation.text.encode()


class Reader(Operator):
    """No options, nothing to load."""

    needs = ("text",)

    def seat(self) -> Seat:
        """Give a seat."""
        return ReaderSeat()


if __name__ == "__main__":
    serve(Reader)
