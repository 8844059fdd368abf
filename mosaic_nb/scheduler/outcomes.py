"""What came of an agent's steps: known at its next turn, or when it has ended, and told to learners then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mosaic_nb.protocol.messages import Observation, Outcome, Transition


class Outcomes:
    """The outcomes of one episode that are still open: turns that have not come round yet."""

    def __init__(self) -> None:
        self._open: dict[str, Outcome] = {}

    def begin(self) -> None:
        """An episode begins: nothing is open."""
        self._open.clear()

    def adopt(self, agent: str, others: Outcomes) -> None:
        """Have of an agent what others have open, and nothing else: somebody new acts for it."""
        self._open.pop(agent, None)
        if agent in others._open:
            self._open[agent] = others._open[agent]

    def settle(
        self, observations: Mapping[str, Observation], actions: Mapping[str, Any], transition: Transition
    ) -> list[tuple[str, Outcome]]:
        """Take in a step, and return what has been settled by it, with whose it is.

        Args:
            observations: what the agents that acted had perceived.
            actions: what they did: only of agents whose outcomes are wanted.
            transition: what the step returned.
        """
        opened = self._open
        for agent, action in actions.items():
            opened[agent] = Outcome(observations[agent], action, 0.0)
        settled = []
        for agent, outcome in list(opened.items()):
            outcome.reward += transition.rewards.get(agent, 0.0)
            outcome.terminated = agent in transition.terminated
            outcome.truncated = agent in transition.truncated
            if transition.over or agent in transition.observations or outcome.terminated or outcome.truncated:
                settled.append((agent, opened.pop(agent)))
        return settled
