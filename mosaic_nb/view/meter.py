"""What a view has sent and what became of it, counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

_SPAN = 5.0
"""Seconds over which frames a second are counted."""

_LATENCIES = 256
_UNANSWERED = 256


@dataclass(frozen=True, slots=True)
class Stats:
    """What a view has sent, and what became of it.

    Attributes:
        views: front ends that are there; ``looking``: those of them that are in sight.
        sent: states sent, each with or without pictures.
        shown: states that the front end that has drawn most has drawn.
        dropped: states that were overtaken by newer ones before they were sent.
        pictures, bytes: pictures sent, and what they took.
        frames_per_second: shown in the last five seconds.
        latency_ms, latency_p95_ms: from sending to acknowledgement, median and 95th percentile of the last 256
            that were acknowledged; None before the first.
        late: moves of people that came too late, or twice, and were ignored.
    """

    views: int
    looking: int
    sent: int
    shown: int
    dropped: int
    pictures: int
    bytes: int
    frames_per_second: float
    latency_ms: float | None
    latency_p95_ms: float | None
    late: int

    def __repr__(self) -> str:
        times = (
            "nothing acknowledged yet"
            if self.latency_ms is None
            else f"{self.latency_ms:.0f} ms to acknowledge (95 %: {self.latency_p95_ms:.0f} ms)"
        )
        return (
            f"{self.looking} of {self.views} front ends looking: {self.sent:,} states sent, {self.shown:,} shown, "
            f"{self.dropped:,} overtaken; {self.pictures:,} pictures, {self.bytes / 1e6:.1f} MB; "
            f"{self.frames_per_second:.1f} frames/s; {times}; {self.late:,} late moves ignored"
        )


class Meter:
    """Counts. Times are seconds of one monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self.dropped = 0
        self._sent = 0
        self._pictures = 0
        self._bytes = 0
        self._shown: dict[str, int] = {}
        self._frames: deque[tuple[float, int]] = deque()
        self._under_way: dict[int, float] = {}
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    def send(self, now: float, number: int, buffers: Sequence[bytes]) -> None:
        """A state goes out, with these pictures."""
        self._sent += 1
        self._pictures += len(buffers)
        self._bytes += sum(map(len, buffers))
        self._under_way[number] = now
        if len(self._under_way) > _UNANSWERED:
            del self._under_way[next(iter(self._under_way))]

    def hear(self, now: float, view: str, number: int, drawn: int) -> None:
        """A front end has drawn state ``number``, and ``drawn`` states in all."""
        before = max(self._shown.values(), default=0)
        self._shown[view] = max(drawn, self._shown.get(view, 0))
        self._frames.append((now, max(self._shown.values()) - before))
        self._forget(now)
        sent_at = self._under_way.pop(number, None)
        if sent_at is not None:
            self._latencies.append(now - sent_at)

    def stats(self, now: float, *, views: int, looking: int, late: int) -> Stats:
        """Return everything counted so far."""
        self._forget(now)
        latencies = sorted(self._latencies)
        return Stats(
            views=views,
            looking=looking,
            sent=self._sent,
            shown=max(self._shown.values(), default=0),
            dropped=self.dropped,
            pictures=self._pictures,
            bytes=self._bytes,
            frames_per_second=sum(count for _, count in self._frames) / _SPAN,
            latency_ms=_quantile(latencies, 0.5),
            latency_p95_ms=_quantile(latencies, 0.95),
            late=late,
        )

    def _forget(self, now: float) -> None:
        while self._frames and self._frames[0][0] < now - _SPAN:
            self._frames.popleft()


def _quantile(ascending: Sequence[float], share: float) -> float | None:
    if not ascending:
        return None
    return ascending[max(0, ceil(share * len(ascending)) - 1)] * 1e3
