"""What a seat is told when an episode begins, made from what it was told before."""

from __future__ import annotations

from typing import Any

from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Text

from mosaic_nb.protocol import messages, spaces
from mosaic_nb.worker.contract import Episode

_FLAT = (Box, Discrete, MultiBinary, MultiDiscrete, Text)


class Telling:
    """Tells one seat of its episodes.

    Args:
        told: what it was told of one of them.
    """

    def __init__(self, told: messages.Episode) -> None:
        self._told = told
        self._template = Episode(told)

    def episode(self, number: int, trial: int, position: int, seed: int) -> Episode:
        """Return what a seat is told of an episode; the spaces are its own, as new as if they had just arrived."""
        episode = Episode.__new__(Episode)
        template, told = self._template, self._told
        vars(episode).update(
            vars(template),
            observation_space=_fresh(template.observation_space, told.observation_space),
            action_space=_fresh(template.action_space, told.action_space),
            number=number,
            trial=trial,
            position=position,
            seed=seed,
        )
        return episode


def _fresh(space: Space[Any], data: dict[str, Any]) -> Space[Any]:
    """Return a space that has never been drawn from; making one from data takes ten times as long."""
    if type(space) is Dict:
        parts = {key: _fresh(space.spaces[key], part) for key, part in data["spaces"]}
        return _copied(space, spaces=parts)
    return _copied(space) if type(space) in _FLAT else spaces.from_data(data)


def _copied(space: Space[Any], **changes: Any) -> Space[Any]:
    copy: Space[Any] = object.__new__(type(space))
    vars(copy).update(vars(space), **changes)
    return copy
