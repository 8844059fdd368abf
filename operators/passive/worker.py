"""The same action at every step: the one that does nothing, or the one that the option names."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

import difflib

import gymnasium

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Seat, serve


class PassiveSeat(Seat):
    """Settles on its action when the episode begins."""

    def __init__(self, wanted: str | int | None) -> None:
        self._wanted = wanted

    def reset(self, episode: Episode) -> None:
        """Find the action.

        Raises:
            TypeError: the action space is not Discrete.
            ValueError: the environment has no such action, or no no-op.
        """
        space = episode.action_space
        if not isinstance(space, gymnasium.spaces.Discrete):
            raise TypeError(
                f"passive repeats an action of a Discrete space, and {episode.environment} has {space}"
            )
        index = _index(self._wanted, episode, int(space.n))
        self._action = int(space.start) + index

    def act(self, observation: Observation) -> Decision:
        """Do it again."""
        return Decision(self._action)


class Passive(Operator):
    """Repeats one action.

    Args:
        action: its label or its number, counted from 0; default: the environment's own no-op.
    """

    def __init__(self, action: str | int | None = None) -> None:
        self._action = action

    def seat(self) -> Seat:
        """Give a seat."""
        return PassiveSeat(self._action)


def _index(wanted: str | int | None, episode: Episode, n: int) -> int:
    if isinstance(wanted, str):
        return _labelled(wanted, episode, n)
    index = episode.noop if wanted is None else wanted
    if index is None:
        raise ValueError(
            f"{episode.environment} names no action that does nothing: say which to repeat, "
            f"operator('passive', action=...), {_choices(episode, n)}"
        )
    if not 0 <= index < n:
        raise ValueError(f"{episode.environment} has no action {index}: {_choices(episode, n)}")
    return index


def _labelled(wanted: str, episode: Episode, n: int) -> int:
    labels = list(episode.action_labels)
    if wanted in labels:
        return labels.index(wanted)
    near = difflib.get_close_matches(wanted, labels, n=1)
    hint = f"; did you mean {near[0]!r}" if near else ""
    raise ValueError(f"{episode.environment} has no action {wanted!r}{hint}: {_choices(episode, n)}")


def _choices(episode: Episode, n: int) -> str:
    labels = ", ".join(f"{i} ({label})" for i, label in enumerate(episode.action_labels))
    return f"one of {labels}" if labels else f"a number from 0 to {n - 1}"


if __name__ == "__main__":
    serve(Passive)
