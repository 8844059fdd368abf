"""The plan of a block: the episodes that it was told of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mosaic_nb.protocol.blocks import BlockEpisode
from mosaic_nb.scheduler import seeds
from mosaic_nb.scheduler.plan import Plan


@dataclass(frozen=True)
class Listed(Plan):
    """Episodes by number.

    Attributes:
        episodes: where `declared` and `draws` look.
    """

    episodes: Mapping[int, BlockEpisode] = field(default_factory=dict)

    def declared(self, position: int) -> int:
        """Return the declared seed of an episode."""
        return self.episodes[position].seed

    def draws(self, position: int) -> int:
        """Return the run seed of an episode."""
        return self.episodes[position].run_seed

    def derived(self, agent: str, purpose: str) -> dict[int, int]:
        """Return `seeds.derive` of every episode, by number."""
        of = [
            (each.run_seed, each.seed, number % self.trial_length) for number, each in self.episodes.items()
        ]
        return dict(zip(self.episodes, seeds.derive_all(of, agent, purpose), strict=True))
