"""The experts, one module each. To add one: write an `Expert` and name it here."""

from experts.base import Expert
from experts.cartpole import CartPole
from experts.frozen_lake import FrozenLake
from experts.minigrid import GoalSeeker
from experts.taxi import Taxi
from mosaic_nb.worker import Episode

EXPERTS: tuple[type[Expert], ...] = (CartPole, GoalSeeker, FrozenLake, Taxi)


def expert(episode: Episode) -> Expert:
    """Return an expert for the environment.

    Raises:
        ValueError: there is none; the text lists what there is.
    """
    for kind in EXPERTS:
        if kind.fits(episode):
            return kind(episode)
    raise ValueError(
        f"no scripted expert for {episode.environment} with observations {episode.observation_space}; there are "
        f"experts for {'; '.join(kind.environments for kind in EXPERTS)}, without wrappers on the observation"
    )
