"""Where every random number comes from: (run seed, episode's seed, place in its trial, agent, purpose).

No global seed, no ``hash()``. The lane is not among them: the same operator in two lanes draws the same.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from mosaic_nb.protocol.messages import Seed


def derive(run_seed: int, seed: int, position: int, agent: str, purpose: str) -> int:
    """Return 64 bits for one purpose of one episode.

    Args:
        run_seed: of the run; 0 unless the user says otherwise.
        seed: the declared seed of the episode, or of its trial.
        position: the episode's place in its trial, from 0.
        agent: whose; empty for the environment.
        purpose: what the bits are for.
    """
    name = int.from_bytes(blake2b(f"{purpose}\0{agent}".encode(), digest_size=8).digest(), "little")
    sequence = np.random.SeedSequence([run_seed, seed, position, name])
    return int(sequence.generate_state(1, np.uint64)[0])


def decision(base: int, step: int) -> int:
    """Return the 64 bits of one decision: a hash of the seat's bits of this episode and the step."""
    data = base.to_bytes(8, "little") + step.to_bytes(8, "little")
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def decisions(base: int) -> Callable[[int], int]:
    """Return `decision` for the steps of one episode; twice as quick."""
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
