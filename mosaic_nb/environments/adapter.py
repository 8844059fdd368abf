"""One shape for every environment API: agents by name, who moves next, what each was paid.

`gymnasium_adapter.GymnasiumAdapter` gives a Gymnasium environment this shape. A turn-based API names one agent in
``Turn.observations`` at a time, a parallel API all that are alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium

AGENT = "agent"
"""The name of a Gymnasium environment's one agent."""


class Turn:
    """What an environment answers to reset and step.

    Attributes:
        observations: by agent, of those that move next; empty when the episode is over.
        masks: int8 array with a 1 per legal action, of those agents that have one.
        rewards: by agent, of everybody who acted or was paid.
        terminated, truncated: names of the agents that ended.
        over: whether the episode is over for all.
        final: by agent, what those that ended saw last; it stands in no transition, but a text may show it.
        info: the numbers and texts that the environment adds.
        seconds: what its own code took.
    """

    __slots__ = (
        "final",
        "info",
        "masks",
        "observations",
        "over",
        "rewards",
        "seconds",
        "terminated",
        "truncated",
    )

    def __init__(
        self,
        observations: dict[str, Any],
        masks: dict[str, Any],
        rewards: dict[str, float],
        terminated: list[str],
        truncated: list[str],
        over: bool,
        final: dict[str, Any],
        info: dict[str, Any],
        seconds: float,
    ) -> None:
        self.observations = observations
        self.masks = masks
        self.rewards = rewards
        self.terminated = terminated
        self.truncated = truncated
        self.over = over
        self.final = final
        self.info = info
        self.seconds = seconds


class Adapter(Protocol):
    """An environment in this shape. Nothing here checks actions or order: `hosted.HostedEnvironment` does."""

    @property
    def agents(self) -> Sequence[str]:
        """Every agent that may appear."""

    @property
    def unwrapped(self) -> Any:
        """The innermost environment, whose class decides the family."""

    @property
    def plain(self) -> bool:
        """Whether actions and observations still are what the innermost environment defines."""

    @property
    def max_steps(self) -> int | None:
        """An episode's limit, or None where there is none or it changes."""

    @property
    def renders(self) -> bool:
        """Whether `render` gives a picture; else it gives a text or None."""

    def face(self, agent: str) -> gymnasium.Env[Any, Any]:
        """Return the environment as an agent sees it, for its seat's view to be laid over."""

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's observations are members of."""

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """Return what an agent's actions are members of."""

    def reset(self, seed: int, options: dict[str, Any] | None) -> Turn:
        """Begin an episode."""

    def look(self, placed: Any) -> Turn:
        """Return what is perceived after a family has set up a position, before any step.

        Args:
            placed: what the family's ``start`` returned.
        """

    def step(self, actions: dict[str, Any]) -> Turn:
        """Advance by one step."""

    def render(self) -> Any:
        """Return the environment's picture, uint8 (height, width, 3), a text, or None."""

    def close(self) -> None:
        """Give back what the environment holds."""
