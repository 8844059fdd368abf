"""Where every random number comes from: (run seed, episode's seed, place in its trial, agent, purpose).

No global seed, no ``hash()``. The lane is not among them: the same operator in two lanes draws the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from mosaic_nb.protocol.messages import Seed

Words = np.ndarray[Any, np.dtype[np.uint32]]

_POOL = 4
_SHIFT = np.uint32(16)
_WORD = (1 << 32) - 1


def derive(run_seed: int, seed: int, position: int, agent: str, purpose: str) -> int:
    """Return 64 bits for one purpose of one episode.

    Args:
        run_seed: of the run; 0 unless the user says otherwise.
        seed: the declared seed of the episode, or of its trial.
        position: the episode's place in its trial, from 0.
        agent: whose; empty for the environment.
        purpose: what the bits are for.
    """
    sequence = np.random.SeedSequence([run_seed, seed, position, _name(agent, purpose)])
    return int(sequence.generate_state(1, np.uint64)[0])


def _name(agent: str, purpose: str) -> int:
    return int.from_bytes(blake2b(f"{purpose}\0{agent}".encode(), digest_size=8).digest(), "little")


def derive_all(episodes: Sequence[tuple[int, int, int]], agent: str, purpose: str) -> list[int]:
    """Return `derive` for many episodes at once; of a thousand, a twentieth of the time.

    Args:
        episodes: run seed, seed and position of each.
        agent, purpose: as of `derive`.
    """
    words = np.array(episodes, np.uint64).reshape(-1, 3)
    if not len(words) or words.max() >> np.uint64(32) or _name(agent, purpose) >> 32 == 0:
        return [derive(*each, agent, purpose) for each in episodes]  # another number of words
    name = np.full((len(words), 2), (_name(agent, purpose) & _WORD, _name(agent, purpose) >> 32), np.uint32)
    entropy = [*words.astype(np.uint32).T, *name.T]
    low, high = _generated(_mixed(entropy))
    bits: list[int] = (low.astype(np.uint64) | high.astype(np.uint64) << np.uint64(32)).tolist()
    return bits


class _Hash:
    """The hash that `numpy.random.SeedSequence` is made of, after O'Neill's ``seed_seq_fe``: each word's is another."""

    def __init__(self, first: int, factor: int) -> None:
        self._constant = first
        self._factor = factor

    def __call__(self, words: Words) -> Words:
        mixed = words ^ np.uint32(self._constant)
        self._constant = self._constant * self._factor & _WORD
        return _folded(mixed * np.uint32(self._constant))


def _mixed(entropy: list[Words]) -> list[Words]:
    """Return the pool that a `numpy.random.SeedSequence` makes of its entropy."""
    hashed = _Hash(0x43B0D7E5, 0x931E8875)
    pool = [hashed(words) for words in entropy[:_POOL]]
    for source in range(_POOL):
        for place in range(_POOL):
            if place != source:
                pool[place] = _blend(pool[place], hashed(pool[source]))
    for words in entropy[_POOL:]:
        pool = [_blend(mine, hashed(words)) for mine in pool]
    return pool


def _generated(pool: list[Words]) -> list[Words]:
    """Return the first two words that a `numpy.random.SeedSequence` generates."""
    hashed = _Hash(0x8B51F9DD, 0x58F38DED)
    return [hashed(words) for words in pool[:2]]


def _blend(left: Words, right: Words) -> Words:
    return _folded(left * np.uint32(0xCA01F9DD) - right * np.uint32(0x4973F715))


def _folded(words: Words) -> Words:
    folded: Words = words ^ words >> _SHIFT
    return folded


def decision(base: int, step: int) -> int:
    """Return the 64 bits of one decision: a hash of the seat's bits of this episode and the step."""
    data = base.to_bytes(8, "little") + step.to_bytes(8, "little")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def decisions(base: int) -> Callable[[int], int]:
    """Return `decision` for the steps of one episode: what they share is hashed once."""
    begun = blake2b(base.to_bytes(8, "little"), digest_size=8).copy
    from_bytes = int.from_bytes

    def of(step: int) -> int:
        state = begun()
        state.update(step.to_bytes(8, "little"))
        return from_bytes(state.digest(), "little")

    return of


def environment(run_seed: int, seed: int, position: int, trial_length: int) -> Seed:
    """Return what ``reset`` receives: the declared seed itself; in a trial fresh noise on one instance."""
    if trial_length == 1:
        return Seed(seed)
    noise = seed if position == 0 else derive(run_seed, seed, position, "", "environment") >> 33
    return Seed(noise, instance=seed)
