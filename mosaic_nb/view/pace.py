"""How fast messages may go to a front end: decisions alone, no clock and no thread of its own."""

from __future__ import annotations

from math import inf

WINDOW = 8
"""How many messages may be under way without an answer. The front end answers every fourth."""

SHORTEST_GAP = 1 / 60
"""Seconds between two messages: more often than the screen is drawn helps nobody."""

PATIENCE = 0.5
"""Seconds without an answer, with the window full, until messages go out blind."""

BLIND_GAP = 0.25
"""Seconds between blind messages. The kernel's main thread may merely be busy with a cell."""

LONG_SILENCE = 60.0
"""Seconds without an answer until blind messages become rare."""

RARE_GAP = 5.0
"""Seconds between rare messages. A server keeps what a closed browser does not fetch: this bounds it."""


LIVELY = 1.0
"""Seconds after its last answer in which a front end is waited for; then the others set the pace."""


class Pace:
    """Counts messages and answers. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self._sent = 0
        self._answers: dict[str, tuple[int, float]] = {}
        self._last_sent = -inf
        self._heard = -inf

    def hear(self, now: float, number: int | None = None, view: str = "") -> None:
        """Take a front end's sign of life: an acknowledgement of message ``number``, or of all where it is None."""
        self._heard = now
        before, _ = self._answers.get(view, (0, now))
        self._answers[view] = (max(before, min(self._sent if number is None else number, self._sent)), now)

    def forget(self, view: str) -> None:
        """A front end is gone, or out of sight: nobody waits for it."""
        self._answers.pop(view, None)

    def wait(self, now: float) -> float:
        """Seconds until the next message may go out; 0 if it may go now."""
        if self._behind(now) < WINDOW:
            return max(0.0, self._last_sent + SHORTEST_GAP - now)
        silence = now - self._heard
        gap = RARE_GAP if silence > LONG_SILENCE else BLIND_GAP
        return max(0.0, self._last_sent + gap - now, self._heard + PATIENCE - now)

    def send(self, now: float) -> int:
        """Note that a message goes out; return its number, from 1."""
        self._sent += 1
        self._last_sent = now
        if self._behind(now) == WINDOW:
            self._heard = max(self._heard, now)
        return self._sent

    def _behind(self, now: float) -> int:
        """How many messages the slowest lively front end has not answered; where none is lively, the quickest."""
        lively = [number for number, when in self._answers.values() if now - when < LIVELY]
        if not lively:
            return self._sent - max((number for number, _ in self._answers.values()), default=0)
        return self._sent - min(lively)
