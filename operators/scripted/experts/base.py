"""What an expert provides."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from mosaic_nb.worker import Episode, Observation, Outcome


class Expert(ABC):
    """Plays one family of environments, from the observation alone.

    Attributes:
        environments: which, in words, for the error that a user meets elsewhere.
    """

    environments: ClassVar[str]

    @classmethod
    @abstractmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether this expert knows the environment, by its id and its spaces."""

    @abstractmethod
    def __init__(self, episode: Episode) -> None:
        """Begin an episode."""

    @abstractmethod
    def act(self, observation: Observation) -> int:
        """Decide, changing nothing: the same observation asked twice decides the same."""

    def learn(self, outcome: Outcome) -> None:  # noqa: B027 - most experts remember nothing
        """Remember a past step, whoever decided it."""

    def look_ahead(self, depth: int) -> None:
        """Look so many moves ahead, where the expert plays by looking ahead.

        Raises:
            ValueError: it does not.
        """
        raise ValueError(f"the option 'depth' is for players of board games, not for {self.environments}")
