"""CartPole, by linear feedback."""

from __future__ import annotations

import gymnasium

from experts.base import Expert
from mosaic_nb.worker import Episode, Observation


class CartPole(Expert):
    """Pushes to where the pole is falling, a little sooner where the cart has left the middle."""

    environments = "CartPole"

    @classmethod
    def fits(cls, episode: Episode) -> bool:
        """Return whether it is CartPole with its four numbers."""
        return (
            episode.environment.startswith("CartPole-")
            and isinstance(episode.observation_space, gymnasium.spaces.Box)
            and episode.observation_space.shape == (4,)
        )

    def __init__(self, episode: Episode) -> None:
        """Nothing to remember."""

    def act(self, observation: Observation) -> int:
        """Return 1 (right) or 0 (left). The gains hold the pole for all 500 steps from every start."""
        position, velocity, angle, angular_velocity = map(float, observation.value)
        return int(0.1 * position + 0.3 * velocity + angle + angular_velocity > 0)
