"""Where episodes begin: a position that the family reads from a text, or the actions that lead there.

It is part of the environment's description: whoever makes the environment from it, for a lane, a replay or a proof,
begins at the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mosaic_nb.environments.actions import ActionRule, InvalidAction
from mosaic_nb.environments.adapter import Adapter, Turn
from mosaic_nb.protocol.members import member

_FORMS = (
    'start is a text that the environment\'s family reads, a list of actions, {"seed": 7, "actions": [...]}, or '
    '{"grid": rows of cells}'
)


class ImpossibleStart(ValueError):
    """An environment cannot begin there; the text says why."""


# --- on the user's side ------------------------------------------------------------------------------


def declare(start: Any) -> dict[str, Any] | None:
    """Return a start in the form that travels and that a run's header keeps: ``text``, or ``actions`` and ``seed``.

    Raises:
        TypeError, ValueError: it is none.
    """
    if start is None:
        return None
    if isinstance(start, str):
        return {"text": start}
    if isinstance(start, Mapping) and start.keys() == {"grid"}:
        return {"text": "\n".join("".join(map(str, row)) for row in start["grid"])}
    if isinstance(start, Mapping) and "actions" in start and start.keys() <= {"seed", "actions"}:
        seed = start.get("seed")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
            raise ValueError(f"the seed of start must be an integer of at least 0, not {seed!r}")
        return {**({} if seed is None else {"seed": seed}), **declare_actions(start["actions"])}
    if isinstance(start, Mapping) or not isinstance(start, Sequence | np.ndarray):
        raise TypeError(f"{_FORMS}, not {start!r}")
    return declare_actions(start)


def declare_actions(actions: Any) -> dict[str, Any]:
    """Return actions as plain values.

    Raises:
        TypeError: they are no list, or one of them has no plain form.
    """
    if isinstance(actions, str) or not isinstance(actions, Sequence | np.ndarray):
        raise TypeError(f"{_FORMS}, not actions={actions!r}")
    return {"actions": [_plain(action) for action in actions]}


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"an action of start is made of numbers, texts, lists and dicts, not {value!r}")


# --- in the environment's process --------------------------------------------------------------------


class Start:
    """Leads an environment that has just been reset to where its episodes begin.

    Args:
        start: as `declare` returns it.
        adapter: the environment.
        rules: of each agent's actions.
        position: the family's ``start(environment, text)``, or None.
        moves: the family's ``moves(environment, text)``, or None.
    """

    def __init__(
        self,
        start: Mapping[str, Any],
        adapter: Adapter,
        rules: Mapping[str, ActionRule],
        position: Callable[[Any, str], Any] | None,
        moves: Callable[[Any, str], Sequence[Any] | None] | None,
    ) -> None:
        self.seed: int | None = start.get("seed")
        self._text: str | None = start.get("text")
        self._actions: Sequence[Any] = start.get("actions", [])
        self._adapter = adapter
        self._rules = rules
        self._position = position
        self._moves = moves

    def lead(self, turn: Turn) -> Turn:
        """Return the turn that the episode begins with, after a reset returned one.

        Raises:
            ImpossibleStart: the position cannot be, or an action on the way there.
        """
        if self._text is None:
            return self._play(self._actions, turn)
        try:
            moves = None if self._moves is None else self._moves(self._adapter.unwrapped, self._text)
            if moves is not None:
                return self._play(moves, turn)
            if self._position is not None:
                return self._adapter.look(self._position(self._adapter.unwrapped, self._text))
        except ImpossibleStart:
            raise
        except ValueError as error:
            raise ImpossibleStart(f"it cannot start at {self._text!r}: {error}") from error
        raise ImpossibleStart(
            f"nothing is known of how to start this environment at {self._text!r}: give the actions that lead "
            "there, start=[...]"
        )

    def _play(self, actions: Sequence[Any], turn: Turn) -> Turn:
        for number, action in enumerate(actions):
            if turn.over:
                raise ImpossibleStart(
                    f"start has {len(actions)} actions, and the episode is over after {number}"
                )
            try:
                turn = self._adapter.step(self._joint(action, turn))
            except (InvalidAction, ValueError) as error:
                raise ImpossibleStart(f"action {number} of start, {action!r}, is none: {error}") from error
        if turn.over:
            raise ImpossibleStart(f"the {len(actions)} actions of start end the episode")
        return Turn(turn.observations, turn.masks, {}, [], [], False, {}, turn.info, turn.seconds)

    def _joint(self, action: Any, turn: Turn) -> dict[str, Any]:
        movers = list(turn.observations)
        by_agent = isinstance(action, Mapping) and bool(action) and action.keys() <= self._rules.keys()
        given = action if by_agent else dict.fromkeys(movers[:1], action)
        if given.keys() != set(movers):
            raise ValueError(f"to move are {', '.join(movers)}: give an action for each, {{agent: action}}")
        return {agent: self._read(agent, each, turn.masks.get(agent)) for agent, each in given.items()}

    def _read(self, agent: str, action: Any, mask: Any) -> Any:
        rule = self._rules[agent]
        labelled = rule.by_label(action) if isinstance(action, str) else None
        return rule.check(member(rule.space, action) if labelled is None else labelled, mask)
