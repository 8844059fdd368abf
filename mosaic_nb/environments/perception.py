"""What one agent's seat perceives: the observation through its view, and what the seat declared to need beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from mosaic_nb.environments.views import Lens
from mosaic_nb.environments.words import Words
from mosaic_nb.protocol.messages import Observation, Past

NEEDS = ("text", "frame", "history")
MEMORY = 64
"""How many past steps a history holds: about 64 x 300 characters for MiniGrid, which a small model's context takes."""

Memory = tuple[int, Any, Any, float]
"""A past step as it was: step, observation, action, reward."""


class Perception:
    """Builds an agent's observations.

    Args:
        needs: of ``text``, ``frame``, ``history``.
        lens: the seat's view, or None.
        words: puts an observation into words; ``label`` an action.
        frame: draws the agent's point of view, uint8 (height, width, 3).

    Raises:
        ValueError: a need is unknown.
    """

    def __init__(
        self,
        needs: Sequence[str],
        lens: Lens | None,
        words: Words,
        label: Callable[[Any], str],
        frame: Callable[[], Any],
    ) -> None:
        unknown = sorted(set(needs) - set(NEEDS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is no need of a seat; known are {', '.join(NEEDS)}")
        self.lens = lens
        self._words = words
        self._label = label
        self._frame = frame if "frame" in needs else None
        self._tells = "text" in needs
        self._past: deque[Past] | None = deque(maxlen=MEMORY) if "history" in needs else None

    @property
    def plain(self) -> bool:
        """Whether it is the observation alone, however it is shaped."""
        return self._frame is None and self._past is None and not self._tells

    def perceive(self, value: Any, mask: Any, step: int) -> Observation:
        """Return what the agent perceives.

        Args:
            value: the environment's own observation, which stays as it is.
            mask: int8 array, or None.
            step: how many steps the episode has had.
        """
        return Observation(
            value=value if self.lens is None else self.lens(value),
            step=step,
            action_mask=mask,
            text=self._words.text(value) if self._tells else None,
            frame=None if self._frame is None else self._frame(),
            history=None if self._past is None else list(self._past),
        )

    def forget(self) -> None:
        """Begin an episode."""
        if self._past is not None:
            self._past.clear()

    def remember(self, memory: Memory) -> None:
        """Take in a step that the agent made."""
        if self._past is not None:
            step, value, action, reward = memory
            self._past.append(Past(step, self._words.text(value), self._label(action), reward))
