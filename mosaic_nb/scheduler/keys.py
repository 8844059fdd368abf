"""What a person does under the clock: the key that is down, else one tapped since the last tick, else a default."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mosaic_nb.protocol import messages
from mosaic_nb.scheduler.actions import Actions
from mosaic_nb.scheduler.link import Pending

NO_KEY = "no key"
ILLEGAL_KEY = "the key's action is illegal now"


class StandIn(messages.Decision, tag="stand_in"):
    """A person's decision that no person made; the row says why.

    Attributes:
        fallback: for the table's column.
    """

    fallback: str = ""


class Keys:
    """The keys of one person, as they are now.

    Args:
        actions: of the agent.
        default: what is done while no key is down: a label or a value; None for the no-op, or the last action.

    Raises:
        ValueError: the default is no action.
    """

    def __init__(self, actions: Actions, default: Any) -> None:
        self._actions = actions
        own = actions.noop if default is None else actions.parse(default, None)
        self._default = own
        self._down: Any = None
        self._tapped: Any = None
        self._since = 0.0
        self._last: Any = None

    @property
    def default(self) -> str:
        """The default by name, or empty where it is the last action."""
        return "" if self._default is None else self._actions.name(self._default)

    def begin(self) -> None:
        """An episode begins: what was done in the last one is not done again."""
        self._last = None

    def press(self, action: Any) -> None:
        """A key went down."""
        self._down = self._tapped = action
        self._since = time.perf_counter()

    def release(self) -> None:
        """The key is up; if it went down since the last tick, it counts still."""
        self._down = None

    def note(self, action: Any) -> None:
        """Something was done that no key did."""
        self._last = action

    def answer(self, question: Pending, mask: Any) -> None:
        """Answer a question as things are. The time it took is that since the key went down, 0 where none did."""
        wanted = self._tapped if self._down is None else self._down
        self._tapped = None
        if wanted is not None and self._actions.explain(wanted, mask) is None:
            question.asked = self._since
            question.resolve(messages.Decision(id=0, action=wanted))
        else:
            why = NO_KEY if wanted is None else ILLEGAL_KEY
            question.resolve(StandIn(id=0, action=self._otherwise(mask), fallback=why))
            question.asked = question.answered
        self._last = question.reply.action

    def _otherwise(self, mask: Any) -> Any:
        return next(
            action for action in self._candidates(mask) if self._actions.explain(action, mask) is None
        )

    def _candidates(self, mask: Any) -> Iterator[Any]:
        if self._default is not None:
            yield self._default
        if self._last is not None:
            yield self._last
        yield self._actions.zero()
        yield from (choice.action for choice in self._actions.choices(mask) if choice.legal)
        yield self._actions.fallback(mask, 0)[0]
