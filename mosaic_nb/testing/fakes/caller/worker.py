"""Brings model calls home from reset, act and learn, with every field that a call may have."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import struct
import zlib

import gymnasium
import numpy as np

from mosaic_nb.worker import Call, Decision, Episode, Observation, Operator, Outcome, Seat, serve

MODEL = "fake/caller"


class CallerSeat(Seat):
    """Asks a model that is not there, and acts with the act's seed."""

    def reset(self, episode: Episode) -> None:
        """Make one call: the goal is its prompt. Raises TypeError where the action space is not Discrete."""
        if not isinstance(episode.action_space, gymnasium.spaces.Discrete):
            raise TypeError(f"the caller acts in Discrete spaces, not in {episode.action_space}")
        self._space = episode.action_space
        prompt = f"episode {episode.number}: {episode.goal}"
        self.record(Call(model=MODEL, prompt=prompt, reply="understood", latency=0.25))

    def act(self, observation: Observation) -> Decision:
        """Make two calls: one that fails at every third step, one with an image, tokens and a cost."""
        mask = observation.action_mask
        legal = np.arange(int(self._space.n)) if mask is None else np.flatnonzero(mask)
        action = int(self._space.start) + int(legal[observation.seed % len(legal)])
        if observation.step % 3 == 0:
            self.record(Call(model=MODEL, prompt=f"step {observation.step}", error="no answer", attempts=2))
        self.record(
            Call(
                model=MODEL,
                prompt=f"step {observation.step}: what to do?",
                reply=f"I choose {action}.",
                images=[picture(observation.step)],
                parsed=str(action),
                input_tokens=10 + observation.step,
                output_tokens=4,
                cost=0.001,
                latency=0.5,
                cached=observation.step % 2 == 1,
            )
        )
        return Decision(action)

    def learn(self, outcome: Outcome) -> None:
        """Make one call: the reward is its prompt."""
        step = outcome.observation.step
        self.record(Call(model=MODEL, prompt=f"step {step} was paid {outcome.reward}", reply="noted"))


class Caller(Operator):
    """No options, nothing to load."""

    learns = True

    def seat(self) -> Seat:
        """Give a seat."""
        return CallerSeat()


def picture(step: int) -> bytes:
    """Return a PNG of one grey pixel, as bright as the step is late."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes([0, step % 256]))
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    serve(Caller)
