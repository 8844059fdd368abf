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


class Pace:
    """Counts messages and answers. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self._sent = 0
        self._acknowledged = 0
        self._last_sent = -inf
        self._heard = -inf

    def hear(self, now: float, number: int | None = None) -> None:
        """Take a sign of life: an acknowledgement of message ``number``, or of all where it is None."""
        self._heard = now
        self._acknowledged = max(
            self._acknowledged, min(self._sent if number is None else number, self._sent)
        )

    def wait(self, now: float) -> float:
        """Seconds until the next message may go out; 0 if it may go now."""
        if self._sent - self._acknowledged < WINDOW:
            return max(0.0, self._last_sent + SHORTEST_GAP - now)
        silence = now - self._heard
        gap = RARE_GAP if silence > LONG_SILENCE else BLIND_GAP
        return max(0.0, self._last_sent + gap - now, self._heard + PATIENCE - now)

    def send(self, now: float) -> int:
        """Note that a message goes out; return its number, from 1."""
        self._sent += 1
        self._last_sent = now
        if self._sent - self._acknowledged == WINDOW:
            self._heard = max(self._heard, now)
        return self._sent
