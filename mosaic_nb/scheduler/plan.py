"""Which episodes are played: their seeds, in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mosaic_nb.scheduler.seeds import derive

SEEDS = 1 << 62
"""Seeds are below this: tables hold 64 bits, and the seeds that follow one must fit too."""
_APART = 1000
"""Between the seeds of two neighbouring lanes that do not share them."""


@dataclass(frozen=True)
class Plan:
    """Which episodes a lane plays.

    Attributes:
        seed: the declared seed of the first trial; the next trials play the seeds that follow.
        trial_length: episodes on one hidden instance.
        run_seed: what every draw of an operator depends on beside the episode.
        shared: whether all lanes play the same seeds.
        seeds: of the trials, over and over, where they do not follow each other; empty where they do.
    """

    seed: int
    trial_length: int = 1
    run_seed: int = 0
    shared: bool = True
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, value in (("seed", self.seed), ("run_seed", self.run_seed)):
            if not 0 <= value < SEEDS:
                raise ValueError(f"{name} must be at least 0 and less than 2**62, not {value}")

    def of_lane(self, number: int) -> Plan:
        """Return the plan of the lane at a place in the arena, from 0."""
        return self if self.shared else replace(self, seed=self.seed + _APART * number)

    def declared(self, position: int) -> int:
        """Return the declared seed of the episode at a position of the plan."""
        trial = position // self.trial_length
        return self.seeds[trial % len(self.seeds)] if self.seeds else self.seed + trial

    def draws(self, position: int) -> int:
        """Return the run seed of the episode at a position: an operator draws anew where a seed comes again."""
        again = position // self.trial_length // len(self.seeds) if self.seeds else 0
        return (
            derive(self.run_seed, self.declared(position), again, "", "again") >> 2
            if again
            else self.run_seed
        )
