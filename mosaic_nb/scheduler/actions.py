"""Actions on their way from an operator to the environment: checked, named, written down."""

from __future__ import annotations

import reprlib
from typing import Any

import gymnasium
import numpy as np

from mosaic_nb.errors import MosaicError
from mosaic_nb.protocol import messages, spaces
from mosaic_nb.protocol.members import infinite, member
from mosaic_nb.recording.jsontext import to_json
from mosaic_nb.scheduler.snapshot import Choice

_NAMED = 12
"""Actions that a message names."""

_SURVEYED = 400
"""Actions that a person is shown even where they are illegal: chess has 4,672, which a page would receive each tick."""


class InvalidDecision(MosaicError):
    """An operator asked for something that is no action, or is illegal now."""


class Actions:
    """The actions of one agent.

    Args:
        agent: what the environment says of it.
        keymap: which of its keymaps counts; a person beyond the last has no keys but digits.
    """

    def __init__(self, agent: messages.Agent, keymap: int = 0) -> None:
        self.keymap = keymap
        self.data = agent.action_space
        self.space = spaces.from_data(agent.action_space)
        self.labels = agent.action_labels
        self.noop = agent.noop
        self._restore = spaces.restore(self.space)
        keys = dict(enumerate(agent.keymaps or [agent.keys])).get(keymap, {})
        self._keys = {action: key for key, action in keys.items()}
        self.discrete = isinstance(self.space, gymnasium.spaces.Discrete)
        self.start = int(self.space.start) if isinstance(self.space, gymnasium.spaces.Discrete) else 0
        self._count = int(self.space.n) if isinstance(self.space, gymnasium.spaces.Discrete) else 0

    @property
    def end(self) -> int:
        """One more than the last action of a Discrete space; else 0, as `start` is."""
        return self.start + self._count

    def restore(self, action: Any) -> Any:
        """Give an action that came over the wire its Python form back."""
        return action if self._restore is None else self._restore(action)

    def convert(self, action: Any) -> Any:
        """Return a Box's numbers as an array of the space's own dtype: people write lists, and floats of 64 bits."""
        space = self.space
        if not isinstance(space, gymnasium.spaces.Box) or not isinstance(
            action, (list, float, int, np.ndarray)
        ):
            return action
        try:
            array = np.asarray(action)
        except ValueError:  # a ragged list, which `explain` will name
            return action
        fits = array.shape == space.shape and array.dtype.kind in "iuf"
        whole = space.dtype.kind == "f" or array.dtype.kind != "f"
        return array.astype(space.dtype) if fits and whole else action

    def takes(self) -> str:
        """Say what a Discrete space takes, for people; empty for other spaces."""
        choices = self.choices(None)
        named = [f"{c.action} ({c.label})" if self.labels else str(c.action) for c in choices[:_NAMED]]
        return ", ".join(named) + (", ..." if len(choices) > _NAMED else "")

    def explain(self, action: Any, mask: Any) -> str | None:
        """Say why an action is none, or None where it is one."""
        if not (type(action) is int and self.discrete and 0 <= action - self.start < self._count):
            reason = spaces.explain(self.space, action)
            if reason is not None:
                return reason
        if mask is not None and self.discrete and not mask[action - self.start]:
            return f"action {action} ({self.label(action) or 'no label'}) is masked: it is illegal now"
        return None

    def label(self, action: Any) -> str:
        """Return the action's name, or an empty string."""
        if not self.discrete or not self.labels or isinstance(action, bool) or not isinstance(action, int):
            return ""
        index = action - self.start
        return self.labels[index] if 0 <= index < len(self.labels) else ""

    def index(self, action: Any) -> int | None:
        """Return the place of a Discrete action in a list of probabilities, or None in any other space."""
        return action - self.start if self.discrete else None

    def name(self, action: Any) -> str:
        """Return the action's label, else its value as text."""
        return self.label(action) or self.write(action)

    def assign(self, keys: dict[str, str]) -> None:
        """Give actions other keys: label -> `KeyboardEvent.key`. One that another action had is that one's no more.

        Raises:
            ValueError: there is no such label, or two of them share a key.
        """
        actions = {choice.label: choice.action for choice in self.choices(None)}
        unknown = [label for label in keys if label not in actions]
        if unknown:
            among = ", ".join(actions) or "none: the action space is not Discrete"
            raise ValueError(f"keys name no action {', '.join(map(repr, unknown))}; the actions are {among}")
        if len(set(keys.values())) < len(keys) or not all(isinstance(key, str) for key in keys.values()):
            raise ValueError(f"keys must be a text for each action, no two alike, not {keys!r}")
        kept = {action: key for action, key in self._keys.items() if key not in keys.values()}
        self._keys = kept | {actions[label]: key for label, key in keys.items()}

    def zero(self) -> Any:
        """Return the first action, or where there are numbers the nearest to zero."""
        return _zero(self.space)

    def write(self, action: Any) -> str:
        """Return the action as JSON text, exact."""
        return str(action) if type(action) is int else to_json(action)

    def read(self, value: Any) -> Any:
        """Return the action that `write` wrote, from its parsed JSON."""
        return member(self.space, value)

    def fallback(self, mask: Any, seed: int) -> tuple[Any, str]:
        """Return an action that stands in for a failed one, and what it is: the no-op, else a random legal one."""
        if self.noop is not None and (mask is None or mask[self.noop - self.start]):
            return self.noop, "no-op"
        return self.at_random(mask, seed), "random legal action"

    def at_random(self, mask: Any, seed: int) -> Any:
        """Return a legal action drawn from a seed."""
        self.space.seed(seed % (1 << 31))
        action = self.space.sample(mask) if self.discrete else self.space.sample()
        return int(action) if self.discrete else action

    def choices(self, mask: Any) -> tuple[Choice, ...]:
        """Return what a person may choose among, empty where the space is not Discrete."""
        return tuple(
            self._choice(action, mask is None or bool(mask[action - self.start]))
            for action in range(self.start, self.start + self._count)
        )

    def few(self, mask: Any) -> tuple[Choice, ...]:
        """Return what a person may choose among; of very many actions those alone that are legal."""
        if self._count <= _SURVEYED or mask is None:
            return self.choices(mask)
        return tuple(self._choice(int(index) + self.start, True) for index in np.flatnonzero(mask))

    def _choice(self, action: int, legal: bool) -> Choice:
        return Choice(action, self.label(action) or str(action), self._keys.get(action, ""), legal)

    def parse(self, move: Any, mask: Any) -> Any:
        """Read a person's move: a label, or a value of the space.

        Raises:
            ValueError: it is neither, or illegal now; the message names what would be.
        """
        if isinstance(move, str) and self.discrete and move in self.labels:
            move = self.labels.index(move) + self.start
        try:
            action = member(self.space, move)
            reason = infinite(action) or self.explain(action, mask)
        except ValueError as error:
            reason = str(error)
        if reason is None:
            return int(action) if self.discrete else action
        legal = [choice.label for choice in self.choices(mask) if choice.legal]
        among = ", ".join(legal[:_NAMED]) + (", ..." if len(legal) > _NAMED else "")
        raise ValueError(
            f"{reprlib.repr(move)} is no move: {reason}" + (f"; legal now: {among}" if legal else "")
        )


def _zero(space: gymnasium.Space[Any]) -> Any:
    match space:
        case gymnasium.spaces.Discrete():
            return int(space.start)
        case gymnasium.spaces.Box():
            return np.clip(np.zeros(space.shape), space.low, space.high).astype(space.dtype)
        case gymnasium.spaces.MultiDiscrete():
            return np.array(space.start, dtype=space.dtype)
        case gymnasium.spaces.MultiBinary():
            return np.zeros(space.shape, space.dtype)
        case gymnasium.spaces.Text():
            return space.characters[0] * space.min_length
    return _zero_of_parts(space)


def _zero_of_parts(space: gymnasium.Space[Any]) -> Any:
    match space:
        case gymnasium.spaces.Dict():
            return {key: _zero(part) for key, part in space.spaces.items()}
        case gymnasium.spaces.Tuple():
            return tuple(_zero(part) for part in space.spaces)
        case gymnasium.spaces.OneOf():
            return 0, _zero(space.spaces[0])
        case gymnasium.spaces.Sequence():
            return ()
    space.seed(0)
    return space.sample()
